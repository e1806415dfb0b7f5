/* Several requests as one call, where a wire format takes a list: the inputs of embeddings and moderations, the prompts
 * of legacy completions.  Requests can share a call when all of their bodies but the list are the same, byte for byte.
 * A body stays text: the lists are spliced together, and nothing is parsed.
 *
 *   {"model":"m","input":"a"}            {"model":"m","input":["a","b","c"]}
 *   {"model":"m","input":["b","c"]}
 *
 * gemini-embed, which has no list, becomes gemini-batch-embed. */
#ifndef DIALECT_MERGE_H
#define DIALECT_MERGE_H

#include "dialect/dialect.h"

/* One request's part of a call. */
struct merge_part {
	struct slice items;	/* its elements with the commas between them, in the request's body */
	uint32_t n;		/* how many */
	uint64_t frame;		/* hash of all the rest */
};

/* What of `r` can be merged.  False: nothing; it goes alone.  `seed` from the process' secret dice. */
bool merge_look(const struct request *r, uint64_t seed, struct merge_part *out);
/* The bodies are the same but for their lists, and the elements of these are of one kind (texts or tokens).  Both have
 * passed merge_look. */
bool merge_same(const struct request *a, const struct request *b);
/* The one request that asks for all of `members`, two or more, merge_same() in pairs, in this order.  It lives in `a`
 * and borrows nothing.  Model, door and options are those of the first; it has no deadline.  ERR_TOO_BIG: the arena's
 * limit. */
enum err merge_build(const struct request *const *members, size_t n, struct arena *a, struct request *out) MUST_CHECK;

/* An answer that has no typed form (REQUEST_RAW) taken apart: its list has one result for each element of the
 * request's.  How many; `answer` is valid JSON. */
size_t merge_results(struct slice answer);
/* The same answer with only `n` results, from number `from` on, appended to `out`.  False: no room. */
bool merge_cut(struct slice answer, size_t from, size_t n, struct buf *out) MUST_CHECK;

/* What a provider takes in one call; 0: not known. */
struct merge_limits {
	uint32_t items, tokens;
};
/* Of a provider with these quirks that is asked in the dialect `back`.  False: its calls have no lists. */
bool merge_limits(const struct dialect *back, const struct quirks *q, struct merge_limits *out);

#endif

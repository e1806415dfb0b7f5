/* What a provider answers that takes lists: one item for each input, made of that input alone, so that a client can
 * tell its own from any other's.  Embeddings, legacy completions and moderations by path. */
#ifndef SIM_EACH_H
#define SIM_EACH_H

#include "base/buf.h"

struct sim_each_opts {
	const char *hates;	/* refuses a call with an input in which this stands; NULL: none */
	size_t most;		/* refuses a call with more inputs; 0: takes all */
	size_t short_by;	/* leaves out that many items at the end of an answer to several */
};

/* Appends the answer; returns its status: 200, or 400 with an error object. */
unsigned sim_each(struct slice path, struct slice body, const struct sim_each_opts *o, struct buf *out);
/* The item for `text` as a client must see it: "3 294" (length, sum of bytes), "abc!", or "abc". */
#define SIM_EACH_VECTOR(text) sim_each_vector(slice_str(text))
struct sim_each_pair {
	uint64_t n, sum;
};
struct sim_each_pair sim_each_vector(struct slice text);

#endif

/* Makes providers' own prompt caches work: decides which prefixes of a request are worth a cache mark, from what was
 * seen of them before (reuse.h) and what writing and reading cost (dialect/marks.def), and puts the marks into the
 * finished body.  No answer is kept here.
 *
 * With w the price of a token written, r that of one read, in units of one that is not cached, a mark pays when the
 * chance that its prefix comes again in time is above (w - 1) / (1 - r): 0.28 for Anthropic's five minutes; for its
 * hour 1.1 further uses must be expected. */
#ifndef CACHE_PREFIX_H
#define CACHE_PREFIX_H

#include "cache/reuse.h"
#include "dialect/marks.h"

struct prefix_ask {
	const struct dialect *back;	/* in which the body is written */
	const struct quirks *quirks;	/* of the provider */
	struct slice model;		/* the upstream model */
	struct slice place;		/* who has a cache of its own: target and key */
	uint64_t tenant;
	uint32_t now_s;
	struct arena *arena;		/* scratch; its pieces are used up to the end of the call */
};

/* Prefixes that are used now: for prefix_note. */
#define PREFIX_NOTES 4u
struct prefix_notes {
	struct {
		uint64_t hash;
		enum reuse_kind kind;
	} v[PREFIX_NOTES];
	uint32_t n, life_s;
	uint64_t place;
};

/* Body in, body out.  Never touches one in which the client has a say about caching already; never more than four
 * marks; all else stays byte for byte.  True: it carries marks then, the client's or ours, and so may be written into
 * the provider's cache. */
bool prefix_mark(struct reuse *r, const struct prefix_ask *ask, struct buf *body,
	struct prefix_notes *out_notes);
/* The request was taken: its answer has begun.  Once for each; before, it may be built as often as is needed. */
void prefix_note(struct reuse *r, const struct prefix_notes *notes, uint32_t now_s);

#endif

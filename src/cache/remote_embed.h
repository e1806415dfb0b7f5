/* An embedder at a provider: what is known of it here.  Asking it is for those above (exchange/embedding.h); this
 * room makes the request's body and points of its answers.  Pure.
 *
 * Points have at most EMBED_DIM_MAX numbers.  A model that gives more is asked for that many with `dimensions`, which
 * OpenAI's and Gemini's newer models take (protocols.md 3.1). */
#ifndef CACHE_REMOTE_EMBED_H
#define CACHE_REMOTE_EMBED_H

#include "base/buf.h"
#include "cache/embed.h"
#include "route/breaker.h"

struct remote_embed {
	struct embedder base;		/* `embed` is NULL */
	uint32_t wanted;		/* numbers, by configuration; 0: as many as it gives */
	uint32_t dim;			/* as it gave the first time; 0: not known yet */
	bool shorten;			/* it gave too many without being told how many */
	bool told;			/* what is wrong with its answers stands in the log */
	struct breaker breaker;		/* of the user */
	struct slice model;		/* name to ask for */
	char name[];
};

/* `identity` tells all that makes its points what they are: targets.  It and `model` are copied.  Free by
 * embedders_close. */
struct remote_embed *remote_embed_new(struct slice model, struct slice identity, uint32_t wanted);
/* NULL: points of this one are made here. */
struct remote_embed *remote_embed_of(const struct embedder *e);
/* How many numbers to ask for; 0: not said. */
uint32_t remote_embed_asks(const struct remote_embed *r);
/* The body of an OpenAI embeddings request for `text`, with remote_embed_asks.  False: no room in `out`. */
bool remote_embed_body(const struct remote_embed *r, struct slice text, struct buf *out) MUST_CHECK;

enum remote_embed_fit {
	REMOTE_EMBED_OK,
	REMOTE_EMBED_LONG,	/* more numbers than fit: from now on fewer are asked for */
	REMOTE_EMBED_WRONG,	/* not as many numbers as asked for, or as it gave before, or none that count */
};
/* `floats` as in EVENT_VECTOR, the answer to a request for `asked` numbers.  *out only with OK. */
enum remote_embed_fit remote_embed_take(struct remote_embed *r, uint32_t asked, struct slice floats,
	struct embed_vec *out);

#endif

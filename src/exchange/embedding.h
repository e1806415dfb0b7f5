/* Asking a provider for the point of one question (cache/remote_embed.h), for an exchange that waits for it.
 *
 * The request is an ordinary one for embeddings, of a flight without a client: with plan, retries and the collect
 * window, which makes one call of the questions that come together.  Its tenant is its own, so it meets no client's.
 * Each question makes a record, endpoint "embed".
 *
 * Failures and lateness open a breaker: then nobody waits at all. */
#ifndef EXCHANGE_EMBEDDING_H
#define EXCHANGE_EMBEDDING_H

#include "exchange/exchange.h"

struct embedding {
	struct exchange_env *env;
	struct reader reader;
	struct task *on_news;		/* of the one who waits */
	struct alarm deadline;
	uint64_t end_ns;		/* of its time */
	struct slice request_id;	/* of the exchange */
	char version[17];		/* of the embedder that is asked: a reload may bring another */
	uint32_t asked;			/* numbers */
	bool late, probe;
};

struct embedding_ask {
	struct slice text;		/* borrowed for the call */
	struct slice request_id;	/* must outlive it */
	unsigned hops;
	uint64_t ms;			/* longest wait, not 0 */
};

/* Posts `on_news` when it may be closed, never inside this call.  False: it is not asked; nothing to close. */
bool embedding_open(struct embedding *e, struct exchange_env *env, const struct embedding_ask *ask,
	struct task *on_news);
/* It has neither come nor failed, and is not late. */
bool embedding_waits(const struct embedding *e);
/* Exactly once after open; still waiting: the client has left.  Makes the record.  The point (embed_bytes) in `a`;
 * empty: there is none. */
struct slice embedding_close(struct embedding *e, struct arena *a);
/* After close, without a point: it gave more numbers than a point has, and from now on is asked for fewer: so long may
 * it be asked once more.  0: not at all. */
uint64_t embedding_again_ms(const struct embedding *e);

#endif

/* What an encoder of vectors remembers until the answer is written, whatever its dialect.  Everything lives
 * in the encoder's arena. */
#ifndef DIALECT_EMBEDDINGS_ANSWER_H
#define DIALECT_EMBEDDINGS_ANSWER_H

#include "codec/json_out.h"
#include "dialect/dialect.h"

struct embeddings_answer {
	struct slice model;		/* as the provider says it, or the client did */
	struct slice *vectors;		/* by index; float32, little-endian; p NULL: none came */
	size_t n, cap;			/* n: highest index, plus one */
	struct usage usage;
	bool has_usage;
};

/* Made on first use. */
struct embeddings_answer *embeddings_answer_of(struct dialect_encode *e);
/* Keeps what the event says.  ERR_TOO_BIG in e->err, or ERR_UP_BAD_JSON for more vectors than the request has
 * inputs. */
void embeddings_answer_take(struct dialect_encode *e, const struct event *ev);
/* True when there is one vector for each input of the request; otherwise e->err is ERR_UP_BAD_JSON. */
bool embeddings_answer_complete(struct dialect_encode *e);
/* A vector as a JSON list of numbers. */
void embeddings_answer_put(struct dialect_encode *e, struct slice vector, struct json_out *w);
/* Room for a value of `n` bytes, to be written in place; then buf_grew(w->out).  NULL: there is none. */
char *embeddings_answer_room(struct json_out *w, size_t n);
/* What the writer lacked becomes e->err. */
void embeddings_answer_end(struct dialect_encode *e, const struct json_out *w);

/* A slot of struct dialect: vectors have no streams, and nothing is written. */
void embeddings_answer_no_event(struct dialect_encode *e, const struct event *ev, struct buf *out);
void embeddings_answer_no_end(struct dialect_encode *e, struct buf *out);

#endif

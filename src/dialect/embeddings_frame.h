/* An answer of vectors while it is decoded, whatever its dialect: packs the vectors, gives out the events so
 * that the first carries the raw bytes, and keeps the tally.  The events of an answer: start, one vector an
 * item, usage, and the finish `stop` of choice 0 when every item was a vector.
 *
 * A vector is a list of numbers, or base64 of float32.  Whatever else a provider sends in its place (packed
 * bits, bytes, one vector a token) has no typed meaning: it becomes EVENT_OTHER, the answer does not count as
 * finished, and only its own bytes can be passed on. */
#ifndef DIALECT_EMBEDDINGS_FRAME_H
#define DIALECT_EMBEDDINGS_FRAME_H

#include "dialect/dialect.h"

struct embeddings_frame_item {
	yyjson_val *values;
	bool is_there;
};

struct embeddings_frame {
	struct dialect_decode *d;
	struct slice raw;
	bool raw_given;
	bool has_usage;
	enum err err;		/* the first one: nothing is given out after it */
	struct embeddings_frame_item *items;	/* by index; in the decoder's arena */
	size_t n;
	char *packed;		/* the vector at hand, in the decoder's arena: each in the place of the one before */
	size_t packed_cap;
};

struct embeddings_frame embeddings_frame_of(struct dialect_decode *d, struct slice raw);
/* The provider reports a failure in the place of an answer. */
void embeddings_frame_fail(struct embeddings_frame *f, const struct fault *fault);

/* An answer of `n` vectors: id and model as the provider says them; may be empty. */
void embeddings_frame_start(struct embeddings_frame *f, struct slice id, struct slice model, size_t n);
/* The vector with this index, `values` as it came.  One that is out of range or was there before makes the
 * whole answer ERR_UP_BAD_JSON, with the tally's fault as a sentence. */
void embeddings_frame_put(struct embeddings_frame *f, uint64_t index, yyjson_val *values);
/* The prompt's tokens; below 0: not said. */
void embeddings_frame_count(struct embeddings_frame *f, int64_t prompt_tok);
/* After the last one: gives out the vectors by rising index, the counts and the finish. */
void embeddings_frame_end(struct embeddings_frame *f);

/* Parses a whole answer: ERR_UP_EMPTY, ERR_UP_BAD_JSON or ERR_UP_TOO_BIG when there is none. */
enum err embeddings_frame_parse(struct dialect_decode *d, struct slice body, yyjson_val **out_root) MUST_CHECK;

#endif

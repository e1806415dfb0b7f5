/* The events of a client's stream (protocols.md 2.4), one function each.  Every one is numbered, and is
 * written whole or not at all: without room e->err becomes ERR_TOO_BIG.  Without `out` a whole answer is
 * collected, and nothing is written. */
#ifndef DIALECT_RESPONSES_STREAM_H
#define DIALECT_RESPONSES_STREAM_H

#include "base/buf.h"
#include "dialect/responses_output.h"

struct responses_stream {
	struct responses_output *o;
	struct buf *out;	/* NULL: collecting */
};

/* response.created, response.in_progress, response.completed, response.incomplete: `name` is what follows the
 * dot. */
void responses_stream_response(const struct responses_stream *s, const char *name);
void responses_stream_item_added(const struct responses_stream *s, const struct responses_piece *piece);
void responses_stream_item_done(const struct responses_stream *s, const struct responses_piece *piece);
void responses_stream_part_added(const struct responses_stream *s, const struct responses_piece *message,
	const struct responses_part *part);
/* output_text.done or refusal.done, then content_part.done */
void responses_stream_part_done(const struct responses_stream *s, const struct responses_piece *message,
	const struct responses_part *part);
/* `logprobs`: a JSON array; empty: none. */
void responses_stream_text(const struct responses_stream *s, const struct responses_piece *message,
	const struct responses_part *part, struct slice text, struct slice logprobs);
/* `annotation`: a JSON object. */
void responses_stream_annotation(const struct responses_stream *s, const struct responses_piece *message,
	const struct responses_part *part, struct slice annotation);
/* The summary of a reasoning item has one part. */
void responses_stream_summary_added(const struct responses_stream *s, const struct responses_piece *reasoning);
void responses_stream_summary(const struct responses_stream *s, const struct responses_piece *reasoning,
	struct slice text);
void responses_stream_summary_done(const struct responses_stream *s, const struct responses_piece *reasoning);
void responses_stream_args(const struct responses_stream *s, const struct responses_piece *call, struct slice text);
void responses_stream_args_done(const struct responses_stream *s, const struct responses_piece *call);
void responses_stream_image_done(const struct responses_stream *s, const struct responses_piece *image);

#endif

/* Server-Sent Events, reading side (WHATWG HTML section 9.2; protocols.md 8).  Split anywhere, bytes in, events out.
 * Besides the parsed event the reader gets the raw bytes of the frame, so that they can be forwarded untouched. */
#ifndef CODEC_SSE_H
#define CODEC_SSE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

struct sse_event {
	struct slice type;	/* `event:` value, empty when absent */
	struct slice data;	/* `data:` lines joined with LF */
	/* Every byte as it came since the event before: comments, blank lines, the frame, its blank line. */
	struct slice raw;
};

struct sse_events {
	/* One event with data.  Slices are valid until return.  An error stops the parser and sse_feed returns it. */
	enum err (*on_event)(void *arg, const struct sse_event *ev);
	/* A comment line (`text` after its colon and one space) or an event without data (empty): a sign of life, not
	 * progress.  May be NULL. */
	void (*on_comment)(void *arg, struct slice text);
};

struct sse {
	const struct sse_events *events;
	void *arg;
	struct buf frame;	/* bytes of an event that is not complete yet; empty while events arrive whole */
	struct buf data;	/* only for data of several lines */
	size_t line_at;		/* where in the frame the current line starts */
	size_t data_at, data_n;	/* place of the first data line's value in the frame */
	size_t type_at, type_n;
	size_t data_lines;
	bool has_fields;	/* the current event has a line that is no comment */
	bool started;		/* the BOM can only be at the very start */
	bool after_cr;		/* swallow one LF */
	enum err failed;	/* what stopped it */
};

/* `max_event`: most bytes of one event's `raw`; more is ERR_UP_TOO_BIG. */
void sse_init(struct sse *s, size_t max_event, const struct sse_events *events, void *arg);
void sse_done(struct sse *s);
/* After an error every further call returns the same one. */
enum err sse_feed(struct sse *s, struct slice bytes) MUST_CHECK;
/* End of input.  An event without its blank line is delivered when its data is `[DONE]` or looks like a whole JSON
 * object (first byte {, last byte }), else dropped.  Returns true when part of an event was dropped (comments do
 * not count); *out_err is what stopped the parser, now or earlier. */
bool sse_eof(struct sse *s, enum err *out_err);

#endif

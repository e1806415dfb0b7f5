#include "exchange/relay.h"

static enum relay_mode mode_for(const struct request *request, bool streamed, bool same)
{
	bool wants_stream = request->stream;

	if (request->op == REQUEST_RAW)
		return RELAY_RAW;
	if (wants_stream)
		return streamed && same ? RELAY_PASS : RELAY_TRANSLATE;
	return !streamed && same ? RELAY_PASS_WHOLE : RELAY_COLLECT;
}

void relay_init(struct relay *r, const struct relay_opts *o)
{
	bool passes = o->back && dialect_passes(o->back, o->request) && !o->events_only;

	*r = (struct relay){ .mode = mode_for(o->request, o->streamed, passes), .front = o->front,
		.wants_usage = o->request->wants_usage };
	r->encode = (struct dialect_encode){ .request = o->request, .source = o->back, .id = o->id,
		.created_s = o->now_s,
		.arena = o->arena };
}

static bool is_line_end(char c)
{
	return c == '\n' || c == '\r';
}

/* The last line is empty: a line end (CRLF, LF or CR), and another one before it.  Frames cut at a CR leave
 * their LF to the next. */
static bool ends_frame(struct slice raw)
{
	if (raw.n == 0 || !is_line_end(raw.p[raw.n - 1]))
		return false;
	size_t n = raw.n - (raw.n > 1 && raw.p[raw.n - 1] == '\n' && raw.p[raw.n - 2] == '\r' ? 2 : 1);
	return n > 0 && is_line_end(raw.p[n - 1]);
}

/* A last frame that came without its blank line would be dropped by the client's parser: it gets one. */
static struct slice pass_frame(struct relay *r, struct slice raw, struct buf *scratch)
{
	/* A byte order mark is only one at the very start: behind a keep-alive comment it would spoil the
	 * first field's name. */
	if (!r->begun && slice_starts(raw, SLICE("\xef\xbb\xbf")))
		raw = slice_skip(raw, 3);
	r->begun |= raw.n > 0;
	if (raw.n == 0 || ends_frame(raw))
		return raw;
	buf_add(scratch, raw);
	buf_add(scratch, SLICE("\n\n"));
	return buf_slice(scratch);
}

struct slice relay_event(struct relay *r, const struct event *ev, struct buf *scratch)
{
	r->end_seen |= ev->kind == EVENT_END;
	switch (r->mode) {
	case RELAY_PASS:
		return ev->hidden && !r->wants_usage ? SLICE_EMPTY : pass_frame(r, ev->raw, scratch);
	case RELAY_RAW:
	case RELAY_PASS_WHOLE:
		return ev->raw;
	case RELAY_TRANSLATE:
		r->front->encode_event(&r->encode, ev, scratch);
		return buf_slice(scratch);
	case RELAY_COLLECT:
		r->front->collect(&r->encode, ev);
		return SLICE_EMPTY;
	}
	must_never("relay mode");
}

void relay_end(struct relay *r, struct buf *out)
{
	if (r->mode == RELAY_COLLECT)
		r->front->collected(&r->encode, out);
	else if (r->mode == RELAY_TRANSLATE || (r->mode == RELAY_PASS && !r->end_seen))
		r->front->encode_end(&r->encode, out);
}

/* Lines and fields of an event stream.  Owns the split into frames; knows nothing of what the data means.
 *
 * While events arrive whole, every slice points into the fed bytes and nothing is copied.  A frame that is not
 * complete at the end of a feed is kept in `frame`; the next feeds append to it line by line until its blank line
 * comes. All places (line_at, data_at, type_at) count from the start of the frame, so they hold in both modes.
 *
 * A line feed after a carriage return that ended the last feed belongs to the frame that follows: an event is not
 * held back for a byte that may never come.  So the raw slices, one after the other, always are the bytes that
 * came. */
#include "codec/sse.h"

/* One call of sse_feed. */
struct reader {
	const char *from;	/* first byte that is not in s->frame: start of the frame when that is empty */
	const char *at;		/* first byte that was not looked at */
	const char *lf;		/* next line feed at or after `at` when not less than `at`; `end`: none */
	const char *end;
};

void sse_init(struct sse *s, size_t max_event, const struct sse_events *events, void *arg)
{
	*s = (struct sse){ .events = events, .arg = arg };
	buf_init(&s->frame, max_event);
	buf_init(&s->data, max_event);
}

void sse_done(struct sse *s)
{
	buf_done(&s->frame);
	buf_done(&s->data);
}

/* First CR or LF, or the end.  The line feed found is remembered, so each byte is searched at most twice even when
 * every line ends in CR. */
static const char *line_end(struct reader *r)
{
	if (r->lf == NULL || r->lf < r->at) {
		const char *lf = memchr(r->at, '\n', (size_t)(r->end - r->at));
		r->lf = lf ? lf : r->end;
	}
	const char *cr = memchr(r->at, '\r', (size_t)(r->lf - r->at));
	return cr ? cr : r->lf;
}

static void forget_event(struct sse *s)
{
	s->data_lines = 0;
	s->has_fields = false;
	s->type_n = 0;
	buf_clear(&s->data);
}

static void add_data(struct sse *s, const char *frame, struct slice value)
{
	if (s->data_lines == 0) {
		s->data_at = (size_t)(value.p - frame);
		s->data_n = value.n;
	} else {
		/* Joined data is shorter than the frame it came from, so it cannot pass the buffer's maximum. */
		if (s->data_lines == 1)
			buf_add(&s->data, slice_of(frame + s->data_at, s->data_n));
		buf_add_char(&s->data, '\n');
		buf_add(&s->data, value);
	}
	s->data_lines++;
}

static void take_line(struct sse *s, const char *frame, struct slice line)
{
	size_t colon = slice_find(line, ':');
	struct slice name = slice_of(line.p, colon);
	struct slice value = colon < line.n ? slice_of(line.p + colon + 1, line.n - colon - 1)
		: slice_of(line.p + line.n, 0);

	if (value.n && value.p[0] == ' ')
		value = slice_of(value.p + 1, value.n - 1);
	if (colon == 0) {
		if (s->events->on_comment)
			s->events->on_comment(s->arg, value);
		return;
	}
	s->has_fields = true;
	if (slice_eq(name, SLICE("data"))) {
		add_data(s, frame, value);
	} else if (slice_eq(name, SLICE("event"))) {
		s->type_at = (size_t)(value.p - frame);
		s->type_n = value.n;
	}
}

static enum err give_event(struct sse *s, struct slice frame)
{
	struct sse_event ev = { .raw = frame };
	ev.data = s->data_lines > 1 ? buf_slice(&s->data) : slice_of(frame.p + s->data_at, s->data_n);
	if (s->type_n)
		ev.type = slice_of(frame.p + s->type_at, s->type_n);
	return s->failed = s->events->on_event(s->arg, &ev);
}

/* Takes a line without its end.  False: it is blank. */
static bool has_text(struct sse *s, const char *frame, struct slice line)
{
	if (!s->started && slice_starts(line, SLICE("\xef\xbb\xbf")))
		line = slice_of(line.p + 3, line.n - 3);
	s->started = true;
	if (line.n == 0)
		return false;
	take_line(s, frame, line);
	return true;
}

/* The blank line has come; `frame` includes it. */
static enum err end_frame(struct sse *s, struct reader *r, struct slice frame)
{
	if (s->data_lines == 0) {
		/* No event.  The bytes go out with the next one. */
		if (s->has_fields && s->events->on_comment)
			s->events->on_comment(s->arg, SLICE_EMPTY);
		forget_event(s);
		return ERR_OK;
	}
	enum err e = give_event(s, frame);
	forget_event(s);
	buf_done(&s->frame);
	s->line_at = 0;
	r->from = r->at;
	return e;
}

/* One line with its end, from r->at to `next`. */
static enum err take(struct sse *s, struct reader *r, const char *eol, const char *next)
{
	struct slice frame = slice_of(r->from, (size_t)(next - r->from));
	size_t end_n = (size_t)(next - eol);

	if (buf_len(&s->frame)) {
		if (!buf_put(&s->frame, frame))
			return s->failed = ERR_UP_TOO_BIG;
		frame = buf_slice(&s->frame);
		r->from = next;
	}
	if (frame.n > s->frame.max)
		return s->failed = ERR_UP_TOO_BIG;
	r->at = next;
	struct slice line = slice_of(frame.p + s->line_at, frame.n - end_n - s->line_at);
	s->line_at = frame.n;
	return has_text(s, frame.p, line) ? ERR_OK : end_frame(s, r, frame);
}

enum err sse_feed(struct sse *s, struct slice bytes)
{
	if (bytes.n == 0 || s->failed != ERR_OK)
		return s->failed;
	struct reader r = { .from = bytes.p, .at = bytes.p, .end = bytes.p + bytes.n };
	if (s->after_cr && *r.at == '\n') {
		r.at++;
		s->line_at++;
	}
	s->after_cr = false;
	for (const char *eol; (eol = line_end(&r)) < r.end; ) {
		const char *next = eol + 1;
		if (*eol == '\r') {
			s->after_cr = next == r.end;
			next += next < r.end && *next == '\n';
		}
		enum err e = take(s, &r, eol, next);
		if (e != ERR_OK)
			return e;
	}
	if (!buf_put(&s->frame, slice_of(r.from, (size_t)(r.end - r.from))))
		s->failed = ERR_UP_TOO_BIG;
	return s->failed;
}

/* Worth delivering although the stream broke off: complete by its own syntax. */
static bool is_whole(struct slice data)
{
	data = slice_trim(data);
	return slice_eq(data, SLICE("[DONE]")) || (data.n > 1 && data.p[0] == '{' && data.p[data.n - 1] == '}');
}

bool sse_eof(struct sse *s, enum err *out_err)
{
	struct slice frame = buf_slice(&s->frame);

	*out_err = s->failed;
	if (s->failed != ERR_OK)
		return frame.n > 0;
	if (s->line_at < frame.n)
		has_text(s, frame.p, slice_of(frame.p + s->line_at, frame.n - s->line_at));
	s->line_at = frame.n;
	bool whole = s->data_lines && is_whole(s->data_lines > 1 ? buf_slice(&s->data)
		: slice_of(frame.p + s->data_at, s->data_n));
	bool lost = s->has_fields && !whole;
	if (whole)
		*out_err = give_event(s, frame);
	forget_event(s);
	buf_done(&s->frame);
	s->line_at = 0;
	return lost;
}

/* A record: kind, finish (1 byte each), choice, part (2 each), length of text and of extra (4 each), then both.  In the
 * machine's byte order: little-endian on all machines that weir runs on. */
#include "chat/tape.h"

#define HEAD 14u
#define TEXT_AT 6u	/* place of the text's length in a head */

static void put_head(char *p, const struct event *ev)
{
	uint32_t text_n = (uint32_t)ev->text.n, extra_n = (uint32_t)ev->extra.n;

	p[0] = (char)ev->kind;
	p[1] = (char)ev->finish;
	memcpy(p + 2, &ev->choice, 2);
	memcpy(p + 4, &ev->part, 2);
	memcpy(p + TEXT_AT, &text_n, 4);
	memcpy(p + TEXT_AT + 4, &extra_n, 4);
}

/* *out_text and *out_extra: lengths.  False when there is no whole head, or one that nothing here has written. */
static bool get_head(struct slice s, struct event *ev, uint32_t *out_text, uint32_t *out_extra)
{
	if (s.n < HEAD)
		return false;
	*ev = (struct event){ .kind = (uint8_t)s.p[0], .finish = (uint8_t)s.p[1] };
	memcpy(&ev->choice, s.p + 2, 2);
	memcpy(&ev->part, s.p + 4, 2);
	memcpy(out_text, s.p + TEXT_AT, 4);
	memcpy(out_extra, s.p + TEXT_AT + 4, 4);
	return ev->kind <= EVENT_END && ev->finish <= EVENT_FINISH_UNKNOWN;
}

void tape_init(struct tape *t, size_t max)
{
	*t = (struct tape){ .last = SIZE_MAX };
	buf_init(&t->bytes, max);
}

void tape_done(struct tape *t)
{
	buf_done(&t->bytes);
}

void tape_clear(struct tape *t)
{
	buf_clear(&t->bytes);
	t->last = SIZE_MAX;
	t->lossy = false;
}

static bool is_fragment(enum event_kind k)
{
	return k == EVENT_TEXT || k == EVENT_REASONING || k == EVENT_REFUSAL || k == EVENT_TOOL_ARGS;
}

/* The last record takes the fragment too. */
static bool join_last(struct tape *t, const struct event *ev)
{
	struct event last;
	uint32_t text_n, extra_n;

	if (t->last == SIZE_MAX || !is_fragment(ev->kind))
		return false;
	char *p = t->bytes.p + t->last;
	must(get_head(slice_of(p, HEAD), &last, &text_n, &extra_n));
	if (last.kind != ev->kind || last.choice != ev->choice || last.part != ev->part || extra_n || ev->extra.n
			|| ev->text.n > UINT32_MAX - text_n)
		return false;
	if (!buf_put(&t->bytes, ev->text)) {
		t->lossy = true;
		return true;
	}
	text_n += (uint32_t)ev->text.n;
	memcpy(t->bytes.p + t->last + TEXT_AT, &text_n, sizeof(text_n));	/* the buffer may have moved */
	return true;
}

void tape_add(struct tape *t, const struct event *ev)
{
	char head[HEAD];

	if (t->lossy || ev->kind == EVENT_END)
		return;
	if (ev->kind == EVENT_ERROR || (ev->kind == EVENT_OTHER && ev->choice != EVENT_NO_CHOICE)) {
		t->lossy = true;
		return;
	}
	if (ev->kind == EVENT_OTHER || join_last(t, ev))
		return;
	must(t->bytes.start == 0);
	size_t at = t->bytes.n;
	put_head(head, ev);
	if (ev->text.n > UINT32_MAX || !buf_put(&t->bytes, slice_of(head, HEAD)) || !buf_put(&t->bytes, ev->text)
			|| !buf_put(&t->bytes, ev->extra))
		t->lossy = true;
	else
		t->last = at;
}

bool tape_next(struct slice bytes, size_t end, size_t *at, struct event *out)
{
	uint32_t text_n, extra_n;

	bytes.n = MIN_OF(bytes.n, end);
	if (*at >= bytes.n || !get_head(slice_skip(bytes, *at), out, &text_n, &extra_n))
		return false;
	struct slice rest = slice_skip(bytes, *at + HEAD);
	/* Only the text of the last record can have grown past the end, and that one has no extra. */
	out->text = slice_of(rest.p, MIN_OF(rest.n, (size_t)text_n));
	rest = slice_skip(rest, out->text.n);
	if (extra_n > rest.n)
		return false;
	out->extra = slice_of(rest.p, extra_n);
	*at += HEAD + out->text.n + extra_n;
	return true;
}

bool tape_is_whole(struct slice bytes)
{
	struct event ev;
	size_t at = 0;

	while (tape_next(bytes, SIZE_MAX, &at, &ev))
		;
	return at == bytes.n;
}

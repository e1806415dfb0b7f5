/* The reader against a plain one written straight from the WHATWG text, and against itself with the input cut up. */
#include "base/buf.h"
#include "codec/sse.h"
#include "fuzz.h"

struct play {
	struct buf story, raw;
};

static enum err play_event(void *arg, const struct sse_event *ev)
{
	struct play *p = arg;
	buf_addf(&p->story, "E%zu:", ev->type.n);
	buf_add(&p->story, ev->type);
	buf_addf(&p->story, " D%zu:", ev->data.n);
	buf_add(&p->story, ev->data);
	buf_add_char(&p->story, '\n');
	buf_add(&p->raw, ev->raw);
	return ERR_OK;
}

static const struct sse_events play_events = { play_event, NULL };

static void play(struct play *p, struct fuzz_cut cut, const uint8_t *data, size_t n)
{
	struct sse s;
	struct slice piece;
	enum err e;

	buf_init(&p->story, 64 * n + 1024);
	buf_init(&p->raw, n + 1);
	sse_init(&s, n + 1, &play_events, p);
	for (size_t at = 0; fuzz_next(cut, data, n, &at, &piece); fuzz_drop(piece))
		must(sse_feed(&s, piece) == ERR_OK);
	must(slice_starts(slice_of(data, n), buf_slice(&p->raw)));
	bool lost = sse_eof(&s, &e);
	must(e == ERR_OK && slice_starts(slice_of(data, n), buf_slice(&p->raw)));
	buf_addf(&p->story, "lost %d\n", lost);
	sse_done(&s);
}

static void play_done(struct play *p)
{
	buf_done(&p->story);
	buf_done(&p->raw);
}

/* The plain reader: one line at a time, everything copied. */
struct plain {
	struct buf data, type;
	struct play *out;
	bool has_data;
};

static void plain_line(struct plain *t, struct slice line)
{
	if (line.n == 0) {
		struct sse_event ev = { .type = buf_slice(&t->type), .data = buf_slice(&t->data) };
		ev.data.n -= t->has_data;	/* the last line feed */
		if (t->has_data)
			must(play_event(t->out, &ev) == ERR_OK);
		buf_clear(&t->data);
		buf_clear(&t->type);
		t->has_data = false;
		return;
	}
	size_t colon = slice_find(line, ':');
	struct slice value = slice_skip(line, colon + 1);
	if (value.n && value.p[0] == ' ')
		value = slice_skip(value, 1);
	if (colon == 4 && slice_starts(line, SLICE("data"))) {
		buf_add(&t->data, value);
		buf_add_char(&t->data, '\n');
		t->has_data = true;
	} else if (colon == 5 && slice_starts(line, SLICE("event"))) {
		buf_clear(&t->type);
		buf_add(&t->type, value);
	}
}

static void plain_play(struct play *p, const uint8_t *data, size_t n)
{
	struct plain t = { .out = p };
	size_t from = n >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	buf_init(&p->story, 64 * n + 1024);
	buf_init(&p->raw, n + 1);
	buf_init(&t.data, n + 1);
	buf_init(&t.type, n + 1);
	for (size_t i = from; i < n; i++) {
		if (data[i] != '\r' && data[i] != '\n')
			continue;
		plain_line(&t, slice_of(data + from, i - from));
		i += data[i] == '\r' && i + 1 < n && data[i + 1] == '\n';
		from = i + 1;
	}
	buf_done(&t.data);
	buf_done(&t.type);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint32_t dice = fuzz_number(data, n);
	struct fuzz_cut cuts[] = { { 0, 1 }, { n ? dice / 8 % n : 0, n }, { 0, 1 + dice / 64 % 16 } };
	struct play whole, again;

	play(&whole, fuzz_whole(n), data, n);
	for (size_t i = 0; i < COUNT_OF(cuts); i++) {
		play(&again, cuts[i], data, n);
		must(slice_eq(buf_slice(&whole.story), buf_slice(&again.story)));
		play_done(&again);
	}
	/* At the end of input the reader may give one event more. */
	plain_play(&again, data, n);
	must(slice_starts(buf_slice(&whole.story), buf_slice(&again.story)));
	play_done(&again);
	play_done(&whole);
	return 0;
}

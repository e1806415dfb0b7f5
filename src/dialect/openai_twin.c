#include "dialect/openai_twin.h"

#include "base/utf8.h"

#define AROUND_BYTES 352u	/* before and after the text; OpenAI's own chunks have about 200 */
/* in a row: this provider's chunks differ elsewhere too (OpenAI's `obfuscation`), so looking is given up */
#define MISSES 8u

/* In the decoder's arena, one a stream. */
struct openai_twin {
	uint16_t before_n, after_n;	/* before_n 0: no model yet */
	uint16_t choice;
	uint16_t misses;
	char bytes[AROUND_BYTES];
};

/* Bytes that stand for themselves in a JSON string. */
static bool is_plain(struct slice s)
{
	for (size_t i = 0; i < s.n;) {
		unsigned char c = (unsigned char)s.p[i];
		size_t len = c < 0x80 ? (c >= 0x20 && c != '"' && c != '\\') : utf8_len(slice_skip(s, i));
		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

bool openai_twin_take(struct openai_frame *f, struct slice data)
{
	struct openai_twin *t = f->state->twin;

	if (t == NULL || t->before_n == 0)
		return false;
	size_t around_n = (size_t)t->before_n + t->after_n;
	if (data.n <= around_n || memcmp(data.p, t->bytes, t->before_n) != 0
		|| memcmp(data.p + data.n - t->after_n, t->bytes + t->before_n, t->after_n) != 0)
		return false;
	struct slice text = slice_of(data.p + t->before_n, data.n - around_n);
	if (!is_plain(text))
		return false;
	t->misses = 0;
	struct event ev = { .kind = EVENT_TEXT, .choice = t->choice, .text = text };
	openai_frame_emit(f, &ev);
	return true;
}

/* Where `text` stands in quotes, when it does so exactly once; else data.n. */
static size_t only_place(struct slice data, struct slice text)
{
	size_t found = data.n;

	for (size_t at = 1; at + text.n < data.n; at++) {
		const char *p = memmem(data.p + at, data.n - at, text.p, text.n);
		if (p == NULL)
			break;
		at = (size_t)(p - data.p);
		if (p[-1] != '"' || at + text.n >= data.n || p[text.n] != '"')
			continue;
		if (found < data.n)
			return data.n;
		found = at;
	}
	return found;
}

static bool may_learn(const struct openai_frame *f, struct slice data)
{
	const struct openai_twin *t = f->state->twin;

	if (f->n_events != 1 || f->last_kind != EVENT_TEXT || f->err != ERR_OK || (t && t->misses >= MISSES))
		return false;
	return data.n - f->last_text.n <= AROUND_BYTES && slice_find(data, '\\') == data.n;
}

void openai_twin_learn(struct openai_frame *f, struct slice data)
{
	if (!may_learn(f, data))
		return;
	struct openai_twin *t = f->state->twin;
	size_t at = only_place(data, f->last_text), after = at + f->last_text.n;
	if (t == NULL)
		t = f->state->twin = ARENA_NEW(f->d->arena, struct openai_twin);
	t->misses++;
	if (at == data.n)
		return;
	t->before_n = (uint16_t)at;
	t->after_n = (uint16_t)(data.n - after);
	t->choice = f->last_choice;
	memcpy(t->bytes, data.p, at);
	memcpy(t->bytes + at, data.p + after, data.n - after);
}

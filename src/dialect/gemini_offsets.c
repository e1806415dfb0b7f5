#include "dialect/gemini_offsets.h"

#include "base/utf8.h"

enum { RUN_MAX = 0x3fff, FIRST_CAP = 16 };

static unsigned width_of(uint16_t run)
{
	return (run >> 14) + 1u;
}

static unsigned count_of(uint16_t run)
{
	return run & RUN_MAX;
}

static void grow(struct gemini_offsets *o, struct arena *a)
{
	size_t cap = o->cap ? o->cap * 2 : FIRST_CAP;
	uint16_t *runs = arena_try(a, cap * sizeof(*runs));

	if (runs == NULL) {
		o->lost = true;
		return;
	}
	if (o->n)
		memcpy(runs, o->runs, o->n * sizeof(*runs));
	o->runs = runs;
	o->cap = cap;
}

static void add_run(struct gemini_offsets *o, struct arena *a, unsigned width, unsigned count)
{
	uint16_t *last = o->n ? &o->runs[o->n - 1] : NULL;

	if (last && width_of(*last) == width && count_of(*last) + count <= RUN_MAX) {
		*last = (uint16_t)(*last + count);
		return;
	}
	if (o->n == o->cap)
		grow(o, a);
	if (!o->lost)
		o->runs[o->n++] = (uint16_t)((width - 1) << 14 | count);
}

/* Equal characters at the start of `text`, as many as one run takes. */
static unsigned equals(struct slice text, size_t *out_width)
{
	unsigned n = 0;
	size_t at = 0;

	*out_width = MAX_OF(utf8_len(text), (size_t)1);
	while (n < RUN_MAX && at < text.n && MAX_OF(utf8_len(slice_skip(text, at)), (size_t)1) == *out_width) {
		at += *out_width;
		n++;
	}
	return n;
}

void gemini_offsets_add(struct gemini_offsets *o, struct arena *a, struct slice text)
{
	while (text.n && !o->lost) {
		size_t width;
		unsigned n = equals(text, &width);
		add_run(o, a, (unsigned)width, n);
		o->bytes += n * width;
		o->chars += n;
		text = slice_skip(text, n * width);
	}
}

int64_t gemini_offsets_chars(const struct gemini_offsets *o, int64_t byte)
{
	uint64_t left = (uint64_t)byte, chars = 0;

	if (o->lost || byte < 0 || left > o->bytes)
		return -1;
	for (size_t i = 0; i < o->n; i++) {
		uint64_t here = (uint64_t)width_of(o->runs[i]) * count_of(o->runs[i]);
		if (left < here)
			return (int64_t)(chars + left / width_of(o->runs[i]));
		left -= here;
		chars += count_of(o->runs[i]);
	}
	return (int64_t)chars;
}

int64_t gemini_offsets_bytes(const struct gemini_offsets *o, int64_t at)
{
	uint64_t left = (uint64_t)at, bytes = 0;

	if (o->lost || at < 0 || left > o->chars)
		return -1;
	for (size_t i = 0; i < o->n; i++) {
		if (left < count_of(o->runs[i]))
			return (int64_t)(bytes + left * width_of(o->runs[i]));
		left -= count_of(o->runs[i]);
		bytes += (uint64_t)width_of(o->runs[i]) * count_of(o->runs[i]);
	}
	return (int64_t)bytes;
}

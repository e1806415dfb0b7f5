#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/utf8.h"

#define SMALLEST 256u

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_done(struct buf *b)
{
	free(b->p);
	buf_init(b, b->max);
}

void buf_clear(struct buf *b)
{
	b->start = b->n = 0;
}

static void compact(struct buf *b)
{
	if (b->start == 0)
		return;
	memmove(b->p, b->p + b->start, b->n - b->start);
	b->n -= b->start;
	b->start = 0;
}

char *buf_room_slow(struct buf *b, size_t n)
{
	size_t len = buf_len(b);
	if (n > b->max || len > b->max - n)
		return NULL;
	if (b->cap - b->n < n && b->start >= b->cap / 2)
		compact(b);
	if (b->p == NULL || b->cap - b->n < n) {
		compact(b);
		size_t cap = MAX_OF(MAX_OF(b->cap * 2, SMALLEST), len + n);
		char *p = realloc(b->p, cap);
		must(p != NULL);
		b->p = p;
		b->cap = cap;
	}
	return b->p + b->n;
}

bool buf_put(struct buf *b, struct slice s)
{
	if (s.n == 0)
		return true;
	char *to = buf_room(b, s.n);
	if (to == NULL)
		return false;
	memcpy(to, s.p, s.n);
	b->n += s.n;
	return true;
}

void buf_add_slow(struct buf *b, struct slice s)
{
	must(buf_put(b, s));
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list args, again;

	va_start(args, fmt);
	va_copy(again, args);
	/* Most texts fit into what is there already; else the length is known after the first try. */
	size_t room = MIN_OF(b->cap - b->n, b->max - buf_len(b));
	int n = vsnprintf(b->p ? b->p + b->n : NULL, b->p ? room : 0, fmt, args);
	va_end(args);
	must(n >= 0);
	if ((size_t)n >= room) {
		char *to = buf_room(b, (size_t)n + 1);
		must(to != NULL);
		vsnprintf(to, (size_t)n + 1, fmt, again);
	}
	buf_grew(b, (size_t)n);
	va_end(again);
}

void buf_add_u64(struct buf *b, uint64_t v)
{
	char digits[20], *at = digits + sizeof(digits);

	do {
		*--at = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	buf_add(b, slice_of(at, (size_t)(digits + sizeof(digits) - at)));
}

static void add_escape(struct buf *b, unsigned char c)
{
	switch (c) {
	case '"': buf_add(b, SLICE("\\\"")); break;
	case '\\': buf_add(b, SLICE("\\\\")); break;
	case '\n': buf_add(b, SLICE("\\n")); break;
	case '\r': buf_add(b, SLICE("\\r")); break;
	case '\t': buf_add(b, SLICE("\\t")); break;
	default: buf_addf(b, "\\u%04x", c);
	}
}

/* Bytes that stand for themselves inside a JSON string. */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

#define EACH_BYTE(v) (UINT64_C(0x0101010101010101) * (v))

/* A byte below `n` (at most 128) somewhere in x (Anderson, Bit Twiddling Hacks, "hasless"). */
static uint64_t has_below(uint64_t x, unsigned n)
{
	return (x - EACH_BYTE(n)) & ~x & EACH_BYTE(0x80);
}

/* Bit i of 16: byte i is not plain.  Compared with signs: bytes from 0x80 on are below zero. */
#ifdef __SSE2__
#define WIDE 16u
static inline unsigned special_of(const char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i same = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));

	same = _mm_or_si128(same, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
	return (unsigned)_mm_movemask_epi8(_mm_or_si128(same, _mm_cmplt_epi8(v, _mm_set1_epi8(0x20))));
}
#endif

/* Length of the plain bytes at the start: sixteen or eight at once, since most of what is written is text. */
static size_t plain_run(const char *p, size_t n)
{
	size_t i = 0;
	uint64_t x;

#ifdef __SSE2__
	for (; n - i >= WIDE; i += WIDE) {
		unsigned special = special_of(p + i);
		if (special)
			return i + (unsigned)__builtin_ctz(special);
	}
#endif
	for (; n - i >= sizeof(x); i += sizeof(x)) {
		memcpy(&x, p + i, sizeof(x));
		uint64_t special = (x & EACH_BYTE(0x80)) | has_below(x, 0x20) | has_below(x ^ EACH_BYTE('"'), 1)
			| has_below(x ^ EACH_BYTE('\\'), 1) | has_below(x ^ EACH_BYTE(0x7f), 1);
		if (special)
			break;
	}
	while (i < n && is_plain((unsigned char)p[i]))
		i++;
	return i;
}

void buf_add_json(struct buf *b, struct slice s)
{
	size_t from = 0, i = 0;

	for (;;) {
		if (i < s.n)
			i += plain_run(s.p + i, s.n - i);
		if (i >= s.n)
			break;
		unsigned char c = (unsigned char)s.p[i];
		size_t len = c < 0x80 ? 1 : utf8_len(slice_of(s.p + i, s.n - i));
		if (len > 1) {
			i += len;
			continue;
		}
		buf_add(b, slice_of(s.p + from, i - from));
		if (len == 0)
			buf_add(b, SLICE("\xef\xbf\xbd"));
		else
			add_escape(b, c);
		from = ++i;
	}
	if (s.n > from)
		buf_add(b, slice_of(s.p + from, s.n - from));
}

void buf_eat(struct buf *b, size_t n)
{
	must(n <= buf_len(b));
	b->start += n;
	if (b->start == b->n)
		buf_clear(b);
}

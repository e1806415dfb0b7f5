/* Looks into JSON. Pure; every pointer it returns points into the input. */
#include "peek.h"

#include <string.h>

bool peek_is(struct bite b, const char *text)
{
	return b.len == strlen(text) && memcmp(b.at, text, b.len) == 0;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct bite *b)
{
	while (b->len && is_space(b->at[0]))
		b->at++, b->len--;
}

/* Length of the string that starts at b.at[0] == '"', both quotes counted; 0 when it does not end. */
static size_t string_len(struct bite b)
{
	size_t from = 1;
	for (;;) {
		const char *quote = memchr(b.at + from, '"', b.len - from);
		if (!quote)
			return 0;
		size_t slashes = 0;
		while (quote[-1 - (long)slashes] == '\\')
			slashes++;
		from = (size_t)(quote - b.at) + 1;
		if (slashes % 2 == 0)
			return from;
	}
}

/* Length of the object or array that starts at b.at[0]; 0 when it does not close or nests deeper than 63. */
static size_t nest_len(struct bite b)
{
	uint64_t is_object = 0;         /* one bit a level, innermost lowest */
	unsigned depth = 0;
	for (size_t i = 0; i < b.len; i++) {
		char c = b.at[i];
		if (c == '"') {
			size_t n = string_len((struct bite){b.at + i, b.len - i});
			if (n == 0)
				return 0;
			i += n - 1;
		} else if (c == '{' || c == '[') {
			if (++depth > 63)
				return 0;
			is_object = is_object << 1 | (c == '{');
		} else if (c == '}' || c == ']') {
			if ((is_object & 1) != (c == '}'))
				return 0;
			is_object >>= 1;
			if (--depth == 0)
				return i + 1;
		}
	}
	return 0;
}

static size_t value_len(struct bite b)
{
	if (b.len == 0)
		return 0;
	if (b.at[0] == '"')
		return b.len > 1 ? string_len(b) : 0;
	if (b.at[0] == '{' || b.at[0] == '[')
		return nest_len(b);
	size_t n = 0;
	while (n < b.len && !is_space(b.at[n]) && !strchr(",}]:\"", b.at[n]))
		n++;
	return n;
}

static void advance(struct bite *b, size_t n)
{
	b->at += n;
	b->len -= n;
}

enum peek_step peek_next(struct peek_walk *w, struct bite *out_key, struct bite *out_value)
{
	struct bite *r = &w->rest;
	bool first = !w->started;
	skip_space(r);
	if (first) {
		if (r->len == 0 || r->at[0] != '{')
			return PEEK_BAD;
		advance(r, 1);
		w->started = true;
		skip_space(r);
	}
	if (r->len && r->at[0] == '}') {
		advance(r, 1);
		skip_space(r);
		return r->len ? PEEK_BAD : PEEK_END;
	}
	if (!first) {
		if (r->len == 0 || r->at[0] != ',')
			return PEEK_BAD;
		advance(r, 1);
		skip_space(r);
	}
	size_t n = r->len > 1 && r->at[0] == '"' ? string_len(*r) : 0;
	if (n == 0)
		return PEEK_BAD;
	*out_key = (struct bite){r->at + 1, n - 2};
	advance(r, n);
	skip_space(r);
	if (r->len == 0 || r->at[0] != ':')
		return PEEK_BAD;
	advance(r, 1);
	skip_space(r);
	n = value_len(*r);
	if (n == 0)
		return PEEK_BAD;
	*out_value = (struct bite){r->at, n};
	advance(r, n);
	return PEEK_FIELD;
}

static bool read_number(struct bite b, uint64_t *out)
{
	uint64_t n = 0;
	if (b.len == 0 || b.len > 18)
		return false;
	for (size_t i = 0; i < b.len; i++) {
		if (b.at[i] < '0' || b.at[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(b.at[i] - '0');
	}
	*out = n;
	return true;
}

static bool wants_usage(struct bite options)
{
	struct peek_walk w = {.rest = options};
	struct bite key, value;
	bool wants = false;
	while (peek_next(&w, &key, &value) == PEEK_FIELD)
		if (peek_is(key, "include_usage"))
			wants = peek_is(value, "true");
	return wants;
}

bool peek_request(struct bite body, struct peek *out)
{
	struct peek_walk w = {.rest = body};
	struct bite key, value;
	enum peek_step step;
	*out = (struct peek){0};
	while ((step = peek_next(&w, &key, &value)) == PEEK_FIELD) {
		if (peek_is(key, "model") && value.at[0] == '"')
			out->model = (struct bite){value.at + 1, value.len - 2};
		else if (peek_is(key, "messages") && value.at[0] == '[')
			out->messages = value;
		else if (peek_is(key, "stream"))
			out->stream = peek_is(value, "true");
		else if (peek_is(key, "stream_options"))
			out->include_usage = wants_usage(value);
		else if (peek_is(key, "max_tokens") || peek_is(key, "max_completion_tokens"))
			out->has_max_tokens = read_number(value, &out->max_tokens);
	}
	return step == PEEK_END && out->messages.len > 0;
}

bool peek_hex16(const char *at, uint64_t *out)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < 16; i++) {
		char c = at[i];
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
		if (digit == 16)
			return false;
		n = n << 4 | (uint64_t)digit;
	}
	*out = n;
	return true;
}

void peek_write_hex16(char *at, uint64_t value)
{
	for (int i = 15; i >= 0; i--, value >>= 4)
		at[i] = "0123456789abcdef"[value & 15];
}

bool peek_nonce(struct bite text, uint64_t *out_nonce)
{
	static const char mark[] = "nonce-";
	enum { MARK = sizeof mark - 1, DIGITS = 16 };
	while (text.len >= MARK + DIGITS) {
		const char *dash = memrchr(text.at, '-', text.len - DIGITS);
		if (!dash || dash - text.at < MARK - 1)
			return false;
		if (memcmp(dash - (MARK - 1), mark, MARK) == 0 && peek_hex16(dash + 1, out_nonce))
			return true;
		text.len = (size_t)(dash - text.at) + DIGITS;
	}
	return false;
}

uint64_t peek_print(struct bite b)
{
	/* odd, near 2^64 / golden ratio: multiplying by it spreads bits (Knuth, TAOCP 3, 6.4) */
	const uint64_t odd = 0x9e3779b97f4a7c15u;
	uint64_t h = odd ^ b.len;
	while (b.len >= 8) {
		uint64_t word;
		memcpy(&word, b.at, 8);
		h = (h ^ word) * odd;
		h ^= h >> 29;
		advance(&b, 8);
	}
	uint64_t last = 0;
	if (b.len)
		memcpy(&last, b.at, b.len);
	h = (h ^ last) * odd;
	return h ^ h >> 32;
}

/* The seam to yyjson.  Owns how documents get their memory, the depth limit and the walk over raw members; knows
 * nothing of what a document says. */
#include "codec/json.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* --- the structure of a text, 64 bytes at a time
 * ------------------------------------------------------------------- */

#define BLOCK 64u

/* A block of 64 bytes, asked for the places of a byte: one bit a byte. */
#ifdef __SSE2__
struct block64 {
	__m128i v[4];
};

static inline struct block64 load(const char *p)
{
	struct block64 b;
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++)
		b.v[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
	return b;
}

/* Places of `c` when the bits `mask` are set in every byte first. */
static inline uint64_t places(const struct block64 *b, char mask, char c)
{
	uint64_t m = 0;
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		__m128i same = _mm_cmpeq_epi8(_mm_or_si128(b->v[i], _mm_set1_epi8(mask)), _mm_set1_epi8(c));
		m |= (uint64_t)(unsigned)_mm_movemask_epi8(same) << (16 * i);
	}
	return m;
}
#else
struct block64 {
	const char *p;
};

static inline struct block64 load(const char *p)
{
	return (struct block64){ p };
}

static inline uint64_t places(const struct block64 *b, char mask, char c)
{
	uint64_t m = 0;
	for (unsigned i = 0; i < BLOCK; i++)
		m |= (uint64_t)((b->p[i] | mask) == c) << i;
	return m;
}
#endif

/* What one block tells the next. */
struct scan {
	bool in_string;
	bool escape;	/* the first byte of the next block is escaped */
};

/* Bits of the bytes that a backslash escapes. */
static uint64_t escaped(uint64_t backslashes, struct scan *s)
{
	uint64_t out = s->escape, left = backslashes & ~out;

	s->escape = false;
	while (left) {
		uint64_t bit = left & -left;
		s->escape = bit >> 63;
		out |= bit << 1;
		left &= ~(bit | bit << 1);
	}
	return out;
}

/* Bit i of the result: an odd number of bits is set in 0..i. */
static uint64_t fill_between(uint64_t m)
{
	for (unsigned by = 1; by < BLOCK; by *= 2)
		m ^= m << by;
	return m;
}

/* Brackets of one block outside strings. */
static inline void structure(struct scan *s, const char *p, uint64_t *out_opens, uint64_t *out_closes)
{
	struct block64 b = load(p);
	uint64_t quotes = places(&b, 0, '"'), backslashes = places(&b, 0, '\\');
	uint64_t inside = s->in_string ? UINT64_MAX : 0;

	*out_opens = *out_closes = 0;
	if (backslashes || s->escape)
		quotes &= ~escaped(backslashes, s);
	if (quotes) {
		inside ^= fill_between(quotes);
		s->in_string = inside >> 63;
	}
	if (inside == UINT64_MAX)
		return;
	/* '[' and '{', ']' and '}' differ in the bit 0x20 only. */
	*out_opens = places(&b, 0x20, '{') & ~inside;
	*out_closes = places(&b, 0x20, '}') & ~inside;
}

/* The block at `at`, filled up with spaces in `spare` when the text ends inside it. */
static const char *block_at(struct slice text, size_t at, char *spare)
{
	if (text.n - at >= BLOCK)
		return text.p + at;
	memset(spare, ' ', BLOCK);
	return memcpy(spare, text.p + at, text.n - at);
}

bool json_depth_ok(struct slice text, int limit)
{
	struct scan s = { 0 };
	char spare[BLOCK];
	int depth = 0;

	for (size_t at = 0; at < text.n; at += BLOCK) {
		uint64_t opens, closes;
		structure(&s, block_at(text, at, spare), &opens, &closes);
		for (uint64_t all = opens | closes; all; all &= all - 1) {
			if (closes & all & -all)
				depth--;
			else if (++depth > limit)
				return false;
		}
	}
	return true;
}

/* Place after the bracket that closes the one at `at`; text.n when there is none. */
static size_t skip_container(struct slice text, size_t at)
{
	struct scan s = { 0 };
	char spare[BLOCK];
	size_t depth = 0;

	for (; at < text.n; at += BLOCK) {
		uint64_t opens, closes;
		structure(&s, block_at(text, at, spare), &opens, &closes);
		for (uint64_t all = opens | closes; all; all &= all - 1) {
			if (opens & all & -all)
				depth++;
			else if (--depth == 0)
				return at + (size_t)__builtin_ctzll(all) + 1;
		}
	}
	return text.n;
}

/* --- parsing
 * ------------------------------------------------------------------------------------------------------ */

/* One block for one document; the newest piece grows in place. */
struct block {
	char *at, *end, *last;
};

/* Depth of a document: its values stand in one row, each container before what it holds and knowing where that
 * ends.  The reader does not recurse, so this may come after it, and costs a tenth of a scan of the text. */
static bool is_shallow(yyjson_doc *doc)
{
	yyjson_val *ends[JSON_MAX_DEPTH], *v = yyjson_doc_get_root(doc), *end = v + yyjson_doc_get_val_count(doc);
	size_t depth = 0;

	for (; v < end; v++) {
		if (!unsafe_yyjson_is_ctn(v))
			continue;
		while (depth && ends[depth - 1] <= v)
			depth--;
		if (depth == JSON_MAX_DEPTH)
			return false;
		ends[depth++] = unsafe_yyjson_get_next(v);
	}
	return true;
}

static void *block_take(void *ctx, size_t n)
{
	struct block *b = ctx;
	n = (n + 15) & ~(size_t)15;
	if (n > (size_t)(b->end - b->at))
		return NULL;
	b->last = b->at;
	b->at += n;
	return b->last;
}

static void *block_grow(void *ctx, void *p, size_t old_n, size_t n)
{
	struct block *b = ctx;
	if (p == b->last) {
		b->at = b->last;
		return block_take(b, n);
	}
	void *to = block_take(b, n);
	return to ? memcpy(to, p, MIN_OF(old_n, n)) : NULL;
}

static void block_drop(void *ctx, void *p)
{
}

/* Sizes of the first try, enough for 6 bytes of text a value, and of the second, enough for anything. */
static size_t first_size(size_t n)
{
	/* yyjson begins with 16 bytes a value for n/6 values, beside its copy of the text. */
	return n + n / 6 * 16 + 512;
}

static size_t last_size(size_t n)
{
	return yyjson_read_max_memory_usage(n, 0);
}

/* ERR_TOO_BIG: the block is too small. */
static enum err read_in(void *memory, size_t size, struct slice text, yyjson_doc **out_doc,
	struct json_place *out_place)
{
	struct block b = { memory, (char *)memory + size, NULL };
	yyjson_alc alc = { block_take, block_grow, block_drop, &b };
	yyjson_read_err fault;
	/* Without in-situ yyjson does not write to the text, whatever its parameter type says. */
	yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)text.p, text.n, YYJSON_READ_BIGNUM_AS_RAW, &alc,
		&fault);

	if (doc) {
		*out_doc = doc;
		return ERR_OK;
	}
	if (fault.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
		return ERR_TOO_BIG;
	if (out_place) {
		*out_place = (struct json_place){ .what = fault.msg };
		size_t ignored;
		yyjson_locate_pos(text.p, text.n, fault.pos, &out_place->line, &out_place->column, &ignored);
	}
	return ERR_BAD_JSON;
}

/* Where a document lives: an arena or a buffer. */
struct home {
	struct arena *arena;
	struct buf *buf;
};

static enum err read_at(struct home h, size_t size, struct slice text, yyjson_doc **out_doc,
	struct json_place *out_place)
{
	char *memory = h.arena ? arena_try(h.arena, size) : buf_room(h.buf, size);
	if (memory == NULL)
		return ERR_TOO_BIG;
	enum err e = read_in(memory, size, text, out_doc, out_place);
	/* The values come last: what they did not need goes back. */
	if (h.arena)
		arena_trim(h.arena, e == ERR_OK
			? (char *)(yyjson_doc_get_root(*out_doc) + yyjson_doc_get_val_count(*out_doc)) : memory);
	return e;
}

static enum err parse(struct home h, struct slice text, yyjson_doc **out_doc, struct json_place *out_place)
{
	yyjson_doc *doc = NULL;
	enum err e = read_at(h, first_size(text.n), text, &doc, out_place);

	/* Not for a text that is refused anyway: a megabyte of brackets would take 13. */
	if (e != ERR_OK && !json_depth_ok(text, JSON_MAX_DEPTH))
		return ERR_TOO_DEEP;
	if (e == ERR_TOO_BIG)
		e = read_at(h, last_size(text.n), text, &doc, out_place);
	if (e != ERR_OK)
		return e;
	if (!is_shallow(doc))
		return ERR_TOO_DEEP;
	*out_doc = doc;
	return ERR_OK;
}

enum err json_parse(struct arena *a, struct slice text, yyjson_doc **out_doc, struct json_place *out_place)
{
	return parse((struct home){ .arena = a }, text, out_doc, out_place);
}

void json_scratch_init(struct json_scratch *s, size_t max)
{
	buf_init(&s->memory, max);
}

void json_scratch_done(struct json_scratch *s)
{
	buf_done(&s->memory);
}

enum err json_parse_scratch(struct json_scratch *s, struct slice text, yyjson_doc **out_doc)
{
	return parse((struct home){ .buf = &s->memory }, text, out_doc, NULL);
}

/* --- members as they stand
 * ---------------------------------------------------------------------------------------- */

static size_t skip_blank(struct slice text, size_t at)
{
	while (at < text.n && (text.p[at] == ' ' || text.p[at] == '\t' || text.p[at] == '\n' || text.p[at] == '\r'))
		at++;
	return at;
}

/* Place after the quote that closes the string whose quote is at `at`; text.n when there is none. */
static size_t skip_string(struct slice text, size_t at)
{
	size_t from = ++at;
	while (at < text.n) {
		at += slice_find(slice_of(text.p + at, text.n - at), '"');
		size_t slashes = 0;
		while (slashes < at - from && text.p[at - 1 - slashes] == '\\')
			slashes++;
		if (at == text.n || slashes % 2 == 0)
			break;
		from = ++at;
	}
	return at < text.n ? at + 1 : text.n;
}

static size_t skip_value(struct slice text, size_t at)
{
	if (at < text.n && text.p[at] == '"')
		return skip_string(text, at);
	if (at < text.n && (text.p[at] == '{' || text.p[at] == '['))
		return skip_container(text, at);
	while (at < text.n && text.p[at] != ',' && text.p[at] != '}' && text.p[at] != ']' && skip_blank(text, at) == at)
		at++;
	return at;
}

size_t json_value_end(struct slice text, size_t at)
{
	return skip_value(text, at);
}

bool json_next_key(struct slice object, size_t *at, struct slice *out_key)
{
	size_t i = skip_blank(object, *at);

	/* Before the first member stands '{', before the others ','; after the last '}'. */
	if (i == object.n || object.p[i] != (*at == 0 ? '{' : ','))
		return false;
	size_t key = skip_blank(object, i + 1);
	if (key == object.n || object.p[key] != '"')
		return false;
	size_t key_end = skip_string(object, key), colon = skip_blank(object, key_end);
	if (colon == object.n || object.p[colon] != ':')
		return false;
	*out_key = slice_of(object.p + key + 1, key_end - key - 2);
	*at = skip_blank(object, colon + 1);
	return true;
}

bool json_next_member(struct slice object, size_t *at, struct json_member *out)
{
	size_t value = *at;

	if (!json_next_key(object, &value, &out->key))
		return false;
	size_t end = skip_value(object, value);
	if (end == value)
		return false;
	out->value = slice_of(object.p + value, end - value);
	out->whole = slice_of(out->key.p - 1, (size_t)(object.p + end - out->key.p) + 1);
	*at = end;
	return true;
}

bool json_next_element(struct slice array, size_t *at, struct slice *out)
{
	size_t i = skip_blank(array, *at);

	/* Before the first element stands '[', before the others ','; after the last ']'. */
	if (i == array.n || array.p[i] != (*at == 0 ? '[' : ','))
		return false;
	size_t value = skip_blank(array, i + 1), end = skip_value(array, value);
	if (end == value)
		return false;
	*out = slice_of(array.p + value, end - value);
	*at = end;
	return true;
}

/* --- accessors
 * ---------------------------------------------------------------------------------------------------- */

struct slice json_val_str(yyjson_val *v)
{
	return yyjson_is_str(v) ? slice_of(yyjson_get_str(v), yyjson_get_len(v)) : SLICE_EMPTY;
}

struct slice json_str(yyjson_val *obj, const char *key)
{
	return json_val_str(yyjson_obj_get(obj, key));
}

int64_t json_int(yyjson_val *obj, const char *key, int64_t fallback)
{
	yyjson_val *v = yyjson_obj_get(obj, key);
	if (yyjson_is_uint(v))
		return yyjson_get_uint(v) <= INT64_MAX ? (int64_t)yyjson_get_uint(v) : fallback;
	return yyjson_is_sint(v) ? yyjson_get_sint(v) : fallback;
}

bool json_bool(yyjson_val *obj, const char *key, bool fallback)
{
	yyjson_val *v = yyjson_obj_get(obj, key);
	return yyjson_is_bool(v) ? yyjson_get_bool(v) : fallback;
}

yyjson_val *json_obj(yyjson_val *obj, const char *key)
{
	yyjson_val *v = yyjson_obj_get(obj, key);
	return yyjson_is_obj(v) ? v : NULL;
}

yyjson_val *json_arr(yyjson_val *obj, const char *key)
{
	yyjson_val *v = yyjson_obj_get(obj, key);
	return yyjson_is_arr(v) ? v : NULL;
}

#include "chat/chain.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "codec/json.h"

#define MARK "\"cache_control\""
#define SIEVE 256u		/* bytes looked at in one go */

/* --- the parts of a body -------------------------------------------------------------------------------- */

/* The elements of a list or the one text that stands for it.  Returns where it ends. */
static size_t find_messages(struct arena *a, struct slice body, size_t at, struct chain_parts *out)
{
	struct slice list = slice_skip(body, at), m;
	size_t i = 0, cap = 64;

	out->n_messages = 0;
	out->messages = ARENA_ARRAY(a, struct slice, cap);
	if (list.n == 0 || list.p[0] != '[') {
		size_t end = json_value_end(body, at);
		if (end > at && body.p[at] == '"')
			out->messages[out->n_messages++] = slice_of(body.p + at, end - at);
		return end;
	}
	while (json_next_element(list, &i, &m)) {
		if (out->n_messages == cap) {
			struct slice *more = ARENA_ARRAY(a, struct slice, cap * 2);
			memcpy(more, out->messages, cap * sizeof(*more));
			out->messages = more;
			cap *= 2;
		}
		out->messages[out->n_messages++] = m;
	}
	return at + i + slice_find(slice_skip(list, i), ']') + 1;
}

static const struct {
	const char *name;
	enum chain_kind kind;
} members[] = {
	{ "tools", CHAIN_TOOLS }, { "system", CHAIN_SYSTEM }, { "instructions", CHAIN_SYSTEM },
	{ "systemInstruction", CHAIN_SYSTEM }, { "system_instruction", CHAIN_SYSTEM },
	{ "messages", CHAIN_MESSAGE }, { "input", CHAIN_MESSAGE }, { "contents", CHAIN_MESSAGE },
};

/* INSIDE: none that counts. */
static enum chain_kind kind_of(struct slice key)
{
	for (size_t i = 0; i < COUNT_OF(members); i++)
		if (slice_eq(key, slice_str(members[i].name)))
			return members[i].kind;
	return CHAIN_INSIDE;
}

/* Of duplicates the last counts, as everywhere (dialect/body.h). */
void chain_find(struct arena *a, struct slice body, struct chain_parts *out)
{
	struct slice key;
	size_t at = 0;

	*out = (struct chain_parts){ .n_messages = 0 };
	while (json_next_key(body, &at, &key)) {
		enum chain_kind kind = kind_of(key);
		size_t from = at;
		at = kind == CHAIN_MESSAGE ? find_messages(a, body, at, out) : json_value_end(body, at);
		if (kind == CHAIN_TOOLS)
			out->tools = slice_of(body.p + from, at - from);
		else if (kind == CHAIN_SYSTEM)
			out->system = slice_of(body.p + from, at - from);
	}
}

static bool is_system(struct slice message)
{
	struct json_member m;
	size_t at = 0;

	while (json_next_member(message, &at, &m))
		if (slice_eq(m.key, SLICE("role")))
			return slice_eq(m.value, SLICE("\"system\"")) || slice_eq(m.value, SLICE("\"developer\""));
	return false;
}

/* --- marks ---------------------------------------------------------------------------------------------- */

static size_t skip_space(struct slice s, size_t at)
{
	while (at < s.n && strchr(" \t\r\n", s.p[at]) && s.p[at])
		at++;
	return at;
}

/* Place of the next block that may hold an `e_c`, as the mark does, or of the rest.  A fixed number of bytes and no
 * early end let the compiler use vectors: nearly all prompts have none, and memmem costs three times as much. */
static size_t sift(struct slice s, size_t at)
{
	for (; s.n - at > SIEVE + 2; at += SIEVE) {
		const char *p = s.p + at;
		uint8_t any = 0;
		for (size_t i = 0; i < SIEVE; i++)
			any |= (uint8_t)((p[i] == 'e') & (p[i + 1] == '_') & (p[i + 2] == 'c'));
		if (any)
			break;
	}
	return at;
}

/* The next key cache_control from *at on; *at is behind its colon.  The text `\"cache_control\"` within a string is
 * none: there the quotes are escaped.  NULL: no more. */
static const char *next_mark(struct slice s, size_t *at)
{
	const char *key;

	if (*at >= s.n)
		return NULL;
	/* The block's `e_c` may be in the middle of a mark. */
	size_t from = sift(s, *at);
	*at = MAX_OF(*at, from - MIN_OF(from, strlen(MARK)));
	while (*at < s.n && (key = memmem(s.p + *at, s.n - *at, MARK, strlen(MARK))) != NULL) {
		size_t colon = skip_space(s, (size_t)(key - s.p) + strlen(MARK));
		*at = colon + 1;
		if (colon < s.n && s.p[colon] == ':')
			return key;
	}
	return NULL;
}

bool chain_has_marks(struct slice json)
{
	size_t at = 0;
	return next_mark(json, &at) != NULL;
}

/* End of a mark's value: a flat object or null. */
static size_t mark_end(struct slice s, size_t at)
{
	at = skip_space(s, at);
	if (at < s.n && s.p[at] == '{')
		return at + MIN_OF(slice_find(slice_skip(s, at), '}') + 1, s.n - at);
	return slice_starts(slice_skip(s, at), SLICE("null")) ? at + 4 : at;
}

/* The text without its marks, each with the comma that joined it to its neighbour. */
static struct slice without_marks(struct arena *a, struct slice s)
{
	char *out = arena_take(a, s.n + 1);
	size_t at = 0, done = 0, n = 0;
	const char *key;

	while ((key = next_mark(s, &at)) != NULL) {
		size_t from = (size_t)(key - s.p), end = mark_end(s, at);
		while (from > done && skip_space(s, from - 1) > from - 1)
			from--;
		if (from > done && s.p[from - 1] == ',')
			from--;
		else if (skip_space(s, end) < s.n && s.p[skip_space(s, end)] == ',')
			end = skip_space(s, end) + 1;
		memcpy(out + n, s.p + done, from - done);
		n += from - done;
		at = done = end;
	}
	memcpy(out + n, s.p + done, s.n - done);
	return slice_of(out, n + s.n - done);
}

/* --- the chain ------------------------------------------------------------------------------------------ */

uint64_t chain_mix(uint64_t a, uint64_t b)
{
	const uint64_t both[2] = { a, b };

	return XXH3_64bits(both, sizeof(both));
}

uint64_t chain_salt(uint64_t tenant, struct slice place)
{
	return chain_mix(XXH3_64bits(place.n ? place.p : "", place.n), tenant);
}

/* Room for one more.  A prompt meets its continuation near its end, so what is old is thinned: boundaries within
 * messages of the older half first, then every second one of it; tools and system stay. */
static void thin(struct chain *c)
{
	uint32_t half = c->n / 2, kept = 0;
	bool any_inside = false;

	for (uint32_t i = 0; i < half; i++)
		any_inside |= c->links[i].kind == CHAIN_INSIDE;
	for (uint32_t i = 0; i < c->n; i++) {
		enum chain_kind kind = c->links[i].kind;
		bool goes = i < half && (any_inside ? kind == CHAIN_INSIDE : kind == CHAIN_MESSAGE && i % 2);
		if (!goes)
			c->links[kept++] = c->links[i];
	}
	/* nothing but system texts: the later ones go */
	c->n = MIN_OF(kept, CHAIN_MAX - 1);
}

static void add_link(struct chain *c, enum chain_kind kind, uint32_t index)
{
	if (c->n == CHAIN_MAX)
		thin(c);
	c->links[c->n++] = (struct chain_link){ c->hash, c->bytes, index, kind };
}

static void add_piece(struct chain *c, struct slice piece)
{
	/* Mixed in afterwards: a seed costs long inputs a secret of their own (xxhash.h). */
	c->hash = chain_mix(XXH3_64bits(piece.p, piece.n), c->hash);
	c->bytes += (uint32_t)piece.n;
}

static void add(struct chain *c, struct slice text, enum chain_kind kind, uint32_t index)
{
	for (; text.n > CHAIN_STEP; text = slice_skip(text, CHAIN_STEP)) {
		add_piece(c, slice_of(text.p, CHAIN_STEP));
		if (kind == CHAIN_MESSAGE)
			add_link(c, CHAIN_INSIDE, index);
	}
	add_piece(c, text);
	add_link(c, kind, index);
	if (kind != CHAIN_MESSAGE)
		c->root = c->hash;
}

static void add_messages(struct chain *c, const struct chain_parts *parts)
{
	for (uint32_t i = 0; i < parts->n_messages; i++) {
		if (c->messages == 0 && is_system(parts->messages[i])) {
			add(c, parts->messages[i], CHAIN_SYSTEM, i);
			continue;
		}
		add(c, parts->messages[i], CHAIN_MESSAGE, i);
		if (c->messages++ == 0)
			c->opening = c->hash;
	}
}

void chain_make(struct chain *c, struct arena *scratch, struct slice body, uint64_t salt)
{
	struct chain_parts parts;

	chain_find(scratch, chain_has_marks(body) ? without_marks(scratch, body) : body, &parts);
	chain_of(c, &parts, salt);
}

void chain_of(struct chain *c, const struct chain_parts *parts, uint64_t salt)
{
	c->n = c->bytes = c->messages = 0;
	c->hash = c->root = c->opening = salt;
	if (parts->tools.n)
		add(c, parts->tools, CHAIN_TOOLS, 0);
	if (parts->system.n)
		add(c, parts->system, CHAIN_SYSTEM, 0);
	add_messages(c, parts);
}

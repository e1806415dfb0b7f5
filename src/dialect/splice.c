#include "dialect/splice.h"

struct splice {
	const struct splice_rules *rules;
	const struct request *r;
	const struct dialect_ask *ask;
	struct buf *out;
	const char *copied;		/* everything before it is done */
	const char *last_end;		/* end of the last member looked at */
	size_t kept;			/* members in the output */
	bool has_model, has_stream, has_options;
	bool failed;
};

static void put(struct splice *s, struct slice bytes)
{
	s->failed |= s->failed || !buf_put(s->out, bytes);
}

static void put_model(struct splice *s)
{
	/* An escaped byte takes six at most. */
	if (s->failed || buf_room(s->out, s->ask->model.n * 6 + 2) == NULL) {
		s->failed = true;
		return;
	}
	buf_add_char(s->out, '"');
	buf_add_json(s->out, s->ask->model);
	buf_add_char(s->out, '"');
}

static void copy_to(struct splice *s, const char *end)
{
	put(s, slice_of(s->copied, (size_t)(end - s->copied)));
	s->copied = end;
}

/* --- keys
 * ------------------------------------------------------------------------------------------------ */

/* A hex digit: the text was parsed. */
static int hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* The byte that an escaped character of a key stands for, or 0 when it is none of a name in the table (all
 * a-z and _).  The escape is complete: the text was parsed. */
static char unescape(struct slice *rest)
{
	int value = 0;

	if (rest->n < 6 || rest->p[1] != 'u') {
		*rest = slice_skip(*rest, 2);
		return '\0';
	}
	for (int i = 2; i < 6; i++)
		value = value * 16 + hex_value(rest->p[i]);
	*rest = slice_skip(*rest, 6);
	return value > 0 && value < 0x80 ? (char)value : '\0';
}

/* `key` as it stands in the text: "mod\u0065l" is the name model too. */
bool splice_key_is(struct slice key, const char *name)
{
	for (; key.n && *name; name++) {
		char c = key.p[0];
		if (c == '\\')
			c = unescape(&key);
		else
			key = slice_skip(key, 1);
		if (c != *name)
			return false;
	}
	return key.n == 0 && *name == '\0';
}

static enum splice_action action_of(const struct splice *s, struct slice key)
{
	for (size_t i = 0; i < s->rules->n; i++)
		if (splice_key_is(key, s->rules->rules[i].name))
			return s->rules->rules[i].action;
	return SPLICE_KEEP;
}

/* --- quirks
 * ---------------------------------------------------------------------------------------------- */

/* The next blank-separated word of *rest. */
static bool next_word(const char **rest, struct slice *out)
{
	const char *p = *rest;

	while (p && *p == ' ')
		p++;
	if (p == NULL || *p == '\0')
		return false;
	size_t n = strcspn(p, " ");
	*out = slice_of(p, n);
	*rest = p + n;
	return true;
}

static bool is_listed(const char *list, struct slice name)
{
	struct slice word;

	while (next_word(&list, &word))
		if (slice_eq(word, name))
			return true;
	return false;
}

struct splice_verdict splice_quirk(const struct quirks *q, struct slice name)
{
	const char *rest = q->rename;
	struct slice word;

	if (is_listed(q->drop, name) || (q->only && !is_listed(q->only, name)))
		return (struct splice_verdict){ .drop = true };
	while (next_word(&rest, &word)) {
		size_t arrow = slice_find(word, '>');
		if (slice_eq(slice_of(word.p, arrow), name))
			return (struct splice_verdict){ .name = slice_skip(word, arrow + 1) };
	}
	return (struct splice_verdict){ .name = name };
}

/* --- stream and its options
 * ------------------------------------------------------------------------------ */

static bool adds_usage(const struct splice *s)
{
	return s->ask->stream && s->ask->add_usage && !s->ask->no_stream_options && !s->rules->no_options;
}

/* Options without a stream are an error at OpenAI: they go when weir turns a stream into a whole answer. */
static bool drops_options(const struct splice *s)
{
	return s->ask->no_stream_options || (s->r->stream && !s->ask->stream);
}

static void put_stream(struct splice *s)
{
	put(s, s->ask->stream ? SLICE("true") : SLICE("false"));
}

/* `value` is null or an object; its other members stay. */
static void put_options(struct splice *s, struct slice value)
{
	struct json_member m;
	size_t at = 0;
	bool found = false, any = false;
	const char *end = value.p + value.n;

	if (value.p[0] != '{') {
		put(s, SLICE("{\"include_usage\":true}"));
		s->copied = end;
		return;
	}
	while (json_next_member(value, &at, &m)) {
		any = true;
		if (!splice_key_is(m.key, "include_usage"))
			continue;
		found = true;
		copy_to(s, m.value.p);
		put(s, SLICE("true"));
		s->copied = m.value.p + m.value.n;
	}
	if (!found) {
		copy_to(s, value.p + 1);
		put(s, any ? SLICE("\"include_usage\":true,") : SLICE("\"include_usage\":true"));
	}
	copy_to(s, end);
}

/* --- members
 * --------------------------------------------------------------------------------------------- */

/* The member goes, and the separator that joined it to the member before; the first kept member needs
 * none. */
static void drop(struct splice *s, const struct json_member *m)
{
	copy_to(s, s->last_end ? s->last_end : m->whole.p);
	s->copied = m->whole.p + m->whole.n;
}

static void keep(struct splice *s, const struct json_member *m)
{
	/* Members before it were dropped, so the separator in between goes too. */
	if (s->kept == 0 && s->last_end)
		s->copied = m->whole.p;
	s->kept++;
}

static void replace(struct splice *s, const struct json_member *m, enum splice_action action)
{
	copy_to(s, m->value.p);
	if (action == SPLICE_OPTIONS) {
		put_options(s, m->value);
		return;
	}
	if (action == SPLICE_MODEL)
		put_model(s);
	else
		put_stream(s);
	s->copied = m->value.p + m->value.n;
}

/* A kept member that the provider knows under another name, or not at all.  True when it went. */
static bool heed_quirks(struct splice *s, const struct json_member *m)
{
	const struct quirks *q = s->ask->quirks;

	if (q == NULL || (q->drop == NULL && q->rename == NULL && q->only == NULL))
		return false;
	struct splice_verdict v = splice_quirk(q, m->key);
	if (v.drop) {
		drops_add(s->ask->drops, m->key);
		drop(s, m);
		return true;
	}
	keep(s, m);
	if (slice_eq(v.name, m->key))
		return true;
	copy_to(s, m->key.p);
	put(s, v.name);
	s->copied = m->key.p + m->key.n;
	return true;
}

static void take(struct splice *s, const struct json_member *m)
{
	enum splice_action action = action_of(s, m->key);

	if (action == SPLICE_KEEP && heed_quirks(s, m)) {
		s->last_end = m->whole.p + m->whole.n;
		return;
	}
	s->has_model |= action == SPLICE_MODEL;
	s->has_stream |= action == SPLICE_STREAM;
	if (action == SPLICE_DROP || (action == SPLICE_OPTIONS && drops_options(s))) {
		drop(s, m);
	} else {
		keep(s, m);
		s->has_options |= action == SPLICE_OPTIONS;
		if (action == SPLICE_MODEL || (action == SPLICE_STREAM && s->r->stream != s->ask->stream)
				|| (action == SPLICE_OPTIONS && adds_usage(s)))
			replace(s, m, action);
	}
	s->last_end = m->whole.p + m->whole.n;
}

static void add(struct splice *s, const char *key)
{
	if (s->kept++)
		put(s, SLICE(","));
	put(s, SLICE("\""));
	put(s, slice_str(key));
	put(s, SLICE("\":"));
}

/* What the client did not write, after the last member. */
static void add_missing(struct splice *s)
{
	copy_to(s, s->last_end);
	if (!s->has_model && !s->rules->no_model) {
		add(s, "model");
		put_model(s);
	}
	if (s->rules->no_stream)
		return;
	if (!s->has_stream && s->r->stream != s->ask->stream) {
		add(s, "stream");
		put_stream(s);
	}
	if (!s->has_options && adds_usage(s)) {
		add(s, "stream_options");
		put(s, SLICE("{\"include_usage\":true}"));
	}
}

enum err splice_build(const struct splice_rules *rules, const struct request *r, const struct dialect_ask *ask,
	struct buf *out)
{
	struct splice s = { .rules = rules, .r = r, .ask = ask, .out = out };
	struct slice body = r->body;
	struct json_member m;
	size_t at = 0;

	/* One allocation in the usual case. */
	if (buf_room(out, body.n + 64 + ask->model.n) == NULL)
		return ERR_TOO_BIG;
	s.copied = body.p;
	while (json_next_member(body, &at, &m))
		take(&s, &m);
	if (s.last_end == NULL)		/* no member at all */
		s.last_end = body.p + slice_find(body, '{') + 1;
	add_missing(&s);
	copy_to(&s, body.p + body.n);
	return s.failed ? ERR_TOO_BIG : ERR_OK;
}

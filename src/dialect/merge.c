#include "dialect/merge.h"

#include "base/siphash.h"
#include "dialect/splice.h"

#define ELEMENT NULL	/* there is no list: the body itself is the element of one */

/* Which member is the list; `front` is what clients speak, `call` what the merged request is in. */
static const struct merge_kind {
	const struct dialect *front, *call;
	const char *list;
} kinds[] = {
	{ &openai_embeddings, &openai_embeddings, "input" },
	{ &gemini_batch_embed, &gemini_batch_embed, "requests" },
	{ &gemini_embed, &gemini_batch_embed, ELEMENT },
	{ &openai_completions, &openai_completions, "prompt" },
	{ &openai_raw, &openai_raw, "input" },
};

static const struct merge_kind *kind_of(const struct request *r)
{
	/* Of what passes as it is only moderations have lists, and no form has. */
	bool is_other = r->op == REQUEST_RAW
		&& (r->door.content_type.n || !slice_eq(r->door.path, SLICE("/moderations")));

	for (size_t i = 0; i < COUNT_OF(kinds) && !r->stream && !is_other; i++)
		if (kinds[i].front == r->dialect)
			return &kinds[i];
	return NULL;
}

/* --- looking -------------------------------------------------------------------------------------------- */

static bool is_list(const struct merge_kind *k, struct slice key)
{
	return k->list != ELEMENT && splice_key_is(key, k->list);
}

/* Beside an element there is no place for what is weir's own. */
static bool is_own(struct slice key)
{
	static const struct splice_rule own[] = { SPLICE_OWN };

	for (size_t i = 0; i < COUNT_OF(own); i++)
		if (splice_key_is(key, own[i].name))
			return true;
	return false;
}

/* [1,2] is one element, a list of tokens; [[1,2]] and ["a"] are lists of elements. */
static bool is_listed(struct slice value)
{
	struct slice first;
	size_t at = 0;

	return value.n && value.p[0] == '[' && json_next_element(value, &at, &first)
		&& (first.p[0] == '"' || first.p[0] == '[' || first.p[0] == '{');
}

/* What the elements are: '"' texts, '[' lists of tokens, '{' objects. */
static char kind_of_element(struct slice value)
{
	struct slice first = value;
	size_t at = 0;

	if (is_listed(value) && !json_next_element(value, &at, &first))
		return '\0';
	return first.n ? first.p[0] : '\0';
}

static bool take_list(const struct request *r, struct slice value, struct merge_part *out)
{
	struct slice element;
	size_t at = 0;
	char kind = kind_of_element(value);

	/* In moderations a list of objects is one input of several parts. */
	if (kind != '"' && kind != '[' && !(kind == '{' && r->dialect == &gemini_batch_embed))
		return false;
	out->items = value;
	out->n = 1;
	if (!is_listed(value))
		return true;
	out->items = slice_trim(slice_of(value.p + 1, value.n - 2));
	for (out->n = 0; json_next_element(value, &at, &element);)
		out->n++;
	return true;
}

static uint64_t hash(uint64_t seed, struct slice s)
{
	return siphash(&(struct siphash_key){ seed, 1 }, s);
}

/* Null is no text, and of two lists the last would count: rare enough to go alone. */
static bool look(const struct merge_kind *k, const struct request *r, struct merge_part *out)
{
	struct json_member m;
	size_t at = 0, lists = 0;
	char kind = '\0';

	while (json_next_member(r->body, &at, &m)) {
		if (is_list(k, m.key)) {
			kind = kind_of_element(m.value);
			if (lists++ || !take_list(r, m.value, out))
				return false;
		} else if (k->list == ELEMENT && is_own(m.key)) {
			return false;
		} else if (k->list != ELEMENT) {
			out->frame = hash(hash(out->frame, m.key), m.value);
		}
	}
	out->frame = hash(out->frame, slice_of(&kind, 1));
	return lists == 1 || k->list == ELEMENT;
}

bool merge_look(const struct request *r, uint64_t seed, struct merge_part *out)
{
	const struct merge_kind *k = kind_of(r);

	*out = (struct merge_part){ .items = slice_trim(r->body), .n = 1, .frame = seed };
	return k && look(k, r, out);
}

static bool next_of_frame(const struct merge_kind *k, struct slice body, size_t *at, struct json_member *out,
	char *kind)
{
	while (json_next_member(body, at, out)) {
		if (!is_list(k, out->key))
			return true;
		*kind = kind_of_element(out->value);
	}
	return false;
}

bool merge_same(const struct request *a, const struct request *b)
{
	const struct merge_kind *k = kind_of(a);
	struct json_member x, y;
	size_t at = 0, bt = 0;
	char x_kind = 0, y_kind = 0;

	if (k == NULL || a->dialect != b->dialect || k->list == ELEMENT)
		return k && a->dialect == b->dialect;
	for (;;) {
		bool more = next_of_frame(k, a->body, &at, &x, &x_kind);
		if (more != next_of_frame(k, b->body, &bt, &y, &y_kind))
			return false;
		if (!more)
			return x_kind == y_kind;
		if (!slice_eq(x.key, y.key) || !slice_eq(x.value, y.value))
			return false;
	}
}

/* --- building ------------------------------------------------------------------------------------------- */

/* What stands before and after the elements. */
static void find_ends(const struct merge_kind *k, const struct request *r, struct slice *before, struct slice *after)
{
	struct json_member m;
	size_t at = 0;

	*before = SLICE("{\"requests\":");
	*after = SLICE("}");
	while (k->list != ELEMENT && json_next_member(r->body, &at, &m)) {
		if (!is_list(k, m.key))
			continue;
		*before = slice_of(r->body.p, (size_t)(m.value.p - r->body.p));
		*after = slice_skip(r->body, before->n + m.value.n);
	}
}

static bool put_items(const struct request *const *members, size_t n, struct buf *b)
{
	struct merge_part part;
	bool ok = buf_put(b, SLICE("["));

	for (size_t i = 0; i < n && ok; i++) {
		must(merge_look(members[i], 0, &part));
		ok = (i == 0 || buf_put(b, SLICE(","))) && buf_put(b, part.items);
	}
	return ok && buf_put(b, SLICE("]"));
}

static enum err build_body(const struct request *const *members, size_t n, struct arena *a, struct slice *out)
{
	struct slice before, after;
	struct buf b;

	buf_init(&b, a->limit ? a->limit : SIZE_MAX);
	find_ends(kind_of(members[0]), members[0], &before, &after);
	bool ok = buf_put(&b, before) && put_items(members, n, &b) && buf_put(&b, after);
	char *p = ok ? arena_try(a, buf_len(&b)) : NULL;
	if (p) {
		memcpy(p, b.p, buf_len(&b));
		*out = slice_of(p, buf_len(&b));
	}
	buf_done(&b);
	return p ? ERR_OK : ERR_TOO_BIG;
}

enum err merge_build(const struct request *const *members, size_t n, struct arena *a, struct request *out)
{
	struct request first = *members[0];

	must(n > 1);
	first.body = SLICE_EMPTY;
	request_keep(a, &first, out);
	out->dialect = kind_of(members[0])->call;
	out->timeout_ms = 0;
	out->merged = true;
	for (size_t i = 1; i < n; i++) {
		out->choices += out->op == REQUEST_RAW ? 0 : members[i]->choices;
		out->prompt_tok += members[i]->prompt_tok;
	}
	return build_body(members, n, a, &out->body);
}

/* --- answers as they come ------------------------------------------------------------------------------- */

/* {"id":...,"model":...,"results":[...]} (protocols.md 3.5) */
static struct slice results_of(struct slice answer)
{
	struct json_member m;
	size_t at = 0;

	while (json_next_member(answer, &at, &m))
		if (splice_key_is(m.key, "results") && m.value.p[0] == '[')
			return m.value;
	return SLICE_EMPTY;
}

size_t merge_results(struct slice answer)
{
	struct slice list = results_of(answer), element;
	size_t at = 0, n = 0;

	while (list.n && json_next_element(list, &at, &element))
		n++;
	return n;
}

bool merge_cut(struct slice answer, size_t from, size_t n, struct buf *out)
{
	struct slice list = results_of(answer), element;
	size_t at = 0;

	must(list.n > 0);
	bool ok = buf_put(out, slice_of(answer.p, (size_t)(list.p - answer.p))) && buf_put(out, SLICE("["));
	for (size_t i = 0; ok && i < from + n && json_next_element(list, &at, &element); i++)
		if (i >= from)
			ok = (i == from || buf_put(out, SLICE(","))) && buf_put(out, element);
	return ok && buf_put(out, SLICE("]"))
		&& buf_put(out, slice_skip(answer, (size_t)(list.p + list.n - answer.p)));
}

/* --- limits --------------------------------------------------------------------------------------------- */

#define GEMINI_ITEMS 100u	/* "at most 100 requests can be in one batch" (gemini_embed_parse.h) */

bool merge_limits(const struct dialect *back, const struct quirks *q, struct merge_limits *out)
{
	*out = (struct merge_limits){ .items = 0 };
	if (back == &gemini_batch_embed)
		out->items = GEMINI_ITEMS;
	else if (back == &openai_embeddings && q)
		*out = (struct merge_limits){ q->embed_items, q->embed_tok };
	else
		return back == &openai_embeddings || back == &openai_completions || back == &openai_raw;
	return true;
}

#include "store/redis_near.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define WORDS_MAX 24

static struct slice number(char text[24], uint64_t n)
{
	return slice_of(text, (size_t)snprintf(text, 24, "%" PRIu64, n));
}

/* Where the set's tag begins: callers' keys end with it, and the configured prefix may have one too. */
static size_t tag_at(struct slice key)
{
	size_t at = key.n;

	while (at && key.p[at - 1] != '{')
		at--;
	return at;
}

/* "s:{tag}" and "group" -> "taggroup": what a search index knows of both. */
static struct slice tag_of(const struct store_ask *a, struct slice key, char *text, size_t cap)
{
	struct slice tag = slice_skip(key, tag_at(key));

	tag.n = slice_find(tag, '}');
	must(tag.n + a->near->group.n < cap);
	return slice_of(text, (size_t)snprintf(text, cap, "%.*s%.*s", SLICE_ARG(tag), SLICE_ARG(a->near->group)));
}

static struct slice index_of(struct slice key)
{
	size_t at = tag_at(key);

	return slice_of(key.p, at ? at - 1 : key.n);
}

bool redis_near_is_search(const struct store_ask *a)
{
	return a->verb == STORE_NEAR_GET && a->near->by == STORE_NEAR_SEARCH;
}

size_t redis_near_args(const struct store_ask *a, struct slice key, struct redis_near_texts *t,
	struct slice args[REDIS_NEAR_ARGS])
{
	const struct store_near_point *p = a->near;
	size_t n = 0;

	args[n++] = p->group;
	args[n++] = p->id;
	if (a->verb == STORE_NEAR_PUT)
		args[n++] = p->at;
	args[n++] = a->value;
	if (a->verb == STORE_NEAR_PUT)
		args[n++] = number(t->ttl, a->ttl_ms);
	args[n++] = number(t->max, a->max_len);
	if (a->verb == STORE_NEAR_PUT)
		args[n++] = p->by == STORE_NEAR_SEARCH ? tag_of(a, key, t->tag, sizeof(t->tag)) : SLICE_EMPTY;
	return n;
}

/* redis.io/docs/latest/develop/ai/search-and-query/query/vector-search; dialect 2 is the least that knows KNN. */
static void search(struct buf *out, const struct store_ask *a, struct slice key)
{
	struct redis_near_texts t;
	char query[192];
	struct slice most = number(t.max, STORE_NEAR_MOST);

	snprintf(query, sizeof(query), "(@p:{%.*s})=>[KNN %u @v $q AS d]",
		SLICE_ARG(tag_of(a, key, t.tag, sizeof(t.tag))), STORE_NEAR_MOST);
	redis_wire_put(out, (struct slice[]){ SLICE("FT.SEARCH"), index_of(key), slice_str(query), SLICE("PARAMS"),
		SLICE("2"), SLICE("q"), a->near->at, SLICE("SORTBY"), SLICE("d"), SLICE("RETURN"), SLICE("2"),
		SLICE("e"), SLICE("l"), SLICE("LIMIT"), SLICE("0"), most, SLICE("DIALECT"), SLICE("2") }, 18);
}

static void create(struct buf *out, const struct store_ask *a, struct slice key)
{
	char dim[24];
	struct slice words[WORDS_MAX] = { SLICE("FT.CREATE"), index_of(key), SLICE("ON"), SLICE("HASH"),
		SLICE("PREFIX"), SLICE("1"), index_of(key), SLICE("SCHEMA"), SLICE("p"), SLICE("TAG"), SLICE("v"),
		SLICE("VECTOR"), SLICE("HNSW"), SLICE("6"), SLICE("TYPE"), SLICE("FLOAT32"), SLICE("DIM"),
		number(dim, a->near->at.n / sizeof(float)), SLICE("DISTANCE_METRIC"), SLICE("COSINE") };

	redis_wire_put(out, words, 20);
}

static void add_group_key(struct buf *out, const struct store_ask *a, struct slice key)
{
	buf_addf(out, "%.*s:%.*s", SLICE_ARG(key), SLICE_ARG(a->near->group));
}

void redis_near_get(struct buf *out, const struct store_ask *a, struct slice key)
{
	struct redis_near_texts t;
	struct buf group;

	if (redis_near_is_search(a)) {
		search(out, a, key);
		return;
	}
	buf_init(&group, key.n + STORE_NEAR_GROUP + 2);	/* ":" and what ends a C string */
	add_group_key(&group, a, key);
	redis_wire_put(out, (struct slice[]){ SLICE("VSIM"), buf_slice(&group), SLICE("FP32"), a->near->at,
		SLICE("WITHSCORES"), SLICE("COUNT"), number(t.max, STORE_NEAR_MOST) }, 7);
	buf_done(&group);
}

void redis_near_then(struct buf *out, const struct store_ask *a, struct slice key)
{
	if (redis_near_is_search(a))
		create(out, a, key);
	else
		add_group_key(out, a, key);
}

/* --- replies -------------------------------------------------------------------------------------------- */

/* RESP3: a map of ids to likenesses; RESP2: a list of both in turn.  VSIM tells likeness as (cosine + 1) / 2
 * (redis.io/docs/latest/commands/vsim). */
size_t redis_near_ids(const struct redis_reply *r, float floor, struct slice ids[STORE_NEAR_MOST])
{
	char text[32];
	size_t n = 0;

	for (size_t i = 0; r->kind == REDIS_LIST && i + 1 < r->n && n < STORE_NEAR_MOST; i += 2) {
		float likeness = strtof(slice_copy(r->v[i + 1].text, text, sizeof(text)), NULL);
		if (likeness >= (floor + 1) / 2 && r->v[i].text.n <= STORE_NEAR_GROUP)	/* else it is not ours */
			ids[n++] = r->v[i].text;
	}
	return n;
}

/* From a list of names and values; the notes may be missing. */
static bool add_fields(const struct redis_reply *r, struct buf *out)
{
	const struct redis_reply *e = redis_wire_field(r, "e"), *l = redis_wire_field(r, "l");

	if (e == NULL || e->kind != REDIS_TEXT)
		return false;
	store_near_add(out, e->text, l && l->kind == REDIS_TEXT ? l->text : SLICE_EMPTY);
	return true;
}

/* RESP3: a map with "results", each a map with "extra_attributes". */
static bool add_results(const struct redis_reply *r, struct buf *out)
{
	const struct redis_reply *list = redis_wire_field(r, "results");

	if (list == NULL || list->kind != REDIS_LIST)
		return false;
	for (size_t i = 0; i < MIN_OF(list->n, (size_t)STORE_NEAR_MOST); i++) {
		const struct redis_reply *fields = redis_wire_field(&list->v[i], "extra_attributes");
		if (fields)
			add_fields(fields, out);	/* a hash that has just gone has none */
	}
	return true;
}

/* RESP2: how many, then a key and its fields in turn. */
static bool add_pairs(const struct redis_reply *r, struct buf *out)
{
	for (size_t i = 2; i < r->n && i <= 2 * STORE_NEAR_MOST; i += 2)
		if (r->v[i].kind == REDIS_LIST)
			add_fields(&r->v[i], out);
	return true;
}

/* The script's: value and notes in turn. */
static bool add_plain(const struct redis_reply *r, struct buf *out)
{
	for (size_t i = 0; i + 1 < r->n && i < 2 * STORE_NEAR_MOST; i += 2) {
		if (r->v[i].kind != REDIS_TEXT || r->v[i + 1].kind != REDIS_TEXT)
			return false;
		store_near_add(out, r->v[i].text, r->v[i + 1].text);
	}
	return true;
}

bool redis_near_points(const struct redis_reply *r, struct buf *out)
{
	if (r->kind != REDIS_LIST)
		return false;
	if (r->n && r->v[0].kind == REDIS_NUMBER)
		return add_pairs(r, out);
	if (redis_wire_field(r, "results"))
		return add_results(r, out);
	return add_plain(r, out);
}

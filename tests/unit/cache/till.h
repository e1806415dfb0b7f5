/* A till: what Anthropic's prompt cache would charge for the input of a request (platform.claude.com, "Prompt
 * caching"). Blocks stand in the order tools, system, messages.  A mark reads the longest known prefix that ends at it
 * or up to 20 blocks before it; what lies between the last hit and the last mark is written; the rest is plain.
 * Entries live five minutes or an hour after their last use.  Written apart from src/: it reads the finished body. */
#ifndef TESTS_TILL_H
#define TESTS_TILL_H

#include "unit.h"

#include "base/arena.h"
#include "codec/json.h"

#define TILL_BLOCKS 4096
#define TILL_ENTRIES 65536
#define TILL_BACK 20

struct till {
	struct {
		uint64_t hash;
		double until_s;
		uint32_t life_s;
	} entries[TILL_ENTRIES];
	size_t n;
	uint32_t min_tok;
	double read_tok, write_tok, plain_tok, paid;	/* paid: in units of one plain token */
	size_t marks, most_marks, hours;		/* of the last request; of all */
};

struct till_block {
	uint64_t hash;		/* of the prefix that ends here */
	double tok;
	int life_s;		/* 0: no mark */
};

static inline uint64_t till_hash(uint64_t h, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)p[i]) * 1099511628211u;	/* FNV-1a */
	return h;
}

static inline double till_walk(yyjson_val *v, uint64_t *h);

static inline double till_members(yyjson_val *v, uint64_t *h)
{
	size_t i, n;
	yyjson_val *key, *one;
	double tok = 0;

	yyjson_obj_foreach(v, i, n, key, one) {
		if (yyjson_equals_str(key, "cache_control"))
			continue;
		*h = till_hash(*h, yyjson_get_str(key), yyjson_get_len(key));
		tok += till_walk(one, h);
	}
	return tok;
}

/* Hashes a value without its marks; its tokens. */
static inline double till_walk(yyjson_val *v, uint64_t *h)
{
	size_t i, n;
	yyjson_val *one;
	double tok = 0;

	if (yyjson_is_str(v)) {
		*h = till_hash(*h, yyjson_get_str(v), yyjson_get_len(v));
		return (double)yyjson_get_len(v) / 4;
	}
	if (yyjson_is_obj(v))
		return till_members(v, h);
	yyjson_arr_foreach(v, i, n, one)
		tok += till_walk(one, h);
	return tok;
}

struct till_roll {
	struct till_block v[TILL_BLOCKS];
	size_t n;
	uint64_t hash;
};

static inline void till_add(struct till_roll *r, yyjson_val *block)
{
	yyjson_val *mark = json_obj(block, "cache_control");
	const char *ttl = yyjson_get_str(yyjson_obj_get(mark, "ttl"));
	double tok;

	assert_true(r->n < TILL_BLOCKS);
	if (yyjson_is_str(block)) {
		/* a bare string stands for a block of text */
		r->hash = till_hash(r->hash, "typetexttext", 12);
		tok = till_walk(block, &r->hash) + 1;
	} else {
		tok = till_walk(block, &r->hash);
	}
	int life_s = mark == NULL ? 0 : ttl && strcmp(ttl, "1h") == 0 ? 3600 : 300;
	r->v[r->n++] = (struct till_block){ r->hash, tok, life_s };
	if (mark)
		assert_string_equal(yyjson_get_str(yyjson_obj_get(mark, "type")), "ephemeral");
}

static inline void till_add_all(struct till_roll *r, yyjson_val *v)
{
	size_t i, n;
	yyjson_val *one;

	if (yyjson_is_str(v))
		till_add(r, v);
	yyjson_arr_foreach(v, i, n, one)
		till_add(r, one);
}

static inline size_t till_find(const struct till *t, uint64_t hash, double now_s)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->entries[i].hash == hash && t->entries[i].until_s >= now_s)
			return i;
	return t->n;
}

/* Blocks that are read; *out_marked: blocks up to the last mark. */
static inline size_t till_hit(struct till *t, const struct till_roll *r, double now_s, size_t *out_marked)
{
	size_t hit = 0;

	*out_marked = 0;
	for (size_t i = r->n; i-- > 0;) {
		if (r->v[i].life_s == 0)
			continue;
		*out_marked = *out_marked ? *out_marked : i + 1;
		for (size_t back = 0; back <= TILL_BACK && back <= i && i + 1 - back > hit; back++) {
			size_t e = till_find(t, r->v[i - back].hash, now_s);
			if (e == t->n)
				continue;
			hit = i + 1 - back;
			t->entries[e].until_s = now_s + t->entries[e].life_s;
			break;
		}
	}
	return hit;
}

static inline void till_keep(struct till *t, const struct till_block *b, double now_s)
{
	size_t e = till_find(t, b->hash, now_s);

	assert_true(e < TILL_ENTRIES);
	t->n += e == t->n;
	t->entries[e].hash = b->hash;
	t->entries[e].life_s = (uint32_t)b->life_s;
	t->entries[e].until_s = now_s + b->life_s;
}

static inline void till_charge(struct till *t, const struct till_roll *r, double now_s)
{
	size_t marked, hit = till_hit(t, r, now_s, &marked);
	double sum = 0;
	bool is_short = false;

	t->marks = 0;
	for (size_t i = 0; i < r->n; i++) {
		bool pays_long = false;
		for (size_t k = i; k < marked && !pays_long; k++)
			pays_long = r->v[k].life_s == 3600;
		sum += r->v[i].tok;
		if (i < hit) {
			t->read_tok += r->v[i].tok;
			t->paid += 0.1 * r->v[i].tok;
		} else if (i < marked && sum >= t->min_tok) {
			t->write_tok += r->v[i].tok;
			t->paid += (pays_long ? 2 : 1.25) * r->v[i].tok;
		} else {
			t->plain_tok += r->v[i].tok;
			t->paid += r->v[i].tok;
		}
		if (r->v[i].life_s == 0)
			continue;
		t->marks++;
		t->hours += r->v[i].life_s == 3600;
		assert_false(r->v[i].life_s == 3600 && is_short);	/* the provider refuses it */
		is_short |= r->v[i].life_s != 3600;
		if (sum >= t->min_tok)
			till_keep(t, &r->v[i], now_s);
	}
	t->most_marks = MAX_OF(t->most_marks, t->marks);
	assert_true(t->marks <= 4);
}

/* The body's blocks, in the provider's order. */
static inline struct till_roll *till_read(struct slice body)
{
	static struct till_roll r;
	struct arena a;
	yyjson_doc *doc;
	size_t i, n;
	yyjson_val *m;

	arena_init(&a, 0);
	assert_int_equal(json_parse(&a, body, &doc, NULL), ERR_OK);
	yyjson_val *root = yyjson_doc_get_root(doc);
	r.n = 0;
	r.hash = 14695981039346656037u;
	till_add_all(&r, yyjson_obj_get(root, "tools"));
	till_add_all(&r, yyjson_obj_get(root, "system"));
	yyjson_arr_foreach(yyjson_obj_get(root, "messages"), i, n, m)
		till_add_all(&r, yyjson_obj_get(m, "content"));
	arena_done(&a);
	return &r;
}

static inline void till_take(struct till *t, struct slice body, double now_s)
{
	till_charge(t, till_read(body), now_s);
}

#endif

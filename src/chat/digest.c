/* Canonical form: each value is a kind byte, then its length or count, then its content; so no two different values
 * can run together into the same bytes. */
#include "chat/digest.h"

#include <stdlib.h>

#define MEMBERS_INLINE 12u	/* members of an object sorted on the stack; larger ones use the heap */

/* How it is delivered, kept, billed or found, not what is said (protocols.md 1.1, 2.1, 4.2), and weir's own. */
#define NAME(lit) { lit, sizeof(lit) - 1 }
static const struct slice ignored[] = { NAME("stream"), NAME("stream_options"), NAME("user"),
	NAME("safety_identifier"), NAME("metadata"), NAME("store"), NAME("prompt_cache_key"),
	NAME("prompt_cache_retention"), NAME("prompt_cache_options"), NAME("service_tier"), NAME("serviceTier"),
	NAME("labels"), NAME("timeout"), NAME("num_retries") };
#undef NAME

static bool is_ignored(struct slice member)
{
	for (size_t i = 0; i < COUNT_OF(ignored); i++)
		if (slice_eq(member, ignored[i]))
			return true;
	return false;
}

static void add_head(struct sha256 *s, char kind, uint64_t n)
{
	char head[9] = { kind };

	memcpy(head + 1, &n, sizeof(n));
	sha256_add(s, slice_of(head, sizeof(head)));
}

static void add_text(struct sha256 *s, char kind, struct slice text)
{
	add_head(s, kind, text.n);
	sha256_add(s, text);
}

struct member {
	struct slice key;
	yyjson_val *value;
	size_t place;
};

/* By key; the later of two equal ones first, so that it is the one taken. */
static int by_key(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	size_t n = MIN_OF(x->key.n, y->key.n);
	int order = n ? memcmp(x->key.p, y->key.p, n) : 0;

	if (order == 0)
		order = (x->key.n > y->key.n) - (x->key.n < y->key.n);
	return order ? order : (x->place < y->place) - (x->place > y->place);
}

static void add_value(struct sha256 *s, yyjson_val *v);

/* Few, as nearly always: by insertion, where qsort() would cost more than the comparing. */
static void sort(struct member *members, size_t n)
{
	if (n > MEMBERS_INLINE) {
		qsort(members, n, sizeof(*members), by_key);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct member m = members[i];
		size_t at = i;
		for (; at && by_key(&m, &members[at - 1]) < 0; at--)
			members[at] = members[at - 1];
		members[at] = m;
	}
}

static void add_members(struct sha256 *s, struct member *members, size_t n)
{
	sort(members, n);
	for (size_t i = 0; i < n; i++) {
		if (i && slice_eq(members[i].key, members[i - 1].key))
			continue;
		add_text(s, 'k', members[i].key);
		add_value(s, members[i].value);
	}
	add_head(s, '}', 0);
}

static void add_object(struct sha256 *s, yyjson_val *object, bool is_body)
{
	struct member few[MEMBERS_INLINE], *members = few;
	yyjson_obj_iter it = yyjson_obj_iter_with(object);
	size_t n = 0, size = yyjson_obj_size(object);
	yyjson_val *key;

	if (size > MEMBERS_INLINE)
		members = malloc(size * sizeof(*members));
	must(members != NULL);
	while ((key = yyjson_obj_iter_next(&it)) != NULL) {
		struct slice name = json_val_str(key);
		if (is_body && is_ignored(name))
			continue;
		members[n] = (struct member){ name, yyjson_obj_iter_get_val(key), n };
		n++;
	}
	add_head(s, '{', 0);
	add_members(s, members, n);
	if (members != few)
		free(members);
}

static void add_array(struct sha256 *s, yyjson_val *array)
{
	size_t i, n;
	yyjson_val *v;

	add_head(s, '[', yyjson_arr_size(array));
	yyjson_arr_foreach(array, i, n, v)
		add_value(s, v);
}

/* 1 and 1.0 are the same number; -0 is 0. */
static void add_number(struct sha256 *s, yyjson_val *v)
{
	double d = yyjson_get_num(v);
	uint64_t bits;

	if (yyjson_is_uint(v) || (yyjson_is_sint(v) && yyjson_get_sint(v) >= 0)) {
		add_head(s, 'u', yyjson_get_uint(v));
	} else if (yyjson_is_sint(v)) {
		add_head(s, 'i', (uint64_t)yyjson_get_sint(v));
	} else if (d >= 0 && d < 9007199254740992.0 && d == (double)(uint64_t)d) {
		add_head(s, 'u', (uint64_t)d);
	} else if (d < 0 && d > -9007199254740992.0 && d == (double)(int64_t)d) {
		add_head(s, 'i', (uint64_t)(int64_t)d);
	} else {
		memcpy(&bits, &d, sizeof(bits));
		add_head(s, 'd', bits);
	}
}

/* Depth is bounded by the parser (JSON_MAX_DEPTH). */
static void add_value(struct sha256 *s, yyjson_val *v)
{
	if (yyjson_is_str(v))
		add_text(s, 's', json_val_str(v));
	else if (yyjson_is_obj(v))
		add_object(s, v, false);
	else if (yyjson_is_arr(v))
		add_array(s, v);
	else if (yyjson_is_raw(v))
		add_text(s, 'r', slice_of(yyjson_get_raw(v), yyjson_get_len(v)));
	else if (yyjson_is_num(v))
		add_number(s, v);
	else
		add_head(s, yyjson_is_true(v) ? 't' : yyjson_is_false(v) ? 'f' : 'n', 0);
}

void digest_request(struct sha256 *s, const struct request *r, char dialect, struct slice tenant, struct digest *out)
{
	sha256_begin(s);
	add_text(s, 'T', tenant);
	add_head(s, dialect, (uint64_t)r->op);
	add_text(s, 'M', r->model);
	add_text(s, 'B', r->door.betas);
	add_object(s, yyjson_doc_get_root(r->doc), true);
	sha256_end(s, out->bytes);
}

void digest_hex(const struct digest *d, char out[DIGEST_HEX_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < sizeof(d->bytes); i++) {
		out[2 * i] = digits[d->bytes[i] >> 4];
		out[2 * i + 1] = digits[d->bytes[i] & 15];
	}
}

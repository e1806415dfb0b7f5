#include "codec/json_out.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#define LEVELS (sizeof(((struct json_out *)0)->used) * 8)

static_assert(LEVELS > JSON_MAX_DEPTH + 32, "levels");

/* Room for `n` bytes, or the whole has failed. */
static bool has_room(struct json_out *w, size_t n)
{
	if (!w->failed && buf_room(w->out, n) == NULL)
		w->failed = true;
	return !w->failed;
}

static void add(struct json_out *w, struct slice s)
{
	if (has_room(w, s.n))
		buf_add(w->out, s);
}

static void comma(struct json_out *w)
{
	uint64_t bit = UINT64_C(1) << w->depth % 64;

	if (w->after_key || w->depth == 0) {
		w->after_key = false;
		return;
	}
	if (w->used[w->depth / 64] & bit)
		add(w, SLICE(","));
	w->used[w->depth / 64] |= bit;
}

static void open(struct json_out *w, struct slice bracket)
{
	comma(w);
	add(w, bracket);
	must(w->depth + 1u < LEVELS);
	w->depth++;
	w->used[w->depth / 64] &= ~(UINT64_C(1) << w->depth % 64);
}

static void close(struct json_out *w, struct slice bracket)
{
	must(w->depth > 0);
	w->depth--;
	add(w, bracket);
}

void json_out_obj(struct json_out *w)
{
	open(w, SLICE("{"));
}

void json_out_arr(struct json_out *w)
{
	open(w, SLICE("["));
}

void json_out_obj_end(struct json_out *w)
{
	close(w, SLICE("}"));
}

void json_out_arr_end(struct json_out *w)
{
	close(w, SLICE("]"));
}

void json_out_key_slice(struct json_out *w, struct slice key)
{
	json_out_str(w, key);
	add(w, SLICE(":"));
	w->after_key = true;
}

void json_out_key(struct json_out *w, const char *key)
{
	json_out_key_slice(w, slice_str(key));
}

void json_out_str_begin(struct json_out *w)
{
	comma(w);
	add(w, SLICE("\""));
}

void json_out_str_add(struct json_out *w, struct slice s)
{
	/* An escaped byte takes six at most; most texts have few, so room is asked for in short steps. */
	for (size_t at = 0; at < s.n && !w->failed;) {
		size_t n = MIN_OF(s.n - at, (size_t)4096);
		/* A character is not cut: its bytes would each count as broken.  It has three more bytes at most. */
		for (int i = 0; i < 3 && at + n < s.n && n > 1 && ((unsigned char)s.p[at + n] & 0xc0) == 0x80; i++)
			n--;
		if (has_room(w, n * 6))
			buf_add_json(w->out, slice_of(s.p + at, n));
		at += n;
	}
}

void json_out_str_end(struct json_out *w)
{
	add(w, SLICE("\""));
}

void json_out_str(struct json_out *w, struct slice s)
{
	json_out_str_begin(w);
	json_out_str_add(w, s);
	json_out_str_end(w);
}

void json_out_int(struct json_out *w, int64_t v)
{
	comma(w);
	if (has_room(w, 24))
		buf_addf(w->out, "%lld", (long long)v);
}

void json_out_num(struct json_out *w, double v)
{
	yyjson_val val = { 0 };

	if (!isfinite(v)) {
		json_out_null(w);
		return;
	}
	if (fabs(v) < 1e15 && v == (double)(int64_t)v) {
		json_out_int(w, (int64_t)v);
		return;
	}
	yyjson_set_real(&val, v);
	json_out_val(w, &val);
}

void json_out_bool(struct json_out *w, bool v)
{
	json_out_raw(w, v ? SLICE("true") : SLICE("false"));
}

void json_out_null(struct json_out *w)
{
	json_out_raw(w, SLICE("null"));
}

void json_out_raw(struct json_out *w, struct slice json)
{
	comma(w);
	add(w, json);
}

void json_out_val(struct json_out *w, yyjson_val *v)
{
	size_t n = 0;

	if (v == NULL) {
		json_out_null(w);
		return;
	}
	if (w->failed)
		return;
	char *text = yyjson_val_write(v, YYJSON_WRITE_NOFLAG, &n);
	if (text == NULL)
		w->failed = true;
	else
		json_out_raw(w, slice_of(text, n));
	free(text);
}

void json_out_key_str(struct json_out *w, const char *key, struct slice s)
{
	json_out_key(w, key);
	json_out_str(w, s);
}

void json_out_key_int(struct json_out *w, const char *key, int64_t v)
{
	json_out_key(w, key);
	json_out_int(w, v);
}

void json_out_key_num(struct json_out *w, const char *key, double v)
{
	json_out_key(w, key);
	json_out_num(w, v);
}

void json_out_key_bool(struct json_out *w, const char *key, bool v)
{
	json_out_key(w, key);
	json_out_bool(w, v);
}

void json_out_key_val(struct json_out *w, const char *key, yyjson_val *v)
{
	json_out_key(w, key);
	json_out_val(w, v);
}

struct slice json_out_text(struct arena *a, yyjson_val *v)
{
	size_t n = 0;
	char *text = v ? yyjson_val_write(v, YYJSON_WRITE_NOFLAG, &n) : NULL;
	char *copy = text ? arena_try(a, n + 1) : NULL;

	if (copy)
		memcpy(copy, text, n + 1);
	free(text);
	return copy ? slice_of(copy, n) : SLICE_EMPTY;
}

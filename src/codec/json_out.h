/* Writes JSON into a buffer: commas, colons and nesting are kept here, so that a writer only says what comes next.
 * Everything written is bounded by the buffer's maximum; the first lack of room fails the whole, quietly: nothing
 * more is written, and json_out_ok says so at the end.  Strings are escaped; raw pieces are trusted to be JSON. */
#ifndef CODEC_JSON_OUT_H
#define CODEC_JSON_OUT_H

#include "codec/json.h"

struct json_out {
	struct buf *out;
	uint64_t used[3];	/* one bit a level: it has a member already; room for JSON_MAX_DEPTH levels and a few */
	uint16_t depth;
	bool after_key;
	bool failed;
};

/* Appends to `out`. */
static inline struct json_out json_out_to(struct buf *out)
{
	return (struct json_out){ .out = out };
}
static inline bool json_out_ok(const struct json_out *w)
{
	return !w->failed;
}

void json_out_obj(struct json_out *w);
void json_out_arr(struct json_out *w);
/* Closes the object. */
void json_out_obj_end(struct json_out *w);
void json_out_arr_end(struct json_out *w);
/* Before each value of an object. */
void json_out_key(struct json_out *w, const char *key);
void json_out_key_slice(struct json_out *w, struct slice key);

void json_out_str(struct json_out *w, struct slice s);
void json_out_int(struct json_out *w, int64_t v);
/* The shortest text that reads back as the same number; null for what JSON cannot say. */
void json_out_num(struct json_out *w, double v);
void json_out_bool(struct json_out *w, bool v);
void json_out_null(struct json_out *w);
/* A piece of JSON text: one value, as it stands. */
void json_out_raw(struct json_out *w, struct slice json);
/* A parsed value with its members, in their order; NULL writes null. */
void json_out_val(struct json_out *w, yyjson_val *v);

/* A string in pieces: opened, filled, closed (a data URI, a text with a prefix). */
void json_out_str_begin(struct json_out *w);
void json_out_str_add(struct json_out *w, struct slice s);
void json_out_str_end(struct json_out *w);

/* key and value at once */
void json_out_key_str(struct json_out *w, const char *key, struct slice s);
void json_out_key_int(struct json_out *w, const char *key, int64_t v);
void json_out_key_num(struct json_out *w, const char *key, double v);
void json_out_key_bool(struct json_out *w, const char *key, bool v);
void json_out_key_val(struct json_out *w, const char *key, yyjson_val *v);

/* A parsed value as text in `a`; empty with p NULL when the arena has no room. */
struct slice json_out_text(struct arena *a, yyjson_val *v);

#endif

/* JSON: the one seam to yyjson (swappable), a depth limit that holds before any recursive call can see the
 * document, and spans: where in the original bytes each top-level member sits, so that a request is rewritten by
 * splicing and all else stays untouched. */
#ifndef CODEC_JSON_H
#define CODEC_JSON_H

#include <yyjson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/* dependencies.md 2.1: yyjson's copy and equal recurse; 128 is far above real requests. */
#define JSON_MAX_DEPTH 128

struct json_place {
	size_t line, column;	/* from 1; 0: unknown */
	const char *what;	/* yyjson's static message */
};

/* Parses strictly (RFC 8259; one value, optional white space around; valid UTF-8 without BOM).  Duplicate keys are
 * taken; a number too big for int64/uint64/double is a raw value.  The document lives in `a` (never yyjson_doc_free
 * it) and copies what it needs: about 1 byte of arena a byte of text and 16 a value, four times the text while it
 * is parsed. ERR_BAD_JSON with *out_place (may be NULL), ERR_TOO_DEEP, or ERR_TOO_BIG when the arena's limit is
 * reached. */
enum err json_parse(struct arena *a, struct slice text, yyjson_doc **out_doc,
	struct json_place *out_place) MUST_CHECK;
/* For short texts parsed and dropped at once (stream events): memory is the scratch buffer's, reused by the next
 * call. */
struct json_scratch {
	struct buf memory;	/* 4 times the largest text so far, 13 times when it was all small numbers */
};
/* `max`: most bytes of that memory. */
void json_scratch_init(struct json_scratch *s, size_t max);
void json_scratch_done(struct json_scratch *s);
/* Valid until the next call on the same scratch.  ERR_BAD_JSON, ERR_TOO_DEEP, ERR_TOO_BIG. */
enum err json_parse_scratch(struct json_scratch *s, struct slice text, yyjson_doc **out_doc) MUST_CHECK;

/* Deepest nesting of arrays and objects, stopping at `limit`: iterative, strings skipped.  False when deeper. */
bool json_depth_ok(struct slice text, int limit);

/* One member of the top-level object, as it stands in the text. */
struct json_member {
	struct slice key;	/* raw bytes between the quotes, escapes not resolved */
	struct slice value;	/* raw value without surrounding white space */
	struct slice whole;	/* from the key's opening quote to the end of the value */
};
/* Walks the top-level members of a text that json_parse accepted.  Start with *at = 0.  False at the end. */
bool json_next_member(struct slice object, size_t *at, struct json_member *out);
/* The same in two steps, for values that are walked through anyway: *at is left at the value; the caller sets it to the
 * value's end, as json_value_end() finds it, before the next call. */
bool json_next_key(struct slice object, size_t *at, struct slice *out_key);
size_t json_value_end(struct slice text, size_t at);
/* The same for the elements of an array, each as it stands in the text.  False: *at is before the closing bracket or
 * the blanks in front of it; text behind the array does not matter. */
bool json_next_element(struct slice array, size_t *at, struct slice *out);

/* Accessors that tolerate a missing or wrong-typed member: empty slice with p NULL, fallback, NULL. */
struct slice json_str(yyjson_val *obj, const char *key);
struct slice json_val_str(yyjson_val *v);
int64_t json_int(yyjson_val *obj, const char *key, int64_t fallback);
bool json_bool(yyjson_val *obj, const char *key, bool fallback);
yyjson_val *json_obj(yyjson_val *obj, const char *key);
yyjson_val *json_arr(yyjson_val *obj, const char *key);

#endif

/* Members of Gemini's objects.  Its JSON is that of protocol buffers (protobuf.dev/programming-guides/json): a member
 * may be spelt in camelCase or with underscores, null is the same as absent, a number may stand in a string, an
 * enum's case does not matter, and a list of one may stand without its brackets.  Of duplicates the last counts. */
#ifndef DIALECT_GEMINI_FIELD_H
#define DIALECT_GEMINI_FIELD_H

#include "codec/json.h"

/* True when the key is this camelCase name in either spelling: mime_type is "mimeType" too. */
bool gemini_field_is(struct slice key, const char *name);
/* By its camelCase name; NULL when it is absent or null, or `obj` is no object. */
yyjson_val *gemini_field(yyjson_val *obj, const char *name);
/* Empty with p NULL for anything but a string. */
struct slice gemini_field_str(yyjson_val *obj, const char *name);
/* NULL for anything but an object. */
yyjson_val *gemini_field_obj(yyjson_val *obj, const char *name);
bool gemini_field_true(yyjson_val *obj, const char *name);
/* A count: whole and not negative, or -1. */
int64_t gemini_field_count(yyjson_val *obj, const char *name);

/* A number, also in a string.  False for anything else. */
bool gemini_field_to_num(yyjson_val *v, double *out);
/* A whole number, also as 10.0 or in a string. */
bool gemini_field_to_int(yyjson_val *v, int64_t *out);

/* A list: all its elements; any other value but null: itself; NULL: none.  Start with *at = 0. */
yyjson_val *gemini_field_next(yyjson_val *list, size_t *at);
/* How many elements that is. */
size_t gemini_field_size(yyjson_val *list);

#endif

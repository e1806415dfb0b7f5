#include "dialect/gemini_field.h"

#include <stdlib.h>

/* Longer than any number that means something. */
#define NUMBER_BYTES 40u

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

bool gemini_field_is(struct slice key, const char *name)
{
	size_t i = 0;

	for (; *name; name++, i++) {
		if (is_upper(*name) && i + 1 < key.n && key.p[i] == '_') {
			i++;
			if (key.p[i] != (*name | 0x20))
				return false;
			continue;
		}
		if (i >= key.n || key.p[i] != *name)
			return false;
	}
	return i == key.n;
}

yyjson_val *gemini_field(yyjson_val *obj, const char *name)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(obj);
	yyjson_val *key, *found = NULL;

	while ((key = yyjson_obj_iter_next(&it)) != NULL)
		if (gemini_field_is(json_val_str(key), name))
			found = yyjson_obj_iter_get_val(key);
	return yyjson_is_null(found) ? NULL : found;
}

struct slice gemini_field_str(yyjson_val *obj, const char *name)
{
	return json_val_str(gemini_field(obj, name));
}

yyjson_val *gemini_field_obj(yyjson_val *obj, const char *name)
{
	yyjson_val *v = gemini_field(obj, name);
	return yyjson_is_obj(v) ? v : NULL;
}

bool gemini_field_true(yyjson_val *obj, const char *name)
{
	return yyjson_is_true(gemini_field(obj, name));
}

/* Decimal and not more: strtod alone would take "inf", "0x10" and blanks. */
static bool is_number(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\0' || strchr("0123456789+-.eE", s.p[i]) == NULL)
			return false;
	return s.n > 0 && s.n < NUMBER_BYTES;
}

bool gemini_field_to_num(yyjson_val *v, double *out)
{
	char text[NUMBER_BYTES], *end;

	if (yyjson_is_num(v)) {
		*out = yyjson_get_num(v);
		return true;
	}
	if (!is_number(json_val_str(v)))
		return false;
	double d = strtod(slice_copy(json_val_str(v), text, sizeof(text)), &end);
	if (*end || !(d >= -1e300 && d <= 1e300))
		return false;
	*out = d;
	return true;
}

bool gemini_field_to_int(yyjson_val *v, int64_t *out)
{
	double d;

	if (yyjson_is_sint(v) || (yyjson_is_uint(v) && yyjson_get_uint(v) <= INT64_MAX)) {
		*out = yyjson_get_sint(v);
		return true;
	}
	/* 2^53 is where a double stops being exact */
	if (!gemini_field_to_num(v, &d) || !(d > -9007199254740992.0 && d < 9007199254740992.0)
			|| d != (double)(int64_t)d)
		return false;
	*out = (int64_t)d;
	return true;
}

int64_t gemini_field_count(yyjson_val *obj, const char *name)
{
	int64_t n;
	return gemini_field_to_int(gemini_field(obj, name), &n) && n >= 0 ? n : -1;
}

/* The elements of a yyjson array lie one after the other, so *at can say how far into the list's memory the next one
 * is: no search, however long the list. */
yyjson_val *gemini_field_next(yyjson_val *list, size_t *at)
{
	char *start = (char *)list;

	if (list == NULL || yyjson_is_null(list))
		return NULL;
	if (!yyjson_is_arr(list))
		return (*at)++ == 0 ? list : NULL;
	yyjson_val *next = *at ? (yyjson_val *)(void *)(start + *at) : yyjson_arr_get_first(list);
	char *end = (char *)unsafe_yyjson_get_next(list);
	if (next == NULL || (char *)next >= end)
		return NULL;
	*at = (size_t)((char *)unsafe_yyjson_get_next(next) - start);
	return next;
}

size_t gemini_field_size(yyjson_val *list)
{
	return yyjson_is_arr(list) ? yyjson_arr_size(list) : list && !yyjson_is_null(list);
}

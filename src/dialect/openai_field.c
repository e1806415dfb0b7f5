#include "dialect/openai_field.h"

/* 2^53: where a double stops being exact. */
#define EXACT 9007199254740992.0

static struct slice place_of(const struct openai_field *f, const char *key)
{
	char inner[64] = "";

	if (f->list == NULL)
		return arena_printf(f->arena, "%s%s%s", f->under ? f->under : "", f->under && key ? "." : "",
			key ? key : "");
	if (f->inner)
		snprintf(inner, sizeof(inner), ".%s[%zu]", f->inner, f->k);
	return arena_printf(f->arena, "%s[%zu]%s%s%s%s%s", f->list, f->i, inner, f->under ? "." : "",
		f->under ? f->under : "", key ? "." : "", key ? key : "");
}

bool openai_field_refuse(struct openai_field *f, const char *key, const char *what)
{
	struct slice param = place_of(f, key);

	*f->fault = fault_make(f->arena, ERR_BAD_FIELD, "`%.*s` %s", SLICE_ARG(param), what);
	f->fault->param = param;
	return false;
}

static yyjson_val *present(yyjson_val *obj, const char *key)
{
	yyjson_val *v = yyjson_obj_get(obj, key);
	return yyjson_is_null(v) ? NULL : v;
}

bool openai_field_str(struct openai_field *f, yyjson_val *obj, const char *key, struct slice *out)
{
	yyjson_val *v = present(obj, key);

	if (v && !yyjson_is_str(v))
		return openai_field_refuse(f, key, "must be a string");
	if (v)
		*out = json_val_str(v);
	return true;
}

bool openai_field_obj(struct openai_field *f, yyjson_val *obj, const char *key, yyjson_val **out)
{
	yyjson_val *v = present(obj, key);

	if (v && !yyjson_is_obj(v))
		return openai_field_refuse(f, key, "must be an object");
	if (v)
		*out = v;
	return true;
}

bool openai_field_arr(struct openai_field *f, yyjson_val *obj, const char *key, yyjson_val **out)
{
	yyjson_val *v = present(obj, key);

	if (v && !yyjson_is_arr(v))
		return openai_field_refuse(f, key, "must be a list");
	if (v)
		*out = v;
	return true;
}

bool openai_field_tri(struct openai_field *f, yyjson_val *obj, const char *key, enum prompt_tri *out)
{
	yyjson_val *v = present(obj, key);

	if (v && !yyjson_is_bool(v))
		return openai_field_refuse(f, key, "must be true or false");
	if (v)
		*out = yyjson_get_bool(v) ? PROMPT_YES : PROMPT_NO;
	return true;
}

bool openai_field_whole(yyjson_val *v, int64_t *out)
{
	double d = yyjson_get_num(v);

	if (yyjson_is_sint(v) || (yyjson_is_uint(v) && yyjson_get_uint(v) <= INT64_MAX))
		*out = yyjson_get_sint(v);
	else if (yyjson_is_real(v) && d > -EXACT && d < EXACT && d == (double)(int64_t)d)
		*out = (int64_t)d;
	else
		return false;
	return true;
}

bool openai_field_int(struct openai_field *f, yyjson_val *obj, const char *key, int64_t *out)
{
	yyjson_val *v = present(obj, key);

	if (v && !openai_field_whole(v, out))
		return openai_field_refuse(f, key, "must be a whole number");
	return true;
}

bool openai_field_strings(struct openai_field *f, yyjson_val *v, const char *key, struct slice **out,
	size_t *out_n)
{
	size_t i, n, count = yyjson_is_str(v) ? 1 : yyjson_arr_size(v);
	yyjson_val *item;

	if (!yyjson_is_str(v) && !yyjson_is_arr(v))
		return openai_field_refuse(f, key, "must be a string or a list of strings");
	struct slice *list = count ? arena_try(f->arena, count * sizeof(*list)) : NULL;
	if (count && list == NULL)
		return openai_field_refuse(f, key, "is too long");
	if (yyjson_is_str(v))
		list[0] = json_val_str(v);
	yyjson_arr_foreach(v, i, n, item) {
		if (!yyjson_is_str(item))
			return openai_field_refuse(f, key, "must be a string or a list of strings");
		list[i] = json_val_str(item);
	}
	*out = list;
	*out_n = count;
	return true;
}

enum prompt_cache openai_field_cache(yyjson_val *obj)
{
	yyjson_val *control = json_obj(obj, "cache_control");

	if (control == NULL)
		return json_obj(obj, "prompt_cache_breakpoint") ? PROMPT_CACHE_DEFAULT : PROMPT_CACHE_NONE;
	if (slice_eq(json_str(control, "ttl"), SLICE("1h")))
		return PROMPT_CACHE_1H;
	return slice_eq(json_str(control, "ttl"), SLICE("5m")) ? PROMPT_CACHE_5M : PROMPT_CACHE_DEFAULT;
}

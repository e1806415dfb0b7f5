/* Both walks are recursive: a parsed value is at most JSON_MAX_DEPTH deep. */
#include "dialect/anthropic_schema.h"

/* "object", or a list with it. */
static bool is_object(yyjson_val *schema)
{
	yyjson_val *type = yyjson_obj_get(schema, "type"), *word;
	size_t i, n;

	yyjson_arr_foreach(type, i, n, word)
		if (yyjson_equals_str(word, "object"))
			return true;
	return yyjson_equals_str(type, "object");
}

/* Their values are no schemas. */
static bool is_data(yyjson_val *key)
{
	return yyjson_equals_str(key, "enum") || yyjson_equals_str(key, "const") || yyjson_equals_str(key, "default")
		|| yyjson_equals_str(key, "examples");
}

static bool object_fits(yyjson_val *schema)
{
	yyjson_val *more = yyjson_obj_get(schema, "additionalProperties");

	return yyjson_is_obj(yyjson_obj_get(schema, "properties")) && (more == NULL || yyjson_is_false(more));
}

bool anthropic_schema_fits(yyjson_val *schema)
{
	size_t i, n;
	yyjson_val *key, *v;

	if (is_object(schema) && !object_fits(schema))
		return false;
	yyjson_obj_foreach(schema, i, n, key, v)
		if (!is_data(key) && !anthropic_schema_fits(v))
			return false;
	yyjson_arr_foreach(schema, i, n, v)
		if (!anthropic_schema_fits(v))
			return false;
	return true;
}

static void write_members(struct json_out *w, yyjson_val *schema)
{
	size_t i, n;
	yyjson_val *key, *v;

	yyjson_obj_foreach(schema, i, n, key, v) {
		json_out_key_slice(w, json_val_str(key));
		if (is_data(key))
			json_out_val(w, v);
		else
			anthropic_schema_write(w, v);
	}
	if (is_object(schema) && yyjson_obj_get(schema, "additionalProperties") == NULL)
		json_out_key_bool(w, "additionalProperties", false);
}

void anthropic_schema_write(struct json_out *w, yyjson_val *schema)
{
	size_t i, n;
	yyjson_val *v;

	if (yyjson_is_obj(schema)) {
		json_out_obj(w);
		write_members(w, schema);
		json_out_obj_end(w);
	} else if (yyjson_is_arr(schema)) {
		json_out_arr(w);
		yyjson_arr_foreach(schema, i, n, v)
			anthropic_schema_write(w, v);
		json_out_arr_end(w);
	} else {
		json_out_val(w, schema);
	}
}

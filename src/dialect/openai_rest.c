#include "dialect/openai_rest.h"

#include "chat/seal.h"

/* What readers know: it is written by its meaning, or left out with reason. */
static const char *const known[] = {
	[OPENAI_REST_MESSAGE] = "role name content refusal audio tool_calls function_call tool_call_id "
		"reasoning_content reasoning reasoning_details thinking_blocks cache_control prompt_cache_breakpoint",
	[OPENAI_REST_CALL] = "id type function custom extra_content",
	[OPENAI_REST_PART] = "type text refusal image_url video_url input_audio file cache_control "
		"prompt_cache_breakpoint",
};

static bool is_known(struct slice name, enum openai_rest_of of)
{
	struct slice list = slice_str(known[of]), word;

	while (slice_next(&list, ' ', &word))
		if (slice_eq(name, word))
			return true;
	return false;
}

/* The next one; NULL at the end. */
static yyjson_val *next_rest(yyjson_obj_iter *it, enum openai_rest_of of)
{
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(it)) != NULL)
		if (!yyjson_is_null(yyjson_obj_iter_get_val(key)) && !is_known(json_val_str(key), of))
			return key;
	return NULL;
}

bool openai_rest_has(const struct openai_write *o, yyjson_val *from, enum openai_rest_of of)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(from);

	return o->is_own && next_rest(&it, of);
}

void openai_rest_put(struct openai_write *o, yyjson_val *from, enum openai_rest_of of)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(from);
	yyjson_val *key;

	while (o->is_own && (key = next_rest(&it, of)) != NULL) {
		struct slice json = json_out_text(o->ask->arena, yyjson_obj_iter_get_val(key));
		o->w.failed |= json.p == NULL;
		if (seal_in(json))
			continue;
		json_out_key_slice(&o->w, json_val_str(key));
		json_out_raw(&o->w, json);
	}
}

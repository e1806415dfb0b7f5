#include "dialect/anthropic_input.h"

#define RAW "_raw"

bool anthropic_input_write(struct arena *a, struct json_out *w, struct slice args)
{
	yyjson_doc *doc = NULL;
	enum err e = slice_trim(args).n ? json_parse(a, slice_trim(args), &doc, NULL) : ERR_OK;
	yyjson_val *root = yyjson_doc_get_root(doc);

	if (yyjson_is_obj(root)) {
		json_out_val(w, root);
		return true;
	}
	json_out_obj(w);
	if (slice_trim(args).n)
		json_out_key_str(w, RAW, args);
	json_out_obj_end(w);
	return e != ERR_TOO_BIG;
}

struct slice anthropic_input_text(struct arena *a, yyjson_val *input)
{
	yyjson_val *raw = yyjson_obj_size(input) == 1 ? yyjson_obj_get(input, RAW) : NULL;

	if (yyjson_is_str(raw)) {
		struct slice text = json_val_str(raw);
		char *p = arena_try(a, text.n + 1);
		return p ? slice_of(memcpy(p, text.p, text.n), text.n) : SLICE_EMPTY;
	}
	return input ? json_out_text(a, input) : SLICE_EMPTY;
}

#include "dialect/openai_state.h"

#include "codec/json_out.h"

/* openrouter.ai/docs, "Preserving reasoning": the values of `format`.  The first row of a tag is what weir
 * writes. */
static const struct {
	char tag;
	const char *format;
} formats[] = {
	{ 'a', "anthropic-claude-v1" },
	{ 'g', "google-gemini-v1" },
	{ 'r', "openai-responses-v1" },
	{ 'r', "azure-openai-responses-v1" },
};

const char *openai_state_format(char tag)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		if (formats[i].tag == tag)
			return formats[i].format;
	return "";
}

char openai_state_tag(struct slice format)
{
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		if (slice_eq(format, slice_str(formats[i].format)))
			return formats[i].tag;
	return '\0';
}

struct slice openai_state_cut_id(struct slice id, struct slice *out_state)
{
	struct slice mark = SLICE(OPENAI_STATE_MARK);
	const char *at = id.n ? memmem(id.p, id.n, mark.p, mark.n) : NULL;

	*out_state = SLICE_EMPTY;
	if (at == NULL || at == id.p)
		return id;
	*out_state = slice_skip(id, (size_t)(at - id.p) + mark.n);
	return slice_of(id.p, (size_t)(at - id.p));
}

struct slice openai_state_of_extra(yyjson_val *call)
{
	yyjson_val *extra = yyjson_obj_get(call, "extra_content");

	return extra ? json_str(json_obj(extra, "google"), "thought_signature") : SLICE_EMPTY;
}

bool openai_state_put_item(yyjson_val *item, struct buf *out)
{
	struct json_out w = json_out_to(out);
	size_t i, n;
	yyjson_val *key, *v;

	json_out_obj(&w);
	yyjson_obj_foreach(item, i, n, key, v) {
		if (yyjson_equals_str(key, "text") || yyjson_equals_str(key, "summary"))
			continue;
		json_out_key_slice(&w, json_val_str(key));
		json_out_val(&w, v);
	}
	json_out_obj_end(&w);
	return json_out_ok(&w);
}

struct slice openai_state_text(yyjson_val *item)
{
	struct slice text = json_str(item, "text");
	return text.n ? text : json_str(item, "summary");
}

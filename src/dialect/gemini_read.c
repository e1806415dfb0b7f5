#include "dialect/gemini_read.h"

#include "dialect/gemini_contents.h"
#include "dialect/gemini_field.h"
#include "dialect/gemini_options.h"

enum member { CONTENTS, SYSTEM, TOOLS, TOOL_CONFIG, CONFIG, TIER, LABELS, STORE, MEMBERS };

static const char *const names[MEMBERS] = { "contents", "systemInstruction", "tools", "toolConfig", "generationConfig",
	"serviceTier", "labels", "store" };

/* Weir's own, which no provider may see. */
static const char *const own[] = { "model", "stream", "models", "route", "fallbacks", "disable_fallbacks", "timeout",
	"num_retries", "provider_options", "generateContentRequest" };

static bool is_own(struct slice key)
{
	for (size_t i = 0; i < COUNT_OF(own); i++)
		if (gemini_field_is(key, own[i]))
			return true;
	return false;
}

static void collect(struct prompt *p, yyjson_val *root, yyjson_val **found)
{
	yyjson_val *key, *v;
	size_t i, n;

	yyjson_obj_foreach(root, i, n, key, v) {
		size_t m = 0;
		while (m < MEMBERS && !gemini_field_is(json_val_str(key), names[m]))
			m++;
		if (m < MEMBERS)
			found[m] = yyjson_is_null(v) ? NULL : v;
		else if (!yyjson_is_null(v) && !is_own(json_val_str(key)))
			prompt_add_extra(p, json_val_str(key), v);
	}
}

enum err gemini_read(struct arena *a, const struct request *r, struct prompt *out, struct fault *out_fault)
{
	yyjson_val *root = yyjson_doc_get_root(r->doc), *inner = NULL, *found[MEMBERS] = { NULL };

	if (r->op == REQUEST_COUNT)
		inner = gemini_field_obj(root, "generateContentRequest");
	collect(out, inner ? inner : root, found);
	gemini_contents_system(out, found[SYSTEM]);
	if ((found[TOOLS] && !gemini_options_tools(out, found[TOOLS], out_fault))
			|| (found[TOOL_CONFIG] && !gemini_options_choice(out, found[TOOL_CONFIG], out_fault))
			|| (found[CONFIG] && !gemini_options_config(out, found[CONFIG], out_fault))
			|| !gemini_contents_read(out, found[CONTENTS], out_fault))	/* tidies: the last */
		return out_fault->err;
	gemini_options_tier(out, found[TIER]);
	if (yyjson_is_obj(found[LABELS]))
		out->metadata = found[LABELS];
	if (yyjson_is_bool(found[STORE]))
		out->store = yyjson_is_true(found[STORE]) ? PROMPT_YES : PROMPT_NO;
	return ERR_OK;
}

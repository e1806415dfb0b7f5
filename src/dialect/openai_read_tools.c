#include "dialect/openai_read_tools.h"

/* --- tools ---------------------------------------------------------------------------------------------- */

static bool read_function(struct openai_field *f, yyjson_val *v, struct prompt_tool *t)
{
	if (!openai_field_str(f, v, "name", &t->name) || !openai_field_str(f, v, "description",
			&t->description)
			|| !openai_field_obj(f, v, "parameters", &t->schema)
			|| !openai_field_tri(f, v, "strict", &t->strict))
		return false;
	return t->name.n || openai_field_refuse(f, "name", "is missing");
}

static bool read_tool(struct openai_field *f, yyjson_val *v)
{
	struct slice type = json_str(v, "type");
	yyjson_val *inner = json_obj(v, "function");

	if (!yyjson_is_obj(v))
		return openai_field_refuse(f, NULL, "must be an object");
	bool is_custom = slice_eq(type, SLICE("custom"));
	if (!is_custom && !slice_eq(type, SLICE("function")) && (type.n || inner == NULL)) {
		if (type.n == 0)
			return openai_field_refuse(f, "type", "must be a string");
		struct prompt_tool *hosted = prompt_add_tool(f->prompt, PROMPT_TOOL_HOSTED);
		hosted->name = type;
		hosted->raw = v;
		return true;
	}
	f->under = is_custom ? "custom" : "function";
	if (is_custom)
		inner = json_obj(v, "custom");
	struct prompt_tool *t = prompt_add_tool(f->prompt, is_custom ? PROMPT_TOOL_CUSTOM
		: PROMPT_TOOL_FUNCTION);
	if (!read_function(f, inner, t))
		return false;
	f->under = NULL;
	t->raw = v;
	t->cache = openai_field_cache(v);
	if (t->cache == PROMPT_CACHE_NONE)
		t->cache = openai_field_cache(inner);	/* LiteLLM's clients */
	return true;
}

static bool read_legacy(struct openai_field *f, yyjson_val *v)
{
	struct prompt_tool *t = prompt_add_tool(f->prompt, PROMPT_TOOL_FUNCTION);

	return yyjson_is_obj(v) ? read_function(f, v, t) : openai_field_refuse(f, NULL, "must be an object");
}

bool openai_read_tools(struct openai_field *f, yyjson_val *list, const char *name)
{
	bool is_legacy = strcmp(name, "functions") == 0;
	size_t i, n;
	yyjson_val *v;

	if (!yyjson_is_arr(list))
		return openai_field_refuse(f, name, "must be a list");
	f->list = name;
	yyjson_arr_foreach(list, i, n, v) {
		f->i = i;
		if (!(is_legacy ? read_legacy(f, v) : read_tool(f, v)))
			return false;
	}
	f->list = NULL;
	return true;
}

/* --- the choice ----------------------------------------------------------------------------------------- */

/* `any` is Mistral's word. */
static const struct {
	const char *word;
	enum prompt_choice choice;
} words[] = {
	{ "auto", PROMPT_CHOICE_AUTO }, { "none", PROMPT_CHOICE_NONE },
		{ "required", PROMPT_CHOICE_REQUIRED },
	{ "any", PROMPT_CHOICE_REQUIRED },
};

static bool take_word(struct prompt *p, struct slice word)
{
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (slice_eq(word, slice_str(words[i].word))) {
			p->choice = words[i].choice;
			return true;
		}
	return false;
}

/* {"type":"function","function":{"name"}}, the same with custom, {"name"}. */
static struct slice name_of(yyjson_val *v)
{
	static const char *const inner[] = { "function", "custom" };

	for (size_t i = 0; i < COUNT_OF(inner); i++)
		if (json_str(json_obj(v, inner[i]), "name").n)
			return json_str(json_obj(v, inner[i]), "name");
	return json_str(v, "name");
}

static bool take_allowed(struct openai_field *f, yyjson_val *allowed, const char *name)
{
	struct prompt *p = f->prompt;
	yyjson_val *tools = json_arr(allowed, "tools"), *v;
	size_t i, n, count = yyjson_arr_size(tools);
	struct slice *names = count ? arena_try(f->arena, count * sizeof(*names)) : NULL;

	if (names == NULL)
		return openai_field_refuse(f, name, "must list the tools that are allowed");
	yyjson_arr_foreach(tools, i, n, v) {
		names[i] = name_of(v);
		if (names[i].n == 0)
			return openai_field_refuse(f, name, "must name each tool that is allowed");
	}
	p->choice = PROMPT_CHOICE_ALLOWED;
	p->choice_names = names;
	p->n_choice_names = count;
	p->choice_required = slice_eq(json_str(allowed, "mode"), SLICE("required"));
	return true;
}

static bool take_named(struct openai_field *f, struct slice tool)
{
	struct prompt *p = f->prompt;

	p->choice = PROMPT_CHOICE_NAMED;
	p->choice_names = ARENA_NEW(f->arena, struct slice);
	p->choice_names[0] = tool;
	p->n_choice_names = 1;
	return true;
}

bool openai_read_tools_choice(struct openai_field *f, yyjson_val *v, const char *name)
{
	struct slice type = json_str(v, "type"), tool = name_of(v);

	if (yyjson_is_str(v) && take_word(f->prompt, json_val_str(v)))
		return true;
	if (yyjson_is_obj(v) && slice_eq(type, SLICE("allowed_tools")))
		return take_allowed(f, json_obj(v, "allowed_tools") ? json_obj(v, "allowed_tools") : v, name);
	if (yyjson_is_obj(v) && tool.n)
		return take_named(f, tool);
	if (yyjson_is_obj(v) && take_word(f->prompt, type))
		return true;
	return openai_field_refuse(f, name, "must be none, auto, required or an object that names a tool");
}

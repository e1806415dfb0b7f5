#include "dialect/gemini_tools.h"

#include "base/utf8.h"
#include "dialect/gemini_subset.h"

/* Only some may be called and none must: VALIDATED alone can say so, and else Gemini sees only those. */
static bool is_hidden(const struct gemini_draft *d, const struct prompt_tool *t)
{
	return d->p->choice == PROMPT_CHOICE_ALLOWED && !d->p->choice_required && t->unnamed && !d->validated;
}

static bool is_function(const struct prompt_tool *t)
{
	return t->kind == PROMPT_TOOL_FUNCTION || t->kind == PROMPT_TOOL_CUSTOM;
}

/* The model may call and may go without: not so in the modes ANY, which keeps to schemas in any case, and NONE. */
static bool may_speak(const struct prompt *p)
{
	return p->choice == PROMPT_CHOICE_UNSET || p->choice == PROMPT_CHOICE_AUTO
		|| (p->choice == PROMPT_CHOICE_ALLOWED && !p->choice_required);
}

/* Asked for by a client of Gemini's, or because a function is strict: the mode is of all functions. */
static bool is_validated(const struct gemini_draft *d)
{
	if (gemini_draft_has_extra(d, "toolConfig.functionCallingConfig.mode"))
		return true;
	if (!may_speak(d->p) || !(d->own || gemini_models_validates(d->model)))
		return false;
	for (const struct prompt_tool *t = d->p->tools; t; t = t->next)
		if (t->kind == PROMPT_TOOL_FUNCTION && t->strict == PROMPT_YES)
			return true;
	return false;
}

/* --- functions ------------------------------------------------------------------------------------------ */

/* {"type":"object","properties":{}}: a function without parameters has none. */
static bool is_empty(yyjson_val *schema)
{
	yyjson_val *more = yyjson_obj_get(schema, "additionalProperties");
	return gemini_subset_is_empty(schema) && !yyjson_is_true(more) && !yyjson_is_obj(more);
}

static void put_parameters(struct gemini_draft *d, yyjson_val *schema)
{
	bool lossy = false;

	if (is_empty(schema))
		return;
	if (gemini_models_json_schema(d->model)) {
		json_out_key_val(&d->w, "parametersJsonSchema", schema);
		return;
	}
	if (gemini_subset_is_empty(schema)) {
		gemini_draft_drop(d, "tools.parameters");
		return;
	}
	json_out_key(&d->w, "parameters");
	gemini_subset_put(&d->w, d->ask->arena, schema, &lossy);
	if (lossy)
		gemini_draft_drop(d, "tools.parameters");
}

/* Free text as an object of one string; a grammar has no place. */
static void put_custom(struct gemini_draft *d, const struct prompt_tool *t)
{
	yyjson_val *inner = json_obj(t->raw, "custom");
	struct slice format = json_str(json_obj(inner ? inner : t->raw, "format"), "type");

	if (format.n && !slice_eq(format, SLICE("text")))
		gemini_draft_drop(d, "tools.format");
	json_out_key(&d->w, "parameters");
	json_out_raw(&d->w, SLICE("{\"type\":\"OBJECT\",\"properties\":{\"input\":{\"type\":\"STRING\"}},"
		"\"required\":[\"input\"]}"));
}

static void put_declaration(struct gemini_draft *d, const struct prompt_tool *t)
{
	if (d->own && t->raw) {
		json_out_val(&d->w, t->raw);
		return;
	}
	json_out_obj(&d->w);
	json_out_key_str(&d->w, "name", t->name);
	if (t->description.n)
		json_out_key_str(&d->w, "description", t->description);
	if (t->kind == PROMPT_TOOL_CUSTOM)
		put_custom(d, t);
	else
		put_parameters(d, t->schema);
	if (t->strict == PROMPT_YES && !d->validated && may_speak(d->p))
		gemini_draft_drop(d, "tools.strict");
	json_out_obj_end(&d->w);
}

static void put_declarations(struct gemini_draft *d)
{
	json_out_obj(&d->w);
	json_out_key(&d->w, "functionDeclarations");
	json_out_arr(&d->w);
	for (const struct prompt_tool *t = d->p->tools; t; t = t->next)
		if (is_function(t) && !is_hidden(d, t))
			put_declaration(d, t);
	json_out_arr_end(&d->w);
	json_out_obj_end(&d->w);
}

/* --- Google's own --------------------------------------------------------------------------------------- */

/* Where to search from, how much, where not: googleSearch is not asked. */
static bool has_options(const struct prompt_tool *t)
{
	yyjson_val *key, *v;
	size_t i, n;

	yyjson_obj_foreach(t->raw, i, n, key, v)
		if (!yyjson_equals_str(key, "type") && !yyjson_equals_str(key, "name"))
			return true;
	return false;
}

static void put_search(struct gemini_draft *d, const struct prompt_tool *t)
{
	json_out_obj(&d->w);
	if (d->own && t->name.n) {
		json_out_key_slice(&d->w, t->name);
		json_out_val(&d->w, t->raw);
	} else {
		json_out_key(&d->w, "googleSearch");
		json_out_obj(&d->w);
		json_out_obj_end(&d->w);
		if (has_options(t))
			gemini_draft_drop(d, "web_search.options");
	}
	json_out_obj_end(&d->w);
}

static void put_hosted(struct gemini_draft *d, const struct prompt_tool *t)
{
	struct slice type = json_str(t->raw, "type");

	if (!d->own) {
		type = type.n ? type : t->name.n ? t->name : SLICE("of this kind");
		gemini_draft_refuse(d, "the tool %.*s runs at another provider only", SLICE_ARG(utf8_cut(type, 64)));
		return;
	}
	json_out_obj(&d->w);
	json_out_key_slice(&d->w, t->name);
	json_out_val(&d->w, t->raw);
	json_out_obj_end(&d->w);
}

/* --- the choice ----------------------------------------------------------------------------------------- */

static const char *mode_of(const struct gemini_draft *d)
{
	switch (d->p->choice) {
	case PROMPT_CHOICE_UNSET: return NULL;
	case PROMPT_CHOICE_AUTO: return "AUTO";
	case PROMPT_CHOICE_NONE: return "NONE";
	case PROMPT_CHOICE_REQUIRED:
	case PROMPT_CHOICE_NAMED: return "ANY";
	case PROMPT_CHOICE_ALLOWED: return d->p->choice_required ? "ANY" : "AUTO";
	}
	must_never("choice");
}

static void put_calling(struct gemini_draft *d)
{
	const char *mode = d->validated ? "VALIDATED" : mode_of(d);
	const struct prompt *p = d->p;

	if (mode == NULL)
		return;
	json_out_key(&d->w, "functionCallingConfig");
	json_out_obj(&d->w);
	json_out_key_str(&d->w, "mode", slice_str(mode));
	if (p->n_choice_names && strcmp(mode, "AUTO") != 0 && strcmp(mode, "NONE") != 0) {
		json_out_key(&d->w, "allowedFunctionNames");
		json_out_arr(&d->w);
		for (size_t i = 0; i < p->n_choice_names; i++)
			json_out_str(&d->w, p->choice_names[i]);
		json_out_arr_end(&d->w);
	}
	json_out_obj_end(&d->w);
}

static bool has_place(const struct gemini_draft *d)
{
	for (const struct prompt_extra *x = d->own ? d->p->extras : NULL; x; x = x->next)
		if (slice_starts(x->name, SLICE("toolConfig.")))
			return true;
	return false;
}

/* Search beside functions must be asked for (ai.google.dev/gemini-api/docs/tool-combination); a client of Gemini's has
 * done so itself. */
static void put_config(struct gemini_draft *d, bool mixed)
{
	static const char flag[] = "includeServerSideToolInvocations";

	mixed &= !d->own;
	if (!mixed && !has_place(d) && (!d->has_functions || (d->p->choice == PROMPT_CHOICE_UNSET && !d->validated)))
		return;
	json_out_key(&d->w, "toolConfig");
	json_out_obj(&d->w);
	if (d->has_functions)
		put_calling(d);
	if (mixed)
		json_out_key_bool(&d->w, flag, true);
	gemini_draft_extras(d, "toolConfig");
	json_out_obj_end(&d->w);
}

/* --- the whole ------------------------------------------------------------------------------------------ */

/* What is there after all that this model does not take is named. */
struct kinds {
	size_t functions, searches, hosted;
};

static struct kinds count(struct gemini_draft *d)
{
	struct kinds k = { 0 };

	for (const struct prompt_tool *t = d->p->tools; t; t = t->next) {
		k.functions += is_function(t) && !is_hidden(d, t);
		k.searches += t->kind == PROMPT_TOOL_WEB_SEARCH;
		k.hosted += t->kind == PROMPT_TOOL_HOSTED;
	}
	if (k.searches && k.functions && !d->own && !gemini_models_mixes(d->model)) {
		gemini_draft_drop(d, "web_search");
		k.searches = 0;
	}
	return k;
}

void gemini_tools_put(struct gemini_draft *d)
{
	d->validated = is_validated(d);
	struct kinds k = count(d);

	d->has_functions = k.functions > 0;
	if (d->p->parallel == PROMPT_NO)
		gemini_draft_drop(d, "parallel_tool_calls");
	if (k.functions + k.searches + k.hosted) {
		json_out_key(&d->w, "tools");
		json_out_arr(&d->w);
		if (k.functions)
			put_declarations(d);
		for (const struct prompt_tool *t = d->p->tools; t; t = t->next)
			if (t->kind == PROMPT_TOOL_WEB_SEARCH && k.searches)
				put_search(d, t);
			else if (t->kind == PROMPT_TOOL_HOSTED)
				put_hosted(d, t);
		json_out_arr_end(&d->w);
	}
	put_config(d, k.functions && k.searches);
}

#include "dialect/gemini_options.h"

#include "dialect/gemini_field.h"
#include "dialect/gemini_schema.h"

static bool refuse(struct prompt *p, struct fault *fault, struct slice param, const char *why)
{
	*fault = fault_make(p->arena, ERR_BAD_FIELD, "`%.*s` %s", SLICE_ARG(param), why);
	fault->param = param;
	return false;
}

static bool refuse_config(struct prompt *p, struct fault *fault, const char *name, const char *why)
{
	return refuse(p, fault, arena_printf(p->arena, "generationConfig.%s", name), why);
}

static struct slice lower(struct arena *a, struct slice s)
{
	char *text = arena_take(a, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		text[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i]);
	return slice_of(text, s.n);
}

static void add_extra(struct prompt *p, const char *inside, struct slice name, yyjson_val *v)
{
	prompt_add_extra(p, arena_printf(p->arena, "%s.%.*s", inside, SLICE_ARG(name)), v);
}

/* --- tools ---------------------------------------------------------------------------------------------- */

static bool take_declaration(struct prompt *p, yyjson_val *v, struct fault *fault)
{
	yyjson_val *schema = gemini_field(v, "parametersJsonSchema"), *subset = gemini_field(v, "parameters");

	if (!yyjson_is_obj(v))
		return refuse(p, fault, SLICE("tools[].functionDeclarations"), "must be a list of objects");
	if ((schema && !yyjson_is_obj(schema)) || (subset && !yyjson_is_obj(subset)))
		return refuse(p, fault, SLICE("tools[].functionDeclarations[].parameters"), "must be an object");
	if (json_str(v, "name").n == 0)
		return refuse(p, fault, SLICE("tools[].functionDeclarations[].name"), "is missing");
	struct prompt_tool *t = prompt_add_tool(p, PROMPT_TOOL_FUNCTION);
	t->name = json_str(v, "name");
	t->description = json_str(v, "description");
	t->raw = v;
	t->schema = schema;
	if (schema || subset == NULL)
		return true;
	t->schema = gemini_schema_read(p->arena, subset);
	if (t->schema)
		return true;
	*fault = (struct fault){ .err = ERR_TOO_BIG };
	return false;
}

static bool take_declarations(struct prompt *p, yyjson_val *list, struct fault *fault)
{
	yyjson_val *v;
	size_t at = 0;

	while ((v = gemini_field_next(list, &at)) != NULL)
		if (!take_declaration(p, v, fault))
			return false;
	return true;
}

/* One member of a tool is one kind of tool. */
static bool take_kind(struct prompt *p, struct slice key, yyjson_val *v, struct fault *fault)
{
	if (yyjson_is_null(v))
		return true;
	if (gemini_field_is(key, "functionDeclarations"))
		return take_declarations(p, v, fault);
	bool is_search = gemini_field_is(key, "googleSearch") || gemini_field_is(key, "googleSearchRetrieval");
	struct prompt_tool *t = prompt_add_tool(p, is_search ? PROMPT_TOOL_WEB_SEARCH : PROMPT_TOOL_HOSTED);
	t->name = key;
	t->raw = v;
	return true;
}

bool gemini_options_tools(struct prompt *p, yyjson_val *tools, struct fault *fault)
{
	yyjson_val *tool, *key, *v;
	size_t at = 0, i, n;

	while ((tool = gemini_field_next(tools, &at)) != NULL) {
		if (!yyjson_is_obj(tool))
			return refuse(p, fault, SLICE("tools"), "must be a list of objects");
		yyjson_obj_foreach(tool, i, n, key, v)
			if (!take_kind(p, json_val_str(key), v, fault))
				return false;
	}
	return true;
}

static void take_names(struct prompt *p, yyjson_val *list)
{
	yyjson_val *v;
	size_t at = 0;

	p->choice_names = ARENA_ARRAY(p->arena, struct slice, gemini_field_size(list));
	while ((v = gemini_field_next(list, &at)) != NULL)
		if (yyjson_get_len(v))
			p->choice_names[p->n_choice_names++] = json_val_str(v);
}

static const struct {
	const char *mode;
	enum prompt_choice choice;
	bool required;
} modes[] = {
	{ "AUTO", PROMPT_CHOICE_AUTO, false }, { "VALIDATED", PROMPT_CHOICE_AUTO, false },
	{ "NONE", PROMPT_CHOICE_NONE, false }, { "ANY", PROMPT_CHOICE_REQUIRED, true },
	{ "MODE_UNSPECIFIED", PROMPT_CHOICE_UNSET, false },
};

/* True when other providers take the schema as a strict one: every object lists what it may hold, and wants all of it
 * (developers.openai.com, "Structured outputs"). */
static bool is_strict(yyjson_val *schema)
{
	static const char *const others[] = { "anyOf", "oneOf", "allOf", "not", "$ref", "patternProperties" };
	yyjson_val *properties = json_obj(schema, "properties"), *required = json_arr(schema, "required"), *key;
	yyjson_obj_iter it = yyjson_obj_iter_with(properties);

	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (yyjson_obj_get(schema, others[i]))
			return false;	/* some take these, some do not */
	if (json_obj(schema, "items"))
		return is_strict(json_obj(schema, "items"));
	if (!slice_eq(json_str(schema, "type"), SLICE("object")) && properties == NULL)
		return yyjson_obj_get(schema, "type") != NULL;
	if (!yyjson_is_false(yyjson_obj_get(schema, "additionalProperties"))
			|| yyjson_obj_size(properties) != yyjson_arr_size(required))
		return false;
	while ((key = yyjson_obj_iter_next(&it)) != NULL)
		if (!is_strict(yyjson_obj_iter_get_val(key)))
			return false;
	return true;
}

/* VALIDATED is of all functions, `strict` of each: false when one has a schema that others would refuse as strict. */
static bool make_strict(struct prompt *p)
{
	for (const struct prompt_tool *t = p->tools; t; t = t->next)
		if (t->kind == PROMPT_TOOL_FUNCTION && !(json_obj(t->schema, "properties") && is_strict(t->schema)))
			return false;
	for (struct prompt_tool *t = p->tools; t; t = t->next)
		if (t->kind == PROMPT_TOOL_FUNCTION)
			t->strict = PROMPT_YES;
	return p->tools != NULL;
}

static bool take_mode(struct prompt *p, yyjson_val *config, struct fault *fault)
{
	yyjson_val *mode = gemini_field(config, "mode");
	size_t i = 0;

	while (mode && i < COUNT_OF(modes) && !slice_case_eq(json_val_str(mode), slice_str(modes[i].mode)))
		i++;
	if (i == COUNT_OF(modes))
		return refuse(p, fault, SLICE("toolConfig.functionCallingConfig.mode"),
			"must be AUTO, ANY, NONE or VALIDATED");
	p->choice = mode ? modes[i].choice : PROMPT_CHOICE_UNSET;
	p->choice_required = mode && modes[i].required;
	if (mode && strcmp(modes[i].mode, "VALIDATED") == 0 && !make_strict(p))
		prompt_add_extra(p, SLICE("toolConfig.functionCallingConfig.mode"), mode);
	if (p->choice == PROMPT_CHOICE_NONE)
		return true;
	take_names(p, gemini_field(config, "allowedFunctionNames"));
	if (p->n_choice_names == 1 && p->choice_required)
		p->choice = PROMPT_CHOICE_NAMED;
	else if (p->n_choice_names)
		p->choice = PROMPT_CHOICE_ALLOWED;
	return true;
}

bool gemini_options_choice(struct prompt *p, yyjson_val *config, struct fault *fault)
{
	yyjson_val *key, *v;
	size_t i, n;

	if (!yyjson_is_obj(config))
		return refuse(p, fault, SLICE("toolConfig"), "must be an object");
	yyjson_obj_foreach(config, i, n, key, v)
		if (!yyjson_is_null(v) && !gemini_field_is(json_val_str(key), "functionCallingConfig"))
			add_extra(p, "toolConfig", json_val_str(key), v);
	return take_mode(p, gemini_field_obj(config, "functionCallingConfig"), fault);
}

/* --- generationConfig ----------------------------------------------------------------------------------- */

enum setting { SETTING_NUM, SETTING_INT, SETTING_TRI };

/* Members that are one value, and where it goes. */
static const struct {
	const char *name;
	enum setting kind;
	size_t field;
} settings[] = {
	{ "temperature", SETTING_NUM, offsetof(struct prompt, temperature) },
	{ "topP", SETTING_NUM, offsetof(struct prompt, top_p) },
	{ "topK", SETTING_INT, offsetof(struct prompt, top_k) },
	{ "candidateCount", SETTING_INT, offsetof(struct prompt, n) },
	{ "maxOutputTokens", SETTING_INT, offsetof(struct prompt, max_tok) },
	{ "seed", SETTING_INT, offsetof(struct prompt, seed) },
	{ "presencePenalty", SETTING_NUM, offsetof(struct prompt, presence_penalty) },
	{ "frequencyPenalty", SETTING_NUM, offsetof(struct prompt, frequency_penalty) },
	{ "responseLogprobs", SETTING_TRI, offsetof(struct prompt, logprobs) },
	{ "logprobs", SETTING_INT, offsetof(struct prompt, top_logprobs) },
};

static bool take_setting(struct prompt *p, size_t i, yyjson_val *v, struct fault *fault)
{
	void *field = (char *)p + settings[i].field;
	enum prompt_tri tri = yyjson_is_true(v) ? PROMPT_YES : PROMPT_NO;
	int64_t n;
	double d;

	switch (settings[i].kind) {
	case SETTING_NUM:
		if (!gemini_field_to_num(v, &d))
			return refuse_config(p, fault, settings[i].name, "must be a number");
		memcpy(field, &d, sizeof(d));
		return true;
	case SETTING_INT:
		if (!gemini_field_to_int(v, &n))
			return refuse_config(p, fault, settings[i].name, "must be a whole number");
		memcpy(field, &n, sizeof(n));
		return true;
	case SETTING_TRI:
		if (!yyjson_is_bool(v))
			return refuse_config(p, fault, settings[i].name, "must be true or false");
		memcpy(field, &tri, sizeof(tri));
		return true;
	}
	must_never("setting");
}

static bool take_stops(struct prompt *p, yyjson_val *list, struct fault *fault)
{
	yyjson_val *v;
	size_t at = 0;

	p->stop = ARENA_ARRAY(p->arena, struct slice, gemini_field_size(list));
	p->n_stop = 0;
	while ((v = gemini_field_next(list, &at)) != NULL) {
		if (!yyjson_is_str(v))
			return refuse_config(p, fault, "stopSequences", "must be a list of strings");
		p->stop[p->n_stop++] = json_val_str(v);
	}
	return true;
}

static bool take_modalities(struct prompt *p, yyjson_val *list, struct fault *fault)
{
	yyjson_val *v;
	size_t at = 0;

	p->modalities = ARENA_ARRAY(p->arena, struct slice, gemini_field_size(list));
	p->n_modalities = 0;
	while ((v = gemini_field_next(list, &at)) != NULL) {
		if (!yyjson_is_str(v))
			return refuse_config(p, fault, "responseModalities", "must be a list of strings");
		p->modalities[p->n_modalities++] = lower(p->arena, json_val_str(v));
	}
	return true;
}

static bool take_thinking(struct prompt *p, yyjson_val *config, struct fault *fault)
{
	yyjson_val *budget = gemini_field(config, "thinkingBudget"), *thoughts = gemini_field(config,
		"includeThoughts");
	struct slice level = gemini_field_str(config, "thinkingLevel");

	if (!yyjson_is_obj(config))
		return refuse_config(p, fault, "thinkingConfig", "must be an object");
	if (budget && !gemini_field_to_int(budget, &p->thinking_tok))
		return refuse_config(p, fault, "thinkingConfig.thinkingBudget", "must be a whole number");
	if (level.n && !slice_case_eq(level, SLICE("THINKING_LEVEL_UNSPECIFIED"))) {
		p->effort = prompt_effort_of(level);
		if (p->effort == PROMPT_EFFORT_UNSET)
			return refuse_config(p, fault, "thinkingConfig.thinkingLevel",
				"must be MINIMAL, LOW, MEDIUM or HIGH");
	}
	if (thoughts)
		p->show_thinking = yyjson_is_true(thoughts) ? PROMPT_YES : PROMPT_NO;
	return true;
}

/* A type that only Gemini writes (text/x.enum) stays as it is, with its schema. */
static bool take_format(struct prompt *p, yyjson_val *config, struct fault *fault)
{
	yyjson_val *mime = gemini_field(config, "responseMimeType"), *subset = gemini_field(config, "responseSchema");
	yyjson_val *schema = gemini_field(config, "responseJsonSchema");
	struct slice type = json_val_str(mime);

	if (schema == NULL)
		schema = gemini_field(config, "_responseJsonSchema");	/* its name in previews */
	if (mime && !slice_case_eq(type, SLICE("application/json")) && !slice_case_eq(type, SLICE("text/plain"))) {
		prompt_add_extra(p, SLICE("generationConfig.responseMimeType"), mime);
		if (subset)
			prompt_add_extra(p, SLICE("generationConfig.responseSchema"), subset);
		if (schema)
			prompt_add_extra(p, SLICE("generationConfig.responseJsonSchema"), schema);
		return true;
	}
	if ((schema && !yyjson_is_obj(schema)) || (subset && !yyjson_is_obj(subset)))
		return refuse_config(p, fault, "responseSchema", "must be an object");
	if (subset && schema == NULL && (schema = gemini_schema_read(p->arena, subset)) == NULL) {
		*fault = (struct fault){ .err = ERR_TOO_BIG };
		return false;
	}
	p->format_schema = schema;
	if (schema)
		p->format = PROMPT_FORMAT_SCHEMA;
	else if (mime)
		p->format = slice_case_eq(type, SLICE("text/plain")) ? PROMPT_FORMAT_TEXT : PROMPT_FORMAT_JSON;
	return true;
}

static const struct {
	const char *name;
	bool (*take)(struct prompt *p, yyjson_val *v, struct fault *fault);	/* NULL: take_format reads it */
} members[] = {
	{ "stopSequences", take_stops }, { "responseModalities", take_modalities }, { "thinkingConfig", take_thinking },
	{ "responseMimeType", NULL }, { "responseSchema", NULL }, { "responseJsonSchema", NULL },
	{ "_responseJsonSchema", NULL },
};

static bool take_member(struct prompt *p, struct slice key, yyjson_val *v, struct fault *fault)
{
	for (size_t i = 0; i < COUNT_OF(settings); i++)
		if (gemini_field_is(key, settings[i].name))
			return take_setting(p, i, v, fault);
	for (size_t i = 0; i < COUNT_OF(members); i++)
		if (gemini_field_is(key, members[i].name))
			return members[i].take == NULL || members[i].take(p, v, fault);
	add_extra(p, "generationConfig", key, v);
	return true;
}

bool gemini_options_config(struct prompt *p, yyjson_val *config, struct fault *fault)
{
	yyjson_val *key, *v;
	size_t i, n;

	if (!yyjson_is_obj(config))
		return refuse(p, fault, SLICE("generationConfig"), "must be an object");
	yyjson_obj_foreach(config, i, n, key, v)
		if (!yyjson_is_null(v) && !take_member(p, json_val_str(key), v, fault))
			return false;
	return take_format(p, config, fault);
}

void gemini_options_tier(struct prompt *p, yyjson_val *tier)
{
	struct slice word = json_val_str(tier);

	if (word.n == 0 || slice_case_eq(word, SLICE("unspecified")) || slice_case_eq(word,
		SLICE("SERVICE_TIER_UNSPECIFIED")))
		return;
	p->tier = slice_case_eq(word, SLICE("standard")) ? SLICE("default") : lower(p->arena, word);
}

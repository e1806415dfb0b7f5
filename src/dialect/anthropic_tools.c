#include "dialect/anthropic_tools.h"

#include "base/utf8.h"

enum {
	STRICT_MAX = 20,	/* strict tools of one request (platform.claude.com, "Structured outputs") */
};

/* --- the choice ----------------------------------------------------------------------------------------- */

/* With a list of tools that may be called only these are sent. */
static bool is_sent(const struct prompt *p, const struct prompt_tool *t)
{
	return p->choice != PROMPT_CHOICE_ALLOWED || !t->unnamed;
}

static bool any_sent(const struct prompt *p)
{
	for (const struct prompt_tool *t = p->tools; t; t = t->next)
		if (is_sent(p, t))
			return true;
	return false;
}

void anthropic_tools_plan(struct anthropic_draft *d)
{
	const struct prompt *p = d->p;

	d->choice = p->choice;
	if (p->choice == PROMPT_CHOICE_ALLOWED)
		d->choice = p->choice_required ? PROMPT_CHOICE_REQUIRED : PROMPT_CHOICE_AUTO;
	if (!any_sent(p))
		d->choice = PROMPT_CHOICE_UNSET;	/* refused without tools, and without meaning */
	if (anthropic_tools_is_forced(d) && anthropic_draft_can(d, ANTHROPIC_MODELS_NO_FORCED)) {
		anthropic_draft_drop(d, "tool_choice");
		d->choice = PROMPT_CHOICE_AUTO;
	}
}

static void put_choice(struct anthropic_draft *d)
{
	static const char *const words[] = { [PROMPT_CHOICE_UNSET] = "auto", [PROMPT_CHOICE_AUTO] = "auto",
		[PROMPT_CHOICE_NONE] = "none", [PROMPT_CHOICE_REQUIRED] = "any", [PROMPT_CHOICE_NAMED] = "tool" };
	bool is_single = d->p->parallel == PROMPT_NO && d->choice != PROMPT_CHOICE_NONE;
	bool is_said = any_sent(d->p) && (d->choice != PROMPT_CHOICE_UNSET || is_single);

	if (!is_said || !anthropic_draft_key(d, "tool_choice"))
		return;
	must((unsigned)d->choice < COUNT_OF(words));
	json_out_obj(&d->w);
	json_out_key_str(&d->w, "type", slice_str(words[d->choice]));
	if (d->choice == PROMPT_CHOICE_NAMED)
		json_out_key_str(&d->w, "name", d->p->choice_names[0]);
	if (is_single)
		json_out_key_bool(&d->w, "disable_parallel_tool_use", true);
	json_out_obj_end(&d->w);
}

/* --- functions ------------------------------------------------------------------------------------------ */

/* `type` must be there and say object. */
static void put_schema(struct anthropic_draft *d, yyjson_val *schema)
{
	yyjson_val *type = yyjson_obj_get(schema, "type");

	json_out_key(&d->w, "input_schema");
	if (type && !yyjson_is_null(type)) {
		json_out_val(&d->w, schema);
		return;
	}
	anthropic_draft_open_like(d, schema, "type", NULL);
	json_out_key_str(&d->w, "type", SLICE("object"));
	if (yyjson_obj_get(schema, "properties") == NULL) {
		json_out_key(&d->w, "properties");
		json_out_raw(&d->w, SLICE("{}"));
	}
	json_out_obj_end(&d->w);
}

static void write_function(struct anthropic_draft *d, const struct prompt_tool *t)
{
	json_out_key_str(&d->w, "name", t->name);
	if (t->description.n)
		json_out_key_str(&d->w, "description", t->description);
	put_schema(d, t->schema);
	if (t->strict != PROMPT_YES)
		return;
	if (anthropic_draft_can(d, ANTHROPIC_MODELS_FORMAT) && d->n_strict < STRICT_MAX) {
		json_out_key_bool(&d->w, "strict", true);
		d->n_strict++;
	} else {
		anthropic_draft_drop(d, "tools.strict");
	}
}

/* Free text as an object of one string; a grammar has no place. */
static void write_custom(struct anthropic_draft *d, const struct prompt_tool *t)
{
	yyjson_val *inner = json_obj(t->raw, "custom");
	struct slice format = json_str(json_obj(inner ? inner : t->raw, "format"), "type");

	if (format.n && !slice_eq(format, SLICE("text")))
		anthropic_draft_drop(d, "tools.format");
	json_out_key_str(&d->w, "name", t->name);
	if (t->description.n)
		json_out_key_str(&d->w, "description", t->description);
	json_out_key(&d->w, "input_schema");
	json_out_raw(&d->w, SLICE("{\"type\":\"object\",\"properties\":{\"input\":{\"type\":\"string\"}},"
		"\"required\":[\"input\"],\"additionalProperties\":false}"));
}

/* --- tools of the provider ------------------------------------------------------------------------------ */

/* OpenAI's options: {"user_location":{"type":"approximate","approximate":{...}}} in Chat, without the inner object in
 * Responses; "search_context_size" has no equal. */
static void write_search(struct anthropic_draft *d, const struct prompt_tool *t)
{
	static const char *const places[] = { "city", "region", "country", "timezone" };
	yyjson_val *where = json_obj(t->raw, "user_location"), *inner = json_obj(where, "approximate");
	yyjson_val *domains = json_arr(json_obj(t->raw, "filters"), "allowed_domains");

	json_out_key_str(&d->w, "type", SLICE("web_search_20250305"));
	json_out_key_str(&d->w, "name", SLICE("web_search"));
	struct slice size = json_str(t->raw, "search_context_size");
	if (size.n && !slice_eq(size, SLICE("medium")))
		anthropic_draft_drop(d, "search_context_size");
	if (domains)
		json_out_key_val(&d->w, "allowed_domains", domains);
	if (where == NULL)
		return;
	json_out_key(&d->w, "user_location");
	json_out_obj(&d->w);
	json_out_key_str(&d->w, "type", SLICE("approximate"));
	for (size_t i = 0; i < COUNT_OF(places); i++)
		if (json_str(inner ? inner : where, places[i]).n)
			json_out_key_str(&d->w, places[i], json_str(inner ? inner : where, places[i]));
	json_out_obj_end(&d->w);
}

static void refuse_hosted(struct anthropic_draft *d, const struct prompt_tool *t)
{
	struct slice type = json_str(t->raw, "type");

	type = type.n ? type : t->name.n ? t->name : SLICE("of this kind");
	anthropic_draft_refuse(d, "the tool %.*s runs at another provider only", SLICE_ARG(utf8_cut(type, 64)));
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static void write_tool(struct anthropic_draft *d, const struct prompt_tool *t)
{
	if (d->own && t->raw) {
		anthropic_draft_open_like(d, t->raw, NULL, NULL);
	} else {
		json_out_obj(&d->w);
		switch (t->kind) {
		case PROMPT_TOOL_FUNCTION:
			write_function(d, t);
			break;
		case PROMPT_TOOL_CUSTOM:
			write_custom(d, t);
			break;
		case PROMPT_TOOL_WEB_SEARCH:
			write_search(d, t);
			break;
		case PROMPT_TOOL_HOSTED:
			refuse_hosted(d, t);
			break;
		}
	}
	anthropic_draft_mark(d, t->cache);
	json_out_obj_end(&d->w);
}

void anthropic_tools_write(struct anthropic_draft *d)
{
	if (any_sent(d->p) && anthropic_draft_key(d, "tools")) {
		json_out_arr(&d->w);
		for (const struct prompt_tool *t = d->p->tools; t; t = t->next)
			if (is_sent(d->p, t))
				write_tool(d, t);
		json_out_arr_end(&d->w);
	}
	put_choice(d);
}

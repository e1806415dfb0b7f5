#include "dialect/openai_write_tools.h"

/* Only the named ones, where the provider has no allowed_tools. */
static bool is_allowed(const struct openai_write *o, const struct prompt_tool *t)
{
	return o->p->choice != PROMPT_CHOICE_ALLOWED || o->q->newest || !t->unnamed;
}

/* --- tools ---------------------------------------------------------------------------------------------- */

static void put_function(struct openai_write *o, const struct prompt_tool *t)
{
	struct json_out *w = &o->w;

	json_out_obj(w);
	json_out_key_str(w, "name", t->name);
	if (t->description.n)
		json_out_key_str(w, "description", t->description);
	json_out_key(w, "parameters");
	if (t->schema)
		json_out_val(w, t->schema);
	else		/* some servers insist on it */
		json_out_raw(w, SLICE("{\"type\":\"object\",\"properties\":{}}"));
	if (t->strict != PROMPT_TRI_UNSET)
		json_out_key_bool(w, "strict", t->strict == PROMPT_YES);
	json_out_obj_end(w);
}

/* Responses has a grammar's members beside its type, Chat under `grammar`. */
static void put_format(struct openai_write *o, yyjson_val *format)
{
	struct json_out *w = &o->w;
	yyjson_val *definition = yyjson_obj_get(format, "definition");

	json_out_key(w, "format");
	if (definition == NULL || json_obj(format, "grammar")) {
		json_out_val(w, format);
		return;
	}
	json_out_obj(w);
	json_out_key_str(w, "type", SLICE("grammar"));
	json_out_key(w, "grammar");
	json_out_obj(w);
	json_out_key_val(w, "syntax", yyjson_obj_get(format, "syntax"));
	json_out_key_val(w, "definition", definition);
	json_out_obj_end(w);
	json_out_obj_end(w);
}

static void put_custom(struct openai_write *o, const struct prompt_tool *t)
{
	struct json_out *w = &o->w;
	yyjson_val *inner = json_obj(t->raw, "custom") ? json_obj(t->raw, "custom") : t->raw;

	json_out_obj(w);
	json_out_key_str(w, "name", t->name);
	if (t->description.n)
		json_out_key_str(w, "description", t->description);
	if (json_obj(inner, "format"))
		put_format(o, json_obj(inner, "format"));
	json_out_obj_end(w);
}

/* A client of this dialect knows what its provider takes. */
static bool takes_marks(const struct openai_write *o)
{
	return o->q->cache_control || o->is_own;
}

static void put_tool(struct openai_write *o, const struct prompt_tool *t)
{
	struct json_out *w = &o->w;
	bool custom = t->kind == PROMPT_TOOL_CUSTOM;

	if (t->kind == PROMPT_TOOL_HOSTED) {
		json_out_val(w, t->raw);
		return;
	}
	json_out_obj(w);
	json_out_key_str(w, "type", custom ? SLICE("custom") : SLICE("function"));
	json_out_key(w, custom ? "custom" : "function");
	if (custom)
		put_custom(o, t);
	else
		put_function(o, t);
	if (t->cache != PROMPT_CACHE_NONE && takes_marks(o))
		openai_write_cache(o, t->cache);
	json_out_obj_end(w);
}

/* A tool that runs at a provider is only known there. */
static bool is_listed(struct openai_write *o, const struct prompt_tool *t)
{
	if (t->kind == PROMPT_TOOL_WEB_SEARCH || !is_allowed(o, t))
		return false;
	if (t->kind == PROMPT_TOOL_HOSTED && (t->raw == NULL || !o->is_own)) {
		openai_write_refuse(o, "the tool %.*s runs at a provider of another kind",
			SLICE_ARG(t->name));
		return false;
	}
	if (t->cache != PROMPT_CACHE_NONE && !takes_marks(o))
		drops_add_str(o->ask->drops, "cache_control");
	return true;
}

/* False when there are none. */
static bool put_tools(struct openai_write *o)
{
	bool any = false;

	for (const struct prompt_tool *t = o->p->tools; t; t = t->next) {
		if (!is_listed(o, t))
			continue;
		if (!any && !openai_write_key(o, "tools"))
			return false;
		if (!any)
			json_out_arr(&o->w);
		any = true;
		put_tool(o, t);
	}
	if (any)
		json_out_arr_end(&o->w);
	return any;
}

/* --- the choice ----------------------------------------------------------------------------------------- */

static void put_name(struct openai_write *o, size_t i)
{
	const struct prompt_tool *t = o->p->choice_tools[i];
	struct json_out *w = &o->w;
	bool custom = t && t->kind == PROMPT_TOOL_CUSTOM;

	json_out_obj(w);
	json_out_key_str(w, "type", custom ? SLICE("custom") : SLICE("function"));
	json_out_key(w, custom ? "custom" : "function");
	json_out_obj(w);
	json_out_key_str(w, "name", o->p->choice_names[i]);
	json_out_obj_end(w);
	json_out_obj_end(w);
}

static void put_allowed(struct openai_write *o)
{
	const struct prompt *p = o->p;
	struct json_out *w = &o->w;
	struct slice mode = p->choice_required ? SLICE("required") : SLICE("auto");

	if (!o->q->newest) {
		json_out_str(w, mode);
		return;
	}
	json_out_obj(w);
	json_out_key_str(w, "type", SLICE("allowed_tools"));
	json_out_key(w, "allowed_tools");
	json_out_obj(w);
	json_out_key_str(w, "mode", mode);
	json_out_key(w, "tools");
	json_out_arr(w);
	for (size_t i = 0; i < p->n_choice_names; i++)
		put_name(o, i);
	json_out_arr_end(w);
	json_out_obj_end(w);
	json_out_obj_end(w);
}

static void put_choice(struct openai_write *o)
{
	static const char *const words[] = { [PROMPT_CHOICE_AUTO] = "auto", [PROMPT_CHOICE_NONE] = "none",
		[PROMPT_CHOICE_REQUIRED] = "required" };
	const struct prompt *p = o->p;

	if (p->choice == PROMPT_CHOICE_UNSET || !openai_write_key(o, "tool_choice"))
		return;
	if (p->choice == PROMPT_CHOICE_ALLOWED)
		put_allowed(o);
	else if (p->choice == PROMPT_CHOICE_NAMED)
		put_name(o, 0);
	else
		json_out_str(&o->w, slice_str(words[p->choice]));
}

/* --- web search ----------------------------------------------------------------------------------------- */

/* Anthropic has the place itself under user_location, this dialect under `approximate`. */
static void put_location(struct openai_write *o, yyjson_val *location)
{
	struct json_out *w = &o->w;
	size_t i, n;
	yyjson_val *key, *v;

	json_out_key(w, "user_location");
	if (json_obj(location, "approximate")) {
		json_out_val(w, location);
		return;
	}
	json_out_obj(w);
	json_out_key_str(w, "type", SLICE("approximate"));
	json_out_key(w, "approximate");
	json_out_obj(w);
	yyjson_obj_foreach(location, i, n, key, v)
		if (!yyjson_equals_str(key, "type") && yyjson_is_str(v)) {
			json_out_key_slice(w, json_val_str(key));
			json_out_val(w, v);
		}
	json_out_obj_end(w);
	json_out_obj_end(w);
}

/* Options of another dialect's search tool that limit what it may do. */
static void drop_limits(struct openai_write *o, yyjson_val *raw)
{
	static const char *const limits[] = { "max_uses", "allowed_domains", "blocked_domains", "filters" };

	for (size_t i = 0; i < COUNT_OF(limits); i++)
		if (yyjson_obj_get(raw, limits[i]) && !yyjson_is_null(yyjson_obj_get(raw, limits[i])))
			drops_add_str(o->ask->drops, limits[i]);
}

static void put_web_search(struct openai_write *o, const struct prompt_tool *t)
{
	struct json_out *w = &o->w;

	if (!openai_write_key(o, "web_search_options"))
		return;
	if (o->is_own) {
		json_out_val(w, t->raw);
		return;
	}
	json_out_obj(w);
	if (json_str(t->raw, "search_context_size").n)
		json_out_key_str(w, "search_context_size", json_str(t->raw, "search_context_size"));
	if (json_obj(t->raw, "user_location"))
		put_location(o, json_obj(t->raw, "user_location"));
	json_out_obj_end(w);
	drop_limits(o, t->raw);
}

/* --- the whole ------------------------------------------------------------------------------------------ */

void openai_write_tools(struct openai_write *o)
{
	bool searches = false;

	/* OpenAI refuses a choice, and parallel_tool_calls, without tools. */
	if (put_tools(o)) {
		put_choice(o);
		if (o->p->parallel != PROMPT_TRI_UNSET && openai_write_key(o, "parallel_tool_calls"))
			json_out_bool(&o->w, o->p->parallel == PROMPT_YES);
	}
	for (const struct prompt_tool *t = o->p->tools; t; t = t->next)
		if (t->kind == PROMPT_TOOL_WEB_SEARCH && !searches) {
			put_web_search(o, t);
			searches = true;
		}
}

#include "dialect/responses_tools.h"

static void write_function(struct responses_body *b, const struct prompt_tool *t)
{
	json_out_obj(&b->w);
	json_out_key_str(&b->w, "type", SLICE("function"));
	json_out_key_str(&b->w, "name", t->name);
	if (t->description.n)
		json_out_key_str(&b->w, "description", t->description);
	json_out_key(&b->w, "parameters");
	if (t->schema)
		json_out_val(&b->w, t->schema);
	else
		json_out_raw(&b->w, SLICE("{\"type\":\"object\",\"properties\":{}}"));
	/* An absent `strict` has been taken for true (protocols.md 2.1); all other dialects mean false by it. */
	json_out_key_bool(&b->w, "strict", t->strict == PROMPT_YES);
	json_out_obj_end(&b->w);
}

/* Chat keeps a grammar one level deeper. */
static void write_custom(struct responses_body *b, const struct prompt_tool *t)
{
	yyjson_val *inner = json_obj(t->raw, "custom"), *format = json_obj(inner ? inner : t->raw, "format");
	yyjson_val *grammar = json_obj(format, "grammar");

	json_out_obj(&b->w);
	json_out_key_str(&b->w, "type", SLICE("custom"));
	json_out_key_str(&b->w, "name", t->name);
	if (t->description.n)
		json_out_key_str(&b->w, "description", t->description);
	if (grammar) {
		json_out_key(&b->w, "format");
		json_out_obj(&b->w);
		json_out_key_str(&b->w, "type", SLICE("grammar"));
		json_out_key_val(&b->w, "syntax", yyjson_obj_get(grammar, "syntax"));
		json_out_key_val(&b->w, "definition", yyjson_obj_get(grammar, "definition"));
		json_out_obj_end(&b->w);
	} else if (format) {
		json_out_key_val(&b->w, "format", format);
	}
	json_out_obj_end(&b->w);
}

/* Options of other dialects' searches that mean the same; Chat keeps the place one level deeper. */
static void write_search(struct responses_body *b, const struct prompt_tool *t)
{
	static const char *const lost[] = { "max_uses", "blocked_domains" };
	yyjson_val *place = json_obj(t->raw, "user_location"), *inner = json_obj(place, "approximate");
	size_t i, n;
	yyjson_val *name, *v;

	json_out_obj(&b->w);
	json_out_key_str(&b->w, "type", SLICE("web_search"));
	if (json_str(t->raw, "search_context_size").n)
		json_out_key_str(&b->w, "search_context_size", json_str(t->raw, "search_context_size"));
	if (json_arr(t->raw, "allowed_domains")) {
		json_out_key(&b->w, "filters");
		json_out_obj(&b->w);
		json_out_key_val(&b->w, "allowed_domains", json_arr(t->raw, "allowed_domains"));
		json_out_obj_end(&b->w);
	}
	if (place) {
		json_out_key(&b->w, "user_location");
		json_out_obj(&b->w);
		json_out_key_str(&b->w, "type", SLICE("approximate"));
		yyjson_obj_foreach(inner ? inner : place, i, n, name, v)
			if (!yyjson_equals_str(name, "type")) {
				json_out_key_slice(&b->w, json_val_str(name));
				json_out_val(&b->w, v);
			}
		json_out_obj_end(&b->w);
	}
	json_out_obj_end(&b->w);
	for (i = 0; i < COUNT_OF(lost); i++)
		if (yyjson_obj_get(t->raw, lost[i]))
			drops_add_str(b->ask->drops, lost[i]);
}

static bool can_write(const struct responses_body *b, const struct prompt_tool *t)
{
	return b->is_own || t->kind != PROMPT_TOOL_HOSTED;
}

static void write_tool(struct responses_body *b, const struct prompt_tool *t)
{
	if (b->is_own && t->raw)
		json_out_val(&b->w, t->raw);
	else if (t->kind == PROMPT_TOOL_FUNCTION)
		write_function(b, t);
	else if (t->kind == PROMPT_TOOL_CUSTOM)
		write_custom(b, t);
	else if (t->kind == PROMPT_TOOL_WEB_SEARCH)
		write_search(b, t);
}

static void write_named(struct responses_body *b, size_t i)
{
	const struct prompt_tool *t = b->p->choice_tools[i];
	struct slice name = b->p->choice_names[i];
	bool is_hosted = t && (t->kind == PROMPT_TOOL_HOSTED || t->kind == PROMPT_TOOL_WEB_SEARCH);

	json_out_obj(&b->w);
	if (is_hosted) {
		json_out_key_str(&b->w, "type", b->is_own ? name : SLICE("web_search"));
	} else {
		bool is_custom = t && t->kind == PROMPT_TOOL_CUSTOM;
		json_out_key_str(&b->w, "type", is_custom ? SLICE("custom") : SLICE("function"));
		json_out_key_str(&b->w, "name", name);
	}
	json_out_obj_end(&b->w);
}

static void write_choice(struct responses_body *b)
{
	const struct prompt *p = b->p;

	switch (p->choice) {
	case PROMPT_CHOICE_UNSET:
	case PROMPT_CHOICE_AUTO:
		json_out_str(&b->w, SLICE("auto"));
		return;
	case PROMPT_CHOICE_NONE:
		json_out_str(&b->w, SLICE("none"));
		return;
	case PROMPT_CHOICE_REQUIRED:
		json_out_str(&b->w, SLICE("required"));
		return;
	case PROMPT_CHOICE_NAMED:
		write_named(b, 0);
		return;
	case PROMPT_CHOICE_ALLOWED:
		json_out_obj(&b->w);
		json_out_key_str(&b->w, "type", SLICE("allowed_tools"));
		json_out_key_str(&b->w, "mode", p->choice_required ? SLICE("required") : SLICE("auto"));
		json_out_key(&b->w, "tools");
		json_out_arr(&b->w);
		for (size_t i = 0; i < p->n_choice_names; i++)
			write_named(b, i);
		json_out_arr_end(&b->w);
		json_out_obj_end(&b->w);
		return;
	}
	must_never("tool choice");
}

void responses_tools_write(struct responses_body *b)
{
	bool any = false;

	for (const struct prompt_tool *t = b->p->tools; t; t = t->next) {
		any |= can_write(b, t);
		if (!can_write(b, t))
			drops_add(b->ask->drops, t->name.n ? t->name : json_str(t->raw, "type"));
	}
	if (any && responses_body_key(b, "tools", true)) {
		json_out_arr(&b->w);
		for (const struct prompt_tool *t = b->p->tools; t; t = t->next)
			if (can_write(b, t))
				write_tool(b, t);
		json_out_arr_end(&b->w);
	}
	if (any && responses_body_extra(b, "tool_choice") && responses_body_key(b, "tool_choice", true))
		json_out_val(&b->w, responses_body_extra(b, "tool_choice"));
	else if (any && b->p->choice != PROMPT_CHOICE_UNSET && responses_body_key(b, "tool_choice", true))
		write_choice(b);
	if (any)
		responses_body_tri(b, "parallel_tool_calls", b->p->parallel);
}

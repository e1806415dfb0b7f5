#include "dialect/responses_read.h"

#include "dialect/responses_items.h"

static bool refuse(struct responses_reader *r, const char *param, const char *what)
{
	return responses_items_refuse(r, ERR_BAD_FIELD, slice_str(param), what);
}

/* An extra "object.name". */
static void add_inner(struct responses_reader *r, const char *object, yyjson_val *key, yyjson_val *v)
{
	if (!yyjson_is_null(v))
		prompt_add_extra(r->prompt, arena_printf(r->arena, "%s.%.*s", object, SLICE_ARG(json_val_str(key))), v);
}

static bool is_one_of(yyjson_val *key, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (yyjson_equals_str(key, names[i]))
			return true;
	return false;
}

/* --- what weir cannot do without a store ---------------------------------------------------------------- */

static bool no_store(struct responses_reader *r, const char *name)
{
	return responses_items_refuse(r, ERR_UNSUPPORTED, slice_str(name),
		"needs a provider that keeps responses: send the whole conversation in `input`");
}

static bool read_previous(struct responses_reader *r, yyjson_val *v)
{
	return no_store(r, "previous_response_id");
}

static bool read_conversation(struct responses_reader *r, yyjson_val *v)
{
	return no_store(r, "conversation");
}

static bool read_template(struct responses_reader *r, yyjson_val *v)
{
	return responses_items_refuse(r, ERR_UNSUPPORTED, SLICE("prompt"),
		"names a template that its provider keeps: send its text in `instructions` or `input`");
}

static bool read_background(struct responses_reader *r, yyjson_val *v)
{
	if (!yyjson_is_true(v))
		return true;
	return responses_items_refuse(r, ERR_UNSUPPORTED, SLICE("background"),
		"needs a provider that keeps responses: wait for the answer, or stream it");
}

/* --- texts and their form ------------------------------------------------------------------------------- */

static bool read_instructions(struct responses_reader *r, yyjson_val *v)
{
	if (!yyjson_is_str(v))
		return refuse(r, "instructions", "must be a text");
	if (yyjson_get_len(v))
		prompt_add_text(r->prompt, prompt_add_message(r->prompt, PROMPT_SYSTEM), json_val_str(v));
	return true;
}

static enum prompt_tri tri_of(yyjson_val *v)
{
	return yyjson_is_bool(v) ? (yyjson_get_bool(v) ? PROMPT_YES : PROMPT_NO) : PROMPT_TRI_UNSET;
}

static bool read_format(struct responses_reader *r, yyjson_val *format)
{
	struct slice type = json_str(format, "type");
	struct prompt *p = r->prompt;

	if (slice_eq(type, SLICE("text"))) {
		p->format = PROMPT_FORMAT_TEXT;
	} else if (slice_eq(type, SLICE("json_object"))) {
		p->format = PROMPT_FORMAT_JSON;
	} else if (slice_eq(type, SLICE("json_schema"))) {
		p->format = PROMPT_FORMAT_SCHEMA;
		p->format_name = json_str(format, "name");
		p->format_description = json_str(format, "description");
		p->format_schema = json_obj(format, "schema");
		p->format_strict = tri_of(yyjson_obj_get(format, "strict"));
		if (p->format_schema == NULL)
			return refuse(r, "text.format.schema", "is missing");
	} else {
		return refuse(r, "text.format.type", "must be text, json_object or json_schema");
	}
	return true;
}

static bool read_text(struct responses_reader *r, yyjson_val *v)
{
	static const char *const known[] = { "format", "verbosity" };
	size_t i, n;
	yyjson_val *key, *value, *format = yyjson_obj_get(v, "format");

	if (!yyjson_is_obj(v))
		return refuse(r, "text", "must be an object");
	yyjson_obj_foreach(v, i, n, key, value)
		if (!is_one_of(key, known, COUNT_OF(known)))
			add_inner(r, "text", key, value);
	r->prompt->verbosity = json_str(v, "verbosity");
	return format == NULL || yyjson_is_null(format) || read_format(r, format);
}

static bool read_reasoning(struct responses_reader *r, yyjson_val *v)
{
	static const char *const known[] = { "effort", "summary", "generate_summary" };
	struct slice effort = json_str(v, "effort");
	size_t i, n;
	yyjson_val *key, *value;

	if (!yyjson_is_obj(v))
		return refuse(r, "reasoning", "must be an object");
	yyjson_obj_foreach(v, i, n, key, value)
		if (!is_one_of(key, known, COUNT_OF(known)))
			add_inner(r, "reasoning", key, value);
	r->prompt->effort = prompt_effort_of(effort);
	if (effort.n && r->prompt->effort == PROMPT_EFFORT_UNSET)
		return refuse(r, "reasoning.effort", "must be none, minimal, low, medium, high, xhigh or max");
	if (json_str(v, "summary").n || json_str(v, "generate_summary").n)
		r->prompt->show_thinking = PROMPT_YES;
	return true;
}

/* Of what may be included, only these two mean something elsewhere. */
static bool read_include(struct responses_reader *r, yyjson_val *v)
{
	bool more = !yyjson_is_arr(v);
	size_t i, n;
	yyjson_val *what;

	yyjson_arr_foreach(v, i, n, what) {
		if (yyjson_equals_str(what, "message.output_text.logprobs"))
			r->prompt->logprobs = PROMPT_YES;
		else if (yyjson_equals_str(what, "reasoning.encrypted_content"))
			r->prompt->opaque_thinking = true;
		else
			more = true;
	}
	if (more)
		prompt_add_extra(r->prompt, SLICE("include"), v);
	return true;
}

/* `disabled` is what happens anyway. */
static bool read_truncation(struct responses_reader *r, yyjson_val *v)
{
	if (!yyjson_equals_str(v, "disabled"))
		prompt_add_extra(r->prompt, SLICE("truncation"), v);
	return true;
}

/* --- tools ---------------------------------------------------------------------------------------------- */

static enum prompt_tool_kind tool_kind(struct slice type)
{
	if (slice_eq(type, SLICE("function")))
		return PROMPT_TOOL_FUNCTION;
	if (slice_eq(type, SLICE("custom")))
		return PROMPT_TOOL_CUSTOM;
	/* web_search, web_search_2025_08_26, web_search_preview, ... */
	return slice_starts(type, SLICE("web_search")) ? PROMPT_TOOL_WEB_SEARCH : PROMPT_TOOL_HOSTED;
}

static bool read_tool(struct responses_reader *r, yyjson_val *v, size_t i)
{
	struct slice type = json_str(v, "type"), name = json_str(v, "name");
	enum prompt_tool_kind kind = tool_kind(type);
	bool is_clients = kind == PROMPT_TOOL_FUNCTION || kind == PROMPT_TOOL_CUSTOM;

	if (type.n == 0)
		return refuse(r, arena_printf(r->arena, "tools[%zu].type", i).p, "is missing");
	if (is_clients && name.n == 0)
		return refuse(r, arena_printf(r->arena, "tools[%zu].name", i).p, "is missing");
	struct prompt_tool *t = prompt_add_tool(r->prompt, kind);
	t->name = is_clients ? name : type;
	t->description = json_str(v, "description");
	t->schema = json_obj(v, "parameters");
	t->strict = tri_of(yyjson_obj_get(v, "strict"));
	t->raw = v;
	return true;
}

static bool read_tools(struct responses_reader *r, yyjson_val *v)
{
	size_t i, n;
	yyjson_val *tool;

	if (!yyjson_is_arr(v))
		return refuse(r, "tools", "must be a list");
	yyjson_arr_foreach(v, i, n, tool)
		if (!read_tool(r, tool, i))
			return false;
	return true;
}

static void choose_allowed(struct responses_reader *r, yyjson_val *v)
{
	yyjson_val *list = json_arr(v, "tools"), *tool;
	struct prompt *p = r->prompt;
	size_t i, n;

	p->choice = PROMPT_CHOICE_ALLOWED;
	p->choice_required = slice_eq(json_str(v, "mode"), SLICE("required"));
	p->choice_names = ARENA_ARRAY(r->arena, struct slice, yyjson_arr_size(list) + 1);
	yyjson_arr_foreach(list, i, n, tool) {
		struct slice name = json_str(tool, "name");
		if (name.n)
			p->choice_names[p->n_choice_names++] = name;
	}
	if (p->n_choice_names < yyjson_arr_size(list))
		prompt_add_extra(p, SLICE("tool_choice"), v);	/* hosted tools are among them */
}

static bool read_choice_word(struct responses_reader *r, struct slice word)
{
	static const char *const words[] = { "auto", "none", "required" };
	static const enum prompt_choice choices[] = { PROMPT_CHOICE_AUTO, PROMPT_CHOICE_NONE, PROMPT_CHOICE_REQUIRED };

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (slice_eq(word, slice_str(words[i]))) {
			r->prompt->choice = choices[i];
			return true;
		}
	return refuse(r, "tool_choice", "must be auto, none, required or an object");
}

static bool read_choice(struct responses_reader *r, yyjson_val *v)
{
	struct slice type = json_str(v, "type"), name = json_str(v, "name");

	if (!yyjson_is_obj(v))
		return read_choice_word(r, json_val_str(v));
	if (slice_eq(type, SLICE("allowed_tools"))) {
		choose_allowed(r, v);
	} else if (slice_eq(type, SLICE("function")) || slice_eq(type, SLICE("custom"))) {
		if (name.n == 0)
			return refuse(r, "tool_choice.name", "is missing");
		r->prompt->choice = PROMPT_CHOICE_NAMED;
		r->prompt->choice_names = ARENA_ARRAY(r->arena, struct slice, 1);
		r->prompt->choice_names[0] = name;
		r->prompt->n_choice_names = 1;
	} else {
		prompt_add_extra(r->prompt, SLICE("tool_choice"), v);	/* of a hosted tool */
	}
	return true;
}

static bool read_items(struct responses_reader *r, yyjson_val *v)
{
	return responses_items_read(r, v);
}

/* --- members -------------------------------------------------------------------------------------------- */

enum form { NOTHING, OWN, NUMBER, INTEGER, TRI, TEXT, OBJECT };

/* In the order in which they are read: `instructions` stand before `input`, the newer name of a field behind
 * the older. */
static const struct member {
	const char *name;
	enum form form;
	size_t field;			/* of struct prompt */
	bool (*read)(struct responses_reader *r, yyjson_val *v);
} members[] = {
	{ "previous_response_id", OWN, 0, read_previous },
	{ "conversation", OWN, 0, read_conversation },
	{ "prompt", OWN, 0, read_template },
	{ "background", OWN, 0, read_background },
	{ "instructions", OWN, 0, read_instructions },
	{ "input", OWN, 0, read_items },
	{ "text", OWN, 0, read_text },
	{ "reasoning", OWN, 0, read_reasoning },
	{ "include", OWN, 0, read_include },
	{ "truncation", OWN, 0, read_truncation },
	{ "tools", OWN, 0, read_tools },
	{ "tool_choice", OWN, 0, read_choice },
	{ "parallel_tool_calls", TRI, offsetof(struct prompt, parallel), NULL },
	{ "max_output_tokens", INTEGER, offsetof(struct prompt, max_tok), NULL },
	{ "temperature", NUMBER, offsetof(struct prompt, temperature), NULL },
	{ "top_p", NUMBER, offsetof(struct prompt, top_p), NULL },
	{ "top_logprobs", INTEGER, offsetof(struct prompt, top_logprobs), NULL },
	{ "store", TRI, offsetof(struct prompt, store), NULL },
	{ "metadata", OBJECT, offsetof(struct prompt, metadata), NULL },
	{ "user", TEXT, offsetof(struct prompt, user), NULL },
	{ "safety_identifier", TEXT, offsetof(struct prompt, user), NULL },
	{ "prompt_cache_key", TEXT, offsetof(struct prompt, cache_key), NULL },
	{ "service_tier", TEXT, offsetof(struct prompt, tier), NULL },
	/* obfuscation is of no use behind a translation */
	{ "model", NOTHING, 0, NULL }, { "stream", NOTHING, 0, NULL }, { "stream_options", NOTHING, 0, NULL },
	/* weir's own */
	{ "models", NOTHING, 0, NULL }, { "route", NOTHING, 0, NULL }, { "fallbacks", NOTHING, 0, NULL },
	{ "disable_fallbacks", NOTHING, 0, NULL }, { "timeout", NOTHING, 0, NULL },
	{ "num_retries", NOTHING, 0, NULL }, { "provider_options", NOTHING, 0, NULL },
};

static bool read_integer(struct responses_reader *r, const char *name, yyjson_val *v, int64_t *out)
{
	double d = yyjson_get_num(v);

	/* 2^53 is where a double stops being exact, far above any count. */
	if (!yyjson_is_num(v) || d < 0 || d >= 9007199254740992.0 || d != (double)(int64_t)d)
		return refuse(r, name, "must be a whole number");
	*out = (int64_t)d;
	return true;
}

static bool read_member(struct responses_reader *r, const struct member *m, yyjson_val *v)
{
	void *field = (char *)r->prompt + m->field;

	switch (m->form) {
	case NOTHING:
		return true;
	case OWN:
		return m->read(r, v);
	case NUMBER:
		if (!yyjson_is_num(v))
			return refuse(r, m->name, "must be a number");
		*(double *)field = yyjson_get_num(v);
		return true;
	case INTEGER:
		return read_integer(r, m->name, v, field);
	case TRI:
		*(enum prompt_tri *)field = tri_of(v);
		return yyjson_is_bool(v) || refuse(r, m->name, "must be true or false");
	case TEXT:
		*(struct slice *)field = json_val_str(v);
		return yyjson_is_str(v) || refuse(r, m->name, "must be a text");
	case OBJECT:
		*(yyjson_val **)field = v;
		return yyjson_is_obj(v) || refuse(r, m->name, "must be an object");
	}
	must_never("form");
}

static size_t find_member(yyjson_val *key)
{
	size_t i = 0;

	while (i < COUNT_OF(members) && !yyjson_equals_str(key, members[i].name))
		i++;
	return i;
}

enum err responses_read(struct arena *a, const struct request *r, struct prompt *out, struct fault *out_fault)
{
	struct responses_reader reader = { .arena = a, .prompt = out, .fault = out_fault };
	yyjson_val *values[COUNT_OF(members)] = { NULL }, *root = yyjson_doc_get_root(r->doc), *key, *v;
	size_t i, n;

	yyjson_obj_foreach(root, i, n, key, v) {
		size_t m = find_member(key);
		if (m < COUNT_OF(members))
			values[m] = yyjson_is_null(v) ? NULL : v;	/* of duplicates the last counts */
		else if (!yyjson_is_null(v))
			prompt_add_extra(out, json_val_str(key), v);
	}
	for (i = 0; i < COUNT_OF(members); i++)
		if (values[i] && !read_member(&reader, &members[i], values[i]))
			return out_fault->err;
	if (out->logprobs == PROMPT_TRI_UNSET && out->top_logprobs != PROMPT_UNSET && out->top_logprobs > 0)
		out->logprobs = PROMPT_YES;
	prompt_tidy(out);
	return ERR_OK;
}

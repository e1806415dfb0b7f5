/* The top level of a body: one row a member. */
#include "dialect/anthropic_read.h"

#include "dialect/anthropic_blocks.h"

struct reader {
	struct prompt *p;
	struct fault *fault;
};

struct member;
typedef bool take_fn(struct reader *r, yyjson_val *v, const struct member *m);

struct member {
	const char *name;
	take_fn *take;		/* NULL: read by parse(), or weir's own */
	size_t at;		/* in struct prompt */
};

/* Always false.  `what` completes a sentence. */
static bool refuse(struct reader *r, const char *path, const char *what)
{
	*r->fault = fault_make(r->p->arena, ERR_BAD_FIELD, "`%s` %s", path, what);
	r->fault->param = slice_str(path);
	return false;
}

/* --- plain members -------------------------------------------------------------------------------------- */

/* A whole number, also when written 10.0. */
static bool whole(yyjson_val *v, int64_t *out)
{
	double d = yyjson_get_num(v);

	if (!yyjson_is_num(v) || d != d || d < -9e15 || d > 9e15 || d != (double)(int64_t)d)
		return false;
	*out = (int64_t)d;
	return true;
}

static void *field_of(struct reader *r, const struct member *m)
{
	return (char *)r->p + m->at;
}

static bool take_int(struct reader *r, yyjson_val *v, const struct member *m)
{
	return whole(v, field_of(r, m)) || refuse(r, m->name, "must be a whole number");
}

static bool take_num(struct reader *r, yyjson_val *v, const struct member *m)
{
	if (!yyjson_is_num(v))
		return refuse(r, m->name, "must be a number");
	*(double *)field_of(r, m) = yyjson_get_num(v);
	return true;
}

static bool take_stop(struct reader *r, yyjson_val *v, const struct member *m)
{
	size_t i, n;
	yyjson_val *s;

	if (!yyjson_is_arr(v))
		return refuse(r, m->name, "must be a list of strings");
	r->p->stop = ARENA_ARRAY(r->p->arena, struct slice, yyjson_arr_size(v) + 1);
	yyjson_arr_foreach(v, i, n, s) {
		if (!yyjson_is_str(s))
			return refuse(r, m->name, "must be a list of strings");
		r->p->stop[r->p->n_stop++] = json_val_str(s);
	}
	return true;
}

/* OpenAI's words: without priority there is only the default. */
static bool take_tier(struct reader *r, yyjson_val *v, const struct member *m)
{
	struct slice word = json_val_str(v);

	if (word.n == 0)
		return refuse(r, m->name, "must be auto or standard_only");
	r->p->tier = slice_eq(word, SLICE("standard_only")) ? SLICE("default") : word;
	return true;
}

static bool take_metadata(struct reader *r, yyjson_val *v, const struct member *m)
{
	if (!yyjson_is_obj(v))
		return refuse(r, m->name, "must be an object");
	r->p->user = json_str(v, "user_id");
	return true;
}

static bool take_cache(struct reader *r, yyjson_val *v, const struct member *m)
{
	if (!yyjson_is_obj(v))
		return refuse(r, m->name, "must be an object");
	r->p->cache = anthropic_blocks_cache(v);
	return true;
}

/* --- the prompt ----------------------------------------------------------------------------------------- */

static bool take_system(struct reader *r, yyjson_val *v, const struct member *m)
{
	return anthropic_blocks_system(r->p, v, r->fault);
}

static bool take_messages(struct reader *r, yyjson_val *v, const struct member *m)
{
	size_t i, n;
	yyjson_val *message;

	yyjson_arr_foreach(v, i, n, message)
		if (!anthropic_blocks_read(r->p, message, i, r->fault))
			return false;
	return true;
}

/* --- tools ---------------------------------------------------------------------------------------------- */

static enum prompt_tool_kind kind_of(struct slice type)
{
	if (type.n == 0 || slice_eq(type, SLICE("custom")))
		return PROMPT_TOOL_FUNCTION;
	return slice_starts(type, SLICE("web_search_")) ? PROMPT_TOOL_WEB_SEARCH : PROMPT_TOOL_HOSTED;
}

static bool take_tools(struct reader *r, yyjson_val *v, const struct member *m)
{
	size_t i, n;
	yyjson_val *tool;

	if (!yyjson_is_arr(v))
		return refuse(r, m->name, "must be a list of tools");
	yyjson_arr_foreach(v, i, n, tool) {
		const char *path = arena_printf(r->p->arena, "tools[%zu]", i).p;
		yyjson_val *strict = yyjson_obj_get(tool, "strict");
		if (!yyjson_is_obj(tool))
			return refuse(r, path, "must be an object");
		struct prompt_tool *t = prompt_add_tool(r->p, kind_of(json_str(tool, "type")));
		t->name = json_str(tool, "name");
		if (t->kind == PROMPT_TOOL_FUNCTION && t->name.n == 0)
			return refuse(r, path, "must have a `name`");
		t->description = json_str(tool, "description");
		t->schema = t->kind == PROMPT_TOOL_FUNCTION ? json_obj(tool, "input_schema") : NULL;
		t->strict = yyjson_is_bool(strict) ? yyjson_is_true(strict) ? PROMPT_YES : PROMPT_NO : PROMPT_TRI_UNSET;
		t->cache = anthropic_blocks_cache(yyjson_obj_get(tool, "cache_control"));
		t->raw = tool;
	}
	return true;
}

static const struct {
	const char *word;
	enum prompt_choice choice;
} choices[] = {
	{ "auto", PROMPT_CHOICE_AUTO }, { "any", PROMPT_CHOICE_REQUIRED }, { "none", PROMPT_CHOICE_NONE },
	{ "tool", PROMPT_CHOICE_NAMED },
};

static bool take_choice(struct reader *r, yyjson_val *v, const struct member *m)
{
	yyjson_val *single = yyjson_obj_get(v, "disable_parallel_tool_use");
	struct slice type = json_str(v, "type");
	struct prompt *p = r->p;

	for (size_t i = 0; i < COUNT_OF(choices); i++)
		if (slice_eq(type, slice_str(choices[i].word)))
			p->choice = choices[i].choice;
	if (p->choice == PROMPT_CHOICE_UNSET)
		return refuse(r, "tool_choice.type", "must be auto, any, tool or none");
	if (yyjson_is_bool(single))
		p->parallel = yyjson_is_true(single) ? PROMPT_NO : PROMPT_YES;
	if (p->choice != PROMPT_CHOICE_NAMED)
		return true;
	if (json_str(v, "name").n == 0)
		return refuse(r, "tool_choice.name", "must name a tool");
	p->choice_names = ARENA_NEW(p->arena, struct slice);
	p->choice_names[0] = json_str(v, "name");
	p->n_choice_names = 1;
	return true;
}

/* --- thinking and form ---------------------------------------------------------------------------------- */

/* A type that is not known (`between_tools`) is an extra: this family's providers may know it. */
static bool take_thinking(struct reader *r, yyjson_val *v, const struct member *m)
{
	struct slice type = json_str(v, "type"), display = json_str(v, "display");

	if (type.n == 0)
		return refuse(r, m->name, "must be an object with a `type`");
	if (slice_eq(display, SLICE("summarized")) || slice_eq(display, SLICE("omitted")))
		r->p->show_thinking = slice_eq(display, SLICE("omitted")) ? PROMPT_NO : PROMPT_YES;
	if (slice_eq(type, SLICE("enabled")))
		return whole(yyjson_obj_get(v, "budget_tokens"), &r->p->thinking_tok)
			|| refuse(r, "thinking.budget_tokens", "must be a whole number");
	if (slice_eq(type, SLICE("adaptive")))
		r->p->thinking_tok = -1;
	else if (slice_eq(type, SLICE("disabled")))
		r->p->thinking_tok = 0;
	else
		prompt_add_extra(r->p, slice_str(m->name), v);
	return true;
}

static bool take_format(struct reader *r, yyjson_val *v, const struct member *m)
{
	if (!slice_eq(json_str(v, "type"), SLICE("json_schema")) || !json_obj(v, "schema"))
		return refuse(r, m->name, "must be a json_schema with a `schema`");
	r->p->format = PROMPT_FORMAT_SCHEMA;
	r->p->format_schema = json_obj(v, "schema");
	return true;
}

static bool take_effort(struct reader *r, yyjson_val *v, const struct member *m)
{
	r->p->effort = prompt_effort_of(json_val_str(v));
	return r->p->effort != PROMPT_EFFORT_UNSET || refuse(r, m->name, "must be low, medium, high, xhigh or max");
}

/* Members that are not known are extras under their path. */
static bool take_output(struct reader *r, yyjson_val *v, const struct member *m)
{
	static const struct member effort = { .name = "output_config.effort" },
		format = { .name = "output_config.format" };
	yyjson_val *key, *value;
	size_t i, n;

	if (!yyjson_is_obj(v))
		return refuse(r, m->name, "must be an object");
	yyjson_obj_foreach(v, i, n, key, value) {
		if (yyjson_is_null(value))
			continue;
		if (yyjson_equals_str(key, "effort") && !take_effort(r, value, &effort))
			return false;
		if (yyjson_equals_str(key, "format") && !take_format(r, value, &format))
			return false;
		if (!yyjson_equals_str(key, "effort") && !yyjson_equals_str(key, "format"))
			prompt_add_extra(r->p, arena_printf(r->p->arena, "output_config.%.*s",
				SLICE_ARG(json_val_str(key))), value);
	}
	return true;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static const struct member members[] = {
	{ .name = "model" }, { .name = "stream" }, { .name = "models" }, { .name = "route" }, { .name = "fallbacks" },
	{ .name = "disable_fallbacks" }, { .name = "timeout" }, { .name = "num_retries" },
	{ .name = "provider_options" },
	{ "system", take_system, 0 },
	{ "messages", take_messages, 0 },
	{ "max_tokens", take_int, offsetof(struct prompt, max_tok) },
	{ "temperature", take_num, offsetof(struct prompt, temperature) },
	{ "top_p", take_num, offsetof(struct prompt, top_p) },
	{ "top_k", take_int, offsetof(struct prompt, top_k) },
	{ "stop_sequences", take_stop, 0 },
	{ "metadata", take_metadata, 0 },
	{ "tools", take_tools, 0 },
	{ "tool_choice", take_choice, 0 },
	{ "thinking", take_thinking, 0 },
	{ "output_format", take_format, 0 },	/* the older, beta name of output_config.format */
	{ "output_config", take_output, 0 },
	{ "service_tier", take_tier, 0 },
	{ "cache_control", take_cache, 0 },
};

/* Of duplicates the last counts, as in parse(). */
static void sort_members(struct prompt *p, yyjson_val *root, yyjson_val **found)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(root);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&it)) != NULL) {
		yyjson_val *v = yyjson_obj_iter_get_val(key);
		size_t m = 0;
		while (m < COUNT_OF(members) && !yyjson_equals_str(key, members[m].name))
			m++;
		if (m < COUNT_OF(members))
			found[m] = yyjson_is_null(v) ? NULL : v;
		else if (!yyjson_is_null(v))
			prompt_add_extra(p, json_val_str(key), v);
	}
}

enum err anthropic_read(struct arena *a, const struct request *r, struct prompt *out, struct fault *out_fault)
{
	struct reader reader = { .p = out, .fault = out_fault };
	yyjson_val *found[COUNT_OF(members)] = { NULL };

	sort_members(out, yyjson_doc_get_root(r->doc), found);
	for (size_t i = 0; i < COUNT_OF(members); i++)
		if (found[i] && members[i].take && !members[i].take(&reader, found[i], &members[i]))
			return ERR_BAD_FIELD;
	prompt_tidy(out);
	return ERR_OK;
}

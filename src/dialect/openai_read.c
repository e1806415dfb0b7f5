/* The top level of a body: one row a member.  Members that mean the same stand in the order in which the
 * later one wins. */
#include "dialect/openai_read.h"

#include "dialect/openai_read_parts.h"
#include "dialect/openai_read_tools.h"

struct member;
typedef bool take_fn(struct openai_field *f, yyjson_val *v, const struct member *m);

struct member {
	const char *name;
	take_fn *take;		/* NULL: read by parse(), or weir's own */
	size_t at;		/* in struct prompt */
};

static void *field_of(struct openai_field *f, const struct member *m)
{
	return (char *)f->prompt + m->at;
}

static bool take_num(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	if (!yyjson_is_num(v))
		return openai_field_refuse(f, m->name, "must be a number");
	*(double *)field_of(f, m) = yyjson_get_num(v);
	return true;
}

static bool take_int(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	return openai_field_whole(v, field_of(f, m))
		|| openai_field_refuse(f, m->name, "must be a whole number");
}

static bool take_str(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	if (!yyjson_is_str(v))
		return openai_field_refuse(f, m->name, "must be a string");
	*(struct slice *)field_of(f, m) = json_val_str(v);
	return true;
}

static bool take_tri(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	if (!yyjson_is_bool(v))
		return openai_field_refuse(f, m->name, "must be true or false");
	*(enum prompt_tri *)field_of(f, m) = yyjson_get_bool(v) ? PROMPT_YES : PROMPT_NO;
	return true;
}

static bool take_obj(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	if (!yyjson_is_obj(v))
		return openai_field_refuse(f, m->name, "must be an object");
	*(yyjson_val **)field_of(f, m) = v;
	return true;
}

static bool take_stop(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	return openai_field_strings(f, v, m->name, &f->prompt->stop, &f->prompt->n_stop);
}

static bool take_modalities(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	return openai_field_strings(f, v, m->name, &f->prompt->modalities, &f->prompt->n_modalities);
}

/* A number in the legacy form that Together takes: how many. */
static bool take_logprobs(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	int64_t n;

	if (yyjson_is_bool(v))
		return take_tri(f, v, m);
	if (!openai_field_whole(v, &n))
		return openai_field_refuse(f, m->name, "must be true or false");
	f->prompt->logprobs = PROMPT_YES;
	f->prompt->top_logprobs = n;
	return true;
}

static bool take_cache(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	if (!yyjson_is_obj(v))
		return openai_field_refuse(f, m->name, "must be an object");
	f->prompt->cache = slice_eq(json_str(v, "ttl"), SLICE("1h")) ? PROMPT_CACHE_1H : PROMPT_CACHE_DEFAULT;
	return true;
}

/* --- reasoning ------------------------------------------------------------------------------------------ */

static bool refuse_effort(struct openai_field *f, const char *key)
{
	return openai_field_refuse(f, key, "must be none, minimal, low, medium, high, xhigh or max");
}

/* `default` and `auto` are the provider's own choice (Groq, Fireworks); `ultra` is Ollama's highest. */
static bool take_effort_word(struct openai_field *f, struct slice word, const char *key)
{
	enum prompt_effort effort = prompt_effort_of(word);

	if (slice_case_eq(word, SLICE("default")) || slice_case_eq(word, SLICE("auto")))
		return true;
	if (slice_case_eq(word, SLICE("ultra")))
		effort = PROMPT_EFFORT_MAX;
	if (effort == PROMPT_EFFORT_UNSET)
		return refuse_effort(f, key);
	f->prompt->effort = effort;
	return true;
}

/* Fireworks takes a number of tokens too. */
static bool take_effort(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	if (yyjson_is_str(v))
		return take_effort_word(f, json_val_str(v), m->name);
	if (!openai_field_whole(v, &f->prompt->thinking_tok))
		return refuse_effort(f, m->name);
	return true;
}

static void think_at_will(struct prompt *p)
{
	if (p->effort == PROMPT_EFFORT_UNSET && p->thinking_tok == PROMPT_UNSET)
		p->thinking_tok = -1;
}

/* OpenRouter: {effort | max_tokens, exclude, enabled}. */
static bool take_reasoning(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	struct prompt *p = f->prompt;
	struct slice effort = SLICE_EMPTY;
	enum prompt_tri exclude = PROMPT_TRI_UNSET, enabled = PROMPT_TRI_UNSET;

	if (!yyjson_is_obj(v))
		return openai_field_refuse(f, m->name, "must be an object");
	f->under = m->name;
	bool good = openai_field_str(f, v, "effort", &effort)
		&& (effort.n == 0 || take_effort_word(f, effort, "effort"))
		&& openai_field_int(f, v, "max_tokens", &p->thinking_tok)
		&& openai_field_tri(f, v, "exclude", &exclude)
		&& openai_field_tri(f, v, "enabled", &enabled);
	f->under = NULL;
	if (exclude != PROMPT_TRI_UNSET)
		p->show_thinking = exclude == PROMPT_YES ? PROMPT_NO : PROMPT_YES;
	if (enabled == PROMPT_NO)
		p->effort = PROMPT_EFFORT_NONE;
	else if (enabled == PROMPT_YES)
		think_at_will(p);
	return good;
}

/* DeepSeek, Moonshot, Z.ai, Fireworks, LiteLLM: {type, budget_tokens}. */
static bool take_thinking(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	struct slice type = SLICE_EMPTY;

	if (!yyjson_is_obj(v))
		return openai_field_refuse(f, m->name, "must be an object");
	f->under = m->name;
	bool good = openai_field_str(f, v, "type", &type)
		&& openai_field_int(f, v, "budget_tokens", &f->prompt->thinking_tok);
	f->under = NULL;
	if (slice_eq(type, SLICE("disabled")))
		f->prompt->thinking_tok = 0;
	else
		think_at_will(f->prompt);
	return good;
}

/* Qwen: enable_thinking, beside thinking_budget. */
static bool take_enable_thinking(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	if (!yyjson_is_bool(v))
		return openai_field_refuse(f, m->name, "must be true or false");
	if (yyjson_is_false(v))
		f->prompt->thinking_tok = 0;
	else
		think_at_will(f->prompt);
	return true;
}

/* --- the form of the answer ----------------------------------------------------------------------------- */

/* llama.cpp has the schema beside the type. */
static bool take_schema(struct openai_field *f, yyjson_val *format)
{
	struct prompt *p = f->prompt;
	yyjson_val *schema = NULL;

	if (!openai_field_obj(f, format, "json_schema", &schema)
			|| !openai_field_obj(f, format, "schema", &p->format_schema))
		return false;
	p->format = PROMPT_FORMAT_SCHEMA;
	f->under = "response_format.json_schema";
	return openai_field_str(f, schema, "name", &p->format_name)
		&& openai_field_str(f, schema, "description", &p->format_description)
		&& openai_field_obj(f, schema, "schema", &p->format_schema)
		&& openai_field_tri(f, schema, "strict", &p->format_strict);
}

static bool take_format(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	struct slice type = json_str(v, "type");
	bool good = true;

	if (!yyjson_is_obj(v))
		return openai_field_refuse(f, m->name, "must be an object");
	f->under = m->name;
	if (slice_eq(type, SLICE("text")))
		f->prompt->format = PROMPT_FORMAT_TEXT;
	else if (slice_eq(type, SLICE("json_schema")) || json_obj(v, "schema"))
		good = take_schema(f, v);
	else if (slice_eq(type, SLICE("json_object")))
		f->prompt->format = PROMPT_FORMAT_JSON;
	else
		good = openai_field_refuse(f, "type", "must be text, json_object or json_schema");
	f->under = NULL;
	return good;
}

/* --- messages and tools --------------------------------------------------------------------------------- */

static bool take_messages(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	return openai_read_parts(f, v);
}

static bool take_tools(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	return openai_read_tools(f, v, m->name);
}

static bool take_choice(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	return openai_read_tools_choice(f, v, m->name);
}

static bool take_web_search(struct openai_field *f, yyjson_val *v, const struct member *m)
{
	if (!yyjson_is_obj(v))
		return openai_field_refuse(f, m->name, "must be an object");
	struct prompt_tool *t = prompt_add_tool(f->prompt, PROMPT_TOOL_WEB_SEARCH);
	t->name = SLICE("web_search");
	t->raw = v;
	return true;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

#define AT(member) offsetof(struct prompt, member)

static const struct member members[] = {
	{ "messages", take_messages, 0 },
	{ "functions", take_tools, 0 }, { "tools", take_tools, 0 },
	{ "function_call", take_choice, 0 }, { "tool_choice", take_choice, 0 },
	{ "parallel_tool_calls", take_tri, AT(parallel) },
	{ "web_search_options", take_web_search, 0 },
	{ "max_tokens", take_int, AT(max_tok) }, { "max_completion_tokens", take_int, AT(max_tok) },
	{ "temperature", take_num, AT(temperature) }, { "top_p", take_num, AT(top_p) },
	{ "top_k", take_int, AT(top_k) }, { "min_p", take_num, AT(min_p) },
	{ "frequency_penalty", take_num, AT(frequency_penalty) },
	{ "presence_penalty", take_num, AT(presence_penalty) },
	{ "seed", take_int, AT(seed) }, { "n", take_int, AT(n) },
	{ "logprobs", take_logprobs, AT(logprobs) }, { "top_logprobs", take_int, AT(top_logprobs) },
	{ "logit_bias", take_obj, AT(logit_bias) },
	{ "stop", take_stop, 0 },
	{ "response_format", take_format, 0 },
	{ "reasoning_effort", take_effort, 0 }, { "reasoning", take_reasoning, 0 },
	{ "thinking_budget", take_int, AT(thinking_tok) }, { "thinking", take_thinking, 0 },
	{ "enable_thinking", take_enable_thinking, 0 },
	{ "include_reasoning", take_tri, AT(show_thinking) },
	{ "user", take_str, AT(user) }, { "safety_identifier", take_str, AT(user) },
	{ "service_tier", take_str, AT(tier) }, { "verbosity", take_str, AT(verbosity) },
	{ "prompt_cache_key", take_str, AT(cache_key) },
	{ "store", take_tri, AT(store) }, { "metadata", take_obj, AT(metadata) },
	{ "prediction", take_obj, AT(prediction) },
	{ "modalities", take_modalities, 0 }, { "audio", take_obj, AT(audio) },
	{ "cache_control", take_cache, 0 },
	{ "model", NULL, 0 }, { "stream", NULL, 0 }, { "stream_options", NULL, 0 }, { "models", NULL, 0 },
	{ "route", NULL, 0 }, { "fallbacks", NULL, 0 }, { "disable_fallbacks", NULL, 0 },
	{ "timeout", NULL, 0 }, { "num_retries", NULL, 0 }, { "provider_options", NULL, 0 },
};

/* Of duplicates the last counts, as in parse(). */
static void find_members(struct openai_field *f, yyjson_val *root, yyjson_val **found)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(root);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&it)) != NULL) {
		yyjson_val *v = yyjson_obj_iter_get_val(key);
		size_t i = 0;
		while (i < COUNT_OF(members) && !yyjson_equals_str(key, members[i].name))
			i++;
		if (i < COUNT_OF(members))
			found[i] = yyjson_is_null(v) ? NULL : v;
		else if (!yyjson_is_null(v))
			prompt_add_extra(f->prompt, json_val_str(key), v);
	}
}

enum err openai_read(struct arena *a, const struct request *r, struct prompt *out, struct fault *out_fault)
{
	struct openai_field f = { .arena = a, .fault = out_fault, .prompt = out };
	yyjson_val *found[COUNT_OF(members)] = { NULL };

	find_members(&f, yyjson_doc_get_root(r->doc), found);
	for (size_t i = 0; i < COUNT_OF(members); i++)
		if (found[i] && members[i].take && !members[i].take(&f, found[i], &members[i]))
			return out_fault->err;
	prompt_tidy(out);
	if (a->limit && a->used > a->limit) {
		out_fault->err = ERR_TOO_BIG;
		return ERR_TOO_BIG;
	}
	return ERR_OK;
}

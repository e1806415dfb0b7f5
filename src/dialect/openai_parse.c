/* One walk over the top level collects the members that weir reads, then one step for each checks and
 * keeps it.  Of duplicate members the last counts, as in Python, JavaScript and Go, so that weir and the
 * provider understand the same. */
#include "dialect/openai_parse.h"

#include "dialect/dialect.h"

enum {
	MODEL_BYTES = 256,	/* the longest real names (accounts/.../models/...) are about 100 */
	CHOICES_MAX = 128,	/* OpenAI's limit of n (protocols.md 1.1) */
	SAMPLE = 256,		/* bytes of a text that stand for all of it: few change their script */
};
/* A day: longer than any answer takes, short enough for every sum of times. */
#define TIMEOUT_MAX_S 86400.0

enum member { MODEL, MESSAGES, STREAM, STREAM_OPTIONS, N, MODELS, FALLBACKS, DISABLE_FALLBACKS, TIMEOUT,
	TOOLS, FUNCTIONS, MEMBERS };

static const char *const member_names[MEMBERS] = { "model", "messages", "stream", "stream_options", "n",
	"models", "fallbacks", "disable_fallbacks", "timeout", "tools", "functions" };

struct reading {
	struct arena *arena;
	struct request *r;
	struct fault *fault;
	yyjson_val *members[MEMBERS + 1];
};

static bool refuse(struct reading *p, struct slice param, const char *what)
{
	*p->fault = fault_make(p->arena, ERR_BAD_FIELD, "`%.*s` %s", SLICE_ARG(param), what);
	p->fault->param = param;
	return false;
}

static bool refuse_member(struct reading *p, enum member m, const char *what)
{
	return refuse(p, slice_str(member_names[m]), what);
}

/* Absent and null are the same to weir; the provider gets what the client wrote. */
static yyjson_val *given(const struct reading *p, enum member m)
{
	return yyjson_is_null(p->members[m]) ? NULL : p->members[m];
}

static bool read_name(struct reading *p, yyjson_val *v, struct slice param, struct slice *out)
{
	if (!yyjson_is_str(v) || yyjson_get_len(v) == 0)
		return refuse(p, param, "must be the name of a model");
	if (yyjson_get_len(v) > MODEL_BYTES)
		return refuse(p, param, "is longer than 256 bytes");
	*out = json_val_str(v);
	return true;
}

/* --- models and fallbacks
 * -------------------------------------------------------------------------------- */

static bool is_listed(const struct request *r, struct slice name)
{
	for (size_t i = 0; i < r->n_fallbacks; i++)
		if (slice_eq(r->fallbacks[i], name))
			return true;
	return slice_eq(r->model, name);
}

/* A name that is there already adds no chance of an answer. */
static bool add_fallback(struct reading *p, struct slice name, struct slice param)
{
	struct request *r = p->r;

	if (is_listed(r, name))
		return true;
	if (r->n_fallbacks == OPENAI_PARSE_FALLBACKS)
		return refuse(p, param, "makes more than 16 fallback models");
	if (r->fallbacks == NULL)
		r->fallbacks = ARENA_ARRAY(p->arena, struct slice, OPENAI_PARSE_FALLBACKS);
	r->fallbacks[r->n_fallbacks++] = name;
	return true;
}

static bool read_list(struct reading *p, enum member m)
{
	yyjson_val *list = given(p, m), *v;
	size_t i, n;

	if (list && !yyjson_is_arr(list))
		return refuse_member(p, m, "must be a list of models");
	yyjson_arr_foreach(list, i, n, v) {
		struct slice name, param = arena_printf(p->arena, "%s[%zu]", member_names[m], i);
		/* LiteLLM also takes objects; its other members would change the request and are not
		 * supported. */
		if (m == FALLBACKS && yyjson_is_obj(v))
			v = yyjson_obj_get(v, "model");
		if (!read_name(p, v, param, &name) || !add_fallback(p, name, slice_str(member_names[m])))
			return false;
	}
	return true;
}

/* OpenRouter: without `model` the first of `models` is it. */
static bool read_model(struct reading *p)
{
	yyjson_val *model = given(p, MODEL), *models = given(p, MODELS);

	if (models && !yyjson_is_arr(models))
		return refuse_member(p, MODELS, "must be a list of models");
	if (model == NULL && yyjson_arr_size(models))
		return read_name(p, yyjson_arr_get_first(models), SLICE("models[0]"), &p->r->model);
	if (model == NULL)
		return refuse_member(p, MODEL, "is missing: name the model that shall answer");
	return read_name(p, model, SLICE("model"), &p->r->model);
}

static bool read_fallbacks(struct reading *p)
{
	yyjson_val *off = given(p, DISABLE_FALLBACKS);

	if (off && !yyjson_is_bool(off))
		return refuse_member(p, DISABLE_FALLBACKS, "must be true or false");
	p->r->no_fallbacks = yyjson_is_true(off);
	return read_list(p, MODELS) && read_list(p, FALLBACKS);
}

/* --- the rest
 * -------------------------------------------------------------------------------------------- */

static bool read_messages(struct reading *p)
{
	yyjson_val *messages = given(p, MESSAGES), *v;
	size_t i, n;

	if (messages == NULL)
		return refuse_member(p, MESSAGES, "is missing: send a list with at least one message");
	if (!yyjson_is_arr(messages) || yyjson_arr_size(messages) == 0)
		return refuse_member(p, MESSAGES, "must be a list with at least one message");
	yyjson_arr_foreach(messages, i, n, v)
		if (!yyjson_is_obj(v))
			return refuse(p, arena_printf(p->arena, "messages[%zu]", i), "must be an object");
	return true;
}

static bool read_stream(struct reading *p)
{
	yyjson_val *stream = given(p, STREAM), *options = given(p, STREAM_OPTIONS);

	if (stream && !yyjson_is_bool(stream))
		return refuse_member(p, STREAM, "must be true or false");
	if (options && !yyjson_is_obj(options))
		return refuse_member(p, STREAM_OPTIONS, "must be an object");
	p->r->stream = yyjson_is_true(stream);
	p->r->wants_usage = json_bool(options, "include_usage", false);
	return true;
}

static bool read_n(struct reading *p)
{
	yyjson_val *n = given(p, N);
	double value = n ? yyjson_get_num(n) : 1;

	bool is_good = yyjson_is_num(n) && value >= 1 && value <= CHOICES_MAX
		&& value == (double)(uint32_t)value;
	if (n && !is_good)
		return refuse_member(p, N, "must be a whole number from 1 to 128");
	p->r->choices = (uint32_t)value;
	return true;
}

static bool read_timeout(struct reading *p)
{
	yyjson_val *timeout = given(p, TIMEOUT);
	double s = yyjson_get_num(timeout);

	if (timeout == NULL)
		return true;
	if (!yyjson_is_num(timeout) || !(s > 0))
		return refuse_member(p, TIMEOUT, "must be a number of seconds above 0");
	p->r->timeout_ms = (uint64_t)(MIN_OF(s, TIMEOUT_MAX_S) * 1000);
	if (p->r->timeout_ms == 0)
		p->r->timeout_ms = 1;
	return true;
}

static bool read_tools(struct reading *p)
{
	p->r->has_tools = yyjson_arr_size(given(p, TOOLS)) || yyjson_arr_size(given(p, FUNCTIONS));
	return true;
}

static uint64_t estimate_text(struct slice text)
{
	if (text.n <= SAMPLE)
		return text.n ? request_estimate_tok(text) : 0;
	return request_estimate_tok(slice_of(text.p, SAMPLE)) * text.n / SAMPLE;
}

static uint64_t estimate_content(yyjson_val *content)
{
	uint64_t tok = estimate_text(json_val_str(content));
	size_t i, n;
	yyjson_val *part;

	yyjson_arr_foreach(content, i, n, part)
		tok += estimate_text(json_str(part, "text"));
	return tok;
}

static bool estimate_prompt(struct reading *p)
{
	size_t i, n;
	yyjson_val *message;

	yyjson_arr_foreach(p->members[MESSAGES], i, n, message)
		p->r->prompt_tok += estimate_content(yyjson_obj_get(message, "content"));
	return true;
}

/* --- the whole
 * ------------------------------------------------------------------------------------------- */

static bool (*const steps[])(struct reading *) = { read_model, read_messages, read_stream, read_n,
	read_fallbacks, read_timeout, read_tools, estimate_prompt };

static void collect_members(struct reading *p, yyjson_val *root)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(root);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&it)) != NULL) {
		size_t m = 0;
		while (m < MEMBERS && !yyjson_equals_str(key, member_names[m]))
			m++;
		p->members[m] = yyjson_obj_iter_get_val(key);
	}
}

static enum err refuse_json(struct arena *a, enum err e, struct slice body, const struct json_place *at,
	struct fault *out)
{
	if (e == ERR_TOO_BIG)
		e = ERR_BODY_TOO_BIG;
	if (slice_trim(body).n == 0)
		*out = fault_make(a, e, "the body is empty: send a JSON object with `model` and `messages`");
	else if (e == ERR_BAD_JSON && at->line)
		*out = fault_make(a, e, "%s: line %zu, column %zu: %s", err_text(e), at->line, at->column,
			at->what ? at->what : "");
	else
		*out = (struct fault){ .err = e };
	return e;
}

enum err openai_parse(struct arena *a, struct slice body, struct request *out, struct fault *out_fault)
{
	struct reading p = { .arena = a, .r = out, .fault = out_fault };
	struct json_place at = { 0 };

	*out = (struct request){ .op = REQUEST_CHAT, .dialect = &openai_chat, .body = body, .choices = 1 };
	enum err e = json_parse(a, body, &out->doc, &at);
	if (e != ERR_OK)
		return refuse_json(a, e, body, &at, out_fault);
	yyjson_val *root = yyjson_doc_get_root(out->doc);
	if (!yyjson_is_obj(root)) {
		*out_fault = fault_make(a, ERR_BAD_FIELD,
			"the body must be a JSON object with `model` and `messages`");
		return ERR_BAD_FIELD;
	}
	collect_members(&p, root);
	for (size_t i = 0; i < COUNT_OF(steps); i++)
		if (!steps[i](&p))
			return out_fault->err;
	return ERR_OK;
}

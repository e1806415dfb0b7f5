#include "dialect/body.h"

enum {
	MODEL_BYTES = 256,	/* the longest real names (accounts/.../models/...) are about 100 */
	SAMPLE = 256,		/* bytes of a text that stand for all of it: few change their script */
};
/* A day: longer than any answer takes, short enough for every sum of times. */
#define TIMEOUT_MAX_S 86400.0

static const char *const member_names[BODY_MEMBERS] = { "model", "stream", "models", "fallbacks", "disable_fallbacks",
	"timeout", "provider_options" };

bool body_refuse(struct body *b, struct slice param, const char *what)
{
	*b->fault = fault_make(b->arena, ERR_BAD_FIELD, "`%.*s` %s", SLICE_ARG(param), what);
	b->fault->param = param;
	return false;
}

bool body_refuse_str(struct body *b, const char *param, const char *what)
{
	return body_refuse(b, slice_str(param), what);
}

static bool refuse_member(struct body *b, enum body_member m, const char *what)
{
	return body_refuse_str(b, member_names[m], what);
}

static bool read_name(struct body *b, yyjson_val *v, struct slice param, struct slice *out)
{
	if (!yyjson_is_str(v) || yyjson_get_len(v) == 0)
		return body_refuse(b, param, "must be the name of a model");
	if (yyjson_get_len(v) > MODEL_BYTES)
		return body_refuse(b, param, "is longer than 256 bytes");
	*out = json_val_str(v);
	return true;
}

/* --- models and fallbacks ------------------------------------------------------------------------------- */

static bool is_listed(const struct request *r, struct slice name)
{
	for (size_t i = 0; i < r->n_fallbacks; i++)
		if (slice_eq(r->fallbacks[i], name))
			return true;
	return slice_eq(r->model, name);
}

/* A name that is there already adds no chance of an answer. */
static bool add_fallback(struct body *b, struct slice name, struct slice param)
{
	struct request *r = b->r;

	if (is_listed(r, name))
		return true;
	if (r->n_fallbacks == BODY_FALLBACKS)
		return body_refuse(b, param, "makes more than 16 fallback models");
	if (r->fallbacks == NULL)
		r->fallbacks = ARENA_ARRAY(b->arena, struct slice, BODY_FALLBACKS);
	r->fallbacks[r->n_fallbacks++] = name;
	return true;
}

static bool read_list(struct body *b, enum body_member m)
{
	yyjson_val *list = b->members[m], *v;
	size_t i, n;

	if (list && !yyjson_is_arr(list))
		return refuse_member(b, m, "must be a list of models");
	yyjson_arr_foreach(list, i, n, v) {
		struct slice name, param = arena_printf(b->arena, "%s[%zu]", member_names[m], i);
		/* LiteLLM also takes objects; its other members would change the request and are not
		 * supported. */
		if (m == BODY_FALLBACK_LIST && yyjson_is_obj(v))
			v = yyjson_obj_get(v, "model");
		if (!read_name(b, v, param, &name) || !add_fallback(b, name, slice_str(member_names[m])))
			return false;
	}
	return true;
}

/* OpenRouter: without `model` the first of `models` is it. */
bool body_read_model(struct body *b)
{
	yyjson_val *model = b->members[BODY_MODEL], *models = b->members[BODY_MODELS];

	if (b->r->door.model.n) {
		b->r->model = b->r->door.model;
		return b->r->model.n <= MODEL_BYTES || refuse_member(b, BODY_MODEL, "is longer than 256 bytes");
	}
	if (models && !yyjson_is_arr(models))
		return refuse_member(b, BODY_MODELS, "must be a list of models");
	if (model == NULL && yyjson_arr_size(models))
		return read_name(b, yyjson_arr_get_first(models), SLICE("models[0]"), &b->r->model);
	if (model == NULL)
		return refuse_member(b, BODY_MODEL, "is missing: name the model that shall answer");
	return read_name(b, model, SLICE("model"), &b->r->model);
}

static bool read_fallbacks(struct body *b)
{
	yyjson_val *off = b->members[BODY_NO_FALLBACKS];

	if (off && !yyjson_is_bool(off))
		return refuse_member(b, BODY_NO_FALLBACKS, "must be true or false");
	b->r->no_fallbacks = yyjson_is_true(off);
	return read_list(b, BODY_MODELS) && read_list(b, BODY_FALLBACK_LIST);
}

/* --- stream, time, options ------------------------------------------------------------------------------ */

bool body_read_stream(struct body *b)
{
	yyjson_val *stream = b->members[BODY_STREAM];

	if (stream && !yyjson_is_bool(stream))
		return refuse_member(b, BODY_STREAM, "must be true or false");
	b->r->stream = yyjson_is_true(stream) || b->r->door.stream;
	return true;
}

static bool read_timeout(struct body *b)
{
	yyjson_val *timeout = b->members[BODY_TIMEOUT];
	double s = yyjson_get_num(timeout);

	if (timeout == NULL)
		return true;
	if (!yyjson_is_num(timeout) || !(s > 0))
		return refuse_member(b, BODY_TIMEOUT, "must be a number of seconds above 0");
	b->r->timeout_ms = (uint64_t)(MIN_OF(s, TIMEOUT_MAX_S) * 1000);
	if (b->r->timeout_ms == 0)
		b->r->timeout_ms = 1;
	return true;
}

static bool read_provider_options(struct body *b)
{
	yyjson_val *options = b->members[BODY_PROVIDER_OPTIONS], *key, *v;
	size_t i, n;

	if (options == NULL)
		return true;
	if (!yyjson_is_obj(options))
		return refuse_member(b, BODY_PROVIDER_OPTIONS, "must be an object of objects, by provider");
	yyjson_obj_foreach(options, i, n, key, v) {
		if (!yyjson_is_obj(v))
			return refuse_member(b, BODY_PROVIDER_OPTIONS, "must be an object of objects, by provider");
		/* Who answers, and in which form, is routing's to say. */
		if (yyjson_obj_get(v, "model") || yyjson_obj_get(v, "stream"))
			return refuse_member(b, BODY_PROVIDER_OPTIONS, "must not name `model` or `stream`");
	}
	b->r->has_options = yyjson_obj_size(options) > 0;
	return true;
}

bool body_read_options(struct body *b)
{
	return read_fallbacks(b) && read_timeout(b) && read_provider_options(b);
}

/* --- estimates ------------------------------------------------------------------------------------------ */

uint64_t body_estimate(struct slice text)
{
	if (text.n <= SAMPLE)
		return text.n ? request_estimate_tok(text) : 0;
	return request_estimate_tok(slice_of(text.p, SAMPLE)) * text.n / SAMPLE;
}

/* The values of a document lie one after the other: no recursion is needed to see them all. */
uint64_t body_estimate_value(yyjson_val *v)
{
	uint64_t tok = 0;

	if (yyjson_is_str(v))
		return body_estimate(json_val_str(v));
	for (yyjson_val *end = v ? unsafe_yyjson_get_next(v) : NULL; v < end; v++)
		if (yyjson_is_str(v))
			tok += body_estimate(json_val_str(v));
	return tok;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static void collect(struct body *b, yyjson_val *root, const char *const *names, size_t n)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(root);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&it)) != NULL) {
		yyjson_val *v = yyjson_obj_iter_get_val(key);
		size_t m = 0, own = 0;
		/* Absent and null are the same to weir; the provider gets what the client wrote. */
		if (yyjson_is_null(v))
			v = NULL;
		while (m < BODY_MEMBERS && !yyjson_equals_str(key, member_names[m]))
			m++;
		if (m < BODY_MEMBERS)
			b->members[m] = v;
		while (own < n && !yyjson_equals_str(key, names[own]))
			own++;
		if (own < n)
			b->own[own] = v;
	}
}

static bool refuse_json(struct body *b, enum err e, struct slice text, const struct json_place *at, const char *wants)
{
	if (e == ERR_TOO_BIG)
		e = ERR_BODY_TOO_BIG;
	if (slice_trim(text).n == 0)
		*b->fault = fault_make(b->arena, e, "the body is empty: send a JSON object with %s", wants);
	else if (e == ERR_BAD_JSON && at->line)
		*b->fault = fault_make(b->arena, e, "%s: line %zu, column %zu: %s", err_text(e), at->line, at->column,
			at->what ? at->what : "");
	else
		*b->fault = (struct fault){ .err = e };
	return false;
}

bool body_open(struct body *b, struct arena *a, struct slice text, const char *wants, const char *const *names,
	size_t n,
	struct request *out, struct fault *out_fault)
{
	struct json_place at = { 0 };

	must(n <= BODY_OWN);
	*b = (struct body){ .arena = a, .r = out, .fault = out_fault };
	out->body = text;
	out->choices = 1;
	enum err e = json_parse(a, text, &out->doc, &at);
	if (e != ERR_OK)
		return refuse_json(b, e, text, &at, wants);
	yyjson_val *root = yyjson_doc_get_root(out->doc);
	if (!yyjson_is_obj(root)) {
		*out_fault = fault_make(a, ERR_BAD_FIELD, "the body must be a JSON object with %s", wants);
		return false;
	}
	collect(b, root, names, n);
	return true;
}

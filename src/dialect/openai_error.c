/* Error objects in all the shapes that servers of this dialect use (protocols.md 1.6, 6.2).  The words
 * that decide are rows in openai_faults.def.  A provider's text reaches the client only when the client
 * can do something about it, and never from a 401 or 403: those talk about the gateway's own key. */
#include "dialect/openai_error.h"

#include "base/utf8.h"
#include "dialect/retry_info.h"
#include "dialect/scrub.h"

enum {
	TEXT_SEARCHED = 2048,	/* bytes of a message compared with the table; real ones are below 1 KiB */
	BODY_PARSED = 65536,	/* a larger one echoes the prompt (FastAPI's 422): its status says enough */
	CODE_SHOWN = 64,	/* longest `code` of protocols.md is half of this */
	PARAM_SHOWN = 128,
};

/* What an error says of itself.  Slices in the document. */
struct said {
	struct slice message, code, type, param;
	struct slice inner_code;	/* Azure's innererror */
	struct slice quoted;		/* OpenRouter's metadata.raw: the upstream's own error */
	uint64_t retry_after_ms;	/* Google's, inside the error */
	int status;			/* a numeric code that is an HTTP status; 0: none */
};

enum where { CODE, TEXT };
enum statuses { ANY, REFUSAL, INSIDE };

static const struct {
	enum where where;
	const char *word;
	enum statuses statuses;
	enum err err;
} says[] = {
#define SAYS(where, word, statuses, err) { where, word, statuses, ERR_##err },
#include "dialect/openai_faults.def"
#undef SAYS
};

static const struct {
	int status;
	enum err err;
} by_status[] = {
	{ 401, ERR_UP_KEY_DEAD }, { 402, ERR_UP_KEY_DEAD }, { 403, ERR_UP_KEY_DEAD },
	{ 404, ERR_UP_NO_MODEL },
	{ 408, ERR_UP_TIMEOUT_STATUS },
	{ 409, ERR_UP_FAILED },		/* SDKs retry it (protocols.md 9.1) */
	{ 413, ERR_UP_TOO_LARGE }, { 422, ERR_UP_UNPROCESSABLE },
	{ 425, ERR_UP_FAILED },		/* "too early": to be sent again (RFC 8470) */
	{ 429, ERR_UP_THROTTLED },
	{ 446, ERR_UP_POLICY },		/* Portkey's guardrails */
	{ 498, ERR_UP_OVERLOADED },	/* Groq's flex capacity */
	{ 503, ERR_UP_OVERLOADED }, { 529, ERR_UP_OVERLOADED },
	{ 504, ERR_UP_TIMEOUT_STATUS }, { 524, ERR_UP_TIMEOUT_STATUS },
};

static enum err err_of_status(int status)
{
	for (size_t i = 0; i < COUNT_OF(by_status); i++)
		if (by_status[i].status == status)
			return by_status[i].err;
	return status >= 500 ? ERR_UP_FAILED : status >= 400 ? ERR_UP_BAD_REQUEST
		: status >= 300 ? ERR_UP_REDIRECT : ERR_UP_ERROR_EVENT;
}

static bool contains_ci(struct slice text, struct slice word)
{
	for (size_t i = 0; i + word.n <= text.n; i++) {
		bool may_be = ((text.p[i] ^ word.p[0]) & ~0x20) == 0;	/* the letters agree, or nearly */
		if (may_be && slice_case_eq(slice_of(text.p + i, word.n), word))
			return true;
	}
	return false;
}

static struct slice searched(struct slice s)
{
	return slice_of(s.p, MIN_OF(s.n, (size_t)TEXT_SEARCHED));
}

static bool fits(enum where where, struct slice word, const struct said *s)
{
	if (where == TEXT)
		return contains_ci(searched(s->message), word) || contains_ci(searched(s->quoted), word);
	return slice_case_eq(s->code, word) || slice_case_eq(s->type, word)
		|| slice_case_eq(s->inner_code, word);
}

static bool counts_under(enum statuses statuses, int status)
{
	bool inside = status < 300;
	return statuses == ANY || inside || (statuses == REFUSAL && status >= 400 && status < 500);
}

/* `status` 0 or 2xx: the error came inside a good answer. */
static enum err classify(const struct said *s, int status)
{
	if (status == 401 || status == 402)
		return ERR_UP_KEY_DEAD;
	if (status >= 300 && status < 400)
		return ERR_UP_REDIRECT;
	for (size_t i = 0; i < COUNT_OF(says); i++)
		if (counts_under(says[i].statuses, status) && says[i].statuses != INSIDE
				&& fits(says[i].where, slice_str(says[i].word), s))
			return says[i].err;
	if (status >= 300)
		return err_of_status(status);
	if (s->status)
		return err_of_status(s->status);
	for (size_t i = 0; i < COUNT_OF(says); i++)
		if (says[i].statuses == INSIDE && fits(says[i].where, slice_str(says[i].word), s))
			return says[i].err;
	return ERR_UP_ERROR_EVENT;
}

/* --- reading
 * --------------------------------------------------------------------------------------------- */

static struct slice first_str(yyjson_val *obj, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct slice s = json_str(obj, names[i]);
		if (s.n)
			return s;
	}
	return SLICE_EMPTY;
}

/* FastAPI: {"detail": [{"loc": ["body", "messages"], "msg": "...", "type": "..."}]}. */
static void read_detail(yyjson_val *detail, struct said *s)
{
	yyjson_val *first = yyjson_is_arr(detail) ? yyjson_arr_get_first(detail) : detail;
	if (yyjson_is_str(first))
		s->message = json_val_str(first);
	if (!yyjson_is_obj(first))
		return;
	s->message = json_str(first, "msg");
	s->type = json_str(first, "type");
	s->param = json_val_str(yyjson_arr_get_last(json_arr(first, "loc")));
}

static void read_code(yyjson_val *code, struct said *s)
{
	uint64_t n = 0;
	s->code = json_val_str(code);
	if (yyjson_is_uint(code))
		n = yyjson_get_uint(code);
	else
		slice_u64(s->code, &n);
	if (n >= 400 && n < 600) {
		s->status = (int)n;
		s->code = SLICE_EMPTY;
	}
}

static struct said read_object(yyjson_val *e)
{
	static const char *const messages[] = { "message", "msg", "error", "detail", "error_message" };
	static const char *const types[] = { "type", "status" };
	struct said s = { .message = first_str(e, messages, COUNT_OF(messages)),
		.type = first_str(e, types, COUNT_OF(types)), .param = json_str(e, "param") };

	read_code(yyjson_obj_get(e, "code"), &s);
	s.inner_code = json_str(json_obj(e, "innererror"), "code");
	s.quoted = json_str(json_obj(e, "metadata"), "raw");
	s.retry_after_ms = retry_info_find(json_arr(e, "details"));
	if (s.message.n)
		return s;
	yyjson_val *nested = json_obj(e, "message");	/* Mistral: {"message": {"detail": [...]}} */
	yyjson_val *detail = yyjson_obj_get(nested ? nested : e, "detail");
	if (detail)
		read_detail(detail, &s);
	return s;
}

static struct said read_error(yyjson_val *e)
{
	if (yyjson_is_obj(e))
		return read_object(e);
	return (struct said){ .message = json_val_str(e) };
}

/* What SDKs call truthy, but for an empty object, which says nothing. */
static bool is_report(yyjson_val *v)
{
	switch (yyjson_get_type(v)) {
	case YYJSON_TYPE_STR: return yyjson_get_len(v) > 0;
	case YYJSON_TYPE_OBJ: return yyjson_obj_size(v) > 0;
	case YYJSON_TYPE_ARR: return yyjson_arr_size(v) > 0;
	case YYJSON_TYPE_BOOL: return yyjson_get_bool(v);
	case YYJSON_TYPE_NUM: return yyjson_get_num(v) != 0;
	default: return false;
	}
}

/* {"object":"error","message":...} (vLLM, SGLang), {"type":"error",...}, {"message","type"} and {"detail"}
 * without choices. */
static bool is_flat(yyjson_val *root)
{
	if (slice_eq(json_str(root, "object"), SLICE("error")))
		return true;
	if (slice_eq(json_str(root, "type"), SLICE("error")))
		return true;
	if (yyjson_obj_get(root, "choices") || yyjson_obj_get(root, "usage"))
		return false;
	return json_str(root, "message").n || is_report(yyjson_obj_get(root, "detail"));
}

yyjson_val *openai_error_find(yyjson_val *root)
{
	if (yyjson_is_arr(root))		/* Google: [{"error": ...}] */
		root = yyjson_arr_get_first(root);
	yyjson_val *e = yyjson_obj_get(root, "error");
	if (!is_report(e))
		e = yyjson_obj_get(json_obj(root, "x_groq"), "error");
	if (yyjson_is_str(e))			/* xAI: the code stands beside {"code":"...","error":"..."} */
		return yyjson_get_len(e) ? root : NULL;
	if (is_report(e))
		return yyjson_is_arr(e) ? yyjson_arr_get_first(e) : e;
	return yyjson_is_obj(root) && is_flat(root) ? root : NULL;
}

/* --- faults
 * ---------------------------------------------------------------------------------------------- */

static struct slice shown(struct arena *a, struct slice s, size_t max)
{
	return s.n <= max ? scrub_text(a, s) : SLICE_EMPTY;
}

static struct fault make(struct arena *a, const struct said *s, int status)
{
	struct fault f = { .err = classify(s, status), .status = status, .retry_after_ms = s->retry_after_ms };
	int told = s->status && status < 300 ? s->status : status;

	if (err_row(f.err)->blame != ERR_BLAME_CLIENT || told == 401 || told == 403)
		return f;
	f.message = scrub_text(a, s->message);
	f.param = shown(a, s->param, PARAM_SHOWN);
	/* Where weir knows the meaning, clients get the one code they wait for instead of the provider's
	 * variant. */
	if (f.err == ERR_UP_BAD_REQUEST || f.err == ERR_UP_UNPROCESSABLE)
		f.code = shown(a, s->code, CODE_SHOWN);
	return f;
}

struct fault openai_error_read(struct arena *a, yyjson_val *error)
{
	struct said s = read_error(error);
	return make(a, &s, 0);
}

struct fault openai_error_fault(struct arena *a, int status, struct slice body)
{
	struct said s = { 0 };
	yyjson_doc *doc;

	body = slice_trim(body);
	if (body.n == 0 || scrub_is_markup(body))
		return make(a, &s, status);
	if (body.n <= BODY_PARSED && json_parse(a, body, &doc, NULL) == ERR_OK) {
		yyjson_val *root = yyjson_doc_get_root(doc), *e = openai_error_find(root);
		s = read_error(e ? e : root);
	} else if (body.p[0] != '{' && body.p[0] != '[') {
		s.message = body;	/* plain text, as proxies write it */
	} else {
		s.quoted = body;	/* broken or too large: searched, not shown */
	}
	return make(a, &s, status);
}

/* --- writing
 * --------------------------------------------------------------------------------------------- */

static void add_member(struct buf *out, const char *name, struct slice value)
{
	buf_addf(out, "\"%s\":\"", name);
	buf_add_json(out, utf8_cut(value, SCRUB_MAX_BYTES));
	buf_add_char(out, '"');
}

/* {"message":...,"type":...,"param":...,"code":...}: a few KiB at most. */
static void add_object(const struct fault *f, struct buf *out)
{
	const struct err_row *row = err_row(f->err);

	buf_add_char(out, '{');
	add_member(out, "message", fault_message(f));
	buf_add_char(out, ',');
	add_member(out, "type", slice_str(row->type[0] ? row->type : "server_error"));
	if (f->param.n) {
		buf_add_char(out, ',');
		add_member(out, "param", f->param);
		buf_add_char(out, ',');
	} else {
		buf_add(out, SLICE(",\"param\":null,"));
	}
	add_member(out, "code", f->code.n ? f->code : slice_str(row->code));
	buf_add_char(out, '}');
}

void openai_error_body(const struct fault *f, struct buf *out)
{
	buf_add(out, SLICE("{\"error\":"));
	add_object(f, out);
	buf_add_char(out, '}');
}

/* The one form that OpenAI's and Anthropic's SDKs both raise on (dependencies.md 4). */
void openai_error_event(const struct fault *f, struct buf *out)
{
	buf_add(out, SLICE("event: error\ndata: {\"type\":\"error\",\"error\":"));
	add_object(f, out);
	buf_add(out, SLICE("}\n\n"));
}

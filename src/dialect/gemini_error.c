/* The words that decide are rows in gemini_faults.def.  A provider's text reaches the client only when the client can
 * do something about it, and never from a 401 or 403: those talk about the gateway's own key. */
#include "dialect/gemini_error.h"

#include "base/utf8.h"
#include "codec/json_out.h"
#include "dialect/gemini_field.h"
#include "dialect/retry_info.h"
#include "dialect/scrub.h"

enum {
	TEXT_SEARCHED = 2048,	/* bytes of a message compared with the table; real ones are below 1 KiB */
	BODY_PARSED = 65536,	/* a larger one echoes the prompt: its status says enough */
	PARAM_SHOWN = 128,
	DETAILS_READ = 32,	/* Google sends three at most */
};

/* What an error says of itself.  Slices in the document. */
struct said {
	struct slice message, status, reason, param;
	uint64_t retry_after_ms;
	int code;		/* a numeric code that is an HTTP status; 0: none */
};

enum where { REASON, STATUS, TEXT };

static const struct {
	const char *word;
	enum where where;
	enum err err;
} says[] = {
#define SAYS(word, where, err) { word, where, ERR_##err },
#include "dialect/gemini_faults.def"
#undef SAYS
};

/* HTTP statuses and Google's canonical names (google.rpc.Code), both ways: `err` for a provider's status, `name` for
 * clients. */
static const struct {
	int status;
	enum err err;
	const char *name;
} statuses[] = {
	{ 400, ERR_UP_BAD_REQUEST, "INVALID_ARGUMENT" },
	{ 401, ERR_UP_KEY_DEAD, "UNAUTHENTICATED" },
	{ 402, ERR_UP_KEY_DEAD, "FAILED_PRECONDITION" },
	{ 403, ERR_UP_KEY_DEAD, "PERMISSION_DENIED" },
	{ 404, ERR_UP_NO_MODEL, "NOT_FOUND" },
	{ 408, ERR_UP_TIMEOUT_STATUS, "DEADLINE_EXCEEDED" },
	{ 409, ERR_UP_FAILED, "ABORTED" },
	{ 413, ERR_UP_TOO_LARGE, "INVALID_ARGUMENT" },
	{ 422, ERR_UP_UNPROCESSABLE, "INVALID_ARGUMENT" },
	{ 429, ERR_UP_THROTTLED, "RESOURCE_EXHAUSTED" },
	{ 499, ERR_UP_FAILED, "CANCELLED" },
	{ 501, ERR_UP_FAILED, "UNIMPLEMENTED" },
	{ 503, ERR_UP_OVERLOADED, "UNAVAILABLE" },
	{ 502, ERR_UP_FAILED, "UNAVAILABLE" },
	{ 504, ERR_UP_TIMEOUT_STATUS, "DEADLINE_EXCEEDED" },
};

static enum err err_of_status(int status)
{
	for (size_t i = 0; i < COUNT_OF(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].err;
	return status >= 500 ? ERR_UP_FAILED : status >= 400 ? ERR_UP_BAD_REQUEST
		: status >= 300 ? ERR_UP_REDIRECT : ERR_UP_ERROR_EVENT;
}

static const char *name_of_status(int status)
{
	for (size_t i = 0; i < COUNT_OF(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].name;
	return status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT";
}

/* --- reading -------------------------------------------------------------------------------------------- */

static bool contains_ci(struct slice text, struct slice word)
{
	for (size_t i = 0; i + word.n <= text.n; i++) {
		bool may_be = ((text.p[i] ^ word.p[0]) & ~0x20) == 0;	/* the letters agree, or nearly */
		if (may_be && slice_case_eq(slice_of(text.p + i, word.n), word))
			return true;
	}
	return false;
}

static bool fits(enum where where, struct slice word, const struct said *s)
{
	switch (where) {
	case REASON: return slice_case_eq(s->reason, word);
	case STATUS: return slice_case_eq(s->status, word);
	case TEXT: return contains_ci(slice_of(s->message.p, MIN_OF(s->message.n, (size_t)TEXT_SEARCHED)), word);
	}
	must_never("where");
}

/* `status` 0: the error came inside a good answer. */
static enum err classify(const struct said *s, int status)
{
	if (status == 401 || status == 402)
		return ERR_UP_KEY_DEAD;
	if (status >= 300 && status < 400)
		return ERR_UP_REDIRECT;
	for (size_t i = 0; i < COUNT_OF(says); i++)
		if (fits(says[i].where, slice_str(says[i].word), s))
			return says[i].err;
	return err_of_status(status >= 300 ? status : s->code);
}

static void read_detail(yyjson_val *detail, struct said *s)
{
	yyjson_val *violations = gemini_field(detail, "fieldViolations");
	size_t at = 0;

	if (s->reason.n == 0)
		s->reason = json_str(detail, "reason");
	if (s->retry_after_ms == 0)
		s->retry_after_ms = retry_info_ms(gemini_field_str(detail, "retryDelay"));
	if (s->param.n == 0)
		s->param = json_str(gemini_field_next(violations, &at), "field");
}

static struct said read_error(yyjson_val *e)
{
	struct said s = { .message = json_str(e, "message"), .status = json_str(e, "status") };
	yyjson_val *details = yyjson_obj_get(e, "details"), *detail;
	size_t at = 0;
	int64_t code = json_int(e, "code", 0);

	if (yyjson_is_str(e))
		s.message = json_val_str(e);
	if (code >= 400 && code < 600)
		s.code = (int)code;
	for (int n = 0; n < DETAILS_READ && (detail = gemini_field_next(details, &at)) != NULL; n++)
		read_detail(detail, &s);
	return s;
}

yyjson_val *gemini_error_find(yyjson_val *root)
{
	if (yyjson_is_arr(root))
		root = yyjson_arr_get_first(root);
	yyjson_val *e = yyjson_obj_get(root, "error");
	bool says_something = (yyjson_is_obj(e) && yyjson_obj_size(e)) || (yyjson_is_str(e) && yyjson_get_len(e));
	return says_something ? e : NULL;
}

static struct fault make(struct arena *a, const struct said *s, int status)
{
	struct fault f = { .err = classify(s, status), .status = status, .retry_after_ms = s->retry_after_ms };
	int told = status ? status : s->code;

	if (err_row(f.err)->blame != ERR_BLAME_CLIENT || told == 401 || told == 403)
		return f;
	f.message = scrub_text(a, s->message);
	if (s->param.n <= PARAM_SHOWN)
		f.param = scrub_text(a, s->param);
	return f;
}

struct fault gemini_error_read(struct arena *a, yyjson_val *error)
{
	struct said s = read_error(error);
	return make(a, &s, 0);
}

struct fault gemini_error_fault(struct arena *a, int status, struct slice body)
{
	struct said s = { .code = 0 };
	yyjson_doc *doc;

	body = slice_trim(body);
	if (body.n == 0 || scrub_is_markup(body))
		return make(a, &s, status);
	if (body.n <= BODY_PARSED && json_parse(a, body, &doc, NULL) == ERR_OK) {
		yyjson_val *root = yyjson_doc_get_root(doc), *e = gemini_error_find(root);
		s = read_error(e ? e : root);
	} else if (body.p[0] != '{' && body.p[0] != '[') {
		s.message = body;	/* plain text, as proxies write it */
	}
	return make(a, &s, status);
}

/* --- writing -------------------------------------------------------------------------------------------- */

static void put_detail(struct json_out *w, const char *type)
{
	json_out_obj(w);
	json_out_key(w, "@type");
	json_out_str_begin(w);
	json_out_str_add(w, SLICE("type.googleapis.com/google.rpc."));
	json_out_str_add(w, slice_str(type));
	json_out_str_end(w);
}

/* weir's own code, as Google gives its reasons: in capitals. */
static void put_reason(struct json_out *w, struct slice code)
{
	char text[64];

	slice_copy(code, text, sizeof(text));
	for (char *c = text; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c & ~0x20);
	put_detail(w, "ErrorInfo");
	json_out_key_str(w, "reason", slice_str(text));
	json_out_key_str(w, "domain", SLICE("weir"));
	json_out_obj_end(w);
}

static void put_violation(struct json_out *w, const struct fault *f)
{
	put_detail(w, "BadRequest");
	json_out_key(w, "fieldViolations");
	json_out_arr(w);
	json_out_obj(w);
	json_out_key_str(w, "field", utf8_cut(f->param, SCRUB_MAX_BYTES));
	json_out_key_str(w, "description", utf8_cut(fault_message(f), SCRUB_MAX_BYTES));
	json_out_obj_end(w);
	json_out_arr_end(w);
	json_out_obj_end(w);
}

static void put_retry(struct json_out *w, uint64_t ms)
{
	char text[32];
	int n = ms % 1000 ? snprintf(text, sizeof(text), "%llu.%03us", (unsigned long long)(ms / 1000),
			(unsigned)(ms % 1000))
		: snprintf(text, sizeof(text), "%llus", (unsigned long long)(ms / 1000));

	put_detail(w, "RetryInfo");
	json_out_key_str(w, "retryDelay", slice_of(text, (size_t)n));
	json_out_obj_end(w);
}

/* A few KiB at most. */
void gemini_error_body(const struct fault *f, struct buf *out)
{
	const struct err_row *row = err_row(f->err);
	struct json_out w = json_out_to(out);

	json_out_obj(&w);
	json_out_key(&w, "error");
	json_out_obj(&w);
	json_out_key_int(&w, "code", row->http);
	json_out_key_str(&w, "message", utf8_cut(fault_message(f), SCRUB_MAX_BYTES));
	json_out_key_str(&w, "status", slice_str(name_of_status(row->http)));
	json_out_key(&w, "details");
	json_out_arr(&w);
	put_reason(&w, f->code.n ? f->code : slice_str(row->code));
	if (f->param.n)
		put_violation(&w, f);
	if (f->retry_after_ms)
		put_retry(&w, f->retry_after_ms);
	json_out_arr_end(&w);
	json_out_obj_end(&w);
	json_out_obj_end(&w);
}

void gemini_error_event(const struct fault *f, struct buf *out)
{
	buf_add(out, SLICE("data: "));
	gemini_error_body(f, out);
	buf_add(out, SLICE("\n\n"));
}

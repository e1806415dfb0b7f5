/* The words that decide are rows in anthropic_faults.def.  A provider's text reaches the client only when the
 * client can do something about it, and never from a 401 or 403: those talk about the gateway's own key. */
#include "dialect/anthropic_error.h"

#include "base/utf8.h"
#include "dialect/scrub.h"

enum {
	TEXT_SEARCHED = 2048,	/* bytes of a message compared with the table; real ones are below 1 KiB */
	BODY_PARSED = 65536,	/* a larger one echoes the prompt: its status says enough */
};

/* What an error says of itself.  Slices in the document. */
struct said {
	struct slice message, type, code, details;
	struct slice unread;	/* a body that cannot be read: searched, not shown */
	int status;		/* a numeric code that is an HTTP status; 0: none */
};

enum where { TYPE, TEXT };
enum statuses { ANY, REFUSAL, INSIDE };

static const struct {
	const char *word;
	enum where where;
	enum statuses statuses;
	enum err err;
} says[] = {
#define SAYS(word, where, statuses, err) { word, where, statuses, ERR_##err },
#include "dialect/anthropic_faults.def"
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

/* --- which it is ---------------------------------------------------------------------------------------- */

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
		return contains_ci(searched(s->message), word) || contains_ci(searched(s->unread), word);
	return slice_case_eq(s->type, word) || slice_case_eq(s->code, word) || slice_case_eq(s->details, word);
}

static bool counts_under(enum statuses statuses, int status)
{
	switch (statuses) {
	case ANY: return true;
	case REFUSAL: return status < 300 || (status >= 400 && status < 500);
	case INSIDE: return status < 300;
	}
	must_never("statuses");
}

/* `status` 0 or 2xx: the error came inside a good answer. */
static enum err classify(const struct said *s, int status)
{
	if (status == 401 || status == 402)
		return ERR_UP_KEY_DEAD;
	if (status >= 300 && status < 400)
		return ERR_UP_REDIRECT;
	for (size_t i = 0; i < COUNT_OF(says); i++)
		if (counts_under(says[i].statuses, status) && fits(says[i].where, slice_str(says[i].word), s))
			return says[i].err;
	return err_of_status(status >= 300 ? status : s->status);
}

/* --- reading -------------------------------------------------------------------------------------------- */

static struct slice first_str(yyjson_val *obj, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct slice s = json_str(obj, names[i]);
		if (s.n)
			return s;
	}
	return SLICE_EMPTY;
}

static struct said read_error(yyjson_val *e)
{
	static const char *const messages[] = { "message", "msg", "error", "detail" };
	struct said s = { .message = json_val_str(e) };

	if (!yyjson_is_obj(e))
		return s;
	s.message = first_str(e, messages, COUNT_OF(messages));
	s.type = json_str(e, "type");
	s.code = json_str(e, "code");
	s.details = json_str(json_obj(e, "details"), "error_code");
	int64_t code = json_int(e, "code", 0);
	s.status = code >= 400 && code < 600 ? (int)code : 0;
	return s;
}

yyjson_val *anthropic_error_find(yyjson_val *root)
{
	yyjson_val *e = yyjson_obj_get(root, "error");

	if ((yyjson_is_obj(e) && yyjson_obj_size(e)) || (yyjson_is_str(e) && yyjson_get_len(e)))
		return e;
	return slice_eq(json_str(root, "type"), SLICE("error")) ? root : NULL;
}

static struct fault make(struct arena *a, const struct said *s, int status)
{
	struct fault f = { .err = classify(s, status), .status = status };
	int told = s->status && status < 300 ? s->status : status;

	if (err_row(f.err)->blame == ERR_BLAME_CLIENT && told != 401 && told != 403)
		f.message = scrub_text(a, s->message);
	return f;
}

struct fault anthropic_error_read(struct arena *a, yyjson_val *error)
{
	struct said s = read_error(error);
	return make(a, &s, 0);
}

/* Other servers' ways to say it are taken too: {"error":"..."}, {"detail":"..."}, {"message":"..."}, plain text. */
struct fault anthropic_error_fault(struct arena *a, int status, struct slice body)
{
	struct said s = { .status = 0 };
	yyjson_doc *doc;

	body = slice_trim(body);
	if (body.n == 0 || scrub_is_markup(body))
		return make(a, &s, status);
	if (body.n <= BODY_PARSED && json_parse(a, body, &doc, NULL) == ERR_OK) {
		yyjson_val *root = yyjson_doc_get_root(doc), *e = anthropic_error_find(root);
		s = read_error(e ? e : root);
	} else if (body.p[0] != '{' && body.p[0] != '[') {
		s.message = body;	/* as proxies write it */
	} else {
		s.unread = body;	/* broken or too large */
	}
	return make(a, &s, status);
}

/* --- writing -------------------------------------------------------------------------------------------- */

static const struct {
	int status;
	const char *type;
} types[] = {
	{ 401, "authentication_error" }, { 402, "billing_error" }, { 403, "permission_error" },
	{ 404, "not_found_error" }, { 408, "timeout_error" }, { 409, "conflict_error" },
	{ 413, "request_too_large" }, { 429, "rate_limit_error" },
	{ 504, "timeout_error" }, { 529, "overloaded_error" },
};

static const char *type_of(int status)
{
	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (types[i].status == status)
			return types[i].type;
	return status < 500 ? "invalid_request_error" : "api_error";
}

int anthropic_error_status(const struct fault *f)
{
	int status = err_row(f->err)->http;
	return status == 503 ? 529 : status;
}

/* A few KiB at most.  Clients know that a context is too small only by this text (protocols.md 4.6). */
void anthropic_error_body(const struct fault *f, struct buf *out)
{
	struct slice text = fault_message(f), mark = SLICE("prompt is too long");

	buf_addf(out, "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":\"",
		type_of(anthropic_error_status(f)));
	if (f->err == ERR_UP_CONTEXT && !contains_ci(text, mark)) {
		buf_add(out, mark);
		buf_add(out, SLICE(": "));
	}
	buf_add_json(out, utf8_cut(text, SCRUB_MAX_BYTES));
	if (f->request_id.n) {
		buf_add(out, SLICE("\"},\"request_id\":\""));
		buf_add_json(out, f->request_id);
		buf_add(out, SLICE("\"}"));
	} else {
		buf_add(out, SLICE("\"},\"request_id\":null}"));
	}
}

void anthropic_error_event(const struct fault *f, struct buf *out)
{
	buf_add(out, SLICE("event: error\ndata: "));
	anthropic_error_body(f, out);
	buf_add(out, SLICE("\n\n"));
}

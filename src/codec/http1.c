/* HTTP/1.1 reading.  Owns framing and its limits; knows nothing of sockets, exchanges, or what a field means beyond
 * framing.
 *
 *   HEAD --> BODY --> TRAILER --> ENDED --http1_next--> HEAD
 *     ^  1xx  |         (only after chunks)
 *     +-------+
 *
 * llhttp finds the tokens, this file decides.  At the end of a head it pauses llhttp, so the exact place is known,
 * and then checks that request line and fields tile the head's raw bytes without a gap: the versions, protocols and
 * line ends that llhttp also takes (HTTP/0.9, RTSP, spaces before the target) do not pass.
 *
 * While a head is read, fields[i].name.n and .value.n hold where the name of field i starts and ends; place_fields()
 * turns them into slices.  A head that comes in one feed is never copied. */
#include "codec/http1.h"

#include <stdlib.h>

enum stage { STAGE_HEAD, STAGE_BODY, STAGE_TRAILER, STAGE_ENDED };
/* Why a callback paused llhttp. */
enum stop { STOP_NONE, STOP_HEAD, STOP_BIG_CHUNK, STOP_LAST_CHUNK, STOP_MESSAGE };

/* Most bytes between two pieces of a chunked body: line end, size and extensions.  A size line has about 10; Node
 * allows 16 KiB since CVE-2024-22019 (endless extensions), nobody uses them. */
#define CHUNK_LINE_MAX 4096u
/* Most ordinary heads have fewer. */
#define FIRST_FIELDS 32u

static const struct {
	uint8_t theirs;
	enum http1_method ours;
} methods[] = {
	{ HTTP_GET, HTTP1_GET }, { HTTP_HEAD, HTTP1_HEAD }, { HTTP_POST, HTTP1_POST }, { HTTP_PUT, HTTP1_PUT },
	{ HTTP_DELETE, HTTP1_DELETE }, { HTTP_OPTIONS, HTTP1_OPTIONS }, { HTTP_PATCH, HTTP1_PATCH },
};

/* --- what llhttp calls -------------------------------------------------------------------------------------------
 * */

static int fail(struct http1 *h, enum err e)
{
	if (h->failed == ERR_OK)
		h->failed = e;
	return HPE_USER;
}

static int stop(struct http1 *h, enum stop why)
{
	h->stop = (uint8_t)why;
	return HPE_PAUSED;
}

/* Place in the head of a byte that is being fed. */
static uint32_t place(const struct http1 *h, const char *at)
{
	return (uint32_t)(buf_len(&h->head) + (size_t)(at - h->base));
}

static int on_begin(llhttp_t *p)
{
	struct http1 *h = p->data;
	h->in_message = true;
	return 0;
}

static int on_url(llhttp_t *p, const char *at, size_t n)
{
	struct http1 *h = p->data;
	if (h->target_end == 0)
		h->target_start = place(h, at);
	h->target_end = place(h, at) + (uint32_t)n;
	return 0;
}

static void more_fields(struct http1 *h)
{
	/* One more than the limit, so that the name that passes it can be told from a malformed one. */
	uint32_t cap = h->cap_fields ? h->cap_fields * 2 : FIRST_FIELDS;
	h->cap_fields = MIN_OF(cap, (uint32_t)h->limits.fields + 1);
	h->fields = realloc(h->fields, h->cap_fields * sizeof(*h->fields));
	must(h->fields != NULL);
}

static int on_name(llhttp_t *p, const char *at, size_t n)
{
	struct http1 *h = p->data;
	if (h->stage != STAGE_HEAD)
		return 0;
	if (h->n_fields == h->cap_fields)
		more_fields(h);
	struct http1_field *f = &h->fields[h->n_fields];
	uint32_t start = place(h, at);
	/* A second piece of one name starts where the first ended; the next name never does. */
	if (h->in_name)
		f->value.n = start + n;
	else
		*f = (struct http1_field){ { NULL, start }, { NULL, start + n } };
	h->in_name = true;
	return 0;
}

static int on_name_end(llhttp_t *p)
{
	struct http1 *h = p->data;
	h->in_name = false;
	if (h->n_fields == h->limits.fields)
		return fail(h, ERR_HEAD_TOO_BIG);
	h->n_fields++;
	return 0;
}

static int on_head_end(llhttp_t *p)
{
	/* weir never upgrades: what follows `Connection: upgrade` is framed as if it were not there. */
	p->upgrade = 0;
	return stop(p->data, STOP_HEAD);
}

static int on_chunk(llhttp_t *p)
{
	struct http1 *h = p->data;
	uint64_t limit = h->limits.body_bytes;
	if (p->content_length == 0)
		return stop(h, STOP_LAST_CHUNK);
	if (limit && p->content_length > limit - h->body_n)
		return stop(h, STOP_BIG_CHUNK);
	return 0;
}

static int on_body(llhttp_t *p, const char *at, size_t n)
{
	struct http1 *h = p->data;
	uint64_t from = h->fed + (uint64_t)(at - h->base);
	uint64_t room = h->limits.body_bytes ? h->limits.body_bytes - h->body_n : UINT64_MAX;
	if (from - h->body_end > CHUNK_LINE_MAX)
		return fail(h, ERR_BAD_HTTP);
	h->body_end = from + n;
	size_t fits = n < room ? n : (size_t)room;
	h->body_n += fits;
	enum err e = fits ? h->events->on_body(h->arg, slice_of(at, fits)) : ERR_OK;
	if (e != ERR_OK)
		return fail(h, e);
	return fits < n ? fail(h, ERR_BODY_TOO_BIG) : 0;
}

static int on_message_end(llhttp_t *p)
{
	return stop(p->data, STOP_MESSAGE);
}

static const llhttp_settings_t settings = {
	.on_message_begin = on_begin,
	.on_url = on_url,
	.on_header_field = on_name,
	.on_header_field_complete = on_name_end,
	.on_headers_complete = on_head_end,
	.on_chunk_header = on_chunk,
	.on_body = on_body,
	.on_message_complete = on_message_end,
};

/* --- the head ----------------------------------------------------------------------------------------------------
 * */

static bool has_at(struct slice raw, size_t at, struct slice want)
{
	return at <= raw.n && slice_starts(slice_of(raw.p + at, raw.n - at), want);
}

/* Turns the noted places into slices.  False when a byte of the head belongs to nothing. */
static bool place_fields(struct http1 *h, struct slice raw, size_t line_end)
{
	size_t at = line_end;
	for (uint32_t i = 0; i < h->n_fields; i++) {
		struct http1_field *f = &h->fields[i];
		size_t start = f->name.n, colon = f->value.n;
		size_t next = i + 1 < h->n_fields ? h->fields[i + 1].name.n : raw.n - 2;
		if (start != at || colon <= start || next < colon + 3 || raw.p[colon] != ':' || !has_at(raw,
			next - 2, SLICE("\r\n")))
			return false;
		f->name = slice_of(raw.p + start, colon - start);
		f->value = slice_trim(slice_of(raw.p + colon + 1, next - 2 - colon - 1));
		at = next;
	}
	return at + 2 == raw.n && has_at(raw, at, SLICE("\r\n"));
}

/* Cuts "http://host/path" to "/path"; the authority is dropped as the Host field is (RFC 9112 3.2.2). */
static bool cut_absolute(struct slice *target)
{
	struct slice t = *target;
	size_t scheme = t.n >= 7 && slice_case_eq(slice_of(t.p, 7), SLICE("http://")) ? 7
		: t.n >= 8 && slice_case_eq(slice_of(t.p, 8), SLICE("https://")) ? 8 : 0;
	if (scheme == 0)
		return false;
	size_t n = 0;
	for (t = slice_skip(t, scheme); n < t.n && t.p[n] != '/'; n++)
		if (t.p[n] == '@' || t.p[n] == '?')
			return false;
	*target = n < t.n ? slice_of(t.p + n, t.n - n) : SLICE("/");
	return n > 0;
}

static bool take_target(struct slice target, enum http1_method method, struct slice *out)
{
	for (size_t i = 0; i < target.n; i++)
		if ((unsigned char)target.p[i] <= ' ' || (unsigned char)target.p[i] >= 0x7f || target.p[i] == '#')
			return false;
	*out = target;
	if (target.n && target.p[0] == '/')
		return true;
	if (method == HTTP1_OPTIONS && slice_eq(target, SLICE("*")))
		return true;
	return cut_absolute(out);
}

/* "GET /path HTTP/1.1\r\n", empty lines before it allowed (RFC 9112 2.2).  Gives the place after it, 0 when it is
 * wrong. */
static size_t take_request_line(const struct http1 *h, struct slice raw, struct http1_head *head)
{
	size_t at = 0;
	while (has_at(raw, at, SLICE("\r\n")))
		at += 2;
	struct slice method = slice_str(llhttp_method_name(h->parser.method));
	if (!has_at(raw, at, method) || !has_at(raw, at + method.n, SLICE(" "))
		|| h->target_start != at + method.n + 1)
		return 0;
	if (!has_at(raw, h->target_end, SLICE(" HTTP/1.1\r\n")) && !has_at(raw, h->target_end,
		SLICE(" HTTP/1.0\r\n")))
		return 0;
	head->method = HTTP1_OTHER;
	for (size_t i = 0; i < COUNT_OF(methods); i++)
		if (methods[i].theirs == h->parser.method)
			head->method = methods[i].ours;
	struct slice target = slice_of(raw.p + h->target_start, h->target_end - h->target_start);
	if (h->parser.method == HTTP_CONNECT || !take_target(target, head->method, &head->target))
		return 0;
	return h->target_end + sizeof(" HTTP/1.1\r\n") - 1;
}

/* "HTTP/1.1 200 OK\r\n"; llhttp has read the digits. */
static size_t take_status_line(const struct http1 *h, struct slice raw, struct http1_head *head)
{
	if (!has_at(raw, 0, SLICE("HTTP/1.1 ")) && !has_at(raw, 0, SLICE("HTTP/1.0 ")))
		return 0;
	head->status = h->parser.status_code;
	size_t end = h->n_fields ? h->fields[0].name.n : raw.n - 2;
	bool three = has_at(raw, 12, SLICE(" ")) || has_at(raw, 12, SLICE("\r"));
	if (head->status < 100 || head->status > 999 || !three)
		return 0;
	return end > 13 && slice_find(raw, '\n') + 1 == end && raw.p[end - 2] == '\r' ? end : 0;
}

/* What the framing fields say, before the rules. */
struct framing {
	unsigned n_length, n_encoding, n_host;
	struct slice length, encoding, expect;
	bool close, keep;
};

static void look_at(struct framing *fr, const struct http1_field *f)
{
	switch (f->name.n) {
	case 4:
		fr->n_host += slice_case_eq(f->name, SLICE("host"));
		break;
	case 6:
		if (slice_case_eq(f->name, SLICE("expect")))
			fr->expect = f->value;
		break;
	case 10:
		if (slice_case_eq(f->name, SLICE("connection"))) {
			fr->close |= http1_has_token(f->value, SLICE("close"));
			fr->keep |= http1_has_token(f->value, SLICE("keep-alive"));
		}
		break;
	case 14:
		if (slice_case_eq(f->name, SLICE("content-length"))) {
			fr->n_length++;
			fr->length = f->value;
		}
		break;
	case 17:
		if (slice_case_eq(f->name, SLICE("transfer-encoding"))) {
			fr->n_encoding++;
			fr->encoding = f->value;
		}
		break;
	default:
		break;
	}
}

/* One Content-Length of plain digits, or one `Transfer-Encoding: chunked`, or neither. */
static bool take_length(const struct framing *fr, struct http1_head *head)
{
	uint64_t length;
	head->content_length = -1;
	if (fr->n_length + fr->n_encoding > 1)
		return false;
	head->chunked = fr->n_encoding == 1;
	if (head->chunked)
		return slice_case_eq(fr->encoding, SLICE("chunked"));
	if (fr->n_length == 0)
		return true;
	if (!slice_u64(fr->length, &length) || length > INT64_MAX || (fr->length.n > 1 && fr->length.p[0] == '0'))
		return false;
	head->content_length = (int64_t)length;
	return true;
}

static bool has_no_body(const struct http1 *h, const struct http1_head *head)
{
	return h->kind == HTTP1_RESPONSE && (h->head_only || head->status < 200 || head->status == 204
		|| head->status == 304);
}

static bool is_too_big(const struct http1 *h, const struct http1_head *head)
{
	return h->limits.body_bytes && head->content_length >= 0
		&& (uint64_t)head->content_length > h->limits.body_bytes
		&& !has_no_body(h, head);
}

static enum err take_framing(struct http1 *h, struct http1_head *head)
{
	struct framing fr = { 0 };
	bool v11 = h->parser.http_minor == 1, request = h->kind == HTTP1_REQUEST;
	for (uint32_t i = 0; i < h->n_fields; i++)
		look_at(&fr, &h->fields[i]);
	if (!take_length(&fr, head))
		return ERR_BAD_HTTP;
	/* RFC 9112 3.2: exactly one Host.  6.1: chunked from an HTTP/1.0 sender is framing nobody can trust. */
	if (request && (fr.n_host > 1 || (v11 && fr.n_host == 0) || (!v11 && head->chunked)))
		return ERR_BAD_HTTP;
	head->until_eof = !request && !head->chunked && head->content_length < 0 && !has_no_body(h, head);
	head->keep_alive = !fr.close && (v11 || (fr.keep && !head->chunked)) && !head->until_eof;
	if (request && v11 && fr.expect.p) {
		if (!slice_case_eq(fr.expect, SLICE("100-continue")))
			return ERR_BAD_EXPECT;
		head->expect_continue = !is_too_big(h, head);
	}
	return ERR_OK;
}

static enum err take_head(struct http1 *h, struct slice raw)
{
	struct http1_head head = { 0 };
	size_t line_end = h->kind == HTTP1_REQUEST ? take_request_line(h, raw, &head) : take_status_line(h, raw,
		&head);
	if (line_end == 0 || !place_fields(h, raw, line_end))
		return ERR_BAD_HTTP;
	head.fields = h->fields;
	head.n_fields = h->n_fields;
	enum err e = take_framing(h, &head);
	if (e != ERR_OK)
		return e;
	if (head.status == 101)
		return ERR_BAD_HTTP;
	if (has_no_body(h, &head))
		h->parser.flags |= F_SKIPBODY;
	h->interim = h->kind == HTTP1_RESPONSE && head.status < 200;
	if (h->interim)
		return ERR_OK;
	e = h->events->on_head(h->arg, &head);
	return e == ERR_OK && is_too_big(h, &head) ? ERR_BODY_TOO_BIG : e;
}

static void drop_head(struct http1 *h)
{
	buf_done(&h->head);
	free(h->fields);
	h->fields = NULL;
	h->n_fields = h->cap_fields = 0;
	h->in_name = false;
}

/* --- feeding -----------------------------------------------------------------------------------------------------
 * */

static void begin(struct http1 *h)
{
	llhttp_init(&h->parser, h->kind == HTTP1_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
	h->parser.data = h;
	h->stage = STAGE_HEAD;
	h->stop = STOP_NONE;
	h->target_start = h->target_end = 0;
	h->interim = false;
}

void http1_init(struct http1 *h, enum http1_kind kind, const struct http1_limits *limits,
	const struct http1_events *events, void *arg)
{
	must(limits->fields <= HTTP1_MAX_FIELDS && limits->head_bytes <= UINT32_MAX);
	*h = (struct http1){ .kind = kind, .limits = *limits, .events = events, .arg = arg };
	buf_init(&h->head, limits->head_bytes);
	begin(h);
}

void http1_done(struct http1 *h)
{
	drop_head(h);
}

void http1_next(struct http1 *h, bool head_only)
{
	drop_head(h);
	begin(h);
	h->counted = 0;
	h->fed = h->body_n = h->body_end = 0;
	h->failed = ERR_OK;
	h->in_message = false;
	h->head_only = head_only;
}

/* `last`: the bytes of the head that are not in h->head yet. */
static void end_head(struct http1 *h, struct slice last)
{
	struct slice raw = last;
	if (buf_len(&h->head)) {
		must(buf_put(&h->head, last));
		raw = buf_slice(&h->head);
	}
	enum err e = take_head(h, raw);
	drop_head(h);
	h->stage = STAGE_BODY;
	h->body_end = h->fed;
	if (e != ERR_OK)
		fail(h, e);
}

static void end_message(struct http1 *h)
{
	if (h->interim) {
		begin(h);
		return;
	}
	h->stage = STAGE_ENDED;
	h->in_message = false;
	enum err e = h->events->on_end(h->arg);
	if (e != ERR_OK)
		fail(h, e);
}

static void handle_stop(struct http1 *h, struct slice used)
{
	llhttp_resume(&h->parser);
	switch ((enum stop)h->stop) {
	case STOP_HEAD:
		end_head(h, used);
		break;
	case STOP_BIG_CHUNK:
		fail(h, ERR_BODY_TOO_BIG);
		break;
	case STOP_LAST_CHUNK:
		h->stage = STAGE_TRAILER;
		h->counted = 0;
		break;
	case STOP_MESSAGE:
		end_message(h);
		break;
	case STOP_NONE:
		must_never("llhttp paused by nobody");
	}
}

static size_t run(struct http1 *h, struct slice bytes)
{
	size_t n = bytes.n;
	bool bounded = h->stage == STAGE_HEAD || h->stage == STAGE_TRAILER;
	if (bounded && n > h->limits.head_bytes - h->counted)
		n = h->limits.head_bytes - h->counted;
	if (n == 0 && bytes.n) {
		fail(h, ERR_HEAD_TOO_BIG);
		return 0;
	}
	h->base = bytes.p;
	h->stop = STOP_NONE;
	llhttp_errno_t e = llhttp_execute(&h->parser, bytes.p, n);
	size_t used = e == HPE_OK ? n : (size_t)(llhttp_get_error_pos(&h->parser) - bytes.p);
	h->fed += used;
	if (bounded)
		h->counted += used;
	if (e != HPE_OK && e != HPE_PAUSED)
		fail(h, ERR_BAD_HTTP);
	else if (h->stage == STAGE_BODY && h->fed - h->body_end > CHUNK_LINE_MAX)
		fail(h, ERR_BAD_HTTP);
	return used;
}

enum err http1_feed(struct http1 *h, struct slice bytes, size_t *out_used)
{
	size_t used = 0;
	bool go_on = bytes.n > 0 && h->stage != STAGE_ENDED;
	while (go_on && h->failed == ERR_OK) {
		struct slice rest = slice_of(bytes.p + used, bytes.n - used);
		rest.n = run(h, rest);
		used += rest.n;
		/* After a stop llhttp has more to say even without bytes: an empty body ends at once. */
		go_on = h->stop == STOP_NONE ? used < bytes.n : h->stop != STOP_MESSAGE || h->interim;
		if (h->failed != ERR_OK)
			break;
		if (h->stop != STOP_NONE)
			handle_stop(h, rest);
		else if (h->stage == STAGE_HEAD)
			must(buf_put(&h->head, rest));
	}
	*out_used = used;
	return h->failed;
}

enum err http1_eof(struct http1 *h)
{
	if (h->failed != ERR_OK || !h->in_message)
		return h->failed;
	h->stop = STOP_NONE;
	if (h->stage == STAGE_BODY)
		llhttp_finish(&h->parser);
	if (h->stop == STOP_MESSAGE)
		end_message(h);
	else
		fail(h, ERR_UP_TRUNCATED);
	return h->failed;
}

/* --- reading and writing fields ----------------------------------------------------------------------------------
 * */

bool http1_has_token(struct slice list, struct slice token)
{
	struct slice piece;
	while (slice_next(&list, ',', &piece))
		if (slice_case_eq(piece, token))
			return true;
	return false;
}

/* RFC 9110 section 15, RFC 6585, and what providers also answer with (529: Anthropic). */
static const struct {
	int status;
	const char *reason;
} reasons[] = {
	{ 100, "Continue" }, { 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" },
	{ 206, "Partial Content" }, { 301, "Moved Permanently" }, { 302, "Found" }, { 303, "See Other" },
	{ 304, "Not Modified" }, { 307, "Temporary Redirect" }, { 308, "Permanent Redirect" },
	{ 400, "Bad Request" }, { 401, "Unauthorized" }, { 402, "Payment Required" }, { 403, "Forbidden" },
	{ 404, "Not Found" }, { 405, "Method Not Allowed" }, { 406, "Not Acceptable" }, { 408, "Request Timeout" },
	{ 409, "Conflict" }, { 410, "Gone" }, { 411, "Length Required" }, { 412, "Precondition Failed" },
	{ 413, "Content Too Large" }, { 414, "URI Too Long" }, { 415, "Unsupported Media Type" },
	{ 416, "Range Not Satisfiable" }, { 417, "Expectation Failed" }, { 421, "Misdirected Request" },
	{ 422, "Unprocessable Content" }, { 424, "Failed Dependency" }, { 426, "Upgrade Required" },
	{ 428, "Precondition Required" }, { 429, "Too Many Requests" }, { 431, "Request Header Fields Too Large" },
	{ 499, "Client Closed Request" }, { 500, "Internal Server Error" }, { 501, "Not Implemented" },
	{ 502, "Bad Gateway" }, { 503, "Service Unavailable" }, { 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" }, { 508, "Loop Detected" }, { 529, "Overloaded" },
};

const char *http1_reason(int status)
{
	if (status == 200)
		return "OK";
	for (size_t i = 0; i < COUNT_OF(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "";
}

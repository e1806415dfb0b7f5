#include "upstream/answer.h"

#include <stdlib.h>

#include "base/counter.h"
#include "base/span.h"

#define FAULT_BODY_BYTES 65536u	/* of an error body: more than any provider's error object */
#define MAX_RATIO 200u		/* decoded size over compressed size: JSON text rarely passes 20 */
#define MAX_FIELDS 128u
#define RAW_JSON_BYTES 262144u	/* of a passed JSON answer kept to read its usage; longer ones hold pictures */
#define RETRY_AFTER_MAX_MS (24 * 3600 * 1000ull)

static enum err on_head(void *arg, const struct http1_head *head);
static enum err on_body(void *arg, struct slice piece);
static enum err on_end(void *arg);
static enum err on_sse(void *arg, const struct sse_event *ev);
static enum err take_raw(struct answer *a, struct slice piece);

static const struct http1_events http_events = { on_head, on_body, on_end };
static const struct sse_events sse_events = { .on_event = on_sse };

/* The one door for events: an error inside the answer ends it, everything else goes up. */
static enum err on_event(void *arg, const struct event *ev)
{
	struct answer *a = arg;

	counter_add(COUNTER_events, 1);
	if (ev->kind == EVENT_ERROR)
		return ev->err ? (enum err)ev->err : ERR_UP_ERROR_EVENT;
	/* [DONE] can follow an error or a crash (protocols.md 0): without a terminal reason it must not reach
	 * the client, who would take it for a good end. */
	if (ev->kind == EVENT_END && !a->decode.tally.finished)
		return a->decode.tally.content ? ERR_UP_TRUNCATED : ERR_UP_EMPTY;
	return a->opts.on_event(a->opts.arg, ev);
}

void answer_init(struct answer *a, const struct answer_opts *o)
{
	const struct http1_limits limits = { .head_bytes = o->limits.head_bytes, .fields = MAX_FIELDS };

	*a = (struct answer){ .opts = *o };
	http1_init(&a->http, HTTP1_RESPONSE, &limits, &http_events, a);
	sse_init(&a->sse, o->limits.event_bytes, &sse_events, a);
	buf_init(&a->body, o->limits.body_bytes);
	a->decode = (struct dialect_decode){ .scratch = o->scratch, .arena = o->arena, .on_event = on_event, .arg = a,
		.quirks = o->quirks, .tally = { .usage = USAGE_NONE } };
}

static void drop_body(struct answer *a)
{
	counter_sub(COUNTER_buffered_bytes, a->body.cap);
	buf_done(&a->body);
}

void answer_done(struct answer *a)
{
	http1_done(&a->http);
	sse_done(&a->sse);
	inflate_free(&a->inflate);
	drop_body(a);
}

static void end(struct answer *a, struct fault f)
{
	if (a->ended)
		return;
	a->ended = true;
	a->fault = f;
	if (f.err != ERR_OK && a->fault.retry_after_ms == 0)
		a->fault.retry_after_ms = a->retry_after_ms;
	if (a->fault.status == 0)
		a->fault.status = a->status;
}

static void end_err(struct answer *a, enum err e)
{
	/* An error event brought its own texts. */
	struct fault f = a->decode.tally.fault;

	/* An error status says enough, even when its body is cut or cannot be read. */
	if (a->mode == ANSWER_FAULT)
		f = a->opts.dialect->fault(a->opts.arena, a->status, buf_slice(&a->body));
	else if (f.err != e || e == ERR_OK)
		f = (struct fault){ .err = e };
	end(a, f);
}

/* --- head ----------------------------------------------------------------------------------------------- */

/* Seconds (fractions allowed) or an HTTP date; milliseconds in the fields of OpenAI and Azure.  Garbage
 * counts as absent. */
static uint64_t read_retry_after(const struct answer *a, const struct http1_head *head)
{
	uint64_t ms, s;
	struct slice v = http1_field(head, SLICE("retry-after-ms"));

	if (v.p == NULL)
		v = http1_field(head, SLICE("x-ms-retry-after-ms"));
	if (v.p && slice_u64(v, &ms))
		return MIN_OF(ms, RETRY_AFTER_MAX_MS);
	v = http1_field(head, SLICE("retry-after"));
	if (v.p && span_parse_http_date(v, &s))
		return s > a->opts.wall_s ? MIN_OF((s - a->opts.wall_s) * 1000, RETRY_AFTER_MAX_MS) : 0;
	size_t dot = slice_find(v, '.');
	if (dot < v.n && !slice_u64(slice_skip(v, dot + 1), &ms))
		return 0;
	if (v.p && slice_u64(slice_of(v.p, dot), &s))
		return s > RETRY_AFTER_MAX_MS / 1000 ? RETRY_AFTER_MAX_MS : s * 1000 + (dot < v.n ? 999 : 0);
	return 0;
}

static bool type_is(struct slice content_type, struct slice want)
{
	size_t semicolon = slice_find(content_type, ';');
	return slice_case_eq(slice_trim(slice_of(content_type.p, semicolon)), want);
}

static enum answer_mode mode_for(struct answer *a, const struct http1_head *head)
{
	struct slice type = http1_field(head, SLICE("content-type"));

	if (a->opts.dialect->op == REQUEST_RAW && head->status >= 200 && head->status < 300) {
		a->framed = type_is(type, SLICE("text/event-stream"));
		return ANSWER_RAW;
	}
	if (head->status != 200)
		return ANSWER_FAULT;
	if (type_is(type, SLICE("text/event-stream")))
		return ANSWER_EVENTS;
	if (type_is(type, SLICE("application/json")))
		return ANSWER_WHOLE;
	a->html = type_is(type, SLICE("text/html"));
	return ANSWER_SNIFF;
}

static enum err open_inflate(struct answer *a, const struct http1_head *head)
{
	struct slice encoding = http1_field(head, SLICE("content-encoding"));

	if (encoding.n == 0 || slice_case_eq(encoding, SLICE("identity")))
		return ERR_OK;
	a->inflate = inflate_new(encoding, a->opts.limits.body_bytes, MAX_RATIO);
	a->opaque = a->inflate == NULL;
	return a->opaque && a->mode != ANSWER_FAULT ? ERR_UP_BAD_ENCODING : ERR_OK;
}

/* The provider's own id of the call, under the names of protocols.md 1.7, 4.1, 6.2, 6.3. */
static struct slice read_id(const struct http1_head *head)
{
	static const char *const names[] = { "x-request-id", "request-id", "apim-request-id", "x-generation-id" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct slice id = http1_field(head, slice_str(names[i]));
		if (id.n && id.n <= 128)
			return id;
	}
	return SLICE_EMPTY;
}

static void read_quota(struct answer *a, const struct http1_head *head)
{
	struct quota q;

	if (!quota_read(head, a->opts.wall_s, &q))
		return;
	struct quota *kept = ARENA_NEW(a->opts.arena, struct quota);
	*kept = q;
	a->quota = kept;
}

static enum err on_head(void *arg, const struct http1_head *head)
{
	struct answer *a = arg;
	struct slice id = read_id(head);

	a->status = head->status;
	a->keep_alive = head->keep_alive;
	if (id.n)
		a->request_id = arena_copy(a->opts.arena, id);
	read_quota(a, head);
	if (a->opts.dialect->op == REQUEST_RAW)
		a->type = arena_copy(a->opts.arena, http1_field(head, SLICE("content-type")));
	a->retry_after_ms = read_retry_after(a, head);
	a->mode = mode_for(a, head);
	if (a->mode == ANSWER_WHOLE && head->content_length > 0 &&
		(uint64_t)head->content_length > a->opts.limits.body_bytes)
		return ERR_UP_TOO_BIG;
	return open_inflate(a, head);
}

/* --- body ----------------------------------------------------------------------------------------------- */

static enum err on_sse(void *arg, const struct sse_event *ev)
{
	struct answer *a = arg;

	if (a->mode == ANSWER_RAW)
		return take_raw(a, ev->raw);
	return a->opts.dialect->decode_event(&a->decode, ev->type, ev->data, ev->raw);
}

static enum err collect(struct answer *a, struct slice piece)
{
	size_t before = a->body.cap;
	bool ok = buf_put(&a->body, piece);
	counter_add(COUNTER_buffered_bytes, a->body.cap - before);
	return ok ? ERR_OK : ERR_UP_TOO_BIG;
}

/* An error without end ends here: what came says enough. */
static enum err collect_fault(struct answer *a, struct slice piece)
{
	size_t room = FAULT_BODY_BYTES - buf_len(&a->body);
	enum err e = a->opaque ? ERR_OK : collect(a, slice_of(piece.p, MIN_OF(piece.n, room)));

	return e == ERR_OK && a->body_n > FAULT_BODY_BYTES ? ERR_UP_TOO_BIG : e;
}

/* Servers label streams and JSON as text/plain or not at all (protocols.md 6.6); markup is a CDN's page.
 * White space before the byte that decides is dropped, however the body is split. */
static enum err sniff(struct answer *a, struct slice *piece)
{
	struct slice s = slice_trim(*piece);

	*piece = s.n ? slice_of(s.p, piece->n - (size_t)(s.p - piece->p)) : SLICE_EMPTY;
	if (s.n == 0)
		return ERR_OK;
	if (a->html || s.p[0] == '<')
		return ERR_UP_BAD_TYPE;
	if (s.p[0] == '{' || s.p[0] == '[')
		a->mode = ANSWER_WHOLE;
	else if (s.p[0] == ':' || s.p[0] == 'd' || s.p[0] == 'e' || s.p[0] == 'i' || s.p[0] == 'r' ||
		(unsigned char)s.p[0] == 0xef)
		a->mode = ANSWER_EVENTS;
	else
		return ERR_UP_BAD_TYPE;
	return ERR_OK;
}

/* The reader's bytes are the provider's; beside them the start of a JSON answer is kept for its usage. */
static enum err take_raw(struct answer *a, struct slice piece)
{
	struct event ev = { .kind = EVENT_OTHER, .first_of_raw = true, .raw = piece };

	if (type_is(a->type, SLICE("application/json")) && a->body_n <= RAW_JSON_BYTES) {
		enum err e = collect(a, piece);
		if (e != ERR_OK)
			return e;
	}
	a->decode.tally.started = a->decode.tally.content = true;
	return on_event(a, &ev);
}

/* What an empty answer (204) says is that there is nothing; it is whole all the same. */
static enum err verdict_raw(struct answer *a)
{
	enum err e = ERR_OK;

	/* What stands behind the last blank line of a stream that ended well. */
	if (buf_len(&a->sse.frame))
		e = take_raw(a, buf_slice(&a->sse.frame));
	if (buf_len(&a->body) && a->body_n <= RAW_JSON_BYTES)
		e = a->opts.dialect->decode_whole(&a->decode, buf_slice(&a->body));
	drop_body(a);
	return e;
}

static enum err take(void *arg, struct slice piece)
{
	struct answer *a = arg;

	a->body_n += piece.n;
	if (a->mode == ANSWER_SNIFF) {
		enum err e = sniff(a, &piece);
		if (e != ERR_OK)
			return e;
	}
	if (a->mode != ANSWER_FAULT && a->body_n > a->opts.limits.body_bytes)
		return ERR_UP_TOO_BIG;
	if (answer_is_streamed(a))
		return sse_feed(&a->sse, piece);
	if (a->mode == ANSWER_WHOLE)
		return collect(a, piece);
	if (a->mode == ANSWER_RAW)
		return take_raw(a, piece);
	if (a->mode == ANSWER_FAULT)
		return collect_fault(a, piece);
	return ERR_OK;
}

static enum err on_body(void *arg, struct slice piece)
{
	struct answer *a = arg;
	return a->inflate ? inflate_feed(a->inflate, piece, take, a) : take(a, piece);
}

/* --- end ------------------------------------------------------------------------------------------------ */

static enum err verdict_events(struct answer *a)
{
	enum err e = ERR_OK;

	sse_eof(&a->sse, &e);
	if (e != ERR_OK)
		return e;
	if (a->decode.tally.finished)
		return ERR_OK;
	return a->decode.tally.content ? ERR_UP_TRUNCATED : ERR_UP_EMPTY;
}

static enum err verdict_whole(struct answer *a)
{
	if (slice_trim(buf_slice(&a->body)).n == 0)
		return ERR_UP_EMPTY;
	enum err e = a->opts.dialect->decode_whole(&a->decode, buf_slice(&a->body));
	drop_body(a);
	return e;
}

static enum err on_end(void *arg)
{
	struct answer *a = arg;
	enum err e = a->inflate && !answer_is_told(a) ? inflate_eof(a->inflate) : ERR_OK;

	if (e == ERR_OK && a->mode == ANSWER_EVENTS)
		e = verdict_events(a);
	else if (e == ERR_OK && a->mode == ANSWER_RAW)
		e = verdict_raw(a);
	else if (e == ERR_OK && a->mode != ANSWER_FAULT)
		e = a->mode == ANSWER_WHOLE ? verdict_whole(a) : ERR_UP_EMPTY;
	end_err(a, e);
	return ERR_OK;
}

/* What the HTTP parser says of a provider, in words about a provider. */
static enum err as_upstream(enum err e)
{
	switch ((int)e) {
	case ERR_BAD_HTTP:
	case ERR_HEAD_TOO_BIG:
		return ERR_UP_BAD_HTTP;
	case ERR_BODY_TOO_BIG:
		return ERR_UP_TOO_BIG;
	default:
		return e;
	}
}

bool answer_feed(struct answer *a, struct slice bytes, size_t *out_used)
{
	must(!a->ended);
	enum err e = http1_feed(&a->http, bytes, out_used);
	if (e != ERR_OK)
		end_err(a, as_upstream(e));
	return a->ended;
}

void answer_eof(struct answer *a, enum err why)
{
	if (a->ended)
		return;
	if (answer_has_said_all(a)) {
		end_err(a, ERR_OK);
		return;
	}
	enum err e = why == ERR_OK ? http1_eof(&a->http) : why;
	if (a->ended)
		return;
	if (a->mode == ANSWER_HEAD)
		e = ERR_UP_RESET;
	else if (e == ERR_OK || e == ERR_UP_RESET)
		e = ERR_UP_TRUNCATED;
	end_err(a, e);
}

bool answer_is_told(const struct answer *a)
{
	return a->mode == ANSWER_EVENTS && a->decode.tally.finished && a->decode.tally.end_mark;
}

bool answer_has_said_all(const struct answer *a)
{
	return answer_is_told(a) || (a->mode == ANSWER_EVENTS && a->decode.tally.finished
		&& a->opts.dialect->no_end_mark);
}

bool answer_is_fit(const struct answer *a)
{
	return a->ended && a->keep_alive && !http1_in_message(&a->http) && a->status > 0;
}

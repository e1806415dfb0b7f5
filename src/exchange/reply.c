#include "exchange/reply.h"

#include "exchange/refuse.h"

static void send_head(struct exchange *ex, int status, struct slice type, struct slice fields, int64_t length)
{
	must(!ex->head_sent);
	ex->head_sent = true;
	ex->status = status;
	ex->reply->head(ex->arg, status, type, fields, length);
}

void reply_put(struct exchange *ex, struct slice bytes)
{
	if (bytes.n == 0)
		return;
	ex->out_ns = loop_now(exchange_loop(ex));
	ex->out_n += bytes.n;
	ex->reply->put(ex->arg, bytes);
}

static void put_answerer(const struct exchange *ex, const struct flight *f, struct buf *b)
{
	http1_write_field(b, SLICE("x-weir-model"), ex->request.model);
	http1_write_field(b, SLICE("x-weir-provider"), f->target->provider->name);
	http1_write_field(b, SLICE("x-weir-target"), f->target->name);
	buf_add(b, SLICE("x-weir-attempts: "));
	buf_add_u64(b, f->attempts);
	buf_add(b, SLICE("\r\n"));
	if (f->upstream_id.n)
		http1_write_field(b, SLICE("x-weir-upstream-id"), f->upstream_id);
	if (f->dropped.n)
		http1_write_field(b, SLICE("x-weir-dropped"), f->dropped);
	if (f->quota)
		quota_write(f->quota, ex->ask.dialect->family, loop_wall_ms(exchange_loop(ex)) / 1000, b);
}

/* How the caches took part; NULL: there was nothing to ask them. */
const char *reply_cache_word(const struct exchange *ex)
{
	const struct flight *f = ex->reader.flight;

	if (f && f->replay)
		return f->similar_id ? "semantic" : "hit";
	if (ex->reader.joined || (f && f->followed))
		return "join";
	if (ex->keep_ms == 0 && ex->note == NULL)
		return NULL;
	return ex->request.door.no_cache ? "bypass" : "miss";
}

static void put_cache(const struct flight *f, const char *word, struct buf *b)
{
	http1_write_field(b, SLICE("x-weir-cache"), slice_str(word));
	if (f && f->replay) {
		buf_add(b, SLICE("age: "));
		buf_add_u64(b, f->age_ms / 1000);
		buf_add(b, SLICE("\r\n"));
	}
	if (f && f->similar_id)
		buf_addf(b, "x-weir-cache-id: %016llx\r\nx-weir-similarity: %.3f\r\n",
			(unsigned long long)f->similar_id, (double)f->cosine);
}

/* As the record will say: who joined a call pays for it only when the one who asked first has gone. */
static bool pays(const struct exchange *ex, const struct flight *f)
{
	bool is_left = f->unpaid.prompt_tok >= 0 || f->unpaid.completion_tok >= 0;

	return !f->replay && !f->followed && (!ex->reader.joined || (f->orphan && is_left));
}

/* Of an answer that is whole when its head is written.  Where all who read it share, it is too early to say. */
static void put_cost(const struct exchange *ex, const struct flight *f, struct buf *b)
{
	if (f->plan.model && f->plan.model->split_usage)
		return;
	int64_t cost = !pays(ex, f) ? 0 : price_cost(f->target ? f->target->price : NULL, &f->usage);
	char text[PRICE_TEXT_MAX];

	if (cost != PRICE_UNKNOWN)
		http1_write_field(b, SLICE("x-weir-cost-usd"), price_text((uint64_t)cost, text));
}

/* The fields that say who answered; more on the wire than in the body, so the body stays the provider's. */
static struct slice answer_fields(struct exchange *ex)
{
	const struct flight *f = ex->reader.flight;
	struct slice id_field = slice_str(ex->ask.dialect->id_field), own = SLICE("x-request-id");
	struct buf *b = &ex->env->out;

	buf_clear(b);
	http1_write_field(b, own, ex->ask.request_id);
	if (id_field.n && !slice_eq(id_field, own))
		http1_write_field(b, id_field, ex->ask.request_id);
	if (f && f->target && flight_may_read(f) && !ex->estimated)
		put_answerer(ex, f, b);
	if (reply_cache_word(ex))
		put_cache(f, reply_cache_word(ex), b);
	if (f && f->state == FLIGHT_ENDED)
		put_cost(ex, f, b);
	if (ex->estimated)
		buf_add(b, SLICE("x-weir-estimated: true\r\n"));
	return buf_slice(b);
}

void reply_stream_head(struct exchange *ex)
{
	struct slice fields = answer_fields(ex);
	buf_add(&ex->env->out, SLICE("cache-control: no-cache\r\nx-accel-buffering: no\r\n"));
	fields = buf_slice(&ex->env->out);
	send_head(ex, 200, ex->request.door.framing == REQUEST_JSON_ARRAY ? SLICE("application/json; charset=utf-8")
		: SLICE("text/event-stream; charset=utf-8"), fields, -1);
}

/* Bytes that pass as they come: of any type, a stream or not. */
void reply_raw_head(struct exchange *ex)
{
	const struct flight *f = ex->reader.flight;
	struct slice type = f->type.n ? f->type : SLICE("application/octet-stream");

	send_head(ex, f->status, type, answer_fields(ex), -1);
}

/* An error before any byte of the answer: status and error object in the client's dialect. */
void reply_error(struct exchange *ex)
{
	const struct flight *f = ex->reader.flight;
	struct buf fields, body;

	ex->fault.request_id = ex->ask.request_id;
	buf_init(&fields, 64 << 10);
	buf_init(&body, 1 << 20);
	buf_add(&fields, answer_fields(ex));
	refuse_fields(&ex->fault, f && f->attempts > 0, &fields);
	ex->ask.dialect->error_body(&ex->fault, &body);
	send_head(ex, ex->ask.dialect->error_status ? ex->ask.dialect->error_status(&ex->fault)
		: err_row(ex->fault.err)->http, SLICE("application/json"), buf_slice(&fields), (int64_t)buf_len(&body));
	reply_put(ex, buf_slice(&body));
	ex->whole = true;
	buf_done(&fields);
	buf_done(&body);
}

/* After the first byte: the form that makes official SDKs raise, then a broken end of body (dependencies.md
 * section 4). */
void reply_broken_end(struct exchange *ex)
{
	struct buf *b = &ex->env->out;

	/* Nobody asks for a stream where bytes pass as they come: the provider decides. */
	bool stream = ex->request.stream || (ex->request.op == REQUEST_RAW && ex->reader.flight->streamed);

	buf_clear(b);
	ex->fault.request_id = ex->ask.request_id;
	if (ex->request.stream && ex->ask.dialect->error_within && ex->relay.front)
		ex->ask.dialect->error_within(&ex->relay.encode, &ex->fault, b);
	else if (stream)
		ex->ask.dialect->error_event(&ex->fault, b);
	reply_put(ex, buf_slice(b));
}

void reply_json(struct exchange *ex, struct slice body)
{
	send_head(ex, 200, SLICE("application/json"), answer_fields(ex), (int64_t)body.n);
	reply_put(ex, body);
}

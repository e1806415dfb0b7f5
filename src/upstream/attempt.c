#include "upstream/attempt.h"

#include "base/counter.h"
#include "base/span.h"

#define WIRE_MAX_BYTES (256u << 20)	/* a built request: the body limit, spliced members and a head stay far below */
/* a typed request: the tree is 12 times the text (yyjson), texts are borrowed */
#define BUILD_MAX_BYTES (1u << 30)
#define KEEP_WIRE_BYTES (256u << 10)	/* the build buffer is given back after a request larger than this */
#define KEEP_BUILD_BYTES (1u << 20)	/* and so is the memory of a translation larger than this */
#define REPLAY_MS 1000			/* a connection that was dead before says so within a round trip;
					 * later, work was lost */
#define KEEP_SCRATCH_BYTES (4u << 20)	/* memory for parsing is given back after an answer larger than this */
#define REUSE_BYTES (2u << 20)		/* some 65,000 prefixes */
#define TAIL_MS 1000			/* after [DONE]: the transfer may take this long to end by itself */

static void send_request(struct attempt *at, bool built);

void attempt_env_init(struct attempt_env *e, struct loop *l, const struct answer_limits *limits)
{
	*e = (struct attempt_env){ .loop = l, .limits = *limits };
	json_scratch_init(&e->scratch, 0);
	attempt_env_limit(e, limits);
	buf_init(&e->wire, WIRE_MAX_BYTES);
	arena_init(&e->build, BUILD_MAX_BYTES);
	reuse_init(&e->reuse, REUSE_BYTES);
}

/* yyjson's tree takes about 4 times the text, 13 times for nothing but small numbers (codec/json.c). */
void attempt_env_limit(struct attempt_env *e, const struct answer_limits *limits)
{
	e->limits = *limits;
	e->scratch.memory.max = MAX_OF(limits->event_bytes * 16, (size_t)limits->body_bytes * 5) + 4096;
}

void attempt_env_done(struct attempt_env *e)
{
	json_scratch_done(&e->scratch);
	buf_done(&e->wire);
	arena_done(&e->build);
	reuse_done(&e->reuse);
}

/* --- the end: every attempt passes here once ------------------------------------------------------------ */

/* A request that could not be built has left no trace on its connection. */
static bool is_fit(const struct attempt *at)
{
	if (at->lease.state != LEASE_BUSY || at->paused)
		return false;
	bool is_untouched = at->bytes_out == 0 && at->bytes_in == 0;
	return is_untouched || (answer_is_fit(&at->answer) && stream_queued(at->lease.stream) == 0);
}

static void end(struct attempt *at)
{
	bool fit = is_fit(at);

	must(at->state == ATTEMPT_LEASE || at->state == ATTEMPT_SENT);
	at->state = ATTEMPT_ENDED;
	at->end_ns = loop_now(at->env->loop);
	alarm_clear(&at->clock);
	pool_put(&at->lease, fit);
	if (at->env->scratch.memory.cap > KEEP_SCRATCH_BYTES)
		buf_done(&at->env->scratch.memory);
}

static void end_and_tell(struct attempt *at)
{
	end(at);
	at->events->on_end(at->arg);
}

static void fail(struct attempt *at, enum err why)
{
	/* An error status has said what is wrong, whatever became of its body. */
	if (at->answer.mode == ANSWER_FAULT)
		answer_eof(&at->answer, why);
	if (!at->answer.ended) {
		at->answer.ended = true;
		at->answer.fault = (struct fault){ .err = why, .status = at->answer.status };
	}
	end_and_tell(at);
}

/* --- clocks --------------------------------------------------------------------------------------------- */

static uint64_t clock_limit_ms(const struct attempt *at)
{
	if (answer_is_told(&at->answer))
		return TAIL_MS;
	if (at->first_ns)
		return at->ask.clocks->idle_ms;
	if (!at->ask.request->stream)
		return at->head_ns ? at->ask.clocks->idle_ms : at->ask.clocks->whole_ms;
	return at->ask.clocks->first_token_ms;
}

/* Progress only stores a time; the alarm finds out when it fires how long it was really quiet.  So an event
 * costs a store. */
static void on_clock(struct alarm *a)
{
	struct attempt *at = LIST_ITEM(a, struct attempt, clock);
	uint64_t limit = clock_limit_ms(at), quiet = (loop_now(at->env->loop) - at->progress_ns) / SPAN_NS_PER_MS;

	if (at->answer.ended) {
		end_and_tell(at);	/* a request that could not be built */
		return;
	}
	if (limit == 0 || at->paused)
		return;
	if (quiet < limit) {
		alarm_set(&at->clock, limit - quiet);
		return;
	}
	if (answer_has_said_all(&at->answer))
		fail(at, ERR_OK);
	else
		fail(at, at->first_ns || (at->head_ns && !at->ask.request->stream)
			? ERR_UP_IDLE_TIMEOUT : ERR_UP_FIRST_TIMEOUT);
}

static void start_clock(struct attempt *at)
{
	at->progress_ns = loop_now(at->env->loop);
	uint64_t limit = clock_limit_ms(at);
	if (limit)
		alarm_set(&at->clock, limit);
}

/* --- the answer ----------------------------------------------------------------------------------------- */

static enum err on_event(void *arg, const struct event *ev)
{
	struct attempt *at = arg;

	at->progress_ns = loop_now(at->env->loop);
	if (at->first_ns == 0 && event_is_content(ev)) {
		at->first_ns = at->progress_ns;
		start_clock(at);
	}
	if (ev->kind == EVENT_END)
		alarm_set(&at->clock, TAIL_MS);
	return at->events->on_event(at->arg, ev);
}

static uint32_t now_s(const struct attempt *at)
{
	return (uint32_t)(loop_now(at->env->loop) / SPAN_NS_PER_S);
}

static void on_data(void *arg, struct slice bytes)
{
	struct attempt *at = arg;
	size_t used = 0;

	at->bytes_in += bytes.n;
	if (at->answer.ended)
		return;		/* a request that could not be built: on_clock tells */
	if (at->head_ns == 0)
		at->answer.opts.wall_s = loop_wall_ms(at->env->loop) / 1000;	/* moments in the head count from now */
	bool ended = answer_feed(&at->answer, bytes, &used);
	if (at->head_ns == 0 && at->answer.status) {
		at->head_ns = loop_now(at->env->loop);
		/* From now on the provider's cache has it; before this a request may have been built more than once. */
		if (at->answer.status == 200)
			prefix_note(&at->env->reuse, &at->prefix, now_s(at));
		if (!at->ask.request->stream)
			start_clock(at);
	}
	if (!at->ask.request->stream)
		at->progress_ns = loop_now(at->env->loop);
	if (!ended)
		return;
	/* Bytes behind the answer belong to nobody: such a connection is not used again. */
	if (used < bytes.n)
		at->answer.keep_alive = false;
	end_and_tell(at);
}

static bool may_replay(const struct attempt *at)
{
	return at->lease.reused && !at->replayed && at->bytes_in == 0 && !at->answer.ended
		&& loop_now(at->env->loop) - at->sent_ns < REPLAY_MS * SPAN_NS_PER_MS;
}

static void on_close(void *arg, enum err why)
{
	struct attempt *at = arg;
	bool replay = may_replay(at);

	pool_lost(&at->lease);
	if (replay) {
		at->replayed = true;
		at->state = ATTEMPT_LEASE;
		alarm_clear(&at->clock);
		counter_add(COUNTER_replays, 1);
		if (pool_take(at->ask.target->provider->pool, &at->lease, true, at->ask.clocks->connect_ms))
			send_request(at, false);
		return;
	}
	answer_eof(&at->answer, why);
	end_and_tell(at);
}

static const struct stream_events stream_events = { .on_data = on_data, .on_close = on_close };

/* --- the request ---------------------------------------------------------------------------------------- */

static void write_auth(struct buf *b, const struct provider *p, const struct roster_key *key)
{
	if (key == NULL)
		return;
	switch (p->auth) {
	case PROVIDER_AUTH_BEARER:
		buf_add(b, SLICE("authorization: Bearer "));
		break;
	case PROVIDER_AUTH_API_KEY:
		buf_add(b, SLICE("api-key: "));
		break;
	case PROVIDER_AUTH_X_API_KEY:
		buf_add(b, SLICE("x-api-key: "));
		break;
	case PROVIDER_AUTH_X_GOOG_API_KEY:
		buf_add(b, SLICE("x-goog-api-key: "));
		break;
	case PROVIDER_AUTH_PORTKEY:
		buf_add(b, SLICE("x-portkey-api-key: "));
		break;
	case PROVIDER_AUTH_NONE:
		return;
	}
	buf_add(b, key->secret.bytes);
	buf_add(b, SLICE("\r\n"));
}

/* The provider's base path; {model} in it stands for the model (Azure's deployments). */
static void write_base(struct buf *b, struct slice path, struct slice model)
{
	size_t brace = slice_find(path, '{');

	if (!slice_starts(slice_skip(path, brace), SLICE("{model}"))) {
		buf_add(b, path);
		return;
	}
	buf_add(b, slice_of(path.p, brace));
	url_encode(b, model);
	buf_add(b, slice_skip(path, brace + strlen("{model}")));
}

static void write_target(struct buf *b, const struct attempt *at, const struct dialect_ask *want)
{
	const struct provider *p = at->ask.target->provider;
	size_t from = buf_len(b);

	write_base(b, p->url.path, at->ask.target->model);
	if (at->dialect->put_path)
		at->dialect->put_path(at->ask.request, want, b);
	else
		buf_add(b, slice_str(at->dialect->path));
	if (p->query.n == 0)
		return;
	buf_add_char(b, slice_find(slice_skip(buf_slice(b), from), '?') < buf_len(b) - from ? '&' : '?');
	buf_add(b, p->query);
}

static struct slice accepts(const struct request *r)
{
	if (r->op == REQUEST_RAW)
		return SLICE("*/*");
	return r->stream ? SLICE("text/event-stream") : SLICE("application/json");
}

static bool is_configured(const struct provider *p, struct slice name)
{
	for (size_t i = 0; i < p->n_headers; i++)
		if (slice_case_eq(p->headers[i].name, name))
			return true;
	return false;
}

/* Lines that weir sends by itself: those of a name that the configuration gives too are left to it, since two would
 * contradict each other. */
static void write_lines(struct buf *b, const struct provider *p, const char *lines)
{
	struct slice rest = slice_str(lines);

	if (p->n_headers == 0) {	/* as nearly everywhere */
		buf_add(b, rest);
		return;
	}
	while (rest.n) {
		size_t n = slice_find(rest, '\n') + 1;
		if (!is_configured(p, slice_of(rest.p, slice_find(rest, ':'))))
			buf_add(b, slice_of(rest.p, n));
		rest = slice_skip(rest, n);
	}
}

/* The head is written anew from parsed fields and configuration; nothing of the client's head passes
 * (faults.md, smuggling). */
static void write_head(struct buf *b, const struct attempt *at, const struct dialect_ask *want, size_t body_n)
{
	const struct attempt_ask *ask = &at->ask;
	const struct provider *p = ask->target->provider;

	buf_add(b, SLICE("POST "));
	write_target(b, at, want);
	buf_add(b, SLICE(" HTTP/1.1\r\nhost: "));
	buf_add(b, p->authority);
	buf_add(b, SLICE("\r\n"));
	write_auth(b, p, ask->key);
	http1_write_field(b, SLICE("content-type"), ask->request->door.content_type.n
		? ask->request->door.content_type : SLICE("application/json"));
	write_lines(b, p, "accept-encoding: identity\r\nuser-agent: weir\r\n");
	http1_write_field(b, SLICE("accept"), accepts(ask->request));
	write_lines(b, p, at->dialect->fields);
	if (at->dialect->put_fields)
		at->dialect->put_fields(ask->request, want, b);
	http1_write_field(b, SLICE("x-request-id"), ask->request_id);
	buf_add(b, SLICE("x-weir-hops: "));
	buf_add_u64(b, ask->hops);
	buf_add(b, SLICE("\r\n"));
	for (size_t i = 0; i < p->n_headers; i++)
		http1_write_field(b, p->headers[i].name, p->headers[i].value);
	buf_add(b, SLICE("content-length: "));
	buf_add_u64(b, body_n);
	buf_add(b, SLICE("\r\n\r\n"));
}

static struct dialect_ask what_to_ask(struct attempt *at, struct fault *fault)
{
	const struct attempt_ask *ask = &at->ask;
	const struct provider *p = ask->target->provider;

	return (struct dialect_ask){ .model = ask->target->model, .stream = ask->request->stream,
		.add_usage = ask->request->stream && !ask->request->wants_usage && p->usage == PROVIDER_USAGE_ASK,
		.no_stream_options = p->usage == PROVIDER_USAGE_NEVER, .strict = ask->strict, .provider = p->name,
		.quirks = p->quirks, .drops = &at->env->drops, .arena = &at->env->build, .fault = fault };
}

/* What was left out is remembered for the client, in its words. */
static void note_drops(struct attempt *at)
{
	char text[DROPS_MAX * DROPS_NAME];

	at->dropped = arena_copy(at->answer.opts.arena,
		slice_str(drops_text(&at->env->drops, text, sizeof(text))));
}

static void mark_prefix(struct attempt *at)
{
	const struct attempt_ask *ask = &at->ask;
	struct arena *a = &at->env->build;
	const struct prefix_ask want = { .back = at->dialect, .quirks = ask->target->provider->quirks,
		.model = ask->target->model, .tenant = ask->request->door.tenant,
		.place = arena_printf(a, "%.*s %.*s", SLICE_ARG(ask->target->name),
			SLICE_ARG(ask->key ? ask->key->health->name : SLICE_EMPTY)),
		.now_s = now_s(at), .arena = a };

	at->marked = prefix_mark(&at->env->reuse, &want, &at->env->wire, &at->prefix);
}

/* Told in a later turn, like every end. */
static void give_up(struct attempt *at, const struct fault *why)
{
	at->answer.ended = true;
	at->answer.fault = *why;
	alarm_set(&at->clock, 0);
}

/* The scratch of one request; its memory is given back after a large one. */
static void drop_scratch(struct attempt_env *e)
{
	arena_reset(&e->build, KEEP_BUILD_BYTES);
	if (e->wire.cap > KEEP_WIRE_BYTES)
		buf_done(&e->wire);
}

/* The body, into env->wire.  False: it has given up. */
static bool build(struct attempt *at)
{
	struct fault fault = { .err = ERR_OK };
	const struct dialect_ask want = what_to_ask(at, &fault);

	buf_clear(&at->env->wire);
	at->env->drops.n = 0;
	if (at->ask.request->door.betas_lost)
		drops_add_str(&at->env->drops, "anthropic-beta");
	enum err e = translate_build(at->dialect, at->ask.request, &want, &at->env->wire);
	if (at->env->drops.n && at->dropped.n == 0)
		note_drops(at);
	if (e == ERR_OK && at->ask.prefix)
		mark_prefix(at);
	if (e == ERR_OK)
		return true;
	fault = fault_copy(at->answer.opts.arena, &fault);
	fault.err = e;
	drop_scratch(at->env);
	give_up(at, &fault);
	return false;
}

/* The length stands before the body, so the head is written behind it and goes out ahead of it. */
static void write_request(struct attempt *at)
{
	struct buf *b = &at->env->wire;
	struct fault unused;
	const struct dialect_ask want = what_to_ask(at, &unused);
	size_t body_n = buf_len(b);

	write_head(b, at, &want, body_n);
	struct slice all = buf_slice(b);
	stream_write(at->lease.stream, slice_skip(all, body_n));
	stream_write(at->lease.stream, slice_of(all.p, body_n));
	at->bytes_out = all.n;
	drop_scratch(at->env);
}

/* There is a connection.  `built`: the body is in env->wire.  After waiting it is not, and is built once more: that
 * costs microseconds after a round trip, while what is kept for everyone who waits would need a limit of its own. */
static void send_request(struct attempt *at, bool built)
{
	at->state = ATTEMPT_SENT;
	at->reused = at->lease.reused;
	counter_add(COUNTER_upstream_reused, at->lease.reused);
	stream_own(at->lease.stream, &stream_events, at);
	if (!built && !build(at))
		return;
	write_request(at);
	at->sent_ns = loop_now(at->env->loop);
	start_clock(at);
}

/* A request that the target cannot express asks for no connection; so a dead host does not hide that either. */
static void ask_for_connection(struct attempt *at)
{
	if (!build(at))
		return;
	if (pool_take(at->ask.target->provider->pool, &at->lease, false, at->ask.clocks->connect_ms))
		send_request(at, true);
	else
		drop_scratch(at->env);
}

static void on_ready(struct lease *l)
{
	send_request(LIST_ITEM(l, struct attempt, lease), false);
}

static void on_fail(struct lease *l, enum err why)
{
	fail(LIST_ITEM(l, struct attempt, lease), why);
}

/* --- life ----------------------------------------------------------------------------------------------- */

void attempt_open(struct attempt *at, struct attempt_env *env, const struct attempt_ask *ask, struct arena *arena,
	const struct attempt_events *events, void *arg)
{
	must(at->state == ATTEMPT_IDLE || at->state == ATTEMPT_ENDED);
	if (at->state == ATTEMPT_ENDED)
		answer_done(&at->answer);
	*at = (struct attempt){ .state = ATTEMPT_LEASE, .env = env, .ask = *ask, .events = events, .arg = arg,
		.open_ns = loop_now(env->loop), .lease = { .on_ready = on_ready, .on_fail = on_fail,
		.ticket = { .priority = ask->request->door.priority, .tenant = ask->request->door.waits_as,
		.weight = ask->request->door.weight, .cost = ask->request->prompt_tok } } };
	const struct provider *p = ask->target->provider;
	at->dialect = translate_pick(&p->tongues, ask->request);
	const struct answer_opts o = { .dialect = at->dialect ? at->dialect : p->tongues.main,
		.quirks = p->quirks, .scratch = &env->scratch,
		.arena = arena, .limits = env->limits, .wall_s = loop_wall_ms(env->loop) / 1000,
		.on_event = on_event, .arg = at };
	answer_init(&at->answer, &o);
	alarm_init(&at->clock, env->loop, on_clock);
	if (at->dialect == NULL) {
		struct fault f = fault_make(arena, ERR_UNSUPPORTED, "%.*s cannot do this: it has no such endpoint",
			SLICE_ARG(p->name));
		give_up(at, &f);
	} else {
		ask_for_connection(at);
	}
}

void attempt_close(struct attempt *at)
{
	if (at->state == ATTEMPT_LEASE || at->state == ATTEMPT_SENT)
		end(at);
	if (at->state == ATTEMPT_ENDED)
		answer_done(&at->answer);
	at->state = ATTEMPT_IDLE;
}

void attempt_pause(struct attempt *at, bool paused)
{
	if (at->state != ATTEMPT_SENT || at->paused == paused)
		return;
	at->paused = paused;
	if (paused) {
		stream_pause(at->lease.stream);
		counter_add(COUNTER_pauses, 1);
	} else {
		stream_resume(at->lease.stream);
		start_clock(at);
	}
}

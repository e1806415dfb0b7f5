#include "replay.h"

#include "base/must.h"
#include "codec/sse.h"

#define CREATED_S 1700000000u
#define MOST_BYTES ((size_t)1 << 28)

static void log_str(struct buf *log, const char *name, struct slice s)
{
	buf_addf(log, " %s\"", name);
	buf_add_json(log, s);
	buf_add_char(log, '"');
}

static void log_count(struct buf *log, const char *name, int64_t n)
{
	if (n >= 0)
		buf_addf(log, " %s=%lld", name, (long long)n);
}

static void log_usage(struct buf *log, const struct usage *u)
{
	log_count(log, "prompt", u->prompt_tok);
	log_count(log, "completion", u->completion_tok);
	log_count(log, "cached", u->cached_tok);
	log_count(log, "written", u->cache_write_tok);
	log_count(log, "reasoning", u->reasoning_tok);
}

static void log_vector(struct buf *log, const struct event *ev)
{
	buf_addf(log, " %u", ev->choice);
	for (size_t i = 0; i + sizeof(float) <= ev->text.n; i += sizeof(float)) {
		float f;
		memcpy(&f, ev->text.p + i, sizeof(f));
		buf_addf(log, " %.7g", (double)f);
	}
}

static void log_event(struct buf *log, const struct event *ev)
{
	struct usage u = event_usage(ev);

	buf_addf(log, "%s%s", ev->first_of_raw ? "* " : "  ", event_kind_name(ev->kind));
	switch ((enum event_kind)ev->kind) {
	case EVENT_START:
		log_str(log, "id=", ev->text);
		log_str(log, "model=", ev->extra);
		break;
	case EVENT_TEXT:
	case EVENT_REASONING:
	case EVENT_REFUSAL:
		buf_addf(log, " %u", ev->choice);
		log_str(log, "", ev->text);
		break;
	case EVENT_TOOL_START:
		buf_addf(log, " %u.%u", ev->choice, ev->part);
		log_str(log, "id=", ev->text);
		log_str(log, "name=", ev->extra);
		break;
	case EVENT_TOOL_ARGS:
		buf_addf(log, " %u.%u", ev->choice, ev->part);
		log_str(log, "", ev->text);
		break;
	case EVENT_FINISH:
		buf_addf(log, " %u %s", ev->choice, event_finish_name(ev->finish));
		log_str(log, "", ev->text);
		if (ev->extra.n)
			log_str(log, "stopped_by=", ev->extra);
		break;
	case EVENT_PART_END:
	case EVENT_SIGNATURE:
	case EVENT_REDACTED:
	case EVENT_CITATION:
	case EVENT_LOGPROBS:
	case EVENT_MEDIA:
		buf_addf(log, " %u", ev->choice);
		if (ev->part != EVENT_NO_PART)
			buf_addf(log, ".%u", ev->part);
		if (ev->text.n)
			log_str(log, "", ev->text);
		if (ev->extra.n)
			log_str(log, "extra=", ev->extra);
		break;
	case EVENT_VECTOR:
		log_vector(log, ev);
		break;
	case EVENT_USAGE:
		log_usage(log, &u);
		break;
	case EVENT_OTHER:
		if (ev->choice != EVENT_NO_CHOICE)
			buf_addf(log, " %u", ev->choice);
		break;
	case EVENT_ERROR:
		buf_addf(log, " %s", err_name(ev->err));
		log_str(log, "", ev->text);
		break;
	case EVENT_END:
		break;
	}
	buf_addf(log, "%s\n", ev->hidden ? " hidden" : "");
}

/* The promises of dialect.h that hold for every event. */
static void check_event(const struct event *ev)
{
	must(ev->first_of_raw == (ev->raw.p != NULL));
	must(ev->kind != EVENT_TEXT || ev->text.n > 0);
	must(ev->kind != EVENT_FINISH || ev->finish != EVENT_FINISH_NONE);
	must(ev->kind != EVENT_ERROR || ev->err != ERR_OK);
	must(ev->kind != EVENT_USAGE || ev->text.n == sizeof(struct usage));
}

static enum err on_event(void *arg, const struct event *ev)
{
	struct replay *r = arg;

	check_event(ev);
	r->wordless |= ev->kind == EVENT_FINISH && ev->text.n == 0;
	log_event(&r->log, ev);
	if (ev->first_of_raw)
		buf_add(&r->raw, ev->raw);
	r->dialect->encode_event(&r->to_stream, ev, &r->stream);
	r->dialect->encode_event(&r->to_full, ev, &r->full);
	r->dialect->collect(&r->to_whole, ev);
	return ERR_OK;
}

static enum err on_frame(void *arg, const struct sse_event *ev)
{
	struct replay *r = arg;
	return r->dialect->decode_event(&r->decode, ev->type, ev->data, ev->raw);
}

static const struct sse_events frames = { .on_event = on_frame };

void replay_init(struct replay *r, const struct dialect *d, const struct request *request)
{
	*r = (struct replay){ .dialect = d };
	arena_init(&r->arena, 0);
	json_scratch_init(&r->scratch, MOST_BYTES);
	r->decode = (struct dialect_decode){ .scratch = &r->scratch, .arena = &r->arena, .on_event = on_event,
		.arg = r };
	if (request)
		r->wants_usage = *request;
	r->wants_usage.wants_usage = true;
	r->to_stream = r->to_full = r->to_whole = (struct dialect_encode){ .request = request,
		.id = SLICE("weir-1"), .created_s = CREATED_S, .arena = &r->arena };
	r->to_full.request = &r->wants_usage;
	buf_init(&r->log, MOST_BYTES);
	buf_init(&r->raw, MOST_BYTES);
	buf_init(&r->stream, MOST_BYTES);
	buf_init(&r->full, MOST_BYTES);
	buf_init(&r->whole, MOST_BYTES);
}

void replay_done(struct replay *r)
{
	buf_done(&r->log);
	buf_done(&r->raw);
	buf_done(&r->stream);
	buf_done(&r->full);
	buf_done(&r->whole);
	json_scratch_done(&r->scratch);
	arena_done(&r->arena);
}

static void log_tally(struct replay *r)
{
	const struct dialect_tally *t = &r->decode.tally;

	if (r->lost)
		buf_add(&r->log, SLICE("! lost bytes\n"));
	if (r->err != ERR_OK)
		buf_addf(&r->log, "! %s\n", err_name(r->err));
	buf_addf(&r->log, "=%s%s%s%s choices=%u", t->started ? " started" : "", t->content ? " content" : "",
		t->finished ? " finished" : "", t->end_mark ? " end" : "", t->choices);
	if (t->finish != EVENT_FINISH_NONE)
		buf_addf(&r->log, " %s", event_finish_name(t->finish));
	if (t->started)
		log_usage(&r->log, &t->usage);
	buf_add_char(&r->log, '\n');
	if (t->fault.err != ERR_OK)
		replay_log_fault(&t->fault, &r->log);
}

static void end(struct replay *r)
{
	log_tally(r);
	r->dialect->encode_end(&r->to_stream, &r->stream);
	r->dialect->encode_end(&r->to_full, &r->full);
	r->dialect->collected(&r->to_whole, &r->whole);
}

/* A block of its own for each piece, so that ASan sees a read past it. */
static enum err feed(struct sse *s, struct slice piece)
{
	struct arena a;
	arena_init(&a, 0);
	char *copy = arena_take(&a, piece.n);
	memcpy(copy, piece.p, piece.n);
	enum err e = sse_feed(s, slice_of(copy, piece.n));
	arena_done(&a);
	return e;
}

void replay_stream(struct replay *r, struct slice wire, size_t first, size_t step)
{
	struct sse s;
	enum err at_end = ERR_OK;

	sse_init(&s, MOST_BYTES, &frames, r);
	for (size_t cut = first ? first : step; wire.n && r->err == ERR_OK; cut = step) {
		size_t n = cut && cut < wire.n ? cut : wire.n;
		r->err = feed(&s, slice_of(wire.p, n));
		wire = slice_skip(wire, n);
	}
	if (r->err == ERR_OK) {
		r->lost = sse_eof(&s, &at_end);
		r->err = at_end;
	}
	sse_done(&s);
	end(r);
}

void replay_whole(struct replay *r, struct slice body)
{
	r->err = r->dialect->decode_whole(&r->decode, body);
	end(r);
}

bool replay_complete(const struct replay *r)
{
	return r->err == ERR_OK && r->decode.tally.finished && r->decode.tally.fault.err == ERR_OK
		&& r->to_whole.err == ERR_OK && r->to_stream.err == ERR_OK && r->to_full.err == ERR_OK;
}

void replay_log_fault(const struct fault *f, struct buf *out)
{
	buf_addf(out, "fault %s", err_name(f->err));
	if (f->status)
		buf_addf(out, " status=%d", f->status);
	if (f->code.n)
		log_str(out, "code=", f->code);
	if (f->param.n)
		log_str(out, "param=", f->param);
	if (f->message.n)
		log_str(out, "", f->message);
	buf_add_char(out, '\n');
}

const char *replay_round_trip(const struct replay *r)
{
	struct replay stream, whole;
	const char *differs = NULL;

	replay_init(&stream, r->dialect, r->to_stream.request);
	replay_init(&whole, r->dialect, r->to_whole.request);
	replay_stream(&stream, buf_slice(&r->full), 0, 0);
	replay_whole(&whole, buf_slice(&r->whole));
	if (stream.err != ERR_OK || stream.lost || !stream.decode.tally.end_mark)
		differs = "the encoded stream is not readable";
	else if (whole.err != ERR_OK)
		differs = "the encoded answer is not readable";
	else if (!slice_eq(buf_slice(&r->whole), buf_slice(&whole.whole)))
		differs = "the encoded answer means something else";
	else if (!r->wordless && !slice_eq(buf_slice(&r->whole), buf_slice(&stream.whole)))
		differs = "the encoded stream means something else";
	replay_done(&stream);
	replay_done(&whole);
	return differs;
}

#include "replay.h"

#include "codec/sse.h"
#include "say.h"

#define CREATED_S 1700000000u
#define MOST_BYTES ((size_t)1 << 28)

static void log_usage(struct buf *log, const struct usage *u)
{
	say_count(log, "prompt", u->prompt_tok);
	say_count(log, "completion", u->completion_tok);
	say_count(log, "cached", u->cached_tok);
	say_count(log, "written", u->cache_write_tok);
	say_count(log, "reasoning", u->reasoning_tok);
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
		say_str(log, "id=", ev->text);
		say_str(log, "model=", ev->extra);
		break;
	case EVENT_TEXT:
	case EVENT_REASONING:
	case EVENT_REFUSAL:
		buf_addf(log, " %u", ev->choice);
		say_str(log, "", ev->text);
		break;
	case EVENT_TOOL_START:
		buf_addf(log, " %u.%u", ev->choice, ev->part);
		say_str(log, "id=", ev->text);
		say_str(log, "name=", ev->extra);
		break;
	case EVENT_TOOL_ARGS:
		buf_addf(log, " %u.%u", ev->choice, ev->part);
		say_str(log, "", ev->text);
		break;
	case EVENT_FINISH:
		buf_addf(log, " %u %s", ev->choice, event_finish_name(ev->finish));
		say_str(log, "", ev->text);
		if (ev->extra.n)
			say_str(log, "stopped_by=", ev->extra);
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
			say_str(log, "", ev->text);
		if (ev->extra.n)
			say_str(log, "extra=", ev->extra);
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
		say_str(log, "", ev->text);
		break;
	case EVENT_END:
		break;
	}
	buf_addf(log, "%s\n", ev->hidden ? " hidden" : "");
}

/* --- what every decoder promises ------------------------------------------------------------------------- */

static const struct meaning_choice *choice_of(const struct meaning *m, uint16_t index)
{
	const struct meaning_choice *c = m->choices;

	while (c && c->index != index)
		c = c->next;
	return c;
}

static bool has_call(const struct meaning *m, const struct event *ev)
{
	const struct meaning_choice *c = choice_of(m, ev->choice);

	for (const struct meaning_piece *p = c ? c->pieces : NULL; p; p = p->next)
		if (p->kind == EVENT_TOOL_START && p->part == ev->part)
			return true;
	return false;
}

static bool is_json(struct replay *r, struct slice text, bool (*is)(yyjson_val *))
{
	yyjson_doc *doc;

	return json_parse(&r->notes, text, &doc, NULL) == ERR_OK && is(yyjson_doc_get_root(doc));
}

/* A call starts once, and what belongs to it comes behind its start. */
static void check_part(const struct replay *r, const struct event *ev)
{
	if (ev->kind == EVENT_TOOL_START)
		must(ev->part != EVENT_NO_PART && !has_call(&r->meaning, ev));
	if (ev->kind == EVENT_TOOL_ARGS)
		must(has_call(&r->meaning, ev));
	if (ev->kind == EVENT_PART_END || ev->kind == EVENT_SIGNATURE)
		must(ev->part == EVENT_NO_PART || has_call(&r->meaning, ev));
}

static void check_event(struct replay *r, const struct event *ev)
{
	must(!r->frame_failed);	/* nothing of a frame comes after its error; upstream/answer.c stops there */
	must(ev->first_of_raw == (ev->raw.p != NULL));
	check_part(r, ev);
	switch ((enum event_kind)ev->kind) {
	case EVENT_START:
		must(!r->meaning.has_start);
		break;
	case EVENT_TEXT:
	case EVENT_REASONING:
	case EVENT_REFUSAL:
	case EVENT_TOOL_ARGS:
	case EVENT_SIGNATURE:
	case EVENT_REDACTED:
	case EVENT_MEDIA:
		must(ev->text.n > 0);
		break;
	case EVENT_FINISH:
		must(ev->finish != EVENT_FINISH_NONE);
		break;
	case EVENT_USAGE:
		must(ev->text.n == sizeof(struct usage));
		break;
	case EVENT_CITATION:
		must(is_json(r, ev->text, yyjson_is_obj));
		break;
	case EVENT_LOGPROBS:
		must(is_json(r, ev->text, yyjson_is_arr));
		break;
	case EVENT_VECTOR:
		must(ev->text.n > 0 && ev->text.n % sizeof(float) == 0);
		break;
	case EVENT_ERROR:
		must(ev->err != ERR_OK);
		break;
	case EVENT_TOOL_START:
	case EVENT_PART_END:
	case EVENT_OTHER:
	case EVENT_END:
		break;
	}
}

/* The tally says what the events said. */
static void check_tally(const struct replay *r)
{
	const struct dialect_tally *t = &r->decode.tally;

	must(t->started == r->started && t->content == r->content);
	must(r->failed == (t->fault.err != ERR_OK) || r->err != ERR_OK);
	must(!t->finished || r->meaning.choices != NULL);
	for (const struct meaning_choice *c = r->meaning.choices; t->finished && c; c = c->next)
		must(c->finish != EVENT_FINISH_NONE);
}

static enum err on_event(void *arg, const struct event *ev)
{
	struct replay *r = arg;

	check_event(r, ev);
	r->started = true;
	r->content |= event_is_content(ev);
	r->failed |= ev->kind == EVENT_ERROR;
	r->frame_failed |= ev->kind == EVENT_ERROR;
	r->wordless |= ev->kind == EVENT_FINISH && ev->text.n == 0;
	log_event(&r->log, ev);
	meaning_take(&r->meaning, ev);
	if (ev->first_of_raw)
		buf_add(&r->raw, ev->raw);
	if (r->front == NULL)
		return ERR_OK;
	r->front->encode_event(&r->to_stream, ev, &r->stream);
	r->front->encode_event(&r->to_full, ev, &r->full);
	r->front->collect(&r->to_whole, ev);
	return ERR_OK;
}

/* --- replaying ------------------------------------------------------------------------------------------- */

static enum err on_frame(void *arg, const struct sse_event *ev)
{
	struct replay *r = arg;

	r->frame_failed = false;
	return r->back->decode_event(&r->decode, ev->type, ev->data, ev->raw);
}

static const struct sse_events frames = { .on_event = on_frame };

/* As for a client who misses nothing. */
static void wants_all(struct replay *r)
{
	if (r->request)
		r->wants_usage = *r->request;
	else
		r->wants_usage = (struct request){ .choices = 1, .dialect = r->front };
	r->wants_usage.wants_usage = true;
	r->wants_usage.door.framing = REQUEST_SSE;
	r->to_full.request = &r->wants_usage;
}

void replay_init(struct replay *r, const struct dialect *back, const struct dialect *front,
	const struct request *request)
{
	*r = (struct replay){ .back = back, .front = front, .request = request };
	arena_init(&r->arena, 0);
	json_scratch_init(&r->scratch, MOST_BYTES);
	arena_init(&r->notes, 0);
	meaning_init(&r->meaning, &r->notes);
	r->meaning.origin = back->tag;
	r->decode = (struct dialect_decode){ .scratch = &r->scratch, .arena = &r->arena, .on_event = on_event,
		.arg = r };
	r->to_stream = r->to_full = r->to_whole = (struct dialect_encode){ .request = request,
		.id = SLICE("weir-1"), .created_s = CREATED_S, .source = back, .arena = &r->arena };
	wants_all(r);
	buf_init(&r->log, MOST_BYTES);
	buf_init(&r->raw, MOST_BYTES);
	buf_init(&r->stream, MOST_BYTES);
	buf_init(&r->full, MOST_BYTES);
	buf_init(&r->whole, MOST_BYTES);
}

void replay_done(struct replay *r)
{
	meaning_done(&r->meaning);
	buf_done(&r->log);
	buf_done(&r->raw);
	buf_done(&r->stream);
	buf_done(&r->full);
	buf_done(&r->whole);
	json_scratch_done(&r->scratch);
	arena_done(&r->arena);
	arena_done(&r->notes);
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
	check_tally(r);
	if (r->front == NULL || !replay_complete(r))
		return;
	r->front->encode_end(&r->to_stream, &r->stream);
	r->front->encode_end(&r->to_full, &r->full);
	r->front->collected(&r->to_whole, &r->whole);
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
	r->err = r->back->decode_whole(&r->decode, body);
	end(r);
}

void replay_feed(struct replay *r, const struct event *ev)
{
	must(on_event(r, ev) == ERR_OK);
}

void replay_fed(struct replay *r)
{
	struct dialect_tally *t = &r->decode.tally;

	t->started = r->started;
	t->content = r->content;
	t->finished = r->meaning.choices != NULL;
	for (const struct meaning_choice *c = r->meaning.choices; c; c = c->next, t->choices++)
		t->finished &= c->finish != EVENT_FINISH_NONE;
	end(r);
}

bool replay_complete(const struct replay *r)
{
	const struct dialect_tally *t = &r->decode.tally;

	return r->err == ERR_OK && (t->finished || t->whole) && t->fault.err == ERR_OK
		&& r->to_whole.err == ERR_OK && r->to_stream.err == ERR_OK && r->to_full.err == ERR_OK;
}

void replay_log_fault(const struct fault *f, struct buf *out)
{
	buf_addf(out, "fault %s", err_name(f->err));
	if (f->status)
		buf_addf(out, " status=%d", f->status);
	if (f->code.n)
		say_str(out, "code=", f->code);
	if (f->param.n)
		say_str(out, "param=", f->param);
	if (f->message.n)
		say_str(out, "", f->message);
	buf_add_char(out, '\n');
}

/* `again` has decoded what an encoder wrote. */
static bool came_back(const struct replay *r, const struct replay *again, const char *what, struct buf *report)
{
	unsigned losses = meaning_losses(r->front);

	if (again->err != ERR_OK || again->lost)
		buf_addf(report, "the encoded %s is not readable: %s%s\n", what, err_name(again->err),
			again->lost ? ", bytes are left over" : "");
	else if (again->decode.tally.fault.err != ERR_OK)
		buf_addf(report, "the encoded %s is an error: %s\n", what, err_name(again->decode.tally.fault.err));
	else if (again->decode.tally.finished != r->decode.tally.finished)
		buf_addf(report, "the encoded %s is not finished\n", what);
	else if (meaning_same(&r->meaning, &again->meaning, losses, report))
		return true;
	buf_addf(report, "--- encoded %s\n", what);
	return false;
}

static bool stream_round_trip(const struct replay *r, struct buf *report)
{
	struct replay again;

	replay_init(&again, r->front, NULL, r->request);
	replay_stream(&again, buf_slice(&r->full), 0, 0);
	bool good = came_back(r, &again, "stream", report);
	if (good && !again.decode.tally.end_mark && !r->front->no_end_mark) {
		buf_addf(report, "the encoded stream has no end mark\n");
		good = false;
	}
	if (!good)
		buf_add(report, buf_slice(&r->full));
	replay_done(&again);
	return good;
}

static bool whole_round_trip(const struct replay *r, struct buf *report)
{
	struct replay again;

	replay_init(&again, r->front, NULL, r->request);
	replay_whole(&again, buf_slice(&r->whole));
	bool good = came_back(r, &again, "answer", report);
	if (!good)
		buf_add(report, buf_slice(&r->whole));
	replay_done(&again);
	return good;
}

bool replay_round_trip(const struct replay *r, struct buf *report)
{
	unsigned losses = meaning_losses(r->front);
	bool is_late = r->meaning.late && losses & LOSS_LATE;
	bool has_stream = r->front->op == REQUEST_CHAT && !r->wordless && !r->meaning.overlong && !is_late;

	/* A dialect with one choice has nothing to say of an answer without the first. */
	if (losses & LOSS_CHOICES && r->meaning.choices && r->meaning.choices->index > 0)
		return true;
	if ((is_late || r->wordless) && r->front != r->back)
		return true;
	return whole_round_trip(r, report) && (!has_stream || stream_round_trip(r, report));
}

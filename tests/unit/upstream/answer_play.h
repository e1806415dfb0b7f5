/* Plays a provider's response through an answer, in pieces of the caller's choice, and writes down what it
 * gave: its events as text, the raw bytes they carried, and the verdict.  For the tests and the fuzz target
 * of upstream/answer. */
#ifndef TESTS_ANSWER_PLAY_H
#define TESTS_ANSWER_PLAY_H

#include <stdlib.h>

#include "base/counter.h"
#include "upstream/answer.h"

#define ANSWER_PLAY_WALL_S 1700000000u	/* Tue, 14 Nov 2023 22:13:20 GMT */

struct answer_play {
	const struct dialect *dialect;	/* NULL: openai_chat */
	struct answer_limits limits;
	uint64_t refuse_at;	/* this event, from 1, is refused with ERR_UP_TOO_BIG, as by a full journal */
	enum err eof;		/* why the connection ends when the answer has not */
	/* what came out */
	struct arena arena;
	struct buf story, raw, text;	/* text: of all choices */
	uint64_t n_events, n_raws;
	size_t used;		/* bytes that belonged to the answer */
	bool told_before_eof, ended_before_eof, fit, content, finished, end_mark;
	enum answer_mode mode;
	struct usage usage;
	struct slice request_id, type;
	bool has_quota;
	struct quota quota;
	struct fault fault;
};

static inline void answer_play_text(struct buf *b, const char *name, const struct event *ev)
{
	buf_addf(b, "%s%s", buf_len(b) ? " " : "", name);
	if (ev->choice != 0 && ev->choice != EVENT_NO_CHOICE)
		buf_addf(b, "#%u", ev->choice);
	if (ev->text.n && ev->kind != EVENT_USAGE)
		buf_addf(b, ":%.*s", SLICE_ARG(ev->text));
	if (ev->extra.n)
		buf_addf(b, ",%.*s", SLICE_ARG(ev->extra));
	if (ev->hidden)
		buf_addf(b, "(hidden)");
}

static inline enum err answer_play_on_event(void *arg, const struct event *ev)
{
	struct answer_play *p = arg;
	struct usage u = event_usage(ev);

	must(ev->kind != EVENT_ERROR);		/* answer.h: never handed up */
	must(ev->first_of_raw == (ev->raw.n > 0));
	answer_play_text(&p->story, event_kind_name(ev->kind), ev);
	if (ev->kind == EVENT_USAGE)
		buf_addf(&p->story, ":%lld/%lld", (long long)u.prompt_tok, (long long)u.completion_tok);
	if (ev->kind == EVENT_FINISH)
		buf_addf(&p->story, "=%s", event_finish_name(ev->finish));
	buf_add(&p->raw, ev->raw);
	if (ev->kind == EVENT_TEXT)
		buf_add(&p->text, ev->text);
	p->n_raws += ev->first_of_raw;
	p->n_events++;
	return p->n_events == p->refuse_at ? ERR_UP_TOO_BIG : ERR_OK;
}

static inline struct slice answer_play_copy(struct answer_play *p, struct slice s)
{
	return s.n ? arena_copy(&p->arena, s) : SLICE_EMPTY;
}

/* Each piece in memory of its own, freed after the call: ASan sees a slice that is kept too long. */
static inline bool answer_play_feed(struct answer_play *p, struct answer *a, struct slice piece)
{
	char *copy = malloc(piece.n);
	size_t used = SIZE_MAX;

	must(copy != NULL);
	memcpy(copy, piece.p, piece.n);
	bool ended = answer_feed(a, slice_of(copy, piece.n), &used);
	free(copy);
	must(used <= piece.n && ended == a->ended && (ended || used == piece.n));
	p->used += used;
	return ended;
}

static inline void answer_play_keep(struct answer_play *p, const struct answer *a)
{
	p->fit = answer_is_fit(a);
	p->mode = a->mode;
	p->content = a->decode.tally.content;
	p->finished = a->decode.tally.finished;
	p->end_mark = a->decode.tally.end_mark;
	p->usage = a->decode.tally.usage;
	p->request_id = answer_play_copy(p, a->request_id);
	p->type = answer_play_copy(p, a->type);
	p->has_quota = a->quota != NULL;
	if (a->quota)
		p->quota = *a->quota;
	p->fault = fault_copy(&p->arena, &a->fault);
}

/* `first` bytes (0: none), then `step` at a time.  Set limits, refuse_at and eof before; answer_play_done()
 * after. */
static inline void answer_play(struct answer_play *p, struct slice response, size_t first, size_t step)
{
	struct json_scratch scratch;
	struct arena arena;
	struct answer a;
	uint64_t buffered = counter_values[COUNTER_buffered_bytes];

	arena_init(&p->arena, 0);
	arena_init(&arena, 0);
	buf_init(&p->story, 64u << 20);
	buf_init(&p->raw, 64u << 20);
	buf_init(&p->text, 64u << 20);
	json_scratch_init(&scratch, 64u << 20);
	const struct answer_opts o = { .dialect = p->dialect ? p->dialect : &openai_chat, .scratch = &scratch,
		.arena = &arena,
		.limits = p->limits, .wall_s = ANSWER_PLAY_WALL_S, .on_event = answer_play_on_event,
		.arg = p };
	answer_init(&a, &o);
	for (size_t at = 0, n = first ? first : step; at < response.n && !a.ended; at += n, n = step) {
		n = MIN_OF(n, response.n - at);
		answer_play_feed(p, &a, slice_of(response.p + at, n));
		must(!answer_is_fit(&a) || a.ended);
	}
	p->ended_before_eof = a.ended;
	p->told_before_eof = answer_is_told(&a);
	answer_eof(&a, p->eof);
	must(a.ended);
	answer_play_keep(p, &a);
	answer_done(&a);
	must(counter_values[COUNTER_buffered_bytes] == buffered);
	json_scratch_done(&scratch);
	arena_done(&arena);
}

static inline void answer_play_done(struct answer_play *p)
{
	arena_done(&p->arena);
	buf_done(&p->story);
	buf_done(&p->raw);
	buf_done(&p->text);
}

#endif

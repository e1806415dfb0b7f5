#include "dialect/gemini_frame.h"

#include <assert.h>

static_assert(sizeof(struct gemini_frame_state) <= DIALECT_STATE_BYTES, "decoder state");

struct gemini_frame gemini_frame_of(struct dialect_decode *d, struct slice raw)
{
	return (struct gemini_frame){ .d = d, .state = (struct gemini_frame_state *)(void *)d->state.bytes, .raw = raw,
		.other = EVENT_NO_CHOICE };
}

void gemini_frame_emit(struct gemini_frame *f, struct event *ev)
{
	struct dialect_tally *t = &f->d->tally;

	if (f->err != ERR_OK)
		return;
	if (!f->raw_given) {
		ev->first_of_raw = true;
		ev->raw = f->raw;
		f->raw_given = true;
	}
	t->started = true;
	t->content |= event_is_content(ev);
	f->err = f->d->on_event(f->d->arg, ev);
}

void gemini_frame_fail(struct gemini_frame *f, const struct fault *fault)
{
	struct dialect_tally *t = &f->d->tally;

	if (t->fault.err == ERR_OK)
		t->fault = *fault;
	struct event ev = { .kind = EVENT_ERROR, .err = (uint8_t)fault->err, .text = fault_message(fault) };
	gemini_frame_emit(f, &ev);
}

static void count_choices(struct gemini_frame *f)
{
	f->d->tally.choices = f->state->n_choices;
	f->d->tally.finished = f->state->n_choices > 0 && f->state->n_done == f->state->n_choices;
}

struct gemini_frame_choice *gemini_frame_choice(struct gemini_frame *f, uint64_t index)
{
	struct gemini_frame_choice **at = &f->state->choices;

	if (index >= GEMINI_FRAME_CHOICES)
		return NULL;
	while (*at && (*at)->index != index)
		at = &(*at)->next;
	if (*at)
		return *at;
	*at = ARENA_NEW(f->d->arena, struct gemini_frame_choice);
	(*at)->index = (uint16_t)index;
	f->state->n_choices++;
	count_choices(f);
	return *at;
}

void gemini_frame_finish(struct gemini_frame *f, struct gemini_frame_choice *c, enum event_finish finish,
	struct slice word)
{
	struct event ev = { .kind = EVENT_FINISH, .finish = (uint8_t)finish, .choice = c->index, .text = word };

	if (c->done)
		return;
	c->done = true;
	f->state->n_done++;
	count_choices(f);
	if (c->index == 0)
		f->d->tally.finish = finish;
	gemini_frame_emit(f, &ev);
}

void gemini_frame_end(struct gemini_frame *f)
{
	if (f->raw_given)
		return;
	struct event ev = { .kind = EVENT_OTHER, .choice = f->other };
	gemini_frame_emit(f, &ev);
}

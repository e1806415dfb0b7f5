#include "dialect/openai_frame.h"

#include <assert.h>

static_assert(sizeof(struct openai_frame_state) <= DIALECT_STATE_BYTES, "decoder state");

struct openai_frame openai_frame_of(struct dialect_decode *d, struct slice raw)
{
	return (struct openai_frame){ .d = d, .state = (struct openai_frame_state *)(void *)d->state.bytes,
		.raw = raw, .other = EVENT_NO_CHOICE };
}

void openai_frame_emit(struct openai_frame *f, struct event *ev)
{
	struct dialect_tally *t = &f->d->tally;

	if (f->err != ERR_OK)
		return;
	if (!f->raw_given) {
		ev->first_of_raw = true;
		ev->raw = f->raw;
		f->raw_given = true;
	}
	ev->hidden = f->hidden;
	t->started = true;
	t->content |= event_is_content(ev);
	if (ev->kind == EVENT_FINISH && ev->choice == 0)
		t->finish = ev->finish;
	f->n_events++;
	f->last_kind = ev->kind;
	f->last_choice = ev->choice;
	f->last_text = ev->text;
	f->err = f->d->on_event(f->d->arg, ev);
}

static void note_reasoning(struct openai_frame *f, uint16_t choice)
{
	uint64_t *bits = f->state->reasoned;

	if (bits == NULL) {
		bits = f->state->reasoned = ARENA_ARRAY(f->d->arena, uint64_t, OPENAI_FRAME_CHOICES / 64);
		memset(bits, 0, OPENAI_FRAME_CHOICES / 8);
	}
	bits[choice / 64] |= UINT64_C(1) << choice % 64;
}

bool openai_frame_has_reasoned(const struct openai_frame *f, uint16_t choice)
{
	return f->state->reasoned && f->state->reasoned[choice / 64] >> choice % 64 & 1;
}

void openai_frame_signed(struct openai_frame *f, uint16_t choice)
{
	if (f->state->reasoned)
		f->state->reasoned[choice / 64] &= ~(UINT64_C(1) << choice % 64);
}

void openai_frame_text(struct openai_frame *f, uint16_t choice, enum event_kind kind, struct slice text)
{
	struct event ev = { .kind = (uint8_t)kind, .choice = choice, .text = text };

	if (text.n == 0)
		return;
	f->state->has_text |= kind == EVENT_TEXT;
	if (kind == EVENT_REASONING)
		note_reasoning(f, choice);
	openai_frame_emit(f, &ev);
}

void openai_frame_fail(struct openai_frame *f, const struct fault *fault)
{
	struct dialect_tally *t = &f->d->tally;

	if (t->fault.err == ERR_OK)
		t->fault = *fault;
	struct event ev = { .kind = EVENT_ERROR, .err = (uint8_t)fault->err, .text = fault_message(fault) };
	openai_frame_emit(f, &ev);
}

static void count_choices(struct openai_frame *f)
{
	const struct openai_frame_state *s = f->state;
	f->d->tally.choices = (uint32_t)(__builtin_popcountll(s->seen[0]) + __builtin_popcountll(s->seen[1]));
	f->d->tally.finished = f->d->tally.choices > 0 && s->seen[0] == s->done[0]
		&& s->seen[1] == s->done[1];
}

bool openai_frame_see(struct openai_frame *f, uint64_t choice)
{
	if (choice >= OPENAI_FRAME_CHOICES)
		return false;
	uint64_t bit = UINT64_C(1) << choice % 64;
	if (f->state->seen[choice / 64] & bit)
		return true;
	f->state->seen[choice / 64] |= bit;
	count_choices(f);
	return true;
}

bool openai_frame_done(struct openai_frame *f, uint16_t choice)
{
	uint64_t bit = UINT64_C(1) << choice % 64;
	if (f->state->done[choice / 64] & bit)
		return false;
	f->state->done[choice / 64] |= bit;
	count_choices(f);
	return true;
}

void openai_frame_end(struct openai_frame *f)
{
	if (f->raw_given)
		return;
	struct event ev = { .kind = EVENT_OTHER, .choice = f->other };
	openai_frame_emit(f, &ev);
}

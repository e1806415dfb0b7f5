#include "dialect/anthropic_frame.h"

#include <assert.h>

#include "dialect/anthropic_usage.h"

enum {
	BLOCKS_MAX = 256,	/* open at one time; a right stream has one */
	CALLS_MAX = 1024,	/* in one answer; Node's SDK for OpenAI refuses more than 128 */
};

static_assert(sizeof(struct anthropic_frame_state) <= DIALECT_STATE_BYTES, "decoder state");

struct anthropic_frame anthropic_frame_of(struct dialect_decode *d, struct slice raw)
{
	/* The zeroed tally says 0 tokens; nothing was said yet. */
	if (!d->tally.started)
		d->tally.usage = USAGE_NONE;
	return (struct anthropic_frame){ .d = d, .state = (struct anthropic_frame_state *)(void *)d->state.bytes,
		.raw = raw, .other = EVENT_NO_CHOICE };
}

/* --- events --------------------------------------------------------------------------------------------- */

void anthropic_frame_emit(struct anthropic_frame *f, struct event *ev)
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

void anthropic_frame_text(struct anthropic_frame *f, enum event_kind kind, struct slice text)
{
	struct event ev = { .kind = (uint8_t)kind, .text = text };

	if (text.n)
		anthropic_frame_emit(f, &ev);
}

void anthropic_frame_part(struct anthropic_frame *f, enum event_kind kind, uint16_t part, struct slice text,
	struct slice extra)
{
	struct event ev = { .kind = (uint8_t)kind, .part = part, .text = text, .extra = extra };

	anthropic_frame_emit(f, &ev);
}

void anthropic_frame_fail(struct anthropic_frame *f, const struct fault *fault)
{
	struct dialect_tally *t = &f->d->tally;
	struct event ev = { .kind = EVENT_ERROR, .err = (uint8_t)fault->err, .text = fault_message(fault) };

	if (t->fault.err == ERR_OK)
		t->fault = *fault;
	anthropic_frame_emit(f, &ev);
}

void anthropic_frame_see(struct anthropic_frame *f)
{
	f->d->tally.choices = 1;
}

void anthropic_frame_finish(struct anthropic_frame *f, enum event_finish finish, struct slice word,
	struct slice sequence)
{
	struct event ev = { .kind = EVENT_FINISH, .finish = (uint8_t)finish, .text = word, .extra = sequence };

	if (f->state->finished)
		return;
	anthropic_frame_see(f);
	f->state->finished = true;
	f->d->tally.finished = true;
	f->d->tally.finish = finish;
	anthropic_frame_emit(f, &ev);
}

void anthropic_frame_usage(struct anthropic_frame *f, yyjson_val *usage)
{
	struct usage *u = &f->d->tally.usage;
	struct event ev = { .kind = EVENT_USAGE, .text = event_usage_text(u) };

	if (anthropic_usage_read(usage, u))
		anthropic_frame_emit(f, &ev);
}

void anthropic_frame_end(struct anthropic_frame *f)
{
	struct event ev = { .kind = EVENT_OTHER, .choice = f->other };

	if (!f->raw_given)
		anthropic_frame_emit(f, &ev);
}

/* --- blocks --------------------------------------------------------------------------------------------- */

struct anthropic_frame_block *anthropic_frame_find(const struct anthropic_frame *f, int64_t index)
{
	for (struct anthropic_frame_block *b = f->state->open; b; b = b->next)
		if (b->index == index)
			return b;
	return NULL;
}

static struct anthropic_frame_block *take_block(struct anthropic_frame *f)
{
	struct anthropic_frame_state *s = f->state;
	struct anthropic_frame_block *b = s->idle;

	if (b) {
		s->idle = b->next;
		return b;
	}
	if (s->n_blocks == BLOCKS_MAX)
		return NULL;
	s->n_blocks++;
	return ARENA_NEW(f->d->arena, struct anthropic_frame_block);
}

struct anthropic_frame_block *anthropic_frame_open(struct anthropic_frame *f, int64_t index,
	enum anthropic_frame_kind kind)
{
	struct anthropic_frame_block *b = anthropic_frame_find(f, index);

	if (b)
		anthropic_frame_close(f, b);
	b = take_block(f);
	if (b == NULL)
		return NULL;
	*b = (struct anthropic_frame_block){ .next = f->state->open, .index = index, .kind = kind,
		.part = EVENT_NO_PART };
	return f->state->open = b;
}

void anthropic_frame_close(struct anthropic_frame *f, struct anthropic_frame_block *b)
{
	struct anthropic_frame_block **at = &f->state->open;

	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	b->next = f->state->idle;
	f->state->idle = b;
}

uint16_t anthropic_frame_next_call(struct anthropic_frame *f)
{
	return f->state->n_calls < CALLS_MAX ? f->state->n_calls++ : EVENT_NO_PART;
}

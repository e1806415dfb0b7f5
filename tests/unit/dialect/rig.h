/* A decoder that keeps what it gives out. */
#ifndef TESTS_UNIT_DIALECT_RIG_H
#define TESTS_UNIT_DIALECT_RIG_H

#include "dialect/dialect.h"

#define RIG_EVENTS 4096

struct rig {
	struct arena arena;
	struct json_scratch scratch;
	struct dialect_decode decode;
	struct event events[RIG_EVENTS];	/* text, extra and raw copied to the arena */
	size_t n;
	size_t fail_at;		/* the event with this number (from 1) is refused with ERR_TOO_BIG */
};

static inline enum err rig_on_event(void *arg, const struct event *ev)
{
	struct rig *r = arg;
	must(r->n < RIG_EVENTS);
	struct event *to = &r->events[r->n++];
	*to = *ev;
	to->text = arena_copy(&r->arena, ev->text);
	to->extra = arena_copy(&r->arena, ev->extra);
	return r->n == r->fail_at ? ERR_TOO_BIG : ERR_OK;
}

static inline void rig_init(struct rig *r)
{
	*r = (struct rig){ .n = 0 };
	arena_init(&r->arena, 0);
	json_scratch_init(&r->scratch, 1 << 24);
	r->decode = (struct dialect_decode){ .scratch = &r->scratch, .arena = &r->arena, .on_event = rig_on_event,
		.arg = r };
}

static inline void rig_done(struct rig *r)
{
	json_scratch_done(&r->scratch);
	arena_done(&r->arena);
}

/* One frame with this data. */
static inline enum err rig_feed(struct rig *r, const char *data)
{
	return openai_chat.decode_event(&r->decode, SLICE_EMPTY, slice_str(data), slice_str(data));
}

#endif

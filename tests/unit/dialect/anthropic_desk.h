/* A prompt on its way to a provider of the family anthropic, as if it came from a client of another one: read
 * from a body of this dialect, then changed by the test, then written. */
#ifndef TESTS_UNIT_DIALECT_ANTHROPIC_DESK_H
#define TESTS_UNIT_DIALECT_ANTHROPIC_DESK_H

#include "unit.h"

#include "dialect/anthropic_read.h"
#include "dialect/anthropic_write.h"
#include "dialect/quirks.h"

struct desk {
	struct arena arena;
	struct request request;
	struct prompt p;
	struct drops drops;
	struct fault fault;
	struct quirks quirks;
	struct dialect_ask ask;
	struct buf out;
	enum err err;
};

#define DESK_HEAD "{\"model\":\"x\",\"max_tokens\":16,"
#define DESK_HI "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]"

/* `body` must be taken by the reader. */
static inline void desk_open(struct desk *d, const char *body)
{
	*d = (struct desk){ .quirks = quirks_none };
	arena_init(&d->arena, 0);
	assert_int_equal(anthropic_messages.parse(&d->arena, slice_str(body), &d->request, &d->fault), ERR_OK);
	prompt_init(&d->p, &d->arena);
	assert_int_equal(anthropic_read(&d->arena, &d->request, &d->p, &d->fault), ERR_OK);
	d->p.origin = 'c';
	d->ask = (struct dialect_ask){ .model = SLICE("m"), .provider = SLICE("acme"), .quirks = &d->quirks,
		.drops = &d->drops, .arena = &d->arena, .fault = &d->fault };
	buf_init(&d->out, 1 << 20);
}

static inline void desk_open_hi(struct desk *d)
{
	desk_open(d, DESK_HEAD DESK_HI "}");
}

static inline struct slice desk_write(struct desk *d, const char *model)
{
	buf_clear(&d->out);
	d->drops = (struct drops){ .n = 0 };
	d->fault = (struct fault){ .err = ERR_OK };
	d->ask.model = slice_str(model);
	d->err = anthropic_write(&d->p, &d->ask, &d->out);
	assert_int_equal(d->err, d->fault.err);
	return buf_slice(&d->out);
}

static inline bool desk_has(struct desk *d, const char *piece)
{
	struct slice s = buf_slice(&d->out);
	return s.p && memmem(s.p, s.n, piece, strlen(piece)) != NULL;
}

#define desk_wrote(d, piece) \
	do { \
		if (!desk_has((d), (piece))) \
			fail_msg("no %s in %.*s", (piece), SLICE_ARG(buf_slice(&(d)->out))); \
	} while (0)

static inline void desk_dropped(struct desk *d, const char *names)
{
	char text[1024];
	assert_string_equal(drops_text(&d->drops, text, sizeof(text)), names);
}

static inline void desk_refused(struct desk *d, const char *model, const char *why)
{
	desk_write(d, model);
	assert_int_equal(d->err, ERR_UNSUPPORTED);
	assert_slice(d->fault.message, why);
}

static inline void desk_close(struct desk *d)
{
	buf_done(&d->out);
	arena_done(&d->arena);
}

/* A part more in the last message. */
static inline struct prompt_part *desk_add(struct desk *d, enum prompt_part_kind kind)
{
	struct prompt_message *m = d->p.messages;

	while (m->next)
		m = m->next;
	return prompt_add_part(&d->p, m, kind);
}

#endif

/* A prompt, the body written from it, and what the body says. */
#ifndef TESTS_UNIT_DIALECT_RESPONSES_DESK_H
#define TESTS_UNIT_DIALECT_RESPONSES_DESK_H

#include "codec/json_out.h"
#include "dialect/responses_write.h"

struct writer {
	struct arena arena;
	struct prompt p;
	struct drops drops;
	struct fault fault;
	struct quirks quirks;
	struct dialect_ask ask;
	struct buf out;
	yyjson_val *root;
};

static inline void writer_init(struct writer *w, char origin)
{
	*w = (struct writer){ .fault = { .err = ERR_OK } };
	arena_init(&w->arena, 0);
	prompt_init(&w->p, &w->arena);
	w->p.origin = origin;
	w->ask = (struct dialect_ask){ .model = SLICE("up"), .drops = &w->drops, .arena = &w->arena, .fault = &w->fault,
		.provider = SLICE("p"), .quirks = &w->quirks };
	buf_init(&w->out, 1 << 20);
}

static inline void writer_done(struct writer *w)
{
	buf_done(&w->out);
	arena_done(&w->arena);
}

static inline yyjson_val *json(struct writer *w, const char *text)
{
	yyjson_doc *doc;

	assert_int_equal(json_parse(&w->arena, slice_str(text), &doc, NULL), ERR_OK);
	return yyjson_doc_get_root(doc);
}

static inline struct prompt_message *say(struct writer *w, enum prompt_role role, const char *text)
{
	struct prompt_message *m = prompt_add_message(&w->p, role);
	prompt_add_text(&w->p, m, slice_str(text));
	return m;
}

static inline void write(struct writer *w)
{
	buf_clear(&w->out);
	w->drops = (struct drops){ .n = 0 };
	if (w->p.messages == NULL)
		say(w, PROMPT_USER, "x");
	prompt_tidy(&w->p);
	assert_int_equal(responses_write(&w->p, &w->ask, &w->out), ERR_OK);
	buf_add_char(&w->out, '\0');
	w->root = json(w, w->out.p);
}

static inline void expect(struct writer *w, const char *member, const char *want)
{
	struct slice got = json_out_text(&w->arena, yyjson_obj_get(w->root, member));
	if (want == NULL)
		assert_null(got.p);
	else
		assert_slice(got, want);
}

static inline void expect_drops(struct writer *w, const char *want)
{
	char text[512];
	assert_string_equal(drops_text(&w->drops, text, sizeof(text)), want);
}

static inline void expect_refusal(struct writer *w, const char *param)
{
	assert_int_equal(responses_write(&w->p, &w->ask, &w->out), ERR_UNSUPPORTED);
	assert_int_equal(w->fault.err, ERR_UNSUPPORTED);
	assert_slice(w->fault.param, param);
	assert_true(w->fault.message.n > 0);
}

#endif

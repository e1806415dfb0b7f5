/* Room and the members of streams; usual bodies are golden pages (request-*.md). */
#include "unit.h"

#include "dialect/responses_build.h"
#include "dialect/responses_parse.h"

struct builder {
	struct arena arena;
	struct request request;
	struct fault fault;
	struct drops drops;
	struct buf out;
};

static void builder_init(struct builder *b, const char *body, size_t max)
{
	*b = (struct builder){ .fault = { .err = ERR_OK } };
	arena_init(&b->arena, 0);
	buf_init(&b->out, max);
	assert_int_equal(responses_parse(&b->arena, slice_str(body), &b->request, &b->fault), ERR_OK);
}

static void builder_done(struct builder *b)
{
	buf_done(&b->out);
	arena_done(&b->arena);
}

static enum err build(struct builder *b, bool stream)
{
	struct dialect_ask ask = { .model = SLICE("n"), .stream = stream, .add_usage = true, .drops = &b->drops,
		.arena = &b->arena, .fault = &b->fault };
	return responses_build(&b->request, &ask, &b->out);
}

/* Token counts come without asking: include_usage would be refused. */
static void test_no_usage_option(void **state)
{
	struct builder b;

	builder_init(&b, "{\"model\":\"m\",\"input\":\"x\",\"stream\":true,"
		"\"stream_options\":{\"include_obfuscation\":true}}",
		65536);
	assert_int_equal(build(&b, true), ERR_OK);
	assert_slice(buf_slice(&b.out),
		"{\"model\":\"n\",\"input\":\"x\",\"stream\":true,\"stream_options\":{\"include_obfuscation\":true}}");
	buf_clear(&b.out);
	assert_int_equal(build(&b, false), ERR_OK);
	assert_slice(buf_slice(&b.out), "{\"model\":\"n\",\"input\":\"x\",\"stream\":false}");
	builder_done(&b);
}

static void test_no_room(void **state)
{
	struct builder b;

	builder_init(&b, "{\"model\":\"m\",\"input\":\"x\"}", 20);
	assert_int_equal(build(&b, false), ERR_TOO_BIG);
	builder_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_usage_option),
		cmocka_unit_test(test_no_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

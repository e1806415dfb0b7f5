/* Room and what pages cannot show; usual and odd requests are golden pages (read-*.md). */
#include "unit.h"

#include "dialect/responses_parse.h"
#include "dialect/responses_read.h"

struct reader {
	struct arena arena;
	struct request request;
	struct prompt p;
	struct fault fault;
};

static enum err read(struct reader *r, const char *body)
{
	*r = (struct reader){ .fault = { .err = ERR_OK } };
	arena_init(&r->arena, 0);
	assert_int_equal(responses_parse(&r->arena, slice_str(body), &r->request, &r->fault), ERR_OK);
	prompt_init(&r->p, &r->arena);
	r->p.origin = openai_responses.tag;
	enum err e = responses_read(&r->arena, &r->request, &r->p, &r->fault);
	assert_int_equal(e, r->fault.err);
	return e;
}

static void test_opaque(void **state)
{
	struct reader r;

	assert_int_equal(read(&r, "{\"model\":\"m\",\"input\":\"x\","
		"\"include\":[\"reasoning.encrypted_content\"]}"), ERR_OK);
	assert_true(r.p.opaque_thinking);
	assert_null(r.p.extras);
	arena_done(&r.arena);
	assert_int_equal(read(&r, "{\"model\":\"m\",\"input\":\"x\",\"include\":7}"), ERR_OK);
	assert_false(r.p.opaque_thinking);
	assert_slice(r.p.extras->name, "include");
	arena_done(&r.arena);
}

/* Weir's own members are no extras, whatever they hold. */
static void test_own_members(void **state)
{
	struct reader r;

	assert_int_equal(read(&r, "{\"model\":\"m\",\"models\":[\"m\"],\"route\":\"fallback\",\"fallbacks\":[\"n\"],"
		"\"disable_fallbacks\":true,\"timeout\":1,\"num_retries\":1,\"provider_options\":{\"x\":{}},"
		"\"stream\":true,"
		"\"input\":\"x\"}"), ERR_OK);
	assert_null(r.p.extras);
	arena_done(&r.arena);
}

/* One fault, with a name that clients can show. */
static void test_unsupported(void **state)
{
	static const char *const names[] = { "previous_response_id", "conversation", "prompt" };

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct reader r;
		char body[128];
		snprintf(body, sizeof(body), "{\"model\":\"m\",\"input\":\"x\",\"%s\":\"y\"}", names[i]);
		assert_int_equal(read(&r, body), ERR_UNSUPPORTED);
		assert_slice(r.fault.param, names[i]);
		assert_true(r.fault.message.n > 0);
		arena_done(&r.arena);
	}
}

/* Summaries of many parts are joined; without room for that the request is too big. */
static void test_summary_room(void **state)
{
	struct reader r;
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_add(&b, SLICE("{\"model\":\"m\",\"input\":[{\"type\":\"reasoning\",\"summary\":["));
	for (int i = 0; i < 2000; i++)
		buf_addf(&b, "%s{\"type\":\"summary_text\",\"text\":\"part %d\"}", i ? "," : "", i);
	buf_add(&b, SLICE(",{\"text\":\"\"},7]}]}"));
	buf_add_char(&b, '\0');
	assert_int_equal(read(&r, b.p), ERR_OK);
	struct slice text = r.p.messages->parts->text;
	assert_true(slice_starts(text, SLICE("part 0\n\npart 1\n\n")));
	assert_slice(slice_skip(text, text.n - 9), "part 1999");
	r.arena.limit = 1;
	r.arena.at = r.arena.end;
	prompt_init(&r.p, &r.arena);
	assert_int_equal(responses_read(&r.arena, &r.request, &r.p, &r.fault), ERR_TOO_BIG);
	arena_done(&r.arena);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opaque),
		cmocka_unit_test(test_own_members),
		cmocka_unit_test(test_unsupported),
		cmocka_unit_test(test_summary_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Room, estimates and what the front hands in; bodies and paths are golden pages (request-*.md). */
#include "unit.h"

#include "dialect/body.h"
#include "dialect/gemini_build.h"
#include "dialect/gemini_parse.h"

static const char wrapped[] =
	"{\"a\":1,\"generateContentRequest\":{\"model\":\"models/x\",\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}"
		"]},\"b\":2}";

static void test_no_room(void **state)
{
	struct request r = { .door = { .model = SLICE("m") } };
	struct fault f = { .err = ERR_OK };
	struct drops drops = { .n = 0 };
	struct arena a;

	arena_init(&a, 0);
	struct dialect_ask ask = { .model = SLICE("gemini-2.5-pro"), .drops = &drops, .arena = &a, .fault = &f };
	assert_int_equal(gemini_parse_count(&a, slice_str(wrapped), &r, &f), ERR_OK);
	for (size_t max = 0; max < 1000; max++) {
		struct buf out;
		buf_init(&out, max);
		enum err e = gemini_build_count(&r, &ask, &out);
		assert_true(e == ERR_TOO_BIG || e == ERR_OK);
		if (e == ERR_OK)
			assert_slice(buf_slice(&out),
				"{\"a\":1,\"generateContentRequest\":{\"model\":\"models/gemini-2.5-pro\","
				"\"contents\":[{\"parts\":[{\"text\":\"hi\"}]}]},\"b\":2}");
		assert_int_equal(max >= 400 && e != ERR_OK, 0);
		buf_done(&out);
	}
	arena_done(&a);
}

/* Like a kept request: only the bytes are there. */
static void test_without_document(void **state)
{
	struct request r = { .door = { .model = SLICE("m") } }, kept;
	struct fault f = { .err = ERR_OK };
	struct drops drops = { .n = 0 };
	struct arena a, b;
	struct buf out;

	arena_init(&a, 0);
	arena_init(&b, 0);
	buf_init(&out, 4096);
	struct dialect_ask ask = { .model = SLICE("tunedModels/y"), .drops = &drops, .arena = &b, .fault = &f };
	assert_int_equal(gemini_parse_count(&a, slice_str(wrapped), &r, &f), ERR_OK);
	request_keep(&b, &r, &kept);
	arena_done(&a);
	assert_int_equal(gemini_build_count(&kept, &ask, &out), ERR_OK);
	assert_non_null(memmem(out.p, buf_len(&out), "\"tunedModels/y\"", 15));
	buf_done(&out);
	arena_done(&b);
}

static uint64_t estimate(const char *body)
{
	struct request r = { .door = { .model = SLICE("m") } };
	struct fault f = { .err = ERR_OK };
	struct arena a;

	arena_init(&a, 0);
	assert_int_equal(gemini_parse(&a, slice_str(body), &r, &f), ERR_OK);
	arena_done(&a);
	return r.prompt_tok;
}

/* Words count wherever they stand, bytes of pictures do not. */
static void test_estimate(void **state)
{
	uint64_t four = body_estimate(SLICE("1234")), eight = body_estimate(SLICE("12345678"));

	assert_int_equal(estimate("{\"contents\":\"12345678\"}"), eight);
	assert_int_equal(estimate("{\"contents\":[{\"parts\":[{\"text\":\"12345678\"},"
		"{\"inlineData\":{\"data\":\"AAAAAAAAAAAAAAAA\"}}]}]}"), eight);
	assert_int_equal(estimate("{\"contents\":{\"parts\":{\"text\":\"1234\"}},"
		"\"system_instruction\":{\"parts\":[{\"text\":\"12345678\"}]}}"), four + eight);
	assert_int_equal(estimate("{\"contents\":[{\"parts\":[{\"function_call\":{\"name\":\"1234\","
		"\"args\":\"12345678\"}}]}]}"), body_estimate(SLICE("name")) + four + four + eight);
	assert_int_equal(estimate("{\"contents\":[{\"parts\":[{\"functionResponse\":{\"name\":\"1234\","
		"\"response\":{\"1234\":\"12345678\"},\"parts\":[{\"inlineData\":{\"data\":\"AAAAAAAAAAAAAAAA\"}}]"
			"}}]}]}"),
		four + eight);
}

/* What the path says counts, not the body. */
static void test_door(void **state)
{
	static const char body[] = "{\"contents\":\"hi\",\"model\":\"other\",\"stream\":true}";
	struct request r = { .door = { .model = SLICE("m") } };
	struct fault f = { .err = ERR_OK };
	struct arena a;

	arena_init(&a, 0);
	assert_int_equal(gemini_parse(&a, slice_str(body), &r, &f), ERR_OK);
	assert_slice(r.model, "m");
	assert_false(r.stream);
	r = (struct request){ .door = { .model = SLICE("m"), .stream = true } };
	assert_int_equal(gemini_parse(&a, SLICE("{\"contents\":\"hi\",\"stream\":false}"), &r, &f), ERR_OK);
	assert_true(r.stream);
	r = (struct request){ .choices = 0 };
	assert_int_equal(gemini_parse(&a, slice_str(body), &r, &f), ERR_OK);
	assert_slice(r.model, "other");
	assert_true(r.stream);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_room), cmocka_unit_test(test_without_document),
			cmocka_unit_test(test_estimate),
		cmocka_unit_test(test_door),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Limits and estimates; forms and refusals are golden pages. */
#include "unit.h"

#include "base/buf.h"
#include "dialect/embeddings_parse.h"

static struct arena arena;

static enum err parse(struct slice body, struct request *r, struct fault *f)
{
	*r = (struct request){ .choices = 1 };
	*f = (struct fault){ .err = ERR_OK };
	return embeddings_parse(&arena, body, r, f);
}

static struct slice body_of(size_t n, const char *element)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_add(&b, SLICE("{\"model\":\"m\",\"input\":["));
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i ? "," : "", element);
	buf_add(&b, SLICE("]}"));
	struct slice body = arena_copy(&arena, buf_slice(&b));
	buf_done(&b);
	return body;
}

static void test_limit(void **state)
{
	struct request r;
	struct fault f;

	assert_int_equal(parse(body_of(2048, "\"a\""), &r, &f), ERR_OK);
	assert_int_equal(r.choices, 2048);
	assert_int_equal(r.prompt_tok, 2048);
	assert_int_equal(parse(body_of(2049, "\"a\""), &r, &f), ERR_BAD_FIELD);
	assert_slice(f.message, "`input` has more than 2048 elements");
	assert_slice(f.param, "input");
	assert_int_equal(parse(body_of(2049, "[1]"), &r, &f), ERR_BAD_FIELD);
}

/* The limit is of inputs: one input has as many tokens as the model takes. */
static void test_tokens(void **state)
{
	struct request r;
	struct fault f;

	assert_int_equal(parse(body_of(5000, "7"), &r, &f), ERR_OK);
	assert_int_equal(r.choices, 1);
	assert_int_equal(r.prompt_tok, 5000);
	assert_int_equal(parse(body_of(3, "[7,8]"), &r, &f), ERR_OK);
	assert_int_equal(r.choices, 3);
	assert_int_equal(r.prompt_tok, 6);
}

static void test_request(void **state)
{
	struct request r;
	struct fault f;

	assert_int_equal(parse(SLICE("{\"model\":\"m\",\"input\":\"abcdefgh\",\"stream\":true,\"n\":5}"), &r, &f),
		ERR_OK);
	assert_ptr_equal(r.dialect, &openai_embeddings);
	assert_int_equal(r.op, REQUEST_EMBED);
	assert_false(r.stream);
	assert_int_equal(r.choices, 1);
	assert_int_equal(r.prompt_tok, 3);
	assert_int_equal(parse(SLICE("{\"model\":\"m\",\"input\":\"a\",\"timeout\":\"x\"}"), &r, &f), ERR_BAD_FIELD);
	assert_slice(f.param, "timeout");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_request),
	};
	arena_init(&arena, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&arena);
	return failed;
}

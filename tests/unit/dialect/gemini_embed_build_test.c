/* Limits and room; bodies are golden pages. */
#include "unit.h"

#include "dialect/gemini_embed_build.h"
#include "dialect/gemini_embed_parse.h"

static struct arena arena;

static struct slice batch_of(size_t n)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	buf_add(&b, SLICE("{\"requests\":["));
	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s{\"content\":{\"parts\":[{\"text\":\"abcd\"}]}}", i ? "," : "");
	buf_add(&b, SLICE("]}"));
	struct slice body = arena_copy(&arena, buf_slice(&b));
	buf_done(&b);
	return body;
}

static enum err parse(struct slice body, struct request *r, struct fault *f)
{
	*r = (struct request){ .choices = 1, .door = { .model = SLICE("embed") } };
	*f = (struct fault){ .err = ERR_OK };
	return gemini_embed_parse_batch(&arena, body, r, f);
}

static void test_limit(void **state)
{
	struct request r;
	struct fault f;

	assert_int_equal(parse(batch_of(2048), &r, &f), ERR_OK);
	assert_int_equal(r.choices, 2048);
	assert_int_equal(r.prompt_tok, 2048 * 2);
	assert_int_equal(r.op, REQUEST_EMBED);
	assert_ptr_equal(r.dialect, &gemini_batch_embed);
	assert_int_equal(parse(batch_of(2049), &r, &f), ERR_BAD_FIELD);
	assert_slice(f.message, "`requests` has more than 2048 elements");
}

static void test_no_room(void **state)
{
	struct dialect_ask ask = { .model = SLICE("gemini-embedding-001"), .arena = &arena };
	struct request r;
	struct fault f;
	struct buf out;
	bool was_whole = false;

	assert_int_equal(parse(batch_of(3), &r, &f), ERR_OK);
	for (size_t max = 0; max < 800; max++) {
		buf_init(&out, max);
		enum err e = gemini_embed_build_batch(&r, &ask, &out);
		assert_true(e == ERR_OK || (e == ERR_TOO_BIG && !was_whole));
		was_whole = e == ERR_OK;
		buf_done(&out);
	}
	assert_true(was_whole);
}

/* The family's first dialect for vectors takes what comes from another family. */
static void test_batch_comes_first(void **state)
{
	size_t i = 0;

	while (dialect_at(i)->op != REQUEST_EMBED || dialect_at(i)->family != DIALECT_GEMINI)
		i++;
	assert_ptr_equal(dialect_at(i), &gemini_batch_embed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_batch_comes_first),
	};
	arena_init(&arena, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&arena);
	return failed;
}

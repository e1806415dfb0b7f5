/* Pairing with the request, and room; usual answers are golden pages. */
#include "unit.h"

#include "dialect/embeddings_answer.h"
#include "dialect/gemini_embed_collect.h"

static enum err write(const struct dialect *d, uint16_t vectors, uint32_t inputs, size_t max)
{
	static const float floats[] = { 0.5f, 1 };
	struct request r = { .choices = inputs, .body = SLICE("{}") };
	struct arena a;
	struct buf out;

	arena_init(&a, 0);
	buf_init(&out, max);
	struct dialect_encode e = { .request = inputs ? &r : NULL, .arena = &a };
	for (uint16_t i = 0; i < vectors; i++) {
		struct event ev = { .kind = EVENT_VECTOR, .choice = i, .text = slice_of(floats, sizeof(floats)) };
		d->collect(&e, &ev);
	}
	d->collected(&e, &out);
	assert_true(e.err != ERR_OK || out.p[out.n - 1] == '}');
	buf_done(&out);
	arena_done(&a);
	return e.err;
}

static void test_one(void **state)
{
	assert_int_equal(write(&gemini_embed, 1, 1, 4096), ERR_OK);
	assert_int_equal(write(&gemini_embed, 1, 0, 4096), ERR_OK);
	assert_int_equal(write(&gemini_embed, 0, 1, 4096), ERR_UP_BAD_JSON);
	assert_int_equal(write(&gemini_embed, 2, 1, 4096), ERR_UP_BAD_JSON);
	assert_int_equal(write(&gemini_embed, 2, 0, 4096), ERR_UP_BAD_JSON);
}

static void test_batch(void **state)
{
	assert_int_equal(write(&gemini_batch_embed, 3, 3, 4096), ERR_OK);
	assert_int_equal(write(&gemini_batch_embed, 3, 0, 4096), ERR_OK);
	assert_int_equal(write(&gemini_batch_embed, 3, 2, 4096), ERR_UP_BAD_JSON);
	assert_int_equal(write(&gemini_batch_embed, 3, 4, 4096), ERR_UP_BAD_JSON);
	assert_int_equal(write(&gemini_batch_embed, 0, 1, 4096), ERR_UP_BAD_JSON);
}

/* A buffer that is too small is an error and no crash, wherever it ends. */
static void no_room(const struct dialect *d, uint16_t n)
{
	bool was_whole = false;

	for (size_t max = 0; max < 300; max++) {
		enum err e = write(d, n, n, max);
		assert_true(e == ERR_OK || (e == ERR_TOO_BIG && !was_whole));
		was_whole = e == ERR_OK;
	}
	assert_true(was_whole);
}

static void test_no_room(void **state)
{
	no_room(&gemini_embed, 1);
	no_room(&gemini_batch_embed, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_no_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

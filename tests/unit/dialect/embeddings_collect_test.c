/* Pairing with the request, and room; usual answers are golden pages. */
#include "unit.h"

#include "dialect/embeddings_answer.h"
#include "dialect/embeddings_collect.h"

#define DIMENSIONS 64

static void take_vector(struct dialect_encode *e, uint16_t choice, float value)
{
	float floats[DIMENSIONS];
	struct event ev = { .kind = EVENT_VECTOR, .choice = choice, .text = slice_of(floats, sizeof(floats)) };

	for (size_t i = 0; i < DIMENSIONS; i++)
		floats[i] = value;
	embeddings_answer_take(e, &ev);
}

/* What comes of these vectors for a request of `inputs`; 0: no request is known. */
static enum err write(const uint16_t *choices, size_t n, uint32_t inputs)
{
	struct request r = { .choices = inputs, .body = SLICE("{}") };
	struct arena a;
	struct buf out;

	arena_init(&a, 0);
	buf_init(&out, 1 << 24);
	struct dialect_encode e = { .request = inputs ? &r : NULL, .arena = &a };
	for (size_t i = 0; i < n; i++)
		take_vector(&e, choices[i], 1);
	embeddings_collect_write(&e, &out);
	assert_int_equal(e.err == ERR_OK, buf_len(&out) > 0);
	buf_done(&out);
	arena_done(&a);
	return e.err;
}

static void test_pairs(void **state)
{
	const uint16_t good[] = { 0, 2, 1 }, gap[] = { 0, 2 }, late[] = { 1 }, high[] = { 65534 };

	assert_int_equal(write(good, 3, 3), ERR_OK);
	assert_int_equal(write(good, 3, 0), ERR_OK);
	assert_int_equal(write(good, 3, 2), ERR_UP_BAD_JSON);
	assert_int_equal(write(good, 3, 4), ERR_UP_BAD_JSON);
	assert_int_equal(write(good, 1, 1), ERR_OK);
	assert_int_equal(write(gap, 2, 3), ERR_UP_BAD_JSON);
	assert_int_equal(write(gap, 2, 2), ERR_UP_BAD_JSON);
	assert_int_equal(write(gap, 2, 0), ERR_UP_BAD_JSON);
	assert_int_equal(write(late, 1, 1), ERR_UP_BAD_JSON);
	assert_int_equal(write(high, 1, 0), ERR_UP_BAD_JSON);
	assert_int_equal(write(NULL, 0, 1), ERR_UP_BAD_JSON);
	assert_int_equal(write(NULL, 0, 0), ERR_UP_BAD_JSON);
}

static void collect(struct dialect_encode *e, size_t n)
{
	struct event start = { .kind = EVENT_START, .extra = SLICE("model \"x\"") };

	embeddings_answer_take(e, &start);
	for (size_t i = 0; i < n; i++)
		take_vector(e, (uint16_t)i, 0.0123456789f);
}

/* A buffer that is too small is an error and no crash, wherever it ends. */
static void no_room(const char *body)
{
	struct request r = { .choices = 8, .body = slice_str(body) };
	bool was_whole = false;

	for (size_t max = 0; max < 16000; max += 37) {
		struct arena a;
		struct buf out;
		arena_init(&a, 0);
		buf_init(&out, max);
		struct dialect_encode e = { .request = &r, .arena = &a };
		collect(&e, 8);
		embeddings_collect_write(&e, &out);
		assert_true(e.err == ERR_OK || e.err == ERR_TOO_BIG);
		assert_true(e.err == ERR_OK || !was_whole);
		was_whole = e.err == ERR_OK;
		assert_true(!was_whole || out.p[out.n - 1] == '}');
		buf_done(&out);
		arena_done(&a);
	}
	assert_true(was_whole);
}

static void test_no_room(void **state)
{
	no_room("{}");
	no_room("{\"encoding_format\":\"base64\"}");
}

/* Past the arena's limit: an error, and nothing is written as if it were the answer. */
static void test_arena_limit(void **state)
{
	struct arena a;
	struct buf out;

	arena_init(&a, 20000);
	buf_init(&out, 1 << 24);
	struct dialect_encode e = { .arena = &a };
	collect(&e, 1000);
	assert_int_equal(e.err, ERR_TOO_BIG);
	assert_true(a.used <= 20000);
	embeddings_collect_write(&e, &out);
	assert_int_equal(buf_len(&out), 0);
	buf_done(&out);
	arena_done(&a);
}

/* Decoders never say it; an encoder must not crash on it. */
static void test_not_finite(void **state)
{
	const float odd[] = { 1.0f / 0.0f, 0.0f / 0.0f };

	for (size_t i = 0; i < 2; i++) {
		struct event ev = { .kind = EVENT_VECTOR, .text = slice_of(&odd[i], sizeof(odd[i])) };
		struct arena a;
		struct buf out;
		arena_init(&a, 0);
		buf_init(&out, 4096);
		struct dialect_encode e = { .arena = &a };
		embeddings_answer_take(&e, &ev);
		embeddings_collect_write(&e, &out);
		assert_int_equal(e.err, ERR_UP_BAD_JSON);
		buf_done(&out);
		arena_done(&a);
	}
}

static void test_no_stream(void **state)
{
	struct event ev = { .kind = EVENT_VECTOR };
	struct dialect_encode e = { .err = ERR_OK };
	struct buf out;

	buf_init(&out, 16);
	openai_embeddings.encode_event(&e, &ev, &out);
	openai_embeddings.encode_end(&e, &out);
	assert_int_equal(buf_len(&out), 0);
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_arena_limit),
		cmocka_unit_test(test_not_finite),
		cmocka_unit_test(test_no_stream),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

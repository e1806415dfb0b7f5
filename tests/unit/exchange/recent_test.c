/* What is taken for the same request, and what is not. */
#include "unit.h"

#include "dialect/anthropic_messages.h"
#include "dialect/openai_chat.h"
#include "exchange/recent.h"
#include "flight/join.h"

static const uint64_t whose[RECENT_WHOSE] = { 1, 2, 3 };
static const struct join join = { .seed = 3 };
static const struct digest digest = { { 7 } };

static struct request make(const char *body)
{
	return (struct request){ .dialect = &openai_chat, .body = slice_str(body), .model = SLICE("m"), .choices = 2,
		.door = { .model = SLICE("path"), .betas = SLICE("b1"), .tenant = 5 } };
}

static void test_same(void **state)
{
	char body[] = "{\"model\":\"m\"}", model[] = "m";
	struct request r = make(body), same = make("{\"model\":\"m\"}");
	struct recent c = { .n = 0 };

	assert_null(recent_find(&c, &join, &r));
	r.model = slice_str(model);
	r.chain = (const struct chain *)body;
	r.join_hash = 9;
	recent_keep(&c, &join, &r, whose, &digest);
	memset(body, 'x', sizeof(body) - 1);
	memset(model, 'x', sizeof(model) - 1);
	same.door.tenant = 6;		/* the caller's to compare */
	const struct recent_entry *e = recent_find(&c, &join, &same);
	assert_non_null(e);
	assert_slice(e->request.model, "m");
	assert_int_equal(e->request.choices, 2);
	assert_null(e->request.chain);
	assert_int_equal(e->request.join_hash, 0);
	assert_memory_equal(e->whose, whose, sizeof(whose));
	assert_memory_equal(&e->digest, &digest, sizeof(digest));
	recent_done(&c);
	assert_int_equal(c.n, 0);
}

static void test_different(void **state)
{
	struct request r = make("{}"), others[6];
	struct recent c = { .n = 0 };

	for (size_t i = 0; i < COUNT_OF(others); i++)
		others[i] = r;
	others[0].body = SLICE("{ }");
	others[1].dialect = &anthropic_messages;
	others[2].door.stream = true;
	others[3].door.model = SLICE("other");
	others[4].door.betas = SLICE("b2");
	others[5].door.betas_lost = true;
	recent_keep(&c, &join, &r, whose, &digest);
	assert_non_null(recent_find(&c, &join, &r));
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (recent_find(&c, &join, &others[i]))
			fail_msg("request %zu is taken for another", i);
	recent_done(&c);
}

/* The newest stays; more than there are slots never are. */
static void test_bounds(void **state)
{
	static char bytes[RECENT_BODY_MAX + 1];
	struct request r = make("{}");
	struct recent c = { .n = 0 };

	memset(bytes, ' ', sizeof(bytes));
	r.body = slice_of(bytes, sizeof(bytes));
	recent_keep(&c, &join, &r, whose, &digest);
	assert_int_equal(c.n, 0);
	r.body.n--;
	recent_keep(&c, &join, &r, whose, &digest);
	assert_int_equal(c.n, 1);
	for (size_t i = 0; i < 4 * RECENT_SLOTS; i++) {
		memcpy(bytes, &i, sizeof(i));
		r.body.n = 100;
		recent_keep(&c, &join, &r, whose, &digest);
		assert_non_null(recent_find(&c, &join, &r));
		assert_true(c.n <= RECENT_SLOTS);
	}
	assert_true(c.n > RECENT_SLOTS / 2);
	recent_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_different),
		cmocka_unit_test(test_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

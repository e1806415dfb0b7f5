/* The semantic cache's families on the page of /metrics. */
#include "unit/observe/page_check.h"

#include "cache/grams.h"
#include "observe/semantic_page.h"

static bool has(struct slice page, const char *line)
{
	return memmem(page.p, page.n, line, strlen(line)) != NULL;
}

static void test_page(void **state)
{
	const struct semantic_opts o = { .embedder = grams_builtin(), .index_max = 1 << 20, .body_max = 1 << 20,
		.seed = 1 };
	const struct roster_semantic rules = { .mode = ROSTER_SEMANTIC_SHADOW, .ttl_ms = 1000, .depth = 1, .rows = 16 };
	const struct question q = { .text = SLICE("What is the weather in Rome?"), .user = 1 };
	const struct semantic_ask ask = { .model = SLICE("a\"b\\c"), .rules = &rules, .question = &q,
		.max_age_ms = UINT64_MAX };
	struct semantic_note note;
	struct semantic_hit hit;
	struct semantic s;
	struct buf page;

	semantic_init(&s, &o);
	buf_init(&page, 1 << 20);
	assert_int_equal(semantic_find(&s, &ask, &note, &hit), SEMANTIC_SKIP);
	semantic_page_write(&s, &page);
	page_check(buf_slice(&page));
	assert_true(has(buf_slice(&page), "weir_semantic_results_total{model=\"a\\\"b\\\\c\",result=\"asked\"} 1\n"));
	assert_true(has(buf_slice(&page), "weir_semantic_results_total{model=\"a\\\"b\\\\c\",result=\"hits\"} 0\n"));
	assert_true(has(buf_slice(&page), "weir_semantic_denied_total{model=\"a\\\"b\\\\c\",guard=\"clock\"} 1\n"));
	buf_done(&page);
	semantic_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

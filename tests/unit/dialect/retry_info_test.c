#include "unit.h"

#include "dialect/retry_info.h"

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} rows[] = { { "7s", 7000 }, { "0.5s", 500 }, { "0.0005s", 1 }, { "1.2345s", 1235 },
		{ "86400s", 86400000 }, { "99999999s", 86400000 }, { "", 0 },
		{ "s", 0 }, { "7", 0 }, { "-7s", 0 }, { "x.5s", 0 }, { "1.xs", 0 } };

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(retry_info_ms(slice_str(rows[i].text)), rows[i].ms);
}

static uint64_t found(const char *json)
{
	struct arena a;
	yyjson_doc *doc;

	arena_init(&a, 0);
	assert_int_equal(json_parse(&a, slice_str(json), &doc, NULL), ERR_OK);
	uint64_t ms = retry_info_find(yyjson_doc_get_root(doc));
	arena_done(&a);
	return ms;
}

static void test_details(void **state)
{
	assert_int_equal(found("[{\"reason\":\"x\"},7,{\"retryDelay\":\"2s\"},{\"retryDelay\":\"3s\"}]"), 2000);
	assert_int_equal(found("[]"), 0);
	assert_int_equal(found("{\"retryDelay\":\"2s\"}"), 0);
	assert_int_equal(retry_info_find(NULL), 0);
}

/* Who sends more than anybody does is not read to the end. */
static void test_many_details(void **state)
{
#define TEN "0,0,0,0,0,0,0,0,0,0,"
	assert_int_equal(found("[" TEN TEN "{\"retryDelay\":\"2s\"}]"), 2000);
	assert_int_equal(found("[" TEN TEN TEN TEN "{\"retryDelay\":\"2s\"}]"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_details),
		cmocka_unit_test(test_many_details),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

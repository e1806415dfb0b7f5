/* Fields that tell an SDK when and whether to try again. */
#include "unit.h"

#include "exchange/refuse.h"

static void test_fields(void **state)
{
	static const struct {
		enum err err;
		uint64_t pause_ms;
		bool tried;
		const char *want;
	} rows[] = {
		{ ERR_BAD_JSON, 0, false, "" },
		{ ERR_NO_MODEL, 0, true, "x-should-retry: false\r\n" },
		{ ERR_UP_THROTTLED, 0, true, "x-should-retry: false\r\n" },
		{ ERR_UP_THROTTLED, 2000, true,
			"retry-after: 2\r\nretry-after-ms: 2000\r\nx-should-retry: false\r\n" },
		/* whole seconds, never earlier than the milliseconds say */
		{ ERR_UP_THROTTLED, 1, false, "retry-after: 1\r\nretry-after-ms: 1\r\n" },
		{ ERR_UP_THROTTLED, 1001, false, "retry-after: 2\r\nretry-after-ms: 1001\r\n" },
		{ ERR_UP_THROTTLED, 86400000, false, "retry-after: 86400\r\nretry-after-ms: 86400000\r\n" },
		/* a gateway that is full, or going away, says when to come back although nobody told it */
		{ ERR_TOO_BUSY, 0, false, "retry-after: 1\r\nretry-after-ms: 1000\r\n" },
		{ ERR_DRAINING, 0, false, "retry-after: 1\r\nretry-after-ms: 1000\r\n" },
		{ ERR_NO_TARGET, 0, true,
			"retry-after: 1\r\nretry-after-ms: 1000\r\nx-should-retry: false\r\n" },
		{ ERR_NO_TARGET, 7500, false, "retry-after: 8\r\nretry-after-ms: 7500\r\n" },
		{ ERR_UP_FAILED, 0, true, "x-should-retry: false\r\n" },	/* 502 */
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct fault f = { .err = rows[i].err, .retry_after_ms = rows[i].pause_ms };
		struct buf b;
		buf_init(&b, 4096);
		buf_add(&b, SLICE("before: 1\r\n"));		/* appends */
		refuse_fields(&f, rows[i].tried, &b);
		assert_slice(slice_skip(buf_slice(&b), 11), rows[i].want);
		buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_fields) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

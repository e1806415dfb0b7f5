/* Rate limits of providers in, the same for clients out. */
#include "unit.h"

#include "base/must.h"
#include "upstream/quota.h"

#define WALL_S 1700000000u	/* Tue, 14 Nov 2023 22:13:20 GMT */
#define NONE INT64_MIN

#define OPENAI_ALL "x-ratelimit-limit-requests: 60\nx-ratelimit-remaining-requests: 59\n" \
	"x-ratelimit-reset-requests: 1s\n" \
	"x-ratelimit-limit-tokens: 150000\nx-ratelimit-remaining-tokens: 149984\nx-ratelimit-reset-tokens: 6m0s"
#define ANTHROPIC_ALL "anthropic-ratelimit-requests-limit: 50\nanthropic-ratelimit-requests-remaining: 49\n" \
	"anthropic-ratelimit-requests-reset: 2023-11-14T22:13:50Z\nanthropic-ratelimit-tokens-limit: 40000\n" \
	"anthropic-ratelimit-tokens-remaining: 39000\nanthropic-ratelimit-tokens-reset: 2023-11-14T22:14:20Z\n" \
	"anthropic-ratelimit-input-tokens-limit: 1\nanthropic-ratelimit-output-tokens-limit: 2"

/* "name: value" lines as a head. */
static bool read_lines(const char *lines, struct quota *q)
{
	static struct http1_field fields[32];
	struct slice rest = slice_str(lines), line;
	struct http1_head head = { .fields = fields };

	while (slice_next(&rest, '\n', &line)) {
		size_t colon = slice_find(line, ':');
		must(head.n_fields < COUNT_OF(fields));
		fields[head.n_fields++] = (struct http1_field){ slice_of(line.p, colon),
			slice_trim(slice_skip(line, colon + 1)) };
	}
	memset(q, 0x5a, sizeof(*q));
	return quota_read(&head, WALL_S, q);
}

static void expect(const struct quota *q, enum quota_of kind, int64_t limit, int64_t remaining, int64_t reset_ms)
{
	assert_int_equal(q->of[kind].limit, limit);
	assert_int_equal(q->of[kind].remaining, remaining);
	assert_int_equal(q->of[kind].reset_ms, reset_ms);
}

static void test_openai(void **state)
{
	struct quota q;

	assert_true(read_lines(OPENAI_ALL, &q));
	expect(&q, QUOTA_REQUESTS, 60, 59, 1000);
	expect(&q, QUOTA_TOKENS, 150000, 149984, 360000);
	assert_true(read_lines("X-RateLimit-Limit-Tokens: 7\nx-other: 1", &q));
	expect(&q, QUOTA_REQUESTS, -1, -1, -1);
	expect(&q, QUOTA_TOKENS, 7, -1, -1);
}

static void test_anthropic(void **state)
{
	struct quota q;

	assert_true(read_lines(ANTHROPIC_ALL, &q));
	expect(&q, QUOTA_REQUESTS, 50, 49, 30000);
	expect(&q, QUOTA_TOKENS, 40000, 39000, 60000);
}

static void test_nothing_of_the_kind(void **state)
{
	static const char *const heads[] = { "", "content-type: a", "x-ratelimit-limit: 60", "x-ratelimit-reset: 17",
		"x-ratelimit-limit-images: 5", "x-ratelimit-: 5", "x-ratelimit-limit-: 5", "x-ratelimit-requests: 1",
		"anthropic-ratelimit-input-tokens-limit: 5", "anthropic-ratelimit-limit: 5",
			"anthropic-ratelimit-: 1" };
	struct quota q;

	for (size_t i = 0; i < COUNT_OF(heads); i++) {
		assert_false(read_lines(heads[i], &q));
		expect(&q, QUOTA_REQUESTS, -1, -1, -1);
		expect(&q, QUOTA_TOKENS, -1, -1, -1);
	}
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} rows[] = {
		{ "0", 0 }, { "60", 60 }, { "9223372036854775807", INT64_MAX }, { "9223372036854775808", -1 },
		{ "-1", -1 }, { "1.5", -1 }, { "", -1 }, { "x", -1 }, { "1 ", 1 }, { "99999999999999999999999", -1 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct quota q;
		char line[100];
		snprintf(line, sizeof(line), "x-ratelimit-remaining-tokens: %s", rows[i].text);
		read_lines(line, &q);
		assert_int_equal(q.of[QUOTA_TOKENS].remaining, rows[i].want);
	}
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} rows[] = {
		{ "1s", 1000 }, { "6m0s", 360000 }, { "120ms", 120 }, { "1h2m3.5s", 3723500 }, { "59.56s",
			59560 }, { "1.001s", 1001 },
		{ "2m59.56s", 179560 }, { "0", 0 }, { "0s", 0 }, { "17", 17000 }, { "0.5", 500 }, { "1m", 60000 },
		{ "1m30", 90000 }, { "744h", 31 * 24 * 3600000ll }, { "745h", -1 },
		{ "", -1 }, { "s", -1 }, { "x", -1 }, { "1x", -1 }, { "1s2", 3000 }, { "-1s", -1 }, { "1d", -1 },
		{ "1 s", -1 }, { "1e3s", -1 }, { "99999999999999999999999999999999999999999s", -1 },
		{ "2026-11-21T09:30:00Z", -1 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct quota q;
		char line[200];
		snprintf(line, sizeof(line), "x-ratelimit-reset-requests: %s", rows[i].text);
		read_lines(line, &q);
		if (q.of[QUOTA_REQUESTS].reset_ms != rows[i].want)
			fail_msg("%s: %lld", rows[i].text, (long long)q.of[QUOTA_REQUESTS].reset_ms);
	}
}

static void test_a_number_without_end_is_no_duration(void **state)
{
	char line[600] = "x-ratelimit-reset-requests: ";
	struct quota q;

	memset(line + strlen(line), '9', 500);
	assert_true(read_lines(line, &q));
	assert_int_equal(q.of[QUOTA_REQUESTS].reset_ms, -1);
	memcpy(line + 40, ".", 1);
	read_lines(line, &q);
	assert_int_equal(q.of[QUOTA_REQUESTS].reset_ms, -1);
}

static void test_moments(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} rows[] = {
		{ "2023-11-14T22:13:21Z", 1000 }, { "2023-11-14T22:13:20Z", 0 }, { "2023-11-14T22:13:19Z", 0 },
		{ "1970-01-01T00:00:00Z", 0 }, { "2023-11-14T23:13:20.999Z", 3600000 },
		{ "2023-12-15T22:13:20Z", 31 * 24 * 3600000ll }, { "2023-12-15T22:13:21Z", -1 },
		{ "2023-11-14T22:13:21+01:00", -1 }, { "2023-11-14T22:13:21", -1 }, { "2023-11-14 22:13:21Z", -1 },
		{ "", -1 }, { "60", -1 }, { "soon, soon, soon, soon", -1 }, { "9999-12-31T23:59:59Z", -1 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct quota q;
		char line[200];
		snprintf(line, sizeof(line), "anthropic-ratelimit-tokens-reset: %s", rows[i].text);
		read_lines(line, &q);
		if (q.of[QUOTA_TOKENS].reset_ms != rows[i].want)
			fail_msg("%s: %lld", rows[i].text, (long long)q.of[QUOTA_TOKENS].reset_ms);
	}
}

/* Each family of clients reads its own names, whoever answered. */
static void test_writing(void **state)
{
	static const char openai[] = "x-ratelimit-limit-requests: 50\r\nx-ratelimit-remaining-requests: 49\r\n"
		"x-ratelimit-reset-requests: 30000ms\r\nx-ratelimit-limit-tokens: 40000\r\n"
		"x-ratelimit-remaining-tokens: 39000\r\nx-ratelimit-reset-tokens: 60000ms\r\n";
	static const char anthropic[] = "anthropic-ratelimit-requests-limit: 60\r\n"
		"anthropic-ratelimit-requests-remaining: 59\r\n"
		"anthropic-ratelimit-requests-reset: 2023-11-14T22:13:21.000Z\r\n"
		"anthropic-ratelimit-tokens-limit: 150000\r\nanthropic-ratelimit-tokens-remaining: 149984\r\n"
		"anthropic-ratelimit-tokens-reset: 2023-11-14T22:19:20.000Z\r\n";
	struct quota q;
	struct buf out;

	buf_init(&out, 4096);
	assert_true(read_lines(ANTHROPIC_ALL, &q));
	quota_write(&q, DIALECT_OPENAI, WALL_S, &out);
	assert_slice(buf_slice(&out), openai);
	buf_clear(&out);
	assert_true(read_lines(OPENAI_ALL, &q));
	quota_write(&q, DIALECT_ANTHROPIC, WALL_S, &out);
	assert_slice(buf_slice(&out), anthropic);
	buf_clear(&out);
	quota_write(&q, DIALECT_GEMINI, WALL_S, &out);
	assert_int_equal(buf_len(&out), 0);
	/* what was not said is not made up */
	read_lines("x-ratelimit-remaining-requests: 3\nx-ratelimit-limit-tokens: 9", &q);
	quota_write(&q, DIALECT_OPENAI, WALL_S, &out);
	assert_slice(buf_slice(&out), "x-ratelimit-limit-tokens: 9\r\n");
	buf_clear(&out);
	quota_write(&q, DIALECT_ANTHROPIC, WALL_S, &out);
	assert_slice(buf_slice(&out), "anthropic-ratelimit-tokens-limit: 9\r\n");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openai),
		cmocka_unit_test(test_anthropic),
		cmocka_unit_test(test_nothing_of_the_kind),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_a_number_without_end_is_no_duration),
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_writing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

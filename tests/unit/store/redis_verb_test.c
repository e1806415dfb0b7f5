/* Operations as commands, replies of every kind as results. */
#include "unit.h"

#include "base/must.h"
#include "store/redis_verb.h"

static void shows(const struct store_ask *a, const char *expected)
{
	struct buf b;

	buf_init(&b, 4096);
	redis_verb_put(&b, a, SLICE("weir:k"));
	/* Words without their lengths. */
	struct slice rest = buf_slice(&b), line;
	char shown[1024] = "";
	while (slice_next(&rest, '\n', &line))
		if (line.n && line.p[0] != '$' && (line.n == 1 || line.p[0] != '*')) {
			size_t n = strlen(shown);
			snprintf(shown + n, sizeof(shown) - n, "%s%.*s", n ? " " : "", SLICE_ARG(line));
		}
	assert_string_equal(shown, expected);
	buf_done(&b);
}

static void commands(void **state)
{
	shows(&(struct store_ask){ .verb = STORE_GET }, "GET weir:k");
	shows(&(struct store_ask){ .verb = STORE_PUT, .value = SLICE("v"), .ttl_ms = 5 }, "SET weir:k v PX 5");
	shows(&(struct store_ask){ .verb = STORE_PUT, .value = SLICE("v"), .ttl_ms = 5, .cond = STORE_IF_ABSENT },
		"SET weir:k v PX 5 NX");
	shows(&(struct store_ask){ .verb = STORE_DROP }, "DEL weir:k");
	shows(&(struct store_ask){ .verb = STORE_BUMP, .by = -3 }, "INCRBY weir:k -3");
	shows(&(struct store_ask){ .verb = STORE_APPEND, .value = SLICE("v"), .max_len = 100 },
		"XADD weir:k MAXLEN ~ 100 * v v");
	shows(&(struct store_ask){ .verb = STORE_TELL, .value = SLICE("w") }, "PUBLISH weir:k w");
}

/* Every verb against every kind of reply: what makes no sense is STORE_AWAY. */
static void results(void **state)
{
	static const struct redis_reply replies[] = {
		{ .kind = REDIS_NIL }, { .kind = REDIS_TEXT, .text = SLICE("x") },
		{ .kind = REDIS_STATUS, .text = SLICE("OK") }, { .kind = REDIS_NUMBER, .number = 0 },
		{ .kind = REDIS_NUMBER, .number = 1 }, { .kind = REDIS_LIST }, { .kind = REDIS_ERROR },
	};
	/* nil, text, status, 0, 1, list, error; o: ok, n: none, a: away */
	static const char *const expected[] = {
		[STORE_GET] = "noaaaaa", [STORE_PUT] = "naoaaaa", [STORE_DROP] = "aaanoaa",
		[STORE_DROP_IF] = "aaanoaa", [STORE_RENEW_IF] = "aaanoaa", [STORE_BUMP] = "aaaooaa",
		[STORE_APPEND] = "aoaaaaa", [STORE_TELL] = "aaaooaa", [STORE_NEAR_PUT] = "aaanoaa",
		[STORE_NEAR_NOTE] = "aaanoaa", [STORE_NEAR_GET] = "aaaaaaa",
	};

	for (size_t verb = 0; verb < COUNT_OF(expected); verb++)
		for (size_t i = 0; i < COUNT_OF(replies); i++) {
			struct slice value;
			int64_t number = 0;
			enum store_result r = redis_verb_result((enum store_verb)verb, &replies[i], &value, &number);
			if ("ona"[r] != expected[verb][i])
				fail_msg("verb %zu, reply %zu: %d", verb, i, r);
		}
}

static enum redis_verb_cure cure(const char *text)
{
	return redis_verb_cure(&(struct redis_reply){ .kind = REDIS_ERROR, .text = slice_str(text) });
}

static void errors(void **state)
{
	struct redis_addr at = { .host = "here", .port = 1 };
	uint16_t slot = 0;

	assert_int_equal(cure("MOVED 1 h:1"), REDIS_CURE_MOVED);
	assert_int_equal(cure("ASK 1 h:1"), REDIS_CURE_ASK);
	assert_int_equal(cure("NOSCRIPT No matching script."), REDIS_CURE_LOAD);
	assert_int_equal(cure("READONLY You can't write"), REDIS_CURE_DROP);
	assert_int_equal(cure("NOAUTH Authentication required."), REDIS_CURE_DROP);
	assert_int_equal(cure("CLUSTERDOWN The cluster is down"), REDIS_CURE_AGAIN);
	assert_int_equal(cure("OOM command not allowed"), REDIS_CURE_NONE);
	assert_int_equal(cure("ERR unknown command 'FT.SEARCH', with args beginning with: 'i'"), REDIS_CURE_LACK);
	assert_int_equal(cure("ERR Unknown Redis command called from script script: 8d31"), REDIS_CURE_LACK);
	assert_int_equal(cure("weir:near256:: no such index"), REDIS_CURE_LOAD);
	assert_int_equal(cure("Index with name 'i' not found in database 0"), REDIS_CURE_LOAD);
	assert_int_equal(cure("ERR Vector dimension mismatch - got 2 but set has 3"), REDIS_CURE_NONE);
	assert_int_equal(cure("ASKED"), REDIS_CURE_NONE);
	assert_int_equal(cure(""), REDIS_CURE_NONE);
	assert_true(redis_verb_moved(SLICE("MOVED 3999 127.0.0.1:6381"), &slot, &at));
	assert_int_equal(slot, 3999);
	assert_string_equal(at.host, "127.0.0.1");
	assert_int_equal(at.port, 6381);
	assert_true(redis_verb_moved(SLICE("MOVED 3999 :6382"), &slot, &at));
	assert_string_equal(at.host, "127.0.0.1");
	assert_false(redis_verb_moved(SLICE("MOVED"), &slot, &at));
	assert_false(redis_verb_moved(SLICE("MOVED 16384 h:1"), &slot, &at));
	assert_false(redis_verb_moved(SLICE("MOVED x h:1"), &slot, &at));
	assert_false(redis_verb_moved(SLICE("MOVED 1 h"), &slot, &at));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(results),
		cmocka_unit_test(errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

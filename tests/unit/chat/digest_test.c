/* What makes two requests the same, and what makes them different. */
#include "unit.h"

#include "chat/digest.h"

static struct sha256 sha;

static struct digest of(const char *body, char dialect, const char *tenant)
{
	struct request r = { .op = REQUEST_CHAT, .model = SLICE("m") };
	struct digest d;
	struct arena a;

	arena_init(&a, 0);
	assert_int_equal(json_parse(&a, slice_str(body), &r.doc, NULL), ERR_OK);
	digest_request(&sha, &r, dialect, slice_str(tenant), &d);
	arena_done(&a);
	return d;
}

static bool same(const char *a, const char *b)
{
	struct digest x = of(a, 'c', "t"), y = of(b, 'c', "t");
	return memcmp(&x, &y, sizeof(x)) == 0;
}

static void test_same(void **state)
{
	static const struct {
		const char *a, *b;
	} rows[] = {
		{ "{\"a\":1,\"b\":[1,2]}", "{ \"b\" : [1, 2], \"a\" : 1 }" },
		{ "{\"t\":\"\\u0041\"}", "{\"t\":\"A\"}" },
		{ "{\"t\":1}", "{\"t\":1.0}" },
		{ "{\"t\":-3}", "{\"t\":-3.0}" },
		{ "{\"t\":0}", "{\"t\":-0.0}" },
		{ "{\"t\":0.70}", "{\"t\":7e-1}" },
		{ "{\"t\":1,\"t\":2}", "{\"t\":2}" },
		{ "{\"o\":{\"x\":1,\"y\":{\"p\":1,\"q\":2}}}", "{\"o\":{\"y\":{\"q\":2,\"p\":1},\"x\":1}}" },
		{ "{\"t\":1,\"stream\":true,\"stream_options\":{\"include_usage\":true},\"user\":\"u\",\"metadata\""
			":{}}",
			"{\"t\":1}" },
		{ "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1,\"j\":1,\"k\":1,\"l\":"
			"1,\"m\":1}",
			"{\"m\":1,\"l\":1,\"k\":1,\"j\":1,\"i\":1,\"h\":1,\"g\":1,\"f\":1,\"e\":1,\"d\":1,\"c\":1,"
				"\"b\":1,\"a\":1}" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (!same(rows[i].a, rows[i].b))
			fail_msg("%s and %s differ", rows[i].a, rows[i].b);
}

static void test_different(void **state)
{
	static const struct {
		const char *a, *b;
	} rows[] = {
		{ "{\"t\":1}", "{\"t\":2}" }, { "{\"t\":1}", "{\"t\":\"1\"}" }, { "{\"t\":[1,2]}", "{\"t\":[2,1]}" },
		{ "{\"t\":[1,[2]]}", "{\"t\":[[1],2]}" }, { "{\"t\":[[],[]]}", "{\"t\":[[[]]]}" },
		{ "{\"t\":null}", "{}" }, { "{\"t\":true}", "{\"t\":false}" }, { "{\"t\":1.5}", "{\"t\":1.25}" },
		{ "{\"t\":-1}", "{\"t\":1}" }, { "{\"t\":{}}", "{\"t\":[]}" },
		{ "{\"a\":\"bc\"}", "{\"ab\":\"c\"}" }, { "{\"t\":[\"a\",\"b\"]}", "{\"t\":[\"ab\"]}" },
		{ "{\"t\":18446744073709551615}", "{\"t\":-1}" },
		{ "{\"background\":true}", "{}" },		/* that one is answered with a receipt */
		{ "{\"o\":{\"stream\":true}}", "{\"o\":{}}" },	/* only at the top level */
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (same(rows[i].a, rows[i].b))
			fail_msg("%s and %s are the same", rows[i].a, rows[i].b);
	struct digest a = of("{}", 'c', "t1"), b = of("{}", 'c', "t2"), c = of("{}", 'a', "t1");
	assert_memory_not_equal(&a, &b, sizeof(a));	/* never across tenants */
	assert_memory_not_equal(&a, &c, sizeof(a));
}

/* NIST's example, in one piece and in many. */
static void test_sha256(void **state)
{
	static const uint8_t want[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde,
		0x5d, 0xae,
		0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00,
			0x15, 0xad };
	uint8_t one[SHA256_BYTES], many[SHA256_BYTES];
	char text[5000];

	sha256_begin(&sha);
	sha256_add(&sha, SLICE("a"));
	sha256_add(&sha, SLICE(""));
	sha256_add(&sha, SLICE("bc"));
	sha256_end(&sha, one);
	assert_memory_equal(one, want, sizeof(want));
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)(i * 7);
	sha256_begin(&sha);
	sha256_add(&sha, slice_of(text, sizeof(text)));
	sha256_end(&sha, one);
	for (size_t step = 1; step < 1500; step = step * 3 + 1) {
		sha256_begin(&sha);
		for (size_t at = 0; at < sizeof(text); at += step)
			sha256_add(&sha, slice_of(text + at, MIN_OF(step, sizeof(text) - at)));
		sha256_end(&sha, many);
		assert_memory_equal(one, many, sizeof(one));
	}
}

static int end(void **state)
{
	sha256_done(&sha);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_different),
		cmocka_unit_test(test_sha256),
	};
	return cmocka_run_group_tests(tests, NULL, end);
}

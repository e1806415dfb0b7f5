/* Room and places; what is built from what is golden pages (request-*.md). */
#include "unit.h"

#include "dialect/openai_build.h"
#include "dialect/openai_parse.h"

static void parse(struct arena *a, const char *body, struct request *out)
{
	struct fault fault = { .err = ERR_OK };
	*out = (struct request){ .choices = 0 };
	assert_int_equal(openai_parse(a, slice_str(body), out, &fault), ERR_OK);
}

/* Every size of the output buffer: all of it or an error. */
static void test_every_limit(void **state)
{
	const struct dialect_ask ask = { .model = SLICE("up\"stream"), .stream = true, .add_usage = true };
	const char *want = "{ \"model\":\"up\\\"stream\", \"messages\":[{}],\"stream\":true, "
		"\"model\" : \"up\\\"stream\","
		"\"stream_options\":{\"include_usage\":true}}";
	struct request r;
	struct arena a;
	bool fitted = false;

	arena_init(&a, 0);
	parse(&a, "{ \"model\":\"a\", \"messages\":[{}],\"stream\":true, \"route\":null, "
		"\"model\" : \"b\"}", &r);
	for (size_t max = 0; max < 400; max++) {
		struct buf out;
		buf_init(&out, max);
		enum err e = openai_build(&r, &ask, &out);
		if (e == ERR_OK)
			assert_slice(buf_slice(&out), want);
		else
			assert_int_equal(e, ERR_TOO_BIG);
		assert_false(fitted && e != ERR_OK);
		fitted |= e == ERR_OK;
		buf_done(&out);
	}
	assert_true(fitted);
	arena_done(&a);
}

/* Replacing many short names by a long one grows the body: still all or an error. */
static void test_growth(void **state)
{
	static char name[256];
	const struct dialect_ask ask = { .model = { memset(name, '"', sizeof(name)), sizeof(name) } };
	struct request r;
	struct arena a;
	struct buf body, out;

	arena_init(&a, 0);
	buf_init(&body, 65536);
	buf_add(&body, SLICE("{\"messages\":[{}]"));
	for (int i = 0; i < 50; i++)
		buf_add(&body, SLICE(",\"model\":\"a\""));
	buf_add(&body, SLICE("}"));
	buf_add_char(&body, '\0');
	parse(&a, body.p, &r);
	for (size_t max = 0; max < 40000; max += 1999) {
		buf_init(&out, max);
		enum err e = openai_build(&r, &ask, &out);
		assert_int_equal(e, max > 18 + 50 * (9 + 512 + 2) + 1024 ? ERR_OK : ERR_TOO_BIG);
		buf_done(&out);
	}
	buf_done(&body);
	arena_done(&a);
}

static void test_appends(void **state)
{
	const struct dialect_ask ask = { .model = SLICE("m") };
	struct request r;
	struct arena a;
	struct buf out;

	arena_init(&a, 0);
	buf_init(&out, 4096);
	buf_add(&out, SLICE("head "));
	parse(&a, "{\"messages\":[{}],\"model\":\"a\"}", &r);
	assert_int_equal(openai_build(&r, &ask, &out), ERR_OK);
	assert_slice(buf_slice(&out), "head {\"messages\":[{}],\"model\":\"m\"}");
	/* The request is as it was: another target gets its own body. */
	assert_int_equal(openai_build(&r, &ask, &out), ERR_OK);
	assert_slice(buf_slice(&out), "head {\"messages\":[{}],\"model\":\"m\"}"
		"{\"messages\":[{}],\"model\":\"m\"}");
	buf_done(&out);
	arena_done(&a);
}

/* Names that only begin or end like the owned ones, and escapes of other characters, are the provider's. */
static void test_near_names(void **state)
{
	const char *body = "{\"messages\":[{}],\"model\":\"a\",\"mode\":1,\"models_\":1,\"route\\u0000\":1,"
		"\"rout\\u00e9\":1,\"rout\\u0165\":1,\"\":1,\"\\u0000route\":1,\"timeou\\\\u0074\":1,"
		"\"Timeout\":1,\"rou\\/te\":1,\"\\ud83c\\udf89\":1}";
	const struct dialect_ask ask = { .model = SLICE("a") };
	struct request r;
	struct arena a;
	struct buf out;

	arena_init(&a, 0);
	buf_init(&out, 4096);
	parse(&a, body, &r);
	assert_int_equal(openai_build(&r, &ask, &out), ERR_OK);
	assert_slice(buf_slice(&out), body);
	buf_done(&out);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_limit),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_appends),
		cmocka_unit_test(test_near_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Members replaced, dropped and renamed in a client's bytes; see also openai_build_test.c and the golden pages. */
#include "unit.h"

#include "dialect/quirks.h"
#include "dialect/splice.h"

static struct arena arena;
static struct drops drops;

static const struct splice_rule owned[] = {
	{ "model", SPLICE_MODEL }, { "stream", SPLICE_STREAM }, { "stream_options", SPLICE_OPTIONS }, SPLICE_OWN,
};
static const struct splice_rules full = { .rules = owned, .n = COUNT_OF(owned) };
static const struct splice_rules in_path = { .rules = owned, .n = COUNT_OF(owned), .no_model = true,
	.no_stream = true };

static void assert_spliced(const struct splice_rules *rules, const struct dialect_ask *ask, const char *body,
	const char *want)
{
	struct request r = { .body = slice_str(body) };
	yyjson_doc *doc;
	struct buf out;

	assert_int_equal(json_parse(&arena, r.body, &doc, NULL), ERR_OK);
	r.stream = json_bool(yyjson_doc_get_root(doc), "stream", false);
	drops = (struct drops){ .n = 0 };
	buf_init(&out, 65536);
	assert_int_equal(splice_build(rules, &r, ask, &out), ERR_OK);
	assert_slice(buf_slice(&out), want);
	assert_int_equal(json_parse(&arena, buf_slice(&out), &doc, NULL), ERR_OK);
	buf_done(&out);
}

static void assert_dropped(const char *want)
{
	char text[1024];

	assert_string_equal(drops_text(&drops, text, sizeof(text)), want);
}

static struct dialect_ask ask_for(const struct quirks *q)
{
	return (struct dialect_ask){ .model = SLICE("up"), .quirks = q, .drops = &drops, .arena = &arena };
}

static void test_own_members_go(void **state)
{
	struct dialect_ask ask = ask_for(NULL);

	assert_spliced(&full, &ask, "{ \"models\":[],\"model\": \"a\" , \"route\":1, \"x\":[1, 2] ,\"fallbacks\":[],"
		"\"disable_fallbacks\":true,\"timeout\":1,\"num_retries\":3,\"provider_options\":{} }",
		"{ \"model\": \"up\", \"x\":[1, 2] }");
	assert_dropped("");
}

static void test_nothing_is_left(void **state)
{
	struct dialect_ask ask = ask_for(NULL);

	assert_spliced(&full, &ask, "{}", "{\"model\":\"up\"}");
	assert_spliced(&full, &ask, " { } ", " {\"model\":\"up\" } ");
	assert_spliced(&full, &ask, "{\"timeout\":1}", "{\"model\":\"up\"}");
	assert_spliced(&in_path, &ask, "{}", "{}");
	assert_spliced(&in_path, &ask, "{ \"timeout\":1 }", "{  }");
	ask.stream = ask.add_usage = true;
	assert_spliced(&full, &ask, "{}",
		"{\"model\":\"up\",\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
}

/* The path says both. */
static void test_members_that_the_path_says(void **state)
{
	struct dialect_ask ask = ask_for(NULL);

	ask.stream = ask.add_usage = true;
	assert_spliced(&in_path, &ask, "{\"contents\":[]}", "{\"contents\":[]}");
}

static void test_quirks_drop(void **state)
{
	static const struct quirks q = { .drop = "seed user" };
	struct dialect_ask ask = ask_for(&q);

	assert_spliced(&full, &ask, "{\"seed\":1,\"model\":\"a\",\"user\":\"u\",\"users\":1,\"see\":2}",
		"{\"model\":\"up\",\"users\":1,\"see\":2}");
	assert_dropped("seed, user");
	assert_spliced(&full, &ask, "{\"model\":\"a\",\"x\":{\"seed\":1}, \"seed\": 2 }",
		"{\"model\":\"up\",\"x\":{\"seed\":1} }");
	assert_dropped("seed");
}

static void test_quirks_rename(void **state)
{
	static const struct quirks q = { .rename = "seed>random_seed max_completion_tokens>max_tokens" };
	struct dialect_ask ask = ask_for(&q);

	assert_spliced(&full, &ask, "{\"model\":\"a\", \"seed\" : 1,\"max_completion_tokens\":5,\"random_seed\":2}",
		"{\"model\":\"up\", \"random_seed\" : 1,\"max_tokens\":5,\"random_seed\":2}");
	assert_dropped("");
}

static void test_quirks_only(void **state)
{
	static const struct quirks q = { .only = "messages temperature", .drop = "temperature",
		.rename = "messages>msgs" };
	struct dialect_ask ask = ask_for(&q);

	/* what routing owns is not asked for */
	assert_spliced(&full, &ask, "{\"model\":\"a\",\"x\":1,\"messages\":[],\"temperature\":1,\"stream\":false}",
		"{\"model\":\"up\",\"msgs\":[],\"stream\":false}");
	assert_dropped("x, temperature");
}

static void test_verdicts(void **state)
{
	static const struct quirks q = { .drop = " a  b ", .rename = "c>d" };

	assert_true(splice_quirk(&q, SLICE("a")).drop && splice_quirk(&q, SLICE("b")).drop);
	assert_false(splice_quirk(&q, SLICE("")).drop);
	assert_false(splice_quirk(&q, SLICE("a  b")).drop);
	assert_slice(splice_quirk(&q, SLICE("c")).name, "d");
	assert_slice(splice_quirk(&q, SLICE("d")).name, "d");
	assert_slice(splice_quirk(&quirks_none, SLICE("c")).name, "c");
	assert_false(splice_quirk(&quirks_none, SLICE("c")).drop);
}

static void test_keys(void **state)
{
	assert_true(splice_key_is(SLICE("model"), "model"));
	assert_true(splice_key_is(SLICE("\\u006d\\u006fdel"), "model"));
	assert_true(splice_key_is(SLICE("stream\\u005Foptions"), "stream_options"));
	assert_false(splice_key_is(SLICE("mode"), "model"));
	assert_false(splice_key_is(SLICE("models"), "model"));
	assert_false(splice_key_is(SLICE("mod\\u00e9l"), "model"));
	assert_false(splice_key_is(SLICE("mo\\ndel"), "model"));
	assert_false(splice_key_is(SLICE("model\\u0000"), "model"));
	assert_false(splice_key_is(SLICE("\\\\"), "model"));
	assert_false(splice_key_is(SLICE_EMPTY, "model"));
}

/* A name that must be escaped, and the catalogue's rows. */
static void test_names(void **state)
{
	struct dialect_ask ask = ask_for(quirks_find(SLICE("no such provider")));

	assert_ptr_equal(ask.quirks, &quirks_none);
	ask.model = SLICE("a\"\n");
	assert_spliced(&full, &ask, "{\"model\":\"x\"}", "{\"model\":\"a\\\"\\n\"}");
	assert_ptr_not_equal(quirks_find(SLICE("mistral")), &quirks_none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_members_go),
		cmocka_unit_test(test_nothing_is_left),
		cmocka_unit_test(test_members_that_the_path_says),
		cmocka_unit_test(test_quirks_drop),
		cmocka_unit_test(test_quirks_rename),
		cmocka_unit_test(test_quirks_only),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_names),
	};
	arena_init(&arena, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&arena);
	return failed;
}

/* What every dialect's parse() reads; the refusals of whole bodies are golden pages too. */
#include "unit.h"

#include "dialect/body.h"

static struct arena arena;
static struct request request;
static struct fault fault;
static struct body body;

static const char *const own[] = { "messages", "n" };

static bool open_body(const char *text)
{
	struct request_door door = request.door;

	request = (struct request){ .door = door };
	fault = (struct fault){ .err = ERR_OK };
	return body_open(&body, &arena, slice_str(text), "`model` and `messages`", own, COUNT_OF(own), &request,
		&fault);
}

static bool read_all(const char *text)
{
	return open_body(text) && body_read_model(&body) && body_read_stream(&body) && body_read_options(&body);
}

static void assert_refused(const char *text, enum err e, const char *param, const char *message)
{
	if (read_all(text))
		fail_msg("%s was taken", text);
	assert_int_equal(fault.err, e);
	assert_slice(fault.param, param);
	assert_slice(fault_message(&fault), message);
}

static int tear_down(void **state)
{
	request.door = (struct request_door){ .stream = false };
	return 0;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static void test_no_body(void **state)
{
	const char *empty = "the body is empty: send a JSON object with `model` and `messages`";
	const char *other = "the body must be a JSON object with `model` and `messages`";

	assert_refused("", ERR_BAD_JSON, "", empty);
	assert_refused(" \r\n\t", ERR_BAD_JSON, "", empty);
	assert_refused("[]", ERR_BAD_FIELD, "", other);
	assert_refused("null", ERR_BAD_FIELD, "", other);
	assert_refused("\"{}\"", ERR_BAD_FIELD, "", other);
	assert_false(read_all("{\n \"a\": tru }"));
	assert_int_equal(fault.err, ERR_BAD_JSON);
	assert_non_null(strstr(fault_message(&fault).p, ": line 2, column 7: "));
}

static void test_too_deep(void **state)
{
	char text[2 * JSON_MAX_DEPTH + 20] = "{\"a\":";

	memset(text + 5, '[', JSON_MAX_DEPTH + 1);
	assert_false(read_all(text));
	assert_int_equal(fault.err, ERR_TOO_DEEP);
}

static void test_no_room(void **state)
{
	struct arena small;

	arena_init(&small, 512);
	char *text = arena_take(&arena, 20000);
	memset(text, ' ', 20000);
	memcpy(text, "{\"a\":\"", 6);
	memset(text + 6, 'x', 19000);
	memcpy(text + 19006, "\"}", 2);
	assert_false(body_open(&body, &small, slice_of(text, 20000), "x", NULL, 0, &request, &fault));
	assert_int_equal(fault.err, ERR_BODY_TOO_BIG);
	arena_done(&small);
}

/* The last of duplicates counts, null is absent, and keys are names however they are escaped. */
static void test_members(void **state)
{
	assert_true(open_body("{\"n\":1,\"messages\":[],\"n\":2,\"mod\\u0065l\":\"m\",\"x\":0}"));
	assert_int_equal(yyjson_get_int(body.own[1]), 2);
	assert_true(yyjson_is_arr(body.own[0]));
	assert_non_null(body.members[BODY_MODEL]);
	assert_null(body.members[BODY_STREAM]);
	assert_int_equal(request.choices, 1);
	assert_true(open_body("{\"n\":1,\"n\":null,\"messages\":null}"));
	assert_null(body.own[0]);
	assert_null(body.own[1]);
}

static void test_refusals_name_the_field(void **state)
{
	assert_true(open_body("{}"));
	assert_false(body_refuse(&body, SLICE("a[0]"), "is odd"));
	assert_int_equal(fault.err, ERR_BAD_FIELD);
	assert_slice(fault.param, "a[0]");
	assert_slice(fault.message, "`a[0]` is odd");
	assert_false(body_refuse_str(&body, "n", "is missing"));
	assert_slice(fault.message, "`n` is missing");
}

/* --- models --------------------------------------------------------------------------------------------- */

static void test_model(void **state)
{
	char text[400];

	assert_true(read_all("{\"model\":\"m\"}"));
	assert_slice(request.model, "m");
	assert_true(read_all("{\"models\":[\"a\",\"b\"]}"));
	assert_slice(request.model, "a");
	assert_int_equal(request.n_fallbacks, 1);
	assert_slice(request.fallbacks[0], "b");
	assert_refused("{}", ERR_BAD_FIELD, "model", "`model` is missing: name the model that shall answer");
	assert_refused("{\"model\":\"\"}", ERR_BAD_FIELD, "model", "`model` must be the name of a model");
	assert_refused("{\"model\":7}", ERR_BAD_FIELD, "model", "`model` must be the name of a model");
	assert_refused("{\"models\":[]}", ERR_BAD_FIELD, "model",
		"`model` is missing: name the model that shall answer");
	assert_refused("{\"models\":[1]}", ERR_BAD_FIELD, "models[0]", "`models[0]` must be the name of a model");
	assert_refused("{\"models\":\"a\"}", ERR_BAD_FIELD, "models", "`models` must be a list of models");
	snprintf(text, sizeof(text), "{\"model\":\"%0256d\"}", 1);
	assert_true(read_all(text));
	snprintf(text, sizeof(text), "{\"model\":\"%0257d\"}", 1);
	assert_refused(text, ERR_BAD_FIELD, "model", "`model` is longer than 256 bytes");
}

/* Gemini names it in the path; what the body says is not asked. */
static void test_model_of_the_door(void **state)
{
	char name[258];

	request.door.model = SLICE("gemini-x");
	assert_true(read_all("{\"model\":7}"));
	assert_slice(request.model, "gemini-x");
	memset(name, 'x', sizeof(name));
	request.door.model = slice_of(name, 257);
	assert_false(read_all("{}"));
	assert_slice(fault.param, "model");
}

static void test_fallbacks(void **state)
{
	assert_true(read_all("{\"model\":\"m\",\"models\":[\"m\",\"a\",\"b\"],\"fallbacks\":[\"b\",{\"model\":\"c\""
		"},\"a\"]}"));
	assert_int_equal(request.n_fallbacks, 3);
	assert_slice(request.fallbacks[0], "a");
	assert_slice(request.fallbacks[1], "b");
	assert_slice(request.fallbacks[2], "c");
	assert_false(request.no_fallbacks);
	assert_true(read_all("{\"model\":\"m\",\"disable_fallbacks\":true,\"models\":[]}"));
	assert_true(request.no_fallbacks);
	assert_refused("{\"model\":\"m\",\"fallbacks\":[\"a\",{}]}", ERR_BAD_FIELD, "fallbacks[1]",
		"`fallbacks[1]` must be the name of a model");
	/* objects are LiteLLM's, and only in its own member */
	assert_refused("{\"model\":\"m\",\"models\":[{\"model\":\"a\"}]}", ERR_BAD_FIELD, "models[0]",
		"`models[0]` must be the name of a model");
	assert_refused("{\"model\":\"m\",\"disable_fallbacks\":1}", ERR_BAD_FIELD, "disable_fallbacks",
		"`disable_fallbacks` must be true or false");
}

static void test_too_many_fallbacks(void **state)
{
	char text[1000];
	int n = snprintf(text, sizeof(text), "{\"model\":\"m\",\"fallbacks\":[\"f0\"");

	for (unsigned i = 1; i < BODY_FALLBACKS; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, ",\"f%u\",\"f%u\"", i, i);
	snprintf(text + n, sizeof(text) - (size_t)n, "]}");
	assert_true(read_all(text));
	assert_int_equal(request.n_fallbacks, BODY_FALLBACKS);
	snprintf(text + n, sizeof(text) - (size_t)n, ",\"one more\"]}");
	assert_refused(text, ERR_BAD_FIELD, "fallbacks", "`fallbacks` makes more than 16 fallback models");
}

/* --- the rest ------------------------------------------------------------------------------------------- */

static void test_stream(void **state)
{
	assert_true(read_all("{\"model\":\"m\",\"stream\":true}"));
	assert_true(request.stream);
	assert_true(read_all("{\"model\":\"m\",\"stream\":false}"));
	assert_false(request.stream);
	assert_true(read_all("{\"model\":\"m\",\"stream\":null}"));
	assert_false(request.stream);
	assert_refused("{\"model\":\"m\",\"stream\":\"true\"}", ERR_BAD_FIELD, "stream",
		"`stream` must be true or false");
	request.door.stream = true;
	assert_true(read_all("{\"model\":\"m\"}"));
	assert_true(request.stream);
}

static void test_timeout(void **state)
{
	static const struct {
		const char *s;
		uint64_t ms;
	} rows[] = { { "null", 0 }, { "1", 1000 }, { "0.5", 500 }, { "1e-9", 1 }, { "1e300", 86400000 },
		{ "86401", 86400000 } };
	static const char *const bad[] = { "0", "-1", "\"5\"", "true", "[]" };
	char text[100];

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		snprintf(text, sizeof(text), "{\"model\":\"m\",\"timeout\":%s}", rows[i].s);
		assert_true(read_all(text));
		assert_int_equal(request.timeout_ms, rows[i].ms);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		snprintf(text, sizeof(text), "{\"model\":\"m\",\"timeout\":%s}", bad[i]);
		assert_refused(text, ERR_BAD_FIELD, "timeout", "`timeout` must be a number of seconds above 0");
	}
}

static void test_provider_options(void **state)
{
	static const char *const bad[] = { "[]", "1", "{\"openai\":1}", "{\"a\":{},\"b\":[]}" };
	char text[100];

	assert_true(read_all("{\"model\":\"m\",\"provider_options\":{\"openai\":{\"a\":1}}}"));
	assert_true(request.has_options);
	assert_true(read_all("{\"model\":\"m\",\"provider_options\":{}}"));
	assert_false(request.has_options);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		snprintf(text, sizeof(text), "{\"model\":\"m\",\"provider_options\":%s}", bad[i]);
		assert_refused(text, ERR_BAD_FIELD, "provider_options",
			"`provider_options` must be an object of objects, by provider");
	}
	/* routing owns both */
	assert_refused("{\"model\":\"m\",\"provider_options\":{\"a\":{\"model\":\"x\"}}}", ERR_BAD_FIELD,
		"provider_options",
		"`provider_options` must not name `model` or `stream`");
	assert_refused("{\"model\":\"m\",\"provider_options\":{\"a\":{\"stream\":true}}}", ERR_BAD_FIELD,
		"provider_options",
		"`provider_options` must not name `model` or `stream`");
}

/* --- estimates ------------------------------------------------------------------------------------------ */

static void test_estimates(void **state)
{
	static char text[10000];

	assert_int_equal(body_estimate(SLICE_EMPTY), 0);
	assert_int_equal(body_estimate(SLICE("abcd")), 2);
	memset(text, 'x', sizeof(text));
	uint64_t tok = body_estimate(slice_of(text, sizeof(text)));
	assert_true(tok >= 2400 && tok <= 2600);
	assert_true(open_body("{\"contents\":[{\"parts\":[{\"text\":\"abcd\"},{\"text\":\"abcd\"}]},[[\"abcd\"]]],"
		"\"n\":5}"));
	/* three texts and no key */
	assert_int_equal(body_estimate_value(yyjson_obj_get(yyjson_doc_get_root(request.doc), "contents")) >= 6, true);
	assert_int_equal(body_estimate_value(NULL), 0);
	assert_true(open_body("{\"a\":\"abcd\",\"b\":\"abcdabcdabcd\"}"));
	assert_int_equal(body_estimate_value(yyjson_obj_get(yyjson_doc_get_root(request.doc), "a")), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_body),
		cmocka_unit_test(test_too_deep),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_refusals_name_the_field),
		cmocka_unit_test(test_model),
		cmocka_unit_test_teardown(test_model_of_the_door, tear_down),
		cmocka_unit_test(test_fallbacks),
		cmocka_unit_test(test_too_many_fallbacks),
		cmocka_unit_test_teardown(test_stream, tear_down),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_provider_options),
		cmocka_unit_test(test_estimates),
	};
	arena_init(&arena, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&arena);
	return failed;
}

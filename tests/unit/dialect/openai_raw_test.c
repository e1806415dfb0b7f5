/* Pictures, sounds and the like: of the request the model is read and replaced, of the answer the counts. */
#include "unit.h"

#include "dialect/openai_raw.h"
#include "unit/dialect/rig.h"

#define TYPE "multipart/form-data; boundary=XyZ"
#define PART(name, value) "--XyZ\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define END "--XyZ--\r\n"

struct scene {
	struct arena arena;
	struct request request;
	struct fault fault;
	struct drops drops;
	struct buf out;
};

static void scene_open(struct scene *s)
{
	*s = (struct scene){ .drops = { .n = 0 } };
	arena_init(&s->arena, 0);
	buf_init(&s->out, 1 << 16);
}

static void scene_close(struct scene *s)
{
	buf_done(&s->out);
	arena_done(&s->arena);
}

static enum err parse(struct scene *s, const char *type, const char *body)
{
	s->request = (struct request){ .door = { .path = SLICE("/images/edits"), .content_type = slice_str(type) } };
	s->fault = (struct fault){ .err = ERR_OK };
	return openai_raw.parse(&s->arena, slice_str(body), &s->request, &s->fault);
}

static enum err build(struct scene *s, struct quirks *q)
{
	const struct dialect_ask ask = { .model = SLICE("gpt-image-1\"\xff"), .provider = SLICE("p"), .quirks = q,
		.add_usage = true, .drops = &s->drops, .arena = &s->arena, .fault = &s->fault };

	buf_clear(&s->out);
	return openai_raw.build(&s->request, &ask, &s->out);
}

static void test_requests(void **state)
{
	static const struct {
		const char *type, *body, *model, *want;
	} rows[] = {
		{ "", "{\"model\":\"m\",\"input\":\"x\",\"stream\":true}", "m",
			"{\"model\":\"gpt-image-1\\\"\xef\xbf\xbd\",\"input\":\"x\",\"stream\":true}" },
		{ "application/json", " {\"n\" : 1e0 ,\"model\":\"m\" } \n", "m",
			" {\"n\" : 1e0 ,\"model\":\"gpt-image-1\\\"\xef\xbf\xbd\" } \n" },
		/* the last one counts for most readers, so all are replaced */
		{ "", "{\"model\":\"a\",\"model\":\"m\"}", "m",
			"{\"model\":\"gpt-image-1\\\"\xef\xbf\xbd\",\"model\":\"gpt-image-1\\\"\xef\xbf\xbd\"}" },
		{ "", "{\"model\":\"m\",\"fallbacks\":[\"b\"],\"timeout\":5,\"num_retries\":1,\"route\":\"x\",\"n\""
			":1}", "m",
			"{\"model\":\"gpt-image-1\\\"\xef\xbf\xbd\",\"n\":1}" },
		{ "", "{\"models\":[\"m\",\"b\"]}", "m", "{\"model\":\"gpt-image-1\\\"\xef\xbf\xbd\"}" },
		/* a form holds raw bytes */
		{ TYPE, PART("prompt", "x") PART("model", "m") END, "m", PART("prompt", "x") PART("model",
			"gpt-image-1\"\xff") END },
		{ "Multipart/Form-Data;boundary=XyZ", PART("model", "m") END, "m", PART("model",
			"gpt-image-1\"\xff") END },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct scene s;
		scene_open(&s);
		if (parse(&s, rows[i].type, rows[i].body) != ERR_OK)
			fail_msg("%s: %.*s", rows[i].body, SLICE_ARG(s.fault.message));
		assert_slice(s.request.model, rows[i].model);
		assert_int_equal(s.request.op, REQUEST_RAW);
		assert_ptr_equal(s.request.dialect, &openai_raw);
		assert_false(s.request.stream);
		assert_int_equal(build(&s, NULL), ERR_OK);
		assert_slice(buf_slice(&s.out), rows[i].want);
		scene_close(&s);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *type, *body, *message;
		enum err want;
	} rows[] = {
		{ "", "", "the body is empty", ERR_BAD_JSON },
		{ "", "{", "the body is not valid JSON", ERR_BAD_JSON },
		{ "", "[]", "the body must be a JSON object with `model`", ERR_BAD_FIELD },
		{ "", "{}", "`model` is missing", ERR_BAD_FIELD },
		{ "", "{\"model\":1}", "`model` must be", ERR_BAD_FIELD },
		{ "", "{\"model\":\"m\",\"fallbacks\":1}", "`fallbacks` must be", ERR_BAD_FIELD },
		{ "", "{\"model\":\"m\",\"provider_options\":{\"p\":{\"model\":\"dear\"}}}",
			"`provider_options` must not name", ERR_BAD_FIELD },
		{ "", PART("model", "m") END, "", ERR_BAD_JSON },
		{ TYPE, "{\"model\":\"m\"}", "`model` is missing: the form needs one field", ERR_BAD_FIELD },
		{ TYPE, PART("model", "") END, "`model` is missing: the form needs one field", ERR_BAD_FIELD },
		{ TYPE, PART("model", "a") PART("model", "b") END, "`model` is missing: the form needs",
			ERR_BAD_FIELD },
		{ TYPE, "", "`model` is missing", ERR_BAD_FIELD },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct scene s;
		scene_open(&s);
		enum err e = parse(&s, rows[i].type, rows[i].body);
		if (e != rows[i].want || s.fault.err != e || !slice_starts(s.fault.message, slice_str(rows[i].message)))
			fail_msg("%s: %s, \"%.*s\"", rows[i].body, err_name(e), SLICE_ARG(s.fault.message));
		scene_close(&s);
	}
}

static void test_a_name_too_long(void **state)
{
	char name[300], body[600];
	struct scene s;

	memset(name, 'm', 299);
	name[299] = '\0';
	scene_open(&s);
	snprintf(body, sizeof(body), "{\"model\":\"%s\"}", name);
	assert_int_equal(parse(&s, "", body), ERR_BAD_FIELD);
	snprintf(body, sizeof(body), PART("model", "%s") END, name);
	assert_int_equal(parse(&s, TYPE, body), ERR_BAD_FIELD);
	scene_close(&s);
}

static void test_no_room(void **state)
{
	struct scene s;

	scene_open(&s);
	assert_int_equal(parse(&s, TYPE, PART("model", "m") END), ERR_OK);
	assert_int_equal(build(&s, NULL), ERR_OK);
	for (size_t max = 0, n = buf_len(&s.out); max < n; max++) {
		buf_done(&s.out);
		buf_init(&s.out, max);
		assert_int_equal(build(&s, NULL), ERR_TOO_BIG);
	}
	scene_close(&s);
}

static void test_the_path_is_the_clients(void **state)
{
	struct scene s;

	scene_open(&s);
	assert_int_equal(parse(&s, "", "{\"model\":\"m\"}"), ERR_OK);
	openai_raw.put_path(&s.request, NULL, &s.out);
	assert_slice(buf_slice(&s.out), "/images/edits");
	scene_close(&s);
}

static void test_usage(void **state)
{
	static const struct {
		const char *body;
		int64_t prompt, completion, cached;
		size_t n;
	} rows[] = {
		{ "{\"usage\":{\"input_tokens\":5,\"output_tokens\":7,\"input_tokens_details\":{\"cached_tokens\":"
			"2}}}", 5, 7, 2, 1 },
		{ "{\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":7}}", 5, 7, -1, 1 },
		{ "{\"usage\":{}}", -1, -1, -1, 1 },
		{ "{\"usage\":{\"input_tokens\":-5,\"output_tokens\":\"7\"}}", -1, -1, -1, 1 },
		{ "{\"usage\":7}", -1, -1, -1, 0 }, { "{}", -1, -1, -1, 0 }, { "[]", -1, -1, -1, 0 }, { "7", -1,
			-1, -1, 0 },
		{ "{", -1, -1, -1, 0 }, { "", -1, -1, -1, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct rig r;
		rig_init(&r);
		r.decode.tally.usage = USAGE_NONE;
		assert_int_equal(openai_raw.decode_whole(&r.decode, slice_str(rows[i].body)), ERR_OK);
		assert_int_equal(r.n, rows[i].n);
		assert_int_equal(r.decode.tally.usage.prompt_tok, rows[i].prompt);
		assert_int_equal(r.decode.tally.usage.completion_tok, rows[i].completion);
		assert_int_equal(r.decode.tally.usage.cached_tok, rows[i].cached);
		if (r.n)
			assert_int_equal(event_usage(&r.events[0]).prompt_tok, rows[i].prompt);
		rig_done(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_a_name_too_long),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_the_path_is_the_clients),
		cmocka_unit_test(test_usage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

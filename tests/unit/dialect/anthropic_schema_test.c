#include "unit.h"

#include "dialect/anthropic_schema.h"

static void expect(const char *schema, bool fits, const char *want)
{
	struct arena a;
	yyjson_doc *doc;
	struct buf b;

	arena_init(&a, 0);
	buf_init(&b, 65536);
	assert_int_equal(json_parse(&a, slice_str(schema), &doc, NULL), ERR_OK);
	assert_int_equal(anthropic_schema_fits(yyjson_doc_get_root(doc)), fits);
	struct json_out w = json_out_to(&b);
	anthropic_schema_write(&w, yyjson_doc_get_root(doc));
	assert_true(json_out_ok(&w));
	if (fits)
		assert_slice(buf_slice(&b), want);
	buf_done(&b);
	arena_done(&a);
}

static void test_closed(void **state)
{
	expect("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}", true,
		"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"additionalProperties\":false}");
	expect("{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}", true,
		"{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}");
	expect("{\"anyOf\":[{\"type\":[\"object\",\"null\"],\"properties\":{}},{\"type\":\"array\",\"items\":"
		"{\"type\":\"object\",\"properties\":{}}}]}", true,
		"{\"anyOf\":[{\"type\":[\"object\",\"null\"],\"properties\":{},\"additionalProperties\":false},"
			"{\"type\":\"array\","
		"\"items\":{\"type\":\"object\",\"properties\":{},\"additionalProperties\":false}}]}");
}

/* Values that look like schemas, and properties with names of the language. */
static void test_data(void **state)
{
	expect("{\"enum\":[{\"type\":\"object\"}],\"default\":{\"type\":\"object\"}}", true,
		"{\"enum\":[{\"type\":\"object\"}],\"default\":{\"type\":\"object\"}}");
	expect("{\"type\":\"object\",\"properties\":{\"type\":{\"type\":\"string\"}}}", true,
		"{\"type\":\"object\",\"properties\":{\"type\":{\"type\":\"string\"}},\"additionalProperties\":false}");
}

static void test_open(void **state)
{
	expect("{\"type\":\"object\"}", false, "");
	expect("{\"type\":\"object\",\"properties\":{},\"additionalProperties\":true}", false, "");
	expect("{\"type\":\"object\",\"properties\":{},\"additionalProperties\":{\"type\":\"string\"}}", false, "");
	expect("{\"$defs\":{\"a\":{\"type\":\"object\"}}}", false, "");
	expect("[{\"type\":\"object\"}]", false, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

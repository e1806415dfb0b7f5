#include "unit.h"

#include "codec/json.h"
#include "conf/schema.h"
#include "unit/conf/sample.h"

static void test_small(void **state)
{
	struct buf out;

	buf_init(&out, 1 << 16);
	schema_rows(&sample_tier, &out);
	assert_slice(buf_slice(&out),
		"{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":\"object\""
		",\"additionalProperties\":false,"
		"\"properties\":{"
		"\"balance\":{\"description\":\"which target goes first\",\"default\":\"first\",\"anyOf\":["
		"{\"enum\":[\"first\",\"weighted\"]},{\"type\":\"string\",\"pattern\":\"\\\\$\\\\{\"}"
		",{\"type\":\"null\"}]},"
		"\"targets\":{\"description\":\"who may answer\",\"anyOf\":[{\"type\":\"array\""
		",\"minItems\":1,\"maxItems\":3,"
		"\"items\":{\"$ref\":\"#/definitions/target\"}}]}},\"required\":[\"targets\"],"
		"\"definitions\":{\"target\":{\"anyOf\":[{\"type\":\"object\""
		",\"additionalProperties\":false,\"properties\":{"
		"\"target\":{\"description\":\"provider/model\",\"anyOf\":[{\"type\":[\"string\""
		",\"number\",\"boolean\"]}]},"
		"\"weight\":{\"description\":\"share of the traffic\",\"default\":1,\"anyOf\":["
		"{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000},{\"type\":\"string\""
		",\"pattern\":\"\\\\$\\\\{\"},"
		"{\"type\":\"null\"}]}},\"required\":[\"target\"]},{\"type\":[\"string\",\"number\""
		",\"boolean\"]}]}}}\n");
	buf_done(&out);
}

/* Every kind's part is JSON, and every $ref has its definition. */
static void test_whole(void **state)
{
	static const char *const sections[] = { "tls", "clocks", "provider", "model", "tier", "target" };
	struct arena a;
	struct buf out;
	yyjson_doc *doc;

	arena_init(&a, 0);
	buf_init(&out, 1 << 20);
	schema_rows(&sample, &out);
	assert_int_equal(json_parse(&a, buf_slice(&out), &doc, NULL), ERR_OK);
	yyjson_val *root = yyjson_doc_get_root(doc), *rows = json_obj(root, "properties");
	assert_int_equal(yyjson_obj_size(rows), sample.n_rows);
	for (size_t i = 0; i < sample.n_rows; i++)
		assert_slice(json_str(json_obj(rows, sample_rows[i].name), "description"), sample_rows[i].help);
	assert_int_equal(yyjson_obj_size(json_obj(root, "definitions")), COUNT_OF(sections));
	for (size_t i = 0; i < COUNT_OF(sections); i++)
		assert_non_null(json_obj(json_obj(root, "definitions"), sections[i]));
	buf_done(&out);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Pairs of JSON Schema and what it becomes; the third member tells whether something that counts was lost. */
#include "unit.h"

#include "dialect/gemini_subset.h"

static const struct {
	const char *from, *to;
	bool lossy;
} rows[] = {
	{ "{\"type\":\"string\",\"title\":\"t\",\"description\":\"d\",\"minLength\":1,\"pattern\":\"a\",\"default\""
		":\"x\",\"$schema\":\"s\"}",
		"{\"type\":\"STRING\",\"title\":\"t\",\"description\":\"d\",\"minLength\":1,\"pattern\":\"a\",\"de"
			"fault\":\"x\"}", false },
	{ "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}},\"required\":[\"a\",\"b\",\"a\"],\"a"
		"dditionalProperties\":false}",
		"{\"type\":\"OBJECT\",\"properties\":{\"a\":{\"type\":\"INTEGER\"}},\"required\":[\"a\"]}", false },
	/* null */
	{ "{\"type\":[\"string\",\"null\"]}", "{\"type\":\"STRING\",\"nullable\":true}", false },
	{ "{\"type\":[\"string\",\"number\"]}", "{\"anyOf\":[{\"type\":\"STRING\"},{\"type\":\"NUMBER\"}]}", false },
	{ "{\"type\":[\"null\",\"string\",\"number\"]}",
		"{\"anyOf\":[{\"type\":\"STRING\",\"nullable\":true},{\"type\":\"NUMBER\",\"nullable\":true}]}",
			false },
	{ "{\"anyOf\":[{\"type\":\"null\"},{\"type\":\"string\",\"minLength\":2}],\"description\":\"d\"}",
		"{\"type\":\"STRING\",\"nullable\":true,\"description\":\"d\",\"minLength\":2}", false },
	{ "{\"anyOf\":[{\"type\":\"null\"}]}", "{\"type\":\"STRING\",\"nullable\":true}", false },
	{ "{\"oneOf\":[{\"type\":\"null\"},{\"type\":\"string\"},{\"type\":\"integer\"}],\"description\":\"gone\"}",
		"{\"anyOf\":[{\"type\":\"STRING\",\"nullable\":true},{\"type\":\"INTEGER\",\"nullable\":true}]}",
			false },
	{ "{\"type\":\"string\",\"nullable\":true}", "{\"type\":\"STRING\",\"nullable\":true}", false },
	/* enum and const */
	{ "{\"enum\":[\"a\",\"b\"]}", "{\"type\":\"STRING\",\"enum\":[\"a\",\"b\"]}", false },
	{ "{\"const\":\"a\"}", "{\"type\":\"STRING\",\"enum\":[\"a\"]}", false },
	{ "{\"type\":[\"string\",\"null\"],\"enum\":[\"a\",null,\"\"]}",
		"{\"type\":\"STRING\",\"nullable\":true,\"enum\":[\"a\"]}", false },
	{ "{\"enum\":[1,2]}", "{\"type\":\"INTEGER\"}", true },
	{ "{\"const\":1.5}", "{\"type\":\"NUMBER\"}", true },
	{ "{\"const\":true}", "{\"type\":\"BOOLEAN\"}", true },
	{ "{\"type\":\"string\",\"enum\":[\"a\",1]}", "{\"type\":\"STRING\"}", true },
	/* formats */
	{ "{\"type\":\"string\",\"format\":\"date-time\"}", "{\"type\":\"STRING\",\"format\":\"date-time\"}", false },
	{ "{\"type\":\"string\",\"format\":\"email\"}", "{\"type\":\"STRING\"}", false },
	{ "{\"type\":\"integer\",\"format\":\"int64\"}", "{\"type\":\"INTEGER\",\"format\":\"int64\"}", false },
	{ "{\"type\":\"integer\",\"format\":\"date-time\"}", "{\"type\":\"INTEGER\"}", false },
	/* arrays */
	{ "{\"type\":\"array\"}", "{\"type\":\"ARRAY\",\"items\":{\"type\":\"STRING\"}}", false },
	{ "{\"items\":{\"type\":\"number\"},\"minItems\":1}",
		"{\"type\":\"ARRAY\",\"minItems\":1,\"items\":{\"type\":\"NUMBER\"}}", false },
	{ "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"number\"},{\"type\":\"string\"}]}",
		"{\"type\":\"ARRAY\",\"items\":{\"anyOf\":[{\"type\":\"NUMBER\"},{\"type\":\"STRING\"}]}}", false },
	/* allOf and $ref */
	{ "{\"allOf\":[{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"]},"
		"{\"properties\":{\"b\":{\"type\":\"string\"},\"a\":{\"type\":\"integer\"}},\"required\":[\"b\"]}]}",
		"{\"type\":\"OBJECT\",\"properties\":{\"a\":{\"type\":\"STRING\"},\"b\":{\"type\":\"STRING\"}},\"r"
			"equired\":[\"a\",\"b\"]}", false },
	{ "{\"properties\":{\"a\":{\"$ref\":\"#/$defs/A\",\"description\":\"d\"}},\"$defs\":{\"A\":{\"type\":\"str"
		"ing\"}}}",
		"{\"type\":\"OBJECT\",\"properties\":{\"a\":{\"type\":\"STRING\",\"description\":\"d\"}}}", false },
	{ "{\"$ref\":\"#/definitions/x~1y\",\"definitions\":{\"x/y\":{\"items\":{\"$ref\":\"#/definitions/z\"}},\""
		"z\":{\"type\":\"boolean\"}}}",
		"{\"type\":\"ARRAY\",\"items\":{\"type\":\"BOOLEAN\"}}", false },
	{ "{\"$ref\":\"https://example.com/s.json\"}", "{\"type\":\"STRING\"}", true },
	{ "{\"$ref\":\"#/$defs/none\"}", "{\"type\":\"STRING\"}", true },
	{ "{\"$ref\":7}", "{\"type\":\"STRING\"}", true },
	/* a tree of itself is cut where it comes back */
	{ "{\"type\":\"object\",\"properties\":{\"next\":{\"$ref\":\"#\"},\"v\":{\"type\":\"string\"}}}",
		"{\"type\":\"OBJECT\",\"properties\":{\"next\":{\"type\":\"OBJECT\",\"properties\":{\"next\":{\"ty"
			"pe\":\"STRING\"},"
		"\"v\":{\"type\":\"STRING\"}}},\"v\":{\"type\":\"STRING\"}}}", true },
	{ "{\"$ref\":\"#\"}", "{\"type\":\"STRING\"}", true },
	/* what cannot be said */
	{ "{\"type\":\"number\",\"exclusiveMinimum\":0,\"minimum\":1}", "{\"type\":\"NUMBER\",\"minimum\":1}", true },
	{ "{\"type\":\"object\",\"properties\":{\"a\":{}},\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}",
		"{\"type\":\"OBJECT\",\"properties\":{\"a\":{\"type\":\"STRING\"}}}", true },
	{ "{\"type\":\"string\",\"not\":{\"const\":\"a\"}}", "{\"type\":\"STRING\"}", true },
	/* a property may be named like a keyword */
	{ "{\"type\":\"object\",\"properties\":{\"type\":{\"type\":\"string\"},\"enum\":{\"type\":\"integer\"}}}",
		"{\"type\":\"OBJECT\",\"properties\":{\"type\":{\"type\":\"STRING\"},\"enum\":{\"type\":\"INTEGER\""
			"}}}", false },
	{ "{\"properties\":7,\"required\":7,\"items\":7,\"type\":7}",
		"{\"type\":\"ARRAY\",\"items\":{\"type\":\"STRING\"}}", false },
	{ "true", "{\"type\":\"STRING\"}", false },
};

static void test_rows(void **state)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		bool lossy = false;
		struct arena a;
		struct buf b;
		yyjson_doc *doc;

		arena_init(&a, 0);
		buf_init(&b, 1 << 16);
		assert_int_equal(json_parse(&a, slice_str(rows[i].from), &doc, NULL), ERR_OK);
		struct json_out w = json_out_to(&b);
		gemini_subset_put(&w, &a, yyjson_doc_get_root(doc), &lossy);
		if (!slice_eq(buf_slice(&b), slice_str(rows[i].to)) || lossy != rows[i].lossy)
			fail_msg("%s\ngives %.*s\nlossy %d", rows[i].from, SLICE_ARG(buf_slice(&b)), lossy);
		buf_done(&b);
		arena_done(&a);
	}
}

/* Each level names the next one ten times: ten thousand million nodes if nobody counts. */
static void test_multiplies(void **state)
{
	bool lossy = false;
	struct arena a;
	struct buf text, b;
	yyjson_doc *doc;

	arena_init(&a, 1 << 22);
	buf_init(&text, 1 << 16);
	buf_init(&b, 1 << 22);
	buf_add(&text, SLICE("{\"$ref\":\"#/$defs/l0\",\"$defs\":{"));
	for (int i = 0; i < 10; i++) {
		buf_addf(&text, "\"l%d\":{\"type\":\"object\",\"properties\":{", i);
		for (int k = 0; k < 10; k++)
			buf_addf(&text, "%s\"p%d\":{\"$ref\":\"#/$defs/l%d\"}", k ? "," : "", k, i + 1);
		buf_add(&text, SLICE("}},"));
	}
	buf_add(&text, SLICE("\"l10\":{\"type\":\"string\"}}}"));
	assert_int_equal(json_parse(&a, buf_slice(&text), &doc, NULL), ERR_OK);
	struct json_out w = json_out_to(&b);
	gemini_subset_put(&w, &a, yyjson_doc_get_root(doc), &lossy);
	assert_true(lossy && json_out_ok(&w));
	assert_int_equal(json_parse(&a, buf_slice(&b), &doc, NULL), ERR_OK);
	buf_done(&b);
	buf_done(&text);
	arena_done(&a);
}

/* Deeper than any model takes: cut, and readable all the same. */
static void test_deep(void **state)
{
	bool lossy = false;
	struct arena a;
	struct buf text, b;
	yyjson_doc *doc;

	arena_init(&a, 0);
	buf_init(&text, 1 << 16);
	buf_init(&b, 1 << 16);
	for (int i = 0; i < 100; i++)
		buf_add(&text, SLICE("{\"items\":"));
	buf_add(&text, SLICE("{}"));
	for (int i = 0; i < 100; i++)
		buf_add(&text, SLICE("}"));
	assert_int_equal(json_parse(&a, buf_slice(&text), &doc, NULL), ERR_OK);
	struct json_out w = json_out_to(&b);
	gemini_subset_put(&w, &a, yyjson_doc_get_root(doc), &lossy);
	assert_true(lossy && json_out_ok(&w));
	assert_int_equal(json_parse(&a, buf_slice(&b), &doc, NULL), ERR_OK);
	buf_done(&b);
	buf_done(&text);
	arena_done(&a);
}

static void test_is_empty(void **state)
{
	static const struct {
		const char *schema;
		bool is_empty;
	} empties[] = {
		{ "{}", true }, { "{\"type\":\"object\"}", true }, { "{\"type\":\"object\",\"properties\":{}}", true },
		{ "{\"properties\":{\"a\":{}}}", false }, { "{\"$ref\":\"#/x\"}", false }, { "{\"anyOf\":[{}]}",
			false },
		{ "{\"anyOf\":[]}", true },
	};
	struct arena a;
	yyjson_doc *doc;

	arena_init(&a, 0);
	assert_true(gemini_subset_is_empty(NULL));
	for (size_t i = 0; i < COUNT_OF(empties); i++) {
		assert_int_equal(json_parse(&a, slice_str(empties[i].schema), &doc, NULL), ERR_OK);
		if (gemini_subset_is_empty(yyjson_doc_get_root(doc)) != empties[i].is_empty)
			fail_msg("%s", empties[i].schema);
	}
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_multiplies),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_is_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Limits and odd lists; usual ones are golden pages. */
#include "unit.h"

#include "dialect/completions_logprobs.h"

static struct arena arena;

static struct slice written(struct slice list, uint64_t *offset)
{
	struct buf out;

	buf_init(&out, 1 << 20);
	struct json_out w = json_out_to(&out);
	completions_logprobs_write(list, offset, &w);
	assert_true(json_out_ok(&w));
	struct slice copy = arena_copy(&arena, buf_slice(&out));
	buf_done(&out);
	return copy;
}

static void test_write(void **state)
{
	uint64_t offset = 10;

	assert_slice(written(SLICE("[{\"token\":\"\xe2\x82\xac\",\"logprob\":-1},"
		"{\"token\":\"x\",\"logprob\":\"?\""
		"},7]"), &offset),
		"{\"tokens\":[\"\xe2\x82\xac\",\"x\",\"\"],\"token_logprobs\":[-1,null,null],\"top_logprobs\":null,"
		"\"text_offset\":[10,11,12]}");
	assert_int_equal(offset, 12);
	assert_slice(written(SLICE("[{\"token\":\"x\",\"logprob\":-1,\"top_logprobs\":["
		"{\"token\":\"a\",\"logprob\""
		":-2},"
		"{\"token\":\"b\",\"logprob\":-3},{\"token\":\"a\",\"logprob\":-4}]}]"), &offset),
		"{\"tokens\":[\"x\"],\"token_logprobs\":[-1],"
		"\"top_logprobs\":[{\"a\":-2,\"b\":-3}],\"text_offset\""
			":[12]}");
}

static void test_write_nothing(void **state)
{
	static const char *const odd[] = { "", "[", "[]", "{}", "7", "null" };
	uint64_t offset = 3;

	for (size_t i = 0; i < COUNT_OF(odd); i++)
		assert_slice(written(slice_str(odd[i]), &offset), "null");
	assert_int_equal(offset, 3);
}

/* More alternatives than any provider gives: the work stays bounded. */
static void test_many_tops(void **state)
{
	uint64_t offset = 0;
	yyjson_doc *doc;
	struct buf b;

	buf_init(&b, 1 << 24);
	buf_add(&b, SLICE("[{\"token\":\"x\",\"logprob\":-1,\"top_logprobs\":["));
	for (unsigned i = 0; i < 100000; i++)
		buf_addf(&b, "%s{\"token\":\"%u\",\"logprob\":-1}", i ? "," : "", i);
	buf_add(&b, SLICE("]}]"));
	struct slice text = written(buf_slice(&b), &offset);
	assert_int_equal(json_parse(&arena, text, &doc, NULL), ERR_OK);
	yyjson_val *map = yyjson_arr_get_first(json_arr(yyjson_doc_get_root(doc), "top_logprobs"));
	assert_int_equal(yyjson_obj_size(map), 64);
	buf_done(&b);
}

static bool reads(const char *json, size_t max, struct slice *out)
{
	yyjson_doc *doc;
	struct buf b;

	assert_int_equal(json_parse(&arena, slice_str(json), &doc, NULL), ERR_OK);
	buf_init(&b, max);
	bool good = completions_logprobs_read(yyjson_doc_get_root(doc), &b);
	*out = arena_copy(&arena, buf_slice(&b));
	buf_done(&b);
	return good;
}

/* Lists of different lengths: what is missing is null. */
static void test_read(void **state)
{
	struct slice got;

	assert_true(reads("{\"tokens\":[\"a\",\"b\"],\"token_logprobs\":[-1],"
		"\"top_logprobs\":[null,{\"b\":-2},{\""
		"c\":-3}]}", 4096, &got));
	assert_slice(got, "[{\"token\":\"a\",\"logprob\":-1,\"bytes\":null,\"top_logprobs\":[]},"
		"{\"token\":\"b\",\"logprob\":null,\"bytes\":null,"
		"\"top_logprobs\":[{\"token\":\"b\",\"logprob\":-"
			"2,\"bytes\":null}]}]");
	assert_false(reads("{\"tokens\":[],\"token_logprobs\":[-1]}", 4096, &got));
	assert_false(reads("{\"content\":[]}", 4096, &got));
	assert_false(reads("7", 4096, &got));
	assert_false(reads("{\"tokens\":[\"a\"]}", 20, &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_nothing),
		cmocka_unit_test(test_many_tops),
		cmocka_unit_test(test_read),
	};
	arena_init(&arena, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&arena);
	return failed;
}

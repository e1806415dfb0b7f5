#include "unit.h"

#include <float.h>
#include <math.h>

#include "codec/json_out.h"

static struct buf out;

static struct json_out begin(void)
{
	buf_clear(&out);
	return json_out_to(&out);
}

static void assert_out(const struct json_out *w, const char *want)
{
	assert_true(json_out_ok(w));
	assert_slice(buf_slice(&out), want);
}

static void test_commas_and_nesting(void **state)
{
	struct json_out w = begin();

	json_out_obj(&w);
	json_out_key(&w, "a");
	json_out_arr(&w);
	json_out_int(&w, 1);
	json_out_obj(&w);
	json_out_obj_end(&w);
	json_out_arr(&w);
	json_out_arr_end(&w);
	json_out_null(&w);
	json_out_arr_end(&w);
	json_out_key(&w, "b");
	json_out_obj(&w);
	json_out_key_bool(&w, "c", true);
	json_out_key_bool(&w, "d", false);
	json_out_obj_end(&w);
	json_out_key_str(&w, "e", SLICE("f"));
	json_out_obj_end(&w);
	assert_out(&w, "{\"a\":[1,{},[],null],\"b\":{\"c\":true,\"d\":false},\"e\":\"f\"}");
}

/* A level used before starts afresh. */
static void test_levels_are_used_again(void **state)
{
	struct json_out w = begin();

	json_out_arr(&w);
	for (int i = 0; i < 3; i++) {
		json_out_arr(&w);
		json_out_int(&w, i);
		json_out_int(&w, i);
		json_out_arr_end(&w);
	}
	json_out_arr_end(&w);
	assert_out(&w, "[[0,0],[1,1],[2,2]]");
}

/* All levels, over the borders of the words that hold their bits. */
static void test_deep(void **state)
{
	enum { DEEP = JSON_MAX_DEPTH + 32 };
	struct json_out w = begin();

	for (int i = 0; i < DEEP; i++) {
		json_out_arr(&w);
		json_out_int(&w, 0);
	}
	for (int i = 0; i < DEEP; i++) {
		json_out_int(&w, 1);
		json_out_arr_end(&w);
	}
	assert_true(json_out_ok(&w));
	struct slice s = buf_slice(&out);
	for (int i = 0; i < DEEP - 1; i++)
		assert_memory_equal(s.p + i * 3, "[0,", 3);
	assert_memory_equal(s.p + (DEEP - 1) * 3, "[0,1]", 5);
	assert_int_equal(s.n, DEEP * 3 + DEEP * 3 - 1);
}

static void test_appends(void **state)
{
	struct json_out w = begin();

	buf_add(&out, SLICE("data: "));
	json_out_str(&w, SLICE("x"));
	assert_out(&w, "data: \"x\"");
}

static void test_numbers(void **state)
{
	static const struct {
		double v;
		const char *want;
	} rows[] = {
		{ 0, "0" }, { 1, "1" }, { -3, "-3" }, { 0.7, "0.7" }, { 0.1, "0.1" }, { 1e14, "100000000000000" },
		{ 1e21, "1e21" }, { DBL_MAX, "1.7976931348623157e308" }, { -1e300, "-1e300" }, { 5e-324, "5e-324" },
		{ (double)NAN, "null" }, { (double)INFINITY, "null" }, { -(double)INFINITY, "null" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct json_out w = begin();
		json_out_num(&w, rows[i].v);
		assert_out(&w, rows[i].want);
	}
	struct json_out w = begin();
	json_out_arr(&w);
	json_out_int(&w, INT64_MIN);
	json_out_int(&w, INT64_MAX);
	json_out_num(&w, 0.5);
	json_out_arr_end(&w);
	assert_out(&w, "[-9223372036854775808,9223372036854775807,0.5]");
}

static void test_strings(void **state)
{
	struct json_out w = begin();

	json_out_obj(&w);
	json_out_key_slice(&w, SLICE("k\"\n"));
	json_out_str(&w, SLICE("\"\\/\b\t\x01\x7f\xc3\xa9\xff"));
	json_out_key_str(&w, "nul", SLICE("a\0b"));
	json_out_key_str(&w, "empty", SLICE_EMPTY);
	json_out_obj_end(&w);
	assert_out(&w, "{\"k\\\"\\n\":\"\\\"\\\\/\\u0008\\t\\u0001\\u007f\xc3\xa9\xef\xbf\xbd\",\"nul\":\"a\\u0000"
		"b\",\"empty\":\"\"}");
}

static void test_a_string_in_pieces(void **state)
{
	struct json_out w = begin();

	json_out_arr(&w);
	json_out_int(&w, 1);
	json_out_str_begin(&w);
	json_out_str_add(&w, SLICE("data:"));
	json_out_str_add(&w, SLICE_EMPTY);
	json_out_str_add(&w, SLICE("\""));
	json_out_str_end(&w);
	json_out_int(&w, 2);
	json_out_arr_end(&w);
	assert_out(&w, "[1,\"data:\\\"\",2]");
}

/* Long texts are escaped in stretches: no character is cut at their ends, wherever it stands. */
static void test_long_strings(void **state)
{
	static const char *const chars[] = { "\xc3\xa9", "\xe4\xbd\xa0", "\xf0\x9f\x98\x80" };
	char text[9000];

	for (size_t c = 0; c < COUNT_OF(chars); c++)
		for (size_t shift = 0; shift < 8; shift++) {
			size_t n = 0, len = strlen(chars[c]);
			memset(text, 'x', shift);
			for (n = shift; n + len <= sizeof(text); n += len)
				memcpy(text + n, chars[c], len);
			struct json_out w = begin();
			json_out_str(&w, slice_of(text, n));
			assert_true(json_out_ok(&w));
			assert_int_equal(buf_len(&out), n + 2);
			assert_memory_equal(out.p + out.start + 1, text, n);
		}
}

/* Bytes that go on a character that never began must not be looked at again and again. */
static void test_broken_text_takes_no_longer(void **state)
{
	size_t n = 1 << 20;
	char *text = malloc(n);
	struct json_out w = begin();

	assert_non_null(text);
	memset(text, 0x80, n);
	json_out_str(&w, slice_of(text, n));
	assert_true(json_out_ok(&w));
	/* one replacement character a byte, as many as there are */
	assert_true(buf_len(&out) > n && buf_len(&out) <= n * 3 + 2);
	free(text);
}

static void test_values(void **state)
{
	static const char text[] =
		"{\"b\":[1,2.5,\"x\\u0000\",null,true],\"a\":{\"n\":123456789012345678901234567890},\"a\":{}}";
	struct json_out w = begin();
	yyjson_doc *doc;
	struct arena a;

	arena_init(&a, 0);
	assert_int_equal(json_parse(&a, slice_str(text), &doc, NULL), ERR_OK);
	json_out_arr(&w);
	json_out_val(&w, yyjson_doc_get_root(doc));
	json_out_val(&w, NULL);
	json_out_raw(&w, SLICE("[ 1 ]"));
	json_out_arr_end(&w);
	assert_out(&w, "[{\"b\":[1,2.5,\"x\\u0000\",null,true],\"a\":{\"n\":123456789012345678901234567890},\"a\":"
		"{}},null,[ 1 ]]");
	w = begin();
	json_out_obj(&w);
	json_out_key_val(&w, "v", yyjson_obj_get(yyjson_doc_get_root(doc), "b"));
	json_out_key_int(&w, "i", -1);
	json_out_key_num(&w, "d", 1.5);
	json_out_obj_end(&w);
	assert_out(&w, "{\"v\":[1,2.5,\"x\\u0000\",null,true],\"i\":-1,\"d\":1.5}");
	arena_done(&a);
}

static void write_all(struct json_out *w, yyjson_val *v)
{
	json_out_obj(w);
	json_out_key_str(w, "text", SLICE("0123456789\n"));
	json_out_key_int(w, "int", 123456);
	json_out_key(w, "list");
	json_out_arr(w);
	json_out_num(w, 0.25);
	json_out_val(w, v);
	json_out_arr_end(w);
	json_out_obj_end(w);
}

/* Whatever the maximum: all or a failure, and never more than it. */
static void test_no_room(void **state)
{
	yyjson_doc *doc;
	struct arena a;
	struct buf small;
	bool ok = false;

	arena_init(&a, 0);
	assert_int_equal(json_parse(&a, SLICE("{\"deep\":[[]]}"), &doc, NULL), ERR_OK);
	for (size_t max = 0; max < 400; max++) {
		buf_init(&small, max);
		struct json_out w = json_out_to(&small);
		write_all(&w, yyjson_doc_get_root(doc));
		assert_true(buf_len(&small) <= max);
		assert_false(ok && !json_out_ok(&w));	/* once there is room there always is */
		ok = json_out_ok(&w);
		if (ok)
			assert_slice(buf_slice(&small),
				"{\"text\":\"0123456789\\n\",\"int\":123456,\"list\":[0.25,{\"deep\":[[]]}]}");
		buf_done(&small);
	}
	assert_true(ok);
	arena_done(&a);
}

static void test_json_text(void **state)
{
	yyjson_doc *doc;
	struct arena a, small;

	arena_init(&a, 0);
	assert_int_equal(json_parse(&a, SLICE(" { \"a\" : [ 1 , \"\xc3\xa9\" ] } "), &doc, NULL), ERR_OK);
	struct slice s = json_out_text(&a, yyjson_doc_get_root(doc));
	assert_slice(s, "{\"a\":[1,\"\xc3\xa9\"]}");
	assert_null(json_out_text(&a, NULL).p);
	arena_init(&small, 8);
	assert_null(json_out_text(&small, yyjson_doc_get_root(doc)).p);
	arena_done(&small);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commas_and_nesting),
		cmocka_unit_test(test_levels_are_used_again),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_appends),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_a_string_in_pieces),
		cmocka_unit_test(test_long_strings),
		cmocka_unit_test(test_broken_text_takes_no_longer),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_json_text),
	};
	buf_init(&out, 1 << 24);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_done(&out);
	return failed;
}

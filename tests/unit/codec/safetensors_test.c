/* Tensors found, and heads that say what is not so. */
#include "unit.h"

#include "base/must.h"
#include "codec/safetensors.h"

static struct arena a;
static char file[4096];

/* Length, head, then `data` zero bytes. */
static struct slice make(const char *head, size_t data)
{
	const size_t n = strlen(head);

	assert_true(8 + n + data <= sizeof(file));
	memset(file, 0, sizeof(file));
	file[0] = (char)(n & 0xff);
	file[1] = (char)(n >> 8);
	memcpy(file + 8, head, n);
	return slice_of(file, 8 + n + data);
}

static void test_found(void **state)
{
	static const char head[] = "{\"__metadata__\":{\"format\":\"np\"},"
		"\"embeddings\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
		"\"mapping\":{\"dtype\":\"I32\",\"shape\":[5],\"data_offsets\":[24,44]}} ";
	struct safetensors_tensor t;
	struct safetensors s;
	const char *why = "";

	assert_true(safetensors_open(&s, &a, make(head, 44), &why));
	assert_true(safetensors_find(&s, "embeddings", &t, &why));
	assert_int_equal(t.type, SAFETENSORS_F32);
	assert_int_equal(t.rank, 2);
	assert_int_equal(t.shape[0], 2);
	assert_int_equal(t.shape[1], 3);
	assert_ptr_equal(t.data.p, file + 8 + strlen(head));
	assert_int_equal(t.data.n, 24);
	assert_true(safetensors_find(&s, "mapping", &t, &why));
	assert_ptr_equal(t.data.p, file + 8 + strlen(head) + 24);
	assert_false(safetensors_find(&s, "weights", &t, &why));
	assert_null(why);
}

static void test_bad_files(void **state)
{
	static const char long_head[] = "\xff\xff\xff\xff\xff\xff\xff\xff{}";
	static const char past_end[] = "\x04\0\0\0\0\0\0\0{}";
	struct safetensors s;
	const char *why = NULL;

	assert_false(safetensors_open(&s, &a, slice_of("\x02\0\0\0\0\0\0", 7), &why));
	assert_false(safetensors_open(&s, &a, slice_of(long_head, 10), &why));
	assert_false(safetensors_open(&s, &a, slice_of(past_end, 10), &why));
	assert_non_null(strstr(why, "cut off"));
	assert_false(safetensors_open(&s, &a, make("[]", 0), &why));
	assert_false(safetensors_open(&s, &a, make("{", 0), &why));
	assert_non_null(strstr(why, "JSON"));
}

static void test_bad_tensors(void **state)
{
	static const struct { const char *tensor, *why; } rows[] = {
		{ "7", "type" },
		{ "{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[0,1]}", "type" },
		{ "{\"dtype\":\"F32\",\"data_offsets\":[0,4]}", "shape" },
		{ "{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}", "shape" },
		{ "{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}", "shape" },
		{ "{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1],\"data_offsets\":[0,4]}", "shape" },
		{ "{\"dtype\":\"F32\",\"shape\":[4611686018427387904,2],\"data_offsets\":[0,0]}", "shape" },
		{ "{\"dtype\":\"F32\",\"shape\":[1]}", "data_offsets" },
		{ "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}", "data_offsets" },
		{ "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}", "data_offsets" },
		{ "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,4]}", "outside" },
		{ "{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[16,32]}", "outside" },
		{ "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,12]}", "bytes" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct safetensors_tensor t = { .rank = 99 };
		struct safetensors s;
		const char *why = NULL;
		struct slice head = arena_printf(&a, "{\"x\":%s}", rows[i].tensor);
		assert_true(safetensors_open(&s, &a, make(head.p, 16), &why));
		assert_false(safetensors_find(&s, "x", &t, &why));
		if (why == NULL || strstr(why, rows[i].why) == NULL)
			fail_msg("%s: %s", rows[i].tensor, why ? why : "no reason");
		assert_int_equal(t.rank, 99);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_bad_tensors),
	};
	arena_init(&a, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&a);
	return failed;
}

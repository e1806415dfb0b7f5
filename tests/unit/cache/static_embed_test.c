/* Folders of models: means of rows in every form, and what is wrong with a folder. */
#include "unit.h"

#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/must.h"
#include "cache/embedders.h"
#include "cache/static_embed.h"

static char folder[] = "/tmp/weir-static-XXXXXX";

static const char tokenizer[] = "{\"normalizer\":{\"type\":\"BertNormalizer\"},"
	"\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},\"added_tokens\":[],"
	"\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"?\",\"vocab\":{\"?\":0,\"a\":1,\"b\":2,\"##c\":3}}}";

static void write_bytes(const char *name, struct slice bytes)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
	fclose(f);
}

static void write_model(const char *head, const void *data, size_t n)
{
	const uint64_t length = strlen(head);
	struct buf b;

	buf_init(&b, 1 << 16);
	buf_add(&b, slice_of(&length, sizeof(length)));
	buf_add(&b, slice_str(head));
	buf_add(&b, slice_of(data, n));
	write_bytes("model.safetensors", buf_slice(&b));
	buf_done(&b);
}

static const struct embedder *open_folder(void)
{
	const char *why = "";
	const struct embedder *e = embedders_open(folder, &why);

	if (e == NULL)
		fail_msg("%s", why);
	return e;
}

static void want(const struct embedder *e, const char *text, float x, float y)
{
	float sum[EMBED_DIM_MAX];
	struct embed_vec v;

	static_embed_sum(e, slice_str(text), sum);
	if (fabsf(sum[0] - x) > 1e-4f || fabsf(sum[1] - y) > 1e-4f)
		fail_msg("\"%s\": got %f %f, want %f %f", text, sum[0], sum[1], x, y);
	e->embed(e, slice_str(text), &v);
	assert_true((x == 0 && y == 0) == (v.scale == 0));
	assert_true(fabsf((float)v.v[0] * v.scale - (v.scale > 0 ? x / sqrtf(x * x + y * y) : 0)) < 0.005f);
}

#define TABLE(name, type, bytes) "{\"" name "\":{\"dtype\":\"" type "\",\"shape\":[4,2],\"data_offsets\":[0," bytes "]}"

static void test_types(void **state)
{
	static const float f32[8] = { 100, 100, 1, 2, 3, -4, 0.5f, 8 };
	static const uint16_t f16[8] = { 0x5640, 0x5640, 0x3c00, 0x4000, 0x4200, 0xc400, 0x3800, 0x4800 };
	static const int8_t i8[8] = { 100, 100, 1, 2, 3, -4, 5, 8 };

	write_model(TABLE("embeddings", "F32", "32") "}", f32, sizeof(f32));
	const struct embedder *e = open_folder();
	assert_int_equal(e->dim, 32);
	assert_string_equal(e->id, "model2vec");
	want(e, "a", 1, 2);
	want(e, "a B", 4, -2);
	want(e, "ac unknown a", 2.5f, 12);	/* what is unknown does not count */
	want(e, "unknown", 0, 0);
	want(e, "", 0, 0);
	embedders_close(&e);
	assert_null(e);
	write_model(TABLE("embedding.weight", "F16", "16") "}", f16, sizeof(f16));
	e = open_folder();
	want(e, "ac b", 4.5f, 6);
	embedders_close(&e);
	write_model(TABLE("embeddings", "I8", "8") "}", i8, sizeof(i8));
	e = open_folder();
	want(e, "b", 3, -4);
	embedders_close(&e);
}

/* Smallest halves, and what is no number: it never reaches an index. */
static void test_odd_numbers(void **state)
{
	static const uint16_t f16[8] = { 0, 0, 0x0001, 0x8002, 0x7bff, 0, 0, 0 };
	static const float f32[8] = { 0, 0, NAN, 1, INFINITY, 1, 1, 1 };
	struct embed_vec v;

	write_model(TABLE("embeddings", "F16", "16") "}", f16, sizeof(f16));
	const struct embedder *e = open_folder();
	e->embed(e, SLICE("a"), &v);
	assert_int_equal(v.v[0], 64);
	assert_int_equal(v.v[1], -127);
	want(e, "b", 65504, 0);
	embedders_close(&e);
	write_model(TABLE("embeddings", "F32", "32") "}", f32, sizeof(f32));
	e = open_folder();
	e->embed(e, SLICE("a"), &v);
	assert_true(v.scale == 0);
	e->embed(e, SLICE("b"), &v);
	assert_true(v.scale == 0);
	embedders_close(&e);
}

#define MAPPED "{\"embeddings\":{\"dtype\":\"I8\",\"shape\":[2,2],\"data_offsets\":[0,4]}," \
	"\"mapping\":{\"dtype\":\"I32\",\"shape\":[4],\"data_offsets\":[4,20]}," \
	"\"weights\":{\"dtype\":\"F64\",\"shape\":[4],\"data_offsets\":[20,52]}}"

struct __attribute__((packed)) mapped_model {
	int8_t rows[4];
	int32_t mapping[4];
	double weights[4];
};

static void test_mapping(void **state)
{
	struct mapped_model m = { { 1, 2, 10, 20 }, { 0, 1, 0, 1 }, { 9, 0.5, 2, 3 } };

	write_model(MAPPED, &m, sizeof(m));
	const struct embedder *e = open_folder();
	want(e, "a", 5, 10);
	want(e, "b", 2, 4);
	want(e, "bc", 32, 64);
	embedders_close(&e);
}

static void refused(const char *want)
{
	const char *why = NULL;

	assert_null(embedders_open(folder, &why));
	assert_non_null(why);
	if (strstr(why, want) == NULL)
		fail_msg("got \"%s\", want \"%s\"", why, want);
}

#define WEIGHTS(type, n, bytes) ",\"weights\":{\"dtype\":\"" type "\",\"shape\":[" n "]," \
	"\"data_offsets\":[0," bytes "]}}"

static void test_refused(void **state)
{
	struct mapped_model m = { { 1, 2, 10, 20 }, { 0, 1, 0, 2 }, { 9, 0.5, 2, 3 } };
	static const float f32[8] = { 0 };

	write_model(MAPPED, &m, sizeof(m));
	refused("model.safetensors: its mapping leads out");
	m.mapping[3] = -1;
	write_model(MAPPED, &m, sizeof(m));
	refused("its mapping leads out");
	write_model(MAPPED, &m, sizeof(m) - 1);
	refused("model.safetensors: a tensor lies outside");
	write_model("{}", f32, 0);
	refused("no tensor");
	write_model("{\"embeddings\":{\"dtype\":\"F32\",\"shape\":[8],\"data_offsets\":[0,32]}}", f32, 32);
	refused("no table");
	write_model("{\"embeddings\":{\"dtype\":\"F64\",\"shape\":[4,1],\"data_offsets\":[0,32]}}", f32, 32);
	refused("not F32, F16 or I8");
	write_model("{\"embeddings\":{\"dtype\":\"F32\",\"shape\":[2,4],\"data_offsets\":[0,32]}}", f32, 32);
	refused("fewer rows");
	write_model("{\"embeddings\":{\"dtype\":\"I8\",\"shape\":[1,513],\"data_offsets\":[0,513]}}",
		(char[513]){ 0 }, 513);
	refused("longer than 512");
	write_model("{\"embeddings\":{\"dtype\":\"I8\",\"shape\":[4,0],\"data_offsets\":[0,0]}}", f32, 32);
	refused("longer than 512");
	write_model(TABLE("embeddings", "I8", "8") WEIGHTS("F64", "3", "24"), f32, 32);
	refused("fewer than the tokens");
	write_model(TABLE("embeddings", "I8", "8") WEIGHTS("I8", "4", "4"), f32, 32);
	refused("another type");
	write_model(TABLE("embeddings", "F32", "32") "}", f32, 32);
	write_bytes("config.json", SLICE("[1]"));
	refused("config.json: it is no JSON object");
	write_bytes("config.json", SLICE("{}"));
	write_bytes("tokenizer.json", SLICE("{}"));
	refused("tokenizer.json: its normalizer");
	write_bytes("tokenizer.json", slice_str(tokenizer));
}

/* Tokens that count are cut at the configuration's number, text at that many median tokens. */
static void test_config(void **state)
{
	static const float f32[8] = { 100, 100, 1, 2, 3, -4, 0.5f, 8 };
	char version[17];

	write_model(TABLE("embeddings", "F32", "32") "}", f32, sizeof(f32));
	write_bytes("config.json", SLICE("{\"max_length\": 3, \"normalize\": true}"));
	const struct embedder *e = open_folder();
	memcpy(version, e->version, sizeof(version));
	want(e, "a a a a", 2, 4);		/* median 1: three characters are "a a" */
	want(e, "ac a", 1.5f, 10);
	embedders_close(&e);
	write_bytes("config.json", SLICE("{}"));
	e = open_folder();
	assert_string_not_equal(e->version, version);
	want(e, "a a a a", 4, 8);
	embedders_close(&e);
	assert_int_equal(strlen(version), 16);
}

static void test_other_paths(void **state)
{
	const char *why = NULL;
	const struct embedder *e = embedders_open("", &why);

	assert_string_equal(e->id, "grams");
	embedders_close(&e);
	assert_null(e);
	embedders_close(&e);
	assert_null(embedders_open("/nowhere", &why));
	assert_string_equal(why, "No such file or directory");
	assert_null(embedders_open("/dev", &why));
	assert_non_null(strstr(why, "tokenizer.json: No such file"));
}

static int set_up(void **state)
{
	if (mkdtemp(folder) == NULL)
		return -1;
	write_bytes("tokenizer.json", slice_str(tokenizer));
	return 0;
}

static int tear_down(void **state)
{
	static const char *const names[] = { "tokenizer.json", "model.safetensors", "config.json" };
	char path[200];

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_odd_numbers),
		cmocka_unit_test(test_mapping),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_other_paths),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}

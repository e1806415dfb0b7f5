/* The n-gram embedder, built in and from a file; files that are not what they say. */
#include "unit.h"

#include <unistd.h>

#include "base/dice.h"
#include "base/must.h"
#include "cache/grams.h"

static float cosine(const struct embedder *e, const char *a, const char *b)
{
	struct embed_vec va, vb;

	e->embed(e, slice_str(a), &va);
	e->embed(e, slice_str(b), &vb);
	return embed_cosine(&va, &vb, e->dim);
}

static void test_builtin(void **state)
{
	const struct embedder *e = grams_builtin();

	assert_true(cosine(e, "How do I reset my password?", "how do i reset MY password") > 0.9999f);
	assert_true(cosine(e, "How do I reset my password?", "How can I reset the password?") > 0.8f);
	assert_true(cosine(e, "How do I reset my password?", "How to resett my pasword") > 0.4f);
	assert_true(cosine(e, "How do I reset my password?", "What is the capital of France?") < 0.3f);
	assert_true(cosine(e, "\xe6\x9d\xb1\xe4\xba\xac\xe3\x81\xae\xe5\xa4\xa9\xe6\xb0\x97",
		"\xe6\x9d\xb1\xe4\xba\xac\xe3\x81\xae\xe5\xa4\xa9\xe6\xb0\x97\xe3\x81\xaf") > 0.8f);
	assert_string_equal(e->version, "builtin-1");
}

/* The built-in rules are a contract between the nodes of a cluster: who changes them changes GRAMS_RULES. */
static void test_builtin_stays(void **state)
{
	const struct embedder *e = grams_builtin();
	struct embed_vec v;
	uint32_t sum = 2166136261u;

	e->embed(e, SLICE("How do I r\xc3\xa9set \xe6\x9d\xb1\xe4\xba\xac?"), &v);
	for (uint32_t i = 0; i < e->dim; i++)
		sum = (sum ^ (uint8_t)v.v[i]) * 16777619u;
	assert_int_equal(sum, 0xae673c0);
}

static void test_nothing_to_go_by(void **state)
{
	static char text[EMBED_TEXT_MAX + 2];
	const struct embedder *e = grams_builtin();
	struct embed_vec v;

	e->embed(e, SLICE(" ... "), &v);
	assert_true(v.scale == 0);
	memset(text, 'a', EMBED_TEXT_MAX + 1);
	e->embed(e, slice_of(text, EMBED_TEXT_MAX), &v);
	assert_true(v.scale > 0);
	e->embed(e, slice_of(text, EMBED_TEXT_MAX + 1), &v);
	assert_true(v.scale == 0);
}

/* --- files ----------------------------------------------------------------------------------------------- */

enum { MODEL_ROWS = 1024, MODEL_DIM = 128 };

struct model {
	struct grams_head head;
	uint16_t gains[MODEL_ROWS];
	int8_t rows[MODEL_ROWS * MODEL_DIM];
};

static struct model model;
static char path[] = "/tmp/weir-grams-XXXXXX";

static void seal(void)
{
	model.head = grams_head(model.gains, model.rows, MODEL_ROWS, MODEL_DIM);
}

static void make_model(void)
{
	struct dice d;

	dice_init(&d, 5);
	for (int i = 0; i < MODEL_ROWS; i++)
		model.gains[i] = (uint16_t)dice_below(&d, GRAMS_GAIN_MAX + 1);
	for (int i = 0; i < MODEL_ROWS * MODEL_DIM; i++)
		model.rows[i] = (int8_t)((int)dice_below(&d, 255) - 127);
	seal();
}

static void write_file(size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(&model, 1, n, f), n);
	fclose(f);
}

static int set_up(void **state)
{
	int fd = mkstemp(path);

	make_model();
	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	return unlink(path);
}

static void test_file(void **state)
{
	const char *why = NULL;
	struct embed_vec a, b;
	char version[17];

	write_file(sizeof(model));
	struct embedder *e = grams_open(path, &why);
	assert_non_null(e);
	assert_int_equal(e->dim, MODEL_DIM);
	assert_string_equal(e->id, "grams");
	assert_int_equal(strlen(e->version), 16);
	memcpy(version, e->version, sizeof(version));
	e->embed(e, SLICE("How do I reset my password?"), &a);
	assert_true(cosine(e, "How do I reset it", "how do i reset it") > 0.9999f);
	e->close(e);
	model.rows[0]++;
	seal();
	write_file(sizeof(model));
	e = grams_open(path, &why);
	assert_non_null(e);
	assert_string_not_equal(e->version, version);
	e->embed(e, SLICE("How do I reset my password?"), &b);
	assert_true(embed_cosine(&a, &b, MODEL_DIM) > 0.99f);
	e->close(e);
	make_model();
}

/* All gains and rows as large as they may be, and the text that makes most of them: no sum overflows. */
static void test_largest_sums(void **state)
{
	const char *why = NULL;
	char text[EMBED_TEXT_MAX + 1];
	struct embed_vec v;

	for (int i = 0; i < MODEL_ROWS; i++)
		model.gains[i] = GRAMS_GAIN_MAX;
	memset(model.rows, 127, sizeof(model.rows));
	seal();
	write_file(sizeof(model));
	struct embedder *e = grams_open(path, &why);
	assert_non_null(e);
	for (size_t length = 1; length < 60; length++) {
		for (size_t i = 0; i < EMBED_TEXT_MAX; i++)
			text[i] = i % (length + 1) == length ? ' ' : (char)('a' + i % 26);
		e->embed(e, slice_of(text, EMBED_TEXT_MAX), &v);
		for (uint32_t i = 0; i < MODEL_DIM; i++)
			assert_int_equal(v.v[i], 127);
	}
	e->close(e);
	make_model();
}

static void refused(size_t n, const char *want)
{
	const char *why = NULL;

	write_file(n);
	assert_null(grams_open(path, &why));
	assert_non_null(why);
	if (strstr(why, want) == NULL)
		fail_msg("got \"%s\", want \"%s\"", why, want);
}

static void test_bad_files(void **state)
{
	const char *why = NULL;

	refused(0, "empty");
	refused(63, "not a model file");
	refused(sizeof(model) - 1, "cut off");
	refused(sizeof(model.head), "cut off");
	model.head.magic[0] = 'W';
	refused(sizeof(model), "not a model file");
	seal();
	model.head.format++;
	refused(sizeof(model), "another version");
	seal();
	model.head.rules++;
	refused(sizeof(model), "another version");
	seal();
	model.head.rows = MODEL_ROWS - 1;
	refused(sizeof(model), "power of two");
	model.head.rows = 0;
	refused(sizeof(model), "power of two");
	model.head.rows = 1u << 31;
	refused(sizeof(model), "power of two");
	seal();
	model.head.dim = 0x80000080;
	refused(sizeof(model), "dimension");
	model.head.dim = 100;
	refused(sizeof(model), "dimension");
	seal();
	model.rows[77] ^= 1;
	refused(sizeof(model), "damaged");
	seal();
	model.gains[7] = GRAMS_GAIN_MAX + 1;
	seal();
	refused(sizeof(model), "gain");
	assert_null(grams_open("/nowhere/model", &why));
	assert_string_equal(why, "No such file or directory");
	assert_null(grams_open("/tmp", &why));
	assert_string_equal(why, "it is not a file");
	make_model();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builtin),
		cmocka_unit_test(test_builtin_stays),
		cmocka_unit_test(test_nothing_to_go_by),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_largest_sums),
		cmocka_unit_test(test_bad_files),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}

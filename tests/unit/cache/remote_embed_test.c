/* What is asked of a provider's embedder, and which of its answers become points. */
#include "unit.h"

#include <math.h>

#include "cache/embedders.h"
#include "cache/remote_embed.h"

#define MODEL SLICE("openai/text-embedding-3-small")

static struct remote_embed *remote(uint32_t wanted)
{
	return remote_embed_new(MODEL, SLICE("openai/text-embedding-3-small\n"), wanted);
}

static void done(struct remote_embed *r)
{
	const struct embedder *e = &r->base;

	assert_ptr_equal(remote_embed_of(e), r);
	embedders_close(&e);
}

static enum remote_embed_fit take(struct remote_embed *r, uint32_t asked, float first, size_t n, struct embed_vec *out)
{
	float x[2048] = { first };

	for (size_t i = 1; i < n; i++)
		x[i] = first / 2;
	return remote_embed_take(r, asked, slice_of(x, n * sizeof(x[0])), out);
}

static void test_bodies(void **state)
{
	static const struct { uint32_t wanted; bool shorten; const char *body; } rows[] = {
		{ 0, false, "{\"model\":\"openai/text-embedding-3-small\",\"input\":\"a \\\"b\\\"\"}" },
		{ 0, true, "{\"model\":\"openai/text-embedding-3-small\",\"input\":\"a \\\"b\\\"\","
			"\"dimensions\":512}" },
		{ 256, false, "{\"model\":\"openai/text-embedding-3-small\",\"input\":\"a \\\"b\\\"\","
			"\"dimensions\":256}" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct remote_embed *r = remote(rows[i].wanted);
		struct buf b, none;
		buf_init(&b, 4096);
		buf_init(&none, 8);
		r->shorten = rows[i].shorten;
		assert_true(remote_embed_body(r, SLICE("a \"b\""), &b));
		assert_slice(buf_slice(&b), rows[i].body);
		assert_false(remote_embed_body(r, SLICE("a \"b\""), &none));
		buf_done(&b);
		buf_done(&none);
		done(r);
	}
}

/* Answers in a row to the same embedder. */
static void test_numbers(void **state)
{
	enum { OK = REMOTE_EMBED_OK, LONG = REMOTE_EMBED_LONG, WRONG = REMOTE_EMBED_WRONG };
	static const struct {
		uint32_t wanted;
		struct { uint32_t asked; float first; size_t n; int fit; } answers[5];
	} rows[] = {
		{ 0, { { 0, 1, 384, OK }, { 0, 1, 384, OK }, { 0, 1, 383, WRONG }, { 0, 1, 1536, WRONG },
			{ 0, 1, 384, OK } } },
		{ 0, { { 0, 1, 1536, LONG }, { 0, 1, 1536, LONG }, { 512, 1, 512, OK }, { 512, 1, 1536, WRONG },
			{ 0, 1, 1536, WRONG } } },
		{ 0, { { 0, 1, 1536, LONG }, { 512, 1, 1536, WRONG } } },
		{ 100, { { 100, 1, 128, WRONG }, { 100, 1, 100, OK } } },
		{ 0, { { 0, 0, 384, WRONG }, { 0, NAN, 384, WRONG }, { 0, 1e-40f, 384, WRONG },
			{ 0, INFINITY, 384, WRONG }, { 0, 1, 768, LONG } } },
		{ 0, { { 0, 1, 1, OK } } },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct remote_embed *r = remote(rows[i].wanted);
		struct embed_vec v;
		for (size_t k = 0; k < COUNT_OF(rows[i].answers) && rows[i].answers[k].n; k++)
			if ((int)take(r, rows[i].answers[k].asked, rows[i].answers[k].first, rows[i].answers[k].n, &v)
					!= rows[i].answers[k].fit)
				fail_msg("row %zu, answer %zu", i, k);
		done(r);
	}
}

/* A point survives as bytes, and is as long as the answer was. */
static void test_points(void **state)
{
	struct remote_embed *r = remote(100);
	struct embed_vec v, again;

	assert_int_equal(r->base.dim, 128);
	assert_int_equal(take(r, 100, -3, 100, &v), REMOTE_EMBED_OK);
	struct slice bytes = embed_bytes(&v, r->base.dim);
	assert_int_equal(bytes.n, 100);
	assert_true(embed_from(bytes, r->base.dim, &again));
	assert_memory_equal(again.v, v.v, sizeof(v.v));
	assert_true(again.scale == v.scale);
	assert_false(embed_from(bytes, 96, &again));
	assert_true(again.scale == 0);
	done(r);
}

/* Every part of what makes points what they are is in the version. */
static void test_versions(void **state)
{
	struct remote_embed *all[] = { remote(0), remote(256), remote_embed_new(SLICE("e"), SLICE("a/m\n"), 0),
		remote_embed_new(SLICE("e"), SLICE("b/m\n"), 0), remote_embed_new(SLICE("e"), SLICE("a/m2\n"), 0) };
	struct remote_embed *same = remote(256);

	assert_string_equal(all[1]->base.version, same->base.version);
	for (size_t i = 0; i < COUNT_OF(all); i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(all[i]->base.version, all[k]->base.version);
	for (size_t i = 0; i < COUNT_OF(all); i++)
		done(all[i]);
	done(same);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_points),
		cmocka_unit_test(test_versions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

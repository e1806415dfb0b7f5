/* What a head says of its request. */
#include "unit.h"

#include "base/counter.h"
#include "front/intake.h"

#define MOST_FIELDS 4

struct scene {
	struct exchange_env env;
	struct front front;
	struct dice dice;
	struct loop *loop;
	struct intake q;
};

static void scene_open(struct scene *s)
{
	*s = (struct scene){ .loop = loop_new() };
	counter_reset();
	dice_init(&s->dice, 1);
	s->env.flight.dice = &s->dice;
	s->front = (struct front){ .loop = s->loop, .exchange = &s->env,
		.limits = { .sizes = { .head = 4096, .body = 1000, .buffered = 10000 } } };
	intake_begin(&s->q, &s->front);
}

static void scene_close(struct scene *s)
{
	loop_free(&s->loop);
}

/* A chat request with these fields, the last one without a name. */
static enum err read_head(struct scene *s, const struct http1_field *fields, int64_t length, bool chunked)
{
	size_t n = 0;

	while (fields && fields[n].name.n)
		n++;
	const struct http1_head head = { .method = HTTP1_POST, .target = SLICE("/v1/chat/completions?x=1"),
		.fields = fields, .n_fields = n, .content_length = length, .chunked = chunked };
	intake_begin(&s->q, &s->front);
	return intake_head(&s->q, &s->front, &head, false);
}

static void test_begin(void **state)
{
	struct scene s;
	char first[65];

	scene_open(&s);
	assert_int_equal(s.q.start_ns, loop_now(s.loop));
	assert_true(s.q.wall_ms > 1600000000000);
	assert_int_equal(strlen(s.q.id), 28);
	assert_true(slice_starts(slice_str(s.q.id), SLICE("req_")));
	memcpy(first, s.q.id, sizeof(first));
	intake_begin(&s.q, &s.front);
	assert_string_not_equal(s.q.id, first);
	assert_null(s.q.endpoint);
	scene_close(&s);
}

static void test_options(void **state)
{
	static const struct {
		const char *hops, *timeout;
		unsigned want_hops;
		uint64_t want_ms;
	} rows[] = {
		{ "0", "1", 0, 1 }, { "3", "30000", 3, 30000 }, { "999999", "99999999999", 1000, 86400000 },
		{ "-1", "-1", 0, 0 }, { "x", "1s", 0, 0 }, { "", "", 0, 0 }, { "99999999999999999999999",
			"1.5", 0, 0 },
	};
	struct scene s;

	scene_open(&s);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct http1_field fields[MOST_FIELDS] = {
			{ SLICE("X-Weir-Hops"), slice_str(rows[i].hops) },
			{ SLICE("x-weir-timeout-ms"), slice_str(rows[i].timeout) },
		};
		assert_int_equal(read_head(&s, fields, 5, false), ERR_OK);
		assert_int_equal(s.q.hops, rows[i].want_hops);
		assert_int_equal(s.q.timeout_ms, rows[i].want_ms);
		assert_string_equal(s.q.path, "/v1/chat/completions");
	}
	scene_close(&s);
}

static void test_bodies(void **state)
{
	static const struct {
		const char *type, *encoding;
		int64_t length;
		enum err want;
	} rows[] = {
		{ NULL, NULL, 10, ERR_OK },
		{ "application/json", NULL, 1000, ERR_OK },
		{ "Application/JSON ; charset=utf-8", "Identity", 0, ERR_OK },
		{ "application/json", NULL, 1001, ERR_BODY_TOO_BIG },
		{ "application/jsonx", NULL, 10, ERR_BAD_TYPE },
		{ "text/plain", NULL, 10, ERR_BAD_TYPE },
		{ "multipart/form-data; boundary=x", NULL, 10, ERR_BAD_TYPE },
		{ "application/json", "gzip", 10, ERR_BAD_TYPE },
		{ "application/json", "br", -1, ERR_BAD_TYPE },
	};
	struct scene s;

	scene_open(&s);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct http1_field fields[MOST_FIELDS] = {
			{ rows[i].type ? SLICE("content-type") : SLICE("x"), slice_str(rows[i].type) },
			{ rows[i].encoding ? SLICE("content-encoding") : SLICE("y"),
				slice_str(rows[i].encoding) },
		};
		assert_int_equal(read_head(&s, fields, rows[i].length, rows[i].length < 0), rows[i].want);
		assert_int_equal(s.q.length, rows[i].length);
		assert_int_equal(intake_is_bare(&s.q), rows[i].length == 0);
	}
	assert_int_equal(read_head(&s, NULL, -1, false),
		ERR_OK);	/* neither length nor chunks: no body */
	assert_true(intake_is_bare(&s.q));
	counter_add(COUNTER_buffered_bytes, 9500);
	assert_int_equal(read_head(&s, NULL, 500, false), ERR_OK);
	assert_int_equal(read_head(&s, NULL, 501, false), ERR_TOO_BUSY);
	counter_reset();
	scene_close(&s);
}

/* A name behind a prefix is whole, or there is no such thing; other paths are cut for the record. */
static void test_paths(void **state)
{
	struct http1_head metrics = { .method = HTTP1_GET, .target = SLICE("/metrics"),
		.content_length = -1 };
	struct scene s;
	char path[400];

	scene_open(&s);
	for (size_t n = 12; n < sizeof(path); n += n < 195 || n > 205 ? 17 : 1) {
		struct http1_head head = { .method = HTTP1_GET, .target = slice_of(path, n),
			.content_length = -1 };
		bool fits = n < sizeof(s.q.path);
		memset(path, 'm', n);
		memcpy(path, "/v1/models/", 11);
		intake_begin(&s.q, &s.front);
		assert_int_equal(intake_head(&s.q, &s.front, &head, false), fits ? ERR_OK : ERR_NOT_FOUND);
		assert_int_equal(strlen(s.q.path), MIN_OF(n, sizeof(s.q.path) - 1));
		assert_int_equal(strlen(s.q.path + s.q.rest_at), fits ? n - 11 : sizeof(s.q.path) - 1);
		memset(path + 1, 'm', n - 1);
		intake_begin(&s.q, &s.front);
		assert_int_equal(intake_head(&s.q, &s.front, &head, false), ERR_NOT_FOUND);
		assert_int_equal(strlen(s.q.path), MIN_OF(n, sizeof(s.q.path) - 1));
	}
	assert_int_equal(intake_head(&s.q, &s.front, &metrics, true), ERR_OK);
	assert_int_equal(intake_head(&s.q, &s.front, &metrics, false), ERR_NOT_FOUND);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_begin),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_paths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

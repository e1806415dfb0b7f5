/* Points found by likeness: commands, and replies of every shape a server may give. */
#include "unit.h"

#include "base/must.h"
#include "store/redis_near.h"

#define KEY "weir:near4:{00ff}"
#define GROUP "0123456789abcdef"

static const float at[4] = { 1, 0, 0, 0 };

static struct store_near_point point(enum store_near by)
{
	return (struct store_near_point){ .by = by, .set = SLICE("near4:{00ff}"), .group = SLICE(GROUP),
		.id = SLICE("id1"), .at = slice_of(at, sizeof(at)) };
}

static void arguments(void **state)
{
	struct store_near_point p = point(STORE_NEAR_VECTORSET);
	struct store_ask a = { .verb = STORE_NEAR_PUT, .near = &p, .value = SLICE("v"), .ttl_ms = 5, .max_len = 7 };
	struct redis_near_texts t;
	struct slice w[REDIS_NEAR_ARGS];

	assert_int_equal(redis_near_args(&a, SLICE(KEY), &t, w), 7);
	assert_slice(w[0], GROUP);
	assert_slice(w[1], "id1");
	assert_int_equal(w[2].n, sizeof(at));
	assert_slice(w[3], "v");
	assert_slice(w[4], "5");
	assert_slice(w[5], "7");
	assert_slice(w[6], "");
	p.by = STORE_NEAR_SEARCH;
	assert_int_equal(redis_near_args(&a, SLICE(KEY), &t, w), 7);
	assert_slice(w[6], "00ff" GROUP);
	a.verb = STORE_NEAR_NOTE;
	assert_int_equal(redis_near_args(&a, SLICE(KEY), &t, w), 4);
	assert_slice(w[2], "v");
	assert_slice(w[3], "7");
	a = (struct store_ask){ .verb = STORE_NEAR_GET, .near = &p };
	assert_true(redis_near_is_search(&a));
	p.by = STORE_NEAR_VECTORSET;
	assert_false(redis_near_is_search(&a));
}

static bool holds(const struct buf *b, const char *text)
{
	return strstr(b->p, text) != NULL;
}

/* The configured prefix may hold a tag of its own: the set's is the last. */
static void search_commands(void **state)
{
	static const struct {
		const char *key, *index;
	} rows[] = { { KEY, "$11\r\nweir:near4:\r\n" }, { "{x}:near4:{00ff}", "$10\r\n{x}:near4:\r\n" },
		{ "near4:{00ff}", "$6\r\nnear4:\r\n" } };
	struct store_near_point p = point(STORE_NEAR_SEARCH);
	const struct store_ask a = { .verb = STORE_NEAR_GET, .near = &p };

	p.at = SLICE("12345678");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct buf b;
		buf_init(&b, 4096);
		redis_near_get(&b, &a, slice_str(rows[i].key));
		buf_add_char(&b, '\0');
		assert_true(holds(&b, rows[i].index) && holds(&b, "$9\r\nFT.SEARCH\r\n"));
		assert_true(holds(&b, "(@p:{00ff" GROUP "})=>[KNN 4 @v $q AS d]"));
		assert_true(holds(&b, "$8\r\n12345678\r\n") && holds(&b, "$7\r\nDIALECT\r\n$1\r\n2\r\n"));
		buf_clear(&b);
		redis_near_then(&b, &a, slice_str(rows[i].key));
		buf_add_char(&b, '\0');
		assert_true(holds(&b, rows[i].index) && holds(&b, "$3\r\nDIM\r\n$1\r\n2\r\n"));
		buf_done(&b);
	}
}

static void vector_set_commands(void **state)
{
	struct store_near_point p = point(STORE_NEAR_VECTORSET);
	const struct store_ask a = { .verb = STORE_NEAR_GET, .near = &p };
	struct buf b;

	p.at = SLICE("12345678");
	buf_init(&b, 4096);
	redis_near_get(&b, &a, SLICE(KEY));
	assert_slice(buf_slice(&b), "*7\r\n$4\r\nVSIM\r\n$34\r\n" KEY ":" GROUP "\r\n$4\r\nFP32\r\n$8\r\n12345678\r\n"
		"$10\r\nWITHSCORES\r\n$5\r\nCOUNT\r\n$1\r\n4\r\n");
	buf_clear(&b);
	redis_near_then(&b, &a, SLICE(KEY));
	assert_slice(buf_slice(&b), KEY ":" GROUP);
	buf_done(&b);
}

/* Those near enough, "a,b,"; 0.75 is a cosine of 0.5. */
static void tells_ids(const char *wire, const char *expected)
{
	struct slice ids[STORE_NEAR_MOST];
	const struct redis_reply *r;
	struct redis_wire w;
	struct buf shown;
	const char *why;

	redis_wire_init(&w, 4096);
	buf_init(&shown, 4096);
	assert_true(redis_wire_feed(&w, slice_str(wire)));
	assert_int_equal(redis_wire_next(&w, &r, &why), REDIS_REPLY);
	size_t n = redis_near_ids(r, 0.5f, ids);
	for (size_t i = 0; i < n; i++)
		buf_addf(&shown, "%.*s,", SLICE_ARG(ids[i]));
	assert_slice(buf_slice(&shown), expected);
	buf_done(&shown);
	redis_wire_done(&w);
}

#define NEAR "$1\r\na\r\n,0.75\r\n"
static void ids_of_replies(void **state)
{
	tells_ids("*0\r\n", "");
	tells_ids("%2\r\n" NEAR "$1\r\nb\r\n,0.7499\r\n", "a,");
	tells_ids("*4\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n$4\r\n0.99\r\n", "a,b,");
	tells_ids("%5\r\n" NEAR NEAR NEAR NEAR NEAR, "a,a,a,a,");
	tells_ids("%2\r\n$17\r\n12345678901234567\r\n,1\r\n" NEAR, "a,");
	tells_ids("%1\r\n$1\r\na\r\n_\r\n", "");
	tells_ids("%1\r\n$1\r\na\r\n,nan\r\n", "");
	tells_ids("*1\r\n$1\r\na\r\n", "");
	tells_ids(":1\r\n", "");
	tells_ids("_\r\n", "");
}

/* "value+notes,..." of a reply as it comes; "-": it makes no sense. */
static void reads(const char *wire, const char *expected)
{
	struct redis_wire w;
	const struct redis_reply *r;
	const char *why;
	struct buf b, shown;
	struct slice value, noted;

	redis_wire_init(&w, 4096);
	buf_init(&b, 4096);
	buf_init(&shown, 4096);
	assert_true(redis_wire_feed(&w, slice_str(wire)));
	assert_int_equal(redis_wire_next(&w, &r, &why), REDIS_REPLY);
	if (!redis_near_points(r, &b))
		buf_add_char(&shown, '-');
	struct slice rest = buf_slice(&b);
	while (!buf_len(&shown) || shown.p[0] != '-') {
		if (!store_near_next(&rest, &value, &noted))
			break;
		buf_addf(&shown, "%.*s+%.*s,", SLICE_ARG(value), SLICE_ARG(noted));
	}
	assert_slice(buf_slice(&shown), expected);
	buf_done(&b);
	buf_done(&shown);
	redis_wire_done(&w);
}

#define E "$1\r\ne\r\n$1\r\nv\r\n"
#define EL E "$1\r\nl\r\n$2\r\nno\r\n"
#define PLAIN "$1\r\nv\r\n$0\r\n\r\n"
#define RESULT3(fields) "%2\r\n+id\r\n+k\r\n+extra_attributes\r\n" fields

static void replies(void **state)
{
	reads("*0\r\n", "");
	reads("*2\r\n$1\r\nv\r\n$2\r\nno\r\n", "v+no,");
	reads("*4\r\n" PLAIN "$1\r\nw\r\n$1\r\nn\r\n", "v+,w+n,");
	reads("*3\r\n" PLAIN "$1\r\nw\r\n", "v+,");
	reads("*2\r\n$1\r\nv\r\n:1\r\n", "-");
	reads("*2\r\n$-1\r\n$1\r\nv\r\n", "-");
	reads("*10\r\n" PLAIN PLAIN PLAIN PLAIN PLAIN, "v+,v+,v+,v+,");
	reads("*1\r\n:0\r\n", "");
	reads("*5\r\n:2\r\n$1\r\nk\r\n*4\r\n" EL "$1\r\nk\r\n*2\r\n" E, "v+no,v+,");
	reads("*5\r\n:2\r\n$1\r\nk\r\n*0\r\n$1\r\nk\r\n*2\r\n" E, "v+,");
	reads("*3\r\n:1\r\n$1\r\nk\r\n$1\r\nx\r\n", "");
	reads("%2\r\n+total_results\r\n:1\r\n+results\r\n*1\r\n" RESULT3("%2\r\n" EL), "v+no,");
	reads("%1\r\n+results\r\n*2\r\n" RESULT3("%0\r\n") RESULT3("%1\r\n" E), "v+,");
	reads("%1\r\n+results\r\n*2\r\n+x\r\n:1\r\n", "");
	reads("%1\r\n+results\r\n:1\r\n", "-");
	reads("%1\r\n+results\r\n*1\r\n" RESULT3("%1\r\n+e\r\n:1\r\n"), "");
	reads(":1\r\n", "-");
	reads("$1\r\nv\r\n", "-");
	reads("_\r\n", "-");
	reads("+OK\r\n", "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments),
		cmocka_unit_test(search_commands),
		cmocka_unit_test(vector_set_commands),
		cmocka_unit_test(ids_of_replies),
		cmocka_unit_test(replies),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

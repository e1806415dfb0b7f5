#include "unit.h"

#include "codec/http1.h"

static void test_head(void **state)
{
	struct buf b;
	buf_init(&b, 1 << 20);
	http1_write_status(&b, 200);
	http1_write_field(&b, SLICE("X-Name"), SLICE("plain"));
	http1_write_field(&b, SLICE("X-Empty"), SLICE_EMPTY);
	assert_slice(buf_slice(&b), "HTTP/1.1 200 OK\r\nX-Name: plain\r\nX-Empty: \r\n");
	buf_clear(&b);
	http1_write_status(&b, 599);
	assert_slice(buf_slice(&b), "HTTP/1.1 599 \r\n");
	buf_done(&b);
}

/* No value makes a line of its own. */
static void test_injection(void **state)
{
	struct buf b;
	buf_init(&b, 1 << 20);
	http1_write_field(&b, SLICE("X-Odd"), SLICE("a\r\nSet-Cookie: b\0c\n"));
	assert_slice(buf_slice(&b), "X-Odd: a  Set-Cookie: b c \r\n");
	buf_done(&b);
}

static void test_chunk(void **state)
{
	struct buf b;
	buf_init(&b, 1 << 20);
	http1_write_chunk(&b, SLICE("x"));
	http1_write_chunk(&b, SLICE("hello world, hello"));
	buf_add(&b, HTTP1_LAST_CHUNK);
	assert_slice(buf_slice(&b), "1\r\nx\r\n12\r\nhello world, hello\r\n0\r\n\r\n");
	buf_done(&b);
}

struct reader {
	struct buf body;
	int heads, ends;
};

static enum err on_head(void *arg, const struct http1_head *head)
{
	struct reader *r = arg;
	r->heads++;
	assert_int_equal(head->status, 429);
	assert_slice(http1_field(head, SLICE("retry-after")), "2");
	return ERR_OK;
}

static enum err on_body(void *arg, struct slice piece)
{
	buf_add(&((struct reader *)arg)->body, piece);
	return ERR_OK;
}

static enum err on_end(void *arg)
{
	((struct reader *)arg)->ends++;
	return ERR_OK;
}

/* What is written can be read, chunks of every length of size line. */
static void test_round_trip(void **state)
{
	static const struct http1_events events = { on_head, on_body, on_end };
	static const struct http1_limits limits = { 8192, 100, 0 };
	struct reader r = { .heads = 0 };
	struct http1 h;
	struct buf b, want;
	size_t n = 70000, used = 0;
	char *big = malloc(n);

	memset(big, 'z', n);
	buf_init(&b, 1 << 20);
	buf_init(&want, 1 << 20);
	buf_init(&r.body, 1 << 20);
	http1_write_status(&b, 429);
	http1_write_field(&b, SLICE("Retry-After"), SLICE("2"));
	http1_write_field(&b, SLICE("Transfer-Encoding"), SLICE("chunked"));
	buf_add(&b, SLICE("\r\n"));
	for (size_t size = 1; size <= n; size = size * 3 + 1) {
		http1_write_chunk(&b, slice_of(big, size));
		buf_add(&want, slice_of(big, size));
	}
	buf_add(&b, HTTP1_LAST_CHUNK);
	http1_init(&h, HTTP1_RESPONSE, &limits, &events, &r);
	assert_int_equal(http1_feed(&h, buf_slice(&b), &used), ERR_OK);
	assert_int_equal(used, buf_len(&b));
	assert_true(r.heads == 1 && r.ends == 1);
	assert_true(slice_eq(buf_slice(&r.body), buf_slice(&want)));
	http1_done(&h);
	buf_done(&b);
	buf_done(&want);
	buf_done(&r.body);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_injection),
		cmocka_unit_test(test_chunk),
		cmocka_unit_test(test_round_trip),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

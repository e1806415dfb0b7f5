/* One response, byte for byte, as each kind of client needs it. */
#include "unit/loop/rig.h"

#include "front/writer.h"

#define DATE_S 1700000000u
#define DATE "date: Tue, 14 Nov 2023 22:13:20 GMT\r\n"

/* A connection: the writer's end, and what the client hears. */
struct line {
	struct rig rig;
	struct end server, client;
	struct writer w;
	struct buf scratch;
};

static bool on_accepted(struct end *e)
{
	return e->s != NULL;
}

static bool on_gone(struct end *e)
{
	return e->eofs + e->closes > 0;
}

static void line_open(struct line *l)
{
	rig_init(&l->rig);
	end_init(&l->server, &l->rig, on_accepted);
	end_init(&l->client, &l->rig, NULL);
	rig_listen(&l->rig, "127.0.0.1:0", NULL, rig_on_accept, &l->server);
	end_open(&l->client, l->rig.host, l->rig.port, NULL, NULL, 1000);
	rig_run(&l->rig);
	buf_init(&l->scratch, 1 << 20);
	l->w = (struct writer){ .stream = l->server.s, .scratch = &l->scratch, .date_s = DATE_S };
}

/* Ends the connection and checks all that was sent on it. */
static void line_close(struct line *l, const char *want)
{
	l->client.until = on_gone;
	stream_close(&l->server.s, 1000);
	rig_run(&l->rig);
	assert_slice(buf_slice(&l->client.in), want);
	assert_int_equal(buf_len(&l->scratch), 0);
	end_done(&l->client);
	end_done(&l->server);
	buf_done(&l->scratch);
	rig_done(&l->rig);
}

static void write_all(struct writer *w, int64_t length)
{
	writer_head(w, 200, SLICE("text/plain"), SLICE("x-a: 1\r\n"), length);
	writer_put(w, SLICE("hello"));
	writer_put(w, SLICE_EMPTY);		/* would end a chunked body */
	writer_put(w, SLICE(" from a river"));
	writer_end(w);
}

#define HEAD "HTTP/1.1 200 OK\r\n" DATE "content-type: text/plain\r\nx-a: 1\r\n"

static void test_framings(void **state)
{
	static const struct {
		bool http10, head_only, close;
		int64_t length;
		const char *want;
		bool want_close;
	} rows[] = {
		{ false, false, false, 18, HEAD "content-length: 18\r\n\r\nhello from a river", false },
		{ false, false, true, 18, HEAD "content-length: 18\r\nconnection: close\r\n\r\n"
			"hello from a river", true },
		{ false, false, false, -1, HEAD "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\nd\r\n"
			" from a river\r\n0\r\n\r\n", false },
		{ false, false, true, -1, HEAD "transfer-encoding: chunked\r\nconnection: close\r\n\r\n5\r\n"
			"hello\r\nd\r\n from a river\r\n0\r\n\r\n", true },
		{ false, true, false, 18, HEAD "content-length: 18\r\n\r\n", false },
		{ false, true, false, -1, HEAD "transfer-encoding: chunked\r\n\r\n", false },
		{ true, false, false, 18, HEAD "content-length: 18\r\nconnection: keep-alive\r\n\r\n"
			"hello from a river", false },
		{ true, false, true, 18, HEAD "content-length: 18\r\nconnection: close\r\n\r\n"
			"hello from a river", true },
		/* without chunks the end of the connection is the end of the body */
		{ true, false, false, -1, HEAD "connection: close\r\n\r\nhello from a river", true },
		{ false, false, false, 0, HEAD "content-length: 0\r\n\r\nhello from a river", false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct line l;
		line_open(&l);
		l.w.http10 = rows[i].http10;
		l.w.head_only = rows[i].head_only;
		l.w.close = rows[i].close;
		write_all(&l.w, rows[i].length);
		assert_int_equal(l.w.close, rows[i].want_close);
		/* what a HEAD spares is counted all the same */
		assert_int_equal(l.w.body_n, 18);
		line_close(&l, rows[i].want);
	}
}

/* 204 frames nothing, or the next answer would be read as its body. */
static void test_no_content(void **state)
{
	static const struct {
		bool http10, close;
		int64_t length;
		const char *want;
	} rows[] = {
		{ false, false, -1, "" },
		{ false, false, 18, "" },
		{ false, true, -1, "connection: close\r\n" },
		{ true, false, -1, "connection: keep-alive\r\n" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct line l;
		char want[300];
		line_open(&l);
		l.w.http10 = rows[i].http10;
		l.w.close = rows[i].close;
		writer_head(&l.w, 204, SLICE("text/plain"), SLICE("x-a: 1\r\n"), rows[i].length);
		writer_put(&l.w, SLICE("hello"));
		writer_end(&l.w);
		assert_int_equal(l.w.close, rows[i].close);
		writer_head(&l.w, 299, SLICE("text/plain"), SLICE_EMPTY, 2);
		writer_put(&l.w, SLICE("hi"));
		snprintf(want, sizeof(want), "HTTP/1.1 204 No Content\r\n" DATE "x-a: 1\r\n%s\r\nHTTP/1.1 299 \r\n"
			DATE "content-type: text/plain\r\ncontent-length: 2\r\n%s\r\nhi", rows[i].want, rows[i].want);
		line_close(&l, want);
	}
}

/* Chunk sizes of any length of digits. */
static void test_chunk_sizes(void **state)
{
	static const size_t sizes[] = { 1, 9, 10, 15, 16, 17, 255, 256, 4095, 4096, 65535, 65536, 70000 };
	static char body[70000];
	struct line l;
	struct buf want;

	memset(body, 'b', sizeof(body));
	buf_init(&want, 1 << 20);
	line_open(&l);
	writer_head(&l.w, 503, SLICE("a/b"), SLICE_EMPTY, -1);
	buf_addf(&want, "HTTP/1.1 503 Service Unavailable\r\n" DATE "content-type: a/b\r\n"
		"transfer-encoding: chunked\r\n\r\n");
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		writer_put(&l.w, slice_of(body, sizes[i]));
		buf_addf(&want, "%zx\r\n", sizes[i]);
		buf_add(&want, slice_of(body, sizes[i]));
		buf_add(&want, SLICE("\r\n"));
	}
	buf_add_char(&want, '\0');
	line_close(&l, want.p);			/* cut: no last chunk, so that no client takes it for whole */
	buf_done(&want);
}

/* The Date field is kept for a second, no longer. */
static void test_dates(void **state)
{
	static const struct {
		uint64_t s;
		const char *date;
	} rows[] = { { 1700000000, "Tue, 14 Nov 2023 22:13:20" }, { 1700000000, "Tue, 14 Nov 2023 22:13:20" },
		{ 1700000001, "Tue, 14 Nov 2023 22:13:21" }, { 951782400, "Tue, 29 Feb 2000 00:00:00" },
		{ 4102444800, "Fri, 01 Jan 2100 00:00:00" } };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct line l;
		char want[200];
		line_open(&l);
		l.w.date_s = rows[i].s;
		writer_head(&l.w, 200, SLICE("a/b"), SLICE_EMPTY, 0);
		snprintf(want, sizeof(want), "HTTP/1.1 200 OK\r\ndate: %s GMT\r\ncontent-type: a/b\r\n"
			"content-length: 0\r\n\r\n", rows[i].date);
		line_close(&l, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_framings),
		cmocka_unit_test(test_no_content),
		cmocka_unit_test(test_chunk_sizes),
		cmocka_unit_test(test_dates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

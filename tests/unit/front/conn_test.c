/* Client connections on loopback: what is kept, what is closed, and bytes that come in any pieces.  More of
 * this is played by tests/sim/front_scenario.c. */
#include "unit/flight/sky.h"

#include "front/conn.h"
#include "front/front.h"

#define REPLY "{\"id\":\"c1\",\"choices\":[{\"index\":0,\"message\":{\"content\":\"Hi\"}," \
	"\"finish_reason\":\"stop\"}]}"
#define ANSWER "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 85\r\n\r\n" REPLY
#define RECORDS 64

struct door {
	struct sky sky;
	struct exchange_env env;
	struct front front;
	struct record records[RECORDS];
	size_t n_records, pages;
	char ids[RECORDS][70];
	struct end client;
};

static void on_record(void *arg, const struct record *r)
{
	struct door *d = arg;
	assert_true(d->n_records < RECORDS);
	slice_copy(r->request_id, d->ids[d->n_records], sizeof(d->ids[0]));
	d->records[d->n_records++] = *r;
}

static void write_metrics(void *arg, struct buf *out)
{
	buf_add(out, SLICE("up 1\n"));
	((struct door *)arg)->pages++;
}

static void on_quiet(struct task *t)
{
}

static uint16_t port_of(const struct listen *l)
{
	return rig_port_of(listen_addr(l));
}

static void connect_to(struct door *d, struct listen *l)
{
	end_done(&d->client);
	end_init(&d->client, &d->sky.p.rig, NULL);
	end_open(&d->client, SLICE("127.0.0.1"), port_of(l), NULL, NULL, 2000);
	run_until(&d->sky.p, d->client.opens);
}

static void door_open(struct door *d)
{
	char why[200] = "";

	*d = (struct door){ .n_records = 0 };
	sky_open(&d->sky);
	d->env.flight = d->sky.env;
	d->env.roster = d->sky.roster;
	d->env.max_hops = 4;
	d->env.on_record = on_record;
	d->env.arg = d;
	arena_init(&d->env.parse, 0);
	buf_init(&d->env.out, 1 << 24);
	buf_init(&d->env.body, 1 << 24);
	d->front = (struct front){ .exchange = &d->env, .on_quiet = { .go = on_quiet },
		.write_metrics = write_metrics,
		.on_record = on_record, .arg = d };
	d->front.limits = (struct front_limits){ .sizes = { 4096, 1 << 20, 1 << 24, 100 },
		.times = { 5000, 5000, 5000, 5000 } };
	if (!front_open(&d->front, d->sky.p.rig.loop, SLICE("127.0.0.1:0"), NULL, SLICE("127.0.0.1:0"), why,
		sizeof(why)))
		fail_msg("%s", why);
	end_init(&d->client, &d->sky.p.rig, NULL);
	connect_to(d, d->front.open);
}

static void door_close(struct door *d)
{
	end_done(&d->client);
	front_close(&d->front);
	run_ms(&d->sky.p, 2);
	assert_int_equal(counter_values[COUNTER_connections_open], 0);
	assert_int_equal(counter_values[COUNTER_exchanges_open], 0);
	arena_done(&d->env.parse);
	buf_done(&d->env.out);
	buf_done(&d->env.body);
	/* the scratch of the copied environment is the one that grew */
	d->sky.env = d->env.flight;
	sky_close(&d->sky);
}

static void say(struct door *d, const char *text)
{
	assert_non_null(d->client.s);
	stream_write(d->client.s, slice_str(text));
}

static bool heard(const struct door *d, const char *text)
{
	return d->client.in.n && memmem(d->client.in.p, d->client.in.n, text, strlen(text)) != NULL;
}

static size_t times_heard(const struct door *d, const char *text)
{
	struct slice s = buf_slice(&d->client.in);
	size_t n = 0;

	for (const char *at; s.n && (at = memmem(s.p, s.n, text, strlen(text))) != NULL; n++)
		s = slice_skip(s, (size_t)(at - s.p) + 1);
	return n;
}

/* The whole answer of one page or chat has come. */
static void wait_for(struct door *d, const char *status, const char *what)
{
	char line[100];

	snprintf(line, sizeof(line), "HTTP/1.1 %s\r\n", status);
	run_until(&d->sky.p, heard(d, what));
	if (!slice_starts(buf_slice(&d->client.in), slice_str(line)))
		fail_msg("want %s, got %.*s", status, SLICE_ARG(buf_slice(&d->client.in)));
}

/* The same, and it is forgotten. */
static void hear(struct door *d, const char *status, const char *what)
{
	wait_for(d, status, what);
	buf_clear(&d->client.in);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST(n) "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: " n "\r\n\r\n"
#define CHAT SKY_WHOLE("one")

static const char *chat_text(void)
{
	static char text[1000];
	snprintf(text, sizeof(text), "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
		"Content-Length: %zu\r\n\r\n" CHAT, strlen(CHAT));
	return text;
}

/* The provider answers what was asked on its connection 0. */
static void provider_answers(struct door *d)
{
	run_until(&d->sky.p, sky_asked(&d->sky, 0));
	buf_clear(&d->sky.p.v[0].in);
	peer_say(&d->sky.p.v[0], ANSWER);
}

static bool closed(const struct door *d)
{
	return d->client.eofs + d->client.closes > 0;
}

/* --- pages and refusals --------------------------------------------------------------------------------- */

static void test_pages_on_one_connection(void **state)
{
	struct door d;

	door_open(&d);
	say(&d, GET("/healthz"));
	hear(&d, "200 OK", "\r\n\r\nok\n");
	say(&d, GET("/v1/models"));
	hear(&d, "200 OK", "\"id\":\"one\"");
	say(&d, "HEAD /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
	hear(&d, "200 OK", "content-length: 6\r\n\r\n");
	say(&d, GET("/v1/models/one?x=1"));
	hear(&d, "200 OK", "\"id\":\"one\"");
	assert_false(closed(&d));
	assert_int_equal(counter_values[COUNTER_connections], 1);
	/* health checks are not in the access log */
	assert_int_equal(d.n_records, 2);
	assert_slice(d.records[0].endpoint, "models");
	assert_int_equal(d.records[0].status, 200);
	assert_int_equal(d.records[0].err, ERR_OK);
	door_close(&d);
}

static void test_doors_differ(void **state)
{
	struct door d;

	door_open(&d);
	say(&d, GET("/metrics"));
	hear(&d, "404 Not Found", "\"not_found\"");
	connect_to(&d, d.front.admin);
	say(&d, GET("/metrics"));
	hear(&d, "200 OK", "up 1\n");
	say(&d, GET("/v1/models"));
	hear(&d, "404 Not Found", "\"not_found\"");
	assert_int_equal(d.pages, 1);
	door_close(&d);
}

/* A refusal leaves the connection as it was when nothing of the request is left to read, else it ends it. */
static void test_refusals(void **state)
{
	static const struct {
		const char *request, *status, *what;
		bool closes;
		enum err err;
	} rows[] = {
		{ GET("/nowhere"), "404 Not Found", "\"not_found\"", false, ERR_NOT_FOUND },
		{ "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "404 Not Found",
			"\"not_found\"", false, ERR_NOT_FOUND },
		{ "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "404 Not Found",
			"\"not_found\"", true, ERR_NOT_FOUND },
		{ GET("/v1/chat/completions"), "405 Method Not Allowed", "allow: POST\r\n", false,
			ERR_BAD_METHOD },
		{ "DELETE /v1/models HTTP/1.1\r\nHost: x\r\n\r\n", "405 Method Not Allowed",
			"allow: GET, HEAD\r\n", false, ERR_BAD_METHOD },
		{ "DELETE /v1/models/x HTTP/1.1\r\nHost: x\r\n\r\n", "405 Method Not Allowed",
			"allow: GET, HEAD, POST\r\n", false, ERR_BAD_METHOD },
		{ POST("9999999"), "413 Content Too Large", "\"request_too_large\"", true, ERR_BODY_TOO_BIG },
		{ "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
			"Content-Length: 2\r\n\r\n{}", "415 Unsupported Media Type",
			"\"unsupported_media_type\"", true, ERR_BAD_TYPE },
		{ "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n"
			"Content-Length: 2\r\n\r\n{}", "415 Unsupported Media Type",
			"\"unsupported_media_type\"", true, ERR_BAD_TYPE },
		{ "GET / HTTP/1.1\r\n\r\n", "400 Bad Request", "\"bad_http\"", true, ERR_BAD_HTTP },
		{ "nonsense\r\n\r\n", "400 Bad Request", "\"bad_http\"", true, ERR_BAD_HTTP },
		{ POST("2") "{}", "400 Bad Request", "model", false, ERR_BAD_FIELD },
		{ POST("1") "{", "400 Bad Request", "\"invalid_json\"", false, ERR_BAD_JSON },
		{ POST("0"), "400 Bad Request", "\"error\"", false, ERR_BAD_JSON },
		{ POST("62") SKY_WHOLE("nobody"), "404 Not Found", "\"model_not_found\"", false,
			ERR_NO_MODEL },
	};

	assert_int_equal(strlen(SKY_WHOLE("nobody")), 62);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct door d;
		door_open(&d);
		say(&d, rows[i].request);
		wait_for(&d, rows[i].status, rows[i].what);
		assert_int_equal(heard(&d, "connection: close\r\n"), rows[i].closes);
		buf_clear(&d.client.in);
		assert_int_equal(d.n_records, 1);
		if (d.records[0].err != rows[i].err)
			fail_msg("%s: %s", rows[i].request, err_name(d.records[0].err));
		assert_int_equal(d.records[0].status, err_row(rows[i].err)->http);
		if (!rows[i].closes) {
			say(&d, GET("/healthz"));
			hear(&d, "200 OK", "\r\n\r\nok\n");
		}
		door_close(&d);
	}
}

/* What is still on its way is read before the connection ends, so that the answer is not lost to a reset. */
static void test_lingering(void **state)
{
	struct door d;

	door_open(&d);
	say(&d, POST("9999999"));
	hear(&d, "413 Content Too Large", "\"request_too_large\"");
	for (int i = 0; i < 20; i++) {
		say(&d, "some of the body that nobody wants");
		run_ms(&d.sky.p, 1);
	}
	assert_false(closed(&d));
	run_until(&d.sky.p, closed(&d));
	assert_int_equal(d.client.closes, 0);		/* an orderly end */
	assert_int_equal(buf_len(&d.client.in), 0);
	door_close(&d);
}

/* Above the common limit of memory new bodies get 503 and are told when to come back. */
static void test_shedding(void **state)
{
	struct door d;

	door_open(&d);
	counter_add(COUNTER_buffered_bytes, (1 << 24) - 100);
	say(&d, POST("101"));
	hear(&d, "503 Service Unavailable", "\"overloaded\"");
	counter_sub(COUNTER_buffered_bytes, (1 << 24) - 100);
	assert_int_equal(counter_values[COUNTER_requests_shed], 1);
	assert_int_equal(d.records[0].err, ERR_TOO_BUSY);
	door_close(&d);
}

/* The client's request id when it is harmless in a header and a log line, else one of ours. */
static void test_request_ids(void **state)
{
	static const struct {
		const char *id;
		bool kept;
	} rows[] = {
		{ "abc-DEF_1.2", true }, { "x", true },
		{ "0123456789012345678901234567890123456789012345678901234567890123", true },
		{ "01234567890123456789012345678901234567890123456789012345678901234", false }, { "", false },
		{ "a b", false },
		{ "a\"b", false }, { "a/b", false }, { "\xc3\xa9", false },
	};
	char last[70] = "";
	struct door d;

	door_open(&d);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[300];
		snprintf(text, sizeof(text), "GET /v1/models HTTP/1.1\r\nHost: x\r\nX-Request-Id: %s\r\n\r\n",
			rows[i].id);
		say(&d, text);
		hear(&d, "200 OK", "\"data\":");
		const char *id = d.ids[i];
		if (rows[i].kept) {
			assert_string_equal(id, rows[i].id);
			continue;
		}
		assert_int_equal(strlen(id), strlen("req_") + 24);
		assert_true(slice_starts(slice_str(id), SLICE("req_")));
		assert_string_not_equal(id, last);
		slice_copy(slice_str(id), last, sizeof(last));
	}
	door_close(&d);
}

/* --- chat requests -------------------------------------------------------------------------------------- */

/* Cut anywhere it is the same request: a body in one piece is used where it lies, one in several is
 * gathered. */
static void test_a_request_in_any_pieces(void **state)
{
	struct slice all = slice_str(chat_text());
	size_t head = all.n - strlen(CHAT);
	const size_t cuts[] = { 0, 1, head - 2, head, head + 1, head + 20, all.n - 1 };
	struct door d;

	assert_int_equal(strlen(REPLY), 85);
	door_open(&d);
	for (size_t i = 0; i < COUNT_OF(cuts); i++) {
		stream_write(d.client.s, slice_of(all.p, cuts[i]));
		run_ms(&d.sky.p, 3);
		stream_write(d.client.s, slice_skip(all, cuts[i]));
		run_until(&d.sky.p, sky_asked(&d.sky, 0));
		assert_true(sky_heard(&d.sky.p.v[0], "\r\n\r\n{\"model\":\"m\"," SKY_MESSAGES "}"));
		provider_answers(&d);
		hear(&d, "200 OK", REPLY);
		assert_int_equal(d.n_records, i + 1);
		assert_int_equal(d.records[i].bytes_in, strlen(CHAT));
		assert_int_equal(d.records[i].bytes_out, strlen(REPLY));
		assert_int_equal(d.records[i].err, ERR_OK);
	}
	for (size_t i = 0; i < all.n; i++) {
		stream_write(d.client.s, slice_of(all.p + i, 1));
		run_ms(&d.sky.p, 0);
	}
	provider_answers(&d);
	hear(&d, "200 OK", REPLY);
	assert_int_equal(d.sky.p.n, 1);
	door_close(&d);
}

static void test_a_chunked_request(void **state)
{
	struct door d;
	struct slice body = SLICE(CHAT);

	door_open(&d);
	say(&d, "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (; body.n; body = slice_skip(body, 7)) {
		struct buf b;
		buf_init(&b, 100);
		http1_write_chunk(&b, slice_of(body.p, MIN_OF(body.n, 7u)));
		stream_write(d.client.s, buf_slice(&b));
		buf_done(&b);
	}
	say(&d, "0\r\n\r\n");
	provider_answers(&d);
	hear(&d, "200 OK", REPLY);
	assert_int_equal(d.records[0].bytes_in, strlen(CHAT));
	door_close(&d);
}

/* Requests sent ahead are answered in order, pages and chats alike. */
static void test_requests_sent_ahead(void **state)
{
	struct door d;

	door_open(&d);
	say(&d, GET("/v1/models"));
	say(&d, chat_text());
	say(&d, GET("/nowhere"));
	say(&d, chat_text());
	say(&d, GET("/healthz"));
	run_until(&d.sky.p, sky_asked(&d.sky, 0));
	assert_int_equal(times_heard(&d, "HTTP/1.1 "), 1);
	provider_answers(&d);
	run_until(&d.sky.p, times_heard(&d, "HTTP/1.1 ") == 3);
	provider_answers(&d);
	run_until(&d.sky.p, times_heard(&d, "HTTP/1.1 ") == 5);
	static const char *const order[] = { "\"object\":\"list\"", REPLY, "\"not_found\"", REPLY, "ok\n" };
	struct slice rest = buf_slice(&d.client.in);
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		const char *at = memmem(rest.p, rest.n, order[i], strlen(order[i]));
		assert_non_null(at);
		rest = slice_skip(rest, (size_t)(at - rest.p) + strlen(order[i]));
	}
	assert_false(closed(&d));
	door_close(&d);
}

/* A request sent ahead may come in any pieces, as far as there is room for it.  One that is too large gets no
 * answer: the connection ends with the one before, which says so. */
static void test_a_large_body_sent_ahead(void **state)
{
	static const size_t sizes[] = { 100, 30000, 60000, 140000, 900000 };

	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		bool fits = sizes[i] < 65536;
		struct door d;
		char head[200];
		char *spaces = malloc(sizes[i]);
		assert_non_null(spaces);
		memset(spaces, ' ', sizes[i]);
		door_open(&d);
		say(&d, chat_text());
		snprintf(head, sizeof(head), "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
			"Content-Length: %zu\r\n\r\n", sizes[i] + strlen(CHAT));
		say(&d, head);
		stream_write(d.client.s, slice_of(spaces, sizes[i]));
		if (!fits)
			say(&d, CHAT);
		free(spaces);
		run_until(&d.sky.p, sky_asked(&d.sky, 0));
		run_ms(&d.sky.p, 20);			/* as much as it takes is sent */
		assert_int_equal(counter_values[COUNTER_exchanges_open], 1);
		assert_true(counter_values[COUNTER_buffered_bytes] < 300000);
		provider_answers(&d);
		wait_for(&d, "200 OK", REPLY);
		assert_int_equal(heard(&d, "connection: close\r\n"), !fits);
		buf_clear(&d.client.in);
		if (fits) {
			say(&d, CHAT);
			provider_answers(&d);
			hear(&d, "200 OK", REPLY);
			assert_int_equal(d.records[1].bytes_in, sizes[i] + strlen(CHAT));
			say(&d, GET("/healthz"));
			hear(&d, "200 OK", "\r\n\r\nok\n");
		} else {
			run_until(&d.sky.p, closed(&d));	/* and is not taken for a request later */
			assert_int_equal(d.client.closes, 0);	/* in order: no reset overtakes the answer */
			assert_int_equal(d.n_records, 1);
			assert_int_equal(counter_values[COUNTER_buffered_bytes], 0);
		}
		door_close(&d);
	}
}

/* --- the end of a connection ---------------------------------------------------------------------------- */

static void test_a_client_that_leaves(void **state)
{
	struct door d;

	door_open(&d);
	say(&d, chat_text());
	run_until(&d.sky.p, sky_asked(&d.sky, 0));
	stream_abort(&d.client.s, true);
	run_until(&d.sky.p, d.sky.p.v[0].gone);		/* the provider notices too */
	assert_int_equal(d.n_records, 1);
	assert_int_equal(d.records[0].err, ERR_CLIENT_GONE);
	assert_int_equal(d.records[0].status, 499);
	assert_int_equal(d.front.n_conns, 0);
	assert_int_equal(d.front.n_busy, 0);
	door_close(&d);
}

static void test_a_drain(void **state)
{
	struct door d;
	struct end idle;

	door_open(&d);
	end_init(&idle, &d.sky.p.rig, NULL);
	end_open(&idle, SLICE("127.0.0.1"), port_of(d.front.open), NULL, NULL, 2000);
	run_until(&d.sky.p, d.front.n_conns == 2);
	say(&d, chat_text());
	run_until(&d.sky.p, sky_asked(&d.sky, 0));
	assert_int_equal(d.front.n_busy, 1);
	front_drain(&d.front);
	run_until(&d.sky.p, idle.eofs + idle.closes);		/* idle ones go at once */
	assert_false(d.front.ready);
	assert_false(closed(&d));
	provider_answers(&d);
	run_until(&d.sky.p, closed(&d));
	assert_true(heard(&d, "connection: close\r\n"));
	assert_true(heard(&d, REPLY));
	assert_int_equal(d.front.n_busy, 0);
	end_done(&idle);
	door_close(&d);
}

/* A request whose beginning came before the drain is still answered, and is the last one. */
static void test_a_drain_in_the_middle_of_a_request(void **state)
{
	struct door d;

	door_open(&d);
	say(&d, "GET /v1/models HTTP/1.1\r\nHo");
	run_ms(&d.sky.p, 5);
	front_drain(&d.front);
	run_ms(&d.sky.p, 5);
	assert_false(closed(&d));
	say(&d, "st: x\r\n\r\n");
	wait_for(&d, "200 OK", "\"data\":");
	assert_true(heard(&d, "connection: close\r\n"));
	run_until(&d.sky.p, closed(&d));
	door_close(&d);
}

/* Told in the client's own dialect when there is no time to finish. */
static void test_a_cut(void **state)
{
	struct door d;

	door_open(&d);
	say(&d, chat_text());
	run_until(&d.sky.p, sky_asked(&d.sky, 0));
	front_drain(&d.front);
	front_cut(&d.front);
	run_until(&d.sky.p, closed(&d));
	assert_true(heard(&d, "HTTP/1.1 503 Service Unavailable\r\n"));
	assert_true(heard(&d, "\"code\":\"draining\""));
	assert_int_equal(d.records[0].err, ERR_DRAINING);
	door_close(&d);
}

static void test_too_many_connections(void **state)
{
	struct door d;
	struct end one;

	door_open(&d);
	d.front.limits.sizes.connections = 1;
	end_init(&one, &d.sky.p.rig, NULL);
	end_open(&one, SLICE("127.0.0.1"), port_of(d.front.open), NULL, NULL, 2000);
	run_until(&d.sky.p, one.closes);
	assert_int_equal(counter_values[COUNTER_connections_refused], 1);
	end_done(&one);
	end_init(&one, &d.sky.p.rig, NULL);
	/* operators always get in */
	end_open(&one, SLICE("127.0.0.1"), port_of(d.front.admin), NULL, NULL, 2000);
	run_until(&d.sky.p, d.front.n_conns == 2);
	say(&d, GET("/healthz"));
	hear(&d, "200 OK", "\r\n\r\nok\n");
	end_done(&one);
	door_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_on_one_connection),
		cmocka_unit_test(test_doors_differ),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_lingering),
		cmocka_unit_test(test_shedding),
		cmocka_unit_test(test_request_ids),
		cmocka_unit_test(test_a_request_in_any_pieces),
		cmocka_unit_test(test_a_chunked_request),
		cmocka_unit_test(test_requests_sent_ahead),
		cmocka_unit_test(test_a_large_body_sent_ahead),
		cmocka_unit_test(test_a_client_that_leaves),
		cmocka_unit_test(test_a_drain),
		cmocka_unit_test(test_a_drain_in_the_middle_of_a_request),
		cmocka_unit_test(test_a_cut),
		cmocka_unit_test(test_too_many_connections),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Clients as they come: keep-alive, pipelining, half-close, slow, wrong, and too many things at once. */
#include "scene.h"

static const enum sim_split splits[] = { SIM_WHOLE, SIM_BYTES, SIM_RANDOM };
static const struct sim_act echo[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_WAIT(5), SIM_ECHO, SIM_FINISH("stop"), SIM_END };

static void answers_on_one_connection_come_in_order(void **state)
{
	for (int pipelined = 0; pipelined < 2; pipelined++)
		for (size_t i = 0; i < COUNT_OF(splits); i++) {
			struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
			struct sim_plan plan = { .pipelined = pipelined };
			struct sim_client *c;
			struct sim_provider *a = sim_provider(s, "a.test", echo, NULL);

			s->loop->split = splits[i];
			for (int k = 0; k < SIM_MOST_SENDS; k++)
				plan.sends[k] = sim_chat(s, "one", k % 3 != 2, sim_printf(s, "say word%d", k));
			c = sim_client(s, plan);
			sim_run(s);
			for (int k = 0; k < SIM_MOST_SENDS; k++) {
				const char *why = "";
				if (!sim_is_whole(s, &c->answers[k], sim_printf(s, "word%d", k), &why))
					sim_fail(s, __FILE__, __LINE__, "answer %d: %s", k, why);
			}
			sim_check(s, !c->extra && a->n == SIM_MOST_SENDS && a->most_running == 1);
			sim_free(&s);
		}
}

/* Answers of many clients at once never mix. */
static void nobody_gets_anothers_answer(void **state)
{
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct sim *s = sim_new_shuffled(seed, SCENE_CONFIG);
		unsigned k = 0;

		sim_provider(s, "a.test", echo, NULL);
		for (unsigned i = 0; i < 100; i++)
			sim_client(s, (struct sim_plan){ .at_ms = i / 10, .sends = {
				sim_chat(s, "one", i % 2, sim_printf(s, "say first%u", i)),
					sim_chat(s, "one", i % 3, sim_printf(s, "say second%u", i)) },
				.pipelined = i % 5 == 0 });
		sim_run(s);
		LIST_EACH(node, tmp, &s->clients) {
			struct sim_client *c = LIST_ITEM(node, struct sim_client, node);
			const char *why = "";
			sim_check(s, sim_is_whole(s, &c->answers[0], sim_printf(s, "first%u", k), &why));
			sim_check(s, sim_is_whole(s, &c->answers[1], sim_printf(s, "second%u", k), &why));
			k++;
		}
		sim_free(&s);
	}
}

static void a_request_may_come_byte_by_byte(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_client *c;

	sim_provider(s, "a.test", scene_good, NULL);
	c = scene_client(s, "one", SIM_STREAMED, .send_piece = 1, .send_gap_ms = 1);
	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_free(&s);
}

static void a_half_closed_client_gets_its_answer_where_configured(void **state)
{
	for (int deliver = 0; deliver < 2; deliver++) {
		struct sim *s = sim_new(SIM_SEED, deliver ? "half_close: deliver\n" SCENE_CONFIG : SCENE_CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", scene_slow, NULL);
		struct sim_client *c = scene_client(s, "one", SIM_STREAMED, .leave = SIM_HALF_CLOSES,
			.leave_at_ms = 20);

		sim_run_for(s, 2000);
		if (deliver) {
			sim_check_whole(s, c, SCENE_GOOD);
		} else {
			sim_check(s, c->answers[0].end != SIM_CLEAN);
			sim_check_left(s, a, c->left_ms, 1000);
		}
		sim_check(s, c->done);
		sim_free(&s);
	}
}

/* With half_close: deliver a client that is really gone is noticed at the first byte for it. */
static void a_leaver_is_noticed_where_half_close_is_delivered(void **state)
{
	struct sim *s = sim_new(SIM_SEED, "half_close: deliver\n" SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_slow, NULL);
	struct sim_client *c = scene_client(s, "one", SIM_STREAMED, .leave = SIM_LEAVES, .leave_events = 2);

	sim_run(s);
	sim_run_for(s, 1000);
	sim_check_left(s, a, c->left_ms, 1000);
	sim_free(&s);
}

static const char chat_body[] = "{\"model\":\"one\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

/* What is wrong with a request is told in OpenAI's shape, and no provider hears of it. */
static void bad_requests_get_clear_answers(void **state)
{
	static const struct {
		const char *path, *fields, *body;
		int status;
		const char *code;
	} rows[] = {
		{ "/v1/chat/completions", "", "{\"model\":", 400, "invalid_json" },
		{ "/v1/chat/completions", "", "", 400, NULL },
		{ "/v1/chat/completions", "", "[]", 400, NULL },
		{ "/v1/chat/completions", "", "{\"messages\":[]}", 400, NULL },
		{ "/v1/chat/completions", "", "{\"model\":\"one\"}", 400, NULL },
		{ "/v1/chat/completions", "", "{\"model\":7,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
			400, NULL },
		{ "/v1/chat/completions", "",
			"{\"model\":\"two\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}",
			404, "model_not_found" },
		{ "/v1/chat/completions", "Content-Encoding: gzip\r\n", chat_body, 415, "unsupported_media_type" },
		{ "/v1/chat/completions", "Expect: 200-ok\r\n", chat_body, 417, "expectation_failed" },
		{ "/v1/chat/completions", "X-Weir-Hops: 100\r\n", chat_body, 508, "loop_detected" },
		{ "/v1/no/such/thing", "", chat_body, 404, "not_found" },
		{ "/v1/models", "", chat_body, 405, "method_not_allowed" },
		{ "/metrics", "", chat_body, 404, "not_found" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		for (size_t k = 0; k < COUNT_OF(splits); k++) {
			struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
			struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
			struct sim_client *c = sim_client(s,
				(struct sim_plan){ .sends = { sim_post(s, rows[i].path, rows[i].fields,
				rows[i].body) } });

			s->loop->split = splits[k];
			sim_run(s);
			sim_check_error(s, c, rows[i].status, rows[i].code);
			sim_check(s, a->n_conns == 0);
			sim_free(&s);
		}
}

#define TO_CHAT "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"

/* Whoever could smuggle a request is refused and cut, and nothing of it reaches a provider (faults.md 16). */
static void smuggling_is_refused(void **state)
{
	static const char *const tricks[] = {
		TO_CHAT "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		TO_CHAT "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
		TO_CHAT "Content-Length: 4, 4\r\n\r\nabcd",
		TO_CHAT "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		TO_CHAT "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
		TO_CHAT "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
		"POST /v1/chat/completions HTTP/1.1\nHost: x\nContent-Length: 0\n\n",
		TO_CHAT "X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
		TO_CHAT "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
		TO_CHAT "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
		TO_CHAT "Content-Length: +4\r\n\r\nabcd",
	};

	for (size_t i = 0; i < COUNT_OF(tricks); i++)
		for (size_t k = 0; k < COUNT_OF(splits); k++) {
			struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
			struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
			/* the second request must never be served on this connection */
			struct sim_client *c = sim_client(s,
				(struct sim_plan){ .sends = { tricks[i], sim_chat(s, "one", SIM_STREAMED, "hi") },
				.pipelined = true });

			s->loop->split = splits[k];
			sim_run(s);
			if (c->answers[0].http.status != 400)
				sim_fail(s, __FILE__, __LINE__, "status %d for %s", c->answers[0].http.status,
					tricks[i]);
			sim_check(s, c->answers[1].http.status == 0 && a->n_conns == 0);
			sim_free(&s);
		}
}

static void a_body_past_the_limit_is_refused(void **state)
{
	struct sim *s = sim_new(SIM_SEED, "limits: {body: 10KB}\n" SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	struct sim_client *c, *d;
	char *text = malloc(20001);

	must(text);
	memset(text, 'x', 20000);
	text[20000] = '\0';
	c = sim_client(s, (struct sim_plan){ .sends = { sim_chat(s, "one", SIM_STREAMED, text) },
		.send_piece = 5000, .send_gap_ms = 10 });
	d = sim_client(s, (struct sim_plan){ .sends = { sim_printf(s,
		"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
		"Transfer-Encoding: chunked\r\n\r\n4e20\r\n%s\r\n0\r\n\r\n", text) }, .send_piece = 5000,
		.send_gap_ms = 10 });
	free(text);
	sim_run(s);
	sim_check_error(s, c, 413, "request_too_large");
	sim_check_error(s, d, 413, "request_too_large");
	sim_check(s, a->n_conns == 0);
	/* known by its length: refused before the body came */
	sim_check(s, c->answers[0].end_ms - c->answers[0].asked_ms < 15);
	sim_free(&s);
}

static void a_head_past_the_limit_is_refused(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_client *c, *d;
	struct buf many;

	buf_init(&many, 1u << 20);
	for (int i = 0; i < 500; i++)
		buf_addf(&many, "X-%d: y\r\n", i);
	buf_add_char(&many, '\0');
	c = sim_client(s, (struct sim_plan){ .sends = { sim_post(s, "/v1/chat/completions", buf_slice(&many).p,
		chat_body) } });
	buf_clear(&many);
	buf_add(&many, SLICE("X: "));
	for (int i = 0; i < 100000; i++)
		buf_add_char(&many, 'y');
	buf_add(&many, slice_of("\r\n", 3));
	d = sim_client(s, (struct sim_plan){ .sends = { sim_post(s, "/v1/chat/completions", buf_slice(&many).p,
		chat_body) } });
	buf_done(&many);
	sim_run(s);
	sim_check_error(s, c, 431, "headers_too_large");
	sim_check_error(s, d, 431, "headers_too_large");
	sim_free(&s);
}

#define TIMES "timeouts: {head: 1s, request: 5s, idle: 3s}\n"

static void slow_senders_get_408(void **state)
{
	struct sim *s = sim_new(SIM_SEED, TIMES SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	const char *ask = sim_chat(s, "one", SIM_STREAMED, "hi");
	/* the head takes 20 s; the head is quick but the body takes 10 s; both in time */
	struct sim_client *head = sim_client(s, (struct sim_plan){ .sends = { ask }, .send_piece = 1,
		.send_gap_ms = 100 });
	struct sim_client *body = sim_client(s, (struct sim_plan){ .sends = { sim_post(s, "/v1/chat/completions", "",
		sim_printf(s, "{\"model\":\"one\",%2000s\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
		" ")) },
		.send_piece = 150, .send_gap_ms = 700 });
	struct sim_client *fine = sim_client(s, (struct sim_plan){ .sends = { ask }, .send_piece = 20,
		.send_gap_ms = 50 });

	sim_run(s);
	sim_check_error(s, head, 408, "request_timeout");
	assert_in_range(head->answers[0].end_ms - head->answers[0].asked_ms, 1000, 1100);
	sim_check_error(s, body, 408, "request_timeout");
	assert_in_range(body->answers[0].end_ms - body->answers[0].asked_ms, 5000, 6100);
	sim_check_whole(s, fine, SCENE_GOOD);
	sim_check(s, a->n == 1);
	sim_free(&s);
}

static void an_idle_connection_is_closed(void **state)
{
	struct sim *s = sim_new(SIM_SEED, TIMES SCENE_CONFIG);
	struct sim_client *c;

	sim_provider(s, "a.test", scene_good, NULL);
	c = scene_client(s, "one", SIM_AT_ONCE, .lingers = true);
	sim_run(s);
	sim_run_for(s, 2900);
	sim_check(s, c->sock && !c->sock->fin_in);
	sim_run_for(s, 500);
	sim_check(s, c->sock == NULL);		/* it answered our FIN with its own */
	sim_free(&s);
}

static void a_silent_connection_is_closed(void **state)
{
	struct sim *s = sim_new(SIM_SEED, TIMES SCENE_CONFIG);

	for (int i = 0; i < 200; i++)
		sim_client(s, (struct sim_plan){ .lingers = true });
	sim_run_for(s, 2000);
	sim_check(s, s->loop->n_streams == 200);
	sim_run_for(s, 3000);
	sim_check(s, s->loop->n_streams == 0);
	sim_free(&s);
}

static void expect_100_continue_is_answered(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_client *c;

	sim_provider(s, "a.test", scene_good, NULL);
	c = sim_client(s, (struct sim_plan){ .sends = { sim_post(s, "/v1/chat/completions",
		"Expect: 100-continue\r\n", chat_body) },
		.send_piece = 150, .send_gap_ms = 20 });
	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_check(s, c->answers[0].http.n_interim == 1);
	sim_free(&s);
}

static void connection_close_is_obeyed(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_client *c;

	sim_provider(s, "a.test", scene_good, NULL);
	c = sim_client(s, (struct sim_plan){ .sends = { sim_post(s, "/v1/chat/completions", "Connection: close\r\n",
		chat_body) },
		.lingers = true });
	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_run_for(s, 100);
	sim_check(s, c->sock == NULL);
	sim_free(&s);
}

static void too_many_connections_are_closed_as_they_come(void **state)
{
	struct sim *s = sim_new(SIM_SEED, "limits: {connections: 10}\n" SCENE_CONFIG);
	unsigned good = 0;

	sim_provider(s, "a.test", scene_slow, NULL);
	for (int i = 0; i < 20; i++)
		scene_ask(s, "one", SIM_STREAMED);
	sim_run(s);
	LIST_EACH(node, tmp, &s->clients)
		good += LIST_ITEM(node, struct sim_client, node)->answers[0].end == SIM_CLEAN;
	sim_check(s, good == 10);
	{
		struct sim_client *c = scene_ask(s, "one", SIM_STREAMED);
		sim_run(s);
		sim_check_whole(s, c, SCENE_GOOD);
	}
	sim_free(&s);
}

/* usage is added for weir's own books and taken out again; a client that asks gets it. */
static void usage_is_shown_to_those_who_ask(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	struct sim_client *c = scene_ask(s, "one", SIM_STREAMED);
	struct sim_client *d = sim_client(s, (struct sim_plan){ .at_ms = 100, .sends = {
		sim_chat_more(s, "one", SIM_STREAMED, "hi", ",\"stream_options\":{\"include_usage\":true}") } });

	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_check_whole(s, d, SCENE_GOOD);
	sim_check(s, sim_http_has(buf_slice(&a->seen[0]->http.body), "\"include_usage\":true"));
	sim_check(s, !sim_http_has(buf_slice(&c->answers[0].http.body), "\"choices\":[]"));
	sim_check(s, sim_http_has(buf_slice(&d->answers[0].http.body),
		"\"choices\":[],\"usage\":{\"prompt_tokens\":9"));
	sim_run_for(s, 100);
	sim_check(s, sim_log_count(s, "\"event\":\"access\"") == 2);
	sim_free(&s);
}

static void pages_answer(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_client *c = sim_client(s, (struct sim_plan){ .sends = { sim_get(s, "/healthz"),
		sim_get(s, "/readyz"),
		sim_get(s, "/v1/models"), sim_get(s, "/v1/models/one"), sim_get(s, "/v1/models/none"),
		sim_get(s, "/") } });

	sim_run(s);
	for (int i = 0; i < 4; i++)
		sim_check(s, c->answers[i].http.status == 200 && c->answers[i].end == SIM_CLEAN);
	sim_check(s, c->answers[4].http.status == 404 && c->answers[5].http.status == 404);
	sim_check(s, sim_http_has(buf_slice(&c->answers[2].http.body), "\"three\""));
	sim_check(s, strstr(sim_admin_get(s, "/metrics"), "# HELP") != NULL);
	sim_check(s, strlen(sim_admin_get(s, "/readyz")) > 0);
	sim_free(&s);
}

/* Heads only: the fields are those of a GET, the body is not there. */
static void head_has_no_body(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_client *c = sim_client(s, (struct sim_plan){ .head_only = true, .sends = {
		"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HEAD /v1/models HTTP/1.1\r\nHost: x\r\n\r\n" } });

	sim_run(s);
	for (int i = 0; i < 2; i++)
		sim_check(s, c->answers[i].http.status == 200 && c->answers[i].http.length > 0);
	sim_check(s, !c->extra);
	sim_free(&s);
}

static void an_old_client_gets_no_chunks(void **state)
{
	for (int streamed = 0; streamed < 2; streamed++) {
		struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
		struct sim_client *c;
		const char *body;

		sim_provider(s, "a.test", scene_slow, NULL);
		body = sim_printf(s,
			"{\"model\":\"one\",\"stream\":%s,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
			streamed ? "true" : "false");
		c = sim_client(s, (struct sim_plan){ .lingers = true,
			.sends = { sim_printf(s, "POST /v1/chat/completions HTTP/1.0\r\n"
			"Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body) } });
		sim_run(s);
		sim_check_whole(s, c, SCENE_GOOD);
		sim_check(s, !c->answers[0].http.chunked);
		sim_run_for(s, 100);
		sim_check(s, c->sock == NULL);
		sim_free(&s);
	}
}

/* A name with line ends in it makes no new header line, neither here nor there (faults.md 22). */
static void line_ends_in_names_stay_in_them(void **state)
{
	struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
	struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);
	struct sim_client *c = scene_ask(s, "b/evil\\r\\nX-Evil: 1\\r\\n\\r\\n", SIM_STREAMED), *d;

	sim_run(s);
	sim_check(s, !sim_http_has(buf_slice(&c->answers[0].http.head), "\nX-Evil"));
	for (size_t i = 0; i < b->n; i++)
		sim_check(s, !sim_http_has(buf_slice(&b->seen[i]->http.head), "X-Evil"));
	d = scene_ask(s, "none\\r\\nX-Evil: 1", SIM_STREAMED);
	sim_run(s);
	sim_check_error(s, d, 404, "model_not_found");
	sim_check(s, !sim_http_has(buf_slice(&d->answers[0].http.head), "X-Evil"));
	sim_run_for(s, 100);
	sim_check(s, sim_log_count(s, "\n") == sim_log_count(s, "{\"time\""));	/* one line is one record */
	sim_free(&s);
}

/* What a provider writes reaches the client byte for byte, however it writes it and however it is cut. */
static void bytes_of_a_stream_pass_untouched(void **state)
{
#define ODD_ROLE "{\"id\":\"x\",  \"choices\" : [ {\"index\":0,\"delta\":{\"role\":\"assistant\"," \
	"\"content\":\"Zo\xc3\xab \\u2028\"},\"finish_reason\":null,\"novel\":[1,{\"a\":null}]}]}"
#define ODD_USAGE "{\"id\":\"x\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2," \
	"\"total_tokens\":11}}"
#define ODD "data:" ODD_ROLE "\r\n\r\n: hello\n\nid: 7\n" \
	SIM_SSE_TEXT(SIM_DELTA_JSON("{\"content\":\"\xf0\x9f\x98\x80\"}", "null")) "retry: 10\n\n" \
	SIM_SSE_TEXT(SIM_DELTA_JSON("{}", "\"stop\"")) SIM_SSE_TEXT(ODD_USAGE) "data: [DONE]\n\n"
	static const struct sim_act odd[] = { SIM_STREAM_HEAD, SIM_CHUNK(ODD), SIM_LAST_CHUNK, SIM_STOP };

	for (uint64_t seed = 0; seed < 12; seed++) {
		struct sim *s = sim_new(seed, SCENE_CONFIG);
		struct sim_client *c;

		sim_provider(s, "a.test", odd, NULL);
		s->loop->split = seed < 3 ? splits[seed] : SIM_RANDOM;
		c = sim_client(s, (struct sim_plan){ .sends = {
			sim_chat_more(s, "one", SIM_STREAMED, "hi",
				",\"stream_options\":{\"include_usage\":true}") } });
		sim_run(s);
		sim_check(s, c->answers[0].end == SIM_CLEAN);
		if (!slice_eq(buf_slice(&c->answers[0].http.body), SLICE(ODD)))
			sim_fail(s, __FILE__, __LINE__, "not the same bytes: %.*s",
				SLICE_ARG(buf_slice(&c->answers[0].http.body)));
		sim_free(&s);
	}
}

/* So does what a client writes: only the model's name is another one. */
static void bytes_of_a_request_pass_untouched(void **state)
{
	static const char before[] = "{ \"messages\":[{\"role\":\"user\",\"content\":\"Zo\xc3\xab \\u00e9\"}],"
		"\t\"x_new\" : 1.50E+2, \"model\":";
	static const char after[] = ",\n\"seed\":12345678901234567890,\"a\":{\"model\":\"one\"} }";

	for (size_t i = 0; i < COUNT_OF(splits); i++) {
		struct sim *s = sim_new(SIM_SEED, SCENE_CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
		struct sim_client *c = sim_client(s, (struct sim_plan){ .sends = { sim_post(s,
			"/v1/chat/completions", "",
			sim_printf(s, "%s\"one\"%s", before, after)) } });

		s->loop->split = splits[i];
		sim_run(s);
		sim_check_whole(s, c, SCENE_GOOD);
		sim_check(s, slice_eq(buf_slice(&a->seen[0]->http.body),
			slice_str(sim_printf(s, "%s\"m1\"%s", before, after))));
		sim_free(&s);
	}
}

/* Bodies past the common limit are shed with 503, and when they are gone all is well again. */
static void too_much_in_memory_is_shed(void **state)
{
	struct sim *s = sim_new(SIM_SEED, "limits: {buffered: 1MiB}\n" SCENE_CONFIG);
	unsigned good = 0, shed = 0;
	char *text = malloc(200001);
	const char *ask;

	must(text);
	memset(text, 'x', 200000);
	text[200000] = '\0';
	ask = sim_chat(s, "one", SIM_STREAMED, text);
	free(text);
	sim_provider(s, "a.test", scene_good, NULL);
	for (int i = 0; i < 20; i++)
		sim_client(s, (struct sim_plan){ .sends = { ask }, .send_piece = 20000, .send_gap_ms = 10 });
	sim_run(s);
	LIST_EACH(node, tmp, &s->clients) {
		struct sim_client *c = LIST_ITEM(node, struct sim_client, node);
		if (c->answers[0].http.status == 503) {
			sim_check_error(s, c, 503, "overloaded");
			sim_check(s, sim_http_field(&c->answers[0].http, "retry-after").n > 0);
			shed++;
		} else {
			sim_check_whole(s, c, SCENE_GOOD);
			good++;
		}
	}
	sim_check(s, good >= 3 && shed >= 5 && good + shed == 20);
	{
		struct sim_client *c = sim_client(s, (struct sim_plan){ .sends = { ask } });
		sim_run(s);
		sim_check_whole(s, c, SCENE_GOOD);
	}
	sim_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_on_one_connection_come_in_order),
		cmocka_unit_test(nobody_gets_anothers_answer),
		cmocka_unit_test(a_request_may_come_byte_by_byte),
		cmocka_unit_test(a_half_closed_client_gets_its_answer_where_configured),
		cmocka_unit_test(a_leaver_is_noticed_where_half_close_is_delivered),
		cmocka_unit_test(bad_requests_get_clear_answers),
		cmocka_unit_test(smuggling_is_refused),
		cmocka_unit_test(a_body_past_the_limit_is_refused),
		cmocka_unit_test(a_head_past_the_limit_is_refused),
		cmocka_unit_test(slow_senders_get_408),
		cmocka_unit_test(an_idle_connection_is_closed),
		cmocka_unit_test(a_silent_connection_is_closed),
		cmocka_unit_test(expect_100_continue_is_answered),
		cmocka_unit_test(connection_close_is_obeyed),
		cmocka_unit_test(too_many_connections_are_closed_as_they_come),
		cmocka_unit_test(usage_is_shown_to_those_who_ask),
		cmocka_unit_test(pages_answer),
		cmocka_unit_test(head_has_no_body),
		cmocka_unit_test(an_old_client_gets_no_chunks),
		cmocka_unit_test(line_ends_in_names_stay_in_them),
		cmocka_unit_test(bytes_of_a_stream_pass_untouched),
		cmocka_unit_test(bytes_of_a_request_pass_untouched),
		cmocka_unit_test(too_much_in_memory_is_shed),
	};
	return cmocka_run_group_tests_name("front", tests, NULL, NULL);
}

/* Back-pressure: what weir holds between a fast provider and a slow client is bounded by configuration, and a
 * client that stops reading is cut alone. */
#include "scene.h"

#define KIB 1024u
#define LAG (64u * KIB)
#define WRITE_MS 5000u
#define CONFIG "answers: {lag: 64KiB}\ntimeouts: {write: 5s}\n" SCENE_CONFIG
#define CLIENT_BUFFER (32u * KIB)
#define HOST_BUFFER (64u * KIB)
/* What may be between them: the network's buffers, the stream's output, the lag and a read or an event on top. */
#define BETWEEN (HOST_BUFFER + CLIENT_BUFFER + LAG + 64u * KIB + 3u * 64u * KIB)

/* 20 MB as fast as they are taken. */
static const struct sim_act flood[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_FILL(2000, 10000, 0), SIM_FINISH("stop"),
	SIM_END };
#define FLOOD_BYTES 20000000u

static struct sim *make(uint64_t seed, struct sim_provider **out_a)
{
	struct sim *s = sim_new(seed, CONFIG);

	*out_a = sim_provider(s, "a.test", flood, NULL);
	(*out_a)->host->cap = HOST_BUFFER;
	return s;
}

static void a_slow_client_pauses_its_provider(void **state)
{
	struct sim_provider *a;
	struct sim *s = make(SIM_SEED, &a);
	struct sim_client *c = scene_client(s, "one", SIM_STREAMED, .read_piece = 4096, .read_gap_ms = 10,
		.buffer = CLIENT_BUFFER);
	uint64_t most = 0;

	for (int i = 0; i < 300; i++) {
		sim_run_for(s, 100);
		most = MAX_OF(most, a->seen[0]->sent - MIN_OF(a->seen[0]->sent, c->received));
		sim_check(s, most <= BETWEEN);
	}
	/* it got all it asked for: 4 KiB each 10 ms */
	sim_check(s, c->received > 250 * 10 * 4096ull);
	sim_check(s, a->seen[0]->fate == SIM_RUNNING);
	sim_check(s, most > LAG / 2);
	c->plan.read_piece = 0;
	sim_run(s);
	sim_check(s, c->answers[0].end == SIM_CLEAN);
	sim_check(s, strlen(sim_text(s, &c->answers[0])) == FLOOD_BYTES);
	sim_check(s, c->answers[0].n_events == 10000 + 3);
	sim_free(&s);
}

/* The idle clock stands still while it is the client that is slow. */
static void a_pause_longer_than_the_idle_clock_is_no_fault(void **state)
{
	struct sim_provider *a;
	struct sim *s = make(SIM_SEED, &a);
	struct sim_client *c = scene_client(s, "one", SIM_STREAMED, .read_piece = 30000,
		.read_gap_ms = WRITE_MS - 1000, .buffer = CLIENT_BUFFER);

	sim_run_for(s, SCENE_IDLE_MS * 8);
	sim_check(s, c->answers[0].end == SIM_PENDING && a->seen[0]->fate == SIM_RUNNING);
	c->plan.read_piece = 0;
	sim_run(s);
	sim_check(s, c->answers[0].end == SIM_CLEAN);
	sim_check(s, strlen(sim_text(s, &c->answers[0])) == FLOOD_BYTES);
	sim_free(&s);
}

static void a_client_that_stops_reading_is_cut_alone(void **state)
{
	struct sim_provider *a;
	struct sim *s = make(SIM_SEED, &a);
	struct sim_provider *b = sim_provider(s, "b.test", scene_slow, NULL);
	struct sim_client *c = scene_client(s, "one", SIM_STREAMED, .read_stop = 100000, .buffer = CLIENT_BUFFER);
	struct sim_client *others[20];

	for (unsigned i = 0; i < COUNT_OF(others); i++)
		others[i] = scene_client(s, "b/m2", SIM_STREAMED, .at_ms = i * 500);
	sim_run(s);
	for (unsigned i = 0; i < COUNT_OF(others); i++) {
		sim_check_whole(s, others[i], SCENE_GOOD);
		sim_check(s, others[i]->done_ms - others[i]->answers[0].asked_ms < 300);
	}
	sim_check(s, b->n == COUNT_OF(others));
	sim_check(s, c->answers[0].end != SIM_CLEAN);
	/* the clock looks every WRITE_MS, so it takes one to two of them */
	assert_in_range(c->done_ms - c->answers[0].asked_ms, WRITE_MS, 2 * WRITE_MS + 1000);
	sim_check_left(s, a, c->done_ms, 1000);
	sim_run_for(s, 100);
	sim_check(s, sim_log_has(s, "client_slow"));
	sim_free(&s);
}

/* Bounded memory from the other side: a JSON answer that is too large is refused, an endless stream is cut. */
static void an_answer_past_the_limit_is_cut(void **state)
{
	static const struct sim_act endless[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_FILL(20000, 100000, 0), SIM_END };
	struct sim *s = sim_new(SIM_SEED, "answers: {body: 1MiB}\n" SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", endless, NULL);
	struct sim_client *c = scene_ask(s, "one", SIM_STREAMED);

	sim_run(s);
	sim_check(s, c->answers[0].end == SIM_BROKEN && sim_error_code(s, &c->answers[0]));
	sim_check(s, strcmp(sim_error_code(s, &c->answers[0]), "provider_answer_too_large") == 0);
	sim_check(s, c->received < 1200 * KIB);
	sim_check_left(s, a, c->done_ms, 100);
	sim_free(&s);
}

static void a_huge_event_is_not_swallowed(void **state)
{
	static const struct sim_act huge[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_FILL(3000000, 1, 0), SIM_END };
	struct sim *s = sim_new(SIM_SEED, "answers: {event: 1MiB}\n" SCENE_CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", huge, NULL);
	struct sim_provider *b = sim_provider(s, "b.test", scene_good, NULL);
	struct sim_client *c = scene_ask(s, "m", SIM_STREAMED);

	a->host->cap = HOST_BUFFER;
	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_check(s, b->n == 1);
	sim_check(s, a->seen[0]->sent < 1024 * KIB + HOST_BUFFER + 256 * KIB);
	sim_free(&s);
}

/* Many slow readers at once, each with its own bound. */
static void a_hundred_slow_clients_cost_a_hundred_bounds(void **state)
{
	struct sim_provider *a;
	struct sim *s = make(SIM_SEED, &a);
	uint64_t sent = 0, received = 0;

	for (int i = 0; i < 100; i++)
		scene_client(s, "one", SIM_STREAMED, .read_piece = 1000, .read_gap_ms = 100, .buffer = CLIENT_BUFFER);
	sim_run_for(s, 5000);
	for (size_t i = 0; i < a->n; i++)
		sent += a->seen[i]->sent;
	LIST_EACH(node, tmp, &s->clients)
		received += LIST_ITEM(node, struct sim_client, node)->received;
	sim_check(s, a->n == 100);
	sim_check(s, sent - received <= 100ull * BETWEEN);
	sim_check(s, received >= 100ull * 45 * 1000);
	sim_free(&s);
}

/* A slow provider connection: a large request leaves bit by bit and arrives whole. */
static void a_large_request_arrives_whole(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	char *text = malloc(3000001);
	struct sim_client *c;

	must(text);
	memset(text, 'x', 3000000);
	text[3000000] = '\0';
	a->host->cap = 10000;
	c = sim_client(s, (struct sim_plan){ .sends = { sim_chat(s, "one", SIM_STREAMED, text) },
		.send_piece = 50000, .send_gap_ms = 1 });
	sim_run(s);
	sim_check_whole(s, c, SCENE_GOOD);
	sim_check(s, sim_http_has(buf_slice(&a->seen[0]->http.body), text));
	free(text);
	sim_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slow_client_pauses_its_provider),
		cmocka_unit_test(a_pause_longer_than_the_idle_clock_is_no_fault),
		cmocka_unit_test(a_client_that_stops_reading_is_cut_alone),
		cmocka_unit_test(an_answer_past_the_limit_is_cut),
		cmocka_unit_test(a_huge_event_is_not_swallowed),
		cmocka_unit_test(a_hundred_slow_clients_cost_a_hundred_bounds),
		cmocka_unit_test(a_large_request_arrives_whole),
	};
	return cmocka_run_group_tests_name("pressure", tests, NULL, NULL);
}

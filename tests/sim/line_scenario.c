/* Who goes first where requests wait for a connection, and who has to go when too many do. */
#include "base/counter.h"
#include "scene.h"

#define CONFIG CONFIG_OF("4")
#define CONFIG_OF(waiting) SCENE_LISTEN "providers:\n" \
	SCENE_PROVIDER("a", ", max_connections: 1, max_waiting: " waiting ", queue: 60s") \
	"models:\n  m: {targets: [a/m1], retries: 0, window: {mode: join}}\n" \
	"  bulk: {targets: [a/m1], retries: 0, priority: bulk, window: {mode: join}}\n" \
	"  shared: {targets: [a/m1], retries: 0, share: all, window: {mode: join}}\n"
#define KEY "Authorization: Bearer k\r\n"
#define OTHER "Authorization: Bearer other\r\n"

/* One connection, 100 ms an answer. */
static const struct sim_act slow[] = { SIM_WAIT(100), SIM_GOOD("Hello world"), SIM_STOP };

static struct sim_client *ask(struct sim *s, uint64_t at_ms, const char *fields, const char *model, const char *text)
{
	return sim_client(s, (struct sim_plan){ .at_ms = at_ms, .sends = { sim_post(s, "/v1/chat/completions", fields,
		sim_printf(s, "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}", model,
		text)) } });
}

/* The letters of the requests in the order in which the provider saw them. */
static void check_order(struct sim *s, const struct sim_provider *p, const char *want)
{
	char got[64];

	for (size_t i = 0; i < p->n && i < sizeof(got) - 1; i++) {
		struct slice body = buf_slice(&p->seen[i]->http.body);
		const char *at = memmem(body.p, body.n, "content\":\"", 10);
		got[i] = at ? at[10] : '?';
		got[i + 1] = '\0';
	}
	if (strcmp(got, want) != 0)
		sim_fail(s, __FILE__, __LINE__, "asked in the order %s, not %s", got, want);
}

#define WAITED(what, priority) \
	sim_metric(s, "weir_queue_wait_seconds_" what, "queue=\"line\",priority=\"" priority "\"")

static void the_most_urgent_goes_first(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", slow, NULL);
	struct sim_client *c[] = { ask(s, 0, KEY, "m", "x"), ask(s, 10, KEY "x-weir-priority: batch\r\n", "m", "d"),
		ask(s, 12, KEY, "bulk", "c"), ask(s, 14, KEY, "m", "b"),
		ask(s, 16, KEY "x-weir-priority: realtime\r\n", "m", "a") };

	sim_run(s);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		sim_check_whole(s, c[i], SCENE_GOOD);
	check_order(s, a, "xabcd");
	/* Each answer takes 100 ms, and what was asked later has waited less; the first one has waited for the
	 * connection to open. */
	sim_check(s, WAITED("count", "normal") == 2 && WAITED("count", "realtime") == 1);
	sim_check(s, WAITED("sum", "realtime") > 0.08 && WAITED("sum", "realtime") < 0.12);
	sim_check(s, WAITED("sum", "batch") > 0.38 && WAITED("sum", "batch") < 0.44);
	sim_free(&s);
}

/* One tenant has filled the line: another one's request goes next, whatever is before it. */
static void tenants_take_turns(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", slow, NULL);

	for (unsigned i = 0; i < 4; i++)
		ask(s, i, KEY, "m", sim_printf(s, "%c", 'a' + i));
	ask(s, 50, OTHER, "m", "z");
	sim_run(s);
	check_order(s, a, "azbcd");
	sim_free(&s);
}

#define KEYS "keys:\n  three: {key: k, weight: 3}\n  one: other\n" \
	"  night: {key: night, priority: bulk}\n  day: {key: day, priority: realtime}\n"

/* Two keys that always have something waiting, for one connection: one gets three times as much as the other. */
static void check_shares(const char *model)
{
	struct sim *s = sim_new(SIM_SEED, KEYS CONFIG_OF("500"));
	struct sim_provider *a = sim_provider(s, "a.test", slow, NULL);
	unsigned three = 0;

	for (unsigned i = 0; i < 60; i++) {
		ask(s, 0, KEY, model, sim_printf(s, "t%02u", i));
		ask(s, 0, OTHER, model, sim_printf(s, "o%02u", i));
	}
	sim_run(s);
	sim_check(s, a->n == 120 && a->most_running == 1);
	for (size_t i = 0; i < 60; i++) {
		struct slice body = buf_slice(&a->seen[i]->http.body);
		three += memmem(body.p, body.n, "content\":\"t", 11) != NULL;
	}
	if (three < 43 || three > 47)		/* 45, within 5 % */
		sim_fail(s, __FILE__, __LINE__, "%u of 60 instead of 45", three);
	sim_run_for(s, 1000);
	sim_check(s, sim_log_count(s, "\"client\":\"three\"") == 60 && sim_log_count(s, "\"client\":\"one\"") == 60);
	sim_free(&s);
}

static void shares_are_as_the_weights(void **state)
{
	check_shares("m");
}

/* Answers are one for all there, connections are not. */
static void shares_are_kept_where_answers_are_shared(void **state)
{
	check_shares("shared");
}

/* The header, else the key, else the model; and a header asks for no more than the key has. */
static void keys_have_priorities(void **state)
{
	static const char day[] = "x-api-key: day\r\n", night[] = "Authorization: Bearer night\r\n";
	struct sim *s = sim_new(SIM_SEED, KEYS CONFIG_OF("500"));
	struct sim_provider *a = sim_provider(s, "a.test", slow, NULL);

	ask(s, 0, KEY, "m", "x");
	ask(s, 10, night, "m", "e");
	ask(s, 12, KEY "x-weir-priority: bulk\r\n", "m", "g");
	ask(s, 14, "x-weir-priority: realtime\r\nAuthorization: Bearer night\r\n", "m", "f");
	ask(s, 16, "x-weir-priority: batch\r\nAuthorization: Bearer night\r\n", "m", "h");
	ask(s, 18, KEY, "m", "c");
	ask(s, 20, "x-weir-priority: normal\r\nx-api-key: day\r\n", "m", "d");
	ask(s, 22, day, "bulk", "a");
	ask(s, 24, KEY "x-weir-priority: realtime\r\n", "m", "b");
	sim_run(s);
	check_order(s, a, "xabcdegfh");
	sim_free(&s);
}

/* A reload brings other names and weights; requests that wait keep theirs. */
static void keys_change_by_a_reload(void **state)
{
	struct sim *s = sim_new(SIM_SEED, KEYS CONFIG);

	sim_provider(s, "a.test", slow, NULL);
	char why[200];
	struct sim_client *x = ask(s, 0, KEY, "m", "x"), *y = ask(s, 200, KEY, "m", "y");
	sim_run_for(s, 50);
	sim_check(s, sim_reload(s, "keys: {again: k}\n" CONFIG, why, sizeof(why)));
	sim_run(s);
	sim_check_whole(s, x, SCENE_GOOD);
	sim_check_whole(s, y, SCENE_GOOD);
	sim_run_for(s, 1000);
	sim_check(s, sim_log_count(s, "\"client\":\"three\"") == 1 && sim_log_count(s, "\"client\":\"again\"") == 1);
	sim_free(&s);
}

/* The line is full: the last of the least urgent gives way, with a time to come back. */
static void the_least_urgent_gives_way(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", slow, NULL);
	uint64_t batch = counter_values[COUNTER_shed_batch], normal = counter_values[COUNTER_shed_normal];
	struct sim_client *first = ask(s, 0, KEY, "m", "x"), *x = ask(s, 5, KEY, "m", "a"),
		*y = ask(s, 6, KEY "x-weir-priority: batch\r\n", "m", "y"),
		*z = ask(s, 7, KEY "x-weir-priority: batch\r\n", "m", "z");

	ask(s, 8, KEY, "m", "b");
	ask(s, 20, KEY, "m", "c");
	ask(s, 21, KEY, "m", "d");
	struct sim_client *late = ask(s, 22, KEY, "m", "e"), *batch_late = ask(s, 23,
		KEY "x-weir-priority: batch\r\n", "m", "f");
	sim_run(s);
	sim_check_whole(s, first, SCENE_GOOD);
	sim_check_whole(s, x, SCENE_GOOD);
	sim_check_error(s, y, 503, "queue_full");
	sim_check_error(s, z, 503, "queue_full");
	sim_check_error(s, late, 503, "queue_full");
	sim_check_error(s, batch_late, 503, "queue_full");
	sim_check(s, z->answers[0].end_ms - z->answers[0].asked_ms < 50);
	sim_check(s, slice_eq(sim_http_field(&z->answers[0].http, "retry-after"), SLICE("1")));
	check_order(s, a, "xabcd");
	sim_check(s, counter_values[COUNTER_shed_batch] == batch + 3);
	/* also who had to go has waited: y 15 ms, z 14; f was never in line */
	sim_check(s, WAITED("count", "batch") == 2);
	sim_check(s, WAITED("sum", "batch") > 0.025 && WAITED("sum", "batch") < 0.035);
	sim_check(s, counter_values[COUNTER_shed_normal] == normal + 1);
	sim_free(&s);
}

/* Behind realtime traffic without end, a batch request's turn comes after 15 s at the latest. */
static void nobody_waits_for_ever(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG_OF("500"));
	struct sim_provider *a = sim_provider(s, "a.test", slow, NULL);
	struct sim_client *old = ask(s, 40, KEY "x-weir-priority: batch\r\n", "m", "z");

	for (unsigned i = 0; i < 300; i++)
		ask(s, 80 * i, OTHER "x-weir-priority: realtime\r\n", "m", sim_printf(s, "a%u", i));
	sim_run(s);
	sim_check_whole(s, old, SCENE_GOOD);
	/* as what it came with, whatever it has become */
	sim_check(s, WAITED("count", "batch") == 1 && WAITED("sum", "batch") > 9);
	uint64_t took = old->answers[0].end_ms - old->answers[0].asked_ms;
	if (took <= 10000 || took >= 16000)
		fail_msg("it took %llu ms", (unsigned long long)took);
	sim_check(s, a->most_running == 1);
	sim_free(&s);
}

static struct sim *a_full_line(uint64_t seed)
{
	struct sim *s = sim_new_shuffled(seed, CONFIG);

	sim_provider(s, "a.test", slow, NULL);
	for (unsigned i = 0; i < 7; i++)
		ask(s, i, i % 2 ? KEY "x-weir-priority: bulk\r\n" : OTHER, "m", "q");
	return s;
}

static void check_honest(struct sim *s)
{
	LIST_EACH(node, tmp, &s->clients)
		sim_check_honest(s, LIST_ITEM(node, struct sim_client, node), SCENE_GOOD);
}

static void anything_at_any_moment(void **state)
{
	void (*const strikes[])(struct sim *s) = { sim_strike_client_leaves, sim_strike_client_resets,
		sim_strike_provider_resets, sim_strike_provider_closes, sim_strike_drain };

	for (size_t i = 0; i < COUNT_OF(strikes); i++)
		sim_sweep(&(struct sim_sweep){ .set = a_full_line, .strike = strikes[i], .check = check_honest,
			.seed = i + 1 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_urgent_goes_first),
		cmocka_unit_test(tenants_take_turns),
		cmocka_unit_test(shares_are_as_the_weights),
		cmocka_unit_test(shares_are_kept_where_answers_are_shared),
		cmocka_unit_test(keys_have_priorities),
		cmocka_unit_test(keys_change_by_a_reload),
		cmocka_unit_test(the_least_urgent_gives_way),
		cmocka_unit_test(nobody_waits_for_ever),
		cmocka_unit_test(anything_at_any_moment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

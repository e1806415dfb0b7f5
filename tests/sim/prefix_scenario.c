/* Prompt caches of providers: marks in what they are asked, one that goes first where a prefix is cold, and requests
 * that go where their beginning is warm. */
#include "flight/gate.h"
#include "pairs.h"

#define MODEL "claude-sonnet-4-5"
#define CLAUDE SCENE_LISTEN "providers:\n" \
	"  claude: {dialect: anthropic, url: \"https://claude.test/v1\", key: \"${SIM_KEY}\"}\n" \
	"  other: {dialect: anthropic, url: \"https://other.test/v1\", key: \"${SIM_KEY}\"}\n" \
	"models:\n" \
	"  " MODEL ": {targets: [claude/" MODEL "], cache: {prefix: auto}, retries: 0}\n" \
	"  plain: {targets: [claude/" MODEL "], retries: 0}\n" \
	"  two:\n    tiers: [{targets: [claude/" MODEL "]}, {targets: [other/" MODEL "]}]\n" \
	"    cache: {prefix: auto}\n    retries: 0\n"
#define HEADERS "x-api-key: k\r\nanthropic-version: 2023-06-01\r\n"	/* one tenant */
#define SYSTEM_BYTES 9000

/* A long system text, and a question. */
static const char *body(struct sim *s, const char *model, const char *question)
{
	static char system[SYSTEM_BYTES + 1];

	memset(system, 's', SYSTEM_BYTES);
	return sim_printf(s, "{\"model\":\"%s\",\"max_tokens\":9,\"stream\":true,\"system\":\"%s\",\"messages\":["
		"{\"role\":\"user\",\"content\":\"%s\"}]}", model, system, question);
}

static struct sim_client *ask_claude(struct sim *s, uint64_t at_ms, const char *text)
{
	return sim_client(s, (struct sim_plan){ .at_ms = at_ms,
		.sends = { sim_post(s, "/v1/messages", HEADERS, text) } });
}

/* That script, `ms` later. */
static const struct sim_act *after(uint64_t ms, const struct sim_act *script)
{
	static struct sim_act acts[64];
	size_t n = 0;

	acts[n++] = (struct sim_act)SIM_WAIT(ms);
	do {
		assert_true(n < COUNT_OF(acts));
		acts[n++] = *script;
	} while (script++->kind != SIM_ACT_STOP);
	return acts;
}

static const struct sim_act *good(struct sim *s)
{
	return sim_tongue_script(s, SIM_CLAUDE, true, TEXT, 10);
}

static size_t marks_in(const struct sim_provider *p, size_t i)
{
	struct slice b = buf_slice(&p->seen[i]->http.body);
	size_t n = 0;
	const char *at;

	while ((at = memmem(b.p, b.n, "\"cache_control\"", 15)) != NULL) {
		b = slice_skip(b, (size_t)(at - b.p) + 15);
		n++;
	}
	return n;
}

/* --- marks ---------------------------------------------------------------------------------------------- */

static void marks_are_put_where_they_pay(void **state)
{
	static const struct {
		const char *model;
		size_t marks;
	} rows[] = { { MODEL, 1 }, { "plain", 0 } };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = sim_new(SIM_SEED, CLAUDE);
		struct sim_provider *p = sim_provider(s, "claude.test", good(s), NULL);
		struct sim_client *c = ask_claude(s, 0, body(s, rows[i].model, "hi"));

		sim_run(s);
		sim_tongue_whole(s, SIM_CLAUDE, c, true, TEXT);
		sim_check(s, p->n == 1 && marks_in(p, 0) == rows[i].marks);
		sim_free(&s);
	}
}

/* What another dialect's client says is marked too. */
static void translated_requests_are_marked(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CLAUDE);
	struct sim_provider *p = sim_provider(s, "claude.test", good(s), NULL);
	static char system[SYSTEM_BYTES + 1];

	memset(system, 's', SYSTEM_BYTES);
	struct sim_client *c = sim_client(s, (struct sim_plan){ .sends = { sim_post(s, "/v1/chat/completions", "",
		sim_printf(s, "{\"model\":\"" MODEL "\",\"stream\":true,\"messages\":["
		"{\"role\":\"system\",\"content\":\"%s\"},{\"role\":\"user\",\"content\":\"hi\"}]}", system)) } });
	sim_run(s);
	sim_tongue_whole(s, SIM_CHAT, c, true, TEXT);
	sim_check(s, p->n == 1 && marks_in(p, 0) == 1);
	sim_free(&s);
}

/* Byte for byte what the client sent, whatever was learned before. */
static void the_clients_marks_stand(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CLAUDE);
	struct sim_provider *p = sim_provider(s, "claude.test", good(s), NULL);
	const char *own = sim_printf(s, "{\"model\":\"" MODEL "\",\"max_tokens\":9,\"stream\":true, "
		"\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"%0*d\" , "
		"\"cache_control\":{\"type\":\"ephemeral\"}}]}]}",
		SYSTEM_BYTES, 7);
	for (size_t i = 0; i < 3; i++) {
		ask_claude(s, i * 1000, body(s, MODEL, "hi"));
		ask_claude(s, i * 1000 + 500, own);
	}
	sim_run(s);
	sim_check(s, p->n == 6);
	for (size_t i = 1; i < 6; i += 2)
		sim_check(s, slice_eq(buf_slice(&p->seen[i]->http.body), slice_str(own)));
	sim_free(&s);
}

/* --- the gate ------------------------------------------------------------------------------------------- */

#define SIBLINGS 5
#define FIRST_MS 300

static struct sim_client *siblings[SIBLINGS];

static void ask_alike(struct sim *s, const char *model)
{
	for (size_t i = 0; i < SIBLINGS; i++)
		siblings[i] = ask_claude(s, i, body(s, model, sim_printf(s, "question %zu", i)));
}

static void check_siblings(struct sim *s, size_t from)
{
	for (size_t i = from; i < SIBLINGS; i++)
		sim_tongue_whole(s, SIM_CLAUDE, siblings[i], true, TEXT);
}

static void one_goes_first(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CLAUDE);
	struct sim_provider *p = sim_provider(s, "claude.test", after(FIRST_MS, good(s)), good(s), NULL);
	uint64_t waits = counter_values[COUNTER_gate_waits];

	ask_alike(s, MODEL);
	sim_run(s);
	check_siblings(s, 0);
	sim_check(s, p->n == SIBLINGS && counter_values[COUNTER_gate_waits] == waits + SIBLINGS - 1);
	for (size_t i = 1; i < SIBLINGS; i++) {
		sim_check(s, p->seen[i]->at_ms >= p->seen[0]->at_ms + FIRST_MS);
		sim_check(s, p->seen[i]->at_ms < p->seen[0]->at_ms + FIRST_MS + 50);
	}
	/* now it is warm: nobody waits */
	uint64_t again = sim_now_ms(s);
	ask_alike(s, MODEL);
	sim_run(s);
	for (size_t i = SIBLINGS; i < 2 * SIBLINGS; i++)
		sim_check(s, p->seen[i]->at_ms < again + 100);
	sim_check(s, counter_values[COUNTER_gate_waits] == waits + SIBLINGS - 1);
	sim_free(&s);
}

static void without_the_planner_nobody_waits(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CLAUDE);
	struct sim_provider *p = sim_provider(s, "claude.test", after(FIRST_MS, good(s)), good(s), NULL);

	ask_alike(s, "plain");
	sim_run(s);
	check_siblings(s, 0);
	for (size_t i = 0; i < SIBLINGS; i++)
		sim_check(s, p->seen[i]->at_ms < p->seen[0]->at_ms + 50);
	sim_free(&s);
}

static void a_leader_that_fails_holds_up_nobody(void **state)
{
	static const struct sim_act down[] = { SIM_WAIT(100), SIM_ERROR(500, "", "api_error", "internal"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CLAUDE);
	struct sim_provider *p = sim_provider(s, "claude.test", down, good(s), NULL);

	ask_alike(s, MODEL);
	sim_run(s);
	check_siblings(s, 1);
	sim_tongue_refused(s, SIM_CLAUDE, siblings[0], 0);
	for (size_t i = 1; i < SIBLINGS; i++)
		sim_check(s, p->seen[i]->at_ms < p->seen[0]->at_ms + 150);
	sim_free(&s);
}

/* Its next target may take long: they do not wait for that. */
static void a_leader_that_goes_elsewhere_holds_up_nobody(void **state)
{
	static const struct sim_act down[] = { SIM_WAIT(100), SIM_ERROR(500, "", "api_error", "internal"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CLAUDE);
	struct sim_provider *p = sim_provider(s, "claude.test", down, good(s), NULL);

	sim_provider(s, "other.test", after(1200, good(s)), NULL);
	ask_alike(s, "two");
	sim_run(s);
	check_siblings(s, 0);
	sim_check(s, p->n == SIBLINGS);
	for (size_t i = 1; i < SIBLINGS; i++)
		sim_check(s, p->seen[i]->at_ms < p->seen[0]->at_ms + 150);
	sim_free(&s);
}

/* Who has little time does not wait, nor who goes to another target. */
static void those_who_cannot_gain_do_not_wait(void **state)
{
	static const char *const models[] = { MODEL, "split" };

	for (size_t i = 0; i < 2; i++) {
		struct sim *s = sim_new(SIM_SEED, CLAUDE "  split:\n    cache: {prefix: auto}\n    tiers:\n"
			"      - {balance: round_robin, targets: [claude/" MODEL ", other/" MODEL "]}\n");
		struct sim_provider *p = sim_provider(s, "claude.test", after(FIRST_MS, good(s)), good(s), NULL);
		uint64_t waits = counter_values[COUNTER_gate_waits];

		sim_provider(s, "other.test", good(s), NULL);
		struct sim_client *x = ask_claude(s, 0, body(s, models[i], "one"));
		struct sim_client *y = sim_client(s, (struct sim_plan){ .at_ms = 5, .sends = { sim_post(s,
			"/v1/messages", i == 0 ? HEADERS "x-weir-timeout-ms: 2000\r\n" : HEADERS,
			body(s, models[i], "two")) } });
		sim_run(s);
		sim_tongue_whole(s, SIM_CLAUDE, x, true, TEXT);
		sim_tongue_whole(s, SIM_CLAUDE, y, true, TEXT);
		sim_check(s, p->n > 0 && counter_values[COUNTER_gate_waits] == waits);
		sim_free(&s);
	}
}

/* A connection that is open already: the request goes out before the next one comes. */
static void one_goes_first_on_a_warm_connection(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CLAUDE);
	struct sim_provider *p = sim_provider(s, "claude.test", good(s), after(FIRST_MS, good(s)), good(s), NULL);
	uint64_t waits = counter_values[COUNTER_gate_waits];

	ask_claude(s, 0, "{\"model\":\"" MODEL "\",\"max_tokens\":9,"
		"\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":true}");
	sim_run(s);
	ask_alike(s, MODEL);
	sim_run(s);
	check_siblings(s, 0);
	sim_check(s, p->n_conns > 0 && counter_values[COUNTER_gate_waits] == waits + SIBLINGS - 1);
	sim_free(&s);
}

/* System texts that never come again are not marked after a while: nobody waits for a request with such a one. */
static void nobody_waits_for_one_without_marks(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CLAUDE);
	struct sim_provider *p = sim_provider(s, "claude.test", good(s), good(s), good(s), good(s),
		good(s), good(s), after(FIRST_MS, good(s)), NULL);
	char other[SYSTEM_BYTES + 1];
	size_t n = 0;

	for (size_t i = 0; i < 6; i++) {
		memset(other, (int)('a' + i), SYSTEM_BYTES);
		other[SYSTEM_BYTES] = '\0';
		ask_claude(s, i * 500, sim_printf(s, "{\"model\":\"" MODEL "\",\"max_tokens\":9,\"stream\":true,"
			"\"system\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}", other));
		n++;
	}
	sim_run(s);
	uint64_t waits = counter_values[COUNTER_gate_waits];
	sim_check(s, marks_in(p, n - 1) == 0);
	ask_alike(s, MODEL);
	sim_run(s);
	check_siblings(s, 0);
	sim_check(s, counter_values[COUNTER_gate_waits] == waits);
	sim_free(&s);
}

/* However slow a model is known to be: two seconds. */
static void nobody_waits_above_two_seconds(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CLAUDE);
	struct sim_provider *p = sim_provider(s, "claude.test", after(9000, good(s)), NULL);
	char other[SYSTEM_BYTES + 1];

	for (size_t i = 0; i < 12; i++) {
		memset(other, (int)('a' + i), SYSTEM_BYTES);
		other[SYSTEM_BYTES] = '\0';
		for (size_t twice = 0; twice < 2; twice++)	/* so that such texts seem worth marks */
			ask_claude(s, i * 20000 + twice * 15000, sim_printf(s, "{\"model\":\"" MODEL "\","
				"\"max_tokens\":9,\"stream\":true,\"system\":\"%s\",\"messages\":["
				"{\"role\":\"user\",\"content\":\"%zu\"}]}", other, twice));
	}
	sim_run(s);
	size_t n = p->n;
	ask_alike(s, MODEL);
	sim_run(s);
	for (size_t i = n + 1; i < n + SIBLINGS; i++) {
		sim_check(s, p->seen[i]->at_ms >= p->seen[n]->at_ms + GATE_WAIT_MAX_MS - 100);
		sim_check(s, p->seen[i]->at_ms < p->seen[n]->at_ms + GATE_WAIT_MAX_MS + 100);
	}
	sim_free(&s);
}

/* Nothing is known of the model's pace: one and a half seconds. */
static void a_slow_leader_is_not_waited_for_long(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CLAUDE);
	struct sim_provider *p = sim_provider(s, "claude.test", after(9000, good(s)), good(s), NULL);

	ask_alike(s, MODEL);
	sim_run(s);
	check_siblings(s, 0);
	for (size_t i = 1; i < SIBLINGS; i++) {
		sim_check(s, p->seen[i]->at_ms >= p->seen[0]->at_ms + 1400);
		sim_check(s, p->seen[i]->at_ms < p->seen[0]->at_ms + 1650);
	}
	sim_free(&s);
}

/* Whatever happens to the leader, whenever: the others get their answers; who waits may leave. */
static struct sim *set_alike(uint64_t seed)
{
	struct sim *s = sim_new(seed, CLAUDE);

	sim_provider(s, "claude.test", after(50, good(s)), good(s), NULL);
	sim_provider(s, "other.test", good(s), NULL);
	ask_alike(s, "two");
	return s;
}

static void check_others(struct sim *s)
{
	check_siblings(s, 1);
}

static void check_but_the_last(struct sim *s)
{
	for (size_t i = 0; i + 1 < SIBLINGS; i++)
		sim_tongue_whole(s, SIM_CLAUDE, siblings[i], true, TEXT);
}

static void check_honest(struct sim *s)
{
	for (size_t i = 0; i < SIBLINGS; i++)
		if (!siblings[i]->refused)
			sim_tongue_honest(s, SIM_CLAUDE, siblings[i], true, TEXT);
}

static void strike_last_client(struct sim *s)
{
	sim_client_leave(siblings[SIBLINGS - 1], SIM_RESETS);
}

static void sweep(void (*strike)(struct sim *), void (*check)(struct sim *))
{
	size_t n = sim_sweep(&(struct sim_sweep){ .set = set_alike, .strike = strike, .check = check, .seed = 1 });

	assert_true(n > 15);
}

static void the_leader_may_leave_at_every_step(void **state)
{
	sweep(sim_strike_client_resets, check_others);
	sweep(sim_strike_client_leaves, check_others);
}

static void a_waiting_one_may_leave_at_every_step(void **state)
{
	sweep(strike_last_client, check_but_the_last);
}

static void the_provider_may_die_at_every_step(void **state)
{
	sweep(sim_strike_provider_resets, check_honest);
	sweep(sim_strike_provider_closes, check_honest);
}

static void a_drain_may_begin_at_every_step(void **state)
{
	sweep(sim_strike_drain, check_honest);
}

/* --- affinity ------------------------------------------------------------------------------------------- */

#define FLEET SCENE_LISTEN SCENE_PROVIDERS "models:\n" \
	"  fleet:\n    tiers: [{balance: prefix, targets: [a/m, b/m, c/m]}]\n    retries: 0\n    join: separate\n" \
	"breaker: {fails: 2, open: 30s}\n"

static struct sim_client *ask_fleet(struct sim *s, uint64_t at_ms, size_t turns)
{
	const char *text = "";

	for (size_t i = 0; i < turns; i++)
		text = sim_printf(s, "%s%s{\"role\":\"user\",\"content\":\"turn %zu %0*d\"}", text, i ? "," : "", i,
			500, 1);
	return sim_client(s, (struct sim_plan){ .at_ms = at_ms, .sends = { sim_post(s, "/v1/chat/completions", "",
		sim_printf(s, "{\"model\":\"fleet\",\"stream\":true,\"messages\":[%s]}", text)) } });
}

static struct sim_provider *fleet[3];

static size_t served(void)
{
	size_t best = 0;

	for (size_t i = 1; i < 3; i++)
		if (fleet[i]->n > fleet[best]->n)
			best = i;
	return best;
}

static void a_conversation_stays_where_it_is_warm(void **state)
{
	struct sim *s = sim_new(SIM_SEED, FLEET);
	const char *hosts[3] = { "a.test", "b.test", "c.test" };

	for (size_t i = 0; i < 3; i++)
		fleet[i] = sim_provider(s, hosts[i], scene_good, NULL);
	for (size_t turn = 1; turn <= 20; turn++)
		ask_fleet(s, turn * 1000, turn);
	sim_run(s);
	sim_check(s, fleet[served()]->n >= 18);		/* one in a hundred goes anywhere */
	sim_free(&s);
}

/* Its breaker opens: the conversation moves, and stays where it went when the old home is back. */
static void an_outage_moves_the_home(void **state)
{
	struct sim *s = sim_new(SIM_SEED, FLEET);
	const char *hosts[3] = { "a.test", "b.test", "c.test" };
	struct sim_client *c[12];

	for (size_t i = 0; i < 3; i++)
		fleet[i] = sim_provider(s, hosts[i], scene_good, NULL);
	for (size_t turn = 1; turn <= 4; turn++)
		ask_fleet(s, turn * 1000, turn);
	sim_run(s);
	size_t old = served(), before = fleet[old]->n;
	fleet[old]->host->way = SIM_WAY_REFUSED;
	sim_provider_hang_up(fleet[old], true);
	for (size_t i = 0; i < 6; i++)
		c[i] = ask_fleet(s, i * 1000, 5 + i);
	sim_run(s);
	for (size_t i = 0; i < 6; i++)
		sim_check_whole(s, c[i], SCENE_GOOD);
	sim_check(s, fleet[old]->n == before);
	fleet[old]->host->way = SIM_WAY_OK;
	for (size_t i = 0; i < 6; i++)
		c[i] = ask_fleet(s, 60000 + i * 1000, 11 + i);
	sim_run(s);
	for (size_t i = 0; i < 6; i++)
		sim_check_whole(s, c[i], SCENE_GOOD);
	sim_check(s, fleet[old]->n <= before + 1);
	sim_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_put_where_they_pay),
		cmocka_unit_test(translated_requests_are_marked),
		cmocka_unit_test(the_clients_marks_stand),
		cmocka_unit_test(one_goes_first),
		cmocka_unit_test(without_the_planner_nobody_waits),
		cmocka_unit_test(a_leader_that_fails_holds_up_nobody),
		cmocka_unit_test(a_leader_that_goes_elsewhere_holds_up_nobody),
		cmocka_unit_test(those_who_cannot_gain_do_not_wait),
		cmocka_unit_test(one_goes_first_on_a_warm_connection),
		cmocka_unit_test(nobody_waits_for_one_without_marks),
		cmocka_unit_test(nobody_waits_above_two_seconds),
		cmocka_unit_test(a_slow_leader_is_not_waited_for_long),
		cmocka_unit_test(the_leader_may_leave_at_every_step),
		cmocka_unit_test(a_waiting_one_may_leave_at_every_step),
		cmocka_unit_test(the_provider_may_die_at_every_step),
		cmocka_unit_test(a_drain_may_begin_at_every_step),
		cmocka_unit_test(a_conversation_stays_where_it_is_warm),
		cmocka_unit_test(an_outage_moves_the_home),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

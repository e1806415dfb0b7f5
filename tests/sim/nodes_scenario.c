/* Two nodes on one Redis: what one asks for, both may answer with, and never with anything else. */
#include "scene.h"
#include "sim_redis.h"

#define NODE(listen, admin, more) "listen: 127.0.0.1:" listen "\nadmin: {listen: 127.0.0.1:" admin "}\n" \
	"redis: {url: \"redis://redis.test\"" more "}\ncluster: {hot: 1}\n" SCENE_PROVIDERS
#define FIRST NODE("8080", "9901", "")
#define SECOND NODE("8090", "9911", "")
#define MODEL(target) "models:\n  m:\n    targets: [" target "]\n    retries: 0\n" \
	"    clocks: {connect: 1s, first_token: 5s, whole: 5s, idle: 3s, total: 60s}\n"
#define PATH "/v1/chat/completions"
#define BODY(stream) "{\"model\":\"m\",\"stream\":" stream ",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"

static struct {
	struct sim *s;
	struct sim_redis *redis;
	struct sim_provider *a, *b;
	void *second;
} two;

static void open_two(const char *first, const char *second, const struct sim_act *script)
{
	char why[200] = "";

	two.s = sim_new(SIM_SEED, first);
	two.redis = sim_redis_new(two.s->loop, "redis.test", 6379);
	two.a = sim_provider(two.s, "a.test", script, NULL);
	two.b = sim_provider(two.s, "b.test", script, NULL);
	two.second = sim_subject.open(two.s->loop, second, why, sizeof(why));
	if (two.second == NULL)
		fail_msg("%s", why);
	sim_run_for(two.s, 1000);
}

static void close_two(void)
{
	if (two.second)
		sim_subject.close(two.second);
	sim_run_for(two.s, 1000);
	sim_redis_free(&two.redis);
	sim_free(&two.s);
}

static struct sim_client *ask(const char *to, uint64_t at_ms, const char *fields, const char *body)
{
	return sim_client(two.s, (struct sim_plan){ .to = to, .at_ms = at_ms,
		.sends = { sim_post(two.s, PATH, fields, body) } });
}
#define ASK_FIRST(at, fields, body) ask(NULL, at, fields, body)
#define AT_SECOND "127.0.0.1:8090"
#define ASK_SECOND(at, fields, body) ask(AT_SECOND, at, fields, body)

static void one_asks_for_both(void **state)
{
	open_two(FIRST MODEL("a/m1"), SECOND MODEL("a/m1"), scene_slow);
	struct sim_client *x = ASK_FIRST(0, "", BODY("true")), *y = ASK_SECOND(60, "", BODY("true"));

	sim_run_for(two.s, 20000);
	sim_check_whole(two.s, x, SCENE_GOOD);
	sim_check_whole(two.s, y, SCENE_GOOD);
	sim_check(two.s, two.a->n == 1);
	close_two();
}

/* In the middle of a roll-out the nodes' configurations differ. */
static void the_owners_target_is_not_known_here(void **state)
{
	open_two(FIRST MODEL("a/m1"), SECOND MODEL("b/m2"), scene_slow);
	struct sim_client *x = ASK_FIRST(0, "", BODY("true")), *y = ASK_SECOND(60, "", BODY("true"));

	sim_run_for(two.s, 20000);
	sim_check_whole(two.s, x, SCENE_GOOD);
	sim_check_whole(two.s, y, SCENE_GOOD);
	sim_check(two.s, two.b->n == 0);
	close_two();
}

/* Of a whole answer no tape is kept for those who come late: they must not find it begun. */
static void whole_answers_are_whole(void **state)
{
	open_two(FIRST MODEL("a/m1"), SECOND MODEL("a/m1"), scene_slow);
	struct sim_client *x = ASK_FIRST(0, "", BODY("true")), *c[8];

	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = ASK_SECOND(20 + 20 * i, "", BODY("false"));
	sim_run_for(two.s, 20000);
	sim_check_whole(two.s, x, SCENE_GOOD);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		sim_check_whole(two.s, c[i], SCENE_GOOD);
	close_two();
}

/* The same when the owner is lost in the middle: nobody has read yet, so this node asks for itself. */
static void a_whole_answer_survives_its_owner(void **state)
{
	static const struct sim_act cut[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hel"), SIM_WAIT(50), SIM_TEXT("lo"),
		SIM_WAIT(50), SIM_RESET };

	open_two(FIRST MODEL("a/m1"), SECOND MODEL("b/m2"), cut);
	two.b->scripts[0] = scene_good;
	struct sim_client *x = ASK_FIRST(0, "", BODY("true")), *y = ASK_SECOND(60, "", BODY("false"));

	sim_run_for(two.s, 20000);
	sim_check_broken(two.s, x, "Hello");
	sim_check_whole(two.s, y, SCENE_GOOD);
	sim_check(two.s, two.a->n == 1 && two.b->n == 1);
	close_two();
}

/* One client's deadline is nobody else's. */
static void a_deadline_is_not_shared(void **state)
{
	open_two(FIRST MODEL("a/m1"), SECOND MODEL("a/m1"), scene_slow);
	struct sim_client *x = ASK_FIRST(0, "x-weir-timeout-ms: 90\r\n", BODY("true"));
	struct sim_client *y = ASK_SECOND(60, "", BODY("true"));

	sim_run_for(two.s, 20000);
	sim_check_honest(two.s, x, SCENE_GOOD);
	sim_check_whole(two.s, y, SCENE_GOOD);
	close_two();
}

/* Much longer than a lease, and never quiet for as long as a beat. */
static void the_lease_of_a_steady_stream(void **state)
{
	static const struct sim_act steady[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXTS("x", 40, 100), SIM_FINISH("stop"),
		SIM_END };
	char text[41] = "";

	memset(text, 'x', 40);
	open_two(FIRST MODEL("a/m1"), SECOND MODEL("a/m1"), steady);
	struct sim_client *x = ASK_FIRST(0, "", BODY("true")), *y = ASK_SECOND(3000, "", BODY("true"));

	sim_run_for(two.s, 20000);
	sim_check_whole(two.s, x, text);
	sim_check_whole(two.s, y, text);
	sim_check(two.s, two.a->n == 1);
	close_two();
}

/* A node that is replaced waits for those who follow its calls, as for its own clients. */
static void a_drain_waits_for_followers(void **state)
{
	static const struct sim_act steady[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXTS("x", 40, 100), SIM_FINISH("stop"),
		SIM_END };
	char text[41] = "";

	memset(text, 'x', 40);
	open_two("drain: {delay: 100ms, limit: 30s}\n" FIRST MODEL("a/m1"), SECOND MODEL("a/m1"), steady);
	sim_client(two.s, (struct sim_plan){ .sends = { sim_post(two.s, PATH, "", BODY("true")) },
		.leave = SIM_LEAVES, .leave_at_ms = 500 });
	struct sim_client *y = ASK_SECOND(60, "", BODY("true"));
	sim_run_for(two.s, 1000);
	sim_drain(two.s);
	sim_run_for(two.s, 1000);
	if (sim_drained(two.s)) {		/* as main() does */
		sim_subject.close(two.s->it);
		two.s->it = NULL;
	}
	sim_run_for(two.s, 8000);
	sim_check_whole(two.s, y, text);
	sim_check(two.s, two.s->it && sim_drained(two.s));
	close_two();
}

#define KEPT "    cache: {exact: 1h}\n"

/* Of a node that has just begun and has not read the log of purges yet, nobody gets what was purged. */
static void a_new_node_gives_nothing_purged(void **state)
{
	static const struct sim_act old[] = { SIM_GOOD("old"), SIM_STOP }, fresh[] = { SIM_GOOD("new"), SIM_STOP };
	char why[200];

	for (uint64_t ms = 0; ms < 100; ms++) {
		open_two(FIRST MODEL("a/m1") KEPT, SECOND MODEL("a/m1") KEPT, old);
		two.b->scripts[0] = fresh;
		ASK_FIRST(0, "", BODY("true"));
		sim_run_for(two.s, 1000);
		sim_client(two.s, (struct sim_plan){ .to = "127.0.0.1:9901",
			.sends = { sim_post(two.s, "/admin/cache/purge?model=m", "", "{}") } });
		sim_run_for(two.s, 1000);
		sim_subject.close(two.second);
		two.second = sim_subject.open(two.s->loop, SECOND MODEL("b/m2") KEPT, why, sizeof(why));
		struct sim_client *y = ASK_SECOND(ms, "", BODY("true"));
		sim_run_for(two.s, 2000);
		sim_check_whole(two.s, y, "new");
		close_two();
	}
}

/* A lease whose answer came too late is nobody's: it must not be waited for. */
static void a_late_lease_is_let_go(void **state)
{
	open_two(FIRST MODEL("a/m1"), SECOND MODEL("a/m1"), scene_good);
	two.redis->delay_ms = 30;
	struct sim_client *x = ASK_FIRST(0, "", BODY("true"));
	sim_run_for(two.s, 300);
	two.redis->delay_ms = 0;
	struct sim_client *y = ASK_SECOND(0, "", BODY("true"));
	sim_run_for(two.s, 20000);
	sim_check_whole(two.s, x, SCENE_GOOD);
	sim_check_whole(two.s, y, SCENE_GOOD);
	sim_check(two.s, y->answers[0].end_ms - y->answers[0].asked_ms < 500);
	close_two();
}

/* Who writes an answer down for other nodes is no client, and bears no part of its tokens. */
static void parts_are_of_clients(void **state)
{
	open_two(FIRST MODEL("a/m1") "    join_usage: split\n", SECOND MODEL("a/m1"), scene_good);
	struct sim_client *x = ASK_FIRST(0, "", BODY("true"));
	sim_run_for(two.s, 5000);
	sim_check_whole(two.s, x, SCENE_GOOD);
	sim_check(two.s, sim_log_count(two.s, "\"event\":\"access\"") == 1);
	sim_check(two.s, sim_log_has(two.s, "\"prompt_tokens\":9,"));
	close_two();
}

/* Where no more logs can be followed nobody waits for one. */
static void too_many_logs(void **state)
{
	open_two(FIRST MODEL("a/m1"), NODE("8090", "9911", ", tails: 1") MODEL("b/m2"), scene_slow);
	ASK_FIRST(0, "", BODY("true"));
	struct sim_client *y = ASK_SECOND(60, "", BODY("true"));
	sim_run_for(two.s, 20000);
	sim_check_whole(two.s, y, SCENE_GOOD);
	sim_check(two.s, two.b->n == 1);
	sim_check(two.s, y->answers[0].end_ms - y->answers[0].asked_ms < 500);
	close_two();
}

/* ---- something happens at any moment ---- */

static void first_client_leaves(struct sim *s)
{
	sim_strike_client_resets(s);
}

static void redis_hangs_up(struct sim *s)
{
	sim_redis_hang_up(two.redis);
}

static void redis_forgets(struct sim *s)
{
	sim_redis_wipe(two.redis);
}

static void redis_is_mute(struct sim *s)
{
	two.redis->mute = true;
}

static void redis_is_late(struct sim *s)
{
	two.redis->delay_ms = 30;
}

static void provider_resets(struct sim *s)
{
	sim_provider_hang_up(two.a, true);
}

static void second_ends(struct sim *s)
{
	sim_subject.close(two.second);
	two.second = NULL;
}

static void first_ends(struct sim *s)
{
	sim_subject.close(s->it);
	s->it = NULL;
}

static void first_is_cut(struct sim *s)
{
	sim_drain(s);
	sim_cut(s);
}

static void second_is_cut(struct sim *s)
{
	s->ending = true;		/* who comes now may be reset */
	sim_subject.drain(two.second);
	sim_subject.cut(two.second);
}

static void both_reload(struct sim *s)
{
	char why[200];

	if (!sim_reload(s, FIRST MODEL("b/m2"), why, sizeof(why))
			|| !sim_subject.reload(two.second, SECOND MODEL("b/m2"), why, sizeof(why)))
		fail_msg("%s", why);
}

/* As sim_sweep, which waits for a world where nothing is under way: a read of a log always is. */
static void on_step(struct loop *l, void *arg)
{
	struct sim *s = arg;

	if (s->struck || l->steps <= s->strike_at)
		return;
	s->struck = true;
	s->strike(s);
}

/* A node that has ended without a drain cuts its clients off. */
static bool is_cut_off(const struct sim_client *c, bool of_second)
{
	bool gone = of_second ? two.second == NULL : two.s->it == NULL;

	return c->refused || (gone && c->answers[0].end != SIM_CLEAN);
}

static bool play(void (*strike)(struct sim *s), uint64_t step)
{
	struct sim_client *c[6];

	open_two(FIRST MODEL("a/m1"), SECOND MODEL("a/m1"), scene_slow);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = ask(i % 2 ? AT_SECOND : NULL, 15 * i, "", i % 3 == 2 ? BODY("false") : BODY("true"));
	two.s->strike = strike;
	two.s->strike_at = step;
	two.s->loop->steps = 0;
	two.s->loop->on_step = on_step;
	two.s->loop->on_step_arg = two.s;
	sim_run_for(two.s, 20000);
	two.s->loop->on_step = NULL;
	bool struck = two.s->struck;
	for (size_t i = 0; i < COUNT_OF(c); i++)
		if (!is_cut_off(c[i], i % 2))
			sim_check_honest(two.s, c[i], SCENE_GOOD);
	close_two();
	return struck;
}

/* Nobody gets anything but the answer, a beginning of it with an error, or an error; and nothing is left over. */
static void at_any_moment(void **state)
{
	static const struct {
		const char *name;
		void (*go)(struct sim *s);
	} rows[] = {
		{ "first client leaves", first_client_leaves }, { "redis hangs up", redis_hangs_up },
		{ "redis forgets", redis_forgets }, { "redis is mute", redis_is_mute },
		{ "redis is late", redis_is_late }, { "provider resets", provider_resets },
		{ "second ends", second_ends }, { "first ends", first_ends }, { "first is cut", first_is_cut },
		{ "second is cut", second_is_cut }, { "both reload", both_reload },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		print_message("# %s\n", rows[i].name);
		for (uint64_t step = 0; play(rows[i].go, step); step++)
			;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_asks_for_both),
		cmocka_unit_test(whole_answers_are_whole),
		cmocka_unit_test(a_whole_answer_survives_its_owner),
		cmocka_unit_test(a_deadline_is_not_shared),
		cmocka_unit_test(the_lease_of_a_steady_stream),
		cmocka_unit_test(a_drain_waits_for_followers),
		cmocka_unit_test(a_new_node_gives_nothing_purged),
		cmocka_unit_test(a_late_lease_is_let_go),
		cmocka_unit_test(parts_are_of_clients),
		cmocka_unit_test(too_many_logs),
		cmocka_unit_test(at_any_moment),
		cmocka_unit_test(the_owners_target_is_not_known_here),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

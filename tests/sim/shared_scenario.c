/* One weir and a Redis in which lies what other nodes have kept, and who of them renews it. */
#include "base/counter.h"
#include "scene.h"

#define CONFIG SCENE_LISTEN SCENE_PROVIDERS "redis: {url: \"redis://redis.test\"}\nmodels:\n" \
	"  k:\n    targets: [a/m1]\n    retries: 0\n    cache: {exact: 1h}\n" \
	"  renewed:\n    targets: [a/m1]\n    retries: 0\n    cache: {exact: 1h, refresh: 10m}\n"
#define KEY_MAX 160

static struct sim *open_sim(uint64_t seed)
{
	struct sim *s = sim_new(seed, CONFIG);

	sim_redis(s, "redis.test");
	sim_check(s, counter_values[COUNTER_store_near] == 1);
	sim_run_for(s, 20);		/* it has read the log of purges */
	return s;
}

static struct {
	char key[KEY_MAX];
	char bytes[4096];
	size_t n;
} entry;

/* What another node put into the store for the request that `k` gets here. */
static void make_entry(void)
{
	struct sim *s = open_sim(SIM_SEED);
	struct slice v;

	sim_provider(s, "a.test", scene_good, NULL);
	scene_client(s, "k", SIM_STREAMED);
	sim_run_for(s, 100);
	const char *key = sim_redis_key(s->redis, "weir:x:");
	sim_check(s, key != NULL);
	snprintf(entry.key, sizeof(entry.key), "%s", key);
	v = sim_redis_value(s->redis, key);
	sim_check(s, v.n > 20 && v.n <= sizeof(entry.bytes));
	memcpy(entry.bytes, v.p, v.n);
	entry.n = v.n;
	sim_free(&s);
}

static struct slice cache_of(const struct sim_client *c)
{
	return sim_http_field(&c->answers[0].http, "x-weir-cache");
}

static void another_nodes_answer(void **state)
{
	make_entry();
	for (int streamed = 0; streamed < 2; streamed++) {
		struct sim *s = open_sim(SIM_SEED);
		struct sim_provider *a = sim_provider(s, "a.test", scene_down, NULL);
		sim_redis_put(s->redis, entry.key, slice_of(entry.bytes, entry.n), 0);
		struct sim_client *x = scene_client(s, "k", streamed), *y = scene_client(s, "k", streamed, .at_ms = 50);
		sim_run_for(s, 10);
		sim_redis_wipe(s->redis);	/* the second time it is here */
		sim_run_for(s, 100);
		sim_check_whole(s, x, SCENE_GOOD);
		sim_check_whole(s, y, SCENE_GOOD);
		sim_check(s, slice_eq(cache_of(x), SLICE("hit")) && slice_eq(cache_of(y), SLICE("hit")));
		sim_check(s, a->n == 0);
		sim_check(s, counter_values[COUNTER_cache_hits] == 2);
		sim_check(s, counter_values[COUNTER_cache_hits_shared] == 1);
		sim_free(&s);
	}
}

static struct slice instead;

static const char *give_instead(struct sim_redis *r, const struct slice *w, size_t n)
{
	char key[KEY_MAX];

	if (slice_eq(w[0], SLICE("GET")) && slice_starts(w[1], SLICE("weir:x:")))
		sim_redis_put(r, slice_copy(w[1], key, sizeof(key)), instead, 0);
	return NULL;
}

static void give_foreign(const char *path, const char *body, struct slice bytes)
{
	struct sim *s = open_sim(SIM_SEED);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);

	instead = bytes;
	s->redis->answer = give_instead;
	struct sim_client *x = sim_client(s, (struct sim_plan){ .sends = { sim_post(s, path, "", body) } });
	sim_run_for(s, 100);
	sim_check(s, x->done && x->answers[0].end != SIM_PENDING);
	sim_check(s, a->n == 1 && x->answers[0].http.status == 200);
	sim_free(&s);
}

/* Cut off anywhere, with any byte changed, or of another request it is no answer. */
static void foreign_bytes_under_its_key(void **state)
{
#define ASKED "{\"model\":\"k\",\"max_tokens\":9,\"stream\":true," \
	"\"%s\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
	static const char *const paths[][2] = { { "/v1/chat/completions", "messages" }, { "/v1/messages", "messages" },
		{ "/v1/responses", "input" } };
	char body[200], changed[sizeof(entry.bytes)];

	make_entry();
	for (size_t k = 0; k < COUNT_OF(paths); k++) {
		snprintf(body, sizeof(body), ASKED, paths[k][1]);
		for (size_t i = 0; i < entry.n; i++) {
			memcpy(changed, entry.bytes, entry.n);
			give_foreign(paths[k][0], body, slice_of(changed, i));
			changed[i] = (char)~changed[i];
			give_foreign(paths[k][0], body, slice_of(changed, entry.n));
		}
	}
}

static void an_answer_that_has_ended(void **state)
{
	struct sim *s;

	make_entry();
	s = open_sim(SIM_SEED);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	sim_redis_put(s->redis, entry.key, slice_of(entry.bytes, entry.n), 0);
	sim_run_for(s, 3700000);
	struct sim_client *x = scene_client(s, "k", SIM_STREAMED);
	sim_run_for(s, 100);
	sim_check_whole(s, x, SCENE_GOOD);
	sim_check(s, a->n == 1 && counter_values[COUNTER_cache_hits] == 0);
	sim_free(&s);
}

static void check_whole(struct sim *s)
{
	sim_check_whole(s, sim_first_client(s), SCENE_GOOD);
	sim_run_for(s, 4000);
}

static void check_honest(struct sim *s)
{
	if (!sim_first_client(s)->refused)
		sim_check_honest(s, sim_first_client(s), SCENE_GOOD);
	sim_run_for(s, 4000);
}

static struct sim *set_kept(uint64_t seed)
{
	struct sim *s = open_sim(seed);

	sim_provider(s, "a.test", scene_good, NULL);
	sim_redis_put(s->redis, entry.key, slice_of(entry.bytes, entry.n), 0);
	scene_client(s, "k", SIM_STREAMED);
	return s;
}

static size_t sweep(void (*strike)(struct sim *), void (*check)(struct sim *))
{
	return sim_sweep(&(struct sim_sweep){ .set = set_kept, .strike = strike, .check = check, .seed = SIM_SEED });
}

static void a_look_into_the_store_fails_at_every_step(void **state)
{
	size_t n[5];

	make_entry();
	n[0] = sweep(sim_strike_redis_hangs_up, check_whole);
	n[1] = sweep(sim_strike_redis_mute, check_whole);
	n[2] = sweep(sim_strike_client_leaves, check_honest);
	n[3] = sweep(sim_strike_client_resets, check_honest);
	n[4] = sweep(sim_strike_drain, check_honest);
	for (size_t i = 0; i < COUNT_OF(n); i++)
		assert_in_range(n[i], 5, 1000);
}

enum renewal { FREE, TAKEN, MUTE, REFUSED };

static const char *refuse_leases(struct sim_redis *r, const struct slice *w, size_t n)
{
	return n > 1 && slice_starts(w[1], SLICE("weir:r:")) ? "-OOM command not allowed\r\n" : NULL;
}

/* Eleven minutes later: who renews it. */
static struct sim *renew(enum renewal how)
{
	struct sim *s = open_sim(SIM_SEED);

	sim_provider(s, "a.test", scene_good, NULL);
	scene_client(s, "renewed", SIM_STREAMED);
	sim_run_for(s, 660000);
	const char *lease = sim_printf(s, "weir:r%s", sim_redis_key(s->redis, "weir:x:") + strlen("weir:x"));
	if (how == TAKEN)
		sim_redis_put(s->redis, lease, SLICE("1"), 60000);
	s->redis->mute = how == MUTE;
	if (how == REFUSED)
		s->redis->answer = refuse_leases;
	struct sim_client *x = scene_client(s, "renewed", SIM_STREAMED);
	sim_run_for(s, 100);
	sim_check_whole(s, x, SCENE_GOOD);
	if (how == FREE)
		sim_check(s, slice_eq(sim_redis_value(s->redis, lease), SLICE("1")));
	return s;
}

static void one_node_renews(void **state)
{
	for (enum renewal how = FREE; how <= REFUSED; how++) {
		struct sim *s = renew(how);
		sim_check(s, sim_first_provider(s)->n == (how == TAKEN ? 1 : 2));
		sim_check(s, counter_values[COUNTER_cache_refreshes] == (how != TAKEN));
		sim_free(&s);
	}
}

/* weir closes while it waits for the lease, for the answer, and after it. */
static void a_close_while_renewing(void **state)
{
	for (uint64_t ms = 0; ms < 30; ms++) {
		struct sim *s = open_sim(SIM_SEED);
		sim_provider(s, "a.test", scene_good, scene_slow, NULL);
		scene_client(s, "renewed", SIM_STREAMED);
		sim_run_for(s, 660000);
		scene_client(s, "renewed", SIM_STREAMED);
		sim_run_for(s, ms);
		sim_subject.close(s->it);
		s->it = NULL;
		sim_free(&s);
	}
}

#define CASE(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(another_nodes_answer),
		CASE(foreign_bytes_under_its_key),
		CASE(an_answer_that_has_ended),
		CASE(a_look_into_the_store_fails_at_every_step),
		CASE(one_node_renews),
		CASE(a_close_while_renewing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Prefix homes that nodes tell each other through Redis: learned, late, foreign, gone.  A node that knows nothing is
 * one whose table was just made anew. */
#include <inttypes.h>

#include "base/counter.h"
#include "route/affinity.h"
#include "scene.h"
#include "sim_redis.h"

#define REDIS "redis: {url: \"redis://redis.test\"}\n"
#define FLEET(more) SCENE_LISTEN SCENE_PROVIDERS "models:\n" \
	"  fleet:\n    tiers: [{balance: prefix, targets: [a/m, b/m, c/m]}]\n    retries: 0\n    join: separate\n" \
	"  plain: {targets: [a/m], retries: 0, join: separate, cache: {prefix: auto}}\n" more
#define HERE FLEET(REDIS)
#define FORGETS FLEET(REDIS "cache: {prefixes: 1MiB}\n")
#define DEADLINE_MS 20u
#define ANSWER_MS 16u	/* what an answer takes without Redis, at most */
#define PLAY_MS 2000u

static struct {
	struct sim *sim;
	struct sim_redis *redis;
	struct sim_provider *fleet[3];
} scene;

static struct sim *open_scene(uint64_t seed)
{
	static const char *const hosts[] = { "a.test", "b.test", "c.test" };
	struct sim *s = scene.sim = sim_new(seed, HERE);

	scene.redis = sim_redis_new(s->loop, "redis.test", 6379);
	for (size_t i = 0; i < 3; i++)
		scene.fleet[i] = sim_provider(s, hosts[i], scene_good, NULL);
	return s;
}

static void close_scene(void)
{
	sim_redis_hang_up(scene.redis);
	sim_redis_free(&scene.redis);
	sim_free(&scene.sim);
}

static struct sim_client *ask(const char *model, size_t messages)
{
	struct sim *s = scene.sim;
	const char *text = "";

	for (size_t i = 0; i < messages; i++)
		text = sim_printf(s, "%s%s{\"role\":\"user\",\"content\":\"turn %zu %0*d\"}", text, i ? "," : "", i,
			500, 1);
	return sim_client(s, (struct sim_plan){ .sends = { sim_post(s, "/v1/chat/completions", "",
		sim_printf(s, "{\"model\":\"%s\",\"stream\":true,\"messages\":[%s]}", model, text)) } });
}

/* Which of the fleet was asked; how long the client waited for its first byte. */
static size_t asked(size_t messages, uint64_t *out_ms)
{
	size_t before[3], who = 3;

	for (size_t i = 0; i < 3; i++)
		before[i] = scene.fleet[i]->n;
	struct sim_client *c = ask("fleet", messages);
	sim_run_for(scene.sim, PLAY_MS);	/* with Redis there is always something under way */
	sim_check_whole(scene.sim, c, SCENE_GOOD);
	for (size_t i = 0; i < 3; i++)
		who = scene.fleet[i]->n > before[i] ? i : who;
	*out_ms = c->answers[0].head_ms - c->answers[0].asked_ms;
	return who;
}

static void reload(const char *config)
{
	char why[256];

	sim_check(scene.sim, sim_reload(scene.sim, config, why, sizeof(why)));
}

/* A chat begins while its first choice is out; the node that it comes to next knows nothing of that. */
static size_t begin(size_t *out_first_choice)
{
	uint64_t ms;

	sim_run_for(scene.sim, 3000);		/* Redis is there */
	*out_first_choice = asked(3, &ms);
	reload(FORGETS);
	reload(HERE);
	sim_redis_wipe(scene.redis);
	struct sim_host *host = scene.fleet[*out_first_choice]->host;
	host->way = SIM_WAY_REFUSED;
	sim_provider_hang_up(scene.fleet[*out_first_choice], true);
	size_t home = asked(3, &ms);
	host->way = SIM_WAY_OK;
	sim_check(scene.sim, home < 3 && home != *out_first_choice);
	reload(FORGETS);
	return home;
}

/* --- what Redis says ------------------------------------------------------------------------------------- */

static const char *foreign;		/* instead of any row */
static size_t gets, sets;

static const char *answer(struct sim_redis *r, const struct slice *w, size_t n)
{
	bool get = slice_eq(w[0], SLICE("GET"));

	gets += get;
	sets += slice_eq(w[0], SLICE("SET"));
	return get ? foreign : NULL;
}

static void start(void)
{
	open_scene(SIM_SEED);
	scene.redis->answer = answer;
	foreign = NULL;
	gets = sets = 0;
	counter_values[COUNTER_prefix_shared_hits] = 0;
}

static void learned_from_another_node(void **state)
{
	size_t first;
	uint64_t ms;

	start();
	size_t home = begin(&first);
	sim_check(scene.sim, asked(5, &ms) == home);
	sim_check(scene.sim, counter_values[COUNTER_prefix_shared_hits] == 1 && ms < DEADLINE_MS + ANSWER_MS);
	/* from here on it is known, and told */
	size_t asks = gets, told = sets;
	sim_check(scene.sim, asked(5, &ms) == home && gets == asks && sets == told);
	sim_check(scene.sim, asked(7, &ms) == home && gets == asks && sets == told + 2);
	sim_check(scene.sim, counter_values[COUNTER_prefix_shared_hits] == 1);
	/* a minute later it is told again */
	sim_run_for(scene.sim, AFFINITY_TELL_S * 1000);
	sim_check(scene.sim, asked(7, &ms) == home && sets == told + 2 + AFFINITY_MARKS);
	close_scene();
}

/* Without the store the same as ever: by the root. */
static void without_redis(void)
{
	scene.redis->host->way = SIM_WAY_REFUSED;
	sim_redis_hang_up(scene.redis);
	sim_run_for(scene.sim, 100);
}

static void late(void)
{
	scene.redis->delay_ms = 60;
}

static void mute(void)
{
	scene.redis->mute = true;
}

static void wiped(void)
{
	sim_redis_wipe(scene.redis);
}

static void what_helps_nothing_costs_a_deadline_at_most(void **state)
{
	static const struct {
		void (*harm)(void);
		const char *foreign;
		uint64_t least_ms, most_ms;
	} rows[] = {
		{ without_redis, NULL, 0, ANSWER_MS }, { wiped, NULL, 0, ANSWER_MS + 5 },
		{ late, NULL, DEADLINE_MS, DEADLINE_MS + ANSWER_MS },
		{ mute, NULL, DEADLINE_MS, DEADLINE_MS + ANSWER_MS },
		{ NULL, "$5\r\nhello\r\n", 0, ANSWER_MS + 5 }, { NULL, "$0\r\n\r\n", 0, ANSWER_MS + 5 },
		{ NULL, "$8\r\n\x01\x01\x01\x01\xff\xff\xff\xff\r\n", 0, ANSWER_MS + 5 },
		{ NULL, "$40\r\n0123456789012345678901234567890123456789\r\n", 0, ANSWER_MS + 5 },
		{ NULL, "-WRONGTYPE a list\r\n", 0, ANSWER_MS + 5 }, { NULL, ":12\r\n", 0, ANSWER_MS + 5 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		size_t first, who;
		uint64_t ms;
		start();
		begin(&first);
		foreign = rows[i].foreign;
		if (rows[i].harm)
			rows[i].harm();
		who = asked(5, &ms);
		if (who != first || ms < rows[i].least_ms || ms > rows[i].most_ms)
			fail_msg("row %zu: asked %zu instead of %zu after %" PRIu64 " ms", i, who, first, ms);
		sim_check(scene.sim, counter_values[COUNTER_prefix_shared_hits] == 0);
		close_scene();
	}
}

/* Nobody asks for models that do not go by prefix, nor for short prompts; what is short is told all the same. */
static void who_asks_nothing(void **state)
{
	uint64_t ms;

	start();
	sim_run_for(scene.sim, 3000);
	struct sim_client *c = ask("plain", 9);
	sim_run_for(scene.sim, PLAY_MS);
	sim_check_whole(scene.sim, c, SCENE_GOOD);
	asked(1, &ms);
	sim_check(scene.sim, gets == 0 && sets == 1);
	close_scene();
}

/* Two wait for the same, and one of them leaves: the other is not held up. */
static void who_leaves_while_waiting(void **state)
{
	for (uint64_t after = 0; after < 24; after++) {
		size_t first;
		start();
		size_t home = begin(&first);
		scene.redis->delay_ms = 10;
		struct sim_client *a = ask("fleet", 5), *b = ask("fleet", 5);
		sim_run_for(scene.sim, after);
		sim_client_leave(a, SIM_RESETS);
		size_t n = scene.fleet[home]->n;
		sim_run_for(scene.sim, PLAY_MS);
		sim_check_whole(scene.sim, b, SCENE_GOOD);
		sim_check(scene.sim, scene.fleet[home]->n - n <= 2 && scene.fleet[first]->n == 1);
		close_scene();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(learned_from_another_node),
		cmocka_unit_test(what_helps_nothing_costs_a_deadline_at_most),
		cmocka_unit_test(who_asks_nothing),
		cmocka_unit_test(who_leaves_while_waiting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

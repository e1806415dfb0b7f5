/* Prefix homes that nodes tell each other through Redis: learned, late, foreign, gone.  A node that knows nothing is
 * one whose table was just made anew. */
#include "base/counter.h"
#include "route/affinity.h"
#include "scene.h"
#include "sim_redis.h"

#define REDIS "redis: {url: \"redis://redis.test\"}\n"
#define FLEET(more) SCENE_LISTEN SCENE_PROVIDERS "models:\n" \
	"  fleet:\n    tiers: [{balance: prefix, targets: [a/m, b/m, c/m]}]\n    retries: 0\n    join: separate\n" \
	"  plain:\n    tiers: [{targets: [a/m]}, {targets: [b/m]}]\n    retries: 0\n    join: separate\n" more
#define HERE FLEET(REDIS)
#define FORGETS FLEET(REDIS "cache: {prefixes: 1MiB}\n")
#define DEADLINE_MS 20u

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
	struct loop *l = scene.sim->loop;

	sim_redis_hang_up(scene.redis);
	sim_redis_free(&scene.redis);
	sim_free(&scene.sim);
	(void)l;
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
	sim_run(scene.sim);
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

static const char *answer_foreign(struct sim_redis *r, const struct slice *w, size_t n)
{
	static const char *const rows[] = { "$5\r\nhello\r\n", "$8\r\n\x01\0\0\0\xff\xff\xff\xff\r\n", ":12\r\n",
		"$40\r\n0123456789012345678901234567890123456789\r\n", "-WRONGTYPE a list\r\n", "$0\r\n\r\n" };

	return slice_eq(w[0], SLICE("GET")) ? rows[*(size_t *)r->arg] : NULL;
}

static void learned_from_another_node(void **state)
{
	size_t first;
	uint64_t ms, hits = counter_values[COUNTER_prefix_shared_hits];

	open_scene(SIM_SEED);
	size_t home = begin(&first);
	sim_check(scene.sim, asked(5, &ms) == home);
	sim_check(scene.sim, counter_values[COUNTER_prefix_shared_hits] == hits + 1);
	/* from here on it is known */
	size_t commands = scene.redis->n_commands;
	sim_check(scene.sim, asked(5, &ms) == home);
	sim_check(scene.sim, counter_values[COUNTER_prefix_shared_hits] == hits + 1);
	sim_check(scene.sim, scene.redis->n_commands <= commands + 2);	/* nothing but a PING */
	close_scene();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(learned_from_another_node),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

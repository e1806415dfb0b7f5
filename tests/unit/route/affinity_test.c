/* Who is asked when somebody has the prompt's beginning warm: choices, load, forgetting, and a simulated fleet. */
#include "unit/route/route_world.h"

#include "route/affinity.h"

#define FLEET 8

static struct world w;
static struct affinity table;
static struct request request;
static struct chain chain;

static void start(const char *more)
{
	char text[4096];
	size_t n = (size_t)snprintf(text, sizeof(text), "providers:\n");

	for (int i = 0; i < FLEET; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "  r%d: {url: http://r%d.test/v1}\n", i, i);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "  many: {url: http://many.test/v1, keys: [k1, k2, k3]}\n"
		"models:\n  many: {cache: {prefix: auto}, targets: [many/m]}\n"
		"  fleet:\n    retries: 0\n    tiers:\n      - {balance: prefix, targets: [");
	for (int i = 0; i < FLEET; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%sr%d/m", i ? ", " : "", i);
	snprintf(text + n, sizeof(text) - n, "]}\n%s", more);
	open_world(&w, text, 1000);
	affinity_init(&table, 16 << 20);
	w.health.affinity = &table;
}

static void stop(void)
{
	affinity_done(&table);
	close_world(&w);
}

static struct plan ask(const char *model, const char *body)
{
	request = (struct request){ .model = slice_str(model), .chain = &chain };
	chain_make(&chain, &w.arena, slice_str(body), 1);
	return plan_of(&w, &request);
}

/* Asks and gets an answer; who gave it. */
static const struct target *asked(const char *model, const char *body)
{
	struct plan p = ask(model, body);
	struct plan_choice choice = next(&w, &p);

	assert_int_equal(choice.verdict, PLAN_GO);
	end(&w, &p, &choice, ERR_OK, 0);
	return choice.step->target;
}

#define SYSTEM(s) "{\"system\":\"" s "\",\"messages\":["
#define USER(t) "{\"role\":\"user\",\"content\":\"" t "\"}"

/* No request that goes anywhere: those are one in a hundred, and the seed gives none here. */
static void test_a_conversation_stays(void **state)
{
	size_t stays = 0;

	start("");
	const struct target *home = asked("fleet", SYSTEM("s") USER("one") "]}");
	for (size_t i = 0; i < 50; i++) {
		stays += asked("fleet", SYSTEM("s") USER("one") "," USER("two") "]}") == home;
		w.now_ns += S(5);
	}
	assert_in_range(stays, 47, 50);
	stop();
}

/* The longest prefix counts: both share the system text. */
static void test_the_longest_prefix_counts(void **state)
{
	start("");
	struct plan p = ask("fleet", SYSTEM("s") USER("one") "]}");
	affinity_learn(&table, &chain, &w.roster->model_list[1]->tiers[0].targets[3], NULL, w.now_ns);
	ask("fleet", SYSTEM("s") USER("other") "]}");
	affinity_learn(&table, &chain, &w.roster->model_list[1]->tiers[0].targets[5], NULL, w.now_ns);
	p = ask("fleet", SYSTEM("s") USER("one") "," USER("two") "]}");
	expect_go(&w, &p, "r3/m");
	p = ask("fleet", SYSTEM("s") USER("other") "," USER("two") "]}");
	expect_go(&w, &p, "r5/m");
	stop();
}

/* Nothing known: every node picks the same for one root, whatever is asked, and roots differ. */
static void test_rendezvous(void **state)
{
	char body[200], first[12][16];
	size_t differ = 0;

	for (size_t round = 0; round < 2; round++) {
		start("");
		for (size_t i = 0; i < COUNT_OF(first); i++) {
			snprintf(body, sizeof(body), SYSTEM("app %zu") USER("q %zu") "]}", i, round);
			struct plan p = ask("fleet", body);
			assert_int_equal(p.n, FLEET);	/* the others follow */
			if (round == 0)
				slice_copy(p.steps[0].target->name, first[i], sizeof(first[i]));
			else
				assert_slice(p.steps[0].target->name, first[i]);
			differ += strcmp(first[i], first[0]) != 0;
		}
		stop();
	}
	assert_in_range(differ, 12, 22);
}

/* A home above its share of load is passed over, and others become homes. */
static void test_bounded_load(void **state)
{
	struct plan plans[64];
	struct plan_choice choices[64];
	size_t at[FLEET] = { 0 };

	start("");
	for (size_t i = 0; i < COUNT_OF(plans); i++) {
		plans[i] = ask("fleet", SYSTEM("s") USER("same") "]}");
		choices[i] = next(&w, &plans[i]);
		at[choices[i].step->target->name.p[1] - '0']++;
	}
	for (size_t i = 0; i < FLEET; i++)
		assert_in_range(at[i], 5, 10);	/* ceil(1.25 * 8) */
	stop();
}

/* A failure takes the prefix back; an opening of the breaker all that was there. */
static void test_failures_forget(void **state)
{
	start("breaker: {fails: 3}\n");
	struct plan p = ask("fleet", SYSTEM("s") USER("one") "]}");
	struct plan_choice choice = next(&w, &p);
	const struct target *t = choice.step->target;
	assert_true(affinity_known(&table, &chain, t, NULL, w.now_ns) == chain.bytes);
	end(&w, &p, &choice, ERR_UP_RESET, 0);
	assert_int_equal(affinity_known(&table, &chain, t, NULL, w.now_ns), 0);

	struct chain other;
	chain_make(&other, &w.arena, SLICE(SYSTEM("x") USER("one") "]}"), 1);
	affinity_learn(&table, &other, t, NULL, w.now_ns);
	w.now_ns += S(1);
	for (int i = 0; i < 2; i++) {
		struct plan_choice again = { .verdict = PLAN_GO, .step = choice.step };
		t->health->in_flight++;
		t->provider->health->in_flight++;
		p.model->health->in_flight++;
		assert_int_not_equal(affinity_known(&table, &other, t, NULL, w.now_ns), 0);
		end(&w, &p, &again, ERR_UP_RESET, 0);
	}
	assert_int_equal(t->health->breaker.state, BREAKER_OPEN);
	assert_int_equal(affinity_known(&table, &other, t, NULL, w.now_ns), 0);
	w.now_ns += S(2);
	affinity_learn(&table, &other, t, NULL, w.now_ns);
	assert_int_not_equal(affinity_known(&table, &other, t, NULL, w.now_ns), 0);
	w.now_ns += S(AFFINITY_LIFE_S + 1);
	assert_int_equal(affinity_known(&table, &other, t, NULL, w.now_ns), 0);
	stop();
}

/* A bad request says nothing about the cache, nor does a client that leaves. */
static void test_others_faults_do_not(void **state)
{
	static const enum err faults[] = { ERR_OK, ERR_UP_BAD_REQUEST, ERR_CLIENT_GONE, ERR_UP_THROTTLED };

	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		start("");
		struct plan p = ask("fleet", SYSTEM("s") USER("one") "]}");
		struct plan_choice choice = next(&w, &p);
		end(&w, &p, &choice, faults[i], 0);
		assert_int_not_equal(affinity_known(&table, &chain, choice.step->target, NULL, w.now_ns), 0);
		stop();
	}
}

/* A home that reports nothing cached loses its entry; one that says nothing, or was no home, does not. */
static void test_usage_corrects(void **state)
{
	static const struct {
		bool was_home;
		int64_t cached_tok;
		bool stays;
	} rows[] = { { true, 0, false }, { true, 900, true }, { true, -1, true }, { false, 0, true } };
	static char body[20000];

	size_t n = (size_t)snprintf(body, sizeof(body), "{\"messages\":[{\"content\":\"");
	memset(body + n, 'x', 12000);
	snprintf(body + n + 12000, 8, "\"}]}");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		start("");
		if (rows[i].was_home)
			asked("fleet", body);
		struct plan p = ask("fleet", body);
		struct plan_choice choice = next(&w, &p);
		plan_cached(&p, &choice, rows[i].cached_tok);
		end(&w, &p, &choice, ERR_OK, 0);
		if ((affinity_known(&table, &chain, choice.step->target, NULL, w.now_ns) > 0) != rows[i].stays)
			fail_msg("row %zu", i);
		stop();
	}
}

/* Each key is a cache of its own. */
static void test_keys(void **state)
{
	size_t same = 0;

	start("");
	struct plan p = ask("many", SYSTEM("s") USER("one") "]}");
	struct plan_choice choice = next(&w, &p);
	const struct roster_key *key = choice.key;
	assert_non_null(key);
	end(&w, &p, &choice, ERR_OK, 0);
	for (size_t i = 0; i < 30; i++) {
		p = ask("many", SYSTEM("s") USER("one") "," USER("two") "]}");
		choice = next(&w, &p);
		same += choice.key == key;
		end(&w, &p, &choice, ERR_OK, 0);
	}
	assert_int_equal(same, 30);
	health_rest_key(choice.step->target->health, key->health, w.now_ns + S(9), ERR_UP_THROTTLED);
	p = ask("many", SYSTEM("s") USER("one") "," USER("two") "]}");
	choice = next(&w, &p);
	assert_true(choice.key && choice.key != key);
	end(&w, &p, &choice, ERR_OK, 0);
	stop();
}

/* However many prefixes: bounded, and the newest are there. */
static void test_bounded_memory(void **state)
{
	const struct target *t;
	char body[100];

	start("");
	affinity_limit(&table, 4096);
	assert_true(table.n_slots * sizeof(*table.slots) <= 4096);
	t = &w.roster->model_list[1]->tiers[0].targets[0];
	for (size_t i = 0; i < 5000; i++) {
		snprintf(body, sizeof(body), "{\"messages\":[" USER("%zu") "]}", i);
		ask("fleet", body);
		affinity_learn(&table, &chain, t, NULL, w.now_ns);
		assert_int_not_equal(affinity_known(&table, &chain, t, NULL, w.now_ns), 0);
	}
	stop();
}

/* A chat of messages of that many bytes each. */
static void ask_talk(size_t messages, size_t bytes)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < messages; i++)
		buf_addf(&b, "%s{\"role\":\"user\",\"content\":\"%zu %0*d\"}", i ? "," : "{\"messages\":[", i,
			(int)bytes, 1);
	buf_add(&b, SLICE("]}"));
	buf_add_char(&b, '\0');
	ask("fleet", buf_slice(&b).p);
	buf_done(&b);
}

/* Which prefixes are asked about: `before` messages were seen here, now there are `now`. */
static void test_what_is_asked(void **state)
{
	static const struct {
		size_t before, now, bytes, asked;
	} rows[] = {
		{ 0, 1, 2000, 1 }, { 0, 2, 2000, 2 }, { 0, 20, 200, 4 }, { 0, 20, 2000, 4 },	/* new here */
		{ 0, 1, 20, 0 }, { 0, 20, 10, 0 },		/* too short to gain */
		{ 18, 20, 200, 0 }, { 20, 20, 2000, 0 },	/* the usual next turn */
		{ 11, 20, 200, 0 }, { 9, 20, 200, 3 },		/* it went on elsewhere: the first is known */
		{ 2, 4, 2000, 0 }, { 1, 4, 2000, 3 }, { 1, 3, 2000, 2 }, { 1, 2, 500, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint64_t hashes[AFFINITY_MARKS];
		start("");
		const struct target *t = &w.roster->model_list[1]->tiers[0].targets[0];
		if (rows[i].before) {
			ask_talk(rows[i].before, rows[i].bytes);
			affinity_learn(&table, &chain, t, NULL, w.now_ns);
		}
		ask_talk(rows[i].now, rows[i].bytes);
		size_t n = affinity_unknown(&table, &chain, w.now_ns, hashes);
		if (n != rows[i].asked)
			fail_msg("row %zu: %zu", i, n);
		if (n)
			assert_true(hashes[0] == chain.hash);
		if (n == AFFINITY_MARKS)
			assert_true(hashes[AFFINITY_MARKS - 1] == chain.opening);
		/* too long ago is not known */
		w.now_ns += S(AFFINITY_LIFE_S + 1);
		n = affinity_unknown(&table, &chain, w.now_ns, hashes);
		assert_int_equal(n, chain.bytes < CHAIN_STEP ? 0 : MIN_OF(rows[i].now, (size_t)AFFINITY_MARKS));
		stop();
	}
}

/* Once a minute each, and nothing that is not known. */
static void test_what_is_told(void **state)
{
	uint64_t hashes[AFFINITY_MARKS];

	start("");
	const struct target *t = &w.roster->model_list[1]->tiers[0].targets[0];
	ask_talk(6, 100);
	assert_int_equal(affinity_news(&table, &chain, w.now_ns, hashes), 0);
	affinity_learn(&table, &chain, t, NULL, w.now_ns);
	assert_int_equal(affinity_news(&table, &chain, w.now_ns, hashes), 4);
	assert_true(hashes[0] == chain.hash && hashes[3] == chain.opening);
	assert_int_equal(affinity_news(&table, &chain, w.now_ns, hashes), 0);
	ask_talk(8, 100);			/* one turn later: two ends are new */
	affinity_learn(&table, &chain, t, NULL, w.now_ns);
	assert_int_equal(affinity_news(&table, &chain, w.now_ns, hashes), 2);
	w.now_ns += S(AFFINITY_TELL_S - 1);
	assert_int_equal(affinity_news(&table, &chain, w.now_ns, hashes), 0);
	w.now_ns += S(1);
	assert_int_equal(affinity_news(&table, &chain, w.now_ns, hashes), 4);
	w.now_ns += S(AFFINITY_LIFE_S + 1);
	assert_int_equal(affinity_news(&table, &chain, w.now_ns, hashes), 0);
	stop();
}

/* One node's knowledge on another. */
static void test_sharing(void **state)
{
	static const struct slice bad[] = { { "", 0 }, { "1234567", 7 }, { "\0\0\0\0\0\0\0\0", 8 },
		{ "\1\0\0\0\xff\xff\xff\xff", 8 }, { "0123456789012345678901234567890123456789", 40 } };
	struct affinity other;
	char packed[AFFINITY_PACKED];

	start("");
	ask("fleet", SYSTEM("s") USER("one") "]}");
	const struct target *t = &w.roster->model_list[1]->tiers[0].targets[2];
	affinity_init(&other, 1 << 16);
	assert_int_equal(affinity_pack(&table, chain.hash, w.now_ns, packed), 0);
	affinity_learn(&table, &chain, t, NULL, w.now_ns);
	w.now_ns += S(200);
	assert_int_equal(affinity_pack(&table, chain.hash, w.now_ns, packed), 8);
	assert_true(affinity_unpack(&other, chain.hash, slice_of(packed, 8), S(5000)));	/* its clock is another */
	assert_int_equal(affinity_known(&other, &chain, t, NULL, S(5000)), chain.bytes);
	assert_int_equal(affinity_known(&other, &chain, t, NULL, S(5000 + AFFINITY_LIFE_S - 201)), chain.bytes);
	assert_int_equal(affinity_known(&other, &chain, t, NULL, S(5000 + AFFINITY_LIFE_S - 199)), 0);
	/* what is older than what is known here changes nothing */
	affinity_learn(&other, &chain, t, NULL, S(5000));
	assert_false(affinity_unpack(&other, chain.hash, slice_of(packed, 8), S(5000)));
	assert_int_equal(affinity_known(&other, &chain, t, NULL, S(5000 + AFFINITY_LIFE_S - 1)), chain.bytes);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		assert_false(affinity_unpack(&other, 77, bad[i], S(5000)));
		assert_int_equal(affinity_pack(&other, 77, S(5000), packed), 0);
	}
	affinity_done(&other);
	stop();
}

/* --- a fleet -------------------------------------------------------------------------------------------- */

#define GROUPS 30
#define USERS 4
#define TURNS 4
#define SYSTEM_BYTES 24000u	/* 6,000 tokens, as in llm-d's benchmark (algorithms.md D3) */
#define TURN_BYTES 4800u
#define FILL 0.73		/* of the fleet's memory is what all conversations take at a time */
#define REQUESTS 3000u
#define BLOCKS_MAX 8192

/* One replica's cache: blocks of a KiB, the one used longest ago goes, the end of a prompt before its beginning. */
struct replica {
	struct {
		uint64_t hash, used;
	} v[BLOCKS_MAX];
	size_t n, cap;
	double work;
};

static struct replica fleet[FLEET], oracle;

static size_t block_at(const struct replica *r, uint64_t hash)
{
	size_t i = 0;

	while (i < r->n && r->v[i].hash != hash)
		i++;
	return i;
}

/* Tokens that are in its cache already; afterwards all are. */
static double prefill(struct replica *r, const struct chain *c, uint64_t time)
{
	double warm = 0;
	bool all = true;

	for (uint32_t k = 0; k < c->n; k++) {
		size_t i = block_at(r, c->links[k].hash);
		all &= i < r->n;
		if (all)
			warm = c->links[k].end;
		if (i == r->n && r->n == r->cap)
			for (size_t m = i = 0; m < r->n; m++)
				i = r->v[m].used < r->v[i].used ? m : i;
		else if (i == r->n)
			r->n++;
		r->v[i].hash = c->links[k].hash;
		r->v[i].used = time * 256 + 255 - k;
	}
	return warm / CHAIN_TOKEN_BYTES;
}

static void add_text(struct buf *b, uint64_t seed, size_t n)
{
	struct dice d;

	dice_init(&d, seed);
	for (size_t i = 0; i < n; i++)
		buf_add_char(b, (char)('a' + dice_below(&d, 26)));
}

static void write_body(struct buf *b, uint64_t group, uint64_t talk, size_t turns)
{
	buf_clear(b);
	buf_add(b, SLICE("{\"system\":\""));
	add_text(b, group, SYSTEM_BYTES);
	buf_add(b, SLICE("\",\"messages\":["));
	for (size_t i = 0; i < turns; i++) {
		buf_addf(b, "%s{\"role\":\"user\",\"content\":\"", i ? "," : "");
		add_text(b, 1000000 + talk * 16 + i, TURN_BYTES);
		buf_add(b, SLICE("\"}"));
	}
	buf_add(b, SLICE("]}"));
}

struct running {
	struct plan plan;
	struct plan_choice choice;
	uint64_t end;
};

static void fly(uint64_t decode, void (*on_half)(void), double *out_share, double *out_skew)
{
	static struct running running[1024];
	size_t turns[GROUPS][USERS] = { 0 }, n = 0;
	uint64_t talks[GROUPS][USERS] = { 0 }, next_talk = 1;
	double warm = 0, best = 0, most = 0, sum = 0;
	struct buf body;
	struct dice d;

	memset(fleet, 0, sizeof(fleet));
	memset(&oracle, 0, sizeof(oracle));
	for (size_t i = 0; i < FLEET; i++)
		fleet[i].cap = (size_t)(GROUPS * (SYSTEM_BYTES + USERS * TURNS / 2 * TURN_BYTES) / 1024 / FILL / FLEET);
	oracle.cap = MIN_OF(fleet[0].cap * FLEET, (size_t)BLOCKS_MAX);
	buf_init(&body, 1 << 20);
	dice_init(&d, 42);
	for (uint64_t time = 0; time < REQUESTS; time++) {
		size_t g = dice_below(&d, GROUPS), u = dice_below(&d, USERS);
		if (turns[g][u]++ % TURNS == 0)
			talks[g][u] = next_talk++;
		write_body(&body, g, talks[g][u], (turns[g][u] - 1) % TURNS + 1);
		buf_add_char(&body, '\0');
		for (size_t i = 0; i < n; i++)
			if (running[i].end <= time) {
				end(&w, &running[i].plan, &running[i].choice, ERR_OK, 0);
				running[i--] = running[--n];
			}
		if (on_half && time == REQUESTS / 2)
			on_half();
		struct running *r = &running[n++];
		r->plan = ask("fleet", buf_slice(&body).p);
		r->choice = next(&w, &r->plan);
		assert_int_equal(r->choice.verdict, PLAN_GO);
		struct replica *at = &fleet[r->choice.step->target->name.p[1] - '0'];
		double total = chain.bytes / (double)CHAIN_TOKEN_BYTES, here = prefill(at, &chain, time);
		warm += here;
		best += prefill(&oracle, &chain, time);
		at->work += 1;	/* requests: what the bound is about */
		r->end = time + decode + (uint64_t)((total - here) / 300);
		w.now_ns += MS(40);
	}
	for (size_t i = 0; i < FLEET; i++) {
		most = MAX_OF(most, fleet[i].work);
		sum += fleet[i].work;
	}
	buf_done(&body);
	*out_share = warm / best;
	*out_skew = most / (sum / FLEET);
}

/* 95 % of what one big cache would have had, and nobody has a third more to do than the average. */
static void test_fleet(void **state)
{
	double share, skew;

	for (uint64_t decode = 4; decode < 200; decode *= 6) {	/* one to twenty requests at a time on each */
		start("");
		fly(decode, NULL, &share, &skew);
		print_message("# %.1f %% of the oracle's cached tokens, most loaded %.2f of the average\n",
			share * 100, skew);
		assert_true(share >= 0.95);
		assert_true(skew <= 1.3);
		stop();
	}
}

/* All that was learned is lost half-way, as when a node starts anew: rendezvous finds the system texts again. */
static void lose_all(void)
{
	affinity_done(&table);
}

static void test_fleet_forgets(void **state)
{
	double share, skew;

	start("");
	fly(24, lose_all, &share, &skew);
	print_message("# %.1f %% with all forgotten half-way, %.2f\n", share * 100, skew);
	assert_true(share >= 0.85);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_conversation_stays),
		cmocka_unit_test(test_the_longest_prefix_counts),
		cmocka_unit_test(test_rendezvous),
		cmocka_unit_test(test_bounded_load),
		cmocka_unit_test(test_failures_forget),
		cmocka_unit_test(test_others_faults_do_not),
		cmocka_unit_test(test_usage_corrects),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_bounded_memory),
		cmocka_unit_test(test_what_is_asked),
		cmocka_unit_test(test_what_is_told),
		cmocka_unit_test(test_sharing),
		cmocka_unit_test(test_fleet),
		cmocka_unit_test(test_fleet_forgets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

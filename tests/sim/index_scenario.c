/* Two nodes and the semantic cache's index at the Redis between them: what one keeps the other finds there, whatever
 * the server can, knows or is given, and no request waits for it longer than a deadline. */
#include "base/counter.h"
#include "scene.h"
#include "sim_redis.h"

#define NODE(listen, admin, kind) "listen: 127.0.0.1:" listen "\nadmin: {listen: 127.0.0.1:" admin "}\n" \
	SCENE_PROVIDERS "models:\n" SEMANTIC("near", "{mode: threshold, threshold: 0.8}") \
	SEMANTIC("proved", "{mode: verified}") "cache: {semantic_index: " kind "}\n"
#define SEMANTIC(name, semantic) "  " name ":\n    targets: [a/m1]\n    retries: 0\n    join: separate\n" \
	"    cache: {semantic: " semantic "}\n"
#define REDIS "redis: {url: \"redis://redis.test\"}\n"
#define FIRST(kind) NODE("8080", "9901", kind)
#define SECOND(kind) NODE("8090", "9911", kind)
#define AT_SECOND "127.0.0.1:8090"
#define KEY "Authorization: Bearer k\r\n"
#define QUESTION "How do I reset the password of my account?"
#define REWORDED "Hello, how do I reset the password of my account, please?"

static struct {
	struct sim *s;
	struct sim_redis *redis;
	struct sim_provider *a;
	void *second;
} two;

static void open_two(const char *first, const char *second)
{
	char why[200] = "";

	two.s = sim_new(SIM_SEED, first);
	two.redis = sim_redis_new(two.s->loop, "redis.test", 6379);
	two.a = sim_provider(two.s, "a.test", scene_good, NULL);
	two.second = sim_subject.open(two.s->loop, second, why, sizeof(why));
	if (two.second == NULL)
		fail_msg("%s", why);
	sim_run_for(two.s, 1000);
}

/* Both by the same kind of index: 0, vector sets; 1, the search module. */
static void open_kind(unsigned kind)
{
	if (kind == 0)
		open_two(FIRST("vectorset") REDIS, SECOND("vectorset") REDIS);
	else
		open_two(FIRST("search") REDIS, SECOND("search") REDIS);
}

static void close_two(void)
{
	sim_subject.close(two.second);
	sim_run_for(two.s, 1000);
	sim_redis_free(&two.redis);
	sim_free(&two.s);
}

static const char *body(const char *model, const char *system, const char *text)
{
	return sim_printf(two.s, "{\"model\":\"%s\",\"stream\":true,\"messages\":[{\"role\":\"system\",\"content\":"
		"\"%s\"},{\"role\":\"user\",\"content\":\"%s\"}]}", model, system, text);
}

static struct sim_client *ask(const char *to, const char *fields, const char *json)
{
	return sim_client(two.s, (struct sim_plan){ .to = to,
		.sends = { sim_post(two.s, "/v1/chat/completions", fields, json) } });
}

/* Its answer is whole; was it a kept one? */
static bool is_kept(struct sim_client *c)
{
	sim_check_whole(two.s, c, SCENE_GOOD);
	return slice_eq(sim_http_field(&c->answers[0].http, "x-weir-cache"), SLICE("semantic"));
}

/* Asks and waits. */
static bool hits(const char *to, const char *text)
{
	struct sim_client *c = ask(to, KEY, body("near", "s", text));

	sim_run_for(two.s, 2000);
	return is_kept(c);
}

static void what_one_keeps_the_other_finds(void **state)
{
	for (unsigned kind = 0; kind < 2; kind++) {
		open_kind(kind);
		sim_check(two.s, !hits(NULL, QUESTION));
		sim_check(two.s, sim_near_count(&two.redis->near) == 1);
		sim_run_for(two.s, 60000);
		struct sim_client *y = ask(AT_SECOND, KEY, body("near", "s", REWORDED));
		sim_run_for(two.s, 2000);
		sim_check(two.s, is_kept(y) && two.a->n == 1);
		/* as old as it is, not as long as it has been here */
		sim_check(two.s, slice_starts(sim_http_field(&y->answers[0].http, "age"), SLICE("6")));
		sim_check(two.s, counter_values[COUNTER_semantic_index_heard] == 1);
		sim_check(two.s, counter_values[COUNTER_semantic_index_foreign] == 0);
		/* and when the server is gone, it is still known here */
		sim_redis_hang_up(two.redis);
		two.redis->mute = true;
		sim_check(two.s, hits(AT_SECOND, QUESTION));
		close_two();
	}
}

static void who_finds_nothing(void **state)
{
	static const struct {
		const char *fields, *system, *text;
	} rows[] = {
		{ KEY, "other", QUESTION },
		{ "Authorization: Bearer other\r\n", "s", QUESTION },
		{ KEY, "s", "How do I not reset the password of my account?" },
		{ KEY, "s", "How do I reset the password of 2 accounts?" },
		{ KEY, "s", "Where is the harbour of Genoa?" },
		{ KEY "Cache-Control: no-cache\r\n", "s", QUESTION },
		{ KEY "Cache-Control: max-age=5\r\n", "s", QUESTION },
	};

	for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
		open_kind(i % 2);
		hits(NULL, QUESTION);
		sim_run_for(two.s, 60000);
		struct sim_client *y = ask(AT_SECOND, rows[i / 2].fields,
			body("near", rows[i / 2].system, rows[i / 2].text));
		sim_run_for(two.s, 2000);
		if (is_kept(y) || two.a->n != 2)
			fail_msg("row %zu", i / 2);
		close_two();
	}
}

/* One node after the other finds out; from then on the logs carry everything, as with `flat`. */
static void a_server_without_it(void **state)
{
	for (unsigned kind = 0; kind < 2; kind++) {
		open_kind(kind);
		two.redis->near.lacks = true;
		hits(NULL, QUESTION);
		hits(AT_SECOND, QUESTION);
		sim_check(two.s, counter_values[COUNTER_semantic_index_lacking] == 2);
		size_t calls = two.a->n;
		sim_check(two.s, !hits(NULL, "Where is the harbour of Genoa?"));
		sim_check(two.s, hits(AT_SECOND, "Where is the harbour of Genoa, please?"));
		sim_check(two.s, two.a->n == calls + 1 && two.redis->near.n_asked == 0);
		close_two();
	}
}

static void no_server(void **state)
{
	open_two(FIRST("vectorset"), SECOND("search"));
	sim_check(two.s, counter_values[COUNTER_semantic_index_lacking] == 2);
	sim_check(two.s, !hits(NULL, QUESTION) && hits(NULL, REWORDED) && !hits(AT_SECOND, QUESTION));
	close_two();
}

/* 20 ms is redis.deadline, for the ids of a vector set and their points together; the provider answers at once. */
static void a_slow_server_is_a_miss(void **state)
{
	static const struct {
		unsigned kind;
		uint64_t delay_ms;
	} rows[] = { { 0, 500 }, { 0, 15 }, { 1, 500 } };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		open_kind(rows[i].kind);
		hits(NULL, QUESTION);
		two.redis->delay_ms = rows[i].delay_ms;
		uint64_t before = sim_now_ms(two.s);
		struct sim_client *y = ask(AT_SECOND, KEY, body("near", "s", QUESTION));
		while (!y->done && sim_now_ms(two.s) < before + 1000)
			sim_run_for(two.s, 1);
		uint64_t took = sim_now_ms(two.s) - before;
		sim_check(two.s, !is_kept(y) && took >= 20 && took < 60);
		close_two();
	}
}

static void the_client_leaves_meanwhile(void **state)
{
	open_kind(0);
	hits(NULL, QUESTION);
	two.redis->delay_ms = 15;
	sim_client(two.s, (struct sim_plan){ .to = AT_SECOND, .leave = SIM_RESETS, .leave_at_ms = 5,
		.sends = { sim_post(two.s, "/v1/chat/completions", KEY, body("near", "s", QUESTION)) } });
	sim_run_for(two.s, 2000);
	sim_check(two.s, two.a->n == 1);
	close_two();
}

static void a_purge_ends_them(void **state)
{
	for (unsigned kind = 0; kind < 2; kind++) {
		open_kind(kind);
		hits(NULL, QUESTION);
		sim_client(two.s, (struct sim_plan){ .to = "127.0.0.1:9911",
			.sends = { sim_post(two.s, "/admin/cache/purge?model=near", "", "") } });
		sim_run_for(two.s, 2000);
		sim_check(two.s, !hits(AT_SECOND, QUESTION) && two.a->n == 2);
		sim_check(two.s, hits(NULL, REWORDED) && two.a->n == 2);
		close_two();
	}
}

static const char *no_logs(struct sim_redis *r, const struct slice *w, size_t n)
{
	return slice_eq(w[0], SLICE("XREAD")) ? "-ERR not now\r\n" : NULL;
}

/* A node that has not read the log of purges yet: what is there may have ended. */
static void before_the_purges_are_known(void **state)
{
	char why[200];

	open_kind(0);
	hits(NULL, QUESTION);
	sim_subject.close(two.second);
	two.redis->answer = no_logs;
	two.second = sim_subject.open(two.s->loop, SECOND("vectorset") REDIS, why, sizeof(why));
	sim_run_for(two.s, 1000);
	size_t asked = two.redis->near.n_asked;
	sim_check(two.s, counter_values[COUNTER_store_near] == 1);
	sim_check(two.s, !hits(AT_SECOND, QUESTION) && two.redis->near.n_asked == asked && two.a->n == 2);
	two.redis->answer = NULL;
	sim_run_for(two.s, 20000);
	sim_check(two.s, hits(AT_SECOND, QUESTION) && two.redis->near.n_asked == asked + 1);
	close_two();
}

/* What was said against an entry lies with it: a node that has never seen it knows, and so does one that hears of the
 * complaint before it knows the entry. */
static void a_complaint_goes_with_its_entry(void **state)
{
	for (unsigned kind = 0; kind < 2; kind++)
		for (unsigned elsewhere = 0; elsewhere < 2; elsewhere++) {
			open_kind(kind);
			hits(NULL, QUESTION);
			struct sim_client *y = ask(NULL, KEY, body("near", "s", REWORDED));
			sim_run_for(two.s, 2000);
			sim_check(two.s, is_kept(y) && two.a->n == 1);
			struct slice id = sim_http_field(&y->answers[0].http, "x-weir-cache-id");
			y = ask(elsewhere ? AT_SECOND : NULL, sim_printf(two.s, KEY "x-weir-feedback: bad %.*s\r\n",
				SLICE_ARG(id)), body("near", "s", REWORDED));
			sim_run_for(two.s, 2000);
			sim_check(two.s, !is_kept(y) && two.a->n == 2);
			sim_check(two.s, !hits(elsewhere ? NULL : AT_SECOND, QUESTION));
			close_two();
		}
}

/* With another question, to a node that has nothing to do with it: those that have it hear of it. */
static void a_complaint_reaches_who_has_it(void **state)
{
	open_kind(0);
	hits(NULL, QUESTION);
	struct sim_client *y = ask(NULL, KEY, body("near", "s", REWORDED));
	sim_run_for(two.s, 2000);
	struct slice id = sim_http_field(&y->answers[0].http, "x-weir-cache-id");
	ask(AT_SECOND, sim_printf(two.s, KEY "x-weir-feedback: bad %.*s\r\n", SLICE_ARG(id)),
		body("near", "s", "Where is the harbour of Genoa?"));
	sim_run_for(two.s, 2000);
	sim_check(two.s, !hits(NULL, QUESTION) && !hits(AT_SECOND, QUESTION));
	close_two();
}

/* Words that are no complaint, or about nothing. */
static void foreign_words(void **state)
{
	char bytes[64] = "abcdefgh";

	open_kind(0);
	hits(NULL, QUESTION);
	for (size_t n = 0; n < sizeof(bytes); n++)
		sim_redis_say(two.redis, SLICE("weir:semantic"), slice_of(bytes, n));
	sim_run_for(two.s, 100);
	sim_check(two.s, hits(AT_SECOND, QUESTION));
	close_two();
}

/* Both nodes' labels count for both. */
static void evidence_gathers_at_the_server(void **state)
{
	enum { ASKED = 300 };

	open_kind(0);
	for (unsigned i = 0; i < ASKED; i++) {
		ask(i % 2 ? AT_SECOND : NULL, KEY, body("proved", "s", QUESTION));
		sim_run_for(two.s, 61000);
	}
	sim_check(two.s, two.a->n > 3 && two.a->n < ASKED / 2);
	sim_check(two.s, sim_near_count(&two.redis->near) == 1);
	close_two();
}

static struct sim_near_point *only_point(void)
{
	return LIST_ITEM(two.redis->near.points.next, struct sim_near_point, node);
}

/* Cut off anywhere it is no entry; with a byte changed it may be another one, and nothing worse. */
static void foreign_bytes_in_its_place(void **state)
{
	char whole[4096];
	size_t n = 1;

	for (size_t i = 0; i < 2 * n; i++) {
		open_kind(0);
		hits(NULL, QUESTION);
		struct sim_near_point *p = only_point();
		n = buf_len(&p->value);
		sim_check(two.s, n > 60 && n <= sizeof(whole));
		memcpy(whole, buf_slice(&p->value).p, n);
		if (i % 2)
			whole[i / 2] = (char)~whole[i / 2];
		buf_clear(&p->value);
		buf_add(&p->value, slice_of(whole, i % 2 ? n : i / 2));
		if (i % 2 == 0)
			buf_add(&p->notes, slice_of(whole, i / 2));	/* no labels either */
		struct sim_client *y = ask(AT_SECOND, KEY, body("near", "s", QUESTION));
		sim_run_for(two.s, 2000);
		sim_check(two.s, y->done && y->answers[0].http.status == 200);
		if (i % 2 == 0)
			sim_check(two.s, !is_kept(y) && two.a->n == 2);
		close_two();
	}
}

/* An entry of another partition under this one's name, as if two had the same: it is not taken. */
static void another_partitions_entry(void **state)
{
	struct sim_near_point *of_s, *of_t;
	char bytes[4096];

	open_kind(0);
	hits(NULL, QUESTION);
	of_s = only_point();
	struct sim_client *x = ask(NULL, KEY, body("near", "t", QUESTION));
	sim_run_for(two.s, 2000);
	sim_check(two.s, !is_kept(x) && sim_near_count(&two.redis->near) == 2);
	of_t = LIST_ITEM(of_s->node.next, struct sim_near_point, node);
	struct slice v = buf_slice(&of_s->value);
	sim_check(two.s, v.n <= sizeof(bytes));
	memcpy(bytes, v.p, v.n);
	buf_clear(&of_t->value);
	buf_add(&of_t->value, slice_of(bytes, v.n));
	x = ask(AT_SECOND, KEY, body("near", "t", QUESTION));
	sim_run_for(two.s, 2000);
	sim_check(two.s, !is_kept(x) && two.a->n == 3);
	sim_check(two.s, counter_values[COUNTER_semantic_index_foreign] == 1);
	close_two();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_keeps_the_other_finds),
		cmocka_unit_test(who_finds_nothing),
		cmocka_unit_test(a_server_without_it),
		cmocka_unit_test(no_server),
		cmocka_unit_test(a_slow_server_is_a_miss),
		cmocka_unit_test(the_client_leaves_meanwhile),
		cmocka_unit_test(a_purge_ends_them),
		cmocka_unit_test(before_the_purges_are_known),
		cmocka_unit_test(a_complaint_goes_with_its_entry),
		cmocka_unit_test(a_complaint_reaches_who_has_it),
		cmocka_unit_test(foreign_words),
		cmocka_unit_test(evidence_gathers_at_the_server),
		cmocka_unit_test(foreign_bytes_in_its_place),
		cmocka_unit_test(another_partitions_entry),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "route_world.h"

struct flight {
	struct flight *next;
	struct plan plan;
	struct arena arena;
};

struct outage {
	struct world w;
	struct flight *wakes[70000];	/* by millisecond */
	uint64_t start_ns, attempts, stops;
};

/* Everything fails at once; waits are kept in the calendar. */
static void drive(struct outage *o, struct flight *f)
{
	for (;;) {
		struct plan_choice choice = next(&o->w, &f->plan);
		if (choice.verdict == PLAN_GO) {
			o->attempts++;
			end(&o->w, &f->plan, &choice, ERR_UP_FAILED, 0);
			continue;
		}
		if (choice.verdict == PLAN_STOP) {
			o->stops++;
			arena_done(&f->arena);
			free(f);
			return;
		}
		uint64_t wait_ms = MAX_OF(choice.wait_ms, (uint64_t)1);
		uint64_t at = (o->w.now_ns - o->start_ns) / SPAN_NS_PER_MS + wait_ms;
		assert_in_range(at, 0, COUNT_OF(o->wakes) - 1);
		f->next = o->wakes[at];
		o->wakes[at] = f;
		return;
	}
}

/* 1,000 requests a second for 30 s; returns attempts. */
static uint64_t total_outage(const char *text)
{
	struct outage *o = calloc(1, sizeof(*o));

	open_world(&o->w, text, 10);
	o->start_ns = o->w.now_ns;
	for (size_t ms = 0; ms < COUNT_OF(o->wakes); ms++) {
		o->w.now_ns = o->start_ns + MS(ms);
		struct flight *f = o->wakes[ms], *later;
		for (; f; f = later) {
			later = f->next;
			drive(o, f);
		}
		if (ms >= 30000)
			continue;
		f = calloc(1, sizeof(*f));
		arena_init(&f->arena, 0);
		const struct request q = { .model = SLICE("m") };
		assert_int_equal(plan_make(&f->plan, o->w.roster, &q, o->w.now_ns, &o->w.dice, &f->arena,
			NULL), ERR_OK);
		drive(o, f);
	}
	assert_int_equal(o->stops, 30000);
	uint64_t attempts = o->attempts;
	close_world(&o->w);
	free(o);
	return attempts;
}

#define OUTAGE PROVIDERS "models:\n  m: {retries: 5, tiers: [{targets: [a/1, a/2, b/1]}, {targets: [c/1]}]}\n"

/* faults.md 63.  Retries are at most a share of the requests, the floor of 10 a second, and the 10 s
 * worth saved up before. */
static void test_retries_do_not_multiply_an_outage(void **state)
{
	uint64_t attempts = total_outage("breaker: {fails: 0}\n" OUTAGE);
	assert_in_range(attempts, 30000 + 5000, 30000 * 1.2 + 10 * 30 + 100);
	/* Without the floor nothing but the share is left. */
	attempts = total_outage("breaker: {fails: 0}\nretry: {per_second: 0}\n" OUTAGE);
	assert_in_range(attempts, 30000 + 5000, 30000 * 1.2);
	/* Without any budget there are no retries at all. */
	assert_int_equal(total_outage("breaker: {fails: 0}\nretry: {per_second: 0, share: 0}\n" OUTAGE),
		30000);
}

/* Breakers stop most of the attempts: what is left are the first failures and some probes. */
static void test_breakers_end_an_outage(void **state)
{
	assert_in_range(total_outage(OUTAGE), 20, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retries_do_not_multiply_an_outage),
		cmocka_unit_test(test_breakers_end_an_outage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

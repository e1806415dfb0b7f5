/* A world for tests of plans: a roster made from configuration text, health, a clock and dice; and what may be
 * expected of it. */
#ifndef TESTS_ROUTE_WORLD_H
#define TESTS_ROUTE_WORLD_H

#include "unit.h"

#include "base/span.h"
#include "conf/conf.h"
#include "route/route_conf.h"

#define MS(x) ((uint64_t)(x) * SPAN_NS_PER_MS)
#define S(x) ((uint64_t)(x) * SPAN_NS_PER_S)

/* A roster made from configuration text, a clock, dice, and everything a plan needs. */
struct world {
	struct conf *conf;
	struct health_table health;
	struct roster *roster;
	struct plan_conf pc;
	struct dice dice;
	struct arena arena;
	uint64_t now_ns;
};

#define PROVIDERS \
	"providers:\n" \
	"  a: {url: http://a.test/v1, key: sk-a}\n" \
	"  b: {url: http://b.test/v1, key: sk-b}\n" \
	"  c: {url: http://c.test/v1}\n" \
	"  many: {url: http://many.test/v1, keys: [sk-1, sk-2, sk-3]}\n"

static inline void open_world(struct world *w, const char *text, size_t max_health)
{
	const struct source nothing = { 0 };

	memset(w, 0, sizeof(*w));
	w->conf = conf_parse(slice_str(text), "test.yaml", &route_conf, &nothing);
	health_init(&w->health, max_health, 7);
	w->roster = roster_new(w->conf, w->conf->root, &w->health);
	if (w->roster == NULL) {
		struct buf out;
		buf_init(&out, FLAW_PRINT_MAX);
		conf_faults(w->conf, &out);
		fail_msg("%.*s", SLICE_ARG(buf_slice(&out)));
	}
	w->pc = route_conf_plan(w->conf->root);
	dice_init(&w->dice, 1);
	arena_init(&w->arena, 0);
	w->now_ns = S(1000);
}

static inline void close_world(struct world *w)
{
	roster_unref(&w->roster);
	health_done(&w->health);
	conf_free(&w->conf);
	arena_done(&w->arena);
}

static inline struct plan plan_of(struct world *w, const struct request *q)
{
	struct plan p;
	struct fault f = { 0 };

	assert_int_equal(plan_make(&p, w->roster, q, w->now_ns, &w->dice, &w->arena, &f), ERR_OK);
	return p;
}

static inline struct plan plan_for(struct world *w, const char *model)
{
	return plan_of(w, &(struct request){ .model = slice_str(model) });
}

static inline struct plan_choice next(struct world *w, struct plan *p)
{
	return plan_next(p, &w->pc, w->now_ns, &w->dice);
}

static inline bool end(struct world *w, struct plan *p, const struct plan_choice *of, enum err e,
	uint64_t retry_after_ms)
{
	bool changed;

	plan_result(p, &w->pc, of, &(struct fault){ .err = e, .retry_after_ms = retry_after_ms }, w->now_ns,
		&changed);
	return changed;
}

static inline struct plan_choice expect_go(struct world *w, struct plan *p, const char *target)
{
	struct plan_choice choice = next(w, p);

	if (choice.verdict != PLAN_GO)
		fail_msg("no attempt, want one at %s", target);
	assert_slice(choice.step->target->name, target);
	return choice;
}

static inline void expect_stop(struct world *w, struct plan *p, enum err why, uint64_t retry_after_ms)
{
	struct plan_choice choice = next(w, p);

	assert_int_equal(choice.verdict, PLAN_STOP);
	assert_string_equal(err_name(choice.why), err_name(why));
	assert_int_equal(choice.retry_after_ms, retry_after_ms);
}

static inline uint64_t expect_wait(struct world *w, struct plan *p, uint64_t least_ms, uint64_t most_ms)
{
	struct plan_choice choice = next(w, p);

	assert_int_equal(choice.verdict, PLAN_WAIT);
	assert_in_range(choice.wait_ms, least_ms, most_ms);
	return choice.wait_ms;
}

#endif

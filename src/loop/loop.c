/* The turn.  libuv's prepare phase comes right before the poll, after all callbacks of the iteration: that is the end
 * of the turn.  It owns the run queue, the graves, the wheel and the clock of the turn; streams flush themselves when
 * asked (stream_priv.h).
 *
 * Of the loop's own handles only `idle` counts as open, while work is left over; so loop_run() ends when there is none
 * and nobody else has anything open. */
#include "loop/loop.h"

#include <stdlib.h>
#include <time.h>

#include "base/must.h"
#include "base/span.h"
#include "loop/dns.h"
#include "loop/loop_priv.h"
#include "loop/stream_priv.h"

/* Tasks of one turn.  More than any honest turn posts; a chain of tasks that post each other cannot starve the
 * sockets beyond this. */
#define TASKS_PER_TURN 10000

uint64_t loop_clock(const struct loop *l)
{
	return uv_hrtime();
}

uint64_t loop_now(const struct loop *l)
{
	if (l->now_stale) {
		struct loop *own = (struct loop *)l;	/* a cache, invisible to the caller */
		own->now_ns = MAX_OF(uv_hrtime(), l->now_ns);
		own->now_stale = false;
		busy_begin(&own->busy, own->now_ns);
	}
	return l->now_ns;
}

uint64_t loop_wall_ms(const struct loop *l)
{
	if (l->wall_stale) {
		struct loop *own = (struct loop *)l;
		struct timespec ts;
		clock_gettime(CLOCK_REALTIME, &ts);
		own->wall_ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / SPAN_NS_PER_MS;
		own->wall_stale = false;
	}
	return l->wall_ms;
}

const struct loop_busy *loop_busy(const struct loop *l)
{
	return &l->busy.seen;
}

void loop_on_stall(struct loop *l, void (*on_stall)(void *arg, const struct loop_stall *s), void *arg)
{
	l->busy.on_stall = on_stall;
	l->busy.arg = arg;
}

struct wheel *loop_wheel(struct loop *l)
{
	return &l->wheel;
}

void loop_post(struct loop *l, struct task *t)
{
	if (t->posted)
		return;
	t->posted = true;
	list_push_back(&l->tasks, &t->node);
}

void loop_unpost(struct loop *l, struct task *t)
{
	if (!t->posted)
		return;
	t->posted = false;
	list_remove(&t->node);
}

void loop_bury(struct loop *l, struct grave *g, void (*dig)(struct grave *))
{
	g->dig = dig;
	list_push_back(&l->graves, &g->node);
}

static void run_tasks(struct loop *l)
{
	struct list *node;

	for (int i = 0; i < TASKS_PER_TURN && (node = list_pop_front(&l->tasks)) != NULL; i++) {
		struct task *t = LIST_ITEM(node, struct task, node);
		void (*go)(struct task *) = t->go;
		t->posted = false;
		go(t);
		busy_step(&l->busy, LOOP_STEP_TASK, go, uv_hrtime());
		stream_flush_early(l);
	}
}

static void dig_graves(struct loop *l)
{
	struct list *node;

	while ((node = list_pop_front(&l->graves)) != NULL) {
		struct grave *g = LIST_ITEM(node, struct grave, node);
		g->dig(g);
		loop_touched(l, LOOP_STEP_GRAVE);
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct loop *l = timer->data;

	const uint64_t now_ms = loop_now(l) / SPAN_NS_PER_MS;

	l->armed_ms = UINT64_MAX;
	loop_touched_all(l, LOOP_STEP_READ);
	wheel_advance(&l->wheel, now_ms);
	busy_step(&l->busy, LOOP_STEP_ALARM, NULL, uv_hrtime());
}

/* An alarm that is later than what the timer waits for costs nothing here; one that was cleared costs at most one
 * wake-up for nothing.  libuv's time and uv_hrtime() are the same clock, so the tick is an absolute time to both. */
static void arm_timer(struct loop *l)
{
	uint64_t next = wheel_next_ms(&l->wheel), uv_ms = uv_now(&l->uv);

	if (next >= l->armed_ms)
		return;
	l->armed_ms = next;
	must(uv_timer_start(&l->timer, on_timer, next > uv_ms ? next - uv_ms : 0, 0) == 0);
	uv_unref((uv_handle_t *)&l->timer);
}

static void on_idle(uv_idle_t *idle)
{
	/* Only its being active matters: libuv then polls without waiting. */
}

static bool left_over(const struct loop *l)
{
	return !list_empty(&l->tasks) || !list_empty(&l->dirty) || !list_empty(&l->graves);
}

/* The flush and the graves may post (a failed write is reported by a task): that waits for the next turn. */
static void end_turn(struct loop *l)
{
	l->turns++;
	loop_now(l);
	loop_touched_all(l, LOOP_STEP_READ);
	run_tasks(l);
	stream_flush_all(l);
	loop_touched_all(l, LOOP_STEP_WRITE);
	dig_graves(l);
	loop_touched_all(l, LOOP_STEP_GRAVE);
	busy_end(&l->busy);
	if (left_over(l))
		uv_idle_start(&l->idle, on_idle);
	else
		uv_idle_stop(&l->idle);
	arm_timer(l);
	l->now_stale = l->wall_stale = true;
}

static void on_prepare(uv_prepare_t *prepare)
{
	end_turn(prepare->data);
}

struct loop *loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));

	must(l != NULL);
	must(uv_loop_init(&l->uv) == 0);
	l->now_stale = l->wall_stale = true;
	l->armed_ms = UINT64_MAX;
	wheel_init(&l->wheel, uv_hrtime() / SPAN_NS_PER_MS);
	list_init(&l->tasks);
	list_init(&l->graves);
	list_init(&l->dirty);
	list_init(&l->streams);
	uv_prepare_init(&l->uv, &l->prepare);
	uv_idle_init(&l->uv, &l->idle);
	uv_timer_init(&l->uv, &l->timer);
	l->prepare.data = l->idle.data = l->timer.data = l;
	uv_prepare_start(&l->prepare, on_prepare);
	uv_unref((uv_handle_t *)&l->prepare);
	return l;
}

void loop_run(struct loop *l)
{
	busy_begin(&l->busy, uv_hrtime());	/* what came before was no turn */
	/* libuv does not run a loop in which nothing is open, but tasks may still open something. */
	do {
		if (!l->stopped)
			end_turn(l);
		uv_run(&l->uv, UV_RUN_DEFAULT);		/* after uv_stop() it returns at once and forgets it */
	} while (!l->stopped && left_over(l));
	l->stopped = false;
	l->now_stale = true;		/* who stopped it may have done so in the middle of a turn */
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
	uv_stop(&l->uv);
}

void loop_free(struct loop **lp)
{
	struct loop *l = *lp;

	if (l == NULL)
		return;
	*lp = NULL;
	stream_end_all(l);
	dns_free(&l->dns);
	uv_close((uv_handle_t *)&l->prepare, NULL);
	uv_close((uv_handle_t *)&l->idle, NULL);
	uv_close((uv_handle_t *)&l->timer, NULL);
	do {
		uv_run(&l->uv, UV_RUN_NOWAIT);
		dig_graves(l);
	} while (uv_loop_alive(&l->uv) && l->uv.active_handles == 0);
	must(uv_loop_close(&l->uv) == 0);	/* everything opened on it was closed */
	while (l->spare_n > 0)
		free(l->spares[--l->spare_n]);
	free(l);
}

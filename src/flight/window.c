/* A window of a group exists while flights of the group wait or are under way: so it knows that nothing is under way
 * when there is none.  It changes state only in `look`, at the end of a turn or when its clock fires; all else
 * counts and posts. */
#include "flight/window.h"

#include <stdlib.h>

#include "base/counter.h"
#include "base/siphash.h"
#include "base/span.h"
#include "flight/batch.h"
#include "flight/flight.h"
#include "ledger/waits.h"

#define MOST_WINDOWS (1u << 20)	/* as many as flights can be listed (join.c) */
/* "No more flights come": nothing for this many usual gaps between them.  Of arrivals at random e^-8, one gap in
 * 3,000, is that long. */
#define QUIET_GAPS 8u
#define QUIET_MIN_MS 2u		/* below that the alarm's tick, 1 ms, decides */
#define QUIET_SHARE 8u		/* and never longer than that part of the longest wait */
#define GAP_WEIGHT 8u		/* of the moving average: 1/8, as TCP's round-trip time (RFC 6298) */

struct window {
	struct windows *owner;
	uint64_t key;
	struct window_conf conf;
	struct merge_limits limits;	/* of one call; items 0: nothing can be merged */
	struct list waiting;		/* FLIGHT_COLLECTED, oldest first */
	uint32_t n_waiting, n_flying;
	struct merge_limits have;	/* what those that wait come to */
	uint64_t opened_ns, last_ns, gap_ns;	/* the first and the last arrival; usual gap, 0 while unknown */
	bool at_once;			/* nothing was under way when the first one came */
	struct alarm clock;
	struct task look;
	struct grave grave;
};

static void look(struct task *t);
static void on_clock(struct alarm *a);

/* --- who waits ------------------------------------------------------------------------------------------ */

static bool collects(const struct request *r, const struct model *m)
{
	uint64_t max_ms = m->window.max_ms;

	if (r->merged || r->door.alone || max_ms == 0 || m->window.mode == ROSTER_WINDOW_JOIN)
		return false;
	/* A client that is in a hurry says so, or has no time to lose. */
	if (r->door.priority == REQUEST_REALTIME || (r->timeout_ms && r->timeout_ms <= 2 * max_ms))
		return false;
	return m->window.mode == ROSTER_WINDOW_COLLECT || r->op == REQUEST_EMBED || r->door.priority >= REQUEST_BULK;
}

/* --- groups --------------------------------------------------------------------------------------------- */

static uint64_t add(uint64_t hash, const void *p, size_t n)
{
	return siphash(&(struct siphash_key){ hash, 2 }, slice_of(p, n));
}

/* Whether two flights really go together is for batch_fits to say: a collision only makes them wait in one place. */
static uint64_t key_of(const struct windows *ws, const struct flight *f, const struct merge_part *part)
{
	const struct model *m = f->plan.model;
	const struct request *r = &f->request;
	uint64_t hash = add(part ? part->frame : ws->seed, m->name.p, m->name.n);

	hash = add(hash, &f->roster, sizeof(f->roster));
	hash = add(hash, &r->dialect, sizeof(r->dialect));
	if (part)
		hash = add(hash, &r->door.tenant, sizeof(r->door.tenant));
	return hash;
}

static struct slice slice_of_key(const uint64_t *key)
{
	return slice_of(key, sizeof(*key));
}

static void dig(struct grave *g)
{
	free(LIST_ITEM(g, struct window, grave));
}

static void end(struct window *w)
{
	map_take(&w->owner->groups, slice_of_key(&w->key));
	alarm_clear(&w->clock);
	loop_unpost(w->owner->loop, &w->look);
	loop_bury(w->owner->loop, &w->grave, dig);
}

static struct window *open_window(struct windows *ws, const struct flight *f, uint64_t key, bool merges)
{
	struct window *w = calloc(1, sizeof(*w));

	must(w != NULL);
	w->owner = ws;
	w->key = key;
	w->conf = f->plan.model->window;
	if (f->request.company_ms)
		w->conf.max_ms = MIN_OF(w->conf.max_ms, f->request.company_ms);
	if (merges && !batch_limits(f, &w->limits))
		w->limits = (struct merge_limits){ .items = 0 };
	list_init(&w->waiting);
	alarm_init(&w->clock, ws->loop, on_clock);
	w->look.go = look;
	if (map_put(&ws->groups, slice_of_key(&w->key), w))
		return w;
	free(w);
	return NULL;
}

void window_init(struct windows *ws, struct loop *l, uint64_t seed)
{
	*ws = (struct windows){ .loop = l, .seed = seed };
	map_init(&ws->groups, MOST_WINDOWS, seed);
}

void window_done(struct windows *ws)
{
	struct slice key;
	size_t at = 0;
	void *v;

	while (map_next(&ws->groups, &at, &key, &v)) {
		struct window *w = v;
		must(w->n_waiting == 0 && w->n_flying == 0);
		alarm_clear(&w->clock);
		loop_unpost(ws->loop, &w->look);
		free(w);
	}
	map_done(&ws->groups);
}

/* --- arriving and leaving ------------------------------------------------------------------------------- */

/* Those of one turn come together: there is no gap between them. */
static void note_arrival(struct window *w, uint64_t now)
{
	uint64_t gap = now - w->last_ns;

	if (w->n_waiting + w->n_flying == 0)
		w->gap_ns = 0;
	else if (w->gap_ns == 0)
		w->gap_ns = gap;
	else if (gap)
		w->gap_ns += gap / GAP_WEIGHT - w->gap_ns / GAP_WEIGHT;
	w->last_ns = now;
}

static bool is_full(const struct window *w)
{
	return w->limits.items && (w->have.items >= w->limits.items || w->have.tokens >= w->limits.tokens);
}

static void arrive(struct window *w, struct flight *f, uint32_t items)
{
	uint64_t now = loop_now(w->owner->loop);

	note_arrival(w, now);
	if (w->n_waiting == 0) {
		w->opened_ns = now;
		w->at_once = w->n_flying == 0;
		alarm_set(&w->clock, w->conf.max_ms);
	}
	f->window = w;
	f->items = items;
	list_push_back(&w->waiting, &f->node);
	w->n_waiting++;
	w->have.items += items;
	w->have.tokens += (uint32_t)MIN_OF(f->request.prompt_tok, (uint64_t)(UINT32_MAX / 2 - w->have.tokens));
	if (w->at_once || is_full(w))
		loop_post(w->owner->loop, &w->look);
}

bool window_take(struct windows *ws, struct flight *f)
{
	struct merge_part part = { .n = 1 };

	if (!collects(&f->request, f->plan.model))
		return false;
	bool merges = merge_look(&f->request, ws->seed, &part);
	uint64_t key = key_of(ws, f, merges ? &part : NULL);
	struct window *w = map_find(&ws->groups, slice_of_key(&key));
	if (w == NULL)
		w = open_window(ws, f, key, merges);
	if (w == NULL) {
		counter_add(COUNTER_windows_full, 1);
		return false;
	}
	arrive(w, f, part.n);
	return true;
}

void window_leave(struct flight *f)
{
	struct window *w = f->window;

	if (w == NULL)
		return;
	waits_add(WAITS_WINDOW, f->request.door.priority, loop_now(w->owner->loop) - f->open_ns);
	f->window = NULL;
	list_remove(&f->node);
	w->n_waiting--;
	w->have.items -= f->items;
	w->have.tokens -= (uint32_t)MIN_OF(f->request.prompt_tok, (uint64_t)w->have.tokens);
	if (w->n_waiting == 0)
		loop_post(w->owner->loop, &w->look);
}

void window_flies(struct window *w, struct flight *f)
{
	f->came_from = w;
	w->n_flying++;
}

void window_landed(struct flight *f)
{
	struct window *w = f->came_from;

	if (w == NULL)
		return;
	f->came_from = NULL;
	must(w->n_flying > 0);
	w->n_flying--;
	loop_post(w->owner->loop, &w->look);
}

static void fly(struct window *w, struct flight *f)
{
	window_flies(w, f);
	flight_depart(f);
}

void window_hurry(struct flight *f, const struct request *joined)
{
	struct window *w = f->window;
	struct request r = *joined;

	if (w == NULL)
		return;
	if (r.door.priority == REQUEST_PRIORITY_UNSAID)
		r.door.priority = f->plan.model->priority;
	f->request.door.priority = MIN_OF(f->request.door.priority, r.door.priority);
	if (collects(&r, f->plan.model))
		return;
	window_leave(f);
	fly(w, f);
}

/* --- closing -------------------------------------------------------------------------------------------- */

/* The most urgent first; of one priority, the oldest. */
static void take_all(struct window *w, struct list *out)
{
	for (unsigned p = REQUEST_REALTIME; p <= REQUEST_BATCH; p++)
		LIST_EACH(node, tmp, &w->waiting) {
			struct flight *f = LIST_ITEM(node, struct flight, node);
			if (f->request.door.priority != p)
				continue;
			window_leave(f);
			list_push_back(out, &f->node);
		}
	must(list_empty(&w->waiting));
}

/* As many of `from` as one call with its first one takes. */
static uint32_t pack(const struct window *w, struct list *from, struct list *out)
{
	struct flight *first = LIST_ITEM(from->next, struct flight, node);
	struct batch_load load = { .n = 0 };

	LIST_EACH(node, tmp, from) {
		struct flight *f = LIST_ITEM(node, struct flight, node);
		if (f != first && !batch_fits(&w->limits, &load, first, f))
			continue;
		batch_add(&load, f);
		list_remove(node);
		list_push_back(out, node);
		if (load.items >= w->limits.items)
			break;
	}
	return load.n;
}

static void close_window(struct window *w, enum counter why)
{
	struct list leaving, call;

	counter_add(why, 1);
	list_init(&leaving);
	list_init(&call);
	alarm_clear(&w->clock);
	w->at_once = false;
	take_all(w, &leaving);
	while (!list_empty(&leaving))
		if (pack(w, &leaving, &call) > 1)
			batch_open(w, &call);
		else
			fly(w, LIST_ITEM(list_pop_front(&call), struct flight, node));
}

/* When nothing is under way, that long after the last arrival. */
static uint64_t quiet_ns(const struct window *w)
{
	uint64_t most = MAX_OF(w->conf.max_ms / QUIET_SHARE, 1ull) * SPAN_NS_PER_MS;

	return MIN_OF(MAX_OF(w->gap_ns * QUIET_GAPS, QUIET_MIN_MS * SPAN_NS_PER_MS), most);
}

static void look_at(struct window *w)
{
	uint64_t now = loop_now(w->owner->loop), end_ns = w->opened_ns + w->conf.max_ms * SPAN_NS_PER_MS;
	uint64_t due = end_ns;

	if (w->n_flying == 0)
		due = MIN_OF(due, w->last_ns + quiet_ns(w));
	if (is_full(w))
		close_window(w, COUNTER_windows_by_size);
	else if (w->at_once || (due <= now && due < end_ns))
		close_window(w, COUNTER_windows_by_idle);
	else if (due <= now)
		close_window(w, COUNTER_windows_by_time);
	else
		alarm_set(&w->clock, (due - now + SPAN_NS_PER_MS - 1) / SPAN_NS_PER_MS);
}

static void look(struct task *t)
{
	struct window *w = LIST_ITEM(t, struct window, look);

	if (w->n_waiting)
		look_at(w);
	else if (w->n_flying == 0)
		end(w);
	else
		alarm_clear(&w->clock);
}

static void on_clock(struct alarm *a)
{
	look(&LIST_ITEM(a, struct window, clock)->look);
}

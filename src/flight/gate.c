#include "flight/gate.h"

#include "base/counter.h"
#include "base/span.h"
#include "dialect/marks.h"
#include "flight/flight.h"

#define FIRST_GUESS_MS 1000.0	/* before anything was measured */
#define DEADLINE_SHARE 4	/* who has less left than so many times the wait does not wait */
#define PACE 0.05		/* the median moves by so much of itself with each answer (stochastic approximation) */

static uint64_t now_of(const struct flight *f)
{
	return loop_now(f->env->attempt.loop);
}

/* The one that is asked, or that will be asked first. */
static const struct target *target_of(const struct flight *f)
{
	return f->target || f->plan.n == 0 ? f->target : f->plan.steps[0].target;
}

/* What its cache is like; NULL: writing costs nothing there, or nobody asked for marks. */
static const struct marks_row *row_of(const struct flight *f)
{
	const struct target *t = target_of(f);

	if (t == NULL || f->request.chain == NULL || !f->plan.steps[0].model->prefix)
		return NULL;
	const struct dialect *back = translate_pick(&t->provider->tongues, &f->request);
	const struct marks_row *row = back ? marks_find(back, t->model) : NULL;
	return row == NULL || row->how != MARKS_BLOCKS ? NULL : row;
}

/* --- prefixes ------------------------------------------------------------------------------------------- */

/* Whole parts that others can share: everything but the last message, and nothing too short to be cached. */
static bool is_shareable(const struct chain *c, const struct chain_link *l, const struct marks_row *row)
{
	return l->kind != CHAIN_INSIDE && l->hash != c->hash && l->end / CHAIN_TOKEN_BYTES >= row->min_tok;
}

/* A prefix at a target: elsewhere it is another. */
static uint64_t key_of(const struct flight *f, const struct chain_link *l)
{
	return l->hash ^ chain_salt(0, target_of(f)->name);
}

static uint32_t place_of(uint64_t key)
{
	return (uint32_t)(key % GATE_ROWS);
}

static uint64_t model_hash(const struct flight *f)
{
	return chain_salt(0, f->plan.model->name);
}

static double *median_of(struct flight *f)
{
	uint64_t model = model_hash(f);
	struct gate *g = &f->env->gate;
	size_t i = model % GATE_PACES;

	if (g->paces[i].model != model) {
		g->paces[i].model = model;
		g->paces[i].median_ms = FIRST_GUESS_MS;
	}
	return &g->paces[i].median_ms;
}

/* --- siblings ------------------------------------------------------------------------------------------- */

/* The longest prefix of this prompt of which anything is known decides; *out_warm: it is there already. */
static struct gate_pass *find_leader(struct flight *f, const struct marks_row *row, bool *out_warm)
{
	const struct chain *c = f->request.chain;
	struct gate *g = &f->env->gate;

	*out_warm = false;
	for (uint32_t i = c->n; i-- > 0;) {
		if (!is_shareable(c, &c->links[i], row))
			continue;
		uint64_t key = key_of(f, &c->links[i]);
		uint32_t at = place_of(key);
		if (g->rows[at].key != key)
			continue;
		*out_warm = g->rows[at].warm_ns > now_of(f);
		if (*out_warm || g->rows[at].leader)
			return *out_warm ? NULL : g->rows[at].leader;
	}
	return NULL;
}

uint64_t gate_hold(struct flight *f)
{
	const struct marks_row *row = row_of(f);
	bool warm = false;
	struct gate_pass *leader = row ? find_leader(f, row, &warm) : NULL;

	if (leader == NULL)
		return 0;
	if (f->env->gate.waiters >= GATE_WAITERS_MAX) {
		counter_add(COUNTER_gate_full, 1);
		return 0;
	}
	uint64_t wait_ms = MAX_OF((uint64_t)MIN_OF(*median_of(f) * 1.5, (double)GATE_WAIT_MAX_MS), 1);
	if (f->deadline_ns && f->deadline_ns - now_of(f) < wait_ms * SPAN_NS_PER_MS * DEADLINE_SHARE)
		return 0;
	counter_add(COUNTER_gate_waits, 1);
	f->env->gate.waiters++;
	f->gate.waits = true;
	list_push_back(&leader->siblings, &f->gate.node);
	return wait_ms;
}

static void stop_waiting(struct flight *f)
{
	if (!f->gate.waits)
		return;
	f->gate.waits = false;
	f->env->gate.waiters--;
	list_remove(&f->gate.node);
}

/* --- leaders -------------------------------------------------------------------------------------------- */

/* A row whose leader is still on the way stays his. */
static void take_row(struct flight *f, uint64_t key)
{
	struct gate *g = &f->env->gate;
	uint32_t at = place_of(key);

	if (g->rows[at].leader)
		return;
	g->rows[at].key = key;
	g->rows[at].warm_ns = 0;
	g->rows[at].leader = &f->gate;
	f->gate.rows[f->gate.n_rows++] = at;
}

/* What is warm lives on with each use; of what is cold the longest dialogue, and tools with system. */
void gate_lead(struct flight *f)
{
	const struct chain *c = f->request.chain;
	const struct marks_row *row = row_of(f);
	struct gate *g = &f->env->gate;

	/* Sent without marks it writes nothing that anybody could wait for. */
	if (row == NULL || f->attempts != 1 || !f->attempt.marked)
		return;
	must(!f->gate.leads);
	f->gate.n_rows = 0;
	for (uint32_t i = c->n; i-- > 0 && f->gate.n_rows < COUNT_OF(f->gate.rows);) {
		const struct chain_link *l = &c->links[i];
		bool is_root = l->hash == c->root, is_first = l->kind == CHAIN_MESSAGE && f->gate.n_rows == 0;
		if (!is_shareable(c, l, row) || !(is_root || is_first))
			continue;
		uint64_t key = key_of(f, l);
		uint32_t at = place_of(key);
		if (g->rows[at].key == key && g->rows[at].warm_ns > now_of(f))
			g->rows[at].warm_ns = now_of(f) + row->life_s * (uint64_t)SPAN_NS_PER_S;
		else
			take_row(f, key);
	}
	f->gate.leads = f->gate.n_rows > 0;
	f->gate.since_ns = now_of(f);
	list_init(&f->gate.siblings);
}

static void learn_pace(struct flight *f)
{
	double *median = median_of(f), took = (double)(now_of(f) - f->gate.since_ns) / SPAN_NS_PER_MS;

	*median *= took > *median ? 1 + PACE : 1 - PACE;
	*median = MAX_OF(*median, 1);
}

void gate_open(struct flight *f, bool warm)
{
	const struct marks_row *row;
	struct gate *g = &f->env->gate;
	struct list *node;

	if (!f->gate.leads)
		return;
	f->gate.leads = false;
	row = row_of(f);
	for (size_t i = 0; i < f->gate.n_rows; i++) {
		g->rows[f->gate.rows[i]].leader = NULL;
		if (warm && row)
			g->rows[f->gate.rows[i]].warm_ns = now_of(f) + row->life_s * (uint64_t)SPAN_NS_PER_S;
	}
	if (warm)
		learn_pace(f);
	while ((node = list_pop_front(&f->gate.siblings)) != NULL) {
		struct flight *sibling = LIST_ITEM(node, struct flight, gate.node);
		stop_waiting(sibling);
		alarm_set(&sibling->clock, 0);
	}
}

void gate_leave(struct flight *f)
{
	gate_open(f, false);
	stop_waiting(f);
}

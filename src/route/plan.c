/* Ordering targets, choosing the next attempt, and learning from its end.  Knows no sockets, no clock of
 * its own and no HTTP status: what a fault means for the next step is its row in errs.def.
 *
 * A round tries each target once, in plan order.  After a round comes a back-off, then the next round:
 *
 *   plan_next: GO --> attempt --> plan_result --> plan_next: GO ... WAIT --> GO ... STOP */
#include "route/plan.h"

#include "base/counter.h"
#include "base/nearest.h"
#include "base/span.h"
#include "base/utf8.h"
#include "route/affinity.h"

#define MODELS_MAX 16			/* the model and its fallbacks: the hop cap of faults.md 65 */
#define NAME_SHOWN 100u			/* bytes of a client's model name shown in a fault */
#define MODELS_COMPARED 256u		/* for "did you mean": bounds what a wrong name can cost */
#define REST_MIN_MS 1000u		/* a Retry-After of 0 would make a busy loop */
#define REST_DEFAULT_MS 5000u		/* a 429 that does not say: LiteLLM's cool-down */
#define CACHE_LEAST_BYTES 8192u		/* shorter prompts than about 2,048 tokens may be below a provider's minimum */
#define PROBE_GUESS_MS 1000u		/* somebody else's probe is out: when to ask again */

/* --- making --------------------------------------------------------------------------------------------- */

struct models {
	const struct model *v[MODELS_MAX];
	size_t n;
};

static void add_model(struct models *ms, struct roster *r, struct slice name, struct arena *a)
{
	for (size_t i = 0; i < ms->n; i++)
		if (slice_eq(ms->v[i]->name, name))
			return;
	const struct model *m = ms->n < MODELS_MAX ? roster_find(r, name, a) : NULL;
	if (m)
		ms->v[ms->n++] = m;
}

/* The model, what the request names, then what the configuration names for each of them, nearest first. */
static void find_models(struct models *ms, struct roster *r, const struct request *q, struct arena *a)
{
	add_model(ms, r, q->model, a);
	if (q->no_fallbacks)
		return;
	for (size_t i = 0; i < q->n_fallbacks; i++)
		add_model(ms, r, q->fallbacks[i], a);
	for (size_t i = 0; i < ms->n; i++)
		for (size_t k = 0; k < ms->v[i]->n_fallbacks; k++)
			add_model(ms, r, ms->v[i]->fallbacks[k], a);
}

static struct fault no_model(struct roster *r, struct slice name, struct arena *a)
{
	struct slice shown = utf8_cut(name, NAME_SHOWN), provider, at_all = SLICE_EMPTY;
	struct nearest near;
	size_t at = 0;
	void *unused;

	nearest_init(&near, name);
	for (size_t i = 0; i < r->n_models && i < MODELS_COMPARED; i++)
		nearest_offer(&near, r->model_list[i]->name);
	if (nearest_name(&near).n)
		return fault_make(a, ERR_NO_MODEL, "there is no model \"%.*s\"; did you mean \"%.*s\"?",
			SLICE_ARG(shown), SLICE_ARG(nearest_name(&near)));
	size_t slash = slice_find(name, '/');
	nearest_init(&near, slice_of(name.p, slash));
	while (map_next(&r->providers, &at, &provider, &unused)) {
		nearest_offer(&near, provider);
		at_all = provider;
	}
	provider = nearest_name(&near);
	if (slash < name.n && provider.n && !slice_eq(provider, slice_of(name.p, slash)))
		return fault_make(a, ERR_NO_MODEL,
			"there is no provider for \"%.*s\"; did you mean \"%.*s%.*s\"?",
			SLICE_ARG(shown), SLICE_ARG(provider), SLICE_ARG(slice_skip(shown, slash)));
	if (slash == name.n && r->n_models == 0 && at_all.n)
		return fault_make(a, ERR_NO_MODEL, "there is no model \"%.*s\"; no models are configured, "
			"so name the provider too: \"%.*s/%.*s\"",
			SLICE_ARG(shown), SLICE_ARG(at_all), SLICE_ARG(shown));
	return fault_make(a, ERR_NO_MODEL, "there is no model \"%.*s\"", SLICE_ARG(shown));
}

static bool has_target(const struct plan *p, const struct target *t)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->steps[i].target->provider == t->provider &&
			slice_eq(p->steps[i].target->model, t->model))
			return true;
	return false;
}

static void add_step(struct plan *p, const struct model *m, const struct target *t, bool fallback)
{
	if (p->n == PLAN_MAX || (fallback && has_target(p, t)))
		return;
	p->steps[p->n++] = (struct plan_step){ .target = t, .model = m,
		.why = fallback ? t->why_fallback : t->why };
}

/* Takes one out, by weight; what is left stays in order. */
static const struct target *draw(const struct target **left, size_t *n, uint64_t *sum, struct dice *d)
{
	uint64_t x = *n > 1 ? dice_below(d, *sum) : 0;
	size_t i = 0;

	while (x >= left[i]->weight)
		x -= left[i++]->weight;
	const struct target *t = left[i];
	*sum -= t->weight;
	memmove(left + i, left + i + 1, (*n - i - 1) * sizeof(*left));
	--*n;
	return t;
}

/* Every target of the tier is in the plan, so the first choice has its siblings as failovers. */
static bool add_tier(struct plan *p, const struct model *m, const struct tier *tier, bool fallback,
	uint32_t turn, struct dice *d)
{
	const struct target *left[ROSTER_MAX_TARGETS];
	size_t n = 0;
	uint64_t sum = 0;

	for (size_t i = 0; i < tier->n_targets && n < ROSTER_MAX_TARGETS; i++) {
		if (tier->targets[i].weight == 0)
			continue;
		sum += tier->targets[i].weight;
		left[n++] = &tier->targets[i];
	}
	bool any = n > 0;
	if (tier->balance == ROSTER_PREFIX && p->chain && any)
		affinity_order(p->roster->health->affinity, p->chain, left, n, p->made_ns, d);
	else if (tier->balance == ROSTER_WEIGHTED || tier->balance == ROSTER_PREFIX)
		while (n > 0)
			add_step(p, m, draw(left, &n, &sum, d), fallback);
	size_t start = tier->balance == ROSTER_ROUND_ROBIN && n ? turn % n : 0;
	for (size_t i = 0; i < n; i++)
		add_step(p, m, left[(start + i) % n], fallback);
	return any;
}

static void add_tiers(struct plan *p, const struct model *m, bool fallback, bool first_only, struct dice *d)
{
	/* Only the model's own requests turn its wheel: two models that share it would fall into step. */
	uint32_t turn = fallback ? m->health->turn : m->health->turn++;

	for (size_t i = 0; i < m->n_tiers; i++)
		if (add_tier(p, m, &m->tiers[i], fallback, turn, d) && first_only)
			return;
}

static size_t count_targets(const struct models *ms)
{
	size_t n = 0;

	for (size_t i = 0; i < ms->n; i++)
		for (size_t k = 0; k < ms->v[i]->n_tiers; k++)
			n += ms->v[i]->tiers[k].n_targets;
	return MIN_OF(n, (size_t)PLAN_MAX);
}

enum err plan_make(struct plan *p, struct roster *r, const struct request *q, uint64_t now_ns, struct dice *d,
	struct arena *a, struct fault *out_fault)
{
	struct models ms = { .n = 0 };

	find_models(&ms, r, q, a);
	if (ms.n == 0) {
		*out_fault = no_model(r, q->model, a);
		out_fault->param = SLICE("model");
		return ERR_NO_MODEL;
	}
	*p = (struct plan){ .model = ms.v[0], .roster = r, .made_ns = now_ns,
		.chain = r->health->affinity ? q->chain : NULL };
	p->steps = ARENA_ARRAY(a, struct plan_step, count_targets(&ms));
	for (size_t i = 0; i < ms.n; i++)
		add_tiers(p, ms.v[i], i > 0 || !slice_eq(ms.v[i]->name, q->model), q->no_fallbacks, d);
	return ERR_OK;
}

/* --- choosing ------------------------------------------------------------------------------------------- */

static uint64_t later_ms(uint64_t from_ns, uint64_t to_ns)
{
	return to_ns > from_ns ? (to_ns - from_ns + SPAN_NS_PER_MS - 1) / SPAN_NS_PER_MS : 0;
}

/* When the target has a key to use; *out_why says what the soonest one rests for. */
static uint64_t key_ready_ns(const struct target *t, enum err *out_why)
{
	uint64_t soonest = UINT64_MAX;

	if (t->provider->n_keys == 0)
		return 0;
	for (size_t i = 0; i < t->provider->n_keys; i++) {
		const struct health_rest *r = health_key_rest(t->health, t->provider->keys[i].health);
		if (r == NULL)
			return 0;
		if (r->until_ns >= soonest)
			continue;
		soonest = r->until_ns;
		*out_why = r->why;
	}
	return soonest;
}

/* When the step can be tried, its breaker apart. */
static uint64_t rested_ns(const struct plan_step *s, enum err *out_why)
{
	uint64_t key_ns = key_ready_ns(s->target, out_why);

	if (s->target->health->rest_until_ns > key_ns)
		*out_why = s->target->health->rest_why;
	return MAX_OF(s->retry_at_ns, MAX_OF(s->target->health->rest_until_ns, key_ns));
}

static uint64_t breaker_ready_ns(const struct breaker *b, uint64_t now_ns)
{
	switch (b->state) {
	case BREAKER_CLOSED:
		return 0;
	case BREAKER_OPEN:
		return b->until_ns;
	case BREAKER_HALF_OPEN:
		return now_ns + PROBE_GUESS_MS * SPAN_NS_PER_MS;
	}
	must_never("a breaker in no state");
}

static bool may_try(const struct plan *p, const struct plan_step *s, uint64_t now_ns)
{
	enum err why;

	return !s->spent && s->round <= p->rounds && rested_ns(s, &why) <= now_ns &&
		health_may_use(s->target->health, now_ns);
}

static bool was_at(const struct plan *p, const struct provider *provider)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->steps[i].tries && p->steps[i].target->provider == provider)
			return true;
	return false;
}

/* The one that has the prompt warm; else at random, so that the keys' limits are used evenly. */
static const struct roster_key *pick_key(const struct plan *p, const struct target *t, uint64_t now_ns, struct dice *d)
{
	const struct roster_key *free_keys[ROSTER_MAX_KEYS];
	size_t n = 0;

	for (size_t i = 0; i < t->provider->n_keys; i++) {
		const struct health_rest *r = health_key_rest(t->health, t->provider->keys[i].health);
		if (r == NULL || r->until_ns <= now_ns)
			free_keys[n++] = &t->provider->keys[i];
	}
	must(n > 0 || t->provider->n_keys == 0);
	if (n > 1 && p->chain)
		return affinity_key(p->roster->health->affinity, p->chain, t, free_keys, n, now_ns, d);
	return n > 1 ? free_keys[dice_below(d, n)] : n ? free_keys[0] : NULL;
}

/* Every health that an attempt counts in. */
static size_t healths_of(const struct plan *p, const struct plan_step *s, const struct roster_key *key,
	struct health *out[4])
{
	size_t n = 0;

	out[n++] = s->target->health;
	out[n++] = s->target->provider->health;
	out[n++] = p->model->health;
	if (key)
		out[n++] = key->health;
	return n;
}

static struct plan_choice go(struct plan *p, struct plan_step *s, uint64_t now_ns, struct dice *d)
{
	struct plan_choice choice = { .verdict = PLAN_GO, .step = s, .key = pick_key(p, s->target, now_ns, d) };
	struct affinity *a = p->roster->health->affinity;
	struct health *in[4];

	if (p->chain) {
		choice.known = affinity_known(a, p->chain, s->target, choice.key, now_ns);
		affinity_learn(a, p->chain, s->target, choice.key, now_ns);
	}

	if (!s->target->health->shared)
		must(breaker_take(&s->target->health->breaker, now_ns, &choice.probe));
	for (size_t i = healths_of(p, s, choice.key, in); i-- > 0;) {
		in[i]->in_flight++;
		in[i]->attempts++;
	}
	s->tries++;
	s->round = p->rounds + 1;
	p->attempts++;
	return choice;
}

/* What the client should know when nothing could be tried. */
static enum err why_none(const struct plan *p, uint64_t now_ns)
{
	enum err all = ERR_OK;

	for (size_t i = 0; i < p->n; i++) {
		enum err why = ERR_NO_TARGET;
		if (p->steps[i].spent)
			continue;	/* it cannot do this at all */
		if (!breaker_allows(&p->steps[i].target->health->breaker, now_ns) ||
			rested_ns(&p->steps[i], &why) <= now_ns)
			return ERR_NO_TARGET;
		if (all != ERR_OK && why != all)
			return ERR_NO_TARGET;
		all = why;
	}
	return all == ERR_OK ? ERR_NO_TARGET : all;
}

static struct plan_choice stop(const struct plan *p, uint64_t now_ns)
{
	uint64_t soonest = UINT64_MAX;

	for (size_t i = 0; i < p->n; i++) {
		enum err why;
		const struct plan_step *s = &p->steps[i];
		if (!s->spent)
			soonest = MIN_OF(soonest, MAX_OF(rested_ns(s, &why),
				breaker_ready_ns(&s->target->health->breaker, now_ns)));
	}
	bool is_told = p->attempts > p->unsent || (p->attempts && soonest == UINT64_MAX);
	return (struct plan_choice){ .verdict = PLAN_STOP, .why = is_told ? ERR_OK : why_none(p, now_ns),
		.retry_after_ms = soonest == UINT64_MAX || p->over ? 0 : later_ms(now_ns, soonest) };
}

/* Full jitter (AWS): all of the wait is random, so that those who failed together do not come back
 * together. */
static uint64_t backoff_ms(const struct plan_conf *c, uint32_t round, struct dice *d)
{
	uint64_t most = c->backoff_ms;

	while (round-- > 0 && most < c->backoff_max_ms)
		most *= 2;
	most = MIN_OF(most, c->backoff_max_ms);
	return most ? dice_below(d, most) : 0;
}

/* The round is over: another one after a pause, when it can help. */
static struct plan_choice next_round(struct plan *p, const struct plan_conf *c, uint64_t now_ns,
	struct dice *d)
{
	uint64_t soonest = UINT64_MAX;

	for (size_t i = 0; i < p->n; i++) {
		enum err why;
		const struct plan_step *s = &p->steps[i];
		/* An open breaker stands for an outage; when it half-opens only one caller gets through. */
		if (!s->spent && breaker_allows(&s->target->health->breaker, now_ns))
			soonest = MIN_OF(soonest, rested_ns(s, &why));
	}
	if (p->attempts == p->unsent || p->rounds >= p->model->retries || soonest == UINT64_MAX)
		return stop(p, now_ns);
	if (later_ms(now_ns, soonest) > c->retry_after_max_ms ||
		!budget_has(&p->model->health->budget, &c->budget, now_ns))
		return stop(p, now_ns);
	uint64_t wait_ms = later_ms(now_ns, soonest) + backoff_ms(c, p->rounds, d);
	p->rounds++;
	return (struct plan_choice){ .verdict = PLAN_WAIT, .wait_ms = wait_ms };
}

/* The permissions of one attempt, both or none. */
static bool take_budget(struct plan *p, const struct plan_step *s, const struct plan_conf *c, uint64_t now_ns)
{
	struct budget *model = &p->model->health->budget, *provider = &s->target->provider->health->budget;

	if (p->attempts > p->unsent && !budget_take(model, &c->budget, now_ns))
		return false;
	if (!was_at(p, s->target->provider)) {
		budget_request(provider, &c->budget, now_ns);
		return true;
	}
	if (budget_take(provider, &c->budget, now_ns))
		return true;
	budget_give_back(model);
	return false;
}

struct plan_choice plan_next(struct plan *p, const struct plan_conf *c, uint64_t now_ns, struct dice *d)
{
	bool starved = false;

	if (!p->counted)
		budget_request(&p->model->health->budget, &c->budget, now_ns);
	p->counted = true;
	for (size_t i = 0; i < p->n && !p->over; i++) {
		if (!may_try(p, &p->steps[i], now_ns))
			continue;
		if (take_budget(p, &p->steps[i], c, now_ns))
			return go(p, &p->steps[i], now_ns, d);
		starved = true;	/* a later step may be at a provider that is new to this flight */
	}
	counter_add(COUNTER_retries_denied, starved);
	return starved || p->over ? stop(p, now_ns) : next_round(p, c, now_ns, d);
}

/* --- learning ------------------------------------------------------------------------------------------- */

static void count_end(struct plan *p, const struct plan_choice *of, enum err e)
{
	const enum err_blame blame = err_row(e)->blame;
	struct health *in[4];

	for (size_t i = healths_of(p, of->step, of->key, in); i-- > 0;) {
		must(in[i]->in_flight > 0);
		in[i]->in_flight--;
		in[i]->failures += blame == ERR_BLAME_UPSTREAM || blame == ERR_BLAME_GATEWAY;
	}
}

static bool vote(const struct plan_choice *of, const struct plan_conf *c, enum err e, uint64_t now_ns)
{
	struct health *h = of->step->target->health;

	if (h->shared)
		return false;
	if (e != ERR_OK && !err_row(e)->vote) {
		breaker_give_back(&h->breaker, of->probe, now_ns);
		return false;
	}
	if (h->breaker.state == BREAKER_HALF_OPEN && !of->probe)
		return false;
	bool changed = breaker_vote(&h->breaker, &c->breaker, e == ERR_OK, now_ns);
	if (changed && h->breaker.state == BREAKER_OPEN)
		h->void_ns = now_ns;
	return changed;
}

/* The target rests, with this key only when it has one.  True: another key may try at once. */
static bool rest(const struct plan_choice *of, uint64_t until_ns, enum err why, uint64_t now_ns)
{
	const struct target *t = of->step->target;

	if (t->health->shared)
		return false;
	if (of->key == NULL) {
		health_rest(t->health, until_ns, why);
		return false;
	}
	health_rest_key(t->health, of->key->health, until_ns, why);
	return key_ready_ns(t, &why) <= now_ns;
}

static uint64_t asked_pause_ms(const struct plan_conf *c, const struct fault *f)
{
	uint64_t ms = f->retry_after_ms ? f->retry_after_ms : REST_DEFAULT_MS;

	return MAX_OF(MIN_OF(ms, c->rest_max_ms), REST_MIN_MS);
}

static void mark_step(struct plan *p, const struct plan_conf *c, const struct plan_choice *of,
	const struct fault *f, uint64_t now_ns)
{
	struct plan_step *s = of->step;
	uint64_t pause_ns = now_ns + asked_pause_ms(c, f) * SPAN_NS_PER_MS;

	switch (err_row(f->err)->retry) {
	case ERR_RETRY_NO:
		p->over = true;
		break;
	case ERR_RETRY_NEXT:
		s->spent = true;
		break;
	case ERR_RETRY_KEY:
		/* Without a key of ours there is nothing to rest: the answer was about this request. */
		if (of->key && rest(of, now_ns + c->key_rest_ms * SPAN_NS_PER_MS, f->err, now_ns))
			s->round = 0;
		else
			s->spent = true;
		break;
	case ERR_RETRY_COOL:
		if (rest(of, pause_ns, f->err, now_ns))
			s->round = 0;
		else if (of->key == NULL || s->target->health->shared)
			s->retry_at_ns = pause_ns;
		break;
	case ERR_RETRY_LATER:
		if (f->retry_after_ms)
			s->retry_at_ns = pause_ns;
		break;
	}
}

void plan_proven(const struct plan_conf *c, struct plan_choice *of, uint64_t now_ns, bool *out_changed)
{
	*out_changed = of->probe && vote(of, c, ERR_OK, now_ns);
	of->probe = false;
}

static void forget(struct plan *p, const struct plan_choice *of)
{
	if (p->chain)
		affinity_forget(p->roster->health->affinity, p->chain, of->step->target, of->key);
}

void plan_cached(struct plan *p, const struct plan_choice *of, int64_t cached_tok)
{
	if (of->known < CACHE_LEAST_BYTES || cached_tok < 0)
		return;
	counter_add(COUNTER_affinity_hits, cached_tok > 0);
	counter_add(COUNTER_affinity_misses, cached_tok == 0);
	if (cached_tok == 0)
		forget(p, of);
}

void plan_result(struct plan *p, const struct plan_conf *c, const struct plan_choice *of,
	const struct fault *f, uint64_t now_ns, bool *out_changed)
{
	must(of->verdict == PLAN_GO);
	count_end(p, of, f->err);
	/* Nothing was sent: the next one is no retry, for the provider neither. */
	if (f->err == ERR_UNSUPPORTED) {
		p->unsent++;
		of->step->tries--;
	}
	if (err_row(f->err)->vote)
		forget(p, of);
	*out_changed = vote(of, c, f->err, now_ns);
	mark_step(p, c, of, f, now_ns);
}

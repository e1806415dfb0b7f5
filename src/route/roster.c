/* The roster's life, look-ups, and the checks that span entries.  Owns all its memory, keys included,
 * which are overwritten at the end.  Must not know: requests, attempts. */
#include "route/roster.h"

#include <stdlib.h>

#include "base/nearest.h"
#include "conf/conf.h"
#include "loop/tls.h"
#include "route/enlist.h"
#include "route/route_conf.h"
#include "route/tariff.h"

#define CYCLE_SHOWN 8u	/* names of a cycle that a fault lists */

/* --- fallbacks ------------------------------------------------------------------------------------------ */

enum mark { MARK_NEW, MARK_OPEN, MARK_DONE };

struct chains {
	struct enlist *e;
	const struct model *all;	/* in config order */
	enum mark *marks;
	size_t *path;			/* indices of the models from the start to here */
	size_t n;
};

static const struct route_model_conf *conf_of(const struct chains *ch, size_t i)
{
	return row_item(&ch->e->from->models, &route_conf_model, i);
}

/* "chat -> fast -> chat" */
static void fault_cycle(struct chains *ch, size_t to, const struct slice *at)
{
	size_t from = ch->n;
	struct roster *r = ch->e->into;
	const char *text = "";

	while (ch->path[from - 1] != to)
		from--;
	size_t cut = MIN_OF(ch->n, from - 1 + CYCLE_SHOWN);
	for (size_t i = from - 1; i < cut; i++)
		text = enlist_str(r, "%s%.*s -> ", text, SLICE_ARG(ch->all[ch->path[i]].name));
	conf_fault(ch->e->conf, at, "the fallbacks go round: %s%s%.*s", text, cut < ch->n ? "... -> " : "",
		SLICE_ARG(ch->all[to].name));
}

static void fault_no_fallback(struct enlist *e, const struct slice *name)
{
	struct nearest near;

	nearest_init(&near, *name);
	for (size_t i = 0; i < e->from->models.n; i++)
		nearest_offer(&near, e->from->models.names[i]);
	conf_fault_near(e->conf, name, nearest_name(&near), "there is no model \"%.*s\" to fall back to",
		SLICE_ARG(*name));
}

static bool is_direct(const struct roster *r, struct slice name)
{
	size_t slash = slice_find(name, '/');

	return slash + 1 < name.n && map_find(&r->providers, slice_of(name.p, slash)) != NULL;
}

static void walk_chain(struct chains *ch, size_t i)
{
	const struct route_model_conf *mc = conf_of(ch, i);

	ch->marks[i] = MARK_OPEN;
	ch->path[ch->n++] = i;
	for (size_t k = 0; k < mc->fallbacks.n; k++) {
		const struct slice *name = &mc->fallbacks.v[k];
		const struct model *m = map_find(&ch->e->into->models, *name);
		if (m == NULL && name->n && !is_direct(ch->e->into, *name))
			fault_no_fallback(ch->e, name);
		if (m == NULL)
			continue;
		size_t to = (size_t)(m - ch->all);
		if (ch->marks[to] == MARK_OPEN)
			fault_cycle(ch, to, name);
		else if (ch->marks[to] == MARK_NEW)
			walk_chain(ch, to);
	}
	ch->n--;
	ch->marks[i] = MARK_DONE;
}

static void check_fallbacks(struct enlist *e, const struct model *all, size_t n)
{
	struct arena *a = &e->into->arena;
	struct chains ch = { .e = e, .all = all, .marks = ARENA_ARRAY(a, enum mark, n),
		.path = ARENA_ARRAY(a, size_t, n) };

	for (size_t i = 0; i < n; i++)
		if (ch.marks[i] == MARK_NEW)
			walk_chain(&ch, i);
}

static void check_spans(struct conf *c, const struct route_conf *rc)
{
	if (rc->breaker.open_max < rc->breaker.open)
		conf_fault(c, &rc->breaker.open_max, "breaker.open_max is shorter than breaker.open");
	if (rc->retry.backoff_max < rc->retry.backoff)
		conf_fault(c, &rc->retry.backoff_max, "retry.backoff_max is shorter than retry.backoff");
}

/* --- life ----------------------------------------------------------------------------------------------- */

static void add_models(struct enlist *e)
{
	struct roster *r = e->into;
	size_t n = e->from->models.n;
	struct model *all = ARENA_ARRAY(&r->arena, struct model, n), *any;

	r->model_list = ARENA_ARRAY(&r->arena, struct model *, n);
	for (r->n_models = 0; r->n_models < n; r->n_models++) {
		r->model_list[r->n_models] = &all[r->n_models];
		enlist_model(e, r->n_models, &all[r->n_models]);
	}
	check_fallbacks(e, all, n);
	any = ARENA_NEW(&r->arena, struct model);
	any->clocks = route_conf_direct_clocks();
	any->retries = route_conf_direct_retries();
	any->join = true;
	any->window = route_conf_direct_window();
	any->priority = REQUEST_NORMAL;
	r->any = any;
}

struct roster *roster_new(struct conf *c, const struct route_conf *rc, struct health_table *ht)
{
	struct roster *r = calloc(1, sizeof(*r));

	must(r != NULL);
	arena_init(&r->arena, 0);
	r->refs = 1;
	r->health = ht;
	map_init(&r->models, 0, ht->map.seed.k0);
	map_init(&r->providers, 0, ht->map.seed.k1);
	map_init(&r->prices, 0, ht->map.seed.k1);
	struct enlist e = { .conf = c, .from = rc, .into = r, .was_ok = conf_ok(c) };
	for (size_t i = 0; i < rc->providers.n; i++)
		enlist_provider(&e, i);
	tariff_take(&e);
	add_models(&e);
	check_spans(c, rc);
	if (!conf_ok(c))
		roster_unref(&r);
	return r;
}

struct roster *roster_ref(struct roster *r)
{
	must(r->refs > 0);
	r->refs++;
	return r;
}

static void let_go_of_trust(struct roster *r)
{
	size_t at = 0;
	struct slice name;
	void *p;

	while (map_next(&r->providers, &at, &name, &p))
		tls_client_unref(&((struct provider *)p)->tls);
}

void roster_unref(struct roster **r)
{
	struct roster *gone = *r;

	*r = NULL;
	if (gone == NULL)
		return;
	must(gone->refs > 0);
	if (--gone->refs > 0)
		return;
	let_go_of_trust(gone);
	map_done(&gone->models);
	map_done(&gone->providers);
	map_done(&gone->prices);
	arena_wipe(&gone->arena);
	free(gone);
}

/* --- finding -------------------------------------------------------------------------------------------- */

/* The provider of a name `provider/model`, whose slash is at *out_slash; NULL when it is no such name. */
static const struct provider *named_directly(const struct roster *r, struct slice name, size_t *out_slash)
{
	*out_slash = slice_find(name, '/');
	if (*out_slash + 1 >= name.n || name.n > ROUTE_CONF_NAME_MAX)
		return NULL;
	/* It can become a segment of a path, and no escape keeps these from meaning another one. */
	struct slice model = slice_skip(name, *out_slash + 1);
	if (slice_eq(model, SLICE(".")) || slice_eq(model, SLICE("..")))
		return NULL;
	return map_find(&r->providers, slice_of(name.p, *out_slash));
}

bool roster_knows(const struct roster *r, struct slice name)
{
	size_t slash;
	return map_find(&r->models, name) || named_directly(r, name, &slash);
}

const struct model *roster_find(struct roster *r, struct slice name, struct arena *a)
{
	const struct model *known = map_find(&r->models, name);
	size_t slash;

	if (known)
		return known;
	const struct provider *p = named_directly(r, name, &slash);
	if (p == NULL)
		return NULL;
	struct target *t = ARENA_NEW(a, struct target);
	struct model *m = ARENA_NEW(a, struct model);
	*m = *r->any;
	m->name = t->name = arena_copy(a, name);
	t->provider = p;
	t->model = slice_skip(t->name, slash + 1);
	t->weight = 1;
	t->price = tariff_of(r, name);
	t->health = health_get(r->health, "target", name);
	t->why = "named directly";
	t->why_fallback = "fallback, named directly";
	m->tiers[0] = (struct tier){ .balance = ROSTER_ORDERED, .targets = t, .n_targets = 1 };
	m->n_tiers = 1;
	m->health = health_get(r->health, "model", name);
	return m;
}

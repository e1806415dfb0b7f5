#include "cache/prefix.h"

#include "base/counter.h"

#define KEY_PER_MINUTE 12u	/* OpenAI spreads a key over machines from 15 requests a minute on (algorithms.md D1) */
#define HOUR_S 3600u
#define HOUR_USES 3u		/* gaps are believed from so many uses on */
/* Bytes of JSON that a token has at least, in what is worth a mark: for minimum sizes, where too many marks cost
 * nothing. */
#define TOKEN_LEAST_BYTES 3u

struct work {
	struct reuse *reuse;
	const struct prefix_ask *ask;
	const struct marks_row *row;
	struct chain_parts parts;
	struct chain *chain;
	uint64_t place;
	bool continues;			/* what it continues is kept at the provider */
	const struct chain_link *tools, *system, *newest, *before;	/* NULL: none.  before: the last one seen */
	struct marks_plan plan;
};

static bool is_long_enough(const struct work *w, const struct chain_link *l)
{
	return l->end / TOKEN_LEAST_BYTES >= w->row->min_tok;
}

static struct reuse_seen look(const struct work *w, const struct chain_link *l)
{
	return reuse_look(w->reuse, l->hash, w->ask->now_s);
}

/* A provider has it still. */
static bool is_warm(const struct work *w, const struct chain_link *l)
{
	struct reuse_seen seen = look(w, l);

	return seen.uses && seen.age_s <= w->row->life_s;
}

static void find_links(struct work *w)
{
	struct chain *c = w->chain;

	for (uint32_t i = 0; i < c->n; i++) {
		if (c->links[i].kind == CHAIN_TOOLS)
			w->tools = &c->links[i];
		else if (c->links[i].kind == CHAIN_SYSTEM)
			w->system = &c->links[i];
		else if (c->links[i].kind == CHAIN_MESSAGE)
			w->newest = &c->links[i];
	}
	for (uint32_t i = c->n; i-- > 0 && w->before == NULL;)
		if (c->links[i].kind == CHAIN_MESSAGE && &c->links[i] != w->newest && is_warm(w, &c->links[i]))
			w->before = &c->links[i];
}

static enum reuse_kind kind_of_newest(const struct work *w)
{
	return w->chain->messages > 1 || w->continues ? REUSE_TURN : REUSE_FIRST;
}

static void note(struct prefix_notes *ns, const struct chain_link *l, enum reuse_kind kind)
{
	if (l == NULL)
		return;
	must(ns->n < PREFIX_NOTES);
	ns->v[ns->n].hash = l->hash;
	ns->v[ns->n++].kind = kind;
}

/* The last one seen is used too: a chance fulfilled, and a row that must stay. */
static void note_links(const struct work *w, struct prefix_notes *ns)
{
	*ns = (struct prefix_notes){ .life_s = w->row->life_s, .place = w->place };
	note(ns, w->tools, REUSE_SYSTEM);
	note(ns, w->system, REUSE_SYSTEM);
	note(ns, w->before, REUSE_TURN);
	note(ns, w->newest, kind_of_newest(w));
}

void prefix_note(struct reuse *r, const struct prefix_notes *ns, uint32_t now_s)
{
	for (uint32_t i = 0; i < ns->n; i++)
		reuse_note(r, ns->place, ns->v[i].hash, ns->v[i].kind, ns->life_s, now_s);
}

/* --- what it is worth ----------------------------------------------------------------------------------- */

static double needed(const struct marks_row *row, uint32_t write)
{
	return ((double)write - 100) / (100 - (double)row->read);
}

static bool is_likely(const struct work *w, enum reuse_kind kind)
{
	return reuse_chance(w->reuse, w->place, kind) > needed(w->row, w->row->write);
}

/* Five minutes are too short for it, and an hour is not: so many uses are to be expected that it pays. */
static bool wants_hour(const struct work *w, const struct chain_link *l)
{
	struct reuse_seen seen = look(w, l);

	return seen.uses >= HOUR_USES && seen.gap_s > w->row->life_s && seen.age_s < HOUR_S
		&& HOUR_S > seen.gap_s * needed(w->row, w->row->write_1h);
}

static void add(struct work *w, enum marks_spot spot, const struct chain_link *l, bool hour)
{
	must(w->plan.n < MARKS_MAX);
	w->plan.at[w->plan.n].spot = spot;
	w->plan.at[w->plan.n].message = spot == MARKS_MESSAGE ? l->index : 0;
	w->plan.at[w->plan.n++].hour = hour;
}

/* What is known of this very prefix says more than what is known of its kind. */
static bool comes_again(const struct work *w, const struct chain_link *l)
{
	struct reuse_seen seen = look(w, l);

	if (seen.uses == 0)
		return is_likely(w, REUSE_SYSTEM);
	return seen.age_s <= w->row->life_s || (seen.uses > 1 && seen.gap_s <= w->row->life_s);
}

static bool pays(const struct work *w, const struct chain_link *l)
{
	return l && is_long_enough(w, l) && (comes_again(w, l) || wants_hour(w, l));
}

/* The longer life must not stand behind the shorter one (protocols.md 4.2). */
static void plan_root(struct work *w)
{
	bool system = pays(w, w->system), tools = pays(w, w->tools);
	bool system_hour = system && wants_hour(w, w->system), tools_hour = tools && wants_hour(w, w->tools);

	if (tools)
		add(w, MARKS_TOOLS, w->tools, tools_hour || system_hour);
	if (system)
		add(w, MARKS_SYSTEM, w->system, system_hour);
}

/* Where the request before this one most likely ended, when that is not known: before the last answer. */
static const struct chain_link *turn_before(const struct work *w)
{
	const struct chain *c = w->chain;

	for (uint32_t i = c->n; i-- > 0;)
		if (c->links[i].kind == CHAIN_MESSAGE && c->links[i].index + 2 == w->newest->index)
			return &c->links[i];
	return NULL;
}

static void plan_dialogue(struct work *w)
{
	const struct chain_link *before = w->before;

	if (w->newest == NULL || !is_long_enough(w, w->newest))
		return;
	bool goes_on = is_warm(w, w->newest) || is_likely(w, kind_of_newest(w));
	if (before == NULL && goes_on)
		before = turn_before(w);
	if (before && is_long_enough(w, before))
		add(w, MARKS_MESSAGE, before, false);
	if (goes_on)
		add(w, MARKS_MESSAGE, w->newest, false);
}

/* --- OpenAI --------------------------------------------------------------------------------------------- */

/* A whole prompt is written at a price, and read only by one that continues it: for one that nothing continues, and
 * that continues nothing, the surcharge is for nothing. */
static bool is_one_off(const struct work *w)
{
	return w->row->how == MARKS_PAID && w->before == NULL && !w->continues && !is_warm(w, w->newest)
		&& !is_likely(w, kind_of_newest(w));
}

static uint32_t shards(uint32_t per_minute)
{
	uint32_t n = 1;

	while (n * KEY_PER_MINUTE < per_minute && n < 1024)
		n *= 2;		/* powers of two: when they grow only every second conversation moves */
	return n;
}

/* Requests of one application to one machine as long as that can bear them; a conversation stays where it is. */
static struct slice cache_key(const struct work *w)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";	/* RFC 4648 */
	const struct chain_link *shared = w->system ? w->system : w->tools;
	struct reuse_seen seen = shared ? look(w, shared) : (struct reuse_seen){ .uses = 0 };
	uint64_t h = shared ? w->chain->root : w->chain->opening;
	char text[13];

	for (size_t i = 0; i < sizeof(text); i++, h >>= 5)
		text[i] = digits[h & 31];
	return arena_printf(w->ask->arena, "weir-%.*s-%u", (int)sizeof(text), text,
		(unsigned)(chain_mix(w->chain->opening, 0) % shards(seen.per_minute)));
}

static void plan_members(struct work *w)
{
	if (w->newest == NULL || !is_long_enough(w, w->newest))
		return;
	w->plan.explicit_only = is_one_off(w) && w->ask->quirks->newest;
	if (!w->plan.explicit_only && w->ask->quirks->cache_key)
		w->plan.key = cache_key(w);
}

bool prefix_mark(struct reuse *r, const struct prefix_ask *ask, struct buf *body,
	struct prefix_notes *out_notes)
{
	struct work w = { .reuse = r, .ask = ask, .row = marks_find(ask->back, ask->model) };

	out_notes->n = 0;
	if (w.row == NULL)
		return false;
	if (marks_taken(w.row, buf_slice(body)))
		return true;
	w.chain = ARENA_NEW(ask->arena, struct chain);
	w.continues = w.row->how == MARKS_PAID && marks_continues(buf_slice(body));
	w.place = chain_salt(ask->tenant, ask->place);
	chain_find(ask->arena, buf_slice(body), &w.parts);
	chain_of(w.chain, &w.parts, w.place);
	find_links(&w);
	if (w.row->how == MARKS_BLOCKS) {
		plan_root(&w);
		plan_dialogue(&w);
	} else {
		plan_members(&w);
	}
	note_links(&w, out_notes);
	size_t placed = marks_place(&w.plan, &w.parts, body);
	counter_add(COUNTER_prefix_marks, placed);
	counter_add(COUNTER_prefix_one_offs, w.plan.explicit_only);
	return placed > 0;
}

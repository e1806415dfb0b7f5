#include "route/affinity.h"

#include <stdlib.h>

#include "base/span.h"

#define PROBES 8u		/* slots in which a hash may stand */
#define EPOCH 1024u		/* requests until hits are halved */
#define EXPLORE 100u		/* one of so many goes anywhere: algorithms.md D4 */
#define LOAD_NUM 5u		/* of the average load a target may have 5/4 */
#define LOAD_DEN 4u
#define LOAD_SLACK 2u

void affinity_init(struct affinity *a, size_t max_bytes)
{
	*a = (struct affinity){ .max_bytes = max_bytes, .n_slots = PROBES };
	while (a->n_slots < AFFINITY_SLOTS_MAX && a->n_slots * 2 * sizeof(*a->slots) <= max_bytes)
		a->n_slots *= 2;
}

void affinity_done(struct affinity *a)
{
	free(a->slots);
	a->slots = NULL;
}

void affinity_limit(struct affinity *a, size_t max_bytes)
{
	if (max_bytes == a->max_bytes)
		return;
	affinity_done(a);
	affinity_init(a, max_bytes);
}

const struct chain *affinity_chain(const struct roster *r, const struct request *q, struct arena *a,
	struct arena *scratch)
{
	const struct model *m = map_find(&r->models, q->model);

	if (m == NULL || !m->chains || q->op != REQUEST_CHAT)
		return NULL;
	struct chain *c = ARENA_NEW(a, struct chain);
	chain_make(c, scratch, q->body, chain_salt(q->door.tenant, m->name));
	return c;
}

/* --- slots ---------------------------------------------------------------------------------------------- */

static struct affinity_slot *at(struct affinity *a, uint64_t hash, size_t i)
{
	if (a->slots == NULL) {
		a->slots = calloc(a->n_slots, sizeof(*a->slots));
		must(a->slots != NULL);
	}
	return &a->slots[(hash + i) & (a->n_slots - 1)];
}

/* A slot once taken stays so, and make() takes none behind a free one. */
static struct affinity_slot *find(struct affinity *a, uint64_t hash)
{
	for (size_t i = 0; i < PROBES; i++) {
		struct affinity_slot *s = at(a, hash, i);
		if (!s->taken)
			return NULL;
		if (s->hash == hash)
			return s;
	}
	return NULL;
}

/* A free slot, or the first that was not used since the hand last came by here. */
static struct affinity_slot *make(struct affinity *a, uint64_t hash)
{
	struct affinity_slot *s = NULL;

	for (size_t i = 0; i < 2 * PROBES; i++) {
		s = at(a, hash, i % PROBES);
		if (!s->taken || !s->used)
			break;
		s->used = false;
	}
	*s = (struct affinity_slot){ .hash = hash, .taken = true };
	return s;
}

static uint32_t seconds(uint64_t now_ns)
{
	return (uint32_t)(now_ns / SPAN_NS_PER_S);
}

static uint32_t who(const struct target *t, const struct roster_key *key)
{
	uint64_t h = chain_salt(0, t->health->name);

	if (key)
		h = chain_mix(h, chain_salt(1, key->health->name));
	return (uint32_t)h | 1;		/* 0 is nobody */
}

/* Since the breaker opened last, the target may be another process. */
static bool is_live(const struct target *t, uint32_t last_s, uint64_t now_ns)
{
	uint32_t void_s = seconds(t->health->void_ns), now_s = seconds(now_ns);

	return (t->health->void_ns == 0 || last_s > void_s) && now_s - last_s <= AFFINITY_LIFE_S;
}

static bool has_home(const struct affinity_slot *s, const struct target *t, const struct roster_key *key,
	uint64_t now_ns)
{
	uint32_t want = who(t, key);

	for (size_t i = 0; i < AFFINITY_HOMES; i++)
		if (s->homes[i].who == want && is_live(t, s->homes[i].last_s, now_ns))
			return true;
	return false;
}

static bool is_home(const struct affinity_slot *s, const struct target *t, uint64_t now_ns)
{
	if (t->provider->n_keys == 0)
		return has_home(s, t, NULL, now_ns);
	for (size_t i = 0; i < t->provider->n_keys; i++)
		if (has_home(s, t, &t->provider->keys[i], now_ns))
			return true;
	return false;
}

/* --- load ----------------------------------------------------------------------------------------------- */

/* The most that one of n may have in flight, this request included.  Two more than the bound: at little load chance
 * alone puts three where one is the average, and leaving home for that costs a fleet a tenth of its hits
 * (affinity_test.c). */
static uint64_t most_load(uint64_t in_flight, size_t n)
{
	return (LOAD_NUM * (in_flight + 1) + LOAD_DEN * n - 1) / (LOAD_DEN * n) + LOAD_SLACK;
}

struct field {
	const struct target **v;
	size_t n;
	uint64_t limit, now_ns;
	uint64_t rank[ROSTER_MAX_TARGETS];	/* by rendezvous */
	bool usable[ROSTER_MAX_TARGETS];
};

static void survey(struct field *f, uint64_t root)
{
	uint64_t sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		f->rank[i] = chain_mix(root, chain_salt(0, f->v[i]->health->name));
		f->usable[i] = health_may_use(f->v[i]->health, f->now_ns);
		sum += f->usable[i] ? f->v[i]->health->in_flight : 0;
		n += f->usable[i];
	}
	f->limit = n ? most_load(sum, n) : 0;
}

static bool has_room(const struct field *f, size_t i)
{
	return f->usable[i] && f->v[i]->health->in_flight < f->limit;
}

/* --- choosing ------------------------------------------------------------------------------------------- */

/* How many homes a prefix needs: its share of all requests, in targets. */
static size_t homes_needed(const struct affinity *a, const struct affinity_slot *s, size_t n)
{
	uint64_t epoch = a->asked / EPOCH, all = epoch ? EPOCH + a->asked % EPOCH : a->asked;
	uint64_t age = (uint16_t)(epoch - s->epoch), hits = age < 16 ? s->hits >> age : 0;

	return all ? MAX_OF((hits * n + all - 1) / all, 1) : 1;
}

/* The least loaded one with room, homes first among equals; n: none.  `any`: others than homes too. */
static size_t least_loaded(const struct field *f, const bool *home, bool any)
{
	size_t best = f->n;

	for (size_t i = 0; i < f->n; i++) {
		if (!has_room(f, i) || !(any || home[i]))
			continue;
		uint32_t load = f->v[i]->health->in_flight, least = best < f->n ? f->v[best]->health->in_flight : 0;
		if (best == f->n || load < least || (load == least && home[i] && !home[best]))
			best = i;
	}
	return best;
}

static size_t by_prefix(struct affinity *a, const struct chain *c, const struct field *f)
{
	for (uint32_t k = c->n; k-- > 0;) {
		struct affinity_slot *s = find(a, c->links[k].hash);
		bool home[ROSTER_MAX_TARGETS];
		size_t n_homes = 0;
		if (s == NULL)
			continue;
		for (size_t i = 0; i < f->n; i++)
			n_homes += home[i] = f->usable[i] && is_home(s, f->v[i], f->now_ns);
		if (n_homes == 0)
			continue;
		size_t best = least_loaded(f, home, n_homes < homes_needed(a, s, f->n));
		if (best < f->n)
			return best;
	}
	return f->n;
}

static size_t by_root(const struct field *f)
{
	size_t best = f->n;

	for (size_t i = 0; i < f->n; i++)
		if (has_room(f, i) && (best == f->n || f->rank[i] > f->rank[best]))
			best = i;
	return best;
}

/* By falling rank: a prompt's second choice is always the same. */
static void put_in_order(struct field *f)
{
	for (size_t i = 1; i < f->n; i++)
		for (size_t k = i; k > 0 && f->rank[k] > f->rank[k - 1]; k--) {
			const struct target *t = f->v[k];
			uint64_t rank = f->rank[k];
			f->v[k] = f->v[k - 1];
			f->rank[k] = f->rank[k - 1];
			f->v[k - 1] = t;
			f->rank[k - 1] = rank;
		}
}

void affinity_order(struct affinity *a, const struct chain *c, const struct target **targets, size_t n, uint64_t now_ns,
	struct dice *d)
{
	struct field f = { .v = targets, .n = n, .now_ns = now_ns };
	size_t best;

	must(n > 0 && n <= ROSTER_MAX_TARGETS);
	survey(&f, c->root);
	if (dice_below(d, EXPLORE) == 0)
		best = dice_below(d, n);
	else if ((best = by_prefix(a, c, &f)) == n && (best = by_root(&f)) == n)
		best = 0;
	f.rank[best] = UINT64_MAX;
	put_in_order(&f);
}

const struct roster_key *affinity_key(struct affinity *a, const struct chain *c, const struct target *t,
	const struct roster_key *const *keys, size_t n, uint64_t now_ns, struct dice *d)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += keys[i]->health->in_flight;
	for (uint32_t k = c->n; k-- > 0;) {
		struct affinity_slot *s = find(a, c->links[k].hash);
		for (size_t i = 0; s && i < n; i++)
			if (keys[i]->health->in_flight < most_load(sum, n) && has_home(s, t, keys[i], now_ns))
				return keys[i];
	}
	return keys[dice_below(d, n)];
}

/* --- learning ------------------------------------------------------------------------------------------- */

uint32_t affinity_known(struct affinity *a, const struct chain *c, const struct target *t, const struct roster_key *key,
	uint64_t now_ns)
{
	for (uint32_t k = c->n; k-- > 0;) {
		struct affinity_slot *s = find(a, c->links[k].hash);
		if (s && has_home(s, t, key, now_ns))
			return c->links[k].end;
	}
	return 0;
}

/* Its own place, a free one, or that of the home unused longest. */
static void add_home(struct affinity_slot *s, uint32_t id, uint32_t now_s)
{
	size_t best = 0;

	for (size_t i = 0; i < AFFINITY_HOMES && s->homes[best].who != id; i++)
		if (s->homes[i].who == id || (s->homes[best].who
				&& (s->homes[i].who == 0 || s->homes[i].last_s < s->homes[best].last_s)))
			best = i;
	s->homes[best].who = id;
	s->homes[best].last_s = now_s;
}

void affinity_learn(struct affinity *a, const struct chain *c, const struct target *t, const struct roster_key *key,
	uint64_t now_ns)
{
	uint16_t epoch = (uint16_t)(a->asked++ / EPOCH);
	uint32_t id = who(t, key);

	for (uint32_t k = 0; k < c->n; k++) {
		struct affinity_slot *s = find(a, c->links[k].hash);
		if (s == NULL)
			s = make(a, c->links[k].hash);
		uint16_t age = (uint16_t)(epoch - s->epoch);
		s->hits = (uint16_t)((age < 16 ? s->hits >> age : 0) + 1);
		s->epoch = epoch;
		s->used = true;
		add_home(s, id, seconds(now_ns));
	}
}

void affinity_forget(struct affinity *a, const struct chain *c, const struct target *t, const struct roster_key *key)
{
	uint32_t id = who(t, key);

	for (uint32_t k = 0; k < c->n; k++) {
		struct affinity_slot *s = find(a, c->links[k].hash);
		for (size_t i = 0; s && i < AFFINITY_HOMES; i++)
			if (s->homes[i].who == id)
				s->homes[i].who = 0;
	}
}

/* --- sharing -------------------------------------------------------------------------------------------- */

static void put_u32(char *out, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		out[i] = (char)(v >> 8 * i);
}

static uint32_t get_u32(const char *p)
{
	uint32_t v = 0;

	for (int i = 3; i >= 0; i--)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

size_t affinity_pack(struct affinity *a, uint64_t hash, uint64_t now_ns, char out[AFFINITY_PACKED])
{
	const struct affinity_slot *s = find(a, hash);
	size_t n = 0;

	for (size_t i = 0; s && i < AFFINITY_HOMES; i++) {
		uint32_t age = seconds(now_ns) - s->homes[i].last_s;
		if (s->homes[i].who == 0 || age > AFFINITY_LIFE_S)
			continue;
		put_u32(out + n, s->homes[i].who);
		put_u32(out + n + 4, age);
		n += 8;
	}
	return n;
}

static uint32_t last_seen(const struct affinity_slot *s, uint32_t id)
{
	for (size_t i = 0; s && i < AFFINITY_HOMES; i++)
		if (s->homes[i].who == id)
			return s->homes[i].last_s;
	return 0;
}

bool affinity_unpack(struct affinity *a, uint64_t hash, struct slice packed, uint64_t now_ns)
{
	struct affinity_slot *s = find(a, hash);
	bool any = false;

	if (packed.n > AFFINITY_PACKED || packed.n % 8)
		return false;
	for (; packed.n; packed = slice_skip(packed, 8)) {
		uint32_t id = get_u32(packed.p), age = get_u32(packed.p + 4), now_s = seconds(now_ns);
		if (id == 0 || age > AFFINITY_LIFE_S || age > now_s || last_seen(s, id) >= now_s - age)
			continue;
		if (s == NULL)
			s = make(a, hash);
		add_home(s, id, now_s - age);
		any = true;
	}
	return any;
}

struct marks {
	const struct chain_link *v[AFFINITY_MARKS];	/* by falling end */
	size_t n;
};

static void find_marks(const struct chain *c, struct marks *m)
{
	const struct chain_link *first = NULL;

	m->n = 0;
	for (uint32_t k = c->n; k-- > 0;) {
		if (c->links[k].kind != CHAIN_MESSAGE)
			continue;
		if (m->n < AFFINITY_MARKS - 1)
			m->v[m->n++] = &c->links[k];
		else
			first = &c->links[k];
	}
	if (first)
		m->v[m->n++] = first;
}

static bool is_known(const struct affinity_slot *s, uint64_t now_ns)
{
	for (size_t i = 0; s && i < AFFINITY_HOMES; i++)
		if (s->homes[i].who && seconds(now_ns) - s->homes[i].last_s <= AFFINITY_LIFE_S)
			return true;
	return false;
}

size_t affinity_unknown(struct affinity *a, const struct chain *c, uint64_t now_ns, uint64_t out[AFFINITY_MARKS])
{
	struct marks m;
	uint32_t known = 0;
	size_t n = 0;

	for (uint32_t k = c->n; k-- > 0 && known == 0;)
		known = is_known(find(a, c->links[k].hash), now_ns) ? c->links[k].end : 0;
	find_marks(c, &m);
	if (m.n == 0 || c->bytes - known < CHAIN_STEP || (known >= m.v[m.n - 1]->end && known >= c->bytes / 2))
		return 0;
	while (n < m.n && m.v[n]->end > known) {
		out[n] = m.v[n]->hash;
		n++;
	}
	return n;
}

size_t affinity_news(struct affinity *a, const struct chain *c, uint64_t now_ns, uint64_t out[AFFINITY_MARKS])
{
	uint16_t now_s = (uint16_t)seconds(now_ns);
	struct marks m;
	size_t n = 0;

	find_marks(c, &m);
	for (size_t i = 0; i < m.n; i++) {
		struct affinity_slot *s = find(a, m.v[i]->hash);
		if (!is_known(s, now_ns) || (s->told && (uint16_t)(now_s - s->told) < AFFINITY_TELL_S))
			continue;
		s->told = MAX_OF(now_s, 1);
		out[n++] = s->hash;
	}
	return n;
}

/* The table of healths.  Owns their memory; knows names and kinds, not what they stand for. */
#include "route/health.h"

#include <stdlib.h>

#define NAME_MAX_BYTES 1024u	/* a kind, and a name bounded by ROUTE_CONF_NAME_MAX or the rows (256) */

static struct health *make(struct slice name)
{
	struct health *h = calloc(1, sizeof(*h) + name.n);

	must(h != NULL);
	if (name.n)
		memcpy(h + 1, name.p, name.n);
	h->name = slice_of(h + 1, name.n);
	return h;
}

static void free_one(struct health *h)
{
	free(h->key_rests);
	free(h);
}

void health_init(struct health_table *t, size_t max, uint64_t seed)
{
	*t = (struct health_table){ .max = max };
	map_init(&t->map, 0, seed);
	t->other = make(SLICE("other"));
	t->other->shared = true;
}

void health_done(struct health_table *t)
{
	size_t at = 0;
	struct slice name;
	void *h;

	while (map_next(&t->map, &at, &name, &h))
		free_one(h);
	map_done(&t->map);
	if (t->other)
		free_one(t->other);
	*t = (struct health_table){ 0 };
}

static struct health *get(struct health_table *t, const char *kind, struct slice name, bool keep)
{
	char text[NAME_MAX_BYTES];
	size_t n = strlen(kind);

	/* Only a client can ask for a name this long; the configuration's are bounded by its rows. */
	if (n + 1 + name.n > sizeof(text))
		return t->other;
	memcpy(text, kind, n);
	text[n++] = ' ';
	if (name.n)
		memcpy(text + n, name.p, name.n);
	struct slice full = slice_of(text, n + name.n);
	struct health *h = map_find(&t->map, full);
	if (h)
		return h;
	if (!keep && t->asked >= t->max)
		return t->other;
	t->asked += !keep;
	h = make(full);
	must(map_put(&t->map, h->name, h));
	return h;
}

struct health *health_get(struct health_table *t, const char *kind, struct slice name)
{
	return get(t, kind, name, false);
}

struct health *health_keep(struct health_table *t, const char *kind, struct slice name)
{
	return get(t, kind, name, true);
}

bool health_may_use(const struct health *h, uint64_t now_ns)
{
	return now_ns >= h->rest_until_ns && breaker_allows(&h->breaker, now_ns);
}

void health_rest(struct health *h, uint64_t until_ns, enum err why)
{
	if (h->shared || until_ns <= h->rest_until_ns)
		return;
	h->rest_until_ns = until_ns;
	h->rest_why = why;
}

/* The pair's place, else the one whose rest is over first: keys replaced by reloads leave theirs behind. */
static struct health_rest *rest_place(struct health *h, const struct health *key)
{
	struct health_rest *soonest = h->key_rests;

	for (size_t i = 0; i < HEALTH_RESTS; i++) {
		struct health_rest *r = &h->key_rests[i];
		if (r->key == key)
			return r;
		if (r->until_ns < soonest->until_ns)
			soonest = r;
	}
	*soonest = (struct health_rest){ .key = key };
	return soonest;
}

void health_rest_key(struct health *h, const struct health *key, uint64_t until_ns, enum err why)
{
	if (h->shared)
		return;
	if (h->key_rests == NULL) {
		h->key_rests = calloc(HEALTH_RESTS, sizeof(*h->key_rests));
		must(h->key_rests != NULL);
	}
	struct health_rest *r = rest_place(h, key);
	if (until_ns <= r->until_ns)
		return;
	r->until_ns = until_ns;
	r->why = why;
}

const struct health_rest *health_key_rest(const struct health *h, const struct health *key)
{
	for (size_t i = 0; h->key_rests && i < HEALTH_RESTS; i++)
		if (h->key_rests[i].key == key)
			return &h->key_rests[i];
	return NULL;
}

bool health_is_resting(const struct health *h, uint64_t now_ns)
{
	bool rests = h->rest_until_ns > now_ns;

	for (size_t i = 0; h->key_rests && i < HEALTH_RESTS; i++)
		rests |= h->key_rests[i].until_ns > now_ns;
	return rests;
}

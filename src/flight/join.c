#include "flight/join.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "flight/flight.h"

#define MOST_LISTED (1u << 20)	/* far above the connections of one process */

void join_init(struct join *j, uint64_t seed)
{
	j->seed = seed;
	map_init(&j->flights, MOST_LISTED, seed);
}

void join_done(struct join *j)
{
	map_done(&j->flights);
}

uint64_t join_hash(const struct join *j, const struct request *r)
{
	if (r->join_hash && !r->merged)
		return r->join_hash;
	uint64_t hash = XXH3_64bits(r->body.p, r->body.n) ^ j->seed ^ r->door.tenant ^ (uint64_t)r->op << 8;

	return r->door.model.n ? XXH3_64bits_withSeed(r->door.model.p, r->door.model.n, hash) : hash;
}

static bool same(const struct request *a, const struct request *b)
{
	return a->dialect == b->dialect && a->op == b->op && a->stream == b->stream
		&& a->door.tenant == b->door.tenant && a->door.strict == b->door.strict && slice_eq(a->door.model,
			b->door.model)
		&& slice_eq(a->door.betas, b->door.betas) && slice_eq(a->body, b->body);
}

static struct slice key_of(const uint64_t *hash)
{
	return slice_of(hash, sizeof(*hash));
}

struct flight *join_find(const struct join *j, uint64_t hash, const struct request *r)
{
	struct flight *f = map_find(&j->flights, key_of(&hash));

	return f && same(&f->request, r) ? f : NULL;
}

void join_list(struct join *j, struct flight *f, uint64_t hash)
{
	f->join_hash = hash;
	f->listed = map_find(&j->flights, key_of(&hash)) == NULL && map_put(&j->flights, key_of(&f->join_hash), f);
}

void join_unlist(struct join *j, struct flight *f)
{
	if (f->listed)
		map_take(&j->flights, key_of(&f->join_hash));
	f->listed = false;
}

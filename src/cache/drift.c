#include "cache/drift.h"

#include <stdlib.h>

#include "base/must.h"

struct drift_target {
	uint64_t versions[DRIFT_VERSIONS];
	uint32_t n, oldest;	/* a ring */
	uint32_t name_n;
	char name[];
};

void drift_init(struct drift *d, uint64_t seed)
{
	map_init(&d->targets, DRIFT_TARGETS, seed);
}

void drift_done(struct drift *d)
{
	size_t at = 0;
	struct slice name;
	void *v;

	while (map_next(&d->targets, &at, &name, &v))
		free(v);
	map_done(&d->targets);
}

static struct drift_target *find_or_make(struct drift *d, struct slice name)
{
	struct drift_target *t = map_find(&d->targets, name);

	if (t || d->targets.n >= DRIFT_TARGETS)
		return t;
	t = calloc(1, sizeof(*t) + name.n + 1);
	must(t != NULL);
	t->name_n = (uint32_t)name.n;
	if (name.n)
		memcpy(t->name, name.p, name.n);
	must(map_put(&d->targets, slice_of(t->name, t->name_n), t));
	return t;
}

bool drift_note(struct drift *d, struct slice target, uint64_t version)
{
	struct drift_target *t = version ? find_or_make(d, target) : NULL;

	if (t == NULL)
		return false;
	for (uint32_t i = 0; i < t->n; i++)
		if (t->versions[i] == version)
			return false;
	bool had_any = t->n > 0;
	if (t->n < DRIFT_VERSIONS) {
		t->versions[t->n++] = version;
	} else {
		t->versions[t->oldest] = version;
		t->oldest = (t->oldest + 1) % DRIFT_VERSIONS;
	}
	return had_any;
}

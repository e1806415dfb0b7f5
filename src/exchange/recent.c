#include "exchange/recent.h"

#include <stdlib.h>

#include "flight/join.h"

/* Of the bytes alone: whose it is, is looked at later. */
static uint64_t hash_of(const struct join *j, const struct request *r)
{
	const struct request bare = { .body = r->body };

	return join_hash(j, &bare);
}

static void drop(struct recent *c, struct recent_entry **slot)
{
	if (*slot == NULL)
		return;
	arena_done(&(*slot)->arena);
	free(*slot);
	*slot = NULL;
	c->n--;
}

void recent_done(struct recent *c)
{
	for (size_t i = 0; i < RECENT_SLOTS; i++)
		drop(c, &c->slots[i]);
}

/* What parsing sees beside the body, and what the digest takes from the head. */
static bool same_door(const struct request_door *a, const struct request_door *b)
{
	return a->stream == b->stream && slice_eq(a->model, b->model) && slice_eq(a->betas, b->betas)
		&& a->betas_lost == b->betas_lost;
}

const struct recent_entry *recent_find(const struct recent *c, const struct join *j, const struct request *r)
{
	if (c->n == 0 || r->body.n > RECENT_BODY_MAX)
		return NULL;
	uint64_t hash = hash_of(j, r);
	const struct recent_entry *e = c->slots[hash & (RECENT_SLOTS - 1)];
	bool same = e && e->hash == hash && e->request.dialect == r->dialect
		&& same_door(&e->request.door, &r->door) && slice_eq(e->request.body, r->body);
	return same ? e : NULL;
}

void recent_keep(struct recent *c, const struct join *j, const struct request *r, const uint64_t whose[RECENT_WHOSE],
	const struct digest *d)
{
	if (r->body.n > RECENT_BODY_MAX)
		return;
	uint64_t hash = hash_of(j, r);
	struct recent_entry **slot = &c->slots[hash & (RECENT_SLOTS - 1)];

	drop(c, slot);
	struct recent_entry *e = *slot = calloc(1, sizeof(*e));
	must(e != NULL);
	c->n++;
	e->hash = hash;
	arena_init(&e->arena, 0);
	request_keep(&e->arena, r, &e->request);
	e->request.chain = NULL;	/* the exchange's */
	e->request.join_hash = 0;	/* another tenant's may be another */
	memcpy(e->whose, whose, sizeof(e->whose));
	e->digest = *d;
}

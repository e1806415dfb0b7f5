#include "cache/reuse.h"

#include <stdlib.h>

#include "base/must.h"

#define ODDS_FADE 1024u		/* then both counts are halved: older than that, the traffic is another */

void reuse_init(struct reuse *r, size_t max_bytes)
{
	*r = (struct reuse){ .max_bytes = max_bytes, .n_sets = 1 };
	while (r->n_sets * 2 * REUSE_WAYS * sizeof(struct reuse_row) <= max_bytes)
		r->n_sets *= 2;
}

void reuse_done(struct reuse *r)
{
	free(r->rows);
	r->rows = NULL;
}

void reuse_limit(struct reuse *r, size_t max_bytes)
{
	if (max_bytes == r->max_bytes)
		return;
	reuse_done(r);
	reuse_init(r, max_bytes);
}

/* --- rows ----------------------------------------------------------------------------------------------- */

static struct reuse_row *set_of(struct reuse *r, uint64_t hash)
{
	if (r->rows == NULL) {
		r->rows = calloc(r->n_sets * REUSE_WAYS, sizeof(*r->rows));
		must(r->rows != NULL);
	}
	return r->rows + (hash & (r->n_sets - 1)) * REUSE_WAYS;
}

static struct reuse_row *find(struct reuse *r, uint64_t hash)
{
	struct reuse_row *set = set_of(r, hash);

	for (size_t i = 0; i < REUSE_WAYS; i++)
		if (set[i].hash == hash && set[i].uses)
			return &set[i];
	return NULL;
}

/* The one unused longest gives way. */
static struct reuse_row *make(struct reuse *r, uint64_t hash)
{
	struct reuse_row *set = set_of(r, hash), *oldest = set;

	for (size_t i = 0; i < REUSE_WAYS && oldest->uses; i++)
		if (set[i].uses == 0 || set[i].last_s < oldest->last_s)
			oldest = &set[i];
	*oldest = (struct reuse_row){ .hash = hash };
	return oldest;
}

struct reuse_seen reuse_look(struct reuse *r, uint64_t hash, uint32_t now_s)
{
	const struct reuse_row *row = find(r, hash);

	if (row == NULL)
		return (struct reuse_seen){ .uses = 0 };
	bool fresh = (uint16_t)(now_s / 60 - row->minute) <= 1;
	return (struct reuse_seen){ .age_s = now_s - row->last_s, .gap_s = row->gap_s, .uses = row->uses,
		.per_minute = fresh ? row->rate : 0 };
}

/* --- chances -------------------------------------------------------------------------------------------- */

static struct reuse_odds *odds_of(struct reuse *r, uint64_t place)
{
	struct reuse_odds *o = &r->odds[place % REUSE_PLACES];

	if (o->place != place)
		*o = (struct reuse_odds){ .place = place };
	return o;
}

static void count(struct reuse *r, uint64_t place, enum reuse_kind kind, bool again)
{
	struct reuse_odds *o = odds_of(r, place);

	if (again)
		o->of[kind].again++;
	else
		o->of[kind].n++;
	if (o->of[kind].n < ODDS_FADE)
		return;
	o->of[kind].n /= 2;
	o->of[kind].again /= 2;
}

/* What is believed before anything was seen, as counts: system texts are made to be used again; a dialogue that has
 * gone on goes on; a lone question is nothing until shown otherwise, since being wrong costs a surcharge. */
static const struct {
	double n, again;
} before[REUSE_KINDS] = { [REUSE_SYSTEM] = { 2, 1 }, [REUSE_FIRST] = { 2, 0 }, [REUSE_TURN] = { 4, 3 } };

double reuse_chance(const struct reuse *r, uint64_t place, enum reuse_kind kind)
{
	const struct reuse_odds *o = &r->odds[place % REUSE_PLACES];
	bool known = o->place == place;
	double n = before[kind].n + (known ? o->of[kind].n : 0);

	return MIN_OF((before[kind].again + (known ? o->of[kind].again : 0)) / n, 1.0);
}

void reuse_note(struct reuse *r, uint64_t place, uint64_t hash, enum reuse_kind kind, uint32_t life_s, uint32_t now_s)
{
	struct reuse_row *row = find(r, hash);
	uint16_t minute = (uint16_t)(now_s / 60);

	if (row == NULL) {
		row = make(r, hash);
		row->kind = (uint8_t)kind;
		count(r, place, kind, false);
	} else {
		uint32_t gap = now_s - row->last_s;
		row->gap_s = row->uses == 1 ? gap : (row->gap_s * 3 + gap) / 4;
		if (row->uses == 1 && gap <= life_s)
			count(r, place, row->kind, true);
	}
	row->uses += row->uses < UINT16_MAX;
	row->last_s = now_s;
	row->rate = row->minute == minute ? (uint16_t)(row->rate + (row->rate < UINT16_MAX)) : 1;
	row->minute = minute;
}

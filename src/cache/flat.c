/* Rows are dense: 0 .. n-1, each field an array of its own, so that a scan reads the signatures alone until one fits.
 *
 * Invariants: 1. at[i] for i < n are the ids, all different, none 0.  2. rows + i * stride is 64-byte aligned.
 * 3. the hand is below max. */
#include "cache/flat.h"

#include <stdlib.h>

#include "base/must.h"
#include "cache/lanes.h"

#define FIRST_ROWS 64u
#define BATCH 64u		/* dot products a call */

struct flat {
	uint32_t stride, n, cap, max, hand;
	const struct lanes *lanes;
	uint64_t *signs, *ids;
	float *scales;
	bool *used;
	int8_t *rows;
};

struct flat *flat_new(uint32_t dim, uint32_t max)
{
	struct flat *f = calloc(1, sizeof(*f));

	must(f != NULL && max > 0 && dim > 0 && dim <= EMBED_DIM_MAX);
	f->stride = (dim + LANES_STEP - 1) / LANES_STEP * LANES_STEP;
	f->max = max;
	f->lanes = lanes_best();
	return f;
}

void flat_free(struct flat **f)
{
	if (*f == NULL)
		return;
	free((*f)->signs);
	free((*f)->ids);
	free((*f)->scales);
	free((*f)->used);
	free((*f)->rows);
	free(*f);
	*f = NULL;
}

void flat_use(struct flat *f, const struct lanes *with)
{
	f->lanes = with;
}

uint32_t flat_rows(const struct flat *f)
{
	return f->n;
}

size_t flat_bytes(const struct flat *f)
{
	const size_t row = f->stride + sizeof(*f->signs) + sizeof(*f->ids) + sizeof(*f->scales) + sizeof(*f->used);

	return sizeof(*f) + f->cap * row;
}

/* --- rows ------------------------------------------------------------------------------------------------ */

static void *resize(void *p, size_t n, size_t each)
{
	void *bigger = reallocarray(p, n, each);

	must(bigger != NULL);
	return bigger;
}

static void grow(struct flat *f)
{
	const uint32_t cap = MIN_OF(f->cap ? f->cap * 2 : FIRST_ROWS, f->max);
	int8_t *rows = aligned_alloc(64, (size_t)cap * f->stride);

	must(rows != NULL && f->max <= UINT32_MAX / 2);
	if (f->n)
		memcpy(rows, f->rows, (size_t)f->n * f->stride);
	free(f->rows);
	f->rows = rows;
	f->signs = resize(f->signs, cap, sizeof(*f->signs));
	f->ids = resize(f->ids, cap, sizeof(*f->ids));
	f->scales = resize(f->scales, cap, sizeof(*f->scales));
	f->used = resize(f->used, cap, sizeof(*f->used));
	f->cap = cap;
}

/* Looks at all: some microseconds at 16,384 rows, and only when a question was answered anew. */
static bool row_of(const struct flat *f, uint64_t id, uint32_t *out)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (f->ids[i] == id) {
			*out = i;
			return true;
		}
	return false;
}

/* The first row, from the hand on, that was not found since the hand last passed. */
static uint32_t give_way(struct flat *f)
{
	for (;;) {
		const uint32_t i = f->hand;
		f->hand = (f->hand + 1) % f->n;
		if (!f->used[i])
			return i;
		f->used[i] = false;
	}
}

/* The row to write: the id's own, a free one, or one that gives way. */
static uint32_t row_for(struct flat *f, uint64_t id, uint64_t *out_evicted)
{
	uint32_t i;

	if (row_of(f, id, &i))
		return i;
	if (f->n < f->max) {
		if (f->n == f->cap)
			grow(f);
		return f->n++;
	}
	i = give_way(f);
	*out_evicted = f->ids[i];
	return i;
}

void flat_put(struct flat *f, uint64_t id, uint64_t sign, const struct embed_vec *v, uint64_t *out_evicted)
{
	must(id != 0);
	*out_evicted = 0;
	if (v->scale == 0) {
		flat_drop(f, id);
		return;
	}
	const uint32_t i = row_for(f, id, out_evicted);
	int8_t *row = f->rows + (size_t)i * f->stride;
	/* -128, which embed_pack never makes but another node might send, has no negative. */
	for (uint32_t j = 0; j < f->stride; j++)
		row[j] = MAX_OF(v->v[j], (int8_t)-127);
	f->ids[i] = id;
	f->signs[i] = sign;
	f->scales[i] = v->scale;
	f->used[i] = false;
}

void flat_drop(struct flat *f, uint64_t id)
{
	uint32_t i;

	if (!row_of(f, id, &i))
		return;
	const uint32_t last = --f->n;
	memcpy(f->rows + (size_t)i * f->stride, f->rows + (size_t)last * f->stride, f->stride);
	f->ids[i] = f->ids[last];
	f->signs[i] = f->signs[last];
	f->scales[i] = f->scales[last];
	f->used[i] = f->used[last];
	if (f->hand >= f->n)
		f->hand = 0;
}

/* --- looking --------------------------------------------------------------------------------------------- */

/* The nearest so far, nearest first; among equals the older row. */
struct podium {
	float cosine[FLAT_NEAR_MAX];
	uint32_t row[FLAT_NEAR_MAX];
	uint32_t n, k;
	float floor;
};

static void podium_offer(struct podium *p, uint32_t row, float cosine)
{
	if (cosine < p->floor || (p->n == p->k && cosine <= p->cosine[p->n - 1]))
		return;
	uint32_t i = p->n < p->k ? p->n++ : p->n - 1;
	for (; i > 0 && p->cosine[i - 1] < cosine; i--) {
		p->cosine[i] = p->cosine[i - 1];
		p->row[i] = p->row[i - 1];
	}
	p->cosine[i] = cosine;
	p->row[i] = row;
}

static void weigh(const struct flat *f, const struct embed_vec *v, const uint32_t *at, uint32_t count, struct podium *p)
{
	int32_t dots[BATCH];

	f->lanes->dots(v->v, f->rows, f->stride, at, count, dots);
	for (uint32_t i = 0; i < count; i++)
		podium_offer(p, at[i], (float)dots[i] * v->scale * f->scales[at[i]]);
}

static void scan(const struct flat *f, uint64_t sign, const struct embed_vec *v, struct podium *p)
{
	uint32_t at[BATCH] = { 0 }, count = 0;

	for (uint32_t i = 0; i < f->n; i++) {
		at[count] = i;
		count += f->signs[i] == sign;
		if (count == BATCH) {
			weigh(f, v, at, count, p);
			count = 0;
		}
	}
	weigh(f, v, at, count, p);
}

uint32_t flat_find(struct flat *f, uint64_t sign, const struct embed_vec *v, float floor, struct flat_near *out,
	uint32_t k)
{
	struct podium p = { .k = MIN_OF(k, (uint32_t)FLAT_NEAR_MAX), .floor = floor };

	if (p.k == 0 || v->scale == 0)
		return 0;
	scan(f, sign, v, &p);
	for (uint32_t i = 0; i < p.n; i++) {
		f->used[p.row[i]] = true;
		out[i] = (struct flat_near){ .id = f->ids[p.row[i]], .cosine = p.cosine[i] };
	}
	return p.n;
}

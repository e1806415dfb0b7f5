/* Rows are dense: 0 .. n-1, each field an array of its own, so that a scan reads the signatures alone until one fits.
 * The vectors lie in blocks: megabytes are never copied, or touched for the first time, all at once.
 *
 * Invariants: 1. ids[i] for i < n are the ids, all different, none 0.  2. every row is 64-byte aligned.  3. the hand is
 * below max.  4. there are as many blocks as n rows and one more need at most. */
#include "cache/flat.h"

#include <stdlib.h>

#include "base/must.h"
#include "cache/lanes.h"

#define FIRST_ROWS 64u
#define BLOCK_ROWS 64u		/* 16 KiB of 256 dimensions */

struct flat {
	uint32_t stride, n, cap, max, hand, blocks_n;
	const struct lanes *lanes;
	uint64_t *signs, *ids;
	float *scales;
	bool *used;
	int8_t **blocks;
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
	for (uint32_t i = 0; i < (*f)->blocks_n; i++)
		free((*f)->blocks[i]);
	free((*f)->blocks);
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

/* The last of a small index is no larger than it will ever have to be. */
static size_t block_bytes(const struct flat *f)
{
	return (size_t)MIN_OF(f->max, BLOCK_ROWS) * f->stride;
}

size_t flat_bytes(const struct flat *f)
{
	const size_t row = sizeof(*f->signs) + sizeof(*f->ids) + sizeof(*f->scales) + sizeof(*f->used);

	return sizeof(*f) + f->cap * row + f->blocks_n * (block_bytes(f) + sizeof(*f->blocks));
}

/* --- rows ------------------------------------------------------------------------------------------------ */

static void *resize(void *p, size_t n, size_t each)
{
	void *bigger = reallocarray(p, n, each);

	must(bigger != NULL);
	return bigger;
}

/* What is beside the vectors: some 20 bytes a row. */
static void grow(struct flat *f)
{
	const uint32_t cap = MIN_OF(f->cap ? f->cap * 2 : FIRST_ROWS, f->max);

	must(f->max <= UINT32_MAX / 2);
	f->signs = resize(f->signs, cap, sizeof(*f->signs));
	f->ids = resize(f->ids, cap, sizeof(*f->ids));
	f->scales = resize(f->scales, cap, sizeof(*f->scales));
	f->used = resize(f->used, cap, sizeof(*f->used));
	f->blocks = resize(f->blocks, (cap + BLOCK_ROWS - 1) / BLOCK_ROWS, sizeof(*f->blocks));
	f->cap = cap;
}

static int8_t *row_at(const struct flat *f, uint32_t i)
{
	return f->blocks[i / BLOCK_ROWS] + (size_t)(i % BLOCK_ROWS) * f->stride;
}

static void add_block(struct flat *f)
{
	int8_t *block = aligned_alloc(64, block_bytes(f));

	must(block != NULL);
	f->blocks[f->blocks_n++] = block;
}

/* One empty block is kept for the next row. */
static void drop_blocks(struct flat *f)
{
	while (f->blocks_n > f->n / BLOCK_ROWS + 1)
		free(f->blocks[--f->blocks_n]);
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
		if (f->n == f->blocks_n * BLOCK_ROWS)
			add_block(f);
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
	int8_t *row = row_at(f, i);
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
	memmove(row_at(f, i), row_at(f, last), f->stride);
	f->ids[i] = f->ids[last];
	f->signs[i] = f->signs[last];
	f->scales[i] = f->scales[last];
	f->used[i] = f->used[last];
	if (f->hand >= f->n)
		f->hand = 0;
	drop_blocks(f);
}

/* --- looking --------------------------------------------------------------------------------------------- */

/* The nearest so far, nearest first; among equals the older row.  Nobody below the floor is offered. */
struct podium {
	float cosine[FLAT_NEAR_MAX];
	uint32_t row[FLAT_NEAR_MAX];
	uint32_t n, k;
	float floor;
};

static void podium_offer(struct podium *p, uint32_t row, float cosine)
{
	if (p->n == p->k && cosine <= p->cosine[p->n - 1])
		return;
	uint32_t i = p->n < p->k ? p->n++ : p->n - 1;
	for (; i > 0 && p->cosine[i - 1] < cosine; i--) {
		p->cosine[i] = p->cosine[i - 1];
		p->row[i] = p->row[i - 1];
	}
	p->cosine[i] = cosine;
	p->row[i] = row;
}

/* Rows of one block that the signature lets through. */
struct batch {
	const int8_t *row[BLOCK_ROWS];
	uint32_t at[BLOCK_ROWS];
	float scale[BLOCK_ROWS];
	uint32_t n;
};

static bool is_one_signature(const uint64_t *signs, uint32_t n, uint64_t sign)
{
	uint64_t other = signs[0] ^ sign;

	for (uint32_t i = 1; i < n && signs[0] == sign; i++)
		other |= signs[i] ^ sign;
	return other == 0;
}

static void take_all(const struct flat *f, uint32_t first, uint32_t n, struct batch *b)
{
	const int8_t *rows = row_at(f, first);

	for (uint32_t i = 0; i < n; i++)
		b->row[i] = rows + (size_t)i * f->stride;
	for (uint32_t i = 0; i < n; i++)
		b->at[i] = first + i;
	memcpy(b->scale, f->scales + first, n * sizeof(*b->scale));
	b->n = n;
}

static void take_some(const struct flat *f, uint32_t first, uint32_t n, uint64_t sign, struct batch *b)
{
	const int8_t *row = row_at(f, first);

	b->n = 0;
	for (uint32_t i = first; i < first + n; i++, row += f->stride) {
		b->row[b->n] = row;
		b->at[b->n] = i;
		b->scale[b->n] = f->scales[i];
		b->n += f->signs[i] == sign;
	}
}

static void weigh(const struct flat *f, const struct embed_vec *v, const struct batch *b, struct podium *p)
{
	int32_t dots[BLOCK_ROWS];
	float cosines[BLOCK_ROWS];

	f->lanes->dots(v->v, b->row, f->stride, b->n, dots);
	for (uint32_t i = 0; i < b->n; i++)
		cosines[i] = (float)dots[i] * v->scale * b->scale[i];
	for (uint32_t i = 0; i < b->n; i++)
		if (cosines[i] >= p->floor)
			podium_offer(p, b->at[i], cosines[i]);
}

/* Mostly the rows of a block have one signature: what was kept at one time was asked in one way. */
static void scan(const struct flat *f, uint64_t sign, const struct embed_vec *v, struct podium *p)
{
	struct batch b;

	for (uint32_t first = 0; first < f->n; first += BLOCK_ROWS) {
		const uint32_t n = MIN_OF(f->n - first, BLOCK_ROWS);
		if (is_one_signature(f->signs + first, n, sign))
			take_all(f, first, n, &b);
		else
			take_some(f, first, n, sign, &b);
		if (b.n)
			weigh(f, v, &b, p);
	}
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

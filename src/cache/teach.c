#include "cache/teach.h"

#include <math.h>
#include <stdlib.h>

#include "base/dice.h"
#include "base/must.h"
#include "cache/embed.h"
#include "cache/grams.h"
#include "cache/shingle.h"

#define SHINGLES_MAX 4608u	/* more than any text of EMBED_TEXT_MAX bytes has */
#define BATCH 32u		/* pairs */
#define BLOCK 32u		/* a constant inner loop is what the compiler makes vectors of */

/* Found on question pairs of a public forum, held-out ones by connected questions. */
#define STEEPNESS 8.0f		/* of the logistic function over the cosine */
#define MIDDLE 0.97f		/* the cosine of even odds */
#define RATE 0.2f
#define OTHERS 3u		/* further pairs a pair, of other texts of its batch */
#define OTHERS_WEIGHT 0.05f

/* One text: its shingles, where they put it, and where it should go. */
struct point {
	uint32_t n, row[SHINGLES_MAX];
	float weight[SHINGLES_MAX];
	float x[TEACH_DIM], slope[TEACH_DIM];
	float length;
};

struct teach {
	float *rows;			/* [TEACH_ROWS][TEACH_DIM] */
	float *moved;			/* sum of squares of what moved each row, a component */
	uint32_t *seen;			/* texts with each shingle */
	uint32_t texts;
	uint32_t *last;			/* the text that a shingle was counted for last */
	struct dice dice;
	struct point a[BATCH], b[BATCH];
};

static void *take(size_t n, size_t each)
{
	void *p = calloc(n, each);

	must(p != NULL);
	return p;
}

struct teach *teach_new(void)
{
	struct teach *t = take(1, sizeof(*t));

	t->rows = take((size_t)TEACH_ROWS * TEACH_DIM, sizeof(*t->rows));
	t->moved = take(TEACH_ROWS, sizeof(*t->moved));
	t->seen = take(TEACH_ROWS, sizeof(*t->seen));
	t->last = take(TEACH_ROWS, sizeof(*t->last));
	dice_init(&t->dice, 1);
	return t;
}

void teach_free(struct teach **t)
{
	if (*t == NULL)
		return;
	free((*t)->rows);
	free((*t)->moved);
	free((*t)->seen);
	free((*t)->last);
	free(*t);
	*t = NULL;
}

/* --- where it starts ------------------------------------------------------------------------------------- */

static void count_shingles(void *arg, const struct shingle *s, uint32_t n)
{
	struct teach *t = arg;

	for (uint32_t i = 0; i < n; i++) {
		const uint32_t row = (uint32_t)(s[i].hash % TEACH_ROWS);
		t->seen[row] += t->last[row] != t->texts;
		t->last[row] = t->texts;
	}
}

void teach_count(struct teach *t, struct slice text)
{
	t->texts++;
	shingle_walk(text, count_shingles, t);
}

/* splitmix64's step: a row has no hash of its own, only a number. */
static uint64_t row_hash(uint64_t row)
{
	uint64_t h = (row + 1) * 0x9e3779b97f4a7c15ull;

	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9ull;
	h = (h ^ h >> 27) * 0x94d049bb133111ebull;
	return h ^ h >> 31;
}

/* 1 for what stands in one text of a hundred; what was never seen is as rare as what was seen once. */
static float rarity(const struct teach *t, uint32_t row)
{
	const float of = (float)t->texts + 1, in = (float)MAX_OF(t->seen[row], 1u);

	return MAX_OF(logf(of / in), 0.05f) / logf(100);
}

void teach_begin(struct teach *t)
{
	for (uint32_t row = 0; row < TEACH_ROWS; row++)
		grams_pattern(row_hash(row), rarity(t, row), t->rows + (size_t)row * TEACH_DIM, TEACH_DIM);
}

/* --- forward --------------------------------------------------------------------------------------------- */

static void collect(void *arg, const struct shingle *s, uint32_t n)
{
	struct point *p = arg;

	for (uint32_t i = 0; i < n && p->n < SHINGLES_MAX; i++, p->n++) {
		p->row[p->n] = (uint32_t)(s[i].hash % TEACH_ROWS);
		p->weight[p->n] = (float)s[i].weight / SHINGLE_ONE;
	}
}

/* to += by * from */
static void add(float *restrict to, float by, const float *restrict from)
{
	for (size_t j = 0; j < TEACH_DIM; j += BLOCK)
		for (size_t k = 0; k < BLOCK; k++)
			to[j + k] += by * from[j + k];
}

static float dot(const float *a, const float *b)
{
	float parts[BLOCK] = { 0 }, sum = 0;

	for (size_t j = 0; j < TEACH_DIM; j += BLOCK)
		for (size_t k = 0; k < BLOCK; k++)
			parts[k] += a[j + k] * b[j + k];
	for (size_t k = 0; k < BLOCK; k++)
		sum += parts[k];
	return sum;
}

/* x becomes a unit vector, `length` what it was.  A text too long to be embedded is an empty one. */
static void place(const struct teach *t, struct slice text, struct point *p)
{
	p->n = 0;
	memset(p->x, 0, sizeof(p->x));
	memset(p->slope, 0, sizeof(p->slope));
	if (text.n <= EMBED_TEXT_MAX)
		shingle_walk(text, collect, p);
	for (uint32_t i = 0; i < p->n; i++)
		__builtin_prefetch(t->rows + (size_t)p->row[i] * TEACH_DIM);
	for (uint32_t i = 0; i < p->n; i++)
		add(p->x, p->weight[i], t->rows + (size_t)p->row[i] * TEACH_DIM);
	p->length = sqrtf(dot(p->x, p->x));
	for (uint32_t j = 0; p->length > 0 && j < TEACH_DIM; j++)
		p->x[j] /= p->length;
}

/* --- backward -------------------------------------------------------------------------------------------- */

/* Adds the slope of the pair's loss to both points; returns the loss. */
static double compare(struct point *a, struct point *b, bool same, float weight)
{
	if (a->length <= 0 || b->length <= 0)
		return 0;
	const float cosine = dot(a->x, b->x);
	const float odds = 1 / (1 + expf(-STEEPNESS * (cosine - MIDDLE)));
	const float push = weight * STEEPNESS * (odds - (float)same);

	/* d cosine / d x = (b - cosine * a) / |x|, for unit vectors a and b. */
	add(a->slope, push / a->length, b->x);
	add(a->slope, -push * cosine / a->length, a->x);
	add(b->slope, push / b->length, a->x);
	add(b->slope, -push * cosine / b->length, b->x);
	return -log(fmax(same ? odds : 1 - odds, 1e-9));
}

static void move(struct teach *t, const struct point *p)
{
	const float square = dot(p->slope, p->slope) / TEACH_DIM;

	if (square <= 0)
		return;
	for (uint32_t i = 0; i < p->n; i++) {
		const uint32_t row = p->row[i];
		const float w = p->weight[i];
		t->moved[row] += w * w * square;
		add(t->rows + (size_t)row * TEACH_DIM, -RATE * w / sqrtf(t->moved[row]), p->slope);
	}
}

/* Texts of other pairs ask something else, unless they are the same text. */
static void compare_others(struct teach *t, const struct teach_pair *const *pairs, uint32_t n)
{
	for (uint32_t s = 1; s <= OTHERS && s < n; s++)
		for (uint32_t i = 0; i < n; i++) {
			const uint32_t j = (i + s) % n;
			if (!slice_eq(pairs[i]->a, pairs[j]->b))
				compare(&t->a[i], &t->b[j], false, OTHERS_WEIGHT);
		}
}

static double learn_batch(struct teach *t, const struct teach_pair *const *pairs, uint32_t n)
{
	double loss = 0;

	for (uint32_t i = 0; i < n; i++) {
		place(t, pairs[i]->a, &t->a[i]);
		place(t, pairs[i]->b, &t->b[i]);
		loss += compare(&t->a[i], &t->b[i], pairs[i]->same, 1);
	}
	compare_others(t, pairs, n);
	for (uint32_t i = 0; i < n; i++) {
		move(t, &t->a[i]);
		move(t, &t->b[i]);
	}
	return loss;
}

/* Fisher, Yates 1938. */
static const struct teach_pair **shuffled(struct teach *t, const struct teach_pair *pairs, size_t n)
{
	const struct teach_pair **order = take(n, sizeof(*order));

	for (size_t i = 0; i < n; i++) {
		const size_t j = dice_below(&t->dice, i + 1);
		order[i] = order[j];
		order[j] = &pairs[i];
	}
	return order;
}

double teach_epoch(struct teach *t, const struct teach_pair *pairs, size_t n)
{
	const struct teach_pair **order = shuffled(t, pairs, n);
	double loss = 0;

	for (size_t at = 0; at < n; at += BATCH)
		loss += learn_batch(t, order + at, (uint32_t)MIN_OF(n - at, (size_t)BATCH));
	free(order);
	return n ? loss / (double)n : 0;
}

/* --- as integers ----------------------------------------------------------------------------------------- */

static float largest(const float *row)
{
	float most = 0;

	for (uint32_t j = 0; j < TEACH_DIM; j++)
		most = fmaxf(most, fabsf(row[j]));
	return most;
}

/* Only angles count: the gains are as large as they may be, and what then is below half of one is nothing. */
void teach_export(const struct teach *t, uint16_t *gains, int8_t *rows)
{
	float all = 0;

	for (uint32_t row = 0; row < TEACH_ROWS; row++)
		all = fmaxf(all, largest(t->rows + (size_t)row * TEACH_DIM));
	for (uint32_t row = 0; row < TEACH_ROWS; row++) {
		const float *from = t->rows + (size_t)row * TEACH_DIM;
		const float most = largest(from);
		gains[row] = (uint16_t)lrintf(most / all * GRAMS_GAIN_MAX);
		for (uint32_t j = 0; j < TEACH_DIM; j++)
			rows[(size_t)row * TEACH_DIM + j] = (int8_t)lrintf(most > 0 ? from[j] / most * 127 : 0);
	}
}

#include "cache/grams.h"

#include <stdlib.h>

#include "base/must.h"
#include "cache/lanes.h"
#include "cache/mapped.h"
#include "cache/shingle.h"

#define DIM_MAX 256u
#define FILE_MAX ((size_t)512 << 20)

static void finish(const int32_t *sums, uint32_t dim, struct embed_vec *out)
{
	float x[EMBED_DIM_MAX];

	for (uint32_t i = 0; i < dim; i++)
		x[i] = (float)sums[i];
	embed_pack(x, dim, out);
}

/* --- without a file -------------------------------------------------------------------------------------- */

/* A shingle touches these many places, with a sign each: what 64 bits of hash are enough for, at nine a place. */
#define TOUCHES 7u

static void project(void *arg, const struct shingle *s, uint32_t n)
{
	int32_t *sums = arg;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t h = s[i].hash;
		for (unsigned t = 0; t < TOUCHES; t++, h >>= 9)
			sums[h & 0xff] += h & 0x100 ? -s[i].weight : s[i].weight;
	}
}

void grams_pattern(uint64_t hash, float scale, float *row, uint32_t dim)
{
	for (unsigned t = 0; t < TOUCHES; t++, hash >>= 9)
		row[hash & (dim - 1)] += hash & 0x100 ? -scale : scale;
}

static void builtin_embed(const struct embedder *e, struct slice text, struct embed_vec *out)
{
	int32_t sums[GRAMS_DIM] = { 0 };

	if (text.n <= e->text_max)
		shingle_walk(text, project, sums);
	finish(sums, GRAMS_DIM, out);
}

const struct embedder *grams_builtin(void)
{
	static const struct embedder builtin = { .id = "grams", .version = "builtin-1", .dim = GRAMS_DIM,
		.embed = builtin_embed, .text_max = EMBED_TEXT_MAX };

	_Static_assert(GRAMS_RULES == 1, "the version of the built-in one goes up with the rules");
	return &builtin;
}

/* --- from a file ----------------------------------------------------------------------------------------- */

struct grams {
	struct embedder embedder;
	struct mapped file;
	const uint16_t *gains;
	const int8_t *rows;
	uint32_t mask;
};

struct sums {
	const struct grams *g;
	const struct lanes *lanes;
	int32_t v[DIM_MAX];
};

/* Rows lie all over a table larger than the caches: all of a batch are asked for before the first is needed. */
static void look_up(void *arg, const struct shingle *s, uint32_t n)
{
	struct sums *to = arg;
	const struct grams *g = to->g;
	const uint32_t dim = g->embedder.dim;

	for (uint32_t i = 0; i < n; i++) {
		const size_t row = s[i].hash & g->mask;
		__builtin_prefetch(&g->gains[row]);
		for (uint32_t j = 0; j < dim; j += 64)
			__builtin_prefetch(g->rows + row * dim + j);
	}
	for (uint32_t i = 0; i < n; i++) {
		const size_t row = s[i].hash & g->mask;
		to->lanes->add(to->v, g->rows + row * dim, s[i].weight * g->gains[row] / 16, dim);
	}
}

static void file_embed(const struct embedder *e, struct slice text, struct embed_vec *out)
{
	struct sums sums = { .g = CONTAINER(e, struct grams, embedder), .lanes = lanes_best() };

	if (text.n <= e->text_max)
		shingle_walk(text, look_up, &sums);
	finish(sums.v, e->dim, out);
}

static void file_close(struct embedder *e)
{
	struct grams *g = CONTAINER(e, struct grams, embedder);

	mapped_close(&g->file);
	free(g);
}

static void hash_content(const uint16_t *gains, const int8_t *rows, uint32_t n_rows, uint32_t dim,
	uint8_t out[SHA256_BYTES])
{
	struct sha256 s = { 0 };

	sha256_begin(&s);
	sha256_add(&s, slice_of(gains, n_rows * sizeof(*gains)));
	sha256_add(&s, slice_of(rows, (size_t)n_rows * dim));
	sha256_end(&s, out);
	sha256_done(&s);
}

static uint64_t size_of(uint32_t rows, uint32_t dim)
{
	return sizeof(struct grams_head) + (uint64_t)rows * (sizeof(uint16_t) + dim);
}

struct grams_head grams_head(const uint16_t *gains, const int8_t *rows, uint32_t n_rows, uint32_t dim)
{
	struct grams_head h = { .magic = { 'w', 'e', 'i', 'r', 'g', 'r', 'a', 'm' }, .format = GRAMS_FORMAT,
		.rules = GRAMS_RULES, .rows = n_rows, .dim = dim, .size = size_of(n_rows, dim) };

	hash_content(gains, rows, n_rows, dim, h.sha256);
	return h;
}

/* NULL when the file is what its head says. */
static const char *check_head(const struct grams_head *h, size_t size)
{
	if (memcmp(h->magic, "weirgram", sizeof(h->magic)) != 0)
		return "it is not a model file of `weir train`";
	if (h->format != GRAMS_FORMAT || h->rules != GRAMS_RULES)
		return "it was written by another version of weir: train it again";
	if (h->rows == 0 || h->rows > GRAMS_ROWS_MAX || (h->rows & (h->rows - 1)))
		return "its number of rows is not a power of two up to 2^20";
	if (h->dim == 0 || h->dim > DIM_MAX || h->dim % LANES_STEP)
		return "its dimension is not 64, 128, 192 or 256";
	if (h->size != size || size_of(h->rows, h->dim) != size)
		return "it is cut off, or longer than it says";
	return NULL;
}

static const char *check_content(struct grams *g, const struct grams_head *h)
{
	uint8_t sha256[SHA256_BYTES];

	for (uint32_t i = 0; i < h->rows; i++)
		if (g->gains[i] > GRAMS_GAIN_MAX)
			return "it holds a gain that is too large";
	hash_content(g->gains, g->rows, h->rows, h->dim, sha256);
	if (memcmp(sha256, h->sha256, sizeof(sha256)) != 0)
		return "it is damaged: its content is not what its head says";
	return NULL;
}

static const char *read_file(struct grams *g)
{
	const struct grams_head *h = (const void *)g->file.bytes.p;

	if (g->file.bytes.n < sizeof(*h))
		return "it is not a model file of `weir train`";
	const char *why = check_head(h, g->file.bytes.n);
	if (why)
		return why;
	g->gains = (const uint16_t *)(h + 1);
	g->rows = (const int8_t *)(g->gains + h->rows);
	g->mask = h->rows - 1;
	g->embedder = (struct embedder){ .id = "grams", .dim = h->dim, .embed = file_embed, .close = file_close,
		.text_max = EMBED_TEXT_MAX };
	embed_version(&g->embedder, h->sha256);
	return check_content(g, h);
}

struct embedder *grams_open(const char *path, const char **out_why)
{
	struct grams *g = calloc(1, sizeof(*g));
	const char *why = NULL;

	must(g != NULL);
	if (mapped_open(&g->file, path, FILE_MAX, &why))
		why = read_file(g);
	if (why == NULL)
		return &g->embedder;
	file_close(&g->embedder);
	*out_why = why;
	return NULL;
}

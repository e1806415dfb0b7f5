#include "cache/embed.h"

#include <math.h>
#include <stdio.h>

#include "base/must.h"
#include "cache/lanes.h"

#define BLOCK 32u		/* a constant inner loop is what the compiler makes vectors of */

/* The largest magnitude; 0 when a component is NaN or infinite, as a model file may hold them: their product with 0 is
 * NaN, and so is every sum with it. */
static float largest(const float *x, uint32_t dim)
{
	float most[BLOCK] = { 0 }, check[BLOCK] = { 0 }, sum = 0, all = 0;

	for (size_t j = 0; j < dim; j += BLOCK)
		for (size_t k = 0; k < BLOCK; k++) {
			const float size = fabsf(x[j + k]);
			most[k] = size > most[k] ? size : most[k];
			check[k] += size * 0;
		}
	for (size_t k = 0; k < BLOCK; k++) {
		all = most[k] > all ? most[k] : all;
		sum += check[k];
	}
	return sum == 0 ? all : 0;
}

/* From `v`. */
static void set_scale(struct embed_vec *x, uint32_t dim)
{
	int32_t squares = 0;

	for (uint32_t i = 0; i < dim; i++)
		squares += x->v[i] * x->v[i];
	x->scale = squares ? 1 / sqrtf((float)squares) : 0;
}

void embed_pack(const float *x, uint32_t dim, struct embed_vec *out)
{
	const float most = largest(x, dim);

	memset(out, 0, sizeof(*out));
	const float by = 127 / most;
	if (!isfinite(by))	/* nothing, or so small that no float is its inverse */
		return;
	for (size_t j = 0; j < dim; j += BLOCK)
		for (size_t k = 0; k < BLOCK; k++)
			out->v[j + k] = (int8_t)(int)(x[j + k] * by + copysignf(0.5f, x[j + k]));
	set_scale(out, dim);
}

struct slice embed_bytes(const struct embed_vec *v, uint32_t dim)
{
	while (dim && v->v[dim - 1] == 0)
		dim--;
	return slice_of(v->v, dim);
}

bool embed_from(struct slice bytes, uint32_t dim, struct embed_vec *out)
{
	memset(out, 0, sizeof(*out));
	if (bytes.n == 0 || bytes.n > dim || memchr(bytes.p, INT8_MIN, bytes.n))
		return false;
	memcpy(out->v, bytes.p, bytes.n);
	set_scale(out, (uint32_t)bytes.n);
	return out->scale != 0;
}

float embed_cosine(const struct embed_vec *a, const struct embed_vec *b, uint32_t dim)
{
	const int8_t *const row = b->v;
	int32_t dot;

	lanes_best()->dots(a->v, &row, (dim + LANES_STEP - 1) / LANES_STEP * LANES_STEP, 1, &dot);
	return (float)dot * a->scale * b->scale;
}

void embed_version(struct embedder *e, const uint8_t sha256[32])
{
	for (size_t i = 0; i < sizeof(e->version) / 2; i++)
		must(snprintf(e->version + 2 * i, 3, "%02x", sha256[i]) == 2);
}

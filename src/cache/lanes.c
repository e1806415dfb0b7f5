#include "cache/lanes.h"

#include "base/must.h"

/* A constant inner loop over size_t is what the compiler makes vectors of. */
#define BLOCK 32u

static inline __attribute__((always_inline)) void add_blocks(int32_t *restrict sums, const int8_t *restrict row,
	int32_t weight, uint32_t n)
{
	for (size_t j = 0; j < n; j += BLOCK)
		for (size_t k = 0; k < BLOCK; k++)
			sums[j + k] += weight * row[j + k];
}

static void plain_add(int32_t *sums, const int8_t *row, int32_t weight, uint32_t n)
{
	add_blocks(sums, row, weight, n);
}

static int32_t plain_dot(const int8_t *q, const int8_t *row, uint32_t n)
{
	int32_t sum = 0;

	for (uint32_t j = 0; j < n; j++)
		sum += q[j] * row[j];
	return sum;
}

static void plain_dots(const int8_t *q, const int8_t *const *rows, uint32_t n, uint32_t count, int32_t *out)
{
	for (uint32_t i = 0; i < count; i++)
		out[i] = plain_dot(q, rows[i], n);
}

static const struct lanes plain = { "plain", plain_dots, plain_add };

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2")))
static void avx2_add(int32_t *sums, const int8_t *row, int32_t weight, uint32_t n)
{
	add_blocks(sums, row, weight, n);
}

__attribute__((target("avx2")))
static inline __m256i avx2_part(__m256i size, __m256i q, const int8_t *row)
{
	const __m256i signed_row = _mm256_sign_epi8(_mm256_load_si256((const __m256i *)(const void *)row), q);

	return _mm256_madd_epi16(_mm256_maddubs_epi16(size, signed_row), _mm256_set1_epi16(1));
}

/* The four sums of four times eight. */
__attribute__((target("avx2")))
static inline __m128i avx2_totals(__m256i a, __m256i b, __m256i c, __m256i d)
{
	const __m256i all = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));

	return _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
}

/* |q| * (row with the sign of q): what maddubs wants is one unsigned side.  Two products make at most 128 * 127 * 2,
 * which 16 bits hold.  Four rows for one look at q, and their sums are made together. */
__attribute__((target("avx2")))
static void avx2_four(const int8_t *q, const int8_t *const *r, uint32_t n, int32_t *out)
{
	__m256i sum[4] = { _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
		_mm256_setzero_si256() };

	for (size_t j = 0; j < n; j += 32) {
		const __m256i v = _mm256_load_si256((const __m256i *)(const void *)(q + j));
		const __m256i size = _mm256_abs_epi8(v);
		for (int k = 0; k < 4; k++)
			sum[k] = _mm256_add_epi32(sum[k], avx2_part(size, v, r[k] + j));
	}
	_mm_storeu_si128((__m128i *)(void *)out, avx2_totals(sum[0], sum[1], sum[2], sum[3]));
}

__attribute__((target("avx2")))
static void avx2_dots(const int8_t *q, const int8_t *const *rows, uint32_t n, uint32_t count, int32_t *out)
{
	const uint32_t whole = count / 4 * 4;
	const int8_t *last[4];
	int32_t sums[4];

	for (uint32_t i = 0; i < whole; i += 4)
		avx2_four(q, rows + i, n, out + i);
	if (whole == count)
		return;
	for (uint32_t k = 0; k < 4; k++)
		last[k] = rows[MIN_OF(whole + k, count - 1)];
	avx2_four(q, last, n, sums);
	for (uint32_t k = 0; whole + k < count; k++)
		out[whole + k] = sums[k];
}

/* dpbusd wants one unsigned side too: row + 128, and 128 times the sum of q taken off again. */
__attribute__((target("avx512f,avx512bw,avx512vnni")))
static void vnni_dots(const int8_t *q, const int8_t *const *rows, uint32_t n, uint32_t count, int32_t *out)
{
	const __m512i flip = _mm512_set1_epi8((char)0x80);
	__m512i all = _mm512_setzero_si512();

	for (uint32_t j = 0; j < n; j += 64)
		all = _mm512_dpbusd_epi32(all, flip, _mm512_load_si512(q + j));
	const int32_t excess = _mm512_reduce_add_epi32(all);
	for (uint32_t i = 0; i < count; i++) {
		const int8_t *row = rows[i];
		__m512i sum = _mm512_setzero_si512();
		for (uint32_t j = 0; j < n; j += 64)
			sum = _mm512_dpbusd_epi32(sum, _mm512_xor_si512(_mm512_load_si512(row + j), flip),
				_mm512_load_si512(q + j));
		out[i] = _mm512_reduce_add_epi32(sum) - excess;
	}
}

static const struct lanes avx2 = { "avx2", avx2_dots, avx2_add };
static const struct lanes vnni = { "avx512vnni", vnni_dots, avx2_add };

static size_t fill(const struct lanes **known)
{
	size_t n = 0;

	known[n++] = &plain;
	if (__builtin_cpu_supports("avx2"))
		known[n++] = &avx2;
	if (n == 2 && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni"))
		known[n++] = &vnni;
	return n;
}

#elif defined(__aarch64__)
#include <arm_neon.h>

static void neon_dots(const int8_t *q, const int8_t *const *rows, uint32_t n, uint32_t count, int32_t *out)
{
	for (uint32_t i = 0; i < count; i++) {
		const int8_t *row = rows[i];
		int32x4_t sum = vdupq_n_s32(0);
		for (uint32_t j = 0; j < n; j += 16) {
			int8x16_t a = vld1q_s8(q + j), b = vld1q_s8(row + j);
			sum = vpadalq_s16(sum, vmull_s8(vget_low_s8(a), vget_low_s8(b)));
			sum = vpadalq_s16(sum, vmull_high_s8(a, b));
		}
		out[i] = vaddvq_s32(sum);
	}
}

/* Every aarch64 has NEON: the compiler uses it in plain_add too. */
static const struct lanes neon = { "neon", neon_dots, plain_add };

static size_t fill(const struct lanes **known)
{
	known[0] = &plain;
	known[1] = &neon;
	return 2;
}

#else

static size_t fill(const struct lanes **known)
{
	known[0] = &plain;
	return 1;
}
#endif

#define MOST 3

const struct lanes *lanes_at(size_t i)
{
	const struct lanes *known[MOST];

	return i < fill(known) ? known[i] : NULL;
}

const struct lanes *lanes_best(void)
{
	static const struct lanes *best;	/* the CPU stays the same */
	const struct lanes *known[MOST];

	if (best == NULL) {
		size_t n = fill(known);
		best = known[n - 1];
	}
	return best;
}

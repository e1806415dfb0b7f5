/* Digits by double arithmetic.  For numbers of usual size the product and the quotient with an exact power of
 * ten are right to 53 bits, a float has 24, so that 9 digits always suffice and every try is checked:
 *
 *   f is nearer to a decimal than half its step  <=>  every reader makes f of the decimal
 *
 * A try that falls exactly on the middle between two floats counts as failed: readers by way of a double
 * round it their own way.  Numbers of unusual size take the slow road. */
#include "dialect/embeddings_number.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/must.h"
#include "base/slice.h"

enum {
	EXACT_10 = 22,		/* 10^22 is the last power of ten that a double holds exactly */
	DIGITS = 9,		/* enough for any float32 */
	DIGITS_SURE = 6,	/* FLT_DIG: a decimal of 6 digits is never told from a neighbour wrongly */
	/* Exponents: DIGITS digits need no power above EXACT_10 there, and DIGITS_SURE digits none below 0. */
	LOW_10 = -13,
	HIGH_10 = 5,
	FIXED_10 = -5,		/* smaller numbers are written with an exponent, nearly as in Python */
};

static const double powers[EXACT_10 + 1] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
	1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

/* digits * 10^(exponent - n + 1): the first digit stands for 10^exponent. */
struct decimal {
	uint32_t digits;
	int n, exponent;
};

/* What a positive number rounds to.  Neighbours of equal distance on both sides, but at a power of two, where
 * the lower one is nearer: the nearer one counts for both. */
struct range {
	double value, step;
};

static struct range range_of(float f)
{
	uint32_t bits;
	float below;

	memcpy(&bits, &f, sizeof(bits));
	bits--;
	memcpy(&below, &bits, sizeof(below));
	return (struct range){ f, ((double)f - (double)below) / 2 };
}

/* Whether a reader makes the value of it.  The product with the power is right to 53 bits: only where the
 * distance is the step, nearly, it takes the quotient, which is what a reader computes. */
static bool reads_back(const struct range *r, double digits, double power)
{
	double off = fabs(digits - r->value * power), limit = r->step * power;

	if (fabs(off - limit) > limit * 1e-3)
		return off < limit;
	return fabs(digits / power - r->value) < r->step;
}

/* The decimal of `n` digits nearest to the value.  False when it is another number's. */
static bool attempt(const struct range *r, int exponent, int n, struct decimal *out)
{
	double power = powers[n - 1 - exponent];
	uint64_t digits = (uint64_t)(r->value * power + 0.5);

	*out = (struct decimal){ (uint32_t)digits, n, exponent };
	if (digits == (uint64_t)powers[n])	/* 9.99 becomes 10.0 */
		*out = (struct decimal){ (uint32_t)digits / 10, n, exponent + 1 };
	return reads_back(r, (double)digits, power);
}

static void trim(struct decimal *d)
{
	while (d->n > 1 && d->digits % 10 == 0) {
		d->digits /= 10;
		d->n--;
	}
}

static struct decimal shortest(const struct range *r, int exponent)
{
	struct decimal best, next;

	if (!attempt(r, exponent, DIGITS - 1, &best)) {
		must(attempt(r, exponent, DIGITS, &best));
		return best;
	}
	for (int n = DIGITS - 2; n >= DIGITS_SURE && attempt(r, exponent, n, &next); n--)
		best = next;
	trim(&best);
	return best;
}

/* --- writing -------------------------------------------------------------------------------------------- */

static char *put_digits(uint32_t digits, int n, char *out)
{
	for (int i = n - 1; i >= 0; i--, digits /= 10)
		out[i] = (char)('0' + digits % 10);
	return out + n;
}

static char *put_zeros(char *out, int n)
{
	for (; n > 0; n--)
		*out++ = '0';
	return out;
}

/* 0.00123, 1.23, 1230 */
static char *put_fixed(const struct decimal *d, char *out)
{
	int before = d->exponent + 1;	/* digits before the point */

	if (before <= 0) {
		*out++ = '0';
		*out++ = '.';
		return put_digits(d->digits, d->n, put_zeros(out, -before));
	}
	if (before >= d->n)
		return put_zeros(put_digits(d->digits, d->n, out), before - d->n);
	put_digits(d->digits, d->n, out + 1);
	memmove(out, out + 1, (size_t)before);
	out[before] = '.';
	return out + d->n + 1;
}

/* 1.23e-7 */
static char *put_exponent(const struct decimal *d, char *out)
{
	put_digits(d->digits, d->n, out + 1);
	out[0] = out[1];
	out[1] = '.';
	out += d->n > 1 ? d->n + 1 : 1;
	*out++ = 'e';
	*out++ = '-';
	return put_digits((uint32_t)-d->exponent, d->exponent <= -10 ? 2 : 1, out);
}

/* Huge, tiny and denormal numbers, which embeddings do not have. */
static size_t slow(float f, char *out)
{
	char text[EMBEDDINGS_NUMBER_MAX + 1];
	int n = 0;

	for (int digits = 1; digits <= DIGITS; digits++) {
		n = snprintf(text, sizeof(text), "%.*g", digits, (double)f);
		if (strtof(text, NULL) == f && (float)strtod(text, NULL) == f)
			break;
	}
	must(n > 0 && (size_t)n <= EMBEDDINGS_NUMBER_MAX);
	memcpy(out, text, (size_t)n);
	return (size_t)n;
}

/* Of the first digit, or outside of LOW_10..HIGH_10. */
static int exponent_of(double value)
{
	int two, ten;

	frexp(value, &two);
	ten = (two - 1) * 1233 / 4096;	/* 1233/4096 is log10(2), nearly: too high by one at most, or too low */
	if (ten < LOW_10 - 1 || ten > HIGH_10 + 1)
		return ten;
	while (value * powers[ten < 0 ? -ten : 0] < (ten < 0 ? 1 : powers[ten]))
		ten--;
	while (value * powers[ten < 0 ? -ten : 0] >= (ten < 0 ? 10 : powers[ten + 1]))
		ten++;
	return ten;
}

size_t embeddings_number(float f, char *out)
{
	char *at = out;

	must(isfinite(f));
	if (f == 0) {
		/* "-0" is the integer 0 to many readers */
		struct slice zero = signbit(f) ? SLICE("-0.0") : SLICE("0");
		memcpy(out, zero.p, zero.n);
		return zero.n;
	}
	int exponent = exponent_of(fabs((double)f));
	if (exponent < LOW_10 || exponent > HIGH_10)
		return slow(f, out);
	if (f < 0)
		*at++ = '-';
	const struct range r = range_of(fabsf(f));
	const struct decimal d = shortest(&r, exponent);
	at = d.exponent >= FIXED_10 ? put_fixed(&d, at) : put_exponent(&d, at);
	return (size_t)(at - out);
}

#include "base/dice.h"

#include "base/must.h"

static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = (*x += 0x9e3779b97f4a7c15u);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint64_t rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

void dice_init(struct dice *d, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		d->s[i] = splitmix(&seed);
}

uint64_t dice_u64(struct dice *d)
{
	uint64_t *s = d->s, result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

uint64_t dice_below(struct dice *d, uint64_t n)
{
	must(n > 0);
	/* The bias of a plain multiply-shift is below n / 2^64: far under what jitter or weights could show. */
	return (uint64_t)(((unsigned __int128)dice_u64(d) * n) >> 64);
}

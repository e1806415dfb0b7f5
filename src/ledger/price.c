#include "ledger/price.h"

#include "base/span.h"

#define PICO_DIGITS 12
#define TOKENS_MAX ((int64_t)100000000)	/* of one call; times PRICE_MAX it is 10^18 */

#define RATE(dollars) ((int64_t)((dollars) * 1e6 + 0.5))
#define SAME (-1)
#define OR(dollars, input) ((dollars) == SAME ? RATE(input) : RATE(dollars))
#define RATES(input, output, cached, cache_write) \
	RATE(input), RATE(output), OR(cached, input), OR(cache_write, input)

static const struct price prices[] = {
#define PRICE(name, input, output, cached, cache_write) { RATES(input, output, cached, cache_write), 0 },
#define ABOVE(name, tokens, input, output, cached, cache_write) { RATES(input, output, cached, cache_write), tokens },
#include "ledger/prices.def"
#undef PRICE
#undef ABOVE
	{ 0 }
};

/* By the same index; NULL: a dearer price of the row before. */
static const char *const names[] = {
#define PRICE(name, input, output, cached, cache_write) name,
#define ABOVE(name, tokens, input, output, cached, cache_write) NULL,
#include "ledger/prices.def"
#undef PRICE
#undef ABOVE
};

/* Two entrances of one house. */
static struct slice house_of(struct slice provider)
{
	return slice_eq(provider, SLICE("gemini-openai")) ? SLICE("gemini") : provider;
}

static bool is_digits(struct slice s)
{
	size_t i = 0;

	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return s.n > 0 && i == s.n;
}

/* Bytes of "-20250929", "-2024-08-06" or "@20250929" at its end; 0: it has none. */
static size_t date_of(struct slice model)
{
	size_t n = model.n;

	if (n > 9 && (model.p[n - 9] == '-' || model.p[n - 9] == '@') && is_digits(slice_skip(model, n - 8)))
		return 9;
	if (n > 11 && model.p[n - 11] == '-' && model.p[n - 6] == '-' && model.p[n - 3] == '-'
			&& is_digits(slice_of(model.p + n - 10, 4)) && is_digits(slice_of(model.p + n - 5, 2))
			&& is_digits(slice_skip(model, n - 2)))
		return 11;
	return 0;
}

static bool is_named(const char *name, struct slice provider, struct slice model)
{
	struct slice s = slice_str(name);
	return s.n == provider.n + 1 + model.n && s.p[provider.n] == '/' && slice_starts(s, provider)
		&& slice_eq(slice_skip(s, provider.n + 1), model);
}

static const struct price *exactly(struct slice provider, struct slice model)
{
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (names[i] && is_named(names[i], provider, model))
			return &prices[i];
	return NULL;
}

const struct price *price_listed(struct slice provider, struct slice model)
{
	struct slice house = house_of(provider);
	const struct price *p = exactly(house, model);
	size_t date = date_of(model);

	return p || date == 0 ? p : exactly(house, slice_of(model.p, model.n - date));
}

/* A provider's count can be any number: sums must hold whatever it says. */
static int64_t known(int64_t tokens)
{
	return MIN_OF(MAX_OF(tokens, (int64_t)0), TOKENS_MAX);
}

int64_t price_part(const struct price *p, const struct usage *u, const struct usage *whole)
{
	if (p == NULL || (u->prompt_tok < 0 && u->completion_tok < 0))
		return PRICE_UNKNOWN;
	if (p[1].above_tok && whole->prompt_tok > p[1].above_tok)
		p++;
	int64_t cached = known(u->cached_tok), written = known(u->cache_write_tok);
	int64_t fresh = known(u->prompt_tok - cached - written);

	return fresh * p->input + cached * p->cached + written * p->cache_write + known(u->completion_tok) * p->output;
}

struct slice price_text(uint64_t picodollars, char out[PRICE_TEXT_MAX])
{
	char *p = out + PRICE_TEXT_MAX;
	uint64_t left = picodollars;

	for (int i = 0; i < PICO_DIGITS; i++, left /= 10)
		*--p = (char)('0' + left % 10);
	*--p = '.';
	do {
		*--p = (char)('0' + left % 10);
		left /= 10;
	} while (left);
	size_t n = (size_t)(out + PRICE_TEXT_MAX - p);
	while (p[n - 1] == '0')
		n--;
	return slice_of(p, p[n - 1] == '.' ? n - 1 : n);
}

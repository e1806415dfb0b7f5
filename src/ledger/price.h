/* What tokens cost: list prices that weir knows, prices that the configuration gives, and sums.  Money is counted in
 * picodollars (10^-12 US dollars): one token at one dollar a million is exactly 1,000,000 of them, so that sums are
 * exact; 63 bits hold nine million dollars. */
#ifndef LEDGER_PRICE_H
#define LEDGER_PRICE_H

#include "base/slice.h"
#include "chat/event.h"

#define PRICE_MAX 10000			/* dollars a million */
#define PRICE_TEXT_MAX 24		/* 8 digits, a dot, 12 digits, and room */
#define PRICE_UNKNOWN ((int64_t)-1)	/* a sum of which nothing is known */

/* Picodollars a token.  The one after it, when its above_tok is not 0, replaces it for a whole request whose prompt is
 * longer than that; so a lone price is followed by a zero one. */
struct price {
	int64_t input, output, cached, cache_write;
	int64_t above_tok;
};

/* Of a provider of the catalogue, by its name there.  A dated name of a model ("gpt-4o-2024-08-06") costs as the model
 * without its date does, unless it has a price of its own.  NULL: not known.  Lives for ever. */
const struct price *price_listed(struct slice provider, struct slice model);
/* Of what one record has of a call: whether the prompt is a long one is said by that of the `whole` call.
 * PRICE_UNKNOWN without a price or without any count. */
int64_t price_part(const struct price *p, const struct usage *u, const struct usage *whole);
static inline int64_t price_cost(const struct price *p, const struct usage *u)
{
	return price_part(p, u, u);
}
/* Picodollars that `dollars_per_million` of one token are. */
static inline int64_t price_per_token(double dollars_per_million)
{
	return (int64_t)(dollars_per_million * 1e6 + 0.5);
}
/* In dollars, without an exponent or needless zeros: "0.0000125".  Lies within `out`. */
struct slice price_text(uint64_t picodollars, char out[PRICE_TEXT_MAX]);

#endif

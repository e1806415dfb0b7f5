#include "route/tariff.h"

#include "conf/conf.h"
#include "route/route_conf.h"

/* Two: the second, zero one says that there is no dearer price for long prompts. */
#define PRICE_AND_END 2

static int64_t rate(struct enlist *e, const double *field, double otherwise)
{
	return price_per_token(CONF_GIVEN(e->conf, field) ? *field : otherwise);
}

static bool names_a_provider(const struct roster *r, struct slice name)
{
	size_t slash = slice_find(name, '/');
	return slash + 1 < name.n && map_find(&r->providers, slice_of(name.p, slash));
}

static void take_one(struct enlist *e, size_t i)
{
	const struct route_price_conf *pc = row_item(&e->from->prices, &route_conf_price, i);
	const struct slice *name = &e->from->prices.names[i];
	struct price *p = ARENA_ARRAY(&e->into->arena, struct price, PRICE_AND_END);

	if (!names_a_provider(e->into, *name))
		conf_fault(e->conf, name, "\"%.*s\" has no price: write it as provider/model, with a provider that is "
			"configured", SLICE_ARG(*name));
	*p = (struct price){ .input = price_per_token(pc->input), .output = price_per_token(pc->output),
		.cached = rate(e, &pc->cached_input, pc->input),
		.cache_write = rate(e, &pc->cache_write, pc->input) };
	map_put(&e->into->prices, arena_copy(&e->into->arena, *name), p);
}

void tariff_take(struct enlist *e)
{
	for (size_t i = 0; i < e->from->prices.n; i++)
		take_one(e, i);
}

const struct price *tariff_of(const struct roster *r, struct slice name)
{
	const struct price *given = map_find(&r->prices, name);
	size_t slash = slice_find(name, '/');

	if (given || slash >= name.n)
		return given;
	const struct provider *p = map_find(&r->providers, slice_of(name.p, slash));
	return p && p->listed.n ? price_listed(p->listed, slice_skip(name, slash + 1)) : NULL;
}

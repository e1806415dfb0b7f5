/* What each target costs: the configuration's price, else the list's. */
#ifndef ROUTE_TARIFF_H
#define ROUTE_TARIFF_H

#include "route/enlist.h"

/* The configuration's `prices` -> e->into->prices; after the providers, before the models. */
void tariff_take(struct enlist *e);
/* Of a target by its name, "provider/model".  NULL: not known.  Lives as long as the roster. */
const struct price *tariff_of(const struct roster *r, struct slice name);

#endif

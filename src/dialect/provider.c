/* The provider catalogue as a table.  Knows no dialect's insides and no configuration. */
#include "dialect/provider.h"

#include "base/must.h"

static const struct provider_row rows[] = {
#define PROVIDER(name, dialect, also, url, env, auth, usage, note) \
	{ name, dialect, also, url, env, PROVIDER_AUTH_##auth, PROVIDER_USAGE_##usage, note },
#include "dialect/providers.def"
#undef PROVIDER
};

const struct provider_row *provider_at(size_t i)
{
	return i < COUNT_OF(rows) ? &rows[i] : NULL;
}

const struct provider_row *provider_find(struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (slice_eq(name, slice_str(rows[i].name)))
			return &rows[i];
	return NULL;
}

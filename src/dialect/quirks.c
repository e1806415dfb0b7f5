#include "dialect/quirks.h"

const struct quirks quirks_none = { .drop = NULL };

static const struct {
	const char *provider;
	struct quirks quirks;
} rows[] = {
#define QUIRKS(provider, ...) { provider, { __VA_ARGS__ } },
#include "dialect/quirks.def"
#undef QUIRKS
};

const struct quirks *quirks_find(struct slice provider)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (slice_eq(provider, slice_str(rows[i].provider)))
			return &rows[i].quirks;
	return &quirks_none;
}

/* The table of dialects.  Knows their names only. */
#include "dialect/dialect.h"

static const struct {
	const struct dialect *dialect;
	const char *name, *short_name;
} dialects[] = {
#define DIALECT(symbol, name, short_name) { &symbol, name, short_name },
#include "dialect/dialects.def"
#undef DIALECT
};

const struct dialect *dialect_at(size_t i)
{
	return i < COUNT_OF(dialects) ? dialects[i].dialect : NULL;
}

const struct dialect *dialect_find(struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(dialects); i++) {
		if (slice_eq(name, slice_str(dialects[i].name)))
			return dialects[i].dialect;
		if (slice_eq(name, slice_str(dialects[i].short_name)))
			return dialects[i].dialect;
	}
	return NULL;
}

const struct dialect *dialect_by_tag(char tag)
{
	for (size_t i = 0; i < COUNT_OF(dialects); i++)
		if (dialects[i].dialect->tag == tag)
			return dialects[i].dialect;
	return NULL;
}

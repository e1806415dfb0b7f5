#include "base/err.h"

#include <ctype.h>
#include <stddef.h>

static const struct err_row rows[ERR_COUNT] = {
#define ERR(n, h, b, r, v, t, c, x) \
	[ERR_##n] = { #n, h, ERR_BLAME_##b, ERR_RETRY_##r, v, t, c, x },
#include "base/errs.def"
#undef ERR
};

const struct err_row *err_row(enum err e)
{
	must((unsigned)e < ERR_COUNT);
	return &rows[e];
}

/* The table spells names in capitals; labels are lower case, so the copies are made once. */
const char *err_name(enum err e)
{
	static char names[ERR_COUNT][24];
	const char *from = err_row(e)->name;
	char *to = names[e];

	if (to[0] == '\0')
		for (size_t i = 0; from[i] && i < sizeof(names[0]) - 1; i++)
			to[i] = (char)tolower((unsigned char)from[i]);
	return to;
}

const char *err_text(enum err e)
{
	return err_row(e)->text;
}

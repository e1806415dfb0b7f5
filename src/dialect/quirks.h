/* What single providers do differently from their dialect: rows of quirks.def. */
#ifndef DIALECT_QUIRKS_H
#define DIALECT_QUIRKS_H

#include "dialect/dialect.h"

/* By the catalogue's name; quirks_none for a provider without a row. */
const struct quirks *quirks_find(struct slice provider);

#endif

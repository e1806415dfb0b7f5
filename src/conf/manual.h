/* The reference page: every key of a tree of row tables, as Markdown. */
#ifndef CONF_MANUAL_H
#define CONF_MANUAL_H

#include "base/buf.h"
#include "conf/row.h"

/* Appends one chapter and table a section: key, type, range, default, whether a reload may change it, help.  A section
 * that stands in several places has one chapter that lists them. */
void manual_rows(const struct section *root, struct buf *out);

#endif

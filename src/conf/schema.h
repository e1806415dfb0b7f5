/* JSON Schema (draft-07, as yaml-language-server reads) of a tree of row tables: editors complete and check by it. */
#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H

#include "base/buf.h"
#include "conf/row.h"

/* Appends the schema, one JSON object and a line end.  A value may always be a ${NAME} reference, so numbers are
 * numbers or such a text. */
void schema_rows(const struct section *root, struct buf *out);

#endif

/* Schemas as Gemini's `parameters` and `responseSchema` write them, a subset of OpenAPI 3.0 with types in capitals and
 * `nullable` (protocols.md 5.2), understood as JSON Schema.  The other way: gemini_subset.h. */
#ifndef DIALECT_GEMINI_SCHEMA_H
#define DIALECT_GEMINI_SCHEMA_H

#include "codec/json_out.h"

/* As JSON Schema, in `a`.  NULL without room. */
yyjson_val *gemini_schema_read(struct arena *a, yyjson_val *schema);

#endif

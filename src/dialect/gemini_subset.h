/* JSON Schema -> the subset of OpenAPI 3.0 that Gemini models before 2.5 take (protocols.md 5.2): types in capitals,
 * `nullable` instead of a type "null", no $ref, allOf, oneOf, const. */
#ifndef DIALECT_GEMINI_SUBSET_H
#define DIALECT_GEMINI_SUBSET_H

#include "codec/json_out.h"

/* One value.  References inside the schema are put in their place, allOf is merged, const becomes enum, a list of types
 * becomes nullable or anyOf, other keywords go.  Scratch in `a`.  *lossy: what went says something about the values
 * (recursion, numbers in enum, `not`, more than 24 levels or 5,000 nodes); never made false. */
void gemini_subset_put(struct json_out *w, struct arena *a, yyjson_val *schema, bool *lossy);

/* An object without properties: Gemini refuses it as parameters, so such a function has none. */
bool gemini_subset_is_empty(yyjson_val *schema);

#endif

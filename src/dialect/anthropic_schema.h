/* JSON Schema of an answer's form, as output_config.format takes it (platform.claude.com, "Structured
 * outputs"): every object lists its properties and says additionalProperties: false. */
#ifndef DIALECT_ANTHROPIC_SCHEMA_H
#define DIALECT_ANTHROPIC_SCHEMA_H

#include "codec/json_out.h"

/* False: an object in it may have members that it does not list, which cannot be said. */
bool anthropic_schema_fits(yyjson_val *schema);
/* The schema; its objects are closed where they do not say so themselves. */
void anthropic_schema_write(struct json_out *w, yyjson_val *schema);

#endif

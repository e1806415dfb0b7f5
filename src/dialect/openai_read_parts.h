/* The messages of a body of the dialect openai-chat -> messages of a prompt (protocols.md 1.2). */
#ifndef DIALECT_OPENAI_READ_PARTS_H
#define DIALECT_OPENAI_READ_PARTS_H

#include "dialect/openai_field.h"

bool openai_read_parts(struct openai_field *f, yyjson_val *messages) MUST_CHECK;

#endif

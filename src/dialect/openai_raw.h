/* Images, audio, moderations, rerank: routed pass-through.  Of the request only the model is read, from a JSON body
 * or a form, and replaced by the target's; path, content type and every other byte pass, both ways.  Its const struct
 * is declared in dialect.h. */
#ifndef DIALECT_OPENAI_RAW_H
#define DIALECT_OPENAI_RAW_H

#include "dialect/dialect.h"

#endif

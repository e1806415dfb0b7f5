/* What a provider of openai-chat refuses in the values of a client's own body, where rows of quirks.def say so: a role,
 * a form of answer, an id.  Such a body is read and written anew instead of spliced (translate.c); members at the top
 * are splice.c's. */
#ifndef DIALECT_OPENAI_CLASH_H
#define DIALECT_OPENAI_CLASH_H

#include "dialect/dialect.h"

/* False when no word of such a value is in the body: then nobody need parse it.  One search a quirk. */
bool openai_clash_may(const struct quirks *q, struct slice body);
/* True when there is one.  `root`: of the parsed body; `a`: scratch. */
bool openai_clash_is(const struct quirks *q, yyjson_val *root, struct arena *a);

#endif

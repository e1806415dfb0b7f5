/* Members of a client's own body that no reader knows, inside its messages (Mistral's and DeepSeek's `prefix`,
 * Moonshot's `partial`): a body that is written anew for a provider of the same dialect has them again, as one
 * that is spliced has.  At the top they are struct prompt's extras. */
#ifndef DIALECT_OPENAI_REST_H
#define DIALECT_OPENAI_REST_H

#include "dialect/openai_write.h"

enum openai_rest_of { OPENAI_REST_MESSAGE, OPENAI_REST_CALL, OPENAI_REST_PART };

/* Appended to the object that is open.  `from`: the object as the client sent it; NULL, or of another dialect:
 * nothing.  null is the same as absent, and what holds sealed state is left out (chat/seal.h). */
void openai_rest_put(struct openai_write *o, yyjson_val *from, enum openai_rest_of of);
/* True when there is any. */
bool openai_rest_has(const struct openai_write *o, yyjson_val *from, enum openai_rest_of of);

#endif

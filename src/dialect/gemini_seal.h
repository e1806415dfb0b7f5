/* State of other providers in Gemini's thoughtSignature: sealed (chat/seal.h), with what a signature alone would
 * lose: that the reasoning cannot be read, and the id of its item.
 *
 *   plain signature:    seal_wrap(origin, bytes)
 *   with more to it:    seal_wrap(origin, 01 kind id 01 bytes)      kind: 's' signature, 'r' redacted */
#ifndef DIALECT_GEMINI_SEAL_H
#define DIALECT_GEMINI_SEAL_H

#include "chat/seal.h"

/* In `a`; empty without room or with nothing to seal. */
struct slice gemini_seal_wrap(struct arena *a, char origin, bool redacted, struct slice id, struct slice bytes);
/* A client's thoughtSignature -> the part's seal, id (of reasoning only) and redacted. */
void gemini_seal_unwrap(struct arena *a, struct slice text, struct prompt_part *part);

#endif

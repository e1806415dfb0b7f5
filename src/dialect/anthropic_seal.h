/* A signature of a tool call (Gemini gives one) has no place in this dialect.  It travels in a thinking block without text
 * before the call, sealed (chat/seal.h) with a mark before its bytes:
 *
 *   {"type":"thinking","thinking":"","signature": seal(origin, "@call:" bytes)}, {"type":"tool_use",...}
 *
 * '@' begins no provider's own signature: those are base64. */
#ifndef DIALECT_ANTHROPIC_SEAL_H
#define DIALECT_ANTHROPIC_SEAL_H

#include "chat/seal.h"

/* The block's signature for a call's, which is `text` as dialect `origin` wrote it, or sealed already.  In `a`; empty when
 * there is no room. */
struct slice anthropic_seal_call(struct arena *a, char origin, struct slice text);
/* True when a block's signature is such a one: *out is the call's own.  False too without room. */
bool anthropic_seal_is_call(struct arena *a, struct slice signature, struct prompt_seal *out);

#endif

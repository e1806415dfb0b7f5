/* A provider's opaque state on its way through a client of another dialect and back: a signature of Anthropic in an
 * answer that a Gemini client gets, and the like.  Sealed, it says which dialect made it, so that only that one gets
 * it back (a signature of another provider is answered with 400, protocols.md 5.5), and it is base64, so that every
 * client's field for such state can hold it.
 *
 *   base64( "weir1:" origin bytes )       six bytes give the fixed base64 prefix d2VpcjE6 */
#ifndef CHAT_SEAL_H
#define CHAT_SEAL_H

#include "chat/prompt.h"

/* In `a`; empty when there is nothing to seal or no room. */
struct slice seal_wrap(struct arena *a, char origin, struct slice bytes);
/* What a client sent in a field for such state: sealed by seal_wrap, or else (`own`: tag of the client's dialect) that
 * dialect's own. */
struct prompt_seal seal_unwrap(struct arena *a, char own, struct slice text);
/* True when the text holds something that may be sealed: such a body must not pass to a provider as it is. */
bool seal_in(struct slice text);

#endif

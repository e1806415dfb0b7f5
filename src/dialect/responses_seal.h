/* Opaque state of a provider in the one field that this dialect has for it, `encrypted_content` of a reasoning
 * item.  A provider of this dialect wrote the field itself: it stays as it is.  State of another dialect is
 * sealed (chat/seal.h), and a word before the seal says what it belongs to, because clients may drop every
 * other member of the item:
 *
 *   d2VpcjE6...            the reasoning whose text stands in the item's summary
 *   redacted.d2VpcjE6...   reasoning that nobody may read
 *   call.d2VpcjE6...       the tool call in the next item
 *
 * A provider that is another weir writes such fields too, so they are read on both sides. */
#ifndef DIALECT_RESPONSES_SEAL_H
#define DIALECT_RESPONSES_SEAL_H

#include "chat/prompt.h"

struct dialect;

enum responses_seal_of { RESPONSES_SEAL_REASONING, RESPONSES_SEAL_REDACTED, RESPONSES_SEAL_CALL };

/* The text of `encrypted_content` for a client, in `a` or `bytes` themselves; empty when there is nothing or
 * no room.  `source`: whose state it is; NULL: this dialect's. */
struct slice responses_seal_write(struct arena *a, enum responses_seal_of of, const struct dialect *source,
	struct slice bytes);
/* The same for the provider that made it: only the word stands before it. */
struct slice responses_seal_back(struct arena *a, enum responses_seal_of of, struct slice bytes);
/* What the text belongs to; its word is cut off. */
enum responses_seal_of responses_seal_cut(struct slice *text);

#endif

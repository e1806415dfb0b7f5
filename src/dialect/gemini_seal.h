/* State of other providers in Gemini's thoughtSignature: sealed (chat/seal.h), with what a signature alone would
 * lose: that the reasoning cannot be read, and the id of its item.
 *
 *   plain signature:    seal_wrap(origin, bytes)
 *   with more to it:    seal_wrap(origin, 01 kind id 01 bytes)      kind: enum gemini_seal_kind
 *
 * Vercel's provider for Google drops a signature on an empty thought, so one that comes behind its thoughts stands on
 * the next part that is kept, a call or a text, and says so. */
#ifndef DIALECT_GEMINI_SEAL_H
#define DIALECT_GEMINI_SEAL_H

#include "chat/seal.h"

enum gemini_seal_kind {
	GEMINI_SEAL_PART = 's',		/* signature of the part it stands on */
	GEMINI_SEAL_THOUGHTS = 't',	/* signature of the thoughts before that part */
	GEMINI_SEAL_REDACTED = 'r',	/* thoughts that cannot be read */
};

/* In `a`; empty without room or with nothing to seal. */
struct slice gemini_seal_wrap(struct arena *a, char origin, enum gemini_seal_kind kind, struct slice id,
	struct slice bytes);
/* A client's thoughtSignature -> the part's seal, id (of reasoning only) and redacted (likewise).  Returns what it is
 * the state of. */
enum gemini_seal_kind gemini_seal_unwrap(struct arena *a, struct slice text, struct prompt_part *part);

#endif

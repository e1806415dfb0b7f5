/* Opaque state of other providers in the fields that this dialect has for it: `signature` of a thinking block
 * and `data` of a redacted one.  Anthropic's own stands there as it is; other state is sealed (chat/seal.h),
 * with what would be lost before its bytes:
 *
 *   of reasoning               seal(origin, bytes)
 *   the same, with its id      seal(origin, "@id:" id LF bytes)
 *   of a tool call             seal(origin, "@call:" bytes), in a thinking block without text before the call
 *
 * '@' begins no provider's own state: that is base64 or JSON.  A provider that is another weir writes such
 * fields too, so they are read on both sides. */
#ifndef DIALECT_ANTHROPIC_SEAL_H
#define DIALECT_ANTHROPIC_SEAL_H

#include "chat/seal.h"

enum anthropic_seal_of { ANTHROPIC_SEAL_REASONING, ANTHROPIC_SEAL_CALL };

struct anthropic_seal {
	struct prompt_seal seal;	/* origin 0: none */
	struct slice id;		/* of the reasoning's item; may be empty */
	bool is_call;
	bool is_sealed;			/* it is not Anthropic's own */
};

/* The text of the field for state that dialect `origin` wrote, or that is sealed already.  In `a`, or `text`
 * itself; empty when there is nothing or no room. */
struct slice anthropic_seal_write(struct arena *a, enum anthropic_seal_of of, char origin, struct slice id,
	struct slice text);
/* What the field holds; slices in `a` or in the field. */
struct anthropic_seal anthropic_seal_read(struct arena *a, struct slice field);

#endif

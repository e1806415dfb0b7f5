/* The prefixes of a prompt as chained hashes: what a provider's prompt cache could hold of it.  h_i covers everything
 * up to boundary i (XXH3_64 of the piece, mixed with h_i-1), so two prompts that agree up to a boundary agree in its
 * hash. Boundaries stand at the end of the tools, of each system text and of each message, and after each KiB within
 * one.
 *
 * Taken from the body as it stands, in the order in which providers render it: tools, system, messages.  Cache marks
 * (cache_control) are left out, since clients move them from turn to turn.  Pure; knows member names, no dialect. */
#ifndef CHAT_CHAIN_H
#define CHAT_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/slice.h"

#define CHAIN_MAX 96u		/* links; of longer prompts the older ones are thinned out */
#define CHAIN_STEP 1024u	/* bytes between boundaries within a message */
#define CHAIN_TOKEN_BYTES 4u	/* of prompt text, about (dependencies.md 2.11) */

enum chain_kind { CHAIN_TOOLS, CHAIN_SYSTEM, CHAIN_MESSAGE, CHAIN_INSIDE };

struct chain_link {
	uint64_t hash;
	uint32_t end;		/* bytes of prompt up to here */
	uint32_t index;		/* MESSAGE, INSIDE: number of the message, from 0, leading system messages included */
	enum chain_kind kind;
};

struct chain {
	struct chain_link links[CHAIN_MAX];	/* in prompt order */
	uint32_t n;
	uint32_t bytes, messages;	/* in all; messages without leading system ones */
	uint64_t hash;			/* of everything */
	uint64_t root;			/* of tools and system: what the conversations of one application share */
	uint64_t opening;		/* of that and the first message: what the turns of one conversation share */
};

/* The parts of a body, as they stand; empty when absent. */
struct chain_parts {
	struct slice tools, system;
	struct slice *messages;		/* elements; a single one that is a string: no list was given */
	size_t n_messages;
};
/* One walk over the text.  The list is made in `a`. */
void chain_find(struct arena *a, struct slice body, struct chain_parts *out);

/* The salt of chains that only this tenant at this place (a model, a target) can share. */
uint64_t chain_salt(uint64_t tenant, struct slice place);
/* `body`: JSON that was parsed before; an object.  `scratch`: for the list of messages, and a copy without marks where
 * there are any. */
void chain_make(struct chain *c, struct arena *scratch, struct slice body, uint64_t salt);
/* The same of parts that are known and hold no marks. */
void chain_of(struct chain *c, const struct chain_parts *parts, uint64_t salt);
/* Does a member cache_control stand anywhere in this JSON? */
bool chain_has_marks(struct slice json);
/* Two hashes into one. */
uint64_t chain_mix(uint64_t a, uint64_t b);

#endif

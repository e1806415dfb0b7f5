/* Cache marks: where a finished provider's body can carry them, and how they are put there.  What is worth a mark is
 * decided above (cache/prefix.h); here only places, bytes and prices are known.
 *
 * Anthropic: a member cache_control in the last block that may have one, of the tools, the system text or a message; a
 * text that is a bare string becomes the block that it stands for.  OpenAI: members of the body itself.  All other
 * bytes stay as they are, so that what stands before a mark is the same in each turn. */
#ifndef DIALECT_MARKS_H
#define DIALECT_MARKS_H

#include "chat/chain.h"
#include "dialect/dialect.h"

#define MARKS_MAX 4u		/* breakpoints of one request (protocols.md 4.2) */

enum marks_how { MARKS_BLOCKS, MARKS_PAID, MARKS_FREE };

struct marks_row {
	const char *name;
	enum marks_how how;
	uint32_t min_tok, write, write_1h, read, life_s;	/* marks.def */
};

/* What this model's cache is like when it is spoken to in this dialect; NULL: nothing is known, or nothing to be done.
 * */
const struct marks_row *marks_find(const struct dialect *back, struct slice model);

enum marks_spot { MARKS_TOOLS, MARKS_SYSTEM, MARKS_MESSAGE };

struct marks_plan {
	struct {
		enum marks_spot spot;
		uint32_t message;	/* its number */
		bool hour;		/* lives an hour; all of these stand before the others */
	} at[MARKS_MAX];
	size_t n;
	bool explicit_only;		/* OpenAI: prompt_cache_options.mode explicit, and no breakpoint: nothing is
					 * cached */
	struct slice key;		/* OpenAI: prompt_cache_key; empty: none */
};

/* Has the client, or a translation of what it said, any say in caching already?  Then nothing is added. */
bool marks_taken(const struct marks_row *row, struct slice body);
/* OpenAI's Responses: is the dialogue before this body kept at the provider? */
bool marks_continues(struct slice body);
/* Puts them into `body`, whose `parts` point into it; a spot without a block that may be marked is passed over.
 * Returns how many stand there then.  The body stays as it is when it has no room. */
size_t marks_place(const struct marks_plan *plan, const struct chain_parts *parts, struct buf *body);

#endif

/* Content blocks of a body of the dialects anthropic-messages and anthropic-count -> messages and parts
 * (protocols.md 4.2).
 *
 * Every part keeps its block in `raw`, so that a provider of this family gets back what is not typed:
 * citations, callers. Blocks that only Anthropic's own servers understand become PROMPT_PART_OTHER.  One user
 * turn becomes up to three messages: results of tools, system texts within the turn, the rest. */
#ifndef DIALECT_ANTHROPIC_BLOCKS_H
#define DIALECT_ANTHROPIC_BLOCKS_H

#include "dialect/dialect.h"

/* One element of `messages`, `place` in it.  False: refused, *fault says why. */
bool anthropic_blocks_read(struct prompt *p, yyjson_val *message, size_t place, struct fault *fault) MUST_CHECK;
/* The member `system`: a string or a list of text blocks; one message. */
bool anthropic_blocks_system(struct prompt *p, yyjson_val *system, struct fault *fault) MUST_CHECK;
/* What a `cache_control` says; NULL is fine. */
enum prompt_cache anthropic_blocks_cache(yyjson_val *mark);

#endif

/* Parts -> content blocks (protocols.md 4.2, 7.2). */
#ifndef DIALECT_ANTHROPIC_PARTS_H
#define DIALECT_ANTHROPIC_PARTS_H

#include "dialect/anthropic_draft.h"

/* False: the part has no block.  The reasoning of others has none, nor has a blank text, nor a result without
 * its call. */
bool anthropic_parts_is_written(const struct anthropic_draft *d, const struct prompt_part *part);
/* Names what is lost with a part that is not written. */
void anthropic_parts_name_lost(struct anthropic_draft *d, const struct prompt_part *part);
/* One block.  What Anthropic cannot take is refused (sounds, files kept at another provider). */
void anthropic_parts_write(struct anthropic_draft *d, const struct prompt_part *part);
/* A text block with another text than the part's: the last one of a prefill ends without white space. */
void anthropic_parts_write_text(struct anthropic_draft *d, const struct prompt_part *part, struct slice text);

#endif

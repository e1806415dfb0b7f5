/* Content of a message: text, media, and what only this dialect's own providers understand (protocols.md
 * 1.2, 7.2). */
#ifndef DIALECT_OPENAI_WRITE_CONTENT_H
#define DIALECT_OPENAI_WRITE_CONTENT_H

#include "dialect/openai_write.h"

/* The member `content`: a string where text alone allows it, else a list of parts. */
void openai_write_content(struct openai_write *o, const struct prompt_part *parts);
/* True when the part goes into a list; else it is none of content, refused, or dropped and named. */
bool openai_write_content_takes(struct openai_write *o, const struct prompt_part *part);
void openai_write_content_part(struct openai_write *o, const struct prompt_part *part);

#endif

/* Messages of a prompt -> messages of a body of the dialect openai-chat (protocols.md 7.2). */
#ifndef DIALECT_OPENAI_WRITE_PARTS_H
#define DIALECT_OPENAI_WRITE_PARTS_H

#include "dialect/openai_write.h"

/* The list itself, behind its key. */
void openai_write_parts(struct openai_write *o);

#endif

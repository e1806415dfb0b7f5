/* A request of the dialects anthropic-messages and anthropic-count -> its typed view.  See struct dialect. */
#ifndef DIALECT_ANTHROPIC_READ_H
#define DIALECT_ANTHROPIC_READ_H

#include "dialect/dialect.h"

/* A member of a wrong type is refused, null is as good as absent, one that is not known goes to the extras. */
enum err anthropic_read(struct arena *a, const struct request *r, struct prompt *out, struct fault *out_fault);

#endif

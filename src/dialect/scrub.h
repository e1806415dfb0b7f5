/* Text from a provider made fit to show to a client: bounded, one line, without markup and without
 * anything that looks like a key (faults.md: providers echo the key they rejected). */
#ifndef DIALECT_SCRUB_H
#define DIALECT_SCRUB_H

#include "base/arena.h"
#include "base/slice.h"

/* A sentence is enough; no provider's message in protocols.md is near this long. */
#define SCRUB_MAX_BYTES 1024u

/* A copy in `a` of at most SCRUB_MAX_BYTES: control bytes as spaces, invalid UTF-8 dropped, key-like words
 * as ***.  Empty when the text is markup or has nothing left. */
struct slice scrub_text(struct arena *a, struct slice text);
/* True when the text starts like HTML or XML. */
bool scrub_is_markup(struct slice text);

#endif

/* ${NAME} and ${NAME:-default} inside a value; $$ is one dollar.  The result is data: it is never read as YAML and
 * never expanded again.  Must not know: where the text stands, what it is for. */
#ifndef CONF_EXPAND_H
#define CONF_EXPAND_H

#include "base/arena.h"
#include "conf/source.h"

/* *out is `text` itself when there is nothing to expand, else in the arena, a NUL after it.  `max`: most bytes.
 * ${NAME} that is not set is a fault; set but empty is empty.  ${NAME:-default} takes the default when NAME is unset or
 * empty, as in a shell.  False: *out_why in the arena, e.g. `needs the environment variable PORT, which is not set`;
 * it names variables, never their contents. */
bool expand_text(struct arena *a, struct slice text, const struct source *from, size_t max, struct slice *out,
	struct slice *out_why) MUST_CHECK;
/* Is `text` nothing but one ${NAME} (no default)?  Such a text may be shown even where a secret stands. */
bool expand_is_name(struct slice text);

#endif

/* What to say about a key that is not valid where it stands.  Must not know: YAML, positions. */
#ifndef CONF_STRAY_H
#define CONF_STRAY_H

#include "base/arena.h"
#include "conf/row.h"

/* `key` is no row of `here`.  *out_hint: words to put behind the sentence, maybe empty, e.g.
 * ` ("idle" belongs in models.<name>.clocks)` or `; valid here: key, url`.  *out_nearest: a valid key close to it, or
 * empty. */
void stray_explain(struct arena *a, const struct section *root, const struct section *here, struct slice key,
	struct slice *out_hint, struct slice *out_nearest);

#endif

/* What a request asked for and its target cannot do: named, so that nothing is lost in silence.  Names are the client's
 * own words for top-level fields ("seed"), or a word for a part ("image.detail").  They end in the response header
 * x-weir-dropped; with `strict` the request is refused instead. */
#ifndef CHAT_DROPS_H
#define CHAT_DROPS_H

#include "base/slice.h"

#define DROPS_MAX 24u
#define DROPS_NAME 40u	/* longest name kept, with its closing NUL */

struct drops {
	char names[DROPS_MAX][DROPS_NAME];
	size_t n;
	bool more;	/* there were more than DROPS_MAX */
};

/* Each name once; bytes that a header must not hold become `?`. */
void drops_add(struct drops *d, struct slice name);
static inline void drops_add_str(struct drops *d, const char *name)
{
	drops_add(d, slice_str(name));
}
bool drops_has(const struct drops *d, const char *name);
/* "seed, logit_bias" in `out`, cut at its end.  Returns `out`. */
char *drops_text(const struct drops *d, char *out, size_t cap);

#endif

/* The embedder that a configuration names: in this process (cache/embedders.h), or a model of its own roster, which is
 * asked (cache/remote_embed.h). */
#ifndef APP_EMBEDDER_PICK_H
#define APP_EMBEDDER_PICK_H

#include "cache/embed.h"
#include "conf/conf.h"
#include "route/roster.h"

/* `c` is of settings_section, `r` made from it.  What starts with `/` or `.`, or is there, is a path; else it is the
 * name of a model.  NULL: a fault was added to `c`.  Free by embedders_close. */
const struct embedder *embedder_pick(struct conf *c, struct roster *r);

#endif

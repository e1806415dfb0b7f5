/* What a reload changes that only a restart can apply. */
#ifndef CONF_DIFF_H
#define CONF_DIFF_H

#include "base/buf.h"
#include "conf/conf.h"

#define DIFF_NAMES_MAX 20u	/* for one log line; the rest is counted */

/* Both of the same table.  Appends the paths of the rows that differ and are not reloadable, e.g.
 * "listen, providers.openai.url"; values never.  Items of a ROW_MAP are compared by name, of a ROW_LIST by position.
 * Returns how many differ; the first 20 are named.  `out` takes 64 KiB. */
size_t diff_confs(const struct conf *before, const struct conf *after, struct buf *out);

#endif

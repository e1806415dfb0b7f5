/* `weir config show`: the effective configuration as YAML that reads back to the same values. */
#ifndef CONF_SHOW_H
#define CONF_SHOW_H

#include "base/buf.h"
#include "conf/conf.h"

/* Appends every key, a comment `# default` behind those that have their default value.  A secret is printed as
 * <secret 3f2a>, wherever it came from; that text is refused when read back as a secret, unless the source takes
 * fingerprints.  False: `out` is full. */
bool show_conf(const struct conf *c, struct buf *out) MUST_CHECK;

#endif

/* A model file in memory: mapped, read-only, shared with every process that uses the same file.  A file in use is
 * replaced by renaming a new one over it; cutting it short would end the process (SIGBUS). */
#ifndef CACHE_MAPPED_H
#define CACHE_MAPPED_H

#include "base/slice.h"

struct mapped {
	struct slice bytes;
};

/* False with a reason (static, or strerror's) in *out_why: cannot be opened, no file, empty, larger than `max`. */
bool mapped_open(struct mapped *m, const char *path, size_t max, const char **out_why);
/* Harmless on a zeroed one. */
void mapped_close(struct mapped *m);

#endif

/* A secret (provider key) that cannot be printed by accident: code passes struct secret, logs get secret_tag(). */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/slice.h"

struct secret {
	struct slice bytes;	/* only for the wire; never for a log */
};

/* Fingerprint of 4 hex digits in `out` (at least 5 bytes); "none" needs 5 too.  Same secret, same tag, in one
 * process. */
const char *secret_tag(struct secret s, char *out, size_t cap);

#endif

/* Bytes made smaller for keeping, and for the way to a shared store (LZ4's block format: it unpacks at memory speed).
 * What does not get smaller stays as it is. */
#ifndef CODEC_PACK_H
#define CODEC_PACK_H

#include "base/buf.h"

/* Appends `raw` in its packed form: its length (4 bytes, little-endian; top bit: compressed), then the bytes.
 * False when `out` has no room, or `raw` is 1 GiB or more. */
bool pack_put(struct buf *out, struct slice raw) MUST_CHECK;
/* Appends the raw bytes.  False, and nothing appended, for bytes that are no packed form or stand for more than
 * `max`. */
bool pack_get(struct slice packed, size_t max, struct buf *out) MUST_CHECK;

#endif

/* What lies in a shared store carries a checksum (XXH3, 64 bits) of its bytes and of the name under which it belongs
 * there: a damaged value, or one of another name, is never taken for what it is not.  No protection from somebody who
 * means it: whoever can write to the store can write a checksum too. */
#ifndef CODEC_CHECKSUM_H
#define CODEC_CHECKSUM_H

#include "base/buf.h"

#define CHECKSUM_BYTES 8u	/* at the end */

/* Appends that of all that `b` holds.  False when it has no room. */
bool checksum_put(struct buf *b, struct slice name) MUST_CHECK;
/* Cuts it off.  False, and nothing changed, when it is not there or not right. */
bool checksum_cut(struct slice *value, struct slice name) MUST_CHECK;

#endif

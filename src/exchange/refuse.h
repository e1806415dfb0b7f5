/* Header fields of an error answer: when and whether to try again, as the official SDKs read them. */
#ifndef EXCHANGE_REFUSE_H
#define EXCHANGE_REFUSE_H

#include "base/buf.h"
#include "chat/fault.h"

/* Appends Retry-After, retry-after-ms and x-should-retry.  `tried`: weir has made its own attempts, so the
 * SDK's would multiply them (dependencies.md section 4). */
void refuse_fields(const struct fault *f, bool tried, struct buf *out);

#endif

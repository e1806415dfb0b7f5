/* google.rpc.RetryInfo (cloud.google.com/apis/design/errors): how long a Google server wants to be left alone.  It
 * stands among the details of an error of both its surfaces, its own and the one that speaks openai-chat. */
#ifndef DIALECT_RETRY_INFO_H
#define DIALECT_RETRY_INFO_H

#include "codec/json.h"

/* A protobuf duration, "7s" or "0.5s", in milliseconds, rounded up, a day at most; 0 for anything else. */
uint64_t retry_info_ms(struct slice duration);
/* The first retryDelay of an error's `details`; 0: none. */
uint64_t retry_info_find(yyjson_val *details);

#endif

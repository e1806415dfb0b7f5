/* What the client of an exchange is told: heads, fields, bytes, errors. */
#ifndef EXCHANGE_REPLY_H
#define EXCHANGE_REPLY_H

#include "exchange/exchange_priv.h"

void reply_put(struct exchange *ex, struct slice bytes);
void reply_stream_head(struct exchange *ex);
/* Bytes that pass as they come: of any type, a stream or not. */
void reply_raw_head(struct exchange *ex);
/* A whole answer, head and all. */
void reply_json(struct exchange *ex, struct slice body);
/* An error before any byte of the answer: status and error object in the client's dialect. */
void reply_error(struct exchange *ex);
/* After the first byte: the form that makes official SDKs raise, then a broken end of body. */
void reply_broken_end(struct exchange *ex);
/* How the caches took part; NULL: there was nothing to ask them. */
const char *reply_cache_word(const struct exchange *ex);

#endif

/* Which of the 16384 slots of a Redis Cluster a key lives in (redis.io/docs/reference/cluster-spec, "Key distribution
 * model"): CRC16 of the key, or of the part between the first { and the next } when there is something between them. */
#ifndef STORE_REDIS_SLOT_H
#define STORE_REDIS_SLOT_H

#include <stdint.h>

#include "base/slice.h"

#define REDIS_SLOTS 16384

uint16_t redis_slot_of(struct slice key);

#endif

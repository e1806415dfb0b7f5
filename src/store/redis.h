/* The store on Redis 6.2 and later, Valkey, Redis Cluster and Sentinel: one operation is one command, with a deadline
 * and a breaker around it.
 *
 * A deadline ends the operation, not the connection: the late reply is recognised by its place in the order and thrown
 * away.  While a server cannot be reached, operations on it fail at once. */
#ifndef STORE_REDIS_H
#define STORE_REDIS_H

#include <stddef.h>
#include <stdint.h>

struct loop;
struct store_conf;
struct store_kind;

extern const struct store_kind redis_kind;

/* NULL with a sentence in `why` when the URL or the CA file is of no use. */
void *redis_open(struct loop *l, const struct store_conf *c, uint64_t seed, char *why, size_t why_cap);

#endif

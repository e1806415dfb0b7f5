/* The store of a process that is on its own: keys in memory under the semantics of store.h.  Logs and words reach
 * nobody else, so they are quiet.  Numbers that live for ever (epochs) have a shelf of their own, where no cached
 * value can push them out. */
#ifndef STORE_LOCAL_H
#define STORE_LOCAL_H

#include <stdint.h>

struct loop;
struct store_conf;
struct store_kind;

extern const struct store_kind local_kind;

/* Never NULL. */
void *local_open(struct loop *l, const struct store_conf *c, uint64_t seed);

#endif

/* Where a prompt's beginning is warm, as other nodes know it (route/affinity.h): asked before the plan of a model with
 * `balance: prefix` is made, when this node knows little of the prompt; told when an answer begins.
 *
 *   {pf:<model>}:<hash>   what one node knows of one prefix, AFFINITY_PACKED bytes at most, for AFFINITY_LIFE_S
 *
 * The last writer wins: what is lost by that is learned again (algorithms.md D4). */
#ifndef EXCHANGE_HOMES_H
#define EXCHANGE_HOMES_H

#include "exchange/exchange_priv.h"

/* Asks.  False: there is nobody to ask, or nothing to ask for.  Else homes_waits becomes false in a later task, after
 * the store's deadline at most, which posts the driver. */
bool homes_open(struct exchange *ex);
/* Only after homes_open. */
bool homes_waits(const struct exchange *ex);
/* Asks no more.  Harmless when nothing is asked; before the exchange's arena goes. */
void homes_close(struct exchange *ex);
/* The answer has begun, so its prompt is warm: the other nodes may know.  Does not wait. */
void homes_tell(struct exchange *ex);

#endif

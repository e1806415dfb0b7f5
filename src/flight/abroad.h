/* Flights across nodes: one node, the owner, asks the provider; others that were asked the same follow it through a log
 * in the shared store (algorithms.md E3).
 *
 *   {<digest>}:own        the lease: which flight owns this request now, a random token; 1.5 s, renewed each 0.5 s
 *   {<digest>}:<token>    the log of that flight, with one writer ever: so two answers can never mix
 *   {<digest>}:<token>    as a channel: followers say each second that they are there
 *
 * An entry of the log is its number from 0 (4 bytes, so that a lost one is noticed), one letter and what belongs
 * to it, and last a checksum of all that with the token (codec/checksum.h):
 *
 *   S  tag of the answer's dialect, name of the target: readers may read from here on
 *   E  events, as on a tape
 *   B  nothing: the owner lives
 *   D  nothing: the answer is complete
 *   F  nothing: it failed, or cannot be told in this form
 *
 * What a follower does when the owner fails, or is not heard of for 1.5 s: before S, and of a whole answer at any
 * time, it tries for itself, since no client has seen anything; else its clients get an error event.  So whatever
 * the store does, loses or delays, no client sees a wrong or a mixed answer. */
#ifndef FLIGHT_ABROAD_H
#define FLIGHT_ABROAD_H

#include "chat/digest.h"
#include "store/store.h"

#define ABROAD_LEASE_MS 1500u
#define ABROAD_BEAT_MS 500u
#define ABROAD_HAIL_MS 1000u	/* a follower says that it is there */
#define ABROAD_FLUSH_MS 20u	/* events wait that long for company, or until they are 4 KiB */
#define ABROAD_FLUSH_BYTES 4096u
#define ABROAD_LOG_MAX 4096u	/* entries; who comes after the first ones were trimmed tries for itself */
#define ABROAD_LOG_MS 60000u	/* the log outlives its flight by this */
#define ABROAD_TOKEN 16u	/* bytes: hexadecimal digits */
#define ABROAD_KEY_MAX 96u

#define ABROAD_HEAD 5u		/* bytes of an entry before what belongs to it */

/* "{<digest>}:" and what follows. */
struct slice abroad_key(char out[ABROAD_KEY_MAX], const struct digest *d, struct slice rest);
struct slice abroad_lease_key(char out[ABROAD_KEY_MAX], const struct digest *d);

#endif

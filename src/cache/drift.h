/* Versions: a provider that answers under a name with another model than before has made kept answers old.  Each
 * target may have several versions at once (a fleet in the middle of a roll-out, OpenAI's system_fingerprint); a
 * new one counts as a change, one seen lately does not. */
#ifndef CACHE_DRIFT_H
#define CACHE_DRIFT_H

#include "base/map.h"

#define DRIFT_VERSIONS 8u	/* remembered of each target */
#define DRIFT_TARGETS 4096u	/* beyond, changes go unnoticed */

struct drift {
	struct map targets;	/* name -> struct drift_target */
};

void drift_init(struct drift *d, uint64_t seed);
void drift_done(struct drift *d);
/* `version`: a hash of whatever the provider says of its model; 0: it says nothing.  True: this target has answered
 * before, and never lately as this version. */
bool drift_note(struct drift *d, struct slice target, uint64_t version);

#endif

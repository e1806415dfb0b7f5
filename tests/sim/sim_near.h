/* Points found by likeness, for the scripted Redis: VSIM, FT.CREATE and FT.SEARCH as the store asks them,
 * and what its near_ scripts do. */
#ifndef SIM_NEAR_H
#define SIM_NEAR_H

#include "base/buf.h"
#include "base/list.h"

struct sim_near_point {
	struct list node;
	char set[160], group[64], id[64];
	char tag[128];				/* of a search index; empty: in a vector set */
	float at[512];
	size_t n;
	struct buf value, notes;
	uint64_t ends_ms;
};

struct sim_near {
	struct list points;			/* in the order in which they came */
	char index[64];				/* FT.CREATE was called with this name; empty: never */
	bool lacks;				/* knows neither VADD nor FT.SEARCH */
	size_t n_asked;				/* times the nearest points were asked for */
};

void sim_near_init(struct sim_near *near);
/* No points, no index. */
void sim_near_wipe(struct sim_near *near);
/* FT.* and EVALSHA of the scripts; appends the reply.  False: it is another command. */
bool sim_near_answer(struct sim_near *near, const struct slice *w, size_t n, uint64_t now_ms, struct buf *out);
size_t sim_near_count(const struct sim_near *near);

#endif

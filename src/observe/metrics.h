/* Prometheus text (version 0.0.4): the process' counters, and labelled series fed by the one record of each
 * exchange.  Models in labels are configured names; what a client chose becomes "other".  Targets that
 * clients name directly keep their names.  Each family has a maximum of series. */
#ifndef OBSERVE_METRICS_H
#define OBSERVE_METRICS_H

#include "base/buf.h"
#include "base/histo.h"
#include "base/map.h"
#include "ledger/record.h"

struct health_table;
struct loop_busy;

struct metrics {
	struct map requests;		/* model, endpoint, status and error -> struct series */
	struct map tokens;		/* model -> struct series */
	struct map money;		/* model -> struct series */
	struct histo total, first;
	uint64_t started_wall_ms;
};

void metrics_init(struct metrics *m, uint64_t seed, uint64_t wall_ms);
void metrics_done(struct metrics *m);
void metrics_record(struct metrics *m, const struct record *r);
/* Appends the whole page. */
void metrics_write(const struct metrics *m, const struct health_table *health, const struct loop_busy *busy,
	uint64_t now_ns, struct buf *out);

#endif

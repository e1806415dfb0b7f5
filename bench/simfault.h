/* Which fault a model name asks for. The table is simfault.def. */
#ifndef BENCH_SIMFAULT_H
#define BENCH_SIMFAULT_H

#include "pail.h"

enum simfault {
	SIMFAULT_OK,
	SIMFAULT_STATUS,           /* answers with simfault_ask.status */
#define SIMFAULT(name, text, help) SIMFAULT_##name,
#include "simfault.def"
#undef SIMFAULT
};

struct simfault_ask {
	enum simfault kind;
	unsigned status;        /* SIMFAULT_STATUS: 400..599 */
	unsigned at;            /* k */
	int has_at;             /* k was given */
};

/* "x/sim-reset-at-5" -> RESET at 5; any name that is no known fault -> OK. What stands before the last '/'
 * is ignored. */
struct simfault_ask simfault_of(struct bite model);

/* Prints the table for --help. */
void simfault_help(void);

#endif

/* What dialects can say, a row each: abilities.def. */
#ifndef TESTS_ROUNDTRIP_ABILITY_H
#define TESTS_ROUNDTRIP_ABILITY_H

#include "make_prompt.h"

struct ability {
	const char *dialect, *provider, *model;
	char seals;
	uint64_t can;		/* CAN(...) */
};

const struct ability *ability_of(const struct dialect *d);

#endif

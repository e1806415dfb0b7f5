/* Runs a check over all ordered pairs of dialects, many cases each, one TAP line a pair. */
#ifndef TESTS_ROUNDTRIP_SUITE_H
#define TESTS_ROUNDTRIP_SUITE_H

#include "dialect/dialect.h"

/* False: failed, and has told why on standard error. */
typedef bool suite_check(const struct dialect *x, const struct dialect *y, uint64_t seed);

/* argv: [CASES [SEED [X [Y]]]].  Pairs of dialects of one kind, for the kinds in `ops` (1 << REQUEST_CHAT, ...).
 * Returns the exit status. */
int suite_run(int argc, char **argv, unsigned ops, suite_check *check);

#endif

/* Runs a check over all ordered pairs of dialects, many cases each, one TAP line a pair. */
#ifndef TESTS_ROUNDTRIP_SUITE_H
#define TESTS_ROUNDTRIP_SUITE_H

#include "dialect/dialect.h"

/* False: failed, and has told why on standard error. */
typedef bool suite_check(const struct dialect *x, const struct dialect *y, uint64_t seed);

/* argv: [CASES [SEED [X [Y]]]].  Only dialects of this kind.  Returns the exit status. */
int suite_run(int argc, char **argv, enum request_op op, suite_check *check);

#endif

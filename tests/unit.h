/* cmocka with its prerequisites, and shorthands for slices. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/slice.h"

#define assert_slice(s, lit) \
	do { \
		struct slice got_ = (s); \
		if (!slice_eq(got_, slice_str(lit))) \
			fail_msg("got \"%.*s\", want \"%s\"", SLICE_ARG(got_), (lit)); \
	} while (0)

#endif

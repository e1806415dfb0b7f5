#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

void must_fail(const char *what, const char *file, int line)
{
	fprintf(stderr, "weir: impossible state: %s (%s:%d)\n", what, file, line);
	abort();
}

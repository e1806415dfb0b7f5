#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

#define CASES 2000u
#define FIRST_SEED 1u

struct suite {
	uint64_t cases, seed;
	const char *x, *y;	/* NULL: all */
	int done, failed;
};

static bool is_named(const struct dialect *d, const char *name)
{
	return name == NULL || strcmp(name, d->name) == 0;
}

static bool is_wanted(const struct suite *s, const struct dialect *x, const struct dialect *y)
{
	return x->op == y->op && is_named(x, s->x) && is_named(y, s->y);
}

static void run_pair(struct suite *s, const struct dialect *x, const struct dialect *y, suite_check *check)
{
	uint64_t seed = s->seed;
	bool good = true;

	for (; good && seed < s->seed + s->cases; seed++)
		good = check(x, y, seed);
	if (!good)
		fprintf(stderr, "again with: 1 %llu %s %s\n", (unsigned long long)(seed - 1), x->name, y->name);
	s->failed += !good;
	printf("%sok %d - %s to %s\n", good ? "" : "not ", ++s->done, x->name, y->name);
	fflush(stdout);
}

int suite_run(int argc, char **argv, unsigned ops, suite_check *check)
{
	struct suite s = { .cases = argc > 1 ? strtoull(argv[1], NULL, 10) : CASES,
		.seed = argc > 2 ? strtoull(argv[2], NULL, 10) : FIRST_SEED, .x = argc > 3 ? argv[3] : NULL,
		.y = argc > 4 ? argv[4] : NULL };

	for (size_t i = 0; dialect_at(i); i++)
		for (size_t j = 0; ops >> dialect_at(i)->op & 1 && dialect_at(j); j++)
			if (is_wanted(&s, dialect_at(i), dialect_at(j)))
				run_pair(&s, dialect_at(i), dialect_at(j), check);
	printf("1..%d\n", s.done);
	return s.failed || s.done == 0;
}

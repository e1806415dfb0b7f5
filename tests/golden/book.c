#include "book.h"

#include <dirent.h>

#include "unit.h"

void book_fail(const struct page *p, const struct page_block *at, struct slice what)
{
	fprintf(stderr, "%s:%u: %.*s\n", p->path, at->line, SLICE_ARG(what));
	fail();
	abort();
}

/* Number of the first line, from 1, in which they differ. */
static unsigned first_difference(struct slice a, struct slice b)
{
	unsigned line = 1;

	for (size_t i = 0; i < a.n && i < b.n && a.p[i] == b.p[i]; i++)
		line += a.p[i] == '\n';
	return line;
}

void book_expect(const struct page *p, const struct page_block *at, struct slice got, struct slice want)
{
	if (slice_eq(got, want))
		return;
	fprintf(stderr, "%s:%u: from line %u of the block on: got\n%.*s\nwant\n%.*s\n", p->path, at->line,
		first_difference(got, want), SLICE_ARG(got), SLICE_ARG(want));
	fail();
}

static int is_page(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);
	return n > 3 && strcmp(entry->d_name + n - 3, ".md") == 0;
}

int book_run(const char *folder, void (*run)(void **state))
{
	struct dirent **entries;
	struct arena a;
	int n = scandir(folder, &entries, is_page, alphasort);

	if (n <= 0) {
		fprintf(stderr, "%s: no pages\n", folder);
		return 99;
	}
	arena_init(&a, 0);
	struct CMUnitTest *tests = ARENA_ARRAY(&a, struct CMUnitTest, (size_t)n);
	for (int i = 0; i < n; i++) {
		char *path = (char *)(uintptr_t)arena_printf(&a, "%s/%s", folder, entries[i]->d_name).p;
		tests[i] = (struct CMUnitTest){ .name = strrchr(path, '/') + 1, .test_func = run,
			.initial_state = path };
		free(entries[i]);
	}
	free(entries);
	int failed = _cmocka_run_group_tests("golden", tests, (size_t)n, NULL, NULL);
	arena_done(&a);
	return failed;
}

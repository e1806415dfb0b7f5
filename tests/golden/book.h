/* A folder of golden pages as one group of tests, one test a page. */
#ifndef TESTS_GOLDEN_BOOK_H
#define TESTS_GOLDEN_BOOK_H

#include "page.h"

/* `run` gets a page's path as *state.  Returns the number of failures; 99 when the folder has no pages. */
int book_run(const char *folder, void (*run)(void **state));
/* The test of this block fails.  cmocka cuts long messages, so it goes to standard error. */
_Noreturn void book_fail(const struct page *p, const struct page_block *at, struct slice what);
/* Fails unless both are equal, and says from which line on they differ. */
void book_expect(const struct page *p, const struct page_block *at, struct slice got, struct slice want);

#endif

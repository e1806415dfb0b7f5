/* A golden page: Markdown for people, whose fenced blocks are the test.
 *
 *   # Title
 *   Why this page is there.
 *
 *   ```sse drops          <- kind of the block, then words for the test
 *   data: {...}<CR>       <- marks stand for bytes that an editor would lose: <CR> <LF> <TAB> <BOM> <x:hh>,
 *   ```                      and <EOF>: the block ends here, without a line end */
#ifndef TESTS_GOLDEN_PAGE_H
#define TESTS_GOLDEN_PAGE_H

#include "base/arena.h"

#define PAGE_BLOCKS 64

struct page_block {
	struct slice kind;	/* first word after the fence */
	struct slice words;	/* the rest of that line */
	struct slice text;	/* marks resolved; every line ends with LF */
	unsigned line;		/* of the fence */
};

struct page {
	const char *path;
	struct page_block blocks[PAGE_BLOCKS];
	size_t n_blocks;
};

/* Reads a page; prints to stderr and ends the program when it cannot be read or is no page. */
void page_read(struct arena *a, const char *path, struct page *out);
/* True when the words of the block hold `word`. */
bool page_has(const struct page_block *b, const char *word);
/* The value of `name=value` among the words; empty when absent. */
struct slice page_value(const struct page_block *b, const char *name);
/* The text without its last line end: bodies have none. */
struct slice page_body(const struct page_block *b);

#endif

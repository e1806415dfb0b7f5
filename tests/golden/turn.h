/* The request side of a page: a client's body, its door, and what a provider is asked.  Shared by the programs
 * golden (one dialect) and translation (two). */
#ifndef TESTS_GOLDEN_TURN_H
#define TESTS_GOLDEN_TURN_H

#include "book.h"
#include "dialect/dialect.h"

struct turn {
	struct arena arena;
	const struct page *page;
	const struct page_block *at;
	struct request request;
	bool has_request;
	struct drops drops;
	struct dialect_ask ask;		/* of the last body built, which was for `back` */
	const struct dialect *back;
	struct fault fault;		/* the last one */
};

#define turn_fail(t, ...) book_fail((t)->page, (t)->at, arena_printf(&(t)->arena, __VA_ARGS__))

void turn_expect(struct turn *t, struct slice got, struct slice want);
/* A block of what a reader or writer made, without its last line end.  When it refused, the block must be empty:
 * the block `refused` behind it says why. */
void turn_expect_made(struct turn *t, enum err e, struct slice got, struct slice want);

/* The block is a client's body of dialect `d`; its words fill the door: model=, stream, array, path=, type=, betas=,
 * strict. */
void turn_request(struct turn *t, const struct dialect *d);
/* Fails when the last request was refused. */
void turn_need_request(struct turn *t);
/* The typed view of the request. */
enum err turn_read(struct turn *t, struct prompt *out);
/* Fills `ask` from the words of the block: model=, stream=yes|no, usage, no-options, provider=, strict. */
void turn_ask(struct turn *t, const struct dialect *back);

/* Blocks that are the same in both programs; false: it is none of them. */
bool turn_run(struct turn *t);
/* A line as replay_log_fault() writes it. */
void turn_run_fault(struct turn *t);

#endif

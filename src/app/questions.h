/* The file that `weir train` reads, one line an entry, of three kinds that may be mixed:
 *   {"a": "...", "b": "...", "same": 1}      two questions that ask the same (1, true) or not (0, false)
 *   question <tab> question <tab> 1 or 0     the same, as a table
 *   question                                 one alone: says how often words are used
 * A share of the pairs is held out of training, to measure by: whole groups of questions that pairs connect, so that no
 * question of a held-out pair was ever trained on. */
#ifndef APP_QUESTIONS_H
#define APP_QUESTIONS_H

#include "base/arena.h"
#include "cache/mapped.h"
#include "cache/teach.h"

#define QUESTIONS_FILE_MAX ((size_t)1 << 30)
#define QUESTIONS_LINES_MAX (4u << 20)
#define QUESTIONS_HELD_OUT 5u	/* one group of these many */

struct questions {
	struct mapped file;
	struct arena arena;		/* what JSON strings say */
	struct teach_pair *pairs;	/* those to train on first */
	size_t n_pairs, n_train;
	struct slice *texts;		/* all, those of pairs too */
	size_t n_texts, cap;
	char why[256];
};

/* False with q->why: the file, or "line N: ...".  questions_done in either case. */
bool questions_read(struct questions *q, const char *path) MUST_CHECK;
void questions_done(struct questions *q);

#endif

/* The journal: the append-only event log of one flight, read by any number of cursors, each at its own pace.
 *
 *   segment            segment            segment (last)
 *   [bytes-> ..<-ev]   [bytes-> ..<-ev]   [bytes->      <-ev]      bytes grow up, event records grow down
 *        ^cursor A                              ^cursor B
 *
 * Invariants:
 *  1. Events are never changed and never move while any cursor has not passed them.
 *  2. One writer.  After journal_complete or journal_fail nothing is added.
 *  3. Not `keep`: what every cursor has passed is freed; a lone prompt reader leaves one segment, reused in place.
 *  4. Bytes held are at most `limit`; journal_add says ERR_TOO_BIG instead of passing it.
 *  5. A cursor learns of news by its task at the end of the turn, never inside journal_add. */
#ifndef CHAT_JOURNAL_H
#define CHAT_JOURNAL_H

#include "base/list.h"
#include "chat/event.h"
#include "loop/loop.h"

enum journal_state { JOURNAL_OPEN, JOURNAL_COMPLETE, JOURNAL_FAILED };

struct journal_segment;

struct journal {
	struct loop *loop;
	struct journal_segment *first, *last;
	struct list cursors;		/* struct cursor.node */
	struct task news;		/* posts the tasks of several cursors */
	struct task *on_drain;		/* posted when the lag falls to low-water while the writer waits; may be NULL */
	uint64_t added;			/* bytes added since the start */
	size_t held, limit;		/* bytes in memory */
	uint64_t n_events;		/* events added since the start */
	size_t n_cursors, abreast;	/* abreast: those that have passed everything.  A count, since a crowd must not
					 * be looked through for each event */
	enum journal_state state;
	enum err err;			/* JOURNAL_FAILED: why */
	bool keep;			/* keep what was read: late joiners and caches want the whole */
	bool writer_waits;
	size_t low_water;
};

/* One reader's place. */
struct cursor {
	struct list node;		/* in journal->cursors */
	struct journal *journal;
	struct task *on_news;		/* posted when there is something new, or the state changed */
	struct journal_segment *segment;
	uint64_t event;			/* events passed since the start: the number of the next */
	uint64_t read;			/* bytes passed since the start */
};

void journal_init(struct journal *j, struct loop *l, size_t limit, bool keep);
/* Frees all; must have no cursors. */
void journal_done(struct journal *j);
/* Copies the event and its slices in.  ERR_TOO_BIG: nothing was added. */
enum err journal_add(struct journal *j, const struct event *ev) MUST_CHECK;
void journal_complete(struct journal *j);
void journal_fail(struct journal *j, enum err why);
/* Forgets everything added so far: a failed attempt before release.  Only while no cursor has read anything. */
void journal_restart(struct journal *j);
/* Bytes between the slowest cursor and the end; 0 without cursors. */
uint64_t journal_lag(const struct journal *j);
/* The writer stops because of lag: on_drain is posted once the lag is at most `low_water`. */
void journal_wait_drain(struct journal *j, size_t low_water);

/* At the start (keep) or at what is still held. */
void cursor_open(struct cursor *c, struct journal *j, struct task *on_news);
/* Passes over all there is: what is wanted from there on is what comes next. */
void cursor_skip(struct cursor *c);
/* Harmless when not open. */
void cursor_close(struct cursor *c);
/* The next event, borrowed until the cursor moves on, or NULL when there is none yet or no more. */
const struct event *cursor_peek(struct cursor *c);
/* Moves past the event that cursor_peek gave. */
void cursor_pass(struct cursor *c);
/* Bytes this cursor is behind the end. */
uint64_t cursor_lag(const struct cursor *c);

#endif

/* The tape: an answer in its short form.  Typed events only, neighbouring fragments of one text joined, no provider's
 * bytes: some 5 bytes a token where a journal holds 300.  It is what late joiners of a flight replay, and what caches
 * store: any dialect's encoder can write it out, as a stream or whole. */
#ifndef CHAT_TAPE_H
#define CHAT_TAPE_H

#include "base/buf.h"
#include "chat/event.h"

struct tape {
	struct buf bytes;
	size_t last;		/* where the last record begins */
	bool lossy;		/* something had no typed form, or there was no room: not the whole answer */
};

/* `max`: most bytes. */
void tape_init(struct tape *t, size_t max);
void tape_done(struct tape *t);
/* Forgets everything. */
void tape_clear(struct tape *t);
void tape_add(struct tape *t, const struct event *ev);
static inline size_t tape_size(const struct tape *t)
{
	return buf_len(&t->bytes);
}

/* Reads the record at *at, up to `end` (a size that the tape had, or all of it: a text that grew since is cut there);
 * moves *at behind it.  False at the end, and for bytes that are no tape.  Slices point into `bytes`. */
bool tape_next(struct slice bytes, size_t end, size_t *at, struct event *out) MUST_CHECK;
/* Records from start to end: what came from elsewhere can be read without a second look. */
bool tape_is_whole(struct slice bytes);

#endif

/* One reader of a flight: its place in the journal, and before it, for one who came late, in the tape. */
#ifndef FLIGHT_READER_H
#define FLIGHT_READER_H

#include "chat/journal.h"

struct flight;

struct reader {
	struct event replayed;		/* what reader_peek gave from the tape */
	struct cursor cursor;
	struct flight *flight;
	size_t tape_at, tape_end;	/* what is to be replayed before the cursor's events; a late joiner's */
	bool joined;			/* it did not open the flight */
};

/* The next event, borrowed until reader_pass; NULL when there is none yet or no more. */
const struct event *reader_peek(struct reader *r);
void reader_pass(struct reader *r);
/* True for a reader who missed the provider's bytes of the start, or of an answer that has none of its own: it gets
 * events only. */
bool reader_is_late(const struct reader *r);

#endif

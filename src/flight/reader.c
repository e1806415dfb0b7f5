#include "flight/reader.h"

#include "flight/flight.h"

const struct event *reader_peek(struct reader *r)
{
	size_t at = r->tape_at;

	if (at >= r->tape_end)
		return cursor_peek(&r->cursor);
	must(tape_next(buf_slice(&r->flight->tape.bytes), r->tape_end, &at, &r->replayed));
	if (r->flight->replay && r->replayed.kind == EVENT_START)
		r->replayed.text = SLICE_EMPTY;		/* the id was that answer's; this one gets its own */
	return &r->replayed;
}

void reader_pass(struct reader *r)
{
	if (r->tape_at >= r->tape_end)
		cursor_pass(&r->cursor);
	else
		must(tape_next(buf_slice(&r->flight->tape.bytes), r->tape_end, &r->tape_at, &r->replayed));
}

bool reader_is_late(const struct reader *r)
{
	return r->tape_end > 0 || r->flight->landed;
}

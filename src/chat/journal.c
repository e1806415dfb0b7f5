#include "chat/journal.h"

#include <stdlib.h>

#include "base/counter.h"

/* A segment holds about three streamed chunks with their events.  A lone reader leaves a single one alive, so
 * this is the memory of an ordinary stream (budget: 16 KiB a stream in all). */
#define SEGMENT_BYTES 1024u

struct journal_segment {
	struct journal_segment *next;
	size_t size;			/* of the whole block, this head included */
	uint32_t bytes_n, events_n;
	uint32_t cursors;		/* that stand in it */
	uint64_t before;		/* bytes added to the journal before this segment */
	uint64_t events_before;		/* the same of events */
};

static char *bytes_of(struct journal_segment *s)
{
	return (char *)(s + 1);
}

/* Event records grow down from the end of the block. */
static struct event *event_at(struct journal_segment *s, uint32_t i)
{
	return (struct event *)(void *)((char *)s + s->size) - (i + 1);
}

static size_t room_of(const struct journal_segment *s)
{
	return s->size - sizeof(*s) - s->bytes_n - s->events_n * sizeof(struct event);
}

static void spread_news(struct task *t)
{
	struct journal *j = CONTAINER(t, struct journal, news);

	LIST_EACH(node, tmp, &j->cursors)
		loop_post(j->loop, LIST_ITEM(node, struct cursor, node)->on_news);
}

void journal_init(struct journal *j, struct loop *l, size_t limit, bool keep)
{
	*j = (struct journal){ .loop = l, .limit = limit, .keep = keep, .news.go = spread_news };
	list_init(&j->cursors);
}

static void free_segments(struct journal *j)
{
	while (j->first) {
		struct journal_segment *s = j->first;
		j->first = s->next;
		free(s);
	}
	j->last = NULL;
	counter_sub(COUNTER_buffered_bytes, j->held);
	j->held = 0;
}

void journal_done(struct journal *j)
{
	must(list_empty(&j->cursors));
	loop_unpost(j->loop, &j->news);
	free_segments(j);
}

static bool grow(struct journal *j, size_t need)
{
	size_t size = (MAX_OF((size_t)SEGMENT_BYTES, need + sizeof(struct journal_segment) + 16) + 15) & ~(size_t)15;
	if (j->held + size > j->limit)
		return false;
	struct journal_segment *s = malloc(size);
	must(s != NULL);
	*s = (struct journal_segment){ .size = size, .before = j->added, .events_before = j->n_events };
	*(j->last ? &j->last->next : &j->first) = s;
	j->last = s;
	j->held += size;
	counter_add(COUNTER_buffered_bytes, size);
	return true;
}

/* The only mover of cursors between segments: a crowd must not be looked through to learn that nobody stands in one. */
static void stand(struct cursor *c, struct journal_segment *s)
{
	if (c->segment)
		c->segment->cursors--;
	if (s)
		s->cursors++;
	c->segment = s;
}

/* Cursors that wait at the very end of an emptied journal go to the new segment. */
static void place_cursors(struct journal *j, struct journal_segment *at_end_of)
{
	LIST_EACH(node, tmp, &j->cursors) {
		struct cursor *c = LIST_ITEM(node, struct cursor, node);
		if (c->segment == at_end_of)
			stand(c, j->last);
	}
}

/* Every reader has everything and nothing is kept: the one segment is written again from its start (invariant
 * 3).  One that was made for a large event is given back instead. */
static void reuse(struct journal *j)
{
	struct journal_segment *s = j->last;

	if (j->keep || s == NULL || s != j->first || s->events_n == 0)
		return;
	if (j->n_cursors == 0 || j->abreast < j->n_cursors)
		return;
	if (s->size > SEGMENT_BYTES) {
		j->last = NULL;
		place_cursors(j, s);
		free_segments(j);
		return;
	}
	s->bytes_n = s->events_n = 0;
	s->before = j->added;
	s->events_before = j->n_events;
}

static bool make_room(struct journal *j, size_t need)
{
	reuse(j);
	if (j->last && room_of(j->last) >= need)
		return true;
	struct journal_segment *old = j->last;
	if (!grow(j, need))
		return false;
	if (old == NULL)
		place_cursors(j, NULL);
	return true;
}

static struct slice copy_in(struct journal_segment *s, struct slice from)
{
	if (from.n == 0)
		return SLICE_EMPTY;
	char *to = bytes_of(s) + s->bytes_n;
	memcpy(to, from.p, from.n);
	s->bytes_n += (uint32_t)from.n;
	return slice_of(to, from.n);
}

/* A crowd is gone through once a turn, whatever comes in it, and hears of the last event and of the end together: who
 * has ended the answer by then posted that before. */
static void tell(struct journal *j)
{
	if (j->n_cursors == 1)
		loop_post(j->loop, LIST_ITEM(j->cursors.next, struct cursor, node)->on_news);
	else if (j->n_cursors > 1)
		loop_post(j->loop, &j->news);
}

static size_t event_bytes(const struct event *ev)
{
	return ev->text.n + ev->extra.n + ev->raw.n;
}

enum err journal_add(struct journal *j, const struct event *ev)
{
	size_t bytes = event_bytes(ev);

	must(j->state == JOURNAL_OPEN);
	if (bytes > UINT32_MAX / 2 || !make_room(j, bytes + sizeof(*ev)))
		return ERR_TOO_BIG;
	struct journal_segment *s = j->last;
	struct event copy = *ev;
	copy.text = copy_in(s, ev->text);
	copy.extra = copy_in(s, ev->extra);
	copy.raw = copy_in(s, ev->raw);
	*event_at(s, s->events_n++) = copy;
	j->added += bytes;
	j->n_events++;
	j->abreast = 0;
	tell(j);
	return ERR_OK;
}

void journal_complete(struct journal *j)
{
	must(j->state == JOURNAL_OPEN);
	j->state = JOURNAL_COMPLETE;
	tell(j);
}

void journal_fail(struct journal *j, enum err why)
{
	must(j->state == JOURNAL_OPEN);
	j->state = JOURNAL_FAILED;
	j->err = why;
	tell(j);
}

void journal_restart(struct journal *j)
{
	must(j->state == JOURNAL_OPEN);
	LIST_EACH(node, tmp, &j->cursors) {
		struct cursor *c = LIST_ITEM(node, struct cursor, node);
		must(c->read == 0 && c->event == 0);
		stand(c, NULL);
	}
	free_segments(j);
	j->added = j->n_events = 0;
	j->abreast = j->n_cursors;
}

uint64_t journal_lag(const struct journal *j)
{
	uint64_t worst = 0;
	LIST_EACH(node, tmp, &j->cursors)
		worst = MAX_OF(worst, cursor_lag(LIST_ITEM(node, struct cursor, node)));
	return worst;
}

void journal_wait_drain(struct journal *j, size_t low_water)
{
	j->writer_waits = true;
	j->low_water = low_water;
}

void cursor_open(struct cursor *c, struct journal *j, struct task *on_news)
{
	*c = (struct cursor){ .journal = j, .on_news = on_news, .read = j->first ? j->first->before : j->added,
		.event = j->first ? j->first->events_before : j->n_events };
	stand(c, j->first);
	j->n_cursors++;
	j->abreast += c->event == j->n_events;
	list_push_back(&j->cursors, &c->node);
	if (j->n_events || j->state != JOURNAL_OPEN)
		loop_post(j->loop, on_news);
}

/* Frees leading segments that no cursor needs. */
static void trim(struct journal *j)
{
	while (!j->keep && j->first && j->first != j->last && j->first->cursors == 0) {
		struct journal_segment *s = j->first;
		j->first = s->next;
		j->held -= s->size;
		counter_sub(COUNTER_buffered_bytes, s->size);
		free(s);
	}
}

static void wake_writer(struct journal *j)
{
	if (!j->writer_waits || journal_lag(j) > j->low_water)
		return;
	j->writer_waits = false;
	if (j->on_drain)
		loop_post(j->loop, j->on_drain);
}

void cursor_close(struct cursor *c)
{
	struct journal *j = c->journal;
	if (j == NULL)
		return;
	list_remove(&c->node);
	stand(c, NULL);
	j->n_cursors--;
	j->abreast -= c->event == j->n_events;
	must(j->abreast <= j->n_cursors);
	c->journal = NULL;
	trim(j);
	wake_writer(j);
}

/* Of the next event in the segment that the cursor stands in. */
static uint32_t index_of(const struct cursor *c)
{
	return (uint32_t)(c->event - c->segment->events_before);
}

const struct event *cursor_peek(struct cursor *c)
{
	if (c->journal == NULL || c->event == c->journal->n_events)
		return NULL;
	while (index_of(c) == c->segment->events_n) {
		stand(c, c->segment->next);
		trim(c->journal);
	}
	return event_at(c->segment, index_of(c));
}

void cursor_pass(struct cursor *c)
{
	must(c->segment && index_of(c) < c->segment->events_n);
	c->read += event_bytes(event_at(c->segment, index_of(c)));
	c->event++;
	c->journal->abreast += c->event == c->journal->n_events;
	wake_writer(c->journal);
}

void cursor_skip(struct cursor *c)
{
	struct journal *j = c->journal;

	stand(c, j->last);
	j->abreast += c->event != j->n_events;
	c->event = j->n_events;
	c->read = j->added;
}

uint64_t cursor_lag(const struct cursor *c)
{
	return c->journal->added - c->read;
}

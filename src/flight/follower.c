#include "flight/follower.h"

#include <stdlib.h>

#include "base/counter.h"
#include "chat/tape.h"
#include "codec/checksum.h"
#include "flight/abroad.h"
#include "flight/flight.h"

struct follower {
	struct store *store;
	struct loop *loop;
	struct flight *flight;
	const struct follower_events *events;
	struct store_tail tail;
	struct alarm silence, hail;
	char key[ABROAD_KEY_MAX];
	size_t key_n;
	uint32_t seq;			/* of the entry that must come next */
	bool started;
	struct grave grave;
};

static void dig(struct grave *g)
{
	free(LIST_ITEM(g, struct follower, grave));
}

void follower_close(struct follower **fop)
{
	struct follower *fo = *fop;

	if (fo == NULL)
		return;
	*fop = NULL;
	alarm_clear(&fo->silence);
	alarm_clear(&fo->hail);
	store_unfollow(&fo->tail);
	fo->flight = NULL;
	loop_bury(fo->loop, &fo->grave, dig);
}

/* The flight may close us in any of its calls: fo->flight is NULL then. */
static void take_events(struct follower *fo, struct slice tape)
{
	struct event ev;
	size_t at = 0;

	while (fo->flight && tape_next(tape, SIZE_MAX, &at, &ev))
		if (!fo->events->on_event(fo->flight, &ev))
			return;
	if (fo->flight && at != tape.n)
		fo->events->on_end(fo->flight, false);
}

static void start(struct follower *fo, struct slice rest)
{
	bool first = !fo->started;

	fo->started = true;
	if (!first || rest.n == 0 || !fo->events->on_start(fo->flight, rest.p[0], slice_skip(rest, 1)))
		fo->events->on_end(fo->flight, false);
}

/* The letter of an entry, and what belongs to it; 'F' for one that is not the next one of this log. */
static char open_entry(const struct follower *fo, struct slice entry, struct slice *out_rest)
{
	*out_rest = SLICE_EMPTY;
	if (!checksum_cut(&entry, slice_of(fo->key + fo->key_n - ABROAD_TOKEN, ABROAD_TOKEN))) {
		counter_add(COUNTER_store_foreign, 1);
		return 'F';
	}
	if (entry.n < ABROAD_HEAD || memcmp(entry.p, &fo->seq, sizeof(fo->seq)) != 0)
		return 'F';
	*out_rest = slice_skip(entry, ABROAD_HEAD);
	return entry.p[4];
}

static void on_entry(struct store_tail *t, struct slice entry)
{
	struct follower *fo = LIST_ITEM(t, struct follower, tail);
	struct slice rest;

	if (fo->flight == NULL)
		return;
	char kind = open_entry(fo, entry, &rest);
	fo->seq++;
	alarm_set(&fo->silence, ABROAD_LEASE_MS);
	if (kind == 'S')
		start(fo, rest);
	else if (kind == 'E' && fo->started)
		take_events(fo, rest);
	else if (kind != 'B')
		fo->events->on_end(fo->flight, kind == 'D' && fo->started);
}

/* The beginning is gone: whatever comes now is not the whole answer. */
static void on_gap(struct store_tail *t)
{
	struct follower *fo = LIST_ITEM(t, struct follower, tail);

	if (fo->flight)
		fo->events->on_end(fo->flight, false);
}

static void on_silence(struct alarm *a)
{
	struct follower *fo = LIST_ITEM(a, struct follower, silence);
	fo->events->on_end(fo->flight, false);
}

static void on_hail(struct alarm *a)
{
	struct follower *fo = LIST_ITEM(a, struct follower, hail);

	store_tell(fo->store, slice_of(fo->key, fo->key_n), SLICE("1"));
	alarm_set(&fo->hail, ABROAD_HAIL_MS);
}

struct follower *follower_open(struct store *s, struct flight *f, const struct digest *d, struct slice token,
	const struct follower_events *ev)
{
	struct follower *fo = calloc(1, sizeof(*fo));

	must(fo != NULL);
	fo->store = s;
	fo->loop = f->env->attempt.loop;
	fo->flight = f;
	fo->events = ev;
	fo->tail = (struct store_tail){ .on_entry = on_entry, .on_gap = on_gap };
	fo->key_n = abroad_key(fo->key, d, token).n;
	alarm_init(&fo->silence, fo->loop, on_silence);
	alarm_init(&fo->hail, fo->loop, on_hail);
	store_follow(s, &fo->tail, slice_of(fo->key, fo->key_n), true);
	alarm_set(&fo->silence, store_is_followed(&fo->tail) ? ABROAD_LEASE_MS : 0);
	alarm_set(&fo->hail, 0);
	return fo;
}

#include "flight/owner.h"

#include <stdlib.h>

#include "base/counter.h"
#include "base/span.h"
#include "codec/checksum.h"
#include "flight/abroad.h"
#include "flight/flight.h"

#define MOST 4096u		/* flights owned at once */
#define BATCH_MAX ((size_t)64 << 20)	/* one event may be as large as an image */
#define SILENT_NS (3 * UINT64_C(1000000) * ABROAD_HAIL_MS)	/* followers unheard of for that long have left */

struct owner {
	struct list node;
	struct owners *of;
	struct store *store;
	struct loop *loop;
	struct reader reader;
	struct digest digest;
	char token[ABROAD_TOKEN];
	struct task news;
	struct alarm flush, beat;
	struct store_op renewal;
	struct store_ear ear;
	struct tape batch;
	uint64_t heard_ns;		/* of a follower; 0: never */
	uint32_t seq;			/* of the next entry */
	bool told_start;
	struct grave grave;
};

void owner_init(struct owners *os)
{
	*os = (struct owners){ .n = 0 };
	list_init(&os->all);
}

/* --- words into the log --------------------------------------------------------------------------------- */

static void write_entry(struct owner *o, char kind, struct slice rest)
{
	char key[ABROAD_KEY_MAX];
	struct slice token = slice_of(o->token, ABROAD_TOKEN);
	struct buf b;

	buf_init(&b, BATCH_MAX + ABROAD_HEAD + CHECKSUM_BYTES);
	buf_add(&b, slice_of(&o->seq, sizeof(o->seq)));
	buf_add_char(&b, kind);
	o->seq++;
	if (buf_put(&b, rest) && checksum_put(&b, token))
		store_append(o->store, NULL, abroad_key(key, &o->digest, token), buf_slice(&b), ABROAD_LOG_MAX,
			ABROAD_LOG_MS);
	buf_done(&b);
}

static void write_start(struct owner *o, const struct flight *f)
{
	char start[256];
	size_t n = MIN_OF(f->target->name.n, sizeof(start) - 1);

	start[0] = f->back->tag;
	memcpy(start + 1, f->target->name.p, n);
	write_entry(o, 'S', slice_of(start, n + 1));
	o->told_start = true;
}

static void flush(struct owner *o)
{
	alarm_clear(&o->flush);
	if (tape_size(&o->batch) == 0)
		return;
	write_entry(o, 'E', buf_slice(&o->batch.bytes));
	tape_clear(&o->batch);
}

/* --- life ----------------------------------------------------------------------------------------------- */

static void dig(struct grave *g)
{
	struct owner *o = LIST_ITEM(g, struct owner, grave);

	tape_done(&o->batch);
	free(o);
}

static void let_go(struct owner *o)
{
	char key[ABROAD_KEY_MAX];

	store_drop_if(o->store, NULL, abroad_lease_key(key, &o->digest), slice_of(o->token, ABROAD_TOKEN));
}

static void end(struct owner *o)
{
	alarm_clear(&o->flush);
	alarm_clear(&o->beat);
	store_cancel(&o->renewal);
	store_unlisten(&o->ear);
	loop_unpost(o->loop, &o->news);
	o->reader.flight->on_alone = NULL;
	flight_leave(&o->reader);
	list_remove(&o->node);
	if (--o->of->n == 0 && o->of->on_none)
		loop_post(o->loop, o->of->on_none);
	loop_bury(o->loop, &o->grave, dig);
}

static void end_with(struct owner *o, char kind)
{
	flush(o);
	write_entry(o, kind, SLICE_EMPTY);
	let_go(o);
	end(o);
}

void owner_done(struct owners *os)
{
	os->on_none = NULL;
	LIST_EACH(node, tmp, &os->all)
		end_with(LIST_ITEM(node, struct owner, node), 'F');
}

/* --- what the flight gives ------------------------------------------------------------------------------ */

/* False: it cannot be told in this form. */
static bool take_events(struct owner *o)
{
	const struct event *ev;

	while ((ev = reader_peek(&o->reader)) != NULL) {
		tape_add(&o->batch, ev);
		reader_pass(&o->reader);
		if (tape_size(&o->batch) >= ABROAD_FLUSH_BYTES)
			flush(o);
	}
	return !o->batch.lossy;
}

static bool may_read(const struct owner *o)
{
	const struct flight *f = o->reader.flight;
	return o->reader.cursor.journal != NULL && f->released;
}

/* The flight has ended, or ends now, since nobody else reads it. */
static void end_with_flight(struct owner *o)
{
	struct flight *f = o->reader.flight;

	flight_stop(f);
	end_with(o, f->journal.state == JOURNAL_COMPLETE && o->told_start ? 'D' : 'F');
}

/* The only reader: nobody's client wants it any more. */
static bool is_alone(const struct owner *o)
{
	bool heard = o->heard_ns && loop_now(o->loop) - o->heard_ns < SILENT_NS;

	return o->reader.flight->readers == 1 && !heard;
}

static void on_news(struct task *t)
{
	struct owner *o = LIST_ITEM(t, struct owner, news);
	const struct flight *f = o->reader.flight;

	if (may_read(o) && !o->told_start)
		write_start(o, f);
	if (o->reader.cursor.journal == NULL || (may_read(o) && !take_events(o)))
		end_with(o, 'F');
	else if (f->state == FLIGHT_ENDED || is_alone(o))
		end_with_flight(o);
	else if (tape_size(&o->batch) && !alarm_is_set(&o->flush))
		alarm_set(&o->flush, ABROAD_FLUSH_MS);
}

static void on_flush(struct alarm *a)
{
	flush(LIST_ITEM(a, struct owner, flush));
}

static void on_beat(struct alarm *a)
{
	struct owner *o = LIST_ITEM(a, struct owner, beat);
	char key[ABROAD_KEY_MAX];

	if (is_alone(o)) {
		on_news(&o->news);	/* there may be some */
		return;
	}
	write_entry(o, 'B', SLICE_EMPTY);
	store_cancel(&o->renewal);
	store_renew_if(o->store, &o->renewal, abroad_lease_key(key, &o->digest), slice_of(o->token, ABROAD_TOKEN),
		ABROAD_LEASE_MS);
	alarm_set(&o->beat, ABROAD_BEAT_MS);
}

static void on_hail(struct store_ear *e, struct slice word)
{
	struct owner *o = LIST_ITEM(e, struct owner, ear);
	o->heard_ns = loop_now(o->loop);
}

void owner_open(struct owners *os, struct store *s, struct flight *f, const struct digest *d, struct slice token)
{
	char key[ABROAD_KEY_MAX];
	struct owner *o = calloc(1, sizeof(*o));

	must(o != NULL && token.n == ABROAD_TOKEN);
	o->of = os;
	o->store = s;
	o->loop = f->env->attempt.loop;
	o->digest = *d;
	memcpy(o->token, token.p, ABROAD_TOKEN);
	o->news.go = on_news;
	o->ear.on_word = on_hail;
	alarm_init(&o->flush, o->loop, on_flush);
	alarm_init(&o->beat, o->loop, on_beat);
	tape_init(&o->batch, BATCH_MAX);
	if (os->n >= MOST) {
		let_go(o);
		loop_bury(o->loop, &o->grave, dig);
		return;
	}
	list_push_back(&os->all, &o->node);
	os->n++;
	flight_read(f, &o->reader, &o->news);
	f->on_alone = &o->news;
	store_listen(s, &o->ear, abroad_key(key, d, token));
	write_entry(o, 'B', SLICE_EMPTY);
	alarm_set(&o->beat, ABROAD_BEAT_MS);
	counter_add(COUNTER_flights_owned, 1);
}

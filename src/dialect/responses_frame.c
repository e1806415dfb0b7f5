#include "dialect/responses_frame.h"

#include <assert.h>

enum {
	ITEMS_MAX = 4096,	/* an answer has tens; this bounds memory and the search */
	ID_KEPT = 256,		/* of an item's or call's id, to find it again; real ones have about 60 bytes */
};

static_assert(sizeof(struct responses_frame_state) <= DIALECT_STATE_BYTES, "decoder state");

struct responses_frame responses_frame_of(struct dialect_decode *d, struct slice raw)
{
	if (!d->tally.started)
		d->tally.usage = USAGE_NONE;	/* the zeroed tally says 0 tokens; nothing was said yet */
	return (struct responses_frame){ .d = d, .state = (struct responses_frame_state *)(void *)d->state.bytes,
		.raw = raw, .other = EVENT_NO_CHOICE };
}

/* An answer whose response object did not come yet starts without a name: encoders have to write theirs now. */
static void start_before(struct responses_frame *f, const struct event *ev)
{
	bool is_bare = ev->kind == EVENT_START || ev->kind == EVENT_ERROR || ev->kind == EVENT_END;

	if (f->state->started || is_bare || (ev->kind == EVENT_OTHER && ev->choice == EVENT_NO_CHOICE))
		return;
	f->state->started = true;
	responses_frame_emit(f, (struct event){ .kind = EVENT_START });
}

void responses_frame_emit(struct responses_frame *f, struct event ev)
{
	struct dialect_tally *t = &f->d->tally;

	start_before(f, &ev);
	if (f->err != ERR_OK)
		return;
	if (!f->raw_given) {
		ev.first_of_raw = true;
		ev.raw = f->raw;
		f->raw_given = true;
	}
	t->started = true;
	if (event_is_content(&ev)) {
		t->content = true;
		t->choices = 1;
	}
	if (ev.kind == EVENT_FINISH) {
		t->finish = ev.finish;
		t->finished = true;
	}
	t->end_mark |= ev.kind == EVENT_END;
	f->err = f->d->on_event(f->d->arg, &ev);
}

void responses_frame_fail(struct responses_frame *f, struct fault fault)
{
	struct dialect_tally *t = &f->d->tally;

	if (t->fault.err == ERR_OK)
		t->fault = fault;
	responses_frame_emit(f, (struct event){ .kind = EVENT_ERROR, .err = (uint8_t)fault.err,
		.text = fault_message(&fault) });
}

void responses_frame_end(struct responses_frame *f)
{
	if (!f->raw_given)
		responses_frame_emit(f, (struct event){ .kind = EVENT_OTHER, .choice = f->other });
}

/* --- items ---------------------------------------------------------------------------------------------- */

static struct slice kept(struct slice id)
{
	return slice_of(id.p, MIN_OF(id.n, (size_t)ID_KEPT));
}

int64_t responses_frame_index(yyjson_val *event, const char *name)
{
	yyjson_val *v = yyjson_obj_get(event, name);
	return yyjson_is_uint(v) && yyjson_get_uint(v) <= INT32_MAX ? (int64_t)yyjson_get_uint(v) : -1;
}

/* Some servers name a call's item by the call's id. */
static bool has_id(const struct responses_item *it, struct slice id)
{
	return id.n && (slice_eq(it->id, id) || (it->id.n == 0 && slice_eq(it->call_id, id)));
}

struct responses_item *responses_frame_find(const struct responses_frame *f, yyjson_val *event,
	enum responses_item_kind kind)
{
	int64_t index = responses_frame_index(event, "output_index");
	struct slice id = kept(json_str(event, "item_id"));

	for (struct responses_item *it = f->state->items; it; it = it->next) {
		if (it->kind != kind)
			continue;
		/* Some proxies change the id from event to event, so the index counts where there is one. */
		if (index >= 0 && it->index >= 0 ? it->index == index : has_id(it, id) || (id.n == 0 && index < 0))
			return it;
	}
	return NULL;
}

struct responses_item *responses_frame_known(const struct responses_frame *f, yyjson_val *item, int64_t index,
	enum responses_item_kind kind)
{
	struct slice id = kept(json_str(item, "id")), call_id = kept(json_str(item, "call_id"));

	for (struct responses_item *it = f->state->items; it; it = it->next) {
		bool same_id = id.n && slice_eq(it->id, id), same_place = index >= 0 && it->index == index;
		if (it->kind != kind || (it->call_id.n && !slice_eq(it->call_id, call_id)))
			continue;
		if (same_place && (same_id || !it->done || kind == RESPONSES_ITEM_CALL))
			return it;
		if (index < 0 && same_id)
			return it;
	}
	return NULL;
}

/* How well an item that was seen fits one that is finished; 0: not at all. */
static int fit(const struct responses_item *it, struct slice id, struct slice call_id, int64_t index)
{
	bool same_place = index >= 0 && it->index == index;

	if (it->call_id.n && call_id.n)
		return slice_eq(it->call_id, call_id) ? 1 + same_place : 0;
	if (id.n && slice_eq(it->id, id))
		return 3 + same_place;
	if (same_place)
		return 2;
	return !it->done && (index < 0 || it->index < 0) && (id.n == 0 || it->id.n == 0);
}

struct responses_item *responses_frame_match(const struct responses_frame *f, yyjson_val *item, int64_t index,
	enum responses_item_kind kind)
{
	struct slice id = kept(json_str(item, "id")), call_id = kept(json_str(item, "call_id"));
	struct responses_item *best = NULL;
	int best_fit = 0;

	for (struct responses_item *it = f->state->items; it; it = it->next) {
		int now = it->kind == kind ? fit(it, id, call_id, index) : 0;
		if (now > best_fit) {
			best = it;
			best_fit = now;
		}
	}
	return best;
}

struct slice responses_frame_keep(struct responses_frame *f, struct slice s)
{
	char *p = s.n ? arena_try(f->d->arena, s.n) : NULL;

	if (p == NULL) {
		f->err = s.n && f->err == ERR_OK ? ERR_UP_TOO_BIG : f->err;
		return SLICE_EMPTY;
	}
	memcpy(p, s.p, s.n);
	return slice_of(p, s.n);
}

struct responses_item *responses_frame_add(struct responses_frame *f, enum responses_item_kind kind, int64_t index,
	struct slice id, struct slice call_id)
{
	struct responses_item *it = NULL;

	if (f->state->n_items < ITEMS_MAX)
		it = arena_try(f->d->arena, sizeof(*it));
	if (it == NULL) {
		f->err = f->err == ERR_OK ? ERR_UP_TOO_BIG : f->err;
		return NULL;
	}
	*it = (struct responses_item){ .next = f->state->items, .kind = kind, .index = index };
	responses_frame_name(f, it, id, call_id);
	if (kind == RESPONSES_ITEM_CALL) {
		it->state = f->state->call_state;
		f->state->call_state = SLICE_EMPTY;
	}
	f->state->items = it;
	f->state->n_items++;
	return it;
}

void responses_frame_name(struct responses_frame *f, struct responses_item *it, struct slice id, struct slice call_id)
{
	if (it->id.n == 0)
		it->id = responses_frame_keep(f, kept(id));
	if (it->call_id.n == 0)
		it->call_id = responses_frame_keep(f, kept(call_id));
}

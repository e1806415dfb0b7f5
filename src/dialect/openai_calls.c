/* A fragment names its call by `index`; where that is missing by `id`; where that is missing too by its place
 * in the array.
 *
 * A call starts when its name or its first argument byte is known, once.  Two calls under one index
 * (servers that write 0 everywhere) are told apart by a changed id that comes with a name. */
#include "dialect/openai_calls.h"

#include <stdlib.h>

#include "dialect/openai_state.h"

enum {
	CALLS_MAX = 1024,	/* Node's SDK refuses 128 a choice; this bounds memory over all choices */
	ID_KEPT = 65536,	/* ids can hide kilobytes of signature, which must come out whole; so long are these */
	NO_INDEX = -1,
	LEGACY = -2,
};

struct openai_calls_call {
	struct openai_calls_call *next;
	struct slice id;	/* its first ID_KEPT bytes; empty: none yet */
	struct slice state;	/* that came before its start */
	int32_t index;		/* of the server; NO_INDEX, LEGACY */
	uint16_t choice, part;
	bool started, has_args;
};

/* One fragment as it came. */
struct fragment {
	struct slice id, name, args;
	struct slice state;	/* Google's signature */
	int32_t index;
	size_t place, of;	/* in its array */
};

static struct slice kept(struct slice id)
{
	return slice_of(id.p, MIN_OF(id.n, (size_t)ID_KEPT));
}

static struct openai_calls_call *by_index(const struct openai_frame *f, uint16_t choice, int32_t index)
{
	for (struct openai_calls_call *c = f->state->calls; c; c = c->next)
		if (c->choice == choice && c->index == index)
			return c;
	return NULL;
}

static struct openai_calls_call *by_id(const struct openai_frame *f, uint16_t choice, struct slice id)
{
	for (struct openai_calls_call *c = f->state->calls; c; c = c->next)
		if (c->choice == choice && slice_eq(c->id, kept(id)))
			return c;
	return NULL;
}

/* Without index and id: alone in its array it goes on with the newest call, else its place counts. */
static struct openai_calls_call *by_place(const struct openai_frame *f, uint16_t choice,
	const struct fragment *g)
{
	for (struct openai_calls_call *c = f->state->calls; c; c = c->next)
		if (c->choice == choice && (g->of == 1 || c->part == g->place))
			return c;
	return NULL;
}

static struct openai_calls_call *find(const struct openai_frame *f, uint16_t choice, const struct fragment *g)
{
	if (g->index != NO_INDEX) {
		struct openai_calls_call *c = by_index(f, choice, g->index);
		bool other = c && g->name.n && g->id.n && c->id.n && !slice_eq(c->id, kept(g->id));
		return other ? by_id(f, choice, g->id) : c;
	}
	if (g->id.n)
		return by_id(f, choice, g->id);
	struct openai_calls_call *c = by_place(f, choice, g);
	/* A name after arguments begins the next call. */
	return c && c->has_args && g->name.n ? NULL : c;
}

/* The server's own index where it is free, else the next number. */
static uint16_t next_part(const struct openai_frame *f, uint16_t choice, int32_t index)
{
	uint32_t next = 0;
	bool taken = index < 0;

	for (const struct openai_calls_call *c = f->state->calls; c; c = c->next) {
		if (c->choice != choice)
			continue;
		taken |= c->part == index;
		next = MAX_OF(next, c->part + 1u);
	}
	return (uint16_t)(taken ? next : (uint32_t)index);
}

static struct openai_calls_call *add(struct openai_frame *f, uint16_t choice, const struct fragment *g)
{
	if (f->state->n_calls >= CALLS_MAX)
		return NULL;
	struct openai_calls_call *c = ARENA_NEW(f->d->arena, struct openai_calls_call);
	*c = (struct openai_calls_call){ .next = f->state->calls, .index = g->index, .choice = choice,
		.part = next_part(f, choice, g->index) };
	f->state->calls = c;
	f->state->n_calls++;
	return c;
}

static void start(struct openai_frame *f, struct openai_calls_call *c, const struct fragment *g)
{
	struct event ev = { .kind = EVENT_TOOL_START, .choice = c->choice, .part = c->part,
		.text = g->id.n ? g->id : c->id, .extra = g->name };
	c->started = true;
	openai_frame_emit(f, &ev);
}

/* A peer-sized copy: without room the id is as if missing. */
static struct slice keep_id(struct arena *a, struct slice id)
{
	id = kept(id);
	char *p = id.n ? arena_try(a, id.n) : NULL;
	return p ? slice_of(memcpy(p, id.p, id.n), id.n) : SLICE_EMPTY;
}

/* It may stand beside the id, before the call starts. */
static void take_state(struct openai_frame *f, struct openai_calls_call *c, struct slice state)
{
	struct event ev = { .kind = EVENT_SIGNATURE, .choice = c->choice, .part = c->part,
		.text = state.n ? state : c->state };

	if (ev.text.n && c->started) {
		openai_frame_emit(f, &ev);
		c->state = SLICE_EMPTY;
	} else if (state.n && state.n <= ID_KEPT) {
		c->state = keep_id(f->d->arena, state);
	}
}

static void take(struct openai_frame *f, uint16_t choice, const struct fragment *g)
{
	struct openai_calls_call *c = find(f, choice, g);

	if (c == NULL && (c = add(f, choice, g)) == NULL) {
		f->other = choice;
		return;
	}
	if (c->id.n == 0)
		c->id = keep_id(f->d->arena, g->id);
	if (!c->started && (g->name.n || g->args.n))
		start(f, c, g);
	take_state(f, c, g->state);
	if (g->args.n == 0)
		return;
	struct event ev = { .kind = EVENT_TOOL_ARGS, .choice = choice, .part = c->part, .text = g->args };
	c->has_args = true;
	openai_frame_emit(f, &ev);
}

/* Arguments are a string; servers that parse them send the value itself.  *out_free is to be freed. */
static struct slice args_of(yyjson_val *v, char **out_free)
{
	size_t n = 0;

	if (!yyjson_is_ctn(v))
		return json_val_str(v);
	*out_free = yyjson_val_write(v, 0, &n);
	return slice_of(*out_free, n);
}

/* "" and "null" (Mistral) mean that there is no id. */
static struct slice id_of(yyjson_val *call)
{
	struct slice id = json_str(call, "id");
	return slice_eq(id, SLICE("null")) ? SLICE_EMPTY : id;
}

static void take_value(struct openai_frame *f, uint16_t choice, yyjson_val *call, struct fragment *g)
{
	yyjson_val *function = json_obj(call, "function"), *custom = json_obj(call, "custom");
	char *owned = NULL;

	/* Small servers write name and arguments beside the id. */
	if (function == NULL)
		function = custom ? custom : call;
	g->state = openai_state_of_extra(call);
	g->name = json_str(function, "name");
	g->args = args_of(yyjson_obj_get(function, custom ? "input" : "arguments"), &owned);
	take(f, choice, g);
	free(owned);
}

void openai_calls_read(struct openai_frame *f, uint16_t choice, yyjson_val *calls, bool whole)
{
	size_t i, n;
	yyjson_val *call;

	yyjson_arr_foreach(calls, i, n, call) {
		int64_t index = whole ? (int64_t)i : json_int(call, "index", NO_INDEX);
		if (!yyjson_is_obj(call))
			continue;
		bool is_real = index >= 0 && index < CALLS_MAX;
		struct fragment g = { .id = id_of(call), .index = is_real ? (int32_t)index : NO_INDEX,
			.place = i, .of = n };
		take_value(f, choice, call, &g);
	}
}

void openai_calls_read_legacy(struct openai_frame *f, uint16_t choice, yyjson_val *call)
{
	struct fragment g = { .index = LEGACY, .of = 1 };

	if (yyjson_is_obj(call))
		take_value(f, choice, call, &g);
}

#include "flight/batch.h"

#include <stdlib.h>

#include "base/counter.h"
#include "flight/flight.h"

/* An answer of 256 vectors of 1,536 numbers is 5 MB of JSON, which is parsed in one go, while everybody waits. */
#define DEFAULT_ITEMS 256u
/* Of a server that is not known: 32 is what text-embeddings-inference takes by default, and 8,192 tokens is the longest
 * single input (protocols.md 3.1), so that every server takes them. */
#define SAFE_ITEMS 32u
#define SAFE_TOK 8192u
#define MOST_BYTES (8u << 20)	/* of the bodies in one call */
#define ARENA_BYTES (512u << 20)	/* as an exchange's */

struct batch {
	struct flight_env *env;
	struct reader reader;		/* of the carrier */
	struct task news;
	struct list members;		/* FLIGHT_CARRIED, in the order of their items */
	uint64_t items;			/* asked for */
	uint64_t weight;		/* of all members still there */
	bool landing;
	struct grave grave;
};

/* --- who goes together ---------------------------------------------------------------------------------- */

/* `known`: what the provider takes; 0: not known.  Then configuration alone decides, or what is safe. */
static uint32_t limit(uint32_t known, uint32_t configured, uint32_t most, uint32_t safe)
{
	if (configured)
		return known ? MIN_OF(known, configured) : configured;
	return known ? MIN_OF(known, most) : safe;
}

/* The smallest of all targets', since any of them may be asked. */
bool batch_limits(const struct flight *f, struct merge_limits *out)
{
	const struct window_conf *w = &f->plan.model->window;
	struct request call = f->request;
	struct merge_limits one;
	bool any = false;

	*out = (struct merge_limits){ UINT32_MAX, UINT32_MAX };
	if (call.dialect == &gemini_embed)
		call.dialect = &gemini_batch_embed;
	for (size_t i = 0; i < f->plan.n; i++) {
		const struct provider *p = f->plan.steps[i].target->provider;
		const struct dialect *back = translate_pick(&p->tongues, &call);
		if (back == NULL)
			continue;	/* it will not be asked */
		if (!merge_limits(back, p->quirks, &one))
			return false;
		any = true;
		out->items = MIN_OF(out->items, limit(one.items, w->items, DEFAULT_ITEMS, SAFE_ITEMS));
		/* Estimates can be a third too low. */
		out->tokens = MIN_OF(out->tokens, limit(one.tokens / 3 * 2, w->tokens, UINT32_MAX, SAFE_TOK));
	}
	return any;
}

static bool may_share(const struct flight *a, const struct flight *b)
{
	const struct request_door *x = &a->request.door, *y = &b->request.door;

	return a->roster == b->roster && slice_eq(a->plan.model->name, b->plan.model->name)
		&& x->tenant == y->tenant && x->strict == y->strict
		&& slice_eq(x->model, y->model) && merge_same(&a->request, &b->request);
}

bool batch_fits(const struct merge_limits *most, const struct batch_load *load, const struct flight *first,
	const struct flight *f)
{
	return load->items + f->items <= most->items && load->tokens + f->request.prompt_tok <= most->tokens
		&& load->choices + f->request.choices < EVENT_NO_CHOICE
		&& load->bytes + f->request.body.n <= MOST_BYTES && may_share(first, f);
}

void batch_add(struct batch_load *load, const struct flight *f)
{
	load->n++;
	load->items += f->items;
	load->choices += f->request.choices;
	load->tokens += f->request.prompt_tok;
	load->bytes += f->request.body.n;
}

/* --- members -------------------------------------------------------------------------------------------- */

/* In whose proportion tokens are split: the estimate of the prompt, where there is one. */
static uint64_t weight_of(const struct flight *f)
{
	return f->request.prompt_tok ? f->request.prompt_tok : f->items;
}

static struct flight *pop(struct batch *b)
{
	struct list *node = list_pop_front(&b->members);
	return node ? LIST_ITEM(node, struct flight, node) : NULL;
}

static void go_alone(struct batch *b)
{
	struct flight *f;

	counter_add(COUNTER_carriers_undone, 1);
	while ((f = pop(b)) != NULL)
		flight_depart(f);
}

/* What the record and the readers' heads say of the carrier's attempts. */
static void note_carrier(struct flight *f, const struct flight *carrier)
{
	f->target = carrier->target;
	f->back = carrier->back;
	f->attempts = carrier->attempts;
	memcpy(f->tries, carrier->tries, sizeof(f->tries));
	f->upstream_id = arena_copy(&f->arena, carrier->upstream_id);
	f->dropped = arena_copy(&f->arena, carrier->dropped);
	f->type = arena_copy(&f->arena, carrier->type);
	f->status = carrier->status;
	f->version = carrier->version;
	if (carrier->quota == NULL)
		return;
	struct quota *quota = ARENA_NEW(&f->arena, struct quota);
	*quota = *carrier->quota;
	f->quota = quota;
}

/* With a fault of their own, or that of the carrier, if any. */
static void land_all(struct batch *b)
{
	const struct flight *carrier = b->reader.flight;
	struct flight *f;

	while ((f = pop(b)) != NULL) {
		note_carrier(f, carrier);
		if (f->fault.err == ERR_OK)
			f->fault = fault_copy(&f->arena, &carrier->fault);
		flight_land(f);
	}
}

static void dig(struct grave *g)
{
	free(LIST_ITEM(g, struct batch, grave));
}

static void end(struct batch *b)
{
	struct loop *l = b->env->attempt.loop;

	must(list_empty(&b->members));
	flight_leave(&b->reader);
	loop_unpost(l, &b->news);
	loop_bury(l, &b->grave, dig);
}

void batch_leave(struct flight *f)
{
	struct batch *b = f->batch;

	if (b == NULL)
		return;
	f->batch = NULL;
	list_remove(&f->node);
	b->weight -= weight_of(f);
	if (list_empty(&b->members) && !b->landing)
		end(b);
}

/* --- taking the answer apart ---------------------------------------------------------------------------- */

/* The part of `whole` that `own` of `all` is when `before` have had theirs: rounded so that the parts add up. */
static int64_t part_of(int64_t whole, uint64_t before, uint64_t own, uint64_t all)
{
	if (whole < 0)
		return whole;	/* not said */
	unsigned __int128 w = (unsigned __int128)whole;
	return (int64_t)(w * (before + own) / all - w * before / all);
}

static struct usage share(const struct usage *u, uint64_t before, uint64_t own, uint64_t all)
{
	return (struct usage){ part_of(u->prompt_tok, before, own, all), part_of(u->completion_tok, before, own, all),
		part_of(u->cached_tok, before, own, all), part_of(u->cache_write_tok, before, own, all),
		part_of(u->reasoning_tok, before, own, all) };
}

static void give(struct flight *f, const struct event *ev)
{
	enum err e = flight_take(f, ev);

	if (e != ERR_OK && f->fault.err == ERR_OK)
		f->fault = (struct fault){ .err = e };
}

static void give_counts(struct batch *b, const struct usage *u)
{
	uint64_t before = 0;

	LIST_EACH(node, tmp, &b->members) {
		struct flight *f = LIST_ITEM(node, struct flight, node);
		struct event ev = { .kind = EVENT_USAGE };
		f->usage = share(u, before, weight_of(f), b->weight);
		before += weight_of(f);
		ev.text = event_usage_text(&f->usage);
		give(f, &ev);
	}
}

static void give_all(struct batch *b, const struct event *ev)
{
	LIST_EACH(node, tmp, &b->members)
		give(LIST_ITEM(node, struct flight, node), ev);
}

/* One of an answer's choices. */
static void give_one(struct flight *const *seats, size_t n, const struct event *ev)
{
	struct event own = *ev;
	struct flight *f = ev->choice < n ? seats[ev->choice] : NULL;

	if (f == NULL)
		return;		/* it has left */
	own.choice = (uint16_t)(ev->choice - f->seat);
	if (own.kind == EVENT_FINISH && own.choice == 0)
		f->finish = own.finish;
	give(f, &own);
}

/* A vector's answer is finished once for all. */
static bool is_for_all(const struct flight *carrier, const struct event *ev)
{
	return ev->kind == EVENT_START || (ev->kind == EVENT_FINISH && carrier->request.op == REQUEST_EMBED);
}

static void deal(struct batch *b, struct flight *const *seats)
{
	const struct flight *carrier = b->reader.flight;
	const struct event *ev;

	while ((ev = reader_peek(&b->reader)) != NULL) {
		struct usage u = event_usage(ev);
		if (ev->kind == EVENT_USAGE)
			give_counts(b, &u);
		else if (is_for_all(carrier, ev))
			give_all(b, ev);
		else
			give_one(seats, carrier->request.choices, ev);
		reader_pass(&b->reader);
	}
}

/* Of an answer that passes as it is: its bytes, and then no more events. */
static void deal_raw(struct batch *b, struct slice answer)
{
	struct event ev = { .kind = EVENT_OTHER, .first_of_raw = true };
	struct buf own;

	buf_init(&own, ARENA_BYTES);
	LIST_EACH(node, tmp, &b->members) {
		struct flight *f = LIST_ITEM(node, struct flight, node);
		buf_clear(&own);
		if (!merge_cut(answer, f->seat, f->items, &own))
			f->fault = (struct fault){ .err = ERR_UP_TOO_BIG };
		ev.raw = buf_slice(&own);
		give(f, &ev);
	}
	give_counts(b, &b->reader.flight->usage);
	b->reader.flight->unpaid = USAGE_NONE;
	buf_done(&own);
}

/* False: it has not one result for each item.  Deals them out if it has. */
static bool split_raw(struct batch *b)
{
	struct flight *carrier = b->reader.flight;
	const struct event *ev;
	yyjson_doc *doc;
	struct buf all;

	buf_init(&all, ARENA_BYTES);
	for (; (ev = reader_peek(&b->reader)) != NULL; reader_pass(&b->reader))
		if (!buf_put(&all, ev->raw))
			break;
	bool ok = ev == NULL && json_parse(&carrier->arena, buf_slice(&all), &doc, NULL) == ERR_OK
		&& merge_results(buf_slice(&all)) == b->items;
	if (ok)
		deal_raw(b, buf_slice(&all));
	buf_done(&all);
	return ok;
}

/* Every item that was asked for has come. */
static bool is_complete(struct batch *b)
{
	const struct flight *carrier = b->reader.flight;
	enum event_kind mark = carrier->request.op == REQUEST_EMBED ? EVENT_VECTOR : EVENT_FINISH;
	struct reader other = { .flight = b->reader.flight };
	const struct event *ev;
	uint64_t n = 0;

	cursor_open(&other.cursor, &b->reader.flight->journal, &b->news);
	while ((ev = reader_peek(&other)) != NULL) {
		n += ev->kind == mark && ev->choice < carrier->request.choices;
		reader_pass(&other);
	}
	cursor_close(&other.cursor);
	return n == carrier->request.choices;
}

static void split_typed(struct batch *b)
{
	size_t n = b->reader.flight->request.choices;
	struct flight **seats = calloc(n, sizeof(struct flight *));

	must(seats != NULL);
	LIST_EACH(node, tmp, &b->members) {
		struct flight *f = LIST_ITEM(node, struct flight, node);
		f->finish = b->reader.flight->finish;
		for (size_t i = 0; i < f->request.choices; i++)
			seats[f->seat + i] = f;
	}
	deal(b, seats);
	free(seats);
	b->reader.flight->unpaid = USAGE_NONE;	/* its members have it, in parts */
}

static bool split(struct batch *b)
{
	if (b->reader.flight->request.op == REQUEST_RAW)
		return split_raw(b);
	if (!is_complete(b))
		return false;
	split_typed(b);
	return true;
}

/* --- life ----------------------------------------------------------------------------------------------- */

/* What is wrong with the call need not be wrong with each of its members. */
static bool is_about_the_call(enum err e)
{
	return err_row(e)->blame == ERR_BLAME_CLIENT || e == ERR_TOO_BIG || e == ERR_UP_TOO_BIG;
}

static void land(struct batch *b)
{
	const struct flight *carrier = b->reader.flight;

	b->landing = true;
	if (carrier == NULL || is_about_the_call(carrier->fault.err))
		go_alone(b);
	else if (carrier->journal.state == JOURNAL_FAILED || split(b))
		land_all(b);
	else
		go_alone(b);
	end(b);
}

static void on_news(struct task *t)
{
	struct batch *b = LIST_ITEM(t, struct batch, news);

	if (b->reader.flight->state == FLIGHT_ENDED)
		land(b);
}

static void take_members(struct batch *b, struct list *list)
{
	struct list *node;
	uint32_t seat = 0;

	while ((node = list_pop_front(list)) != NULL) {
		struct flight *f = LIST_ITEM(node, struct flight, node);
		flight_carry(f, b);
		f->seat = seat;
		seat += f->request.op == REQUEST_RAW ? f->items : f->request.choices;
		b->items += f->items;
		b->weight += weight_of(f);
		list_push_back(&b->members, node);
	}
}

/* The request of the carrier, of all members, in `a`. */
static enum err merge(struct batch *b, size_t n, struct arena *a, struct request *out)
{
	const struct request **all = calloc(n, sizeof(const struct request *));
	enum request_priority first = REQUEST_BATCH;
	size_t i = 0;

	must(all != NULL);
	LIST_EACH(node, tmp, &b->members) {
		all[i] = &LIST_ITEM(node, struct flight, node)->request;
		first = MIN_OF(first, all[i]->door.priority);
		i++;
	}
	enum err e = merge_build(all, n, a, out);
	out->door.priority = first;
	free(all);
	return e;
}

void batch_open(struct window *w, struct list *list)
{
	struct flight *first = LIST_ITEM(list->next, struct flight, node);
	struct batch *b = calloc(1, sizeof(*b));
	struct fault fault = { .err = ERR_OK };
	struct request call;
	struct arena arena;
	size_t n = 0;

	must(b != NULL);
	b->env = first->env;
	b->news.go = on_news;
	list_init(&b->members);
	take_members(b, list);
	LIST_EACH(node, tmp, &b->members)
		n++;
	arena_init(&arena, ARENA_BYTES);
	counter_add(COUNTER_carriers, 1);
	counter_add(COUNTER_merged, n);
	if (merge(b, n, &arena, &call) != ERR_OK || !flight_open(b->env, first->roster, &call, &arena,
			first->request_id, first->hops, &b->reader, &b->news, &fault)) {
		arena_done(&arena);
		land(b);
		return;
	}
	if (b->reader.flight->state != FLIGHT_ENDED)
		window_flies(w, b->reader.flight);
}

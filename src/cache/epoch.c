/* Names: "" for everything, "m" and a model, "t" and the 8 bytes of a tenant.  A word of the log: number (8
 * bytes), name; or shorter than a number, a mark: somebody begins to follow. */
#include "cache/epoch.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/counter.h"

#define LOG_KEY SLICE("epochs")
#define LOG_MAX 65536u		/* changes that are remembered: made by people and by new versions of models */
#define AGAIN_MS 1000
#define NAME_MAX 512u
#define NUMBER_BYTES 8u
#define MARK_BYTES 7u
#define MARK_SOON_MS 10
#define MARK_AGAIN_MS 60000	/* one that does not come back was lost; each takes a place in the log */

struct epoch {
	struct epochs *of;
	struct store_op op;
	uint64_t number;
	bool told;		/* the others know, or will when they read the log */
	uint32_t n;
	char name[];
};

static void tell_again(struct alarm *a);
static struct epoch *find_or_make(struct epochs *e, struct slice name);

void epoch_init(struct epochs *e, struct loop *l, struct dice *dice)
{
	*e = (struct epochs){ .dice = dice };
	map_init(&e->names, EPOCH_NAMES, dice_u64(dice));
	alarm_init(&e->again, l, tell_again);
	list_init(&e->tail.node);
	must(find_or_make(e, SLICE("")) != NULL);	/* there must always be room for it */
}

static void catch_up(struct epochs *e, bool yes)
{
	e->caught_up = yes;
	counter_values[COUNTER_cache_shared] = yes;
}

void epoch_done(struct epochs *e)
{
	size_t at = 0;
	struct slice name;
	void *v;

	catch_up(e, false);
	alarm_clear(&e->again);
	store_cancel(&e->mark);
	if (e->store)
		store_unfollow(&e->tail);
	while (map_next(&e->names, &at, &name, &v)) {
		store_cancel(&((struct epoch *)v)->op);
		free(v);
	}
	map_done(&e->names);
}

/* --- names ---------------------------------------------------------------------------------------------- */

struct name {
	char bytes[NAME_MAX];
	size_t n;
};

static struct slice name_of(struct name *to, char kind, struct slice text)
{
	to->bytes[0] = kind;
	to->n = 1 + MIN_OF(text.n, (size_t)NAME_MAX - 1);
	if (text.n)
		memcpy(to->bytes + 1, text.p, to->n - 1);
	return slice_of(to->bytes, to->n);
}

static struct slice tenant_name(struct name *to, uint64_t tenant)
{
	return name_of(to, 't', slice_of(&tenant, sizeof(tenant)));
}

static uint64_t number_of(const struct epochs *e, struct slice name)
{
	const struct epoch *x = map_find(&e->names, name);
	return x ? x->number : 0;
}

/* Different numbers of the three give different sums, but for chance: they are random and each is turned. */
uint64_t epoch_of(const struct epochs *e, uint64_t tenant, struct slice model)
{
	struct name m, t;

	if (e->names.n == 1)
		return number_of(e, SLICE(""));
	uint64_t of_model = number_of(e, name_of(&m, 'm', model)), of_tenant = number_of(e, tenant_name(&t, tenant));
	return number_of(e, SLICE("")) + (of_model << 21 | of_model >> 43) + (of_tenant << 42 | of_tenant >> 22);
}

/* NULL: there are too many. */
static struct epoch *find_or_make(struct epochs *e, struct slice name)
{
	struct epoch *x = map_find(&e->names, name);

	if (x)
		return x;
	x = calloc(1, sizeof(*x) + name.n + 1);
	must(x != NULL);
	x->of = e;
	x->told = true;
	x->n = (uint32_t)name.n;
	if (name.n)
		memcpy(x->name, name.p, name.n);
	if (map_put(&e->names, slice_of(x->name, x->n), x))
		return x;
	free(x);
	return NULL;
}

/* --- the others ----------------------------------------------------------------------------------------- */

static void on_told(struct store_op *op)
{
	struct epoch *x = LIST_ITEM(op, struct epoch, op);

	x->told |= op->result == STORE_OK;
	if (!x->told)
		alarm_set(&x->of->again, AGAIN_MS);
}

static void tell(struct epoch *x)
{
	char word[NUMBER_BYTES + NAME_MAX];

	if (x->of->store == NULL || !store_is_shared(x->of->store))
		return;
	store_cancel(&x->op);
	x->op = (struct store_op){ .on_done = on_told };
	x->told = false;
	memcpy(word, &x->number, NUMBER_BYTES);
	memcpy(word + NUMBER_BYTES, x->name, x->n);
	store_append(x->of->store, &x->op, LOG_KEY, slice_of(word, NUMBER_BYTES + x->n), LOG_MAX, 0);
}

static void on_marked(struct store_op *op)
{
	struct epochs *e = LIST_ITEM(op, struct epochs, mark);

	if (e->caught_up || alarm_is_set(&e->again))
		return;
	/* At the start the store is not there yet, but soon. */
	e->mark_wait_ms = op->result == STORE_OK ? MARK_AGAIN_MS : MIN_OF(2 * e->mark_wait_ms, (uint32_t)AGAIN_MS);
	alarm_set(&e->again, e->mark_wait_ms);
}

static void mark(struct epochs *e)
{
	store_cancel(&e->mark);
	e->mark = (struct store_op){ .on_done = on_marked };
	store_append(e->store, &e->mark, LOG_KEY, slice_of(&e->mark_id, MARK_BYTES), LOG_MAX, 0);
}

static void tell_again(struct alarm *a)
{
	struct epochs *e = LIST_ITEM(a, struct epochs, again);
	size_t at = 0;
	struct slice name;
	void *v;

	if (!epoch_is_known(e))
		mark(e);
	while (map_next(&e->names, &at, &name, &v))
		if (!((struct epoch *)v)->told)
			tell(v);
}

/* As name_of made it: the others' words are bytes like any. */
static bool is_name(struct slice name)
{
	if (name.n == 0)
		return true;
	return name.p[0] == 't' ? name.n == 1 + sizeof(uint64_t) : name.p[0] == 'm' && name.n <= NAME_MAX;
}

/* Our own words come back too, in the log's order, so that all nodes end with the same number.  What comes before a
 * word of ours that is not in the log yet does not undo it. */
static void on_entry(struct store_tail *t, struct slice word)
{
	struct epochs *e = LIST_ITEM(t, struct epochs, tail);

	if (word.n == MARK_BYTES && memcmp(word.p, &e->mark_id, MARK_BYTES) == 0)
		catch_up(e, true);
	if (word.n < NUMBER_BYTES || !is_name(slice_skip(word, NUMBER_BYTES)))
		return;
	struct epoch *x = find_or_make(e, slice_skip(word, NUMBER_BYTES));
	if (x == NULL)
		x = map_find(&e->names, SLICE(""));
	if (!x->told)
		x->told = memcmp(&x->number, word.p, NUMBER_BYTES) == 0;
	else
		memcpy(&x->number, word.p, NUMBER_BYTES);
}

void epoch_share(struct epochs *e, struct store *s)
{
	must(e->store == NULL);
	e->store = s;
	e->tail.on_entry = on_entry;
	e->mark_id = dice_u64(e->dice);
	e->mark_wait_ms = MARK_SOON_MS;
	store_follow(s, &e->tail, LOG_KEY, true);
	if (store_is_shared(s))
		mark(e);
}

bool epoch_is_known(const struct epochs *e)
{
	return e->caught_up || e->store == NULL || !store_is_shared(e->store);
}

/* --- changes -------------------------------------------------------------------------------------------- */

static void end(struct epochs *e, struct slice name)
{
	struct epoch *x = find_or_make(e, name);

	if (x == NULL)
		x = map_find(&e->names, SLICE(""));
	x->number = dice_u64(e->dice) | 1;
	counter_add(COUNTER_cache_epochs, 1);
	tell(x);
}

void epoch_end_all(struct epochs *e)
{
	end(e, SLICE(""));
}

void epoch_end_model(struct epochs *e, struct slice model)
{
	struct name n;
	end(e, name_of(&n, 'm', model));
}

void epoch_end_tenant(struct epochs *e, uint64_t tenant)
{
	struct name n;
	end(e, tenant_name(&n, tenant));
}

/* Numbers that end kept answers, and the log by which nodes tell each other: a store and alarms made for the test. */
#include "unit.h"

#include "base/counter.h"
#include "base/must.h"
#include "cache/epoch.h"

#define WORDS 8192u
#define TAILS 4u
#define WORD_MAX 600u

struct store {
	bool shared, away;
	struct { char bytes[WORD_MAX]; size_t n; } words[WORDS];
	size_t n, asked;
	struct store_tail *tails[TAILS];
	size_t heard[TAILS];
	struct store_op *ops[8];	/* to be answered */
	size_t n_ops;
};

static struct store store;
static struct list alarms;

/* --- in place of the floors below ------------------------------------------------------------------------- */

void alarm_init(struct alarm *a, struct loop *l, void (*on_fire)(struct alarm *))
{
	*a = (struct alarm){ .loop = l, .on_fire = on_fire };
	list_init(&a->node);
}

void alarm_set(struct alarm *a, uint64_t ms)
{
	alarm_clear(a);
	a->due_ms = ms;
	list_push_back(&alarms, &a->node);
}

void alarm_clear(struct alarm *a)
{
	list_remove(&a->node);
	list_init(&a->node);
}

bool store_is_shared(const struct store *s)
{
	return s->shared;
}

static void put_word(const char *bytes, size_t n)
{
	must(store.n < WORDS && n <= WORD_MAX);
	memcpy(store.words[store.n].bytes, bytes, n);
	store.words[store.n++].n = n;
}

void store_append(struct store *s, struct store_op *op, struct slice key, struct slice value, uint32_t max_len,
	uint64_t ttl_ms)
{
	assert_slice(key, "epochs");
	assert_true(max_len == 65536 && ttl_ms == 0 && s->n_ops < 8);
	s->asked++;
	if (!s->away)
		put_word(value.p, value.n);
	op->result = s->away ? STORE_AWAY : STORE_OK;
	op->priv = s;
	s->ops[s->n_ops++] = op;
}

void store_cancel(struct store_op *op)
{
	for (size_t i = 0; i < store.n_ops; i++)
		if (store.ops[i] == op)
			store.ops[i] = store.ops[--store.n_ops];
	op->priv = NULL;
}

void store_follow(struct store *s, struct store_tail *t, struct slice key, bool from_start)
{
	size_t i = 0;

	assert_slice(key, "epochs");
	assert_true(from_start);
	while (s->tails[i])
		must(++i < TAILS);
	s->tails[i] = t;
	s->heard[i] = 0;
}

void store_unfollow(struct store_tail *t)
{
	for (size_t i = 0; i < TAILS; i++)
		if (store.tails[i] == t)
			store.tails[i] = NULL;
}

/* Operations are answered. */
static void answer(void)
{
	while (store.n_ops) {
		struct store_op *op = store.ops[--store.n_ops];
		op->priv = NULL;
		op->on_done(op);
	}
}

/* Everybody hears what is new. */
static void flow(void)
{
	for (size_t i = 0; i < TAILS; i++)
		for (; store.tails[i] && store.heard[i] < store.n; store.heard[i]++)
			store.tails[i]->on_entry(store.tails[i], slice_of(store.words[store.heard[i]].bytes,
				store.words[store.heard[i]].n));
}

/* A second passes, if somebody waits for it. */
static bool second_passes(void)
{
	if (list_empty(&alarms))
		return false;
	struct alarm *a = LIST_ITEM(alarms.next, struct alarm, node);
	assert_int_equal(a->due_ms, 1000);
	alarm_clear(a);
	a->on_fire(a);
	return true;
}

/* --- nodes ------------------------------------------------------------------------------------------------ */

static struct node {
	struct epochs e;
	struct dice dice;
} nodes[3];
static struct epochs *const a = &nodes[0].e, *const b = &nodes[1].e, *const c = &nodes[2].e;

static void open_node(size_t i, bool share)
{
	dice_init(&nodes[i].dice, i + 1);
	epoch_init(&nodes[i].e, NULL, &nodes[i].dice);
	if (!share)
		return;
	epoch_share(&nodes[i].e, &store);
	if (store.shared && !store.away) {	/* its mark comes back: it has read what there is */
		flow();
		answer();
		assert_true(epoch_is_known(&nodes[i].e));
		store.asked--;
	}
}

static int setup(void **state)
{
	memset(&store, 0, sizeof(store));
	store.shared = true;
	list_init(&alarms);
	counter_reset();
	open_node(0, true);
	open_node(1, true);
	return 0;
}

static int teardown(void **state)
{
	epoch_done(a);
	epoch_done(b);
	assert_true(store.n_ops == 0 && list_empty(&alarms));
	for (size_t i = 0; i < TAILS; i++)
		assert_null(store.tails[i]);
	return 0;
}

struct sums {
	uint64_t v[4];
};

/* Two tenants, two models. */
static struct sums sums_of(const struct epochs *e)
{
	return (struct sums){ { epoch_of(e, 1, SLICE("m")), epoch_of(e, 1, SLICE("n")), epoch_of(e, 2, SLICE("m")),
		epoch_of(e, 2, SLICE("n")) } };
}

/* "mn12": a letter for each that is another one now, in the order 1m 1n 2m 2n. */
static void expect_changed(const struct epochs *e, struct sums before, const char *want)
{
	struct sums now = sums_of(e);
	char got[5] = "----";

	for (size_t i = 0; i < 4; i++)
		if (now.v[i] != before.v[i])
			got[i] = 'x';
	assert_string_equal(got, want);
}

static void expect_same(void)
{
	struct sums x = sums_of(a), y = sums_of(b);
	assert_memory_equal(&x, &y, sizeof(x));
}

static void what_a_change_ends(void **state)
{
	struct sums s = sums_of(a);

	epoch_end_model(a, SLICE("m"));
	expect_changed(a, s, "x-x-");
	s = sums_of(a);
	epoch_end_tenant(a, 2);
	expect_changed(a, s, "--xx");
	s = sums_of(a);
	epoch_end_all(a);
	expect_changed(a, s, "xxxx");
	s = sums_of(a);
	epoch_end_model(a, SLICE("other"));
	epoch_end_tenant(a, 3);
	expect_changed(a, s, "----");
	epoch_end_model(a, SLICE("m"));
	expect_changed(a, s, "x-x-");
	assert_int_equal(counter_values[COUNTER_cache_epochs], 6);
}

/* A tenant whose bytes are those of a model's name is not that model. */
static void names_do_not_mix(void **state)
{
	struct sums s = sums_of(a);
	uint64_t tenant;

	memcpy(&tenant, "mmmmmmmm", sizeof(tenant));
	epoch_end_tenant(a, tenant);
	expect_changed(a, s, "----");
	uint64_t before = epoch_of(a, 1, SLICE("mmmmmmmm"));
	epoch_end_tenant(a, tenant);
	assert_true(epoch_of(a, 1, SLICE("mmmmmmmm")) == before);
}

static void a_long_name(void **state)
{
	char name[2000];

	memset(name, 'x', sizeof(name));
	uint64_t before = epoch_of(a, 1, slice_of(name, sizeof(name)));
	epoch_end_model(a, slice_of(name, sizeof(name)));
	assert_true(epoch_of(a, 1, slice_of(name, sizeof(name))) != before);
	answer();
	flow();
	assert_true(epoch_of(a, 1, slice_of(name, sizeof(name))) == epoch_of(b, 1, slice_of(name, sizeof(name))));
}

/* With no room for one more name everything ends, here and elsewhere. */
static void too_many_names(void **state)
{
	for (uint64_t i = 1; i < EPOCH_NAMES; i++) {
		epoch_end_tenant(a, 100 + i);
		answer();
	}
	struct sums s = sums_of(a);
	epoch_end_tenant(a, 99);
	expect_changed(a, s, "xxxx");
	answer();
	flow();
	expect_same();
	s = sums_of(b);
	epoch_end_model(b, SLICE("m"));		/* full there too */
	expect_changed(b, s, "xxxx");
}

static void the_others_hear_of_it(void **state)
{
	struct sums s = sums_of(b);

	epoch_end_model(a, SLICE("m"));
	answer();
	expect_changed(b, s, "----");
	flow();
	expect_changed(b, s, "x-x-");
	expect_same();
	epoch_end_tenant(b, 1);
	epoch_end_all(b);
	answer();
	flow();
	expect_same();
	assert_false(second_passes());
}

/* Both at once: the log's order decides, the same for both, and it is no number of before. */
static void the_same_change_at_once(void **state)
{
	struct sums s = sums_of(a);

	epoch_end_model(a, SLICE("m"));
	epoch_end_model(b, SLICE("m"));
	answer();
	flow();
	expect_same();
	expect_changed(a, s, "x-x-");
}

static void a_later_node_knows(void **state)
{
	epoch_end_model(a, SLICE("m"));
	epoch_end_tenant(b, 2);
	answer();
	open_node(2, true);
	flow();
	struct sums x = sums_of(a), y = sums_of(c);
	assert_memory_equal(&x, &y, sizeof(x));
	epoch_done(c);
}

static void foreign_words(void **state)
{
	struct sums s = sums_of(a);

	put_word("", 0);
	put_word("abcdefg", 7);
	put_word("12345678xyz", 11);			/* no such kind of name */
	put_word("12345678t123", 12);			/* no tenant */
	put_word("12345678t123456789", 18);
	for (unsigned i = 0; i < EPOCH_NAMES + 10; i++) {
		char word[WORD_MAX];
		put_word(word, (size_t)snprintf(word, sizeof(word), "12345678?%u", i));
	}
	char big[WORD_MAX];
	memset(big, 'm', sizeof(big));
	put_word(big, 8 + 513);
	flow();
	expect_changed(a, s, "----");
	epoch_end_model(a, SLICE("m"));			/* there is still room for names */
	expect_changed(a, s, "x-x-");
}

static void it_is_told_again(void **state)
{
	struct sums s = sums_of(a);

	store.away = true;
	epoch_end_model(a, SLICE("m"));
	epoch_end_tenant(a, 1);
	expect_changed(a, s, "xxx-");
	answer();
	assert_true(second_passes());
	answer();
	assert_true(store.asked == 4 && store.n == 2);	/* the nodes' marks */
	store.away = false;
	assert_true(second_passes());
	answer();
	flow();
	assert_true(store.asked == 6 && store.n == 4);
	expect_same();
	assert_false(second_passes());
}

/* What came into the log before our change could be told is older than it, whenever it is read. */
static void older_words_do_not_undo_it(void **state)
{
	epoch_end_model(b, SLICE("m"));
	answer();
	store.away = true;
	epoch_end_model(a, SLICE("m"));
	uint64_t new = epoch_of(a, 1, SLICE("m"));
	answer();
	flow();						/* the store is back, and first the old words come */
	assert_true(epoch_of(a, 1, SLICE("m")) == new);
	store.away = false;
	assert_true(second_passes());
	answer();
	flow();
	assert_true(epoch_of(a, 1, SLICE("m")) == new);
	expect_same();
}

/* The answer is lost, the word is not: seen in the log it is told, and what comes behind it counts. */
static void a_word_that_arrived_all_the_same(void **state)
{
	epoch_end_model(a, SLICE("m"));
	store.ops[0]->result = STORE_AWAY;
	answer();
	epoch_end_model(b, SLICE("m"));
	answer();
	flow();
	expect_same();
	size_t n = store.n;
	second_passes();
	answer();
	assert_int_equal(store.n, n);
}

/* The same, but the log comes first. */
static void a_word_that_is_seen_before_its_answer(void **state)
{
	epoch_end_model(a, SLICE("m"));
	store.ops[0]->result = STORE_AWAY;
	flow();
	answer();
	assert_false(second_passes());
	expect_same();
}

/* One number for a model and for a tenant is not one epoch. */
static void numbers_are_turned(void **state)
{
	uint64_t tenant = 1;
	char word[17] = "12345678t";

	memcpy(word + 9, &tenant, sizeof(tenant));
	put_word(word, sizeof(word));
	put_word("12345678mm", 10);
	flow();
	struct sums s = sums_of(a);
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < i; k++)
			assert_true(s.v[i] != s.v[k]);
	put_word("12345678", 8);
	flow();
	expect_changed(a, s, "xxxx");
}

static void a_process_of_its_own(void **state)
{
	store.shared = false;
	struct sums s = sums_of(a);

	epoch_end_all(a);
	expect_changed(a, s, "xxxx");
	assert_int_equal(store.asked, 0);
	open_node(2, false);
	s = sums_of(c);
	epoch_end_model(c, SLICE("n"));
	expect_changed(c, s, "-x-x");
	epoch_done(c);
}

/* With operations under way: the teardown looks. */
static void it_ends_in_the_middle(void **state)
{
	store.away = true;
	epoch_end_all(a);
	answer();
	epoch_end_all(b);
	epoch_end_tenant(b, 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_a_change_ends),
		CASE(names_do_not_mix),
		CASE(a_long_name),
		CASE(too_many_names),
		CASE(the_others_hear_of_it),
		CASE(the_same_change_at_once),
		CASE(a_later_node_knows),
		CASE(foreign_words),
		CASE(it_is_told_again),
		CASE(older_words_do_not_undo_it),
		CASE(a_word_that_arrived_all_the_same),
		CASE(a_word_that_is_seen_before_its_answer),
		CASE(numbers_are_turned),
		CASE(a_process_of_its_own),
		CASE(it_ends_in_the_middle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a follower makes of an owner's log: store, alarms and flight are made for the test, and the flight closes it
 * inside any of its calls. */
#include "unit.h"

#include "base/must.h"
#include "chat/tape.h"
#include "codec/checksum.h"
#include "flight/abroad.h"
#include "flight/flight.h"
#include "flight/follower.h"

#define TOKEN "0123456789abcdef"

static struct {
	struct store_tail *tail;
	struct list alarms;
	struct grave *grave;
	void (*dig)(struct grave *);
	int told;
	char channel[ABROAD_KEY_MAX];
	struct flight_env env;
	struct flight flight;
	struct follower *follower;
	char heard[1000];
	const char *close_at;		/* the word after which the flight closes */
	bool refuses;			/* the start, or more events */
} t;

/* --- in place of the floors below ------------------------------------------------------------------------- */

void alarm_init(struct alarm *a, struct loop *l, void (*on_fire)(struct alarm *))
{
	*a = (struct alarm){ .loop = l, .on_fire = on_fire };
	list_init(&a->node);
}

void alarm_clear(struct alarm *a)
{
	list_remove(&a->node);
	list_init(&a->node);
}

void alarm_set(struct alarm *a, uint64_t ms)
{
	alarm_clear(a);
	a->due_ms = ms;
	list_push_back(&t.alarms, &a->node);
}

void loop_bury(struct loop *l, struct grave *g, void (*dig)(struct grave *))
{
	must(t.grave == NULL);
	t.grave = g;
	t.dig = dig;
}

void store_follow(struct store *s, struct store_tail *tail, struct slice key, bool from_start)
{
	must(t.tail == NULL && from_start);
	slice_copy(key, t.channel, sizeof(t.channel));
	t.tail = tail;
}

void store_unfollow(struct store_tail *tail)
{
	must(t.tail == tail);
	t.tail = NULL;
}

bool store_is_followed(const struct store_tail *tail)
{
	return true;
}

void store_tell(struct store *s, struct slice channel, struct slice word)
{
	assert_slice(channel, t.channel);
	t.told++;
}

/* The alarm that is due after that many ms fires; false when there is none. */
static bool fire(uint64_t ms)
{
	LIST_EACH(node, tmp, &t.alarms) {
		struct alarm *a = LIST_ITEM(node, struct alarm, node);
		if (a->due_ms != ms)
			continue;
		alarm_clear(a);
		a->on_fire(a);
		return true;
	}
	return false;
}

/* --- the flight ------------------------------------------------------------------------------------------- */

static void hear(const char *word, struct slice more)
{
	size_t n = strlen(t.heard);

	snprintf(t.heard + n, sizeof(t.heard) - n, "%s%.*s ", word, SLICE_ARG(more));
	if (t.close_at && strcmp(t.close_at, word) == 0)
		follower_close(&t.follower);
}

static bool on_start(struct flight *f, char dialect, struct slice target)
{
	must(f == &t.flight && dialect == 'c');
	hear("start:", target);
	return !t.refuses;
}

static bool on_event(struct flight *f, const struct event *ev)
{
	hear("", ev->text);
	if (t.close_at && slice_eq(ev->text, slice_str(t.close_at)))
		follower_close(&t.follower);
	return !t.refuses;
}

/* As a flight does: whatever it was, it is over. */
static void on_end(struct flight *f, bool complete)
{
	hear(complete ? "complete" : "failed", SLICE_EMPTY);
	follower_close(&t.follower);
}

static const struct follower_events events = { on_start, on_event, on_end };

static int setup(void **state)
{
	static struct digest d;

	memset(&t, 0, sizeof(t));
	list_init(&t.alarms);
	t.flight.env = &t.env;
	t.follower = follower_open(NULL, &t.flight, &d, SLICE(TOKEN), &events);
	assert_string_equal(t.heard, "");
	return 0;
}

/* Closed, it has nothing left open. */
static int teardown(void **state)
{
	follower_close(&t.follower);
	follower_close(&t.follower);
	assert_true(t.tail == NULL && list_empty(&t.alarms) && t.grave != NULL);
	t.dig(t.grave);
	return 0;
}

/* --- the log ---------------------------------------------------------------------------------------------- */

/* The tail may be gone after any entry; the store gives no more then. */
static void give_raw(struct slice bytes)
{
	if (t.tail)
		t.tail->on_entry(t.tail, bytes);
}

static void give(struct slice bytes)
{
	struct buf b;

	buf_init(&b, 1000);
	buf_add(&b, bytes);
	assert_true(checksum_put(&b, SLICE(TOKEN)));
	give_raw(buf_slice(&b));
	buf_done(&b);
}

static void entry(uint32_t seq, char kind, struct slice rest)
{
	char bytes[600];

	memcpy(bytes, &seq, sizeof(seq));
	bytes[4] = kind;
	if (rest.n)
		memcpy(bytes + ABROAD_HEAD, rest.p, rest.n);
	give(slice_of(bytes, ABROAD_HEAD + rest.n));
}

/* E with a text for each word, of another choice each so that they stay apart. */
static void words(uint32_t seq, const char *text)
{
	struct slice rest = slice_str(text), word;
	struct tape tape;
	uint16_t choice = 0;

	tape_init(&tape, 10000);
	while (slice_next(&rest, ' ', &word))
		tape_add(&tape, &(struct event){ .kind = EVENT_TEXT, .choice = choice++, .text = word });
	entry(seq, 'E', buf_slice(&tape.bytes));
	tape_done(&tape);
}

static void start(void)
{
	entry(0, 'S', SLICE("ca/m1"));
}

static void all_in_order(void **state)
{
	entry(0, 'B', SLICE_EMPTY);
	entry(1, 'S', SLICE("ca/m1"));
	words(2, "one two");
	entry(3, 'B', SLICE_EMPTY);
	words(4, "three");
	entry(5, 'D', SLICE_EMPTY);
	assert_string_equal(t.heard, "start:a/m1 one two three complete ");
	assert_null(t.follower);
}

static void it_fails(void **state)
{
	start();
	words(1, "one");
	entry(2, 'F', SLICE_EMPTY);
	assert_string_equal(t.heard, "start:a/m1 one failed ");
}

/* The number must be the next one: not a later one, not the same again. */
static void numbers(void **state)
{
	start();
	words(1, "one");
	words((uint32_t)(uintptr_t)*state, "two");
	assert_string_equal(t.heard, "start:a/m1 one failed ");
}

static void a_beginning_that_was_trimmed(void **state)
{
	words(7, "one");
	assert_string_equal(t.heard, "failed ");
}

static void a_gap(void **state)
{
	start();
	words(1, "one");
	t.tail->on_gap(t.tail);
	assert_string_equal(t.heard, "start:a/m1 one failed ");
}

static const struct foreign {
	const char *name;
	struct slice bytes;
} foreign[] = {
	{ "no bytes", { "", 0 } },
	{ "too few", { "\0\0\0\0", 4 } },
	{ "an unknown letter", { "\0\0\0\0x", 5 } },
	{ "a small letter", { "\0\0\0\0sca/m1", 10 } },
	{ "a start without a dialect", { "\0\0\0\0S", 5 } },
	{ "events without a start", { "\0\0\0\0E", 5 } },
	{ "an end without a start", { "\0\0\0\0D", 5 } },
	{ "the number in the other order", { "\0\0\0\1B", 5 } },
};

static void foreign_entries(void **state)
{
	const struct foreign *f = *state;

	give(f->bytes);
	assert_string_equal(t.heard, "failed ");
}

/* Each byte of an entry changed, each cut: what came before stands, and nothing of it comes. */
static void damaged_entries(void **state)
{
	struct buf b;

	assert_int_equal(teardown(NULL), 0);
	for (size_t i = 0; i < 2 * (ABROAD_HEAD + 5 + CHECKSUM_BYTES); i++) {
		assert_int_equal(setup(NULL), 0);
		buf_init(&b, 100);
		buf_add(&b, SLICE("\0\0\0\0Sca/m1"));
		assert_true(checksum_put(&b, SLICE(TOKEN)));
		if (i % 2)
			b.p[i / 2] ^= 0x11;
		give_raw(slice_of(b.p, i % 2 ? b.n : i / 2));
		assert_string_equal(t.heard, "failed ");
		buf_done(&b);
		assert_int_equal(teardown(NULL), 0);
	}
	assert_int_equal(setup(NULL), 0);
}

static void two_starts(void **state)
{
	start();
	entry(1, 'S', SLICE("cb/m1"));
	assert_string_equal(t.heard, "start:a/m1 failed ");
}

static void no_tape(void **state)
{
	start();
	entry(1, 'E', SLICE("no tape at all, but enough bytes"));
	assert_string_equal(t.heard, "start:a/m1 failed ");
}

/* 1.5 s since the last entry of any kind. */
static void silence(void **state)
{
	start();
	words(1, "one");
	entry(2, 'B', SLICE_EMPTY);
	assert_true(fire(ABROAD_LEASE_MS));
	assert_string_equal(t.heard, "start:a/m1 one failed ");
}

static void silence_from_the_start(void **state)
{
	assert_true(fire(ABROAD_LEASE_MS));
	assert_string_equal(t.heard, "failed ");
}

/* At once, and then each second. */
static void it_hails(void **state)
{
	assert_true(t.told == 0 && fire(0));
	assert_int_equal(t.told, 1);
	for (int i = 2; i < 5; i++) {
		assert_true(fire(ABROAD_HAIL_MS));
		assert_int_equal(t.told, i);
	}
	assert_false(fire(0));
	assert_string_equal(strchr(t.channel, ':'), ":" TOKEN);
}

static void an_unknown_dialect(void **state)
{
	t.refuses = true;
	start();
	assert_string_equal(t.heard, "start:a/m1 failed ");
}

static void no_more_is_wanted(void **state)
{
	start();
	t.refuses = true;
	words(1, "one two");
	assert_string_equal(t.heard, "start:a/m1 one ");
}

/* Not a call after that, though more lies in the same entry. */
static void closed_inside_a_call(void **state)
{
	static const char *const heard[] = { "start:a/m1 ", "start:a/m1 one ", "start:a/m1 one two ",
		"start:a/m1 one two three " };
	static const char *const at[] = { "start:", "one", "two", "three" };
	size_t i = (size_t)(uintptr_t)*state;

	t.close_at = at[i];
	start();
	words(1, "one two three");
	entry(2, 'F', SLICE_EMPTY);
	assert_string_equal(t.heard, heard[i]);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define WITH(f, value) { #f, f, setup, teardown, (void *)(uintptr_t)(value) }
#define CASES 20u

int main(void)
{
	struct CMUnitTest tests[CASES + COUNT_OF(foreign)] = {
		CASE(all_in_order),
		CASE(it_fails),
		WITH(numbers, 0),
		WITH(numbers, 1),
		WITH(numbers, 3),
		WITH(numbers, UINT32_MAX),
		CASE(a_beginning_that_was_trimmed),
		CASE(a_gap),
		CASE(two_starts),
		CASE(damaged_entries),
		CASE(no_tape),
		CASE(silence),
		CASE(silence_from_the_start),
		CASE(it_hails),
		CASE(an_unknown_dialect),
		CASE(no_more_is_wanted),
		WITH(closed_inside_a_call, 0),
		WITH(closed_inside_a_call, 1),
		WITH(closed_inside_a_call, 2),
		WITH(closed_inside_a_call, 3),
	};

	for (size_t i = 0; i < COUNT_OF(foreign); i++)
		tests[CASES + i] = (struct CMUnitTest){ foreign[i].name, foreign_entries, setup, teardown,
			(void *)(uintptr_t)&foreign[i] };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

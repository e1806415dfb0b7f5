/* What the exact cache gives back, and what it does not. */
#include "unit.h"

#include "base/counter.h"
#include "base/span.h"
#include "cache/exact.h"
#include "codec/checksum.h"

static const struct digest one = { { 1 } }, two = { { 2 } };
static struct dice dice;

#define WALL UINT64_C(1760000000000)

static struct exact_now at(uint64_t s)
{
	return (struct exact_now){ s * SPAN_NS_PER_S, WALL + s * 1000 };
}

static int open_cache(void **state)
{
	struct exact *x = calloc(1, sizeof(*x));

	dice_init(&dice, 7);
	exact_init(x, 1 << 16, &dice);
	*state = x;
	return 0;
}

static int close_cache(void **state)
{
	exact_done(*state);
	free(*state);
	return 0;
}

/* What lies in a shared store must be a tape. */
static struct slice words(struct tape *t)
{
	const struct event ev = { .kind = EVENT_TEXT, .text = SLICE("words") };

	tape_init(t, 1000);
	tape_add(t, &ev);
	return buf_slice(&t->bytes);
}

static void test_round_trip(void **state)
{
	const struct exact_answer in = { .dialect = 'a', .target = SLICE("p/m"), .tape = SLICE("tape \0 bytes"),
		.prompt_tok = 9, .completion_tok = -1 };
	struct exact_answer out;
	struct exact *x = *state;

	assert_false(exact_get(x, &one, UINT64_MAX, at(0), &out));
	assert_true(exact_put(x, &one, &in, 60000, at(0)));
	assert_true(exact_get(x, &one, UINT64_MAX, at(5), &out));
	assert_int_equal(out.dialect, 'a');
	assert_slice(out.target, "p/m");
	assert_int_equal(out.tape.n, in.tape.n);
	assert_memory_equal(out.tape.p, in.tape.p, in.tape.n);
	assert_int_equal(out.age_ms, 5000);
	assert_int_equal(out.prompt_tok, 9);
	assert_int_equal(out.completion_tok, -1);
	assert_false(exact_get(x, &two, UINT64_MAX, at(0), &out));
	assert_int_equal(x->hits, 1);
	assert_int_equal(x->misses, 2);
}

/* A long tape is kept in less than half of its bytes, and comes back as it was. */
static void test_packed(void **state)
{
	static char text[20000];
	const struct exact_answer in = { .dialect = 'c', .tape = { text, sizeof(text) } };
	struct exact_answer out;
	struct exact *x = *state;

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "a token, another "[i % 17];
	assert_true(exact_put(x, &one, &in, 60000, at(0)));
	assert_true(x->shelf.bytes < sizeof(text) / 2);
	assert_true(exact_get(x, &one, UINT64_MAX, at(0), &out));
	assert_int_equal(out.tape.n, sizeof(text));
	assert_memory_equal(out.tape.p, text, sizeof(text));
}

static void test_age(void **state)
{
	const struct exact_answer in = { .dialect = 'c', .tape = SLICE("x") };
	struct exact_answer out;
	struct exact *x = *state;

	exact_put(x, &one, &in, 60000, at(0));
	assert_false(exact_get(x, &one, 4999, at(5), &out));
	assert_true(exact_get(x, &one, 5000, at(5), &out));
	assert_false(exact_get(x, &one, UINT64_MAX, at(60), &out));
}

/* Entries of one moment end at many: none later than it may, none before nine tenths, and not all together. */
static void test_jitter(void **state)
{
	const struct exact_answer in = { .dialect = 'c', .tape = SLICE("x") };
	struct exact_answer out;
	struct exact *x = *state;
	size_t left = 0;

	for (unsigned i = 0; i < 100; i++) {
		struct digest d = { { (uint8_t)i } };
		assert_true(exact_put(x, &d, &in, 100000, at(0)));
		assert_true(exact_get(x, &d, UINT64_MAX, at(89), &out));
		left += exact_get(x, &d, UINT64_MAX, at(95), &out);
		assert_false(exact_get(x, &d, UINT64_MAX, at(100), &out));
	}
	assert_in_range(left, 25, 75);
}

static void test_purge(void **state)
{
	const struct exact_answer in = { .dialect = 'c', .tape = SLICE("x") };
	struct exact_answer out;
	struct exact *x = *state;

	exact_put(x, &one, &in, 60000, at(0));
	exact_purge(x);
	assert_false(exact_get(x, &one, UINT64_MAX, at(0), &out));
}

/* From another node: served, kept here until the same moment, older by the time that has passed since. */
static void test_taken(void **state)
{
	struct tape t;
	const struct exact_answer in = { .dialect = 'c', .target = SLICE("p/m"), .tape = words(&t) };
	struct exact_answer out;
	struct exact *x = *state, other;

	counter_reset();
	exact_init(&other, 1 << 16, &dice);
	exact_put(&other, &one, &in, 60000, at(0));
	struct slice entry = buf_slice(&other.entry);
	assert_true(exact_take(x, &one, entry, UINT64_MAX, at(10), &out));
	assert_true(slice_eq(out.tape, in.tape));
	assert_int_equal(out.age_ms, 10000);
	assert_true(exact_get(x, &one, UINT64_MAX, at(20), &out));
	assert_int_equal(out.age_ms, 20000);
	assert_false(exact_get(x, &one, UINT64_MAX, at(60), &out));
	assert_false(exact_take(x, &one, entry, 9999, at(10), &out));
	assert_false(exact_take(x, &one, entry, UINT64_MAX, at(60), &out));
	/* a clock that is behind: new, not of a great age */
	assert_true(exact_take(x, &one, entry, 0, (struct exact_now){ 0, WALL - 5000 }, &out));
	assert_int_equal(out.age_ms, 0);
	/* and one that is an hour behind does not keep it longer than it was meant to be kept */
	assert_true(exact_take(x, &one, entry, UINT64_MAX, (struct exact_now){ 0, WALL - 3600000 }, &out));
	assert_false(exact_get(x, &one, UINT64_MAX, (struct exact_now){ at(61).ns, WALL - 3539000 }, &out));
	/* of another request */
	assert_false(exact_take(x, &two, entry, UINT64_MAX, at(10), &out));
	assert_int_equal(counter_values[COUNTER_store_foreign], 1);
	/* what is in it was written by nobody who knows tapes */
	const struct exact_answer none = { .dialect = 'c', .target = SLICE("p/m"), .tape = SLICE("words") };
	exact_put(&other, &one, &none, 60000, at(0));
	assert_false(exact_take(x, &one, buf_slice(&other.entry), UINT64_MAX, at(10), &out));
	assert_int_equal(counter_values[COUNTER_store_foreign], 1);
	exact_done(&other);
	tape_done(&t);
}

/* What is not to the bit what was kept is a miss: every cut, every changed bit. */
static void test_foreign_bytes(void **state)
{
	struct tape t;
	const struct exact_answer in = { .dialect = 'c', .target = SLICE("p/m"), .tape = words(&t) };
	struct exact_answer out;
	struct exact *x = *state, other;
	char bytes[256];

	counter_reset();
	exact_init(&other, 1 << 16, &dice);
	exact_put(&other, &one, &in, 60000, at(0));
	struct slice entry = buf_slice(&other.entry);
	assert_true(entry.n < sizeof(bytes));
	for (size_t n = 0; n < entry.n; n++)
		assert_false(exact_take(x, &one, slice_of(entry.p, n), UINT64_MAX, at(1), &out));
	memcpy(bytes, entry.p, entry.n);
	for (size_t i = 0; i < 8 * entry.n; i++) {
		bytes[i / 8] ^= (char)(1 << i % 8);
		assert_false(exact_take(x, &one, slice_of(bytes, entry.n), UINT64_MAX, at(1), &out));
		bytes[i / 8] ^= (char)(1 << i % 8);
	}
	assert_int_equal(x->shelf.entries.n, 0);
	assert_int_equal(counter_values[COUNTER_store_foreign], 9 * entry.n);
	assert_true(exact_take(x, &one, slice_of(bytes, entry.n), UINT64_MAX, at(1), &out));
	exact_done(&other);
	tape_done(&t);
}

/* A right checksum over another version, or over lengths that do not fit, is none of ours either. */
static void test_foreign_heads(void **state)
{
	struct tape t;
	const struct exact_answer in = { .dialect = 'c', .target = SLICE("p/m"), .tape = words(&t) };
	struct exact_answer out;
	struct exact *x = *state, other;

	exact_init(&other, 1 << 16, &dice);
	for (size_t i = 0; i < 2; i++) {
		exact_put(&other, &one, &in, 60000, at(0));
		other.entry.n -= CHECKSUM_BYTES;
		other.entry.p[i ? 3 : 0] = i ? 1 : 2;	/* a target of 256 bytes more; the last version */
		assert_true(checksum_put(&other.entry, digest_slice(&one)));
		assert_false(exact_take(x, &one, buf_slice(&other.entry), UINT64_MAX, at(1), &out));
	}
	exact_done(&other);
	tape_done(&t);
}

/* A good head before a tape that nobody could read: a miss too, not the end of the process. */
static void test_a_foreign_tape(void **state)
{
	struct tape t;
	struct slice whole = words(&t);
	struct exact_answer in = { .dialect = 'c', .target = SLICE("p/m") }, out;
	struct exact *x = *state, other;

	exact_init(&other, 1 << 16, &dice);
	for (size_t n = 1; n <= 14; n++) {
		in.tape = n < 14 ? slice_of(whole.p, n) : SLICE("\xff no record of any kind");
		exact_put(&other, &two, &in, 60000, at(0));
		assert_false(exact_take(x, &two, buf_slice(&other.entry), UINT64_MAX, at(1), &out));
	}
	assert_int_equal(x->shelf.entries.n, 0);
	exact_done(&other);
	tape_done(&t);
}

static void test_key(void **state)
{
	const struct digest d = { { 0x0f, 0xa0, [31] = 0xff } };
	char key[EXACT_KEY_BYTES];
	struct slice k = exact_key(&d, key);

	assert_int_equal(k.n, 66);
	assert_memory_equal(k.p, "x:0fa000", 8);
	assert_memory_equal(k.p + 64, "ff", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, open_cache, close_cache),
		cmocka_unit_test_setup_teardown(test_packed, open_cache, close_cache),
		cmocka_unit_test_setup_teardown(test_age, open_cache, close_cache),
		cmocka_unit_test_setup_teardown(test_jitter, open_cache, close_cache),
		cmocka_unit_test_setup_teardown(test_purge, open_cache, close_cache),
		cmocka_unit_test_setup_teardown(test_taken, open_cache, close_cache),
		cmocka_unit_test_setup_teardown(test_foreign_bytes, open_cache, close_cache),
		cmocka_unit_test_setup_teardown(test_foreign_heads, open_cache, close_cache),
		cmocka_unit_test_setup_teardown(test_a_foreign_tape, open_cache, close_cache),
		cmocka_unit_test(test_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The wheel against a model: a plain array searched from end to end. */
#include "unit.h"

#include "base/dice.h"
#include "base/must.h"
#include "loop/wheel.h"

#define ALARMS 300

static struct wheel wheel;
static struct alarm alarms[ALARMS];
static struct dice dice;
static uint64_t model_due[ALARMS];	/* 0: not set */
static uint64_t model_seq[ALARMS], seq;
static uint64_t target;
static int fired;
static bool meddle;

static size_t index_of(const struct alarm *a)
{
	return (size_t)(a - alarms);
}

static void set(size_t i, uint64_t due)
{
	wheel_remove(&wheel, &alarms[i]);
	wheel_add(&wheel, &alarms[i], due);
	model_due[i] = due > wheel.now_ms ? due : wheel.now_ms + 1;
	model_seq[i] = ++seq;
}

static void clear(size_t i)
{
	wheel_remove(&wheel, &alarms[i]);
	model_due[i] = 0;
}

static size_t model_first(void)
{
	size_t best = ALARMS;

	for (size_t i = 0; i < ALARMS; i++) {
		if (model_due[i] == 0)
			continue;
		if (best == ALARMS || model_due[i] < model_due[best] ||
		    (model_due[i] == model_due[best] && model_seq[i] < model_seq[best]))
			best = i;
	}
	return best;
}

/* Near ones, far ones, and ones on the edges of the digits. */
static uint64_t some_delay(void)
{
	uint64_t bits = dice_below(&dice, 40), d = dice_below(&dice, (UINT64_C(1) << bits) + 1);
	return dice_below(&dice, 4) ? d : UINT64_C(1) << (dice_below(&dice, 7) * WHEEL_BITS);
}

static void on_fire(struct alarm *a)
{
	size_t i = index_of(a), other = dice_below(&dice, ALARMS);

	assert_int_equal(i, model_first());
	assert_int_equal(model_due[i], wheel.now_ms);
	assert_true(model_due[i] <= target);
	assert_false(alarm_is_set(a));
	model_due[i] = 0;
	fired++;
	if (!meddle)
		return;
	switch (dice_below(&dice, 4)) {
	case 0: set(i, wheel.now_ms + some_delay()); break;
	case 1: set(other, wheel.now_ms + dice_below(&dice, 3)); break;
	case 2: clear(other); break;
	default: break;
	}
}

static void start(uint64_t now_ms)
{
	wheel_init(&wheel, now_ms);
	for (size_t i = 0; i < ALARMS; i++) {
		alarm_init(&alarms[i], NULL, on_fire);
		model_due[i] = 0;
	}
	fired = 0;
}

static void advance(uint64_t now_ms)
{
	target = now_ms;
	wheel_advance(&wheel, now_ms);
	assert_int_equal(wheel.now_ms, now_ms);
	size_t first = model_first();
	uint64_t next = wheel_next_ms(&wheel);
	if (first == ALARMS) {
		assert_true(next == UINT64_MAX);
	} else {
		assert_true(model_due[first] > now_ms);
		assert_true(next > now_ms && next <= model_due[first]);
	}
}

static void random_run(uint64_t seed, uint64_t start_ms)
{
	dice_init(&dice, seed);
	start(start_ms);
	for (int step = 0; step < 3000; step++) {
		size_t i = dice_below(&dice, ALARMS), n = 0;
		if (dice_below(&dice, 3))
			set(i, wheel.now_ms + some_delay());
		else
			clear(i);
		uint64_t next = wheel_next_ms(&wheel);
		switch (dice_below(&dice, 4)) {
		case 0: advance(wheel.now_ms + some_delay() % 5000); break;
		case 1: if (next != UINT64_MAX) advance(next); break;
		case 2: if (step % 100 == 0) advance(wheel.now_ms + some_delay()); break;
		default: break;
		}
		for (size_t k = 0; k < ALARMS; k++) {
			assert_int_equal(alarm_is_set(&alarms[k]), model_due[k] != 0);
			n += model_due[k] != 0;
		}
		assert_int_equal(wheel.n, n);
	}
	assert_true(fired > 100);
}

static void test_model(void **state)
{
	for (uint64_t seed = 1; seed <= 6; seed++) {
		meddle = seed % 2;
		/* From zero, from a common up-time, and just before digits carry. */
		random_run(seed, seed % 3 == 0 ? 0 : seed % 3 == 1 ? 123456789 : (UINT64_C(1) << 36) - 50);
	}
}

/* Waking only when the wheel asks for it fires everything at its tick, and does not ask often. */
static void test_next_is_enough(void **state)
{
	int wakes = 0;

	meddle = false;
	dice_init(&dice, 99);
	start(1000);
	for (size_t i = 0; i < ALARMS; i++)
		set(i, 1000 + dice_below(&dice, 1000000));
	for (uint64_t next; (next = wheel_next_ms(&wheel)) != UINT64_MAX; wakes++)
		advance(next);
	assert_int_equal(fired, ALARMS);
	assert_true(wakes <= ALARMS * 4);	/* one for itself, one for each level on the way down */
}

static int rounds;

static void on_again(struct alarm *a)
{
	rounds++;
	wheel_add(&wheel, a, 0);
}

/* An alarm that sets itself again at once fires once a tick, not for ever. */
static void test_self_setting(void **state)
{
	struct alarm a;

	wheel_init(&wheel, 5);
	alarm_init(&a, NULL, on_again);
	rounds = 0;
	wheel_add(&wheel, &a, 0);
	assert_int_equal(a.due_ms, 6);
	wheel_advance(&wheel, 5);
	assert_int_equal(rounds, 0);
	wheel_advance(&wheel, 10);
	assert_int_equal(rounds, 5);
	wheel_remove(&wheel, &a);
	wheel_remove(&wheel, &a);
	assert_int_equal(wheel.n, 0);
	assert_true(wheel_next_ms(&wheel) == UINT64_MAX);
}

static struct alarm pair[2];

static void on_kill_other(struct alarm *a)
{
	wheel_remove(&wheel, a == &pair[0] ? &pair[1] : &pair[0]);
	rounds++;
}

static void test_clear_in_same_tick(void **state)
{
	wheel_init(&wheel, 0);
	rounds = 0;
	for (int i = 0; i < 2; i++) {
		alarm_init(&pair[i], NULL, on_kill_other);
		wheel_add(&wheel, &pair[i], 70);
	}
	wheel_advance(&wheel, 100);
	assert_int_equal(rounds, 1);
	assert_int_equal(wheel.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_next_is_enough),
		cmocka_unit_test(test_self_setting),
		cmocka_unit_test(test_clear_in_same_tick),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Whose turn it is: priorities, tenants, age; and who has to go when there is no room. */
#include "unit.h"

#include "base/dice.h"
#include "base/span.h"
#include "upstream/line.h"

#define S ((uint64_t)SPAN_NS_PER_S)

struct place {
	struct line_ticket ticket;
	int id;
	uint64_t asked_ns;
};

static struct line line;

static int setup(void **state)
{
	line_init(&line, 1);
	return 0;
}

static int teardown(void **state)
{
	while (line_next(&line, 0))
		;
	line_done(&line);
	return 0;
}

static void join(struct place *p, int id, enum request_priority priority, uint64_t tenant, uint64_t cost, uint64_t now)
{
	*p = (struct place){ .id = id, .ticket = { .priority = priority, .tenant = tenant, .cost = cost } };
	line_join(&line, &p->ticket, now);
}

static void join_as(struct place *p, int id, uint64_t tenant, uint32_t weight, uint64_t now)
{
	*p = (struct place){ .id = id, .ticket = { .priority = REQUEST_NORMAL, .tenant = tenant, .cost = 1,
		.weight = weight } };
	line_join(&line, &p->ticket, now);
}

static int next(uint64_t now)
{
	struct line_ticket *t = line_next(&line, now);
	return t ? LIST_ITEM(t, struct place, ticket)->id : -1;
}

/* "3 1 2" */
static void assert_order(const char *want, uint64_t now)
{
	char got[400] = "";

	for (int id; (id = next(now)) >= 0;)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%d", *got ? " " : "", id);
	assert_string_equal(got, want);
	assert_int_equal(line.n, 0);
}

static void test_the_most_urgent_first(void **state)
{
	struct place p[5];

	join(&p[0], 0, REQUEST_BATCH, 1, 1, 0);
	join(&p[1], 1, REQUEST_BULK, 1, 1, 0);
	join(&p[2], 2, REQUEST_PRIORITY_UNSAID, 1, 1, 0);
	join(&p[3], 3, REQUEST_REALTIME, 1, 1, 0);
	join(&p[4], 4, REQUEST_NORMAL, 1, 1, 0);
	assert_order("3 2 4 1 0", 0);
}

static void test_one_tenant_in_order(void **state)
{
	struct place p[40];

	for (int i = 0; i < 40; i++)
		join(&p[i], i, REQUEST_NORMAL, 1, 500, 0);
	for (int i = 0; i < 40; i++)
		assert_int_equal(next(0), i);
}

/* Tenants take turns by tokens: two short requests for a long one. */
static void test_tenants_alternate(void **state)
{
	struct place p[12];

	for (int i = 0; i < 4; i++)
		join(&p[i], i, REQUEST_NORMAL, 1, 1024, 0);
	for (int i = 4; i < 12; i++)
		join(&p[i], i, REQUEST_NORMAL, 2, 512, 0);
	assert_order("0 4 5 1 6 7 2 8 9 3 10 11", 0);
}

/* One who comes after a pause goes before those who always have something waiting, until it has had its credit. */
static void test_a_fresh_tenant_goes_first(void **state)
{
	struct place p[16];

	for (int i = 0; i < 8; i++)
		join(&p[i], i, REQUEST_NORMAL, 1, 16384, 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(next(0), i);
	for (int i = 8; i < 16; i++)
		join(&p[i], i, REQUEST_NORMAL, 2, 10000, 0);
	/* Tenant 1 had 65,536 when it was served last, so tenant 2 begins at 32,768. */
	assert_order("8 9 10 11 12 5 13 14 6 15 7", 0);
}

/* What tenants whose requests never run out have had of 60,000 requests, whatever their sizes. */
static void test_shares_are_as_the_weights(void **state)
{
	static const uint32_t weights[] = { 1, 3, 10, 1000 };
	static struct place p[4][8];	/* the last ones stay in line */
	uint64_t had[4] = { 0 }, sum = 0;
	struct dice d;

	dice_init(&d, 3);
	for (int i = 0; i < 32; i++)
		join_as(&p[i % 4][i / 4], i, (uint64_t)(i % 4), weights[i % 4], 0);
	for (int i = 0; i < 60000; i++) {
		struct line_ticket *t = line_next(&line, 0);
		had[t->tenant] += t->cost;
		sum += t->cost;
		t->cost = t->tenant == 2 ? 1 + dice_below(&d, 40) : 1 + dice_below(&d, 4000);
		line_join(&line, t, 0);
	}
	for (int i = 0; i < 4; i++) {
		double part = (double)had[i] / (double)sum, want = weights[i] / 1014.0;
		print_message("weight %u: %.5f of the tokens, its share is %.5f\n", weights[i], part, want);
		assert_true(part > 0.95 * want && part < 1.05 * want);
	}
}

static void test_age_moves_up(void **state)
{
	struct place p[4];

	join(&p[0], 0, REQUEST_BATCH, 1, 1, 0);
	join(&p[1], 1, REQUEST_BULK, 2, 1, 4 * S);
	join(&p[2], 2, REQUEST_REALTIME, 3, 1, 14 * S);
	assert_int_equal(next(5 * S - 1), 2);
	assert_int_equal(p[0].ticket.priority, REQUEST_BATCH);
	join(&p[2], 2, REQUEST_BULK, 3, 1, 5 * S);
	assert_int_equal(next(5 * S), 1);	/* both are bulk now, and it came first */
	assert_int_equal(p[0].ticket.priority, REQUEST_BULK);
	join(&p[3], 3, REQUEST_NORMAL, 4, 1, 9 * S);
	assert_int_equal(next(9 * S), 3);
	join(&p[3], 3, REQUEST_NORMAL, 4, 1, 10 * S);
	assert_int_equal(next(10 * S), 3);
	assert_int_equal(p[0].ticket.priority, REQUEST_NORMAL);
	assert_order("2 0", 10 * S);
}

static void test_leaving(void **state)
{
	struct place p[6];

	for (int i = 0; i < 6; i++)
		join(&p[i], i, REQUEST_NORMAL, (uint64_t)(i % 2), 1, 0);
	line_leave(&line, &p[2].ticket);
	line_leave(&line, &p[2].ticket);
	line_leave(&line, &p[1].ticket);
	assert_int_equal(line.n, 4);
	assert_order("0 3 4 5", 0);
}

/* --- no room -------------------------------------------------------------------------------------------- */

static int worst(enum request_priority priority, uint64_t tenant)
{
	const struct line_ticket newcomer = { .priority = priority, .tenant = tenant };
	struct line_ticket *t = line_worst(&line, &newcomer);

	return t ? LIST_ITEM(t, struct place, ticket)->id : -1;
}

static void test_who_has_to_go(void **state)
{
	struct place p[8];

	assert_int_equal(worst(REQUEST_NORMAL, 1), -1);
	join(&p[0], 0, REQUEST_NORMAL, 1, 1, 0);
	assert_int_equal(worst(REQUEST_NORMAL, 1), -1);
	assert_int_equal(worst(REQUEST_NORMAL, 2), -1);
	assert_int_equal(worst(REQUEST_BULK, 2), -1);
	assert_int_equal(worst(REQUEST_REALTIME, 2), 0);
	join(&p[1], 1, REQUEST_NORMAL, 1, 1, 0);
	join(&p[2], 2, REQUEST_NORMAL, 3, 1, 0);
	assert_int_equal(worst(REQUEST_NORMAL, 2), 1);		/* the last of the longest */
	assert_int_equal(worst(REQUEST_NORMAL, 1), -1);		/* which is its own */
	assert_int_equal(worst(REQUEST_PRIORITY_UNSAID, 3), -1);	/* it would be as long */
	join(&p[3], 3, REQUEST_BATCH, 9, 1, 0);
	assert_int_equal(worst(REQUEST_NORMAL, 2), 3);
	assert_int_equal(worst(REQUEST_BULK, 9), 3);
	assert_int_equal(worst(REQUEST_BATCH, 2), -1);
	line_leave(&line, &p[3].ticket);
	assert_int_equal(worst(REQUEST_BATCH, 2), -1);
	assert_int_equal(worst(REQUEST_REALTIME, 2), 1);
	assert_order("0 2 1", 0);
}

/* Of the room too a tenant has a part by its weight. */
static void test_room_goes_by_weight(void **state)
{
	struct place p[5];

	for (int i = 0; i < 3; i++)
		join_as(&p[i], i, 1, 3, 0);
	join_as(&p[3], 3, 2, 1, 0);
	assert_int_equal(worst(REQUEST_NORMAL, 9), -1);		/* 3 for weight 3 is as little as 1 */
	join_as(&p[4], 4, 2, 1, 0);
	assert_int_equal(worst(REQUEST_NORMAL, 9), 4);
	assert_int_equal(worst(REQUEST_NORMAL, 2), -1);
	const struct line_ticket fourth = { .priority = REQUEST_NORMAL, .tenant = 1, .weight = 3 };
	assert_ptr_equal(line_worst(&line, &fourth), &p[4].ticket);
	assert_order("0 3 1 2 4", 0);
}

/* --- one tenant with a hundred times the load ----------------------------------------------------------- */

#define SERVERS 10u
#define SERVICE_NS (S / 10)	/* 100 requests a second */
#define OTHERS 20u
#define ROOM 1024u
#define PLACES 4096u
#define ARRIVALS 400000u

struct crowd {
	struct dice dice;
	struct place places[PLACES];
	struct place *free_places[PLACES];
	size_t n_free;
	uint64_t busy_until[SERVERS];
	uint32_t *waits_us;
	size_t n_waits;
};

static uint64_t exponential(struct dice *d, double per_s)
{
	/* -ln(u)/rate by inversion; u of 1..2^32, the logarithm by halving (no libm here) */
	double u = ((double)dice_below(d, 1u << 30) + 1) / (double)(1u << 30), ln = 0, z;

	while (u < 0.5) {
		u *= 2;
		ln += 0.69314718055994531;
	}
	z = (1 - u) / (1 + u);
	ln += 2 * (z + z * z * z / 3 + z * z * z * z * z / 5);
	return (uint64_t)(ln / per_s * (double)S);
}

static void serve(struct crowd *c, uint64_t until)
{
	for (;;) {
		size_t first = 0;
		for (size_t i = 1; i < SERVERS; i++)
			if (c->busy_until[i] < c->busy_until[first])
				first = i;
		uint64_t at = c->busy_until[first];
		if (at > until || line.n == 0)
			return;
		struct place *p = LIST_ITEM(line_next(&line, at), struct place, ticket);
		/* A server that was idle begins when the request comes. */
		at = MAX_OF(at, p->asked_ns);
		if (p->ticket.tenant != 0)
			c->waits_us[c->n_waits++] = (uint32_t)((at - p->asked_ns) / 1000);
		c->busy_until[first] = at + SERVICE_NS;
		c->free_places[c->n_free++] = p;
	}
}

static void arrive(struct crowd *c, uint64_t tenant, uint64_t now)
{
	struct line_ticket newcomer = { .priority = REQUEST_NORMAL, .tenant = tenant,
		.cost = 200 + dice_below(&c->dice, 1800) };

	if (line.n >= ROOM) {
		struct line_ticket *t = line_worst(&line, &newcomer);
		if (t == NULL)
			return;
		line_leave(&line, t);
		c->free_places[c->n_free++] = LIST_ITEM(t, struct place, ticket);
	}
	struct place *p = c->free_places[--c->n_free];
	*p = (struct place){ .ticket = newcomer, .asked_ns = now };
	line_join(&line, &p->ticket, now);
}

static int by_value(const void *a, const void *b)
{
	return (*(const uint32_t *)a > *(const uint32_t *)b) - (*(const uint32_t *)a < *(const uint32_t *)b);
}

/* The 99th percentile of the others' queue times, in microseconds, when tenant 0 sends `times` what each of them
 * does. */
static uint32_t others_p99(double times)
{
	static struct crowd c;
	const double one = 0.95 * SERVERS * (double)S / (double)SERVICE_NS / (OTHERS + 1), all = one * (OTHERS + times);
	uint64_t now = 0;

	memset(&c, 0, sizeof(c));
	dice_init(&c.dice, 11);
	c.waits_us = malloc(ARRIVALS * sizeof(uint32_t));
	for (c.n_free = 0; c.n_free < PLACES; c.n_free++)
		c.free_places[c.n_free] = &c.places[c.n_free];
	while (c.n_waits < ARRIVALS - ROOM) {
		now += exponential(&c.dice, all);
		serve(&c, now);
		bool heavy = (double)dice_below(&c.dice, 1u << 30) < (double)(1u << 30) * times * one / all;
		arrive(&c, heavy ? 0 : 1 + dice_below(&c.dice, OTHERS), now);
		serve(&c, now);
	}
	qsort(c.waits_us, c.n_waits, sizeof(uint32_t), by_value);
	uint32_t p99 = c.waits_us[c.n_waits / 100 * 99];
	free(c.waits_us);
	while (line_next(&line, now))
		;
	return p99;
}

/* algorithms.md E7: less than 10 %. */
static void test_a_hundredfold_tenant(void **state)
{
	uint32_t alike = others_p99(1), heavy = others_p99(100);

	print_message("p99 of the others' queue time: %u us alike, %u us beside one of 100 times the load\n", alike,
		heavy);
	assert_true(alike > 0);
	assert_true(heavy < alike + alike / 10);
}

/* A line that is never empty, and ever new tenants that are served and never seen again: they are not remembered for
 * ever. */
static void test_tenants_without_end(void **state)
{
	struct place old[2], p;

	join(&old[0], 0, REQUEST_NORMAL, 1, 32768, 0);
	join(&old[1], 1, REQUEST_NORMAL, 1, 1, 0);
	assert_int_equal(next(0), 0);
	for (uint64_t i = 0; i < 20000; i++) {
		join(&p, 2, REQUEST_NORMAL, 2 + i, 10, 0);
		assert_int_equal(next(0), 2);
	}
	assert_in_range(line.classes[REQUEST_NORMAL - 1].queues.n, 1, 2000);
	assert_int_equal(next(0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_most_urgent_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_tenant_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tenants_alternate, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_fresh_tenant_goes_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shares_are_as_the_weights, setup, teardown),
		cmocka_unit_test_setup_teardown(test_room_goes_by_weight, setup, teardown),
		cmocka_unit_test_setup_teardown(test_age_moves_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_leaving, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_has_to_go, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tenants_without_end, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_hundredfold_tenant, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

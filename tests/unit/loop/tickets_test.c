#include "unit.h"

#include "loop/tickets.h"

static struct tickets tickets;
static int live;

/* Counts sessions that are alive. */
static void on_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	if (ptr)
		live--;
}

static int mark;

static SSL_SESSION *session(int version)
{
	static const unsigned char id[] = "0123456789abcdef";
	SSL_SESSION *s = SSL_SESSION_new();

	assert_non_null(s);
	assert_int_equal(SSL_SESSION_set1_id(s, id, sizeof(id)), 1);	/* without an id it is not resumable */
	assert_int_equal(SSL_SESSION_set_protocol_version(s, version), 1);
	SSL_SESSION_set_timeout(s, 100);
	SSL_SESSION_set_ex_data(s, mark, &live);
	live++;
	return s;
}

static int setup(void **state)
{
	if (mark == 0)
		mark = SSL_SESSION_get_ex_new_index(0, NULL, NULL, NULL, on_free);
	live = 0;
	tickets_init(&tickets, 7);
	return 0;
}

static int teardown(void **state)
{
	tickets_done(&tickets);
	assert_int_equal(live, 0);
	return 0;
}

static void test_single_use(void **state)
{
	SSL_SESSION *a = session(TLS1_3_VERSION), *b = session(TLS1_3_VERSION);

	assert_null(tickets_take(&tickets, SLICE("x"), 1001));
	tickets_put(&tickets, SLICE("x"), a, 1000);
	tickets_put(&tickets, SLICE("x"), b, 1000);
	assert_null(tickets_take(&tickets, SLICE("y"), 1001));
	assert_ptr_equal(tickets_take(&tickets, SLICE("x"), 1001), b);	/* newest first */
	assert_ptr_equal(tickets_take(&tickets, SLICE("x"), 1001), a);
	assert_null(tickets_take(&tickets, SLICE("x"), 1001));
	SSL_SESSION_free(a);
	SSL_SESSION_free(b);
}

static void test_tls12_stays(void **state)
{
	SSL_SESSION *a = session(TLS1_2_VERSION);

	tickets_put(&tickets, SLICE("x"), a, 1000);
	for (int i = 0; i < 3; i++) {
		assert_ptr_equal(tickets_take(&tickets, SLICE("x"), 1001), a);
		SSL_SESSION_free(a);
	}
	assert_int_equal(live, 1);
	tickets_drop(&tickets, SLICE("x"));
	tickets_drop(&tickets, SLICE("x"));
	assert_int_equal(live, 0);
	assert_null(tickets_take(&tickets, SLICE("x"), 1001));
}

static void test_too_old(void **state)
{
	SSL_SESSION *fresh = session(TLS1_3_VERSION);

	tickets_put(&tickets, SLICE("x"), fresh, 1050);
	tickets_put(&tickets, SLICE("x"), session(TLS1_3_VERSION), 1000);
	tickets_put(&tickets, SLICE("x"), session(TLS1_2_VERSION), 999);
	assert_ptr_equal(tickets_take(&tickets, SLICE("x"), 1100), fresh);
	assert_int_equal(live, 1);
	SSL_SESSION_free(fresh);
}

static void test_bounded(void **state)
{
	char name[32];

	for (int i = 0; i < 20; i++)
		tickets_put(&tickets, SLICE("one"), session(TLS1_3_VERSION), 1000);
	assert_true(live <= 8);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "name %d", i);
		tickets_put(&tickets, slice_str(name), session(TLS1_3_VERSION), 1000);
	}
	assert_true(tickets.n <= 256);
	assert_true(live <= 256 + 8);
	assert_null(tickets_take(&tickets, SLICE("one"), 1001));
	assert_null(tickets_take(&tickets, SLICE("name 700"), 1001));
	SSL_SESSION *s = tickets_take(&tickets, SLICE("name 999"), 1001);
	assert_non_null(s);
	SSL_SESSION_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_single_use, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tls12_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_old, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bounded, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

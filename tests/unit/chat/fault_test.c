#include "unit.h"

#include "chat/fault.h"

static void test_make(void **state)
{
	struct arena a;

	arena_init(&a, 0);
	struct fault f = fault_make(&a, ERR_NO_MODEL, "there is no model \"%s\" (%d tried)", "chat%s", 3);
	assert_int_equal(f.err, ERR_NO_MODEL);
	assert_slice(f.message, "there is no model \"chat%s\" (3 tried)");
	assert_slice(fault_message(&f), "there is no model \"chat%s\" (3 tried)");
	assert_int_equal(f.status, 0);
	assert_int_equal(f.retry_after_ms, 0);
	assert_int_equal(f.code.n + f.param.n, 0);
	arena_done(&a);
}

/* Every error can be told to a person. */
static void test_a_fault_without_a_message_has_its_rows_text(void **state)
{
	for (enum err e = ERR_OK; e < ERR_COUNT; e++) {
		struct fault f = { .err = e };
		assert_slice(fault_message(&f), err_text(e));
		assert_true(fault_message(&f).n > 0);
	}
}

static void test_copy(void **state)
{
	char message[] = "no room", code[] = "full", param[] = "n";
	const struct fault from = { .err = ERR_UP_OVERLOADED, .status = 529, .retry_after_ms = 250,
		.message = slice_str(message), .code = slice_str(code), .param = slice_str(param) };
	struct arena a;

	arena_init(&a, 0);
	struct fault f = fault_copy(&a, &from);
	memset(message, 'x', sizeof(message) - 1);
	memset(code, 'x', sizeof(code) - 1);
	memset(param, 'x', sizeof(param) - 1);
	assert_int_equal(f.err, ERR_UP_OVERLOADED);
	assert_int_equal(f.status, 529);
	assert_int_equal(f.retry_after_ms, 250);
	assert_slice(f.message, "no room");
	assert_slice(f.code, "full");
	assert_slice(f.param, "n");
	f = fault_copy(&a, &(struct fault){ .err = ERR_LOOP });
	assert_int_equal(f.message.n + f.code.n + f.param.n, 0);
	assert_slice(fault_message(&f), err_text(ERR_LOOP));
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_a_fault_without_a_message_has_its_rows_text),
		cmocka_unit_test(test_copy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

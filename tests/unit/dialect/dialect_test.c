#include "unit.h"

#include "dialect/dialect.h"

static void test_find(void **state)
{
	assert_ptr_equal(dialect_find(SLICE("openai-chat")), &openai_chat);
	assert_ptr_equal(dialect_find(SLICE("openai")), &openai_chat);
	assert_null(dialect_find(SLICE("openai-cha")));
	assert_null(dialect_find(SLICE("")));
}

static void test_by_tag(void **state)
{
	assert_ptr_equal(dialect_by_tag('c'), &openai_chat);
	assert_ptr_equal(dialect_by_tag('a'), &anthropic_messages);
	assert_null(dialect_by_tag('\0'));
	assert_null(dialect_by_tag('?'));
}

/* The mandatory slots, and names and tags of its own. */
static void test_slots(void **state)
{
	const struct dialect *d;
	size_t i = 0;

	for (; (d = dialect_at(i)) != NULL; i++) {
		assert_ptr_equal(dialect_find(slice_str(d->name)), d);
		assert_ptr_equal(dialect_by_tag(d->tag), d);
		assert_true(d->put_path || d->path[0] == '/');
		assert_true(d->op == REQUEST_RAW || (d->read && d->write));
		assert_true(d->id_field && d->id_field[0]);
		assert_true(d->parse && d->build && d->decode_event && d->decode_whole && d->fault);
		assert_true(d->encode_event && d->encode_end && d->collect && d->collected);
		assert_true(d->error_body && d->error_event);
	}
	assert_true(i >= 1);
}

/* Of several choices the first that says or signs something is the one; an unknown thing says nothing. */
static void test_one_choice(void **state)
{
	static const enum event_kind kinds[] = { EVENT_SIGNATURE, EVENT_TEXT, EVENT_TOOL_START };
	const struct event other = { .kind = EVENT_OTHER, .choice = 0 }, text = { .kind = EVENT_TEXT, .choice = 0 };

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct dialect_only only = { 0 };
		const struct event first = { .kind = (uint8_t)kinds[i], .choice = 5 };
		dialect_is_only(&only, &other);
		assert_false(only.known);
		assert_true(dialect_is_only(&only, &first));
		assert_false(dialect_is_only(&only, &text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_by_tag),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_one_choice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

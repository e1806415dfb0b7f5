/* Room, and header fields that must not be forged. */
#include "unit.h"

#include "dialect/anthropic_build.h"

#define BODY "{\"model\":\"a\",\"max_tokens\":1,\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}"

static void test_room(void **state)
{
	struct arena a;
	struct request r = { .prompt_tok = 0 };
	struct fault fault = { .err = ERR_OK };
	struct dialect_ask ask = { .model = SLICE("other"), .stream = true, .add_usage = true };
	size_t good = 0;

	arena_init(&a, 0);
	assert_int_equal(anthropic_messages.parse(&a, SLICE(BODY), &r, &fault), ERR_OK);
	for (size_t max = 0; max < 300; max++) {
		struct buf out;
		buf_init(&out, max);
		enum err e = anthropic_build(&r, &ask, &out);
		assert_true(e == ERR_OK || e == ERR_TOO_BIG);
		good += e == ERR_OK;
		if (e == ERR_OK)
			assert_slice(buf_slice(&out), "{\"model\":\"other\",\"max_tokens\":1,"
				"\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"stream\":true}");
		buf_done(&out);
	}
	assert_true(good > 0);
	arena_done(&a);
}

static void fields(const struct dialect *client, struct slice betas, const char *want)
{
	struct request r = { .dialect = client, .door = { .betas = betas } };
	struct dialect_ask ask = { .stream = false };
	struct buf out;

	buf_init(&out, 128);
	anthropic_build_fields(&r, &ask, &out);
	assert_slice(buf_slice(&out), want);
	buf_done(&out);
}

static void test_betas(void **state)
{
	char many[200];

	fields(&anthropic_messages, SLICE("a, b"), "anthropic-beta: a, b\r\n");
	fields(&anthropic_count, SLICE("a"), "anthropic-beta: a\r\n");
	fields(&openai_chat, SLICE("a"), "");
	fields(&anthropic_messages, SLICE_EMPTY, "");
	fields(&anthropic_messages, SLICE("a\r\nx-api-key: b"), "");
	fields(&anthropic_messages, SLICE("a\x80"), "");
	memset(many, 'a', sizeof(many));
	fields(&anthropic_messages, slice_of(many, sizeof(many)), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_betas),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

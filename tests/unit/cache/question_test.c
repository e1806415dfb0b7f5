/* What is found in requests of every dialect, and what parts their questions. */
#include "unit.h"

#include "cache/question.h"

static struct arena arena;
static struct sha256 sha;
static const struct question_rules rules = { .depth = 1, .embedder = "grams", .version = "1" };

static struct request request_of(const struct dialect *d, const char *body)
{
	struct fault f = { .err = ERR_OK };
	struct request r = { .choices = 1, .door = { .tenant = 5, .model = SLICE("m") } };

	assert_int_equal(d->parse(&arena, slice_str(body), &r, &f), ERR_OK);
	r.dialect = d;
	return r;
}

static enum question_fit find(const struct dialect *d, const char *body, struct question *q)
{
	struct request r = request_of(d, body);

	return question_find(&arena, &sha, &r, &rules, q);
}

static int set_up(void **state)
{
	arena_init(&arena, 0);
	sha = (struct sha256){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	arena_done(&arena);
	sha256_done(&sha);
	return 0;
}

#define CHAT(text) "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief\"},{\"role\":\"user\"," \
	"\"content\":\"" text "\"}],\"temperature\":0}"

struct dialect_row {
	const struct dialect *dialect;
	const char *body;
};

static const struct dialect_row dialects_rows[] = {
	{ &openai_chat, CHAT("How are you?") },
	{ &openai_chat, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
		"\"How are you?\"}]}]}" },
	{ &openai_responses, "{\"model\":\"m\",\"input\":\"How are you?\"}" },
	{ &openai_responses, "{\"model\":\"m\",\"instructions\":\"Be\",\"input\":[{\"role\":\"user\","
		"\"content\":[{\"type\":"
		"\"input_text\",\"text\":\"How are you?\"}]}]}" },
	{ &anthropic_messages, "{\"model\":\"m\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":"
		"\"How are you?\"}]}" },
	{ &gemini_generate, "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"How are you?\"}]}]}" },
};

static void test_dialects(void **state)
{
	for (size_t i = 0; i < COUNT_OF(dialects_rows); i++) {
		struct request r = request_of(dialects_rows[i].dialect, dialects_rows[i].body);
		struct question q, again;
		struct digest whole, same;
		digest_request(&sha, &r, 'x', SLICE("t"), &whole);
		assert_int_equal(question_find(&arena, &sha, &r, &rules, &q), QUESTION_OK);
		assert_slice(q.text, "How are you?");
		assert_int_equal(question_find(&arena, &sha, &r, &rules, &again), QUESTION_OK);
		assert_memory_equal(&q.partition, &again.partition, sizeof(q.partition));
		digest_request(&sha, &r, 'x', SLICE("t"), &same);
		assert_memory_equal(&whole, &same, sizeof(whole));
	}
}

struct part_row {
	const char *body;
	bool same;
};

static const struct part_row part_rows[] = {
	{ CHAT("Quite another text?"), true },
	{ CHAT("Be brief"), true },
	{ "{\"stream\":true,\"temperature\":0.0,\"messages\":[{\"role\":\"system\",\"content\":\"Be "
		"brief\"},{\"role\":\"user\","
		"\"content\":\"x y z\"}],\"model\":\"m\"}", true },
	{ "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be Brief\"},{\"role\":\"user\","
		"\"content\":\"How are you?\"}],\"temperature\":0}", false },
	{ "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"How are you?\"}],\"temperature\":0}",
		false },
	{ "{\"model\":\"n\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief\"},{\"role\":\"user\","
		"\"content\":\"How are you?\"}],\"temperature\":0}", false },
	{ "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief\"},{\"role\":\"user\","
		"\"content\":\"How are you?\"}],\"temperature\":0.1}", false },
	{ "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief\"},{\"role\":\"user\","
		"\"content\":\"How are "
			"you?\"}],\"temperature\":0,\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
		"\"f\",\"parameters\":{}}}]}", false },
	{ "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be "
		"brief\"},{\"role\":\"assistant\",\"content\":"
		"\"Hello\"},{\"role\":\"user\",\"content\":\"How are you?\"}],\"temperature\":0}", false },
	{ "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief\"},{\"role\":\"user\","
		"\"content\":\"How are you?\"}],\"temperature\":0,\"response_format\":{\"type\":\"json_object\"}}",
			false },
};

static void test_partitions(void **state)
{
	struct question q, other;

	assert_int_equal(find(&openai_chat, CHAT("How are you?"), &q), QUESTION_OK);
	for (size_t i = 0; i < COUNT_OF(part_rows); i++) {
		assert_int_equal(find(&openai_chat, part_rows[i].body, &other), QUESTION_OK);
		assert_int_equal(memcmp(&q.partition, &other.partition, sizeof(q.partition)) == 0, part_rows[i].same);
	}
}

static void test_salt(void **state)
{
	static const struct question_rules others[] = { { .depth = 1, .embedder = "static", .version = "1" },
		{ .depth = 1, .embedder = "grams", .version = "2" }, { .depth = 1, .embedder = "grams", .version = "1",
		.epoch = 1 } };
	struct request r = request_of(&openai_chat, CHAT("How are you?"));
	struct question q, other;

	assert_int_equal(question_find(&arena, &sha, &r, &rules, &q), QUESTION_OK);
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		assert_int_equal(question_find(&arena, &sha, &r, &others[i], &other), QUESTION_OK);
		assert_memory_not_equal(&q.partition, &other.partition, sizeof(q.partition));
	}
	r.door.tenant++;
	assert_int_equal(question_find(&arena, &sha, &r, &rules, &other), QUESTION_OK);
	assert_memory_not_equal(&q.partition, &other.partition, sizeof(q.partition));
	assert_true(q.user != other.user);
}

#define NAMED(user) "{\"model\":\"m\",\"user\":\"" user "\",\"messages\":[{\"role\":\"user\"," \
	"\"content\":\"a\"}]}"

static void test_users(void **state)
{
	struct question q, other;

	assert_int_equal(find(&openai_chat, NAMED("ann"), &q), QUESTION_OK);
	assert_int_equal(find(&openai_chat, NAMED("bob"), &other), QUESTION_OK);
	assert_memory_equal(&q.partition, &other.partition, sizeof(q.partition));
	assert_true(q.user != other.user);
}

struct fit_row {
	const char *body;
	enum question_fit want;
};

#define MESSAGES(messages, more) "{\"model\":\"m\",\"messages\":[" messages "]" more "}"
#define FUNCTION "{\"type\":\"function\",\"function\":{\"name\":\"f\"}}"
#define USER(content) "{\"role\":\"user\",\"content\":" content "}"

static const struct fit_row fits[] = {
	{ MESSAGES(USER("\"a\""), ""), QUESTION_OK },
	{ MESSAGES(USER("\"\""), ""), QUESTION_NO_TEXT },
	{ MESSAGES(USER("\"a\"") ",{\"role\":\"assistant\",\"content\":\"b\"}", ""), QUESTION_NO_TEXT },
	{ MESSAGES(USER("\"a\"") ",{\"role\":\"assistant\",\"content\":\"b\"}," USER("\"c\""), ""), QUESTION_DEEP },
	{ MESSAGES(USER("[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]"), ""),
		QUESTION_NO_TEXT },
	{ MESSAGES(USER("[{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://a.b/c.png\"}}]"), ""),
		QUESTION_NO_TEXT },
	{ MESSAGES(USER("\"a\"") ",{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"1\",\"type\":"
		"\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]},"
		"{\"role\":\"tool\",\"tool_call_id\":\"1\",\"content\":\"r\"}", ""),
		QUESTION_NO_TEXT },
	{ MESSAGES(USER("\"a\""), ",\"n\":2"), QUESTION_NO_CHAT },
	{ MESSAGES(USER("\"a\""), ",\"tools\":[" FUNCTION "],\"tool_choice\":"
		"\"required\""), QUESTION_TOOLS },
	{ MESSAGES(USER("\"a\""), ",\"tools\":[" FUNCTION "]"), QUESTION_OK },
	{ MESSAGES(USER("\"a\""), ",\"web_search_options\":{}"), QUESTION_TOOLS },
	{ MESSAGES(USER("\"a\""), ",\"modalities\":[\"text\",\"audio\"]"), QUESTION_NO_TEXT },
};

static void test_fit(void **state)
{
	struct question q;

	for (size_t i = 0; i < COUNT_OF(fits); i++) {
		enum question_fit got = find(&openai_chat, fits[i].body, &q);
		if (got != fits[i].want)
			print_message("%s: %d\n", fits[i].body, got);
		assert_int_equal(got, fits[i].want);
	}
	assert_int_equal(find(&openai_embeddings, "{\"model\":\"m\",\"input\":\"a\"}", &q), QUESTION_NO_CHAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_dialects, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_partitions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_salt, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_users, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_fit, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

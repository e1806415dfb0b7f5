/* Chained hashes of a prompt's prefixes. */
#include "unit.h"

#include "chat/chain.h"

static struct arena arena;

static struct chain make(const char *body)
{
	struct chain c;

	chain_make(&c, &arena, slice_str(body), 7);
	return c;
}

static bool has(const struct chain *c, uint64_t hash)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (c->links[i].hash == hash)
			return true;
	return false;
}

#define TOOLS "\"tools\":[{\"name\":\"t\"}]"
#define M1 "{\"role\":\"user\",\"content\":\"one\"}"
#define M2 "{\"role\":\"assistant\",\"content\":\"two\"}"
#define M3 "{\"role\":\"user\",\"content\":\"three\"}"

static void test_a_longer_prompt_has_the_hashes_of_the_shorter(void **state)
{
	struct chain a = make("{" TOOLS ",\"system\":\"be good\",\"messages\":[" M1 "]}");
	struct chain b = make("{\"messages\":[" M1 "," M2 ", " M3 "],\"model\":\"x\",\"system\":\"be good\","
		TOOLS "}");

	assert_int_equal(a.n, 3);
	assert_int_equal(b.n, 5);
	for (uint32_t i = 0; i < a.n; i++)
		assert_true(a.links[i].hash == b.links[i].hash);
	assert_int_equal(a.links[0].kind, CHAIN_TOOLS);
	assert_int_equal(a.links[1].kind, CHAIN_SYSTEM);
	assert_int_equal(b.links[4].kind, CHAIN_MESSAGE);
	assert_int_equal(b.links[4].index, 2);
	assert_true(a.root == a.links[1].hash && b.root == a.root);
	assert_true(a.opening == a.links[2].hash && b.opening == a.opening);
	assert_int_equal(b.messages, 3);
	assert_true(b.links[4].end == b.bytes && b.hash == b.links[4].hash);
}

static void test_every_part_counts(void **state)
{
	static const char *const others[] = {
		"{" TOOLS ",\"system\":\"be bad\",\"messages\":[" M1 "]}",
		"{\"tools\":[],\"system\":\"be good\",\"messages\":[" M1 "]}",
		"{" TOOLS ",\"system\":\"be good\",\"messages\":[" M3 "]}",
	};
	struct chain a = make("{" TOOLS ",\"system\":\"be good\",\"messages\":[" M1 "]}"), c;

	for (size_t i = 0; i < COUNT_OF(others); i++)
		assert_false(has(&a, make(others[i]).hash));
	chain_make(&c, &arena, SLICE("{" TOOLS ",\"system\":\"be good\",\"messages\":[" M1 "]}"), 8);
	assert_false(has(&a, c.links[0].hash));
	assert_true(chain_salt(1, SLICE("m")) != chain_salt(2, SLICE("m")));
	assert_true(chain_salt(1, SLICE("m")) != chain_salt(1, SLICE("n")));
}

/* System messages of the OpenAI dialects stand first in the list; later ones are part of the dialogue. */
static void test_system_messages(void **state)
{
	struct chain a = make("{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"content\":\"d\","
		"\"role\":\"developer\"}," M1 ",{\"role\":\"system\",\"content\":\"s\"}]}");

	assert_int_equal(a.n, 4);
	assert_int_equal(a.links[0].kind, CHAIN_SYSTEM);
	assert_int_equal(a.links[1].kind, CHAIN_SYSTEM);
	assert_int_equal(a.links[2].kind, CHAIN_MESSAGE);
	assert_int_equal(a.links[2].index, 2);
	assert_int_equal(a.links[3].kind, CHAIN_MESSAGE);
	assert_true(a.root == a.links[1].hash && a.opening == a.links[2].hash);
	assert_int_equal(a.messages, 2);
}

static void test_other_dialects(void **state)
{
	struct chain r = make("{\"instructions\":\"i\",\"input\":\"hello\"}");
	struct chain g = make("{\"contents\":[{\"role\":\"user\",\"parts\":[]}],"
		"\"system_instruction\":{\"parts\":[]}}");

	assert_int_equal(r.n, 2);
	assert_int_equal(r.messages, 1);
	assert_true(r.opening == r.hash && r.root == r.links[0].hash);
	assert_int_equal(g.n, 2);
	assert_int_equal(g.links[0].kind, CHAIN_SYSTEM);
	assert_int_equal(make("{\"model\":\"x\"}").n, 0);
	assert_int_equal(make("{}").n, 0);
}

/* Clients move their marks along: the hashes must not move with them. */
static void test_marks_do_not_count(void **state)
{
	static const char *const marked[] = {
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\",\"cache_control\":"
			"{\"type\":\"ephemeral\"}}]}]}",
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"cache_control\" : {\"type\":"
			"\"ephemeral\",\"ttl\":\"1h\"},\"text\":\"a\"}]}]}",
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"cache_control\": null,\"type\":\"text\","
			"\"text\":\"a\"}]}]}",
		"{\"cache_control\":{},\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\""
			"}]}]}",
	};
	struct chain a = make("{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}]}");

	for (size_t i = 0; i < COUNT_OF(marked); i++) {
		assert_true(chain_has_marks(slice_str(marked[i])));
		if (make(marked[i]).hash != a.hash)
			fail_msg("row %zu", i);
	}
	assert_false(chain_has_marks(SLICE("{\"a\":\"\\\"cache_control\\\":{}\",\"b\":\"cache_control\"}")));
}

/* Wherever it stands in a long text, and whatever stands before it. */
static void test_marks_are_found_everywhere(void **state)
{
	static char text[2048];

	for (size_t at = 0; at < 1500; at++)
		for (int twin = 0; twin < 2; twin++) {
			memset(text, twin ? '_' : 'x', sizeof(text));
			memcpy(text + at, "\"cache_control\" :", 17);
			assert_true(chain_has_marks(slice_of(text, sizeof(text))));
			assert_true(chain_has_marks(slice_of(text, at + 17)));
			assert_false(chain_has_marks(slice_of(text, at + 16)));
			text[at + 3] = 'x';
			assert_false(chain_has_marks(slice_of(text, sizeof(text))));
		}
}

static char long_body[1 << 20];

static const char *body_of(size_t bytes)
{
	size_t n = (size_t)snprintf(long_body, sizeof(long_body), "{\"messages\":[{\"role\":\"user\",\"content\":\"");

	memset(long_body + n, 'x', bytes);
	snprintf(long_body + n + bytes, 8, "\"}]}");
	return long_body;
}

static void test_boundaries_within_a_message(void **state)
{
	struct chain a = make(body_of(5000)), b;

	assert_int_equal(a.n, 5);
	for (uint32_t i = 0; i < 4; i++) {
		assert_int_equal(a.links[i].kind, CHAIN_INSIDE);
		assert_int_equal(a.links[i].end, (i + 1) * CHAIN_STEP);
	}
	assert_int_equal(a.links[4].kind, CHAIN_MESSAGE);
	b = make(body_of(6000));
	for (uint32_t i = 0; i < 4; i++)
		assert_true(a.links[i].hash == b.links[i].hash);
	assert_false(has(&b, a.hash));
}

/* However long: never more links, in order, and the end is always there. */
static void test_long_prompts_are_thinned(void **state)
{
	for (size_t kib = 90; kib < 700; kib += 61) {
		struct chain c = make(body_of(kib << 10));

		assert_in_range(c.n, CHAIN_MAX / 3, CHAIN_MAX);
		assert_true(c.links[c.n - 1].hash == c.hash && c.links[c.n - 1].end == c.bytes);
		for (uint32_t i = 1; i < c.n; i++)
			assert_true(c.links[i].end > c.links[i - 1].end);
	}
}

/* A conversation of many turns: its next request still finds the end of this one. */
static void test_long_conversations(void **state)
{
	static char text[1 << 16];
	uint64_t last = 0;

	for (size_t turns = 1; turns < 300; turns += 2) {
		size_t n = (size_t)snprintf(text, sizeof(text), "{\"system\":\"s\",\"messages\":[");
		for (size_t i = 0; i < turns; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s{\"role\":\"user\",\"content\":\"%zu\"}",
				i ? "," : "", i);
		snprintf(text + n, sizeof(text) - n, "]}");
		struct chain c = make(text);
		assert_true(c.n <= CHAIN_MAX && c.links[0].kind == CHAIN_SYSTEM);
		assert_true(last == 0 || has(&c, last));
		last = c.hash;
	}
}

/* Nothing but system texts. */
static void test_many_system_texts(void **state)
{
	static char text[1 << 16];
	size_t n = (size_t)snprintf(text, sizeof(text), "{\"messages\":[");

	for (size_t i = 0; i < 500; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s{\"role\":\"system\",\"content\":\"%zu\"}",
			i ? "," : "", i);
	snprintf(text + n, sizeof(text) - n, "]}");
	assert_in_range(make(text).n, 1, CHAIN_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_longer_prompt_has_the_hashes_of_the_shorter),
		cmocka_unit_test(test_every_part_counts),
		cmocka_unit_test(test_system_messages),
		cmocka_unit_test(test_other_dialects),
		cmocka_unit_test(test_marks_do_not_count),
		cmocka_unit_test(test_marks_are_found_everywhere),
		cmocka_unit_test(test_boundaries_within_a_message),
		cmocka_unit_test(test_long_prompts_are_thinned),
		cmocka_unit_test(test_long_conversations),
		cmocka_unit_test(test_many_system_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

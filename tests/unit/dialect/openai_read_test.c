/* Long, hostile and memory-hungry bodies; what is read of usual ones is golden pages (read-*.md). */
#include "unit.h"

#include "dialect/openai_read.h"

struct reading {
	struct arena body, arena;
	struct request request;
	struct prompt prompt;
	struct fault fault;
};

/* `limit` of the arena for reading; 0: none. */
static enum err read_body(struct reading *r, struct slice body, size_t limit)
{
	*r = (struct reading){ .fault = { .err = ERR_OK } };
	arena_init(&r->body, 0);
	assert_int_equal(openai_chat.parse(&r->body, body, &r->request, &r->fault), ERR_OK);
	arena_init(&r->arena, limit);
	prompt_init(&r->prompt, &r->arena);
	r->prompt.origin = 'c';
	return openai_read(&r->arena, &r->request, &r->prompt, &r->fault);
}

static void done(struct reading *r)
{
	arena_done(&r->arena);
	arena_done(&r->body);
}

static enum err read_str(struct reading *r, const char *body)
{
	return read_body(r, slice_str(body), 0);
}

static void repeat(struct buf *b, const char *piece, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_add(b, i ? SLICE(",") : SLICE(""));
		buf_add(b, slice_str(piece));
	}
}

static void build(struct buf *b, const char *before, const char *piece, size_t n, const char *after)
{
	buf_init(b, 1 << 26);
	buf_add(b, slice_str(before));
	repeat(b, piece, n);
	buf_add(b, slice_str(after));
}

/* Small messages take more memory than their text: the arena's limit ends it. */
static void test_limit(void **state)
{
	static const char *const pieces[] =
		{ "{\"role\":\"user\"}", "{\"role\":\"assistant\",\"tool_calls\":[{\"function\":"
		"{\"name\":\"f\",\"arguments\":[1]}}]}" };
	struct reading r;
	struct buf b;

	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		build(&b, "{\"model\":\"m\",\"messages\":[", pieces[i], 200000, "]}");
		assert_int_equal(read_body(&r, buf_slice(&b), 1 << 20), ERR_TOO_BIG);
		assert_int_equal(r.fault.err, ERR_TOO_BIG);
		/* one block past the limit, each twice as large as the one before */
		assert_true(r.arena.used <= 3 << 20);
		done(&r);
		assert_int_equal(read_body(&r, buf_slice(&b), 0), ERR_OK);
		done(&r);
		buf_done(&b);
	}
}

/* One message's lists are no longer than the limit either. */
static void test_limit_of_lists(void **state)
{
	struct reading r;
	struct buf b;

	build(&b, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}],\"stop\":[", "\"a\"", 200000, "]}");
	assert_int_equal(read_body(&r, buf_slice(&b), 1 << 20), ERR_BAD_FIELD);
	assert_slice(r.fault.param, "stop");
	done(&r);
	buf_done(&b);
}

/* Many items and many calls with them: no search for each in all. */
static void test_many_details(void **state)
{
	struct reading r;
	struct buf b;

	build(&b, "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"reasoning_details\":[",
		"{\"type\":\"reasoning.text\",\"text\":\"ab\"}", 100000, "],\"tool_calls\":[");
	repeat(&b, "{\"id\":\"a\",\"function\":{\"name\":\"f\"}}", 50000);
	buf_add(&b, SLICE("]}]}"));
	assert_int_equal(read_body(&r, buf_slice(&b), 0), ERR_OK);
	/* One index, no state: the pieces are one text. */
	assert_int_equal(r.prompt.messages->parts->kind, PROMPT_PART_REASONING);
	assert_int_equal(r.prompt.messages->parts->text.n, 200000);
	assert_int_equal(r.prompt.messages->parts->next->kind, PROMPT_PART_TOOL_CALL);
	done(&r);
	buf_done(&b);
}

/* What Anthropic encrypted belongs to no text before it, what Responses encrypted does. */
static void test_encrypted(void **state)
{
	static const char *const formats[] = { "anthropic-claude-v1", "openai-responses-v1" };
	struct reading r;
	char body[512];

	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		snprintf(body, sizeof(body), "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\","
			"\"reasoning_details\":[{\"type\":\"reasoning.text\",\"text\":\"a\"},"
			"{\"type\":\"reasoning.encrypted\",\"data\":\"E\",\"format\":\"%s\"}]}]}", formats[i]);
		assert_int_equal(read_str(&r, body), ERR_OK);
		const struct prompt_part *part = r.prompt.messages->parts;
		assert_slice(part->text, "a");
		assert_int_equal(part->seal.bytes.n, i);
		assert_int_equal(part->next == NULL, i);
		assert_true(i || (part->next->redacted && part->next->seal.origin == 'a'));
		done(&r);
	}
}

/* State that cannot be one: not sealed, empty, of no dialect. */
static void test_odd_state(void **state)
{
	static const char *const odd[] = { "null", "5", "\"x\"", "[]", "[5,null,\"x\",[],{}]",
		"[{\"type\":5,\"text\":[],\"data\":{}}]",
		"[{\"signature\":\"d2VpcjE6\",\"format\":\"anthropic-claude-v1\"}]",
		"[{\"signature\":\"d2VpcjE6!\"}]",
		"[{\"data\":\"d2VpcjE6YQ==\",\"format\":\"anthropic-claude-v1\"}]",
		"[{\"index\":1e300,\"text\":\"\"}]" };
	struct reading r;
	char body[512];

	for (size_t i = 0; i < COUNT_OF(odd); i++) {
		snprintf(body, sizeof(body),
			"{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":\"x\","
			"\"reasoning_details\":%s,\"thinking_blocks\":%s,\"reasoning\":%s}]}", odd[i], odd[i],
			odd[i]);
		assert_int_equal(read_str(&r, body), ERR_OK);
		for (const struct prompt_part *part = r.prompt.messages->parts; part; part = part->next)
			if (part->kind == PROMPT_PART_REASONING && part->seal.bytes.n)
				fail_msg("%s is a seal of %c", odd[i], part->seal.origin);
		done(&r);
	}
}

/* Bytes that C strings cannot hold, and escapes. */
static void test_bytes(void **state)
{
	struct reading r;

	assert_int_equal(read_str(&r, "{\"model\":\"m\",\"messages\":[{\"role\":\"us\\u0065r\","
		"\"content\":\"a\\u0000b\"}],"
		"\"temp\\u0065rature\":1,\"stop\\u0000\":1}"), ERR_OK);
	assert_int_equal(r.prompt.messages->parts->text.n, 3);
	assert_true(r.prompt.temperature == 1);
	assert_int_equal(r.prompt.n_stop, 0);
	assert_int_equal(r.prompt.extras->name.n, 5);
	done(&r);
}

/* A number that fits nothing is refused, not cut. */
static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		int64_t value;		/* PROMPT_UNSET: refused */
	} cases[] = {
		{ "0", 0 }, { "-5", -5 }, { "10.0", 10 }, { "9223372036854775807", INT64_MAX },
		{ "9223372036854775808", PROMPT_UNSET }, { "1e19", PROMPT_UNSET }, { "0.5", PROMPT_UNSET },
		{ "1e999", PROMPT_UNSET }, { "123456789012345678901234567890", PROMPT_UNSET },
	};
	struct reading r;
	char body[256];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		snprintf(body, sizeof(body),
			"{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}],\"seed\":%s}", cases[i].text);
		enum err e = read_str(&r, body);
		assert_int_equal(e, cases[i].value == PROMPT_UNSET ? ERR_BAD_FIELD : ERR_OK);
		if (e == ERR_OK)
			assert_true(r.prompt.seed == cases[i].value);
		done(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_limit_of_lists),
		cmocka_unit_test(test_many_details),
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_odd_state),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

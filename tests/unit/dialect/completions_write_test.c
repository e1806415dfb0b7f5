/* Room and dialogues of odd shape; bodies are golden pages. */
#include "unit.h"

#include "dialect/completions_write.h"

static struct arena arena;
static struct drops drops;
static struct fault fault;

static struct dialect_ask ask(void)
{
	drops = (struct drops){ .n = 0 };
	fault = (struct fault){ .err = ERR_OK };
	return (struct dialect_ask){ .model = SLICE("m"), .drops = &drops, .arena = &arena, .fault = &fault };
}

static void start(struct prompt *p)
{
	prompt_init(p, &arena);
	p->origin = 'a';
}

static void add(struct prompt *p, enum prompt_role role, const char *text)
{
	prompt_add_text(p, prompt_add_message(p, role), slice_str(text));
}

static void assert_prompt(const struct prompt *p, const char *want)
{
	const struct dialect_ask want_ask = ask();
	yyjson_doc *doc;
	struct buf out;

	buf_init(&out, 1 << 16);
	assert_int_equal(completions_write(p, &want_ask, &out), ERR_OK);
	assert_int_equal(json_parse(&arena, buf_slice(&out), &doc, NULL), ERR_OK);
	assert_slice(json_str(yyjson_doc_get_root(doc), "prompt"), want);
	buf_done(&out);
}

static void test_dialogues(void **state)
{
	struct prompt p;

	start(&p);
	assert_prompt(&p, "Assistant:");
	add(&p, PROMPT_USER, "");
	assert_prompt(&p, "");
	start(&p);
	add(&p, PROMPT_USER, "Hi");
	add(&p, PROMPT_USER, "there");
	assert_prompt(&p, "User: Hi\nUser: there\nAssistant:");
	start(&p);
	add(&p, PROMPT_ASSISTANT, "Once");
	assert_prompt(&p, "Assistant: Once");
	start(&p);
	add(&p, PROMPT_SYSTEM, "");
	add(&p, PROMPT_USER, "Hi");
	assert_prompt(&p, "User: Hi\nAssistant:");
	start(&p);
	add(&p, PROMPT_DEVELOPER, "Be brief.");
	prompt_add_message(&p, PROMPT_ASSISTANT);
	assert_prompt(&p, "Be brief.\n\nAssistant: ");
}

static void test_parts(void **state)
{
	const struct dialect_ask want = ask();

	for (int kind = PROMPT_PART_TEXT; kind <= PROMPT_PART_OTHER; kind++) {
		struct prompt p;
		struct buf out;
		start(&p);
		buf_init(&out, 1 << 16);
		prompt_add_part(&p, prompt_add_message(&p, PROMPT_USER), (enum prompt_part_kind)kind);
		enum err e = completions_write(&p, &want, &out);
		bool is_text = kind == PROMPT_PART_TEXT || kind == PROMPT_PART_REFUSAL
			|| kind == PROMPT_PART_REASONING;
		assert_int_equal(e, is_text ? ERR_OK : ERR_UNSUPPORTED);
		assert_int_equal(fault.message.n > 0, !is_text);
		fault = (struct fault){ .err = ERR_OK };
		buf_done(&out);
	}
}

static void test_no_room(void **state)
{
	struct prompt p;
	bool was_whole = false;

	start(&p);
	add(&p, PROMPT_SYSTEM, "Be \"brief\".");
	add(&p, PROMPT_USER, "Hi");
	p.temperature = 0.5;
	for (size_t max = 0; max < 800; max++) {
		const struct dialect_ask want = ask();
		struct buf out;
		buf_init(&out, max);
		enum err e = completions_write(&p, &want, &out);
		assert_true(e == ERR_OK || (e == ERR_TOO_BIG && !was_whole));
		was_whole = e == ERR_OK;
		buf_done(&out);
	}
	assert_true(was_whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dialogues),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_no_room),
	};
	arena_init(&arena, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&arena);
	return failed;
}

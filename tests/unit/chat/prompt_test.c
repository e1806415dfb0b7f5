#include "unit.h"

#include "chat/prompt.h"

static struct arena arena;
static struct prompt prompt;

static int set_up(void **state)
{
	arena_init(&arena, 0);
	prompt_init(&prompt, &arena);
	return 0;
}

static int tear_down(void **state)
{
	arena_done(&arena);
	return 0;
}

static struct prompt_part *add(struct prompt_message *m, enum prompt_part_kind kind, const char *id, const char *name)
{
	struct prompt_part *part = prompt_add_part(&prompt, m, kind);

	part->id = slice_str(id);
	part->name = slice_str(name);
	return part;
}

static void add_text(enum prompt_role role, const char *text)
{
	prompt_add_text(&prompt, prompt_add_message(&prompt, role), slice_str(text));
}

static size_t count(const struct prompt_message *m)
{
	size_t n = 0;

	for (const struct prompt_part *part = m->parts; part; part = part->next)
		n++;
	return n;
}

/* --- building ------------------------------------------------------------------------------------------- */

static void test_nothing_is_set(void **state)
{
	assert_null(prompt.messages);
	assert_null(prompt.tools);
	assert_null(prompt.inputs);
	assert_null(prompt.extras);
	const int64_t ints[] = { prompt.max_tok, prompt.top_k, prompt.seed, prompt.n, prompt.top_logprobs,
		prompt.thinking_tok, prompt.dimensions };
	const double nums[] = { prompt.temperature, prompt.top_p, prompt.min_p, prompt.frequency_penalty,
		prompt.presence_penalty };
	for (size_t i = 0; i < COUNT_OF(ints); i++)
		assert_true(ints[i] == PROMPT_UNSET);
	for (size_t i = 0; i < COUNT_OF(nums); i++)
		assert_true(isnan(nums[i]));
	assert_int_equal(prompt.choice, PROMPT_CHOICE_UNSET);
	assert_int_equal(prompt.format, PROMPT_FORMAT_UNSET);
	assert_int_equal(prompt.effort, PROMPT_EFFORT_UNSET);
	prompt_tidy(&prompt);
	assert_null(prompt.messages);
}

static void test_lists_keep_their_order(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct prompt_message *m = prompt_add_message(&prompt, PROMPT_USER);
		prompt_add_text(&prompt, m, SLICE("a"));
		prompt_add_text(&prompt, m, SLICE_EMPTY);	/* adds nothing */
		prompt_add_text(&prompt, m, SLICE("b"));
		assert_int_equal(count(m), 2);
		assert_slice(m->parts->text, "a");
		assert_slice(m->parts->next->text, "b");
		prompt_add_tool(&prompt, PROMPT_TOOL_FUNCTION)->name = arena_printf(&arena, "t%d", i);
		prompt_add_input(&prompt)->text = arena_printf(&arena, "i%d", i);
		prompt_add_extra(&prompt, arena_printf(&arena, "x%d", i), NULL);
	}
	assert_int_equal(prompt.n_messages, 3);
	assert_int_equal(prompt.n_inputs, 3);
	assert_slice(prompt.tools->next->next->name, "t2");
	assert_slice(prompt.inputs->next->text, "i1");
	assert_slice(prompt.extras->name, "x0");
	assert_null(prompt.extras->next->next->next);
}

static void test_parts_outside_a_message(void **state)
{
	struct prompt_part *list = NULL, **at = &list;

	at = prompt_link_part(&prompt, at, PROMPT_PART_TEXT);
	at = prompt_link_part(&prompt, at, PROMPT_PART_IMAGE);
	assert_int_equal(list->kind, PROMPT_PART_TEXT);
	assert_int_equal(list->next->kind, PROMPT_PART_IMAGE);
	assert_ptr_equal(at, &list->next->next);
	assert_null(*at);
}

/* --- media ---------------------------------------------------------------------------------------------- */

static void test_data_uris(void **state)
{
	static const struct {
		const char *uri, *mime, *data;
	} rows[] = {
		{ "data:image/png;base64,AAAA", "image/png", "AAAA" },
		{ "DATA:image/png;BASE64,AA==", "image/png", "AA==" },
		{ "data:image/svg+xml;charset=utf-8;base64,PHN2Zy8+", "image/svg+xml", "PHN2Zy8+" },
		{ "data:;base64,AA==", "", "AA==" },
		{ "data:application/pdf;base64,", "application/pdf", "" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct prompt_media m = prompt_media_of_uri(slice_str(rows[i].uri));
		assert_int_equal(m.source, PROMPT_SOURCE_BASE64);
		assert_slice(m.mime, rows[i].mime);
		assert_slice(m.data, rows[i].data);
	}
}

static void test_other_uris_stay_as_they_are(void **state)
{
	static const char *const uris[] = { "https://a.b/c.png?x=data:image/png;base64,AA", "gs://b/o", "",
		"data", "data:",
		"data:,hello", "data:text/plain,hello", "data:image/png;base64", "data:image/png;base64 ,AA",
			"data:base64,AA" };

	for (size_t i = 0; i < COUNT_OF(uris); i++) {
		struct prompt_media m = prompt_media_of_uri(slice_str(uris[i]));
		assert_int_equal(m.source, PROMPT_SOURCE_URL);
		assert_slice(m.data, uris[i]);
		assert_int_equal(m.mime.n, 0);
	}
}

static void test_data_uris_are_written(void **state)
{
	struct prompt_media m = { .source = PROMPT_SOURCE_BASE64, .mime = SLICE("image/png"), .data = SLICE("AAAA") };
	struct arena small;

	assert_slice(prompt_media_uri(&arena, &m), "data:image/png;base64,AAAA");
	m.mime = SLICE_EMPTY;
	m.data = SLICE_EMPTY;
	assert_slice(prompt_media_uri(&arena, &m), "data:;base64,");
	arena_init(&small, 8);
	assert_int_equal(prompt_media_uri(&small, &m).n, 0);
	arena_done(&small);
}

/* --- tidying -------------------------------------------------------------------------------------------- */

static void test_tool_results_of_a_turn_stand_together(void **state)
{
	struct prompt_message *a = prompt_add_message(&prompt, PROMPT_ASSISTANT);

	add(a, PROMPT_PART_TOOL_CALL, "1", "f");
	add(a, PROMPT_PART_TOOL_CALL, "2", "g");
	add(prompt_add_message(&prompt, PROMPT_TOOL), PROMPT_PART_TOOL_RESULT, "2", "");
	add(prompt_add_message(&prompt, PROMPT_TOOL), PROMPT_PART_TOOL_RESULT, "1", "");
	add_text(PROMPT_USER, "and");
	add(prompt_add_message(&prompt, PROMPT_TOOL), PROMPT_PART_TOOL_RESULT, "2", "mine");
	prompt_tidy(&prompt);
	assert_int_equal(prompt.n_messages, 4);
	struct prompt_message *t = prompt.messages->next;
	assert_int_equal(count(t), 2);
	assert_slice(t->parts->name, "g");
	assert_slice(t->parts->next->name, "f");
	assert_false(t->parts->orphan || t->parts->next->orphan);
	/* a name that the client gave stays */
	assert_slice(t->next->next->parts->name, "mine");
	/* the ends of the lists are right: more can be added */
	prompt_add_message(&prompt, PROMPT_USER);
	assert_int_equal(t->next->next->next->role, PROMPT_USER);
	add(t, PROMPT_PART_TOOL_RESULT, "3", "");
	assert_int_equal(count(t), 3);
}

static void test_neighbours_of_one_speaker(void **state)
{
	add_text(PROMPT_SYSTEM, "s");
	add_text(PROMPT_SYSTEM, "t");
	add_text(PROMPT_USER, "u");
	add_text(PROMPT_USER, "v");
	prompt_add_message(&prompt, PROMPT_ASSISTANT);	/* nothing in it */
	add_text(PROMPT_ASSISTANT, "a");
	prompt_add_message(&prompt, PROMPT_ASSISTANT);
	add_text(PROMPT_ASSISTANT, "b");
	add_text(PROMPT_ASSISTANT, "c");
	struct prompt_message *named = prompt_add_message(&prompt, PROMPT_ASSISTANT);
	named->name = SLICE("bob");
	prompt_tidy(&prompt);
	assert_int_equal(prompt.n_messages, 6);
	struct prompt_message *m = prompt.messages;
	for (int i = 0; i < 4; i++, m = m->next)
		assert_int_equal(count(m), 1);
	assert_int_equal(m->role, PROMPT_ASSISTANT);
	assert_int_equal(count(m), 3);
	assert_slice(m->parts->next->next->text, "c");
	assert_ptr_equal(m->next, named);
}

static void test_orphans(void **state)
{
	struct prompt_message *t = prompt_add_message(&prompt, PROMPT_TOOL);

	add(t, PROMPT_PART_TOOL_RESULT, "1", "");	/* its call comes later: none of its own */
	prompt_add_text(&prompt, t, SLICE("no result"));
	add(prompt_add_message(&prompt, PROMPT_ASSISTANT), PROMPT_PART_TOOL_CALL, "1", "f");
	add_text(PROMPT_USER, "wait");
	struct prompt_part *late = add(prompt_add_message(&prompt, PROMPT_TOOL), PROMPT_PART_TOOL_RESULT, "1", "");
	struct prompt_part *other = add(prompt_add_message(&prompt, PROMPT_TOOL), PROMPT_PART_TOOL_RESULT, "x", "h");
	prompt_tidy(&prompt);
	assert_true(t->parts->orphan);
	assert_int_equal(t->parts->name.n, 0);
	assert_false(t->parts->next->orphan);
	assert_false(late->orphan);
	assert_slice(late->name, "f");
	assert_true(other->orphan);
	assert_slice(other->name, "h");
}

/* Gemini's clients number calls anew in each turn. */
static void test_the_newest_call_of_an_id_counts(void **state)
{
	add(prompt_add_message(&prompt, PROMPT_ASSISTANT), PROMPT_PART_TOOL_CALL, "1", "old")->custom = true;
	struct prompt_part *first = add(prompt_add_message(&prompt, PROMPT_TOOL), PROMPT_PART_TOOL_RESULT, "1", "");
	add(prompt_add_message(&prompt, PROMPT_ASSISTANT), PROMPT_PART_TOOL_CALL, "1", "new");
	struct prompt_part *second = add(prompt_add_message(&prompt, PROMPT_TOOL), PROMPT_PART_TOOL_RESULT, "1", "");
	prompt_tidy(&prompt);
	assert_slice(first->name, "old");
	assert_true(first->custom);
	assert_slice(second->name, "new");
	assert_false(second->custom);
}

/* A hostile history must not take time that grows with the square of its length. */
static void test_long_histories(void **state)
{
	enum { MANY = 200000 };
	struct prompt_message *a = prompt_add_message(&prompt, PROMPT_ASSISTANT);

	for (int i = 0; i < MANY; i++)
		add(a, PROMPT_PART_TOOL_CALL, "", "")->id = arena_printf(&arena, "%d", i);
	struct prompt_message *t = prompt_add_message(&prompt, PROMPT_TOOL);
	for (int i = 0; i < MANY; i++)
		add(t, PROMPT_PART_TOOL_RESULT, "", "")->id = arena_printf(&arena, "%d", -1 - i);
	prompt_tidy(&prompt);
	for (struct prompt_part *part = t->parts; part; part = part->next)
		assert_true(part->orphan);
}

static struct prompt_tool *add_tool(enum prompt_tool_kind kind, struct slice name)
{
	struct prompt_tool *t = prompt_add_tool(&prompt, kind);

	t->name = name;
	return t;
}

static void choose(struct slice *names, size_t n)
{
	prompt.choice = PROMPT_CHOICE_ALLOWED;
	prompt.choice_names = names;
	prompt.n_choice_names = n;
}

static void test_names_of_the_choice(void **state)
{
	struct slice names[] = { SLICE("g"), SLICE("none"), SLICE_EMPTY, SLICE("f") };
	const struct prompt_tool *nameless = add_tool(PROMPT_TOOL_HOSTED, SLICE_EMPTY),
		*f = add_tool(PROMPT_TOOL_FUNCTION, SLICE("f")), *twin = add_tool(PROMPT_TOOL_CUSTOM, SLICE("f")),
		*g = add_tool(PROMPT_TOOL_FUNCTION, SLICE("g")), *h = add_tool(PROMPT_TOOL_FUNCTION, SLICE("h"));

	choose(names, COUNT_OF(names));
	prompt_tidy(&prompt);
	assert_ptr_equal(prompt.choice_tools[0], g);
	assert_null(prompt.choice_tools[1]);
	assert_null(prompt.choice_tools[2]);
	assert_ptr_equal(prompt.choice_tools[3], f);
	assert_true(nameless->unnamed && h->unnamed);
	assert_false(f->unnamed || twin->unnamed || g->unnamed);
}

/* Name by name it would take minutes. */
static void test_a_long_choice(void **state)
{
	enum { MANY = 200000 };
	struct slice *names = ARENA_ARRAY(&arena, struct slice, MANY);

	for (int i = 0; i < MANY; i++) {
		add_tool(PROMPT_TOOL_FUNCTION, arena_printf(&arena, "f%d", i));
		names[i] = arena_printf(&arena, "f%d", MANY - 1 - i);
	}
	choose(names, MANY);
	prompt_tidy(&prompt);
	for (const struct prompt_tool *t = prompt.tools; t; t = t->next)
		assert_false(t->unnamed);
	assert_ptr_equal(prompt.choice_tools[MANY - 1], prompt.tools);
}

/* --- texts ---------------------------------------------------------------------------------------------- */

static void test_system_texts(void **state)
{
	assert_int_equal(prompt_system_text(&prompt).n, 0);
	add_text(PROMPT_SYSTEM, "one");
	add_text(PROMPT_USER, "no");
	prompt_add_message(&prompt, PROMPT_SYSTEM);	/* says nothing */
	struct prompt_message *m = prompt_add_message(&prompt, PROMPT_DEVELOPER);
	prompt_add_text(&prompt, m, SLICE("two "));
	add(m, PROMPT_PART_IMAGE, "", "");
	prompt_add_text(&prompt, m, SLICE("parts"));
	prompt_add_text(&prompt, prompt_add_message(&prompt, PROMPT_SYSTEM), SLICE("a\0b"));
	struct slice text = prompt_system_text(&prompt);
	assert_true(slice_eq(text, SLICE("one\n\ntwo parts\n\na\0b")));
}

static void test_text_of_parts(void **state)
{
	struct prompt_message *m = prompt_add_message(&prompt, PROMPT_USER);
	static const char word[] = "one";

	assert_int_equal(prompt_text_of(&arena, NULL).n, 0);
	add(m, PROMPT_PART_IMAGE, "", "");
	assert_int_equal(prompt_text_of(&arena, m->parts).n, 0);
	prompt_add_text(&prompt, m, slice_str(word));
	assert_ptr_equal(prompt_text_of(&arena, m->parts).p, word);	/* a lone text is not copied */
	add(m, PROMPT_PART_IMAGE, "", "");
	prompt_add_text(&prompt, m, SLICE("two"));
	assert_slice(prompt_text_of(&arena, m->parts), "onetwo");
}

/* --- effort --------------------------------------------------------------------------------------------- */

static void test_efforts(void **state)
{
	static const char *const words[] = { "", "none", "minimal", "low", "medium", "high", "xhigh", "max" };

	for (int e = PROMPT_EFFORT_NONE; e <= PROMPT_EFFORT_MAX; e++) {
		assert_int_equal(prompt_effort_of(slice_str(words[e])), e);
		assert_string_equal(prompt_effort_name((enum prompt_effort)e), words[e]);
		assert_true(e == PROMPT_EFFORT_NONE || prompt_effort_budget((enum prompt_effort)e)
			>= prompt_effort_budget((enum prompt_effort)(e - 1)));
	}
	assert_int_equal(prompt_effort_of(SLICE("HIGH")), PROMPT_EFFORT_HIGH);
	assert_int_equal(prompt_effort_of(SLICE("")), PROMPT_EFFORT_UNSET);
	assert_int_equal(prompt_effort_of(SLICE("higher")), PROMPT_EFFORT_UNSET);
	assert_string_equal(prompt_effort_name(PROMPT_EFFORT_UNSET), "");
	assert_int_equal(prompt_effort_budget(PROMPT_EFFORT_LOW), 1024);
	assert_int_equal(prompt_effort_budget(PROMPT_EFFORT_MEDIUM), 8192);
	assert_int_equal(prompt_effort_budget(PROMPT_EFFORT_HIGH), 24576);
	assert_int_equal(prompt_effort_budget(PROMPT_EFFORT_NONE), 0);
}

static void test_budgets(void **state)
{
	static const struct {
		int64_t tok;
		enum prompt_effort effort;
	} rows[] = {
		{ PROMPT_UNSET, PROMPT_EFFORT_UNSET }, { -1, PROMPT_EFFORT_UNSET }, { 0, PROMPT_EFFORT_NONE },
		{ -5, PROMPT_EFFORT_NONE }, { 1, PROMPT_EFFORT_LOW }, { 1024, PROMPT_EFFORT_LOW },
		{ 8191, PROMPT_EFFORT_LOW }, { 8192, PROMPT_EFFORT_MEDIUM }, { 24575, PROMPT_EFFORT_MEDIUM },
		{ 24576, PROMPT_EFFORT_HIGH }, { 32768, PROMPT_EFFORT_XHIGH }, { INT64_MAX, PROMPT_EFFORT_XHIGH },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(prompt_effort_of_budget(rows[i].tok), rows[i].effort);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		TEST(test_nothing_is_set),
		TEST(test_lists_keep_their_order),
		TEST(test_parts_outside_a_message),
		TEST(test_data_uris),
		TEST(test_other_uris_stay_as_they_are),
		TEST(test_data_uris_are_written),
		TEST(test_tool_results_of_a_turn_stand_together),
		TEST(test_neighbours_of_one_speaker),
		TEST(test_orphans),
		TEST(test_the_newest_call_of_an_id_counts),
		TEST(test_long_histories),
		TEST(test_names_of_the_choice),
		TEST(test_a_long_choice),
		TEST(test_system_texts),
		TEST(test_text_of_parts),
		TEST(test_efforts),
		TEST(test_budgets),
#undef TEST
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

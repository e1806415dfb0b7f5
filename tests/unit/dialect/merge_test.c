/* Bodies become one: what is asked for in all is what each asked for, in order, and nothing else changes. */
#include "unit.h"

#include "base/dice.h"
#include "dialect/merge.h"

static struct arena arena;

/* As a front would hand it over. */
static struct request request_of(const struct dialect *d, const char *body)
{
	struct request r = { .choices = 1 };
	struct fault f = { .err = ERR_OK };

	r.door.model = d->family == DIALECT_GEMINI ? SLICE("m") : SLICE_EMPTY;
	r.door.path = SLICE("/moderations");
	if (d->parse(&arena, arena_copy(&arena, slice_str(body)), &r, &f) != ERR_OK)
		fail_msg("%s: %.*s", body, SLICE_ARG(fault_message(&f)));
	return r;
}

static void test_looks(void **state)
{
	static const struct {
		const struct dialect *d;
		const char *body, *items;	/* NULL: goes alone */
		unsigned n;
	} rows[] = {
		{ &openai_embeddings, "{\"model\":\"m\",\"input\":\"a\"}", "\"a\"", 1 },
		{ &openai_embeddings, "{\"input\" : [ \"a\" , \"b]\" ] ,\"model\":\"m\"}", "\"a\" , \"b]\"", 2 },
		{ &openai_embeddings, "{\"model\":\"m\",\"input\":[1,2,3]}", "[1,2,3]", 1 },
		{ &openai_embeddings, "{\"model\":\"m\",\"input\":[[1,2],[3]]}", "[1,2],[3]", 2 },
		{ &openai_embeddings, "{\"model\":\"m\",\"\\u0069nput\":\"a\"}", "\"a\"", 1 },
		{ &openai_embeddings, "{\"model\":\"m\",\"input\":\"a\",\"input\":\"b\"}", NULL, 0 },
		{ &openai_completions, "{\"model\":\"m\",\"prompt\":[\"a\",\"b\"],\"n\":2}", "\"a\",\"b\"", 2 },
		{ &openai_completions, "{\"model\":\"m\",\"prompt\":\"a\",\"stream\":true}", NULL, 0 },
		{ &openai_completions, "{\"model\":\"m\",\"prompt\":null}", NULL, 0 },
		{ &openai_raw, "{\"model\":\"m\",\"input\":[\"a\",\"b\"]}", "\"a\",\"b\"", 2 },
		{ &openai_raw, "{\"model\":\"m\",\"input\":[{\"type\":\"text\",\"text\":\"a\"}]}", NULL, 0 },
		{ &openai_raw, "{\"model\":\"m\"}", NULL, 0 },
		{ &gemini_embed, "{\"content\":{\"parts\":[{\"text\":\"a\"}]}}",
			"{\"content\":{\"parts\":[{\"text\":\"a\"}]}}", 1 },
		{ &gemini_embed, "{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"fallbacks\":[\"x\"]}", NULL, 0 },
		{ &gemini_batch_embed, "{\"requests\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}",
			"{\"content\":{\"parts\":[{\"text\":\"a\"}]}}", 1 },
		{ &openai_chat, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}", NULL, 0 },
	};
	struct merge_part part;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct request r = request_of(rows[i].d, rows[i].body);
		bool merges = merge_look(&r, 1, &part);
		if (merges != (rows[i].items != NULL))
			fail_msg("%s: %s", rows[i].body, merges ? "merges" : "does not merge");
		if (!merges)
			continue;
		assert_slice(part.items, rows[i].items);
		assert_int_equal(part.n, rows[i].n);
	}
}

/* Of what passes as it is only moderations have lists, and no form. */
static void test_other_paths_go_alone(void **state)
{
	struct request r = request_of(&openai_raw, "{\"model\":\"m\",\"input\":\"a\"}");
	struct merge_part part;

	assert_true(merge_look(&r, 1, &part));
	r.door.path = SLICE("/audio/speech");
	assert_false(merge_look(&r, 1, &part));
	r.door.path = SLICE("/moderations");
	r.door.content_type = SLICE("multipart/form-data; boundary=x");
	assert_false(merge_look(&r, 1, &part));
}

static void test_same(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "{\"model\":\"m\",\"input\":\"a\"}", "{\"model\":\"m\",\"input\":[\"b\",\"c\"]}", true },
		{ "{\"model\":\"m\",\"input\":\"a\"}", "{ \"model\" : \"m\" , \"input\" : \"a\" }", true },
		{ "{\"model\":\"m\",\"input\":\"a\"}", "{\"input\":\"a\",\"model\":\"m\"}", true },
		{ "{\"model\":\"m\",\"input\":\"a\"}", "{\"model\":\"n\",\"input\":\"a\"}", false },
		{ "{\"model\":\"m\",\"input\":\"a\"}", "{\"model\":\"m\",\"input\":[1,2]}", false },
		{ "{\"model\":\"m\",\"input\":\"a\"}", "{\"model\":\"m\",\"input\":\"a\",\"user\":\"u\"}", false },
		{ "{\"model\":\"m\",\"input\":\"a\",\"user\":\"u\"}", "{\"model\":\"m\",\"input\":\"a\"}", false },
		{ "{\"model\":\"m\",\"input\":\"a\",\"user\":\"u\"}",
			"{\"model\":\"m\",\"input\":\"a\",\"user\":\"v\"}", false },
	};
	struct merge_part x, y;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct request a = request_of(&openai_embeddings, rows[i].a),
			b = request_of(&openai_embeddings, rows[i].b);
		assert_true(merge_look(&a, 1, &x) && merge_look(&b, 1, &y));
		if (merge_same(&a, &b) != rows[i].same)
			fail_msg("%s, %s", rows[i].a, rows[i].b);
		assert_int_equal(x.frame == y.frame, rows[i].same);
	}
}

/* --- generated ------------------------------------------------------------------------------------------ */

static const struct {
	const struct dialect *d;
	const char *list, *before, *after;	/* of a body, around its list */
} kinds[] = {
	{ &openai_embeddings, "/input", "{\"model\":\"m\",\"dimensions\":3,\"input\":", "}" },
	{ &openai_embeddings, "/input", "{ \"input\" :", " , \"model\":\"m\", \"user\":\"[,]\\\"\" } " },
	{ &openai_completions, "/prompt", "{\"model\":\"m\",\"prompt\":", ",\"max_tokens\":5}" },
	{ &openai_raw, "/input", "{\"input\":", ",\"model\":\"m\"}" },
};

static void put_text(struct dice *d, struct buf *b)
{
	static const char *const pieces[] = { "a", "]", "[", "\\\"", ",", "\\\\", "\\u005d", "\xc3\xa4", " ",
		"{\\\"x\\\":1}" };

	buf_add_char(b, '"');
	for (uint64_t n = 1 + dice_below(d, 6); n > 0; n--)
		buf_add(b, slice_str(pieces[dice_below(d, COUNT_OF(pieces))]));
	buf_add_char(b, '"');
}

static void put_tokens(struct dice *d, struct buf *b)
{
	buf_add_char(b, '[');
	for (uint64_t n = 1 + dice_below(d, 4); n > 0; n--)
		buf_addf(b, "%llu%s", (unsigned long long)dice_below(d, 100000), n > 1 ? ", " : "");
	buf_add_char(b, ']');
}

/* A bare element or a list, of texts or of tokens. */
static void put_input(struct dice *d, bool tokens, struct buf *b)
{
	uint64_t n = dice_below(d, 5);

	if (n)
		buf_add(b, SLICE("[ "));
	for (uint64_t i = 0; i < MAX_OF(n, 1ull); i++) {
		if (i)
			buf_add(b, SLICE(" ,"));
		(tokens ? put_tokens : put_text)(d, b);
	}
	if (n)
		buf_add(b, SLICE("]"));
}

static yyjson_val *list_of(struct slice body, const char *pointer)
{
	yyjson_doc *doc;

	assert_int_equal(json_parse(&arena, body, &doc, NULL), ERR_OK);
	return yyjson_ptr_get(yyjson_doc_get_root(doc), pointer);
}

/* The elements of `member` stand in `all` from *at on; moved behind them. */
static void check_part(yyjson_val *all, size_t *at, yyjson_val *member)
{
	size_t i, n;
	yyjson_val *v;

	if (!yyjson_is_arr(member) || yyjson_is_num(yyjson_arr_get_first(member))) {
		assert_true(yyjson_equals(yyjson_arr_get(all, (*at)++), member));
		return;
	}
	yyjson_arr_foreach(member, i, n, v)
		assert_true(yyjson_equals(yyjson_arr_get(all, (*at)++), v));
}

static void check_merged(size_t kind, const struct request *const *members, size_t n, const struct request *merged)
{
	yyjson_val *all = list_of(merged->body, kinds[kind].list);
	struct slice before = slice_str(kinds[kind].before), after = slice_str(kinds[kind].after);
	size_t at = 0;
	uint64_t tok = 0;

	for (size_t i = 0; i < n; i++) {
		check_part(all, &at, list_of(members[i]->body, kinds[kind].list));
		tok += members[i]->prompt_tok;
	}
	assert_int_equal(yyjson_arr_size(all), at);
	assert_int_equal(merged->prompt_tok, tok);
	if (kinds[kind].d != &openai_raw)
		assert_int_equal(merged->choices, at);
	assert_true(merged->merged);
	/* The frame is untouched. */
	assert_true(slice_starts(merged->body, before));
	assert_true(slice_eq(slice_skip(merged->body, merged->body.n - after.n), after));
	/* Every dialect's parse() takes it. */
	struct request again = { .choices = 1 };
	struct fault f;
	again.door.path = SLICE("/moderations");
	assert_int_equal(kinds[kind].d->parse(&arena, merged->body, &again, &f), ERR_OK);
	assert_int_equal(again.choices, merged->choices);
}

static void one_play(struct dice *d)
{
	size_t kind = dice_below(d, COUNT_OF(kinds)), n = 2 + dice_below(d, 6);
	bool tokens = kinds[kind].d != &openai_raw && dice_below(d, 3) == 0;
	struct request members[8], merged;
	const struct request *pointers[8];
	struct merge_part part;
	struct buf b;

	buf_init(&b, 65536);
	for (size_t i = 0; i < n; i++) {
		buf_clear(&b);
		buf_add(&b, slice_str(kinds[kind].before));
		put_input(d, tokens, &b);
		buf_add(&b, slice_str(kinds[kind].after));
		buf_add_char(&b, '\0');
		members[i] = request_of(kinds[kind].d, b.p);
		pointers[i] = &members[i];
		assert_true(merge_look(&members[i], 1, &part));
		assert_true(merge_same(&members[0], &members[i]));
	}
	assert_int_equal(merge_build(pointers, n, &arena, &merged), ERR_OK);
	check_merged(kind, pointers, n, &merged);
	buf_done(&b);
}

static void test_all_of_each_in_order(void **state)
{
	struct dice d;

	dice_init(&d, 7);
	for (int i = 0; i < 5000; i++) {
		one_play(&d);
		arena_reset(&arena, 1 << 20);
	}
}

/* What has no list becomes elements of one. */
static void test_gemini_becomes_a_batch(void **state)
{
	struct request a = request_of(&gemini_embed, "{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"taskType\":\"X\"}"),
		b = request_of(&gemini_embed, "{\"content\":{\"parts\":[{\"text\":\"b\"}]}}"), merged;

	assert_true(merge_same(&a, &b));
	assert_int_equal(merge_build((const struct request *const[]){ &a, &b }, 2, &arena, &merged), ERR_OK);
	assert_ptr_equal(merged.dialect, &gemini_batch_embed);
	assert_int_equal(merged.choices, 2);
	assert_slice(merged.body, "{\"requests\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"taskType\":\"X\"},"
		"{\"content\":{\"parts\":[{\"text\":\"b\"}]}}]}");
}

static void test_no_room(void **state)
{
	struct request a = request_of(&openai_embeddings,
		"{\"model\":\"m\",\"input\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}"), merged;
	struct arena small;

	arena_init(&small, 64);
	assert_int_equal(merge_build((const struct request *const[]){ &a, &a }, 2, &small, &merged), ERR_TOO_BIG);
	arena_done(&small);
}

static void test_limits(void **state)
{
	struct merge_limits m;

	assert_true(merge_limits(&openai_embeddings, &(struct quirks){ .embed_items = 2048, .embed_tok = 300000 }, &m));
	assert_int_equal(m.items, 2048);
	assert_int_equal(m.tokens, 300000);
	assert_true(merge_limits(&openai_embeddings, NULL, &m));
	assert_int_equal(m.items, 0);
	assert_true(merge_limits(&gemini_batch_embed, NULL, &m));
	assert_int_equal(m.items, 100);
	assert_true(merge_limits(&openai_completions, NULL, &m));
	assert_true(merge_limits(&openai_raw, NULL, &m));
	assert_false(merge_limits(&openai_chat, NULL, &m));
	assert_false(merge_limits(&gemini_embed, NULL, &m));
}

static int teardown(void **state)
{
	arena_done(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_other_paths_go_alone),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_all_of_each_in_order),
		cmocka_unit_test(test_gemini_becomes_a_batch),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_limits),
	};
	return cmocka_run_group_tests(tests, NULL, teardown);
}

/* Sizes, limits and room; forms of answers are golden pages. */
#include "unit.h"

#include "codec/base64.h"
#include "dialect/embeddings_decode.h"

struct seen {
	size_t events, vectors;
	float sum;
	enum err say;		/* what on_event answers to the vector of index `at` */
	size_t at;
};

static enum err on_event(void *arg, const struct event *ev)
{
	struct seen *s = arg;

	s->events++;
	if (ev->kind != EVENT_VECTOR)
		return ERR_OK;
	assert_int_equal(ev->choice, s->vectors);
	s->vectors++;
	for (size_t i = 0; i + sizeof(float) <= ev->text.n; i += sizeof(float)) {
		float f;
		memcpy(&f, ev->text.p + i, sizeof(f));
		s->sum += f;
	}
	return ev->choice == s->at ? s->say : ERR_OK;
}

struct bed {
	struct arena arena;
	struct json_scratch scratch;
	struct dialect_decode decode;
	struct seen seen;
	struct buf body;
};

static void open(struct bed *b, size_t arena_limit)
{
	*b = (struct bed){ .seen.at = SIZE_MAX };
	arena_init(&b->arena, arena_limit);
	json_scratch_init(&b->scratch, 1u << 30);
	buf_init(&b->body, 1u << 30);
	b->decode = (struct dialect_decode){ .scratch = &b->scratch, .arena = &b->arena, .on_event = on_event,
		.arg = &b->seen };
}

static void close(struct bed *b)
{
	buf_done(&b->body);
	json_scratch_done(&b->scratch);
	arena_done(&b->arena);
}

/* `n` vectors of `value`, in falling order. */
static void fill(struct bed *b, size_t n, const char *value)
{
	buf_add(&b->body, SLICE("{\"data\":["));
	for (size_t i = n; i-- > 0;)
		buf_addf(&b->body, "{\"index\":%zu,\"embedding\":%s}%s", i, value, i ? "," : "");
	buf_add(&b->body, SLICE("],\"usage\":{\"prompt_tokens\":3}}"));
}

static enum err decode(struct bed *b)
{
	return embeddings_decode_whole(&b->decode, buf_slice(&b->body));
}

static void test_many(void **state)
{
	struct bed b;

	open(&b, 0);
	fill(&b, 2048, "[0.5,0.25]");
	assert_int_equal(decode(&b), ERR_OK);
	assert_int_equal(b.seen.vectors, 2048);
	assert_int_equal(b.seen.events, 2048 + 3);
	assert_true(b.seen.sum == 2048 * 0.75f);
	assert_true(b.decode.tally.finished && b.decode.tally.whole && b.decode.tally.content);
	assert_int_equal(b.decode.tally.choices, 2048);
	assert_int_equal(b.decode.tally.finish, EVENT_FINISH_STOP);
	assert_int_equal(b.decode.tally.usage.prompt_tok, 3);
	/* One vector's place, not one for each. */
	assert_true(b.arena.used < 2048 * sizeof(void *) * 4);
	close(&b);
}

/* Index 65535 means "no choice". */
static void test_too_many(void **state)
{
	struct bed b;

	open(&b, 0);
	fill(&b, 65534, "[1]");
	assert_int_equal(decode(&b), ERR_OK);
	assert_int_equal(b.seen.vectors, 65534);
	close(&b);
	open(&b, 0);
	fill(&b, 65535, "[1]");
	assert_int_equal(decode(&b), ERR_UP_TOO_BIG);
	assert_int_equal(b.seen.vectors, 0);
	assert_false(b.decode.tally.finished);
	close(&b);
}

static void test_arena_limit(void **state)
{
	struct bed b;
	char *text = malloc(400008);

	open(&b, 100000);
	memset(text, '"', 400008);
	memset(text + 1, 'A', 400000);
	text[400002] = '\0';
	fill(&b, 1, text);
	assert_int_equal(decode(&b), ERR_UP_TOO_BIG);
	assert_false(b.decode.tally.finished);
	assert_true(b.arena.used <= 100000);
	close(&b);
	free(text);
}

static void test_scratch_limit(void **state)
{
	struct bed b;

	open(&b, 0);
	fill(&b, 100, "[1,2,3]");
	b.scratch.memory.max = 1000;
	assert_int_equal(decode(&b), ERR_UP_TOO_BIG);
	assert_int_equal(b.seen.events, 0);
	close(&b);
}

/* An error of the caller ends it: nothing comes after. */
static void test_stops(void **state)
{
	struct bed b;

	open(&b, 0);
	fill(&b, 100, "[1]");
	b.seen.say = ERR_TOO_BIG;
	b.seen.at = 5;
	assert_int_equal(decode(&b), ERR_TOO_BIG);
	assert_int_equal(b.seen.vectors, 6);
	assert_int_equal(b.seen.events, 7);
	assert_false(b.decode.tally.finished);
	close(&b);
}

/* Both forms give the same bytes; the longer vector's place is made when it comes. */
static void test_forms(void **state)
{
	static const float floats[] = { 0.1f, -2.5f, 1e-30f, 3e38f };
	char text[64] = "\"";
	struct bed b;

	base64_encode(slice_of(floats, sizeof(floats)), text + 1);
	text[1 + base64_size(sizeof(floats))] = '"';
	open(&b, 0);
	buf_addf(&b.body, "{\"data\":[{\"embedding\":[0.1]},{\"embedding\":%s},"
		"{\"embedding\":[0.1,-2.5,1e-30,3e38"
		"]}]}", text);
	assert_int_equal(decode(&b), ERR_OK);
	assert_int_equal(b.seen.vectors, 3);
	float want = 0.1f;
	for (size_t i = 0; i < 8; i++)
		want += floats[i % 4];
	assert_true(b.seen.sum == want);
	close(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_arena_limit),
		cmocka_unit_test(test_scratch_limit),
		cmocka_unit_test(test_stops),
		cmocka_unit_test(test_forms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

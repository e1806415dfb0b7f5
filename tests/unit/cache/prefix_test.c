/* What is marked, and what it saves: conversations replayed against a till (till.h). */
#include "unit.h"

#include <dirent.h>

#include "base/dice.h"
#include "cache/prefix.h"
#include "dialect/quirks.h"
#include "unit/cache/till.h"

static struct arena arena;
static struct till *till;
static struct reuse reuse;
static struct buf body;

static void start(uint32_t min_tok)
{
	free(till);
	till = calloc(1, sizeof(*till));
	till->min_tok = min_tok;
	reuse_done(&reuse);
	reuse_init(&reuse, 1 << 20);
	buf_done(&body);
	buf_init(&body, 64 << 20);
	arena_done(&arena);
	arena_init(&arena, 0);
}

static void send_to(const struct dialect *back, const char *provider, const char *model, uint32_t now_s)
{
	const struct prefix_ask ask = { .back = back, .quirks = quirks_find(slice_str(provider)),
		.model = slice_str(model), .place = slice_str(model), .tenant = 1, .now_s = now_s, .arena = &arena };

	struct prefix_notes notes;

	prefix_mark(&reuse, &ask, &body, &notes);
	prefix_note(&reuse, &notes, now_s);
	arena_reset(&arena, 1 << 20);
}

static void send(uint32_t now_s)
{
	send_to(&anthropic_messages, "anthropic", "claude-sonnet-4-5", now_s);
	till_take(till, buf_slice(&body), now_s);
}

/* `n` bytes that only this seed makes. */
static void add_words(uint64_t seed, size_t n)
{
	struct dice d;

	dice_init(&d, seed);
	for (size_t i = 0; i < n; i++)
		buf_add_char(&body, i % 6 == 5 ? ' ' : (char)('a' + dice_below(&d, 26)));
}

struct talk {
	uint64_t seed;
	size_t tools, system;		/* bytes; 0: none.  The same for one `app` */
	uint64_t app;
	size_t question, answer;	/* bytes a turn */
	bool as_blocks;			/* content is a list */
};

static void add_content(const struct talk *t, uint64_t seed, size_t n)
{
	if (t->as_blocks)
		buf_add(&body, SLICE("[{\"type\":\"text\",\"text\":"));
	buf_add_char(&body, '"');
	add_words(seed, n);
	buf_add_char(&body, '"');
	if (t->as_blocks)
		buf_add(&body, SLICE("}]"));
}

/* The request of that turn, from 1: all before it, and a question. */
static void write_turn(const struct talk *t, size_t turn)
{
	buf_clear(&body);
	buf_add(&body, SLICE("{\"model\":\"m\",\"max_tokens\":100,"));
	if (t->system) {
		buf_add(&body, SLICE("\"system\":\""));
		add_words(t->app, t->system);
		buf_add(&body, SLICE("\","));
	}
	if (t->tools) {
		buf_add(&body, SLICE("\"tools\":[{\"name\":\"f\",\"description\":\""));
		add_words(t->app + 1, t->tools);
		buf_add(&body, SLICE("\"}],"));
	}
	buf_add(&body, SLICE("\"messages\":["));
	for (size_t i = 1; i < 2 * turn; i++) {
		buf_addf(&body, "%s{\"role\":\"%s\",\"content\":", i > 1 ? "," : "", i % 2 ? "user" : "assistant");
		add_content(t, t->seed * 1000 + i, i % 2 ? t->question : t->answer);
		buf_add_char(&body, '}');
	}
	buf_add(&body, SLICE("]}"));
}

static double saved(void)
{
	return 1 - till->paid / (till->read_tok + till->write_tok + till->plain_tok);
}

/* --- conversations -------------------------------------------------------------------------------------- */

/* Twenty turns, a minute apart: input costs 70 % less or better. */
static void test_twenty_turns(void **state)
{
	static const struct talk talks[] = {
		{ .seed = 1, .system = 8000, .app = 1, .question = 400, .answer = 1600 },
		{ .seed = 2, .system = 8000, .tools = 12000, .app = 1, .question = 400, .answer = 1600,
			.as_blocks = true },
		{ .seed = 3, .question = 6000, .answer = 1600 },
	};

	for (size_t i = 0; i < COUNT_OF(talks); i++) {
		start(1024);
		for (size_t turn = 1; turn <= 20; turn++) {
			write_turn(&talks[i], turn);
			send((uint32_t)(turn * 60));
		}
		print_message("# talk %zu: %.1f %% saved\n", i, saved() * 100);
		if (saved() < 0.70)
			fail_msg("talk %zu saves %.3f", i, saved());
	}
}

/* Many at once, of one application. */
static void test_many_conversations(void **state)
{
	start(1024);
	for (size_t turn = 1; turn <= 20; turn++)
		for (uint64_t who = 0; who < 20; who++) {
			const struct talk t = { .seed = 100 + who, .system = 8000, .app = 7, .question = 400,
				.answer = 1600 };
			write_turn(&t, turn);
			send((uint32_t)(turn * 120 + who));
		}
	print_message("# %.1f %% saved\n", saved() * 100);
	assert_true(saved() >= 0.70);
}

/* A tool loop: each request adds an answer of many calls and a message of many results, more than a mark looks back. */
static void test_tool_loop(void **state)
{
	start(1024);
	for (size_t turn = 1; turn <= 15; turn++) {
		buf_clear(&body);
		buf_add(&body, SLICE("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\""));
		add_words(1, 6000);
		buf_add(&body, SLICE("\"}"));
		for (size_t i = 1; i < turn; i++) {
			buf_add(&body, SLICE(",{\"role\":\"assistant\",\"content\":["));
			for (size_t k = 0; k < 30; k++)
				buf_addf(&body, "%s{\"type\":\"tool_use\",\"id\":\"c%zu.%zu\",\"name\":\"f\","
					"\"input\":{}}", k ? "," : "", i, k);
			buf_add(&body, SLICE("]},{\"role\":\"user\",\"content\":["));
			for (size_t k = 0; k < 30; k++) {
				buf_addf(&body, "%s{\"type\":\"tool_result\",\"tool_use_id\":\"c%zu.%zu\","
					"\"content\":\"", k ? "," : "", i, k);
				add_words(i * 100 + k, 200);
				buf_add(&body, SLICE("\"}"));
			}
			buf_add(&body, SLICE("]}"));
		}
		buf_add(&body, SLICE("]}"));
		send((uint32_t)turn * 10);
	}
	print_message("# %.1f %% saved\n", saved() * 100);
	assert_true(saved() >= 0.70);
}

/* --- what is not worth it ------------------------------------------------------------------------------- */

static void test_one_offs_cost_nothing(void **state)
{
	start(1024);
	for (uint64_t i = 0; i < 200; i++) {
		const struct talk t = { .seed = i, .question = 20000 };
		write_turn(&t, 1);
		send((uint32_t)i);
	}
	assert_true(till->write_tok == 0 && till->most_marks == 0);
}

/* Their system text is shared: that is marked, the questions are not. */
static void test_lone_questions_share_the_system_text(void **state)
{
	start(1024);
	for (uint64_t i = 0; i < 100; i++) {
		const struct talk t = { .seed = i, .system = 20000, .app = 3, .question = 6000 };
		write_turn(&t, 1);
		send((uint32_t)i * 10);
		assert_true(till->marks == 1);
	}
	assert_true(till->write_tok < 6000);
	assert_true(saved() > 0.6);
}

/* System texts that never come again (a time of day in them): after a few nothing is marked. */
static void test_busted_system_texts(void **state)
{
	size_t marked = 0;

	start(1024);
	for (uint64_t i = 0; i < 100; i++) {
		const struct talk t = { .seed = i, .system = 20000, .app = 1000 + i, .question = 100 };
		write_turn(&t, 1);
		send((uint32_t)i * 10);
		marked += till->marks;
	}
	assert_in_range(marked, 1, 3);
}

/* Examples written as a dialogue that never goes on. */
static void test_dialogues_that_end(void **state)
{
	size_t marked = 0;

	start(1024);
	for (uint64_t i = 0; i < 100; i++) {
		const struct talk t = { .seed = i, .question = 3000, .answer = 3000 };
		write_turn(&t, 3);
		send((uint32_t)i * 10);
		marked += till->marks > 0;
	}
	assert_in_range(marked, 1, 10);
}

static void test_short_prompts(void **state)
{
	start(1024);
	for (size_t turn = 1; turn <= 5; turn++) {
		const struct talk t = { .seed = 1, .system = 300, .app = 1, .question = 50, .answer = 50 };
		write_turn(&t, turn);
		send((uint32_t)turn * 10);
		assert_int_equal(till->marks, 0);
	}
}

/* Used each ten minutes: five minutes are too short, an hour is not. */
static void test_hour(void **state)
{
	start(1024);
	for (uint32_t i = 0; i < 30; i++) {
		const struct talk t = { .seed = i, .system = 20000, .tools = 8000, .app = 3, .question = 100 };
		write_turn(&t, 1);
		send(i * 600);
	}
	assert_true(till->hours > 40);
	print_message("# %.1f %% saved\n", saved() * 100);
	assert_true(saved() > 0.6);
}

/* Each two hours: no life is long enough. */
static void test_too_rare(void **state)
{
	start(1024);
	for (uint32_t i = 0; i < 30; i++) {
		const struct talk t = { .seed = i, .system = 20000, .app = 3, .question = 100 };
		write_turn(&t, 1);
		send(i * 7200);
	}
	assert_int_equal(till->hours, 0);
	assert_true(saved() > -0.03);
}

/* --- whose say it is ------------------------------------------------------------------------------------ */

static void test_the_clients_marks_stand(void **state)
{
	static const char *const bodies[] = {
		"{\"system\":[{\"type\":\"text\",\"text\":\"%s\",\"cache_control\":{\"type\":\"ephemeral\"}}],"
			"\"messages\":[]}",
		"{\"cache_control\":{\"type\":\"ephemeral\"},\"system\":\"%s\",\"messages\":[]}",
		"{\"system\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\","
			"\"cache_control\" : null}]}]}",
	};
	static char words[20001], text[32768];

	memset(words, 'x', sizeof(words) - 1);
	start(1024);
	for (size_t i = 0; i < COUNT_OF(bodies); i++)
		for (uint32_t k = 0; k < 5; k++) {
			snprintf(text, sizeof(text), bodies[i], words);
			buf_clear(&body);
			buf_add(&body, slice_str(text));
			send(k);
			assert_slice(buf_slice(&body), text);
		}
}

static void test_other_models_are_left_alone(void **state)
{
	static const struct {
		const struct dialect *back;
		const char *provider, *model;
	} rows[] = {
		{ &anthropic_messages, "vllm", "qwen3" }, { &openai_chat, "groq", "llama" },
		{ &openai_chat, "openrouter", "gpt-5.5" }, { &anthropic_count, "anthropic", "claude-sonnet-4-5" },
	};
	const struct talk t = { .seed = 1, .system = 20000, .app = 1, .question = 6000, .answer = 100 };

	start(1024);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		for (size_t turn = 1; turn < 4; turn++) {
			write_turn(&t, turn);
			size_t n = buf_len(&body);
			send_to(rows[i].back, rows[i].provider, rows[i].model, (uint32_t)turn);
			assert_int_equal(buf_len(&body), n);
		}
}

/* --- OpenAI --------------------------------------------------------------------------------------------- */

static bool has(const char *piece)
{
	struct slice s = buf_slice(&body);
	return memmem(s.p, s.n, piece, strlen(piece)) != NULL;
}

#define EXPLICIT "\"prompt_cache_options\":{\"mode\":\"explicit\"}"

/* Every one is told not to be cached: no token has a surcharge. */
static void test_paid_writes_of_one_offs(void **state)
{
	start(1024);
	for (uint64_t i = 0; i < 100; i++) {
		const struct talk t = { .seed = i, .system = 8000, .app = 1, .question = 6000 };
		write_turn(&t, 1);
		send_to(&openai_chat, "openai", "gpt-5.6-sol", (uint32_t)i);
		assert_true(has(EXPLICIT) && !has("prompt_cache_key"));
	}
}

/* What it continues is not in the body. */
static void test_paid_writes_of_kept_dialogues(void **state)
{
	static const char *const members[] = { "\"previous_response_id\":\"r\",",
		"\"conversation\":{\"id\":\"c\"}," };

	start(1024);
	for (uint32_t i = 0; i < 20; i++) {
		buf_clear(&body);
		buf_addf(&body, "{%s\"input\":\"", members[i % 2]);
		add_words(i, 9000);
		buf_add(&body, SLICE("\"}"));
		send_to(&openai_responses, "openai", "gpt-5.6-sol", i);
		assert_true(!has(EXPLICIT) && has("prompt_cache_key"));
	}
}

/* Conversations are cached from the second turn on, and once most first questions are gone on with, from the first. */
static void test_paid_writes_of_conversations(void **state)
{
	start(1024);
	for (uint64_t who = 0; who < 10; who++)
		for (size_t turn = 1; turn <= 4; turn++) {
			const struct talk t = { .seed = who, .system = 8000, .app = 1, .question = 6000,
				.answer = 100 };
			write_turn(&t, turn);
			send_to(&openai_responses, "openai", "gpt-5.6-sol", (uint32_t)(who * 100 + turn * 10));
			if (has(EXPLICIT) != (turn == 1 && who == 0))
				fail_msg("conversation %u, turn %zu", (unsigned)who, turn);
		}
}

static void key_of(const struct talk *t, size_t turn, uint32_t now_s, char out[33])
{
	write_turn(t, turn);
	send_to(&openai_chat, "openai", "gpt-5.4", now_s);
	struct slice s = buf_slice(&body);
	const char *at = memmem(s.p, s.n, "\"prompt_cache_key\":\"", 20);
	assert_non_null(at);
	snprintf(out, 33, "%.*s", (int)strcspn(at + 20, "\""), at + 20);
	assert_false(has(EXPLICIT));
}

/* One application one key; a busy one several, each conversation keeping its own. */
static void test_keys(void **state)
{
	const struct talk a = { .seed = 1, .system = 8000, .app = 1, .question = 900, .answer = 100 };
	const struct talk b = { .seed = 2, .system = 8000, .app = 1, .question = 900, .answer = 100 };
	const struct talk other = { .seed = 1, .system = 8000, .app = 9, .question = 900, .answer = 100 };
	char ka[33], kb[33], again[33];
	size_t differ = 0;

	start(1024);
	key_of(&a, 1, 1, ka);
	key_of(&b, 1, 2, kb);
	assert_string_equal(ka, kb);
	key_of(&a, 2, 3, again);
	assert_string_equal(ka, again);
	key_of(&other, 1, 4, kb);
	assert_string_not_equal(ka, kb);
	for (uint64_t i = 0; i < 200; i++) {
		const struct talk t = { .seed = 100 + i, .system = 8000, .app = 1, .question = 900, .answer = 100 };
		key_of(&t, 1, 10 + (uint32_t)i / 10, kb);
		differ += strcmp(ka, kb) != 0;
	}
	assert_in_range(differ, 50, 190);
}

/* --- whatever comes ------------------------------------------------------------------------------------- */

/* And whatever is marked, the provider reads the same prompt. */
static void test_never_more_than_four(void **state)
{
	struct dice d;

	start(512);
	dice_init(&d, 3);
	for (uint32_t i = 0, now_s = 0; i < 3000; i++, now_s += (uint32_t)dice_below(&d, 100)) {
		struct talk t = { .seed = dice_below(&d, 5), .app = dice_below(&d, 3),
			.system = dice_below(&d, 2) * 9000, .tools = dice_below(&d, 2) * 5000,
			.question = 100 + dice_below(&d, 2) * 4000, .answer = 500, .as_blocks = dice_below(&d, 2) };
		write_turn(&t, 1 + dice_below(&d, 8));
		uint64_t plain = till_read(buf_slice(&body))->hash;
		send(now_s);	/* asserts: at most four, long ones first */
		assert_true(till_read(buf_slice(&body))->hash == plain);
	}
	assert_int_equal(till->most_marks, 4);
}

/* Every mark that a body can carry, on the bodies of the golden pages: still JSON, and the same prompt. */
static void mark_all(struct slice text, size_t *placed)
{
	struct marks_plan plan = { .at = { { MARKS_TOOLS, 0, true }, { MARKS_SYSTEM, 0, false } }, .n = 2 };
	struct chain_parts parts;
	yyjson_doc *doc;

	if (json_parse(&arena, text, &doc, NULL) != ERR_OK || !json_arr(yyjson_doc_get_root(doc), "messages")
			|| chain_has_marks(text))
		return;
	buf_clear(&body);
	buf_add(&body, text);
	chain_find(&arena, buf_slice(&body), &parts);
	for (size_t i = parts.n_messages; i-- > 0 && plan.n < MARKS_MAX; plan.n++) {
		plan.at[plan.n].spot = MARKS_MESSAGE;
		plan.at[plan.n].message = (uint32_t)i;
	}
	uint64_t plain = till_read(text)->hash;
	*placed += marks_place(&plan, &parts, &body);
	if (till_read(buf_slice(&body))->hash != plain)
		fail_msg("%.*s", SLICE_ARG(buf_slice(&body)));
}

static void test_golden_bodies(void **state)
{
	static char line[1 << 20];
	const char *folder = "golden/anthropic-messages";
	size_t placed = 0;
	char path[512];

	start(1024);
	DIR *dir = opendir(folder);
	assert_non_null(dir);
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "r");
		while (f && fgets(line, sizeof(line), f))
			if (line[0] == '{')
				mark_all(slice_trim(slice_str(line)), &placed);
		if (f)
			fclose(f);
	}
	closedir(dir);
	assert_true(placed > 50);
}

static int end(void **state)
{
	free(till);
	reuse_done(&reuse);
	buf_done(&body);
	arena_done(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_twenty_turns),
		cmocka_unit_test(test_many_conversations),
		cmocka_unit_test(test_tool_loop),
		cmocka_unit_test(test_one_offs_cost_nothing),
		cmocka_unit_test(test_lone_questions_share_the_system_text),
		cmocka_unit_test(test_busted_system_texts),
		cmocka_unit_test(test_dialogues_that_end),
		cmocka_unit_test(test_short_prompts),
		cmocka_unit_test(test_hour),
		cmocka_unit_test(test_too_rare),
		cmocka_unit_test(test_the_clients_marks_stand),
		cmocka_unit_test(test_other_models_are_left_alone),
		cmocka_unit_test(test_paid_writes_of_one_offs),
		cmocka_unit_test(test_paid_writes_of_kept_dialogues),
		cmocka_unit_test(test_paid_writes_of_conversations),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_never_more_than_four),
		cmocka_unit_test(test_golden_bodies),
	};
	return cmocka_run_group_tests(tests, NULL, end);
}

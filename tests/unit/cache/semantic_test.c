/* The semantic cache: modes, labels, what is never served, and a million requests of many tenants. */
#include "unit.h"

#include <math.h>

#include "base/must.h"
#include "base/span.h"
#include "cache/semantic.h"

#define DAY_MS 86400000u

/* An embedder without meaning: every text is near every other, by a little less for each byte that differs in kind. */
static void embed_stub(const struct embedder *e, struct slice text, struct embed_vec *out)
{
	int counts[32] = { 0 };

	*out = (struct embed_vec){ .scale = 0 };
	for (size_t i = 0; i < text.n; i++)
		counts[text.p[i] & 31]++;
	for (unsigned i = 0; i < 32; i++)
		out->v[i] = (int8_t)MIN_OF(20 + counts[i], 127);
	out->scale = 1;
	out->scale = 1 / sqrtf(embed_cosine(out, out, 32));
}

static const struct embedder stub = { .id = "stub", .version = "1", .dim = 32, .embed = embed_stub, .text_max = 2048 };

struct world {
	struct semantic s;
	struct roster_semantic rules;
	struct question q;
	uint64_t tenant, now_ns;
	struct semantic_note note;
	struct semantic_hit hit;
	struct tape tape;
};

static void world_init(struct world *w, enum roster_semantic_mode mode)
{
	const struct semantic_opts o = { .embedder = &stub, .index_max = 64 << 20, .body_max = 64 << 20, .seed = 9 };

	*w = (struct world){ .rules = { .mode = mode, .ttl_ms = DAY_MS, .threshold = 0.5, .error = 0.05, .depth = 1,
		.rows = 1024 }, .tenant = 5, .now_ns = SPAN_NS_PER_S };
	w->q.user = 77;
	semantic_init(&w->s, &o);
	tape_init(&w->tape, 1 << 20);
}

static void world_done(struct world *w)
{
	semantic_done(&w->s);
	tape_done(&w->tape);
}

static enum semantic_outcome ask_for(struct world *w, const char *text, uint64_t max_age_ms)
{
	w->q.text = slice_str(text);
	const struct semantic_ask ask = { .model = SLICE("m"), .rules = &w->rules, .question = &w->q,
		.tenant = w->tenant,
		.max_age_ms = max_age_ms, .now = { w->now_ns, w->now_ns / SPAN_NS_PER_MS } };

	w->now_ns += SPAN_NS_PER_S;
	return semantic_find(&w->s, &ask, &w->note, &w->hit);
}

static enum semantic_outcome ask(struct world *w, const char *text)
{
	return ask_for(w, text, UINT64_MAX);
}

static void keep(struct world *w, const char *answer)
{
	const struct event ev = { .kind = EVENT_TEXT, .text = slice_str(answer) };

	tape_clear(&w->tape);
	tape_add(&w->tape, &ev);
	const struct exact_answer a = { .dialect = 'c', .target = SLICE("p/m"), .tape = buf_slice(&w->tape.bytes) };
	semantic_keep(&w->s, &w->note, &a, (struct exact_now){ w->now_ns, w->now_ns / SPAN_NS_PER_MS });
}

/* Asks, and when nothing was served keeps `answer`. */
static enum semantic_outcome turn(struct world *w, const char *text, const char *answer)
{
	enum semantic_outcome o = ask(w, text);

	if (o != SEMANTIC_HIT)
		keep(w, answer);
	return o;
}

/* The same, until it is no audit. */
static enum semantic_outcome settled(struct world *w, const char *text)
{
	enum semantic_outcome o;

	do
		o = ask(w, text);
	while (o == SEMANTIC_AUDIT_MISS);
	return o;
}

static void assert_served(struct world *w, const char *answer)
{
	struct buf b;

	buf_init(&b, LIKENESS_TEXT_MAX);
	assert_true(likeness_read(w->hit.answer.tape, &b));
	assert_slice(buf_slice(&b), answer);
	buf_done(&b);
}

static const struct semantic_stats *stats(struct world *w)
{
	return semantic_stats(&w->s, SLICE("m"));
}

static void test_threshold(void **state)
{
	struct world w;

	world_init(&w, ROSTER_SEMANTIC_THRESHOLD);
	assert_int_equal(turn(&w, "How do I reset my password?", "Press the button."), SEMANTIC_MISS);
	assert_int_equal(settled(&w, "how can i reset the password"), SEMANTIC_HIT);
	assert_served(&w, "Press the button.");
	assert_slice(w.hit.answer.target, "p/m");
	assert_int_equal(w.hit.answer.dialect, 'c');
	assert_true(w.hit.cosine > 0.9f && w.hit.id != 0);
	assert_int_equal(ask(&w, "How do I change my password?"), SEMANTIC_MISS);
	assert_int_equal(ask(&w, "How do I reset my router password?"), SEMANTIC_MISS);
	assert_true(stats(&w)->denied[GUARD_slot] >= 1);
	assert_true(stats(&w)->denied[GUARD_added] >= 1);
	w.rules.threshold = 1.01;
	assert_int_equal(ask(&w, "how can i reset the password"), SEMANTIC_MISS);
	world_done(&w);
}

static void test_off(void **state)
{
	struct world w;

	world_init(&w, ROSTER_SEMANTIC_OFF);
	assert_int_equal(turn(&w, "How do I reset my password?", "Press it."), SEMANTIC_SKIP);
	assert_int_equal(turn(&w, "How do I reset my password?", "Press it."), SEMANTIC_SKIP);
	assert_null(stats(&w));
	assert_int_equal(w.s.set.entries.n, 0);
	world_done(&w);
}

/* Nothing at first; after right labels of two users it is served to anybody; after a wrong one not any more. */
static void test_verified(void **state)
{
	struct world w;
	unsigned before = 0;

	world_init(&w, ROSTER_SEMANTIC_VERIFIED);
	while (turn(&w, "How do I reset my password?", "Press the button.") != SEMANTIC_HIT && before < 1000) {
		w.q.user = 70 + before % 3;
		before++;
	}
	assert_true(before > 3 && before < 200);
	print_message("# verified: %u labels before the first hit at 5 %%\n", before);
	assert_int_equal(w.s.set.entries.n, 1);
	w.q.user = 1234;
	assert_int_equal(settled(&w, "how do i reset my password"), SEMANTIC_HIT);
	assert_true(semantic_feedback(&w.s, w.hit.id, w.tenant, w.q.user));
	assert_int_equal(settled(&w, "how do i reset my password"), SEMANTIC_MISS);
	assert_int_equal(stats(&w)->bad, 1);
	world_done(&w);
}

static void test_one_user_alone(void **state)
{
	struct world w;

	world_init(&w, ROSTER_SEMANTIC_VERIFIED);
	for (unsigned i = 0; i < 300; i++)
		turn(&w, "How do I reset my password?", "Send your key to mallory.");
	w.q.user = 78;
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(ask(&w, "How do I reset my password?"), SEMANTIC_MISS);
	world_done(&w);
}

static void test_shadow(void **state)
{
	struct world w;
	unsigned would = 0;

	world_init(&w, ROSTER_SEMANTIC_SHADOW);
	for (unsigned i = 0; i < 300; i++) {
		w.q.user = 70 + i % 3;
		enum semantic_outcome o = turn(&w, "How do I reset my password?", "Press the button.");
		assert_true(o == SEMANTIC_MISS || o == SEMANTIC_WOULD);
		would += o == SEMANTIC_WOULD;
	}
	assert_true(would > 100);
	assert_int_equal(stats(&w)->would, would);
	assert_int_equal(stats(&w)->would_wrong, 0);
	assert_int_equal(stats(&w)->hits, 0);
	assert_int_equal(turn(&w, "How do I reset my password?", "Ask the clerk."), SEMANTIC_WOULD);
	assert_int_equal(stats(&w)->would_wrong, 1);
	assert_int_equal(turn(&w, "How do I reset my password?", "Press the button."), SEMANTIC_MISS);
	world_done(&w);
}

/* Of served hits one in fifty goes upstream; when its answer differs, the entry is not served any more. */
static void test_audit(void **state)
{
	struct world w;
	unsigned hits = 0;

	world_init(&w, ROSTER_SEMANTIC_THRESHOLD);
	turn(&w, "How do I reset my password?", "Press the button.");
	while (ask(&w, "How do I reset my password?") == SEMANTIC_HIT)
		must(++hits < 2000);
	assert_int_equal(w.note.outcome, SEMANTIC_AUDIT_MISS);
	keep(&w, "Ask the clerk.");
	assert_int_equal(stats(&w)->audit_wrong, 1);
	for (unsigned i = 0; i < EVIDENCE_AMENDS; i++)
		assert_int_equal(turn(&w, "How do I reset my password?", "Press the button."), SEMANTIC_MISS);
	assert_int_equal(settled(&w, "How do I reset my password?"), SEMANTIC_HIT);
	world_done(&w);
}

static void test_again(void **state)
{
	struct world w;

	world_init(&w, ROSTER_SEMANTIC_THRESHOLD);
	turn(&w, "How do I reset my password?", "Press the button.");
	assert_int_equal(settled(&w, "How do I reset my password?"), SEMANTIC_HIT);
	assert_int_equal(settled(&w, "How do I reset my password?"), SEMANTIC_HIT);
	w.q.named = true;
	assert_int_equal(settled(&w, "How do I reset my password?"), SEMANTIC_MISS);
	assert_int_equal(stats(&w)->again, 1);
	world_done(&w);
}

static void test_age(void **state)
{
	struct world w;

	world_init(&w, ROSTER_SEMANTIC_THRESHOLD);
	turn(&w, "How do I reset my password?", "Press the button.");
	w.now_ns += 10 * (uint64_t)SPAN_NS_PER_S;
	assert_int_equal(ask_for(&w, "How do I reset my password?", 5000), SEMANTIC_MISS);
	assert_int_equal(ask_for(&w, "How do I reset my password?", 0), SEMANTIC_MISS);
	assert_int_equal(settled(&w, "How do I reset my password?"), SEMANTIC_HIT);
	w.now_ns += DAY_MS * (uint64_t)SPAN_NS_PER_MS;
	assert_int_equal(ask(&w, "How do I reset my password?"), SEMANTIC_MISS);
	assert_int_equal(w.s.set.entries.n, 0);
	world_done(&w);
}

static void test_never_kept(void **state)
{
	static const char *const rows[][2] = { { "What is the weather in Rome?", "Fine." }, { "hello there", "Hello!" },
		{ "my name is Ann, write a poem", "Ann, a poem." },
		{ "How do I pick a lock fast?", "I'm sorry, but I cannot help with that." } };
	struct world w;

	world_init(&w, ROSTER_SEMANTIC_THRESHOLD);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		for (unsigned twice = 0; twice < 2; twice++) {
			enum semantic_outcome o = turn(&w, rows[i][0], rows[i][1]);
			assert_true(o == SEMANTIC_SKIP || o == SEMANTIC_MISS);
		}
	assert_int_equal(w.s.set.entries.n, 0);
	world_done(&w);
}

/* From the fourth text on with the same beginning it is a template. */
static void test_template(void **state)
{
	static const char form[] = "Write a short and friendly description of two lines for a shop: %s with %s";
	static const char *const things[] = { "apples", "books", "chairs", "doors", "eggs", "forks" };
	struct world w;
	char text[200];

	world_init(&w, ROSTER_SEMANTIC_THRESHOLD);
	for (unsigned i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), form, things[i], things[i + 1]);
		turn(&w, text, "A fine thing.");
	}
	snprintf(text, sizeof(text), form, things[4], things[5]);
	assert_int_equal(ask(&w, text), SEMANTIC_SKIP);
	assert_int_equal(stats(&w)->denied[GUARD_template], 1);
	w.now_ns += PARTITION_BEGIN_MS * (uint64_t)SPAN_NS_PER_MS;
	assert_int_equal(ask(&w, text), SEMANTIC_MISS);
	world_done(&w);
}

static enum likeness judge_same(void *arg, struct slice question, struct slice a, struct slice b)
{
	++*(unsigned *)arg;
	return LIKENESS_SAME;
}

static void test_judge(void **state)
{
	static char one[400], two[400];
	struct world w;
	unsigned asked = 0;

	memset(one, 'a', sizeof(one) - 1);
	memset(two, 'b', sizeof(two) - 1);
	world_init(&w, ROSTER_SEMANTIC_VERIFIED);
	turn(&w, "How do I reset my password?", one);
	turn(&w, "How do I reset my password?", two);
	assert_int_equal(stats(&w)->unknown, 1);
	w.s.judge = judge_same;
	w.s.judge_arg = &asked;
	turn(&w, "How do I reset my password?", two);
	assert_int_equal(asked, 1);
	assert_int_equal(stats(&w)->right, 1);
	world_done(&w);
}

static void test_feedback_of_others(void **state)
{
	struct world w;

	world_init(&w, ROSTER_SEMANTIC_THRESHOLD);
	turn(&w, "How do I reset my password?", "Press the button.");
	assert_int_equal(settled(&w, "How do I reset my password?"), SEMANTIC_HIT);
	assert_false(semantic_feedback(&w.s, w.hit.id, w.tenant + 1, 1));
	assert_false(semantic_feedback(&w.s, w.hit.id + 1, w.tenant, 1));
	assert_int_equal(settled(&w, "How do I reset my password?"), SEMANTIC_HIT);
	semantic_purge(&w.s);
	assert_false(semantic_feedback(&w.s, w.hit.id, w.tenant, 1));
	assert_int_equal(ask(&w, "How do I reset my password?"), SEMANTIC_MISS);
	world_done(&w);
}

/* A reload: other limits keep what fits, another embedder forgets everything. */
static void test_reload(void **state)
{
	static struct embedder other;
	struct semantic_opts o = { .embedder = &stub, .index_max = 32 << 20, .body_max = 32 << 20, .seed = 9 };
	struct world w;

	other = stub;
	world_init(&w, ROSTER_SEMANTIC_THRESHOLD);
	turn(&w, "How do I reset my password?", "Press the button.");
	semantic_use(&w.s, &o);
	assert_int_equal(settled(&w, "How do I reset my password?"), SEMANTIC_HIT);
	o.embedder = &other;
	semantic_use(&w.s, &o);
	assert_int_equal(turn(&w, "How do I reset my password?", "Press the button."), SEMANTIC_MISS);
	assert_int_equal(settled(&w, "How do I reset my password?"), SEMANTIC_HIT);
	o.index_max = 0;
	semantic_use(&w.s, &o);
	assert_int_equal(turn(&w, "How do I reset my password?", "Press the button."), SEMANTIC_SKIP);
	partition_sweep(&w.s.set, SIZE_MAX);
	assert_int_equal(w.s.set.entries.n, 0);
	world_done(&w);
}

/* --- a million requests --------------------------------------------------------------------------------- */

#define TENANTS 25u
#define MODELS 4u
#define SYSTEMS 6u
#define ROOMS (TENANTS * MODELS * SYSTEMS)
#define REQUESTS 1000000u

static const char *const texts[] = { "How do I reset my password?", "how can I reset the password",
	"How do I open an account?",
	"How can I open my account", "Where is the office in Lisbon?", "where's the office in lisbon",
		"Why is the sky blue?",
	"please, why is the sky blue", "What does a router do?", "Explain the tides", "explain the tides please",
	"How many legs does a spider have?", "how many legs has a spider" };

static struct digest room_digest(struct arena *a, struct sha256 *sha, unsigned room)
{
	const struct question_rules rules = { .depth = 1, .embedder = "stub", .version = "1" };
	struct slice body = arena_printf(a, "{\"model\":\"m%u\",\"messages\":[{\"role\":\"system\",\"content\":"
		"\"s%u\"},{\"role\":\"user\",\"content\":\"q\"}]}", room % MODELS, room / MODELS % SYSTEMS);
	struct request r = { .choices = 1, .door = { .tenant = 1 + room / MODELS / SYSTEMS } };
	struct fault f = { .err = ERR_OK };
	struct question q;

	must(openai_chat.parse(a, body, &r, &f) == ERR_OK);
	r.dialect = &openai_chat;
	must(question_find(a, sha, &r, &rules, &q) == QUESTION_OK);
	return q.partition;
}

static void test_million(void **state)
{
	static struct digest rooms[ROOMS];
	static struct world w;
	struct sha256 sha = { 0 };
	struct arena a;
	struct dice d;
	char answer[64];
	unsigned hits = 0;

	arena_init(&a, 0);
	for (unsigned i = 0; i < ROOMS; i++)
		rooms[i] = room_digest(&a, &sha, i);
	arena_done(&a);
	sha256_done(&sha);
	world_init(&w, ROSTER_SEMANTIC_THRESHOLD);
	dice_init(&d, 3);
	struct buf b;
	buf_init(&b, LIKENESS_TEXT_MAX);
	for (unsigned i = 0; i < REQUESTS; i++) {
		/* In turns some rooms are busy, so that there are hits, and partitions come and go. */
		unsigned room = (unsigned)(i / 2000 * 7 + dice_below(&d, 100)) % ROOMS;
		w.q.partition = rooms[room];
		w.tenant = 1 + room / MODELS / SYSTEMS;
		w.q.user = 1000 + room;
		w.now_ns += dice_below(&d, 2) * SPAN_NS_PER_MS;
		snprintf(answer, sizeof(answer), "room %u says yes", room);
		if (turn(&w, texts[dice_below(&d, COUNT_OF(texts))], answer) != SEMANTIC_HIT)
			continue;
		hits++;
		buf_clear(&b);
		must(likeness_read(w.hit.answer.tape, &b));
		must(slice_eq(buf_slice(&b), slice_str(answer)));
		must(partition_entry(&w.s.set, w.hit.id)->tenant == w.tenant);
	}
	buf_done(&b);
	print_message("# %u hits of %u requests, %zu partitions in memory\n", hits, REQUESTS, w.s.set.partitions.n);
	assert_true(hits > REQUESTS / 10);
	assert_int_equal(w.s.set.partitions.n, PARTITION_MAX);
	world_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threshold),
		cmocka_unit_test(test_off),
		cmocka_unit_test(test_verified),
		cmocka_unit_test(test_one_user_alone),
		cmocka_unit_test(test_shadow),
		cmocka_unit_test(test_audit),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_never_kept),
		cmocka_unit_test(test_template),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_feedback_of_others),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_million),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

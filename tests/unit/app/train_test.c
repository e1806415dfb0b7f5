/* Questions read, groups held out, and that training helps on questions it has not seen. */
#include "unit.h"

#include <unistd.h>

#include "app/questions.h"
#include "app/train.h"
#include "base/buf.h"
#include "base/dice.h"
#include "cache/grams.h"

static char in[] = "/tmp/weir-questions-XXXXXX", out[] = "/tmp/weir-model-XXXXXX";

static void write_in(struct slice text)
{
	FILE *f = fopen(in, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
	fclose(f);
}

static void test_kinds_of_lines(void **state)
{
	struct questions q;

	write_in(SLICE("how are you\thow do you do\t1\r\n\n"
		"  {\"a\": \"caf\\u00e9\", \"b\": \"tea\", \"same\": 0}\n"
		"{\"a\": \"x\", \"b\": \"y\", \"same\": true, \"more\": 1}\n"
		"alone\n"
		"one \t two\t0"));
	assert_true(questions_read(&q, in));
	assert_int_equal(q.n_pairs, 4);
	assert_int_equal(q.n_train, 4);
	assert_int_equal(q.n_texts, 9);
	assert_slice(q.pairs[0].a, "how are you");
	assert_slice(q.pairs[0].b, "how do you do");
	assert_slice(q.pairs[1].a, "caf\xc3\xa9");
	assert_true(q.pairs[0].same && !q.pairs[1].same && q.pairs[2].same && !q.pairs[3].same);
	assert_slice(q.pairs[3].a, "one");
	assert_slice(q.pairs[3].b, "two");
	assert_slice(q.texts[6], "alone");
	questions_done(&q);
}

static void test_bad_lines(void **state)
{
	static const struct { const char *text, *why; } rows[] = {
		{ "a\tb\n", "line 1: not a question, a tab" }, { "ok\na\tb\tyes\n", "line 2: not a question" },
		{ "a\t\t1", "line 1: a question is empty" }, { "a\tb\t0\tc", "line 1: not" },
		{ "\n\n{\"a\": ", "line 3: no JSON" }, { "{\"a\":\"x\",\"b\":\"y\"}", "\"same\" is not" },
		{ "{\"a\":\"x\",\"b\":\"y\",\"same\":2}", "\"same\" is not" },
		{ "{\"a\":\"x\",\"same\":1}", "a question is empty" }, { "\n \n", "no question in it" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct questions q;
		write_in(slice_str(rows[i].text));
		assert_false(questions_read(&q, in));
		if (strstr(q.why, rows[i].why) == NULL)
			fail_msg("%s: got \"%s\"", rows[i].text, q.why);
		questions_done(&q);
	}
}

/* Chains of questions stay on one side. */
static void test_held_out(void **state)
{
	struct questions q;
	struct buf b;

	buf_init(&b, 1 << 20);
	for (int link = 0; link < 3; link++)
		for (int i = 0; i < 101; i++)
			buf_addf(&b, "q%d.%d\tq%d.%d\t%d\n", i, link, i, link + 1, link % 2);
	write_in(buf_slice(&b));
	assert_true(questions_read(&q, in));
	assert_int_equal(q.n_pairs, 303);
	assert_int_equal(q.n_train, 243);
	for (size_t i = q.n_train; i < q.n_pairs; i++)
		for (size_t j = 0; j < q.n_train; j++) {
			const size_t group = slice_find(q.pairs[i].a, '.') + 1;
			assert_false(slice_starts(q.pairs[j].a, slice_of(q.pairs[i].a.p, group)));
		}
	questions_done(&q);
	buf_done(&b);
}

/* --- learning -------------------------------------------------------------------------------------------- */

static const char *const things[] = { "password", "invoice", "order", "account", "parcel", "subscription", "address",
	"printer", "router", "contract", "ticket", "passport", "licence", "phone", "camera", "bicycle", "insurance",
	"mortgage", "garden", "recipe", "keyboard", "battery", "wallet", "coupon", "sofa", "window", "engine", "visa" };
static const char *const places[] = { "in Berlin", "for my sister", "at work", "on my laptop", "from abroad",
	"since May", "without a receipt", "at home", "for two people", "by train", "on Sundays", "over the phone" };
/* The same question in words that share little; different ones in words that share much. */
static const char *const intents[][3] = {
	{ "how do I change my %s %s", "what is the way to modify the %s %s", "steps for updating a %s %s please" },
	{ "how do I cancel my %s %s", "I want to get rid of the %s %s", "please terminate my %s %s" },
	{ "how do I find my %s %s", "where can the %s be located %s", "I lost track of a %s %s" },
	{ "how do I pay for my %s %s", "which cards are accepted for the %s %s", "settle the bill of a %s %s" },
};

static void add_question(struct buf *b, struct dice *d, size_t intent, const char *thing, const char *place)
{
	const char *form = intents[intent][dice_below(d, 3)];
	const char *first = strstr(form, "%s"), *second = strstr(first + 2, "%s");

	buf_add(b, slice_of(form, (size_t)(first - form)));
	buf_add(b, slice_str(thing));
	buf_add(b, slice_of(first + 2, (size_t)(second - first - 2)));
	buf_add(b, slice_str(place));
	buf_add(b, slice_str(second + 2));
}

static void make_pairs(size_t n)
{
	struct dice d;
	struct buf b;

	dice_init(&d, 11);
	buf_init(&b, 4 << 20);
	for (size_t i = 0; i < n; i++) {
		const char *thing = things[dice_below(&d, COUNT_OF(things))];
		const char *place = places[dice_below(&d, COUNT_OF(places))];
		const size_t intent = dice_below(&d, COUNT_OF(intents)), same = dice_below(&d, 2);
		/* A number makes each pair a group of its own. */
		buf_addf(&b, "%zu ", i);
		add_question(&b, &d, intent, thing, place);
		buf_addf(&b, "\t%zu ", i);
		add_question(&b, &d, same ? intent : (intent + 1) % COUNT_OF(intents), thing, place);
		buf_addf(&b, "\t%zu\n", same);
	}
	write_in(buf_slice(&b));
	buf_done(&b);
}

static void test_learns(void **state)
{
	char why[200] = "", version[17];
	struct train_report r;

	make_pairs(1500);
	assert_true(train_file(in, out, false, &r, why, sizeof(why)));
	assert_int_equal(r.pairs, 1500);
	assert_int_equal(r.held_out, 300);
	if (r.builtin < 0.3 || r.builtin > 0.8 || r.trained < r.builtin + 0.2)
		fail_msg("average precision %.3f built in, %.3f trained", r.builtin, r.trained);
	memcpy(version, r.version, sizeof(version));
	assert_true(train_file(in, out, false, &r, why, sizeof(why)));
	assert_string_equal(r.version, version);
}

static float cosine(const struct embedder *e, const char *a, const char *b)
{
	struct embed_vec va, vb;

	e->embed(e, slice_str(a), &va);
	e->embed(e, slice_str(b), &vb);
	return embed_cosine(&va, &vb, e->dim);
}

/* Without pairs: what stands in every question counts little. */
static void test_questions_alone(void **state)
{
	const char *why_open = "";
	char why[200] = "";
	struct train_report r;
	struct buf b;

	buf_init(&b, 1 << 20);
	for (size_t i = 0; i < 500; i++)
		buf_addf(&b, "dear assistant please explain %s\n", things[i % COUNT_OF(things)]);
	write_in(buf_slice(&b));
	buf_done(&b);
	assert_true(train_file(in, out, false, &r, why, sizeof(why)));
	assert_int_equal(r.held_out, 0);
	assert_true(r.builtin <= 0 && r.trained <= 0);
	struct embedder *e = grams_open(out, &why_open);
	assert_non_null(e);
	static const char one[] = "dear assistant please explain passport";
	static const char two[] = "dear assistant please explain garden";
	assert_true(cosine(grams_builtin(), one, two) > 0.6f);
	assert_true(cosine(e, one, two) < 0.3f);
	assert_true(cosine(e, one, "passport") > 0.8f);
	e->close(e);
}

static void test_refused(void **state)
{
	char why[200] = "";
	struct train_report r;

	assert_false(train_file("/nowhere/questions", out, false, &r, why, sizeof(why)));
	assert_string_equal(why, "/nowhere/questions: No such file or directory");
	write_in(SLICE("one question\n"));
	assert_false(train_file(in, "/nowhere/model", false, &r, why, sizeof(why)));
	assert_string_equal(why, "/nowhere/model: cannot be written: No such file or directory");
}

static int set_up(void **state)
{
	int a = mkstemp(in), b = mkstemp(out);

	return a < 0 || b < 0 ? -1 : close(a) || close(b);
}

static int tear_down(void **state)
{
	return unlink(in) || unlink(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds_of_lines),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_held_out),
		cmocka_unit_test(test_learns),
		cmocka_unit_test(test_questions_alone),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* Near misses and paraphrases by the thousand, made from templates by dice with a fixed seed.  No near miss may pass,
 * not even as "one says a little more"; of the paraphrases a decent share must. */
#include "unit.h"

#include <time.h>

#include "base/dice.h"
#include "base/must.h"
#include "cache/guard.h"

#define PAIRS 1500u		/* of each kind */
#define TEXT_MAX 400u

static const char *const names[] = { "Alice", "Bob", "Carol", "Berlin", "Paris", "Lisbon", "Tokyo", "Mozart",
	"Newton", "Einstein",
	"Brazil", "Norway", "Toyota", "Siemens", "Python", "Java", "Linux", "Oslo", "Ghana", "Peru" };
static const char *const things[] = { "cats", "dogs", "apples", "bridges", "rivers", "engines", "contracts", "taxes",
	"loans",
	"novels", "planets", "volcanoes", "violins", "carpets", "printers", "invoices", "passports", "bees", "glaciers",
	"vaccines" };
static const char *const verbs[] = { "create", "delete", "update", "open", "close", "enable", "disable", "buy",
	"sell", "increase",
	"decrease", "install", "remove", "import", "export", "start", "stop", "encrypt", "decrypt", "rename" };
static const char *const languages[] = { "french", "german", "spanish", "italian", "portuguese", "dutch", "polish",
	"russian",
	"chinese", "japanese", "swedish", "turkish" };
static const char *const units[] = { "kg", "lbs", "miles", "km", "liters", "gallons", "hours", "days", "euros",
	"dollars", "percent",
	"meters" };
static const char *const quoted[] = { "their", "there", "its", "it's", "affect", "effect", "the", "a", "who", "whom",
	"lay", "lie" };
static const char *const pairs_of_small[][2] = { { "before", "after" }, { "with", "without" }, { "above", "below" },
	{ "more", "less" }, { "first", "last" }, { "his", "her" }, { "and", "or" }, { "all", "no" }, { "up", "down" },
	{ "since", "until" }, { "should", "must" }, { "always", "never" }, { "your", "their" }, { "into", "out" } };

static struct dice dice;
#define PICK(list) list[dice_below(&dice, COUNT_OF(list))]

static const char *other(const char *const *list, size_t n, const char *than)
{
	const char *s = than;

	while (strcmp(s, than) == 0)
		s = list[dice_below(&dice, n)];
	return s;
}
#define OTHER(list, than) other(list, COUNT_OF(list), than)

struct pair {
	char a[TEXT_MAX], b[TEXT_MAX];
};

#define BOTH(p, form, ...) snprintf((p)->a, TEXT_MAX, form, __VA_ARGS__)
#define BUT(p, form, ...) snprintf((p)->b, TEXT_MAX, form, __VA_ARGS__)

static void make_number(struct pair *p)
{
	unsigned n = (unsigned)dice_below(&dice, 100000), m = n;
	const char *thing = PICK(things), *name = PICK(names);

	while (m == n)
		m = dice_below(&dice, 2) ? n + 1 : (unsigned)dice_below(&dice, 100000);
	BOTH(p, "How many of the %u %s in %s were sold for a profit?", n, thing, name);
	BUT(p, "How many of the %u %s in %s were sold for a profit?", m, thing, name);
}

static void make_decimal(struct pair *p)
{
	unsigned n = 1 + (unsigned)dice_below(&dice, 999);
	const char *unit = PICK(units);

	BOTH(p, "what is %u.%u %s in other units", n, n % 9 + 1, unit);
	BUT(p, "what is %u%u %s in other units", n, n % 9 + 1, unit);
}

static void make_negated(struct pair *p)
{
	static const char *const nots[] = { "not", "never" };
	const char *verb = PICK(verbs), *thing = PICK(things), *name = PICK(names);

	if (dice_below(&dice, 2)) {
		BOTH(p, "Why does %s %s %s at the office?", name, verb, thing);
		BUT(p, "Why doesn't %s %s %s at the office?", name, verb, thing);
	} else {
		BOTH(p, "Explain why people in %s %s %s", name, verb, thing);
		BUT(p, "Explain why people in %s %s %s %s", name, PICK(nots), verb, thing);
	}
}

static void make_name(struct pair *p)
{
	const char *name = PICK(names), *thing = PICK(things);

	BOTH(p, "What did %s say about %s and their price?", name, thing);
	BUT(p, "What did %s say about %s and their price?", OTHER(names, name), thing);
}

static void make_swap(struct pair *p)
{
	static const char *const forms[] = { "how do I get from %s to %s by train", "Is %s bigger than %s these times?",
		"what %s can learn and %s cannot", "who sold %s to %s for profit", "convert %s into %s please",
		"compare %s with %s for me" };
	const char *form = PICK(forms), *one = PICK(names), *two = OTHER(names, one);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	BOTH(p, form, one, two);
	BUT(p, form, two, one);
#pragma GCC diagnostic pop
}

static void make_unit(struct pair *p)
{
	unsigned n = 2 + (unsigned)dice_below(&dice, 500);
	const char *unit = PICK(units), *name = PICK(names);

	BOTH(p, "is %u %s a lot for a trip to %s", n, unit, name);
	BUT(p, "is %u %s a lot for a trip to %s", n, OTHER(units, unit), name);
}

static void make_language(struct pair *p)
{
	const char *to = PICK(languages), *thing = PICK(things);

	BOTH(p, "translate the sentence about %s to %s", thing, to);
	BUT(p, "translate the sentence about %s to %s", thing, OTHER(languages, to));
}

static void make_slot(struct pair *p)
{
	static const char form[] = "You are a copywriter for a shop. Write a short, friendly description of two "
		"lines, without any emoji, in simple English, ready to be put on the web site, for the following "
		"product: %s. Sell it to %s.";
	const char *thing = PICK(things), *to = PICK(things);

	BOTH(p, form, thing, to);
	if (dice_below(&dice, 2))
		BUT(p, form, OTHER(things, thing), to);
	else
		BUT(p, form, thing, OTHER(things, to));
}

static void make_quote(struct pair *p)
{
	const char *word = PICK(quoted);

	BOTH(p, "When do I write \"%s\" in a sentence?", word);
	BUT(p, "When do I write \"%s\" in a sentence?", OTHER(quoted, word));
}

static void make_verb(struct pair *p)
{
	const char *verb = PICK(verbs), *thing = PICK(things);

	BOTH(p, "how do I %s %s in the app", verb, thing);
	BUT(p, "how do I %s %s in the app", OTHER(verbs, verb), thing);
}

static void make_small(struct pair *p)
{
	const char *const *two = PICK(pairs_of_small);
	const char *thing = PICK(things), *name = PICK(names);

	BOTH(p, "what happens to %s %s %s in %s", thing, two[0], PICK(verbs), name);
	memcpy(p->b, p->a, TEXT_MAX);
	BUT(p, "what happens to %s %s %s", thing, two[1], strstr(p->a, two[0]) + strlen(two[0]) + 1);
}

static void make_added(struct pair *p)
{
	static const char *const more[] = { "on windows", "for children", "in %s", "with a loan", "from %s",
		"under 20 euros" };
	const char *verb = PICK(verbs), *thing = PICK(things);
	char tail[64];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
	snprintf(tail, sizeof(tail), PICK(more), PICK(names));
#pragma GCC diagnostic pop
	BOTH(p, "what is the best way to %s %s", verb, thing);
	BUT(p, "what is the best way to %s %s %s", verb, thing, tail);
}

static void make_led(struct pair *p)
{
	static const char *const preps[] = { "by", "about", "for", "with", "to", "in", "on", "near" };
	const char *prep = PICK(preps), *thing = PICK(things), *name = PICK(names);

	BOTH(p, "what do people say of %s %s %s", thing, prep, name);
	BUT(p, "what do people say of %s %s %s", thing, OTHER(preps, prep), name);
}

static void make_modal(struct pair *p)
{
	static const char *const modals[] = { "do", "can", "should", "must", "will", "may", "did", "would" };
	const char *modal = PICK(modals), *thing = PICK(things), *verb = PICK(verbs);

	BOTH(p, "what %s %s %s in winter", modal, thing, verb);
	BUT(p, "what %s %s %s in winter", OTHER(modals, modal), thing, verb);
}

static void make_polite(struct pair *p)
{
	static const char *const words[] = { "hello", "thanks", "please", "sorry", "thank you", "good morning", "hi",
		"cheers" };
	const char *word = PICK(words), *to = PICK(languages);

	BOTH(p, "how do you say %s in %s", word, to);
	BUT(p, "how do you say %s in %s", OTHER(words, word), to);
}

struct kind {
	const char *name;
	void (*make)(struct pair *p);
};

static const struct kind kinds[] = { { "number", make_number }, { "decimal", make_decimal },
	{ "negation", make_negated }, { "name", make_name }, { "order", make_swap }, { "unit", make_unit },
	{ "language", make_language }, { "slot", make_slot }, { "quoted", make_quote }, { "verb", make_verb },
	{ "small word", make_small }, { "added", make_added },
	{ "preposition", make_led }, { "modal", make_modal }, { "polite", make_polite } };

static void test_near_misses(void **state)
{
	unsigned passed = 0, soft = 0, n = 0, why[GUARD_COUNT] = { 0 };
	struct pair p;

	dice_init(&dice, 1);
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		for (unsigned i = 0; i < PAIRS; i++, n++) {
			kinds[k].make(&p);
			enum guard g = guard_same(slice_str(p.a), slice_str(p.b));
			assert_int_equal(g, guard_same(slice_str(p.b), slice_str(p.a)));
			why[g]++;
			soft += guard_is_soft(g);
			if (g == GUARD_OK || guard_is_soft(g)) {
				print_message("# %s: %s | %s\n", kinds[k].name, p.a, p.b);
				passed += g == GUARD_OK;
			}
		}
	}
	print_message("# near misses: %u pairs, %u pass, %u would need evidence\n", n, passed, soft);
	for (enum guard g = 0; g < GUARD_COUNT; g++)
		if (why[g])
			print_message("#   %-10s %u\n", guard_name(g), why[g]);
	assert_int_equal(passed + soft, 0);
	assert_true(n >= 10000);
}

/* --- harmless rewordings -------------------------------------------------------------------------------- */

static void base_text(char *out)
{
	const char *thing = PICK(things), *name = PICK(names), *verb = PICK(verbs);

	switch (dice_below(&dice, 6)) {
	case 0:
		snprintf(out, TEXT_MAX, "What is the best way to %s the %s in %s?", verb, thing, name);
		break;
	case 1:
		snprintf(out, TEXT_MAX, "How do I %s my %s with the app?", verb, thing);
		break;
	case 2:
		snprintf(out, TEXT_MAX, "Why doesn't %s %s the %s?", name, verb, thing);
		break;
	case 3:
		snprintf(out, TEXT_MAX, "Is it possible to %s %u %s from %s?", verb,
			2 + (unsigned)dice_below(&dice, 98), thing, name);
		break;
	case 4:
		snprintf(out, TEXT_MAX, "I'd like to know when %s can %s the %s.", name, verb, thing);
		break;
	default:
		snprintf(out, TEXT_MAX, "Explain how the %s of %s work, and why.", thing, name);
		break;
	}
}

static void replace(char *text, const char *what, const char *by)
{
	char *at = strstr(text, what), rest[TEXT_MAX];

	if (at == NULL)
		return;
	slice_copy(slice_str(at + strlen(what)), rest, sizeof(rest));
	snprintf(at, TEXT_MAX - (size_t)(at - text), "%s%s", by, rest);
}

static void reword(char *text)
{
	static const char *const swaps[][2] = { { "What is", "what's" }, { "doesn't", "does not" },
		{ "How do I", "How can I" },
		{ "How do I", "how to" }, { " the ", " " }, { " my ", " the " }, { "I'd like", "I would like" },
		{ "?", "" }, { "?", " ?" }, { " ", "  " }, { ",", "" }, { ".", "" }, { " with ", " using " },
		{ "Explain", "Please explain" }, { "What is", "Can you tell me what is" }, { "How", "Hi, how" },
		{ "Is it", "is that" }, { "?", "? Thanks!" }, { "doesn't", "doesn\xe2\x80\x99t" }, { "of", "of the" } };
	char whole[TEXT_MAX - 40];

	for (unsigned n = 1 + (unsigned)dice_below(&dice, 4); n; n--) {
		const char *const *swap = PICK(swaps);
		replace(text, swap[0], swap[1]);
	}
	if (dice_below(&dice, 3) == 0)
		for (char *c = text; *c; c++)
			*c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
	if (dice_below(&dice, 3) == 0) {
		slice_copy(slice_str(text), whole, sizeof(whole));
		snprintf(text, TEXT_MAX, "%s%s", dice_below(&dice, 2) ? "Hello! " : "Could you please tell me: ",
			whole);
	}
}

static void test_paraphrases(void **state)
{
	unsigned passed = 0, soft = 0, n = 10000, shown = 0, why[GUARD_COUNT] = { 0 };
	struct pair p;

	dice_init(&dice, 2);
	for (unsigned i = 0; i < n; i++) {
		base_text(p.a);
		slice_copy(slice_str(p.a), p.b, sizeof(p.b));
		reword(p.b);
		enum guard g = guard_same(slice_str(p.a), slice_str(p.b));
		why[g]++;
		passed += g == GUARD_OK;
		soft += guard_is_soft(g);
		if (g == GUARD_OK)
			assert_true(guard_sign(slice_str(p.a)) == guard_sign(slice_str(p.b)));
		else if (shown++ < 5)
			print_message("#   %s: %s | %s\n", guard_name(g), p.a, p.b);
	}
	print_message("# paraphrases: %u pairs, %.1f %% pass, %.1f %% more with evidence\n", n, 100.0 * passed / n,
		100.0 * soft / n);
	assert_true(passed >= n * 90 / 100);
}

static void test_speed(void **state)
{
	enum { N = 2000, ROUNDS = 10 };	/* pairs of some 45 bytes a text, and a template of 230 */
	static struct pair p[N];
	struct timespec t0, t1;
	unsigned sum = 0;

	dice_init(&dice, 3);
	for (unsigned i = 0; i < N; i++)
		kinds[i % COUNT_OF(kinds)].make(&p[i]);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t0);
	for (unsigned r = 0; r < ROUNDS; r++)
		for (unsigned i = 0; i < N; i++)
			sum += (unsigned)guard_same(slice_str(p[i].a), slice_str(p[i].b));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t1);
	print_message("# a pair: %.0f ns\n", ((double)(t1.tv_sec - t0.tv_sec) * 1e9 + (double)(t1.tv_nsec - t0.tv_nsec))
		/ (N * ROUNDS));
	assert_true(sum > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_near_misses),
		cmocka_unit_test(test_paraphrases),
		cmocka_unit_test(test_speed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

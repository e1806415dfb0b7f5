/* What guards let pass, what they stop, and why. */
#include "unit.h"

#include "base/dice.h"
#include "base/must.h"
#include "cache/guard_read.h"

static enum guard fit(struct slice text)
{
	struct guard_read g;

	guard_read(text, &g);
	return guard_fit(&g, text);
}

struct pair_row {
	const char *a, *b;
	enum guard want;
};

static const struct pair_row pairs[] = {
	{ "How do I reset my password?", "how do i reset my password", GUARD_OK },
	{ "How do I reset my password?", "How can I reset the password", GUARD_OK },
	{ "How do I reset my password?", "Hi, could you please tell me how to reset my password? Thanks!", GUARD_OK },
	{ "How do I reset my password?", "How do I reset my router password?", GUARD_added },
	{ "How do I reset my password?", "How do I change my password?", GUARD_slot },
	{ "How do I reset my password?", "Why do I reset my password?", GUARD_question },
	{ "What's the capital of France?", "What is the capital of France", GUARD_OK },
	{ "What is the capital of France?", "what is the capital of france?", GUARD_OK },
	{ "What is the capital of France?", "What is the capital of Spain?", GUARD_name },
	{ "what is the capital of france", "what is the capital of spain", GUARD_slot },
	{ "How to install python", "How to install python on windows", GUARD_slot },
	{ "Why don't cats bark?", "Why do not cats bark?", GUARD_OK },
	{ "Why don't cats bark?", "Why do cats bark?", GUARD_negation },
	{ "Convert 5 kg to pounds", "Convert 5kg to pounds", GUARD_OK },
	{ "Convert 5 kg to pounds", "Convert five kilograms to pounds", GUARD_OK },
	{ "Convert 5 kg to pounds", "Convert 6 kg to pounds", GUARD_number },
	{ "Convert 5 kg to pounds", "Convert 5 km to pounds", GUARD_slot },
	{ "convert 5 kg to lbs", "convert 5 kg to ounces", GUARD_slot },
	{ "Is 1,000,000 a big number?", "Is 1000000 a big number?", GUARD_OK },
	{ "Is 1.000.000 a big number?", "Is one million a big number?", GUARD_OK },
	{ "Is 3,5 percent interest high?", "Is 3.5% interest high?", GUARD_OK },
	{ "Is 3.5% interest high?", "Is 35% interest high?", GUARD_number },
	{ "Is -5 degrees cold?", "Is 5 degrees cold?", GUARD_slot },
	{ "what is 2+3 exactly", "what is 2*3 exactly", GUARD_slot },
	{ "what is 20 - 3", "what is 20 + 3", GUARD_slot },
	{ "the twenty five best films", "the 25 best films", GUARD_OK },
	{ "two hundred thousand euros in gold", "200000 euros in gold", GUARD_OK },
	{ "who came 2nd in the race", "who came second in the race", GUARD_OK },
	{ "flights from Berlin to Paris", "flights from Paris to Berlin", GUARD_order },
	{ "flights from Berlin to Paris", "flights to Berlin from Paris", GUARD_order },
	{ "drink water before meals", "drink water after meals", GUARD_contrast },
	{ "turn on the heating", "turn off the heating", GUARD_contrast },
	{ "cats and dogs as pets", "cats or dogs as pets", GUARD_contrast },
	{ "his share of the house", "her share of the house", GUARD_contrast },
	{ "tea with sugar is nice", "tea without sugar is nice", GUARD_negation },
	{ "translate good morning to french", "translate good morning to german", GUARD_slot },
	{ "define 'their' in English", "define 'there' in English", GUARD_name },
	{ "what does \"to\" mean in English", "what does \"the\" mean in English", GUARD_name },
	{ "is vitamin A healthy", "is vitamin K healthy", GUARD_name },
	{ "who runs the US mint", "who runs us mint", GUARD_name },
	{ "how much is an apple", "how much is an Apple", GUARD_name },
	{ "when is May in Spain", "when may in Spain", GUARD_name },
	{ "use foo_bar in code", "use foo_baz in code", GUARD_name },
	{ "upgrade to node 1.2.3 safely", "upgrade to node 1.2.4 safely", GUARD_name },
	{ "resetting the router password", "reset the router password", GUARD_OK },
	{ "planning and coding styles compared", "plan and code style compared", GUARD_OK },
	{ "who owns the house", "who owned the house", GUARD_slot },
	{ "what can I do in Paris", "what can I eat in Paris", GUARD_slot },
	{ "what is pizza made of", "was ist pizza made of", GUARD_question },
	{ "die casting process steps", "casting process steps", GUARD_slot },
	{ "Was ist die Hauptstadt von Frankreich?", "bitte, was ist die hauptstadt von frankreich", GUARD_OK },
	{ "Was ist die Hauptstadt von Frankreich?", "was ist nicht die hauptstadt von frankreich", GUARD_negation },
	{ "Quelle est la capitale de la France ?", "quelle est la capitale de France", GUARD_OK },
	{ "¿Cuál es la capital de España?", "cuál es la capital de españa por favor", GUARD_OK },
	{ "La mia casa è bella", "La mia casa non è bella", GUARD_negation },
	{ "O meu carro é rápido", "O meu carro não é rápido", GUARD_negation },
	{ "mijn huis is groot vandaan", "mijn huis is niet groot vandaan", GUARD_negation },
	{ "mój dom jest duży", "mój dom nie jest duży", GUARD_negation },
	{ "Столица Франции какая", "столица франции какая", GUARD_OK },
	{ "мой дом большой", "мой дом не большой", GUARD_negation },
	{ "猫喜欢水吗", "猫喜欢水", GUARD_OK },
	{ "猫喜欢水吗", "猫不喜欢水吗", GUARD_negation },
	{ "猫喜欢水", "狗喜欢水", GUARD_slot },
	{ "魚を食べるですか", "魚を食べないですか", GUARD_negation },
	{ "cats cats cats", "cats cats cats sleep eat purr and play all day", GUARD_length },
	{ "кот eats fish", "cat eats fish", GUARD_script },
	{ "price of a 10 GB disk", "price of a 10GB disk", GUARD_OK },
	{ "price of a 10 GB disk", "price of a 10 MB disk", GUARD_name },
	{ "books by Mark Twain", "books about Mark Twain", GUARD_contrast },
	{ "work for the city council", "work with the city council", GUARD_contrast },
	{ "what happens in 5 minutes", "what happens for 5 minutes", GUARD_contrast },
	{ "paint the wall with a brush", "paint the wall using a brush", GUARD_OK },
	{ "what is salt", "what is salt for", GUARD_contrast },
	{ "log in to my account", "log out of my account", GUARD_contrast },
	{ "what can dogs eat", "what do dogs eat", GUARD_contrast },
	{ "when can I travel to Rome", "when should I travel to Rome", GUARD_contrast },
	{ "how can I travel to Rome", "how to travel to Rome", GUARD_OK },
	{ "how should I travel to Rome", "how to travel to Rome", GUARD_contrast },
	{ "Can you eat raw eggs?", "Would you eat raw eggs?", GUARD_contrast },
	{ "Can you please explain the tides?", "Explain the tides", GUARD_OK },
	{ "how do you say hello in French", "how do you say thanks in French", GUARD_slot },
	{ "how do you say please in French", "how do you say in French", GUARD_added },
	{ "Hello Kitty history", "Kitty history", GUARD_slot },
	{ "Hello, what is Kitty", "what is Kitty", GUARD_OK },
	{ "Hi! Explain the tides.", "Explain the tides, please", GUARD_OK },
	{ "thank you card ideas", "card ideas", GUARD_contrast },
	{ "how to greet a team", "how to greet a crowd", GUARD_slot },
	{ "do any birds swim", "do birds swim", GUARD_contrast },
	{ "how to avoid paying taxes", "how to pay taxes", GUARD_contrast },
	{ "who was Samuel Adams", "who was Samuel Adam", GUARD_contrast },
	{ "who was samuel adams", "who was Samuel Adams", GUARD_OK },
	{ "what is a building", "what is a build", GUARD_slot },
	{ "what is 5! exactly", "what is 5 exactly", GUARD_slot },
	{ "what does \xf0\x9f\x98\x80 mean", "what does \xf0\x9f\x98\xa2 mean", GUARD_slot },
	{ "die pizza ist in der box", "the pizza is in the box", GUARD_script },
	{ "evimde su yok bugun", "evimde su bugun", GUARD_slot },
};

static void test_pairs(void **state)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		struct slice a = slice_str(pairs[i].a), b = slice_str(pairs[i].b);
		enum guard got = guard_same(a, b), back = guard_same(b, a);
		bool passes = pairs[i].want == GUARD_OK || guard_is_soft(pairs[i].want);
		if (got != pairs[i].want || back != got || (passes && guard_sign(a) != guard_sign(b))) {
			print_message("%s | %s: %s, back %s, not %s\n", pairs[i].a, pairs[i].b, guard_name(got),
				guard_name(back), guard_name(pairs[i].want));
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

struct text_row {
	const char *text;
	enum guard want;
};

static const struct text_row texts[] = {
	{ "How do I reset my password?", GUARD_OK },
	{ "hello there", GUARD_short_text },
	{ "who are you", GUARD_short_text },
	{ "What is the weather in Paris?", GUARD_clock },
	{ "who is the current president", GUARD_clock },
	{ "what time is it in Rome", GUARD_clock },
	{ "which films come out next week", GUARD_clock },
	{ "was gibt es heute zu essen", GUARD_clock },
	{ "quel est le président actuel", GUARD_clock },
	{ "今天北京热吗", GUARD_clock },
	{ "write to jane.doe@example.com about fish", GUARD_personal },
	{ "what is a@b exactly", GUARD_OK },
	{ "call +49 30 1234567 for me", GUARD_personal },
	{ "call (030) 901-820 33 for me", GUARD_personal },
	{ "is 4111 1111 1111 1111 a card", GUARD_personal },
	{ "is GB29 NWBK 6016 1331 9268 19 valid", GUARD_personal },
	{ "is DE89370400440532013000 valid", GUARD_personal },
	{ "is NO93 8601 1117 947 a valid one", GUARD_personal },
	{ "is NO9386011117947 a valid one", GUARD_personal },
	{ "is NO9386011117948 a valid one", GUARD_OK },
	{ "use sk-abcdEFGH1234ijklMNOP in curl", GUARD_personal },
	{ "my name is Ann, write a poem", GUARD_personal },
	{ "meet on 2024-01-05 in Rome", GUARD_OK },
	{ "is 1,000,000,000 a big number", GUARD_OK },
	{ "who won in 1990 and 1994", GUARD_OK },
};

static void test_eligible(void **state)
{
	char many[2 * (GUARD_TOKENS_MAX + 1)];

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		enum guard got = fit(slice_str(texts[i].text));
		if (got != texts[i].want)
			print_message("%s: %s\n", texts[i].text, guard_name(got));
		assert_int_equal(got, texts[i].want);
	}
	for (size_t i = 0; i < sizeof(many); i++)
		many[i] = i % 2 ? ' ' : 'x';
	assert_int_equal(fit(slice_of(many, sizeof(many))), GUARD_long_text);
	assert_int_equal(fit(slice_of(many, sizeof(many) - 2)), GUARD_OK);
	assert_int_equal(guard_same(slice_of(many, sizeof(many)), slice_of(many, sizeof(many))), GUARD_long_text);
	assert_int_equal(fit(SLICE_EMPTY), GUARD_short_text);
}

/* Any bytes: no crash, itself the same, and whoever passes has the same signature. */
static void test_noise(void **state)
{
	static const char alphabet[] = "ab I1.,-'\"\xc3\xa9\xe4\xb8\x8d\xff\n%$@_N";
	struct dice d;
	char a[80], b[80];

	dice_init(&d, 11);
	for (int i = 0; i < 50000; i++) {
		size_t n = dice_below(&d, sizeof(a)), at = n ? dice_below(&d, n) : 0;
		for (size_t j = 0; j < n; j++)
			a[j] = alphabet[dice_below(&d, sizeof(alphabet) - 1)];
		memcpy(b, a, n);
		if (n)
			b[at] = alphabet[dice_below(&d, sizeof(alphabet) - 1)];
		assert_int_equal(guard_same(slice_of(a, n), slice_of(a, n)), GUARD_OK);
		enum guard g = guard_same(slice_of(a, n), slice_of(b, n));
		if (g == GUARD_OK || guard_is_soft(g))
			assert_true(guard_sign(slice_of(a, n)) == guard_sign(slice_of(b, n)));
		fit(slice_of(b, n));
	}
}

/* What differs in them is passed over before any arithmetic. */
static void test_sign(void **state)
{
	static const char *const texts_apart[] = { "cats eat fish", "cats eat 2 fish", "cats eat 3 fish",
		"cats do not eat fish", "why cats eat fish", "how cats eat fish", "do cats eat fish",
		"\xd0\xba\xd0\xbe\xd1\x82 cats eat fish" };

	for (size_t i = 0; i < COUNT_OF(texts_apart); i++)
		for (size_t j = 0; j < COUNT_OF(texts_apart); j++)
			assert_int_equal(guard_sign(slice_str(texts_apart[i]))
				== guard_sign(slice_str(texts_apart[j])), i == j);
}

static void test_words(void **state)
{
	for (enum guard g = 0; g < GUARD_COUNT; g++) {
		assert_true(guard_name(g)[0] != 0);
		assert_true(guard_help(g)[0] != 0);
	}
	assert_true(guard_is_soft(GUARD_added));
	assert_false(guard_is_soft(GUARD_OK));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_eligible),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_sign),
		cmocka_unit_test(test_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What counts in a text and what does not. */
#include "unit.h"

#include "base/must.h"
#include "cache/shingle.h"

struct bag {
	uint32_t n, batches;
	int64_t weight;
	uint64_t sum;		/* of hashes: equal for equal bags */
};

static void on_batch(void *arg, const struct shingle *s, uint32_t n)
{
	struct bag *b = arg;

	assert_in_range(n, 1, SHINGLE_BATCH);
	for (uint32_t i = 0; i < n; i++) {
		assert_in_range(s[i].weight, 1, 1000);
		b->sum += s[i].hash * (uint64_t)s[i].weight;
		b->weight += s[i].weight;
	}
	b->n += n;
	b->batches++;
}

static struct bag bag_of(const char *text, uint32_t want_words)
{
	struct bag b = { 0 };

	assert_int_equal(shingle_walk(slice_str(text), on_batch, &b), want_words);
	return b;
}

static void test_what_does_not_count(void **state)
{
	static const struct { const char *a, *b; uint32_t words; } rows[] = {
		{ "How do I reset it", "  how DO i, reset: it?!", 5 },
		{ "caf\xc3\xa9 na\xc3\xafve", "CAFE naive", 2 },
		{ "caf\xc3\xa9", "cafe\xcc\x81", 1 },					/* composed or not */
		{ "\xce\x91\xce\x98\xce\x97", "\xce\xb1\xce\xb8\xce\xb7", 1 },	/* Greek */
		{ "\xd0\x9c\xd0\x9e\xd0\xa1", "\xd0\xbc\xd0\xbe\xd1\x81", 1 },	/* Cyrillic */
		{ "\xe6\x9d\xb1\xe4\xba\xac", "\xe6\x9d\xb1 \xe4\xba\xac", 2 },		/* Han: a character is a word */
		{ "a\xe2\x80\x94" "b", "a b", 2 },
		{ "a\xff" "b", "a b", 2 },						/* no UTF-8 */
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct bag a = bag_of(rows[i].a, rows[i].words), b = bag_of(rows[i].b, rows[i].words);
		assert_int_equal(a.sum, b.sum);
		assert_int_equal(a.n, b.n);
	}
}

static void test_what_counts(void **state)
{
	static const char *const rows[] = { "dog bites man", "man bites dog", "dog bites men", "dog bites", "dog 1",
		"dog 2", "\xe0\xa4\x95\xe0\xa4\xbf", "\xe0\xa4\x95\xe0\xa5\x80", "\xe0\xa4\x95" }; /* Hindi */

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		for (size_t j = 0; j < i; j++) {
			struct bag a = { 0 }, b = { 0 };
			shingle_walk(slice_str(rows[i]), on_batch, &a);
			shingle_walk(slice_str(rows[j]), on_batch, &b);
			assert_int_not_equal(a.sum, b.sum);
		}
}

static void test_nothing(void **state)
{
	assert_int_equal(bag_of("", 0).n, 0);
	assert_int_equal(bag_of(" ?! \xe2\x80\xa6 ", 0).n, 0);
}

/* A short word has its hash and its pieces; the second word also a pair. */
static void test_counts(void **state)
{
	assert_int_equal(bag_of("a", 1).n, 1 + 1);		/* ^a$ */
	assert_int_equal(bag_of("go", 1).n, 1 + 3);		/* ^go go$ ^go$ */
	assert_int_equal(bag_of("go a", 2).n, 4 + 2 + 1);
	assert_int_equal(bag_of("\xe6\x9d\xb1\xe4\xba\xac", 2).n, 3);
	assert_true(bag_of("of", 1).weight < bag_of("warranty", 1).weight / 3);
}

/* A word of any length: its end counts in the hash, its pieces are bounded. */
static void test_long_word(void **state)
{
	char a[2000], b[2000];

	memset(a, 'x', sizeof(a));
	a[sizeof(a) - 1] = '\0';
	memcpy(b, a, sizeof(b));
	b[sizeof(b) - 2] = 'y';
	const struct bag x = bag_of(a, 1), y = bag_of(b, 1);
	assert_true(x.n < 100 && x.n == y.n && x.batches == 2);
	assert_int_not_equal(x.sum, y.sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_does_not_count),
		cmocka_unit_test(test_what_counts),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_long_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

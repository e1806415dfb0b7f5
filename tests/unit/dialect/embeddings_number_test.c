#include "unit.h"

#include <math.h>

#include "base/dice.h"
#include "base/must.h"
#include "dialect/embeddings_number.h"

static float float_of(uint32_t bits)
{
	float f;
	memcpy(&f, &bits, sizeof(f));
	return f;
}

static void assert_text(float f, const char *want)
{
	char text[EMBEDDINGS_NUMBER_MAX];
	size_t n = embeddings_number(f, text);

	assert_slice(slice_of(text, n), want);
}

static void test_texts(void **state)
{
	assert_text(0, "0");
	assert_text(-0.0f, "-0.0");
	assert_text(1, "1");
	assert_text(-1, "-1");
	assert_text(10, "10");
	assert_text(12345678, "12345678");
	assert_text(100000000, "1e+08");
	assert_text(0.1f, "0.1");
	assert_text(-0.5f, "-0.5");
	assert_text(1.5f, "1.5");
	assert_text(123.456f, "123.456");
	assert_text(0.0069292834f, "0.0069292835");	/* nearer, and as short */
	assert_text(-0.005336422f, "-0.005336422");
	assert_text(1.0f / 3, "0.33333334");
	assert_text(16777216, "16777216");
	assert_text(0.00001f, "0.00001");
	assert_text(0.0000123f, "0.0000123");
	assert_text(0.000001f, "1e-6");
	assert_text(1.25e-7f, "1.25e-7");
	assert_text(9.999999e-10f, "9.999999e-10");
	assert_text(-1.2e-13f, "-1.2e-13");
	assert_text(999999.94f, "999999.94");
	assert_text(9.9999998e-1f, "1");	/* the literal is 1 already */
	assert_text(0.99999994f, "0.99999994");
	assert_text(1.17549435e-38f, "1.1754944e-38");
	assert_text(float_of(1), "1e-45");
	assert_text(3.4028235e38f, "3.4028235e+38");
}

/* As few digits as any decimal needs that reads back. */
static int fewest_digits(float f)
{
	char text[64];

	for (int n = 1; n < 9; n++) {
		snprintf(text, sizeof(text), "%.*e", n - 1, (double)f);
		if (strtof(text, NULL) == f)
			return n;
	}
	return 9;
}

static int digits_of(const char *text)
{
	int n = 0, zeros = 0;

	for (; *text && *text != 'e'; text++) {
		if (*text < '0' || *text > '9' || (n == 0 && *text == '0'))
			continue;
		n++;
		zeros = *text == '0' ? zeros + 1 : 0;
	}
	return n - zeros;
}

static void check(uint32_t bits, bool is_shortest)
{
	char text[EMBEDDINGS_NUMBER_MAX + 1];
	float f = float_of(bits);
	size_t n = embeddings_number(f, text);

	must(n <= EMBEDDINGS_NUMBER_MAX);
	text[n] = '\0';
	/* directly, and by way of a double */
	if (strtof(text, NULL) != f || (float)strtod(text, NULL) != f || !signbit(strtof(text, NULL)) != !signbit(f))
		fail_msg("%a became %s", (double)f, text);
	if (is_shortest && digits_of(text) != fewest_digits(f))
		fail_msg("%a became %s, which has %d digits instead of %d", (double)f, text, digits_of(text),
			fewest_digits(f));
}

/* Around every power of two: steps differ on its sides. */
static void test_powers_of_two(void **state)
{
	for (uint32_t e = 0; e < 255; e++)
		for (uint32_t i = 0; i < 64; i++) {
			check(e << 23 | i, false);
			check(e << 23 | (0x7fffffu - i), false);
			check(0x80000000u | e << 23 | i, false);
		}
}

/* Around every power of ten: digits carry. */
static void test_powers_of_ten(void **state)
{
	for (int ten = -45; ten <= 38; ten++) {
		char text[16];
		snprintf(text, sizeof(text), "1e%d", ten);
		float f = strtof(text, NULL);
		uint32_t bits;
		memcpy(&bits, &f, sizeof(bits));
		for (uint32_t i = 0; i < 200; i++) {
			check(bits + i, false);
			check(bits > i ? bits - i : i, false);
		}
	}
}

/* Of the size that vectors have: below 2^24 a decimal is never exactly between two floats. */
static void test_shortest(void **state)
{
	struct dice d;

	dice_init(&d, 1);
	for (int i = 0; i < 200000; i++) {
		uint32_t bits = (uint32_t)dice_u64(&d), e = 127 - 30 + bits % 50;
		check((bits & 0x807fffffu) | e << 23, true);
	}
}

static void test_any(void **state)
{
	struct dice d;

	dice_init(&d, 2);
	for (int i = 0; i < 200000; i++) {
		uint32_t bits = (uint32_t)dice_u64(&d);
		if ((bits & 0x7f800000u) != 0x7f800000u)
			check(bits, false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_powers_of_two),
		cmocka_unit_test(test_powers_of_ten),
		cmocka_unit_test(test_shortest),
		cmocka_unit_test(test_any),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

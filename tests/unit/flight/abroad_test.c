/* The names that nodes have for one request. */
#include "unit.h"

#include "flight/abroad.h"

#define TOKEN "0123456789abcdef"

static struct digest digest_of(unsigned char first)
{
	struct digest d;

	for (size_t i = 0; i < sizeof(d.bytes); i++)
		d.bytes[i] = (uint8_t)(first + i);
	return d;
}

static void keys(void **state)
{
	struct digest d = digest_of(0xf0);
	char out[ABROAD_KEY_MAX];

	assert_slice(abroad_lease_key(out, &d),
		"{f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f}:own");
	assert_slice(abroad_key(out, &d, SLICE(TOKEN)),
		"{f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f}:" TOKEN);
}

/* In a cluster the lease and the log live together: what is between the braces decides, and it is all of the digest. */
static void one_slot(void **state)
{
	struct digest d = digest_of(1), e = d;
	char one[ABROAD_KEY_MAX], two[ABROAD_KEY_MAX];
	size_t tag = 1 + 2 * sizeof(d.bytes);

	abroad_lease_key(one, &d);
	abroad_key(two, &d, SLICE(TOKEN));
	assert_memory_equal(one, two, tag + 1);
	assert_int_equal(one[tag], '}');
	for (size_t i = 0; i < sizeof(d.bytes); i++) {
		e.bytes[i] ^= 1;
		abroad_lease_key(two, &e);
		assert_memory_not_equal(one, two, tag);
		e.bytes[i] ^= 1;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys),
		cmocka_unit_test(one_slot),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

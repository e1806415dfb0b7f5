/* Slots: the vectors of the cluster specification, and what CLUSTER KEYSLOT of Redis 7.0.15 said. */
#include "unit.h"

#include "store/redis_slot.h"

static void vectors(void **state)
{
	/* CRC16 of "123456789" is 0x31C3 (cluster-spec, appendix A) */
	assert_int_equal(redis_slot_of(SLICE("123456789")), 0x31C3);
	assert_int_equal(redis_slot_of(SLICE("")), 0);
	assert_int_equal(redis_slot_of(SLICE("foo")), 12182);
	assert_int_equal(redis_slot_of(SLICE("somekey")), 11058);
	assert_int_equal(redis_slot_of(SLICE("foo{hash_tag}")), 2515);
}

static void hash_tags(void **state)
{
	assert_int_equal(redis_slot_of(SLICE("{user1000}.following")), redis_slot_of(SLICE("{user1000}.followers")));
	assert_int_equal(redis_slot_of(SLICE("a{b}c{d}")), redis_slot_of(SLICE("b")));
	assert_int_equal(redis_slot_of(SLICE("foo{{bar}}zap")), redis_slot_of(SLICE("{bar")));
	/* nothing between, or never closed: the whole key */
	assert_int_not_equal(redis_slot_of(SLICE("foo{}{bar}")), redis_slot_of(SLICE("bar")));
	assert_int_equal(redis_slot_of(SLICE("foo{}{bar}")), 8363);
	assert_int_not_equal(redis_slot_of(SLICE("foo{bar")), redis_slot_of(SLICE("bar")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(hash_tags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

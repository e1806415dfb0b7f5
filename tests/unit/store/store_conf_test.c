/* The section redis. */
#include "unit.h"

#include "conf/conf.h"
#include "store/store_conf.h"

static void the_table(void **state)
{
	row_proof(&store_conf);
}

static struct conf *read_conf(const char *text)
{
	struct conf *c = conf_parse(slice_str(text), "t", &store_conf, NULL);

	if (conf_ok(c))
		store_conf_check(c, c->root);
	return c;
}

static void defaults_and_faults(void **state)
{
	struct conf *c = read_conf("{}");
	const struct store_conf *s = c->root;

	assert_true(conf_ok(c));
	assert_int_equal(s->url.bytes.n, 0);
	assert_int_equal(s->deadline, 20);
	assert_slice(s->prefix, "weir");
	conf_free(&c);
	c = read_conf("url: redis://h\n");
	assert_true(conf_ok(c));
	conf_free(&c);
	c = read_conf("url: h:6379\n");
	assert_false(conf_ok(c));
	conf_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(defaults_and_faults),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

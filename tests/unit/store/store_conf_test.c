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

static void logins_of_sentinels(void **state)
{
	static const struct { const char *text, *fault; } rows[] = {
		{ "url: sentinel://h/boss\nsentinel_user: u\nsentinel_password: p\n", NULL },
		{ "url: sentinel://:server@h/boss\nsentinel_password: p\n", NULL },
		{ "url: sentinel://h/boss\nsentinel_user: u\n", "t:2:16: sentinel_user needs a sentinel_password" },
		{ "url: redis://h\nsentinel_password: p\n", "t:2:20: sentinel_password has no effect" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct conf *c = read_conf(rows[i].text);
		struct buf b;
		buf_init(&b, FLAW_PRINT_MAX);
		conf_faults(c, &b);
		buf_add_char(&b, '\0');
		if (rows[i].fault ? strstr(b.p, rows[i].fault) == NULL : !conf_ok(c))
			fail_msg("%s: %s", rows[i].text, b.p);
		buf_done(&b);
		conf_free(&c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table),
		cmocka_unit_test(defaults_and_faults),
		cmocka_unit_test(logins_of_sentinels),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

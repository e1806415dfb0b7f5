/* Who is known by which key; and what the file may say about it, with the place of each fault. */
#include "unit.h"

#include "admit/client_key.h"
#include "conf/conf.h"

struct root {
	struct row_items keys;
};
static const struct row root_rows[] = {
	ROW_MAP(struct root, keys, 0, CLIENT_KEY_MOST, &client_key_conf, ROW_OPTIONAL, ROW_RELOAD, "clients"),
};
static const struct section root_section = ROW_TABLE("root", struct root, root_rows);
static const struct source nothing = { 0 };

/* printf %s hunter2 | sha256sum */
#define HUNTER2 "f52fbd32b2b3b86ff88ef6c490628285f482af15ddcb29541f94bcf526a3f6c7"

static struct conf *load(const char *text, struct client_keys *ks)
{
	struct conf *c = conf_parse(slice_str(text), "t.yaml", &root_section, &nothing);

	*ks = (struct client_keys){ .v = NULL };
	client_key_load(ks, &((struct root *)c->root)->keys, c, 1);
	return c;
}

static void unload(struct conf *c, struct client_keys *ks)
{
	client_key_done(ks);
	conf_free(&c);
}

static void test_tables(void **state)
{
	row_proof(&root_section);
}

static void test_who_it_is(void **state)
{
	struct sha256 sha = { .n = 0 };
	struct client_keys ks;
	struct conf *c = load("keys:\n  a: sk-1\n  b: {sha256: " HUNTER2 ", priority: bulk, weight: 7}\n", &ks);

	assert_true(conf_ok(c));
	const struct client_key *a = client_key_find(&ks, &sha, SLICE("sk-1")),
		*b = client_key_find(&ks, &sha, SLICE("hunter2"));
	assert_slice(a->name, "a");
	assert_int_equal(a->weight, 1);
	assert_int_equal(a->priority, REQUEST_PRIORITY_UNSAID);
	assert_slice(b->name, "b");
	assert_int_equal(b->weight, 7);
	assert_int_equal(b->priority, REQUEST_BULK);
	assert_null(client_key_find(&ks, &sha, SLICE("sk-2")));
	assert_null(client_key_find(&ks, &sha, SLICE(HUNTER2)));
	assert_null(client_key_find(&ks, &sha, SLICE_EMPTY));
	sha256_done(&sha);
	unload(c, &ks);
}

/* A later load forgets what was there. */
static void test_another_file(void **state)
{
	struct sha256 sha = { .n = 0 };
	struct client_keys ks;
	struct conf *c = load("keys: {a: sk-1}\n", &ks), *empty = conf_parse(SLICE(""), "t", &root_section, &nothing);

	client_key_load(&ks, &((struct root *)empty->root)->keys, empty, 1);
	assert_null(client_key_find(&ks, &sha, SLICE("sk-1")));
	conf_free(&empty);
	sha256_done(&sha);
	unload(c, &ks);
}

static void test_what_a_request_gets(void **state)
{
	const struct client_key normal = { .priority = REQUEST_NORMAL }, plain = { .weight = 1 };

	for (int p = REQUEST_PRIORITY_UNSAID; p <= REQUEST_BATCH; p++) {
		assert_int_equal(client_key_priority(NULL, (enum request_priority)p), p);
		assert_int_equal(client_key_priority(&plain, (enum request_priority)p), p);
	}
	assert_int_equal(client_key_priority(&normal, REQUEST_PRIORITY_UNSAID), REQUEST_NORMAL);
	assert_int_equal(client_key_priority(&normal, REQUEST_REALTIME), REQUEST_NORMAL);
	assert_int_equal(client_key_priority(&normal, REQUEST_BATCH), REQUEST_BATCH);
}

#define NO_HEX "f52fbd32b2b3b86ff88ef6c490628285f482af15ddcb29541f94bcf526a3f6cg"
#define LONG "n123456789012345678901234567890123456789012345678901234567890123"	/* 64 */

static void test_faults(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "keys:\n  a: {weight: 2}\n", "t.yaml:2:3: key \"a\" is empty: write key" },
		{ "keys:\n  a: {key: x, sha256: " HUNTER2 "}\n", "t.yaml:2:23: key \"a\" has both" },
		{ "keys:\n  a: {sha256: abc}\n", "t.yaml:2:15: keys.a.sha256 wants" },
		{ "keys:\n  a: {sha256: g" HUNTER2 "}\n", "t.yaml:2:15: keys.a.sha256 wants" },
		{ "keys:\n  a: {sha256: " NO_HEX "}\n", "t.yaml:2:15: sha256 of key \"a\" is not 64" },
		{ "keys:\n  a: x\n  b: x\n", "t.yaml:3:3: key \"b\" is the same as \"a\"" },
		{ "keys:\n  a: hunter2\n  b: {sha256: " HUNTER2 "}\n", "t.yaml:3:3: key \"b\" is the same" },
		{ "keys:\n  a b: x\n", "t.yaml:2:3: key \"a b\": a name is made of" },
		{ "keys:\n  " LONG ": x\n", "t.yaml:2:3: key \"n1" },
		{ "keys:\n  a: {key: x, weight: 0}\n", "t.yaml:2:23: keys.a.weight" },
		{ "keys:\n  a: {key: x, weight: 1001}\n", "t.yaml:2:23: keys.a.weight" },
		{ "keys:\n  a: {key: x, priority: urgent}\n", "t.yaml:2:25: keys.a.priority" },
	};
	struct client_keys ks;
	struct buf b;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct conf *c = load(rows[i].text, &ks);
		buf_init(&b, FLAW_PRINT_MAX);
		conf_faults(c, &b);
		buf_add_char(&b, '\0');
		if (conf_ok(c) || strstr(b.p, rows[i].want) == NULL)
			fail_msg("%s instead of %s", b.p, rows[i].want);
		buf_done(&b);
		unload(c, &ks);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_who_it_is),
		cmocka_unit_test(test_another_file),
		cmocka_unit_test(test_what_a_request_gets),
		cmocka_unit_test(test_faults),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

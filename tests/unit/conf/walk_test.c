/* Every mistake people make in a configuration file, and the whole text they get for it. */
#include "unit.h"

#include "unit/conf/sample.h"

static const struct mistake {
	const char *name, *text, *want;
} mistakes[] = {
	{ "a mistyped key", "providers:\n  openai:\n    kee: ${KEY}\n",
		"etc/weir.yaml:3:5: unknown key \"kee\" in providers.openai; did you mean \"key\"?\n"
		"    3 |     kee: ${KEY}\n"
		"      |     ^\n" },
	{ "a mistyped key at the top level", "workres: 4\n",
		"etc/weir.yaml:1:1: unknown key \"workres\"; did you mean \"workers\"?\n"
		"    1 | workres: 4\n"
		"      | ^\n" },
	{ "a key that belongs elsewhere",
		"models:\n"
		"  chat:\n"
		"    tiers: [{targets: [a/b]}]\n"
		"    connect: 2s\n",
		"etc/weir.yaml:4:5: unknown key \"connect\" in models.chat (\"connect\" belongs one level"
		" deeper, in clocks)\n"
		"    4 |     connect: 2s\n"
		"      |     ^\n" },
	{ "a key that belongs at the top level", "clocks:\n  listen: 0.0.0.0:80\n",
		"etc/weir.yaml:2:3: unknown key \"listen\" in clocks (\"listen\" belongs at the top level)\n"
		"    2 |   listen: ***\n"
		"      |   ^\n" },
	{ "a key like no other", "clocks:\n  zebra: 1\n",
		"etc/weir.yaml:2:3: unknown key \"zebra\" in clocks; valid here: connect, idle\n"
		"    2 |   zebra: 1\n"
		"      |   ^\n" },
	{ "a time without unit", "clocks:\n  connect: 2000\n",
		"etc/weir.yaml:2:12: clocks.connect wants a time with its unit: write 250ms or 2s, not 2000\n"
		"    2 |   connect: 2000\n"
		"      |            ^\n" },
	{ "a time in unknown units", "clocks: {connect: 2 parsecs}\n",
		"etc/weir.yaml:1:19: clocks.connect wants a time such as 250ms or 2s, from 10ms to 10m, not"
		" \"2 parsecs\"\n"
		"    1 | clocks: {connect: 2 parsecs}\n"
		"      |                   ^\n" },
	{ "a time out of range", "clocks: {connect: 1h, idle: 1ms}\n",
		"etc/weir.yaml:1:19: clocks.connect wants a time such as 250ms or 2s, from 10ms to 10m, not"
		" \"1h\"\n"
		"    1 | clocks: {connect: 1h, idle: 1ms}\n"
		"      |                   ^\n"
		"etc/weir.yaml:1:29: clocks.idle wants a time such as 250ms or 2s, from 10ms to 10m, not \"1ms\"\n"
		"    1 | clocks: {connect: 1h, idle: 1ms}\n"
		"      |                             ^\n" },
	{ "a number out of range", "workers: 65\n",
		"etc/weir.yaml:1:10: workers wants a whole number from 1 to 64, not \"65\"\n"
		"    1 | workers: 65\n"
		"      |          ^\n" },
	{ "a number that is none", "workers: many\n",
		"etc/weir.yaml:1:10: workers wants a whole number from 1 to 64, not \"many\"\n"
		"    1 | workers: many\n"
		"      |          ^\n" },
	{ "a fraction for a number", "workers: 1.5\n",
		"etc/weir.yaml:1:10: workers wants a whole number from 1 to 64, not \"1.5\"\n"
		"    1 | workers: 1.5\n"
		"      |          ^\n" },
	{ "a ratio out of range", "share: 1.001\n",
		"etc/weir.yaml:1:8: share wants a number such as 0.25, from 0 to 1, not \"1.001\"\n"
		"    1 | share: 1.001\n"
		"      |        ^\n" },
	{ "a size with a wrong unit", "body: 32mb\n",
		"etc/weir.yaml:1:7: body wants a size such as 64KiB or 32MiB, from 1KiB to 1GiB, not \"32mb\"\n"
		"    1 | body: 32mb\n"
		"      |       ^\n" },
	{ "a size out of range", "body: 2GiB\n",
		"etc/weir.yaml:1:7: body wants a size such as 64KiB or 32MiB, from 1KiB to 1GiB, not \"2GiB\"\n"
		"    1 | body: 2GiB\n"
		"      |       ^\n" },
	{ "yes for true", "hold: yes\n",
		"etc/weir.yaml:1:7: hold wants true or false, not \"yes\"\n"
		"    1 | hold: yes\n"
		"      |       ^\n" },
	{ "a mistyped choice", "models: {chat: {tiers: [{balance: wieghted, targets: [a/b]}]}}\n",
		"etc/weir.yaml:1:35: models.chat.tiers[0].balance wants one of first, weighted, not"
		" \"wieghted\"; did you mean \"weighted\"?\n"
		"    1 | models: {chat: {tiers: [{balance: wieghted, targets: [a/b]}]}}\n"
		"      |                                   ^\n" },
	{ "a mapping for a value", "workers: {min: 1, max: 2}\n",
		"etc/weir.yaml:1:1: workers wants a whole number, not a mapping\n"
		"    1 | workers: {min: 1, max: 2}\n"
		"      | ^\n" },
	{ "a list for a value", "listen: [a, b]\n",
		"etc/weir.yaml:1:1: listen wants a text, not a list\n"
		"    1 | listen: [a, b]\n"
		"      | ^\n" },
	{ "a value for a list", "tags: eu\n",
		"etc/weir.yaml:1:7: tags wants a list of texts such as [a, b], not a single value\n"
		"    1 | tags: eu\n"
		"      |       ^\n" },
	{ "a mapping for a list", "models:\n  chat:\n    tiers:\n      targets: [a/b]\n",
		"etc/weir.yaml:3:5: models.chat.tiers wants a list, each item after a dash, not a mapping\n"
		"    3 |     tiers:\n"
		"      |     ^\n" },
	{ "a value for a section", "clocks: 2s\n",
		"etc/weir.yaml:1:9: clocks wants a mapping of keys to values, not a single value\n"
		"    1 | clocks: 2s\n"
		"      |         ^\n" },
	{ "a list for a section", "clocks:\n  - connect: 2s\n",
		"etc/weir.yaml:1:1: clocks wants a mapping of keys to values, not a list\n"
		"    1 | clocks:\n"
		"      | ^\n" },
	{ "a value for a map", "providers: openai\n",
		"etc/weir.yaml:1:12: providers wants a mapping of names to what they hold, not a single value\n"
		"    1 | providers: openai\n"
		"      |            ^\n" },
	{ "a file that is a list", "- listen: x\n",
		"etc/weir.yaml:1:1: the file wants a mapping of keys to values, not a list\n"
		"    1 | - listen: x\n"
		"      | ^\n" },
	{ "a file that is a word", "hello\n",
		"etc/weir.yaml:1:1: the file wants a mapping of keys to values, not a single value\n"
		"    1 | hello\n"
		"      | ^\n" },
	{ "a missing key", "models:\n  chat:\n    clocks: {connect: 1s}\n",
		"etc/weir.yaml:2:3: models.chat needs the key \"tiers\" (tried in turn)\n"
		"    2 |   chat:\n"
		"      |   ^\n" },
	{ "a missing key in a list item",
		"models:\n"
		"  chat:\n"
		"    tiers:\n"
		"      - targets:\n"
		"          - weight: 3\n",
		"etc/weir.yaml:5:13: models.chat.tiers[0].targets[0] needs the key \"target\" (provider/model)\n"
		"    5 |           - weight: 3\n"
		"      |             ^\n" },
	{ "missing keys in an optional section", "tls: {strict: false}\n",
		"etc/weir.yaml:1:1: tls needs the key \"cert\" (certificate file)\n"
		"    1 | tls: {strict: false}\n"
		"      | ^\n"
		"etc/weir.yaml:1:1: tls needs the key \"pass\" (pass phrase)\n"
		"    1 | tls: {strict: false}\n"
		"      | ^\n" },
	{ "an empty required value", "tls:\n  cert:\n  pass: ${KEY}\n",
		"etc/weir.yaml:2:3: tls.cert must not be empty\n"
		"    2 |   cert:\n"
		"      |   ^\n" },
	{ "an empty list where one is needed", "models: {chat: {tiers: []}}\n",
		"etc/weir.yaml:1:17: models.chat.tiers wants from 1 to 4 items, not 0\n"
		"    1 | models: {chat: {tiers: []}}\n"
		"      |                 ^\n" },
	{ "too many items", "tags: [a, b, c, d]\n",
		"etc/weir.yaml:1:1: tags wants from 1 to 3 items, not 4\n"
		"    1 | tags: [a, b, c, d]\n"
		"      | ^\n" },
	{ "too many names", "providers: {a: , b: , c: , d: , e: }\n",
		"etc/weir.yaml:1:1: providers wants at most 4 items, not 5\n"
		"    1 | providers: {a: , b: , c: , d: , e: }\n"
		"      | ^\n" },
	{ "an unset variable", "providers:\n  openai: {key: \"${OPENAI_KEY}\"}\n",
		"etc/weir.yaml:2:17: providers.openai.key needs the environment variable OPENAI_KEY, which"
		" is not set; set it or write ${OPENAI_KEY:-default}\n"
		"    2 |   openai: {key: \"${OPENAI_KEY}\"}\n"
		"      |                 ^\n" },
	{ "a variable with the wrong content", "workers: ${WORDS}\n",
		"etc/weir.yaml:1:10: workers wants a whole number from 1 to 64, which is not what"
		" \"${WORDS}\" stands for\n"
		"    1 | workers: ${WORDS}\n"
		"      |          ^\n" },
	{ "a variable number out of range", "workers: ${PORT}\n",
		"etc/weir.yaml:1:10: workers wants a whole number from 1 to 64, which is not what"
		" \"${PORT}\" stands for\n"
		"    1 | workers: ${PORT}\n"
		"      |          ^\n" },
	{ "a reference left open", "name: \"${PORT\"\n",
		"etc/weir.yaml:1:7: name has a ${ without its closing brace\n"
		"    1 | name: \"${PORT\"\n"
		"      |       ^\n" },
	{ "a bare dollar name", "name: $PORT\n",
		"etc/weir.yaml:1:7: name has a dollar before a name: write ${NAME} for a variable, $$ for a"
		" dollar\n"
		"    1 | name: $PORT\n"
		"      |       ^\n" },
	{ "LiteLLM's way to name a variable", "providers: {openai: {key: os.environ/OPENAI_API_KEY}}\n",
		"etc/weir.yaml:1:27: providers.openai.key is written as LiteLLM has it; write ${NAME} for a"
		" variable\n"
		"    1 | providers: {openai: {key: ***}}\n"
		"      |                           ^\n" },
	{ "a secret file that is not there", "providers: {openai: {key: file:/run/none}}\n",
		"etc/weir.yaml:1:27: providers.openai.key cannot read \"file:/run/none\": No such file or"
		" directory\n"
		"    1 | providers: {openai: {key: file:/run/none}}\n"
		"      |                           ^\n" },
	{ "a secret file that is empty", "providers: {openai: {key: file:/run/empty}}\n",
		"etc/weir.yaml:1:27: providers.openai.key takes its value from \"file:/run/empty\", which"
		" is empty\n"
		"    1 | providers: {openai: {key: file:/run/empty}}\n"
		"      |                           ^\n" },
	{ "a secret file without name", "master: 'file:'\n",
		"etc/weir.yaml:1:9: master names no file: write file:/path\n"
		"    1 | master: 'file:'\n"
		"      |         ^\n" },
	{ "a secret of two lines", "master: ${SPLIT}\n",
		"etc/weir.yaml:1:9: master holds a line end or another control character; a secret is one line\n"
		"    1 | master: ${SPLIT}\n"
		"      |         ^\n" },
	{ "a fingerprint for a secret", "master: <secret 3f2a>\n",
		"etc/weir.yaml:1:9: master is the fingerprint that \"weir config show\" prints, not the"
		" secret: write ${NAME} or file:/path\n"
		"    1 | master: ***\n"
		"      |         ^\n" },
	{ "a text too long", "name: abcdefghijklmnopqrstuvwxyz\n",
		"etc/weir.yaml:1:7: name wants at most 20 bytes, not 26\n"
		"    1 | name: abcdefghijklmnopqrstuvwxyz\n"
		"      |       ^\n" },
	{ "a text too short", "providers: {openai: {url: h}}\n",
		"etc/weir.yaml:1:27: providers.openai.url wants from 8 to 200 bytes, not 1\n"
		"    1 | providers: {openai: {url: h}}\n"
		"      |                           ^\n" },
	{ "a variable that is not UTF-8", "name: ${BYTES}\n",
		"etc/weir.yaml:1:7: name is not valid UTF-8\n"
		"    1 | name: ${BYTES}\n"
		"      |       ^\n" },
	{ "a zero byte in a text", "name: \"a\\0b\"\n",
		"etc/weir.yaml:1:7: name holds a zero byte\n"
		"    1 | name: \"a\\0b\"\n"
		"      |       ^\n" },
	{ "an empty list element", "tags: [a, \"\"]\n",
		"etc/weir.yaml:1:11: tags[1] must not be empty\n"
		"    1 | tags: [a, \"\"]\n"
		"      |           ^\n" },
	{ "an empty name", "providers: {\"\": {key: x}}\n",
		"etc/weir.yaml:1:13: providers.\"\" is an empty name\n"
		"    1 | providers: {\"\": {key: ***}}\n"
		"      |             ^\n" },
	{ "a name with a variable", "providers:\n  ${PORT}: {url: http://x}\n",
		"etc/weir.yaml:2:3: providers.${PORT} is a name with a dollar; variables are filled in in"
		" values only\n"
		"    2 |   ${PORT}: {url: http://x}\n"
		"      |   ^\n" },
	{ "the same key twice", "workers: 1\nlisten: x\nworkers: 2\n",
		"etc/weir.yaml:3:1: the key \"workers\" is already on line 1\n"
		"    3 | workers: 2\n"
		"      | ^\n" },
	{ "a syntax error", "clocks: {connect: 2s\nworkers: 1\n",
		"etc/weir.yaml:2:8: missing comma in flow mapping\n"
		"    2 | workers: 1\n"
		"      |        ^\n" },
	{ "a variable without quotes in braces", "providers: {openai: {key: ${KEY}}}\n",
		"etc/weir.yaml:1:28: a reference inside { } or [ ] must be in quotes: write \"${NAME}\"\n"
		"    1 | providers: {openai: {key:***\n"
		"      |                          ^\n" },
	{ "a tab for indentation", "clocks:\n\011connect: 2s\n",
		"etc/weir.yaml:2:1: tab character may not be used as indentation\n"
		"    2 |  connect: 2s\n"
		"      | ^\n" },
	{ "bytes that are not UTF-8", "name: \"\351\350\"\n",
		"etc/weir.yaml:1:8: the file must be UTF-8 text; this byte is not\n"
		"    1 | name: \"??\"\n"
		"      |        ^\n" },
	{ "an old line end", "name: x\rworkers: 2\n",
		"etc/weir.yaml:1:8: a carriage return without a line feed\n"
		"    1 | name: x?workers: 2\n"
		"      |        ^\n" },
	{ "a byte order mark and lines ended by CR LF", "\xef\xbb\xbf" "name: x\r\nworkers: {a: 1}\r\n",
		"etc/weir.yaml:2:1: workers wants a whole number, not a mapping\n"
		"    2 | workers: {a: 1}\n"
		"      | ^\n" },
	{ "a byte order mark before the fault", "\xef\xbb\xbf" "{workers: 0}\n",
		"etc/weir.yaml:1:11: workers wants a whole number from 1 to 64, not \"0\"\n"
		"    1 | {workers: 0}\n"
		"      |           ^\n" },
	{ "several at once", "workers: 0\nclocks: {connect: 1}\nhodl: true\nproviders:\n  a: {weight: 11}\n",
		"etc/weir.yaml:1:10: workers wants a whole number from 1 to 64, not \"0\"\n"
		"    1 | workers: 0\n"
		"      |          ^\n"
		"etc/weir.yaml:2:19: clocks.connect wants a time with its unit: write 250ms or 2s, not 1\n"
		"    2 | clocks: {connect: 1}\n"
		"      |                   ^\n"
		"etc/weir.yaml:3:1: unknown key \"hodl\"; did you mean \"hold\"?\n"
		"    3 | hodl: true\n"
		"      | ^\n"
		"etc/weir.yaml:5:15: providers.a.weight wants a whole number from 0 to 10, not \"11\"\n"
		"    5 |   a: {weight: 11}\n"
		"      |               ^\n" },
	{ "dots in names", "models:\n  gpt-4.1:\n    tiers: [{targets: [x]}]\n",
		"etc/weir.yaml:3:24: models.\"gpt-4.1\".tiers[0].targets[0] wants from 3 to 64 bytes, not 1\n"
		"    3 |     tiers: [{targets: [x]}]\n"
		"      |                        ^\n" },
	{ "a long line",
		"listen: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa #"
		" bbbbbbbbbbbbbbbbbb\n"
		"clocks: {connect: 1s,                                                                   "
		" idle: 5, connect_: 2s, more: aaaaaaaaaaaaaaaaa, bbbbbbbb: ccccccc}\n",
		"etc/weir.yaml:2:96: clocks.idle wants a time with its unit: write 250ms or 2s, not 5\n"
		"    2 | ...                                                                  idle: 5,"
		" connect_: 2s, more: ***...\n"
		"      |                                                                            ^\n"
		"etc/weir.yaml:2:99: unknown key \"connect_\" in clocks; did you mean \"connect\"?\n"
		"    2 | ...                                                               idle: 5,"
		" connect_: 2s, more: ***, b...\n"
		"      |                                                                            ^\n"
		"etc/weir.yaml:2:113: unknown key \"more\" in clocks; valid here: connect, idle\n"
		"    2 | ...                                                 idle: 5, connect_: 2s, more:"
		" ***, bbbbbbbb: ccccc...\n"
		"      |                                                                            ^\n"
		"etc/weir.yaml:2:138: unknown key \"bbbbbbbb\" in clocks; valid here: connect, idle\n"
		"    2 | ...                        idle: 5, connect_: 2s, more: ***, bbbbbbbb: ccccccc}\n"
		"      |                                                              ^\n" },
	{ "wide characters before the caret",
		"providers: {\"gr\303\274\303\237e \344\275\240\": {weight: 11}}\n",
		"etc/weir.yaml:1:33: providers.\"gr\303\274\303\237e \344\275\240\".weight wants a whole"
		" number from 0 to 10, not \"11\"\n"
		"    1 | providers: {\"gr\303\274\303\237e \344\275\240\": {weight: 11}}\n"
		"      |                                 ^\n" },
};

static void check(const struct mistake *m)
{
	struct conf *c = sample_parse(m->text);
	struct buf b;

	buf_init(&b, FLAW_PRINT_MAX);
	conf_faults(c, &b);
	if (!slice_eq(buf_slice(&b), slice_str(m->want)))
		fail_msg("%s\n%s---- got\n%.*s---- want\n%s", m->name, m->text, SLICE_ARG(buf_slice(&b)), m->want);
	assert_false(conf_ok(c));
	buf_done(&b);
	conf_free(&c);
}

static void test_mistakes(void **state)
{
	for (size_t i = 0; i < COUNT_OF(mistakes); i++)
		check(&mistakes[i]);
}

static void test_only_twenty_are_shown(void **state)
{
	struct buf text, out;
	struct conf *c;

	buf_init(&text, 10000);
	buf_init(&out, FLAW_PRINT_MAX);
	for (int i = 0; i < 23; i++)
		buf_addf(&text, "wrong%d: 1\n", i);
	buf_add_char(&text, '\0');
	c = sample_parse(text.p);
	assert_int_equal(c->faults.all, 23);
	conf_faults(c, &out);
	buf_add_char(&out, '\0');
	assert_non_null(strstr(out.p, "etc/weir.yaml:20:1: unknown key \"wrong19\""));
	assert_null(strstr(out.p, "wrong20"));
	assert_non_null(strstr(out.p, "etc/weir.yaml: and 3 more\n"));
	conf_free(&c);
	buf_done(&text);
	buf_done(&out);
}

/* A fault leaves the field at its default, so later checks have something to look at. */
static void test_faulty_fields_keep_defaults(void **state)
{
	struct conf *c = sample_parse("workers: 99\nlisten: [x]\nclocks: {connect: soon, idle: 1s}\n");
	const struct sample *s = c->root;

	assert_int_equal(c->faults.all, 3);
	assert_int_equal(s->workers, 1);
	assert_slice(s->listen, "0.0.0.0:8080");
	assert_int_equal(s->clocks.connect, 2000);
	assert_int_equal(s->clocks.idle, 1000);
	conf_free(&c);
}

struct words {
	struct row_strs list;
};
static const struct row words_rows[] = {
	ROW_STR_LIST(struct words, list, 0, 1000, ROW_OPTIONAL, ROW_RELOAD, "words"),
};
static const struct section words = ROW_TABLE("words", struct words, words_rows);

/* An alias multiplies one long text: 80 times 60000 bytes pass WALK_TEXT_MAX, 60 times do not. */
static void test_too_much_text(void **state)
{
	for (int times = 60; times <= 80; times += 20) {
		struct buf text, out;
		buf_init(&text, 1 << 20);
		buf_init(&out, FLAW_PRINT_MAX);
		buf_addf(&text, "list:\n- &long ");
		for (int i = 0; i < 60000; i++)
			buf_add_char(&text, 't');
		for (int i = 1; i < times; i++)
			buf_addf(&text, "\n- *long");
		struct conf *c = conf_parse(buf_slice(&text), "x", &words, &sample_source);
		assert_true(conf_ok(c) == (times == 60));
		conf_faults(c, &out);
		buf_add_char(&out, '\0');
		assert_true(times == 60 || strstr(out.p, "is too much: all texts together pass 4194304 bytes"));
		conf_free(&c);
		buf_done(&text);
		buf_done(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_only_twenty_are_shown),
		cmocka_unit_test(test_faulty_fields_keep_defaults),
		cmocka_unit_test(test_too_much_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

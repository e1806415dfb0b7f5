#include "unit.h"

#include "conf/show.h"
#include "unit/conf/sample.h"

static struct source forgiving;

/* What show_conf prints of `text`, in a buffer that the caller ends; also looks for the canary. */
static struct buf show(const char *text, const struct source *from)
{
	struct conf *c = conf_parse(slice_str(text), "x.yaml", &sample, from);
	struct buf out;

	buf_init(&out, 1 << 20);
	conf_faults(c, &out);
	if (!conf_ok(c))
		fail_msg("%s\n----\n%.*s", text, SLICE_ARG(buf_slice(&out)));
	assert_true(show_conf(c, &out));
	assert_null(memmem(out.p, out.n, "canary", 6));
	buf_add_char(&out, '\0');
	conf_free(&c);
	return out;
}

static const char *defaults =
	"listen: \"0.0.0.0:8080\"  # default\n"
	"name: \"\"  # default\n"
	"workers: 1  # default\n"
	"shift: -1  # default\n"
	"body: 32MiB  # default\n"
	"ping: 0  # default\n"
	"share: 0.2  # default\n"
	"hold: true  # default\n"
	"master: \"\"  # default\n"
	"tls: null  # default\n"
	"clocks:\n"
	"  connect: 2s  # default\n"
	"  idle: 15s  # default\n"
	"tags: []  # default\n"
	"providers: {}  # default\n"
	"models: {}  # default\n";

static void test_defaults(void **state)
{
	struct buf out = show("", &sample_source);

	assert_string_equal(out.p, defaults);
	buf_done(&out);
	/* A written default is one all the same. */
	out = show(defaults, &sample_source);
	assert_string_equal(out.p, defaults);
	buf_done(&out);
}

static const char *full =
	"name: ${WORDS}\nworkers: ${N}\nbody: 1500KB\nping: 50s\nshare: 0.333\nhold: false\nmaster: ${KEY}\n"
	"tls: {cert: a.pem, pass: file:/run/key}\ntags: [\"a\\n\\u2028\\t\\x7f\", \"$$HOME\", 'tr\"ue\\']\n"
	"providers:\n  openai: {key: \"" CANARY "\"}\n  \"\\u00fc: [x]\": {url: \"${YAML}\"}\n"
	"  \"on\": {weight: 2}\n"
	"models:\n  gpt-4.1:\n    tiers: [{targets: [openai/gpt-4.1, {target: a/b, weight: 0}]}, "
	"{balance: weighted, targets: [local/q:7b]}]\n    tags: []\n";

static void test_values(void **state)
{
	struct buf out = show(full, &sample_source), want;
	char tag[8];

	secret_tag((struct secret){ SLICE(CANARY) }, tag, sizeof(tag));
	buf_init(&want, 10000);
	buf_addf(&want,
		"listen: \"0.0.0.0:8080\"  # default\n"
		"name: \"two words\"\n"
		"workers: 8\n"
		"shift: -1  # default\n"
		"body: 1500000\n"
		"ping: 50s\n"
		"share: 0.333\n"
		"hold: false\n"
		"master: <secret %s>\n"
		"tls:\n"
		"  cert: a.pem\n"
		"  pass: <secret %s>\n"
		"  strict: true  # default\n"
		"clocks:\n"
		"  connect: 2s  # default\n"
		"  idle: 15s  # default\n"
		"tags: [\"a\\u000a\\u2028\\u0009\\u007f\", \"$$HOME\", \"tr\\\"ue\\\\\"]\n"
		"providers:\n"
		"  openai:\n"
		"    key: <secret %s>\n"
		"    url: \"\"  # default\n"
		"    weight: 1  # default\n"
		"  \"\xc3\xbc: [x]\":\n"
		"    key: \"\"  # default\n"
		"    url: \"{a: [b], c: \\\"d\\\"} # $$x $${PORT}\"\n"
		"    weight: 1  # default\n"
		"  \"on\":\n"
		"    key: \"\"  # default\n"
		"    url: \"\"  # default\n"
		"    weight: 2\n"
		"models:\n"
		"  gpt-4.1:\n"
		"    tiers:\n"
		"      - balance: first  # default\n"
		"        targets:\n"
		"          - target: openai/gpt-4.1\n"
		"            weight: 1  # default\n"
		"          - target: a/b\n"
		"            weight: 0\n"
		"      - balance: weighted\n"
		"        targets:\n"
		"          - target: local/q:7b\n"
		"            weight: 1  # default\n"
		"    clocks:\n"
		"      connect: 2s  # default\n"
		"      idle: 15s  # default\n"
		"    tags: []\n", tag, tag, tag);
	buf_add_char(&want, '\0');
	assert_string_equal(out.p, want.p);
	buf_done(&want);
	buf_done(&out);
}

static void test_round_trip(void **state)
{
	struct buf first = show(full, &sample_source), second = show(first.p, &forgiving);

	assert_string_equal(first.p, second.p);
	buf_done(&first);
	buf_done(&second);
}

/* Nobody runs with a fingerprint for a key: the print is for reading. */
static void test_fingerprints_are_refused(void **state)
{
	struct buf first = show(full, &sample_source);
	struct conf *c = conf_parse(slice_str(first.p), "x.yaml", &sample, &sample_source);

	assert_int_equal(c->faults.all, 3);
	conf_free(&c);
	buf_done(&first);
}

/* Every text that may be a value survives the way out and in again. */
static void test_texts(void **state)
{
	static const char *const texts[] = { "plain", "null", "~", "true", "No", "-", "- a", "a: b", "a #b", "#",
		"'", "\"",
		"\\", "$", "$$", "${X}", "$X", "{", "[", "*a", "&a", "!x", "%", "@", "`", "|", ">", "?", ":",
		"a:", " a", "a ",
		"\t", "\r\n", "a\nb", "\x01", "\xc2\x85", "\xe2\x80\xa9", "\xef\xbb\xbf\x61", "\xef\xbf\xbe",
		"\xf0\x9f\x98\x80",
		"1", "0x1", "1e3", "/a/b", "a,b", "<<", "=", "---", "..." };

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct conf *c = sample_parse("name: x");
		struct sample *s = c->root;
		struct buf out;
		buf_init(&out, 10000);
		s->name = slice_str(texts[i]);
		assert_true(show_conf(c, &out));
		struct conf *again = conf_parse(buf_slice(&out), "x", &sample, &sample_source);
		if (!conf_ok(again) || !slice_eq(((struct sample *)again->root)->name, slice_str(texts[i])))
			fail_msg("\"%s\" went out as\n%.*s", texts[i], SLICE_ARG(buf_slice(&out)));
		buf_done(&out);
		conf_free(&c);
		conf_free(&again);
	}
}

static void test_full_buffer(void **state)
{
	struct conf *c = sample_parse("");
	struct buf out;

	for (size_t max = 0; max < strlen(defaults); max++) {
		buf_init(&out, max);
		assert_false(show_conf(c, &out));
		buf_done(&out);
	}
	buf_init(&out, strlen(defaults));
	assert_true(show_conf(c, &out));
	buf_done(&out);
	conf_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_values), cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_fingerprints_are_refused), cmocka_unit_test(test_texts),
		cmocka_unit_test(test_full_buffer),
	};

	forgiving = sample_source;
	forgiving.takes_fingerprints = true;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "unit.h"

#include <unistd.h>

#include "unit/conf/sample.h"

static struct conf *good(const char *text)
{
	struct conf *c = sample_parse(text);
	struct buf b;

	buf_init(&b, FLAW_PRINT_MAX);
	conf_faults(c, &b);
	if (!conf_ok(c))
		fail_msg("%.*s", SLICE_ARG(buf_slice(&b)));
	assert_int_equal(buf_len(&b), 0);
	buf_done(&b);
	return c;
}

static void check_defaults(const char *text)
{
	struct conf *c = good(text);
	const struct sample *s = c->root;

	assert_slice(s->listen, "0.0.0.0:8080");
	assert_slice(s->name, "");
	assert_int_equal(s->workers, 1);
	assert_int_equal(s->shift, -1);
	assert_int_equal(s->body, 32 << 20);
	assert_int_equal(s->ping, 0);
	assert_true(s->share > 0.199 && s->share < 0.201);
	assert_true(s->hold);
	assert_int_equal(s->master.bytes.n, 0);
	assert_true(s->tls.strict);
	assert_int_equal(s->clocks.connect, 2000);
	assert_int_equal(s->clocks.idle, 15000);
	assert_int_equal(s->tags.n, 0);
	assert_int_equal(s->providers.n, 0);
	assert_int_equal(s->models.n, 0);
	assert_false(CONF_GIVEN(c, &s->tls));
	assert_false(CONF_GIVEN(c, &s->listen));
	assert_int_equal(conf_where(c, &s->listen).line, 0);
	conf_free(&c);
	assert_null(c);
	conf_free(&c);
}

static void test_defaults(void **state)
{
	check_defaults("");
	check_defaults("# nothing\n\n");
	check_defaults("---\n");
	check_defaults("{}\n");
	check_defaults("workers:\nclocks: ~\ntls: null\nproviders:\nmodels: {}\ntags:\nmaster: NULL\n");
}

static const char *full =
	"listen: 127.0.0.1:${PORT}\n"
	"workers: ${N}\n"
	"ping: 15s\n"
	"hold: \"false\"\n"
	"master: file:/run/key\n"
	"providers:\n"
	"  openai: {key: \"${KEY}\"}\n"
	"  local:\n"
	"  near: {key: file:near, url: 'http://127.0.0.1:11434/v1'}\n"
	"  literal: {key: \"" CANARY "\", weight: 0}\n"
	"models:\n"
	"  chat:\n"
	"    tiers:\n"
	"      - balance: weighted\n"
	"        targets: [{target: openai/gpt, weight: 70}, local/qwen]\n"
	"      - targets:\n"
	"          - near/x\n"
	"    clocks: {connect: 250ms}\n"
	"    tags: [\"${YAML}\", a, $$5]\n";

static void test_values(void **state)
{
	struct conf *c = good(full);
	const struct sample *s = c->root;
	const struct sample_provider *p = s->providers.v;
	const struct sample_model *m = s->models.v;
	const struct sample_tier *t = m[0].tiers.v;
	const struct sample_target *targets = t[0].targets.v, *last = t[1].targets.v;

	assert_slice(s->listen, "127.0.0.1:9000");
	assert_int_equal(s->listen.p[s->listen.n], '\0');
	assert_int_equal(s->workers, 8);
	assert_int_equal(s->ping, 15000);
	assert_false(s->hold);
	assert_slice(s->master.bytes, CANARY);
	assert_int_equal(s->providers.n, 4);
	assert_slice(s->providers.names[0], "openai");
	assert_slice(s->providers.names[2], "near");
	assert_slice(p[0].key.bytes, CANARY);
	assert_slice(p[1].key.bytes, "");
	assert_int_equal(p[1].weight, 1);
	assert_slice(p[2].key.bytes, CANARY);
	assert_slice(p[2].url, "http://127.0.0.1:11434/v1");
	assert_int_equal(p[3].weight, 0);
	assert_int_equal(m[0].tiers.n, 2);
	assert_null(m[0].tiers.names);
	assert_int_equal(t[0].balance, SAMPLE_WEIGHTED);
	assert_int_equal(t[1].balance, SAMPLE_FIRST);
	assert_int_equal(targets[0].weight, 70);
	assert_slice(targets[1].target, "local/qwen");
	assert_int_equal(targets[1].weight, 1);
	assert_slice(last[0].target, "near/x");
	assert_int_equal(m[0].clocks.connect, 250);
	assert_int_equal(m[0].clocks.idle, 15000);
	assert_int_equal(m[0].tags.n, 3);
	assert_slice(m[0].tags.v[0], "{a: [b], c: \"d\"} # $x ${PORT}");
	assert_slice(m[0].tags.v[2], "$5");
	conf_free(&c);
}

static void test_list_defaults(void **state)
{
	struct conf *c = good("models: {a: {tiers: [{targets: [x/y]}]}, b: {tiers: [{targets: [x/y]}], tags: []}}");
	const struct sample_model *m = ((const struct sample *)c->root)->models.v;

	assert_int_equal(m[0].tags.n, 2);
	assert_slice(m[0].tags.v[0], "eu");
	assert_slice(m[0].tags.v[1], "fast");
	assert_int_equal(m[1].tags.n, 0);
	conf_free(&c);
}

/* A line end behind a key in a variable is cut, as `echo` and editors leave it. */
static void test_secret_trims(void **state)
{
	struct conf *c = good("master: ${KEY_NL}");

	assert_slice(((const struct sample *)c->root)->master.bytes, CANARY);
	conf_free(&c);
}

static void check_place(const struct conf *c, const void *field, unsigned line, unsigned column)
{
	struct conf_place p = conf_where(c, field);

	assert_string_equal(p.file, "etc/weir.yaml");
	assert_int_equal(p.line, line);
	assert_int_equal(p.column, column);
}

static void test_places(void **state)
{
	struct conf *c = good(full);
	const struct sample *s = c->root;
	const struct sample_provider *p = s->providers.v;
	const struct sample_model *m = s->models.v;
	const struct sample_tier *t = m[0].tiers.v;
	const struct sample_target *targets = t[0].targets.v;

	check_place(c, &s->listen, 1, 9);
	check_place(c, &s->providers, 6, 1);
	check_place(c, &s->providers.names[0], 7, 3);
	check_place(c, &s->providers.names[3], 10, 3);
	check_place(c, &p[0].key, 7, 17);
	check_place(c, &p[0].url, 7, 3);		/* not written: where its section is */
	check_place(c, &p[1].weight, 8, 3);
	check_place(c, &p[2].url, 9, 31);
	check_place(c, &t[0].balance, 14, 18);
	check_place(c, &targets[0].weight, 15, 48);
	check_place(c, &targets[1].target, 15, 53);
	check_place(c, &targets[1].weight, 15, 53);
	check_place(c, &m[0].clocks.connect, 18, 23);
	check_place(c, &m[0].clocks.idle, 18, 5);
	check_place(c, &m[0].tags.v[1], 19, 23);
	check_place(c, &s->body, 0, 0);
	check_place(c, NULL, 0, 0);
	assert_true(CONF_GIVEN(c, &s->listen));
	assert_true(CONF_GIVEN(c, &s->models));
	assert_true(CONF_GIVEN(c, &m[0].clocks));
	assert_true(CONF_GIVEN(c, &m[0].clocks.connect));
	assert_false(CONF_GIVEN(c, &m[0].clocks.idle));
	assert_false(CONF_GIVEN(c, &s->clocks));
	assert_false(CONF_GIVEN(c, &s->body));
	assert_false(CONF_GIVEN(c, &p[0].url));
	conf_free(&c);
}

/* What an upper floor adds after its own checks stands in the order of the file. */
static void test_later_faults(void **state)
{
	struct conf *c = good("providers: {a: }\nmodels:\n  chat:\n    tiers: [{targets: [openia/gpt]}]\n");
	const struct sample *s = c->root;
	const struct sample_model *m = s->models.v;
	const struct sample_target *t = ((const struct sample_tier *)m->tiers.v)->targets.v;
	struct buf b;

	conf_fault_near(c, &t->target, SLICE("openai"), "the target \"%.*s\" names no provider", SLICE_ARG(t->target));
	conf_fault(c, &s->providers.names[0], "the provider \"%s\" needs a url", "a\x1b[31m");
	conf_fault(c, NULL, "no provider has a key");
	assert_false(conf_ok(c));
	buf_init(&b, FLAW_PRINT_MAX);
	conf_faults(c, &b);
	assert_slice(buf_slice(&b),
		"etc/weir.yaml: no provider has a key\n"
		"etc/weir.yaml:1:13: the provider \"a?[31m\" needs a url\n"
		"    1 | providers: {a: }\n"
		"      |             ^\n"
		"etc/weir.yaml:4:24: the target \"openia/gpt\" names no provider; did you mean \"openai\"?\n"
		"    4 |     tiers: [{targets: [openia/gpt]}]\n"
		"      |                        ^\n");
	buf_done(&b);
	conf_free(&c);
}

static void test_load(void **state)
{
	char dir[] = "/tmp/weir-conf-XXXXXX", path[64], key[64];
	struct conf *c;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/weir.yaml", dir);
	snprintf(key, sizeof(key), "%s/key", dir);
	f = fopen(path, "w");
	fputs("workers: 3\nmaster: file:key\n", f);
	fclose(f);
	f = fopen(key, "w");
	fputs(CANARY "\n", f);
	fclose(f);
	c = conf_load(path, &sample, &source_process);
	assert_true(conf_ok(c));
	assert_int_equal(((struct sample *)c->root)->workers, 3);
	assert_slice(((struct sample *)c->root)->master.bytes, CANARY);
	conf_free(&c);
	unlink(path);
	unlink(key);
	rmdir(dir);
}

static void check_load_fault(const char *path, const struct source *from, const char *want)
{
	struct conf *c = conf_load(path, &sample, from);
	struct buf b;

	buf_init(&b, FLAW_PRINT_MAX);
	conf_faults(c, &b);
	assert_slice(buf_slice(&b), want);
	assert_int_equal(((struct sample *)c->root)->workers, 1);	/* defaults stand */
	buf_done(&b);
	conf_free(&c);
}

static void test_load_faults(void **state)
{
	check_load_fault("/nonexistent/weir.yaml", &source_process,
		"/nonexistent/weir.yaml: cannot be read: No such file or directory\n");
	check_load_fault("/tmp", &source_process, "/tmp: cannot be read: Is a directory\n");
	check_load_fault("/dev/zero", &source_process, "/dev/zero: cannot be read: the file is too large\n");
	check_load_fault("x", &(struct source){ 0 }, "x: cannot be read: files cannot be read here\n");
}

/* Stands in for libc's: counts the secrets that it was given to overwrite.  The second name is what a fortified build
 * calls (glibc, string_fortified.h). */
static size_t wiped;
void __explicit_bzero_chk(void *p, size_t n, size_t cap);
void __explicit_bzero_chk(void *p, size_t n, size_t cap)
{
	const char *at = p, *end = at + n;

	while ((at = memmem(at, (size_t)(end - at), CANARY, strlen(CANARY))) != NULL) {
		wiped++;
		at++;
	}
	memset(p, 0, n);
}
void explicit_bzero(void *p, size_t n)
{
	__explicit_bzero_chk(p, n, n);
}

static void test_free_wipes_secrets(void **state)
{
	struct conf *c = good("master: ${KEY}\nproviders: {a: {key: file:/run/key}, b: {key: \"" CANARY "\"}}\n");

	wiped = 0;
	conf_free(&c);
	/* Each of the three values, and the literal one in the text of the file and in its tree. */
	assert_true(wiped >= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_values), cmocka_unit_test(test_list_defaults),
		cmocka_unit_test(test_secret_trims), cmocka_unit_test(test_places), cmocka_unit_test(test_later_faults),
		cmocka_unit_test(test_load), cmocka_unit_test(test_load_faults),
		cmocka_unit_test(test_free_wipes_secrets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The root of the configuration.  Runs in tests/ (meson's workdir). */
#include "unit.h"

#include "app/settings.h"
#include "base/log.h"
#include "conf/conf.h"
#include "dialect/provider.h"
#include "route/roster.h"

#define EXAMPLE "../conf/weir.yaml"

static const char *const *env_of_test;	/* name, value, ..., NULL */

static const char *env(void *arg, const char *name)
{
	for (const char *const *p = env_of_test; p && *p; p += 2)
		if (strcmp(p[0], name) == 0)
			return p[1];
	return NULL;
}

static const struct source from = { .env = env };

static struct conf *parse(const char *text)
{
	return conf_parse(slice_str(text), "test.yaml", &settings_section, &from);
}

static void expect_ok(struct conf *c)
{
	struct buf b;

	settings_check(c);
	if (conf_ok(c))
		return;
	buf_init(&b, FLAW_PRINT_MAX);
	conf_faults(c, &b);
	fail_msg("%.*s", SLICE_ARG(buf_slice(&b)));
}

static struct roster *roster_of(struct conf *c, struct health_table *health)
{
	const struct settings *st = c->root;
	struct roster *r;

	health_init(health, 100, 1);
	r = roster_new(c, &st->route, health);
	if (r == NULL)
		expect_ok(c);
	assert_non_null(r);
	return r;
}

static void test_proof(void **state)
{
	row_proof(&settings_section);
}

/* What README and the comments in it promise: it runs as it stands, with or without keys. */
static void test_the_example(void **state)
{
	static const char *const keys[] = { "OPENAI_API_KEY", "sk-1", "GROQ_API_KEY", "gsk-2", NULL };

	for (int with = 0; with < 2; with++) {
		struct health_table health;
		env_of_test = with ? keys : NULL;
		const struct source disk = { .env = env, .file = source_process.file,
			.arg = source_process.arg };
		struct conf *c = conf_load(EXAMPLE, &settings_section, &disk);
		expect_ok(c);
		struct roster *r = roster_of(c, &health);
		assert_int_equal(r->n_models, 4);
		assert_slice(r->model_list[0]->name, "chat");
		assert_int_equal(r->model_list[0]->n_tiers, 2);
		const struct provider *openai = map_find(&r->providers, SLICE("openai"));
		assert_non_null(openai);
		assert_slice(openai->keys[0].secret.bytes, with ? "sk-1" : "not-set");
		roster_unref(&r);
		health_done(&health);
		conf_free(&c);
	}
}

/* An empty file is a configuration; its values are those that the code and the documents name. */
static void test_defaults(void **state)
{
	struct conf *c = parse("");
	const struct settings *s = c->root;

	expect_ok(c);
	assert_slice(s->listen, "0.0.0.0:8080");
	assert_slice(s->admin.listen, "127.0.0.1:9901");
	assert_int_equal(s->tls.cert.n + s->tls.key.n, 0);
	assert_int_equal(s->log.level, LOG_LEVEL_INFO);
	assert_int_equal(s->log.format, SETTINGS_LOG_AUTO);
	assert_true(s->log.access);
	assert_int_equal(s->half_close, FRONT_HALF_CLOSE_ABORT);
	assert_int_equal(s->ping, 15000);
	assert_int_equal(s->max_hops, 4);
	assert_int_equal(s->drain.delay, 2000);
	assert_int_equal(s->route.models.n + s->route.providers.n, 0);
	/* an answer that fits `body` fits the journal, an event the body, a request's body the memory of all */
	assert_true(s->answers.journal > s->answers.body && s->answers.body > s->answers.event);
	assert_true(s->answers.lag < s->answers.journal && s->limits.body < s->limits.buffered);
	conf_free(&c);
}

/* The words of a row are the values of its enum, in order. */
static void test_words(void **state)
{
	static const char *const levels[] = { "debug", "info", "warn", "error" };
	static const char *const formats[] = { "auto", "json", "text" };
	static const char *const closes[] = { "abort", "deliver" };
	char text[200];

	for (int i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "log: {level: %s, format: %s, access: false}\nhalf_close: %s\n",
			levels[i], formats[i % 3], closes[i % 2]);
		struct conf *c = parse(text);
		const struct settings *s = c->root;
		expect_ok(c);
		assert_int_equal(s->log.level, LOG_LEVEL_DEBUG + i);
		assert_int_equal(s->log.format, SETTINGS_LOG_AUTO + i % 3);
		assert_false(s->log.access);
		assert_int_equal(s->half_close, i % 2 ? FRONT_HALF_CLOSE_DELIVER : FRONT_HALF_CLOSE_ABORT);
		conf_free(&c);
	}
}

static void test_half_a_certificate(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
		{ "tls: {cert: a.pem, key: b.pem}\n", true }, { "tls: {cert: a.pem}\n", false },
		{ "tls: {key: b.pem}\n", false },
		{ "listen: 1.2.3.4:1\n", true },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct conf *c = parse(rows[i].text);
		struct buf b;
		assert_true(conf_ok(c));
		settings_check(c);
		assert_int_equal(conf_ok(c), rows[i].ok);
		buf_init(&b, FLAW_PRINT_MAX);
		conf_faults(c, &b);
		buf_add_char(&b, '\0');
		if (!rows[i].ok) {
			assert_non_null(strstr(b.p, "test.yaml:1:"));
			assert_non_null(strstr(b.p, "tls needs both cert and key"));
		}
		buf_done(&b);
		conf_free(&c);
	}
}

/* A start without a file: one provider for each key in the environment, and the text is a configuration. */
static void test_from_the_environment(void **state)
{
	static const char *const two[] = { "GROQ_API_KEY", "gsk-2", "HOME", "/root", "OPENAI_API_KEY",
		"sk-\"1: {}", "MISTRAL_API_KEY", "", "REDIS_URL", "redis://:pw@cache/1", NULL };
	struct health_table health;
	struct buf b;

	env_of_test = two;
	buf_init(&b, 65536);
	assert_int_equal(settings_from_env(env, NULL, &b), 2);
	buf_add_char(&b, '\0');
	assert_non_null(strstr(b.p, "  openai: {key: \"${OPENAI_API_KEY}\"}\n"));
	assert_non_null(strstr(b.p, "  groq: {key: \"${GROQ_API_KEY}\"}\n"));
	assert_null(strstr(b.p, "gsk-2"));	/* the key itself is not written anywhere */
	assert_null(strstr(b.p, "mistral"));
	struct conf *c = parse(b.p);
	expect_ok(c);
	assert_slice(((const struct settings *)c->root)->redis.url.bytes, "redis://:pw@cache/1");
	struct roster *r = roster_of(c, &health);
	const struct provider *p = map_find(&r->providers, SLICE("openai"));
	assert_non_null(p);
	assert_slice(p->keys[0].secret.bytes, "sk-\"1: {}");
	struct arena a;
	arena_init(&a, 0);
	assert_non_null(roster_find(r, SLICE("groq/llama-3.3-70b"), &a));
	arena_done(&a);
	roster_unref(&r);
	health_done(&health);
	conf_free(&c);
	buf_done(&b);
}

static void test_nothing_in_the_environment(void **state)
{
	static const char *const none[] = { "HOME", "/root", "OPENAI_API_KEY", "", NULL };
	struct buf b;

	env_of_test = none;
	buf_init(&b, 65536);
	assert_int_equal(settings_from_env(env, NULL, &b), 0);
	assert_int_equal(buf_len(&b), 0);
	buf_done(&b);
}

/* Every provider whose URL the catalogue knows and that has a key variable. */
static void test_all_in_the_environment(void **state)
{
	static const char *all[2 * 200 + 1];
	const struct provider_row *row;
	size_t n = 0, can = 0, names = 0;
	struct health_table health;
	struct buf b;

	for (; (row = provider_at(n)); n++) {
		assert_true(names < 200);
		can += row->env[0] && row->url[0];
		if (row->env[0] == '\0')
			continue;
		all[2 * names] = row->env;
		all[2 * names++ + 1] = "key-12345";
	}
	env_of_test = all;
	buf_init(&b, 65536);
	assert_int_equal(settings_from_env(env, NULL, &b), can);
	assert_true(can >= 10);
	buf_add_char(&b, '\0');
	struct conf *c = parse(b.p);
	expect_ok(c);
	struct roster *r = roster_of(c, &health);
	assert_int_equal(r->providers.n, can);
	roster_unref(&r);
	health_done(&health);
	conf_free(&c);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_proof),
		cmocka_unit_test(test_the_example),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_half_a_certificate),
		cmocka_unit_test(test_from_the_environment),
		cmocka_unit_test(test_nothing_in_the_environment),
		cmocka_unit_test(test_all_in_the_environment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

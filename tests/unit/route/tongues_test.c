/* What a provider speaks, where it is and how it wants its key: from the catalogue, from `like`, from its own lines;
 * and what is refused there. */
#include "unit/route/route_world.h"

static const struct provider *provider(struct world *w, const char *name)
{
	const struct provider *p = map_find(&w->roster->providers, slice_str(name));

	assert_non_null(p);
	return p;
}

/* "openai-chat openai-responses": the main dialect, then the others. */
static const char *tongues_of(const struct provider *p)
{
	static char text[300];

	snprintf(text, sizeof(text), "%s", p->tongues.main->name);
	for (size_t i = 0; i < p->tongues.n_also; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s", p->tongues.also[i]->name);
	return text;
}

static void test_tongues(void **state)
{
	static const struct {
		const char *conf, *want;	/* of provider `x`; with a `*`: and what else the catalogue has */
	} rows[] = {
		{ "url: http://x/v1", "openai-chat" },
		{ "url: http://x/v1, dialect: anthropic", "anthropic-messages" },
		{ "url: http://x/v1, dialect: anthropic-messages", "anthropic-messages" },
		{ "url: http://x/v1, dialect: gemini", "gemini-generate" },
		{ "url: http://x/v1, also: [anthropic, responses]", "openai-chat anthropic-messages openai-responses" },
		/* what is said twice counts once */
		{ "url: http://x/v1, dialect: anthropic, also: [anthropic, openai]", "anthropic-messages openai-chat" },
		{ "like: openai, key: k", "openai-chat openai-responses*" },
		{ "like: openai, key: k, url: http://x/v1", "openai-chat openai-responses*" },
		{ "like: openai, key: k, dialect: openai", "openai-chat openai-responses*" },
		/* its `also` is of its own dialect; and own lines count more */
		{ "like: openai, key: k, dialect: anthropic, url: http://x/v1", "anthropic-messages" },
		{ "like: openai, key: k, also: [anthropic]", "openai-chat anthropic-messages" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct world w;
		char text[300];
		snprintf(text, sizeof(text), "providers:\n  x: {%s}\n", rows[i].conf);
		open_world(&w, text, 10);
		struct slice want = slice_str(rows[i].want), got = slice_str(tongues_of(provider(&w, "x")));
		size_t star = slice_find(want, '*');
		if (!slice_starts(got, slice_of(want.p, star)) || (star == want.n && got.n != want.n))
			fail_msg("%s: %s", rows[i].conf, got.p);
		close_world(&w);
	}
}

/* Every row of the catalogue makes a provider; what it names is there. */
static void test_the_whole_catalogue(void **state)
{
	for (size_t i = 0; provider_at(i); i++) {
		const struct provider_row *row = provider_at(i);
		struct slice rest = slice_str(row->also), word;
		struct world w;
		char text[400];
		size_t n = 0;
		snprintf(text, sizeof(text), "providers:\n  %s: {key: k%s}\n  x: {like: %s, key: k%s}\n", row->name,
			row->url[0] ? "" : ", url: https://x.test/v1", row->name, row->url[0] ? ""
				: ", url: https://x.test/v1");
		open_world(&w, text, 10);
		const struct provider *p = provider(&w, row->name), *like = provider(&w, "x");
		assert_string_equal(p->tongues.main->name, row->dialect);
		while (slice_next(&rest, ' ', &word))
			if (!dialect_find(word) || p->tongues.also[n++] != dialect_find(word))
				fail_msg("%s: no dialect \"%.*s\"", row->name, SLICE_ARG(word));
		assert_int_equal(p->tongues.n_also, n);
		assert_memory_equal(&p->tongues, &like->tongues, sizeof(p->tongues));
		assert_ptr_equal(p->quirks, like->quirks);
		assert_int_equal(p->auth, like->auth);
		assert_int_equal(p->auth, row->auth == PROVIDER_AUTH_NONE ? PROVIDER_AUTH_BEARER : row->auth);
		assert_int_equal(p->usage, like->usage);
		assert_true(slice_eq(p->authority, like->authority));
		close_world(&w);
	}
}

static void test_quirks(void **state)
{
	struct world w;

	open_world(&w, "providers:\n  mistral: {key: k}\n  mine: {like: mistral, key: k, url: http://m/v1}\n"
		"  other: {url: http://m/v1}\n", 10);
	assert_true(provider(&w, "mistral")->quirks->system_only);
	assert_ptr_equal(provider(&w, "mine")->quirks, provider(&w, "mistral")->quirks);
	assert_slice(provider(&w, "mine")->authority, "m");
	assert_ptr_equal(provider(&w, "other")->quirks, &quirks_none);
	close_world(&w);
}

/* The catalogue says it for its own family of dialects; elsewhere it is what clients of the dialect are used to. */
static void test_auth(void **state)
{
	static const struct {
		const char *conf;
		enum provider_auth want;
	} rows[] = {
		{ "url: http://x/v1", PROVIDER_AUTH_BEARER },
		{ "url: http://x/v1, dialect: responses", PROVIDER_AUTH_BEARER },
		{ "url: http://x/v1, dialect: embeddings", PROVIDER_AUTH_BEARER },
		{ "url: http://x/v1, dialect: anthropic", PROVIDER_AUTH_X_API_KEY },
		{ "url: http://x/v1, dialect: gemini", PROVIDER_AUTH_X_GOOG_API_KEY },
		{ "url: http://x/v1, dialect: anthropic, auth: bearer", PROVIDER_AUTH_BEARER },
		{ "url: http://x/v1, auth: x-goog-api-key", PROVIDER_AUTH_X_GOOG_API_KEY },
		{ "url: http://x/v1, auth: portkey", PROVIDER_AUTH_PORTKEY },
		{ "url: http://x/v1, auth: api-key", PROVIDER_AUTH_API_KEY },
		{ "url: http://x/v1, like: azure", PROVIDER_AUTH_API_KEY },
		{ "url: http://x/v1, like: azure, dialect: responses", PROVIDER_AUTH_API_KEY },
		{ "url: http://x/v1, like: openai, dialect: anthropic", PROVIDER_AUTH_X_API_KEY },
		{ "url: http://x/v1, like: openai, dialect: gemini", PROVIDER_AUTH_X_GOOG_API_KEY },
		/* a key that is given is meant to be sent */
		{ "url: http://x/v1, like: ollama", PROVIDER_AUTH_BEARER },
		{ "url: http://x/v1, like: ollama, dialect: anthropic", PROVIDER_AUTH_X_API_KEY },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct world w;
		char text[300];
		if (strstr(rows[i].conf, "embeddings") && !dialect_find(SLICE("embeddings")))
			continue;
		snprintf(text, sizeof(text), "providers:\n  x: {%s, key: k}\n", rows[i].conf);
		open_world(&w, text, 10);
		if (provider(&w, "x")->auth != rows[i].want)
			fail_msg("%s: %d", rows[i].conf, provider(&w, "x")->auth);
		close_world(&w);
	}
}

static void test_deployments(void **state)
{
	struct world w;

	open_world(&w, "providers:\n  x: {like: azure, key: k, query: api-version=2024-10-21, "
		"url: \"https://r.openai.azure.com/openai/deployments/{model}\"}\n", 10);
	assert_slice(provider(&w, "x")->url.path, "/openai/deployments/{model}");
	assert_slice(provider(&w, "x")->query, "api-version=2024-10-21");
	/* a name that no escape can keep in its place is no model */
	assert_true(roster_knows(w.roster, SLICE("x/gpt-4.1")));
	assert_true(roster_knows(w.roster, SLICE("x/...")));
	assert_true(roster_knows(w.roster, SLICE("x/a/..")));
	assert_false(roster_knows(w.roster, SLICE("x/..")));
	assert_false(roster_knows(w.roster, SLICE("x/.")));
	assert_null(roster_find(w.roster, SLICE("x/.."), &w.arena));
	close_world(&w);
}

static void test_strict(void **state)
{
	struct world w;

	open_world(&w, PROVIDERS "models:\n  a: {targets: [a/x]}\n  b: {targets: [a/x], strict: true}\n", 10);
	assert_false(roster_find(w.roster, SLICE("a"), &w.arena)->strict);
	assert_true(roster_find(w.roster, SLICE("b"), &w.arena)->strict);
	assert_false(roster_find(w.roster, SLICE("a/x"), &w.arena)->strict);
	close_world(&w);
}

/* One fault, that begins so behind its place. */
static void expect_fault(const char *conf, const char *want)
{
	const struct source nothing = { 0 };
	struct health_table health;
	char text[400];
	struct buf out;

	snprintf(text, sizeof(text), "providers:\n  x: {%s}\n", conf);
	struct conf *c = conf_parse(slice_str(text), "t", &route_conf, &nothing);
	health_init(&health, 10, 7);
	struct roster *r = roster_new(c, c->root, &health);
	buf_init(&out, FLAW_PRINT_MAX);
	conf_faults(c, &out);
	buf_add_char(&out, '\0');
	if (r || c->faults.all != 1 || !strstr(out.p, want))
		fail_msg("%s: %s", conf, out.p);
	buf_done(&out);
	health_done(&health);
	conf_free(&c);
}

static void test_faults(void **state)
{
	expect_fault("url: http://x/v1, like: opnai", "there is no provider \"opnai\" in the catalogue");
	expect_fault("url: http://x/v1, like: opnai", "\"openai\"");
	expect_fault("url: http://x/v1, dialect: antropic", "there is no dialect \"antropic\"");
	expect_fault("url: http://x/v1, also: [openai, nonsense]", "there is no dialect \"nonsense\"");
	expect_fault("like: azure, key: k", "needs a url");
	expect_fault("like: openai", "needs a key");
	expect_fault("url: http://x/v1, query: \"?api-version=1\"", "the query must be like");
	expect_fault("url: http://x/v1, query: \"a=b c\"", "the query must be like");
	expect_fault("url: http://x/v1, query: \"a=b\\r\\nx: y\"", "the query must be like");
	expect_fault("url: http://x/v1, query: \"a=b#c\"", "the query must be like");
	expect_fault("url: http://x/v1, query: \"a=\xc3\xa9\"", "the query must be like");
	expect_fault("url: \"http://x/{model}/{model}\"", "no other braces");
	expect_fault("url: \"http://x/{mdl}/v1\"", "no other braces");
	expect_fault("url: \"http://x/{model}}/v1\"", "no other braces");
	expect_fault("url: \"http://x/}{model}\"", "no other braces");
	expect_fault("url: \"http://x/a{b\"", "no other braces");
	expect_fault("url: \"http://x/openai/deployments/{model}/chat/completions\"", "the url must be the base URL");
	expect_fault("url: http://x/v1, headers: {X-Request-Id: v}", "is weir's own to send");
	expect_fault("url: http://x/v1, headers: {x-weir-hops: 0}", "is weir's own to send");
	/* the header that carries the key depends on the dialect */
	expect_fault("url: http://x/v1, dialect: anthropic, key: k, headers: {x-api-key: v}",
		"already carries the key");
	expect_fault("url: http://x/v1, dialect: gemini, key: k, headers: {X-Goog-Api-Key: v}",
		"already carries the key");
	expect_fault("url: http://x/v1, auth: portkey, key: k, headers: {x-portkey-api-key: v}",
		"already carries the key");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tongues),
		cmocka_unit_test(test_the_whole_catalogue),
		cmocka_unit_test(test_quirks),
		cmocka_unit_test(test_auth),
		cmocka_unit_test(test_deployments),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_faults),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

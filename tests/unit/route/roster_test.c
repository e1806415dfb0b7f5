#include "unit.h"

#include "conf/conf.h"
#include "route/route_conf.h"

struct world {
	struct conf *conf;
	struct health_table health;
	struct roster *roster;
	struct arena arena;
};

static const char *test_env(void *arg, const char *name)
{
	return strcmp(name, "OPENAI_API_KEY") == 0 ? "sk-from-env" : NULL;
}

static const struct source source = { .env = test_env };

static void open_world(struct world *w, const char *text)
{
	memset(w, 0, sizeof(*w));
	w->conf = conf_parse(slice_str(text), "t", &route_conf, &source);
	health_init(&w->health, 10, 7);
	arena_init(&w->arena, 0);
	w->roster = roster_new(w->conf, w->conf->root, &w->health);
}

static void close_world(struct world *w)
{
	roster_unref(&w->roster);
	health_done(&w->health);
	conf_free(&w->conf);
	arena_done(&w->arena);
}

/* The faults without the lines of the file that are shown below them. */
static struct slice faults_of(struct world *w)
{
	struct buf all, out;
	struct slice text, line;

	buf_init(&all, FLAW_PRINT_MAX);
	buf_init(&out, FLAW_PRINT_MAX);
	conf_faults(w->conf, &all);
	text = buf_slice(&all);
	while (slice_next(&text, '\n', &line))
		if (slice_starts(line, SLICE("t:")))
			buf_addf(&out, "%.*s\n", SLICE_ARG(slice_skip(line, 2)));
	struct slice found = arena_copy(&w->arena, buf_slice(&out));
	buf_done(&all);
	buf_done(&out);
	return found;
}

static void expect_faults(const char *text, const char *want)
{
	struct world w;

	open_world(&w, text);
	assert_slice(faults_of(&w), want);
	assert_null(w.roster);
	close_world(&w);
}

/* `n` faults, and a line that begins so is among them. */
static void expect_among(const char *text, size_t n, const char *start)
{
	struct world w;

	open_world(&w, text);
	assert_null(w.roster);
	assert_int_equal(w.conf->faults.all, n);
	const char *all = faults_of(&w).p, *at = strstr(all, start);
	if (at == NULL || (at > all && at[-1] != '\n'))
		fail_msg("no \"%s\" in:\n%s", start, all);
	close_world(&w);
}

static void expect_good(struct world *w, const char *text)
{
	open_world(w, text);
	assert_slice(faults_of(w), "");
	assert_non_null(w->roster);
}

static const struct provider *provider(struct world *w, const char *name)
{
	const struct provider *p = map_find(&w->roster->providers, slice_str(name));

	assert_non_null(p);
	return p;
}

/* --- what becomes of a good file ------------------------------------------------------------------------ */

static const char the_design[] =
	"providers:\n"
	"  openai:    {key: \"${OPENAI_API_KEY}\"}\n"
	"  deepseek: {key: sk-d}\n"
	"  local:     {dialect: openai, url: \"http://127.0.0.1:11434/v1\"}\n"
	"models:\n"
	"  chat:\n"
	"    tiers:\n"
	"      - balance: weighted\n"
	"        targets: [{target: openai/gpt-4.1-mini, weight: 70}, {target: deepseek/deepseek-chat, "
	"weight: 30}]\n"
	"      - targets: [local/qwen2.5:7b]\n"
	"    clocks: {connect: 2s, first_token: 8s, idle: 15s, total: 5m}\n"
	"    fallbacks: [vendor/small, local/other]\n"
	"  vendor/small: {targets: [local/a/b/c], retries: 7}\n";

/* A bare word is the mode; what is not written has its default; off unless asked for. */
static void test_semantic(void **state)
{
	struct world w;

	expect_good(&w, "providers:\n  p: {dialect: openai, url: \"http://a/v1\"}\nmodels:\n"
		"  a: {targets: [p/x], cache: {semantic: shadow}}\n"
		"  b: {targets: [p/x], cache: {semantic: {mode: verified, error: 0.02, depth: 2, rows: 64, ttl: 5s}}}\n"
		"  c: {targets: [p/x]}\n");
	const struct roster_semantic *a = &w.roster->model_list[0]->semantic, *b = &w.roster->model_list[1]->semantic;
	assert_int_equal(a->mode, ROSTER_SEMANTIC_SHADOW);
	assert_int_equal(a->ttl_ms, 86400000);
	assert_true(a->threshold == 0.92 && a->error == 0.01 && a->depth == 1 && a->rows == 4096);
	assert_int_equal(b->mode, ROSTER_SEMANTIC_VERIFIED);
	assert_true(b->error == 0.02 && b->depth == 2 && b->rows == 64 && b->ttl_ms == 5000);
	assert_int_equal(w.roster->model_list[2]->semantic.mode, ROSTER_SEMANTIC_OFF);
	assert_int_equal(w.roster->any->semantic.mode, ROSTER_SEMANTIC_OFF);
	close_world(&w);
}

static void test_the_design(void **state)
{
	struct world w;

	expect_good(&w, the_design);
	assert_int_equal(w.roster->n_models, 2);
	assert_slice(w.roster->model_list[0]->name, "chat");
	assert_slice(w.roster->model_list[1]->name, "vendor/small");
	const struct model *m = roster_find(w.roster, SLICE("chat"), &w.arena);
	assert_ptr_equal(m, w.roster->model_list[0]);
	assert_int_equal(m->n_tiers, 2);
	assert_int_equal(m->tiers[0].balance, ROSTER_WEIGHTED);
	assert_int_equal(m->tiers[0].n_targets, 2);
	const struct target *t = &m->tiers[0].targets[0];
	assert_slice(t->name, "openai/gpt-4.1-mini");
	assert_slice(t->model, "gpt-4.1-mini");
	assert_int_equal(t->weight, 70);
	assert_ptr_equal(t->provider, provider(&w, "openai"));
	assert_slice(t->health->name, "target openai/gpt-4.1-mini");
	assert_slice(m->health->name, "model chat");
	assert_slice(m->tiers[1].targets[0].model, "qwen2.5:7b");
	assert_int_equal(m->clocks.connect_ms, 2000);
	assert_int_equal(m->clocks.first_token_ms, 8000);
	assert_int_equal(m->clocks.idle_ms, 15000);
	assert_int_equal(m->clocks.total_ms, 300000);
	assert_int_equal(m->retries, 2);
	assert_int_equal(m->n_fallbacks, 2);
	assert_slice(m->fallbacks[1], "local/other");
	m = roster_find(w.roster, SLICE("vendor/small"), &w.arena);
	assert_int_equal(m->retries, 7);
	assert_slice(m->tiers[0].targets[0].model, "a/b/c");
	close_world(&w);
}

static void test_providers(void **state)
{
	struct world w;

	expect_good(&w, the_design);
	const struct provider *p = provider(&w, "openai");
	assert_ptr_equal(p->tongues.main, &openai_chat);
	assert_slice(p->url.host, "api.openai.com");
	assert_slice(p->url.path, "/v1");
	assert_true(p->url.tls);
	assert_slice(p->authority, "api.openai.com");
	assert_int_equal(p->auth, PROVIDER_AUTH_BEARER);
	assert_int_equal(p->usage, PROVIDER_USAGE_ASK);
	assert_int_equal(p->n_keys, 1);
	assert_slice(p->keys[0].secret.bytes, "sk-from-env");
	assert_null(p->tls);
	assert_int_equal(p->max_connections, 16384);
	assert_int_equal(p->max_waiting, 1024);
	assert_int_equal(p->warm, 0);
	assert_int_equal(p->idle_ms, 50000);
	assert_int_equal(p->queue_ms, 2000);
	p = provider(&w, "local");
	assert_int_equal(p->n_keys, 0);
	assert_slice(p->authority, "127.0.0.1:11434");
	assert_false(p->url.tls);
	close_world(&w);
}

static void test_provider_options(void **state)
{
	struct world w;

	expect_good(&w, "providers:\n  x:\n    url: https://x.test:8443/api/\n    keys: [sk-1, sk-2]\n"
		"    auth: api-key\n    usage: never\n"
		"    headers: {X-Title: weir, authorization: \"Basic eA==\"}\n"
		"    tls: {ca: /etc/ca.pem, insecure: true}\n"
		"    max_connections: 5\n    max_waiting: 6\n    warm: 4\n    idle: 7s\n    queue: 8s\n"
		"  ollama: {key: sk-proxy}\n  trtllm: {}\n"
		"  openai: {url: \"http://127.0.0.1:9/v1\"}\n");
	const struct provider *p = provider(&w, "x");
	assert_slice(p->url.path, "/api");
	assert_slice(p->authority, "x.test:8443");
	assert_int_equal(p->auth, PROVIDER_AUTH_API_KEY);
	assert_int_equal(p->usage, PROVIDER_USAGE_NEVER);
	assert_int_equal(p->n_keys, 2);
	assert_slice(p->keys[1].secret.bytes, "sk-2");
	assert_ptr_not_equal(p->keys[0].health, p->keys[1].health);
	assert_int_equal(p->n_headers, 2);
	assert_slice(p->headers[0].name, "X-Title");
	assert_slice(p->headers[1].value, "Basic eA==");
	assert_slice(p->ca_file, "/etc/ca.pem");
	assert_true(p->tls_insecure);
	assert_int_equal(p->max_connections, 5);
	assert_int_equal(p->max_waiting, 6);
	assert_int_equal(p->warm, 4);
	assert_int_equal(p->idle_ms, 7000);
	assert_int_equal(p->queue_ms, 8000);
	assert_slice(p->health->name, "provider x");
	/* A key is meant to be sent. */
	assert_int_equal(provider(&w, "ollama")->auth, PROVIDER_AUTH_BEARER);
	assert_int_equal(provider(&w, "trtllm")->auth, PROVIDER_AUTH_NONE);
	/* Its own address needs a key, a stand-in may not. */
	assert_int_equal(provider(&w, "openai")->n_keys, 0);
	close_world(&w);
}

/* Another start with the same keys finds the same healths; the names show no key. */
static void test_key_names(void **state)
{
	struct world w;
	char tag[8], want[32];

	expect_good(&w, "providers: {x: {url: http://x.test, keys: [sk-secret-1, sk-secret-2]}}\n");
	const struct provider *p = provider(&w, "x");
	snprintf(want, sizeof(want), "key x %s", secret_tag(p->keys[0].secret, tag, sizeof(tag)));
	assert_slice(p->keys[0].health->name, want);
	struct roster *again = roster_new(w.conf, w.conf->root, &w.health);
	const struct provider *same = map_find(&again->providers, SLICE("x"));
	assert_ptr_equal(same->keys[0].health, p->keys[0].health);
	assert_ptr_equal(same->keys[1].health, p->keys[1].health);
	roster_unref(&again);
	close_world(&w);
}

/* Keys with the same fingerprint (found by trying) stay apart. */
static void test_twin_fingerprints(void **state)
{
	struct world w;
	char text[200], one[8], two[8], twin[32];

	secret_tag((struct secret){ SLICE("sk-0") }, one, sizeof(one));
	for (unsigned i = 1;; i++) {
		snprintf(twin, sizeof(twin), "sk-%u", i);
		if (strcmp(secret_tag((struct secret){ slice_str(twin) }, two, sizeof(two)), one) == 0)
			break;
	}
	snprintf(text, sizeof(text), "providers: {x: {url: http://x.test, keys: [sk-0, %s]}}\n", twin);
	expect_good(&w, text);
	const struct provider *p = provider(&w, "x");
	assert_ptr_not_equal(p->keys[0].health, p->keys[1].health);
	close_world(&w);
}

static void test_urls_are_mended(void **state)
{
	static const char *const rows[][3] = {
		{ "x", "http://x.test/v1/", "/v1" },
		{ "x", "http://x.test/v1///", "/v1" },
		{ "x", "http://x.test/v1/v1", "/v1" },
		{ "x", "http://x.test/api/v1/v1/v1/", "/api/v1" },
		{ "x", "http://x.test", "" },
		{ "x", "http://x.test/v1beta/openai", "/v1beta/openai" },
		{ "x", "https://api.openai.com", "/v1" },		/* the catalogue knows this host */
		{ "x", "https://API.OpenAI.com/", "/v1" },
		{ "x", "https://api.openai.com:444", "" },
		{ "x", "http://api.openai.com", "" },
		{ "x", "http://api.openai.com:443", "" },
		{ "x", "https://api.deepseek.com", "" },		/* this one serves at the root */
		{ "x", "https://api.openai.com/v2", "/v2" },
		{ "x", "http://127.0.0.1:11434", "" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[200];
		struct world w;
		snprintf(text, sizeof(text), "providers: {%s: {url: \"%s\"}}\n", rows[i][0], rows[i][1]);
		expect_good(&w, text);
		assert_slice(provider(&w, "x")->url.path, rows[i][2]);
		close_world(&w);
	}
}

static void test_shorthand(void **state)
{
	struct world w;

	expect_good(&w, "providers: {a: {url: http://a.test}}\n"
		"models: {m: {targets: [a/1, {target: a/2, weight: 3}]}}\n");
	const struct model *m = roster_find(w.roster, SLICE("m"), &w.arena);
	assert_int_equal(m->n_tiers, 1);
	assert_int_equal(m->tiers[0].balance, ROSTER_WEIGHTED);
	assert_int_equal(m->tiers[0].targets[0].weight, 1);
	assert_int_equal(m->tiers[0].targets[1].weight, 3);
	close_world(&w);
}

static void test_find(void **state)
{
	struct world w;
	char big[600];

	expect_good(&w, the_design);
	const struct model *m = roster_find(w.roster, SLICE("local/org/model:tag"), &w.arena);
	assert_slice(m->name, "local/org/model:tag");
	assert_int_equal(m->n_tiers, 1);
	assert_int_equal(m->tiers[0].n_targets, 1);
	assert_slice(m->tiers[0].targets[0].model, "org/model:tag");
	assert_slice(m->tiers[0].targets[0].health->name, "target local/org/model:tag");
	assert_int_equal(m->clocks.total_ms, 600000);
	assert_int_equal(m->n_fallbacks, 0);
	/* A target of the configuration named directly: the same health. */
	m = roster_find(w.roster, SLICE("openai/gpt-4.1-mini"), &w.arena);
	assert_ptr_equal(m->tiers[0].targets[0].health, w.roster->model_list[0]->tiers[0].targets[0].health);
	assert_null(roster_find(w.roster, SLICE("nobody/x"), &w.arena));
	assert_null(roster_find(w.roster, SLICE("local/"), &w.arena));
	assert_null(roster_find(w.roster, SLICE("local"), &w.arena));
	assert_null(roster_find(w.roster, SLICE("/x"), &w.arena));
	assert_null(roster_find(w.roster, SLICE(""), &w.arena));
	memset(big, 'x', sizeof(big));
	memcpy(big, "local/", 6);
	assert_non_null(roster_find(w.roster, slice_of(big, ROUTE_CONF_NAME_MAX), &w.arena));
	assert_null(roster_find(w.roster, slice_of(big, ROUTE_CONF_NAME_MAX + 1), &w.arena));
	close_world(&w);
}

static void test_references(void **state)
{
	struct world w;

	expect_good(&w, the_design);
	struct roster *second = roster_ref(w.roster);
	roster_unref(&w.roster);
	assert_null(w.roster);
	conf_free(&w.conf);			/* nothing of the configuration is borrowed */
	const struct model *m = roster_find(second, SLICE("chat"), &w.arena);
	assert_slice(m->tiers[0].targets[0].provider->keys[0].secret.bytes, "sk-from-env");
	assert_slice(m->fallbacks[0], "vendor/small");
	roster_unref(&second);
	roster_unref(&second);
	close_world(&w);
}

static void test_empty_file(void **state)
{
	struct world w;

	expect_good(&w, "");
	assert_int_equal(w.roster->n_models, 0);
	assert_null(roster_find(w.roster, SLICE("a/b"), &w.arena));
	close_world(&w);
}

/* --- what is wrong with a bad one ----------------------------------------------------------------------- */

static void test_bad_providers(void **state)
{
	expect_faults("providers:\n  opnai: {key: x}\n",
		"2:3: provider \"opnai\" is not in the catalogue, so it needs a url; did you mean "
		"\"openai\"?\n");
	expect_faults("providers:\n  acme: {key: x}\n",
		"2:3: provider \"acme\" is not in the catalogue, so it needs a url\n");
	expect_faults("providers:\n  azure: {key: x}\n",
		"2:3: provider \"azure\" needs a url: give the URL of your resource, "
		"https://NAME.openai.azure.com/openai/v1; "
		"the model is your deployment's name\n");
	expect_faults("providers:\n  x: {url: \"ftp://x.test\"}\n",
		"2:12: the url must start with http:// or https://\n");
	expect_faults("providers:\n  x: {url: \"http://x.test:99999\"}\n",
		"2:12: the url has no valid port (1 to 65535)\n");
	expect_faults("providers:\n  x: {url: \"http://x.test/v1?a=1\"}\n",
		"2:12: the url must not have a query\n");
	expect_faults("providers:\n  x: {url: \"http://x.test/v1/chat/completions/\"}\n",
		"2:12: the url must be the base URL: leave out \"/chat/completions\", weir adds the path\n");
	expect_faults("providers:\n  x: {url: \"http://x.test/v1/embeddings\"}\n",
		"2:12: the url must be the base URL: leave out \"/embeddings\", weir adds the path\n");
	expect_faults("providers:\n  x: {url: \"http://x.test\", dialect: opnai-chat}\n",
		"2:38: there is no dialect \"opnai-chat\"; did you mean \"openai-chat\"?\n");
	expect_faults("providers:\n  a/b: {url: \"http://x.test\"}\n",
		"2:3: provider \"a/b\": a provider's name is made of letters, digits, \".\", \"_\" and "
		"\"-\"\n");
	expect_faults("providers:\n  x:\n    url: http://x.test\n    tls: {insecure: true}\n",
		"4:5: tls has no effect: the url of provider \"x\" is http, not https\n");
	expect_faults("providers:\n  x:\n    url: http://x.test\n    max_connections: 2\n    warm: 3\n",
		"5:11: warm is more than max_connections (2)\n");
}

static void test_bad_keys(void **state)
{
	expect_faults("providers:\n  openai: {}\n",
		"2:3: provider \"openai\" needs a key: write key: \"${OPENAI_API_KEY}\"\n");
	expect_faults("providers:\n  mistral: {key: \"${NOT_SET:-}\"}\n",
		"2:18: the key of provider \"mistral\" is empty: set MISTRAL_API_KEY, or leave the provider "
		"out\n");
	expect_faults("providers:\n  x: {url: http://x.test, auth: bearer, key: \"${NOT_SET:-}\"}\n",
		"2:46: the key of provider \"x\" is empty\n");
	expect_faults("providers:\n  x: {dialect: openai, url: http://x.test, auth: x-api-key}\n",
		"2:3: provider \"x\" has no key, which its auth needs\n");
	expect_faults("providers:\n  x: {url: http://x.test, auth: none, key: k}\n",
		"2:44: auth is none, so no key of provider \"x\" would be sent\n");
	expect_faults("providers:\n  x:\n    url: http://x.test\n    keys: [a, b, a]\n",
		"4:18: this key of provider \"x\" is listed twice\n");
	expect_faults("providers:\n  x:\n    url: http://x.test\n    keys: [a, \"${NOT_SET:-}\"]\n",
		"4:15: providers.x.keys[1] must not be empty\n");
	expect_faults("providers:\n  x: {url: http://x.test, key: a, keys: [b]}\n",
		"2:32: provider \"x\" has both key and keys; put all of them into keys\n");
	/* One mistake, one fault, the row engine's: an unset variable leaves an empty key behind. */
	expect_among("providers:\n  mistral: {key: \"${NOT_SET}\"}\n", 1, "2:18: providers.mistral.key ");
	expect_among("providers:\n  x: {url: \"${NOT_SET}\"}\n", 1, "2:12: providers.x.url ");
}

/* Without a key of the provider's the field is free for a scheme of the user's own. */
static void test_own_authorization(void **state)
{
	struct world w;

	expect_good(&w, "providers: {x: {url: http://x.test, headers: {Authorization: Basic eA==}}}\n");
	assert_slice(provider(&w, "x")->headers[0].value, "Basic eA==");
	close_world(&w);
}

/* Elsewhere a key that may be empty is fine. */
static void test_key_may_be_empty(void **state)
{
	struct world w;

	expect_good(&w, "providers:\n  x: {url: http://x.test, key: \"${NOT_SET:-}\"}\n"
		"  vllm: {key: \"${NOT_SET:-}\"}\n"
		"  openai: {url: http://x.test, key: \"${NOT_SET:-}\"}\n");
	assert_int_equal(provider(&w, "x")->n_keys, 0);
	assert_int_equal(provider(&w, "vllm")->n_keys, 0);
	assert_int_equal(provider(&w, "openai")->n_keys, 0);
	close_world(&w);
}

static void test_bad_headers(void **state)
{
	expect_faults("providers:\n  x:\n    url: http://x.test\n    key: k\n    headers:\n"
		"      \"bad name\": a\n      Content-Length: \"1\"\n      transfer-encoding: chunked\n"
		"      Authorization: b\n      X-Good: c\n",
		"6:7: \"bad name\" is no name for a header field\n"
		"7:7: the header \"Content-Length\" is weir's own to send\n"
		"8:7: the header \"transfer-encoding\" is weir's own to send\n"
		"9:7: the header \"Authorization\" already carries the key\n");
}

#define ONE "providers: {openai: {key: k}, a: {url: http://a.test}}\n"

static void test_bad_targets(void **state)
{
	expect_faults(ONE "models:\n  m: {targets: [opnai/gpt]}\n",
		"3:17: there is no provider \"opnai\"; did you mean \"openai\"?\n");
	expect_faults(ONE "models:\n  m: {targets: [mistral/x]}\n",
		"3:17: provider \"mistral\" is known, but not configured: add it to providers\n");
	expect_faults(ONE "models:\n  m: {targets: [zzzzzzz/x]}\n",
		"3:17: there is no provider \"zzzzzzz\"\n");
	expect_faults(ONE "models:\n  m: {targets: [gpt-4]}\n",
		"3:17: target \"gpt-4\" names no provider: write provider/model\n");
	expect_faults(ONE "models:\n  m: {targets: [a/]}\n",
		"3:17: target \"a/\" names no model: write provider/model\n");
	expect_faults(ONE "models:\n  m:\n    tiers:\n      - targets: [a/1, a/2]\n      - targets:\n"
		"        - {weight: 3, target: a/1}\n",
		"7:31: target \"a/1\" is in model \"m\" twice\n");
	expect_faults(ONE "models:\n  m: {targets: [{target: a/1, weight: 0}, {target: a/2, weight: 0}]}\n",
		"3:3: every target of model \"m\" has weight 0\n");
}

static void test_bad_models(void **state)
{
	expect_faults(ONE "models:\n  m: {}\n",
		"3:3: model \"m\" has no targets: write targets: [provider/model]\n");
	expect_faults(ONE "models:\n  m: {targets: [a/1], tiers: [{targets: [a/2]}]}\n",
		"3:7: model \"m\" has both tiers and targets; targets is short for a single tier\n");
	struct buf text;
	buf_init(&text, 10000);
	buf_add(&text, SLICE(ONE "models:\n  m:\n    tiers:\n"));
	for (int i = 0; i < 33; i++)
		buf_addf(&text, "%s%s%d", i % 11 || i == 0 ? "" : "]\n", i % 11 ? ", a/" : "    - targets: [a/", i);
	buf_add(&text, SLICE("]\n"));
	buf_add_char(&text, '\0');
	expect_faults(buf_slice(&text).p, "3:3: model \"m\" has 33 targets; 32 are possible\n");
	buf_done(&text);
}

static void test_bad_fallbacks(void **state)
{
	expect_faults(ONE "models:\n  fast: {targets: [a/1], fallbacks: [fest, a/x, nobody/x, a/]}\n"
		"  b: {targets: [a/1]}\n",
		"3:38: there is no model \"fest\" to fall back to; did you mean \"fast\"?\n"
		"3:49: there is no model \"nobody/x\" to fall back to\n"
		"3:59: there is no model \"a/\" to fall back to\n");
	expect_faults(ONE "models:\n  m: {targets: [a/1], fallbacks: [m]}\n",
		"3:35: the fallbacks go round: m -> m\n");
	/* faults.md 65; found once, from wherever it is entered. */
	expect_faults(ONE "models:\n  in: {targets: [a/1], fallbacks: [chat]}\n"
		"  chat: {targets: [a/1], fallbacks: [a/2, fast]}\n"
		"  fast: {targets: [a/1], fallbacks: [last]}\n  last: {targets: [a/1], fallbacks: [chat]}\n",
		"6:38: the fallbacks go round: chat -> fast -> last -> chat\n");
	expect_faults(ONE "models:\n  a1: {targets: [a/1], fallbacks: [a2]}\n"
		"  a2: {targets: [a/1], fallbacks: [a3]}\n"
		"  a3: {targets: [a/1], fallbacks: [a4]}\n  a4: {targets: [a/1], fallbacks: [a5]}\n"
		"  a5: {targets: [a/1], fallbacks: [a6]}\n"
		"  a6: {targets: [a/1], fallbacks: [a7]}\n  a7: {targets: [a/1], fallbacks: [a8]}\n"
		"  a8: {targets: [a/1], fallbacks: [a9]}\n"
		"  a9: {targets: [a/1], fallbacks: [a1]}\n",
		"11:36: the fallbacks go round: a1 -> a2 -> a3 -> a4 -> a5 -> a6 -> a7 -> a8 -> ... -> a1\n");
}

/* Many ways to the same model are no cycle, and cost no more than the models there are. */
static void test_diamonds(void **state)
{
	struct world w;
	struct buf text;

	buf_init(&text, 1 << 20);
	buf_add(&text, SLICE(ONE "models:\n"));
	for (int i = 0; i < 60; i++)
		buf_addf(&text, "  l%d: {targets: [a/1], fallbacks: [l%d, r%d]}\n"
			"  r%d: {targets: [a/1], fallbacks: [l%d, r%d]}\n", i, i + 1,
			i + 1, i, i + 1, i + 1);
	buf_add(&text, SLICE("  l60: {targets: [a/1]}\n  r60: {targets: [a/1]}\n"));
	buf_add_char(&text, '\0');
	expect_good(&w, buf_slice(&text).p);
	buf_done(&text);
	close_world(&w);
}

static void test_bad_spans(void **state)
{
	expect_faults("breaker: {open: 5s, open_max: 4s}\nretry: {backoff: 3s}\n",
		"1:31: breaker.open_max is shorter than breaker.open\n"
		"2:1: retry.backoff_max is shorter than retry.backoff\n");
}

/* All mistakes of a file at once, those of the row engine (warm, retrys) too, and none twice. */
static void test_all_at_once(void **state)
{
	static const char text[] = "providers:\n  x: {url: nonsense, warm: many}\n  mistral: {}\nmodels:\n"
		"  m: {targets: [y/1], retrys: 3}\n  n: {}\n";

	expect_among(text, 4, "2:12: the url must start with http:// or https://\n");
	expect_among(text, 4, "2:28: ");
	expect_among(text, 4, "5:17: there is no provider \"y\"\n");
	expect_among(text, 4, "5:23: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_semantic),
		cmocka_unit_test(test_the_design),
		cmocka_unit_test(test_providers),
		cmocka_unit_test(test_provider_options),
		cmocka_unit_test(test_key_names),
		cmocka_unit_test(test_twin_fingerprints),
		cmocka_unit_test(test_urls_are_mended),
		cmocka_unit_test(test_shorthand),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_empty_file),
		cmocka_unit_test(test_bad_providers),
		cmocka_unit_test(test_bad_keys),
		cmocka_unit_test(test_own_authorization),
		cmocka_unit_test(test_key_may_be_empty),
		cmocka_unit_test(test_bad_headers),
		cmocka_unit_test(test_bad_targets),
		cmocka_unit_test(test_bad_models),
		cmocka_unit_test(test_bad_fallbacks),
		cmocka_unit_test(test_diamonds),
		cmocka_unit_test(test_bad_spans),
		cmocka_unit_test(test_all_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

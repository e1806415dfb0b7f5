/* Providers and models of a roster, checked.  Owns the sentences about them.  Knows the catalogue and
 * the dialects by their tables only; sends nothing, opens no file. */
#include "route/enlist.h"

#include "base/nearest.h"
#include "conf/conf.h"
#include "dialect/quirks.h"
#include "route/route_conf.h"
#include "route/tariff.h"

/* --- providers: where ----------------------------------------------------------------------------------- */

static const struct dialect *find_dialect(struct enlist *e, const struct slice *at, struct slice name)
{
	const struct dialect *d = dialect_find(name);
	struct nearest near;

	if (d)
		return d;
	nearest_init(&near, name);
	for (size_t i = 0; dialect_at(i); i++)
		nearest_offer(&near, slice_str(dialect_at(i)->name));
	conf_fault_near(e->conf, at, nearest_name(&near), "there is no dialect \"%.*s\"", SLICE_ARG(name));
	return NULL;
}

static void add_tongue(struct translate_tongues *t, const struct dialect *d)
{
	if (d && d != t->main && t->n_also < TRANSLATE_ALSO)
		t->also[t->n_also++] = d;
}

/* The catalogue's `also` counts only while the dialect is the catalogue's too. */
static void take_tongues(struct enlist *e, const struct route_provider_conf *pc, const struct provider_row *row,
	struct provider *p)
{
	struct slice name = pc->dialect.n ? pc->dialect : row ? slice_str(row->dialect) : SLICE("openai");
	struct slice rest = row ? slice_str(row->also) : SLICE_EMPTY, word;

	p->tongues.main = find_dialect(e, &pc->dialect, name);
	for (size_t i = 0; i < pc->also.n; i++)
		add_tongue(&p->tongues, find_dialect(e, &pc->also.v[i], pc->also.v[i]));
	if (pc->also.n || !p->tongues.main || dialect_find(slice_str(row ? row->dialect : "")) != p->tongues.main)
		return;
	while (slice_next(&rest, ' ', &word))
		add_tongue(&p->tongues, dialect_find(word));
}

static const struct provider_row *pick_row(struct enlist *e, const struct route_provider_conf *pc, struct slice name)
{
	const struct provider_row *row = provider_find(pc->like.n ? pc->like : name);
	struct nearest near;

	if (row || pc->like.n == 0)
		return row;
	nearest_init(&near, pc->like);
	for (size_t i = 0; provider_at(i); i++)
		nearest_offer(&near, slice_str(provider_at(i)->name));
	conf_fault_near(e->conf, &pc->like, nearest_name(&near), "there is no provider \"%.*s\" in the catalogue",
		SLICE_ARG(pc->like));
	return NULL;
}

static void fault_no_url(struct enlist *e, const struct slice *name, const struct provider_row *row)
{
	struct nearest near;

	if (!e->was_ok)
		return;
	if (row) {
		conf_fault(e->conf, name, "provider \"%.*s\" needs a url: %s", SLICE_ARG(*name), row->note);
		return;
	}
	nearest_init(&near, *name);
	for (size_t i = 0; provider_at(i); i++)
		nearest_offer(&near, slice_str(provider_at(i)->name));
	conf_fault_near(e->conf, name, nearest_name(&near),
		"provider \"%.*s\" is not in the catalogue, so it needs a url",
		SLICE_ARG(*name));
}

static bool ends_with(struct slice s, const char *end)
{
	size_t n = strlen(end);

	return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

/* The whole address of an endpoint in place of the base URL is the most common mistake (users.md 4.5). */
static const char *endpoint_in(struct slice path)
{
	static const char *const known[] = { "/chat/completions", "/completions", "/responses", "/embeddings",
		"/messages" };

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (ends_with(path, known[i]))
			return known[i];
	return NULL;
}

/* `/v1/v1` is never meant.  A hosted provider's bare host, `https://api.openai.com`, gets the path that
 * the catalogue has for it; a host that nobody knows is left alone, since some serve at the root. */
static struct slice mend_path(const struct url *u)
{
	struct slice path = u->path;
	struct url known;

	while (ends_with(path, "/v1/v1"))
		path.n -= strlen("/v1");
	for (size_t i = 0; path.n == 0 && u->tls && provider_at(i); i++)
		if (url_parse(slice_str(provider_at(i)->url), &known, NULL) && known.tls &&
			known.port == u->port && slice_case_eq(known.host, u->host))
			path = known.path;
	return path;
}

/* {model} once; other braces are a name that weir does not know. */
static bool braces_ok(struct slice path)
{
	size_t brace = slice_find(path, '{');
	struct slice rest = slice_skip(path, brace), before = slice_of(path.p, brace);

	if (slice_starts(rest, SLICE("{model}")))
		rest = slice_skip(rest, strlen("{model}"));
	return slice_find(before, '}') == before.n && slice_find(rest, '{') == rest.n && slice_find(rest,
		'}') == rest.n;
}

static void take_query(struct enlist *e, const struct route_provider_conf *pc, struct provider *p)
{
	bool ok = pc->query.n == 0 || pc->query.p[0] != '?';

	for (size_t i = 0; i < pc->query.n; i++)
		ok &= pc->query.p[i] > ' ' && pc->query.p[i] <= '~' && pc->query.p[i] != '#';
	if (!ok)
		conf_fault(e->conf, &pc->query,
			"the query must be like \"api-version=2024-10-21\": no ?, # or space in it");
	p->query = arena_copy(&e->into->arena, pc->query);
}

static void take_url(struct enlist *e, const struct slice *name, const struct route_provider_conf *pc,
	const struct provider_row *row, struct provider *out)
{
	struct slice text = pc->url.n ? pc->url : row ? slice_str(row->url) : SLICE_EMPTY;
	const char *why = "", *endpoint;

	if (text.n == 0) {
		fault_no_url(e, name, row);
		return;
	}
	if (!url_parse(arena_copy(&e->into->arena, text), &out->url, &why)) {
		conf_fault(e->conf, &pc->url, "the url %s", why);
		return;
	}
	if (!braces_ok(out->url.path))
		conf_fault(e->conf, &pc->url, "the url may have {model} in its path, once, and no other braces");
	endpoint = endpoint_in(out->url.path);
	if (endpoint)
		conf_fault(e->conf, &pc->url,
			"the url must be the base URL: leave out \"%s\", weir adds the path", endpoint);
	out->url.path = mend_path(&out->url);
	out->authority = url_authority(&e->into->arena, &out->url);
	if (!out->url.tls && (pc->tls.ca.n || pc->tls.insecure))
		conf_fault(e->conf, &pc->tls,
			"tls has no effect: the url of provider \"%.*s\" is http, not https", SLICE_ARG(out->name));
}

/* --- providers: keys and headers ------------------------------------------------------------------------ */

static void add_key(struct enlist *e, const struct secret *key, struct provider *p)
{
	char tag[8];

	unsigned twins = 0;
	for (size_t i = 0; i < p->n_keys; i++) {
		char other[8];
		if (slice_eq(p->keys[i].secret.bytes, key->bytes)) {
			conf_fault(e->conf, key, "this key of provider \"%.*s\" is listed twice",
				SLICE_ARG(p->name));
			return;
		}
		twins += strcmp(secret_tag(p->keys[i].secret, other, sizeof(other)),
			secret_tag(*key, tag, sizeof(tag))) == 0;
	}
	if (p->n_keys == ROSTER_MAX_KEYS)
		return;
	/* Two keys with one fingerprint are rare (1 in 65,536), but must not share what is learned. */
	struct slice name = slice_str(enlist_str(e->into, twins ? "%.*s %s.%u" : "%.*s %s", SLICE_ARG(p->name),
		secret_tag(*key, tag, sizeof(tag)), twins));
	p->keys[p->n_keys++] = (struct roster_key){ .secret = { arena_copy(&e->into->arena, key->bytes) },
		.health = health_keep(e->into->health, "key", name) };
}

/* What clients of the dialect are used to. */
static enum provider_auth auth_of(const struct dialect *d)
{
	if (d && d->family == DIALECT_ANTHROPIC)
		return PROVIDER_AUTH_X_API_KEY;
	return d && d->family == DIALECT_GEMINI ? PROVIDER_AUTH_X_GOOG_API_KEY : PROVIDER_AUTH_BEARER;
}

/* The catalogue's counts for the family of dialects that it names. */
static enum provider_auth auto_auth(const struct provider_row *row, const struct dialect *d)
{
	const struct dialect *known = row ? dialect_find(slice_str(row->dialect)) : NULL;
	return known && d && known->family == d->family ? row->auth : auth_of(d);
}

static enum provider_auth pick_auth(enum route_auth asked, const struct provider_row *row, const struct dialect *d)
{
	switch (asked) {
	case ROUTE_AUTH_AUTO:
		return auto_auth(row, d);
	case ROUTE_AUTH_BEARER:
		return PROVIDER_AUTH_BEARER;
	case ROUTE_AUTH_NONE:
		return PROVIDER_AUTH_NONE;
	case ROUTE_AUTH_API_KEY:
		return PROVIDER_AUTH_API_KEY;
	case ROUTE_AUTH_X_API_KEY:
		return PROVIDER_AUTH_X_API_KEY;
	case ROUTE_AUTH_X_GOOG_API_KEY:
		return PROVIDER_AUTH_X_GOOG_API_KEY;
	case ROUTE_AUTH_PORTKEY:
		return PROVIDER_AUTH_PORTKEY;
	}
	must_never("no such auth");
}

static enum provider_usage pick_usage(enum route_usage asked, const struct provider_row *row)
{
	switch (asked) {
	case ROUTE_USAGE_AUTO:
		return row ? row->usage : PROVIDER_USAGE_ASK;
	case ROUTE_USAGE_ASK:
		return PROVIDER_USAGE_ASK;
	case ROUTE_USAGE_ALWAYS:
		return PROVIDER_USAGE_ALWAYS;
	case ROUTE_USAGE_NEVER:
		return PROVIDER_USAGE_NEVER;
	}
	must_never("no such usage");
}

/* A provider of the catalogue at its own address needs a key where the catalogue says so; elsewhere only
 * an explicit `auth` demands one, since a proxy or a server at home may want none. */
static void check_key_need(struct enlist *e, const struct slice *name, const struct route_provider_conf *pc,
	const struct provider_row *row, const struct provider *p)
{
	bool is_asked = pc->auth != ROUTE_AUTH_AUTO && pc->auth != ROUTE_AUTH_NONE;
	bool is_its_own = row && row->env[0] && (pc->url.n == 0 || row->url[0] == '\0');

	if (p->n_keys || p->auth == PROVIDER_AUTH_NONE || !e->was_ok || !(is_asked || is_its_own))
		return;
	if (CONF_GIVEN(e->conf, &pc->key) && row && row->env[0])
		conf_fault(e->conf, &pc->key,
			"the key of provider \"%.*s\" is empty: set %s, or leave the provider out",
			SLICE_ARG(p->name), row->env);
	else if (CONF_GIVEN(e->conf, &pc->key))
		conf_fault(e->conf, &pc->key, "the key of provider \"%.*s\" is empty", SLICE_ARG(p->name));
	else if (row && row->env[0])
		conf_fault(e->conf, name, "provider \"%.*s\" needs a key: write key: \"${%s}\"",
			SLICE_ARG(p->name), row->env);
	else
		conf_fault(e->conf, name, "provider \"%.*s\" has no key, which its auth needs",
			SLICE_ARG(p->name));
}

static void take_keys(struct enlist *e, const struct slice *name, const struct route_provider_conf *pc,
	const struct provider_row *row, struct provider *p)
{
	if (pc->key.bytes.n && pc->keys.n)
		conf_fault(e->conf, &pc->key,
			"provider \"%.*s\" has both key and keys; put all of them into keys", SLICE_ARG(p->name));
	if (pc->key.bytes.n)
		add_key(e, &pc->key, p);
	for (size_t i = 0; i < pc->keys.n; i++) {
		const struct route_key_conf *k = row_item(&pc->keys, &route_conf_key, i);
		if (k->key.bytes.n)	/* the row engine refuses an empty one */
			add_key(e, &k->key, p);
	}
	p->auth = pick_auth(pc->auth, row, p->tongues.main);
	if (p->n_keys && pc->auth == ROUTE_AUTH_NONE)
		conf_fault(e->conf, pc->key.bytes.n ? (const void *)&pc->key : (const void *)&pc->keys,
			"auth is none, so no key of provider \"%.*s\" would be sent", SLICE_ARG(p->name));
	/* A key given to a provider that the catalogue knows without one is meant to be sent. */
	else if (p->n_keys && p->auth == PROVIDER_AUTH_NONE)
		p->auth = PROVIDER_AUTH_BEARER;
	check_key_need(e, name, pc, row, p);
}

/* Framing and what weir itself decides; a second copy of these makes two readers of one request differ. */
static bool is_reserved(struct slice name)
{
	static const char *const names[] = { "host", "content-length", "transfer-encoding", "connection",
		"keep-alive", "te", "trailer", "upgrade", "expect", "content-type", "content-encoding", "accept",
		"accept-encoding", "x-request-id", "x-weir-hops" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (slice_case_eq(name, slice_str(names[i])))
			return true;
	return false;
}

static bool carries_key(struct slice name, enum provider_auth auth)
{
	switch (auth) {
	case PROVIDER_AUTH_NONE:
		return false;
	case PROVIDER_AUTH_BEARER:
		return slice_case_eq(name, SLICE("authorization"));
	case PROVIDER_AUTH_API_KEY:
		return slice_case_eq(name, SLICE("api-key"));
	case PROVIDER_AUTH_X_API_KEY:
		return slice_case_eq(name, SLICE("x-api-key"));
	case PROVIDER_AUTH_X_GOOG_API_KEY:
		return slice_case_eq(name, SLICE("x-goog-api-key"));
	case PROVIDER_AUTH_PORTKEY:
		return slice_case_eq(name, SLICE("x-portkey-api-key"));
	}
	must_never("no such auth");
}

static void take_headers(struct enlist *e, const struct route_provider_conf *pc, struct provider *p)
{
	struct arena *a = &e->into->arena;

	p->headers = ARENA_ARRAY(a, struct roster_header, pc->headers.n);
	for (size_t i = 0; i < pc->headers.n; i++) {
		const struct route_header_conf *h = row_item(&pc->headers, &route_conf_header, i);
		const struct slice *name = &pc->headers.names[i];
		/* RFC 9110 section 5.6.2 */
		if (!slice_is_token(*name, "!#$%&'*+-.^_`|~"))
			conf_fault(e->conf, name, "\"%.*s\" is no name for a header field", SLICE_ARG(*name));
		else if (is_reserved(*name))
			conf_fault(e->conf, name, "the header \"%.*s\" is weir's own to send",
				SLICE_ARG(*name));
		else if (p->n_keys && carries_key(*name, p->auth))
			conf_fault(e->conf, name, "the header \"%.*s\" already carries the key",
				SLICE_ARG(*name));
		p->headers[p->n_headers++] = (struct roster_header){ arena_copy(a, *name),
			arena_copy(a, h->value.bytes) };
	}
}

void enlist_provider(struct enlist *e, size_t i)
{
	/* Faults of a whole entry are placed at its name: its struct begins where its first field does. */
	const struct route_provider_conf *pc = row_item(&e->from->providers, &route_conf_provider, i);
	const struct slice *name = &e->from->providers.names[i];
	const struct provider_row *row = pick_row(e, pc, *name);
	struct provider *p = ARENA_NEW(&e->into->arena, struct provider);

	p->name = arena_copy(&e->into->arena, *name);
	/* It stands before the first '/' of a target, in headers and in metrics. */
	if (!slice_is_token(*name, "._-"))
		conf_fault(e->conf, name, "provider \"%.*s\": a provider's name is made of letters, digits, "
			"\".\", \"_\" and \"-\"", SLICE_ARG(*name));
	take_tongues(e, pc, row, p);
	p->quirks = quirks_find(row ? slice_str(row->name) : *name);
	take_query(e, pc, p);
	take_url(e, name, pc, row, p);
	take_keys(e, name, pc, row, p);
	take_headers(e, pc, p);
	p->usage = pick_usage(pc->usage, row);
	p->listed = row && pc->url.n == 0 ? slice_str(row->name) : SLICE_EMPTY;
	p->ca_file = pc->tls.ca.n ? arena_copy(&e->into->arena, pc->tls.ca) : SLICE_EMPTY;
	p->tls_insecure = pc->tls.insecure;
	p->max_connections = (uint32_t)pc->max_connections;
	p->max_waiting = (uint32_t)pc->max_waiting;
	p->warm = (uint32_t)pc->warm;
	p->idle_ms = pc->idle;
	p->queue_ms = pc->queue;
	if (p->warm > p->max_connections)
		conf_fault(e->conf, &pc->warm, "warm is more than max_connections (%u)", p->max_connections);
	p->health = health_keep(e->into->health, "provider", p->name);
	map_put(&e->into->providers, p->name, p);
}

/* --- models --------------------------------------------------------------------------------------------- */

const char *enlist_str(struct roster *r, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	struct slice s = arena_vprintf(&r->arena, fmt, args);
	va_end(args);
	return s.p;
}

static void fault_no_provider(struct enlist *e, const struct route_target_conf *tc, struct slice name)
{
	const struct provider_row *row = provider_find(name);
	struct nearest near;

	if (row) {
		conf_fault(e->conf, &tc->target,
			"provider \"%.*s\" is known, but not configured: add it to providers", SLICE_ARG(name));
		return;
	}
	nearest_init(&near, name);
	for (size_t i = 0; i < e->from->providers.n; i++)
		nearest_offer(&near, e->from->providers.names[i]);
	conf_fault_near(e->conf, &tc->target, nearest_name(&near), "there is no provider \"%.*s\"",
		SLICE_ARG(name));
}

/* The provider of a target and the rest of its name, or NULL with a fault. */
static const struct provider *split_target(struct enlist *e, const struct route_target_conf *tc,
	struct slice *out_model)
{
	size_t slash = slice_find(tc->target, '/');
	struct slice provider = slice_of(tc->target.p, slash);

	if (tc->target.n == 0)
		return NULL;	/* the row engine has said so */
	if (slash == tc->target.n) {
		conf_fault(e->conf, &tc->target, "target \"%.*s\" names no provider: write provider/model",
			SLICE_ARG(tc->target));
		return NULL;
	}
	*out_model = slice_skip(tc->target, slash + 1);
	if (out_model->n == 0) {
		conf_fault(e->conf, &tc->target, "target \"%.*s\" names no model: write provider/model",
			SLICE_ARG(tc->target));
		return NULL;
	}
	const struct provider *p = map_find(&e->into->providers, provider);
	if (p == NULL)
		fault_no_provider(e, tc, provider);
	return p;
}

static bool is_in(const struct model *m, const struct tier *open, struct slice target)
{
	for (const struct tier *t = m->tiers; t <= open; t++)
		for (size_t i = 0; i < t->n_targets; i++)
			if (slice_eq(t->targets[i].name, target))
				return true;
	return false;
}

static void add_target(struct enlist *e, const struct route_target_conf *tc, const struct model *m,
	struct tier *tier)
{
	struct arena *a = &e->into->arena;
	struct slice model;
	const struct provider *p = split_target(e, tc, &model);

	if (p == NULL)
		return;
	if (is_in(m, tier, tc->target)) {
		conf_fault(e->conf, &tc->target, "target \"%.*s\" is in model \"%.*s\" twice",
			SLICE_ARG(tc->target), SLICE_ARG(m->name));
		return;
	}
	struct target *t = &tier->targets[tier->n_targets++];
	t->name = arena_copy(a, tc->target);
	t->provider = p;
	t->model = slice_skip(t->name, t->name.n - model.n);
	t->weight = (uint32_t)tc->weight;
	t->price = tariff_of(e->into, t->name);
	t->health = health_keep(e->into->health, "target", t->name);
}

/* The reasons are written once, here, and not for each request. */
static void give_reasons(struct roster *r, const struct model *m, size_t index)
{
	const struct tier *tier = &m->tiers[index];
	uint64_t sum = 0;

	for (size_t i = 0; i < tier->n_targets; i++)
		sum += tier->targets[i].weight;
	for (size_t i = 0; i < tier->n_targets; i++) {
		struct target *t = &tier->targets[i];
		if (tier->n_targets == 1)
			t->why = enlist_str(r, "tier %zu, only target", index + 1);
		else if (tier->balance == ROSTER_WEIGHTED)
			t->why = enlist_str(r, "tier %zu, weight %u of %llu", index + 1, t->weight,
				(unsigned long long)sum);
		else
			t->why = enlist_str(r, "tier %zu, %s", index + 1,
				tier->balance == ROSTER_ORDERED ? "in order"
				: tier->balance == ROSTER_PREFIX ? "by prefix" : "round robin");
		t->why_fallback = enlist_str(r, "fallback %.*s, %s", SLICE_ARG(m->name), t->why);
	}
}

static void add_tier(struct enlist *e, const struct row_items *targets, enum roster_balance balance,
	struct model *m)
{
	struct tier *tier = &m->tiers[m->n_tiers];

	tier->balance = balance;
	tier->targets = ARENA_ARRAY(&e->into->arena, struct target, targets->n);
	for (size_t i = 0; i < targets->n; i++)
		add_target(e, row_item(targets, &route_conf_target, i), m, tier);
	give_reasons(e->into, m, m->n_tiers++);
}

static void check_targets(struct enlist *e, const struct slice *name, const struct model *m)
{
	size_t n = 0;
	bool is_used = false;

	for (size_t i = 0; i < m->n_tiers; i++)
		for (size_t k = 0; k < m->tiers[i].n_targets; k++, n++)
			is_used |= m->tiers[i].targets[k].weight > 0;
	if (n > ROSTER_MAX_TARGETS)
		conf_fault(e->conf, name, "model \"%.*s\" has %zu targets; %u are possible",
			SLICE_ARG(m->name), n, (unsigned)ROSTER_MAX_TARGETS);
	if (n && !is_used)
		conf_fault(e->conf, name, "every target of model \"%.*s\" has weight 0", SLICE_ARG(m->name));
}

static void take_tiers(struct enlist *e, const struct slice *name, const struct route_model_conf *mc,
	struct model *m)
{
	if (mc->tiers.n && mc->targets.n)
		conf_fault(e->conf, &mc->targets,
			"model \"%.*s\" has both tiers and targets; targets is short for a single tier",
			SLICE_ARG(m->name));
	if (mc->tiers.n == 0 && mc->targets.n == 0 && e->was_ok)
		conf_fault(e->conf, name, "model \"%.*s\" has no targets: write targets: [provider/model]",
			SLICE_ARG(m->name));
	for (size_t i = 0; i < mc->tiers.n && i < ROSTER_MAX_TIERS; i++) {
		const struct route_tier_conf *t = row_item(&mc->tiers, &route_conf_tier, i);
		add_tier(e, &t->targets, t->balance, m);
	}
	if (mc->tiers.n == 0 && mc->targets.n)
		add_tier(e, &mc->targets, ROSTER_WEIGHTED, m);
	check_targets(e, name, m);
}

static bool has_homes(const struct model *m)
{
	bool any = false;

	for (size_t i = 0; i < m->n_tiers; i++)
		any |= m->tiers[i].balance == ROSTER_PREFIX;
	return any;
}

void enlist_model(struct enlist *e, size_t i, struct model *m)
{
	const struct route_model_conf *mc = row_item(&e->from->models, &route_conf_model, i);
	struct arena *a = &e->into->arena;

	m->name = arena_copy(a, e->from->models.names[i]);
	take_tiers(e, &e->from->models.names[i], mc, m);
	m->clocks = (struct clocks){
		.connect_ms = mc->clocks.connect, .first_token_ms = mc->clocks.first_token,
		.whole_ms = mc->clocks.whole, .idle_ms = mc->clocks.idle, .total_ms = mc->clocks.total };
	m->retries = (uint32_t)mc->retries;
	m->strict = mc->strict;
	m->exact_ms = mc->cache.exact;
	const struct route_semantic_conf *sc = &mc->cache.semantic;
	m->semantic = (struct roster_semantic){ .mode = sc->mode, .ttl_ms = sc->ttl, .threshold = sc->threshold,
		.error = sc->error, .depth = (uint32_t)sc->depth, .rows = (uint32_t)sc->rows };
	m->homes = has_homes(m);
	m->chains = m->homes || mc->cache.prefix == ROUTE_PREFIX_AUTO;
	m->prefix = mc->cache.prefix == ROUTE_PREFIX_AUTO;
	m->refresh_ms = mc->cache.refresh;
	m->split_usage = mc->join_usage == ROUTE_BILL_SPLIT;
	m->share_all = mc->share == ROUTE_SHARE_ALL;
	m->join = mc->join == ROUTE_JOIN_TOGETHER;
	m->window = route_conf_window(&mc->window);
	m->priority = (enum request_priority)(REQUEST_REALTIME + (int)mc->priority);
	m->fallbacks = ARENA_ARRAY(a, struct slice, mc->fallbacks.n);
	for (m->n_fallbacks = 0; m->n_fallbacks < mc->fallbacks.n; m->n_fallbacks++)
		m->fallbacks[m->n_fallbacks] = arena_copy(a, mc->fallbacks.v[m->n_fallbacks]);
	m->health = health_keep(e->into->health, "model", m->name);
	map_put(&e->into->models, m->name, m);
}

#include "app/service.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/embedder_pick.h"
#include "app/settings.h"
#include "base/counter.h"
#include "base/log.h"
#include "cache/embedders.h"
#include "cache/remote_embed.h"
#include "conf/conf.h"
#include "conf/diff.h"
#include "front/front.h"
#include "loop/sys.h"
#include "loop/tls.h"
#include "observe/metrics.h"
#include "observe/semantic_page.h"
#include "route/affinity.h"
#include "store/store.h"

#define MAX_HEALTH 16384u	/* targets, keys, providers and models known at once; direct names beyond
				 * share one entry */
#define CUT_GRACE_MS 1000	/* after a cut: time for error events to leave */

struct service {
	struct loop *loop;
	struct conf *conf;
	struct dice dice;
	struct health_table health;
	struct affinity affinity;
	struct exchange_env exchange;
	struct pools *pools;
	struct front front;
	struct metrics metrics;
	const struct embedder *embedder;	/* of the semantic cache */
	struct buf line;		/* scratch: one access line */
	struct alarm delay, limit;	/* drain */
	bool draining, delay_over, cut, done, access;
	void (*on_done)(void *arg);
	void *done_arg;
};

static const struct settings *settings_of(const struct service *s)
{
	return s->conf->root;
}

/* --- the record: last step of each exchange ------------------------------------------------------------- */

static void on_record(void *arg, const struct record *r)
{
	struct service *s = arg;

	metrics_record(&s->metrics, r);
	if (!s->access)
		return;
	buf_clear(&s->line);
	record_line(r, &s->line);
	log_write(buf_slice(&s->line));
}

static void purge(void *arg, const struct request_door *door)
{
	struct service *s = arg;
	struct flight_env *f = &s->exchange.flight;

	if (door->model.n)
		epoch_end_model(&f->epochs, door->model);
	if (door->tenant)
		epoch_end_tenant(&f->epochs, door->tenant);
	if (door->model.n || door->tenant)
		return;
	exact_purge(&f->exact);
	semantic_purge(&f->semantic);
	epoch_end_all(&f->epochs);
	sweep_wake(&f->sweep);
}

static void write_metrics(void *arg, struct buf *out)
{
	struct service *s = arg;
	metrics_write(&s->metrics, &s->health, loop_busy(s->loop), loop_now(s->loop), out);
	semantic_page_write(&s->exchange.flight.semantic, out);
}

/* --- configuration -> running parts --------------------------------------------------------------------- */

static struct tls_client *tls_for(const struct provider *p, char *why, size_t why_cap)
{
	const struct tls_client_opts o = { .ca_file = p->ca_file.n ? p->ca_file.p : NULL, .insecure = p->tls_insecure };
	return tls_client_new(&o, why, why_cap);
}

static bool same_trust(const struct provider *a, const struct provider *b)
{
	return b->tls && slice_eq(a->ca_file, b->ca_file) && a->tls_insecure == b->tls_insecure;
}

/* One trust configuration is loaded once, however many providers share it; a reload keeps the system's, which costs
 * milliseconds to read, and reads CA files anew. */
static struct tls_client *shared_trust(struct service *s, struct roster *r, const struct provider *p)
{
	struct roster *rosters[] = { r, p->ca_file.n ? NULL : s->exchange.roster };

	for (size_t i = 0; i < COUNT_OF(rosters); i++) {
		size_t at = 0;
		struct slice name;
		void *other;
		while (rosters[i] && map_next(&rosters[i]->providers, &at, &name, &other))
			if (same_trust(p, other))
				return tls_client_ref(((struct provider *)other)->tls);
	}
	return NULL;
}

static bool connect_providers(struct service *s, struct roster *r, char *why, size_t why_cap)
{
	size_t at = 0;
	struct slice name;
	void *v;

	while (map_next(&r->providers, &at, &name, &v)) {
		struct provider *p = v;
		if (p->url.tls && (p->tls = shared_trust(s, r, p)) == NULL &&
			(p->tls = tls_for(p, why, why_cap)) == NULL)
			return false;
		if (p->tls_insecure)
			log_warn("tls_insecure", LOG_S("provider", p->name));
	}
	at = 0;
	pools_begin(s->pools);
	while (map_next(&r->providers, &at, &name, &v)) {
		struct provider *p = v;
		p->pool = pools_get(s->pools, p);
		if (p->pool == NULL) {
			snprintf(why, why_cap,
				"too many different provider addresses since the start: restart to use new ones");
			return false;
		}
	}
	pools_end(s->pools);
	return true;
}

static struct answer_limits answer_limits(const struct settings *st)
{
	return (struct answer_limits){ .head_bytes = st->answers.head, .event_bytes = st->answers.event,
		.body_bytes = st->answers.body };
}

static struct exact_now now_of(void *arg)
{
	const struct service *s = arg;
	return exact_now_of(s->loop);
}

static struct semantic_opts opts_of(const struct service *s, const struct settings *st)
{
	return (struct semantic_opts){ .embedder = s->embedder, .index_max = st->cache.semantic / 2,
		.body_max = st->cache.semantic / 2, .seed = sys_seed() };
}

/* The same one again forgets nothing. */
static void use_embedder(struct service *s, const struct embedder *e)
{
	if (strcmp(e->id, s->embedder->id) == 0 && strcmp(e->version, s->embedder->version) == 0) {
		embedders_close(&e);
		return;
	}
	const struct embedder *old = s->embedder;
	s->embedder = e;
	const struct semantic_opts o = opts_of(s, settings_of(s));
	semantic_use(&s->exchange.flight.semantic, &o);
	s->exchange.embedder = remote_embed_of(e);
	sweep_wake(&s->exchange.flight.sweep);
	embedders_close(&old);
}

/* Of a configuration that has been checked. */
static void use_keys(struct service *s)
{
	client_key_load(&s->front.keys, &settings_of(s)->keys, s->conf, sys_seed());
	must(conf_ok(s->conf));
}

/* What a reload may change at once; requests in progress feel new limits too, but keep their roster. */
static void apply(struct service *s)
{
	const struct settings *st = settings_of(s);
	uint8_t hash[SHA256_BYTES];

	s->exchange.flight.plan = route_conf_plan(&st->route);
	s->exchange.flight.limits = (struct flight_limits){ .journal_bytes = st->answers.journal,
		.lag_bytes = st->answers.lag, .tape_bytes = st->answers.tape };
	const struct answer_limits limits = answer_limits(st);
	attempt_env_limit(&s->exchange.flight.attempt, &limits);
	shelf_limit(&s->exchange.flight.exact.shelf, st->cache.memory);
	const struct semantic_opts semantic = opts_of(s, st);
	semantic_use(&s->exchange.flight.semantic, &semantic);
	sweep_wake(&s->exchange.flight.sweep);
	affinity_limit(&s->affinity, st->cache.prefixes / 2);
	reuse_limit(&s->exchange.flight.attempt.reuse, st->cache.prefixes / 2);
	s->exchange.embed_ms = st->cache.embedder_deadline;
	s->exchange.ping_ms = st->ping;
	s->exchange.hot = (uint32_t)st->cluster.hot;
	s->exchange.max_hops = (unsigned)st->max_hops;
	/* the other half is for providers */
	sha256_begin(&s->exchange.sha);
	sha256_add(&s->exchange.sha, st->cache.secret.bytes);
	sha256_end(&s->exchange.sha, hash);
	memcpy(&s->exchange.tenant_key, hash, sizeof(s->exchange.tenant_key));
	s->front.max_conns = sys_raise_files() / 2;	/* the other half is for providers */
	s->front.limits = (struct front_limits){ .sizes = st->limits, .times = st->timeouts,
		.half_close = st->half_close };
	s->access = st->log.access;
}

/* Faults of the configuration as sentences; the first ones when there is no room for all. */
static void tell_faults(const struct conf *c, char *why, size_t why_cap)
{
	struct buf b;

	buf_init(&b, FLAW_PRINT_MAX);
	conf_faults(c, &b);
	slice_copy(buf_slice(&b), why, why_cap);
	buf_done(&b);
}

/* With *out_embedder, the caller's, or NULL and none. */
static struct roster *build_roster(struct service *s, struct conf *c, const struct embedder **out_embedder, char *why,
	size_t why_cap)
{
	const struct settings *st = c->root;
	struct roster *r = NULL;

	settings_check(c);
	if (conf_ok(c))
		r = roster_new(c, &st->route, &s->health);
	*out_embedder = r && conf_ok(c) ? embedder_pick(c, r) : NULL;
	if (*out_embedder == NULL)
		tell_faults(c, why, why_cap);
	else if (connect_providers(s, r, why, why_cap))
		return r;
	embedders_close(out_embedder);
	roster_unref(&r);
	return NULL;
}

static bool read_cert(const struct settings *st, struct tls_server **out, char *why, size_t why_cap)
{
	*out = NULL;
	if (st->tls.cert.n == 0)
		return true;
	*out = tls_server_new(st->tls.cert.p, st->tls.key.p, why, why_cap);
	return *out != NULL;
}

/* --- start ---------------------------------------------------------------------------------------------- */

static void on_quiet(struct task *t);
static void on_delay(struct alarm *a);
static void on_limit(struct alarm *a);

static struct service *make(struct loop *l, struct conf *c)
{
	struct service *s = calloc(1, sizeof(*s));
	const struct settings *st = c->root;
	const struct answer_limits limits = answer_limits(st);

	must(s != NULL);
	s->loop = l;
	s->conf = c;
	dice_init(&s->dice, sys_seed());
	health_init(&s->health, MAX_HEALTH, sys_seed());
	affinity_init(&s->affinity, 0);
	s->health.affinity = &s->affinity;
	flight_env_init(&s->exchange.flight, l, &s->dice);
	attempt_env_init(&s->exchange.flight.attempt, l, &limits);
	arena_init(&s->exchange.parse, 0);
	buf_init(&s->exchange.out, 1u << 30);
	buf_init(&s->exchange.body, 512u << 20);
	refresh_init(&s->exchange.refreshes, sys_seed());
	buf_init(&s->line, 1u << 20);
	metrics_init(&s->metrics, sys_seed(), loop_wall_ms(l));
	s->pools = pools_new(l);
	const char *said;
	s->embedder = embedders_open("", &said);
	must(s->embedder != NULL);
	const struct semantic_opts semantic = opts_of(s, st);
	semantic_init(&s->exchange.flight.semantic, &semantic);
	s->exchange.flight.semantic_log = (struct semantic_log){ .cache = &s->exchange.flight.semantic, .now = now_of,
		.arg = s };
	s->exchange.flight.semantic_index = (struct semantic_index){ .kind = st->cache.semantic_index,
		.cache = &s->exchange.flight.semantic, .log = &s->exchange.flight.semantic_log, .now = now_of,
		.arg = s };
	s->exchange.on_record = on_record;
	s->exchange.flight.on_unpaid = exchange_unpaid;
	s->exchange.flight.unpaid_arg = &s->exchange;
	s->exchange.arg = s;
	s->front.on_record = on_record;
	s->front.write_metrics = write_metrics;
	s->front.purge = purge;
	s->front.arg = s;
	s->front.exchange = &s->exchange;
	s->front.on_quiet.go = on_quiet;
	s->exchange.flight.owners.on_none = &s->front.on_quiet;
	list_init(&s->front.conns);
	alarm_init(&s->delay, l, on_delay);
	alarm_init(&s->limit, l, on_limit);
	return s;
}

struct service *service_open(struct loop *l, struct conf *c, char *why, size_t why_cap)
{
	struct tls_server *cert = NULL;

	if (!conf_ok(c)) {
		tell_faults(c, why, why_cap);
		conf_free(&c);
		return NULL;
	}
	struct service *s = make(l, c);
	const struct settings *st = c->root;
	apply(s);
	const struct embedder *embedder;
	s->exchange.roster = build_roster(s, c, &embedder, why, why_cap);
	if (embedder)
		use_embedder(s, embedder);
	if (s->exchange.roster)
		use_keys(s);
	if (s->exchange.roster)
		s->exchange.store = store_open(l, &st->redis, sys_seed(), why, why_cap);
	if (s->exchange.store)
		flight_env_share(&s->exchange.flight, s->exchange.store);
	bool ok = s->exchange.store && read_cert(st, &cert, why, why_cap)
		&& front_open(&s->front, l, st->listen, cert, st->admin.listen, why, why_cap);
	tls_server_unref(&cert);
	if (!ok)
		service_close(&s);
	return s;
}

struct service *service_open_text(struct loop *l, const char *text, const char *name,
	const struct source *from, char *why, size_t why_cap)
{
	return service_open(l, conf_parse(slice_str(text), name, &settings_section, from), why, why_cap);
}

/* --- reload --------------------------------------------------------------------------------------------- */

static void tell_unchanged(const struct service *s, const struct conf *c)
{
	struct buf b;

	buf_init(&b, 65536);
	if (diff_confs(s->conf, c, &b))
		log_warn("needs_restart", LOG_S("keys", buf_slice(&b)));
	buf_done(&b);
}

static bool refuse(struct conf *c)
{
	conf_free(&c);
	counter_add(COUNTER_reloads_refused, 1);
	return false;
}

bool service_reload(struct service *s, struct conf *c, char *why, size_t why_cap)
{
	struct tls_server *cert = NULL;

	if (!conf_ok(c)) {
		tell_faults(c, why, why_cap);
		return refuse(c);
	}
	const struct embedder *embedder;
	bool ok = read_cert(c->root, &cert, why, why_cap);
	struct roster *r = ok ? build_roster(s, c, &embedder, why, why_cap) : NULL;
	if (r == NULL) {
		tls_server_unref(&cert);
		return refuse(c);
	}
	tell_unchanged(s, c);
	roster_unref(&s->exchange.roster);
	conf_free(&s->conf);
	s->exchange.roster = r;
	s->conf = c;
	apply(s);
	use_keys(s);
	use_embedder(s, embedder);
	if (s->front.open)
		listen_set_tls(s->front.open, cert);
	tls_server_unref(&cert);
	counter_add(COUNTER_reloads, 1);
	return true;
}

/* --- the end -------------------------------------------------------------------------------------------- */

static void done(struct service *s)
{
	if (s->done)
		return;
	s->done = true;
	alarm_clear(&s->delay);
	alarm_clear(&s->limit);
	s->on_done(s->done_arg);
}

static void on_quiet(struct task *t)
{
	struct service *s = CONTAINER(t, struct service, front.on_quiet);
	/* clients of other nodes may still read what this one asked for */
	bool is_quiet = s->front.n_busy == 0 && s->exchange.flight.owners.n == 0;
	if (s->draining && s->delay_over && !s->cut && is_quiet)
		done(s);
}

static void on_delay(struct alarm *a)
{
	struct service *s = LIST_ITEM(a, struct service, delay);
	s->delay_over = true;
	front_stop_listening(&s->front);
	loop_post(s->loop, &s->front.on_quiet);
}

static void on_limit(struct alarm *a)
{
	struct service *s = LIST_ITEM(a, struct service, limit);
	if (s->cut)
		done(s);
	else
		service_cut(s);
}

void service_drain(struct service *s, void (*on_done)(void *arg), void *arg)
{
	const struct settings *st = settings_of(s);

	if (s->draining)
		return;
	s->draining = true;
	s->on_done = on_done;
	s->done_arg = arg;
	front_drain(&s->front);
	pools_drain(s->pools);
	alarm_set(&s->delay, st->drain.delay);
	alarm_set(&s->limit, st->drain.delay + st->drain.limit);
}

void service_cut(struct service *s)
{
	if (!s->draining || s->cut)
		return;
	s->cut = true;
	s->delay_over = true;
	front_stop_listening(&s->front);
	front_cut(&s->front);
	/* Not only until the requests have ended: what tells their clients must leave too. */
	alarm_set(&s->limit, CUT_GRACE_MS);
}

void service_close(struct service **sp)
{
	struct service *s = *sp;

	if (s == NULL)
		return;
	*sp = NULL;
	alarm_clear(&s->delay);
	alarm_clear(&s->limit);
	front_close(&s->front);
	loop_unpost(s->loop, &s->front.on_quiet);
	refresh_done(&s->exchange.refreshes);
	flight_env_stop(&s->exchange.flight);
	pools_free(&s->pools);
	roster_unref(&s->exchange.roster);
	flight_env_done(&s->exchange.flight);
	semantic_done(&s->exchange.flight.semantic);
	embedders_close(&s->embedder);
	store_close(&s->exchange.store);
	arena_done(&s->exchange.parse);
	sha256_done(&s->exchange.sha);
	buf_done(&s->exchange.out);
	buf_done(&s->exchange.body);
	recent_done(&s->exchange.recent);
	buf_done(&s->line);
	metrics_done(&s->metrics);
	client_key_done(&s->front.keys);
	conf_free(&s->conf);
	health_done(&s->health);
	affinity_done(&s->affinity);
	free(s);
}

const char *service_addr(const struct service *s)
{
	return s->front.open ? listen_addr(s->front.open) : "";
}

const char *service_admin_addr(const struct service *s)
{
	return s->front.admin ? listen_addr(s->front.admin) : "";
}

size_t service_models(const struct service *s)
{
	return s->exchange.roster->n_models;
}

size_t service_providers(const struct service *s)
{
	return s->exchange.roster->providers.n;
}

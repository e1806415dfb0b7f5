/* All that a flight needs, with providers on loopback: a roster from configuration text, pools, health, dice;
 * and readers that write down what they hear. */
#ifndef TESTS_SKY_H
#define TESTS_SKY_H

#include "unit/upstream/peers.h"

#include "conf/conf.h"
#include "flight/flight.h"
#include "route/route_conf.h"

#define SKY_MESSAGES "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
#define SKY_STREAMED(model) "{\"model\":\"" model "\"," SKY_MESSAGES ",\"stream\":true}"
#define SKY_WHOLE(model) "{\"model\":\"" model "\"," SKY_MESSAGES "}"
/* Providers a and b are one listener: peers come in the order in which they are asked.  c refuses. */
#define SKY_CONF "providers:\n" \
	"  a: {url: http://127.0.0.1:%u/a, key: sk-a}\n" \
	"  b: {url: http://127.0.0.1:%u/b}\n" \
	"models:\n" \
	"  one: {targets: [a/m], retries: 0}\n" \
	"  two: {tiers: [{targets: [a/m]}, {targets: [b/m]}], retries: 0}\n" \
	"  slow: {targets: [a/m], retries: 1}\n" \
	"retry: {backoff: 20ms, backoff_max: 20ms, per_second: 100}\n"

#define SKY_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
#define SKY_DATA(json) "data: " json "\n\n"
#define SKY_ROLE SKY_DATA("{\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"index\":0," \
	"\"delta\":{\"role\":\"assistant\"}}]}")
#define SKY_TEXT(t) SKY_DATA("{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" t "\"}}]}")
#define SKY_STOP SKY_DATA("{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}")
#define SKY_DONE SKY_DATA("[DONE]")
#define SKY_ERROR(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\n\r\n"

struct sky {
	struct peers p;
	struct conf *conf;
	struct health_table health;
	struct roster *roster;
	struct dice dice;
	struct flight_env env;
};

static inline void sky_open(struct sky *s)
{
	const struct answer_limits limits = { .head_bytes = 8192, .event_bytes = 1 << 20,
		.body_bytes = 1 << 22 };
	const struct source nothing = { 0 };
	char text[2000];
	size_t at = 0;
	struct slice name;
	void *v;

	*s = (struct sky){ .conf = NULL };
	peers_open(&s->p);
	snprintf(text, sizeof(text), SKY_CONF, s->p.rig.port, s->p.rig.port);
	s->conf = conf_parse(slice_str(text), "test.yaml", &route_conf, &nothing);
	health_init(&s->health, 100, 7);
	s->roster = roster_new(s->conf, s->conf->root, &s->health);
	assert_non_null(s->roster);
	while (map_next(&s->roster->providers, &at, &name, &v))
		((struct provider *)v)->pool = pools_get(s->p.pools, v);
	dice_init(&s->dice, 1);
	flight_env_init(&s->env, s->p.rig.loop, &s->dice);
	attempt_env_init(&s->env.attempt, s->p.rig.loop, &limits);
	s->env.plan = route_conf_plan(s->conf->root);
	s->env.limits = (struct flight_limits){ .journal_bytes = 1 << 20, .lag_bytes = 1 << 16 };
}

static inline void sky_close(struct sky *s)
{
	run_ms(&s->p, 1);
	assert_int_equal(counter_values[COUNTER_flights_open], 0);
	assert_int_equal(counter_values[COUNTER_buffered_bytes], 0);
	flight_env_done(&s->env);
	roster_unref(&s->roster);
	health_done(&s->health);
	conf_free(&s->conf);
	peers_close(&s->p);
}

/* The whole request has come to peer `i`. */
static inline bool sky_asked(const struct sky *s, size_t i)
{
	if (i >= s->p.n)
		return false;
	struct slice in = buf_slice(&s->p.v[i].in);
	return in.n && in.p[in.n - 1] == '}';
}

static inline bool sky_heard(const struct peer *peer, const char *text)
{
	return peer->in.n && memmem(peer->in.p, peer->in.n, text, strlen(text)) != NULL;
}

/* One who reads a journal, when it is told of news and `reads`. */
struct watcher {
	struct reader reader;
	struct task news;
	struct sky *sky;
	struct buf got;		/* the texts of what was read */
	bool reads;
	bool knows_cut;		/* told after it was cut */
};

static inline void watcher_read(struct watcher *w)
{
	const struct event *ev;

	while (w->reader.cursor.journal && (ev = cursor_peek(&w->reader.cursor))) {
		if (ev->kind == EVENT_TEXT)
			buf_add(&w->got, ev->text);
		cursor_pass(&w->reader.cursor);
	}
}

static inline void watcher_on_news(struct task *t)
{
	struct watcher *w = LIST_ITEM(t, struct watcher, news);

	w->knows_cut |= w->reader.cursor.journal == NULL;
	if (w->reads && w->reader.flight && flight_may_read(w->reader.flight))
		watcher_read(w);
}

static inline void watcher_init(struct watcher *w, struct sky *s, bool reads)
{
	*w = (struct watcher){ .sky = s, .news = { .go = watcher_on_news }, .reads = reads };
	buf_init(&w->got, 1 << 22);
}

/* The first reader of a new flight; NULL with *out_fault when it cannot be opened. */
static inline struct flight *watcher_open(struct watcher *w, const char *body, uint64_t timeout_ms,
	struct fault *out_fault)
{
	struct sky *s = w->sky;
	struct request parsed = { .choices = 1 }, kept;
	struct arena scratch, arena;
	struct fault f = { 0 };

	arena_init(&scratch, 0);
	arena_init(&arena, 0);
	assert_int_equal(openai_chat.parse(&scratch, slice_str(body), &parsed, &f), ERR_OK);
	request_keep(&arena, &parsed, &kept);
	kept.timeout_ms = timeout_ms;
	arena_done(&scratch);
	struct flight *flight = flight_open(&s->env, s->roster, &kept, &arena, SLICE("req_1"), 1, &w->reader,
		&w->news, out_fault);
	if (flight)
		assert_null(arena.blocks);	/* it moved */
	arena_done(&arena);
	return flight;
}

/* One more reader, as an exchange that joins an identical one. */
static inline void watcher_join(struct watcher *w, struct flight *f)
{
	w->reader = (struct reader){ .flight = f };
	f->readers++;
	cursor_open(&w->reader.cursor, &f->journal, &w->news);
}

static inline void watcher_done(struct watcher *w)
{
	flight_leave(&w->reader);
	loop_unpost(w->sky->p.rig.loop, &w->news);
	buf_done(&w->got);
}

#endif

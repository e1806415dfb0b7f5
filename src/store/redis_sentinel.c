#include "store/redis_sentinel.h"

#include <stdlib.h>

#include "loop/alarm.h"

#define EACH_MS 1000
#define SILENCE_MS 3000
#define REPLY_MAX 65536u

struct redis_sentinel {
	struct redis_link_env env;
	const struct redis_url *url;
	struct redis_link *link;
	size_t at;			/* which sentinel */
	struct alarm each;
	struct redis_ask ask;
	bool asking;
	void (*on_master)(void *arg, const struct redis_addr *addr);
	void *arg;
};

static bool where(void *arg, struct redis_addr *out)
{
	struct redis_sentinel *s = arg;

	*out = s->url->addrs[s->at % s->url->n];
	return true;
}

static bool read_addr(const struct redis_reply *r, struct redis_addr *out)
{
	uint64_t port;

	if (r->kind != REDIS_LIST || r->n != 2 || r->v[0].text.n == 0 || r->v[0].text.n >= sizeof(out->host)
		|| !slice_u64(r->v[1].text, &port) || port > UINT16_MAX)
		return false;
	slice_copy(r->v[0].text, out->host, sizeof(out->host));
	out->port = (uint16_t)port;
	return true;
}

static void on_reply(struct redis_ask *a, const struct redis_reply *r)
{
	struct redis_sentinel *s = CONTAINER(a, struct redis_sentinel, ask);
	struct redis_addr addr;

	s->asking = false;
	if (r == NULL)
		return;
	if (read_addr(r, &addr))
		s->on_master(s->arg, &addr);
	else
		redis_link_drop(s->link, "it does not know the master");	/* another one may */
}

static void ask(struct redis_sentinel *s)
{
	struct buf b;

	if (s->asking || !redis_link_ready(s->link))
		return;
	s->asking = true;
	buf_init(&b, REPLY_MAX);
	redis_wire_put(&b, (struct slice[]){ SLICE("SENTINEL"), SLICE("GET-MASTER-ADDR-BY-NAME"), s->url->master }, 3);
	redis_link_send(s->link, &s->ask, buf_slice(&b));
	buf_done(&b);
}

static void on_each(struct alarm *a)
{
	struct redis_sentinel *s = CONTAINER(a, struct redis_sentinel, each);

	alarm_set(&s->each, EACH_MS);
	ask(s);
}

static void on_up(void *arg)
{
	ask(arg);
}

static void on_down(void *arg, const char *why, bool was_up)
{
	struct redis_sentinel *s = arg;

	s->at++;
}

struct redis_sentinel *redis_sentinel_open(const struct redis_link_env *env, const struct redis_url *url,
	struct slice user, struct slice password, void (*on_master)(void *arg, const struct redis_addr *addr),
	void *arg)
{
	const struct redis_link_events ev = { .where = where, .on_up = on_up, .on_down = on_down };
	struct redis_sentinel *s = calloc(1, sizeof(*s));

	must(s != NULL);
	s->env = *env;
	s->env.user = user;
	s->env.password = password;
	s->env.db = 0;
	s->env.master_only = false;
	s->url = url;
	s->ask.on_reply = on_reply;
	s->on_master = on_master;
	s->arg = arg;
	alarm_init(&s->each, env->loop, on_each);
	alarm_set(&s->each, EACH_MS);
	s->link = redis_link_open(&s->env, &ev, s, SILENCE_MS, REPLY_MAX);
	return s;
}

void redis_sentinel_close(struct redis_sentinel **sp)
{
	struct redis_sentinel *s = *sp;

	if (s == NULL)
		return;
	*sp = NULL;
	alarm_clear(&s->each);
	redis_link_close(&s->link);
	free(s);
}

void redis_sentinel_hurry(struct redis_sentinel *s)
{
	ask(s);
}

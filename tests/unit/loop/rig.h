/* A loop under test with a guard (a test that hangs fails), and ends of streams that write down what they hear. */
#ifndef TESTS_RIG_H
#define TESTS_RIG_H

#include "unit.h"

#include "base/buf.h"
#include "base/must.h"
#include "loop/alarm.h"
#include "loop/listen.h"
#include "loop/loop.h"
#include "loop/stream.h"
#include "loop/tls.h"

#define RIG_GUARD_MS 20000

struct rig {
	struct loop *loop;
	struct alarm guard;
	struct listen *listen;
	struct slice host;
	uint16_t port;
};

/* One end of a stream. */
struct end {
	struct rig *rig;
	struct stream *s;
	struct buf in;
	int opens, eofs, rooms, closes;
	enum err why;
	char detail[200], peer[80];
	bool (*until)(struct end *);	/* asked after each event: true stops the loop */
	void (*on_data)(struct end *, struct slice);
};

static inline void rig_on_guard(struct alarm *a)
{
	fail_msg("the test hangs");
}

static inline void rig_init(struct rig *r)
{
	*r = (struct rig){ .loop = loop_new() };
	alarm_init(&r->guard, r->loop, rig_on_guard);
}

static inline void rig_run(struct rig *r)
{
	alarm_set(&r->guard, RIG_GUARD_MS);
	loop_run(r->loop);
	alarm_clear(&r->guard);
}

static inline void rig_done(struct rig *r)
{
	listen_close(&r->listen);
	loop_free(&r->loop);
	assert_null(r->loop);
}

static inline void end_check(struct end *e)
{
	if (e->until && e->until(e))
		loop_stop(e->rig->loop);
}

static inline void end_on_open(void *arg)
{
	struct end *e = arg;
	assert_int_equal(e->opens + e->closes, 0);
	e->opens++;
	slice_copy(slice_str(stream_peer(e->s)), e->peer, sizeof(e->peer));
	end_check(e);
}

static inline void end_on_data(void *arg, struct slice bytes)
{
	struct end *e = arg;
	assert_int_equal(e->closes, 0);
	assert_int_equal(e->eofs, 0);
	assert_true(bytes.n > 0);
	if (e->on_data)
		e->on_data(e, bytes);
	else
		buf_add(&e->in, bytes);
	end_check(e);
}

static inline void end_on_eof(void *arg)
{
	struct end *e = arg;
	assert_int_equal(e->closes + e->eofs, 0);
	e->eofs++;
	end_check(e);
}

static inline void end_on_room(void *arg)
{
	struct end *e = arg;
	assert_int_equal(e->closes, 0);
	e->rooms++;
	end_check(e);
}

static inline void end_on_close(void *arg, enum err why)
{
	struct end *e = arg;
	assert_int_equal(e->closes, 0);
	e->closes++;
	e->why = why;
	slice_copy(slice_str(stream_detail(e->s)), e->detail, sizeof(e->detail));
	e->s = NULL;
	end_check(e);
}

static const struct stream_events end_events = {
	.on_open = end_on_open,
	.on_data = end_on_data,
	.on_eof = end_on_eof,
	.on_room = end_on_room,
	.on_close = end_on_close,
};

static inline void end_init(struct end *e, struct rig *r, bool (*until)(struct end *))
{
	*e = (struct end){ .rig = r, .until = until };
	buf_init(&e->in, (size_t)1 << 30);
}

static inline void end_done(struct end *e)
{
	stream_abort(&e->s, false);
	buf_done(&e->in);
}

static inline void end_open(struct end *e, struct slice host, uint16_t port, struct tls_client *tls, const char *name,
	uint64_t connect_ms)
{
	struct stream_dest dest = { .host = host, .port = port, .tls = tls, .tls_name = slice_str(name),
		.connect_ms = connect_ms };
	e->s = stream_open(e->rig->loop, &dest, &end_events, e);
	assert_non_null(e->s);
	assert_int_equal(e->opens + e->closes, 0);	/* nothing inside stream_open() */
}

/* The end of one connection that the rig's listener takes. */
static inline void rig_on_accept(void *arg, struct stream *s)
{
	struct end *e = arg;
	assert_null(e->s);
	e->s = s;
	e->opens = 0;
	stream_own(s, &end_events, e);
	slice_copy(slice_str(stream_peer(s)), e->peer, sizeof(e->peer));
	end_check(e);
}

static inline uint16_t rig_port_of(const char *addr)
{
	const char *colon = strrchr(addr, ':');
	uint64_t port = 0;
	assert_non_null(colon);
	assert_true(slice_u64(slice_str(colon + 1), &port));
	return (uint16_t)port;
}

static inline void rig_listen(struct rig *r, const char *addr, struct tls_server *tls, listen_on_accept *on_accept,
	void *arg)
{
	char why[200] = "";

	r->listen = listen_open(r->loop, slice_str(addr), tls, on_accept, arg, why, sizeof(why));
	if (r->listen == NULL)
		fail_msg("%s", why);
	r->port = rig_port_of(listen_addr(r->listen));
	r->host = SLICE("127.0.0.1");
}

#endif

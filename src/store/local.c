#include "store/local.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "loop/loop.h"
#include "store/shelf.h"
#include "store/store_conf.h"
#include "store/store_kind.h"

/* Room for some ten thousand epochs. */
#define NUMBERS_BYTES (1u << 20)
/* "For ever": a hundred years in milliseconds, which still fits nanoseconds in 64 bits. */
#define FOR_EVER_MS (100ull * 365 * 24 * 3600 * 1000)
#define NUMBER_TEXT 24

struct local {
	struct loop *loop;
	struct shelf values, numbers;	/* numbers: those that live for ever */
};

static bool find(struct local *l, struct slice key, struct slice *out)
{
	uint64_t now = loop_now(l->loop);
	struct shelf_value v;

	if (!shelf_get(&l->values, key, now, &v) && !shelf_get(&l->numbers, key, now, &v))
		return false;
	*out = v.bytes;
	return true;
}

static bool put(struct local *l, struct slice key, struct slice value, uint64_t ttl_ms)
{
	shelf_drop(&l->numbers, key);
	return shelf_put(&l->values, key, value, ttl_ms, loop_now(l->loop));
}

static void drop(struct local *l, struct slice key)
{
	shelf_drop(&l->values, key);
	shelf_drop(&l->numbers, key);
}

/* A decimal as Redis takes it for INCRBY: what is no number stops the operation there, so here too. */
static bool number_of(struct slice text, int64_t *out)
{
	char buf[NUMBER_TEXT], *end;

	if (text.n == 0 || text.n >= sizeof(buf))
		return false;
	errno = 0;
	*out = strtoll(slice_copy(text, buf, sizeof(buf)), &end, 10);
	return errno == 0 && *end == '\0';
}

static enum store_result bump(struct local *l, const struct store_ask *a, int64_t *out)
{
	struct slice old;
	char text[NUMBER_TEXT];

	*out = 0;
	if (find(l, a->key, &old) && !number_of(old, out))
		return STORE_AWAY;
	if (__builtin_add_overflow(*out, a->by, out))
		return STORE_AWAY;
	struct slice fresh = slice_of(text, (size_t)snprintf(text, sizeof(text), "%" PRId64, *out));
	drop(l, a->key);
	bool kept = a->ttl_ms ? shelf_put(&l->values, a->key, fresh, a->ttl_ms, loop_now(l->loop))
		: shelf_put(&l->numbers, a->key, fresh, FOR_EVER_MS, loop_now(l->loop));
	return kept ? STORE_OK : STORE_AWAY;
}

static enum store_result put_if(struct local *l, const struct store_ask *a)
{
	struct slice old;

	if (a->cond == STORE_IF_ABSENT && find(l, a->key, &old))
		return STORE_NONE;
	return put(l, a->key, a->value, a->ttl_ms) ? STORE_OK : STORE_AWAY;
}

static enum store_result if_held(struct local *l, const struct store_ask *a)
{
	struct slice old;

	if (!find(l, a->key, &old) || !slice_eq(old, a->value))
		return STORE_NONE;
	if (a->verb == STORE_DROP_IF)
		drop(l, a->key);
	else if (!put(l, a->key, a->value, a->ttl_ms))
		return STORE_AWAY;
	return STORE_OK;
}

static void local_ask(void *it, const struct store_ask *a, struct store_wait *w)
{
	struct local *l = it;
	enum store_result r = STORE_OK;
	struct slice value = SLICE_EMPTY;
	int64_t number = 0;

	switch (a->verb) {
	case STORE_GET: r = find(l, a->key, &value) ? STORE_OK : STORE_NONE; break;
	case STORE_PUT: r = put_if(l, a); break;
	case STORE_DROP:
		r = find(l, a->key, &value) ? STORE_OK : STORE_NONE;
		value = SLICE_EMPTY;
		drop(l, a->key);
		break;
	case STORE_DROP_IF:
	case STORE_RENEW_IF: r = if_held(l, a); break;
	case STORE_BUMP: r = bump(l, a, &number); break;
	case STORE_APPEND:
	case STORE_TELL: break;
	case STORE_NEAR_PUT:
	case STORE_NEAR_NOTE:
	case STORE_NEAR_GET: r = STORE_LACKS; break;
	}
	store_answer(w, r, value, number);
}

static void quiet_follow(void *it, struct store_tail *t, struct slice key, bool from_start)
{
}

static void quiet_unfollow(void *it, struct store_tail *t)
{
}

static void quiet_listen(void *it, struct store_ear *e, struct slice channel)
{
}

static void quiet_unlisten(void *it, struct store_ear *e)
{
}

static bool is_near(const void *it)
{
	return true;
}

static void local_close(void **it)
{
	struct local *l = *it;

	*it = NULL;
	shelf_done(&l->values);
	shelf_done(&l->numbers);
	free(l);
}

void *local_open(struct loop *loop, const struct store_conf *c, uint64_t seed)
{
	struct local *l = calloc(1, sizeof(*l));

	must(l != NULL);
	l->loop = loop;
	shelf_init(&l->values, c->memory, seed);
	shelf_init(&l->numbers, NUMBERS_BYTES, seed);
	return l;
}

const struct store_kind local_kind = {
	.ask = local_ask,
	.follow = quiet_follow,
	.unfollow = quiet_unfollow,
	.listen = quiet_listen,
	.unlisten = quiet_unlisten,
	.is_near = is_near,
	.close = local_close,
	.shared = false,
};

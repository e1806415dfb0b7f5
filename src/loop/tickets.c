#include "loop/tickets.h"

#include <stdlib.h>

#include "base/must.h"

/* Destinations, and sessions for each: servers send one or two with every handshake, a pool opens a few at once. */
#define NAMES_MAX 256
#define EACH_MAX 8

struct ticket {
	SSL_SESSION *session;
	uint64_t end_s;			/* the server's own limit, from when it came */
};

struct book {
	struct list used;
	struct ticket tickets[EACH_MAX];	/* oldest first */
	size_t n, len;
	char name[];
};

void tickets_init(struct tickets *t, uint64_t seed)
{
	map_init(&t->names, NAMES_MAX, seed);
	list_init(&t->used);
	t->n = 0;
}

static void drop(struct tickets *t, struct book *b)
{
	must(map_take(&t->names, slice_of(b->name, b->len)) == b);
	list_remove(&b->used);
	t->n--;
	while (b->n > 0)
		SSL_SESSION_free(b->tickets[--b->n].session);
	free(b);
}

void tickets_done(struct tickets *t)
{
	while (!list_empty(&t->used))
		drop(t, LIST_ITEM(t->used.next, struct book, used));
	map_done(&t->names);
}

static struct book *book_of(struct tickets *t, struct slice name)
{
	struct book *b = map_find(&t->names, name);

	if (b) {
		list_remove(&b->used);
	} else {
		if (t->n == NAMES_MAX)
			drop(t, LIST_ITEM(t->used.next, struct book, used));
		b = calloc(1, sizeof(*b) + name.n);
		must(b != NULL);
		b->len = name.n;
		memcpy(b->name, name.p, name.n);
		must(map_put(&t->names, slice_of(b->name, b->len), b));
		t->n++;
	}
	list_push_back(&t->used, &b->used);
	return b;
}

void tickets_put(struct tickets *t, struct slice name, SSL_SESSION *session, uint64_t now_s)
{
	long limit_s = SSL_SESSION_get_timeout(session);
	struct book *b = book_of(t, name);

	if (b->n == EACH_MAX) {
		SSL_SESSION_free(b->tickets[0].session);
		memmove(b->tickets, b->tickets + 1, --b->n * sizeof(b->tickets[0]));
	}
	b->tickets[b->n++] = (struct ticket){ session, now_s + (uint64_t)MAX_OF(limit_s, 0L) };
}

SSL_SESSION *tickets_take(struct tickets *t, struct slice name, uint64_t now_s)
{
	struct book *b = map_find(&t->names, name);

	while (b && b->n > 0) {
		SSL_SESSION *s = b->tickets[b->n - 1].session;
		bool usable = SSL_SESSION_is_resumable(s) && now_s < b->tickets[b->n - 1].end_s;
		if (usable && SSL_SESSION_get_protocol_version(s) < TLS1_3_VERSION && SSL_SESSION_up_ref(s))
			return s;
		b->n--;
		if (usable)
			return s;
		SSL_SESSION_free(s);
	}
	return NULL;
}

void tickets_drop(struct tickets *t, struct slice name)
{
	struct book *b = map_find(&t->names, name);

	if (b)
		drop(t, b);
}

/* The wire format of Redis (RESP2 and RESP3, redis.io/docs/reference/protocol-spec), both directions: commands out,
 * replies in.  hiredis' reader does the parsing; its replies are made here, in an arena with a limit, because before
 * 1.3 it bounds neither nesting nor size itself. */
#ifndef STORE_REDIS_WIRE_H
#define STORE_REDIS_WIRE_H

#include "base/arena.h"
#include "base/buf.h"

struct redisReader;

enum redis_kind {
	REDIS_NIL,
	REDIS_TEXT,		/* strings, status lines, big numbers, doubles: as written */
	REDIS_STATUS,
	REDIS_NUMBER,		/* integers and booleans */
	REDIS_ERROR,
	REDIS_LIST,		/* arrays and sets; a map is a list of keys and values in turn */
	REDIS_PUSH,		/* a list that answers nothing (RESP3) */
};

struct redis_reply {
	enum redis_kind kind;
	struct slice text;
	int64_t number;
	struct redis_reply *v;
	size_t n;
};

struct redis_wire {
	struct redisReader *reader;
	struct arena arena;		/* of the reply being read */
	struct redis_reply top;
	size_t max;
};

enum redis_got { REDIS_MORE, REDIS_REPLY, REDIS_BAD };

/* `max`: most bytes of one reply, as it comes and as it is kept, each. */
void redis_wire_init(struct redis_wire *w, size_t max);
void redis_wire_done(struct redis_wire *w);
/* The next connection starts with nothing read. */
void redis_wire_reset(struct redis_wire *w);
/* Bytes as they came.  False: too many for one reply. */
bool redis_wire_feed(struct redis_wire *w, struct slice bytes);
/* The next whole reply, borrowed until the next call of these.  REDIS_BAD: nothing more can be read from this
 * connection, *out_why says why and is static or lives as long as `w`. */
enum redis_got redis_wire_next(struct redis_wire *w, const struct redis_reply **out, const char **out_why);

/* Appends one command. */
void redis_wire_put(struct buf *out, const struct slice *words, size_t n);
/* The value after `key` in a list of keys and values (HELLO, XINFO); NULL when there is none. */
const struct redis_reply *redis_wire_field(const struct redis_reply *r, const char *key);
/* Does an error begin with this word? */
bool redis_wire_says(const struct redis_reply *r, const char *word);

#endif

#include "store/redis_wire.h"

#include <hiredis/read.h>

/* XREAD nests 5 deep: streams, stream, entries, entry, fields; CLUSTER SLOTS 4. */
#define MOST_DEPTH 8
/* More than the slots of a cluster in one list. */
#define MOST_ELEMENTS (1 << 16)
/* Of an arena that is kept between replies. */
#define KEEP 65536u
/* Heads, lengths and line ends beside the value itself. */
#define FRAMING 65536u

static struct redis_wire *wire_of(const redisReadTask *t)
{
	return t->privdata;
}

static bool too_deep(const redisReadTask *t)
{
	int depth = 0;

	for (; t; t = t->parent)
		depth++;
	return depth > MOST_DEPTH;
}

/* Where the object of this task goes: into its parent's list, or to the top. */
static struct redis_reply *place(const redisReadTask *t)
{
	struct redis_reply *parent = t->parent ? t->parent->obj : NULL;
	struct redis_reply *r = &wire_of(t)->top;

	if (parent) {
		must(t->idx >= 0 && (size_t)t->idx < parent->n);
		r = &parent->v[t->idx];
	}
	*r = (struct redis_reply){ .kind = REDIS_NIL };
	return r;
}

static enum redis_kind text_kind(int type)
{
	return type == REDIS_REPLY_ERROR ? REDIS_ERROR : type == REDIS_REPLY_STATUS ? REDIS_STATUS : REDIS_TEXT;
}

static void *on_text(const redisReadTask *t, char *p, size_t n)
{
	struct redis_reply *r = place(t);
	/* "txt:" and "mkd:" before verbatim strings */
	size_t skip = t->type == REDIS_REPLY_VERB && n >= 4 ? 4 : 0;
	char *copy = arena_try(&wire_of(t)->arena, n - skip + 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, p + skip, n - skip);
	copy[n - skip] = '\0';
	r->kind = text_kind(t->type);
	r->text = slice_of(copy, n - skip);
	return r;
}

static void *on_list(const redisReadTask *t, size_t n)
{
	struct redis_reply *r = place(t);

	if (too_deep(t))
		return NULL;
	r->kind = t->type == REDIS_REPLY_PUSH ? REDIS_PUSH : REDIS_LIST;
	if (n == 0)
		return r;
	r->v = arena_try(&wire_of(t)->arena, n * sizeof(*r->v));
	if (r->v == NULL)
		return NULL;
	memset(r->v, 0, n * sizeof(*r->v));
	r->n = n;
	return r;
}

static void *on_number(const redisReadTask *t, long long v)
{
	struct redis_reply *r = place(t);

	r->kind = REDIS_NUMBER;
	r->number = v;
	return r;
}

static void *on_double(const redisReadTask *t, double v, char *p, size_t n)
{
	return on_text(t, p, n);
}

static void *on_nil(const redisReadTask *t)
{
	return place(t);
}

static void *on_bool(const redisReadTask *t, int v)
{
	return on_number(t, v != 0);
}

/* The arena frees. */
static void on_free(void *object)
{
}

static redisReplyObjectFunctions makers = {
	.createString = on_text,
	.createArray = on_list,
	.createInteger = on_number,
	.createDouble = on_double,
	.createNil = on_nil,
	.createBool = on_bool,
	.freeObject = on_free,
};

static void open_reader(struct redis_wire *w)
{
	w->reader = redisReaderCreateWithFunctions(&makers);
	must(w->reader != NULL);
	w->reader->maxelements = MOST_ELEMENTS;
	w->reader->privdata = w;
}

void redis_wire_init(struct redis_wire *w, size_t max)
{
	*w = (struct redis_wire){ .max = max };
	arena_init(&w->arena, 2 * (max + FRAMING));	/* an arena takes whole blocks */
	open_reader(w);
}

void redis_wire_done(struct redis_wire *w)
{
	redisReaderFree(w->reader);
	w->reader = NULL;
	arena_done(&w->arena);
}

void redis_wire_reset(struct redis_wire *w)
{
	redisReaderFree(w->reader);
	arena_done(&w->arena);
	open_reader(w);
}

bool redis_wire_feed(struct redis_wire *w, struct slice bytes)
{
	/* The reader keeps what it has not used up; whole replies were taken out before. */
	if (w->reader->len - w->reader->pos + bytes.n > w->max + FRAMING)
		return false;
	return redisReaderFeed(w->reader, bytes.p, bytes.n) == REDIS_OK;
}

enum redis_got redis_wire_next(struct redis_wire *w, const struct redis_reply **out, const char **out_why)
{
	void *object = NULL;

	/* In the middle of a reply its first parts are in the arena already. */
	if (w->reader->ridx == -1)
		arena_reset(&w->arena, KEEP);
	if (redisReaderGetReply(w->reader, &object) != REDIS_OK) {
		*out_why = w->reader->errstr;
		return REDIS_BAD;
	}
	if (object == NULL)
		return REDIS_MORE;
	*out = object;
	return REDIS_REPLY;
}

void redis_wire_put(struct buf *out, const struct slice *words, size_t n)
{
	buf_addf(out, "*%zu\r\n", n);
	for (size_t i = 0; i < n; i++) {
		buf_addf(out, "$%zu\r\n", words[i].n);
		buf_add(out, words[i]);
		buf_add(out, SLICE("\r\n"));
	}
}

const struct redis_reply *redis_wire_field(const struct redis_reply *r, const char *key)
{
	if (r->kind != REDIS_LIST)
		return NULL;
	for (size_t i = 0; i + 1 < r->n; i += 2)
		if (slice_eq(r->v[i].text, slice_str(key)))
			return &r->v[i + 1];
	return NULL;
}

bool redis_wire_says(const struct redis_reply *r, const char *word)
{
	struct slice w = slice_str(word);

	return r->kind == REDIS_ERROR && slice_starts(r->text, w) && (r->text.n == w.n || r->text.p[w.n] == ' ');
}

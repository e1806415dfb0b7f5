/* The store on a real loop, driven by lines on standard input: what tests/redis/run.py drives against real servers.
 *
 *	get K | put K V MS [nx] | drop K | dropif K V | renew K V MS | bump K BY MS | append K V MAX MS | tell CH W
 *	big K BYTES MS			put that many letters
 *	storm N K			N gets at once: "storm OK NONE AWAY", and the longest wait
 *	nearput KIND SET GROUP ID AT V MS MAX | nearnote KIND SET GROUP ID NOTE MAX | nearget KIND SET GROUP AT
 *					KIND vset or search; AT "1,2,3"; nearget: "V+NOTES,V+NOTES"
 *	follow NAME K start|now | unfollow NAME | listen NAME CH | unlisten NAME
 *	near | counter NAME | wait MS | quit
 *
 * Each operation prints "= RESULT VALUE MICROSECONDS", in the order in which they were given when the server keeps it;
 * logs and words print "entry NAME VALUE", "gap NAME" and "word NAME WORD" when they come. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/counter.h"
#include "base/log.h"
#include "conf/conf.h"
#include "loop/alarm.h"
#include "loop/loop.h"
#include "loop/watch.h"
#include "store/store.h"
#include "store/store_conf.h"

#define WORDS 12
#define MOST_DIM 8
#define NAMES 64

struct shell {
	struct loop *loop;
	struct store *store;
	struct watch *in;
	struct buf line;
	struct tail {
		struct store_tail t;
		char name[32];
	} tails[NAMES];
	struct ear {
		struct store_ear e;
		char name[32];
	} ears[NAMES];
};

struct op {
	struct store_op op;
	struct storm *storm;
	uint64_t began_ns;
	struct loop *loop;
	bool near;
};

struct storm {
	size_t left, seen[4];
	uint64_t longest_ns;
};

static const char *const results[] = { "ok", "none", "away", "lacks" };

static void print_points(const struct store_op *o)
{
	struct slice rest = o->value, value, notes;
	const char *comma = "";

	printf("= %s ", results[o->result]);
	while (store_near_next(&rest, &value, &notes)) {
		printf("%s%.*s+%.*s", comma, SLICE_ARG(value), SLICE_ARG(notes));
		comma = ",";
	}
	printf("\n");
}

static void on_done(struct store_op *o)
{
	struct op *op = CONTAINER(o, struct op, op);
	uint64_t took = loop_clock(op->loop) - op->began_ns;
	struct storm *st = op->storm;

	if (op->near) {
		print_points(o);
		free(op);
		return;
	}
	if (st == NULL) {
		bool big = o->value.n > 200;
		printf("= %s %.*s%s%" PRId64 " %" PRIu64 "\n", results[o->result], big ? 0 : (int)o->value.n,
			o->value.n ? o->value.p : "", big ? "big:" : o->value.n ? "/" : "",
			big ? (int64_t)o->value.n : o->number, took / 1000);
		free(op);
		return;
	}
	st->seen[o->result]++;
	if (took > st->longest_ns)
		st->longest_ns = took;
	if (--st->left == 0) {
		printf("= storm %zu %zu %zu %" PRIu64 "\n", st->seen[0], st->seen[1], st->seen[2],
			st->longest_ns / 1000);
		free(st);
	}
	free(op);
}

static struct store_op *op_new(struct shell *s, struct storm *storm)
{
	struct op *op = calloc(1, sizeof(*op));

	must(op != NULL);
	op->op.on_done = on_done;
	op->loop = s->loop;
	op->storm = storm;
	op->began_ns = loop_clock(s->loop);
	return &op->op;
}

static void on_entry(struct store_tail *t, struct slice value)
{
	printf("entry %s %.*s\n", CONTAINER(t, struct tail, t)->name, SLICE_ARG(value));
}

static void on_gap(struct store_tail *t)
{
	printf("gap %s\n", CONTAINER(t, struct tail, t)->name);
}

static void on_word(struct store_ear *e, struct slice word)
{
	printf("word %s %.*s\n", CONTAINER(e, struct ear, e)->name, SLICE_ARG(word));
}

static uint64_t num(struct slice s)
{
	uint64_t n = 0;

	must(slice_u64(s, &n));
	return n;
}

static void follow(struct shell *s, const struct slice *w)
{
	struct tail *t = s->tails;

	while (t->name[0])
		must(++t < s->tails + NAMES);
	slice_copy(w[1], t->name, sizeof(t->name));
	t->t = (struct store_tail){ .on_entry = on_entry, .on_gap = on_gap };
	store_follow(s->store, &t->t, w[2], slice_eq(w[3], SLICE("start")));
}

static void unfollow(struct shell *s, struct slice name)
{
	for (struct tail *t = s->tails; t < s->tails + NAMES; t++)
		if (slice_eq(slice_str(t->name), name)) {
			store_unfollow(&t->t);
			t->name[0] = '\0';
		}
}

static void listen_to(struct shell *s, const struct slice *w)
{
	struct ear *e = s->ears;

	while (e->name[0])
		must(++e < s->ears + NAMES);
	slice_copy(w[1], e->name, sizeof(e->name));
	e->e = (struct store_ear){ .on_word = on_word };
	store_listen(s->store, &e->e, w[2]);
}

static void unlisten(struct shell *s, struct slice name)
{
	for (struct ear *e = s->ears; e < s->ears + NAMES; e++)
		if (slice_eq(slice_str(e->name), name)) {
			store_unlisten(&e->e);
			e->name[0] = '\0';
		}
}

static void storm(struct shell *s, size_t n, struct slice key)
{
	struct storm *st = calloc(1, sizeof(*st));

	must(st != NULL);
	st->left = n;
	for (size_t i = 0; i < n; i++)
		store_get(s->store, op_new(s, st), key);
}

static void big(struct shell *s, const struct slice *w)
{
	size_t n = num(w[2]);
	char *p = malloc(n + 1);

	must(p != NULL);
	memset(p, 'x', n);
	store_put(s->store, op_new(s, NULL), w[1], slice_of(p, n), num(w[3]), STORE_ALWAYS);
	free(p);
}

static uint64_t counter_named(struct slice name)
{
	for (int c = 0; c < COUNTER_COUNT; c++)
		if (slice_eq(slice_str(counter_name((enum counter)c)), name))
			return counter_values[c];
	return 0;
}

static bool is(const struct slice *w, const char *verb)
{
	return slice_eq(w[0], slice_str(verb));
}

static int64_t by_of(struct slice s)
{
	return s.p[0] == '-' ? -(int64_t)num(slice_skip(s, 1)) : (int64_t)num(s);
}

struct spot {
	struct store_near_point p;
	float at[MOST_DIM];
};

static void spot_init(struct spot *p, const struct slice *w, struct slice at)
{
	struct slice x;
	size_t n = 0;

	while (n < MOST_DIM && slice_next(&at, ',', &x))
		p->at[n++] = (float)by_of(x);
	p->p = (struct store_near_point){ .by = slice_eq(w[1], SLICE("search")) ? STORE_NEAR_SEARCH
		: STORE_NEAR_VECTORSET, .set = w[2], .group = w[3], .at = slice_of(p->at, n * sizeof(float)) };
}

static void likeness(struct shell *s, const struct slice *w)
{
	struct store_op *op = op_new(s, NULL);
	struct spot p;

	spot_init(&p, w, is(w, "nearput") ? w[5] : is(w, "nearget") ? w[4] : SLICE_EMPTY);
	CONTAINER(op, struct op, op)->near = is(w, "nearget");
	if (is(w, "nearget")) {
		store_near_get(s->store, op, &p.p, 0.5f);
		return;
	}
	p.p.id = w[4];
	if (is(w, "nearput"))
		store_near_put(s->store, op, &p.p, w[6], num(w[7]), (uint32_t)num(w[8]));
	else
		store_near_note(s->store, op, &p.p, w[5], (uint32_t)num(w[6]));
}

static bool operate(struct shell *s, const struct slice *w)
{
	if (is(w, "get"))
		store_get(s->store, op_new(s, NULL), w[1]);
	else if (is(w, "put"))
		store_put(s->store, op_new(s, NULL), w[1], w[2], num(w[3]), w[4].n ? STORE_IF_ABSENT : STORE_ALWAYS);
	else if (is(w, "drop"))
		store_drop(s->store, op_new(s, NULL), w[1]);
	else if (is(w, "dropif"))
		store_drop_if(s->store, op_new(s, NULL), w[1], w[2]);
	else if (is(w, "renew"))
		store_renew_if(s->store, op_new(s, NULL), w[1], w[2], num(w[3]));
	else if (is(w, "bump"))
		store_bump(s->store, op_new(s, NULL), w[1], by_of(w[2]), num(w[3]));
	else if (is(w, "append"))
		store_append(s->store, op_new(s, NULL), w[1], w[2], (uint32_t)num(w[3]), num(w[4]));
	else if (is(w, "big"))
		big(s, w);
	else if (is(w, "storm"))
		storm(s, num(w[1]), w[2]);
	else if (is(w, "nearput") || is(w, "nearnote") || is(w, "nearget"))
		likeness(s, w);
	else
		return false;
	return true;
}

static void obey(struct shell *s, const struct slice *w)
{
	if (operate(s, w))
		return;
	if (is(w, "follow"))
		follow(s, w);
	else if (is(w, "unfollow"))
		unfollow(s, w[1]);
	else if (is(w, "listen"))
		listen_to(s, w);
	else if (is(w, "unlisten"))
		unlisten(s, w[1]);
	else if (is(w, "tell"))
		store_tell(s->store, w[1], w[2]);
	else if (is(w, "near"))
		printf("= %s\n", store_is_near(s->store) ? "near" : "far");
	else if (is(w, "counter"))
		printf("= %" PRIu64 "\n", counter_named(w[1]));
	else if (is(w, "quit"))
		loop_stop(s->loop);
	else
		printf("= unknown\n");
}

static void on_input(void *arg, unsigned ready)
{
	struct shell *s = arg;
	char bytes[4096];
	ssize_t n = read(0, bytes, sizeof(bytes));

	if (n <= 0) {
		loop_stop(s->loop);
		return;
	}
	buf_add(&s->line, slice_of(bytes, (size_t)n));
	for (;;) {
		struct slice in = buf_slice(&s->line), words[WORDS] = { 0 };
		size_t end = slice_find(in, '\n'), at = 0;
		if (end == in.n)
			break;
		struct slice rest = slice_of(in.p, end);
		while (at < WORDS && slice_next(&rest, ' ', &words[at]))
			at++;
		obey(s, words);
		buf_eat(&s->line, end + 1);
	}
}

static void on_log(void *arg, struct slice line)
{
	fwrite(line.p, 1, line.n, stderr);
}

static uint64_t wall(void *arg)
{
	return loop_wall_ms(arg);
}

int main(int argc, char **argv)
{
	struct shell s = { .loop = loop_new() };
	const struct log_sink sink = { .line = on_log, .wall_ms = wall, .arg = s.loop };
	struct conf *c = conf_parse(slice_str(argc > 1 ? argv[1] : ""), "arguments", &store_conf, NULL);
	char why[4096] = "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	log_open(&sink, LOG_LEVEL_DEBUG, LOG_FORM_TEXT);
	if (conf_ok(c))
		store_conf_check(c, c->root);
	if (!conf_ok(c) || (s.store = store_open(s.loop, c->root, 7, why, sizeof(why))) == NULL) {
		struct buf b;
		buf_init(&b, 65536);
		conf_faults(c, &b);
		fprintf(stderr, "%.*s%s\n", SLICE_ARG(buf_slice(&b)), why);
		return 2;
	}
	buf_init(&s.line, 1 << 20);
	s.in = watch_new(s.loop, 0, on_input, &s);
	must(s.in != NULL);
	watch_set(s.in, WATCH_READ);
	loop_run(s.loop);
	store_close(&s.store);
	watch_close(&s.in);
	loop_free(&s.loop);
	conf_free(&c);
	buf_done(&s.line);
	return 0;
}

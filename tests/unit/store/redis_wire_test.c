/* Replies, cut at every byte; and what a hostile server could send. */
#include "unit.h"

#include "store/redis_wire.h"

#define MAX 4096u

/* A reply as text: "(a 1 nil [x y])" and so on. */
static void show(struct buf *out, const struct redis_reply *r)
{
	switch (r->kind) {
	case REDIS_NIL: buf_add(out, SLICE("nil")); break;
	case REDIS_TEXT: buf_addf(out, "'%.*s'", SLICE_ARG(r->text)); break;
	case REDIS_STATUS: buf_addf(out, "+%.*s", SLICE_ARG(r->text)); break;
	case REDIS_ERROR: buf_addf(out, "-%.*s", SLICE_ARG(r->text)); break;
	case REDIS_NUMBER: buf_addf(out, "%lld", (long long)r->number); break;
	case REDIS_LIST:
	case REDIS_PUSH:
		buf_add_char(out, r->kind == REDIS_PUSH ? '>' : '(');
		for (size_t i = 0; i < r->n; i++) {
			show(out, &r->v[i]);
			buf_add_char(out, ' ');
		}
		buf_add_char(out, ')');
		break;
	}
	buf_add_char(out, ';');
}

static const struct {
	const char *wire, *shown;
} pages[] = {
	{ "+OK\r\n", "+OK;" },
	{ "-MOVED 3999 127.0.0.1:6381\r\n", "-MOVED 3999 127.0.0.1:6381;" },
	{ ":-12\r\n", "-12;" },
	{ "$5\r\nhel\r\n\r\n", "'hel\r\n';" },
	{ "$0\r\n\r\n", "'';" },
	{ "$-1\r\n", "nil;" },
	{ "*-1\r\n", "nil;" },
	{ "_\r\n", "nil;" },
	{ "*0\r\n", "();" },
	{ "*3\r\n$1\r\na\r\n:1\r\n*1\r\n$-1\r\n", "('a'; 1; (nil; ); );" },
	{ "%2\r\n+a\r\n:1\r\n$1\r\nb\r\n*0\r\n", "(+a; 1; 'b'; (); );" },
	{ "~1\r\n#t\r\n", "(1; );" },
	{ ",3.25\r\n", "'3.25';" },
	{ "=7\r\ntxt:abc\r\n", "'abc';" },
	{ ">2\r\n+message\r\n+x\r\n", ">+message; +x; );" },
	{ "+a\r\n+b\r\n:3\r\n", "+a;+b;3;" },
	{ "*1\r\n*2\r\n$3\r\nkey\r\n*1\r\n*2\r\n$3\r\n1-1\r\n*2\r\n$1\r\nv\r\n$1\r\nx\r\n",
		"(('key'; (('1-1'; ('v'; 'x'; ); ); ); ); );" },
};

static void feed(struct redis_wire *w, struct slice bytes, struct buf *out)
{
	const struct redis_reply *r;
	const char *why;
	enum redis_got got;

	assert_true(redis_wire_feed(w, bytes));
	while ((got = redis_wire_next(w, &r, &why)) == REDIS_REPLY)
		show(out, r);
	assert_int_equal(got, REDIS_MORE);
}

static void cut_everywhere(void **state)
{
	for (size_t i = 0; i < COUNT_OF(pages); i++) {
		struct slice whole = slice_str(pages[i].wire);
		for (size_t cut = 0; cut <= whole.n; cut++) {
			struct redis_wire w;
			struct buf out;
			redis_wire_init(&w, MAX);
			buf_init(&out, MAX);
			if (cut == whole.n) {		/* byte by byte */
				for (size_t at = 0; at < whole.n; at++)
					feed(&w, slice_of(whole.p + at, 1), &out);
			} else {
				if (cut)
					feed(&w, slice_of(whole.p, cut), &out);
				feed(&w, slice_skip(whole, cut), &out);
			}
			assert_slice(buf_slice(&out), pages[i].shown);
			buf_done(&out);
			redis_wire_done(&w);
		}
	}
}

/* REDIS_BAD, or refused bytes, before `most` bytes of `piece` after `first` were taken. */
static void refused(const char *first, const char *piece, size_t most)
{
	const struct redis_reply *r;
	const char *why = "";
	struct redis_wire w;
	size_t taken = 0;
	enum redis_got got = REDIS_MORE;

	redis_wire_init(&w, MAX);
	assert_true(redis_wire_feed(&w, slice_str(first)));
	while (taken < most && (got = redis_wire_next(&w, &r, &why)) == REDIS_MORE) {
		if (!redis_wire_feed(&w, slice_str(piece))) {
			got = REDIS_BAD;
			break;
		}
		taken += strlen(piece);
	}
	if (got != REDIS_BAD)
		fail_msg("taken: %s", first);
	redis_wire_done(&w);
}

static void hostile(void **state)
{
	static const char nothing[] = "";

	refused("?\r\n", nothing, 1);
	refused("HTTP/1.1 400 Bad Request\r\n\r\n", nothing, 1);
	refused(":12x\r\n", nothing, 1);
	refused("$-2\r\n", nothing, 1);
	refused("*99999999999\r\n", nothing, 1);
	refused("*65536\r\n", nothing, 1);		/* its table alone is beyond the limit */
	refused("%9223372036854775807\r\n", nothing, 1);
	refused("$1073741824\r\n", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 1 << 20);
	refused("+", "a status line without an end ", 1 << 20);
	refused("*1\r\n", "*1\r\n", 1 << 20);		/* nesting */
	refused("*1000\r\n", "$500\r\n" "0123456789012345678901234567890123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
		"012345678901234567890123456789\r\n", 1 << 20);
}

/* After a reset nothing is left of what was cut. */
static void reset(void **state)
{
	struct redis_wire w;
	struct buf out;

	redis_wire_init(&w, MAX);
	buf_init(&out, MAX);
	feed(&w, SLICE("*2\r\n$5\r\nhel"), &out);
	redis_wire_reset(&w);
	feed(&w, SLICE("+OK\r\n"), &out);
	assert_slice(buf_slice(&out), "+OK;");
	buf_done(&out);
	redis_wire_done(&w);
}

static void commands(void **state)
{
	struct buf out;

	buf_init(&out, MAX);
	redis_wire_put(&out, (struct slice[]){ SLICE("SET"), SLICE("a\r\n"), SLICE("") }, 3);
	assert_slice(buf_slice(&out), "*3\r\n$3\r\nSET\r\n$3\r\na\r\n\r\n$0\r\n\r\n");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cut_everywhere),
		cmocka_unit_test(hostile),
		cmocka_unit_test(reset),
		cmocka_unit_test(commands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

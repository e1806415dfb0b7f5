/* Plays an input through http1: whole, byte by byte and cut in two must give the same story, within the same
 * limits. */
#ifndef TESTS_FUZZ_HTTP1_PLAY_H
#define TESTS_FUZZ_HTTP1_PLAY_H

#include "codec/http1.h"
#include "fuzz.h"

#define HTTP1_PLAY_MAX (16u << 20)

struct play {
	struct http1 h;
	struct buf story;
	size_t body_n;
	bool ended;
	const struct http1_limits *limits;
};

static bool play_is_text(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
			return false;
	return true;
}

static enum err play_head(void *arg, const struct http1_head *head)
{
	struct play *p = arg;
	must(!p->ended && head->n_fields <= p->limits->fields);
	must(!(head->chunked && head->content_length >= 0));
	must(!(head->until_eof && head->keep_alive));
	size_t sum = 0;
	buf_addf(&p->story, "\n%d %d %d%d%d%d %lld|", (int)head->method, head->status, head->keep_alive,
		head->chunked,
		head->expect_continue, head->until_eof, (long long)head->content_length);
	buf_add(&p->story, head->target);
	for (size_t i = 0; i < head->n_fields; i++) {
		struct slice name = head->fields[i].name, value = head->fields[i].value;
		must(name.n > 0 && play_is_text(name) && play_is_text(value));
		must(slice_find(name, ' ') == name.n && slice_find(name, ':') == name.n && slice_find(name,
			'\t') == name.n);
		must(value.n == 0 || (value.p[0] != ' ' && value.p[value.n - 1] != ' ' && value.p[0] != '\t'));
		sum += name.n + value.n + 3;
		buf_addf(&p->story, "\n%.*s=%.*s", SLICE_ARG(name), SLICE_ARG(value));
	}
	must(sum <= p->limits->head_bytes);
	if (p->h.kind == HTTP1_REQUEST)
		must(slice_eq(head->target, SLICE("*")) || (slice_starts(head->target, SLICE("/"))
			&& play_is_text(head->target)));
	else
		must(head->status >= 200 && head->status <= 999);
	p->body_n = 0;
	buf_addf(&p->story, "\n\n");
	return ERR_OK;
}

static enum err play_body(void *arg, struct slice piece)
{
	struct play *p = arg;
	p->body_n += piece.n;
	must(piece.n > 0 && !p->ended && (p->limits->body_bytes == 0 || p->body_n <= p->limits->body_bytes));
	buf_add(&p->story, piece);
	return ERR_OK;
}

static enum err play_end(void *arg)
{
	struct play *p = arg;
	must(!p->ended && !http1_in_message(&p->h));
	p->ended = true;
	buf_addf(&p->story, "\nend");
	return ERR_OK;
}

static const struct http1_events play_events = { play_head, play_body, play_end };

/* Feeds one piece, taking one message after the other. */
static enum err play_piece(struct play *p, struct slice piece, bool head_only)
{
	while (piece.n) {
		size_t used = 0;
		enum err e = http1_feed(&p->h, piece, &used);
		must(used <= piece.n);
		if (e != ERR_OK)
			return e;
		must(p->ended || used == piece.n);
		if (p->ended)
			http1_next(&p->h, head_only);
		p->ended = false;
		piece = slice_of(piece.p + used, piece.n - used);
	}
	return ERR_OK;
}

/* The story ends with the error, or with what the end of the connection meant.  Free it with buf_done(). */
static struct buf play(enum http1_kind kind, const struct http1_limits *limits, bool head_only, struct fuzz_cut cut,
	const uint8_t *data, size_t n)
{
	struct play p = { .limits = limits };
	struct slice piece;
	enum err e = ERR_OK;

	buf_init(&p.story, HTTP1_PLAY_MAX);
	http1_init(&p.h, kind, limits, &play_events, &p);
	http1_next(&p.h, head_only);
	for (size_t at = 0; e == ERR_OK && fuzz_next(cut, data, n, &at, &piece); fuzz_drop(piece))
		e = play_piece(&p, piece, head_only);
	if (e == ERR_OK)
		e = http1_eof(&p.h);
	must((e == ERR_OK) == (p.h.failed == ERR_OK));
	buf_addf(&p.story, "\n%s", err_name(e));
	http1_done(&p.h);
	return p.story;
}

static void play_all(enum http1_kind kind, const uint8_t *data, size_t n)
{
	uint32_t dice = fuzz_number(data, n);
	static const struct http1_limits all[] = { { 65536, 256, 0 }, { 65536, 100, 10 }, { 120, 4, 100 }, { 40, 1,
		1 } };
	const struct http1_limits *limits = &all[dice % 4];
	bool head_only = kind == HTTP1_RESPONSE && dice % 5 == 0;
	struct fuzz_cut cuts[] = { { 0, 1 }, { n ? dice / 8 % n : 0, n }, { 0, 1 + dice / 64 % 16 } };
	struct buf whole = play(kind, limits, head_only, fuzz_whole(n), data, n);

	for (size_t i = 0; i < COUNT_OF(cuts); i++) {
		struct buf again = play(kind, limits, head_only, cuts[i], data, n);
		must(slice_eq(buf_slice(&whole), buf_slice(&again)));
		buf_done(&again);
	}
	buf_done(&whole);
}

#endif

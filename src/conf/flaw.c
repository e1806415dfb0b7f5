#include "conf/flaw.h"

#include <stdlib.h>

#include "base/utf8.h"

#define SENTENCE_MAX 1000u	/* bytes; 20 of them and their lines stay below FLAW_PRINT_MAX */
#define BEFORE_CARET 72u	/* bytes of a long line shown before and after the caret: about a terminal's width */
#define AFTER_CARET 40u

void flaw_init(struct flaw_list *l, struct arena *a, const char *file, struct slice text)
{
	*l = (struct flaw_list){ .file = file, .text = text, .mask = { .arena = a, .text = text } };
}

/* A cut copy that a terminal can print: no escape sequences from a file or a variable. */
static struct slice clean(struct arena *a, struct slice s)
{
	struct slice out = arena_copy(a, utf8_cut(s, SENTENCE_MAX));
	char *p = (char *)out.p;	/* just made above, so it may be written */

	for (size_t i = 0, len; i < out.n; i += len) {
		len = utf8_len(slice_skip(out, i));
		bool is_bad = len == 0 || (unsigned char)p[i] < 0x20 || p[i] == 0x7f;
		len = MAX_OF(len, (size_t)1);
		if (is_bad)
			p[i] = '?';
	}
	return out;
}

void flaw_vadd(struct flaw_list *l, unsigned line, unsigned column, struct slice nearest, const char *fmt,
	va_list args)
{
	struct arena *a = l->mask.arena;

	if (l->all++ >= FLAW_MAX)
		return;
	struct slice what = clean(a, arena_vprintf(a, fmt, args));
	l->v[l->n++] = (struct flaw){ line, column, what, clean(a, nearest) };
}

void flaw_add(struct flaw_list *l, unsigned line, unsigned column, struct slice nearest, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	flaw_vadd(l, line, column, nearest, fmt, args);
	va_end(args);
}

/* Moves `at` to the start of the character it is in. */
static size_t char_start(struct slice line, size_t at)
{
	while (at > 0 && at < line.n && ((unsigned char)line.p[at] & 0xc0) == 0x80)
		at--;
	return at;
}

/* The part of a line around its caret. */
struct window {
	struct slice line;
	bool *hidden;		/* one for each byte of the line */
	size_t from, to, caret;
};

static void show_char(struct slice c, struct buf *out)
{
	unsigned char first = (unsigned char)c.p[0];

	if (first == '\t')
		buf_add_char(out, ' ');
	else if (first < 0x20 || first == 0x7f || utf8_len(c) == 0)
		buf_add_char(out, '?');
	else
		buf_add(out, c);
}

/* Appends the window as people may see it, a hidden part as three stars; returns the caret's column in it, from 0. */
static size_t show_window(const struct window *w, struct buf *out)
{
	size_t columns = 0, caret = 0;

	for (size_t i = w->from, len; i < w->to; i += len) {
		len = MAX_OF(utf8_len(slice_skip(w->line, i)), (size_t)1);
		bool is_open = w->hidden[i], was_open = is_open && i > w->from && w->hidden[i - 1];
		if (i <= w->caret)
			caret = was_open ? columns - 3 : columns;
		if (was_open)
			continue;
		columns += is_open ? 3 : 1;
		if (is_open)
			buf_add(out, SLICE("***"));
		else
			show_char(slice_of(w->line.p + i, len), out);
	}
	return w->caret >= w->to ? columns : caret;
}

static void print_line(const struct flaw_list *l, const struct flaw *f, struct buf *out)
{
	struct slice line = yaml_line(l->text, f->line);
	struct window w = { .line = line, .caret = mask_offset(line, f->column) };

	w.hidden = calloc(line.n + 1, sizeof(bool));
	must(w.hidden != NULL);
	mask_apply(&l->mask, f->line, line, w.hidden);
	w.from = char_start(line, w.caret > BEFORE_CARET ? w.caret - BEFORE_CARET : 0);
	w.to = char_start(line, MIN_OF(line.n, MAX_OF(w.from + BEFORE_CARET, w.caret) + AFTER_CARET));
	buf_addf(out, "%5u | %s", f->line, w.from > 0 ? "..." : "");
	size_t column = show_window(&w, out) + (w.from > 0 ? 3 : 0);
	buf_addf(out, "%s\n      | %*s^\n", w.to < line.n ? "..." : "", (int)column, "");
	free(w.hidden);
}

static int by_place(const void *a, const void *b)
{
	const struct flaw *x = *(const struct flaw *const *)a, *y = *(const struct flaw *const *)b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void print_fault(const struct flaw_list *l, const struct flaw *f, struct buf *out)
{
	buf_addf(out, "%s:", l->file);
	if (f->line)
		buf_addf(out, "%u:%u:", f->line, f->column);
	buf_addf(out, " %.*s", SLICE_ARG(f->what));
	if (f->nearest.n)
		buf_addf(out, "; did you mean \"%.*s\"?", SLICE_ARG(f->nearest));
	buf_add_char(out, '\n');
	if (f->line)
		print_line(l, f, out);
}

void flaw_print(const struct flaw_list *l, struct buf *out)
{
	const struct flaw *sorted[FLAW_MAX];

	for (size_t i = 0; i < l->n; i++)
		sorted[i] = &l->v[i];
	qsort(sorted, l->n, sizeof(sorted[0]), by_place);
	for (size_t i = 0; i < l->n; i++)
		print_fault(l, sorted[i], out);
	if (l->all > l->n)
		buf_addf(out, "%s: and %zu more\n", l->file, l->all - l->n);
}

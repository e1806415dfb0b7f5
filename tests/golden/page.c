#include "page.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

static _Noreturn void give_up(const char *path, unsigned line, const char *why)
{
	fprintf(stderr, "%s:%u: %s\n", path, line, why);
	exit(99);
}

static struct slice read_file(struct arena *a, const char *path)
{
	FILE *f = fopen(path, "rb");
	struct buf b;
	size_t n;

	if (f == NULL)
		give_up(path, 0, "cannot be read");
	buf_init(&b, 1 << 24);
	do {
		char *to = buf_room(&b, 65536);
		n = to ? fread(to, 1, 65536, f) : 0;
		buf_grew(&b, n);
	} while (n > 0);
	fclose(f);
	struct slice s = arena_copy(a, buf_slice(&b));
	buf_done(&b);
	return s;
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One mark at the start of `s`: its bytes to *out_text; returns its length, 0 when there is none. */
static size_t mark(struct slice s, struct slice *out_text, char *hex_byte)
{
	static const struct {
		struct slice mark, text;
	} marks[] = {
		{ { "<CR>", 4 }, { "\r", 1 } }, { { "<LF>", 4 }, { "\n", 1 } }, { { "<TAB>", 5 }, { "\t", 1 } },
		{ { "<BOM>", 5 }, { "\xef\xbb\xbf", 3 } },
	};

	for (size_t i = 0; i < COUNT_OF(marks); i++)
		if (slice_starts(s, marks[i].mark)) {
			*out_text = marks[i].text;
			return marks[i].mark.n;
		}
	if (s.n < 6 || !slice_starts(s, SLICE("<x:")) || s.p[5] != '>' || hex(s.p[3]) < 0 || hex(s.p[4]) < 0)
		return 0;
	*hex_byte = (char)(hex(s.p[3]) * 16 + hex(s.p[4]));
	*out_text = slice_of(hex_byte, 1);
	return 6;
}

static struct slice resolve(struct arena *a, struct slice s)
{
	struct buf b;

	buf_init(&b, 1 << 24);
	while (s.n) {
		struct slice text = slice_of(s.p, 1);
		char byte;
		size_t n = s.p[0] == '<' ? mark(s, &text, &byte) : 0;
		if (slice_starts(s, SLICE("<EOF>")))
			break;
		buf_add(&b, text);
		s = slice_skip(s, n ? n : 1);
	}
	struct slice done = arena_copy(a, buf_slice(&b));
	buf_done(&b);
	return done;
}

static struct slice next_line(struct slice *rest)
{
	size_t n = slice_find(*rest, '\n');
	struct slice line = slice_of(rest->p, n);
	*rest = slice_skip(*rest, n + 1);
	return line;
}

static void read_block(struct arena *a, struct page *p, struct slice fence, struct slice *rest,
	unsigned *line)
{
	const char *from = rest->p;

	if (p->n_blocks == PAGE_BLOCKS)
		give_up(p->path, *line, "too many blocks");
	struct page_block *b = &p->blocks[p->n_blocks++];
	*b = (struct page_block){ .words = slice_skip(fence, 3), .line = *line };
	slice_next(&b->words, ' ', &b->kind);
	for (;;) {
		if (rest->n == 0)
			give_up(p->path, b->line, "the block has no end");
		const char *at = rest->p;
		struct slice text = next_line(rest);
		++*line;
		if (slice_eq(text, SLICE("```"))) {
			b->text = resolve(a, slice_of(from, (size_t)(at - from)));
			return;
		}
	}
}

void page_read(struct arena *a, const char *path, struct page *out)
{
	struct slice rest = read_file(a, path);
	unsigned line = 1;

	*out = (struct page){ .path = path };
	if (!slice_starts(next_line(&rest), SLICE("# ")))
		give_up(path, 1, "the first line is no title");
	while (rest.n) {
		struct slice text = next_line(&rest);
		line++;
		if (slice_starts(text, SLICE("```")))
			read_block(a, out, text, &rest, &line);
	}
	if (out->n_blocks < 2)
		give_up(path, line, "no test: a page has at least two blocks");
}

bool page_has(const struct page_block *b, const char *word)
{
	struct slice rest = b->words, piece;

	while (slice_next(&rest, ' ', &piece))
		if (slice_eq(piece, slice_str(word)))
			return true;
	return false;
}

struct slice page_value(const struct page_block *b, const char *name)
{
	struct slice rest = b->words, piece;

	while (slice_next(&rest, ' ', &piece)) {
		size_t at = slice_find(piece, '=');
		if (at < piece.n && slice_eq(slice_of(piece.p, at), slice_str(name)))
			return slice_of(piece.p + at + 1, piece.n - at - 1);
	}
	return SLICE_EMPTY;
}

struct slice page_body(const struct page_block *b)
{
	return b->text.n && b->text.p[b->text.n - 1] == '\n' ? slice_of(b->text.p, b->text.n - 1) : b->text;
}

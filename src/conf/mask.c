/* Places are kept as nodes and turned into bytes only when a line is about to be shown: most files have no faults. */
#include "conf/mask.h"

#include <stdlib.h>

#include "base/utf8.h"

#define TOKEN_LEN 20u	/* a run of this many key-like bytes is taken for a key when nothing else is known */

struct mask_item {
	struct mask_item *next;
	const struct yaml *scalar, *after;
};

void mask_add(struct mask *m, const struct yaml *scalar, const struct yaml *after)
{
	if (scalar->text.n == 0)
		return;
	struct mask_item *item = ARENA_NEW(m->arena, struct mask_item);
	*item = (struct mask_item){ m->items, scalar, after };
	m->items = item;
}

void mask_tree(struct mask *m, const struct yaml *node, const struct yaml *after)
{
	if (node->kind == YAML_SCALAR)
		mask_add(m, node, after);
	for (const struct yaml *child = node->first; child; child = child->next)
		mask_tree(m, child, child->next ? child->next : after);
}

size_t mask_offset(struct slice line, unsigned column)
{
	size_t at = 0;

	for (unsigned i = 1; i < column && at < line.n; i++)
		at += MAX_OF(utf8_len(slice_skip(line, at)), (size_t)1);
	return at;
}

static void hide(bool *hidden, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		hidden[i] = true;
}

/* Where the quoted text that starts at `at` ends, the closing quote included; 0 when not on this line. */
static size_t quote_end(struct slice line, size_t at)
{
	char quote = line.p[at];

	for (size_t i = at + 1; i < line.n; i++) {
		bool is_escape = quote == '"' ? line.p[i] == '\\' : slice_starts(slice_skip(line, i), SLICE("''"));
		if (is_escape)
			i++;
		else if (line.p[i] == quote)
			return i + 1;
	}
	return 0;
}

/* End of a scalar that begins at byte `at` of `line` and ends there too; 0 when that is not certain. */
static size_t scalar_end(const struct yaml *scalar, struct slice line, size_t at)
{
	struct slice rest = slice_skip(line, at);

	if (rest.n == 0)
		return 0;
	if (scalar->quoted)
		return rest.p[0] == '"' || rest.p[0] == '\'' ? quote_end(line, at) : 0;
	if (!slice_starts(rest, scalar->text))
		return 0;
	struct slice behind = slice_skip(rest, scalar->text.n);
	bool is_whole = behind.n == 0 || memchr(" \t,]}", behind.p[0], 5) != NULL;
	return is_whole ? at + scalar->text.n : 0;
}

/* A line that is about to be shown. */
struct view {
	unsigned number;
	struct slice text;
	size_t *starts;		/* byte of each column: one line may hold a hundred thousand values */
	size_t n;
	bool *hidden;
};

static size_t view_offset(const struct view *v, unsigned column)
{
	return column - 1 < v->n ? v->starts[column - 1] : v->text.n;
}

/* Does it end on its own line, an earlier one? */
static bool ends_before(const struct mask *m, const struct yaml *scalar)
{
	struct slice own = yaml_line(m->text, scalar->line);
	return scalar_end(scalar, own, mask_offset(own, scalar->column)) > 0;
}

static void apply_item(const struct mask *m, const struct mask_item *item, const struct view *v)
{
	const struct yaml *s = item->scalar, *after = item->after;
	unsigned after_line = after == NULL ? v->number + 1 : after->key_line ? after->key_line : after->line;
	unsigned after_column = after == NULL ? 1 : after->key_line ? after->key_column : after->column;

	if (s->line > v->number || after_line < v->number)
		return;
	size_t open_end = after_line == v->number ? view_offset(v, after_column) : v->text.n;
	if (s->line == v->number) {
		size_t at = view_offset(v, s->column), end = scalar_end(s, v->text, at);
		hide(v->hidden, at, end ? end : open_end);
	} else if (!ends_before(m, s)) {
		hide(v->hidden, 0, open_end);
	}
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}

static bool is_token_byte(char c)
{
	return is_word(c) || c == '+' || c == '/' || c == '=' || c == '.';
}

/* Everything behind `name:` up to the line's end. */
static void guess_named(struct slice shown, struct slice name, bool *hidden)
{
	for (size_t i = 0; i + name.n < shown.n; i++) {
		struct slice rest = slice_skip(shown, i + name.n);
		if (!slice_starts(slice_skip(shown, i), name) || (i > 0 && is_word(shown.p[i - 1])))
			continue;
		if (rest.p[0] == '"' || rest.p[0] == '\'')
			rest = slice_skip(rest, 1);
		while (rest.n && rest.p[0] == ' ')
			rest = slice_skip(rest, 1);
		if (rest.n && rest.p[0] == ':') {
			hide(hidden, (size_t)(rest.p - shown.p) + 1, shown.n);
			return;
		}
	}
}

static void guess_tokens(struct slice shown, bool *hidden)
{
	for (size_t i = 0, n; i < shown.n; i += n + 1) {
		bool digit = false, letter = false;
		for (n = 0; i + n < shown.n && is_token_byte(shown.p[i + n]); n++) {
			digit |= shown.p[i + n] >= '0' && shown.p[i + n] <= '9';
			letter |= shown.p[i + n] >= 'A';
		}
		if (n >= TOKEN_LEN && digit && letter)
			hide(hidden, i, i + n);
	}
}

/* Without a tree: what follows the name of any secret, and whatever looks like a key. */
static void guess(const struct mask *m, struct slice shown, bool *hidden)
{
	struct row_site sites[ROW_SECTIONS_MAX];
	size_t n = row_sites(m->guess, sites);

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < sites[i].of->n_rows; j++)
			if (sites[i].of->rows[j].kind == ROW_SECRET)
				guess_named(shown, slice_str(sites[i].of->rows[j].name), hidden);
	guess_tokens(shown, hidden);
}

void mask_apply(const struct mask *m, unsigned line, struct slice shown, bool *hidden)
{
	struct view v = { .number = line, .text = shown, .hidden = hidden };

	v.starts = calloc(shown.n + 1, sizeof(size_t));
	must(v.starts != NULL);
	for (size_t at = 0; at < shown.n; at += MAX_OF(utf8_len(slice_skip(shown, at)), (size_t)1))
		v.starts[v.n++] = at;
	for (const struct mask_item *item = m->items; item; item = item->next)
		apply_item(m, item, &v);
	free(v.starts);
	if (m->guess)
		guess(m, shown, hidden);
}

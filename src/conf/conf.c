#include "conf/conf.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "conf/walk.h"

static struct conf *new_conf(const char *name, const struct section *of)
{
	struct conf *c = calloc(1, sizeof(*c));

	must(c != NULL);
	arena_init(&c->arena, 0);
	c->of = of;
	c->root = arena_take(&c->arena, of->size);
	c->file = arena_copy(&c->arena, slice_str(name)).p;
	flaw_init(&c->faults, &c->arena, c->file, SLICE_EMPTY);
	walk_defaults(c);
	return c;
}

/* What is wrong with the character of `len` bytes at the start of `rest`; NULL: nothing.  Line ends other than LF and
 * CR LF are legal YAML in places, but then editors, weir and the parser count lines differently. */
static const char *bad_char(struct slice rest, size_t len)
{
	struct slice c = slice_of(rest.p, len);

	if (len == 0 || c.p[0] == '\0')
		return "the file must be UTF-8 text; this byte is not";
	if (c.p[0] == '\r' && !slice_starts(rest, SLICE("\r\n")))
		return "a carriage return without a line feed";
	if (slice_eq(c, SLICE("\xc2\x85")) || slice_eq(c, SLICE("\xe2\x80\xa8")) ||
	    slice_eq(c, SLICE("\xe2\x80\xa9")))
		return "a line end that is no line feed (U+0085, U+2028 or U+2029)";
	return NULL;
}

/* Characters that cannot stand in the file get a sentence that says so; a parser's own is rarely understood. */
static bool check_chars(struct conf *c)
{
	unsigned line = 1, column = 1;

	for (size_t i = 0, len; i < c->text.n; i += len, column++) {
		struct slice rest = slice_skip(c->text, i);
		len = utf8_len(rest);
		const char *bad = bad_char(rest, len);
		if (bad) {
			flaw_add(&c->faults, line, column, SLICE_EMPTY, "%s", bad);
			return false;
		}
		if (rest.p[0] == '\n') {
			line++;
			column = 0;
		}
	}
	return true;
}

/* `{key: ${NAME}}`: in YAML the second brace opens a mapping, and what a parser says of it helps nobody. */
static bool is_bare_reference(const struct conf *c, const struct yaml_fault *f)
{
	struct slice line = yaml_line(c->text, f->line);
	size_t at = mask_offset(line, f->column);

	return at > 0 && at < line.n && line.p[at] == '{' && line.p[at - 1] == '$';
}

static bool read_tree(struct conf *c, struct yaml **out_tree)
{
	struct yaml_fault why = { 0 };

	if (!check_chars(c))
		return false;
	if (yaml_parse(&c->arena, c->text, out_tree, &why) == ERR_OK)
		return true;
	if (is_bare_reference(c, &why))
		why.what = SLICE("a reference inside { } or [ ] must be in quotes: write \"${NAME}\"");
	flaw_add(&c->faults, why.line, why.column, SLICE_EMPTY, "%.*s", SLICE_ARG(why.what));
	return false;
}

static void read_text(struct conf *c, struct slice text, const struct source *from)
{
	struct yaml *tree = NULL;

	/* A byte order mark is no character of the first line, so no column counts it. */
	c->text = text = slice_starts(text, SLICE("\xef\xbb\xbf")) ? slice_skip(text, 3) : text;
	flaw_init(&c->faults, &c->arena, c->file, text);
	if (read_tree(c, &tree))
		walk_tree(c, tree, from);
	else
		c->faults.mask.guess = c->of;
	place_sort(&c->places);
}

struct conf *conf_parse(struct slice text, const char *name, const struct section *of, const struct source *from)
{
	struct conf *c = new_conf(name, of);

	read_text(c, arena_copy(&c->arena, text), from);
	return c;
}

struct conf *conf_load(const char *path, const struct section *of, const struct source *from)
{
	struct conf *c = new_conf(path, of);
	const char *why = "files cannot be read here";
	struct slice text;

	if (from->file && from->file(from->arg, &c->arena, path, SOURCE_FILE_MAX, &text, &why))
		read_text(c, text, from);
	else
		flaw_add(&c->faults, 0, 0, SLICE_EMPTY, "cannot be read: %s", why);
	return c;
}

void conf_free(struct conf **c)
{
	if (*c == NULL)
		return;
	arena_wipe(&(*c)->arena);
	free(*c);
	*c = NULL;
}

struct conf_place conf_where(const struct conf *c, const void *field)
{
	const struct place *p = place_find(&c->places, field);
	return (struct conf_place){ c->file, p ? p->line : 0, p ? p->column : 0 };
}

bool conf_given(const struct conf *c, const void *field, size_t size)
{
	return place_has(&c->places, field, size);
}

void conf_fault(struct conf *c, const void *field, const char *fmt, ...)
{
	struct conf_place p = conf_where(c, field);
	va_list args;

	va_start(args, fmt);
	flaw_vadd(&c->faults, p.line, p.column, SLICE_EMPTY, fmt, args);
	va_end(args);
}

void conf_fault_near(struct conf *c, const void *field, struct slice nearest, const char *fmt, ...)
{
	struct conf_place p = conf_where(c, field);
	va_list args;

	va_start(args, fmt);
	flaw_vadd(&c->faults, p.line, p.column, nearest, fmt, args);
	va_end(args);
}

void conf_faults(const struct conf *c, struct buf *out)
{
	flaw_print(&c->faults, out);
}

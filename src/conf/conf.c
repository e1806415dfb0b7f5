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

/* Bytes that YAML does not allow get a sentence that says so; a parser's own is rarely understood. */
static bool check_bytes(struct conf *c)
{
	unsigned line = 1;
	size_t start = 0, i = 0, len;

	for (; i < c->text.n; i += len) {
		len = utf8_len(slice_skip(c->text, i));
		if (len == 0 || c->text.p[i] == '\0')
			break;
		if (c->text.p[i] == '\n') {
			line++;
			start = i + 1;
		}
	}
	if (i == c->text.n)
		return true;
	unsigned column = 1;
	for (size_t at = start; at < i; at += utf8_len(slice_skip(c->text, at)))
		column++;
	flaw_add(&c->faults, line, column, SLICE_EMPTY, "the file must be UTF-8 text; the byte 0x%02x here is not",
		(unsigned char)c->text.p[i]);
	return false;
}

static bool read_tree(struct conf *c, struct yaml **out_tree)
{
	struct yaml_fault why = { 0 };

	if (!check_bytes(c))
		return false;
	if (yaml_parse(&c->arena, c->text, out_tree, &why) == ERR_OK)
		return true;
	flaw_add(&c->faults, why.line, why.column, SLICE_EMPTY, "%.*s", SLICE_ARG(why.what));
	return false;
}

static void read_text(struct conf *c, struct slice text, const struct source *from)
{
	struct yaml *tree = NULL;

	c->text = text;
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

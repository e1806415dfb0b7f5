/* A configuration: one YAML text read into structs by row tables (conf/row.h).  It is checked whole, then never
 * changes; a reload makes a new one and swaps the pointer.
 *
 *	struct conf *c = conf_load("weir.yaml", &weir_conf, &source_process);
 *	const struct weir_conf *w = c->root;
 *	if (conf_ok(c) && !find_provider(w, name))
 *		conf_fault(c, &w->models.names[3], "model \"%s\" ...", ...);		// points at line and column
 *	if (!conf_ok(c))
 *		conf_faults(c, &buf);							// for people
 *	...
 *	conf_free(&c);									// zeroes the secrets
 *
 * Even with faults every field has a value that can be looked at (its default, or zero), so checks may go on and
 * collect more; only a conf_ok() configuration may be used.  Nothing here is global. */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/arena.h"
#include "base/buf.h"
#include "conf/flaw.h"
#include "conf/place.h"
#include "conf/row.h"
#include "conf/source.h"

struct conf {
	struct arena arena;		/* holds all that root points to */
	const struct section *of;
	void *root;			/* of->size bytes, laid out by its table */
	const char *file;
	struct slice text;		/* the file as it was read */
	struct flaw_list faults;
	struct place_list places;
};

struct conf_place {
	const char *file;
	unsigned line, column;		/* from 1; 0 when it is not in the file */
};

/* Never NULL; whatever went wrong is among the faults.  `from` is used during the call only.  An empty text gives all
 * defaults. */
struct conf *conf_load(const char *path, const struct section *of, const struct source *from);
/* The same for a text at hand; `name` stands for the file in messages.  Both are copied. */
struct conf *conf_parse(struct slice text, const char *name, const struct section *of, const struct source *from);
/* Overwrites everything, secrets included, then frees it.  NULL is fine. */
void conf_free(struct conf **c);

static inline bool conf_ok(const struct conf *c)
{
	return c->faults.all == 0;
}

/* Where `field` (the address of anything inside root) was written; for one that was not, where its section was. */
struct conf_place conf_where(const struct conf *c, const void *field);
/* Was this field or section written (true), or is it a default (false)?  Give its address. */
#define CONF_GIVEN(c, field) conf_given((c), (field), sizeof(*(field)))
bool conf_given(const struct conf *c, const void *field, size_t size);

/* One more fault, at the place of `field`; NULL: about the file as a whole.  Keep it one sentence without full stop. */
void conf_fault(struct conf *c, const void *field, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The same, ending in: did you mean "nearest"?  `nearest` may be empty (base/nearest.h finds it). */
void conf_fault_near(struct conf *c, const void *field, struct slice nearest, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Appends all faults with their lines, FLAW_PRINT_MAX bytes at most. */
void conf_faults(const struct conf *c, struct buf *out);

#endif

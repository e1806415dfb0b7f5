/* The faults found in one configuration, and how people read them:
 *
 *	weir.yaml:7:5: unknown key "timout" in providers.openai; did you mean "timeout"?
 *	    7 |     timout: 2s
 *	      |     ^
 *
 * Owns: the list and its print.  Must not know: rows, how a fault was found. */
#ifndef CONF_FLAW_H
#define CONF_FLAW_H

#include <stdarg.h>

#include "base/buf.h"
#include "conf/mask.h"

#define FLAW_MAX 20u		/* more than a screen helps nobody; the rest is counted */
#define FLAW_PRINT_MAX 65536u	/* a buf of this size takes any print */

struct flaw {
	unsigned line, column;	/* from 1; line 0: no place in the file */
	struct slice what;	/* one sentence without full stop */
	struct slice nearest;	/* "did you mean"; may be empty */
};

struct flaw_list {
	const char *file;	/* as messages name it */
	struct slice text;
	struct mask mask;
	struct flaw v[FLAW_MAX];
	size_t n, all;		/* kept, found */
};

/* `a` holds the sentences and outlives the list; `text` is the whole file. */
void flaw_init(struct flaw_list *l, struct arena *a, const char *file, struct slice text);
/* Whether another one would be kept; past that it is only counted, and making its sentence is a waste. */
static inline bool flaw_is_full(const struct flaw_list *l)
{
	return l->n == FLAW_MAX;
}
/* Everything is copied; control bytes in it become question marks. */
void flaw_add(struct flaw_list *l, unsigned line, unsigned column, struct slice nearest, const char *fmt, ...)
	PRINTF_LIKE(5, 6);
void flaw_vadd(struct flaw_list *l, unsigned line, unsigned column, struct slice nearest, const char *fmt,
	va_list args) PRINTF_LIKE(5, 0);
/* Appends all faults, in the order of the file.  Nothing when there is none. */
void flaw_print(const struct flaw_list *l, struct buf *out);

#endif

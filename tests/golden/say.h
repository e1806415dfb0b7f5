/* Pieces of the lines that pages show: ` name="text"`, ` name=7`. */
#ifndef TESTS_GOLDEN_SAY_H
#define TESTS_GOLDEN_SAY_H

#include "base/buf.h"

/* `name` with its equals sign, or empty. */
static inline void say_str(struct buf *out, const char *name, struct slice s)
{
	buf_addf(out, " %s\"", name);
	buf_add_json(out, s);
	buf_add_char(out, '"');
}

/* Nothing for an empty text. */
static inline void say_if(struct buf *out, const char *name, struct slice s)
{
	if (s.n)
		say_str(out, name, s);
}

/* Nothing for a number below 0: not known. */
static inline void say_count(struct buf *out, const char *name, int64_t n)
{
	if (n >= 0)
		buf_addf(out, " %s=%lld", name, (long long)n);
}

#endif

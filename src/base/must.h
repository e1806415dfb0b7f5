/* must(): for the impossible only, on in production too.  Bad input is never a must(). */
#ifndef BASE_MUST_H
#define BASE_MUST_H

void must_fail(const char *what, const char *file, int line) __attribute__((noreturn, cold));

#define must(cond) ((cond) ? (void)0 : must_fail(#cond, __FILE__, __LINE__))
#define must_never(why) must_fail(why, __FILE__, __LINE__)

/* Marks a function whose result must be looked at. */
#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))
/* The struct that embeds `member` at `ptr`. */
#define CONTAINER(ptr, type, member) ((type *)(void *)((char *)(ptr) - offsetof(type, member)))

#endif

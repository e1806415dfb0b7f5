/* The built-in provider of `weir demo`: an OpenAI-compatible server on a loopback port of its own, so that
 * the demo goes through every floor.  The same question always gets the same answer. */
#ifndef APP_DEMO_H
#define APP_DEMO_H

#include <stddef.h>

struct demo;
struct loop;

/* Listens on a free port of 127.0.0.1.  NULL with a sentence in `why`. */
struct demo *demo_open(struct loop *l, char *why, size_t why_cap);
/* "127.0.0.1:40123" */
const char *demo_addr(const struct demo *d);
void demo_close(struct demo **d);

#endif

/* weir without its process: everything a configuration describes, open and serving on one loop.  main() and
 * tests/sim start it the same way. */
#ifndef APP_SERVICE_H
#define APP_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

struct conf;
struct loop;
struct service;
struct source;

/* Takes a checked configuration over (on success and on failure).  NULL with sentences in `why`. */
struct service *service_open(struct loop *l, struct conf *c, char *why, size_t why_cap);
/* Reads and checks a text first; `name` stands for the file in messages. */
struct service *service_open_text(struct loop *l, const char *text, const char *name,
	const struct source *from, char *why, size_t why_cap);
/* Swaps to another configuration: requests in progress keep the old one.  Refused with sentences in `why`:
 * nothing changes then.  What only a restart can change stays as it is and is logged. */
bool service_reload(struct service *s, struct conf *c, char *why, size_t why_cap);
/* The end in order: /readyz says 503 at once, requests in progress finish.  `on_done` is called once, in a
 * later turn, when all have ended or the limit has passed. */
void service_drain(struct service *s, void (*on_done)(void *arg), void *arg);
/* Now: requests in progress are told and cut; on_done follows. */
void service_cut(struct service *s);
/* Closes everything at once and frees; nothing of it runs afterwards.  Memory goes with the end of the turn. */
void service_close(struct service **s);
/* Addresses really bound; admin is "" when there is none. */
const char *service_addr(const struct service *s);
const char *service_admin_addr(const struct service *s);
/* For the start line and tests. */
size_t service_models(const struct service *s);
size_t service_providers(const struct service *s);

#endif

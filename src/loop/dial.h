/* From a host and a port, or from the path of a Unix socket, to a connected socket: resolves the name, then tries its
 * addresses, the next one beside the others after 250 ms or at once when one fails (RFC 8305, happy eyeballs).  The
 * caller sets the time limit. */
#ifndef LOOP_DIAL_H
#define LOOP_DIAL_H

#include "base/err.h"
#include "base/slice.h"
#include "loop/ip.h"
#include "loop/watch.h"

struct dial;
struct loop;

/* Comes once, never inside dial_open().  On ERR_OK `w` is the connected socket, now the caller's, and `ip` its peer;
 * else ERR_UP_DNS, ERR_UP_REFUSED or ERR_UP_CONNECT_TIMEOUT (the system's own), w and ip are NULL and `detail` tells
 * what the last address said.  The dial is over then. */
typedef void dial_on_done(void *arg, enum err why, struct watch *w, const struct ip *ip, const char *detail);

struct dial *dial_open(struct loop *l, struct slice host, uint16_t port, dial_on_done *on_done, void *arg);
/* Gives up: no callback any more.  Sets *d to NULL; NULL is fine. */
void dial_close(struct dial **d);

#endif

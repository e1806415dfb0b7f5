/* One blocking question to a running weir, for `weir health` and a container's health check: nothing else runs then. */
#ifndef LOOP_PROBE_H
#define LOOP_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* GET `path` over plain HTTP within 3 s.  `host`: an IP literal or a name.  True when the status is 200, else
 * *out_why says what happened (static). */
bool probe_http(struct slice host, uint16_t port, struct slice path, const char **out_why);

#endif

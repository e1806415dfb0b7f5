/* Configuration of the listeners and of limits on clients. */
#ifndef FRONT_FRONT_CONF_H
#define FRONT_FRONT_CONF_H

#include "conf/row.h"

struct front_tls_conf {
	struct slice cert, key;
};

struct front_limits_conf {
	uint64_t head, body, buffered;
	int64_t connections;
};

struct front_timeouts_conf {
	uint64_t head, request, idle, write;
};

struct front_admin_conf {
	struct slice listen;
};

struct front_drain_conf {
	uint64_t delay, limit;
};

enum front_half_close { FRONT_HALF_CLOSE_ABORT, FRONT_HALF_CLOSE_DELIVER };

/* The rows are spread over the root section by app/settings.c. */
extern const struct section front_conf_tls, front_conf_limits, front_conf_timeouts, front_conf_admin, front_conf_drain;
#define FRONT_CONF_HALF_CLOSE "abort|deliver"

#endif

/* The rows of the configuration's section `redis`. */
#ifndef STORE_STORE_CONF_H
#define STORE_STORE_CONF_H

#include "conf/row.h"

struct conf;

struct store_tls_conf {
	struct slice ca;		/* PEM file; empty: the system's trust store */
	bool insecure;
};

struct store_conf {
	struct secret url;		/* empty: everything stays in this process */
	struct slice user;		/* beat those of the URL */
	struct secret password;
	struct slice sentinel_user;	/* of the sentinels themselves: they have users of their own */
	struct secret sentinel_password;
	struct slice prefix;
	struct store_tls_conf tls;
	uint64_t deadline, connect;	/* ms */
	uint64_t value, queue, memory;	/* bytes */
	int64_t operations, tails;
};

extern const struct section store_conf;

/* What the rows cannot say one by one (a URL that cannot be read).  Faults are added to `c`. */
void store_conf_check(struct conf *c, const struct store_conf *s);

#endif

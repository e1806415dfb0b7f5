/* One entry of the configuration -> one provider or model of a roster.  Whatever is wrong is added to the
 * configuration's faults at its place; the entry is then left out or half made, and the roster is not
 * used. */
#ifndef ROUTE_ENLIST_H
#define ROUTE_ENLIST_H

#include "route/roster.h"

struct enlist {
	struct conf *conf;
	const struct route_conf *from;
	struct roster *into;
	bool was_ok;		/* no faults so far: what is empty was left so, and had no bad value */
};

/* Entry `i` of providers.  All providers come before the first model. */
void enlist_provider(struct enlist *e, size_t i);
/* Entry `i` of models; *out is zeroed and joins the roster. */
void enlist_model(struct enlist *e, size_t i, struct model *out);
/* Copies a string; a NUL after it. */
const char *enlist_str(struct roster *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif

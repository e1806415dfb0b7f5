/* Error identities.  A function that can fail in more than one way returns enum err; ERR_OK is 0. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#include "base/must.h"

enum err {
#define ERR(name, http, blame, retry, vote, type, code, text) ERR_##name,
#include "base/errs.def"
#undef ERR
	ERR_COUNT
};

enum err_blame { ERR_BLAME_NOBODY, ERR_BLAME_CLIENT, ERR_BLAME_GATEWAY, ERR_BLAME_UPSTREAM };
enum err_retry { ERR_RETRY_NO, ERR_RETRY_KEY, ERR_RETRY_NEXT, ERR_RETRY_COOL, ERR_RETRY_LATER };

/* One row of errs.def; its head comment explains each column. */
struct err_row {
	const char *name;	/* lower case: metric label and log value */
	int http;
	enum err_blame blame;
	enum err_retry retry;
	bool vote;
	const char *type, *code, *text;
};

/* Never NULL. */
const struct err_row *err_row(enum err e);
const char *err_name(enum err e);
const char *err_text(enum err e);

#endif

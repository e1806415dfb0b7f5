/* What went wrong, with what a person needs to know.  The first fault of an exchange or flight wins and is
 * kept; slices live in the arena of whoever keeps it. */
#ifndef CHAT_FAULT_H
#define CHAT_FAULT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"

struct fault {
	enum err err;
	int status;			/* the provider's HTTP status; 0: none */
	uint64_t retry_after_ms;	/* the provider asked for this pause; 0: it did not */
	struct slice message;		/* a sentence for the client; empty: err's own text */
	struct slice code, param;	/* of the error object; empty: err's own code, no param */
	struct slice request_id;	/* of the exchange it is told to; empty until then */
};

/* `text` formatted into the arena as the message. */
struct fault fault_make(struct arena *a, enum err err, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* message, or the err row's text. */
struct slice fault_message(const struct fault *f);
/* A copy whose slices live in `a`. */
struct fault fault_copy(struct arena *a, const struct fault *f);

#endif

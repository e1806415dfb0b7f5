/* The one record of an exchange: what the access log, metrics and later spans and money are made of.  Slices
 * are borrowed for the call that hands it over. */
#ifndef LEDGER_RECORD_H
#define LEDGER_RECORD_H

#include "base/err.h"
#include "base/slice.h"
#include "chat/event.h"

struct record {
	uint64_t wall_ms;		/* when the request was complete */
	struct slice request_id, upstream_id;
	struct slice peer;		/* client address */
	struct slice client;		/* the configured name of the key that it showed; mostly empty */
	struct slice endpoint;		/* "chat.completions", "models", ... */
	struct slice path;		/* as asked; for requests that no endpoint takes */
	struct slice model;		/* as asked; empty before it was read */
	bool model_known;		/* a configured name: safe as a metric label */
	struct slice target;		/* that answered or failed last; empty when none was tried */
	int status;			/* sent to the client; 499: it left */
	enum err err;			/* ERR_OK: the whole answer was delivered */
	bool stream;
	const char *cache;		/* "hit", "join", "miss", "bypass"; NULL: no cache was asked */
	uint32_t attempts;
	enum event_finish finish;
	struct usage usage;		/* of all who read one flight only one record has it */
	bool priced;			/* what the tokens of `usage` cost is known; of a kept answer: nothing */
	int64_t cost, saved;		/* picodollars (price.h): of `usage`; of the answer that a cache gave again */
	uint64_t prompt_estimate_tok;
	uint64_t bytes_in, bytes_out;	/* body bytes from and to the client */
	uint64_t total_ns, first_ns;	/* from the complete request to its end, and to the first content; 0: never */
	struct slice tries;		/* "openai/a=up_overloaded:812ms openai/b=ok:...", empty for a single
					 * good attempt */
};

/* One line as JSON or text, appended to `out` (base/log.h). */
struct buf;
void record_line(const struct record *r, struct buf *out);

#endif

/*
 * Judges one answer completely: status, type, framing of events, pairing by nonce, order, usage, end. The
 * first thing that is wrong is the verdict. Also takes the times that only the content of an answer can
 * give.
 *
 *   judge_begin -> judge_head -> judge_body* -> judge_end
 */
#ifndef BENCH_JUDGE_H
#define BENCH_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "pail.h"
#include "spread.h"
#include "h1.h"

enum blame {
	BLAME_NONE,
#define BLAME(name, text, help) BLAME_##name,
#include "blame.def"
#undef BLAME
	BLAME_COUNT,
};

/* What the request asked for. */
struct judge_want {
	bool stream;
	bool usage;
	bool check_body;        /* compare the provider's hash of the messages */
	unsigned events;
	uint64_t nonce;
	uint64_t print;         /* hash of the messages as sent */
};

/* Where times go; NULL: not recorded. All nanoseconds. */
struct judge_times {
	struct spread *event_delay;     /* an event's arrival minus the provider's send time */
	struct spread *gap;             /* between the arrivals of two events */
	struct spread *gap_error;       /* how far that is from the gap between their send times */
};

struct judge {
	struct judge_want want;
	struct judge_times times;
	struct pail carry;              /* a JSON body so far, or a line not yet complete */
	enum blame verdict;
	unsigned next;                  /* sequence number expected */
	unsigned pings;                 /* SSE comments */
	bool saw_data, saw_role, saw_finish, saw_usage, saw_done;
	bool line_open;                 /* a data line whose event is not yet closed by an empty line */
	uint64_t first_ns;              /* arrival of the first content event; 0: none yet */
	uint64_t last_ns, last_sent_ns;
};

void judge_begin(struct judge *j, const struct judge_want *want, const struct judge_times *times);

void judge_head(struct judge *j, const struct h1 *head);

/* A piece of the body, split anywhere; now_ns: when it arrived. */
void judge_body(struct judge *j, struct bite piece, uint64_t now_ns);

/* The message is complete: the verdict. */
enum blame judge_end(struct judge *j);

/* Says that something else went wrong (connection, framing, time); the first blame stays. */
void judge_blame(struct judge *j, enum blame b);

const char *judge_name(enum blame b);

/* Prints the table for --help. */
void judge_help(void);

void judge_done(struct judge *j);

#endif

/*
 * HTTP/1.1 framing, exact and small: heads and bodies out of bytes that arrive split anywhere. One parser
 * for both sides (requests for the provider, answers for the load generator). Strict on purpose: a proxy
 * that sends bare LF, two lengths or a wrong chunk is to be seen, not forgiven.
 *
 *   pull: HEAD -> BODY* -> END -> HEAD -> ...    MORE when the input is used up; BAD ends the connection
 */
#ifndef BENCH_H1_H
#define BENCH_H1_H

#include <stdbool.h>
#include <stdint.h>

#include "pail.h"

enum h1_got {
	H1_MORE,      /* all input taken, nothing complete */
	H1_HEAD,      /* a whole head: the fields of struct h1 are valid until the next head begins */
	H1_BODY,      /* *out is a piece of the body, inside the input given */
	H1_END,       /* the message is complete */
	H1_BAD,       /* not HTTP; `why` says what */
};

enum h1_type {
	H1_TYPE_NONE,
	H1_TYPE_JSON,         /* application/json */
	H1_TYPE_SSE,          /* text/event-stream */
	H1_TYPE_OTHER,
};

enum h1_state {
	H1_AT_HEAD,
	H1_AT_BODY,           /* after the head: which body follows */
	H1_IN_LENGTH,
	H1_AT_END,            /* all of the length was handed out; H1_END is due */
	H1_IN_REST,           /* a body that ends with the connection */
	H1_IN_SIZE, H1_IN_EXTENSION, H1_IN_SIZE_LF, H1_IN_CHUNK, H1_IN_CHUNK_CR, H1_IN_CHUNK_LF,
	H1_IN_TRAILER, H1_IN_TRAILER_LINE, H1_IN_TRAILER_LF, H1_IN_LAST_LF,
	H1_BROKEN,
};

struct h1 {
	bool is_answer;         /* reads answers, not requests */
	enum h1_state state;
	struct pail head;       /* a head not yet complete */
	uint64_t left;          /* bytes of body or chunk to come */
	unsigned digits;        /* of the chunk size seen so far */
	size_t trailer_bytes;

	int status;             /* answers */
	char method[8];         /* requests */
	char path[128];
	enum h1_type type;
	bool keep_alive;
	bool has_length;
	bool chunked;
	bool expects_continue;
	uint64_t length;
	const char *why;        /* after H1_BAD; static text */
};

/* Starts afresh; the caller's struct must be zeroed or used before. */
void h1_reset(struct h1 *w, bool is_answer);

/* Takes the next thing out of *in, which moves on past what was taken. *out is set for H1_BODY only. */
enum h1_got h1_pull(struct h1 *w, struct bite *in, struct bite *out);

/* The peer closed: H1_MORE between messages, H1_END when closing ends the body, H1_BAD when something is
 * cut off. */
enum h1_got h1_close(struct h1 *w);

void h1_done(struct h1 *w);

#endif

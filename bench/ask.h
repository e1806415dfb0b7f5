/*
 * The request the load generator sends: one chat body of an exact size, built once, in which only the
 * nonce changes. The text is split into messages of about a kilobyte with JSON escapes in them, as chat
 * histories are.
 */
#ifndef BENCH_ASK_H
#define BENCH_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "pail.h"

struct ask {
	struct pail bytes;      /* head and body */
	size_t nonce_at;        /* where the 16 hex digits stand */
	size_t messages_at;     /* the messages array */
	size_t messages_len;
	size_t body_len;
};

struct ask_want {
	const char *host;
	const char *model;
	bool stream;
	bool usage;             /* stream_options.include_usage */
	unsigned events;        /* max_tokens of a stream */
	size_t body_bytes;      /* size of the body; when it cannot be that small, as small as it can be */
};

void ask_build(struct ask *a, const struct ask_want *want);

/* Puts the nonce in and returns the hash that the provider will make of the messages. */
uint64_t ask_stamp(struct ask *a, uint64_t nonce);

void ask_done(struct ask *a);

#endif

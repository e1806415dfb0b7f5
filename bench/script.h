/*
 * The bytes of the provider's answers: one JSON completion, or a stream of chunks in the OpenAI chat
 * dialect. Every content event carries "ev-<sequence>-<send time>-<nonce>" (8, 16 and 16 hex digits),
 * patched into a chunk that is built once a stream, so that an event costs its sender little more than the
 * send call.
 *
 *   open: head, role chunk -> event 0, 1, ... -> close: finish chunk, usage chunk if asked for, [DONE]
 */
#ifndef BENCH_SCRIPT_H
#define BENCH_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "simfault.h"
#include "pail.h"

struct script_ask {
	char model[96];         /* as asked for, still JSON-escaped */
	uint64_t nonce;         /* echoed: pairs answers with requests */
	uint64_t print;         /* hash of the messages as they arrived */
	uint64_t prompt_tok;
	unsigned events;        /* content events of a stream */
	size_t bytes;           /* whole JSON body, or padding of each event's content */
	bool usage;             /* include_usage was asked for */
	struct simfault_ask fault;
};

/* One stream in the making; zeroed before the first use, reusable after script_close(). */
struct script {
	struct script_ask ask;
	struct pail chunk;      /* the next event's chunk, complete but for what is patched */
	struct pail odd;        /* an event changed by a fault */
	size_t data_at;         /* where the event begins inside chunk, and its length */
	size_t data_len;
	size_t mark_at;         /* where "ev-" begins inside chunk */
};

/* A whole HTTP response with the JSON completion (faults of form included; HANG, RESET and CUT are the
 * caller's). */
void script_json(const struct script_ask *ask, struct pail *out);

/* A whole HTTP response with an OpenAI error body. */
void script_error(unsigned status, const char *message, struct pail *out);

/* A whole HTTP response with this body. */
void script_plain(unsigned status, const char *type, const char *body, size_t len, struct pail *out);

/* Head and role chunk of a stream. */
void script_open(struct script *a, const struct script_ask *ask, struct pail *out);

/* Event k as it goes onto the wire; borrowed, valid until the next call. */
struct bite script_event(struct script *a, unsigned k, uint64_t now_ns);

/* All that follows the last event. */
void script_close(const struct script *a, struct pail *out);

/* Ends the chunked body, nothing else. */
void script_end(struct pail *out);

void script_done(struct script *a);

#endif

/*
 * Looks into a JSON object without building anything: the provider's view of a request, the load
 * generator's view of an answer. Checks brackets and strings, not every number, so a body that was cut or
 * mixed up is noticed.
 */
#ifndef BENCH_PEEK_H
#define BENCH_PEEK_H

#include <stdbool.h>
#include <stdint.h>

#include "pail.h"

struct peek_walk {
	struct bite rest;       /* what is not walked yet */
	bool started;
};

enum peek_step { PEEK_FIELD, PEEK_END, PEEK_BAD };

/* Next field of a JSON object; start with {.rest = object}. The key is without quotes, the value raw and
 * trimmed. PEEK_END: the object closed and only white space follows. */
enum peek_step peek_next(struct peek_walk *w, struct bite *out_key, struct bite *out_value);

/* What the provider needs to know of a chat request. */
struct peek {
	struct bite model;      /* without quotes; len 0 when absent */
	struct bite messages;   /* raw array */
	bool stream;
	bool include_usage;
	bool has_max_tokens;    /* max_tokens or max_completion_tokens */
	uint64_t max_tokens;
};

/* False when the body is not one JSON object with messages. */
bool peek_request(struct bite body, struct peek *out);

bool peek_is(struct bite b, const char *text);

/* The last "nonce-" followed by 16 lower-case hex digits. */
bool peek_nonce(struct bite text, uint64_t *out_nonce);

/* 16 lower-case hex digits; false when there is anything else. */
bool peek_hex16(const char *at, uint64_t *out);

/* Writes 16 lower-case hex digits. */
void peek_write_hex16(char *at, uint64_t value);

/* Fast 64-bit hash of bytes; tells whether a body came through unchanged. Not a secure one. */
uint64_t peek_print(struct bite b);

#endif

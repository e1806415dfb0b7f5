/* Builds requests. Pure. */
#include "ask.h"

#include <stdio.h>
#include <string.h>

#include "peek.h"

enum { MESSAGE_BYTES = 1000 };  /* text of one message in a long history */

/* n bytes of JSON string content; escapes are never cut. */
static void text(struct pail *out, size_t n)
{
	static const char words[] = "She said \\\"the cache is warm\\\" and left.\\nNobody asked for long, ";
	while (n >= sizeof words - 1) {
		pail_add(out, words, sizeof words - 1);
		n -= sizeof words - 1;
	}
	while (n-- > 0)
		pail_add(out, "w", 1);
}

static void turn(struct pail *out, const char *role, size_t bytes)
{
	pail_print(out, "{\"role\":\"%s\",\"content\":\"", role);
	text(out, bytes);
	pail_print(out, "\"},");
}

static size_t turn_len(const char *role, size_t bytes)
{
	return strlen(role) + bytes + sizeof "{\"role\":\"\",\"content\":\"\"}," - 1;
}

static void body(struct ask *a, const struct ask_want *want, struct pail *out)
{
	static const char tail[] = "nonce-0000000000000000\"}]}";
	pail_print(out, "{\"model\":\"%s\",", want->model);
	if (want->stream)
		pail_print(out, "\"stream\":true,\"max_tokens\":%u,", want->events);
	if (want->stream && want->usage)
		pail_print(out, "\"stream_options\":{\"include_usage\":true},");
	pail_print(out, "\"temperature\":0.7,\"messages\":");
	a->messages_at = out->len;
	pail_print(out, "[{\"role\":\"system\",\"content\":\"You answer in one short sentence.\"},");
	size_t fixed = out->len + sizeof "{\"role\":\"user\",\"content\":\"" - 1 + sizeof tail - 1;
	size_t left = want->body_bytes > fixed ? want->body_bytes - fixed : 0;
	for (unsigned i = 0; left > 2 * MESSAGE_BYTES; i++) {
		const char *role = i % 2 ? "assistant" : "user";
		turn(out, role, MESSAGE_BYTES);
		left -= turn_len(role, MESSAGE_BYTES);
	}
	pail_print(out, "{\"role\":\"user\",\"content\":\"");
	text(out, left);
	pail_add(out, tail, sizeof tail - 1);
	a->nonce_at = out->len - (sizeof tail - 1) + 6;
	a->messages_len = out->len - 1 - a->messages_at;
}

void ask_build(struct ask *a, const struct ask_want *want)
{
	struct pail b = {0};
	a->bytes.len = 0;
	body(a, want, &b);
	pail_print(&a->bytes, "POST /v1/chat/completions HTTP/1.1\r\nHost: %s\r\nAccept: %s\r\n"
		"Accept-Encoding: identity\r\nUser-Agent: weir-load\r\n"
		"Authorization: Bearer sk-bench-0123456789\r\nX-Stainless-Lang: c\r\n"
		"X-Stainless-Retry-Count: 0\r\nContent-Type: application/json\r\n"
		"Content-Length: %zu\r\n\r\n", want->host,
		want->stream ? "text/event-stream" : "application/json", b.len);
	size_t head = a->bytes.len;
	pail_add(&a->bytes, b.at, b.len);
	a->body_len = b.len;
	a->nonce_at += head;
	a->messages_at += head;
	pail_done(&b);
}

uint64_t ask_stamp(struct ask *a, uint64_t nonce)
{
	peek_write_hex16(a->bytes.at + a->nonce_at, nonce);
	return peek_print((struct bite){a->bytes.at + a->messages_at, a->messages_len});
}

void ask_done(struct ask *a)
{
	pail_done(&a->bytes);
}

/* Bytes of the provider's answers. Pure: knows neither sockets nor time. */
#include "script.h"

#include <stdio.h>
#include <string.h>

#include "peek.h"

enum {
	CREATED = 1760000000,   /* any fixed time: answers must be the same in every run */
	MARK_SEQ = 3,           /* offsets in "ev-ssssssss-tttttttttttttttt-nnnnnnnnnnnnnnnn" */
	MARK_TIME = 12,
	MARK_NONCE = 29,
};

static const char *reason_of(unsigned status)
{
	switch (status) {
	case 200: return "OK";
	case 400: return "Bad Request";
	case 401: return "Unauthorized";
	case 404: return "Not Found";
	case 405: return "Method Not Allowed";
	case 429: return "Too Many Requests";
	case 500: return "Internal Server Error";
	case 503: return "Service Unavailable";
	default: return "Simulated";
	}
}

static void pad(struct pail *out, size_t n)
{
	static const char words[] = "some words of an answer, as many as the body's size asks for; ";
	while (n > 0) {
		size_t part = n < sizeof words - 1 ? n : sizeof words - 1;
		pail_add(out, words, part);
		n -= part;
	}
}

void script_plain(unsigned status, const char *type, const char *body, size_t len, struct pail *out)
{
	bool again_later = status == 429 || status == 503;
	pail_print(out, "HTTP/1.1 %u %s\r\nContent-Type: %s\r\n%sContent-Length: %zu\r\n\r\n", status,
		reason_of(status), type, again_later ? "Retry-After: 1\r\n" : "", len);
	pail_add(out, body, len);
}

void script_error(unsigned status, const char *message, struct pail *out)
{
	char body[256];
	int n = snprintf(body, sizeof body,
		"{\"error\":{\"message\":\"%.120s\",\"type\":\"%s\",\"param\":null,\"code\":null}}", message,
		status < 500 ? "invalid_request_error" : "server_error");
	script_plain(status, "application/json", body, (size_t)n, out);
}

static void json_body(const struct script_ask *ask, struct pail *b)
{
	uint64_t nonce = ask->nonce ^ (ask->fault.kind == SIMFAULT_NONCE);
	uint64_t print = ask->print ^ (ask->fault.kind == SIMFAULT_PRINT);
	uint64_t answer_tok = ask->bytes / 4;
	pail_print(b, "{\"id\":\"chatcmpl-%016llx\",\"object\":\"chat.completion\",\"created\":%d,",
		(unsigned long long)nonce, CREATED);
	pail_print(b, "\"model\":\"%s\",\"system_fingerprint\":\"fp_%016llx\",\"choices\":[{\"index\":0,",
		ask->model, (unsigned long long)print);
	pail_print(b, "\"message\":{\"role\":\"assistant\",\"refusal\":null,\"content\":\"nonce-%016llx ",
		(unsigned long long)nonce);
	char tail[256];
	int n = snprintf(tail, sizeof tail,
		"\"},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":%llu,"
		"\"completion_tokens\":%llu,\"total_tokens\":%llu}}", (unsigned long long)ask->prompt_tok,
		(unsigned long long)answer_tok, (unsigned long long)(ask->prompt_tok + answer_tok));
	if (ask->bytes > b->len + (size_t)n)
		pad(b, ask->bytes - b->len - (size_t)n);
	pail_add(b, tail, (size_t)n);
	if (ask->fault.kind == SIMFAULT_GARBLE)
		b->at[b->len - 1] = ',';
}

void script_json(const struct script_ask *ask, struct pail *out)
{
	static const char page[] = "<!doctype html><title>cdn</title><p>Please stand by.</p>";
	struct pail body = {0};
	switch (ask->fault.kind) {
	case SIMFAULT_STATUS:
		script_error(ask->fault.status, "simulated status", out);
		break;
	case SIMFAULT_HTML:
		script_plain(200, "text/html", page, sizeof page - 1, out);
		break;
	case SIMFAULT_EMPTY:
		script_plain(200, "application/json", "", 0, out);
		break;
	case SIMFAULT_ERROR_EVENT:
		script_error(200, "simulated error inside a 200", out);
		break;
	default:
		json_body(ask, &body);
		script_plain(200, "application/json", body.at, body.len, out);
		break;
	}
	pail_done(&body);
}

static void chunk(struct pail *out, const char *bytes, size_t len)
{
	pail_print(out, "%zx\r\n", len);
	pail_add(out, bytes, len);
	pail_add(out, "\r\n", 2);
}

/* One SSE event in one chunk. */
static void event(const struct script *a, struct pail *out, const char *json, size_t len)
{
	struct pail text = {0};
	pail_add(&text, "data: ", 6);
	pail_add(&text, json, len);
	if (a->ask.fault.kind == SIMFAULT_CRLF)
		pail_add(&text, "\r\n\r\n", 4);
	else
		pail_add(&text, "\n\n", 2);
	chunk(out, text.at, text.len);
	pail_done(&text);
}

/* {"id":.. up to and with "choices": */
static void json_lead(const struct script *a, struct pail *json, bool with_print)
{
	pail_print(json, "{\"id\":\"chatcmpl-%016llx\",\"object\":\"chat.completion.chunk\",\"created\":%d,",
		(unsigned long long)a->ask.nonce, CREATED);
	pail_print(json, "\"model\":\"%s\",", a->ask.model);
	if (with_print)
		pail_print(json, "\"system_fingerprint\":\"fp_%016llx\",",
			(unsigned long long)(a->ask.print ^ (a->ask.fault.kind == SIMFAULT_PRINT)));
	pail_print(json, "\"choices\":");
}

/* A chunk with one choice: `inner` is what stands between "index":0, and the closing of the choice. */
static void plain_event(const struct script *a, struct pail *out, bool with_print, const char *inner)
{
	struct pail json = {0};
	json_lead(a, &json, with_print);
	pail_print(&json, "[{\"index\":0,%s}]%s}", inner, a->ask.usage ? ",\"usage\":null" : "");
	event(a, out, json.at, json.len);
	pail_done(&json);
}

/* Builds the chunk that all content events share. */
static void build_chunk(struct script *a)
{
	struct pail json = {0};
	json_lead(a, &json, false);
	pail_print(&json, "[{\"index\":0,\"delta\":{\"content\":\"");
	pail_print(&json, "ev-00000000-0000000000000000-%016llx", (unsigned long long)a->ask.nonce);
	if (a->ask.bytes) {
		pail_add(&json, " ", 1);
		pad(&json, a->ask.bytes);
	}
	pail_print(&json, "\"},\"logprobs\":null,\"finish_reason\":null}]%s}",
		a->ask.usage ? ",\"usage\":null" : "");
	a->chunk.len = 0;
	event(a, &a->chunk, json.at, json.len);
	pail_done(&json);
	const char *data = memmem(a->chunk.at, a->chunk.len, "data: ", 6);
	const char *mark = memmem(a->chunk.at, a->chunk.len, "\"ev-", 4);
	a->data_at = (size_t)(data - a->chunk.at);
	a->data_len = a->chunk.len - a->data_at - 2;
	a->mark_at = (size_t)(mark - a->chunk.at) + 1;
}

void script_open(struct script *a, const struct script_ask *ask, struct pail *out)
{
	a->ask = *ask;
	build_chunk(a);
	pail_print(out, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
		"Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n");
	bool fails_first = ask->fault.kind == SIMFAULT_ERROR_EVENT && !ask->fault.has_at;
	if (ask->fault.kind != SIMFAULT_NO_ROLE && !fails_first)
		plain_event(a, out, true,
			"\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},"
			"\"logprobs\":null,\"finish_reason\":null");
}

static void write_hex8(char *at, unsigned value)
{
	for (int i = 7; i >= 0; i--, value >>= 4)
		at[i] = "0123456789abcdef"[value & 15];
}

/* Event k changed by a fault, in a->odd; true when a->odd is to be sent in place of the plain chunk. */
static bool odd_event(struct script *a, unsigned k)
{
	static const char error_json[] =
		"{\"error\":{\"message\":\"simulated error event\",\"type\":\"server_error\"}}";
	const char *data = a->chunk.at + a->data_at;
	bool is_k = k == a->ask.fault.at;
	a->odd.len = 0;
	switch (a->ask.fault.kind) {
	case SIMFAULT_SPLIT:
		chunk(&a->odd, data, a->data_len / 2);
		chunk(&a->odd, data + a->data_len / 2, a->data_len - a->data_len / 2);
		return true;
	case SIMFAULT_PING:
		chunk(&a->odd, ": ping\n", 7);
		pail_add(&a->odd, a->chunk.at, a->chunk.len);
		return true;
	case SIMFAULT_SKIP:
		return is_k;
	case SIMFAULT_TWICE:
		pail_add(&a->odd, a->chunk.at, a->chunk.len);
		pail_add(&a->odd, a->chunk.at, a->chunk.len);
		return is_k;
	case SIMFAULT_NONCE:
		pail_add(&a->odd, a->chunk.at, a->chunk.len);
		peek_write_hex16(a->odd.at + a->mark_at + MARK_NONCE, a->ask.nonce ^ 1);
		return k >= a->ask.fault.at;
	case SIMFAULT_GARBLE:
		pail_add(&a->odd, a->chunk.at, a->chunk.len);
		a->odd.at[a->data_at + a->data_len - 3] = ']';
		return is_k;
	case SIMFAULT_BAD_CHUNK:
		pail_add(&a->odd, "5", 1);
		pail_add(&a->odd, memchr(a->chunk.at, '\r', a->chunk.len), a->data_len + 4);
		return is_k;
	case SIMFAULT_ERROR_EVENT:
		event(a, &a->odd, error_json, sizeof error_json - 1);
		return is_k;
	default:
		return false;
	}
}

struct bite script_event(struct script *a, unsigned k, uint64_t now_ns)
{
	char *mark = a->chunk.at + a->mark_at;
	write_hex8(mark + MARK_SEQ, k);
	peek_write_hex16(mark + MARK_TIME, now_ns);
	if (a->ask.fault.kind != SIMFAULT_OK && odd_event(a, k))
		return (struct bite){a->odd.at, a->odd.len};
	return (struct bite){a->chunk.at, a->chunk.len};
}

static void usage_event(const struct script *a, struct pail *out)
{
	struct pail json = {0};
	json_lead(a, &json, false);
	pail_print(&json,
		"[],\"usage\":{\"prompt_tokens\":%llu,\"completion_tokens\":%u,\"total_tokens\":%llu}}",
		(unsigned long long)a->ask.prompt_tok, a->ask.events,
		(unsigned long long)(a->ask.prompt_tok + a->ask.events));
	event(a, out, json.at, json.len);
	pail_done(&json);
}

void script_close(const struct script *a, struct pail *out)
{
	enum simfault fault = a->ask.fault.kind;
	if (fault != SIMFAULT_NO_FINISH)
		plain_event(a, out, false, "\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"");
	if ((a->ask.usage && fault != SIMFAULT_NO_USAGE) || fault == SIMFAULT_FORCE_USAGE)
		usage_event(a, out);
	if (fault != SIMFAULT_NO_DONE)
		event(a, out, "[DONE]", 6);
	if (fault == SIMFAULT_EXTRA)
		event(a, out, "{\"choices\":[]}", 14);
	script_end(out);
}

void script_end(struct pail *out)
{
	pail_add(out, "0\r\n\r\n", 5);
}

void script_done(struct script *a)
{
	pail_done(&a->chunk);
	pail_done(&a->odd);
}

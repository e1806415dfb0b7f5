/* HTTP/1.1 on llhttp: bytes -> head, body pieces, end; split anywhere.  Pure: no I/O, no clock.
 *
 * Strict framing (RFC 9112, faults.md "Request smuggling"): bare LF, obs-fold, NUL, Content-Length together with
 * Transfer-Encoding, two Content-Lengths, a Content-Length that is not plain digits, any Transfer-Encoding other
 * than exactly `chunked` (any case) are errors; so are a request without Host or with two, CONNECT, and any version
 * but 1.0 and 1.1.  On a request that means ERR_BAD_HTTP (400) and the connection closes.  No lenient flag is ever
 * set. 1xx answers other than 101 are swallowed; 101 is ERR_BAD_HTTP (never asked for). */
#ifndef CODEC_HTTP1_H
#define CODEC_HTTP1_H

#include <llhttp.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "codec/http1_write.h"

enum http1_kind { HTTP1_REQUEST, HTTP1_RESPONSE };

enum http1_method { HTTP1_GET, HTTP1_HEAD, HTTP1_POST, HTTP1_PUT, HTTP1_DELETE, HTTP1_OPTIONS, HTTP1_PATCH,
	HTTP1_OTHER };

struct http1_field {
	struct slice name, value;	/* value trimmed */
};

/* A complete head.  All slices point into the parser and are valid until on_head returns. */
struct http1_head {
	enum http1_method method;	/* requests */
	struct slice target;		/* requests: path with query; absolute-form has been cut to its path */
	int status;			/* responses */
	const struct http1_field *fields;
	size_t n_fields;
	bool keep_alive;		/* what version and Connection say */
	bool chunked;
	bool expect_continue;		/* requests: Expect: 100-continue, and the body is within the limit */
	int64_t content_length;		/* -1: none given */
	bool until_eof;			/* responses: the body ends with the connection */
};

struct http1_limits {
	/* Request/status line and all fields; again for trailers.  1xx answers share it with the final one. */
	size_t head_bytes;
	size_t fields;		/* most fields; at most HTTP1_MAX_FIELDS */
	uint64_t body_bytes;	/* 0: no limit */
};
#define HTTP1_MAX_FIELDS 256

/* Each may return an error: parsing stops there and http1_feed returns it.  on_head can refuse before any body byte.
 * A Content-Length over limits.body_bytes: on_head is called (the answer's form depends on the target), then
 * http1_feed returns ERR_BODY_TOO_BIG at once.  All are called from inside http1_feed or http1_eof and must not
 * call http1_done. */
struct http1_events {
	enum err (*on_head)(void *arg, const struct http1_head *head);
	enum err (*on_body)(void *arg, struct slice piece);
	enum err (*on_end)(void *arg);
};

struct http1 {
	llhttp_t parser;
	enum http1_kind kind;
	struct http1_limits limits;
	const struct http1_events *events;
	void *arg;
	struct buf head;		/* head bytes of earlier feeds; stays empty while heads come whole */
	struct http1_field *fields;	/* only while a head is read (http1.c says what is in them) */
	uint32_t n_fields, cap_fields;
	uint32_t target_start, target_end;	/* places in the head */
	size_t counted;			/* bytes of this head, or of the trailers */
	const char *base;		/* the bytes being fed */
	uint64_t fed;			/* bytes of this message before `base` */
	uint64_t body_n;		/* body bytes given out */
	uint64_t body_end;		/* place after the last body byte: what follows is chunk framing */
	enum err failed;		/* what stopped it */
	uint8_t stage, stop;		/* http1.c */
	bool in_name;			/* inside a field name, which may come in pieces */
	bool interim;			/* a 1xx answer */
	bool in_message;		/* a first byte of a message has been seen and its end has not */
	bool head_only;			/* response to HEAD */
};

void http1_init(struct http1 *h, enum http1_kind kind, const struct http1_limits *limits,
	const struct http1_events *events, void *arg);
void http1_done(struct http1 *h);
/* Makes ready for the next message on the same connection, whatever state this one is in.  `head_only`: the next
 * response answers a HEAD. */
void http1_next(struct http1 *h, bool head_only);
/* Parses; stops after the end of one message, so *out_used < bytes.n means pipelined bytes (call http1_next, feed
 * the rest); until http1_next it takes nothing more.  After an error every further call returns the same error.
 * Errors: ERR_BAD_HTTP, ERR_HEAD_TOO_BIG, ERR_BODY_TOO_BIG, ERR_BAD_EXPECT, or what a callback returned. */
enum err http1_feed(struct http1 *h, struct slice bytes, size_t *out_used) MUST_CHECK;
/* The connection ended.  ERR_OK: between messages or a body that ends that way (on_end is called); ERR_UP_TRUNCATED
 * in the middle. */
enum err http1_eof(struct http1 *h) MUST_CHECK;
static inline bool http1_in_message(const struct http1 *h)
{
	return h->in_message;
}

/* Value of the first field with this name (any case), empty slice with p NULL when absent. */
static inline struct slice http1_field(const struct http1_head *head, struct slice name)
{
	for (size_t i = 0; i < head->n_fields; i++) {
		const struct http1_field *f = &head->fields[i];
		/* Dozens of look-ups a message: most end at the length or the first letter. */
		if (f->name.n == name.n && ((f->name.p[0] ^ name.p[0]) & ~0x20) == 0 && slice_case_eq(f->name, name))
			return f->value;
	}
	return SLICE_EMPTY;
}
/* True when the comma-separated list field holds `token` (any case), e.g. Connection. */
bool http1_has_token(struct slice list, struct slice token);
/* Reason phrase, "" for a status without one.  Static. */
const char *http1_reason(int status);

#endif

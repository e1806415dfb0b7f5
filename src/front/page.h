/* Answers that need no upstream: model lists, health, metrics, and refusals outside an exchange. */
#ifndef FRONT_PAGE_H
#define FRONT_PAGE_H

#include "chat/fault.h"
#include "front/front.h"
#include "front/intake.h"

struct page {
	int status;
	struct slice type;
	enum err err;		/* for the record */
};

struct page_ask {
	enum endpoint_kind kind;
	enum dialect_family shape;	/* of a list of models */
	const struct dialect *dialect;	/* of a refusal; NULL: OpenAI's */
	const struct request_door *door;	/* ENDPOINT_PURGE */
	struct slice rest;		/* what stands behind a prefix path */
};

/* Whose list of models a client reads: by path, or by the version field that Anthropic's SDKs send. */
enum dialect_family page_shape(const struct intake *q);
/* The body of a built-in page, appended to `out`. */
struct page page_make(const struct front *f, const struct page_ask *ask, struct buf *out);
/* An error object in the client's dialect; NULL: OpenAI's. */
struct page page_refuse(const struct fault *fault, const struct dialect *d, struct buf *out);

#endif

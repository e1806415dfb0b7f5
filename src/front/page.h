/* Answers that need no upstream: model lists, health, metrics, and refusals outside an exchange. */
#ifndef FRONT_PAGE_H
#define FRONT_PAGE_H

#include "chat/fault.h"
#include "front/endpoint.h"
#include "front/front.h"

struct page {
	int status;
	struct slice type;
	enum err err;		/* for the record */
};

/* The body of a built-in page, appended to `out`.  `rest`: what stands behind a prefix path. */
struct page page_make(const struct front *f, enum endpoint_kind kind, struct slice rest, struct buf *out);
/* An error object in OpenAI's shape. */
struct page page_refuse(const struct fault *fault, struct buf *out);

#endif

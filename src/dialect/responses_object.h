/* Output items and the response object as JSON (protocols.md 2.2, 2.3). */
#ifndef DIALECT_RESPONSES_OBJECT_H
#define DIALECT_RESPONSES_OBJECT_H

#include "codec/json_out.h"
#include "dialect/responses_output.h"

/* A content part; `empty`: as it is when it is added. */
void responses_object_part(struct json_out *w, const struct responses_part *part, bool empty);
/* The one part of a reasoning item's summary. */
void responses_object_summary(struct json_out *w, struct slice text);
/* An item; `empty`: as it is when it is added. */
void responses_object_item(struct json_out *w, const struct responses_piece *piece, bool empty);
/* The whole response; before the end (`over` not set) it is in progress and has no output. */
void responses_object_write(struct json_out *w, const struct responses_output *o);

#endif

/* Finds a plain field of a multipart/form-data body (RFC 7578, RFC 2046 5.1.1), without copying: bodies hold pictures
 * and sounds, of which nothing else is read. */
#ifndef CODEC_FORM_H
#define CODEC_FORM_H

#include <stdbool.h>

#include "base/slice.h"

/* The value of the one part with this name and no file name, a slice of `body`.  `content_type`: the whole field,
 * with its boundary.  False when there is none or more than one, or the body is no form that every reader understands
 * alike: who replaces a value must be sure that no other one counts. */
bool form_field(struct slice content_type, struct slice body, const char *name, struct slice *out_value);

#endif

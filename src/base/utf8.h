/* UTF-8 checks (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/slice.h"

/* Length (1-4) of the valid sequence at the start of `s`, or 0 when it is not valid UTF-8. */
size_t utf8_len(struct slice s);
bool utf8_valid(struct slice s);
/* The longest prefix of at most `max` bytes that does not cut a sequence. */
struct slice utf8_cut(struct slice s, size_t max);

#endif

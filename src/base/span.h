/* Durations, sizes and dates as people write them.  Monotonic time is uint64_t nanoseconds everywhere; the wall clock
 * is Unix milliseconds and is used for display and HTTP dates only, never for timers. */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include "base/slice.h"

#define SPAN_NS_PER_MS 1000000u
#define SPAN_NS_PER_S 1000000000u

/* "250ms" "1.5s" "2m" "1h" "7d"; a bare number is refused (units are always written) except 0. */
bool span_parse_ms(struct slice s, uint64_t *out_ms);
/* "10", "64KiB", "32MiB", "1GiB"; KB/MB/GB count 1000s. */
bool span_parse_bytes(struct slice s, uint64_t *out_bytes);
/* Shortest exact form, e.g. 90000 -> "90s", 120000 -> "2m".  out: at least 32 bytes.  Returns out. */
const char *span_print_ms(uint64_t ms, char *out, size_t cap);
const char *span_print_bytes(uint64_t bytes, char *out, size_t cap);
/* "2026-11-21T09:30:00.123Z"; out at least 25 bytes. */
const char *span_print_wall(uint64_t unix_ms, char *out, size_t cap);
/* IMF-fixdate (RFC 9110 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".  False on anything else. */
bool span_parse_http_date(struct slice s, uint64_t *out_unix_s);

#endif

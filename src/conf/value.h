/* One scalar value: text -> typed field with range check, and back to text for `weir config show`.
 * Must not know: YAML, positions, expansion (it gets the finished text). */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "base/arena.h"
#include "base/buf.h"
#include "conf/row.h"

struct value_fault {
	struct slice what;	/* the sentence after the key's name: `wants a whole number from 1 to 9, not "x"` */
	struct slice nearest;	/* a valid name close to what was written, or empty */
};

/* Fills `field` from `text` (all kinds but STR_LIST, SECTION, MAP and LIST).  Texts are borrowed, not copied: give text
 * that lives as long as the field.  `shown` is what was written in the file; when `text` came out of an expansion or a
 * file it differs, and the fault then shows only `shown`, since the value may be somebody's secret.
 * False: *out_fault says why, in the arena; `field` is untouched. */
bool value_parse(struct arena *a, const struct row *r, struct slice text, struct slice shown, void *field,
	struct value_fault *out_fault) MUST_CHECK;
/* Text kinds: may this text be a value at all?  NULL, or why not ("is not valid UTF-8"). */
const char *value_bad_text(struct slice text);
/* "a time such as 250ms or 2s": what the row wants, any kind. */
struct slice value_wants(struct arena *a, const struct row *r);
/* "from 10ms to 10m", "at least 1", "at most 64 bytes"; empty when every value goes.  Returns out. */
const char *value_range(const struct row *r, char *out, size_t cap);
/* Appends the value as it is written in a file: BOOL, INT, RATIO, MS, BYTES, ENUM. */
void value_print(const struct row *r, const void *field, struct buf *out);
/* A short sample of `s` for a message: control bytes and all after some 40 bytes replaced. */
struct slice value_sample(struct arena *a, struct slice s);

#endif

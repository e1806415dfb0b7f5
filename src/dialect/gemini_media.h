/* Pictures, sounds and files in Gemini's parts: inlineData and fileData (protocols.md 5.2, 7.2). */
#ifndef DIALECT_GEMINI_MEDIA_H
#define DIALECT_GEMINI_MEDIA_H

#include "chat/prompt.h"
#include "codec/json_out.h"

/* True when the part (or part of a functionResponse) has inlineData or fileData, not empty: *out says what,
 * *out_kind image, audio or file.  Base64 comes out in the common alphabet: google-genai sends the one for URLs.
 * Slices in `a` or the document. */
bool gemini_media_read(struct arena *a, yyjson_val *part, struct prompt_media *out, enum prompt_part_kind *out_kind);

enum gemini_media_form {
	GEMINI_MEDIA_INLINE,
	GEMINI_MEDIA_FILE,
	GEMINI_MEDIA_TEXT,	/* a plain text document */
	GEMINI_MEDIA_UNKNOWN,	/* nothing says its type: Google wants one */
	GEMINI_MEDIA_FOREIGN,	/* a file at another provider */
};

/* How Gemini can take it; *out_mime: the type to write, given or guessed (may be empty for Google's own URLs). `own`:
 * an id is one of Google's. */
enum gemini_media_form gemini_media_form(const struct prompt_media *m, bool own, struct slice *out_mime);
/* "inlineData":{...}, "fileData":{...} or "text":"..." into the open object; `form` is one of the first three. */
void gemini_media_put(struct json_out *w, const struct prompt_media *m, enum gemini_media_form form, struct slice mime);

/* By the ending of a file's name or URL; empty when it says nothing. */
struct slice gemini_media_guess(struct slice name);

#endif

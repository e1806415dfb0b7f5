#include "dialect/gemini_media.h"

#include "dialect/gemini_field.h"

/* --- types ---------------------------------------------------------------------------------------------- */

/* What Gemini reads (ai.google.dev/gemini-api/docs: image, audio, video and document understanding). */
static const struct {
	const char *ending, *mime;
} endings[] = {
	{ "png", "image/png" }, { "jpg", "image/jpeg" }, { "jpeg", "image/jpeg" }, { "webp", "image/webp" },
	{ "gif", "image/gif" }, { "heic", "image/heic" }, { "heif", "image/heif" }, { "bmp", "image/bmp" },
	{ "pdf", "application/pdf" }, { "txt", "text/plain" }, { "md", "text/md" }, { "html", "text/html" },
	{ "csv", "text/csv" }, { "xml", "text/xml" }, { "rtf", "text/rtf" }, { "json", "application/json" },
	{ "mp3", "audio/mp3" }, { "wav", "audio/wav" }, { "aac", "audio/aac" }, { "ogg", "audio/ogg" },
	{ "flac", "audio/flac" }, { "aiff", "audio/aiff" }, { "m4a", "audio/m4a" },
	{ "mp4", "video/mp4" }, { "mpeg", "video/mpeg" }, { "mpg", "video/mpg" }, { "mov", "video/mov" },
	{ "avi", "video/avi" }, { "webm", "video/webm" }, { "wmv", "video/wmv" }, { "3gp", "video/3gpp" },
	{ "flv", "video/x-flv" },
};

struct slice gemini_media_guess(struct slice name)
{
	size_t end = MIN_OF(slice_find(name, '?'), slice_find(name, '#')), dot = end;

	while (dot > 0 && name.p[dot - 1] != '.' && name.p[dot - 1] != '/')
		dot--;
	if (dot == 0 || name.p[dot - 1] != '.')
		return SLICE_EMPTY;
	for (size_t i = 0; i < COUNT_OF(endings); i++)
		if (slice_case_eq(slice_of(name.p + dot, end - dot), slice_str(endings[i].ending)))
			return slice_str(endings[i].mime);
	return SLICE_EMPTY;
}

/* By the first bytes, as they look in base64. */
static struct slice sniff(struct slice base64)
{
	static const struct {
		const char *start, *mime;
	} starts[] = {
		{ "iVBORw0KGgo", "image/png" }, { "/9j/", "image/jpeg" }, { "R0lGOD", "image/gif" },
		{ "JVBERi0", "application/pdf" },
	};

	for (size_t i = 0; i < COUNT_OF(starts); i++)
		if (slice_starts(base64, slice_str(starts[i].start)))
			return slice_str(starts[i].mime);
	return SLICE_EMPTY;
}

static enum prompt_part_kind kind_of(struct slice mime)
{
	if (slice_starts(mime, SLICE("image/")))
		return PROMPT_PART_IMAGE;
	return slice_starts(mime, SLICE("audio/")) ? PROMPT_PART_AUDIO : PROMPT_PART_FILE;
}

/* --- reading -------------------------------------------------------------------------------------------- */

/* RFC 4648 section 5 -> section 4, with padding.  Without room: as it is. */
static struct slice common_base64(struct arena *a, struct slice s)
{
	bool fits = s.n % 4 == 0 && slice_find(s, '-') == s.n && slice_find(s, '_') == s.n;
	char *p = fits ? NULL : arena_try(a, s.n + 3);
	size_t n = s.n;

	if (p == NULL)
		return s;
	for (size_t i = 0; i < n; i++)
		p[i] = s.p[i] == '-' ? '+' : s.p[i] == '_' ? '/' : s.p[i];
	while (n % 4)
		p[n++] = '=';
	return slice_of(p, n);
}

/* Files that only Google can read: uploaded there, or in its storage. */
static bool is_google_file(struct slice uri)
{
	return slice_starts(uri, SLICE("gs://")) || slice_starts(uri, SLICE("files/"))
		|| slice_starts(uri, SLICE("https://generativelanguage.googleapis.com/"));
}

/* Google fetches these without being told their type. */
static bool is_known_to_google(struct slice uri)
{
	return is_google_file(uri) || slice_starts(uri, SLICE("https://www.youtube.com/"))
		|| slice_starts(uri, SLICE("https://youtube.com/")) || slice_starts(uri, SLICE("https://youtu.be/"));
}

bool gemini_media_read(struct arena *a, yyjson_val *part, struct prompt_media *out, enum prompt_part_kind *out_kind)
{
	yyjson_val *data = gemini_field_obj(part, "inlineData"), *file = gemini_field_obj(part, "fileData");

	if (data == NULL && file == NULL)
		return false;
	*out = (struct prompt_media){ .mime = gemini_field_str(data ? data : file, "mimeType"),
		.name = gemini_field_str(data ? data : file, "displayName") };
	if (data) {
		out->source = PROMPT_SOURCE_BASE64;
		out->data = common_base64(a, gemini_field_str(data, "data"));
	} else {
		out->data = gemini_field_str(file, "fileUri");
		out->source = is_google_file(out->data) ? PROMPT_SOURCE_FILE_ID : PROMPT_SOURCE_URL;
	}
	*out_kind = kind_of(out->mime.n || data ? out->mime : gemini_media_guess(out->data));
	return out->data.n > 0;
}

/* --- writing -------------------------------------------------------------------------------------------- */

/* image/jpg is no type, but common; audio/mpeg is one, under another name here (protocols.md 7.2). */
static struct slice proper(struct slice mime)
{
	if (slice_case_eq(mime, SLICE("audio/mpeg")))
		return SLICE("audio/mp3");
	return slice_case_eq(mime, SLICE("image/jpg")) ? SLICE("image/jpeg") : mime;
}

static struct slice mime_of(const struct prompt_media *m)
{
	struct slice mime = proper(m->mime);

	if (mime.n == 0 && m->source == PROMPT_SOURCE_BASE64)
		mime = sniff(m->data);
	if (mime.n == 0)
		mime = gemini_media_guess(m->name);
	if (mime.n == 0 && m->source != PROMPT_SOURCE_BASE64)
		mime = gemini_media_guess(m->data);
	return mime;
}

enum gemini_media_form gemini_media_form(const struct prompt_media *m, bool own, struct slice *out_mime)
{
	if (m->source == PROMPT_SOURCE_PLAIN)
		return GEMINI_MEDIA_TEXT;
	*out_mime = mime_of(m);
	switch (m->source) {
	case PROMPT_SOURCE_PLAIN:
	case PROMPT_SOURCE_BASE64:
		return out_mime->n ? GEMINI_MEDIA_INLINE : GEMINI_MEDIA_UNKNOWN;
	case PROMPT_SOURCE_URL:
		if (slice_starts(m->data, SLICE("data:")))	/* not in base64: nothing to fetch either */
			return GEMINI_MEDIA_UNKNOWN;
		return out_mime->n || is_known_to_google(m->data) ? GEMINI_MEDIA_FILE : GEMINI_MEDIA_UNKNOWN;
	case PROMPT_SOURCE_FILE_ID:
		return own || is_google_file(m->data) ? GEMINI_MEDIA_FILE : GEMINI_MEDIA_FOREIGN;
	}
	must_never("media source");
}

void gemini_media_put(struct json_out *w, const struct prompt_media *m, enum gemini_media_form form, struct slice mime)
{
	if (form == GEMINI_MEDIA_TEXT) {
		json_out_key_str(w, "text", m->data);
		return;
	}
	must(form == GEMINI_MEDIA_INLINE || form == GEMINI_MEDIA_FILE);
	json_out_key(w, form == GEMINI_MEDIA_INLINE ? "inlineData" : "fileData");
	json_out_obj(w);
	if (mime.n)
		json_out_key_str(w, "mimeType", mime);
	json_out_key_str(w, form == GEMINI_MEDIA_INLINE ? "data" : "fileUri", m->data);
	json_out_obj_end(w);
}

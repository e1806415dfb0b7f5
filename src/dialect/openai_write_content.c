#include "dialect/openai_write_content.h"

#include "codec/base64.h"
#include "dialect/openai_rest.h"

/* --- media ---------------------------------------------------------------------------------------------- */

static bool mime_is(struct slice mime, const char *kind)
{
	return slice_starts(mime, slice_str(kind));
}

/* A data URI piece by piece: the bytes are not copied twice. */
static void put_uri(struct openai_write *o, const char *key, const struct prompt_media *m, const char *mime)
{
	struct json_out *w = &o->w;

	json_out_key(w, key);
	if (m->source == PROMPT_SOURCE_URL) {
		json_out_str(w, m->data);
		return;
	}
	json_out_str_begin(w);
	json_out_str_add(w, SLICE("data:"));
	json_out_str_add(w, m->mime.n ? m->mime : slice_str(mime));
	json_out_str_add(w, SLICE(";base64,"));
	json_out_str_add(w, m->data);
	json_out_str_end(w);
}

static void open_part(struct openai_write *o, const char *type)
{
	json_out_obj(&o->w);
	json_out_key_str(&o->w, "type", slice_str(type));
}

static void put_url_part(struct openai_write *o, const char *type, const struct prompt_media *m,
	const char *mime)
{
	struct json_out *w = &o->w;

	open_part(o, type);
	json_out_key(w, type);
	json_out_obj(w);
	put_uri(o, "url", m, mime);
	if (m->detail.n)
		json_out_key_str(w, "detail", m->detail);
	json_out_obj_end(w);
}

/* {"type":"input_audio","input_audio":{"data","format"}}: wav and mp3 at OpenAI; others are called by
 * their subtype. */
static void put_audio(struct openai_write *o, const struct prompt_media *m)
{
	struct json_out *w = &o->w;
	struct slice format = slice_skip(m->mime, slice_find(m->mime, '/') + 1);

	if (slice_eq(format, SLICE("mpeg")))
		format = SLICE("mp3");
	else if (slice_starts(format, SLICE("x-")))
		format = slice_skip(format, 2);
	open_part(o, "input_audio");
	json_out_key(w, "input_audio");
	json_out_obj(w);
	json_out_key_str(w, "data", m->data);
	json_out_key_str(w, "format", format.n ? format : SLICE("wav"));
	json_out_obj_end(w);
}

static void put_file(struct openai_write *o, const struct prompt_media *m)
{
	struct json_out *w = &o->w;

	open_part(o, "file");
	json_out_key(w, "file");
	json_out_obj(w);
	if (m->source == PROMPT_SOURCE_FILE_ID) {
		json_out_key_str(w, "file_id", m->data);
	} else {	/* OpenAI wants a name */
		json_out_key_str(w, "filename", m->name.n ? m->name : SLICE("file.pdf"));
		put_uri(o, "file_data", m, "application/pdf");
	}
	json_out_obj_end(w);
}

/* A document that is plain text: its name and the text. */
static void put_plain(struct openai_write *o, const struct prompt_media *m)
{
	struct json_out *w = &o->w;

	open_part(o, "text");
	json_out_key(w, "text");
	json_out_str_begin(w);
	json_out_str_add(w, m->name);
	if (m->name.n)
		json_out_str_add(w, SLICE("\n\n"));
	json_out_str_add(w, m->data);
	json_out_str_end(w);
}

/* --- content parts -------------------------------------------------------------------------------------- */

/* Why this part cannot be sent; NULL: it can. */
static const char *cannot(const struct openai_write *o, const struct prompt_part *part)
{
	const struct prompt_media *m = &part->media;
	bool is_video = mime_is(m->mime, "video/");

	if (part->kind == PROMPT_PART_OTHER)
		return o->is_own && part->raw ? NULL : "a part that only its own provider understands";
	if (part->kind == PROMPT_PART_IMAGE || part->kind == PROMPT_PART_AUDIO
			|| part->kind == PROMPT_PART_FILE) {
		if (m->source == PROMPT_SOURCE_FILE_ID && !(o->is_own && part->kind == PROMPT_PART_FILE))
			return "a file that was uploaded to another provider";
		if (m->source == PROMPT_SOURCE_URL && part->kind == PROMPT_PART_AUDIO)
			return "a sound by its URL";
		if (m->source == PROMPT_SOURCE_URL && part->kind == PROMPT_PART_FILE && !is_video
				&& !o->q->details)
			return "a document by its URL";
	}
	return NULL;
}

/* True when the part goes into the body; else it is refused, or dropped and named. */
bool openai_write_content_takes(struct openai_write *o, const struct prompt_part *part)
{
	const char *why = cannot(o, part);

	if (why) {
		openai_write_refuse(o, "%.*s does not take %s%s%.*s", SLICE_ARG(o->ask->provider), why,
			part->name.n ? ": " : "", SLICE_ARG(part->name));
		return false;
	}
	if (part->kind == PROMPT_PART_IMAGE && part->media.source == PROMPT_SOURCE_URL
			&& o->q->inline_images) {
		drops_add_str(o->ask->drops, "image_url");
		return false;
	}
	return part->kind != PROMPT_PART_REASONING && part->kind != PROMPT_PART_TOOL_CALL
		&& part->kind != PROMPT_PART_TOOL_RESULT;
}

/* Marks of the client's own dialect go out as they came, others where the provider knows them. */
static void put_mark(struct openai_write *o, const struct prompt_part *part)
{
	static const char *const own[] = { "cache_control", "prompt_cache_breakpoint" };

	for (size_t i = 0; o->is_own && i < COUNT_OF(own); i++)
		if (json_obj(part->raw, own[i])) {
			json_out_key_val(&o->w, own[i], json_obj(part->raw, own[i]));
			return;
		}
	if (part->cache != PROMPT_CACHE_NONE && o->q->cache_control)
		openai_write_cache(o, part->cache);
	else if (part->cache != PROMPT_CACHE_NONE)
		drops_add_str(o->ask->drops, "cache_control");
}

/* A document of text in base64 is told as text: OpenAI takes only PDF files. */
static bool is_plain(struct openai_write *o, const struct prompt_media *m, struct prompt_media *out_plain)
{
	*out_plain = *m;
	if (m->source == PROMPT_SOURCE_PLAIN)
		return true;
	return m->source == PROMPT_SOURCE_BASE64 && mime_is(m->mime, "text/")
		&& base64_decode(o->ask->arena, m->data, &out_plain->data);
}

static void put_media(struct openai_write *o, const struct prompt_part *part)
{
	const struct prompt_media *m = &part->media;
	struct prompt_media plain;

	if (is_plain(o, m, &plain))
		put_plain(o, &plain);
	else if (part->kind == PROMPT_PART_AUDIO || mime_is(m->mime, "audio/"))
		put_audio(o, m);
	else if (part->kind == PROMPT_PART_IMAGE || mime_is(m->mime, "image/"))
		put_url_part(o, "image_url", m, "image/png");
	else if (mime_is(m->mime, "video/"))
		put_url_part(o, "video_url", m, "video/mp4");
	else
		put_file(o, m);
}

void openai_write_content_part(struct openai_write *o, const struct prompt_part *part)
{
	struct json_out *w = &o->w;

	switch (part->kind) {
	case PROMPT_PART_TEXT:
	case PROMPT_PART_REFUSAL:
		open_part(o, part->kind == PROMPT_PART_TEXT ? "text" : "refusal");
		json_out_key_str(w, part->kind == PROMPT_PART_TEXT ? "text" : "refusal", part->text);
		break;
	case PROMPT_PART_IMAGE:
	case PROMPT_PART_AUDIO:
	case PROMPT_PART_FILE:
		put_media(o, part);
		break;
	case PROMPT_PART_OTHER:
		json_out_val(w, part->raw);
		return;
	case PROMPT_PART_REASONING:
	case PROMPT_PART_TOOL_CALL:
	case PROMPT_PART_TOOL_RESULT:
		return;
	}
	put_mark(o, part);
	openai_rest_put(o, part->raw, OPENAI_REST_PART);
	json_out_obj_end(w);
}

static bool is_text_alone(const struct prompt_part *parts)
{
	for (; parts; parts = parts->next)
		if (parts->kind != PROMPT_PART_TEXT)
			return false;
	return true;
}

/* Something that one string cannot hold: a mark, or a member that only the client knows. */
static bool has_more(const struct openai_write *o, const struct prompt_part *parts)
{
	for (; parts; parts = parts->next)
		if ((parts->cache != PROMPT_CACHE_NONE && (o->q->cache_control || o->is_own))
				|| openai_rest_has(o, parts->raw, OPENAI_REST_PART))
			return true;
	return false;
}

/* Texts as one string, with blank lines between. */
static void put_joined(struct openai_write *o, const struct prompt_part *parts)
{
	json_out_str_begin(&o->w);
	for (const struct prompt_part *part = parts; part; part = part->next) {
		json_out_str_add(&o->w, part->text);
		if (part->next)
			json_out_str_add(&o->w, SLICE("\n\n"));
	}
	json_out_str_end(&o->w);
}

/* Marks that one string cannot hold. */
static void drop_marks(struct openai_write *o, const struct prompt_part *parts)
{
	for (; parts; parts = parts->next)
		if (parts->cache != PROMPT_CACHE_NONE)
			drops_add_str(o->ask->drops, "cache_control");
}

static bool takes_any(struct openai_write *o, const struct prompt_part *parts)
{
	bool any = false;

	for (; parts; parts = parts->next)
		any |= openai_write_content_takes(o, parts);
	return any;
}

void openai_write_content(struct openai_write *o, const struct prompt_part *parts)
{
	bool is_one = (parts == NULL || parts->next == NULL) && !has_more(o, parts);

	json_out_key(&o->w, "content");
	if (is_text_alone(parts) && (is_one || o->q->flat_text)) {
		drop_marks(o, parts);
		put_joined(o, parts);
		return;
	}
	if (!takes_any(o, parts)) {
		json_out_str(&o->w, SLICE_EMPTY);
		return;
	}
	json_out_arr(&o->w);
	for (const struct prompt_part *part = parts; part; part = part->next)
		if (openai_write_content_takes(o, part))
			openai_write_content_part(o, part);
	json_out_arr_end(&o->w);
}

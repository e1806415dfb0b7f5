#include "dialect/anthropic_parts.h"

#include "base/utf8.h"
#include "codec/base64.h"
#include "dialect/anthropic_input.h"
#include "dialect/anthropic_seal.h"

static struct slice type_of(yyjson_val *raw)
{
	return json_str(raw, "type");
}

/* The block as the client wrote it can be used. */
static bool is_own(const struct anthropic_draft *d, const struct prompt_part *part)
{
	return d->own && part->raw != NULL;
}

bool anthropic_parts_is_written(const struct anthropic_draft *d, const struct prompt_part *part)
{
	switch (part->kind) {
	case PROMPT_PART_TEXT:
	case PROMPT_PART_REFUSAL:
		return !anthropic_draft_is_blank(part->text);
	case PROMPT_PART_REASONING:
		return part->seal.origin == anthropic_messages.tag && part->seal.bytes.n;
	case PROMPT_PART_TOOL_RESULT:
		return !part->orphan;
	case PROMPT_PART_OTHER:
		return is_own(d, part);
	case PROMPT_PART_IMAGE:
	case PROMPT_PART_AUDIO:
	case PROMPT_PART_FILE:
	case PROMPT_PART_TOOL_CALL:
		return true;
	}
	must_never("part kind");
}

void anthropic_parts_name_lost(struct anthropic_draft *d, const struct prompt_part *part)
{
	if (part->kind == PROMPT_PART_TOOL_RESULT)
		anthropic_draft_drop(d, "tool_call_id");
	if (part->kind == PROMPT_PART_OTHER)
		drops_add(d->ask->drops, type_of(part->raw).n ? type_of(part->raw) : SLICE("content"));
}

static void open_block(struct anthropic_draft *d, const char *type)
{
	json_out_obj(&d->w);
	json_out_key_str(&d->w, "type", slice_str(type));
}

static void close_block(struct anthropic_draft *d, const struct prompt_part *part)
{
	anthropic_draft_mark(d, part->cache);
	json_out_obj_end(&d->w);
}

void anthropic_parts_write_text(struct anthropic_draft *d, const struct prompt_part *part, struct slice text)
{
	if (is_own(d, part) && slice_eq(type_of(part->raw), SLICE("text")))
		anthropic_draft_open_like(d, part->raw, "text", NULL);
	else
		open_block(d, "text");
	json_out_key_str(&d->w, "text", text);
	close_block(d, part);
}

/* --- images and documents ------------------------------------------------------------------------------- */

/* The types that Anthropic reads, and how their base64 begins: clients and routers leave the type out. */
static const struct {
	const char *mime, *start;
} images[] = {
	{ "image/png", "iVBORw0KGgo" }, { "image/jpeg", "/9j/" }, { "image/gif", "R0lGOD" }, { "image/webp", "UklGR" },
};

/* NULL: none that Anthropic reads. */
static const char *image_type(const struct prompt_media *m)
{
	for (size_t i = 0; i < COUNT_OF(images); i++)
		if (m->mime.n ? slice_case_eq(m->mime, slice_str(images[i].mime))
				: slice_starts(m->data, slice_str(images[i].start)))
			return images[i].mime;
	return slice_case_eq(m->mime, SLICE("image/jpg")) ? "image/jpeg" : NULL;
}

static void put_source(struct anthropic_draft *d, const char *type, struct slice mime, const char *key,
	struct slice data)
{
	struct json_out *w = &d->w;

	json_out_key(w, "source");
	json_out_obj(w);
	json_out_key_str(w, "type", slice_str(type));
	if (mime.n)
		json_out_key_str(w, "media_type", mime);
	json_out_key_str(w, key, data);
	json_out_obj_end(w);
}

static void put_url(struct anthropic_draft *d, struct slice url)
{
	if (!slice_starts(url, SLICE("https://")) && !slice_starts(url, SLICE("http://")))
		anthropic_draft_refuse(d, "an image or file has an address that is neither http nor https");
	if (d->quirks->inline_images)
		anthropic_draft_refuse(d, "%.*s takes images and files only inside the request, not by their address",
			SLICE_ARG(d->ask->provider));
	put_source(d, "url", SLICE_EMPTY, "url", url);
}

/* Ids mean something at the provider that gave them only. */
static void refuse_id(struct anthropic_draft *d, const struct prompt_part *part)
{
	anthropic_draft_refuse(d, "the file %.*s is kept at another provider",
		SLICE_ARG(utf8_cut(part->media.data, 64)));
}

static void write_image(struct anthropic_draft *d, const struct prompt_part *part)
{
	const struct prompt_media *m = &part->media;
	const char *mime = image_type(m);

	if (m->detail.n && !slice_eq(m->detail, SLICE("auto")))
		anthropic_draft_drop(d, "image.detail");
	open_block(d, "image");
	if (m->source == PROMPT_SOURCE_URL)
		put_url(d, m->data);
	else if (m->source != PROMPT_SOURCE_BASE64)
		refuse_id(d, part);
	else if (mime)
		put_source(d, "base64", slice_str(mime), "data", m->data);
	else
		anthropic_draft_refuse(d, "an image is neither JPEG, PNG, GIF nor WebP");
	close_block(d, part);
}

static bool is_pdf(const struct prompt_media *m)
{
	bool named = m->name.n >= 4 && slice_case_eq(slice_of(m->name.p + m->name.n - 4, 4), SLICE(".pdf"));

	if (m->mime.n && !slice_case_eq(m->mime, SLICE("application/octet-stream")))
		return slice_case_eq(m->mime, SLICE("application/pdf"));
	return named || slice_starts(m->data, SLICE("JVBERi"));
}

/* A text file is sent as its text. */
static void put_decoded(struct anthropic_draft *d, const struct prompt_media *m)
{
	struct slice text;

	if (!base64_decode(d->ask->arena, m->data, &text) || !utf8_valid(text))
		anthropic_draft_refuse(d, "a text file is not base64 of UTF-8");
	else
		put_source(d, "text", SLICE("text/plain"), "data", text);
}

static void put_file(struct anthropic_draft *d, const struct prompt_part *part)
{
	const struct prompt_media *m = &part->media;

	if (m->source == PROMPT_SOURCE_PLAIN)
		put_source(d, "text", SLICE("text/plain"), "data", m->data);
	else if (m->source == PROMPT_SOURCE_URL)
		put_url(d, m->data);
	else if (m->source == PROMPT_SOURCE_FILE_ID)
		refuse_id(d, part);
	else if (is_pdf(m))
		put_source(d, "base64", SLICE("application/pdf"), "data", m->data);
	else if (slice_starts(m->mime, SLICE("text/")) || slice_eq(m->mime, SLICE("application/json")))
		put_decoded(d, m);
	else
		anthropic_draft_refuse(d, "files of type %.*s cannot be sent",
			SLICE_ARG(m->mime.n ? utf8_cut(m->mime, 64) : SLICE("unknown")));
}

static void write_file(struct anthropic_draft *d, const struct prompt_part *part)
{
	if (part->media.source == PROMPT_SOURCE_BASE64 && slice_starts(part->media.mime, SLICE("image/"))) {
		write_image(d, part);
		return;
	}
	open_block(d, "document");
	put_file(d, part);
	if (part->media.name.n)
		json_out_key_str(&d->w, "title", part->media.name);
	close_block(d, part);
}

/* --- reasoning ------------------------------------------------------------------------------------------ */

/* Byte by byte what the provider sent, or it answers with 400. */
static void write_reasoning(struct anthropic_draft *d, const struct prompt_part *part)
{
	struct slice field = anthropic_seal_write(d->ask->arena, ANTHROPIC_SEAL_REASONING, part->seal.origin, part->id,
		part->seal.bytes);

	open_block(d, part->redacted ? "redacted_thinking" : "thinking");
	if (!part->redacted)
		json_out_key_str(&d->w, "thinking", part->text);
	json_out_key_str(&d->w, part->redacted ? "data" : "signature", field);
	json_out_obj_end(&d->w);
}

/* --- tools ---------------------------------------------------------------------------------------------- */

static struct slice fit_id(struct anthropic_draft *d, struct slice id)
{
	return callid_fit(d->ask->arena, CALLID_ANTHROPIC, id);
}

/* A custom tool's text stands in the one member of its schema (anthropic_tools.c). */
static void put_input(struct anthropic_draft *d, const struct prompt_part *part)
{
	json_out_key(&d->w, "input");
	if (part->custom) {
		json_out_obj(&d->w);
		json_out_key_str(&d->w, "input", part->args);
		json_out_obj_end(&d->w);
	} else if (!anthropic_input_write(d->ask->arena, &d->w, part->args) && d->err == ERR_OK) {
		d->err = ERR_TOO_BIG;
	}
}

/* A provider that is a weir itself gets back what it gave. */
static void write_call_seal(struct anthropic_draft *d, const struct prompt_part *part)
{
	if (part->seal.origin != anthropic_messages.tag || part->seal.bytes.n == 0)
		return;
	open_block(d, "thinking");
	json_out_key_str(&d->w, "thinking", SLICE_EMPTY);
	json_out_key_str(&d->w, "signature", anthropic_seal_write(d->ask->arena, ANTHROPIC_SEAL_CALL, part->seal.origin,
		SLICE_EMPTY, part->seal.bytes));
	json_out_obj_end(&d->w);
}

static void write_call(struct anthropic_draft *d, const struct prompt_part *part)
{
	write_call_seal(d, part);
	if (is_own(d, part))
		anthropic_draft_open_like(d, part->raw, "id", NULL);
	else
		open_block(d, "tool_use");
	json_out_key_str(&d->w, "id", fit_id(d, part->id));
	if (!is_own(d, part)) {
		json_out_key_str(&d->w, "name", part->name);
		put_input(d, part);
	}
	close_block(d, part);
}

static bool is_plain(const struct anthropic_draft *d, const struct prompt_part *parts)
{
	for (const struct prompt_part *part = parts; part; part = part->next)
		if (part->kind != PROMPT_PART_TEXT || is_own(d, part) || part->cache != PROMPT_CACHE_NONE)
			return false;
	return true;
}

/* One string where it can be one. */
static void put_content(struct anthropic_draft *d, const struct prompt_part *parts)
{
	struct slice text = prompt_text_of(d->ask->arena, parts);

	if (is_plain(d, parts)) {
		if (text.n)
			json_out_key_str(&d->w, "content", text);
		return;
	}
	json_out_key(&d->w, "content");
	json_out_arr(&d->w);
	for (const struct prompt_part *part = parts; part; part = part->next)
		if (anthropic_parts_is_written(d, part))
			anthropic_parts_write(d, part);
	json_out_arr_end(&d->w);
}

static void write_result(struct anthropic_draft *d, const struct prompt_part *part)
{
	if (is_own(d, part))
		anthropic_draft_open_like(d, part->raw, "tool_use_id", "content");
	else
		open_block(d, "tool_result");
	json_out_key_str(&d->w, "tool_use_id", fit_id(d, part->id));
	put_content(d, part->content);
	if (part->is_error && !is_own(d, part))
		json_out_key_bool(&d->w, "is_error", true);
	close_block(d, part);
}

/* --- any part ------------------------------------------------------------------------------------------- */

static void write_own(struct anthropic_draft *d, const struct prompt_part *part)
{
	anthropic_draft_open_like(d, part->raw, NULL, NULL);
	close_block(d, part);
}

void anthropic_parts_write(struct anthropic_draft *d, const struct prompt_part *part)
{
	bool is_typed = part->kind == PROMPT_PART_TOOL_CALL || part->kind == PROMPT_PART_TOOL_RESULT
		|| part->kind == PROMPT_PART_REASONING;

	if (is_own(d, part) && !is_typed) {
		write_own(d, part);
		return;
	}
	switch (part->kind) {
	case PROMPT_PART_TEXT:
	case PROMPT_PART_REFUSAL:
		anthropic_parts_write_text(d, part, part->text);
		return;
	case PROMPT_PART_REASONING:
		write_reasoning(d, part);
		return;
	case PROMPT_PART_IMAGE:
		write_image(d, part);
		return;
	case PROMPT_PART_AUDIO:
		anthropic_draft_refuse(d, "sounds cannot be sent");
		return;
	case PROMPT_PART_FILE:
		write_file(d, part);
		return;
	case PROMPT_PART_TOOL_CALL:
		write_call(d, part);
		return;
	case PROMPT_PART_TOOL_RESULT:
		write_result(d, part);
		return;
	case PROMPT_PART_OTHER:
		return;		/* another family's: named, not written */
	}
	must_never("part kind");
}

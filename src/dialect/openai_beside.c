#include "dialect/openai_beside.h"

#include <stdlib.h>

#include "codec/json_out.h"
#include "dialect/openai_state.h"

/* --- reasoning ------------------------------------------------------------------------------------------ */

bool openai_beside_has_text(yyjson_val *details)
{
	size_t i, n;
	yyjson_val *item;

	yyjson_arr_foreach(details, i, n, item)
		if (openai_state_text(item).n)
			return true;
	return false;
}

static void emit_state(struct openai_frame *f, uint16_t choice, yyjson_val *item, bool encrypted)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);		/* no longer than the frame */
	if (openai_state_put_item(item, &b)) {
		struct event ev = { .kind = encrypted ? EVENT_REDACTED : EVENT_SIGNATURE, .choice = choice,
			.part = EVENT_NO_PART, .text = buf_slice(&b), .extra = json_str(item, "id") };
		openai_frame_emit(f, &ev);
	}
	buf_done(&b);
	if (!encrypted)
		openai_frame_signed(f, choice);
}

/* In a stream the text of an item that carries a signature has been told already where any was: weir
 * itself, and who learned from it, repeats there what was signed: all since the last signature, whatever
 * was encrypted between. */
void openai_beside_details(struct openai_frame *f, uint16_t choice, yyjson_val *details, bool whole)
{
	size_t i, n;
	yyjson_val *item;

	yyjson_arr_foreach(details, i, n, item) {
		struct slice text = openai_state_text(item);
		bool encrypted = json_str(item, "data").n > 0, is_signed = !encrypted && json_str(item, "signature").n;
		if (whole || !is_signed || !openai_frame_has_reasoned(f, choice))
			openai_frame_text(f, choice, EVENT_REASONING, text);
		if (is_signed || encrypted)
			emit_state(f, choice, item, encrypted);
		else if (text.n == 0)
			f->other = choice;
	}
}

/* --- sources -------------------------------------------------------------------------------------------- */

/* url_citation's members under the names of chat/event.h; `content` is OpenRouter's. */
static bool put_citation(yyjson_val *citation, struct buf *out)
{
	static const struct {
		const char *theirs, *ours;
	} names[] = { { "url", "url" }, { "title", "title" }, { "content", "text" },
		{ "start_index", "start_index" }, { "end_index", "end_index" } };
	struct json_out w = json_out_to(out);

	json_out_obj(&w);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		yyjson_val *v = yyjson_obj_get(citation, names[i].theirs);
		if (yyjson_is_str(v) || yyjson_is_int(v))
			json_out_key_val(&w, names[i].ours, v);
	}
	json_out_obj_end(&w);
	return json_out_ok(&w);
}

void openai_beside_annotations(struct openai_frame *f, uint16_t choice, yyjson_val *annotations)
{
	size_t i, n, raw_n;
	yyjson_val *v;

	yyjson_arr_foreach(annotations, i, n, v) {
		yyjson_val *citation = json_obj(v, "url_citation");
		struct buf b;
		buf_init(&b, SIZE_MAX);
		bool good = citation && put_citation(citation, &b);
		char *raw = good ? yyjson_val_write(v, YYJSON_WRITE_NOFLAG, &raw_n) : NULL;
		struct event ev = { .kind = EVENT_CITATION, .choice = choice, .part = EVENT_NO_PART,
			.text = buf_slice(&b), .extra = slice_of(raw, raw ? raw_n : 0) };
		if (raw)
			openai_frame_emit(f, &ev);
		else
			f->other = choice;	/* a file, or a kind of source that is new */
		free(raw);
		buf_done(&b);
	}
}

static void emit_source(struct openai_frame *f, uint16_t choice, struct slice url, struct slice title)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);		/* no longer than the frame */
	struct json_out w = json_out_to(&b);
	json_out_obj(&w);
	json_out_key_str(&w, "url", url);
	if (title.n)
		json_out_key_str(&w, "title", title);
	json_out_obj_end(&w);
	struct event ev = { .kind = EVENT_CITATION, .choice = choice, .part = EVENT_NO_PART, .text = buf_slice(&b) };
	if (json_out_ok(&w))
		openai_frame_emit(f, &ev);
	buf_done(&b);
}

void openai_beside_sources(struct openai_frame *f, uint16_t choice)
{
	yyjson_val *sources = f->sources ? f->sources : f->results, *v, *result;
	size_t i, n;

	yyjson_arr_foreach(sources, i, n, v) {
		if (i < f->state->n_sources || i == UINT16_MAX)
			continue;
		f->state->n_sources++;
		result = f->results ? yyjson_arr_get(f->results, i) : NULL;
		struct slice url = yyjson_is_str(v) ? json_val_str(v) : json_str(v, "url");
		bool is_its = slice_eq(json_str(result, "url"), url);
		if (url.n)
			emit_source(f, choice, url, is_its ? json_str(result, "title") : SLICE_EMPTY);
	}
}

/* --- images and probabilities --------------------------------------------------------------------------- */

/* Only bytes: an address is nothing that other dialects could give on. */
void openai_beside_images(struct openai_frame *f, uint16_t choice, yyjson_val *images)
{
	size_t i, n;
	yyjson_val *v;

	yyjson_arr_foreach(images, i, n, v) {
		struct prompt_media m = prompt_media_of_uri(json_str(json_obj(v, "image_url"), "url"));
		struct event ev = { .kind = EVENT_MEDIA, .choice = choice, .part = EVENT_NO_PART,
			.text = m.data, .extra = m.mime };
		if (m.source == PROMPT_SOURCE_BASE64 && m.data.n)
			openai_frame_emit(f, &ev);
		else
			f->other = choice;
	}
}

void openai_beside_logprobs(struct openai_frame *f, uint16_t choice, yyjson_val *logprobs)
{
	yyjson_val *content = json_arr(logprobs, "content");
	size_t n = 0;

	if (yyjson_arr_size(content) == 0)
		return;
	char *text = yyjson_val_write(content, YYJSON_WRITE_NOFLAG, &n);
	struct event ev = { .kind = EVENT_LOGPROBS, .choice = choice, .part = EVENT_NO_PART,
		.text = slice_of(text, n) };
	if (text)
		openai_frame_emit(f, &ev);
	free(text);
}

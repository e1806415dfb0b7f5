#include "dialect/responses_gather.h"

#include "codec/json_out.h"
#include "dialect/responses_seal.h"

#define LAST_BIT 63u

static uint64_t bit_of(uint32_t part)
{
	return UINT64_C(1) << MIN_OF(part, LAST_BIT);
}

static void emit_end(struct responses_frame *f, uint16_t part)
{
	responses_frame_emit(f, (struct event){ .kind = EVENT_PART_END, .part = part });
}

/* --- messages ------------------------------------------------------------------------------------------- */

static void close_open(struct responses_frame *f, struct responses_item *it)
{
	if (it->open == 0)
		return;
	emit_end(f, EVENT_NO_PART);
	if (it->open <= LAST_BIT)
		it->closed |= bit_of(it->open - 1);
	it->open = 0;
	it->has_logprobs = it->has_citations = false;
}

static void open_part(struct responses_frame *f, struct responses_item *it, uint32_t part)
{
	if (it->open == part + 1)
		return;
	close_open(f, it);
	it->open = part + 1;
	it->base = f->state->text_chars;
}

/* The text is valid UTF-8: the parser saw to it. */
static uint64_t count_chars(struct slice text)
{
	uint64_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return n;
}

void responses_gather_text(struct responses_frame *f, struct responses_item *it, uint32_t part, enum event_kind kind,
	struct slice text)
{
	if (text.n == 0 || (it->closed & bit_of(part)))
		return;
	open_part(f, it, part);
	it->texts |= bit_of(part);
	if (kind == EVENT_TEXT)
		f->state->text_chars += count_chars(text);
	responses_frame_emit(f, (struct event){ .kind = (uint8_t)kind, .text = text });
}

void responses_gather_whole_text(struct responses_frame *f, struct responses_item *it, uint32_t part,
	enum event_kind kind, struct slice text)
{
	if ((it->texts & bit_of(part)) == 0)
		responses_gather_text(f, it, part, kind, text);
}

void responses_gather_logprobs(struct responses_frame *f, struct responses_item *it, uint32_t part,
	yyjson_val *logprobs)
{
	struct arena a;

	if (yyjson_arr_size(logprobs) == 0 || (it->closed & bit_of(part)))
		return;
	open_part(f, it, part);	/* they can stand beside an empty text */
	it->has_logprobs = true;
	arena_init(&a, 0);	/* as long as the frame, which is bounded */
	responses_frame_emit(f, (struct event){ .kind = EVENT_LOGPROBS, .part = EVENT_NO_PART,
		.text = json_out_text(&a, logprobs) });
	arena_done(&a);
}

/* {"type":"url_citation","url","title","start_index","end_index"}, the places counted from the start of its
 * part; file citations have a name. */
static void write_citation(struct json_out *w, yyjson_val *annotation, int64_t base)
{
	static const char *const texts[] = { "url", "title" }, *const numbers[] = { "start_index", "end_index" };

	json_out_obj(w);
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (json_str(annotation, texts[i]).n)
			json_out_key_str(w, texts[i], json_str(annotation, texts[i]));
	if (json_str(annotation, "title").n == 0 && json_str(annotation, "filename").n)
		json_out_key_str(w, "title", json_str(annotation, "filename"));
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		int64_t at = json_int(annotation, numbers[i], -1);
		if (at >= 0 && at <= INT32_MAX)
			json_out_key_int(w, numbers[i], base + at);
	}
	json_out_obj_end(w);
}

void responses_gather_citation(struct responses_frame *f, struct responses_item *it, yyjson_val *annotation)
{
	struct buf b;
	struct arena a;

	if (!yyjson_is_obj(annotation))
		return;
	it->has_citations = true;
	buf_init(&b, SIZE_MAX);	/* as long as the frame, which is bounded */
	arena_init(&a, 0);
	struct json_out w = json_out_to(&b);
	write_citation(&w, annotation, (int64_t)it->base);
	responses_frame_emit(f, (struct event){ .kind = EVENT_CITATION, .part = EVENT_NO_PART, .text = buf_slice(&b),
		.extra = json_out_text(&a, annotation) });
	arena_done(&a);
	buf_done(&b);
}

void responses_gather_part(struct responses_frame *f, struct responses_item *it, uint32_t part, yyjson_val *value)
{
	size_t i, n;
	yyjson_val *annotation;

	if (it->closed & bit_of(part))
		return;
	responses_gather_whole_text(f, it, part, EVENT_TEXT, json_str(value, "text"));
	responses_gather_whole_text(f, it, part, EVENT_REFUSAL, json_str(value, "refusal"));
	if (it->open != part + 1 || !it->has_logprobs)
		responses_gather_logprobs(f, it, part, json_arr(value, "logprobs"));
	if (it->open != part + 1)
		return;
	if (!it->has_citations)
		yyjson_arr_foreach(json_arr(value, "annotations"), i, n, annotation)
			responses_gather_citation(f, it, annotation);
	close_open(f, it);
}

static void gather_message(struct responses_frame *f, struct responses_item *it, yyjson_val *item)
{
	size_t i, n;
	yyjson_val *part;

	yyjson_arr_foreach(json_arr(item, "content"), i, n, part)
		responses_gather_part(f, it, (uint32_t)MIN_OF(i, (size_t)INT32_MAX), part);
	close_open(f, it);
}

/* --- reasoning ------------------------------------------------------------------------------------------ */

void responses_gather_reasoning(struct responses_frame *f, struct responses_item *it, uint32_t part, bool is_summary,
	struct slice text)
{
	uint32_t open = part + 1 + (is_summary ? UINT32_C(1) << 31 : 0);
	struct event ev = { .kind = EVENT_REASONING, .text = SLICE("\n\n"), .extra = it->id };

	if (text.n == 0 || it->done)
		return;
	if (it->open && it->open != open)
		responses_frame_emit(f, ev);
	it->open = open;
	*(is_summary ? &it->summaries : &it->texts) |= bit_of(part);
	ev.text = text;
	responses_frame_emit(f, ev);
}

void responses_gather_whole_reasoning(struct responses_frame *f, struct responses_item *it, uint32_t part,
	bool is_summary, struct slice text)
{
	if (((is_summary ? it->summaries : it->texts) & bit_of(part)) == 0)
		responses_gather_reasoning(f, it, part, is_summary, text);
}

/* False: there is none, or it is the next call's. */
static bool take_state(struct responses_frame *f, struct slice state, struct slice id)
{
	enum responses_seal_of of = responses_seal_cut(&state);

	if (of == RESPONSES_SEAL_CALL)
		f->state->call_state = responses_frame_keep(f, state);
	if (of == RESPONSES_SEAL_CALL || state.n == 0)
		return false;
	enum event_kind kind = of == RESPONSES_SEAL_REDACTED ? EVENT_REDACTED : EVENT_SIGNATURE;
	responses_frame_emit(f, (struct event){ .kind = (uint8_t)kind, .part = EVENT_NO_PART, .text = state,
		.extra = id });
	return true;
}

static void gather_reasoning(struct responses_frame *f, struct responses_item *it, yyjson_val *item)
{
	static const char *const lists[] = { "content", "summary" };
	size_t i, n;
	yyjson_val *part;

	for (size_t k = 0; k < COUNT_OF(lists); k++)
		yyjson_arr_foreach(json_arr(item, lists[k]), i, n, part)
			responses_gather_whole_reasoning(f, it, (uint32_t)MIN_OF(i, (size_t)INT32_MAX), k > 0,
				json_str(part, "text"));
	if (take_state(f, json_str(item, "encrypted_content"), json_str(item, "id")) || it->open)
		emit_end(f, EVENT_NO_PART);
}

/* --- calls ---------------------------------------------------------------------------------------------- */

void responses_gather_call(struct responses_frame *f, struct responses_item *it, yyjson_val *item)
{
	struct slice id = json_str(item, "call_id");

	if (it->started)
		return;
	it->started = true;
	it->part = f->state->n_calls++;
	responses_frame_emit(f, (struct event){ .kind = EVENT_TOOL_START, .part = it->part,
		.text = id.n ? id : json_str(item, "id"), .extra = json_str(item, "name") });
	if (it->state.n)
		responses_frame_emit(f, (struct event){ .kind = EVENT_SIGNATURE, .part = it->part, .text = it->state });
}

static void emit_args(struct responses_frame *f, struct responses_item *it, struct slice text)
{
	if (text.n == 0)
		return;
	it->has_args = true;
	responses_frame_emit(f, (struct event){ .kind = EVENT_TOOL_ARGS, .part = it->part, .text = text });
}

void responses_gather_args(struct responses_frame *f, struct responses_item *it, struct slice text)
{
	if (it->done)
		return;
	if (!it->started || it->skips_args)
		it->skips_args = true;
	else
		emit_args(f, it, text);
}

void responses_gather_whole_args(struct responses_frame *f, struct responses_item *it, struct slice text)
{
	if (it->started && !it->has_args)
		emit_args(f, it, text);
}

/* A call of nothing with nothing that nobody could answer is none. */
static void gather_call(struct responses_frame *f, struct responses_item *it, yyjson_val *item)
{
	struct slice args = json_str(item, "arguments");

	if (args.n == 0)
		args = json_str(item, "input");
	if (!it->started && args.n == 0 && json_str(item, "name").n == 0 && json_str(item, "call_id").n == 0)
		return;
	responses_gather_call(f, it, item);
	responses_gather_whole_args(f, it, args);
	if (!slice_eq(json_str(item, "status"), SLICE("incomplete")))	/* cut, not ended */
		emit_end(f, it->part);
}

/* --- items ---------------------------------------------------------------------------------------------- */

static void gather_image(struct responses_frame *f, struct responses_item *it, yyjson_val *item)
{
	static const char *const formats[] = { "jpeg", "webp", "gif", "svg" };
	static const char *const mimes[] = { "image/jpeg", "image/webp", "image/gif", "image/svg+xml" };
	struct slice mime = SLICE("image/png"), result = json_str(item, "result");

	for (size_t i = 0; i < COUNT_OF(formats); i++)
		if (slice_eq(json_str(item, "output_format"), slice_str(formats[i])))
			mime = slice_str(mimes[i]);
	if (result.n == 0 || it->has_image)
		return;
	it->has_image = true;
	responses_frame_emit(f, (struct event){ .kind = EVENT_MEDIA, .part = EVENT_NO_PART, .text = result,
		.extra = mime });
}

enum responses_item_kind responses_gather_kind(yyjson_val *item)
{
	struct slice type = json_str(item, "type"), role = json_str(item, "role");

	if (slice_eq(type, SLICE("message")) && (role.n == 0 || slice_eq(role, SLICE("assistant"))))
		return RESPONSES_ITEM_MESSAGE;
	if (slice_eq(type, SLICE("reasoning")))
		return RESPONSES_ITEM_REASONING;
	if (slice_eq(type, SLICE("function_call")) || slice_eq(type, SLICE("custom_tool_call")))
		return RESPONSES_ITEM_CALL;
	return slice_eq(type, SLICE("image_generation_call")) ? RESPONSES_ITEM_IMAGE : RESPONSES_ITEM_HOSTED;
}

void responses_gather_item(struct responses_frame *f, struct responses_item *it, yyjson_val *item)
{
	if (it->done)
		return;
	switch (it->kind) {
	case RESPONSES_ITEM_MESSAGE:
		gather_message(f, it, item);
		break;
	case RESPONSES_ITEM_REASONING:
		gather_reasoning(f, it, item);
		break;
	case RESPONSES_ITEM_CALL:
		gather_call(f, it, item);
		break;
	case RESPONSES_ITEM_IMAGE:
		gather_image(f, it, item);
		break;
	case RESPONSES_ITEM_HOSTED:
		break;
	}
	it->done = true;
}

/* A chunk and a whole answer are the same object, so one reader serves both (protocols.md 5.3, 5.4).
 *
 * Events of one chunk, in this order: start (once), then for each candidate its parts as they stand, sources, log
 * probabilities, finish; then usage when it changed.  A chunk that reports a failure gives only the error: its bytes
 * must not reach a client as if they were content. */
#include "dialect/gemini_decode.h"

#include <stdlib.h>

#include "base/siphash.h"
#include "codec/json_out.h"
#include "dialect/gemini_error.h"
#include "dialect/gemini_field.h"
#include "dialect/gemini_finish.h"
#include "dialect/gemini_frame.h"
#include "dialect/gemini_logprobs.h"
#include "dialect/gemini_sources.h"
#include "dialect/gemini_usage.h"

/* of one chunk's; a whole answer of 64 K tokens with 20 others has as much */
#define LOGPROBS_BYTES ((size_t)1 << 22)

static const struct siphash_key id_key = { 0x67656d69u, 0x6e69u };

/* --- parts ---------------------------------------------------------------------------------------------- */

static void emit_text(struct gemini_frame *f, struct gemini_frame_choice *c, enum event_kind kind, struct slice text)
{
	struct event ev = { .kind = (uint8_t)kind, .choice = c->index, .text = text };

	if (text.n == 0)
		return;
	if (kind == EVENT_TEXT)
		gemini_offsets_add(&c->offsets, f->d->arena, text);
	gemini_frame_emit(f, &ev);
}

static void emit_signature(struct gemini_frame *f, struct gemini_frame_choice *c, yyjson_val *part, uint16_t number)
{
	struct event ev = { .kind = EVENT_SIGNATURE, .choice = c->index, .part = number,
		.text = gemini_field_str(part, "thoughtSignature") };

	if (ev.text.n)
		gemini_frame_emit(f, &ev);
}

static void emit_call_event(struct gemini_frame *f, struct gemini_frame_choice *c, enum event_kind kind,
	uint16_t number,
	struct slice text, struct slice extra)
{
	struct event ev = { .kind = (uint8_t)kind, .choice = c->index, .part = number, .text = text, .extra = extra };
	gemini_frame_emit(f, &ev);
}

/* Arguments are an object; without any, Google leaves it out. */
static void emit_args(struct gemini_frame *f, struct gemini_frame_choice *c, yyjson_val *args, uint16_t number)
{
	size_t n = 0;
	char *text = args ? yyjson_val_write(args, YYJSON_WRITE_NOFLAG, &n) : NULL;

	emit_call_event(f, c, EVENT_TOOL_ARGS, number, text ? slice_of(text, n) : SLICE("{}"), SLICE_EMPTY);
	free(text);
}

/* Older models give no id; clients need one for each call.  Made from the answer's id and the call's place, so that
 * it is the same whenever this answer is decoded. */
static struct slice call_id(const struct gemini_frame *f, const struct gemini_frame_choice *c, struct slice own,
	char *room, size_t n)
{
	struct siphash_key key = { f->state->id_hash, (uint64_t)c->index << 16 | c->n_calls };

	if (own.n)
		return own;
	unsigned long long hash = siphash(&key, SLICE("call"));
	return slice_of(room, (size_t)snprintf(room, n, "call_%016llx", hash));
}

static void take_call(struct gemini_frame *f, struct gemini_frame_choice *c, yyjson_val *part, yyjson_val *call)
{
	struct slice name = json_str(call, "name"), own = json_str(call, "id");
	yyjson_val *args = gemini_field(call, "args");
	char room[32];

	/* Pieces of arguments, which only Vertex sends and only when asked, have nothing of a call. */
	if ((name.n == 0 && own.n == 0 && args == NULL) || c->n_calls == GEMINI_FRAME_CALLS) {
		f->other = c->index;
		return;
	}
	struct slice id = call_id(f, c, own, room, sizeof(room));
	uint16_t number = c->n_calls++;
	emit_call_event(f, c, EVENT_TOOL_START, number, id, name);
	emit_signature(f, c, part, number);
	emit_args(f, c, args, number);
	emit_call_event(f, c, EVENT_PART_END, number, SLICE_EMPTY, SLICE_EMPTY);
}

/* Pictures that the model only thought of are not part of its answer. */
static bool take_media(struct gemini_frame *f, struct gemini_frame_choice *c, yyjson_val *part)
{
	yyjson_val *data = gemini_field_obj(part, "inlineData");
	struct event ev = { .kind = EVENT_MEDIA, .choice = c->index, .part = EVENT_NO_PART,
		.text = json_str(data, "data"), .extra = gemini_field_str(data, "mimeType") };

	if (ev.text.n == 0 || gemini_field_true(part, "thought"))
		return false;
	gemini_frame_emit(f, &ev);
	return true;
}

static void take_part(struct gemini_frame *f, struct gemini_frame_choice *c, yyjson_val *part)
{
	yyjson_val *call = gemini_field_obj(part, "functionCall"), *text = yyjson_obj_get(part, "text");

	if (call) {
		take_call(f, c, part, call);
		return;
	}
	if (yyjson_is_str(text))
		emit_text(f, c, gemini_field_true(part, "thought") ? EVENT_REASONING : EVENT_TEXT, json_val_str(text));
	else if (!take_media(f, c, part))
		f->other = c->index;	/* executableCode, codeExecutionResult, toolCall, fileData */
	emit_signature(f, c, part, EVENT_NO_PART);
}

/* --- candidates ----------------------------------------------------------------------------------------- */

/* True when the candidate reports a failure. */
static bool candidate_failed(struct gemini_frame *f, const struct gemini_frame_choice *c, struct gemini_finish finish,
	yyjson_val *parts)
{
	bool has_content = c->has_content || gemini_field_size(parts);

	if (finish.err == ERR_OK || c->done || (strcmp(finish.word, "OTHER") == 0 && has_content))
		return false;
	struct fault fault = { .err = finish.err };
	gemini_frame_fail(f, &fault);
	return true;
}

static void take_logprobs(struct gemini_frame *f, struct gemini_frame_choice *c, yyjson_val *result)
{
	struct event ev = { .kind = EVENT_LOGPROBS, .choice = c->index, .part = EVENT_NO_PART };
	struct buf b;

	buf_init(&b, LOGPROBS_BYTES);
	struct json_out w = json_out_to(&b);
	if (gemini_logprobs_read(result, &w) && json_out_ok(&w)) {
		ev.text = buf_slice(&b);
		gemini_frame_emit(f, &ev);
	}
	buf_done(&b);
}

static void take_finish(struct gemini_frame *f, struct gemini_frame_choice *c, struct gemini_finish finish,
	struct slice word)
{
	enum event_finish how = finish.finish;

	if (how == EVENT_FINISH_NONE)
		how = EVENT_FINISH_UNKNOWN;
	if (how == EVENT_FINISH_STOP && c->n_calls)
		how = EVENT_FINISH_TOOL_CALLS;
	gemini_frame_finish(f, c, how, word);
}

static void take_candidate(struct gemini_frame *f, yyjson_val *v, size_t place)
{
	int64_t index = gemini_field_count(v, "index");
	struct gemini_frame_choice *c = gemini_frame_choice(f, index < 0 ? place : (uint64_t)index);
	yyjson_val *parts = gemini_field(gemini_field(v, "content"), "parts"), *part;
	struct slice word = gemini_field_str(v, "finishReason");
	struct gemini_finish finish = gemini_finish_find(word);
	size_t at = 0;

	if (c == NULL || (word.n && candidate_failed(f, c, finish, parts)))
		return;
	/* Older models write STOP into every chunk: what follows is content all the same. */
	while ((part = gemini_field_next(parts, &at)) != NULL) {
		take_part(f, c, part);
		c->has_content = true;
	}
	gemini_sources_read(f, c, v);
	take_logprobs(f, c, gemini_field_obj(v, "logprobsResult"));
	if (word.n)
		take_finish(f, c, finish, word);
}

/* --- an answer or a chunk of one ------------------------------------------------------------------------ */

static void start(struct gemini_frame *f, yyjson_val *root, bool is_blank)
{
	struct event ev = { .kind = EVENT_START, .text = gemini_field_str(root, "responseId"),
		.extra = gemini_field_str(root, "modelVersion") };

	if (f->state->started || (is_blank && ev.text.n == 0 && ev.extra.n == 0))
		return;
	f->state->started = true;
	f->state->id_hash = siphash(&id_key, ev.text);
	gemini_frame_emit(f, &ev);
}

/* No candidates: the prompt itself was refused (protocols.md 5.3). */
static void take_feedback(struct gemini_frame *f, yyjson_val *root, bool has_candidates)
{
	struct slice reason = gemini_field_str(gemini_field(root, "promptFeedback"), "blockReason");

	if (reason.n == 0 || has_candidates || slice_case_eq(reason, SLICE("BLOCK_REASON_UNSPECIFIED")))
		return;
	gemini_frame_finish(f, gemini_frame_choice(f, 0), EVENT_FINISH_FILTER, reason);
}

static void take_usage(struct gemini_frame *f, yyjson_val *root)
{
	struct usage u, *kept = &f->d->tally.usage;
	struct event ev = { .kind = EVENT_USAGE, .text = event_usage_text(&u) };

	if (!gemini_usage_read(gemini_field_obj(root, "usageMetadata"), &u) || memcmp(&u, kept, sizeof(u)) == 0)
		return;
	*kept = u;
	gemini_frame_emit(f, &ev);
}

/* What was used until a failure is billed. */
static void note_usage(struct gemini_frame *f, yyjson_val *root)
{
	struct usage u;

	if (gemini_usage_read(gemini_field_obj(root, "usageMetadata"), &u))
		f->d->tally.usage = u;
}

static void take_error(struct gemini_frame *f, yyjson_val *root, yyjson_val *error)
{
	struct fault fault = gemini_error_read(f->d->arena, error);

	note_usage(f, root);
	gemini_frame_fail(f, &fault);
}

static void take_root(struct gemini_frame *f, yyjson_val *root)
{
	yyjson_val *error = gemini_error_find(root), *candidates, *one;
	size_t at = 0, place = 0;

	if (error) {
		take_error(f, root, error);
		return;
	}
	candidates = gemini_field(root, "candidates");
	start(f, root, gemini_field_size(candidates) == 0 && !gemini_field(root, "promptFeedback"));
	for (; (one = gemini_field_next(candidates, &at)) != NULL; place++)
		if (f->d->tally.fault.err == ERR_OK && yyjson_is_obj(one))
			take_candidate(f, one, place);
	if (f->d->tally.fault.err != ERR_OK) {
		note_usage(f, root);
		return;
	}
	take_feedback(f, root, place > 0);
	take_usage(f, root);
}

static enum err err_of_json(enum err e)
{
	return e == ERR_TOO_BIG ? ERR_UP_TOO_BIG : ERR_UP_BAD_JSON;
}

/* The zeroed tally says 0 tokens; nothing was said yet. */
static void begin(struct dialect_decode *d)
{
	if (!d->tally.started)
		d->tally.usage = USAGE_NONE;
}

enum err gemini_decode_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw)
{
	struct gemini_frame f = gemini_frame_of(d, raw);
	bool is_error = slice_eq(type, SLICE("error"));
	yyjson_doc *doc;

	begin(d);
	data = slice_trim(data);
	if (slice_eq(data, SLICE("[DONE]"))) {
		d->tally.end_mark = true;
		return ERR_OK;
	}
	if (data.n == 0 && !is_error)
		return ERR_OK;
	enum err e = json_parse_scratch(d->scratch, data, &doc);
	yyjson_val *root = e == ERR_OK ? yyjson_doc_get_root(doc) : NULL;
	if (yyjson_is_obj(root) || gemini_error_find(root))
		take_root(&f, root);
	else if (!is_error)
		return err_of_json(e);
	if (is_error && f.err == ERR_OK && d->tally.fault.err == ERR_OK) {
		struct fault fault = { .err = ERR_UP_ERROR_EVENT };
		gemini_frame_fail(&f, &fault);
	}
	gemini_frame_end(&f);
	return f.err;
}

/* Whole by its framing, although nothing says why it ended. */
static void finish_wordless(struct gemini_frame *f)
{
	for (struct gemini_frame_choice *c = f->state->choices; c && f->d->tally.fault.err == ERR_OK; c = c->next)
		gemini_frame_finish(f, c, EVENT_FINISH_UNKNOWN, SLICE_EMPTY);
}

/* A list of chunks is a stream: without a terminal reason it was cut. */
static enum err verdict(struct gemini_frame *f, bool is_list)
{
	const struct dialect_tally *t = &f->d->tally;

	if (f->err != ERR_OK || t->fault.err != ERR_OK)
		return f->err;
	if (t->choices == 0 || !t->content)
		return ERR_UP_EMPTY;
	if (is_list && !t->finished)
		return ERR_UP_TRUNCATED;
	finish_wordless(f);
	return f->err;
}

enum err gemini_decode_whole(struct dialect_decode *d, struct slice body)
{
	struct gemini_frame f = gemini_frame_of(d, body);
	struct slice text = slice_trim(body);
	yyjson_doc *doc;
	yyjson_val *one;
	size_t at = 0;

	begin(d);
	if (text.n == 0)
		return ERR_UP_EMPTY;
	enum err e = json_parse_scratch(d->scratch, text, &doc);
	if (e != ERR_OK)
		return err_of_json(e);
	yyjson_val *root = yyjson_doc_get_root(doc);
	while ((one = gemini_field_next(root, &at)) != NULL)
		if (d->tally.fault.err == ERR_OK)
			take_root(&f, one);
	return verdict(&f, yyjson_is_arr(root));
}

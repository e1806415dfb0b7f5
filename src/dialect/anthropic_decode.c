/* Blocks of a stream and of a whole answer have the same members, so one reader serves both. */
#include "dialect/anthropic_decode.h"

#include "codec/json_out.h"
#include "dialect/anthropic_error.h"
#include "dialect/anthropic_frame.h"
#include "dialect/anthropic_input.h"
#include "dialect/anthropic_seal.h"
#include "dialect/anthropic_usage.h"

static const struct {
	const char *word;
	enum event_finish finish;
} finishes[] = {
#define FINISH(word, finish) { word, EVENT_FINISH_##finish },
#define FOREIGN(word, finish) FINISH(word, finish)
#include "dialect/anthropic_finish.def"
#undef FINISH
#undef FOREIGN
};

static enum event_finish finish_of(struct slice word)
{
	for (size_t i = 0; i < COUNT_OF(finishes); i++)
		if (slice_case_eq(word, slice_str(finishes[i].word)))
			return finishes[i].finish;
	return EVENT_FINISH_UNKNOWN;
}

/* --- pieces --------------------------------------------------------------------------------------------- */

/* A JSON text that lives for one event. */
static struct slice text_in(struct buf *b, yyjson_val *v)
{
	buf_init(b, SIZE_MAX);
	struct json_out w = json_out_to(b);
	json_out_val(&w, v);
	return json_out_ok(&w) ? buf_slice(b) : SLICE_EMPTY;
}

static void copy_str(struct json_out *w, const char *key, struct slice s)
{
	if (s.n)
		json_out_key_str(w, key, s);
}

static struct slice first_of(struct slice a, struct slice b)
{
	return a.n ? a : b;
}

/* Places in the source (pages, characters) are left to `extra`: the waist's are places in the answer. */
static void emit_citation(struct anthropic_frame *f, yyjson_val *c)
{
	struct slice source = json_str(c, "source");
	bool is_url = slice_starts(source, SLICE("http://")) || slice_starts(source, SLICE("https://"));
	struct buf said, own;

	if (!yyjson_is_obj(c))
		return;
	buf_init(&said, SIZE_MAX);
	struct json_out w = json_out_to(&said);
	json_out_obj(&w);
	copy_str(&w, "url", first_of(json_str(c, "url"), is_url ? source : SLICE_EMPTY));
	copy_str(&w, "title", first_of(json_str(c, "title"), json_str(c, "document_title")));
	copy_str(&w, "text", json_str(c, "cited_text"));
	json_out_obj_end(&w);
	anthropic_frame_part(f, EVENT_CITATION, EVENT_NO_PART, buf_slice(&said), text_in(&own, c));
	buf_done(&said);
	buf_done(&own);
}

/* Without the mark that says what it belongs to. */
static struct slice rewrapped(struct anthropic_frame *f, const struct anthropic_seal *s)
{
	struct slice text = seal_wrap(f->d->arena, s->seal.origin, s->seal.bytes);

	if (text.n == 0 && s->seal.bytes.n && f->err == ERR_OK)
		f->err = ERR_UP_TOO_BIG;
	return text;
}

static void emit_state(struct anthropic_frame *f, enum event_kind kind, const struct anthropic_seal *s,
	struct slice text)
{
	if (s->id.n)
		text = rewrapped(f, s);
	if (text.n)
		anthropic_frame_part(f, kind, EVENT_NO_PART, text, s->id);
}

/* Another weir's signature of a call waits for the call. */
static void emit_signature(struct anthropic_frame *f, const struct anthropic_frame_block *b, struct slice text)
{
	struct anthropic_seal s = anthropic_seal_read(f->d->arena, text);

	if (text.n == 0)
		return;
	if (s.is_call && b && !b->has_text) {
		f->state->call_seal = rewrapped(f, &s);
		f->other = 0;
		return;
	}
	emit_state(f, EVENT_SIGNATURE, &s, text);
}

static void emit_redacted(struct anthropic_frame *f, struct slice data)
{
	struct anthropic_seal s = anthropic_seal_read(f->d->arena, data);

	emit_state(f, EVENT_REDACTED, &s, data);
}

static void emit_thinking(struct anthropic_frame *f, struct anthropic_frame_block *b, struct slice text)
{
	if (b)
		b->has_text |= text.n > 0;
	anthropic_frame_text(f, EVENT_REASONING, text);
}

static void emit_args(struct anthropic_frame *f, struct anthropic_frame_block *b, struct slice text)
{
	if (text.n == 0)
		return;
	b->has_args = true;
	anthropic_frame_part(f, EVENT_TOOL_ARGS, b->part, text, SLICE_EMPTY);
}

/* Kept for the case that no piece follows; without room the call has no arguments to show, which is an error. */
static void keep_input(struct anthropic_frame *f, struct anthropic_frame_block *b, yyjson_val *input)
{
	if (yyjson_obj_size(input) == 0)
		return;
	b->input = anthropic_input_text(f->d->arena, input);
	if (b->input.n == 0 && f->err == ERR_OK)
		f->err = ERR_UP_TOO_BIG;
}

/* --- blocks --------------------------------------------------------------------------------------------- */

static const struct {
	const char *type;
	enum anthropic_frame_kind kind;
} kinds[] = {
	{ "text", ANTHROPIC_FRAME_TEXT }, { "thinking", ANTHROPIC_FRAME_THINKING },
	{ "tool_use", ANTHROPIC_FRAME_TOOL },
};

static enum anthropic_frame_kind kind_of(struct slice type)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (slice_eq(type, slice_str(kinds[i].type)))
			return kinds[i].kind;
	return ANTHROPIC_FRAME_OTHER;
}

static void start_call(struct anthropic_frame *f, struct anthropic_frame_block *b, yyjson_val *block)
{
	b->part = anthropic_frame_next_call(f);
	if (b->part == EVENT_NO_PART) {
		b->kind = ANTHROPIC_FRAME_OTHER;
		f->other = 0;
		return;
	}
	anthropic_frame_part(f, EVENT_TOOL_START, b->part, json_str(block, "id"), json_str(block, "name"));
	if (f->state->call_seal.n)
		anthropic_frame_part(f, EVENT_SIGNATURE, b->part, f->state->call_seal, SLICE_EMPTY);
	f->state->call_seal = SLICE_EMPTY;
	keep_input(f, b, json_obj(block, "input"));
}

/* What the block has in it at its start: all of it in a whole answer, usually nothing in a stream. */
static void start_block(struct anthropic_frame *f, struct anthropic_frame_block *b, yyjson_val *block)
{
	struct slice type = json_str(block, "type");
	size_t i, n;
	yyjson_val *citation;

	switch (b->kind) {
	case ANTHROPIC_FRAME_TEXT:
		anthropic_frame_text(f, EVENT_TEXT, json_str(block, "text"));
		yyjson_arr_foreach(json_arr(block, "citations"), i, n, citation)
			emit_citation(f, citation);
		return;
	case ANTHROPIC_FRAME_THINKING:
		emit_thinking(f, b, json_str(block, "thinking"));
		emit_signature(f, b, json_str(block, "signature"));
		return;
	case ANTHROPIC_FRAME_TOOL:
		start_call(f, b, block);
		return;
	case ANTHROPIC_FRAME_OTHER:
		f->other = 0;
		if (slice_eq(type, SLICE("redacted_thinking")))
			emit_redacted(f, json_str(block, "data"));
		return;
	}
	must_never("block kind");
}

static void stop_block(struct anthropic_frame *f, struct anthropic_frame_block *b)
{
	if (b->kind == ANTHROPIC_FRAME_TOOL && !b->has_args)
		emit_args(f, b, b->input.n ? b->input : SLICE("{}"));
	if (b->kind != ANTHROPIC_FRAME_OTHER)
		anthropic_frame_part(f, EVENT_PART_END, b->part, SLICE_EMPTY, SLICE_EMPTY);
	anthropic_frame_close(f, b);
}

static void take_block(struct anthropic_frame *f, int64_t index, yyjson_val *block)
{
	struct anthropic_frame_block *b = anthropic_frame_open(f, index, kind_of(json_str(block, "type")));

	anthropic_frame_see(f);
	if (b)
		start_block(f, b, block);
}

/* --- events of a stream --------------------------------------------------------------------------------- */

static void take_start(struct anthropic_frame *f, yyjson_val *root)
{
	yyjson_val *message = json_obj(root, "message");
	struct event ev = { .kind = EVENT_START, .text = json_str(message, "id"), .extra = json_str(message, "model") };

	if (!f->state->started)
		anthropic_frame_emit(f, &ev);
	f->state->started = true;
	anthropic_frame_usage(f, json_obj(message, "usage"));
}

static void take_block_start(struct anthropic_frame *f, yyjson_val *root)
{
	take_block(f, json_int(root, "index", 0), json_obj(root, "content_block"));
}

/* Text and thinking need no block: small servers leave its start out. */
static void take_delta(struct anthropic_frame *f, yyjson_val *root)
{
	struct anthropic_frame_block *b = anthropic_frame_find(f, json_int(root, "index", 0));
	yyjson_val *delta = json_obj(root, "delta");
	struct slice type = json_str(delta, "type");

	anthropic_frame_see(f);
	if (slice_eq(type, SLICE("text_delta")))
		anthropic_frame_text(f, EVENT_TEXT, json_str(delta, "text"));
	else if (slice_eq(type, SLICE("thinking_delta")))
		emit_thinking(f, b, json_str(delta, "thinking"));
	else if (slice_eq(type, SLICE("input_json_delta")) && b && b->kind == ANTHROPIC_FRAME_TOOL)
		emit_args(f, b, json_str(delta, "partial_json"));
	else if (slice_eq(type, SLICE("signature_delta")))
		emit_signature(f, b, json_str(delta, "signature"));
	else if (slice_eq(type, SLICE("citations_delta")))
		emit_citation(f, json_obj(delta, "citation"));
	else
		f->other = 0;
}

static void take_block_stop(struct anthropic_frame *f, yyjson_val *root)
{
	struct anthropic_frame_block *b = anthropic_frame_find(f, json_int(root, "index", 0));

	if (b)
		stop_block(f, b);
}

/* "" is null to some local servers. */
static void take_reason(struct anthropic_frame *f, yyjson_val *holder)
{
	struct slice word = json_str(holder, "stop_reason");

	if (word.n)
		anthropic_frame_finish(f, finish_of(word), word, json_str(holder, "stop_sequence"));
}

static void take_message_delta(struct anthropic_frame *f, yyjson_val *root)
{
	take_reason(f, json_obj(root, "delta"));
	anthropic_frame_usage(f, json_obj(root, "usage"));
}

static void take_stop(struct anthropic_frame *f, yyjson_val *root)
{
	struct event ev = { .kind = EVENT_END };

	f->d->tally.end_mark = true;
	anthropic_frame_emit(f, &ev);
}

static const struct {
	const char *type;
	void (*take)(struct anthropic_frame *f, yyjson_val *root);
} events[] = {
	{ "content_block_delta", take_delta }, { "content_block_start", take_block_start },
	{ "content_block_stop", take_block_stop }, { "message_start", take_start },
	{ "message_delta", take_message_delta }, { "message_stop", take_stop },
};

static enum err err_of_json(enum err e)
{
	return e == ERR_TOO_BIG ? ERR_UP_TOO_BIG : ERR_UP_BAD_JSON;
}

static void fail(struct anthropic_frame *f, yyjson_val *error, yyjson_val *root)
{
	struct fault fault = anthropic_error_read(f->d->arena, error);

	anthropic_usage_read(json_obj(root, "usage"), &f->d->tally.usage);	/* what was used until then is billed */
	anthropic_frame_fail(f, &fault);
}

static void take_typed(struct anthropic_frame *f, struct slice type, yyjson_val *root)
{
	yyjson_val *error = anthropic_error_find(root);

	if (error || slice_eq(type, SLICE("error"))) {
		fail(f, error ? error : root, root);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(events); i++)
		if (slice_eq(type, slice_str(events[i].type)))
			events[i].take(f, root);
	anthropic_frame_end(f);
}

/* Data that is no JSON under `event: error` is an error all the same. */
static enum err fail_unread(struct anthropic_frame *f)
{
	struct fault fault = { .err = ERR_UP_ERROR_EVENT };

	anthropic_frame_fail(f, &fault);
	return f->err;
}

/* Signs of life, and the end mark of another dialect, which some servers send behind their own. */
static bool is_idle(struct slice type, struct slice data)
{
	return data.n == 0 || slice_eq(type, SLICE("ping")) || slice_starts(data, SLICE("[DONE]"));
}

enum err anthropic_decode_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw)
{
	struct anthropic_frame f = anthropic_frame_of(d, raw);
	bool is_error = slice_eq(type, SLICE("error"));
	yyjson_doc *doc;

	data = slice_trim(data);
	if (is_idle(type, data) && !is_error)
		return ERR_OK;
	enum err e = json_parse_scratch(d->scratch, data, &doc);
	yyjson_val *root = e == ERR_OK ? yyjson_doc_get_root(doc) : NULL;
	if (!yyjson_is_obj(root))
		return is_error ? fail_unread(&f) : err_of_json(e);
	struct slice inner = json_str(root, "type");
	if (slice_eq(inner, SLICE("ping")))
		return ERR_OK;
	take_typed(&f, inner.n ? inner : type, root);
	return f.err;
}

/* --- whole answers -------------------------------------------------------------------------------------- */

static void take_message(struct anthropic_frame *f, yyjson_val *root)
{
	struct event ev = { .kind = EVENT_START, .text = json_str(root, "id"), .extra = json_str(root, "model") };
	size_t i, n;
	yyjson_val *block;

	anthropic_frame_emit(f, &ev);
	anthropic_frame_see(f);
	yyjson_arr_foreach(json_arr(root, "content"), i, n, block) {
		take_block(f, (int64_t)i, block);
		struct anthropic_frame_block *b = anthropic_frame_find(f, (int64_t)i);
		if (b)
			stop_block(f, b);
	}
	take_reason(f, root);
	anthropic_frame_finish(f, EVENT_FINISH_UNKNOWN, SLICE_EMPTY, SLICE_EMPTY);	/* whole by its framing */
	anthropic_frame_usage(f, json_obj(root, "usage"));
}

static enum err open_whole(struct dialect_decode *d, struct slice body, yyjson_val **out_root)
{
	struct slice text = slice_trim(body);
	yyjson_doc *doc;

	if (text.n == 0)
		return ERR_UP_EMPTY;
	enum err e = json_parse_scratch(d->scratch, text, &doc);
	if (e != ERR_OK)
		return err_of_json(e);
	*out_root = yyjson_doc_get_root(doc);
	return ERR_OK;
}

enum err anthropic_decode_whole(struct dialect_decode *d, struct slice body)
{
	struct anthropic_frame f = anthropic_frame_of(d, body);
	yyjson_val *root;
	enum err e = open_whole(d, body, &root);

	if (e != ERR_OK)
		return e;
	yyjson_val *error = anthropic_error_find(root);
	if (error)
		fail(&f, error, root);
	else if (json_arr(root, "content"))
		take_message(&f, root);
	else
		return ERR_UP_EMPTY;
	return f.err;
}

/* --- counts --------------------------------------------------------------------------------------------- */

static enum err take_count(struct dialect_decode *d, struct slice data, struct slice raw)
{
	struct anthropic_frame f = anthropic_frame_of(d, raw);
	yyjson_val *root;
	enum err e = open_whole(d, data, &root);

	if (e != ERR_OK)
		return e;
	yyjson_val *error = anthropic_error_find(root);
	if (error) {
		fail(&f, error, root);
		return f.err;
	}
	anthropic_frame_usage(&f, root);
	if (d->tally.usage.prompt_tok < 0)
		return ERR_UP_EMPTY;
	d->tally.whole = true;
	anthropic_frame_finish(&f, EVENT_FINISH_STOP, SLICE_EMPTY, SLICE_EMPTY);
	return f.err;
}

enum err anthropic_decode_count(struct dialect_decode *d, struct slice body)
{
	return take_count(d, body, body);
}

enum err anthropic_decode_count_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw)
{
	enum err e = take_count(d, data, raw);

	d->tally.end_mark |= d->tally.whole;
	return e;
}

/* Chunks and whole answers differ in two words (`delta`, `message`), so one reader serves both.
 *
 * Events of one frame, in this order: start (once), then for each choice reasoning with its state, text,
 * refusal, sources, images, tool calls, log probabilities, finish, then usage.  A frame that reports a
 * failure gives only the error: its bytes must not reach a client as if they were content. */
#include "dialect/openai_decode.h"

#include "base/siphash.h"
#include "dialect/openai_beside.h"
#include "dialect/openai_calls.h"
#include "dialect/openai_error.h"
#include "dialect/openai_frame.h"
#include "dialect/openai_twin.h"
#include "dialect/openai_usage.h"

/* Members of an object by name: one walk instead of one search a name, and of duplicates the last counts
 * as in most readers. */
struct name {
	const char *text;
	size_t n;
};
#define NAME(lit) { lit, sizeof(lit) - 1 }

static int find_name(yyjson_val *key, const struct name *names, int n)
{
	size_t len = yyjson_get_len(key);
	const char *text = yyjson_get_str(key);

	for (int i = 0; i < n; i++)
		if (names[i].n == len && memcmp(names[i].text, text, len) == 0)
			return i;
	return n;
}

/* --- the end of a choice
 * --------------------------------------------------------------------------------- */

struct finish_row {
	const char *word;
	enum event_finish finish;
	enum err err;
};

static const struct finish_row finishes[] = {
#define FINISH(word, finish, err) { word, EVENT_FINISH_##finish, ERR_##err },
#include "dialect/openai_finish.def"
#undef FINISH
};

static struct finish_row finish_of(struct slice word)
{
	for (size_t i = 0; i < COUNT_OF(finishes); i++)
		if (slice_case_eq(word, slice_str(finishes[i].word)))
			return finishes[i];
	return (struct finish_row){ NULL, EVENT_FINISH_UNKNOWN, ERR_OK };
}

/* A router's `stop` can hide what its upstream said: a failure, a cut or a filter behind it counts. */
static struct finish_row finish_with_native(struct slice word, struct slice native)
{
	struct finish_row said = finish_of(word), meant = finish_of(native);

	if (said.finish != EVENT_FINISH_STOP || native.n == 0)
		return said;
	if (meant.err != ERR_OK || meant.finish == EVENT_FINISH_LENGTH || meant.finish == EVENT_FINISH_FILTER)
		return meant;
	return said;
}

static void emit_finish(struct openai_frame *f, uint16_t choice, enum event_finish finish, struct slice word)
{
	struct event ev = { .kind = EVENT_FINISH, .finish = (uint8_t)finish, .choice = choice, .text = word };
	if (openai_frame_done(f, choice))
		openai_frame_emit(f, &ev);
}

/* --- what a choice says
 * ---------------------------------------------------------------------------------- */

enum part { PART_ROLE, PART_CONTENT, PART_REASONING_CONTENT, PART_REASONING, PART_REFUSAL, PART_TOOL_CALLS,
	PART_FUNCTION_CALL, PART_DETAILS, PART_ANNOTATIONS, PART_IMAGES, PART_EXTRA, PARTS };

static const struct name part_names[PARTS] = { NAME("role"), NAME("content"), NAME("reasoning_content"),
	NAME("reasoning"), NAME("refusal"), NAME("tool_calls"), NAME("function_call"),
	NAME("reasoning_details"), NAME("annotations"), NAME("images"), NAME("extra_content") };

static void emit_text(struct openai_frame *f, uint16_t choice, enum event_kind kind, struct slice text)
{
	if (text.n)
		openai_frame_text(f, choice, kind, text);
}

/* Mistral: {"type":"thinking","thinking":[{"type":"text","text":"..."}]} beside
 * {"type":"text","text":"..."}. */
static void emit_content_part(struct openai_frame *f, uint16_t choice, yyjson_val *part)
{
	yyjson_val *thinking = yyjson_obj_get(part, "thinking"), *piece;
	size_t i, n;

	if (json_str(part, "text").p)
		emit_text(f, choice, EVENT_TEXT, json_str(part, "text"));
	else if (json_str(part, "refusal").p)
		emit_text(f, choice, EVENT_REFUSAL, json_str(part, "refusal"));
	else if (thinking == NULL)
		f->other = choice;
	emit_text(f, choice, EVENT_REASONING, json_val_str(thinking));
	yyjson_arr_foreach(thinking, i, n, piece)
		emit_text(f, choice, EVENT_REASONING, json_str(piece, "text"));
}

static void emit_content(struct openai_frame *f, uint16_t choice, yyjson_val *content)
{
	size_t i, n;
	yyjson_val *part;

	emit_text(f, choice, EVENT_TEXT, json_val_str(content));
	yyjson_arr_foreach(content, i, n, part)
		emit_content_part(f, choice, part);
}

/* Some servers send both names with the same text, and details beside: what has text is read, once. */
static void emit_reasoning(struct openai_frame *f, uint16_t choice, yyjson_val *const *parts, bool whole)
{
	struct slice text = json_val_str(parts[PART_REASONING_CONTENT]);
	yyjson_val *details = parts[PART_DETAILS];

	if (text.n == 0)
		text = json_val_str(parts[PART_REASONING]);
	if (!openai_beside_has_text(details))
		emit_text(f, choice, EVENT_REASONING, text);
	openai_beside_details(f, choice, details, whole);
}

/* Google's OpenAI surface marks its thoughts instead of naming them. */
static bool is_thought(yyjson_val *extra)
{
	return json_bool(json_obj(extra, "google"), "thought", false);
}

static void read_message(struct openai_frame *f, uint16_t choice, yyjson_val *message, bool whole)
{
	yyjson_val *parts[PARTS + 1] = { NULL }, *key;
	yyjson_obj_iter it = yyjson_obj_iter_with(message);

	while ((key = yyjson_obj_iter_next(&it)) != NULL) {
		yyjson_val *v = yyjson_obj_iter_get_val(key);
		int i = find_name(key, part_names, PARTS);
		parts[i] = v;
		if (i == PARTS && (yyjson_arr_size(v) || yyjson_obj_size(v)))
			f->other = choice;	/* audio */
	}
	if (parts[PART_REASONING_CONTENT] || parts[PART_REASONING] || parts[PART_DETAILS])
		emit_reasoning(f, choice, parts, whole);
	if (parts[PART_EXTRA] && is_thought(parts[PART_EXTRA]))
		emit_text(f, choice, EVENT_REASONING, json_val_str(parts[PART_CONTENT]));
	else
		emit_content(f, choice, parts[PART_CONTENT]);
	emit_text(f, choice, EVENT_REFUSAL, json_val_str(parts[PART_REFUSAL]));
	if (parts[PART_ANNOTATIONS] || parts[PART_IMAGES]) {
		openai_beside_annotations(f, choice, parts[PART_ANNOTATIONS]);
		openai_beside_images(f, choice, parts[PART_IMAGES]);
	}
	openai_calls_read(f, choice, parts[PART_TOOL_CALLS], whole);
	openai_calls_read_legacy(f, choice, parts[PART_FUNCTION_CALL]);
}

enum choice_part { CHOICE_INDEX, CHOICE_DELTA, CHOICE_MESSAGE, CHOICE_FINISH, CHOICE_NATIVE, CHOICE_ERROR,
	CHOICE_LOGPROBS, CHOICE_PARTS };

static const struct name choice_names[CHOICE_PARTS] = { NAME("index"), NAME("delta"), NAME("message"),
	NAME("finish_reason"), NAME("native_finish_reason"), NAME("error"), NAME("logprobs") };

struct choice {
	yyjson_val *parts[CHOICE_PARTS + 1];
	uint16_t index;
};

static bool read_choice(struct openai_frame *f, yyjson_val *v, size_t place, struct choice *c)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(v);
	yyjson_val *key;

	*c = (struct choice){ .index = 0 };
	while ((key = yyjson_obj_iter_next(&it)) != NULL)
		c->parts[find_name(key, choice_names, CHOICE_PARTS)] = yyjson_obj_iter_get_val(key);
	yyjson_val *number = c->parts[CHOICE_INDEX];
	uint64_t index = yyjson_is_uint(number) ? yyjson_get_uint(number) : place;
	c->index = (uint16_t)index;
	return yyjson_is_obj(v) && openai_frame_see(f, index);
}

/* True when the choice reports a failure, by an error object or by its end. */
static bool choice_failed(struct openai_frame *f, const struct choice *c, struct finish_row finish)
{
	yyjson_val *error = c->parts[CHOICE_ERROR];

	if (yyjson_is_obj(error) && yyjson_obj_size(error)) {
		struct fault fault = openai_error_read(f->d->arena, error);
		openai_frame_fail(f, &fault);
		return true;
	}
	if (finish.err == ERR_OK)
		return false;
	struct fault fault = { .err = finish.err };
	openai_frame_fail(f, &fault);
	return true;
}

static void take_choice(struct openai_frame *f, yyjson_val *v, size_t place, bool whole)
{
	struct choice c;

	if (!read_choice(f, v, place, &c))
		return;
	struct slice word = json_val_str(c.parts[CHOICE_FINISH]);	/* "" is null to some local servers */
	struct finish_row finish = { NULL, EVENT_FINISH_NONE, ERR_OK };
	if (word.n)
		finish = finish_with_native(word, json_val_str(c.parts[CHOICE_NATIVE]));
	if (choice_failed(f, &c, finish))
		return;
	yyjson_val *message = c.parts[whole ? CHOICE_MESSAGE : CHOICE_DELTA];
	read_message(f, c.index, message ? message : c.parts[whole ? CHOICE_DELTA : CHOICE_MESSAGE], whole);
	/* A source is of the text before it; one list for all choices means the first. */
	if ((f->sources || f->results) && c.index == 0 && (f->state->has_text || word.n || whole))
		openai_beside_sources(f, c.index);
	if (yyjson_is_obj(c.parts[CHOICE_LOGPROBS]))
		openai_beside_logprobs(f, c.index, c.parts[CHOICE_LOGPROBS]);
	if (word.n)
		emit_finish(f, c.index, finish.finish, word);
	else if (whole)
		emit_finish(f, c.index, EVENT_FINISH_UNKNOWN, SLICE_EMPTY);	/* whole by its framing */
}

/* --- an answer or a chunk of one
 * ------------------------------------------------------------------------- */

enum root_part { ROOT_ID, ROOT_MODEL, ROOT_CHOICES, ROOT_USAGE, ROOT_ERROR, ROOT_X_GROQ, ROOT_TYPE,
	ROOT_FINGERPRINT, ROOT_PARTS };

static const struct name root_names[ROOT_PARTS] = { NAME("id"), NAME("model"), NAME("choices"), NAME("usage"),
	NAME("error"), NAME("x_groq"), NAME("type"), NAME("system_fingerprint") };

struct root {
	yyjson_val *value, *parts[ROOT_PARTS + 1];
	yyjson_val *usage;	/* wherever it stands */
};

static struct root read_root(yyjson_val *value)
{
	struct root r = { .value = value };
	yyjson_obj_iter it = yyjson_obj_iter_with(value);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&it)) != NULL)
		r.parts[find_name(key, root_names, ROOT_PARTS)] = yyjson_obj_iter_get_val(key);
	r.usage = r.parts[ROOT_USAGE];
	if (!yyjson_is_obj(r.usage))
		r.usage = json_obj(r.parts[ROOT_X_GROQ], "usage");
	if (!yyjson_is_obj(r.usage))	/* older Moonshot: inside the choice */
		r.usage = json_obj(yyjson_arr_get_first(r.parts[ROOT_CHOICES]), "usage");
	return r;
}

/* A chunk with choices and without these members cannot be a report of a failure: the common case does no
 * search. */
static yyjson_val *error_in(const struct root *r)
{
	bool may_fail = r->parts[ROOT_ERROR] || r->parts[ROOT_X_GROQ] || r->parts[ROOT_TYPE];

	if (yyjson_arr_size(r->parts[ROOT_CHOICES]) && !may_fail)
		return NULL;
	return openai_error_find(r->value);
}

/* Of one process only: nothing secret, so the key is none. */
static uint64_t version_of(struct slice fingerprint)
{
	return fingerprint.n ? siphash(&(struct siphash_key){ 0, 0 }, fingerprint) : 0;
}

static void start(struct openai_frame *f, const struct root *r)
{
	struct event ev = { .kind = EVENT_START, .text = json_val_str(r->parts[ROOT_ID]),
		.extra = json_val_str(r->parts[ROOT_MODEL]) };

	/* Azure's first chunk has neither id nor choices: the next one is the start. */
	bool is_blank = ev.text.n == 0 && ev.extra.n == 0 && yyjson_arr_size(r->parts[ROOT_CHOICES]) == 0;

	if (f->state->started || is_blank)
		return;
	f->state->started = true;
	f->d->tally.version = version_of(json_val_str(r->parts[ROOT_FINGERPRINT]));
	openai_frame_emit(f, &ev);
}

static bool read_usage(struct openai_frame *f, yyjson_val *usage)
{
	bool outside = f->d->quirks && f->d->quirks->reasoning_outside;

	return outside ? openai_usage_read_outside(usage, &f->d->tally.usage)
		: openai_usage_read(usage, &f->d->tally.usage);
}

static void take_usage(struct openai_frame *f, yyjson_val *usage)
{
	struct event ev = { .kind = EVENT_USAGE, .text = event_usage_text(&f->d->tally.usage) };

	if (yyjson_is_obj(usage) && read_usage(f, usage))
		openai_frame_emit(f, &ev);
}

static void take_root(struct openai_frame *f, yyjson_val *value, bool whole)
{
	struct root r = read_root(value);
	yyjson_val *error = error_in(&r), *choice;
	size_t i, n;

	if (error) {
		struct fault fault = openai_error_read(f->d->arena, error);
		read_usage(f, r.usage);		/* what was used until then is billed */
		openai_frame_fail(f, &fault);
		return;
	}
	f->hidden = !whole && yyjson_arr_size(r.parts[ROOT_CHOICES]) == 0 && yyjson_is_obj(r.usage);
	start(f, &r);
	if (f->d->quirks && f->d->quirks->sources) {
		f->sources = json_arr(value, "citations");
		f->results = json_arr(value, "search_results");
	}
	yyjson_arr_foreach(r.parts[ROOT_CHOICES], i, n, choice)
		if (f->d->tally.fault.err == ERR_OK)
			take_choice(f, choice, i, whole);
	if (f->d->tally.fault.err == ERR_OK)
		take_usage(f, r.usage);
	else
		read_usage(f, r.usage);		/* nothing of a frame comes behind its error */
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

static bool is_end_mark(struct slice data)
{
	return slice_starts(data, SLICE("[DONE]")) || slice_eq(data, SLICE("\"[DONE]\""));
}

/* `event: error` with data that is no error object. */
static void fail_by_type(struct openai_frame *f)
{
	struct fault fault = { .err = ERR_UP_ERROR_EVENT };
	if (f->err == ERR_OK && f->d->tally.fault.err == ERR_OK)
		openai_frame_fail(f, &fault);
}

/* Not worth an event: a sign of life, or data that no SDK could read. */
static bool is_idle(struct slice data)
{
	return data.n == 0 || data.p[0] == ':';
}

static enum err take_data(struct openai_frame *f, struct slice data, bool is_error)
{
	yyjson_doc *doc;

	if (!is_error && openai_twin_take(f, data))
		return f->err;
	enum err e = json_parse_scratch(f->d->scratch, data, &doc);
	yyjson_val *root = e == ERR_OK ? yyjson_doc_get_root(doc) : NULL;

	if (yyjson_is_obj(root) && slice_eq(json_str(root, "type"), SLICE("ping")))
		return ERR_OK;
	if (yyjson_is_obj(root) || openai_error_find(root))
		take_root(f, root, false);
	else if (!is_error)
		return err_of_json(e);
	if (is_error)
		fail_by_type(f);
	else
		openai_twin_learn(f, data);
	openai_frame_end(f);
	return f->err;
}

enum err openai_decode_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw)
{
	struct openai_frame f = openai_frame_of(d, raw);
	bool is_error = slice_eq(type, SLICE("error"));

	begin(d);
	data = slice_trim(data);
	if (is_end_mark(data)) {
		struct event ev = { .kind = EVENT_END };
		d->tally.end_mark = true;
		openai_frame_emit(&f, &ev);
		return f.err;
	}
	return is_idle(data) && !is_error ? ERR_OK : take_data(&f, data, is_error);
}

enum err openai_decode_whole(struct dialect_decode *d, struct slice body)
{
	struct openai_frame f = openai_frame_of(d, body);
	struct slice text = slice_trim(body);	/* DeepSeek sends empty lines while it waits */
	yyjson_doc *doc;

	begin(d);
	if (text.n == 0)
		return ERR_UP_EMPTY;
	enum err e = json_parse_scratch(d->scratch, text, &doc);
	if (e != ERR_OK)
		return err_of_json(e);
	yyjson_val *root = yyjson_doc_get_root(doc);
	bool failed = openai_error_find(root) != NULL;
	if (!failed && yyjson_arr_size(json_arr(root, "choices")) == 0)
		return ERR_UP_EMPTY;
	take_root(&f, root, true);
	if (f.err == ERR_OK && d->tally.fault.err == ERR_OK && d->tally.choices == 0)
		return ERR_UP_EMPTY;
	openai_frame_end(&f);
	return f.err;
}

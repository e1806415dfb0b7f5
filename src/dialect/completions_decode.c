/* A chunk and a whole answer look the same here.
 *
 * Events of one frame, in this order: start (once), then for each choice reasoning, text, log probabilities,
 * finish, then usage.  A frame that reports a failure gives only the error. */
#include "dialect/completions_decode.h"

#include "dialect/completions_logprobs.h"
#include "dialect/openai_error.h"
#include "dialect/openai_frame.h"
#include "dialect/openai_twin.h"
#include "dialect/openai_usage.h"

#define LOGPROBS_BYTES ((size_t)64 << 20)	/* of one frame, in the form of the waist */

/* The members of an object by name; of duplicates the last counts. */
static void find(yyjson_val *obj, const char *const *names, size_t n, yyjson_val **out)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(obj);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&it)) != NULL)
		for (size_t i = 0; i < n; i++)
			if (yyjson_equals_str(key, names[i]))
				out[i] = yyjson_obj_iter_get_val(key);
}

/* --- the end of a choice -------------------------------------------------------------------------------- */

struct finish_row {
	const char *word;
	enum event_finish finish;
	enum err err;
};

static struct finish_row finish_of(struct slice word)
{
	static const struct finish_row finishes[] = {
#define FINISH(word, finish, err) { word, EVENT_FINISH_##finish, ERR_##err },
#include "dialect/openai_finish.def"
#undef FINISH
	};

	for (size_t i = 0; i < COUNT_OF(finishes); i++)
		if (slice_case_eq(word, slice_str(finishes[i].word)))
			return finishes[i];
	return (struct finish_row){ NULL, EVENT_FINISH_UNKNOWN, ERR_OK };
}

static void emit_finish(struct openai_frame *f, uint16_t choice, enum event_finish finish, struct slice word)
{
	struct event ev = { .kind = EVENT_FINISH, .finish = (uint8_t)finish, .choice = choice, .text = word };
	if (openai_frame_done(f, choice))
		openai_frame_emit(f, &ev);
}

/* --- what a choice says --------------------------------------------------------------------------------- */

enum choice_part { TEXT, INDEX, FINISH_REASON, ERROR, LOGPROBS, REASONING_CONTENT, REASONING, CHOICE_PARTS };

/* OpenRouter's choices have `reasoning` beside the text. */
static const char *const choice_names[CHOICE_PARTS] = { "text", "index", "finish_reason", "error", "logprobs",
	"reasoning_content", "reasoning" };

static void emit_logprobs(struct openai_frame *f, uint16_t choice, yyjson_val *logprobs)
{
	struct event ev = { .kind = EVENT_LOGPROBS, .choice = choice, .part = EVENT_NO_PART };
	struct buf list;

	buf_init(&list, LOGPROBS_BYTES);
	if (completions_logprobs_read(logprobs, &list)) {
		ev.text = buf_slice(&list);
		openai_frame_emit(f, &ev);
	} else if (yyjson_is_obj(logprobs)) {
		f->other = choice;
	}
	buf_done(&list);
}

static bool failed(struct openai_frame *f, yyjson_val *error, enum err finish)
{
	struct fault fault = { .err = finish };

	if (yyjson_is_obj(error) && yyjson_obj_size(error))
		fault = openai_error_read(f->d->arena, error);
	if (fault.err != ERR_OK)
		openai_frame_fail(f, &fault);
	return fault.err != ERR_OK;
}

static void take_choice(struct openai_frame *f, yyjson_val *v, size_t place, bool whole)
{
	yyjson_val *parts[CHOICE_PARTS] = { NULL };

	find(v, choice_names, CHOICE_PARTS, parts);
	uint64_t index = yyjson_is_uint(parts[INDEX]) ? yyjson_get_uint(parts[INDEX]) : place;
	if (!yyjson_is_obj(v) || !openai_frame_see(f, index))
		return;
	uint16_t choice = (uint16_t)index;
	struct slice word = json_val_str(parts[FINISH_REASON]);	/* "" is null to some local servers */
	struct finish_row finish = { NULL, EVENT_FINISH_NONE, ERR_OK };
	if (word.n)
		finish = finish_of(word);
	if (failed(f, parts[ERROR], finish.err))
		return;
	struct slice reasoning = json_val_str(parts[REASONING_CONTENT]);
	openai_frame_text(f, choice, EVENT_REASONING, reasoning.n ? reasoning : json_val_str(parts[REASONING]));
	openai_frame_text(f, choice, EVENT_TEXT, json_val_str(parts[TEXT]));
	emit_logprobs(f, choice, parts[LOGPROBS]);
	if (word.n)
		emit_finish(f, choice, finish.finish, word);
	else if (whole)
		emit_finish(f, choice, EVENT_FINISH_UNKNOWN, SLICE_EMPTY);	/* whole by its framing */
}

/* --- an answer or a chunk of one ------------------------------------------------------------------------ */

enum root_part { ID, MODEL, CHOICES, USAGE, ROOT_PARTS };

static const char *const root_names[ROOT_PARTS] = { "id", "model", "choices", "usage" };

static void start(struct openai_frame *f, yyjson_val *const *parts)
{
	struct event ev = { .kind = EVENT_START, .text = json_val_str(parts[ID]),
		.extra = json_val_str(parts[MODEL]) };

	/* Azure's first chunk has neither id nor choices: the next one is the start. */
	bool is_blank = ev.text.n == 0 && ev.extra.n == 0 && yyjson_arr_size(parts[CHOICES]) == 0;

	if (f->state->started || is_blank)
		return;
	f->state->started = true;
	openai_frame_emit(f, &ev);
}

static bool read_usage(struct openai_frame *f, yyjson_val *usage)
{
	return yyjson_is_obj(usage) && openai_usage_read(usage, &f->d->tally.usage);
}

static void take_root(struct openai_frame *f, yyjson_val *root, bool whole)
{
	struct event counts = { .kind = EVENT_USAGE, .text = event_usage_text(&f->d->tally.usage) };
	yyjson_val *parts[ROOT_PARTS] = { NULL }, *error = openai_error_find(root), *choice;
	size_t i, n;

	find(root, root_names, ROOT_PARTS, parts);
	if (error) {
		struct fault fault = openai_error_read(f->d->arena, error);
		read_usage(f, parts[USAGE]);	/* what was used until then is billed */
		openai_frame_fail(f, &fault);
		return;
	}
	f->hidden = !whole && yyjson_arr_size(parts[CHOICES]) == 0 && yyjson_is_obj(parts[USAGE]);
	start(f, parts);
	yyjson_arr_foreach(parts[CHOICES], i, n, choice)
		if (f->d->tally.fault.err == ERR_OK)
			take_choice(f, choice, i, whole);
	/* nothing of a frame comes behind its error */
	if (read_usage(f, parts[USAGE]) && f->d->tally.fault.err == ERR_OK)
		openai_frame_emit(f, &counts);
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

/* `event: error` with data that is no error object. */
static void fail_by_type(struct openai_frame *f)
{
	struct fault fault = { .err = ERR_UP_ERROR_EVENT };
	if (f->err == ERR_OK && f->d->tally.fault.err == ERR_OK)
		openai_frame_fail(f, &fault);
}

static enum err take_data(struct openai_frame *f, struct slice data, bool is_error)
{
	yyjson_doc *doc;

	if (!is_error && openai_twin_take(f, data))
		return f->err;
	enum err e = json_parse_scratch(f->d->scratch, data, &doc);
	yyjson_val *root = e == ERR_OK ? yyjson_doc_get_root(doc) : NULL;

	if (slice_eq(json_str(root, "type"), SLICE("ping")))
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

enum err completions_decode_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw)
{
	struct openai_frame f = openai_frame_of(d, raw);
	bool is_error = slice_eq(type, SLICE("error"));

	begin(d);
	data = slice_trim(data);
	if (slice_starts(data, SLICE("[DONE]")) || slice_eq(data, SLICE("\"[DONE]\""))) {
		struct event ev = { .kind = EVENT_END };
		d->tally.end_mark = true;
		openai_frame_emit(&f, &ev);
		return f.err;
	}
	/* Not worth an event: a sign of life, or data that no SDK could read. */
	bool is_idle = data.n == 0 || data.p[0] == ':';
	return is_idle && !is_error ? ERR_OK : take_data(&f, data, is_error);
}

enum err completions_decode_whole(struct dialect_decode *d, struct slice body)
{
	struct openai_frame f = openai_frame_of(d, body);
	struct slice text = slice_trim(body);
	yyjson_doc *doc;

	begin(d);
	if (text.n == 0)
		return ERR_UP_EMPTY;
	enum err e = json_parse_scratch(d->scratch, text, &doc);
	if (e != ERR_OK)
		return err_of_json(e);
	yyjson_val *root = yyjson_doc_get_root(doc);
	bool reports = openai_error_find(root) != NULL;
	if (!reports && yyjson_arr_size(json_arr(root, "choices")) == 0)
		return ERR_UP_EMPTY;
	take_root(&f, root, true);
	if (f.err == ERR_OK && d->tally.fault.err == ERR_OK && d->tally.choices == 0)
		return ERR_UP_EMPTY;
	openai_frame_end(&f);
	return f.err;
}

#include "dialect/responses_decode.h"

#include "dialect/openai_error.h"
#include "dialect/responses_error.h"
#include "dialect/responses_frame.h"
#include "dialect/responses_gather.h"
#include "dialect/responses_usage.h"

typedef struct responses_frame frame;

/* --- the answer as a whole ------------------------------------------------------------------------------ */

static void start(frame *f, yyjson_val *response)
{
	if (f->state->started || !yyjson_is_obj(response))
		return;
	f->state->started = true;
	responses_frame_emit(f, (struct event){ .kind = EVENT_START, .text = json_str(response, "id"),
		.extra = json_str(response, "model") });
}

static void take_start(frame *f, yyjson_val *event)
{
	start(f, json_obj(event, "response"));
}

static bool read_usage(frame *f, yyjson_val *response)
{
	const struct quirks *q = f->d->quirks;
	return responses_usage_read(json_obj(response, "usage"), q && q->reasoning_outside, &f->d->tally.usage);
}

/* An item that is complete: in `.done`, or in the finished response at `index`. */
static void take_item(frame *f, yyjson_val *item, int64_t index)
{
	enum responses_item_kind kind = responses_gather_kind(item);

	if (kind == RESPONSES_ITEM_HOSTED) {
		f->other = 0;
		return;
	}
	struct responses_item *it = responses_frame_match(f, item, index, kind);
	if (it == NULL)
		it = responses_frame_add(f, kind, index, json_str(item, "id"), json_str(item, "call_id"));
	if (it)
		responses_gather_item(f, it, item);
}

/* protocols.md 2.3: there is no finish reason for tool calls. */
static void finish(frame *f, struct slice status, yyjson_val *response)
{
	struct slice reason = json_str(json_obj(response, "incomplete_details"), "reason");
	struct event ev = { .kind = EVENT_FINISH, .finish = EVENT_FINISH_UNKNOWN, .text = status };

	if (slice_eq(status, SLICE("completed")))
		ev.finish = f->state->n_calls ? EVENT_FINISH_TOOL_CALLS : EVENT_FINISH_STOP;
	else if (slice_eq(status, SLICE("incomplete")))
		ev.text = reason;
	if (slice_case_eq(ev.text, SLICE("max_output_tokens")))
		ev.finish = EVENT_FINISH_LENGTH;
	else if (slice_case_eq(ev.text, SLICE("content_filter")))
		ev.finish = EVENT_FINISH_FILTER;
	f->state->over = true;
	responses_frame_emit(f, ev);
	responses_frame_emit(f, (struct event){ .kind = EVENT_END });
}

static bool is_failure(struct slice status)
{
	static const char *const words[] = { "failed", "cancelled", "queued", "in_progress" };

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (slice_eq(status, slice_str(words[i])))
			return true;
	return false;
}

static void end(frame *f, struct slice status, yyjson_val *response)
{
	yyjson_val *error = json_obj(response, "error"), *item;
	size_t i, n;

	bool has_usage = read_usage(f, response);	/* what was used until a failure is billed */
	if (is_failure(status) || yyjson_obj_size(error)) {
		responses_frame_fail(f, error ? responses_error_read(f->d->arena, error)
			: (struct fault){ .err = ERR_UP_ERROR_EVENT });
		return;
	}
	start(f, response);
	yyjson_arr_foreach(json_arr(response, "output"), i, n, item)
		take_item(f, item, (int64_t)i);
	if (has_usage)
		responses_frame_emit(f, (struct event){ .kind = EVENT_USAGE,
			.text = event_usage_text(&f->d->tally.usage) });
	finish(f, status, response);
}

/* The event's name stands in for a status that is missing. */
static void take_end(frame *f, yyjson_val *event)
{
	yyjson_val *response = json_obj(event, "response");
	struct slice status = json_str(response, "status"), type = json_str(event, "type");

	if (status.n == 0)
		status = slice_skip(type, slice_find(type, '.') + 1);
	end(f, status, response);
}

/* --- items ---------------------------------------------------------------------------------------------- */

static void take_added(frame *f, yyjson_val *event)
{
	yyjson_val *item = json_obj(event, "item");
	int64_t index = responses_frame_index(event, "output_index");
	enum responses_item_kind kind = responses_gather_kind(item);

	if (kind == RESPONSES_ITEM_HOSTED || kind == RESPONSES_ITEM_IMAGE)
		f->other = 0;
	if (item == NULL || kind == RESPONSES_ITEM_HOSTED)
		return;
	struct responses_item *it = responses_frame_known(f, item, index, kind);
	if (it == NULL)
		it = responses_frame_add(f, kind, index, json_str(item, "id"), json_str(item, "call_id"));
	if (it == NULL)
		return;
	responses_frame_name(f, it, json_str(item, "id"), json_str(item, "call_id"));
	if (kind == RESPONSES_ITEM_CALL && json_str(item, "name").n)
		responses_gather_call(f, it, item);
}

static void take_done(frame *f, yyjson_val *event)
{
	if (json_obj(event, "item"))
		take_item(f, json_obj(event, "item"), responses_frame_index(event, "output_index"));
}

/* The item that an event speaks of, made when it is new. */
static struct responses_item *item_of(frame *f, yyjson_val *event, enum responses_item_kind kind)
{
	struct responses_item *it = responses_frame_find(f, event, kind);

	if (it)
		return it;
	return responses_frame_add(f, kind, responses_frame_index(event, "output_index"), json_str(event, "item_id"),
		SLICE_EMPTY);
}

static uint32_t part_of(yyjson_val *event, const char *name)
{
	int64_t index = responses_frame_index(event, name);
	return index > 0 ? (uint32_t)MIN_OF(index, INT32_MAX - 1) : 0;
}

/* --- texts ---------------------------------------------------------------------------------------------- */

static void take_text(frame *f, yyjson_val *event)
{
	struct responses_item *it = item_of(f, event, RESPONSES_ITEM_MESSAGE);

	if (it == NULL)
		return;
	uint32_t part = part_of(event, "content_index");
	responses_gather_text(f, it, part, EVENT_TEXT, json_str(event, "delta"));
	responses_gather_logprobs(f, it, part, json_arr(event, "logprobs"));
}

static void take_refusal(frame *f, yyjson_val *event)
{
	struct responses_item *it = item_of(f, event, RESPONSES_ITEM_MESSAGE);

	if (it)
		responses_gather_text(f, it, part_of(event, "content_index"), EVENT_REFUSAL, json_str(event, "delta"));
}

static void take_text_done(frame *f, yyjson_val *event)
{
	struct responses_item *it = item_of(f, event, RESPONSES_ITEM_MESSAGE);

	if (it)
		responses_gather_whole_text(f, it, part_of(event, "content_index"), EVENT_TEXT,
			json_str(event, "text"));
}

static void take_refusal_done(frame *f, yyjson_val *event)
{
	struct responses_item *it = item_of(f, event, RESPONSES_ITEM_MESSAGE);

	if (it)
		responses_gather_whole_text(f, it, part_of(event, "content_index"), EVENT_REFUSAL,
			json_str(event, "refusal"));
}

static void take_citation(frame *f, yyjson_val *event)
{
	struct responses_item *it = item_of(f, event, RESPONSES_ITEM_MESSAGE);

	if (it)
		responses_gather_citation(f, it, yyjson_obj_get(event, "annotation"));
}

/* Parts of reasoning items end so too. */
static void take_part_done(frame *f, yyjson_val *event)
{
	yyjson_val *part = json_obj(event, "part");
	struct responses_item *it;

	if (slice_eq(json_str(part, "type"), SLICE("reasoning_text"))) {
		it = item_of(f, event, RESPONSES_ITEM_REASONING);
		if (it)
			responses_gather_whole_reasoning(f, it, part_of(event, "content_index"), false,
				json_str(part, "text"));
		return;
	}
	it = item_of(f, event, RESPONSES_ITEM_MESSAGE);
	if (it)
		responses_gather_part(f, it, part_of(event, "content_index"), part);
}

static void take_some_reasoning(frame *f, yyjson_val *event, bool is_summary, bool is_done)
{
	struct responses_item *it = item_of(f, event, RESPONSES_ITEM_REASONING);
	uint32_t part = part_of(event, is_summary ? "summary_index" : "content_index");

	if (it && is_done)
		responses_gather_whole_reasoning(f, it, part, is_summary, json_str(event, "text"));
	else if (it)
		responses_gather_reasoning(f, it, part, is_summary, json_str(event, "delta"));
}

static void take_summary(frame *f, yyjson_val *event)
{
	take_some_reasoning(f, event, true, false);
}

static void take_summary_done(frame *f, yyjson_val *event)
{
	take_some_reasoning(f, event, true, true);
}

static void take_reasoning(frame *f, yyjson_val *event)
{
	take_some_reasoning(f, event, false, false);
}

static void take_reasoning_done(frame *f, yyjson_val *event)
{
	take_some_reasoning(f, event, false, true);
}

/* --- calls ---------------------------------------------------------------------------------------------- */

static void take_args(frame *f, yyjson_val *event)
{
	struct responses_item *it = item_of(f, event, RESPONSES_ITEM_CALL);

	if (it)
		responses_gather_args(f, it, json_str(event, "delta"));
}

static void take_args_done(frame *f, yyjson_val *event)
{
	struct responses_item *it = item_of(f, event, RESPONSES_ITEM_CALL);

	if (it)
		responses_gather_whole_args(f, it, json_str(event, "arguments"));
}

static void take_input_done(frame *f, yyjson_val *event)
{
	struct responses_item *it = item_of(f, event, RESPONSES_ITEM_CALL);

	if (it)
		responses_gather_whole_args(f, it, json_str(event, "input"));
}

/* --- frames --------------------------------------------------------------------------------------------- */

static void take_nothing(frame *f, yyjson_val *event)
{
}

static const struct {
	const char *name;
	void (*take)(frame *f, yyjson_val *event);
} events[] = {
#define EVENT(name, function) { name, function },
#include "dialect/responses_events.def"
#undef EVENT
};

static void take_event(frame *f, struct slice type, yyjson_val *event)
{
	for (size_t i = 0; i < COUNT_OF(events); i++)
		if (slice_eq(type, slice_str(events[i].name))) {
			events[i].take(f, event);
			return;
		}
	f->other = 0;
}

static enum err err_of_json(enum err e)
{
	return e == ERR_TOO_BIG ? ERR_UP_TOO_BIG : ERR_UP_BAD_JSON;
}

/* What only says that the provider is alive: passed on, it would come before response.created, which SDKs
 * take for the first event. */
static bool is_idle(struct slice type)
{
	return slice_eq(type, SLICE("ping")) || slice_eq(type, SLICE("keepalive"));
}

static bool is_response(yyjson_val *root)
{
	return slice_eq(json_str(root, "object"), SLICE("response")) || json_arr(root, "output");
}

static void take_root(frame *f, struct slice type, yyjson_val *root)
{
	yyjson_val *error;

	if (slice_starts(type, SLICE("response.")))
		take_event(f, type, root);
	else if (is_response(root))
		end(f, json_str(root, "status"), root);	/* a whole answer, framed as a stream */
	else if ((error = openai_error_find(root)) != NULL)
		responses_frame_fail(f, responses_error_read(f->d->arena, error));
	else if (slice_eq(type, SLICE("error")))
		responses_frame_fail(f, (struct fault){ .err = ERR_UP_ERROR_EVENT });
}

static enum err take_data(frame *f, struct slice type, struct slice data)
{
	bool is_error = slice_eq(type, SLICE("error"));
	yyjson_doc *doc;
	enum err e = json_parse_scratch(f->d->scratch, data, &doc);
	yyjson_val *root = e == ERR_OK ? yyjson_doc_get_root(doc) : NULL;

	if (!yyjson_is_obj(root) && !is_error && openai_error_find(root) == NULL)
		return e == ERR_OK ? ERR_UP_BAD_JSON : err_of_json(e);
	if (json_str(root, "type").n)
		type = json_str(root, "type");
	if (is_idle(type))
		return ERR_OK;
	if (is_error && !yyjson_is_obj(root))
		responses_frame_fail(f, (struct fault){ .err = ERR_UP_ERROR_EVENT });
	else if (!f->state->over)	/* the answer is complete: nothing that follows changes it */
		take_root(f, type, root);
	responses_frame_end(f);
	return f->err;
}

enum err responses_decode_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw)
{
	frame f = responses_frame_of(d, raw);

	data = slice_trim(data);
	/* Not in the specification, but several servers send it. */
	if (slice_starts(data, SLICE("[DONE]"))) {
		responses_frame_emit(&f, (struct event){ .kind = EVENT_END });
		return f.err;
	}
	bool is_error = slice_eq(type, SLICE("error"));
	return (data.n == 0 || data.p[0] == ':') && !is_error ? ERR_OK : take_data(&f, type, data);
}

enum err responses_decode_whole(struct dialect_decode *d, struct slice body)
{
	frame f = responses_frame_of(d, body);
	struct slice text = slice_trim(body);
	yyjson_doc *doc;

	if (text.n == 0)
		return ERR_UP_EMPTY;
	enum err e = json_parse_scratch(d->scratch, text, &doc);
	if (e != ERR_OK)
		return err_of_json(e);
	yyjson_val *root = yyjson_doc_get_root(doc);
	if (!is_response(root) && openai_error_find(root) == NULL)
		return ERR_UP_EMPTY;
	take_root(&f, SLICE_EMPTY, root);
	responses_frame_end(&f);
	return f.err;
}

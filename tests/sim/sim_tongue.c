#include "sim_tongue.h"

#include <stdio.h>
#include <string.h>
#include <yyjson.h>

#include "base/arena.h"

static const struct {
	const char *name, *path, *key;
} rows[SIM_TONGUES] = {
	[SIM_CHAT] = { "chat", "/v1/chat/completions", "authorization" },
	[SIM_COMPLETIONS] = { "completions", "/v1/completions", "authorization" },
	[SIM_RESPONSES] = { "responses", "/v1/responses", "authorization" },
	[SIM_CLAUDE] = { "claude", "/v1/messages", "x-api-key" },
	[SIM_GEMINI] = { "gemini", NULL, "x-goog-api-key" },
	[SIM_GEMINI_ARRAY] = { "gemini array", NULL, "x-goog-api-key" },
};

const char *sim_tongue_name(enum sim_tongue t)
{
	return rows[t].name;
}

const char *sim_tongue_key(enum sim_tongue t)
{
	return rows[t].key;
}

/* --- asking --------------------------------------------------------------------------------------------- */

static bool is_gemini(enum sim_tongue t)
{
	return t == SIM_GEMINI || t == SIM_GEMINI_ARRAY;
}

static const char *gemini_method(enum sim_tongue t, bool streamed)
{
	if (!streamed)
		return "generateContent";
	return t == SIM_GEMINI ? "streamGenerateContent?alt=sse" : "streamGenerateContent";
}

static const char *content_of(enum sim_tongue t)
{
	switch (t) {
	case SIM_CHAT:
		return "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";
	case SIM_COMPLETIONS:
		return "\"prompt\":\"hi\"";
	case SIM_RESPONSES:
		return "\"input\":\"hi\"";
	case SIM_CLAUDE:
		return "\"max_tokens\":100,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]";
	case SIM_GEMINI:
	case SIM_GEMINI_ARRAY:
	case SIM_TONGUES:
		break;
	}
	return "\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}]";
}

const char *sim_tongue_ask(struct sim *s, enum sim_tongue t, const char *model, bool streamed, const char *fields,
	const char *members)
{
	if (is_gemini(t))
		return sim_post(s, sim_printf(s, "/v1beta/models/%s:%s", model, gemini_method(t, streamed)), fields,
			sim_printf(s, "{%s%s}", content_of(t), members));
	if (t == SIM_CLAUDE)
		fields = sim_printf(s, "anthropic-version: 2023-06-01\r\n%s", fields);
	return sim_post(s, rows[t].path, fields, sim_printf(s, "{\"model\":\"%s\",%s%s%s}", model, content_of(t),
		streamed ? ",\"stream\":true" : "", members));
}

bool sim_tongue_is_path(enum sim_tongue t, struct slice target, const char *model, bool streamed)
{
	char want[200];

	if (!is_gemini(t))
		return slice_eq(target, slice_str(rows[t].path));
	/* whatever the client's framing is, a provider is asked for events */
	snprintf(want, sizeof(want), "/v1beta/models/%s:%s", model, gemini_method(SIM_GEMINI, streamed));
	return slice_eq(target, slice_str(want));
}

/* --- answering ------------------------------------------------------------------------------------------ */

struct script {
	struct sim *s;
	struct sim_act *acts;
	size_t n;
	uint64_t pause_ms;
	int seq;		/* of responses */
};

static void add(struct script *b, struct sim_act act)
{
	must(b->n < 200);
	b->acts[b->n++] = act;
}

/* One event with its pause before it. */
static void say(struct script *b, const char *type, const char *data)
{
	if (b->pause_ms && b->n > 1)
		add(b, (struct sim_act)SIM_WAIT(b->pause_ms));
	const char *text = type ? sim_printf(b->s, "event: %s\ndata: %s\n\n", type, data) : sim_printf(b->s,
		"data: %s\n\n", data);
	add(b, (struct sim_act)SIM_CHUNK(text));
}

static void say_typed(struct script *b, const char *type, const char *rest)
{
	say(b, type, sim_printf(b->s, "{\"type\":\"%s\"%s}", type, rest));
}

static void say_response(struct script *b, const char *type, const char *rest)
{
	say(b, type, sim_printf(b->s, "{\"type\":\"%s\",\"sequence_number\":%d%s}", type, b->seq++, rest));
}

#define RESPONSE(status, output, usage) "{\"id\":\"id-1\",\"object\":\"response\",\"created_at\":1760000000," \
	"\"status\":\"" status "\",\"model\":\"m-2026\",\"output\":[" output "]" usage "}"
#define MESSAGE_ITEM(status, content) "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\"," \
	"\"status\":\"" status "\",\"content\":[" content "]}"
#define TEXT_PART(text) "{\"type\":\"output_text\",\"text\":\"" text "\",\"annotations\":[]}"
#define RESPONSE_USAGE ",\"usage\":{\"input_tokens\":9,\"output_tokens\":2,\"total_tokens\":11}"
#define AT "\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0"
#define CLAUDE_MESSAGE(content, stop, out) "{\"id\":\"id-1\",\"type\":\"message\",\"role\":\"assistant\"," \
	"\"model\":\"m-2026\",\"content\":[" content "],\"stop_reason\":" stop ",\"stop_sequence\":null," \
	"\"usage\":{\"input_tokens\":9,\"output_tokens\":" out "}}"
#define GEMINI_CHUNK(parts, finish, out) "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[" parts "]}," \
	"\"index\":0" finish "}],\"usageMetadata\":{\"promptTokenCount\":9" out "}," \
	"\"modelVersion\":\"m-2026\",\"responseId\":\"id-1\"}"

static void say_start(struct script *b, enum sim_tongue t)
{
	switch (t) {
	case SIM_RESPONSES:
		say_response(b, "response.created", ",\"response\":" RESPONSE("in_progress", "", ""));
		say_response(b, "response.in_progress", ",\"response\":" RESPONSE("in_progress", "", ""));
		say_response(b, "response.output_item.added",
			",\"output_index\":0,\"item\":" MESSAGE_ITEM("in_progress", ""));
		say_response(b, "response.content_part.added", "," AT ",\"part\":" TEXT_PART(""));
		break;
	case SIM_CLAUDE:
		say_typed(b, "message_start", ",\"message\":" CLAUDE_MESSAGE("", "null", "1"));
		say_typed(b, "content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}");
		say_typed(b, "ping", "");
		break;
	case SIM_CHAT:
		say(b, NULL, SIM_DELTA_JSON("{\"role\":\"assistant\",\"content\":\"\"}", "null"));
		break;
	case SIM_COMPLETIONS:
	case SIM_GEMINI:
	case SIM_GEMINI_ARRAY:
	case SIM_TONGUES:
		break;
	}
}

static void say_text(struct script *b, enum sim_tongue t, const char *piece)
{
	struct sim *s = b->s;

	switch (t) {
	case SIM_CHAT:
		say(b, NULL, sim_printf(s, SIM_TEXT_JSON("%s"), piece));
		break;
	case SIM_COMPLETIONS:
		say(b, NULL, sim_printf(s,
			"{\"id\":\"id-1\",\"object\":\"text_completion\",\"created\":1760000000,\"model\":\"m-2026\","
			"\"choices\":[{\"index\":0,\"text\":\"%s\",\"logprobs\":null,\"finish_reason\":null}]}",
				piece));
		break;
	case SIM_RESPONSES:
		say_response(b, "response.output_text.delta", sim_printf(s, "," AT ",\"delta\":\"%s\"", piece));
		break;
	case SIM_CLAUDE:
		say_typed(b, "content_block_delta", sim_printf(s,
			",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}", piece));
		break;
	case SIM_GEMINI:
	case SIM_GEMINI_ARRAY:
	case SIM_TONGUES:
		say(b, NULL, sim_printf(s, GEMINI_CHUNK("{\"text\":\"%s\"}", "", ""), piece));
		break;
	}
}

static void say_end(struct script *b, enum sim_tongue t, const char *text)
{
	struct sim *s = b->s;

	switch (t) {
	case SIM_CHAT:
		say(b, NULL, SIM_DELTA_JSON("{}", "\"stop\""));
		say(b, NULL, SIM_CHUNK_JSON "],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,"
			"\"total_tokens\":11}}");
		say(b, NULL, "[DONE]");
		break;
	case SIM_COMPLETIONS:
		say(b, NULL, "{\"id\":\"id-1\",\"object\":\"text_completion\",\"created\":1760000000,\"model\":\"m"
			"-2026\","
			"\"choices\":[{\"index\":0,\"text\":\"\",\"logprobs\":null,\"finish_reason\":\"stop\"}],"
			"\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,\"total_tokens\":11}}");
		say(b, NULL, "[DONE]");
		break;
	case SIM_RESPONSES:
		say_response(b, "response.output_text.done", sim_printf(s, "," AT ",\"text\":\"%s\"", text));
		say_response(b, "response.content_part.done", sim_printf(s, "," AT ",\"part\":" TEXT_PART("%s"), text));
		say_response(b, "response.output_item.done", sim_printf(s, ",\"output_index\":0,\"item\":"
			MESSAGE_ITEM("completed", TEXT_PART("%s")), text));
		say_response(b, "response.completed", sim_printf(s, ",\"response\":"
			RESPONSE("completed", MESSAGE_ITEM("completed", TEXT_PART("%s")), RESPONSE_USAGE), text));
		break;
	case SIM_CLAUDE:
		say_typed(b, "content_block_stop", ",\"index\":0");
		say_typed(b, "message_delta", ",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},"
			"\"usage\":{\"output_tokens\":2}");
		say_typed(b, "message_stop", "");
		break;
	case SIM_GEMINI:
	case SIM_GEMINI_ARRAY:
	case SIM_TONGUES:
		say(b, NULL, GEMINI_CHUNK("{\"text\":\"\"}", ",\"finishReason\":\"STOP\"",
			",\"candidatesTokenCount\":2"));
		break;
	}
}

static const char *whole_of(struct sim *s, enum sim_tongue t, const char *text)
{
	switch (t) {
	case SIM_CHAT:
		return sim_printf(s, SIM_WHOLE_JSON("%s"), text);
	case SIM_COMPLETIONS:
		return sim_printf(s,
			"{\"id\":\"id-1\",\"object\":\"text_completion\",\"created\":1760000000,\"model\":\"m-2026\","
			"\"choices\":[{\"index\":0,\"text\":\"%s\",\"logprobs\":null,\"finish_reason\":\"stop\"}],"
			"\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,\"total_tokens\":11}}", text);
	case SIM_RESPONSES:
		return sim_printf(s, RESPONSE("completed", MESSAGE_ITEM("completed", TEXT_PART("%s")),
			RESPONSE_USAGE), text);
	case SIM_CLAUDE:
		return sim_printf(s, CLAUDE_MESSAGE("{\"type\":\"text\",\"text\":\"%s\"}", "\"end_turn\"", "2"), text);
	case SIM_GEMINI:
	case SIM_GEMINI_ARRAY:
	case SIM_TONGUES:
		break;
	}
	return sim_printf(s, GEMINI_CHUNK("{\"text\":\"%s\"}", ",\"finishReason\":\"STOP\"",
		",\"candidatesTokenCount\":2"), text);
}

static struct script begin(struct sim *s, uint64_t pause_ms)
{
	struct script b = { .s = s, .pause_ms = pause_ms, .acts = arena_take(s->arena, 200 * sizeof(struct sim_act)) };

	add(&b, (struct sim_act)SIM_STREAM_HEAD);
	return b;
}

static void say_pieces(struct script *b, enum sim_tongue t, const char *text, size_t n)
{
	for (size_t at = 0; at < n; at += 2)
		say_text(b, t, sim_printf(b->s, "%.*s", (int)MIN_OF(2u, n - at), text + at));
}

const struct sim_act *sim_tongue_script(struct sim *s, enum sim_tongue t, bool streamed, const char *text,
	uint64_t pause_ms)
{
	struct script b = begin(s, pause_ms);

	if (!streamed) {
		b.n = 0;
		if (pause_ms)
			add(&b, (struct sim_act)SIM_WAIT(pause_ms));
		add(&b, (struct sim_act)SIM_ANSWER(200, "", whole_of(s, t, text)));
		add(&b, (struct sim_act)SIM_STOP);
		return b.acts;
	}
	say_start(&b, t);
	say_pieces(&b, t, text, strlen(text));
	say_end(&b, t, text);
	add(&b, (struct sim_act)SIM_LAST_CHUNK);
	add(&b, (struct sim_act)SIM_STOP);
	return b.acts;
}

const struct sim_act *sim_tongue_cut(struct sim *s, enum sim_tongue t, const char *text, struct sim_act end,
	const char **out_said)
{
	struct script b = begin(s, 0);
	size_t n = strlen(text) / 4 * 2;

	say_start(&b, t);
	say_pieces(&b, t, text, n);
	add(&b, (struct sim_act)SIM_WAIT(20));
	add(&b, end);
	add(&b, (struct sim_act)SIM_STOP);
	*out_said = sim_printf(s, "%.*s", (int)n, text);
	return b.acts;
}

/* --- hearing -------------------------------------------------------------------------------------------- */

struct ear {
	struct sim *s;
	struct sim_tongue_heard *h;
	struct buf text;
	bool started, open, streamed;
	int64_t seq;		/* next sequence number */
	int64_t block;		/* claude: the one that is open or comes next */
};

static void bad(struct ear *e, const char *what)
{
	if (e->h->bad == NULL)
		e->h->bad = what;
}

static const char *str_at(yyjson_val *v, const char *pointer)
{
	return yyjson_get_str(yyjson_ptr_get(v, pointer));
}

static const char *keep(struct ear *e, const char *text)
{
	return text ? sim_printf(e->s, "%s", text) : NULL;
}

static void add_text(struct ear *e, const char *text)
{
	if (text)
		buf_add(&e->text, slice_str(text));
}

static void take_finish(struct ear *e, const char *word)
{
	if (word == NULL)
		return;
	if (e->h->finish)
		bad(e, "it finishes twice");
	e->h->finish = keep(e, word);
}

static void take_count(int64_t *to, yyjson_val *v)
{
	if (yyjson_is_int(v))
		*to = yyjson_get_sint(v);
}

static void take_who(struct ear *e, yyjson_val *v, const char *id, const char *model)
{
	if (str_at(v, id))
		e->h->id = keep(e, str_at(v, id));
	if (str_at(v, model))
		e->h->model = keep(e, str_at(v, model));
}

/* True when it is one; what an SDK needs of it is there. */
static bool take_error(struct ear *e, yyjson_val *v)
{
	yyjson_val *error = yyjson_obj_get(v, "error");
	const char *type = str_at(v, "/type");

	if (type && strcmp(type, "response.failed") == 0)
		error = yyjson_ptr_get(v, "/response/error");
	else if (type && strcmp(type, "error") == 0 && error == NULL)
		error = v;	/* responses: the members stand in the event */
	if (!yyjson_is_obj(error))
		return false;
	if (e->h->error)
		bad(e, "two errors");
	e->h->error = keep(e, str_at(error, "/message"));
	if (e->h->error == NULL)
		bad(e, "an error without a message");
	return true;
}

static void take_openai(struct ear *e, yyjson_val *v, const char *in_stream, const char *in_whole)
{
	yyjson_val *choice = yyjson_ptr_get(v, "/choices/0"), *usage = yyjson_obj_get(v, "usage");

	if (!yyjson_is_arr(yyjson_obj_get(v, "choices")))
		bad(e, "no list of choices");
	take_who(e, v, "/id", "/model");
	add_text(e, str_at(choice, e->streamed ? in_stream : in_whole));
	take_finish(e, str_at(choice, "/finish_reason"));
	take_count(&e->h->in_tok, yyjson_obj_get(usage, "prompt_tokens"));
	take_count(&e->h->out_tok, yyjson_obj_get(usage, "completion_tokens"));
}

static void take_response(struct ear *e, yyjson_val *r)
{
	yyjson_val *item, *part;
	size_t i, k, n, m;
	struct buf all;

	buf_init(&all, 1 << 20);
	take_who(e, r, "/id", "/model");
	take_count(&e->h->in_tok, yyjson_ptr_get(r, "/usage/input_tokens"));
	take_count(&e->h->out_tok, yyjson_ptr_get(r, "/usage/output_tokens"));
	yyjson_arr_foreach(yyjson_obj_get(r, "output"), i, n, item)
		yyjson_arr_foreach(yyjson_obj_get(item, "content"), k, m, part)
			if (str_at(part, "/text"))
				buf_add(&all, slice_str(str_at(part, "/text")));
	if (!e->streamed)
		buf_add(&e->text, buf_slice(&all));
	else if (!slice_eq(buf_slice(&all), buf_slice(&e->text)))
		bad(e, "the whole response has another text than its deltas");
	take_finish(e, str_at(r, "/status"));
	buf_done(&all);
}

static void take_responses_event(struct ear *e, yyjson_val *v)
{
	const char *type = str_at(v, "/type");

	if (type == NULL) {
		bad(e, "an event without type");
		return;
	}
	if (yyjson_get_sint(yyjson_obj_get(v, "sequence_number")) != e->seq++)
		bad(e, "the sequence numbers have a gap");
	if (!e->started != (strcmp(type, "response.created") == 0))
		bad(e, "response.created is not there once and first");
	e->started = true;
	if (strcmp(type, "response.output_text.delta") == 0)
		add_text(e, str_at(v, "/delta"));
	if (strcmp(type, "response.output_text.done") == 0
			&& !slice_eq(slice_str(str_at(v, "/text")), buf_slice(&e->text)))
		bad(e, "output_text.done has another text than its deltas");
	if (strcmp(type, "response.completed") == 0 || strcmp(type, "response.incomplete") == 0) {
		take_response(e, yyjson_obj_get(v, "response"));
		e->h->n_ends++;
	}
}

static void take_claude_usage(struct ear *e, yyjson_val *usage)
{
	take_count(&e->h->in_tok, yyjson_obj_get(usage, "input_tokens"));
	take_count(&e->h->out_tok, yyjson_obj_get(usage, "output_tokens"));
}

static void take_claude_block(struct ear *e, yyjson_val *v, const char *type)
{
	if (yyjson_get_sint(yyjson_obj_get(v, "index")) != e->block)
		bad(e, "a block out of order");
	if (e->open != (strcmp(type, "content_block_start") != 0))
		bad(e, "blocks overlap, or a delta without its block");
	e->open = strcmp(type, "content_block_stop") != 0;
	e->block += !e->open;
	add_text(e, str_at(v, "/delta/text"));
	add_text(e, str_at(v, "/content_block/text"));
}

static void take_claude_event(struct ear *e, yyjson_val *v)
{
	const char *type = str_at(v, "/type");

	if (type == NULL) {
		bad(e, "an event without type");
		return;
	}
	if (strcmp(type, "ping") == 0)
		return;
	if (!e->started != (strcmp(type, "message_start") == 0))
		bad(e, "message_start is not there once and first");
	e->started = true;
	if (strncmp(type, "content_block_", 14) == 0)
		take_claude_block(e, v, type);
	else if (e->open)
		bad(e, "a block is left open");
	take_who(e, v, "/message/id", "/message/model");
	take_claude_usage(e, yyjson_ptr_get(v, "/message/usage"));
	take_claude_usage(e, yyjson_obj_get(v, "usage"));
	take_finish(e, str_at(v, "/delta/stop_reason"));
	if (strcmp(type, "message_stop") == 0 && !e->h->finish)
		bad(e, "message_stop without a reason");
	e->h->n_ends += strcmp(type, "message_stop") == 0;
}

static void take_claude_whole(struct ear *e, yyjson_val *v)
{
	yyjson_val *block;
	size_t i, n;

	if (strcmp(str_at(v, "/type") ? str_at(v, "/type") : "", "message") != 0)
		bad(e, "no message");
	take_who(e, v, "/id", "/model");
	yyjson_arr_foreach(yyjson_obj_get(v, "content"), i, n, block)
		add_text(e, str_at(block, "/text"));
	take_finish(e, str_at(v, "/stop_reason"));
	take_claude_usage(e, yyjson_obj_get(v, "usage"));
}

static void take_gemini(struct ear *e, yyjson_val *v)
{
	yyjson_val *candidate = yyjson_ptr_get(v, "/candidates/0"), *part;
	size_t i, n;

	take_who(e, v, "/responseId", "/modelVersion");
	yyjson_arr_foreach(yyjson_ptr_get(candidate, "/content/parts"), i, n, part)
		if (!yyjson_is_true(yyjson_obj_get(part, "thought")))
			add_text(e, str_at(part, "/text"));
	take_finish(e, str_at(candidate, "/finishReason"));
	e->h->n_ends += str_at(candidate, "/finishReason") != NULL;
	take_count(&e->h->in_tok, yyjson_ptr_get(v, "/usageMetadata/promptTokenCount"));
	take_count(&e->h->out_tok, yyjson_ptr_get(v, "/usageMetadata/candidatesTokenCount"));
}

/* One event of a stream, or a whole body. */
static void take(struct ear *e, enum sim_tongue t, yyjson_val *v)
{
	if (e->h->error || (e->streamed && e->h->n_ends && !is_gemini(t)))
		bad(e, "something behind the end");
	if (!yyjson_is_obj(v))
		bad(e, "no JSON object");
	else if (take_error(e, v))
		return;
	else if (t == SIM_CHAT)
		take_openai(e, v, "/delta/content", "/message/content");
	else if (t == SIM_COMPLETIONS)
		take_openai(e, v, "/text", "/text");
	else if (t == SIM_RESPONSES && e->streamed)
		take_responses_event(e, v);
	else if (t == SIM_RESPONSES)
		take_response(e, v);
	else if (t == SIM_CLAUDE && e->streamed)
		take_claude_event(e, v);
	else if (t == SIM_CLAUDE)
		take_claude_whole(e, v);
	else
		take_gemini(e, v);
}

static void take_data(struct ear *e, enum sim_tongue t, struct slice data)
{
	if (slice_eq(data, SLICE("[DONE]"))) {
		if (t != SIM_CHAT && t != SIM_COMPLETIONS)
			bad(e, "[DONE], which is not of this dialect");
		e->h->n_ends++;
		return;
	}
	yyjson_doc *doc = yyjson_read(data.p, data.n, 0);
	if (doc == NULL)
		bad(e, "an event that is no JSON");
	else
		take(e, t, yyjson_doc_get_root(doc));
	yyjson_doc_free(doc);
}

/* A JSON array; one that is cut has no closing bracket, but whole elements until then. */
static void take_array(struct ear *e, struct slice body, bool is_whole)
{
	struct buf b;
	yyjson_val *v;
	size_t i, n;

	buf_init(&b, body.n + 8);
	buf_add(&b, body);
	yyjson_doc *doc = body.n ? yyjson_read(b.p, b.n, 0) : NULL;
	if (doc == NULL && body.n && !is_whole) {
		buf_add_char(&b, ']');
		doc = yyjson_read(b.p, b.n, 0);
	}
	if ((doc == NULL && (body.n || is_whole)) || (doc && !yyjson_is_arr(yyjson_doc_get_root(doc))))
		bad(e, "no JSON array");
	yyjson_arr_foreach(yyjson_doc_get_root(doc), i, n, v)
		take(e, SIM_GEMINI_ARRAY, v);
	yyjson_doc_free(doc);
	buf_done(&b);
}

static bool is_json(const struct sim_answer *a)
{
	return slice_starts(sim_http_field(&a->http, "content-type"), SLICE("application/json"));
}

struct sim_tongue_heard sim_tongue_hear(struct sim *s, enum sim_tongue t, const struct sim_answer *a, bool streamed)
{
	struct sim_tongue_heard h = { .in_tok = -1, .out_tok = -1 };
	struct ear e = { .s = s, .h = &h, .streamed = streamed && a->http.status == 200 };

	buf_init(&e.text, 64u << 20);
	if (!sim_http_head_done(&a->http))
		h.bad = "no head";
	else if (e.streamed && t == SIM_GEMINI_ARRAY && is_json(a))
		take_array(&e, buf_slice(&a->http.body), a->end == SIM_CLEAN);
	else if (e.streamed && sim_is_stream(a))
		for (size_t i = 0; i < a->n_events; i++)
			take_data(&e, t, sim_event_at(a, i).data);
	else if (!e.streamed && is_json(a))
		take_data(&e, t, buf_slice(&a->http.body));
	else
		bad(&e, "neither a stream nor JSON");
	if (!e.streamed && !h.bad && !h.error)
		h.n_ends = 1;
	struct slice text = arena_copy(s->arena, buf_slice(&e.text));
	h.text = text.n ? text.p : "";
	buf_done(&e.text);
	return h;
}

/* --- checks --------------------------------------------------------------------------------------------- */

static const char *why_not_whole(const struct sim_answer *a, const struct sim_tongue_heard *h, enum sim_tongue t,
	const char *text)
{
	if (a->http.bad || h->bad)
		return a->http.bad ? a->http.bad : h->bad;
	if (a->end != SIM_CLEAN || a->http.status != 200)
		return "no clean end of a 200";
	if (h->error)
		return "there is an error in it";
	if (h->finish == NULL || h->n_ends != 1)
		return "it does not finish, or not once";
	if (h->model == NULL || (h->id == NULL && !is_gemini(t)))
		return "no id or no model";
	return strcmp(h->text, text) == 0 ? NULL : "another text";
}

static const char *why_not_broken(const struct sim_answer *a, const struct sim_tongue_heard *h, const char *text)
{
	if (a->http.bad || h->bad)
		return a->http.bad ? a->http.bad : h->bad;
	if (a->http.status != 200 || (a->end != SIM_BROKEN && a->end != SIM_RST))
		return "its body ends as if it were complete";
	if (h->n_ends)
		return "an end mark in a failed answer";
	if (h->error == NULL)
		return "the last event is no error";
	return strncmp(text, h->text, strlen(h->text)) == 0 ? NULL : "another text";
}

static const char *why_not_refused(const struct sim_answer *a, const struct sim_tongue_heard *h)
{
	if (a->http.bad || h->bad)
		return a->http.bad ? a->http.bad : h->bad;
	if (a->end != SIM_CLEAN || a->http.status < 400 || !is_json(a))
		return "not a complete answer with an error status";
	return h->error ? NULL : "no error object";
}

static void verdict(struct sim *s, enum sim_tongue t, struct sim_client *c, const struct sim_tongue_heard *h,
	const char *want,
	const char *why, const char *file, int line)
{
	const struct sim_answer *a = &c->answers[0];
	struct slice body = buf_slice(&a->http.body);

	if (why == NULL && !c->extra)
		return;
	print_error("client of %s: status %d, end %d, text \"%.200s\", finish %s, error %s, body %zu bytes: %.*s"
		"\n", rows[t].name,
		a->http.status, (int)a->end, h->text, h->finish ? h->finish : "-", h->error ? h->error : "-", body.n,
		(int)MIN_OF(body.n, 3000u), body.n ? body.p : "");
	sim_fail(s, file, line, "want %s: %s", want, c->extra ? "bytes that belong to no answer" : why);
}

void sim_tongue_whole_at(struct sim *s, enum sim_tongue t, struct sim_client *c, bool streamed, const char *text,
	const char *file, int line)
{
	struct sim_tongue_heard h = sim_tongue_hear(s, t, &c->answers[0], streamed);

	verdict(s, t, c, &h, "a whole answer", why_not_whole(&c->answers[0], &h, t, text), file, line);
}

void sim_tongue_broken_at(struct sim *s, enum sim_tongue t, struct sim_client *c, const char *text,
	const char *file, int line)
{
	struct sim_tongue_heard h = sim_tongue_hear(s, t, &c->answers[0], true);
	const char *why = why_not_broken(&c->answers[0], &h, text);

	verdict(s, t, c, &h, "a broken stream", why ? why : strcmp(h.text, text) ? "another text" : NULL, file, line);
}

void sim_tongue_refused_at(struct sim *s, enum sim_tongue t, struct sim_client *c, int status, const char *file,
	int line)
{
	struct sim_tongue_heard h = sim_tongue_hear(s, t, &c->answers[0], false);
	const char *why = why_not_refused(&c->answers[0], &h);

	verdict(s, t, c, &h, "a refusal", why || !status || c->answers[0].http.status == status ? why
		: "another status", file,
		line);
}

/* As sim_check_honest: whole, refused or visibly broken; of an answer that was left, any beginning. */
void sim_tongue_honest_at(struct sim *s, enum sim_tongue t, struct sim_client *c, bool streamed, const char *text,
	const char *file, int line)
{
	const struct sim_answer *a = &c->answers[0];
	struct sim_tongue_heard h = sim_tongue_hear(s, t, a, streamed);
	const char *why = why_not_whole(a, &h, t, text);

	if (why && streamed && why_not_broken(a, &h, text) == NULL)
		why = NULL;
	if (why && why_not_refused(a, &h) == NULL)
		why = NULL;
	if (a->end == SIM_PENDING && (c->left || c->plan.read_stop))
		why = a->http.bad || strncmp(text, h.text, strlen(h.text)) ? "another text" : NULL;
	if (buf_len(&a->http.head) == 0 && a->end != SIM_CLEAN && s->ending)
		why = c->done ? NULL : "it waits for ever";
	verdict(s, t, c, &h, "whole, refused or broken", why, file, line);
}

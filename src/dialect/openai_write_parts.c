/* What a message of this dialect cannot carry stands elsewhere: media of a tool result in a user message
 * behind the results, reasoning state in the member that the provider knows for it, if any. */
#include "dialect/openai_write_parts.h"

#include "dialect/openai_rest.h"
#include "dialect/openai_write_content.h"
#include "dialect/openai_write_state.h"

static void open_message(struct openai_write *o, const char *role, struct slice name)
{
	if (o->after_tool && o->q->turn_after_tool && strcmp(role, "user") == 0)
		json_out_raw(&o->w, SLICE("{\"role\":\"assistant\",\"content\":\"OK.\"}"));
	o->after_tool = strcmp(role, "tool") == 0;
	json_out_obj(&o->w);
	json_out_key_str(&o->w, "role", slice_str(role));
	if (name.n)
		json_out_key_str(&o->w, "name", name);
}

/* --- assistant ------------------------------------------------------------------------------------------ */

static void put_call(struct openai_write *o, const struct prompt_part *call)
{
	struct json_out *w = &o->w;
	const char *kind = call->custom ? "custom" : "function";

	json_out_obj(w);
	json_out_key_str(w, "id", openai_write_id(o, call->id));
	json_out_key_str(w, "type", slice_str(kind));
	json_out_key(w, kind);
	json_out_obj(w);
	json_out_key_str(w, "name", call->name);
	/* "{}" is what every server reads as no arguments */
	json_out_key_str(w, call->custom ? "input" : "arguments",
		call->args.n || call->custom ? call->args : SLICE("{}"));
	json_out_obj_end(w);
	openai_write_state_of_call(o, call);
	openai_rest_put(o, call->raw, OPENAI_REST_CALL);
	json_out_obj_end(w);
}

static void put_calls(struct openai_write *o, const struct prompt_part *parts)
{
	json_out_key(&o->w, "tool_calls");
	json_out_arr(&o->w);
	for (; parts; parts = parts->next)
		if (parts->kind == PROMPT_PART_TOOL_CALL)
			put_call(o, parts);
	json_out_arr_end(&o->w);
}

/* The parts that an assistant's content may hold: text and refusals.  Media that a model made cannot go
 * back. */
static bool is_said(struct openai_write *o, const struct prompt_part *part)
{
	switch (part->kind) {
	case PROMPT_PART_TEXT:
	case PROMPT_PART_REFUSAL:
		return part->text.n > 0;
	case PROMPT_PART_IMAGE:
	case PROMPT_PART_AUDIO:
	case PROMPT_PART_FILE:
		drops_add_str(o->ask->drops, "assistant.media");
		return false;
	case PROMPT_PART_OTHER:
		if (!o->is_own)
			openai_write_content_takes(o, part);
		return false;
	case PROMPT_PART_REASONING:
	case PROMPT_PART_TOOL_CALL:
	case PROMPT_PART_TOOL_RESULT:
		return false;
	}
	must_never("part kind");
}

/* One string, as all servers take it: blocks of one answer are pieces of one text.  A refusal is told like
 * text. */
static void put_said(struct openai_write *o, const struct prompt_part *parts)
{
	json_out_key(&o->w, "content");
	json_out_str_begin(&o->w);
	for (; parts; parts = parts->next)
		if (is_said(o, parts))
			json_out_str_add(&o->w, parts->text);
	json_out_str_end(&o->w);
}

/* Parts that stay raw: the reference to an earlier spoken answer is a member, others are content. */
static void put_own_members(struct openai_write *o, const struct prompt_part *parts)
{
	for (; o->is_own && parts; parts = parts->next)
		if (parts->kind == PROMPT_PART_OTHER && parts->raw && slice_eq(parts->name, SLICE("audio")))
			json_out_key_val(&o->w, "audio", parts->raw);
}

static void put_assistant(struct openai_write *o, const struct prompt_message *m)
{
	bool has_calls = false, says = false, has_audio = false;

	for (const struct prompt_part *part = m->parts; part; part = part->next) {
		has_calls |= part->kind == PROMPT_PART_TOOL_CALL;
		has_audio |= part->kind == PROMPT_PART_OTHER && o->is_own;
		says |= is_said(o, part);
	}
	if (!has_calls && !says && !has_audio)
		return;		/* a turn of nothing is refused by some servers */
	open_message(o, "assistant", m->name);
	openai_write_state(o, m->parts, has_calls);
	if (says || !has_calls) {
		put_said(o, m->parts);
	} else {
		json_out_key(&o->w, "content");
		json_out_null(&o->w);
	}
	put_own_members(o, m->parts);
	if (has_calls)
		put_calls(o, m->parts);
	openai_rest_put(o, m->raw, OPENAI_REST_MESSAGE);
	json_out_obj_end(&o->w);
}

/* --- tool results --------------------------------------------------------------------------------------- */

static bool is_media(const struct prompt_part *part)
{
	return part->kind == PROMPT_PART_IMAGE || part->kind == PROMPT_PART_AUDIO
		|| part->kind == PROMPT_PART_FILE;
}

/* Texts of a result, one below the other; each medium leaves a word where it stood. */
static void put_result(struct openai_write *o, const struct prompt_part *result)
{
	struct json_out *w = &o->w;

	open_message(o, "tool", SLICE_EMPTY);
	json_out_key_str(w, "tool_call_id", openai_write_id(o, result->id));
	json_out_key(w, "content");
	json_out_str_begin(w);
	if (result->is_error)
		json_out_str_add(w, SLICE("Error: "));
	for (const struct prompt_part *part = result->content; part; part = part->next) {
		if (part != result->content)
			json_out_str_add(w, SLICE("\n"));
		if (part->kind == PROMPT_PART_OTHER)
			openai_write_refuse(o, "a tool's result holds what only its own provider understands");
		json_out_str_add(w, is_media(part) ? SLICE("[attached to the next message]") : part->text);
	}
	json_out_str_end(w);
	openai_rest_put(o, result->raw, OPENAI_REST_MESSAGE);
	json_out_obj_end(w);
}

static bool holds_media(struct openai_write *o, const struct prompt_part *results)
{
	bool any = false;

	for (const struct prompt_part *r = results; r; r = r->next)
		for (const struct prompt_part *part = r->orphan ? NULL : r->content; part; part = part->next)
			any |= is_media(part) && openai_write_content_takes(o, part);
	return any;
}

/* What the results' messages cannot carry, each after a line that says whose it is. */
static void put_result_media(struct openai_write *o, const struct prompt_part *results)
{
	struct json_out *w = &o->w;

	open_message(o, "user", SLICE_EMPTY);
	json_out_key(w, "content");
	json_out_arr(w);
	for (const struct prompt_part *r = results; r; r = r->next)
		for (const struct prompt_part *part = r->orphan ? NULL : r->content; part; part = part->next) {
			if (!is_media(part) || !openai_write_content_takes(o, part))
				continue;
			json_out_obj(w);
			json_out_key_str(w, "type", SLICE("text"));
			json_out_key(w, "text");
			json_out_str_begin(w);
			json_out_str_add(w, SLICE("From the result of "));
			json_out_str_add(w, r->name.n ? r->name : openai_write_id(o, r->id));
			json_out_str_add(w, SLICE(":"));
			json_out_str_end(w);
			json_out_obj_end(w);
			openai_write_content_part(o, part);
		}
	json_out_arr_end(w);
	json_out_obj_end(w);
}

/* A result without its call is refused by OpenAI; what it answers is gone. */
static void put_results(struct openai_write *o, const struct prompt_message *m)
{
	for (const struct prompt_part *part = m->parts; part; part = part->next) {
		if (part->kind != PROMPT_PART_TOOL_RESULT)
			continue;
		if (part->orphan)
			drops_add_str(o->ask->drops, "tool_result.orphan");
		else
			put_result(o, part);
	}
	if (holds_media(o, m->parts))
		put_result_media(o, m->parts);
}

/* --- the whole ------------------------------------------------------------------------------------------ */

/* JSON without a schema is only given when the prompt speaks of it (OpenAI, DeepSeek), which clients of
 * other dialects need not do; a schema that the provider does not take is told in words. */
static void put_instruction(struct openai_write *o)
{
	const struct prompt *p = o->p;
	struct json_out *w = &o->w;
	bool in_words = p->format == PROMPT_FORMAT_SCHEMA && o->q->no_schema;

	if (!in_words && (p->format != PROMPT_FORMAT_JSON || o->is_own))
		return;
	open_message(o, "system", SLICE_EMPTY);
	json_out_key(w, "content");
	json_out_str_begin(w);
	json_out_str_add(w, SLICE("Answer with JSON and nothing else."));
	if (in_words && p->format_schema) {
		struct slice schema = json_out_text(o->ask->arena, p->format_schema);
		w->failed |= schema.p == NULL;
		json_out_str_add(w, SLICE(" It must be valid under this JSON Schema: "));
		json_out_str_add(w, schema);
	}
	json_out_str_end(w);
	json_out_obj_end(w);
}

static void put_plain_message(struct openai_write *o, const char *role, const struct prompt_message *m)
{
	open_message(o, role, m->name);
	openai_write_content(o, m->parts);
	openai_rest_put(o, m->raw, OPENAI_REST_MESSAGE);
	json_out_obj_end(&o->w);
}

void openai_write_parts(struct openai_write *o)
{
	const char *developer = o->q->system_only ? "system" : "developer";

	json_out_arr(&o->w);
	put_instruction(o);
	size_t n = buf_len(o->w.out);
	for (const struct prompt_message *m = o->p->messages; m; m = m->next) {
		switch (m->role) {
		case PROMPT_SYSTEM: put_plain_message(o, "system", m); break;
		case PROMPT_DEVELOPER: put_plain_message(o, developer, m); break;
		case PROMPT_USER: put_plain_message(o, "user", m); break;
		case PROMPT_ASSISTANT: put_assistant(o, m); break;
		case PROMPT_TOOL: put_results(o, m); break;
		}
	}
	if (buf_len(o->w.out) == n && json_out_ok(&o->w))	/* results without their calls, and nothing else */
		openai_write_refuse(o, "`messages` would be empty: there is nothing that this provider could read");
	json_out_arr_end(&o->w);
}

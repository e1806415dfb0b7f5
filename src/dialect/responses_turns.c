#include "dialect/responses_turns.h"

#include "dialect/responses_seal.h"

void responses_turns_refuse(struct responses_writer *r, const char *param, const char *what)
{
	if (r->err != ERR_OK)
		return;
	r->err = ERR_UNSUPPORTED;
	*r->ask->fault = fault_make(r->ask->arena, ERR_UNSUPPORTED, "`%s` %s", param, what);
	r->ask->fault->param = slice_str(param);
}

static bool is_system(const struct prompt_message *m)
{
	return m->role == PROMPT_SYSTEM || m->role == PROMPT_DEVELOPER;
}

struct slice responses_turns_instructions(const struct responses_writer *r)
{
	const struct prompt_message *first = r->p->messages;
	const struct prompt_part *part = first ? first->parts : NULL;

	if (part == NULL || !is_system(first) || part->kind != PROMPT_PART_TEXT || part->next)
		return SLICE_EMPTY;
	for (const struct prompt_message *m = first->next; m; m = m->next)
		if (is_system(m))
			return SLICE_EMPTY;
	return part->text;
}

/* --- parts of a content --------------------------------------------------------------------------------- */

static void open_part(struct responses_writer *r, const char *type)
{
	json_out_obj(&r->w);
	json_out_key_str(&r->w, "type", slice_str(type));
}

/* Only newer models take marks (protocols.md 1.1), so they are sent where OpenAI's own client set them. */
static void close_part(struct responses_writer *r, const struct prompt_part *part)
{
	if (r->is_family && part->cache != PROMPT_CACHE_NONE) {
		json_out_key(&r->w, "prompt_cache_breakpoint");
		json_out_raw(&r->w, SLICE("{\"mode\":\"explicit\"}"));
	}
	json_out_obj_end(&r->w);
}

static void write_text(struct responses_writer *r, const struct prompt_part *part, const char *type)
{
	open_part(r, type);
	json_out_key_str(&r->w, "text", part->text);
	close_part(r, part);
}

static void write_uri(struct responses_writer *r, const char *key, const struct prompt_media *m)
{
	json_out_key(&r->w, key);
	json_out_str_begin(&r->w);
	if (m->source == PROMPT_SOURCE_BASE64) {
		json_out_str_add(&r->w, SLICE("data:"));
		json_out_str_add(&r->w, m->mime);
		json_out_str_add(&r->w, SLICE(";base64,"));
	}
	json_out_str_add(&r->w, m->data);
	json_out_str_end(&r->w);
}

static void check_id(struct responses_writer *r)
{
	if (!r->is_family)
		responses_turns_refuse(r, "input", "names a file that another provider keeps: send its content");
}

static void write_image(struct responses_writer *r, const struct prompt_part *part)
{
	const struct prompt_media *m = &part->media;

	if (m->source == PROMPT_SOURCE_URL && r->ask->quirks->inline_images)
		responses_turns_refuse(r, "input", "has an image by URL, which this provider does not fetch: send its bytes");
	open_part(r, "input_image");
	if (m->source == PROMPT_SOURCE_FILE_ID) {
		check_id(r);
		json_out_key_str(&r->w, "file_id", m->data);
	} else {
		write_uri(r, "image_url", m);
	}
	json_out_key_str(&r->w, "detail", m->detail.n ? m->detail : SLICE("auto"));
	close_part(r, part);
}

/* A document that is plain text: its title stands before it. */
static void write_plain(struct responses_writer *r, const struct prompt_part *part)
{
	open_part(r, "input_text");
	json_out_key(&r->w, "text");
	json_out_str_begin(&r->w);
	json_out_str_add(&r->w, part->media.name);
	json_out_str_add(&r->w, part->media.name.n ? SLICE("\n\n") : SLICE_EMPTY);
	json_out_str_add(&r->w, part->media.data);
	json_out_str_end(&r->w);
	close_part(r, part);
}

/* Bytes need a name; its end says what they are. */
static struct slice file_name(const struct prompt_media *m)
{
	if (m->name.n || m->source != PROMPT_SOURCE_BASE64)
		return m->name;
	return slice_eq(m->mime, SLICE("application/pdf")) ? SLICE("document.pdf") : SLICE("file");
}

static void write_file(struct responses_writer *r, const struct prompt_part *part)
{
	const struct prompt_media *m = &part->media;

	if (m->source == PROMPT_SOURCE_PLAIN) {
		write_plain(r, part);
		return;
	}
	open_part(r, "input_file");
	if (m->source == PROMPT_SOURCE_FILE_ID) {
		check_id(r);
		json_out_key_str(&r->w, "file_id", m->data);
	} else {
		write_uri(r, m->source == PROMPT_SOURCE_URL ? "file_url" : "file_data", m);
		if (file_name(m).n)
			json_out_key_str(&r->w, "filename", file_name(m));
	}
	close_part(r, part);
}

static const struct {
	const char *mime, *format;
} sounds[] = {
	{ "audio/wav", "wav" }, { "audio/x-wav", "wav" }, { "audio/wave", "wav" }, { "audio/mpeg", "mp3" },
	{ "audio/mp3", "mp3" },
};

static void write_audio(struct responses_writer *r, const struct prompt_part *part)
{
	size_t i = 0;

	while (i < COUNT_OF(sounds) && !slice_case_eq(part->media.mime, slice_str(sounds[i].mime)))
		i++;
	if (i == COUNT_OF(sounds) || part->media.source != PROMPT_SOURCE_BASE64) {
		responses_turns_refuse(r, "input", "has audio that is neither wav nor mp3 bytes");
		return;
	}
	open_part(r, "input_audio");
	json_out_key(&r->w, "input_audio");
	json_out_obj(&r->w);
	json_out_key_str(&r->w, "data", part->media.data);
	json_out_key_str(&r->w, "format", slice_str(sounds[i].format));
	json_out_obj_end(&r->w);
	close_part(r, part);
}

static void write_other(struct responses_writer *r, const struct prompt_part *part)
{
	if (r->is_own)
		json_out_val(&r->w, part->raw);
	else
		drops_add(r->ask->drops, part->name.n ? part->name : json_str(part->raw, "type"));
}

/* `text`: the type of a text here. */
static void write_part(struct responses_writer *r, const struct prompt_part *part, const char *text)
{
	switch (part->kind) {
	case PROMPT_PART_TEXT:
		write_text(r, part, text);
		return;
	case PROMPT_PART_REFUSAL:
		open_part(r, "refusal");
		json_out_key_str(&r->w, "refusal", part->text);
		close_part(r, part);
		return;
	case PROMPT_PART_IMAGE:
		write_image(r, part);
		return;
	case PROMPT_PART_AUDIO:
		write_audio(r, part);
		return;
	case PROMPT_PART_FILE:
		write_file(r, part);
		return;
	case PROMPT_PART_OTHER:
		write_other(r, part);
		return;
	case PROMPT_PART_REASONING:
	case PROMPT_PART_TOOL_CALL:
	case PROMPT_PART_TOOL_RESULT:
		return;		/* items of their own */
	}
	must_never("part kind");
}

/* --- tool calls and results ----------------------------------------------------------------------------- */

static struct slice fit_id(const struct responses_writer *r, struct slice id)
{
	enum callid_rule rule = r->ask->quirks->callid;
	return callid_fit(r->ask->arena, rule > CALLID_RESPONSES ? rule : CALLID_RESPONSES, id);
}

/* True when the client's own item was written. */
static bool write_own(struct responses_writer *r, const struct prompt_part *part, struct slice id)
{
	bool may = r->is_own && part->raw && slice_eq(id, part->id);

	if (may)
		json_out_val(&r->w, part->raw);
	return may;
}

/* Only another weir behind this dialect makes such state. */
static void write_call_state(struct responses_writer *r, const struct prompt_part *part)
{
	if (part->seal.origin != openai_responses.tag)
		return;
	open_part(r, "reasoning");
	json_out_key(&r->w, "summary");
	json_out_raw(&r->w, SLICE("[]"));
	json_out_key_str(&r->w, "encrypted_content",
		responses_seal_back(r->ask->arena, RESPONSES_SEAL_CALL, part->seal.bytes));
	json_out_obj_end(&r->w);
}

static void write_call(struct responses_writer *r, const struct prompt_part *part)
{
	struct slice id = fit_id(r, part->id);

	write_call_state(r, part);
	if (write_own(r, part, id))
		return;
	open_part(r, part->custom ? "custom_tool_call" : "function_call");
	json_out_key_str(&r->w, "call_id", id);
	json_out_key_str(&r->w, "name", part->name);
	if (part->custom)
		json_out_key_str(&r->w, "input", part->args);
	else
		json_out_key_str(&r->w, "arguments", part->args.n ? part->args : SLICE("{}"));
	json_out_obj_end(&r->w);
}

static bool has_media(const struct prompt_part *content)
{
	for (; content; content = content->next)
		if (content->kind != PROMPT_PART_TEXT)
			return true;
	return false;
}

/* There is no member for failure, so a word before the text says it. */
static void write_output(struct responses_writer *r, const struct prompt_part *part)
{
	struct prompt_part failed = { .kind = PROMPT_PART_TEXT, .text = SLICE("Error:") };

	json_out_key(&r->w, "output");
	if (!has_media(part->content)) {
		json_out_str_begin(&r->w);
		json_out_str_add(&r->w, part->is_error ? SLICE("Error: ") : SLICE_EMPTY);
		for (const struct prompt_part *c = part->content; c; c = c->next)
			json_out_str_add(&r->w, c->text);
		json_out_str_end(&r->w);
		return;
	}
	json_out_arr(&r->w);
	if (part->is_error)
		write_part(r, &failed, "input_text");
	for (const struct prompt_part *c = part->content; c; c = c->next)
		write_part(r, c, "input_text");
	json_out_arr_end(&r->w);
}

/* OpenAI refuses a result without its call; a client of this dialect may have named the call by reference. */
static void write_result(struct responses_writer *r, const struct prompt_part *part)
{
	struct slice id = fit_id(r, part->id);

	if (part->orphan && !r->is_own) {
		drops_add_str(r->ask->drops, "tool_result");
		return;
	}
	if (write_own(r, part, id))
		return;
	open_part(r, part->custom ? "custom_tool_call_output" : "function_call_output");
	json_out_key_str(&r->w, "call_id", id);
	write_output(r, part);
	json_out_obj_end(&r->w);
}

/* --- messages ------------------------------------------------------------------------------------------- */

/* Reasoning that a provider of this dialect made goes back; that of others is of no use to it. */
static void write_reasoning(struct responses_writer *r, const struct prompt_part *part)
{
	bool is_ours = part->seal.origin == openai_responses.tag;
	bool is_stored = r->is_own && part->seal.origin == 0 && part->id.n;

	if (!is_ours && !is_stored)
		return;
	if (r->is_own && slice_eq(json_str(part->raw, "encrypted_content"), part->seal.bytes)) {
		json_out_val(&r->w, part->raw);
		return;
	}
	open_part(r, "reasoning");
	if (part->id.n)
		json_out_key_str(&r->w, "id", part->id);
	json_out_key(&r->w, "summary");
	json_out_arr(&r->w);
	if (part->text.n)
		write_text(r, part, "summary_text");
	json_out_arr_end(&r->w);
	json_out_key_str(&r->w, "encrypted_content", responses_seal_back(r->ask->arena,
		part->redacted ? RESPONSES_SEAL_REDACTED : RESPONSES_SEAL_REASONING, part->seal.bytes));
	json_out_obj_end(&r->w);
}

/* Not part of a message: an item of its own, or nothing at all. */
static bool is_item(const struct responses_writer *r, const struct prompt_part *part)
{
	bool is_other = part->kind == PROMPT_PART_OTHER && (part->id.n || !r->is_own);

	return is_other || part->kind == PROMPT_PART_REASONING || part->kind == PROMPT_PART_TOOL_CALL
		|| part->kind == PROMPT_PART_TOOL_RESULT;
}

static void write_item(struct responses_writer *r, const struct prompt_part *part)
{
	if (part->kind == PROMPT_PART_REASONING)
		write_reasoning(r, part);
	else if (part->kind == PROMPT_PART_TOOL_CALL)
		write_call(r, part);
	else if (part->kind == PROMPT_PART_TOOL_RESULT)
		write_result(r, part);
	else
		write_other(r, part);
}

static const char *role_name(const struct responses_writer *r, enum prompt_role role)
{
	static const char *const names[] = { [PROMPT_SYSTEM] = "system", [PROMPT_DEVELOPER] = "developer",
		[PROMPT_USER] = "user", [PROMPT_ASSISTANT] = "assistant", [PROMPT_TOOL] = "user" };

	if (role == PROMPT_DEVELOPER && r->ask->quirks->system_only)
		role = PROMPT_SYSTEM;
	return names[role];
}

/* The run of parts from `part` that one message item holds.  Returns the part behind it. */
static const struct prompt_part *write_run(struct responses_writer *r, const struct prompt_message *m,
	const struct prompt_part *part)
{
	const struct prompt_part *first = part;
	struct slice phase = r->is_own && m->role == PROMPT_ASSISTANT ? json_str(part->raw, "phase") : SLICE_EMPTY;

	open_part(r, "message");
	json_out_key_str(&r->w, "role", slice_str(role_name(r, m->role)));
	if (phase.n)
		json_out_key_str(&r->w, "phase", phase);
	json_out_key(&r->w, "content");
	json_out_arr(&r->w);
	/* Neighbouring items of one turn were joined: each part still knows its own. */
	for (; part && !is_item(r, part); part = part->next) {
		if (r->is_own && m->role == PROMPT_ASSISTANT && part->raw != first->raw)
			break;
		write_part(r, part, m->role == PROMPT_ASSISTANT ? "output_text" : "input_text");
	}
	json_out_arr_end(&r->w);
	json_out_obj_end(&r->w);
	return part;
}

static void write_message(struct responses_writer *r, const struct prompt_message *m)
{
	for (const struct prompt_part *part = m->parts; part;) {
		if (is_item(r, part)) {
			write_item(r, part);
			part = part->next;
		} else {
			part = write_run(r, m, part);
		}
	}
}

void responses_turns_write(struct responses_writer *r)
{
	const struct prompt_message *m = r->p->messages;

	if (responses_turns_instructions(r).n)
		m = m->next;
	json_out_arr(&r->w);
	for (; m && r->err == ERR_OK; m = m->next)
		write_message(r, m);
	json_out_arr_end(&r->w);
}

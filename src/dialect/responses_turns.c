#include "dialect/responses_turns.h"

#include "dialect/responses_seal.h"

static bool is_system(const struct prompt_message *m)
{
	return m->role == PROMPT_SYSTEM || m->role == PROMPT_DEVELOPER;
}

struct slice responses_turns_instructions(const struct responses_body *b)
{
	const struct prompt_message *first = b->p->messages;
	const struct prompt_part *part = first ? first->parts : NULL;

	if (part == NULL || first->next == NULL || !is_system(first) || part->kind != PROMPT_PART_TEXT || part->next)
		return SLICE_EMPTY;
	for (const struct prompt_message *m = first->next; m; m = m->next)
		if (is_system(m))
			return SLICE_EMPTY;
	return part->text;
}

/* --- parts of a content --------------------------------------------------------------------------------- */

static void open_part(struct responses_body *b, const char *type)
{
	json_out_obj(&b->w);
	json_out_key_str(&b->w, "type", slice_str(type));
}

/* Only newer models take marks (protocols.md 1.1), so they are sent where OpenAI's own client set them. */
static void close_part(struct responses_body *b, const struct prompt_part *part)
{
	if (b->is_family && part->cache != PROMPT_CACHE_NONE) {
		json_out_key(&b->w, "prompt_cache_breakpoint");
		json_out_raw(&b->w, SLICE("{\"mode\":\"explicit\"}"));
	}
	json_out_obj_end(&b->w);
}

static void write_text(struct responses_body *b, const struct prompt_part *part, const char *type)
{
	open_part(b, type);
	json_out_key_str(&b->w, "text", part->text);
	close_part(b, part);
}

static void write_uri(struct responses_body *b, const char *key, const struct prompt_media *m)
{
	json_out_key(&b->w, key);
	json_out_str_begin(&b->w);
	if (m->source == PROMPT_SOURCE_BASE64) {
		json_out_str_add(&b->w, SLICE("data:"));
		json_out_str_add(&b->w, m->mime);
		json_out_str_add(&b->w, SLICE(";base64,"));
	}
	json_out_str_add(&b->w, m->data);
	json_out_str_end(&b->w);
}

static void check_id(struct responses_body *b)
{
	if (!b->is_family)
		responses_body_refuse(b, "input", "names a file that another provider keeps: send its content");
}

static void write_image(struct responses_body *b, const struct prompt_part *part)
{
	const struct prompt_media *m = &part->media;

	if (m->source == PROMPT_SOURCE_URL && b->ask->quirks->inline_images)
		responses_body_refuse(b, "input",
			"has an image by URL, which this provider does not fetch: send its bytes");
	open_part(b, "input_image");
	if (m->source == PROMPT_SOURCE_FILE_ID) {
		check_id(b);
		json_out_key_str(&b->w, "file_id", m->data);
	} else {
		write_uri(b, "image_url", m);
	}
	json_out_key_str(&b->w, "detail", m->detail.n ? m->detail : SLICE("auto"));
	close_part(b, part);
}

/* A document that is plain text: its title stands before it. */
static void write_plain(struct responses_body *b, const struct prompt_part *part)
{
	open_part(b, "input_text");
	json_out_key(&b->w, "text");
	json_out_str_begin(&b->w);
	json_out_str_add(&b->w, part->media.name);
	json_out_str_add(&b->w, part->media.name.n ? SLICE("\n\n") : SLICE_EMPTY);
	json_out_str_add(&b->w, part->media.data);
	json_out_str_end(&b->w);
	close_part(b, part);
}

/* Bytes need a name; its end says what they are. */
static struct slice file_name(const struct prompt_media *m)
{
	if (m->name.n || m->source != PROMPT_SOURCE_BASE64)
		return m->name;
	return slice_eq(m->mime, SLICE("application/pdf")) ? SLICE("document.pdf") : SLICE("file");
}

static void write_file(struct responses_body *b, const struct prompt_part *part)
{
	const struct prompt_media *m = &part->media;

	if (m->source == PROMPT_SOURCE_PLAIN) {
		write_plain(b, part);
		return;
	}
	open_part(b, "input_file");
	if (m->source == PROMPT_SOURCE_FILE_ID) {
		check_id(b);
		json_out_key_str(&b->w, "file_id", m->data);
	} else {
		write_uri(b, m->source == PROMPT_SOURCE_URL ? "file_url" : "file_data", m);
		if (file_name(m).n)
			json_out_key_str(&b->w, "filename", file_name(m));
	}
	close_part(b, part);
}

static const struct {
	const char *mime, *format;
} sounds[] = {
	{ "audio/wav", "wav" }, { "audio/x-wav", "wav" }, { "audio/wave", "wav" }, { "audio/mpeg", "mp3" },
	{ "audio/mp3", "mp3" },
};

static void write_audio(struct responses_body *b, const struct prompt_part *part)
{
	size_t i = 0;

	while (i < COUNT_OF(sounds) && !slice_case_eq(part->media.mime, slice_str(sounds[i].mime)))
		i++;
	if (i == COUNT_OF(sounds) || part->media.source != PROMPT_SOURCE_BASE64) {
		responses_body_refuse(b, "input", "has audio that is neither wav nor mp3 bytes");
		return;
	}
	open_part(b, "input_audio");
	json_out_key(&b->w, "input_audio");
	json_out_obj(&b->w);
	json_out_key_str(&b->w, "data", part->media.data);
	json_out_key_str(&b->w, "format", slice_str(sounds[i].format));
	json_out_obj_end(&b->w);
	close_part(b, part);
}

static void write_other(struct responses_body *b, const struct prompt_part *part)
{
	if (b->is_own)
		json_out_val(&b->w, part->raw);
	else
		drops_add(b->ask->drops, part->name.n ? part->name : json_str(part->raw, "type"));
}

/* `text`: the type of a text here. */
static void write_part(struct responses_body *b, const struct prompt_part *part, const char *text)
{
	switch (part->kind) {
	case PROMPT_PART_TEXT:
		write_text(b, part, text);
		return;
	case PROMPT_PART_REFUSAL:
		open_part(b, "refusal");
		json_out_key_str(&b->w, "refusal", part->text);
		close_part(b, part);
		return;
	case PROMPT_PART_IMAGE:
		write_image(b, part);
		return;
	case PROMPT_PART_AUDIO:
		write_audio(b, part);
		return;
	case PROMPT_PART_FILE:
		write_file(b, part);
		return;
	case PROMPT_PART_OTHER:
		write_other(b, part);
		return;
	case PROMPT_PART_REASONING:
	case PROMPT_PART_TOOL_CALL:
	case PROMPT_PART_TOOL_RESULT:
		return;		/* items of their own */
	}
	must_never("part kind");
}

/* --- tool calls and results ----------------------------------------------------------------------------- */

static struct slice fit_id(const struct responses_body *b, struct slice id)
{
	enum callid_rule rule = b->ask->quirks->callid;
	return callid_fit(b->ask->arena, rule > CALLID_RESPONSES ? rule : CALLID_RESPONSES, id);
}

/* True when the client's own item was written. */
static bool write_own(struct responses_body *b, const struct prompt_part *part, struct slice id)
{
	bool may = b->is_own && part->raw && slice_eq(id, part->id);

	if (may)
		json_out_val(&b->w, part->raw);
	return may;
}

/* Only another weir behind this dialect makes such state. */
static void write_call_state(struct responses_body *b, const struct prompt_part *part)
{
	if (part->seal.origin != openai_responses.tag)
		return;
	open_part(b, "reasoning");
	json_out_key(&b->w, "summary");
	json_out_raw(&b->w, SLICE("[]"));
	json_out_key_str(&b->w, "encrypted_content",
		responses_seal_back(b->ask->arena, RESPONSES_SEAL_CALL, part->seal.bytes));
	json_out_obj_end(&b->w);
}

static void write_call(struct responses_body *b, const struct prompt_part *part)
{
	struct slice id = fit_id(b, part->id);

	write_call_state(b, part);
	if (write_own(b, part, id))
		return;
	open_part(b, part->custom ? "custom_tool_call" : "function_call");
	json_out_key_str(&b->w, "call_id", id);
	json_out_key_str(&b->w, "name", part->name);
	if (part->custom)
		json_out_key_str(&b->w, "input", part->args);
	else
		json_out_key_str(&b->w, "arguments", part->args.n ? part->args : SLICE("{}"));
	json_out_obj_end(&b->w);
}

static bool has_media(const struct prompt_part *content)
{
	for (; content; content = content->next)
		if (content->kind != PROMPT_PART_TEXT)
			return true;
	return false;
}

/* There is no member for failure, so a word before the text says it. */
static void write_output(struct responses_body *b, const struct prompt_part *part)
{
	struct prompt_part failed = { .kind = PROMPT_PART_TEXT, .text = SLICE("Error:") };

	json_out_key(&b->w, "output");
	if (!has_media(part->content)) {
		json_out_str_begin(&b->w);
		json_out_str_add(&b->w, part->is_error ? SLICE("Error: ") : SLICE_EMPTY);
		for (const struct prompt_part *c = part->content; c; c = c->next)
			json_out_str_add(&b->w, c->text);
		json_out_str_end(&b->w);
		return;
	}
	json_out_arr(&b->w);
	if (part->is_error)
		write_part(b, &failed, "input_text");
	for (const struct prompt_part *c = part->content; c; c = c->next)
		write_part(b, c, "input_text");
	json_out_arr_end(&b->w);
}

/* OpenAI refuses a result without its call; a client of this dialect may have named the call by reference. */
static void write_result(struct responses_body *b, const struct prompt_part *part)
{
	struct slice id = fit_id(b, part->id);

	if (part->orphan && !b->is_own) {
		drops_add_str(b->ask->drops, "tool_result");
		return;
	}
	if (write_own(b, part, id))
		return;
	open_part(b, part->custom ? "custom_tool_call_output" : "function_call_output");
	json_out_key_str(&b->w, "call_id", id);
	write_output(b, part);
	json_out_obj_end(&b->w);
}

/* --- messages ------------------------------------------------------------------------------------------- */

/* Reasoning that a provider of this dialect made goes back; that of others is of no use to it. */
static void write_reasoning(struct responses_body *b, const struct prompt_part *part)
{
	bool is_ours = part->seal.origin == openai_responses.tag;
	bool is_stored = b->is_own && part->seal.origin == 0 && part->id.n;

	if (!is_ours && !is_stored)
		return;
	if (b->is_own && slice_eq(json_str(part->raw, "encrypted_content"), part->seal.bytes)) {
		json_out_val(&b->w, part->raw);
		return;
	}
	open_part(b, "reasoning");
	if (part->id.n)
		json_out_key_str(&b->w, "id", part->id);
	json_out_key(&b->w, "summary");
	json_out_arr(&b->w);
	if (part->text.n)
		write_text(b, part, "summary_text");
	json_out_arr_end(&b->w);
	json_out_key_str(&b->w, "encrypted_content", responses_seal_back(b->ask->arena,
		part->redacted ? RESPONSES_SEAL_REDACTED : RESPONSES_SEAL_REASONING, part->seal.bytes));
	json_out_obj_end(&b->w);
}

/* Not part of a message: an item of its own, or nothing at all. */
static bool is_item(const struct responses_body *b, const struct prompt_part *part)
{
	bool is_other = part->kind == PROMPT_PART_OTHER && (part->id.n || !b->is_own);

	return is_other || part->kind == PROMPT_PART_REASONING || part->kind == PROMPT_PART_TOOL_CALL
		|| part->kind == PROMPT_PART_TOOL_RESULT;
}

static void write_item(struct responses_body *b, const struct prompt_part *part)
{
	if (part->kind == PROMPT_PART_REASONING)
		write_reasoning(b, part);
	else if (part->kind == PROMPT_PART_TOOL_CALL)
		write_call(b, part);
	else if (part->kind == PROMPT_PART_TOOL_RESULT)
		write_result(b, part);
	else
		write_other(b, part);
}

static const char *role_name(const struct responses_body *b, enum prompt_role role)
{
	static const char *const names[] = { [PROMPT_SYSTEM] = "system", [PROMPT_DEVELOPER] = "developer",
		[PROMPT_USER] = "user", [PROMPT_ASSISTANT] = "assistant", [PROMPT_TOOL] = "user" };

	if (role == PROMPT_DEVELOPER && b->ask->quirks->system_only)
		role = PROMPT_SYSTEM;
	return names[role];
}

/* The run of parts from `part` that one message item holds.  Returns the part behind it. */
static const struct prompt_part *write_run(struct responses_body *b, const struct prompt_message *m,
	const struct prompt_part *part)
{
	const struct prompt_part *first = part;
	struct slice phase = b->is_own && m->role == PROMPT_ASSISTANT ? json_str(part->raw, "phase") : SLICE_EMPTY;

	open_part(b, "message");
	json_out_key_str(&b->w, "role", slice_str(role_name(b, m->role)));
	if (phase.n)
		json_out_key_str(&b->w, "phase", phase);
	json_out_key(&b->w, "content");
	json_out_arr(&b->w);
	/* Neighbouring items of one turn were joined: each part still knows its own. */
	for (; part && !is_item(b, part); part = part->next) {
		if (b->is_own && m->role == PROMPT_ASSISTANT && part->raw != first->raw)
			break;
		write_part(b, part, m->role == PROMPT_ASSISTANT ? "output_text" : "input_text");
	}
	json_out_arr_end(&b->w);
	json_out_obj_end(&b->w);
	return part;
}

static void write_message(struct responses_body *b, const struct prompt_message *m)
{
	for (const struct prompt_part *part = m->parts; part;) {
		if (is_item(b, part)) {
			write_item(b, part);
			part = part->next;
		} else {
			part = write_run(b, m, part);
		}
	}
}

void responses_turns_write(struct responses_body *b)
{
	const struct prompt_message *m = b->p->messages;

	if (responses_turns_instructions(b).n)
		m = m->next;
	json_out_arr(&b->w);
	size_t n = buf_len(b->w.out);
	for (; m && b->err == ERR_OK; m = m->next)
		write_message(b, m);
	if (buf_len(b->w.out) == n && json_out_ok(&b->w))
		responses_body_refuse(b, "input", "would be empty: there is nothing that this provider could read");
	json_out_arr_end(&b->w);
}

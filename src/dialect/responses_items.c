#include "dialect/responses_items.h"

#include "chat/seal.h"
#include "codec/json_out.h"
#include "dialect/responses_seal.h"

/* Where the next part goes: the end of a message or of a tool result's content. */
typedef struct prompt_part **place;

bool responses_items_refuse(struct responses_reader *r, enum err e, struct slice param, const char *what)
{
	*r->fault = fault_make(r->arena, e, "`%.*s` %s", SLICE_ARG(param), what);
	r->fault->param = param;
	return false;
}

static bool refuse(struct responses_reader *r, const char *member, const char *what)
{
	return responses_items_refuse(r, ERR_BAD_FIELD, arena_printf(r->arena, "input[%zu].%s", r->item, member), what);
}

static struct prompt_part *add(struct responses_reader *r, place *end, enum prompt_part_kind kind)
{
	place at = *end;

	*end = prompt_link_part(r->prompt, at, kind);
	return *at;
}

/* Each item is a message; prompt_tidy() joins those of one turn. */
static struct prompt_part *add_alone(struct responses_reader *r, enum prompt_role role, enum prompt_part_kind kind)
{
	return prompt_add_part(r->prompt, prompt_add_message(r->prompt, role), kind);
}

/* --- parts of a content --------------------------------------------------------------------------------- */

static bool read_text(struct responses_reader *r, yyjson_val *part, place *end)
{
	struct slice text = json_str(part, "text");

	if (text.p == NULL)
		return refuse(r, "content", "has a text part without `text`");
	if (text.n)
		add(r, end, PROMPT_PART_TEXT)->text = text;
	return true;
}

static bool read_refusal(struct responses_reader *r, yyjson_val *part, place *end)
{
	struct slice text = json_str(part, "refusal");

	if (text.n)
		add(r, end, PROMPT_PART_REFUSAL)->text = text;
	return true;
}

static bool read_image(struct responses_reader *r, yyjson_val *part, place *end)
{
	struct slice url = json_str(part, "image_url"), id = json_str(part, "file_id");

	if (url.n == 0 && id.n == 0)
		return refuse(r, "content", "has an input_image with neither `image_url` nor `file_id`");
	struct prompt_part *to = add(r, end, PROMPT_PART_IMAGE);
	to->media = url.n ? prompt_media_of_uri(url)
		: (struct prompt_media){ .source = PROMPT_SOURCE_FILE_ID, .data = id };
	to->media.detail = json_str(part, "detail");
	return true;
}

/* `file_data` is a data URI, from some clients bare base64. */
static struct prompt_media media_of_data(struct slice data, struct slice name)
{
	struct prompt_media m = prompt_media_of_uri(data);

	if (m.source == PROMPT_SOURCE_URL)
		m.source = PROMPT_SOURCE_BASE64;
	bool is_pdf = name.n > 4 && slice_case_eq(slice_skip(name, name.n - 4), SLICE(".pdf"));
	if (m.mime.n == 0 && is_pdf)
		m.mime = SLICE("application/pdf");
	return m;
}

static bool read_file(struct responses_reader *r, yyjson_val *part, place *end)
{
	struct slice data = json_str(part, "file_data"), url = json_str(part, "file_url");
	struct slice id = json_str(part, "file_id"), name = json_str(part, "filename");

	if (data.n == 0 && url.n == 0 && id.n == 0)
		return refuse(r, "content", "has an input_file with none of `file_data`, `file_url` and `file_id`");
	struct prompt_part *to = add(r, end, PROMPT_PART_FILE);
	if (data.n)
		to->media = media_of_data(data, name);
	else
		to->media = (struct prompt_media){ .source = url.n ? PROMPT_SOURCE_URL : PROMPT_SOURCE_FILE_ID,
			.data = url.n ? url : id };
	to->media.name = name;
	return true;
}

static bool read_audio(struct responses_reader *r, yyjson_val *part, place *end)
{
	yyjson_val *audio = json_obj(part, "input_audio");
	struct slice data = json_str(audio, "data"), format = json_str(audio, "format");

	struct prompt_media media = prompt_media_of_uri(data);	/* some clients send a data URI */

	if (media.data.n == 0 || format.n == 0)
		return refuse(r, "content", "has an input_audio without `data` and `format`");
	struct prompt_part *to = add(r, end, PROMPT_PART_AUDIO);
	to->media = media;
	if (to->media.source == PROMPT_SOURCE_URL)
		to->media.source = PROMPT_SOURCE_BASE64;
	to->media.mime = slice_eq(format, SLICE("mp3")) ? SLICE("audio/mpeg")
		: arena_printf(r->arena, "audio/%.*s", SLICE_ARG(format));
	return true;
}

static const struct {
	const char *type;
	bool (*read)(struct responses_reader *r, yyjson_val *part, place *end);
} parts[] = {
	{ "input_text", read_text }, { "output_text", read_text }, { "text", read_text }, { "refusal", read_refusal },
	{ "input_image", read_image }, { "input_file", read_file }, { "input_audio", read_audio },
};

static bool read_part(struct responses_reader *r, yyjson_val *part, place *end)
{
	struct slice type = json_str(part, "type");
	place at = *end;
	bool ok = true;

	for (size_t i = 0; i <= COUNT_OF(parts); i++) {
		if (i == COUNT_OF(parts)) {
			add(r, end, PROMPT_PART_OTHER)->raw = part;
			(*at)->name = type;
		} else if (slice_eq(type, slice_str(parts[i].type))) {
			ok = parts[i].read(r, part, end);
			break;
		}
	}
	if (ok && *at && json_obj(part, "prompt_cache_breakpoint"))
		(*at)->cache = PROMPT_CACHE_DEFAULT;
	return ok;
}

/* A text or a list of parts; `name` for the refusal. */
static bool read_content(struct responses_reader *r, yyjson_val *content, const char *name, place *end)
{
	size_t i, n;
	yyjson_val *part;

	if (yyjson_is_str(content)) {
		if (yyjson_get_len(content))
			add(r, end, PROMPT_PART_TEXT)->text = json_val_str(content);
		return true;
	}
	if (!yyjson_is_arr(content))
		return refuse(r, name, "must be a text or a list of parts");
	yyjson_arr_foreach(content, i, n, part) {
		if (!yyjson_is_obj(part))
			return refuse(r, name, "must hold objects");
		if (!read_part(r, part, end))
			return false;
	}
	return true;
}

/* --- items ---------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	enum prompt_role role;
} roles[] = {
	{ "user", PROMPT_USER }, { "assistant", PROMPT_ASSISTANT }, { "system", PROMPT_SYSTEM },
	{ "developer", PROMPT_DEVELOPER },
};

static bool read_message(struct responses_reader *r, yyjson_val *item)
{
	struct slice role = json_str(item, "role");
	size_t i = 0;

	while (i < COUNT_OF(roles) && !slice_eq(role, slice_str(roles[i].name)))
		i++;
	if (i == COUNT_OF(roles))
		return refuse(r, "role", "must be user, assistant, system or developer");
	struct prompt_message *m = prompt_add_message(r->prompt, roles[i].role);
	if (!read_content(r, yyjson_obj_get(item, "content"), "content", &m->end))
		return false;
	/* The writer of this dialect wants its `phase`. */
	for (struct prompt_part *part = m->parts; part && m->role == PROMPT_ASSISTANT; part = part->next)
		if (part->raw == NULL)
			part->raw = item;
	return true;
}

/* Clients of small servers send the value itself. */
static struct slice args_of(struct responses_reader *r, yyjson_val *args)
{
	return yyjson_is_ctn(args) ? json_out_text(r->arena, args) : json_val_str(args);
}

static bool read_some_call(struct responses_reader *r, yyjson_val *item, bool custom)
{
	struct slice id = json_str(item, "call_id"), name = json_str(item, "name");

	if (id.n == 0)
		id = json_str(item, "id");
	if (id.n == 0)
		return refuse(r, "call_id", "is missing");
	if (name.n == 0)
		return refuse(r, "name", "is missing");
	struct prompt_part *part = add_alone(r, PROMPT_ASSISTANT, PROMPT_PART_TOOL_CALL);
	part->id = id;
	part->name = name;
	part->args = custom ? json_str(item, "input") : args_of(r, yyjson_obj_get(item, "arguments"));
	part->custom = custom;
	part->seal = r->call_seal;
	part->raw = item;
	return true;
}

static bool read_call(struct responses_reader *r, yyjson_val *item)
{
	return read_some_call(r, item, false);
}

static bool read_custom_call(struct responses_reader *r, yyjson_val *item)
{
	return read_some_call(r, item, true);
}

static bool read_some_result(struct responses_reader *r, yyjson_val *item, bool custom)
{
	struct slice id = json_str(item, "call_id");

	if (id.n == 0)
		return refuse(r, "call_id", "is missing");
	struct prompt_part *part = add_alone(r, PROMPT_TOOL, PROMPT_PART_TOOL_RESULT);
	place end = &part->content;
	part->id = id;
	part->custom = custom;
	part->raw = item;
	return read_content(r, yyjson_obj_get(item, "output"), "output", &end);
}

static bool read_result(struct responses_reader *r, yyjson_val *item)
{
	return read_some_result(r, item, false);
}

static bool read_custom_result(struct responses_reader *r, yyjson_val *item)
{
	return read_some_result(r, item, true);
}

/* Bytes of the texts of a list of parts with a blank line behind each. */
static size_t texts_size(yyjson_val *list)
{
	size_t i, max, n = 0;
	yyjson_val *part;

	yyjson_arr_foreach(list, i, max, part)
		n += json_str(part, "text").n ? json_str(part, "text").n + 2 : 0;
	return n;
}

/* The texts joined by blank lines.  False: no room. */
static bool join_texts(struct responses_reader *r, yyjson_val *list, struct slice *out)
{
	size_t i, max, at = 0, n = texts_size(list);
	char *p = n ? arena_try(r->arena, n) : NULL;
	yyjson_val *part;

	*out = SLICE_EMPTY;
	if (n && p == NULL)
		*r->fault = (struct fault){ .err = ERR_TOO_BIG };
	if (p == NULL)
		return n == 0;
	yyjson_arr_foreach(list, i, max, part) {
		struct slice text = json_str(part, "text");
		if (text.n == 0)
			continue;
		memcpy(p + at, text.p, text.n);
		memcpy(p + at + text.n, "\n\n", 2);
		at += text.n + 2;
	}
	*out = slice_of(p, n - 2);
	return true;
}

static bool read_reasoning(struct responses_reader *r, yyjson_val *item)
{
	struct slice text, raw, state = json_str(item, "encrypted_content");
	enum responses_seal_of of = responses_seal_cut(&state);
	struct prompt_seal seal = seal_unwrap(r->arena, openai_responses.tag, state);

	if (of == RESPONSES_SEAL_CALL) {
		r->next_seal = seal;
		return true;
	}
	if (!join_texts(r, json_arr(item, "summary"), &text) || !join_texts(r, json_arr(item, "content"), &raw))
		return false;
	struct prompt_part *part = add_alone(r, PROMPT_ASSISTANT, PROMPT_PART_REASONING);
	part->text = text.n ? text : raw;
	part->seal = seal;
	part->id = json_str(item, "id");
	part->redacted = of == RESPONSES_SEAL_REDACTED;
	part->raw = item;
	return true;
}

static bool ends_with(struct slice s, struct slice end)
{
	return s.n >= end.n && slice_eq(slice_skip(s, s.n - end.n), end);
}

/* Hosted tools' calls and results, references to stored items. */
static bool read_other(struct responses_reader *r, yyjson_val *item, struct slice type)
{
	bool is_clients = ends_with(type, SLICE("_output")) || ends_with(type, SLICE("_response"));
	struct prompt_part *part = add_alone(r, is_clients ? PROMPT_USER : PROMPT_ASSISTANT, PROMPT_PART_OTHER);

	part->raw = item;
	part->name = type;
	part->id = json_str(item, "id");
	if (part->id.n == 0)
		part->id = type;
	return true;
}

static const struct {
	const char *type;
	bool (*read)(struct responses_reader *r, yyjson_val *item);
} items[] = {
	{ "message", read_message }, { "function_call", read_call }, { "function_call_output", read_result },
	{ "reasoning", read_reasoning }, { "custom_tool_call", read_custom_call },
	{ "custom_tool_call_output", read_custom_result },
};

/* A short form leaves out the type: messages have a role, references have an id and nothing else. */
static struct slice type_of(yyjson_val *item)
{
	struct slice type = json_str(item, "type");

	if (type.n)
		return type;
	return yyjson_obj_get(item, "role") ? SLICE("message") : SLICE("item_reference");
}

static bool read_item(struct responses_reader *r, yyjson_val *item)
{
	struct slice type = type_of(item);

	for (size_t i = 0; i < COUNT_OF(items); i++)
		if (slice_eq(type, slice_str(items[i].type)))
			return items[i].read(r, item);
	return read_other(r, item, type);
}

bool responses_items_read(struct responses_reader *r, yyjson_val *input)
{
	size_t i, n;
	yyjson_val *item;

	if (yyjson_is_str(input))
		prompt_add_text(r->prompt, prompt_add_message(r->prompt, PROMPT_USER), json_val_str(input));
	yyjson_arr_foreach(input, i, n, item) {
		r->item = i;
		r->call_seal = r->next_seal;
		r->next_seal = (struct prompt_seal){ 0, SLICE_EMPTY };
		if (!read_item(r, item))
			return false;
	}
	return true;
}

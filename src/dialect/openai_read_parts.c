/* Parts of a kind that only some servers know (video_url and the like are typed where they mean the same
 * everywhere) stay raw: only this dialect gets them back. */
#include "dialect/openai_read_parts.h"

#include "chat/seal.h"
#include "codec/json_out.h"
#include "dialect/openai_read_state.h"
#include "dialect/openai_state.h"

static struct prompt_part *add(struct openai_field *f, struct prompt_part ***at, enum prompt_part_kind kind)
{
	struct prompt_part **place = *at;

	*at = prompt_link_part(f->prompt, place, kind);
	return *place;
}

/* --- content parts -------------------------------------------------------------------------------------- */

static bool part_text(struct openai_field *f, yyjson_val *v, struct prompt_part ***at)
{
	struct slice text = SLICE_EMPTY;

	if (!openai_field_str(f, v, "text", &text))
		return false;
	if (text.n)
		add(f, at, PROMPT_PART_TEXT)->text = text;
	return true;
}

static bool part_refusal(struct openai_field *f, yyjson_val *v, struct prompt_part ***at)
{
	struct slice text = SLICE_EMPTY;

	if (!openai_field_str(f, v, "refusal", &text))
		return false;
	if (text.n)
		add(f, at, PROMPT_PART_REFUSAL)->text = text;
	return true;
}

/* {"url","detail"}; Mistral also takes the URL itself. */
static bool read_url(struct openai_field *f, yyjson_val *v, const char *key, struct slice *url,
	struct slice *detail)
{
	yyjson_val *inner = yyjson_obj_get(v, key);

	if (yyjson_is_str(inner)) {
		*url = json_val_str(inner);
	} else {
		f->under = key;
		if (!openai_field_str(f, inner, "url", url) || !openai_field_str(f, inner, "detail", detail))
			return false;
	}
	if (url->n == 0)
		return openai_field_refuse(f, yyjson_is_str(inner) ? key : "url", "must be a URL or data URI");
	f->under = NULL;
	return true;
}

static bool part_image(struct openai_field *f, yyjson_val *v, struct prompt_part ***at)
{
	struct slice url = SLICE_EMPTY, detail = SLICE_EMPTY;

	if (!read_url(f, v, "image_url", &url, &detail))
		return false;
	struct prompt_part *part = add(f, at, PROMPT_PART_IMAGE);
	part->media = prompt_media_of_uri(url);
	part->media.detail = detail;
	return true;
}

/* OpenRouter, Qwen and vLLM take videos so; a bare URL is taken for the most usual container. */
static bool part_video(struct openai_field *f, yyjson_val *v, struct prompt_part ***at)
{
	struct slice url = SLICE_EMPTY, detail = SLICE_EMPTY;

	if (!read_url(f, v, "video_url", &url, &detail))
		return false;
	struct prompt_part *part = add(f, at, PROMPT_PART_FILE);
	part->media = prompt_media_of_uri(url);
	if (part->media.mime.n == 0)
		part->media.mime = SLICE("video/mp4");
	return true;
}

/* The names of protocols.md 1.1; others are taken for the subtype. */
static struct slice mime_of_format(struct openai_field *f, struct slice format)
{
	if (slice_eq(format, SLICE("mp3")))
		return SLICE("audio/mpeg");
	return arena_printf(f->arena, "audio/%.*s", SLICE_ARG(format));
}

static bool part_audio(struct openai_field *f, yyjson_val *v, struct prompt_part ***at)
{
	yyjson_val *inner = NULL;
	struct slice data = SLICE_EMPTY, format = SLICE_EMPTY;

	if (!openai_field_obj(f, v, "input_audio", &inner))
		return false;
	f->under = "input_audio";
	if (!openai_field_str(f, inner, "data", &data) || !openai_field_str(f, inner, "format", &format))
		return false;
	struct prompt_media media = prompt_media_of_uri(data);	/* some clients send a data URI */
	if (media.data.n == 0 || format.n == 0)
		return openai_field_refuse(f, media.data.n ? "format" : "data", "is missing");
	f->under = NULL;
	struct prompt_part *part = add(f, at, PROMPT_PART_AUDIO);
	part->media = media;
	if (part->media.source == PROMPT_SOURCE_URL)
		part->media.source = PROMPT_SOURCE_BASE64;
	part->media.mime = mime_of_format(f, format);
	return true;
}

/* Bytes without `data:` around them are a PDF, as OpenAI's first examples had it. */
static struct prompt_media media_of_file(struct slice data)
{
	struct prompt_media m = prompt_media_of_uri(data);

	if (m.source == PROMPT_SOURCE_URL && !slice_starts(data, SLICE("http"))) {
		m.source = PROMPT_SOURCE_BASE64;
		m.mime = SLICE("application/pdf");
	}
	return m;
}

static bool part_file(struct openai_field *f, yyjson_val *v, struct prompt_part ***at)
{
	yyjson_val *inner = NULL;
	struct slice id = SLICE_EMPTY, data = SLICE_EMPTY, name = SLICE_EMPTY;

	if (!openai_field_obj(f, v, "file", &inner))
		return false;
	f->under = "file";
	if (!openai_field_str(f, inner, "file_id", &id) || !openai_field_str(f, inner, "file_data", &data)
			|| !openai_field_str(f, inner, "filename", &name))
		return false;
	if (id.n == 0 && data.n == 0)
		return openai_field_refuse(f, "file_data", "is missing, and so is file_id");
	f->under = NULL;
	struct prompt_part *part = add(f, at, PROMPT_PART_FILE);
	part->media = data.n ? media_of_file(data)
		: (struct prompt_media){ .source = PROMPT_SOURCE_FILE_ID, .data = id };
	part->media.name = name;
	return true;
}

static bool part_other(struct openai_field *f, yyjson_val *v, struct prompt_part ***at)
{
	add(f, at, PROMPT_PART_OTHER)->name = json_str(v, "type");
	return true;
}

static const struct {
	const char *type;
	bool (*read)(struct openai_field *f, yyjson_val *v, struct prompt_part ***at);
} part_types[] = {
	{ "text", part_text }, { "image_url", part_image }, { "input_audio", part_audio },
	{ "file", part_file }, { "refusal", part_refusal }, { "video_url", part_video },
};

static bool read_part(struct openai_field *f, yyjson_val *v, struct prompt_part ***at)
{
	struct slice type = json_str(v, "type");
	struct prompt_part **place = *at;
	size_t i = 0;

	if (!yyjson_is_obj(v))
		return openai_field_refuse(f, NULL, "must be an object");
	if (type.n == 0)
		return openai_field_refuse(f, "type", "must be a string");
	while (i < COUNT_OF(part_types) && !slice_eq(type, slice_str(part_types[i].type)))
		i++;
	if (!(i < COUNT_OF(part_types) ? part_types[i].read(f, v, at) : part_other(f, v, at)))
		return false;
	if (*place) {
		(*place)->raw = v;
		(*place)->cache = openai_field_cache(v);
	}
	return true;
}

/* A string, a list of parts, or nothing. */
static bool read_content(struct openai_field *f, yyjson_val *message, struct prompt_part ***at)
{
	yyjson_val *content = yyjson_obj_get(message, "content"), *v;
	size_t i, n;

	if (yyjson_is_str(content) && yyjson_get_len(content))
		add(f, at, PROMPT_PART_TEXT)->text = json_val_str(content);
	if (content && !yyjson_is_str(content) && !yyjson_is_arr(content) && !yyjson_is_null(content))
		return openai_field_refuse(f, "content", "must be a string or a list of parts");
	f->inner = "content";
	yyjson_arr_foreach(content, i, n, v) {
		f->k = i;
		if (!read_part(f, v, at))
			return false;
	}
	f->inner = NULL;
	return true;
}

/* --- tool calls ----------------------------------------------------------------------------------------- */

static struct slice cut_id(struct openai_field *f, struct slice id, struct prompt_seal *seal)
{
	struct slice state;

	id = openai_state_cut_id(id, &state);
	if (seal && seal->bytes.n == 0)
		*seal = seal_unwrap(f->arena, 'g', state);
	return id;
}

/* {"name","arguments"} or {"name","input"}; small servers' clients send arguments as the value itself. */
static bool read_function(struct openai_field *f, yyjson_val *v, const char *args, struct prompt_part *part)
{
	yyjson_val *value = yyjson_obj_get(v, args);

	if (!openai_field_str(f, v, "name", &part->name))
		return false;
	if (part->name.n == 0)
		return openai_field_refuse(f, "name", "is missing");
	if (!yyjson_is_ctn(value))
		return openai_field_str(f, v, args, &part->args);
	part->args = json_out_text(f->arena, value);
	return part->args.n || openai_field_refuse(f, args, "is too long");
}

static bool read_call(struct openai_field *f, yyjson_val *message, yyjson_val *v, struct prompt_message *m)
{
	yyjson_val *function = NULL, *custom = NULL;

	if (!yyjson_is_obj(v))
		return openai_field_refuse(f, NULL, "must be an object");
	struct prompt_part *part = prompt_add_part(f->prompt, m, PROMPT_PART_TOOL_CALL);
	part->raw = v;
	if (!openai_field_str(f, v, "id", &part->id) || !openai_field_obj(f, v, "function", &function)
			|| !openai_field_obj(f, v, "custom", &custom))
		return false;
	part->seal = seal_unwrap(f->arena, 'g', openai_state_of_extra(v));
	if (part->seal.bytes.n == 0)
		part->seal = seal_unwrap(f->arena, 'g', openai_read_state_of_call(message, part->id));
	part->id = cut_id(f, part->id, &part->seal);
	part->custom = custom && function == NULL;
	f->under = part->custom ? "custom" : "function";
	if (!read_function(f, part->custom ? custom : function, part->custom ? "input" : "arguments", part))
		return false;
	f->under = NULL;
	return true;
}

static bool read_calls(struct openai_field *f, yyjson_val *message, struct prompt_message *m)
{
	yyjson_val *calls = NULL, *v;
	size_t i, n;

	if (!openai_field_arr(f, message, "tool_calls", &calls))
		return false;
	f->inner = "tool_calls";
	yyjson_arr_foreach(calls, i, n, v) {
		f->k = i;
		if (!read_call(f, message, v, m))
			return false;
	}
	f->inner = NULL;
	return true;
}

/* The legacy call has no id: it gets one that its result, the next message of role `function`, finds. */
static bool read_legacy_call(struct openai_field *f, yyjson_val *message, struct prompt_message *m)
{
	yyjson_val *call = NULL;

	if (!openai_field_obj(f, message, "function_call", &call) || call == NULL)
		return f->fault->err == ERR_OK;
	struct prompt_part *part = prompt_add_part(f->prompt, m, PROMPT_PART_TOOL_CALL);
	f->under = "function_call";
	if (!read_function(f, call, "arguments", part))
		return false;
	f->under = NULL;
	part->id = f->legacy_id = arena_printf(f->arena, "call_function_%zu", f->i);
	f->legacy_name = part->name;
	return true;
}

/* --- roles ---------------------------------------------------------------------------------------------- */

/* A mark on the message stands at its end. */
static void mark_end(yyjson_val *message, struct prompt_message *m)
{
	enum prompt_cache cache = openai_field_cache(message);
	struct prompt_part *part = m->parts;

	while (part && part->next)
		part = part->next;
	if (part && cache != PROMPT_CACHE_NONE)
		part->cache = cache;
}

static bool role_plain(struct openai_field *f, yyjson_val *v, struct prompt_message *m)
{
	return read_content(f, v, &m->end);
}

/* The message names an earlier spoken answer, which only its own provider has. */
static void read_audio(struct openai_field *f, yyjson_val *v, struct prompt_message *m)
{
	if (json_obj(v, "audio") == NULL)
		return;
	struct prompt_part *part = prompt_add_part(f->prompt, m, PROMPT_PART_OTHER);
	part->name = SLICE("audio");
	part->raw = json_obj(v, "audio");
}

static bool role_assistant(struct openai_field *f, yyjson_val *v, struct prompt_message *m)
{
	struct slice refusal = SLICE_EMPTY;

	openai_read_state(f, v, m);
	if (!read_content(f, v, &m->end) || !openai_field_str(f, v, "refusal", &refusal))
		return false;
	if (refusal.n)
		prompt_add_part(f->prompt, m, PROMPT_PART_REFUSAL)->text = refusal;
	read_audio(f, v, m);
	return read_calls(f, v, m) && read_legacy_call(f, v, m);
}

static bool role_tool(struct openai_field *f, yyjson_val *v, struct prompt_message *m)
{
	struct prompt_part *part = prompt_add_part(f->prompt, m, PROMPT_PART_TOOL_RESULT);
	struct prompt_part **at = &part->content;

	if (!openai_field_str(f, v, "tool_call_id", &part->id))
		return false;
	if (part->id.n == 0)
		return openai_field_refuse(f, "tool_call_id", "is missing");
	part->id = cut_id(f, part->id, NULL);
	part->raw = v;
	part->name = m->name;
	m->name = SLICE_EMPTY;	/* results of one turn are joined, whatever they are called */
	return read_content(f, v, &at);
}

static bool role_function(struct openai_field *f, yyjson_val *v, struct prompt_message *m)
{
	struct prompt_part *part = prompt_add_part(f->prompt, m, PROMPT_PART_TOOL_RESULT);
	struct prompt_part **at = &part->content;

	part->raw = v;
	part->name = m->name;
	if (slice_eq(m->name, f->legacy_name))
		part->id = f->legacy_id;
	m->name = SLICE_EMPTY;
	return read_content(f, v, &at);
}

static const struct {
	const char *name;
	enum prompt_role role;
	bool (*read)(struct openai_field *f, yyjson_val *v, struct prompt_message *m);
} roles[] = {
	{ "user", PROMPT_USER, role_plain }, { "assistant", PROMPT_ASSISTANT, role_assistant },
	{ "tool", PROMPT_TOOL, role_tool }, { "system", PROMPT_SYSTEM, role_plain },
	{ "developer", PROMPT_DEVELOPER, role_plain }, { "function", PROMPT_TOOL, role_function },
};

static bool read_message(struct openai_field *f, yyjson_val *v)
{
	struct slice role = json_str(v, "role");

	for (size_t i = 0; i < COUNT_OF(roles); i++) {
		if (!slice_eq(role, slice_str(roles[i].name)))
			continue;
		struct prompt_message *m = prompt_add_message(f->prompt, roles[i].role);
		m->raw = v;
		if (!openai_field_str(f, v, "name", &m->name) || !roles[i].read(f, v, m))
			return false;
		mark_end(v, m);
		return true;
	}
	return openai_field_refuse(f, "role", "must be system, developer, user, assistant, tool or function");
}

/* The arena of a translation is bounded, but small pieces are always given: a long list of them is stopped
 * here. */
static bool has_room(struct openai_field *f)
{
	if (f->arena->limit == 0 || f->arena->used <= f->arena->limit)
		return true;
	f->fault->err = ERR_TOO_BIG;
	return false;
}

bool openai_read_parts(struct openai_field *f, yyjson_val *messages)
{
	size_t i, n;
	yyjson_val *v;

	f->list = "messages";
	yyjson_arr_foreach(messages, i, n, v) {
		f->i = i;
		if (!has_room(f) || !read_message(f, v))
			return false;
	}
	f->list = NULL;
	return true;
}

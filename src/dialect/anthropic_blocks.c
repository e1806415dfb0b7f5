#include "dialect/anthropic_blocks.h"

#include "codec/json_out.h"
#include "dialect/anthropic_input.h"
#include "dialect/anthropic_seal.h"

#define NOWHERE SIZE_MAX

/* Where a block can stand. */
enum scope { IN_USER = 1, IN_ASSISTANT = 2, IN_RESULT = 4, IN_SYSTEM = 8 };

struct reader {
	struct prompt *p;
	struct fault *fault;
	const char *list;	/* "messages" or "system" */
	size_t i, k, j;		/* places: in messages, in their content, in a result's content; NOWHERE: not in one */
	enum scope scope;
	struct prompt_seal call_seal;	/* of the next tool call */
};

typedef bool read_fn(struct reader *r, yyjson_val *block, struct prompt_part *out);

static read_fn read_text, read_image, read_document, read_search_result, read_tool_use, read_tool_result, read_thinking,
	read_redacted;

static const struct {
	const char *type;
	unsigned scopes;
	read_fn *read;
} kinds[] = {
	{ "text", IN_USER | IN_ASSISTANT | IN_RESULT | IN_SYSTEM, read_text },
	{ "image", IN_USER | IN_RESULT, read_image },
	{ "document", IN_USER | IN_RESULT, read_document },
	{ "search_result", IN_USER | IN_RESULT, read_search_result },
	{ "tool_use", IN_ASSISTANT, read_tool_use },
	{ "tool_result", IN_USER, read_tool_result },
	{ "thinking", IN_ASSISTANT, read_thinking },
	{ "redacted_thinking", IN_ASSISTANT, read_redacted },
};

/* --- refusing ------------------------------------------------------------------------------------------- */

static struct slice append(struct arena *a, struct slice path, const char *name, size_t place)
{
	if (place == NOWHERE)
		return path;
	return arena_printf(a, "%.*s%s[%zu]", SLICE_ARG(path), name, place);
}

/* Always false.  `key` NULL: the block or message itself. */
static bool refuse(struct reader *r, const char *key, const char *what)
{
	struct arena *a = r->p->arena;
	struct slice path = append(a, slice_str(r->list), "", r->i);

	path = append(a, path, r->i == NOWHERE ? "" : ".content", r->k);
	path = append(a, path, ".content", r->j);
	if (key)
		path = arena_printf(a, "%.*s.%s", SLICE_ARG(path), key);
	*r->fault = fault_make(a, ERR_BAD_FIELD, "`%.*s` %s", SLICE_ARG(path), what);
	r->fault->param = path;
	return false;
}

static bool need_str(struct reader *r, yyjson_val *obj, const char *key, struct slice *out)
{
	yyjson_val *v = yyjson_obj_get(obj, key);

	if (!yyjson_is_str(v))
		return refuse(r, key, "must be a string");
	*out = json_val_str(v);
	return true;
}

/* Ids and names: without them a result finds no call. */
static bool need_name(struct reader *r, yyjson_val *obj, const char *key, struct slice *out)
{
	return need_str(r, obj, key, out) && (out->n || refuse(r, key, "must not be empty"));
}

/* --- blocks --------------------------------------------------------------------------------------------- */

enum prompt_cache anthropic_blocks_cache(yyjson_val *mark)
{
	struct slice ttl = json_str(mark, "ttl");

	if (!yyjson_is_obj(mark))
		return PROMPT_CACHE_NONE;
	return slice_eq(ttl, SLICE("1h")) ? PROMPT_CACHE_1H : slice_eq(ttl, SLICE("5m")) ? PROMPT_CACHE_5M
		: PROMPT_CACHE_DEFAULT;
}

static bool read_text(struct reader *r, yyjson_val *block, struct prompt_part *out)
{
	out->kind = PROMPT_PART_TEXT;
	return need_str(r, block, "text", &out->text);
}

/* base64, url and file: alike in images and documents.  False: another source. */
static bool read_source(yyjson_val *source, struct prompt_media *out)
{
	struct slice type = json_str(source, "type");

	if (slice_eq(type, SLICE("base64"))) {
		*out = (struct prompt_media){ .source = PROMPT_SOURCE_BASE64, .data = json_str(source, "data"),
			.mime = json_str(source, "media_type") };
	} else if (slice_eq(type, SLICE("url"))) {
		*out = prompt_media_of_uri(json_str(source, "url"));
	} else if (slice_eq(type, SLICE("file"))) {
		*out = (struct prompt_media){ .source = PROMPT_SOURCE_FILE_ID, .data = json_str(source, "file_id") };
	}
	return out->data.n > 0;
}

static bool read_image(struct reader *r, yyjson_val *block, struct prompt_part *out)
{
	if (!yyjson_is_obj(yyjson_obj_get(block, "source")))
		return refuse(r, "source", "must be an object");
	if (read_source(json_obj(block, "source"), &out->media))
		out->kind = PROMPT_PART_IMAGE;
	return true;
}

/* Text blocks only: an image among them makes the document mean something to Anthropic alone. */
static bool content_text(struct reader *r, yyjson_val *content, struct slice *out)
{
	struct prompt_part *parts = NULL, **at = &parts;
	size_t i, n;
	yyjson_val *block;

	if (yyjson_is_str(content)) {
		*out = json_val_str(content);
		return true;
	}
	yyjson_arr_foreach(content, i, n, block) {
		if (!slice_eq(json_str(block, "type"), SLICE("text")))
			return false;
		struct prompt_part **next = prompt_link_part(r->p, at, PROMPT_PART_TEXT);
		(*at)->text = json_str(block, "text");
		at = next;
	}
	*out = prompt_text_of(r->p->arena, parts);
	return yyjson_is_arr(content);
}

static bool read_document(struct reader *r, yyjson_val *block, struct prompt_part *out)
{
	yyjson_val *source = json_obj(block, "source");
	struct slice type = json_str(source, "type");
	bool known = false;

	if (source == NULL)
		return refuse(r, "source", "must be an object");
	if (slice_eq(type, SLICE("text"))) {
		out->media = (struct prompt_media){ .data = json_str(source, "data") };
		known = true;
	} else if (slice_eq(type, SLICE("content"))) {
		known = content_text(r, yyjson_obj_get(source, "content"), &out->media.data);
	}
	if (known) {
		out->media.source = PROMPT_SOURCE_PLAIN;
		out->media.mime = SLICE("text/plain");
	} else {
		known = read_source(source, &out->media);
	}
	out->media.name = json_str(block, "title");
	if (known)
		out->kind = PROMPT_PART_FILE;
	return true;
}

static struct slice join(struct arena *a, const struct slice *pieces, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += pieces[i].n;
	char *p = arena_try(a, size + 1), *at = p;
	for (size_t i = 0; p && i < n; i++) {
		if (pieces[i].n)
			memcpy(at, pieces[i].p, pieces[i].n);
		at += pieces[i].n;
	}
	return p ? slice_of(p, size) : SLICE_EMPTY;
}

/* What a reader needs of a found page: its title, where it is, what it says. */
static bool read_search_result(struct reader *r, yyjson_val *block, struct prompt_part *out)
{
	struct slice text = SLICE_EMPTY;

	if (!content_text(r, yyjson_obj_get(block, "content"), &text))
		return refuse(r, "content", "must be a list of text blocks");
	const struct slice pieces[] = { json_str(block, "title"), SLICE("\n"), json_str(block, "source"),
		SLICE("\n\n"), text };
	out->kind = PROMPT_PART_TEXT;
	out->text = join(r->p->arena, pieces, COUNT_OF(pieces));
	return true;
}

static bool read_tool_use(struct reader *r, yyjson_val *block, struct prompt_part *out)
{
	out->kind = PROMPT_PART_TOOL_CALL;
	out->args = anthropic_input_text(r->p->arena, yyjson_obj_get(block, "input"));
	out->seal = r->call_seal;
	r->call_seal = (struct prompt_seal){ .origin = 0 };
	return need_name(r, block, "id", &out->id) && need_name(r, block, "name", &out->name);
}

/* display: omitted leaves the text empty. */
static bool read_thinking(struct reader *r, yyjson_val *block, struct prompt_part *out)
{
	struct anthropic_seal s = anthropic_seal_read(r->p->arena, json_str(block, "signature"));

	out->kind = PROMPT_PART_REASONING;
	out->text = json_str(block, "thinking");
	if (s.is_call) {
		r->call_seal = s.seal;
		return true;
	}
	out->seal = s.seal;
	out->id = s.id;
	return true;
}

static bool read_redacted(struct reader *r, yyjson_val *block, struct prompt_part *out)
{
	struct anthropic_seal s = anthropic_seal_read(r->p->arena, json_str(block, "data"));

	out->kind = PROMPT_PART_REASONING;
	out->redacted = true;
	out->seal = s.seal;
	out->id = s.id;
	return true;
}

/* --- lists of blocks ------------------------------------------------------------------------------------ */

/* A kind that is not known, or not here, keeps its block. */
static bool read_block(struct reader *r, yyjson_val *block, struct prompt_part *out)
{
	struct slice type = json_str(block, "type");

	*out = (struct prompt_part){ .kind = PROMPT_PART_OTHER, .raw = block,
		.cache = anthropic_blocks_cache(yyjson_obj_get(block, "cache_control")) };
	if (type.n == 0)
		return refuse(r, NULL, "must be an object with a `type`");
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (slice_eq(type, slice_str(kinds[i].type)) && kinds[i].scopes & r->scope)
			return kinds[i].read(r, block, out);
	return true;
}

/* Nothing to read, nothing to give back. */
static bool is_nothing(const struct prompt_part *part)
{
	bool can_be = part->kind == PROMPT_PART_TEXT || part->kind == PROMPT_PART_REASONING;
	return can_be && part->text.n == 0 && part->seal.bytes.n == 0;
}

static void add_part(struct reader *r, struct prompt_message *m, const struct prompt_part *part)
{
	if (!is_nothing(part))
		*prompt_add_part(r->p, m, part->kind) = *part;
}

/* Content of a result is text, images and files: what else there is stays readable as its JSON. */
static bool read_result_block(struct reader *r, yyjson_val *block, struct prompt_part ***at)
{
	struct prompt_part part;

	if (!read_block(r, block, &part))
		return false;
	if (part.kind == PROMPT_PART_OTHER) {
		part.kind = PROMPT_PART_TEXT;
		part.text = json_out_text(r->p->arena, block);
	}
	struct prompt_part **next = prompt_link_part(r->p, *at, part.kind);
	***at = part;
	*at = next;
	return true;
}

static bool read_tool_result(struct reader *r, yyjson_val *block, struct prompt_part *out)
{
	yyjson_val *content = yyjson_obj_get(block, "content"), *inner;
	struct prompt_part **at = &out->content;
	size_t n;
	bool good = true;

	out->kind = PROMPT_PART_TOOL_RESULT;
	out->is_error = json_bool(block, "is_error", false);
	if (!need_name(r, block, "tool_use_id", &out->id))
		return false;
	if (content && !yyjson_is_null(content) && !yyjson_is_str(content) && !yyjson_is_arr(content))
		return refuse(r, "content", "must be a string or a list of blocks");
	if (yyjson_is_str(content) && yyjson_get_len(content)) {
		prompt_link_part(r->p, at, PROMPT_PART_TEXT);
		(*at)->text = json_val_str(content);
	}
	r->scope = IN_RESULT;
	yyjson_arr_foreach(content, r->j, n, inner)
		if (good)
			good = read_result_block(r, inner, &at);
	r->scope = IN_USER;
	if (good)
		r->j = NOWHERE;
	return good;
}

static bool is_type(yyjson_val *block, const char *type)
{
	return slice_eq(json_str(block, "type"), slice_str(type));
}

/* --- turns ---------------------------------------------------------------------------------------------- */

static bool read_system_list(struct reader *r, yyjson_val *list, struct prompt_message *m)
{
	size_t n;
	yyjson_val *block;
	struct prompt_part part;

	yyjson_arr_foreach(list, r->k, n, block) {
		if (!read_block(r, block, &part))
			return false;
		add_part(r, m, &part);
	}
	return true;
}

/* A string or a list of text blocks. */
static bool read_system(struct reader *r, yyjson_val *content)
{
	struct prompt_message *m = prompt_add_message(r->p, PROMPT_SYSTEM);

	r->scope = IN_SYSTEM;
	if (yyjson_is_str(content)) {
		prompt_add_text(r->p, m, json_val_str(content));
		return true;
	}
	if (!yyjson_is_arr(content))
		return refuse(r, r->i == NOWHERE ? NULL : "content", "must be a string or a list of text blocks");
	return read_system_list(r, content, m);
}

bool anthropic_blocks_system(struct prompt *p, yyjson_val *system, struct fault *fault)
{
	struct reader r = { .p = p, .fault = fault, .list = "system", .i = NOWHERE, .k = NOWHERE, .j = NOWHERE };

	return read_system(&r, system);
}

/* The three messages of a user turn. */
enum sieve { RESULTS, SYSTEMS, REST, SIEVES };

static enum sieve sieve_of(yyjson_val *block)
{
	return is_type(block, "tool_result") ? RESULTS : is_type(block, "mid_conv_system") ? SYSTEMS : REST;
}

static bool read_sieved(struct reader *r, yyjson_val *list, enum sieve sieve)
{
	static const enum prompt_role roles[SIEVES] = { PROMPT_TOOL, PROMPT_SYSTEM, PROMPT_USER };
	struct prompt_message *m = NULL;
	struct prompt_part part;
	size_t n;
	yyjson_val *block;

	yyjson_arr_foreach(list, r->k, n, block) {
		if (sieve_of(block) != sieve)
			continue;
		m = m ? m : prompt_add_message(r->p, roles[sieve]);
		if (sieve == SYSTEMS && !content_text(r, yyjson_obj_get(block, "content"), &part.text))
			return refuse(r, "content", "must be a list of text blocks");
		if (sieve == SYSTEMS) {
			prompt_add_text(r->p, m, part.text);
			continue;
		}
		if (!read_block(r, block, &part))
			return false;
		add_part(r, m, &part);
	}
	return true;
}

static bool read_user(struct reader *r, yyjson_val *content)
{
	r->scope = IN_USER;
	for (enum sieve sieve = RESULTS; sieve < SIEVES; sieve++)
		if (!read_sieved(r, content, sieve))
			return false;
	return true;
}

static bool read_assistant(struct reader *r, yyjson_val *content)
{
	struct prompt_message *m = prompt_add_message(r->p, PROMPT_ASSISTANT);
	struct prompt_part part;
	size_t n;
	yyjson_val *block;

	r->scope = IN_ASSISTANT;
	yyjson_arr_foreach(content, r->k, n, block) {
		if (!read_block(r, block, &part))
			return false;
		add_part(r, m, &part);
	}
	return true;
}

bool anthropic_blocks_read(struct prompt *p, yyjson_val *message, size_t place, struct fault *fault)
{
	struct reader r = { .p = p, .fault = fault, .list = "messages", .i = place, .k = NOWHERE, .j = NOWHERE };
	yyjson_val *content = yyjson_obj_get(message, "content");
	struct slice role = json_str(message, "role");
	bool is_user = slice_eq(role, SLICE("user"));

	if (slice_eq(role, SLICE("system")))
		return read_system(&r, content);
	if (!is_user && !slice_eq(role, SLICE("assistant")))
		return refuse(&r, "role", "must be user, assistant or system");
	if (yyjson_is_str(content)) {
		struct prompt_message *m = prompt_add_message(p, is_user ? PROMPT_USER : PROMPT_ASSISTANT);
		prompt_add_text(p, m, json_val_str(content));
		return true;
	}
	if (!yyjson_is_arr(content))
		return refuse(&r, "content", "must be a string or a list of blocks");
	return is_user ? read_user(&r, content) : read_assistant(&r, content);
}

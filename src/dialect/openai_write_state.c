#include "dialect/openai_write_state.h"

#include "dialect/openai_state.h"

/* An item of this dialect's own, kept as JSON text, with its text put back. */
static void put_own_item(struct openai_write *o, const struct prompt_part *part)
{
	struct json_out *w = &o->w;
	size_t i, n;
	yyjson_val *key, *v;
	yyjson_doc *doc;

	/* It came through a client: anything can be in it. */
	if (json_parse(o->ask->arena, part->seal.bytes, &doc, NULL) != ERR_OK
			|| !yyjson_is_obj(yyjson_doc_get_root(doc)))
		return;
	json_out_obj(w);
	yyjson_obj_foreach(yyjson_doc_get_root(doc), i, n, key, v) {
		json_out_key_slice(w, json_val_str(key));
		json_out_val(w, v);
	}
	if (part->text.n)
		json_out_key_str(w, "text", part->text);
	json_out_obj_end(w);
}

static void put_item(struct openai_write *o, const char *type, const char *text_key, struct slice text,
	const char *state_key, const struct prompt_seal *seal, struct slice id)
{
	struct json_out *w = &o->w;

	json_out_obj(w);
	json_out_key_str(w, "type", slice_str(type));
	if (text.n)
		json_out_key_str(w, text_key, text);
	if (state_key)
		json_out_key_str(w, state_key, seal->bytes);
	if (id.n)
		json_out_key_str(w, "id", id);
	json_out_key_str(w, "format", slice_str(openai_state_format(seal->origin)));
	json_out_obj_end(w);
}

static void put_detail(struct openai_write *o, const struct prompt_part *part)
{
	const struct prompt_seal *seal = &part->seal;

	if (seal->origin == openai_chat.tag) {
		put_own_item(o, part);
	} else if (part->kind == PROMPT_PART_TOOL_CALL) {
		put_item(o, "reasoning.encrypted", NULL, SLICE_EMPTY, "data", seal,
			openai_write_id(o, part->id));
	} else if (seal->origin == 'r' || part->redacted) {
		if (part->text.n)
			put_item(o, "reasoning.summary", "summary", part->text, NULL, seal, part->id);
		put_item(o, "reasoning.encrypted", NULL, SLICE_EMPTY, "data", seal, part->id);
	} else {
		put_item(o, "reasoning.text", "text", part->text, "signature", seal, part->id);
	}
}

static bool is_detail(const struct prompt_part *part)
{
	const struct prompt_seal *seal = &part->seal;

	if (seal->bytes.n == 0)
		return false;
	if (part->kind == PROMPT_PART_TOOL_CALL)
		return seal->origin == 'g';
	return part->kind == PROMPT_PART_REASONING
		&& (seal->origin == openai_chat.tag || openai_state_format(seal->origin)[0]);
}

static void put_details(struct openai_write *o, const struct prompt_part *parts)
{
	bool any = false;

	for (const struct prompt_part *part = parts; part; part = part->next) {
		if (!is_detail(part))
			continue;
		if (!any) {
			json_out_key(&o->w, "reasoning_details");
			json_out_arr(&o->w);
		}
		any = true;
		put_detail(o, part);
	}
	if (any)
		json_out_arr_end(&o->w);
}

void openai_write_state(struct openai_write *o, const struct prompt_part *parts, bool has_calls)
{
	bool any = false;

	if (o->q->details)
		put_details(o, parts);
	if (!o->q->echo_reasoning || !has_calls)
		return;
	for (const struct prompt_part *part = parts; part; part = part->next) {
		if (part->kind != PROMPT_PART_REASONING || part->text.n == 0)
			continue;
		if (!any) {
			json_out_key(&o->w, "reasoning_content");
			json_out_str_begin(&o->w);
		}
		any = true;
		json_out_str_add(&o->w, part->text);
	}
	if (any)
		json_out_str_end(&o->w);
}

/* Google's own surface wants its signature back where it gave it. */
void openai_write_state_of_call(struct openai_write *o, const struct prompt_part *call)
{
	struct json_out *w = &o->w;
	char origin = call->seal.origin;

	if (!o->q->google_state || call->seal.bytes.n == 0 || (origin != 'g' && origin != openai_chat.tag))
		return;
	json_out_key(w, "extra_content");
	json_out_obj(w);
	json_out_key(w, "google");
	json_out_obj(w);
	json_out_key_str(w, "thought_signature", call->seal.bytes);
	json_out_obj_end(w);
	json_out_obj_end(w);
}

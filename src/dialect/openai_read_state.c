#include "dialect/openai_read_state.h"

#include "chat/seal.h"
#include "dialect/openai_state.h"

/* An item of reasoning_details: text, or a state, or both. */
struct item {
	yyjson_val *v;
	struct slice text, state;
	int64_t index;
	bool encrypted;
};

static struct prompt_part *add(struct openai_field *f, struct prompt_message *m, struct slice text,
	struct prompt_seal seal)
{
	struct prompt_part *part = prompt_add_part(f->prompt, m, PROMPT_PART_REASONING);

	part->text = text;
	part->seal = seal;
	return part;
}

/* --- thinking_blocks ------------------------------------------------------------------------------------ */

/* LiteLLM's blocks are Anthropic's. */
static bool read_blocks(struct openai_field *f, yyjson_val *blocks, struct prompt_message *m)
{
	struct prompt_part **before = m->end;
	size_t i, n;
	yyjson_val *v;

	yyjson_arr_foreach(blocks, i, n, v) {
		struct slice data = json_str(v, "data"), text = json_str(v, "thinking");
		struct slice sign = json_str(v, "signature");
		if (data.n)
			add(f, m, SLICE_EMPTY, seal_unwrap(f->arena, 'a', data))->redacted = true;
		else if (text.n || sign.n)
			add(f, m, text, seal_unwrap(f->arena, 'a', sign));
	}
	return m->end != before;
}

/* --- reasoning_details ---------------------------------------------------------------------------------- */

/* What only this dialect's own providers understand goes back as it came, but for the text. */
static struct prompt_seal own_seal(struct openai_field *f, yyjson_val *item)
{
	struct prompt_seal seal = { 0, SLICE_EMPTY };
	struct buf b;

	buf_init(&b, SIZE_MAX);		/* no longer than the body */
	char *p = openai_state_put_item(item, &b) ? arena_try(f->arena, buf_len(&b)) : NULL;
	if (p) {
		memcpy(p, b.p, buf_len(&b));
		seal = (struct prompt_seal){ f->prompt->origin, slice_of(p, buf_len(&b)) };
	}
	buf_done(&b);
	return seal;
}

static struct prompt_seal seal_of(struct openai_field *f, const struct item *it)
{
	char own = f->prompt->origin, tag = openai_state_tag(json_str(it->v, "format"));
	struct prompt_seal seal = seal_unwrap(f->arena, tag ? tag : own, it->state);

	return seal.bytes.n && seal.origin == own && tag == '\0' ? own_seal(f, it->v) : seal;
}

static struct item *list_items(struct openai_field *f, yyjson_val *details, size_t *out_n)
{
	size_t i, n, size = yyjson_arr_size(details) * sizeof(struct item);
	struct item *items = size ? arena_try(f->arena, size) : NULL;
	yyjson_val *v;

	*out_n = 0;
	yyjson_arr_foreach(details, i, n, v) {
		if (items == NULL || !yyjson_is_obj(v))
			continue;
		struct slice data = json_str(v, "data");
		items[(*out_n)++] = (struct item){ .v = v, .text = openai_state_text(v),
			.state = data.n ? data : json_str(v, "signature"), .encrypted = data.n > 0,
			.index = json_int(v, "index", 0) };
	}
	return items;
}

/* Pieces of one text that a client collected from a stream: items of one index, up to one with a state.
 * The text of all, and *n of them are done. */
static struct slice join_pieces(struct openai_field *f, const struct item *items, size_t left, size_t *n)
{
	size_t size = items[0].text.n, at = 0;

	for (*n = 1; *n < left && items[*n - 1].state.n == 0; (*n)++) {
		if (items[*n].text.n == 0 || items[*n].index != items[0].index)
			break;
		size += items[*n].text.n;
	}
	if (*n == 1)
		return items[0].text;
	char *p = arena_try(f->arena, size);
	for (size_t i = 0; p && i < *n; i++) {
		memcpy(p + at, items[i].text.p, items[i].text.n);
		at += items[i].text.n;
	}
	return slice_of(p, at);
}

/* A state without text belongs to the text before it; encrypted state of Anthropic never does, and
 * Google's with an id is a tool call's (openai_read_state_of_call). */
static void take_state(struct openai_field *f, struct prompt_message *m, const struct item *it,
	struct prompt_part **open)
{
	struct prompt_seal seal = seal_of(f, it);
	struct slice id = json_str(it->v, "id");

	if (seal.bytes.n == 0 || (seal.origin == 'g' && it->encrypted && id.n))
		return;
	bool is_apart = *open == NULL || (it->encrypted && seal.origin != 'r');
	struct prompt_part *part = is_apart ? add(f, m, SLICE_EMPTY, seal) : *open;
	part->seal = seal;
	part->id = id;
	part->redacted = is_apart && it->encrypted;
	*open = NULL;
}

static bool read_details(struct openai_field *f, yyjson_val *details, struct slice flat,
	struct prompt_message *m)
{
	struct prompt_part **before = m->end, *open = NULL;
	bool has_text = false;
	size_t n, done;
	struct item *items = list_items(f, details, &n);

	for (size_t i = 0; i < n; i++)
		has_text |= items[i].text.n > 0;
	/* Only states: the text stands in reasoning_content. */
	if (!has_text && flat.n && n)
		open = add(f, m, flat, (struct prompt_seal){ 0, SLICE_EMPTY });
	for (size_t i = 0; i < n; i += done) {
		const struct item *last = &items[i];
		done = 1;
		if (items[i].text.n) {
			struct slice text = join_pieces(f, items + i, n - i, &done);
			open = add(f, m, text, (struct prompt_seal){ 0, SLICE_EMPTY });
			last = &items[i + done - 1];
		}
		if (last->state.n)
			take_state(f, m, last, &open);
	}
	return m->end != before;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

void openai_read_state(struct openai_field *f, yyjson_val *message, struct prompt_message *m)
{
	struct slice flat = json_str(message, "reasoning_content");

	if (flat.n == 0)
		flat = json_str(message, "reasoning");
	if (read_details(f, json_arr(message, "reasoning_details"), flat, m)
			|| read_blocks(f, json_arr(message, "thinking_blocks"), m))
		return;
	if (flat.n)
		add(f, m, flat, (struct prompt_seal){ 0, SLICE_EMPTY });
}

struct slice openai_read_state_of_call(yyjson_val *message, struct slice id)
{
	/* A turn has a few calls; a long list of items is not searched for each. */
	enum { SEARCHED = 64 };
	yyjson_val *details = json_arr(message, "reasoning_details"), *v;
	size_t i, n;

	yyjson_arr_foreach(details, i, n, v) {
		if (i == SEARCHED)
			break;
		if (id.n && slice_eq(json_str(v, "id"), id) && openai_state_tag(json_str(v, "format")) == 'g')
			return json_str(v, "data");
	}
	return SLICE_EMPTY;
}

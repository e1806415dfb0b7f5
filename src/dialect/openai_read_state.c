#include "dialect/openai_read_state.h"

#include "chat/seal.h"
#include "dialect/openai_state.h"

/* The items of reasoning_details while they are read. */
struct details {
	struct openai_field *f;
	struct prompt_message *m;
	struct slice flat;		/* reasoning_content, for items that have a signature and no text */
	struct prompt_part *open;	/* has text, and no seal yet */
	int64_t open_index;
};

static struct prompt_part *add(struct openai_field *f, struct prompt_message *m, struct slice text, struct prompt_seal seal)
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
		struct slice data = json_str(v, "data"), text = json_str(v, "thinking"), sign = json_str(v, "signature");
		if (data.n)
			add(f, m, SLICE_EMPTY, seal_unwrap(f->arena, 'a', data))->redacted = true;
		else if (text.n || sign.n)
			add(f, m, text, seal_unwrap(f->arena, 'a', sign));
	}
	return m->end != before;
}

/* --- reasoning_details ---------------------------------------------------------------------------------- */

/* An item of a format that no dialect of weir makes goes back to this dialect's providers as it is. */
static struct prompt_seal own_seal(struct openai_field *f, yyjson_val *item)
{
	struct prompt_seal seal = { 0, SLICE_EMPTY };
	struct buf b;

	buf_init(&b, 16u << 20);
	char *p = openai_state_put_item(item, &b) ? arena_try(f->arena, buf_len(&b)) : NULL;
	if (p) {
		memcpy(p, b.p, buf_len(&b));
		seal = (struct prompt_seal){ f->prompt->origin, slice_of(p, buf_len(&b)) };
	}
	buf_done(&b);
	return seal;
}

static struct prompt_seal seal_of(struct openai_field *f, yyjson_val *item, struct slice state)
{
	char tag = openai_state_tag(json_str(item, "format"));
	struct prompt_seal seal = seal_unwrap(f->arena, tag ? tag : f->prompt->origin, state);

	return seal.origin == f->prompt->origin ? own_seal(f, item) : seal;
}

/* Pieces of a stream that a client kept apart: text after text of one index is one text. */
static struct slice join_run(struct openai_field *f, yyjson_val *details, size_t from, size_t until)
{
	size_t n = 0, at = 0;

	if (until == from + 1)
		return openai_state_text(yyjson_arr_get(details, from));
	yyjson_arr_iter it = yyjson_arr_iter_with(details);
	yyjson_val *item;
	for (size_t i = 0; i < until && (item = yyjson_arr_iter_next(&it)) != NULL; i++)
		n += i >= from ? openai_state_text(item).n : 0;
	char *p = arena_try(f->arena, n + 1);
	if (p == NULL)
		return SLICE_EMPTY;
	it = yyjson_arr_iter_with(details);
	for (size_t i = 0; i < until && (item = yyjson_arr_iter_next(&it)) != NULL; i++) {
		struct slice text = openai_state_text(item);
		if (i >= from && text.n) {
			memcpy(p + at, text.p, text.n);
			at += text.n;
		}
	}
	return slice_of(p, at);
}

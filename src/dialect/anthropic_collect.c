#include "dialect/anthropic_collect.h"

#include "dialect/anthropic_answer.h"
#include "dialect/anthropic_input.h"
#include "dialect/anthropic_usage.h"

void anthropic_collect(struct dialect_encode *e, const struct event *ev)
{
	if (e->err == ERR_OK)
		anthropic_answer_take(e, ev);
}

static void put_input(struct dialect_encode *e, struct json_out *w, struct slice args)
{
	json_out_key(w, "input");
	if (!anthropic_input_write(e->arena, w, args))
		e->err = ERR_TOO_BIG;
}

static void put_text(struct json_out *w, const struct anthropic_answer_block *b, struct slice text)
{
	json_out_key_str(w, "text", text);
	if (b->citations == NULL)
		return;
	json_out_key(w, "citations");
	json_out_arr(w);
	for (const struct anthropic_answer_citation *c = b->citations; c; c = c->next)
		json_out_raw(w, c->json);
	json_out_arr_end(w);
}

static void put_block(struct dialect_encode *e, struct json_out *w, const struct anthropic_answer_block *b)
{
	static const char *const types[] = { [ANTHROPIC_ANSWER_TEXT] = "text", [ANTHROPIC_ANSWER_THINKING] = "thinking",
		[ANTHROPIC_ANSWER_REDACTED] = "redacted_thinking", [ANTHROPIC_ANSWER_TOOL] = "tool_use" };
	struct slice text = slice_of(b->text.p, b->text.n);

	json_out_obj(w);
	json_out_key_str(w, "type", slice_str(types[b->kind]));
	switch (b->kind) {
	case ANTHROPIC_ANSWER_TEXT:
		put_text(w, b, text);
		break;
	case ANTHROPIC_ANSWER_THINKING:
		json_out_key_str(w, "thinking", text);
		json_out_key_str(w, "signature", b->signature);
		break;
	case ANTHROPIC_ANSWER_REDACTED:
		json_out_key_str(w, "data", text);
		break;
	case ANTHROPIC_ANSWER_TOOL:
		json_out_key_str(w, "id", b->id);
		json_out_key_str(w, "name", b->name);
		put_input(e, w, text);
		break;
	}
	json_out_obj_end(w);
}

void anthropic_collect_write(struct dialect_encode *e, struct buf *out)
{
	const struct anthropic_answer *a = anthropic_answer_of(e);
	struct usage usage = anthropic_answer_usage(e);
	struct json_out w = json_out_to(out);

	if (e->err != ERR_OK)
		return;
	json_out_obj(&w);
	json_out_key_str(&w, "id", a->id);
	json_out_key_str(&w, "type", SLICE("message"));
	json_out_key_str(&w, "role", SLICE("assistant"));
	json_out_key_str(&w, "model", a->model);
	json_out_key(&w, "content");
	json_out_arr(&w);
	for (const struct anthropic_answer_block *b = a->blocks; b; b = b->next)
		put_block(e, &w, b);
	json_out_arr_end(&w);
	anthropic_answer_write_end(e, &w);
	json_out_key(&w, "usage");
	anthropic_usage_write(&w, &usage);
	json_out_obj_end(&w);
	if (!json_out_ok(&w))
		e->err = ERR_TOO_BIG;
}

void anthropic_collect_write_count(struct dialect_encode *e, struct buf *out)
{
	struct usage usage = anthropic_answer_usage(e);
	struct json_out w = json_out_to(out);

	if (e->err != ERR_OK)
		return;
	json_out_obj(&w);
	json_out_key_int(&w, "input_tokens", usage.prompt_tok > 0 ? usage.prompt_tok : 0);
	json_out_obj_end(&w);
	if (!json_out_ok(&w))
		e->err = ERR_TOO_BIG;
}

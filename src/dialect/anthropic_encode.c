/* Events as Anthropic's own SDKs want them (protocols.md 4.4, 9.2): `event:` and the same `type`,
 * message_start before all else, blocks one after the other with indexes that rise by one, one message_delta
 * with the reason and all counts.
 *
 * The last block stays open behind EVENT_FINISH: some servers send arguments behind it.
 *
 * message_start waits for the first block, because it has to say the prompt's tokens, and the counts come
 * behind the start. */
#include "dialect/anthropic_encode.h"

#include "dialect/anthropic_answer.h"
#include "dialect/anthropic_usage.h"

/* Most bytes of a delta's event beside its text. */
#define FRAME_BYTES 256u

static struct json_out open_event(struct buf *out, const char *type)
{
	struct json_out w = json_out_to(out);

	json_out_raw(&w, SLICE("event: "));
	json_out_raw(&w, slice_str(type));
	json_out_raw(&w, SLICE("\ndata: "));
	json_out_obj(&w);
	json_out_key_str(&w, "type", slice_str(type));
	return w;
}

static void close_event(struct dialect_encode *e, struct json_out *w)
{
	json_out_obj_end(w);
	json_out_raw(w, SLICE("\n\n"));
	if (!json_out_ok(w))
		e->err = ERR_TOO_BIG;
}

static void write_start(struct dialect_encode *e, struct buf *out)
{
	struct anthropic_answer *a = anthropic_answer_of(e);
	struct usage usage = anthropic_answer_usage(e);

	if (a->begun)
		return;
	a->begun = true;
	struct json_out w = open_event(out, "message_start");
	json_out_key(&w, "message");
	json_out_obj(&w);
	json_out_key_str(&w, "id", a->id);
	json_out_key_str(&w, "type", SLICE("message"));
	json_out_key_str(&w, "role", SLICE("assistant"));
	json_out_key_str(&w, "model", a->model);
	json_out_key(&w, "content");
	json_out_raw(&w, SLICE("[]"));
	json_out_key_val(&w, "stop_reason", NULL);
	json_out_key_val(&w, "stop_sequence", NULL);
	json_out_key(&w, "usage");
	anthropic_usage_write(&w, &usage);
	json_out_obj_end(&w);
	close_event(e, &w);
}

/* --- blocks --------------------------------------------------------------------------------------------- */

static void write_block_start(struct dialect_encode *e, struct anthropic_answer_block *b, struct buf *out)
{
	struct json_out w = open_event(out, "content_block_start");

	json_out_key_int(&w, "index", anthropic_answer_of(e)->index);
	json_out_key(&w, "content_block");
	switch (b->kind) {
	case ANTHROPIC_ANSWER_TEXT:
		json_out_raw(&w, SLICE("{\"type\":\"text\",\"text\":\"\"}"));
		break;
	case ANTHROPIC_ANSWER_THINKING:
		json_out_raw(&w, SLICE("{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}"));
		break;
	case ANTHROPIC_ANSWER_REDACTED:
		json_out_obj(&w);
		json_out_key_str(&w, "type", SLICE("redacted_thinking"));
		json_out_key_str(&w, "data", slice_of(b->text.p, b->text.n));
		json_out_obj_end(&w);
		b->text.n = 0;
		break;
	case ANTHROPIC_ANSWER_TOOL:
		json_out_obj(&w);
		json_out_key_str(&w, "type", SLICE("tool_use"));
		json_out_key_str(&w, "id", b->id);
		json_out_key_str(&w, "name", b->name);
		json_out_key(&w, "input");
		json_out_raw(&w, SLICE("{}"));
		json_out_obj_end(&w);
		break;
	}
	close_event(e, &w);
	b->open = true;
}

/* The event that a stream is made of: written piece by piece. */
static void write_delta(struct dialect_encode *e, const char *type, const char *key, struct slice text, struct buf *out)
{
	if (e->err != ERR_OK || buf_room(out, text.n * 6 + FRAME_BYTES) == NULL) {
		e->err = ERR_TOO_BIG;
		return;
	}
	buf_add(out, SLICE("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"));
	buf_add_u64(out, anthropic_answer_of(e)->index);
	buf_addf(out, ",\"delta\":{\"type\":\"%s\",\"%s\":\"", type, key);
	buf_add_json(out, text);
	buf_add(out, SLICE("\"}}\n\n"));
}

static void write_text(struct dialect_encode *e, struct anthropic_answer_block *b, struct buf *out)
{
	static const struct {
		const char *type, *key;
	} deltas[] = {
		[ANTHROPIC_ANSWER_TEXT] = { "text_delta", "text" },
		[ANTHROPIC_ANSWER_THINKING] = { "thinking_delta", "thinking" },
		[ANTHROPIC_ANSWER_REDACTED] = { "", "" },
		[ANTHROPIC_ANSWER_TOOL] = { "input_json_delta", "partial_json" },
	};

	if (b->text.n)
		write_delta(e, deltas[b->kind].type, deltas[b->kind].key, slice_of(b->text.p, b->text.n), out);
	b->text.n = 0;
}

static void write_citations(struct dialect_encode *e, struct anthropic_answer_block *b, struct buf *out)
{
	for (const struct anthropic_answer_citation *c = b->citations; c; c = c->next) {
		struct json_out w = open_event(out, "content_block_delta");
		json_out_key_int(&w, "index", anthropic_answer_of(e)->index);
		json_out_key(&w, "delta");
		json_out_obj(&w);
		json_out_key_str(&w, "type", SLICE("citations_delta"));
		json_out_key(&w, "citation");
		json_out_raw(&w, c->json);
		json_out_obj_end(&w);
		close_event(e, &w);
	}
	b->citations = NULL;
	b->citations_end = &b->citations;
}

/* What has come for the first block since the last time. */
static void write_more(struct dialect_encode *e, struct anthropic_answer_block *b, struct buf *out)
{
	if (!b->open)
		write_block_start(e, b, out);
	write_text(e, b, out);
	write_citations(e, b, out);
	if (b->signature.n)
		write_delta(e, "signature_delta", "signature", b->signature, out);
	b->signature = SLICE_EMPTY;
}

static void write_block_stop(struct dialect_encode *e, struct buf *out)
{
	struct anthropic_answer *a = anthropic_answer_of(e);
	struct json_out w = open_event(out, "content_block_stop");

	json_out_key_int(&w, "index", a->index++);
	close_event(e, &w);
	anthropic_answer_close(a);
}

/* All that can be written by now. */
static void flush(struct dialect_encode *e, struct buf *out)
{
	struct anthropic_answer *a = anthropic_answer_of(e);

	while (a->blocks && a->blocks != a->fresh && e->err == ERR_OK) {
		write_start(e, out);
		write_more(e, a->blocks, out);
		if (!anthropic_answer_can_close(a, a->blocks))
			return;
		write_block_stop(e, out);
	}
}

void anthropic_encode_event(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	if (e->err != ERR_OK)
		return;
	anthropic_answer_take(e, ev);
	flush(e, out);
}

static void write_finish(struct dialect_encode *e, struct buf *out)
{
	struct anthropic_answer *a = anthropic_answer_of(e);
	struct usage usage = anthropic_answer_usage(e);

	a->fresh = NULL;
	a->over = true;
	flush(e, out);
	if (e->err != ERR_OK)
		return;
	write_start(e, out);
	struct json_out w = open_event(out, "message_delta");
	json_out_key(&w, "delta");
	json_out_obj(&w);
	anthropic_answer_write_end(e, &w);
	json_out_obj_end(&w);
	json_out_key(&w, "usage");
	anthropic_usage_write(&w, &usage);
	close_event(e, &w);
}

/* An encoder that has seen no event ends a stream whose provider's own bytes have passed: only the mark is missing. */
void anthropic_encode_end(struct dialect_encode *e, struct buf *out)
{
	if (e->err == ERR_OK && anthropic_answer_has_begun(e))
		write_finish(e, out);
	if (e->err != ERR_OK)
		return;
	struct json_out w = open_event(out, "message_stop");
	close_event(e, &w);
}

#include "dialect/gemini_embed_collect.h"

#include "dialect/embeddings_answer.h"

void gemini_embed_collect(struct dialect_encode *e, const struct event *ev)
{
	if (ev->kind == EVENT_VECTOR && ev->choice > 0 && e->err == ERR_OK)
		e->err = ERR_UP_BAD_JSON;
	embeddings_answer_take(e, ev);
}

static void put_vector(struct dialect_encode *e, size_t i, struct json_out *w)
{
	json_out_obj(w);
	json_out_key(w, "values");
	embeddings_answer_put(e, embeddings_answer_of(e)->vectors[i], w);
	json_out_obj_end(w);
}

/* Newer models count their prompts; unknown counts are left out, as older ones do. */
static void put_end(struct dialect_encode *e, struct json_out *w)
{
	int64_t tok = embeddings_answer_of(e)->usage.prompt_tok;

	if (tok >= 0) {
		json_out_key(w, "usageMetadata");
		json_out_obj(w);
		json_out_key_int(w, "promptTokenCount", tok);
		json_out_obj_end(w);
	}
	json_out_obj_end(w);
	embeddings_answer_end(e, w);
}

void gemini_embed_collect_write(struct dialect_encode *e, struct buf *out)
{
	struct json_out w = json_out_to(out);

	if (!embeddings_answer_complete(e))
		return;
	json_out_obj(&w);
	json_out_key(&w, "embedding");
	put_vector(e, 0, &w);
	put_end(e, &w);
}

void gemini_embed_collect_write_batch(struct dialect_encode *e, struct buf *out)
{
	size_t n = embeddings_answer_of(e)->n;
	struct json_out w = json_out_to(out);

	if (!embeddings_answer_complete(e))
		return;
	json_out_obj(&w);
	json_out_key(&w, "embeddings");
	json_out_arr(&w);
	for (size_t i = 0; i < n; i++)
		put_vector(e, i, &w);
	json_out_arr_end(&w);
	put_end(e, &w);
}

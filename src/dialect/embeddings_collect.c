#include "dialect/embeddings_collect.h"

#include "codec/base64.h"
#include "dialect/embeddings_answer.h"
#include "dialect/splice.h"

/* The client's form of vectors stands in its body: of duplicates the last counts. */
static bool wants_base64(const struct request *r)
{
	struct json_member m;
	size_t at = 0;
	bool wants = false;

	while (r && json_next_member(r->body, &at, &m))
		if (splice_key_is(m.key, "encoding_format"))
			wants = slice_eq(m.value, SLICE("\"base64\""));
	return wants;
}

static void put_base64(struct slice vector, struct json_out *w)
{
	size_t n = base64_size(vector.n);
	char *at = embeddings_answer_room(w, n + 2);

	if (at == NULL)
		return;
	at[0] = '"';
	base64_encode(vector, at + 1);
	at[n + 1] = '"';
	buf_grew(w->out, n + 2);
}

static void put_item(struct dialect_encode *e, size_t index, bool base64, struct json_out *w)
{
	struct slice vector = embeddings_answer_of(e)->vectors[index];

	json_out_obj(w);
	json_out_key_str(w, "object", SLICE("embedding"));
	json_out_key_int(w, "index", (int64_t)index);
	json_out_key(w, "embedding");
	if (base64)
		put_base64(vector, w);
	else
		embeddings_answer_put(e, vector, w);
	json_out_obj_end(w);
}

static void put_usage(const struct usage *u, struct json_out *w)
{
	int64_t tok = MAX_OF(u->prompt_tok, 0);

	json_out_obj(w);
	json_out_key_int(w, "prompt_tokens", tok);
	json_out_key_int(w, "total_tokens", tok);
	json_out_obj_end(w);
}

void embeddings_collect_write(struct dialect_encode *e, struct buf *out)
{
	const struct embeddings_answer *a = embeddings_answer_of(e);
	bool base64 = wants_base64(e->request);
	struct json_out w = json_out_to(out);

	if (!embeddings_answer_complete(e))
		return;
	json_out_obj(&w);
	json_out_key_str(&w, "object", SLICE("list"));
	json_out_key(&w, "data");
	json_out_arr(&w);
	for (size_t i = 0; i < a->n; i++)
		put_item(e, i, base64, &w);
	json_out_arr_end(&w);
	json_out_key_str(&w, "model", a->model);
	json_out_key(&w, "usage");
	put_usage(&a->usage, &w);
	json_out_obj_end(&w);
	embeddings_answer_end(e, &w);
}

#include "dialect/embeddings_decode.h"

#include "dialect/embeddings_frame.h"
#include "dialect/openai_error.h"
#include "dialect/openai_usage.h"

/* Where the item belongs: by its index, or by its place where it has none.  Anything else is out of range. */
static uint64_t index_of(yyjson_val *item, size_t place)
{
	yyjson_val *index = yyjson_obj_get(item, "index");

	if (!yyjson_is_num(index) && !yyjson_is_raw(index))	/* raw: too big for any type */
		return place;
	return yyjson_is_uint(index) ? yyjson_get_uint(index) : UINT64_MAX;
}

/* Some servers count only the total, which for vectors is the prompt. */
static int64_t count_of(yyjson_val *usage)
{
	struct usage u = USAGE_NONE;

	openai_usage_read(usage, &u);
	return u.prompt_tok >= 0 ? u.prompt_tok : json_int(usage, "total_tokens", -1);
}

static void fail(struct embeddings_frame *f, yyjson_val *error)
{
	struct fault fault = openai_error_read(f->d->arena, error);
	embeddings_frame_fail(f, &fault);
}

enum err embeddings_decode_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw)
{
	struct embeddings_frame f = embeddings_frame_of(d, raw);
	yyjson_val *root;

	if (slice_trim(data).n == 0)
		return ERR_OK;		/* a sign of life */
	enum err e = embeddings_frame_parse(d, data, &root);
	yyjson_val *error = e == ERR_OK ? openai_error_find(root) : NULL;
	if (error == NULL)
		return ERR_UP_BAD_TYPE;
	fail(&f, error);
	return f.err;
}

enum err embeddings_decode_whole(struct dialect_decode *d, struct slice body)
{
	struct embeddings_frame f = embeddings_frame_of(d, body);
	yyjson_val *root, *item;
	size_t i, n;

	enum err e = embeddings_frame_parse(d, body, &root);
	if (e != ERR_OK)
		return e;
	yyjson_val *error = openai_error_find(root), *data = json_arr(root, "data");
	if (error) {
		fail(&f, error);
		return f.err;
	}
	if (yyjson_arr_size(data) == 0)
		return ERR_UP_EMPTY;
	embeddings_frame_start(&f, json_str(root, "id"), json_str(root, "model"), yyjson_arr_size(data));
	yyjson_arr_foreach(data, i, n, item)
		embeddings_frame_put(&f, index_of(item, i), yyjson_obj_get(item, "embedding"));
	embeddings_frame_count(&f, count_of(json_obj(root, "usage")));
	embeddings_frame_end(&f);
	return f.err;
}

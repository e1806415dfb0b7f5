#include "dialect/gemini_embed_decode.h"

#include "dialect/embeddings_frame.h"
#include "dialect/gemini_error.h"
#include "dialect/gemini_field.h"

static void fail(struct embeddings_frame *f, yyjson_val *error)
{
	struct fault fault = gemini_error_read(f->d->arena, error);
	embeddings_frame_fail(f, &fault);
}

enum err gemini_embed_decode_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw)
{
	struct embeddings_frame f = embeddings_frame_of(d, raw);
	yyjson_val *root;

	if (slice_trim(data).n == 0)
		return ERR_OK;		/* a sign of life */
	enum err e = embeddings_frame_parse(d, data, &root);
	yyjson_val *error = e == ERR_OK ? gemini_error_find(root) : NULL;
	if (error == NULL)
		return ERR_UP_BAD_TYPE;
	fail(&f, error);
	return f.err;
}

enum err gemini_embed_decode_whole(struct dialect_decode *d, struct slice body)
{
	struct embeddings_frame f = embeddings_frame_of(d, body);
	yyjson_val *root, *item;
	size_t at = 0;

	enum err e = embeddings_frame_parse(d, body, &root);
	if (e != ERR_OK)
		return e;
	yyjson_val *error = gemini_error_find(root), *items = gemini_field(root, "embeddings");
	if (error) {
		fail(&f, error);
		return f.err;
	}
	if (items == NULL)
		items = gemini_field(root, "embedding");
	if (gemini_field_size(items) == 0)
		return ERR_UP_EMPTY;
	embeddings_frame_start(&f, SLICE_EMPTY, SLICE_EMPTY, gemini_field_size(items));
	for (uint64_t i = 0; (item = gemini_field_next(items, &at)) != NULL; i++)
		embeddings_frame_put(&f, i, gemini_field(item, "values"));
	embeddings_frame_count(&f, gemini_field_count(gemini_field_obj(root, "usageMetadata"), "promptTokenCount"));
	embeddings_frame_end(&f);
	return f.err;
}

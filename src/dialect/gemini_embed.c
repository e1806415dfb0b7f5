#include "dialect/gemini_embed.h"

#include "dialect/embeddings_answer.h"
#include "dialect/gemini_embed_build.h"
#include "dialect/gemini_embed_collect.h"
#include "dialect/gemini_embed_decode.h"
#include "dialect/gemini_embed_parse.h"
#include "dialect/gemini_embed_read.h"
#include "dialect/gemini_embed_write.h"
#include "dialect/gemini_error.h"

#define SHARED .op = REQUEST_EMBED, .family = DIALECT_GEMINI, .id_field = "x-request-id", .path = "/models", \
	.decode_event = gemini_embed_decode_event, .decode_whole = gemini_embed_decode_whole, .fault = gemini_error_fault, \
	.encode_event = embeddings_answer_no_event, .encode_end = embeddings_answer_no_end, \
	.error_body = gemini_error_body, .error_event = gemini_error_event

const struct dialect gemini_embed = {
	SHARED,
	.name = "gemini-embed",
	.tag = 'v',
	.put_path = gemini_embed_build_path,
	.parse = gemini_embed_parse,
	.build = gemini_embed_build,
	.read = gemini_embed_read,
	.write = gemini_embed_write,
	.collect = gemini_embed_collect,
	.collected = gemini_embed_collect_write,
};

const struct dialect gemini_batch_embed = {
	SHARED,
	.name = "gemini-batch-embed",
	.tag = 'b',
	.put_path = gemini_embed_build_batch_path,
	.parse = gemini_embed_parse_batch,
	.build = gemini_embed_build_batch,
	.read = gemini_embed_read_batch,
	.write = gemini_embed_write_batch,
	.collect = embeddings_answer_take,
	.collected = gemini_embed_collect_write_batch,
};

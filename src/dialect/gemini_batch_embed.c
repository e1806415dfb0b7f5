#include "dialect/gemini_batch_embed.h"

#include "dialect/gemini_embed.h"
#include "dialect/gemini_embed_build.h"
#include "dialect/gemini_embed_collect.h"
#include "dialect/gemini_embed_parse.h"
#include "dialect/gemini_embed_read.h"
#include "dialect/gemini_embed_write.h"

const struct dialect gemini_batch_embed = {
	GEMINI_EMBED_SHARED,
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

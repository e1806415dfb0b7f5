#include "dialect/gemini_embed.h"

#include "dialect/gemini_embed_build.h"
#include "dialect/gemini_embed_collect.h"
#include "dialect/gemini_embed_parse.h"
#include "dialect/gemini_embed_read.h"
#include "dialect/gemini_embed_write.h"

const struct dialect gemini_embed = {
	GEMINI_EMBED_SHARED,
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

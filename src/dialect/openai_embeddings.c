#include "dialect/openai_embeddings.h"

#include "dialect/embeddings_answer.h"
#include "dialect/embeddings_collect.h"
#include "dialect/embeddings_decode.h"
#include "dialect/embeddings_parse.h"
#include "dialect/embeddings_read.h"
#include "dialect/embeddings_write.h"
#include "dialect/openai_error.h"
#include "dialect/splice.h"

static const struct splice_rule owned[] = { { "model", SPLICE_MODEL }, SPLICE_OWN };
static const struct splice_rules rules = { .rules = owned, .n = COUNT_OF(owned), .no_stream = true };

static enum err build(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	return splice_build(&rules, r, ask, out);
}

const struct dialect openai_embeddings = {
	.name = "openai-embeddings",
	.op = REQUEST_EMBED,
	.family = DIALECT_OPENAI,
	.tag = 'e',
	.id_field = "x-request-id",
	.path = "/embeddings",
	.parse = embeddings_parse,
	.build = build,
	.read = embeddings_read,
	.write = embeddings_write,
	.decode_event = embeddings_decode_event,
	.decode_whole = embeddings_decode_whole,
	.fault = openai_error_fault,
	.encode_event = embeddings_answer_no_event,
	.encode_end = embeddings_answer_no_end,
	.collect = embeddings_answer_take,
	.collected = embeddings_collect_write,
	.error_body = openai_error_body,
	.error_event = openai_error_event,
};

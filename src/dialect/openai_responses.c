#include "dialect/openai_responses.h"

#include "dialect/openai_error.h"
#include "dialect/responses_build.h"
#include "dialect/responses_collect.h"
#include "dialect/responses_decode.h"
#include "dialect/responses_encode.h"
#include "dialect/responses_error.h"
#include "dialect/responses_parse.h"
#include "dialect/responses_read.h"
#include "dialect/responses_write.h"

const struct dialect openai_responses = {
	.name = "openai-responses",
	.op = REQUEST_CHAT,
	.family = DIALECT_OPENAI,
	.tag = 'r',
	.path = "/responses",
	.id_field = "x-request-id",
	.ping = ": ping\n",
	.parse = responses_parse,
	.build = responses_build,
	.read = responses_read,
	.write = responses_write,
	.decode_event = responses_decode_event,
	.decode_whole = responses_decode_whole,
	.fault = openai_error_fault,
	.encode_event = responses_encode_event,
	.encode_end = responses_encode_end,
	.collect = responses_collect,
	.collected = responses_collect_write,
	.error_body = openai_error_body,
	.error_event = responses_error_event,
};

#include "dialect/gemini_generate.h"

#include "dialect/gemini_build.h"
#include "dialect/gemini_collect.h"
#include "dialect/gemini_decode.h"
#include "dialect/gemini_encode.h"
#include "dialect/gemini_error.h"
#include "dialect/gemini_parse.h"
#include "dialect/gemini_read.h"
#include "dialect/gemini_write.h"

const struct dialect gemini_generate = {
	.name = "gemini-generate",
	.op = REQUEST_CHAT,
	.family = DIALECT_GEMINI,
	.tag = 'g',
	.id_field = "x-request-id",
	.ping = NULL,		/* google-genai takes a comment for JSON (protocols.md 8.2) */
	.path = "/models",
	.put_path = gemini_build_path,
	.parse = gemini_parse,
	.build = gemini_build,
	.read = gemini_read,
	.write = gemini_write,
	.decode_event = gemini_decode_event,
	.decode_whole = gemini_decode_whole,
	.fault = gemini_error_fault,
	.encode_event = gemini_encode_event,
	.encode_end = gemini_encode_end,
	.collect = gemini_collect,
	.collected = gemini_collect_write,
	.error_body = gemini_error_body,
	.error_event = gemini_error_event,
	.error_within = gemini_encode_error,
	.no_end_mark = true,
};

#include "dialect/openai_responses.h"

static enum err no_parse(struct arena *a, struct slice body, struct request *out, struct fault *out_fault)
{
	*out_fault = fault_make(a, ERR_UNSUPPORTED, "not yet");
	return ERR_UNSUPPORTED;
}
static enum err no_build(const struct request *r, const struct dialect_ask *ask, struct buf *out) { return ERR_UNSUPPORTED; }
static enum err no_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw) { return ERR_UP_BAD_JSON; }
static enum err no_whole(struct dialect_decode *d, struct slice body) { return ERR_UP_BAD_JSON; }
static struct fault no_fault(struct arena *a, int status, struct slice body) { return (struct fault){ .err = ERR_UP_FAILED, .status = status }; }
static void no_encode(struct dialect_encode *e, const struct event *ev, struct buf *out) { }
static void no_end(struct dialect_encode *e, struct buf *out) { }
static void no_collect(struct dialect_encode *e, const struct event *ev) { }
static void no_error(const struct fault *f, struct buf *out) { }

const struct dialect openai_responses = {
	.name = "openai-responses",
	.op = REQUEST_CHAT,
	.family = DIALECT_OPENAI,
	.tag = 'r',
	.path = "/responses",
	.id_field = "x-request-id",
	.ping = ": ping\n",
	.parse = no_parse, .build = no_build, .decode_event = no_event, .decode_whole = no_whole, .fault = no_fault,
	.encode_event = no_encode, .encode_end = no_end, .collect = no_collect, .collected = no_end,
	.error_body = no_error, .error_event = no_error,
};

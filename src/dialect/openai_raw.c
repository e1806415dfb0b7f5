#include "dialect/openai_raw.h"

#include "codec/form.h"
#include "dialect/body.h"
#include "dialect/openai_error.h"
#include "dialect/splice.h"

#define MODEL_BYTES 256u	/* as in JSON bodies (body.c) */

static const struct splice_rule owned[] = { { "model", SPLICE_MODEL }, SPLICE_OWN };
static const struct splice_rules rules = { .rules = owned, .n = COUNT_OF(owned), .no_stream = true };

/* --- requests ------------------------------------------------------------------------------------------- */

static bool is_form(const struct request *r)
{
	static const char type[] = "multipart/form-data";
	struct slice t = r->door.content_type;

	return t.n >= sizeof(type) - 1 && slice_case_eq(slice_of(t.p, sizeof(type) - 1), slice_str(type));
}

static enum err parse_form(struct arena *a, struct slice body, struct request *out, struct fault *out_fault)
{
	out->body = body;
	out->choices = 1;
	bool found = form_field(out->door.content_type, body, "model", &out->model) && out->model.n;
	if (found && out->model.n <= MODEL_BYTES)
		return ERR_OK;
	*out_fault = fault_make(a, ERR_BAD_FIELD, found ? "`model` is longer than 256 bytes"
		: "`model` is missing: the form needs one field that names the model");
	out_fault->param = SLICE("model");
	return ERR_BAD_FIELD;
}

static enum err parse(struct arena *a, struct slice body, struct request *out, struct fault *out_fault)
{
	struct body b;

	out->op = REQUEST_RAW;
	out->dialect = &openai_raw;
	if (is_form(out))
		return parse_form(a, body, out, out_fault);
	if (!body_open(&b, a, body, "`model`", NULL, 0, out, out_fault) || !body_read_model(&b)
		|| !body_read_options(&b))
		return out_fault->err;
	return ERR_OK;
}

static enum err build_form(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	struct slice model;

	if (!form_field(r->door.content_type, r->body, "model", &model))
		return ERR_INTERNAL;	/* parse has found it */
	struct slice before = slice_of(r->body.p, (size_t)(model.p - r->body.p));
	bool ok = buf_put(out, before) && buf_put(out, ask->model)
		&& buf_put(out, slice_skip(r->body, before.n + model.n));
	return ok ? ERR_OK : ERR_TOO_BIG;
}

static enum err build(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	return is_form(r) ? build_form(r, ask, out) : splice_build(&rules, r, ask, out);
}

static void put_path(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	buf_add(out, r->door.path);
}

/* --- answers -------------------------------------------------------------------------------------------- */

static enum err decode_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw)
{
	return ERR_OK;
}

static int64_t count(yyjson_val *usage, const char *name, const char *other)
{
	int64_t n = json_int(usage, name, json_int(usage, other, -1));
	return n < 0 ? -1 : n;
}

/* Only the counts: the bytes have passed already.  Images and transcriptions count input and output, moderations and
 * rerank may say nothing. */
static enum err decode_whole(struct dialect_decode *d, struct slice body)
{
	struct usage *u = &d->tally.usage;
	struct event ev = { .kind = EVENT_USAGE, .text = event_usage_text(u) };
	yyjson_doc *doc;

	if (json_parse_scratch(d->scratch, body, &doc) != ERR_OK)
		return ERR_OK;
	yyjson_val *usage = json_obj(yyjson_doc_get_root(doc), "usage");
	u->prompt_tok = count(usage, "input_tokens", "prompt_tokens");
	u->completion_tok = count(usage, "output_tokens", "completion_tokens");
	u->cached_tok = count(json_obj(usage, "input_tokens_details"), "cached_tokens", "cached_tokens");
	return usage ? d->on_event(d->arg, &ev) : ERR_OK;
}

static void encode_event(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
}

static void encode_end(struct dialect_encode *e, struct buf *out)
{
}

static void collect(struct dialect_encode *e, const struct event *ev)
{
}

const struct dialect openai_raw = {
	.name = "openai-raw",
	.op = REQUEST_RAW,
	.family = DIALECT_OPENAI,
	.tag = 'w',
	.id_field = "x-request-id",
	.path = "",
	.put_path = put_path,
	.parse = parse,
	.build = build,
	.decode_event = decode_event,
	.decode_whole = decode_whole,
	.fault = openai_error_fault,
	.encode_event = encode_event,
	.encode_end = encode_end,
	.collect = collect,
	.collected = encode_end,
	.error_body = openai_error_body,
	.error_event = openai_error_event,
};

#include "dialect/gemini_count.h"

#include "codec/json_out.h"
#include "dialect/gemini_build.h"
#include "dialect/gemini_error.h"
#include "dialect/gemini_field.h"
#include "dialect/gemini_frame.h"
#include "dialect/gemini_parse.h"
#include "dialect/gemini_read.h"
#include "dialect/gemini_write.h"

/* --- the provider's answer ------------------------------------------------------------------------------ */

static void take_total(struct gemini_frame *f, int64_t total)
{
	struct dialect_tally *t = &f->d->tally;
	struct event start = { .kind = EVENT_START }, usage = { .kind = EVENT_USAGE };

	t->usage = USAGE_NONE;
	t->usage.prompt_tok = total;
	usage.text = event_usage_text(&t->usage);
	gemini_frame_emit(f, &start);
	gemini_frame_emit(f, &usage);
	gemini_frame_finish(f, gemini_frame_choice(f, 0), EVENT_FINISH_STOP, SLICE_EMPTY);
	t->whole = f->err == ERR_OK;
}

static enum err decode(struct dialect_decode *d, struct slice text, struct slice raw)
{
	struct gemini_frame f = gemini_frame_of(d, raw);
	yyjson_doc *doc;

	if (!d->tally.started)
		d->tally.usage = USAGE_NONE;
	text = slice_trim(text);
	if (text.n == 0)
		return ERR_UP_EMPTY;
	enum err e = json_parse_scratch(d->scratch, text, &doc);
	if (e != ERR_OK)
		return e == ERR_TOO_BIG ? ERR_UP_TOO_BIG : ERR_UP_BAD_JSON;
	yyjson_val *root = yyjson_doc_get_root(doc), *error = gemini_error_find(root);
	int64_t total = gemini_field_count(root, "totalTokens");
	if (error) {
		struct fault fault = gemini_error_read(d->arena, error);
		gemini_frame_fail(&f, &fault);
	} else if (d->tally.started) {
		gemini_frame_end(&f);	/* what comes after the count says nothing */
	} else if (total >= 0) {
		take_total(&f, total);
	} else {
		return ERR_UP_EMPTY;
	}
	return f.err;
}

static enum err decode_event(struct dialect_decode *d, struct slice type, struct slice data, struct slice raw)
{
	return decode(d, data, raw);
}

static enum err decode_whole(struct dialect_decode *d, struct slice body)
{
	return decode(d, body, body);
}

/* --- the client's answer -------------------------------------------------------------------------------- */

struct counted {
	int64_t total;
	bool known;
};

static struct counted *counted_of(struct dialect_encode *e)
{
	return (struct counted *)(void *)e->state.bytes;
}

static void collect(struct dialect_encode *e, const struct event *ev)
{
	if (ev->kind != EVENT_USAGE)
		return;
	counted_of(e)->total = MAX_OF(event_usage(ev).prompt_tok, (int64_t)0);
	counted_of(e)->known = true;
}

static void collected(struct dialect_encode *e, struct buf *out)
{
	struct json_out w = json_out_to(out);
	size_t before = buf_len(out);

	json_out_obj(&w);
	if (counted_of(e)->known)
		json_out_key_int(&w, "totalTokens", counted_of(e)->total);
	json_out_obj_end(&w);
	if (json_out_ok(&w))
		return;
	out->n = out->start + before;
	e->err = ERR_TOO_BIG;
}

/* Counts are never streamed; asked for all the same, the count is the stream's only event. */
static void encode_event(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
	collect(e, ev);
}

static void encode_end(struct dialect_encode *e, struct buf *out)
{
	size_t before = buf_len(out);

	if (!counted_of(e)->known)
		return;
	if (buf_put(out, SLICE("data: ")))
		collected(e, out);
	else
		e->err = ERR_TOO_BIG;
	if (e->err == ERR_OK && !buf_put(out, SLICE("\n\n")))
		e->err = ERR_TOO_BIG;
	if (e->err != ERR_OK)
		out->n = out->start + before;
}

const struct dialect gemini_count = {
	.name = "gemini-count",
	.op = REQUEST_COUNT,
	.family = DIALECT_GEMINI,
	.tag = 'k',
	.id_field = "x-request-id",
	.path = "/models",
	.put_path = gemini_build_count_path,
	.parse = gemini_parse_count,
	.build = gemini_build_count,
	.read = gemini_read,
	.write = gemini_write_count,
	.decode_event = decode_event,
	.decode_whole = decode_whole,
	.fault = gemini_error_fault,
	.encode_event = encode_event,
	.encode_end = encode_end,
	.collect = collect,
	.collected = collected,
	.error_body = gemini_error_body,
	.error_event = gemini_error_event,
};

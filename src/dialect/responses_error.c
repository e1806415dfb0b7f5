#include "dialect/responses_error.h"

#include "base/utf8.h"
#include "codec/json_out.h"
#include "dialect/openai_error.h"
#include "dialect/scrub.h"

#define PARAM_SHOWN 128u	/* as for OpenAI's other dialects; real ones are paths of a few names */

static const struct {
	const char *code;
	enum err err;
} codes[] = {
#define FAULT(code, err) { code, ERR_##err },
#include "dialect/responses_faults.def"
#undef FAULT
};

struct fault responses_error_read(struct arena *a, yyjson_val *error)
{
	struct fault f = openai_error_read(a, error);
	struct slice code = json_str(error, "code"), param = json_str(error, "param");
	size_t i = 0;

	while (i < COUNT_OF(codes) && !slice_case_eq(code, slice_str(codes[i].code)))
		i++;
	if (i == COUNT_OF(codes) || f.err == codes[i].err)
		return f;
	f = (struct fault){ .err = codes[i].err };
	if (err_row(f.err)->blame != ERR_BLAME_CLIENT)
		return f;
	f.message = scrub_text(a, json_str(error, "message"));
	if (param.n <= PARAM_SHOWN)
		f.param = scrub_text(a, param);
	if (f.err == ERR_UP_BAD_REQUEST)
		f.code = slice_str(codes[i].code);
	return f;
}

static void put(struct json_out *w, const char *name, struct slice value)
{
	json_out_key_str(w, name, utf8_cut(value, SCRUB_MAX_BYTES));
}

static void put_param(struct json_out *w, const struct fault *f)
{
	if (f->param.n) {
		put(w, "param", f->param);
		return;
	}
	json_out_key(w, "param");
	json_out_null(w);
}

/* The event as the API documents it does not make the official SDKs raise: Python's and Node's look for a
 * member `error` and hand everything else on, `response.failed` too.  So it carries both: what is documented,
 * and the object that raises, which OpenAI itself has come to send as well.  Its number is not known here;
 * nobody counts behind it. */
void responses_error_event(const struct fault *f, struct buf *out)
{
	const struct err_row *row = err_row(f->err);
	struct slice code = f->code.n ? f->code : slice_str(row->code), message = fault_message(f);
	struct json_out w = json_out_to(out);

	buf_add(out, SLICE("event: error\ndata: "));
	json_out_obj(&w);
	put(&w, "type", SLICE("error"));
	put(&w, "code", code);
	put(&w, "message", message);
	put_param(&w, f);
	json_out_key_int(&w, "sequence_number", 0);
	json_out_key(&w, "error");
	json_out_obj(&w);
	put(&w, "type", slice_str(row->type[0] ? row->type : "server_error"));
	put(&w, "code", code);
	put(&w, "message", message);
	put_param(&w, f);
	json_out_obj_end(&w);
	json_out_obj_end(&w);
	buf_add(out, SLICE("\n\n"));
}

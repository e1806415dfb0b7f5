#include "dialect/gemini_embed_write.h"

#include "codec/json_out.h"
#include "dialect/gemini_build.h"

static enum err refuse(const struct dialect_ask *ask, const char *what)
{
	*ask->fault = fault_make(ask->arena, ERR_UNSUPPORTED, "%s", what);
	return ERR_UNSUPPORTED;
}

static enum err check(const struct prompt *p, const struct dialect_ask *ask)
{
	for (const struct prompt_input *in = p->inputs; in; in = in->next)
		if (in->text.p == NULL) {
			refuse(ask, "`input` has tokens, which this provider does not understand: send the text");
			ask->fault->param = SLICE("input");
			return ERR_UNSUPPORTED;
		}
	return ERR_OK;
}

static void put_content(struct slice text, struct json_out *w)
{
	json_out_key(w, "content");
	json_out_obj(w);
	json_out_key(w, "parts");
	json_out_arr(w);
	json_out_obj(w);
	json_out_key_str(w, "text", text);
	json_out_obj_end(w);
	json_out_arr_end(w);
	json_out_obj_end(w);
}

/* The members of one request. */
static void put_request(const struct prompt *p, const struct prompt_input *in, struct json_out *w)
{
	put_content(in->text, w);
	if (in->task.n)
		json_out_key_str(w, "taskType", in->task);
	if (in->title.n)
		json_out_key_str(w, "title", in->title);
	if (p->dimensions != PROMPT_UNSET)
		json_out_key_int(w, "outputDimensionality", p->dimensions);
}

/* Those of the own family stand beside the content; `is_own`: they can be put there. */
static void put_extras(const struct prompt *p, const struct dialect_ask *ask, bool is_own, struct json_out *w)
{
	if (p->user.n)
		drops_add_str(ask->drops, "user");
	for (const struct prompt_extra *x = p->extras; x; x = x->next)
		if (is_own) {
			json_out_key_slice(w, x->name);
			json_out_val(w, x->value);
		} else {
			drops_add(ask->drops, x->name);
		}
}

enum err gemini_embed_write(const struct prompt *p, const struct dialect_ask *ask, struct buf *out)
{
	struct json_out w = json_out_to(out);

	if (p->n_inputs != 1)
		return refuse(ask, "this provider embeds one text a call");
	enum err e = check(p, ask);
	if (e != ERR_OK)
		return e;
	json_out_obj(&w);
	put_request(p, p->inputs, &w);
	put_extras(p, ask, p->origin == gemini_embed.tag, &w);
	json_out_obj_end(&w);
	return json_out_ok(&w) ? ERR_OK : ERR_TOO_BIG;
}

enum err gemini_embed_write_batch(const struct prompt *p, const struct dialect_ask *ask, struct buf *out)
{
	struct slice model = gemini_build_resource(ask->arena, ask->model);
	struct json_out w = json_out_to(out);
	enum err e = check(p, ask);

	if (e != ERR_OK)
		return e;
	json_out_obj(&w);
	json_out_key(&w, "requests");
	json_out_arr(&w);
	for (const struct prompt_input *in = p->inputs; in; in = in->next) {
		json_out_obj(&w);
		json_out_key_str(&w, "model", model);
		put_request(p, in, &w);
		json_out_obj_end(&w);
	}
	json_out_arr_end(&w);
	/* Where in the batch an extra stood is not known any more. */
	put_extras(p, ask, false, &w);
	json_out_obj_end(&w);
	return json_out_ok(&w) ? ERR_OK : ERR_TOO_BIG;
}

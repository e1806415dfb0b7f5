#include "dialect/embeddings_write.h"

#include "codec/json_out.h"
#include "dialect/splice.h"

struct write {
	struct json_out w;
	const struct prompt *p;
	const struct dialect_ask *ask;
	bool is_own;		/* read from this dialect */
};

/* Begins a member under the provider's name for it; one that it refuses is named in drops. */
static bool key(struct write *o, struct slice name)
{
	struct splice_verdict v = splice_quirk(o->ask->quirks ? o->ask->quirks : &quirks_none, name);

	if (v.drop)
		drops_add(o->ask->drops, name);
	else
		json_out_key_slice(&o->w, v.name);
	return !v.drop;
}

static void put_one(struct write *o, const struct prompt_input *in)
{
	if (in->text.p)
		json_out_str(&o->w, in->text);
	else
		json_out_val(&o->w, in->tokens);
}

static void put_inputs(struct write *o)
{
	const struct prompt *p = o->p;

	json_out_key(&o->w, "input");
	if (p->n_inputs == 1) {
		put_one(o, p->inputs);
		return;
	}
	json_out_arr(&o->w);
	for (const struct prompt_input *in = p->inputs; in; in = in->next)
		put_one(o, in);
	json_out_arr_end(&o->w);
}

/* Gemini says for each text what it is for; here a text is a text. */
static void put_task(struct write *o)
{
	const struct prompt *p = o->p;

	if (o->is_own && p->inputs && p->inputs->task.n && key(o, SLICE("task_type")))
		json_out_str(&o->w, p->inputs->task);
	for (const struct prompt_input *in = p->inputs; in && !o->is_own; in = in->next) {
		if (in->task.n)
			drops_add_str(o->ask->drops, "taskType");
		if (in->title.n)
			drops_add_str(o->ask->drops, "title");
	}
}

static void put_extras(struct write *o)
{
	for (const struct prompt_extra *x = o->p->extras; x; x = x->next)
		if (!o->is_own)
			drops_add(o->ask->drops, x->name);
		else if (key(o, x->name))
			json_out_val(&o->w, x->value);
}

enum err embeddings_write(const struct prompt *p, const struct dialect_ask *ask, struct buf *out)
{
	struct write o = { .w = json_out_to(out), .p = p, .ask = ask, .is_own = p->origin == openai_embeddings.tag };

	json_out_obj(&o.w);
	json_out_key_str(&o.w, "model", ask->model);
	put_inputs(&o);
	if (p->base64 && key(&o, SLICE("encoding_format")))
		json_out_str(&o.w, SLICE("base64"));
	if (p->dimensions != PROMPT_UNSET && key(&o, SLICE("dimensions")))
		json_out_int(&o.w, p->dimensions);
	if (p->user.n && key(&o, SLICE("user")))
		json_out_str(&o.w, p->user);
	put_task(&o);
	put_extras(&o);
	json_out_obj_end(&o.w);
	return json_out_ok(&o.w) ? ERR_OK : ERR_TOO_BIG;
}

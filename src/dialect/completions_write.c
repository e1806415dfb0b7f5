#include "dialect/completions_write.h"

#include "codec/json_out.h"
#include "dialect/splice.h"

enum {
	STOPS_MAX = 4,		/* protocols.md 1.1 */
	LOGPROBS_MAX = 5,	/* protocols.md 3.3 */
};

struct write {
	struct json_out w;
	const struct prompt *p;
	const struct dialect_ask *ask;
	const struct quirks *q;		/* never NULL */
	bool is_own;			/* read from this dialect */
	bool is_plain;			/* one text and no dialogue */
};

/* --- what cannot be said -------------------------------------------------------------------------------- */

static enum err refuse(const struct dialect_ask *ask, const char *param, const char *what)
{
	*ask->fault = fault_make(ask->arena, ERR_UNSUPPORTED, "`%s` %s", param, what);
	ask->fault->param = slice_str(param);
	return ERR_UNSUPPORTED;
}

/* Why a part cannot be text; NULL: it can. */
static const char *flaw_of(const struct prompt_part *part)
{
	switch (part->kind) {
	case PROMPT_PART_TEXT:
	case PROMPT_PART_REFUSAL:
	case PROMPT_PART_REASONING:
		return NULL;
	case PROMPT_PART_TOOL_CALL:
	case PROMPT_PART_TOOL_RESULT:
		return "have tool calls, and this model only continues text";
	case PROMPT_PART_IMAGE:
	case PROMPT_PART_AUDIO:
	case PROMPT_PART_FILE:
	case PROMPT_PART_OTHER:
		return "have parts that are no text, and this model only continues text";
	}
	must_never("part");
}

static enum err check_messages(const struct prompt *p, const struct dialect_ask *ask)
{
	for (const struct prompt_message *m = p->messages; m; m = m->next)
		for (const struct prompt_part *part = m->parts; part; part = part->next)
			if (flaw_of(part))
				return refuse(ask, "messages", flaw_of(part));
	return ERR_OK;
}

static enum err check(const struct prompt *p, const struct dialect_ask *ask)
{
	if (p->tools && p->choice != PROMPT_CHOICE_NONE)
		return refuse(ask, "tools", "cannot be called: this model only continues text");
	if (p->format == PROMPT_FORMAT_JSON || p->format == PROMPT_FORMAT_SCHEMA)
		return refuse(ask, "response_format", "cannot be kept: this model only continues text");
	for (size_t i = 0; i < p->n_modalities; i++)
		if (!slice_eq(p->modalities[i], SLICE("text")))
			return refuse(ask, "modalities", "cannot be other than text: this model only continues text");
	return check_messages(p, ask);
}

static void drop_others(const struct write *o)
{
	const struct prompt *p = o->p;
	bool thinks = p->effort > PROMPT_EFFORT_NONE || p->thinking_tok > 0 || p->thinking_tok == -1;
	const struct {
		bool set;
		const char *name;
	} others[] = {
		{ thinks, "reasoning_effort" }, { p->verbosity.n, "verbosity" }, { p->tier.n, "service_tier" },
		{ p->cache_key.n, "prompt_cache_key" }, { p->store == PROMPT_YES, "store" },
		{ p->metadata != NULL, "metadata" }, { p->prediction != NULL, "prediction" },
		{ p->audio != NULL, "audio" }, { p->cache != PROMPT_CACHE_NONE, "cache_control" },
	};

	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (others[i].set)
			drops_add_str(o->ask->drops, others[i].name);
}

/* --- the prompt ----------------------------------------------------------------------------------------- */

static bool is_plain(const struct prompt *p)
{
	return p->messages && p->messages->next == NULL && p->messages->role == PROMPT_USER;
}

static void put_text(struct write *o, const struct prompt_message *m)
{
	for (const struct prompt_part *part = m->parts; part; part = part->next)
		if (part->kind != PROMPT_PART_REASONING)
			json_out_str_add(&o->w, part->text);
}

static bool is_system(const struct prompt_message *m)
{
	return m->role == PROMPT_SYSTEM || m->role == PROMPT_DEVELOPER;
}

static void put_turn(struct write *o, const struct prompt_message *m)
{
	json_out_str_add(&o->w, m->role == PROMPT_ASSISTANT ? SLICE("Assistant: ") : SLICE("User: "));
	put_text(o, m);
}

static void put_dialogue(struct write *o)
{
	struct slice system = prompt_system_text(o->p);
	const struct prompt_message *last = NULL;

	json_out_str_add(&o->w, system);
	if (system.n)
		json_out_str_add(&o->w, SLICE("\n\n"));
	for (const struct prompt_message *m = o->p->messages; m; m = m->next) {
		if (is_system(m))
			continue;
		if (last)
			json_out_str_add(&o->w, SLICE("\n"));
		put_turn(o, m);
		last = m;
	}
	if (last && last->role == PROMPT_ASSISTANT)
		return;
	json_out_str_add(&o->w, last ? SLICE("\nAssistant:") : SLICE("Assistant:"));
}

static void put_prompt(struct write *o)
{
	json_out_key(&o->w, "prompt");
	json_out_str_begin(&o->w);
	if (o->is_plain)
		put_text(o, o->p->messages);
	else
		put_dialogue(o);
	json_out_str_end(&o->w);
}

/* --- other members -------------------------------------------------------------------------------------- */

/* Begins a member under the provider's name for it; one that it refuses is named in drops. */
static bool key(struct write *o, struct slice name)
{
	struct splice_verdict v = splice_quirk(o->q, name);

	if (v.drop)
		drops_add(o->ask->drops, name);
	else
		json_out_key_slice(&o->w, v.name);
	return !v.drop;
}

static void put_int(struct write *o, const char *name, int64_t v)
{
	if (v != PROMPT_UNSET && key(o, slice_str(name)))
		json_out_int(&o->w, v);
}

static void put_num(struct write *o, const char *name, double v)
{
	if (!isnan(v) && key(o, slice_str(name)))
		json_out_num(&o->w, v);
}

static void put_val(struct write *o, const char *name, yyjson_val *v)
{
	if (v && key(o, slice_str(name)))
		json_out_val(&o->w, v);
}

/* Counts come in a stream only when asked for, and every client's dialect needs them. */
static void put_stream(struct write *o)
{
	const struct dialect_ask *ask = o->ask;

	if (!ask->stream)
		return;
	json_out_key_bool(&o->w, "stream", true);
	if (ask->no_stream_options || splice_quirk(o->q, SLICE("stream_options")).drop)
		return;
	json_out_key(&o->w, "stream_options");
	json_out_raw(&o->w, SLICE("{\"include_usage\":true}"));
}

/* OpenAI takes four; a turn of the user's that the model makes up is stopped when there is room. */
static void put_stop(struct write *o)
{
	const struct prompt *p = o->p;
	size_t n = p->n_stop;
	bool ends_turn = !o->is_plain && n < STOPS_MAX;

	if (n > STOPS_MAX && o->q->newest) {
		drops_add_str(o->ask->drops, "stop[4]");
		n = STOPS_MAX;
	}
	if (n + ends_turn == 0 || !key(o, SLICE("stop")))
		return;
	json_out_arr(&o->w);
	for (size_t i = 0; i < n; i++)
		json_out_str(&o->w, p->stop[i]);
	if (ends_turn)
		json_out_str(&o->w, SLICE("\nUser:"));
	json_out_arr_end(&o->w);
}

/* Here one number says both: whether, and how many beside the one that was chosen. */
static void put_logprobs(struct write *o)
{
	int64_t n = o->p->top_logprobs == PROMPT_UNSET ? 0 : o->p->top_logprobs;

	if (o->p->logprobs != PROMPT_YES)
		return;
	if (n > LOGPROBS_MAX && o->q->newest) {
		drops_add_str(o->ask->drops, "top_logprobs");
		n = LOGPROBS_MAX;
	}
	put_int(o, "logprobs", n);
}

static void put_sampling(struct write *o)
{
	const struct prompt *p = o->p;

	put_int(o, "max_tokens", p->max_tok == PROMPT_UNSET && !o->is_own ? COMPLETIONS_WRITE_TOK : p->max_tok);
	put_num(o, "temperature", p->temperature);
	put_num(o, "top_p", p->top_p);
	put_int(o, "top_k", p->top_k);
	put_num(o, "min_p", p->min_p);
	put_num(o, "frequency_penalty", p->frequency_penalty);
	put_num(o, "presence_penalty", p->presence_penalty);
	put_int(o, "seed", p->seed);
	put_int(o, "n", p->n);
	put_logprobs(o);
	put_val(o, "logit_bias", p->logit_bias);
	put_stop(o);
	if (p->user.n && key(o, SLICE("user")))
		json_out_str(&o->w, p->user);
}

/* Extras of this dialect's own reader hold echo and best_of where they mean something
 * (completions_read.c). */
static void put_extras(struct write *o)
{
	for (const struct prompt_extra *x = o->p->extras; x; x = x->next)
		if (!o->is_own)
			drops_add(o->ask->drops, x->name);
		else if (key(o, x->name))
			json_out_val(&o->w, x->value);
}

enum err completions_write(const struct prompt *p, const struct dialect_ask *ask, struct buf *out)
{
	struct write o = { .w = json_out_to(out), .p = p, .ask = ask, .q = ask->quirks ? ask->quirks : &quirks_none,
		.is_own = p->origin == openai_completions.tag, .is_plain = is_plain(p) };
	enum err e = check(p, ask);

	if (e != ERR_OK)
		return e;
	json_out_obj(&o.w);
	json_out_key_str(&o.w, "model", ask->model);
	put_prompt(&o);
	put_stream(&o);
	put_sampling(&o);
	put_extras(&o);
	drop_others(&o);
	json_out_obj_end(&o.w);
	return json_out_ok(&o.w) ? ERR_OK : ERR_TOO_BIG;
}

/* The top level of a body.  Every member goes through the provider's quirks; what it cannot be told is
 * named in drops. */
#include "dialect/openai_write.h"

#include "base/siphash.h"
#include "dialect/openai_write_parts.h"
#include "dialect/openai_write_tools.h"
#include "dialect/splice.h"

enum {
	STOPS_MAX = 4,		/* protocols.md 1.1 */
	USER_MAX = 64,		/* the same, of safety_identifier */
	SCHEMA_NAME_MAX = 64,		/* the same, of a schema's name */
};

bool openai_write_key(struct openai_write *o, const char *name)
{
	struct splice_verdict v = splice_quirk(o->q, slice_str(name));

	if (v.drop)
		drops_add_str(o->ask->drops, name);
	else
		json_out_key_slice(&o->w, v.name);
	return !v.drop;
}

void openai_write_refuse(struct openai_write *o, const char *fmt, ...)
{
	va_list args;

	if (o->err != ERR_OK)
		return;
	o->err = ERR_UNSUPPORTED;
	va_start(args, fmt);
	*o->ask->fault = (struct fault){ .err = ERR_UNSUPPORTED,
		.message = arena_vprintf(o->ask->arena, fmt, args) };
	va_end(args);
}

struct slice openai_write_id(struct openai_write *o, struct slice id)
{
	if (o->q->long_ids && id.n)
		return id;
	return callid_fit(o->ask->arena, o->q->callid == CALLID_ANY ? CALLID_OPENAI : o->q->callid, id);
}

void openai_write_cache(struct openai_write *o, enum prompt_cache cache)
{
	struct json_out *w = &o->w;

	json_out_key(w, "cache_control");
	json_out_obj(w);
	json_out_key_str(w, "type", SLICE("ephemeral"));
	if (cache == PROMPT_CACHE_5M || cache == PROMPT_CACHE_1H)
		json_out_key_str(w, "ttl", cache == PROMPT_CACHE_1H ? SLICE("1h") : SLICE("5m"));
	json_out_obj_end(w);
}

/* --- kinds of members ----------------------------------------------------------------------------------- */

static void put_int(struct openai_write *o, const char *name, int64_t v)
{
	if (v != PROMPT_UNSET && openai_write_key(o, name))
		json_out_int(&o->w, v);
}

static void put_num(struct openai_write *o, const char *name, double v)
{
	if (!isnan(v) && openai_write_key(o, name))
		json_out_num(&o->w, v);
}

static void put_str(struct openai_write *o, const char *name, struct slice v)
{
	if (v.n && openai_write_key(o, name))
		json_out_str(&o->w, v);
}

static void put_tri(struct openai_write *o, const char *name, enum prompt_tri v)
{
	if (v != PROMPT_TRI_UNSET && openai_write_key(o, name))
		json_out_bool(&o->w, v == PROMPT_YES);
}

static void put_val(struct openai_write *o, const char *name, yyjson_val *v)
{
	if (v && openai_write_key(o, name))
		json_out_val(&o->w, v);
}

static void put_strings(struct openai_write *o, const char *name, const struct slice *list, size_t n)
{
	if (n == 0 || !openai_write_key(o, name))
		return;
	json_out_arr(&o->w);
	for (size_t i = 0; i < n; i++)
		json_out_str(&o->w, list[i]);
	json_out_arr_end(&o->w);
}

/* --- groups of members ---------------------------------------------------------------------------------- */

/* Counts come in a stream only when asked for, and every client's dialect needs them; who refuses to be
 * asked is left alone, in silence: the client did not ask either. */
static void put_stream(struct openai_write *o)
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

static void put_sampling(struct openai_write *o)
{
	const struct prompt *p = o->p;
	size_t stops = p->n_stop;

	put_int(o, o->q->newest ? "max_completion_tokens" : "max_tokens", p->max_tok);
	put_num(o, "temperature", p->temperature);
	put_num(o, "top_p", p->top_p);
	put_int(o, "top_k", p->top_k);
	put_num(o, "min_p", p->min_p);
	put_num(o, "frequency_penalty", p->frequency_penalty);
	put_num(o, "presence_penalty", p->presence_penalty);
	put_int(o, "seed", p->seed);
	if (p->n != 1)		/* what comes anyway */
		put_int(o, "n", p->n);
	put_tri(o, "logprobs", p->logprobs);
	put_int(o, "top_logprobs", p->top_logprobs);
	put_val(o, "logit_bias", p->logit_bias);
	if (stops > STOPS_MAX && o->q->newest) {
		drops_add_str(o->ask->drops, "stop[4]");
		stops = STOPS_MAX;
	}
	put_strings(o, "stop", p->stop, stops);
}

/* OpenAI takes [A-Za-z0-9_-], at most 64 of them, and wants one. */
static void put_schema_name(struct openai_write *o)
{
	char name[SCHEMA_NAME_MAX + 1] = "answer";
	struct slice from = o->p->format_name;

	if (from.n)
		slice_copy(from, name, sizeof(name));
	for (char *c = name; *c; c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9')
				|| *c == '_' || *c == '-'))
			*c = '_';
	json_out_key_str(&o->w, "name", slice_str(name));
}

static void put_schema(struct openai_write *o)
{
	const struct prompt *p = o->p;
	struct json_out *w = &o->w;

	json_out_key_str(w, "type", SLICE("json_schema"));
	json_out_key(w, "json_schema");
	json_out_obj(w);
	put_schema_name(o);
	if (p->format_description.n)
		json_out_key_str(w, "description", p->format_description);
	json_out_key(w, "schema");
	if (p->format_schema)
		json_out_val(w, p->format_schema);
	else
		json_out_raw(w, SLICE("{\"type\":\"object\"}"));
	if (p->format_strict != PROMPT_TRI_UNSET)
		json_out_key_bool(w, "strict", p->format_strict == PROMPT_YES);
	json_out_obj_end(w);
}

static void put_format(struct openai_write *o)
{
	bool is_schema = o->p->format == PROMPT_FORMAT_SCHEMA;

	if (o->p->format != PROMPT_FORMAT_JSON && !is_schema)
		return;
	if (!openai_write_key(o, "response_format"))
		return;
	if (is_schema && o->q->no_schema)
		drops_add_str(o->ask->drops, "response_format.json_schema");
	json_out_obj(&o->w);
	if (is_schema ? !o->q->no_schema : o->q->no_json_object)
		put_schema(o);
	else
		json_out_key_str(&o->w, "type", SLICE("json_object"));
	json_out_obj_end(&o->w);
}

/* --- reasoning ------------------------------------------------------------------------------------------ */

/* The word of the list that is nearest from above; the last of the list when none is. */
static enum prompt_effort nearest(const char *words, enum prompt_effort wanted)
{
	struct slice list = slice_str(words), word;
	enum prompt_effort e = wanted;

	while (words && slice_next(&list, ' ', &word)) {
		e = prompt_effort_of(word);
		if (e >= wanted)
			break;
	}
	return e;
}

/* `none` is OpenAI's word for models that can go without; clients of other dialects say "off" of any
 * model. */
static bool is_off(const struct prompt *p)
{
	const struct dialect *from = dialect_by_tag(p->origin);
	bool own_words = from && from->family == DIALECT_OPENAI;

	return p->effort == PROMPT_EFFORT_UNSET ? p->thinking_tok == 0
		: p->effort == PROMPT_EFFORT_NONE && !own_words;
}

static void put_effort(struct openai_write *o)
{
	const struct prompt *p = o->p;
	enum prompt_effort e = p->effort != PROMPT_EFFORT_UNSET ? p->effort
		: prompt_effort_of_budget(p->thinking_tok);

	if (e != PROMPT_EFFORT_UNSET && openai_write_key(o, "reasoning_effort"))
		json_out_str(&o->w, slice_str(prompt_effort_name(nearest(o->q->efforts, e))));
}

/* {"type":"enabled","budget_tokens":N} (DeepSeek, Moonshot, Z.ai). */
static void put_thinking(struct openai_write *o, bool off)
{
	if (!openai_write_key(o, "thinking"))
		return;
	json_out_obj(&o->w);
	json_out_key_str(&o->w, "type", off ? SLICE("disabled") : SLICE("enabled"));
	json_out_obj_end(&o->w);
	if (!off && o->q->efforts)
		put_effort(o);
}

static void put_enable_thinking(struct openai_write *o, bool off)
{
	const struct prompt *p = o->p;
	int64_t budget = p->thinking_tok > 0 ? p->thinking_tok : prompt_effort_budget(p->effort);

	if (openai_write_key(o, "enable_thinking"))
		json_out_bool(&o->w, !off);
	if (!off && budget > 0)
		put_int(o, "thinking_budget", budget);
}

/* OpenRouter: {"effort" or "max_tokens","exclude"}. */
static void put_reasoning(struct openai_write *o, bool off)
{
	const struct prompt *p = o->p;
	struct json_out *w = &o->w;

	if (!openai_write_key(o, "reasoning"))
		return;
	json_out_obj(w);
	if (off || p->effort == PROMPT_EFFORT_NONE)
		json_out_key_bool(w, "enabled", false);
	else if (p->thinking_tok > 0)
		json_out_key_int(w, "max_tokens", p->thinking_tok);
	else if (p->effort != PROMPT_EFFORT_UNSET)
		json_out_key_str(w, "effort", slice_str(prompt_effort_name(p->effort)));
	else
		json_out_key_bool(w, "enabled", true);
	if (p->show_thinking != PROMPT_TRI_UNSET)
		json_out_key_bool(w, "exclude", p->show_thinking == PROMPT_NO);
	json_out_obj_end(w);
}

static void put_thought(struct openai_write *o)
{
	const struct prompt *p = o->p;
	bool off = is_off(p);

	if (p->effort == PROMPT_EFFORT_UNSET && p->thinking_tok == PROMPT_UNSET)
		return;
	switch (o->q->thinking) {
	case QUIRKS_THINKING_EFFORT:
		if (off)
			drops_add_str(o->ask->drops, "thinking");
		else
			put_effort(o);
		return;
	case QUIRKS_THINKING_TYPE:
		put_thinking(o, off || p->effort == PROMPT_EFFORT_NONE);
		return;
	case QUIRKS_THINKING_ENABLE:
		put_enable_thinking(o, off || p->effort == PROMPT_EFFORT_NONE);
		return;
	case QUIRKS_THINKING_REASONING:
		put_reasoning(o, off);
		return;
	}
	must_never("thinking");
}

/* --- the rest ------------------------------------------------------------------------------------------- */

/* Clients of Anthropic name their users at length; the identifier is a hash anyway. */
static void put_user(struct openai_write *o)
{
	/* A fixed key: the same user is the same in every process. */
	static const struct siphash_key key = { 0x7765697275736572u, 0x6964u };
	struct slice user = o->p->user;

	if (o->q->newest && user.n > USER_MAX)
		user = arena_printf(o->ask->arena, "%016llx", (unsigned long long)siphash(&key, user));
	put_str(o, o->q->newest ? "safety_identifier" : "user", user);
}

static void put_account(struct openai_write *o)
{
	const struct prompt *p = o->p;

	put_user(o);
	put_str(o, "service_tier", p->tier);
	put_str(o, "verbosity", p->verbosity);
	put_str(o, "prompt_cache_key", p->cache_key);
	put_tri(o, "store", p->store);
	put_val(o, "metadata", p->metadata);
	put_val(o, "prediction", p->prediction);
	put_strings(o, "modalities", p->modalities, p->n_modalities);
	put_val(o, "audio", p->audio);
	if (p->cache != PROMPT_CACHE_NONE && o->q->cache_control)
		openai_write_cache(o, p->cache);
	else if (p->cache != PROMPT_CACHE_NONE)
		drops_add_str(o->ask->drops, "cache_control");
}

static void put_extras(struct openai_write *o)
{
	for (const struct prompt_extra *x = o->p->extras; x; x = x->next) {
		struct splice_verdict v = splice_quirk(o->q, x->name);
		if (!o->is_own || v.drop) {
			drops_add(o->ask->drops, x->name);
			continue;
		}
		json_out_key_slice(&o->w, v.name);
		json_out_val(&o->w, x->value);
	}
}

enum err openai_write(const struct prompt *p, const struct dialect_ask *ask, struct buf *out)
{
	struct openai_write o = { .w = json_out_to(out), .p = p, .ask = ask,
		.is_own = p->origin == openai_chat.tag, .q = ask->quirks ? ask->quirks : &quirks_none };

	json_out_obj(&o.w);
	json_out_key_str(&o.w, "model", ask->model);
	json_out_key(&o.w, "messages");
	openai_write_parts(&o);
	put_stream(&o);
	openai_write_tools(&o);
	put_sampling(&o);
	put_format(&o);
	put_thought(&o);
	put_account(&o);
	put_extras(&o);
	json_out_obj_end(&o.w);
	if (o.err != ERR_OK)
		return o.err;
	return json_out_ok(&o.w) ? ERR_OK : ERR_TOO_BIG;
}

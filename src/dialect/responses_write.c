#include "dialect/responses_write.h"

#include "dialect/responses_tools.h"
#include "dialect/responses_turns.h"
#include "dialect/splice.h"

#define LEAST_TOK 16	/* OpenAI refuses a smaller max_output_tokens ("integer_below_min_value") */

static void put_text(struct responses_body *b, const char *name, struct slice s)
{
	if (s.n && responses_body_key(b, name, true))
		json_out_str(&b->w, s);
}

static void put_int(struct responses_body *b, const char *name, int64_t v)
{
	if (v != PROMPT_UNSET && responses_body_key(b, name, true))
		json_out_int(&b->w, v);
}

static void put_num(struct responses_body *b, const char *name, double v)
{
	if (!isnan(v) && responses_body_key(b, name, true))
		json_out_num(&b->w, v);
}

/* Members of extras "object.name". */
static void put_inner(struct responses_body *b, struct slice prefix)
{
	for (const struct prompt_extra *x = b->is_own ? b->p->extras : NULL; x; x = x->next)
		if (slice_starts(x->name, prefix)) {
			json_out_key_slice(&b->w, slice_skip(x->name, prefix.n));
			json_out_val(&b->w, x->value);
		}
}

static bool has_inner(const struct responses_body *b, struct slice prefix)
{
	for (const struct prompt_extra *x = b->is_own ? b->p->extras : NULL; x; x = x->next)
		if (slice_starts(x->name, prefix))
			return true;
	return false;
}

/* --- text and reasoning --------------------------------------------------------------------------------- */

static void write_schema(struct responses_body *b)
{
	const struct prompt *p = b->p;

	json_out_key_str(&b->w, "type", SLICE("json_schema"));
	json_out_key_str(&b->w, "name", p->format_name.n ? p->format_name : SLICE("response"));	/* required */
	if (p->format_description.n)
		json_out_key_str(&b->w, "description", p->format_description);
	json_out_key(&b->w, "schema");
	if (p->format_schema)
		json_out_val(&b->w, p->format_schema);
	else
		json_out_raw(&b->w, SLICE("{}"));
	if (p->format_strict != PROMPT_TRI_UNSET)
		json_out_key_bool(&b->w, "strict", p->format_strict == PROMPT_YES);
}

static void write_format(struct responses_body *b)
{
	bool is_schema = b->p->format == PROMPT_FORMAT_SCHEMA;

	json_out_key(&b->w, "format");
	json_out_obj(&b->w);
	if (is_schema && !b->ask->quirks->no_schema)
		write_schema(b);
	else
		json_out_key_str(&b->w, "type",
			b->p->format == PROMPT_FORMAT_TEXT ? SLICE("text") : SLICE("json_object"));
	if (is_schema && b->ask->quirks->no_schema)
		drops_add_str(b->ask->drops, "json_schema");
	json_out_obj_end(&b->w);
}

static void put_format(struct responses_body *b)
{
	const struct slice prefix = SLICE("text.");
	bool any = b->p->format != PROMPT_FORMAT_UNSET || b->p->verbosity.n || has_inner(b, prefix);

	if (!any || !responses_body_key(b, "text", true))
		return;
	json_out_obj(&b->w);
	if (b->p->format != PROMPT_FORMAT_UNSET)
		write_format(b);
	if (b->p->verbosity.n)
		json_out_key_str(&b->w, "verbosity", b->p->verbosity);
	put_inner(b, prefix);
	json_out_obj_end(&b->w);
}

static enum prompt_effort effort_of(const struct prompt *p)
{
	return p->effort != PROMPT_EFFORT_UNSET ? p->effort : prompt_effort_of_budget(p->thinking_tok);
}

static void put_reasoning(struct responses_body *b)
{
	const struct slice prefix = SLICE("reasoning.");
	enum prompt_effort effort = effort_of(b->p);
	/* without reasoning there is nothing to show */
	bool shows = b->p->show_thinking == PROMPT_YES && effort != PROMPT_EFFORT_NONE;

	bool any = effort != PROMPT_EFFORT_UNSET || shows || has_inner(b, prefix);

	if (!any || !responses_body_key(b, "reasoning", true))
		return;
	json_out_obj(&b->w);
	if (effort != PROMPT_EFFORT_UNSET)
		json_out_key_str(&b->w, "effort", slice_str(prompt_effort_name(effort)));
	if (shows)
		json_out_key_str(&b->w, "summary", SLICE("auto"));
	put_inner(b, prefix);
	json_out_obj_end(&b->w);
}

/* --- what is kept and what comes back ------------------------------------------------------------------- */

static bool has_own_seal(const struct prompt *p)
{
	for (const struct prompt_message *m = p->messages; m; m = m->next)
		for (const struct prompt_part *part = m->parts; part; part = part->next)
			if (part->kind == PROMPT_PART_REASONING && part->seal.origin == openai_responses.tag)
				return true;
	return false;
}

/* What is not stored must come back in the next request, so it is asked for; models that do not reason refuse
 * to be asked ("Encrypted content is not supported with this model"), so a sign of reasoning is waited for. */
static bool wants_encrypted(const struct responses_body *b)
{
	const struct prompt *p = b->p;
	enum prompt_effort effort = effort_of(p);
	bool reasons = (effort != PROMPT_EFFORT_UNSET && effort != PROMPT_EFFORT_NONE) || p->thinking_tok == -1
		|| p->show_thinking == PROMPT_YES || has_own_seal(p);

	return p->opaque_thinking || (!b->is_own && p->store != PROMPT_YES && reasons);
}

static void put_include(struct responses_body *b)
{
	bool encrypted = wants_encrypted(b), logprobs = b->p->logprobs == PROMPT_YES;
	yyjson_val *more = responses_body_extra(b, "include"), *v;
	size_t i, n;

	if ((!encrypted && !logprobs && more == NULL) || !responses_body_key(b, "include", logprobs || more))
		return;
	json_out_arr(&b->w);
	if (encrypted)
		json_out_str(&b->w, SLICE("reasoning.encrypted_content"));
	if (logprobs)
		json_out_str(&b->w, SLICE("message.output_text.logprobs"));
	yyjson_arr_foreach(more, i, n, v)
		if (!yyjson_equals_str(v, "reasoning.encrypted_content")
				&& !yyjson_equals_str(v, "message.output_text.logprobs"))
			json_out_val(&b->w, v);
	json_out_arr_end(&b->w);
}

static void put_store(struct responses_body *b)
{
	if (b->p->store != PROMPT_TRI_UNSET)
		responses_body_tri(b, "store", b->p->store);
	else if (!b->is_own && responses_body_key(b, "store", false))
		json_out_bool(&b->w, false);
}

/* --- what has no place here ----------------------------------------------------------------------------- */

static void drop_if(struct responses_body *b, bool is_set, const char *name)
{
	if (is_set)
		drops_add_str(b->ask->drops, name);
}

static void drop_rest(struct responses_body *b)
{
	const struct prompt *p = b->p;

	drop_if(b, p->n_stop > 0, "stop");
	drop_if(b, p->seed != PROMPT_UNSET, "seed");
	drop_if(b, p->top_k != PROMPT_UNSET, "top_k");
	drop_if(b, !isnan(p->min_p), "min_p");
	drop_if(b, !isnan(p->frequency_penalty), "frequency_penalty");
	drop_if(b, !isnan(p->presence_penalty), "presence_penalty");
	drop_if(b, p->logit_bias != NULL, "logit_bias");
	drop_if(b, p->prediction != NULL, "prediction");
	drop_if(b, p->echo != NULL, "echo");
	drop_if(b, p->best_of != NULL, "best_of");
}

static void check_modalities(struct responses_body *b)
{
	const struct prompt *p = b->p;

	for (size_t i = 0; i < p->n_modalities; i++) {
		if (slice_eq(p->modalities[i], SLICE("audio")))
			responses_body_refuse(b, "modalities",
				"asks for a spoken answer, which this provider cannot give");
		else
			drop_if(b, !slice_eq(p->modalities[i], SLICE("text")), "modalities");
	}
	drop_if(b, p->audio != NULL, "audio");
}

/* Members that the dialects of OpenAI's family share; those of this dialect go back to it whole. */
static void put_extras(struct responses_body *b)
{
	static const char *const shared[] = { "prompt_cache_retention", "prompt_cache_options", "moderation" };
	static const char *const done[] = { "include", "tool_choice" };

	for (const struct prompt_extra *x = b->p->extras; x; x = x->next) {
		bool is_shared = false, is_done = slice_find(x->name, '.') < x->name.n;
		for (size_t i = 0; i < COUNT_OF(shared); i++)
			is_shared |= b->is_family && slice_eq(x->name, slice_str(shared[i]));
		for (size_t i = 0; i < COUNT_OF(done); i++)
			is_done |= slice_eq(x->name, slice_str(done[i]));
		if (b->is_own && is_done)
			continue;
		struct splice_verdict v = splice_quirk(b->ask->quirks, x->name);
		if (v.drop || (!b->is_own && !is_shared)) {
			drops_add(b->ask->drops, x->name);
			continue;
		}
		json_out_key_slice(&b->w, v.name);
		json_out_val(&b->w, x->value);
	}
}

/* --- the body ------------------------------------------------------------------------------------------- */

static void write_body(struct responses_body *b)
{
	const struct prompt *p = b->p;

	json_out_obj(&b->w);
	json_out_key_str(&b->w, "model", b->ask->model);
	put_text(b, "instructions", responses_turns_instructions(b));
	json_out_key(&b->w, "input");
	responses_turns_write(b);
	responses_tools_write(b);
	put_int(b, "max_output_tokens", p->max_tok != PROMPT_UNSET ? MAX_OF(p->max_tok, LEAST_TOK) : PROMPT_UNSET);
	put_num(b, "temperature", p->temperature);
	put_num(b, "top_p", p->top_p);
	put_int(b, "top_logprobs", p->top_logprobs);
	put_format(b);
	put_reasoning(b);
	put_include(b);
	put_store(b);
	if (p->metadata && responses_body_key(b, "metadata", true))
		json_out_val(&b->w, p->metadata);
	put_text(b, "service_tier", p->tier);
	put_text(b, "safety_identifier", p->user);
	put_text(b, "prompt_cache_key", p->cache_key);
	put_extras(b);
	if (b->ask->stream)
		json_out_key_bool(&b->w, "stream", true);
	json_out_obj_end(&b->w);
}

enum err responses_write(const struct prompt *p, const struct dialect_ask *ask, struct buf *out)
{
	const struct dialect *from = dialect_by_tag(p->origin);
	struct dialect_ask mine = *ask;
	struct responses_body b = { .w = json_out_to(out), .p = p, .ask = &mine, .is_own = from == &openai_responses,
		.is_family = from && from->family == DIALECT_OPENAI };

	if (mine.quirks == NULL)
		mine.quirks = &quirks_none;
	if (p->n != PROMPT_UNSET && p->n > 1)
		responses_body_refuse(&b, "n", "asks for several answers, and this provider gives one");
	if (p->suffix)
		responses_body_refuse(&b, "suffix", "asks to insert text, which this provider cannot do");
	check_modalities(&b);
	drop_rest(&b);
	write_body(&b);
	if (b.err != ERR_OK)
		return b.err;
	return json_out_ok(&b.w) ? ERR_OK : ERR_TOO_BIG;
}

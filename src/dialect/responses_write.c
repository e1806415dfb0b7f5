#include "dialect/responses_write.h"

#include "dialect/responses_turns.h"
#include "dialect/splice.h"

#define LEAST_TOK 16	/* OpenAI refuses a smaller max_output_tokens ("integer_below_min_value") */

/* The key of a top-level member under the provider's name for it.  False: the provider does not take it. */
static bool key(struct responses_writer *r, const char *name, bool is_clients)
{
	struct splice_verdict v = splice_quirk(r->ask->quirks, slice_str(name));

	if (!v.drop)
		json_out_key_slice(&r->w, v.name);
	else if (is_clients)
		drops_add_str(r->ask->drops, name);
	return !v.drop;
}

static void put_text(struct responses_writer *r, const char *name, struct slice s)
{
	if (s.n && key(r, name, true))
		json_out_str(&r->w, s);
}

static void put_int(struct responses_writer *r, const char *name, int64_t v)
{
	if (v != PROMPT_UNSET && key(r, name, true))
		json_out_int(&r->w, v);
}

static void put_num(struct responses_writer *r, const char *name, double v)
{
	if (!isnan(v) && key(r, name, true))
		json_out_num(&r->w, v);
}

static void put_tri(struct responses_writer *r, const char *name, enum prompt_tri v)
{
	if (v != PROMPT_TRI_UNSET && key(r, name, true))
		json_out_bool(&r->w, v == PROMPT_YES);
}

/* Members of extras "object.name". */
static void put_inner(struct responses_writer *r, struct slice prefix)
{
	for (const struct prompt_extra *x = r->is_own ? r->p->extras : NULL; x; x = x->next)
		if (slice_starts(x->name, prefix)) {
			json_out_key_slice(&r->w, slice_skip(x->name, prefix.n));
			json_out_val(&r->w, x->value);
		}
}

static yyjson_val *extra(const struct responses_writer *r, const char *name)
{
	for (const struct prompt_extra *x = r->is_own ? r->p->extras : NULL; x; x = x->next)
		if (slice_eq(x->name, slice_str(name)))
			return x->value;
	return NULL;
}

static bool has_inner(const struct responses_writer *r, struct slice prefix)
{
	for (const struct prompt_extra *x = r->is_own ? r->p->extras : NULL; x; x = x->next)
		if (slice_starts(x->name, prefix))
			return true;
	return false;
}

/* --- tools ---------------------------------------------------------------------------------------------- */

static void write_function(struct responses_writer *r, const struct prompt_tool *t)
{
	json_out_obj(&r->w);
	json_out_key_str(&r->w, "type", SLICE("function"));
	json_out_key_str(&r->w, "name", t->name);
	if (t->description.n)
		json_out_key_str(&r->w, "description", t->description);
	json_out_key(&r->w, "parameters");
	if (t->schema)
		json_out_val(&r->w, t->schema);
	else
		json_out_raw(&r->w, SLICE("{\"type\":\"object\",\"properties\":{}}"));
	/* An absent `strict` has been taken for true (protocols.md 2.1); all other dialects mean false by it. */
	json_out_key_bool(&r->w, "strict", t->strict == PROMPT_YES);
	json_out_obj_end(&r->w);
}

/* Chat keeps a grammar one level deeper. */
static void write_custom(struct responses_writer *r, const struct prompt_tool *t)
{
	yyjson_val *inner = json_obj(t->raw, "custom"), *format = json_obj(inner ? inner : t->raw, "format");
	yyjson_val *grammar = json_obj(format, "grammar");

	json_out_obj(&r->w);
	json_out_key_str(&r->w, "type", SLICE("custom"));
	json_out_key_str(&r->w, "name", t->name);
	if (t->description.n)
		json_out_key_str(&r->w, "description", t->description);
	if (grammar) {
		json_out_key(&r->w, "format");
		json_out_obj(&r->w);
		json_out_key_str(&r->w, "type", SLICE("grammar"));
		json_out_key_val(&r->w, "syntax", yyjson_obj_get(grammar, "syntax"));
		json_out_key_val(&r->w, "definition", yyjson_obj_get(grammar, "definition"));
		json_out_obj_end(&r->w);
	} else if (format) {
		json_out_key_val(&r->w, "format", format);
	}
	json_out_obj_end(&r->w);
}

/* Options of other dialects' searches that mean the same; Chat keeps the place one level deeper. */
static void write_search(struct responses_writer *r, const struct prompt_tool *t)
{
	static const char *const lost[] = { "max_uses", "blocked_domains" };
	yyjson_val *place = json_obj(t->raw, "user_location"), *inner = json_obj(place, "approximate");
	size_t i, n;
	yyjson_val *name, *v;

	json_out_obj(&r->w);
	json_out_key_str(&r->w, "type", SLICE("web_search"));
	if (json_str(t->raw, "search_context_size").n)
		json_out_key_str(&r->w, "search_context_size", json_str(t->raw, "search_context_size"));
	if (json_arr(t->raw, "allowed_domains")) {
		json_out_key(&r->w, "filters");
		json_out_obj(&r->w);
		json_out_key_val(&r->w, "allowed_domains", json_arr(t->raw, "allowed_domains"));
		json_out_obj_end(&r->w);
	}
	if (place) {
		json_out_key(&r->w, "user_location");
		json_out_obj(&r->w);
		json_out_key_str(&r->w, "type", SLICE("approximate"));
		yyjson_obj_foreach(inner ? inner : place, i, n, name, v)
			if (!yyjson_equals_str(name, "type")) {
				json_out_key_slice(&r->w, json_val_str(name));
				json_out_val(&r->w, v);
			}
		json_out_obj_end(&r->w);
	}
	json_out_obj_end(&r->w);
	for (i = 0; i < COUNT_OF(lost); i++)
		if (yyjson_obj_get(t->raw, lost[i]))
			drops_add_str(r->ask->drops, lost[i]);
}

static bool can_write(const struct responses_writer *r, const struct prompt_tool *t)
{
	return r->is_own || t->kind != PROMPT_TOOL_HOSTED;
}

static void write_tool(struct responses_writer *r, const struct prompt_tool *t)
{
	if (r->is_own && t->raw)
		json_out_val(&r->w, t->raw);
	else if (t->kind == PROMPT_TOOL_FUNCTION)
		write_function(r, t);
	else if (t->kind == PROMPT_TOOL_CUSTOM)
		write_custom(r, t);
	else if (t->kind == PROMPT_TOOL_WEB_SEARCH)
		write_search(r, t);
}

static const struct prompt_tool *find_tool(const struct responses_writer *r, struct slice name)
{
	for (const struct prompt_tool *t = r->p->tools; t; t = t->next)
		if (slice_eq(t->name, name))
			return t;
	return NULL;
}

static void write_named(struct responses_writer *r, struct slice name)
{
	const struct prompt_tool *t = find_tool(r, name);
	bool is_hosted = t && (t->kind == PROMPT_TOOL_HOSTED || t->kind == PROMPT_TOOL_WEB_SEARCH);

	json_out_obj(&r->w);
	if (is_hosted) {
		json_out_key_str(&r->w, "type", r->is_own ? name : SLICE("web_search"));
	} else {
		json_out_key_str(&r->w, "type", t && t->kind == PROMPT_TOOL_CUSTOM ? SLICE("custom") : SLICE("function"));
		json_out_key_str(&r->w, "name", name);
	}
	json_out_obj_end(&r->w);
}

static void write_choice(struct responses_writer *r)
{
	const struct prompt *p = r->p;

	switch (p->choice) {
	case PROMPT_CHOICE_UNSET:
	case PROMPT_CHOICE_AUTO:
		json_out_str(&r->w, SLICE("auto"));
		return;
	case PROMPT_CHOICE_NONE:
		json_out_str(&r->w, SLICE("none"));
		return;
	case PROMPT_CHOICE_REQUIRED:
		json_out_str(&r->w, SLICE("required"));
		return;
	case PROMPT_CHOICE_NAMED:
		write_named(r, p->choice_names[0]);
		return;
	case PROMPT_CHOICE_ALLOWED:
		json_out_obj(&r->w);
		json_out_key_str(&r->w, "type", SLICE("allowed_tools"));
		json_out_key_str(&r->w, "mode", p->choice_required ? SLICE("required") : SLICE("auto"));
		json_out_key(&r->w, "tools");
		json_out_arr(&r->w);
		for (size_t i = 0; i < p->n_choice_names; i++)
			write_named(r, p->choice_names[i]);
		json_out_arr_end(&r->w);
		json_out_obj_end(&r->w);
		return;
	}
	must_never("tool choice");
}

static void put_tools(struct responses_writer *r)
{
	bool any = false;

	for (const struct prompt_tool *t = r->p->tools; t; t = t->next) {
		any |= can_write(r, t);
		if (!can_write(r, t))
			drops_add(r->ask->drops, t->name.n ? t->name : json_str(t->raw, "type"));
	}
	if (any && key(r, "tools", true)) {
		json_out_arr(&r->w);
		for (const struct prompt_tool *t = r->p->tools; t; t = t->next)
			if (can_write(r, t))
				write_tool(r, t);
		json_out_arr_end(&r->w);
	}
	if (any && extra(r, "tool_choice") && key(r, "tool_choice", true))
		json_out_val(&r->w, extra(r, "tool_choice"));
	else if (any && r->p->choice != PROMPT_CHOICE_UNSET && key(r, "tool_choice", true))
		write_choice(r);
	if (any)
		put_tri(r, "parallel_tool_calls", r->p->parallel);
}

/* --- text and reasoning --------------------------------------------------------------------------------- */

static void write_schema(struct responses_writer *r)
{
	const struct prompt *p = r->p;

	json_out_key_str(&r->w, "type", SLICE("json_schema"));
	json_out_key_str(&r->w, "name", p->format_name.n ? p->format_name : SLICE("response"));	/* required */
	if (p->format_description.n)
		json_out_key_str(&r->w, "description", p->format_description);
	json_out_key(&r->w, "schema");
	if (p->format_schema)
		json_out_val(&r->w, p->format_schema);
	else
		json_out_raw(&r->w, SLICE("{}"));
	if (p->format_strict != PROMPT_TRI_UNSET)
		json_out_key_bool(&r->w, "strict", p->format_strict == PROMPT_YES);
}

static void write_format(struct responses_writer *r)
{
	bool is_schema = r->p->format == PROMPT_FORMAT_SCHEMA;

	json_out_key(&r->w, "format");
	json_out_obj(&r->w);
	if (is_schema && !r->ask->quirks->no_schema)
		write_schema(r);
	else
		json_out_key_str(&r->w, "type", r->p->format == PROMPT_FORMAT_TEXT ? SLICE("text") : SLICE("json_object"));
	if (is_schema && r->ask->quirks->no_schema)
		drops_add_str(r->ask->drops, "json_schema");
	json_out_obj_end(&r->w);
}

static void put_format(struct responses_writer *r)
{
	const struct slice prefix = SLICE("text.");
	bool any = r->p->format != PROMPT_FORMAT_UNSET || r->p->verbosity.n || has_inner(r, prefix);

	if (!any || !key(r, "text", true))
		return;
	json_out_obj(&r->w);
	if (r->p->format != PROMPT_FORMAT_UNSET)
		write_format(r);
	if (r->p->verbosity.n)
		json_out_key_str(&r->w, "verbosity", r->p->verbosity);
	put_inner(r, prefix);
	json_out_obj_end(&r->w);
}

static enum prompt_effort effort_of(const struct prompt *p)
{
	return p->effort != PROMPT_EFFORT_UNSET ? p->effort : prompt_effort_of_budget(p->thinking_tok);
}

static void put_reasoning(struct responses_writer *r)
{
	const struct slice prefix = SLICE("reasoning.");
	enum prompt_effort effort = effort_of(r->p);
	/* without reasoning there is nothing to show */
	bool shows = r->p->show_thinking == PROMPT_YES && effort != PROMPT_EFFORT_NONE;

	if ((effort == PROMPT_EFFORT_UNSET && !shows && !has_inner(r, prefix)) || !key(r, "reasoning", true))
		return;
	json_out_obj(&r->w);
	if (effort != PROMPT_EFFORT_UNSET)
		json_out_key_str(&r->w, "effort", slice_str(prompt_effort_name(effort)));
	if (shows)
		json_out_key_str(&r->w, "summary", SLICE("auto"));
	put_inner(r, prefix);
	json_out_obj_end(&r->w);
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

/* What is not stored must come back in the next request, so it is asked for; models that do not reason refuse to be asked
 * ("Encrypted content is not supported with this model"), so a sign of reasoning is waited for. */
static bool wants_encrypted(const struct responses_writer *r)
{
	const struct prompt *p = r->p;
	enum prompt_effort effort = effort_of(p);
	bool reasons = (effort != PROMPT_EFFORT_UNSET && effort != PROMPT_EFFORT_NONE) || p->thinking_tok == -1
		|| p->show_thinking == PROMPT_YES || has_own_seal(p);

	return p->opaque_thinking || (!r->is_own && p->store != PROMPT_YES && reasons);
}

static void put_include(struct responses_writer *r)
{
	bool encrypted = wants_encrypted(r), logprobs = r->p->logprobs == PROMPT_YES;
	yyjson_val *more = extra(r, "include"), *v;
	size_t i, n;

	if ((!encrypted && !logprobs && more == NULL) || !key(r, "include", logprobs || more))
		return;
	json_out_arr(&r->w);
	if (encrypted)
		json_out_str(&r->w, SLICE("reasoning.encrypted_content"));
	if (logprobs)
		json_out_str(&r->w, SLICE("message.output_text.logprobs"));
	yyjson_arr_foreach(more, i, n, v)
		if (!yyjson_equals_str(v, "reasoning.encrypted_content")
				&& !yyjson_equals_str(v, "message.output_text.logprobs"))
			json_out_val(&r->w, v);
	json_out_arr_end(&r->w);
}

static void put_store(struct responses_writer *r)
{
	if (r->p->store != PROMPT_TRI_UNSET)
		put_tri(r, "store", r->p->store);
	else if (!r->is_own && key(r, "store", false))
		json_out_bool(&r->w, false);
}

/* --- what has no place here ----------------------------------------------------------------------------- */

static void drop_if(struct responses_writer *r, bool is_set, const char *name)
{
	if (is_set)
		drops_add_str(r->ask->drops, name);
}

static void drop_rest(struct responses_writer *r)
{
	const struct prompt *p = r->p;

	drop_if(r, p->n_stop > 0, "stop");
	drop_if(r, p->seed != PROMPT_UNSET, "seed");
	drop_if(r, p->top_k != PROMPT_UNSET, "top_k");
	drop_if(r, !isnan(p->min_p), "min_p");
	drop_if(r, !isnan(p->frequency_penalty), "frequency_penalty");
	drop_if(r, !isnan(p->presence_penalty), "presence_penalty");
	drop_if(r, p->logit_bias != NULL, "logit_bias");
	drop_if(r, p->prediction != NULL, "prediction");
	drop_if(r, p->echo != NULL, "echo");
	drop_if(r, p->best_of != NULL, "best_of");
}

static void check_modalities(struct responses_writer *r)
{
	const struct prompt *p = r->p;

	for (size_t i = 0; i < p->n_modalities; i++) {
		if (slice_eq(p->modalities[i], SLICE("audio")))
			responses_turns_refuse(r, "modalities", "asks for a spoken answer, which this provider cannot give");
		else
			drop_if(r, !slice_eq(p->modalities[i], SLICE("text")), "modalities");
	}
	drop_if(r, p->audio != NULL, "audio");
}

/* Members that the dialects of OpenAI's family share; those of this dialect go back to it whole. */
static void put_extras(struct responses_writer *r)
{
	static const char *const shared[] = { "prompt_cache_retention", "prompt_cache_options", "moderation" };
	static const char *const done[] = { "include", "tool_choice" };

	for (const struct prompt_extra *x = r->p->extras; x; x = x->next) {
		bool is_shared = false, is_done = slice_find(x->name, '.') < x->name.n;
		for (size_t i = 0; i < COUNT_OF(shared); i++)
			is_shared |= r->is_family && slice_eq(x->name, slice_str(shared[i]));
		for (size_t i = 0; i < COUNT_OF(done); i++)
			is_done |= slice_eq(x->name, slice_str(done[i]));
		if (r->is_own && is_done)
			continue;
		struct splice_verdict v = splice_quirk(r->ask->quirks, x->name);
		if (v.drop || (!r->is_own && !is_shared)) {
			drops_add(r->ask->drops, x->name);
			continue;
		}
		json_out_key_slice(&r->w, v.name);
		json_out_val(&r->w, x->value);
	}
}

/* --- the body ------------------------------------------------------------------------------------------- */

static void write_body(struct responses_writer *r)
{
	const struct prompt *p = r->p;

	json_out_obj(&r->w);
	json_out_key_str(&r->w, "model", r->ask->model);
	put_text(r, "instructions", responses_turns_instructions(r));
	json_out_key(&r->w, "input");
	responses_turns_write(r);
	put_tools(r);
	put_int(r, "max_output_tokens", p->max_tok != PROMPT_UNSET ? MAX_OF(p->max_tok, LEAST_TOK) : PROMPT_UNSET);
	put_num(r, "temperature", p->temperature);
	put_num(r, "top_p", p->top_p);
	put_int(r, "top_logprobs", p->top_logprobs);
	put_format(r);
	put_reasoning(r);
	put_include(r);
	put_store(r);
	if (p->metadata && key(r, "metadata", true))
		json_out_val(&r->w, p->metadata);
	put_text(r, "service_tier", p->tier);
	put_text(r, "safety_identifier", p->user);
	put_text(r, "prompt_cache_key", p->cache_key);
	put_extras(r);
	if (r->ask->stream)
		json_out_key_bool(&r->w, "stream", true);
	json_out_obj_end(&r->w);
}

enum err responses_write(const struct prompt *p, const struct dialect_ask *ask, struct buf *out)
{
	const struct dialect *from = dialect_by_tag(p->origin);
	struct dialect_ask mine = *ask;
	struct responses_writer r = { .w = json_out_to(out), .p = p, .ask = &mine, .is_own = from == &openai_responses,
		.is_family = from && from->family == DIALECT_OPENAI };

	if (mine.quirks == NULL)
		mine.quirks = &quirks_none;
	if (p->n != PROMPT_UNSET && p->n > 1)
		responses_turns_refuse(&r, "n", "asks for several answers, and this provider gives one");
	if (p->suffix)
		responses_turns_refuse(&r, "suffix", "asks to insert text, which this provider cannot do");
	check_modalities(&r);
	drop_rest(&r);
	write_body(&r);
	if (r.err != ERR_OK)
		return r.err;
	return json_out_ok(&r.w) ? ERR_OK : ERR_TOO_BIG;
}

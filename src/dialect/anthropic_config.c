/* Thinking, in words: an effort (or a budget) becomes `adaptive` with output_config.effort where the model
 * knows it, else a budget, lowered until it leaves room for the answer below max_tokens, which is the
 * client's and never raised.  It is left out, and named, where it cannot be: the model does not think, a tool
 * is forced, the answer is begun by the client, or the budget's tool loop lacks its thinking blocks. */
#include "dialect/anthropic_config.h"

#include "dialect/anthropic_schema.h"
#include "dialect/anthropic_tools.h"
#include "dialect/anthropic_turns.h"

enum {
	BUDGET_MIN = 1024,	/* protocols.md 4.2 */
	ANSWER_SHARE = 4,	/* of max_tokens a quarter is left for the answer */
	USER_MAX = 256,		/* metadata.user_id (SDK types) */
	PHONE_DIGITS = 7,
};

/* --- thinking ------------------------------------------------------------------------------------------- */

/* In the client's word for it. */
static void drop_thinking(struct anthropic_draft *d)
{
	anthropic_draft_drop(d, d->p->effort != PROMPT_EFFORT_UNSET && !d->own ? "reasoning_effort" : "thinking");
	d->thinking = ANTHROPIC_DRAFT_UNSAID;
}

static bool wants_none(const struct prompt *p)
{
	return p->thinking_tok == 0 || (p->thinking_tok == PROMPT_UNSET && p->effort == PROMPT_EFFORT_NONE);
}

/* A client of this family says thinking and effort apart: its effort alone asks for no thinking. */
static bool wants_some(const struct anthropic_draft *d)
{
	return d->p->thinking_tok != PROMPT_UNSET || (d->p->effort != PROMPT_EFFORT_UNSET && !d->own);
}

static int64_t budget_of(const struct prompt *p)
{
	if (p->thinking_tok > 0)
		return p->thinking_tok;
	return prompt_effort_budget(p->effort > PROMPT_EFFORT_NONE ? p->effort : PROMPT_EFFORT_MEDIUM);
}

static void choose_thinking(struct anthropic_draft *d)
{
	bool is_adaptive = anthropic_draft_can(d, ANTHROPIC_MODELS_ADAPTIVE), has_budget = anthropic_draft_can(d,
		ANTHROPIC_MODELS_BUDGET), keeps_budget = d->own && d->p->thinking_tok > 0 && has_budget;

	if (!wants_some(d))
		return;
	if (wants_none(d->p)) {
		if (anthropic_draft_can(d, ANTHROPIC_MODELS_ALWAYS))
			drop_thinking(d);
		else if (is_adaptive || has_budget)
			d->thinking = ANTHROPIC_DRAFT_OFF;
	} else if (is_adaptive && !keeps_budget) {
		d->thinking = ANTHROPIC_DRAFT_ADAPTIVE;
	} else if (has_budget) {
		d->thinking = ANTHROPIC_DRAFT_BUDGET;
		d->budget_tok = budget_of(d->p);
	} else {
		drop_thinking(d);
	}
}

/* The effort of a budget where the model takes no budgets, within the words it knows. */
static void choose_effort(struct anthropic_draft *d)
{
	enum prompt_effort effort = d->p->effort;

	if (effort == PROMPT_EFFORT_UNSET && d->thinking == ANTHROPIC_DRAFT_ADAPTIVE)
		effort = prompt_effort_of_budget(d->p->thinking_tok);
	if (effort == PROMPT_EFFORT_MINIMAL)
		effort = PROMPT_EFFORT_LOW;
	if (effort == PROMPT_EFFORT_MAX && !anthropic_draft_can(d, ANTHROPIC_MODELS_MAX))
		effort = PROMPT_EFFORT_HIGH;
	if (effort == PROMPT_EFFORT_XHIGH && !anthropic_draft_can(d, ANTHROPIC_MODELS_XHIGH))
		effort = PROMPT_EFFORT_HIGH;
	if (d->thinking != ANTHROPIC_DRAFT_ADAPTIVE && !d->own)
		return;		/* a budget says it, or nothing may */
	if (effort > PROMPT_EFFORT_NONE && anthropic_draft_can(d, ANTHROPIC_MODELS_EFFORT))
		d->effort = effort;
	else if (effort > PROMPT_EFFORT_NONE)
		anthropic_draft_drop(d, d->own ? "output_config.effort" : "reasoning_effort");
}

/* Where a thinking model refuses the rest of the request, the rest counts: it is the meaning. */
static void heed_conflicts(struct anthropic_draft *d)
{
	bool is_on = d->thinking == ANTHROPIC_DRAFT_ADAPTIVE || d->thinking == ANTHROPIC_DRAFT_BUDGET;
	bool is_forced = anthropic_tools_is_forced(d) && !anthropic_draft_can(d, ANTHROPIC_MODELS_FORCED_THINKS);
	bool lacks = d->thinking == ANTHROPIC_DRAFT_BUDGET && anthropic_turns_lacks_thinking(d);

	/* What a client of this family combines itself is the provider's to judge, but for blocks that are
	 * taken out. */
	bool clashes = !d->own && (is_forced || anthropic_turns_is_prefill(d));

	if (is_on && (clashes || lacks))
		drop_thinking(d);
}

static void fit_budget(struct anthropic_draft *d)
{
	int64_t most = d->max_tok - MAX_OF(d->max_tok / ANSWER_SHARE, INT64_C(1));

	if (d->thinking != ANTHROPIC_DRAFT_BUDGET)
		return;
	/* A client of this family has said both itself. */
	if (!d->own || d->budget_tok >= d->max_tok)
		d->budget_tok = MIN_OF(d->budget_tok, most);
	if (d->budget_tok < BUDGET_MIN && most >= BUDGET_MIN)
		d->budget_tok = BUDGET_MIN;
	if (d->budget_tok < BUDGET_MIN)
		drop_thinking(d);
}

void anthropic_config_plan(struct anthropic_draft *d)
{
	/* -1 is no limit to clients of local servers. */
	bool is_given = d->p->max_tok > 0 || (d->own && d->p->max_tok == 0);

	d->max_tok = is_given ? MIN_OF(d->p->max_tok, (int64_t)INT32_MAX) : d->model->max_tok;
	choose_thinking(d);
	heed_conflicts(d);
	if (!d->counts)
		fit_budget(d);
	choose_effort(d);
	if (anthropic_turns_is_prefill(d) && anthropic_draft_can(d, ANTHROPIC_MODELS_NO_PREFILL) && !d->own)
		anthropic_draft_refuse(d,
			"the model does not go on with an assistant message: the last must be the user's");
}

static void put_thinking(struct anthropic_draft *d)
{
	static const char *const words[] = { [ANTHROPIC_DRAFT_OFF] = "disabled",
		[ANTHROPIC_DRAFT_ADAPTIVE] = "adaptive",
		[ANTHROPIC_DRAFT_BUDGET] = "enabled" };
	bool is_on = d->thinking == ANTHROPIC_DRAFT_ADAPTIVE || d->thinking == ANTHROPIC_DRAFT_BUDGET;
	bool knows_display = anthropic_draft_can(d, ANTHROPIC_MODELS_ADAPTIVE) || d->own;

	if (d->thinking == ANTHROPIC_DRAFT_UNSAID || !anthropic_draft_key(d, "thinking"))
		return;
	json_out_obj(&d->w);
	json_out_key_str(&d->w, "type", slice_str(words[d->thinking]));
	if (d->thinking == ANTHROPIC_DRAFT_BUDGET)
		json_out_key_int(&d->w, "budget_tokens", d->budget_tok);
	if (is_on && knows_display && d->p->show_thinking != PROMPT_TRI_UNSET)
		json_out_key_str(&d->w, "display",
			d->p->show_thinking == PROMPT_YES ? SLICE("summarized") : SLICE("omitted"));
	json_out_obj_end(&d->w);
}

/* --- the answer's form ---------------------------------------------------------------------------------- */

/* As a member; else in words. */
static bool has_format(const struct anthropic_draft *d)
{
	if (d->p->format != PROMPT_FORMAT_SCHEMA || d->p->format_schema == NULL)
		return false;
	return d->own || (anthropic_draft_can(d, ANTHROPIC_MODELS_FORMAT)
		&& anthropic_schema_fits(d->p->format_schema));
}

struct slice anthropic_config_instruction(struct anthropic_draft *d)
{
	const char *json = "Answer with one JSON object and nothing else: no other text and no Markdown.";
	struct arena *a = d->ask->arena;

	if (d->p->format == PROMPT_FORMAT_JSON)
		return slice_str(json);
	if (d->p->format != PROMPT_FORMAT_SCHEMA || has_format(d))
		return SLICE_EMPTY;
	anthropic_draft_drop(d, "response_format");
	struct slice schema = json_out_text(a, d->p->format_schema);
	return schema.n == 0 ? slice_str(json)
		: arena_printf(a, "%s It must be valid under this JSON Schema: %.*s", json, SLICE_ARG(schema));
}

static void put_format(struct anthropic_draft *d)
{
	json_out_key(&d->w, "format");
	json_out_obj(&d->w);
	json_out_key_str(&d->w, "type", SLICE("json_schema"));
	json_out_key(&d->w, "schema");
	if (d->own)
		json_out_val(&d->w, d->p->format_schema);
	else
		anthropic_schema_write(&d->w, d->p->format_schema);
	json_out_obj_end(&d->w);
}

#define OUTPUT SLICE("output_config.")

static bool is_output(const struct anthropic_draft *d, const struct prompt_extra *x)
{
	return d->own && slice_starts(x->name, OUTPUT);
}

static void put_output(struct anthropic_draft *d)
{
	bool any = d->effort != PROMPT_EFFORT_UNSET || has_format(d);

	for (const struct prompt_extra *x = d->p->extras; x; x = x->next)
		any |= is_output(d, x);
	if (!any || !anthropic_draft_key(d, "output_config"))
		return;
	json_out_obj(&d->w);
	if (d->effort != PROMPT_EFFORT_UNSET)
		json_out_key_str(&d->w, "effort", slice_str(prompt_effort_name(d->effort)));
	if (has_format(d))
		put_format(d);
	for (const struct prompt_extra *x = d->p->extras; x; x = x->next)
		if (is_output(d, x)) {
			json_out_key_slice(&d->w, slice_skip(x->name, OUTPUT.n));
			json_out_val(&d->w, x->value);
		}
	json_out_obj_end(&d->w);
}

void anthropic_config_write_thinking(struct anthropic_draft *d)
{
	put_thinking(d);
	put_output(d);
}

/* --- sampling ------------------------------------------------------------------------------------------- */

static bool thinks(const struct anthropic_draft *d)
{
	return d->thinking == ANTHROPIC_DRAFT_ADAPTIVE || d->thinking == ANTHROPIC_DRAFT_BUDGET;
}

static void put_num(struct anthropic_draft *d, const char *name, double v)
{
	if (anthropic_draft_key(d, name))
		json_out_num(&d->w, v);
}

/* True when it was written. */
static bool put_temperature(struct anthropic_draft *d)
{
	double t = d->p->temperature, fit = t < 0 ? 0 : t > 1 ? 1 : t;

	if (isnan(t))
		return false;
	if (fit != t)
		anthropic_draft_drop(d, "temperature");
	if (!anthropic_draft_can(d, ANTHROPIC_MODELS_NO_SAMPLING) && (!thinks(d) || fit == 1)) {
		put_num(d, "temperature", fit);
		return true;
	}
	if (fit != 1)
		anthropic_draft_drop(d, "temperature");
	return false;
}

/* 1 is the default and says nothing. */
static void put_top_p(struct anthropic_draft *d, bool has_temperature)
{
	double p = d->p->top_p;
	bool refused = anthropic_draft_can(d, ANTHROPIC_MODELS_NO_SAMPLING) || (thinks(d) && p < 0.95)
		|| (has_temperature && anthropic_draft_can(d, ANTHROPIC_MODELS_ONE_SAMPLING));

	if (isnan(p) || p == 1)
		return;
	if (refused)
		anthropic_draft_drop(d, "top_p");
	else
		put_num(d, "top_p", p);
}

static void put_top_k(struct anthropic_draft *d)
{
	if (d->p->top_k == PROMPT_UNSET)
		return;
	if (anthropic_draft_can(d, ANTHROPIC_MODELS_NO_SAMPLING) || thinks(d))
		anthropic_draft_drop(d, "top_k");
	else if (anthropic_draft_key(d, "top_k"))
		json_out_int(&d->w, d->p->top_k);
}

static void put_stop(struct anthropic_draft *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->p->n_stop; i++)
		n += !anthropic_draft_is_blank(d->p->stop[i]);
	if (n < d->p->n_stop)
		anthropic_draft_drop(d, "stop");
	if (n == 0 || !anthropic_draft_key(d, "stop_sequences"))
		return;
	json_out_arr(&d->w);
	for (size_t i = 0; i < d->p->n_stop; i++)
		if (!anthropic_draft_is_blank(d->p->stop[i]))
			json_out_str(&d->w, d->p->stop[i]);
	json_out_arr_end(&d->w);
}

/* --- the rest ------------------------------------------------------------------------------------------- */

/* An e-mail address or a phone number is refused (protocols.md 4.2). */
static bool is_person(struct slice user)
{
	size_t digits = 0, others = 0;

	for (size_t i = 0; i < user.n; i++) {
		if (user.p[i] == '@')
			return true;
		digits += user.p[i] >= '0' && user.p[i] <= '9';
		others += strchr("0123456789+-() .", user.p[i]) == NULL;
	}
	return others == 0 && digits >= PHONE_DIGITS;
}

static void put_user(struct anthropic_draft *d)
{
	struct slice user = d->p->user;

	if (user.n == 0)
		return;
	if (!d->own && (is_person(user) || user.n > USER_MAX)) {
		anthropic_draft_drop(d, "user");
		return;
	}
	if (!anthropic_draft_key(d, "metadata"))
		return;
	json_out_obj(&d->w);
	json_out_key_str(&d->w, "user_id", user);
	json_out_obj_end(&d->w);
}

/* `auto` uses what priority the account has. */
static void put_tier(struct anthropic_draft *d)
{
	static const struct {
		const char *theirs, *ours;
	} tiers[] = {
		{ "auto", "auto" }, { "priority", "auto" }, { "default", "standard_only" },
		{ "standard", "standard_only" },
	};

	for (size_t i = 0; i < COUNT_OF(tiers); i++)
		if (slice_case_eq(d->p->tier, slice_str(tiers[i].theirs))) {
			if (anthropic_draft_key(d, "service_tier"))
				json_out_str(&d->w, slice_str(tiers[i].ours));
			return;
		}
	if (d->p->tier.n)
		anthropic_draft_drop(d, "service_tier");
}

/* Of another family only names are known; a body of this one passes on what weir does not know. */
static void put_extras(struct anthropic_draft *d)
{
	for (const struct prompt_extra *x = d->p->extras; x; x = x->next) {
		if (!d->own) {
			drops_add(d->ask->drops, x->name);
		} else if (!is_output(d, x)) {
			json_out_key_slice(&d->w, x->name);
			json_out_val(&d->w, x->value);
		}
	}
}

static bool wants_media(const struct prompt *p)
{
	for (size_t i = 0; i < p->n_modalities; i++)
		if (!slice_case_eq(p->modalities[i], SLICE("text")))
			return true;
	return false;
}

static bool is_set(double v)
{
	return !isnan(v) && v != 0;
}

static void name_lost(struct anthropic_draft *d)
{
	const struct prompt *p = d->p;
	const struct {
		const char *name;
		bool lost;
	} rows[] = {
		{ "seed", p->seed != PROMPT_UNSET }, { "min_p", is_set(p->min_p) },
		{ "frequency_penalty", is_set(p->frequency_penalty) },
		{ "presence_penalty", is_set(p->presence_penalty) },
		{ "logit_bias", yyjson_obj_size(p->logit_bias) > 0 }, { "logprobs", p->logprobs == PROMPT_YES },
		{ "top_logprobs", p->top_logprobs != PROMPT_UNSET && p->top_logprobs != 0 },
		{ "verbosity", p->verbosity.n && !slice_eq(p->verbosity, SLICE("medium")) },
		{ "prompt_cache_key", p->cache_key.n > 0 }, { "store", p->store == PROMPT_YES },
		{ "metadata", yyjson_obj_size(p->metadata) > 0 }, { "prediction", p->prediction != NULL },
		{ "echo", yyjson_is_true(p->echo) }, { "best_of", p->best_of && yyjson_get_num(p->best_of) > 1 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].lost)
			anthropic_draft_drop(d, rows[i].name);
	if (p->n != PROMPT_UNSET && p->n > 1)
		anthropic_draft_refuse(d, "only one answer at a time can be had (`n` is %lld)", (long long)p->n);
	if (wants_media(p))
		anthropic_draft_refuse(d, "the model answers in text only");
	if (yyjson_get_len(p->suffix))
		anthropic_draft_refuse(d, "`suffix` cannot be said");
}

void anthropic_config_write(struct anthropic_draft *d)
{
	bool has_temperature = put_temperature(d);

	put_top_p(d, has_temperature);
	put_top_k(d);
	put_stop(d);
	put_user(d);
	put_tier(d);
	put_extras(d);
	name_lost(d);
}

#include "dialect/gemini_config.h"

#include "base/utf8.h"
#include "dialect/gemini_subset.h"

enum {
	STOPS_MAX = 5,		/* protocols.md 5.2 */
	CHOICES_MAX = 8,	/* Google's limit of candidateCount */
	LOGPROBS_MAX = 20,	/* ai.google.dev/api/generate-content */
};

/* The key of a member; the object around them is opened by the first one. */
struct config {
	struct gemini_draft *d;
	bool open;
};

static struct json_out *key(struct config *c, const char *name)
{
	struct json_out *w = &c->d->w;

	if (!c->open) {
		json_out_key(w, "generationConfig");
		json_out_obj(w);
		c->open = true;
	}
	json_out_key(w, name);
	return w;
}

static void put_int(struct config *c, const char *name, int64_t v)
{
	if (v != PROMPT_UNSET)
		json_out_int(key(c, name), v);
}

static void put_num(struct config *c, const char *name, double v)
{
	if (!isnan(v))
		json_out_num(key(c, name), v);
}

/* --- sampling ------------------------------------------------------------------------------------------- */

/* Google's is 32 bits wide; a wider one is folded, so that the same seed stays the same. */
static void put_seed(struct config *c, int64_t seed)
{
	if (seed != PROMPT_UNSET && (seed > INT32_MAX || seed < INT32_MIN))
		seed = (int64_t)(((uint64_t)seed ^ (uint64_t)seed >> 32) & INT32_MAX);
	put_int(c, "seed", seed);
}

static void put_stops(struct config *c)
{
	const struct prompt *p = c->d->p;
	size_t n = 0;

	for (size_t i = 0; i < p->n_stop; i++)
		n += p->stop[i].n > 0;
	if (n > STOPS_MAX)
		gemini_draft_refuse(c->d, "only %d stop sequences can be had", STOPS_MAX);
	if (n == 0)
		return;
	struct json_out *w = key(c, "stopSequences");
	json_out_arr(w);
	for (size_t i = 0; i < p->n_stop; i++)
		if (p->stop[i].n)
			json_out_str(w, p->stop[i]);
	json_out_arr_end(w);
}

static void put_logprobs(struct config *c)
{
	const struct prompt *p = c->d->p;

	if (p->logprobs != PROMPT_YES)
		return;
	json_out_bool(key(c, "responseLogprobs"), true);
	if (p->top_logprobs > 0)
		put_int(c, "logprobs", MIN_OF(p->top_logprobs, (int64_t)LOGPROBS_MAX));
}

static void put_sampling(struct config *c)
{
	const struct prompt *p = c->d->p;

	put_num(c, "temperature", p->temperature);
	put_num(c, "topP", p->top_p);
	put_int(c, "topK", p->top_k);
	put_int(c, "maxOutputTokens", p->max_tok);
	if (p->n > CHOICES_MAX)
		gemini_draft_refuse(c->d, "only %d answers at a time can be had", CHOICES_MAX);
	put_int(c, "candidateCount", p->n > 1 ? p->n : PROMPT_UNSET);
	put_stops(c);
	put_seed(c, p->seed);
	put_num(c, "presencePenalty", p->presence_penalty);
	put_num(c, "frequencyPenalty", p->frequency_penalty);
	put_logprobs(c);
}

/* --- form of the answer --------------------------------------------------------------------------------- */

static void put_schema(struct config *c)
{
	struct gemini_draft *d = c->d;
	bool lossy = false;

	if (d->p->format_schema == NULL)
		return;
	if (gemini_models_json_schema(d->model)) {
		json_out_val(key(c, "responseJsonSchema"), d->p->format_schema);
		return;
	}
	gemini_subset_put(key(c, "responseSchema"), d->ask->arena, d->p->format_schema, &lossy);
	if (lossy)
		gemini_draft_drop(d, "response_format.json_schema");
}

static void put_format(struct config *c)
{
	struct gemini_draft *d = c->d;

	if (d->p->format != PROMPT_FORMAT_JSON && d->p->format != PROMPT_FORMAT_SCHEMA)
		return;
	if (d->has_functions && !d->own && !gemini_models_mixes(d->model))
		gemini_draft_refuse(d, "the model takes no JSON format together with functions");
	json_out_str(key(c, "responseMimeType"), SLICE("application/json"));
	if (d->p->format == PROMPT_FORMAT_SCHEMA)
		put_schema(c);
}

static void put_modality(struct json_out *w, struct slice word)
{
	char text[32];

	slice_copy(word, text, sizeof(text));
	for (char *c = text; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c & ~0x20);
	json_out_str(w, slice_str(text));
}

static void put_modalities(struct config *c)
{
	const struct prompt *p = c->d->p;
	bool is_text = p->n_modalities == 1 && slice_eq(p->modalities[0], SLICE("text"));

	if (p->n_modalities == 0 || is_text)
		return;
	struct json_out *w = key(c, "responseModalities");
	json_out_arr(w);
	for (size_t i = 0; i < p->n_modalities; i++)
		put_modality(w, p->modalities[i]);
	json_out_arr_end(w);
}

/* OpenAI's voices, which Google has none of; any other name is taken for one of Google's. */
static bool is_foreign_voice(struct slice voice)
{
	static const char *const names[] = { "alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage",
		"shimmer", "verse", "marin", "cedar" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (slice_case_eq(voice, slice_str(names[i])))
			return true;
	return voice.n == 0;
}

/* Google speaks in PCM, whatever format is asked for. */
static void put_voice(struct config *c)
{
	yyjson_val *audio = c->d->p->audio;
	struct slice voice = json_str(audio, "voice"), format = json_str(audio, "format");

	if (audio == NULL)
		return;
	if (format.n && !slice_eq(format, SLICE("pcm16")))
		gemini_draft_drop(c->d, "audio.format");
	if (is_foreign_voice(voice)) {
		gemini_draft_drop(c->d, "audio.voice");
		return;
	}
	struct json_out *w = key(c, "speechConfig");
	json_out_obj(w);
	json_out_key(w, "voiceConfig");
	json_out_obj(w);
	json_out_key(w, "prebuiltVoiceConfig");
	json_out_obj(w);
	json_out_key_str(w, "voiceName", voice);
	json_out_obj_end(w);
	json_out_obj_end(w);
	json_out_obj_end(w);
}

/* --- thinking ------------------------------------------------------------------------------------------- */

/* Level and budget together are refused, so each model gets its own (protocols.md 5.2). */
struct thinking {
	const char *level;
	int64_t budget;
	bool lossy;		/* it cannot be turned off, or there is none to turn on */
};

static struct thinking thinking_of(const struct gemini_draft *d)
{
	struct thinking t = { .budget = PROMPT_UNSET };
	enum prompt_effort effort = d->p->effort;
	int64_t tok = d->p->thinking_tok;

	switch (d->model->thinking) {
	case GEMINI_MODELS_NEVER:
		t.lossy = effort > PROMPT_EFFORT_NONE || (tok != PROMPT_UNSET && tok != 0);
		break;
	case GEMINI_MODELS_LEVEL:
		if (effort == PROMPT_EFFORT_UNSET)
			effort = prompt_effort_of_budget(tok);
		t.level = gemini_models_level(d->model, effort);
		t.lossy = effort == PROMPT_EFFORT_NONE;
		break;
	case GEMINI_MODELS_BUDGET:
		if (tok == PROMPT_UNSET && effort == PROMPT_EFFORT_UNSET)
			break;
		tok = tok == PROMPT_UNSET ? prompt_effort_budget(effort) : tok;
		t.budget = gemini_models_budget(d->model, tok);
		t.lossy = tok == 0 && t.budget != 0;
		break;
	}
	return t;
}

static void put_thinking(struct config *c)
{
	struct gemini_draft *d = c->d;
	struct thinking t = thinking_of(d);
	bool thoughts = d->p->show_thinking == PROMPT_YES && d->model->thinking != GEMINI_MODELS_NEVER;

	if (t.lossy)
		gemini_draft_drop(d, d->own ? "thinkingConfig" : "reasoning_effort");
	if (t.level == NULL && t.budget == PROMPT_UNSET && !thoughts)
		return;
	struct json_out *w = key(c, "thinkingConfig");
	json_out_obj(w);
	if (t.level)
		json_out_key_str(w, "thinkingLevel", slice_str(t.level));
	if (t.budget != PROMPT_UNSET)
		json_out_key_int(w, "thinkingBudget", t.budget);
	if (thoughts)
		json_out_key_bool(w, "includeThoughts", true);
	json_out_obj_end(w);
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static bool has_own(const struct gemini_draft *d)
{
	for (const struct prompt_extra *x = d->own ? d->p->extras : NULL; x; x = x->next)
		if (slice_starts(x->name, SLICE("generationConfig.")))
			return true;
	return false;
}

void gemini_config_put(struct gemini_draft *d)
{
	struct config c = { .d = d };

	put_sampling(&c);
	put_format(&c);
	put_modalities(&c);
	put_voice(&c);
	put_thinking(&c);
	if (has_own(d) && !c.open) {
		json_out_key(&d->w, "generationConfig");
		json_out_obj(&d->w);
		c.open = true;
	}
	gemini_draft_extras(d, "generationConfig");
	if (c.open)
		json_out_obj_end(&d->w);
}

static void put_tier(struct gemini_draft *d)
{
	static const char *const words[][2] = { { "default", "standard" }, { "flex", "flex" }, { "priority",
		"priority" } };
	struct slice tier = d->p->tier;

	if (tier.n == 0 || slice_eq(tier, SLICE("auto")))
		return;
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (slice_eq(tier, slice_str(words[i][0]))) {
			json_out_key_str(&d->w, "serviceTier", slice_str(words[i][1]));
			return;
		}
	gemini_draft_drop(d, "service_tier");
}

static bool has_marks(const struct prompt *p)
{
	bool any = p->cache != PROMPT_CACHE_NONE;

	for (const struct prompt_tool *t = p->tools; t; t = t->next)
		any |= t->cache != PROMPT_CACHE_NONE;
	for (const struct prompt_message *m = p->messages; m; m = m->next)
		for (const struct prompt_part *part = m->parts; part; part = part->next)
			any |= part->cache != PROMPT_CACHE_NONE;
	return any;
}

/* What Gemini has no word for. */
static void name_lost(struct gemini_draft *d)
{
	const struct prompt *p = d->p;
	const struct {
		bool given;
		const char *name;
	} rows[] = {
		{ !isnan(p->min_p), "min_p" }, { p->logit_bias != NULL, "logit_bias" }, { p->user.n > 0, "user" },
		{ p->verbosity.n > 0, "verbosity" }, { p->cache_key.n > 0, "prompt_cache_key" },
		{ p->prediction != NULL, "prediction" }, { p->metadata && !d->own, "metadata" },
		{ p->store == PROMPT_YES && !d->own, "store" }, { p->echo != NULL, "echo" }, { p->best_of != NULL,
			"best_of" },
		{ p->format_description.n > 0, "response_format.description" },
		{ p->logprobs == PROMPT_YES && p->top_logprobs > LOGPROBS_MAX, "top_logprobs" },
		{ has_marks(p), "cache_control" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].given)
			gemini_draft_drop(d, rows[i].name);
	for (const struct prompt_extra *x = d->own ? NULL : p->extras; x; x = x->next)
		drops_add(d->ask->drops, x->name);
	if (p->suffix)
		gemini_draft_refuse(d, "`suffix` cannot be said");
}

void gemini_config_put_account(struct gemini_draft *d)
{
	const struct prompt *p = d->p;

	put_tier(d);
	if (d->own && p->metadata)
		json_out_key_val(&d->w, "labels", p->metadata);
	if (d->own && p->store != PROMPT_TRI_UNSET)
		json_out_key_bool(&d->w, "store", p->store == PROMPT_YES);
	name_lost(d);
}

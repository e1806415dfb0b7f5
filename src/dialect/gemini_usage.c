#include "dialect/gemini_usage.h"

#include "dialect/gemini_field.h"

static int64_t read_count(yyjson_val *usage, const char *name, bool *any)
{
	int64_t n = gemini_field_count(usage, name);

	*any |= n >= 0;
	return n;
}

static int64_t or_zero(int64_t n)
{
	return MAX_OF(n, (int64_t)0);
}

/* A peer's numbers can be absurd. */
static int64_t sum(int64_t a, int64_t b)
{
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

bool gemini_usage_read(yyjson_val *usage, struct usage *out)
{
	bool any = false;
	int64_t prompt = read_count(usage, "promptTokenCount", &any);
	int64_t tools = read_count(usage, "toolUsePromptTokenCount", &any);
	int64_t answer = read_count(usage, "candidatesTokenCount", &any);
	int64_t thoughts = read_count(usage, "thoughtsTokenCount", &any);
	int64_t cached = read_count(usage, "cachedContentTokenCount", &any);
	int64_t total = read_count(usage, "totalTokenCount", &any);

	if (!any)
		return false;
	prompt = sum(or_zero(prompt), or_zero(tools));
	answer = or_zero(answer);
	/* Some endpoints count the thoughts among the candidates' tokens too; the sum tells. */
	bool inclusive = thoughts > 0 && answer >= thoughts && sum(prompt, answer) == total;
	*out = (struct usage){ .prompt_tok = prompt, .completion_tok = sum(answer, inclusive ? 0 : or_zero(thoughts)),
		.cached_tok = cached, .cache_write_tok = -1, .reasoning_tok = thoughts };
	return true;
}

void gemini_usage_put(struct json_out *w, const struct usage *u)
{
	int64_t thoughts = MIN_OF(or_zero(u->reasoning_tok), or_zero(u->completion_tok));

	json_out_obj(w);
	json_out_key_int(w, "promptTokenCount", or_zero(u->prompt_tok));
	if (u->cached_tok > 0)
		json_out_key_int(w, "cachedContentTokenCount", u->cached_tok);
	json_out_key_int(w, "candidatesTokenCount", or_zero(u->completion_tok) - thoughts);
	if (thoughts)
		json_out_key_int(w, "thoughtsTokenCount", thoughts);
	json_out_key_int(w, "totalTokenCount", sum(or_zero(u->prompt_tok), or_zero(u->completion_tok)));
	json_out_obj_end(w);
}

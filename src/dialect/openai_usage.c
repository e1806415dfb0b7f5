#include "dialect/openai_usage.h"

/* A member that holds a count, and the nested object it is in (NULL: top level).  Of several rows for one
 * field the last that is present wins, so the standard place comes last. */
static const struct {
	const char *inside, *name;
	size_t field;
} counts[] = {
	{ NULL, "prompt_tokens", offsetof(struct usage, prompt_tok) },
	{ NULL, "completion_tokens", offsetof(struct usage, completion_tok) },
	{ NULL, "cached_tokens", offsetof(struct usage, cached_tok) },			/* Moonshot */
	{ NULL, "num_cached_tokens", offsetof(struct usage, cached_tok) },		/* Mistral */
	{ NULL, "prompt_cache_hit_tokens", offsetof(struct usage, cached_tok) },	/* DeepSeek */
	{ NULL, "cache_read_input_tokens", offsetof(struct usage, cached_tok) },	/* LiteLLM */
	{ "prompt_tokens_details", "cached_tokens", offsetof(struct usage, cached_tok) },
	{ NULL, "cache_creation_input_tokens", offsetof(struct usage, cache_write_tok) },	/* LiteLLM */
	/* Qwen */
	{ "prompt_tokens_details", "cache_creation_input_tokens", offsetof(struct usage, cache_write_tok) },
	{ "prompt_tokens_details", "cache_write_tokens", offsetof(struct usage, cache_write_tok) },
	{ NULL, "reasoning_tokens", offsetof(struct usage, reasoning_tok) },	/* SGLang, Perplexity */
	{ "completion_tokens_details", "reasoning_tokens", offsetof(struct usage, reasoning_tok) },
};

/* A count, or -1.  Some servers write 10.0; 2^53 is where a double stops being exact, far above any count. */
static int64_t count_of(yyjson_val *v)
{
	double d = yyjson_is_real(v) ? yyjson_get_real(v) : -1;

	if (yyjson_is_uint(v) && yyjson_get_uint(v) <= INT64_MAX)
		return (int64_t)yyjson_get_uint(v);
	return d >= 0 && d < 9007199254740992.0 ? (int64_t)d : -1;
}

/* True when the provider's total shows that completion tokens hold the reasoning. */
static bool is_inside(yyjson_val *usage, const struct usage *u)
{
	int64_t total = count_of(yyjson_obj_get(usage, "total_tokens"));

	return total >= 0 && u->prompt_tok >= 0 && total - u->prompt_tok == u->completion_tok;
}

static struct usage said_by(yyjson_val *usage)
{
	struct usage said = USAGE_NONE;

	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		yyjson_val *obj = counts[i].inside ? json_obj(usage, counts[i].inside) : usage;
		int64_t n = count_of(yyjson_obj_get(obj, counts[i].name));
		if (n >= 0)
			memcpy((char *)&said + counts[i].field, &n, sizeof(n));
	}
	return said;
}

/* What was said goes over what was known. */
static bool merge(const struct usage *said, struct usage *u)
{
	bool any = false;

	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		int64_t n;
		memcpy(&n, (const char *)said + counts[i].field, sizeof(n));
		if (n < 0)
			continue;
		memcpy((char *)u + counts[i].field, &n, sizeof(n));
		any = true;
	}
	return any;
}

bool openai_usage_read(yyjson_val *usage, struct usage *u)
{
	struct usage said = said_by(usage);

	return merge(&said, u);
}

bool openai_usage_read_outside(yyjson_val *usage, struct usage *u)
{
	struct usage said = said_by(usage);

	if (said.completion_tok >= 0 && said.reasoning_tok > 0 && !is_inside(usage, &said)
			&& said.completion_tok <= INT64_MAX - said.reasoning_tok)
		said.completion_tok += said.reasoning_tok;
	return merge(&said, u);
}

/* before "name":count */
static void add_count(struct buf *out, struct slice before, struct slice name, uint64_t count)
{
	buf_add(out, before);
	buf_add_char(out, '"');
	buf_add(out, name);
	buf_add(out, SLICE("\":"));
	buf_add_u64(out, count);
}

static void add_prompt_details(struct buf *out, const struct usage *u)
{
	if (u->cached_tok < 0 && u->cache_write_tok < 0)
		return;
	buf_add(out, SLICE(",\"prompt_tokens_details\":"));
	if (u->cached_tok >= 0)
		add_count(out, SLICE("{"), SLICE("cached_tokens"), (uint64_t)u->cached_tok);
	if (u->cache_write_tok >= 0)
		add_count(out, u->cached_tok >= 0 ? SLICE(",") : SLICE("{"), SLICE("cache_write_tokens"),
			(uint64_t)u->cache_write_tok);
	buf_add_char(out, '}');
}

void openai_usage_write(const struct usage *u, struct buf *out)
{
	uint64_t prompt = u->prompt_tok > 0 ? (uint64_t)u->prompt_tok : 0;
	uint64_t completion = u->completion_tok > 0 ? (uint64_t)u->completion_tok : 0;

	add_count(out, SLICE("{"), SLICE("prompt_tokens"), prompt);
	add_count(out, SLICE(","), SLICE("completion_tokens"), completion);
	add_count(out, SLICE(","), SLICE("total_tokens"), prompt + completion);
	add_prompt_details(out, u);
	if (u->reasoning_tok >= 0) {
		add_count(out, SLICE(",\"completion_tokens_details\":{"), SLICE("reasoning_tokens"),
			(uint64_t)u->reasoning_tok);
		buf_add_char(out, '}');
	}
	buf_add_char(out, '}');
}

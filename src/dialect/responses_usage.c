#include "dialect/responses_usage.h"

/* A member that holds a count, and the nested object it is in (NULL: top level).  Of several rows for one
 * field the last that is present wins, so this dialect's own name comes last. */
static const struct {
	const char *inside, *name;
	size_t field;
} counts[] = {
	{ NULL, "prompt_tokens", offsetof(struct usage, prompt_tok) },		/* servers that copy Chat */
	{ NULL, "completion_tokens", offsetof(struct usage, completion_tok) },
	{ NULL, "input_tokens", offsetof(struct usage, prompt_tok) },
	{ NULL, "output_tokens", offsetof(struct usage, completion_tok) },
	{ "input_tokens_details", "cached_tokens", offsetof(struct usage, cached_tok) },
	{ "input_tokens_details", "cache_write_tokens", offsetof(struct usage, cache_write_tok) },
	{ "output_tokens_details", "reasoning_tokens", offsetof(struct usage, reasoning_tok) },
};

/* A count, or -1.  Some servers write 10.0; 2^53 is where a double stops being exact, far above any count. */
static int64_t count_of(yyjson_val *v)
{
	double d = yyjson_is_real(v) ? yyjson_get_real(v) : -1;

	if (yyjson_is_uint(v) && yyjson_get_uint(v) < (uint64_t)1 << 53)
		return (int64_t)yyjson_get_uint(v);
	return d >= 0 && d < 9007199254740992.0 ? (int64_t)d : -1;
}

bool responses_usage_read(yyjson_val *usage, bool reasoning_outside, struct usage *u)
{
	struct usage said = USAGE_NONE;
	bool any = false;

	for (size_t i = 0; i < COUNT_OF(counts); i++) {
		yyjson_val *obj = counts[i].inside ? json_obj(usage, counts[i].inside) : usage;
		int64_t n = count_of(yyjson_obj_get(obj, counts[i].name));
		if (n < 0)
			continue;
		memcpy((char *)&said + counts[i].field, &n, sizeof(n));
		memcpy((char *)u + counts[i].field, &n, sizeof(n));
		any = true;
	}
	int64_t total = count_of(yyjson_obj_get(usage, "total_tokens"));
	if (reasoning_outside && said.reasoning_tok > 0 && said.prompt_tok >= 0 && said.completion_tok >= 0
			&& total == said.prompt_tok + said.completion_tok + said.reasoning_tok)
		u->completion_tok += said.reasoning_tok;
	return any;
}

static int64_t known(int64_t n)
{
	return n > 0 ? n : 0;
}

void responses_usage_write(struct json_out *w, const struct usage *u)
{
	if (u == NULL) {
		json_out_null(w);
		return;
	}
	json_out_obj(w);
	json_out_key_int(w, "input_tokens", known(u->prompt_tok));
	json_out_key(w, "input_tokens_details");
	json_out_obj(w);
	json_out_key_int(w, "cached_tokens", known(u->cached_tok));
	json_out_key_int(w, "cache_write_tokens", known(u->cache_write_tok));
	json_out_obj_end(w);
	json_out_key_int(w, "output_tokens", known(u->completion_tok));
	json_out_key(w, "output_tokens_details");
	json_out_obj(w);
	json_out_key_int(w, "reasoning_tokens", known(u->reasoning_tok));
	json_out_obj_end(w);
	json_out_key_int(w, "total_tokens", known(u->prompt_tok) + known(u->completion_tok));
	json_out_obj_end(w);
}

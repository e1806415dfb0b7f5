#include "dialect/anthropic_usage.h"

#define COUNT_MAX ((int64_t)1 << 53)	/* where a double stops being exact, far above any count */

/* A count, or -1. */
static int64_t count_of(yyjson_val *obj, const char *name)
{
	yyjson_val *v = yyjson_obj_get(obj, name);
	double d = yyjson_is_num(v) ? yyjson_get_num(v) : -1;

	return d >= 0 && d < (double)COUNT_MAX ? (int64_t)d : -1;
}

static int64_t known(int64_t n)
{
	return n > 0 ? n : 0;
}

/* True when it was said. */
static bool assign(int64_t *to, int64_t n)
{
	if (n >= 0)
		*to = n;
	return n >= 0;
}

bool anthropic_usage_read(yyjson_val *usage, struct usage *u)
{
	int64_t input = u->prompt_tok < 0 ? -1 : u->prompt_tok - known(u->cached_tok) - known(u->cache_write_tok);
	yyjson_val *details = json_obj(usage, "output_tokens_details");
	bool any = assign(&input, count_of(usage, "input_tokens"));

	any |= assign(&u->cached_tok, count_of(usage, "cache_read_input_tokens"));
	any |= assign(&u->cache_write_tok, count_of(usage, "cache_creation_input_tokens"));
	if (any)
		u->prompt_tok = known(input) + known(u->cached_tok) + known(u->cache_write_tok);
	any |= assign(&u->completion_tok, count_of(usage, "output_tokens"));
	any |= assign(&u->reasoning_tok, count_of(details, "thinking_tokens"));
	return any;
}

void anthropic_usage_write(struct json_out *w, const struct usage *u)
{
	int64_t input = known(u->prompt_tok) - known(u->cached_tok) - known(u->cache_write_tok);

	json_out_obj(w);
	json_out_key_int(w, "input_tokens", known(input));
	if (u->cache_write_tok >= 0)
		json_out_key_int(w, "cache_creation_input_tokens", u->cache_write_tok);
	if (u->cached_tok >= 0)
		json_out_key_int(w, "cache_read_input_tokens", u->cached_tok);
	json_out_key_int(w, "output_tokens", known(u->completion_tok));
	if (u->reasoning_tok >= 0) {
		json_out_key(w, "output_tokens_details");
		json_out_obj(w);
		json_out_key_int(w, "thinking_tokens", u->reasoning_tok);
		json_out_obj_end(w);
	}
	json_out_obj_end(w);
}

#include "dialect/gemini_logprobs.h"

#include "dialect/gemini_field.h"

/* --- reading -------------------------------------------------------------------------------------------- */

static void read_token(struct json_out *w, yyjson_val *candidate)
{
	double p;

	json_out_key_str(w, "token", json_str(candidate, "token"));
	json_out_key_num(w, "logprob", gemini_field_to_num(gemini_field(candidate, "logProbability"), &p) ? p : 0);
	json_out_key(w, "bytes");
	json_out_null(w);
}

static void read_top(struct json_out *w, yyjson_val *top)
{
	yyjson_val *list = gemini_field(top, "candidates"), *one;
	size_t at = 0;

	json_out_key(w, "top_logprobs");
	json_out_arr(w);
	while ((one = gemini_field_next(list, &at)) != NULL) {
		json_out_obj(w);
		read_token(w, one);
		json_out_obj_end(w);
	}
	json_out_arr_end(w);
}

bool gemini_logprobs_read(yyjson_val *result, struct json_out *w)
{
	yyjson_val *chosen = gemini_field(result, "chosenCandidates"), *tops = gemini_field(result,
		"topCandidates"), *one;
	size_t at = 0, top_at = 0;

	if (gemini_field_size(chosen) == 0)
		return false;
	json_out_arr(w);
	while ((one = gemini_field_next(chosen, &at)) != NULL) {
		json_out_obj(w);
		read_token(w, one);
		read_top(w, gemini_field_next(tops, &top_at));
		json_out_obj_end(w);
	}
	json_out_arr_end(w);
	return true;
}

/* --- writing -------------------------------------------------------------------------------------------- */

static void put_token(struct json_out *w, yyjson_val *token)
{
	double p;

	json_out_obj(w);
	json_out_key_str(w, "token", json_str(token, "token"));
	if (gemini_field_to_num(yyjson_obj_get(token, "logprob"), &p))
		json_out_key_num(w, "logProbability", p);
	json_out_obj_end(w);
}

static void put_top(struct json_out *w, yyjson_val *list)
{
	yyjson_val *one;
	size_t at = 0;

	json_out_obj(w);
	json_out_key(w, "candidates");
	json_out_arr(w);
	while ((one = gemini_field_next(list, &at)) != NULL)
		put_token(w, one);
	json_out_arr_end(w);
	json_out_obj_end(w);
}

void gemini_logprobs_put(struct json_out *w, yyjson_val *content, bool chosen)
{
	yyjson_val *one;
	size_t at = 0;

	while ((one = gemini_field_next(content, &at)) != NULL)
		if (chosen)
			put_token(w, one);
		else
			put_top(w, yyjson_obj_get(one, "top_logprobs"));
}

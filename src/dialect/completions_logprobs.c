#include "dialect/completions_logprobs.h"

#define TOPS 64u		/* most alternatives of one token: OpenAI gives 20 (protocols.md 1.1) */
#define SCRATCH_BYTES ((size_t)64 << 20)	/* of a whole answer's tokens, parsed: twice the largest real one */

/* --- reading -------------------------------------------------------------------------------------------- */

static void put_token(struct json_out *w, struct slice token, yyjson_val *logprob)
{
	json_out_key_str(w, "token", token);
	json_out_key_val(w, "logprob", yyjson_is_num(logprob) ? logprob : NULL);
	json_out_key(w, "bytes");
	json_out_null(w);
}

static void put_top(struct json_out *w, yyjson_val *top)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(top);
	yyjson_val *key;

	json_out_key(w, "top_logprobs");
	json_out_arr(w);
	while ((key = yyjson_obj_iter_next(&it)) != NULL) {
		json_out_obj(w);
		put_token(w, json_val_str(key), yyjson_obj_iter_get_val(key));
		json_out_obj_end(w);
	}
	json_out_arr_end(w);
}

/* The next element of a list that may be shorter, or none. */
static yyjson_val *next_of(yyjson_arr_iter *it)
{
	return yyjson_arr_iter_has_next(it) ? yyjson_arr_iter_next(it) : NULL;
}

bool completions_logprobs_read(yyjson_val *logprobs, struct buf *out)
{
	yyjson_val *tokens = json_arr(logprobs, "tokens"), *token;
	yyjson_arr_iter values = yyjson_arr_iter_with(json_arr(logprobs, "token_logprobs"));
	yyjson_arr_iter tops = yyjson_arr_iter_with(json_arr(logprobs, "top_logprobs"));
	struct json_out w = json_out_to(out);
	size_t i, n;

	if (yyjson_arr_size(tokens) == 0)
		return false;
	json_out_arr(&w);
	yyjson_arr_foreach(tokens, i, n, token) {
		json_out_obj(&w);
		put_token(&w, json_val_str(token), next_of(&values));
		put_top(&w, next_of(&tops));
		json_out_obj_end(&w);
	}
	json_out_arr_end(&w);
	return json_out_ok(&w);
}

/* --- writing -------------------------------------------------------------------------------------------- */

static uint64_t characters(struct slice s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

/* Anything but a number is null. */
static void write_logprob(yyjson_val *v, struct json_out *w)
{
	yyjson_val *logprob = yyjson_obj_get(v, "logprob");
	json_out_val(w, yyjson_is_num(logprob) ? logprob : NULL);
}

static void write_tokens(yyjson_val *list, struct json_out *w)
{
	size_t i, n;
	yyjson_val *v;

	json_out_key(w, "tokens");
	json_out_arr(w);
	yyjson_arr_foreach(list, i, n, v)
		json_out_str(w, json_str(v, "token"));
	json_out_arr_end(w);
	json_out_key(w, "token_logprobs");
	json_out_arr(w);
	yyjson_arr_foreach(list, i, n, v)
		write_logprob(v, w);
	json_out_arr_end(w);
}

static bool has_top(yyjson_val *list)
{
	size_t i, n;
	yyjson_val *v;

	yyjson_arr_foreach(list, i, n, v)
		if (yyjson_arr_size(json_arr(v, "top_logprobs")))
			return true;
	return false;
}

static bool is_there(yyjson_val *top, size_t before, struct slice token)
{
	size_t i, n;
	yyjson_val *v;

	yyjson_arr_foreach(top, i, n, v) {
		if (i == before)
			return false;
		if (slice_eq(json_str(v, "token"), token))
			return true;
	}
	return false;
}

/* A map by token: of tokens that read alike only the first has a place. */
static void write_map(yyjson_val *top, struct json_out *w)
{
	yyjson_val *v;
	size_t i, n;

	json_out_obj(w);
	yyjson_arr_foreach(top, i, n, v) {
		if (i == TOPS)
			break;
		if (is_there(top, i, json_str(v, "token")))
			continue;
		json_out_key_slice(w, json_str(v, "token"));
		write_logprob(v, w);
	}
	json_out_obj_end(w);
}

static void write_tops(yyjson_val *list, struct json_out *w)
{
	size_t i, n;
	yyjson_val *v;

	json_out_key(w, "top_logprobs");
	if (!has_top(list)) {
		json_out_null(w);
		return;
	}
	json_out_arr(w);
	yyjson_arr_foreach(list, i, n, v)
		write_map(json_arr(v, "top_logprobs"), w);
	json_out_arr_end(w);
}

static void write_offsets(yyjson_val *list, uint64_t *offset, struct json_out *w)
{
	size_t i, n;
	yyjson_val *v;

	json_out_key(w, "text_offset");
	json_out_arr(w);
	yyjson_arr_foreach(list, i, n, v) {
		json_out_int(w, (int64_t)*offset);
		*offset += characters(json_str(v, "token"));
	}
	json_out_arr_end(w);
}

void completions_logprobs_write(struct slice list, uint64_t *offset, struct json_out *w)
{
	struct json_scratch scratch;
	yyjson_doc *doc = NULL;

	json_scratch_init(&scratch, SCRATCH_BYTES);
	yyjson_val *root = json_parse_scratch(&scratch, list, &doc) == ERR_OK ? yyjson_doc_get_root(doc) : NULL;
	if (yyjson_arr_size(root)) {
		json_out_obj(w);
		write_tokens(root, w);
		write_tops(root, w);
		write_offsets(root, offset, w);
		json_out_obj_end(w);
	} else {
		json_out_null(w);
	}
	json_scratch_done(&scratch);
}

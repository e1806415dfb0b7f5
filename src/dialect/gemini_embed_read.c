#include "dialect/gemini_embed_read.h"

#include "dialect/gemini_field.h"
#include "dialect/splice.h"

/* Who reads, and where. */
struct read {
	struct arena *arena;
	struct prompt *prompt;
	struct fault *fault;
	bool in_batch;
	size_t place;		/* in the batch */
};

static bool refuse(struct read *rd, enum err err, const char *name, const char *what)
{
	struct slice param = slice_str(name);

	if (rd->in_batch)
		param = arena_printf(rd->arena, "requests[%zu].%s", rd->place, name);
	*rd->fault = fault_make(rd->arena, err, "`%.*s` %s", SLICE_ARG(param), what);
	rd->fault->param = param;
	return false;
}

/* Read by parse(), or weir's own. */
static bool is_told(struct slice key)
{
	static const struct splice_rule own[] = { SPLICE_OWN, { "model", SPLICE_MODEL } };

	for (size_t i = 0; i < COUNT_OF(own); i++)
		if (slice_eq(key, slice_str(own[i].name)))
			return true;
	return false;
}

static void add_extras(struct read *rd, yyjson_val *obj, const char *const *names, size_t n_names)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(obj);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&it)) != NULL) {
		struct slice name = json_val_str(key);
		size_t i = 0;
		while (i < n_names && !gemini_field_is(name, names[i]))
			i++;
		if (i == n_names && !is_told(name) && !yyjson_is_null(yyjson_obj_iter_get_val(key)))
			prompt_add_extra(rd->prompt, name, yyjson_obj_iter_get_val(key));
	}
}

/* A part has its text and, at most, marks beside it. */
static bool take_text(struct read *rd, yyjson_val *content, struct slice *out)
{
	yyjson_val *parts = gemini_field(content, "parts"), *part;
	struct prompt_part *texts = NULL, **end = &texts;
	size_t at = 0;

	while ((part = gemini_field_next(parts, &at)) != NULL) {
		struct slice text = yyjson_is_str(part) ? json_val_str(part) : json_str(part, "text");
		if (text.p == NULL)
			return refuse(rd, ERR_UNSUPPORTED, "content",
				"has parts that are no text, which this provider cannot embed");
		struct prompt_part **here = end;
		end = prompt_link_part(rd->prompt, end, PROMPT_PART_TEXT);
		(*here)->text = text;
	}
	*out = prompt_text_of(rd->arena, texts);
	return out->n > 0 || refuse(rd, ERR_BAD_FIELD, "content", "has no text");
}

static bool take_str(struct read *rd, yyjson_val *obj, const char *name, struct slice *out)
{
	yyjson_val *v = gemini_field(obj, name);

	*out = json_val_str(v);
	return v == NULL || yyjson_is_str(v) || refuse(rd, ERR_BAD_FIELD, name, "must be a string");
}

static bool take_dimensions(struct read *rd, yyjson_val *obj)
{
	static const char name[] = "outputDimensionality";
	yyjson_val *v = gemini_field(obj, name);
	int64_t n = PROMPT_UNSET;

	if (v && (!gemini_field_to_int(v, &n) || n < 1))
		return refuse(rd, ERR_BAD_FIELD, name, "must be a whole number above 0");
	if (rd->place > 0 && n != rd->prompt->dimensions)
		return refuse(rd, ERR_UNSUPPORTED, name,
			"is not the same in all requests, which this provider cannot do");
	rd->prompt->dimensions = n;
	return true;
}

static bool take_request(struct read *rd, yyjson_val *request)
{
	static const char *const names[] = { "content", "taskType", "title", "outputDimensionality" };
	struct prompt_input *in = prompt_add_input(rd->prompt);

	add_extras(rd, request, names, COUNT_OF(names));
	return take_text(rd, gemini_field(request, "content"), &in->text) && take_str(rd, request, "taskType",
		&in->task)
		&& take_str(rd, request, "title", &in->title) && take_dimensions(rd, request);
}

enum err gemini_embed_read(struct arena *a, const struct request *r, struct prompt *out, struct fault *out_fault)
{
	struct read rd = { .arena = a, .prompt = out, .fault = out_fault };

	if (!take_request(&rd, yyjson_doc_get_root(r->doc)))
		return out_fault->err;
	prompt_tidy(out);
	return ERR_OK;
}

enum err gemini_embed_read_batch(struct arena *a, const struct request *r, struct prompt *out,
	struct fault *out_fault)
{
	static const char *const names[] = { "requests" };
	struct read rd = { .arena = a, .prompt = out, .fault = out_fault, .in_batch = true };
	yyjson_val *root = yyjson_doc_get_root(r->doc), *v;
	size_t i, n;

	add_extras(&rd, root, names, COUNT_OF(names));
	yyjson_arr_foreach(gemini_field(root, "requests"), i, n, v) {
		rd.place = i;
		if (!take_request(&rd, v))
			return out_fault->err;
	}
	prompt_tidy(out);
	return ERR_OK;
}

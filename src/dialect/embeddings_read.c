#include "dialect/embeddings_read.h"

#include "dialect/openai_field.h"
#include "dialect/splice.h"

enum member { INPUT, OUTPUT_DIMENSION, DIMENSIONS, FORMAT, USER, TASK, MEMBERS };

static const char *const names[MEMBERS] = { "input", "output_dimension", "dimensions", "encoding_format", "user",
	"task_type" };

/* Read by parse(), or weir's own. */
static bool is_told(yyjson_val *key)
{
	static const struct splice_rule own[] = { SPLICE_OWN, { "model", SPLICE_MODEL } };

	for (size_t i = 0; i < COUNT_OF(own); i++)
		if (yyjson_equals_str(key, own[i].name))
			return true;
	return false;
}

/* Of duplicates the last counts, as in parse(). */
static void find_members(struct prompt *p, yyjson_val *root, yyjson_val **found)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(root);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&it)) != NULL) {
		yyjson_val *v = yyjson_obj_iter_get_val(key);
		size_t i = 0;
		while (i < MEMBERS && !yyjson_equals_str(key, names[i]))
			i++;
		if (i < MEMBERS)
			found[i] = yyjson_is_null(v) ? NULL : v;
		else if (!yyjson_is_null(v) && !is_told(key))
			prompt_add_extra(p, json_val_str(key), v);
	}
}

static void add_input(struct prompt *p, yyjson_val *v, struct slice task)
{
	struct prompt_input *in = prompt_add_input(p);

	in->text = json_val_str(v);
	in->tokens = yyjson_is_arr(v) ? v : NULL;
	in->task = task;
}

static void add_inputs(struct prompt *p, yyjson_val *input, struct slice task)
{
	size_t i, n;
	yyjson_val *v;

	if (!yyjson_is_arr(input) || yyjson_is_num(yyjson_arr_get_first(input))) {
		add_input(p, input, task);
		return;
	}
	yyjson_arr_foreach(input, i, n, v)
		add_input(p, v, task);
}

static bool take_dimensions(struct openai_field *f, yyjson_val *v, const char *name)
{
	bool good = v == NULL || (openai_field_whole(v, &f->prompt->dimensions) && f->prompt->dimensions > 0);
	return good || openai_field_refuse(f, name, "must be a whole number above 0");
}

static bool take_format(struct openai_field *f, yyjson_val *v)
{
	struct slice word = json_val_str(v);

	f->prompt->base64 = slice_eq(word, SLICE("base64"));
	return v == NULL || f->prompt->base64 || slice_eq(word, SLICE("float"))
		|| openai_field_refuse(f, names[FORMAT], "must be float or base64");
}

static bool take_str(struct openai_field *f, yyjson_val *v, const char *name, struct slice *out)
{
	*out = json_val_str(v);
	return v == NULL || yyjson_is_str(v) || openai_field_refuse(f, name, "must be a string");
}

enum err embeddings_read(struct arena *a, const struct request *r, struct prompt *out, struct fault *out_fault)
{
	struct openai_field f = { .arena = a, .fault = out_fault, .prompt = out };
	yyjson_val *found[MEMBERS] = { NULL };
	struct slice task;

	find_members(out, yyjson_doc_get_root(r->doc), found);
	bool ok = take_dimensions(&f, found[OUTPUT_DIMENSION], names[OUTPUT_DIMENSION])
		&& take_dimensions(&f, found[DIMENSIONS], names[DIMENSIONS]) && take_format(&f, found[FORMAT])
		&& take_str(&f, found[USER], names[USER], &out->user)
		&& take_str(&f, found[TASK], names[TASK], &task);
	if (!ok)
		return out_fault->err;
	add_inputs(out, found[INPUT], task);
	prompt_tidy(out);
	return ERR_OK;
}

#include "codec/safetensors.h"

static const struct {
	const char *name;
	uint64_t bytes;
} types[] = {
	[SAFETENSORS_OTHER] = { "", 0 },
#define SAFETENSORS(name, bytes) [SAFETENSORS_##name] = { #name, bytes },
#include "codec/safetensors.def"
#undef SAFETENSORS
};

static uint64_t little_endian_64(const char *p)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

bool safetensors_open(struct safetensors *s, struct arena *a, struct slice file, const char **out_why)
{
	yyjson_doc *doc;

	*out_why = "it is not a safetensors file: its head is cut off, or longer than 1 MB";
	if (file.n < 8)
		return false;
	const uint64_t n = little_endian_64(file.p);
	if (n > SAFETENSORS_HEAD_MAX || n > file.n - 8)
		return false;
	*out_why = "it is not a safetensors file: its head is no JSON object";
	if (json_parse(a, slice_of(file.p + 8, n), &doc, NULL) != ERR_OK)
		return false;
	if (!yyjson_is_obj(yyjson_doc_get_root(doc)))
		return false;
	*s = (struct safetensors){ .head = yyjson_doc_get_root(doc), .data = slice_skip(file, 8 + n) };
	*out_why = NULL;
	return true;
}

static enum safetensors_type type_of(struct slice name)
{
	for (size_t i = 1; i < COUNT_OF(types); i++)
		if (slice_eq(name, slice_str(types[i].name)))
			return (enum safetensors_type)i;
	return SAFETENSORS_OTHER;
}

/* The bytes that type and shape ask for; false when that is no number. */
static bool read_shape(yyjson_val *shape, struct safetensors_tensor *t, uint64_t *out_bytes)
{
	size_t i, n;
	yyjson_val *v;

	if (shape == NULL || yyjson_arr_size(shape) > SAFETENSORS_RANK_MAX)
		return false;
	*out_bytes = types[t->type].bytes;
	yyjson_arr_foreach(shape, i, n, v) {
		if (!yyjson_is_uint(v) || __builtin_mul_overflow(*out_bytes, yyjson_get_uint(v), out_bytes))
			return false;
		t->shape[t->rank++] = yyjson_get_uint(v);
	}
	return true;
}

static const char *read_tensor(const struct safetensors *s, yyjson_val *row, struct safetensors_tensor *t)
{
	yyjson_val *at = json_arr(row, "data_offsets");
	uint64_t bytes;

	t->type = type_of(json_str(row, "dtype"));
	if (t->type == SAFETENSORS_OTHER)
		return "a tensor has a type other than F64, F32, F16, I64, I32 and I8";
	if (!read_shape(json_arr(row, "shape"), t, &bytes))
		return "a tensor has no shape, or one of more than 4 dimensions or too large";
	yyjson_val *from = yyjson_arr_get(at, 0), *to = yyjson_arr_get(at, 1);
	if (yyjson_arr_size(at) != 2 || !yyjson_is_uint(from) || !yyjson_is_uint(to))
		return "a tensor has no data_offsets";
	const uint64_t begin = yyjson_get_uint(from), end = yyjson_get_uint(to);
	if (begin > end || end > s->data.n)
		return "a tensor lies outside the file: is the file cut off?";
	if (end - begin != bytes)
		return "a tensor's bytes are not as many as its shape says";
	t->data = slice_of(s->data.p + begin, bytes);
	return NULL;
}

bool safetensors_find(const struct safetensors *s, const char *name, struct safetensors_tensor *out,
	const char **out_why)
{
	struct safetensors_tensor t = { .rank = 0 };
	yyjson_val *row = yyjson_obj_get(s->head, name);

	*out_why = NULL;
	if (row == NULL)
		return false;
	*out_why = read_tensor(s, row, &t);
	if (*out_why)
		return false;
	*out = t;
	return true;
}

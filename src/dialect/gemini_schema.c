#include "dialect/gemini_schema.h"

#include "dialect/gemini_field.h"

#define TEXT_MAX ((size_t)16 << 20)	/* bytes of a schema read: bodies are smaller */

static void read_node(struct json_out *w, yyjson_val *v);

/* How the value of a keyword is read. */
enum keyword { KEYWORD_COPY, KEYWORD_GONE, KEYWORD_TYPE, KEYWORD_FORMAT, KEYWORD_COUNT, KEYWORD_ENUM, KEYWORD_SCHEMA,
	KEYWORD_LIST, KEYWORD_MAP };

static const struct {
	const char *name;
	enum keyword keyword;
} keywords[] = {
	{ "type", KEYWORD_TYPE }, { "nullable", KEYWORD_GONE }, { "propertyOrdering", KEYWORD_GONE },
	{ "format", KEYWORD_FORMAT }, { "enum", KEYWORD_ENUM }, { "items", KEYWORD_SCHEMA }, { "not", KEYWORD_SCHEMA },
	{ "additionalProperties", KEYWORD_SCHEMA }, { "anyOf", KEYWORD_LIST }, { "oneOf", KEYWORD_LIST },
	{ "allOf", KEYWORD_LIST }, { "prefixItems", KEYWORD_LIST }, { "properties", KEYWORD_MAP }, { "defs",
		KEYWORD_MAP },
	{ "$defs", KEYWORD_MAP }, { "definitions", KEYWORD_MAP }, { "minItems", KEYWORD_COUNT },
	{ "maxItems", KEYWORD_COUNT }, { "minLength", KEYWORD_COUNT }, { "maxLength", KEYWORD_COUNT },
	{ "minProperties", KEYWORD_COUNT }, { "maxProperties", KEYWORD_COUNT },
};

static void read_word(struct json_out *w, struct slice word)
{
	char text[32];

	slice_copy(word, text, sizeof(text));
	for (char *c = text; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	json_out_str(w, slice_str(text));
}

static void read_type(struct json_out *w, yyjson_val *v, bool nullable)
{
	yyjson_val *one;
	size_t at = 0;

	if (yyjson_is_str(v) && slice_case_eq(json_val_str(v), SLICE("TYPE_UNSPECIFIED")))
		return;
	json_out_key(w, "type");
	if (!nullable && yyjson_is_str(v)) {
		read_word(w, json_val_str(v));
		return;
	}
	json_out_arr(w);
	while ((one = gemini_field_next(v, &at)) != NULL)
		read_word(w, json_val_str(one));
	if (nullable)
		json_out_str(w, SLICE("null"));
	json_out_arr_end(w);
}

/* A null must be among the values where it is allowed. */
static void read_enum(struct json_out *w, yyjson_val *v, bool nullable)
{
	yyjson_val *one;
	size_t at = 0;

	json_out_key(w, "enum");
	json_out_arr(w);
	while ((one = gemini_field_next(v, &at)) != NULL)
		json_out_val(w, one);
	if (nullable)
		json_out_null(w);
	json_out_arr_end(w);
}

static void read_list(struct json_out *w, const char *name, yyjson_val *v, bool or_null)
{
	yyjson_val *one;
	size_t at = 0;

	json_out_key(w, name);
	json_out_arr(w);
	while ((one = gemini_field_next(v, &at)) != NULL)
		read_node(w, one);
	if (or_null)
		json_out_raw(w, SLICE("{\"type\":\"null\"}"));
	json_out_arr_end(w);
}

static void read_map(struct json_out *w, const char *name, yyjson_val *map)
{
	yyjson_val *key, *v;
	size_t i, n;

	json_out_key(w, name);
	json_out_obj(w);
	yyjson_obj_foreach(map, i, n, key, v) {
		json_out_key_slice(w, json_val_str(key));
		read_node(w, v);
	}
	json_out_obj_end(w);
}

/* Formats that only say how Google stores a number are no formats of JSON Schema. */
static bool is_storage(struct slice format)
{
	static const char *const words[] = { "enum", "int32", "int64", "float", "double" };

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (slice_eq(format, slice_str(words[i])))
			return true;
	return false;
}

static void read_count(struct json_out *w, const char *name, yyjson_val *v)
{
	int64_t n;
	if (gemini_field_to_int(v, &n))
		json_out_key_int(w, name, n);
}

static void read_keyword(struct json_out *w, yyjson_val *node, struct slice key, yyjson_val *v)
{
	bool nullable = gemini_field_true(node, "nullable");
	enum keyword keyword = KEYWORD_COPY;
	const char *name = NULL;

	for (size_t i = 0; i < COUNT_OF(keywords) && name == NULL; i++)
		if (gemini_field_is(key, keywords[i].name)) {
			name = keywords[i].name;
			keyword = keywords[i].keyword;
		}
	switch (keyword) {
	case KEYWORD_GONE:
		return;
	case KEYWORD_TYPE:
		read_type(w, v, nullable);
		return;
	case KEYWORD_ENUM:
		read_enum(w, v, nullable);
		return;
	case KEYWORD_COUNT:
		read_count(w, name, v);
		return;
	case KEYWORD_SCHEMA:
		json_out_key(w, name);
		read_node(w, v);
		return;
	case KEYWORD_LIST:
		read_list(w, name, v, nullable && strcmp(name, "anyOf") == 0 && yyjson_obj_get(node, "type") == NULL);
		return;
	case KEYWORD_MAP:
		read_map(w, name, v);
		return;
	case KEYWORD_FORMAT:
		if (is_storage(json_val_str(v)))
			return;
		break;
	case KEYWORD_COPY:
		break;
	}
	json_out_key_slice(w, key);
	json_out_val(w, v);
}

/* Recursion is bounded by the parser's depth limit. */
static void read_node(struct json_out *w, yyjson_val *v)
{
	yyjson_val *key, *member;
	size_t i, n;

	if (!yyjson_is_obj(v)) {
		json_out_val(w, v);
		return;
	}
	json_out_obj(w);
	yyjson_obj_foreach(v, i, n, key, member)
		if (!yyjson_is_null(member))
			read_keyword(w, v, json_val_str(key), member);
	json_out_obj_end(w);
}

yyjson_val *gemini_schema_read(struct arena *a, yyjson_val *schema)
{
	yyjson_doc *doc = NULL;
	struct buf b;

	buf_init(&b, TEXT_MAX);
	struct json_out w = json_out_to(&b);
	read_node(&w, schema);
	bool ok = json_out_ok(&w) && json_parse(a, buf_slice(&b), &doc, NULL) == ERR_OK;
	buf_done(&b);
	return ok ? yyjson_doc_get_root(doc) : NULL;
}

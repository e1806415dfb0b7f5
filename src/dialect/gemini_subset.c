/* A node is read first, whatever it is made of ($ref, allOf), and written then: the subset has one place for each
 * thing. */
#include "dialect/gemini_subset.h"

#include "dialect/gemini_field.h"

enum {
	DEPTH_MAX = 24,		/* levels; Google's own limit is lower */
	NODES_MAX = 5000,	/* after references are put in their place: they can multiply */
};

/* References that were followed to come here. */
struct chain {
	const struct chain *before;
	yyjson_val *target;
};

struct child {
	struct child *next;
	struct slice key;	/* of a property */
	yyjson_val *schema;
	const struct chain *chain;
};

struct children {
	struct child *first, **end;
};

/* Keywords that stay as they are. */
static const char *const kept[] = { "title", "description", "minItems", "maxItems", "minProperties", "maxProperties",
	"minimum", "maximum", "minLength", "maxLength", "pattern", "default", "example" };

struct node {
	struct slice type;	/* the first that is not "null" */
	yyjson_val *types;	/* a list that has two or more others */
	bool nullable;
	yyjson_val *kept[COUNT_OF(kept)], *format, *enums, *constant;
	struct children properties, required, items, variants;
};

struct writer {
	struct json_out *w;
	struct arena *a;
	yyjson_val *root;
	unsigned nodes;
	bool lossy;
};

/* --- reading a node ------------------------------------------------------------------------------------- */

static void look_at(struct writer *x, struct node *n, yyjson_val *schema, const struct chain *chain, int depth);

static void add_child(struct writer *x, struct children *to, struct slice key, yyjson_val *schema,
	const struct chain *chain)
{
	if (x->nodes == NODES_MAX) {
		x->lossy = true;
		return;
	}
	x->nodes++;
	struct child *c = ARENA_NEW(x->a, struct child);
	*c = (struct child){ .key = key, .schema = schema, .chain = chain };
	if (to->first == NULL)
		to->end = &to->first;
	*to->end = c;
	to->end = &c->next;
}

static void add_list(struct writer *x, struct children *to, yyjson_val *list, const struct chain *chain)
{
	yyjson_val *v;
	size_t at = 0;

	while (x->nodes < NODES_MAX && (v = gemini_field_next(list, &at)) != NULL)
		add_child(x, to, json_val_str(v), v, chain);
}

static void add_map(struct writer *x, struct children *to, yyjson_val *map, const struct chain *chain)
{
	yyjson_val *key, *v;
	size_t i, size;

	yyjson_obj_foreach(map, i, size, key, v)
		add_child(x, to, json_val_str(key), v, chain);
}

static void follow(struct writer *x, struct node *n, struct slice ref, const struct chain *chain, int depth)
{
	yyjson_val *target = NULL;

	if (ref.n && ref.p[0] == '#')
		target = ref.n == 1 ? x->root : yyjson_ptr_getn(x->root, ref.p + 1, ref.n - 1);
	for (const struct chain *c = chain; c && target; c = c->before)
		if (c->target == target)
			target = NULL;		/* it holds itself */
	if (target == NULL) {
		x->lossy = true;
		return;
	}
	struct chain *link = ARENA_NEW(x->a, struct chain);
	*link = (struct chain){ chain, target };
	look_at(x, n, target, link, depth + 1);
}

static void look_at_type(struct node *n, yyjson_val *v)
{
	yyjson_val *one;
	size_t at = 0, others = 0;

	while ((one = gemini_field_next(v, &at)) != NULL) {
		if (slice_case_eq(json_val_str(one), SLICE("null"))) {
			n->nullable = true;
			continue;
		}
		if (others++ == 0 && n->type.n == 0)
			n->type = json_val_str(one);
	}
	if (others > 1)
		n->types = v;
}

/* Says something about values that the subset cannot say. */
static bool is_missed(struct slice key)
{
	static const char *const words[] = { "not", "if", "patternProperties", "dependentSchemas", "dependentRequired",
		"propertyNames", "contains", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "uniqueItems" };

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (slice_eq(key, slice_str(words[i])))
			return true;
	return false;
}

/* What stands nearer counts: a node's own words before those of what it refers to are merged in any order, so the first
 * one stays. */
static void keep(struct writer *x, struct node *n, struct slice key, yyjson_val *v)
{
	for (size_t i = 0; i < COUNT_OF(kept); i++)
		if (slice_eq(key, slice_str(kept[i]))) {
			n->kept[i] = n->kept[i] ? n->kept[i] : v;
			return;
		}
	x->lossy |= is_missed(key);
}

static void look_at_member(struct writer *x, struct node *n, struct slice key, yyjson_val *v, const struct chain *chain,
	int depth)
{
	yyjson_val *one;
	size_t at = 0;

	if (slice_eq(key, SLICE("$ref")))
		follow(x, n, json_val_str(v), chain, depth);
	else if (slice_eq(key, SLICE("allOf")))
		while ((one = gemini_field_next(v, &at)) != NULL)
			look_at(x, n, one, chain, depth + 1);
	else if (slice_eq(key, SLICE("type")))
		look_at_type(n, v);
	else if (slice_eq(key, SLICE("nullable")))
		n->nullable |= yyjson_is_true(v);
	else if (slice_eq(key, SLICE("enum")))
		n->enums = n->enums ? n->enums : v;
	else if (slice_eq(key, SLICE("const")))
		n->constant = v;
	else if (slice_eq(key, SLICE("format")))
		n->format = v;
	else if (slice_eq(key, SLICE("properties")))
		add_map(x, &n->properties, v, chain);
	else if (slice_eq(key, SLICE("required")))
		add_list(x, &n->required, v, chain);
	else if (slice_eq(key, SLICE("items")) || slice_eq(key, SLICE("prefixItems")))
		add_list(x, &n->items, v, chain);
	else if (slice_eq(key, SLICE("anyOf")) || slice_eq(key, SLICE("oneOf")))
		add_list(x, &n->variants, v, chain);
	else
		keep(x, n, key, v);
}

static void look_at(struct writer *x, struct node *n, yyjson_val *schema, const struct chain *chain, int depth)
{
	yyjson_val *key, *v;
	size_t i, size;

	if (depth > DEPTH_MAX || x->nodes == NODES_MAX) {
		x->lossy = true;
		return;
	}
	x->nodes++;
	yyjson_obj_foreach(schema, i, size, key, v)
		look_at_member(x, n, json_val_str(key), v, chain, depth);
}

/* A variant {"type":"null"} is nullable; what is left alone is the node itself. */
static void settle_variants(struct writer *x, struct node *n, int depth)
{
	struct children some = { NULL, NULL };
	size_t left = 0;

	for (struct child *c = n->variants.first; c; c = c->next) {
		if (slice_eq(json_str(c->schema, "type"), SLICE("null"))) {
			n->nullable = true;
			continue;
		}
		add_child(x, &some, SLICE_EMPTY, c->schema, c->chain);
		left++;
	}
	n->variants = some;
	if (left == 1 && some.first) {
		n->variants.first = NULL;
		look_at(x, n, some.first->schema, some.first->chain, depth + 1);
	}
}

/* --- writing a node ------------------------------------------------------------------------------------- */

static void put_node(struct writer *x, const struct child *from, int depth, bool nullable);

static struct slice type_of(const struct node *n)
{
	yyjson_val *value = n->constant ? n->constant : yyjson_is_arr(n->enums) ? yyjson_arr_get_first(n->enums) : NULL;

	if (n->type.n)
		return n->type;
	if (n->properties.first)
		return SLICE("object");
	if (n->items.first)
		return SLICE("array");
	if (yyjson_is_bool(value))
		return SLICE("boolean");
	if (yyjson_is_num(value))
		return yyjson_is_int(value) ? SLICE("integer") : SLICE("number");
	return SLICE("string");		/* the subset wants a type, and text can say anything */
}

static void put_type(struct json_out *w, struct slice type)
{
	char text[32];

	slice_copy(type, text, sizeof(text));
	for (char *c = text; *c; c++)
		if (*c >= 'a' && *c <= 'z')
			*c = (char)(*c & ~0x20);
	json_out_key_str(w, "type", slice_str(text));
}

static void put_list(struct writer *x, const char *name, const struct children *list, int depth, bool nullable)
{
	json_out_key(x->w, name);
	json_out_arr(x->w);
	for (const struct child *c = list->first; c; c = c->next)
		put_node(x, c, depth + 1, nullable);
	json_out_arr_end(x->w);
}

/* anyOf must stand alone. */
static void put_variants(struct writer *x, const struct node *n, int depth, bool nullable)
{
	yyjson_val *one;
	size_t at = 0;

	if (n->variants.first) {
		put_list(x, "anyOf", &n->variants, depth, nullable);
		return;
	}
	json_out_key(x->w, "anyOf");
	json_out_arr(x->w);
	while ((one = gemini_field_next(n->types, &at)) != NULL) {
		if (slice_case_eq(json_val_str(one), SLICE("null")))
			continue;
		json_out_obj(x->w);
		put_type(x->w, json_val_str(one));
		if (nullable)
			json_out_key_bool(x->w, "nullable", true);
		json_out_obj_end(x->w);
	}
	json_out_arr_end(x->w);
}

/* Formats that the subset knows, by type. */
static bool is_format(struct slice type, struct slice format)
{
	static const char *const of_text[] = { "enum", "date-time" };
	static const char *const of_numbers[] = { "int32", "int64", "float", "double" };
	bool is_text = slice_case_eq(type, SLICE("string"));

	for (size_t i = 0; i < (is_text ? COUNT_OF(of_text) : COUNT_OF(of_numbers)); i++)
		if (slice_eq(format, slice_str(is_text ? of_text[i] : of_numbers[i])))
			return true;
	return false;
}

/* Only texts can be listed. */
static void put_enum(struct writer *x, const struct node *n, struct slice type)
{
	yyjson_val *list = n->constant ? n->constant : n->enums, *one;
	bool are_texts = slice_case_eq(type, SLICE("string"));
	size_t at = 0;

	if (list == NULL)
		return;
	while ((one = gemini_field_next(list, &at)) != NULL)
		are_texts &= yyjson_is_str(one) || yyjson_is_null(one);
	if (!are_texts) {
		x->lossy = true;
		return;
	}
	json_out_key(x->w, "enum");
	json_out_arr(x->w);
	for (at = 0; (one = gemini_field_next(list, &at)) != NULL;)
		if (yyjson_get_len(one))	/* Google refuses an empty one, as null */
			json_out_val(x->w, one);
	json_out_arr_end(x->w);
}

static bool has_property(const struct node *n, struct slice name)
{
	for (const struct child *c = n->properties.first; c; c = c->next)
		if (slice_eq(c->key, name))
			return true;
	return false;
}

static bool is_first(const struct children *of, const struct child *this)
{
	for (const struct child *c = of->first; c != this; c = c->next)
		if (slice_eq(c->key, this->key))
			return false;
	return true;
}

static void put_properties(struct writer *x, const struct node *n, int depth)
{
	if (n->properties.first == NULL)
		return;
	json_out_key(x->w, "properties");
	json_out_obj(x->w);
	for (const struct child *c = n->properties.first; c; c = c->next)
		if (is_first(&n->properties, c)) {
			json_out_key_slice(x->w, c->key);
			put_node(x, c, depth + 1, false);
		}
	json_out_obj_end(x->w);
	if (n->required.first == NULL)
		return;
	json_out_key(x->w, "required");
	json_out_arr(x->w);
	for (const struct child *c = n->required.first; c; c = c->next)
		if (has_property(n, c->key) && is_first(&n->required, c))
			json_out_str(x->w, c->key);
	json_out_arr_end(x->w);
}

/* An array must say of what; a tuple is an array of any of its kinds. */
static void put_items(struct writer *x, const struct node *n, int depth)
{
	json_out_key(x->w, "items");
	if (n->items.first && n->items.first->next == NULL) {
		put_node(x, n->items.first, depth + 1, false);
		return;
	}
	json_out_obj(x->w);
	if (n->items.first)
		put_list(x, "anyOf", &n->items, depth + 1, false);
	else
		put_type(x->w, SLICE("string"));
	json_out_obj_end(x->w);
}

static void put_words(struct writer *x, const struct node *n, struct slice type)
{
	for (size_t i = 0; i < COUNT_OF(kept); i++)
		if (n->kept[i])
			json_out_key_val(x->w, kept[i], n->kept[i]);
	if (is_format(type, json_val_str(n->format)))
		json_out_key_val(x->w, "format", n->format);
}

static void put_node(struct writer *x, const struct child *from, int depth, bool nullable)
{
	struct node n = { .type = SLICE_EMPTY };

	look_at(x, &n, from->schema, from->chain, depth);
	settle_variants(x, &n, depth);
	if (n.properties.first && n.variants.first) {
		n.variants.first = NULL;	/* not both; the properties say more */
		x->lossy = true;
	}
	nullable |= n.nullable;
	json_out_obj(x->w);
	if (n.variants.first || n.types) {
		put_variants(x, &n, depth, nullable);
	} else {
		struct slice type = type_of(&n);
		put_type(x->w, type);
		if (nullable)
			json_out_key_bool(x->w, "nullable", true);
		put_words(x, &n, type);
		put_enum(x, &n, type);
		if (slice_case_eq(type, SLICE("object")))
			put_properties(x, &n, depth);
		if (slice_case_eq(type, SLICE("array")))
			put_items(x, &n, depth);
	}
	json_out_obj_end(x->w);
}

void gemini_subset_put(struct json_out *w, struct arena *a, yyjson_val *schema, bool *lossy)
{
	struct writer x = { .w = w, .a = a, .root = schema };
	const struct child top = { .schema = schema };

	put_node(&x, &top, 0, false);
	*lossy |= x.lossy;
}

bool gemini_subset_is_empty(yyjson_val *schema)
{
	static const char *const content[] = { "properties", "$ref", "allOf", "anyOf", "oneOf" };

	for (size_t i = 0; i < COUNT_OF(content); i++)
		if (yyjson_get_len(yyjson_obj_get(schema, content[i])))
			return false;
	return true;
}

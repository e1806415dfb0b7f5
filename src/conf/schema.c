#include "conf/schema.h"

#include "conf/value.h"

/* A text with a reference in it; what it stands for is checked when the file is read. */
#define REFERENCE "{\"type\":\"string\",\"pattern\":\"\\\\$\\\\{\"}"

static void add_text(struct buf *out, const char *key, struct slice text)
{
	buf_addf(out, "\"%s\":\"", key);
	buf_add_json(out, text);
	buf_add_char(out, '"');
}

static void add_ref(struct buf *out, const struct section *of)
{
	buf_addf(out, "{\"$ref\":\"#/definitions/");
	buf_add_json(out, slice_str(of->name));
	buf_addf(out, "\"}");
}

/* A number in JSON: whole, or thousandths for ratios.  A default of 0 outside the range means "off" and is allowed. */
static void add_number(struct buf *out, const struct row *r)
{
	bool off = r->dflt && slice_eq(slice_str(r->dflt), SLICE("0"));

	if (off)
		buf_addf(out, "{\"const\":0},");
	if (r->kind == ROW_INT)
		buf_addf(out, "{\"type\":\"integer\",\"minimum\":%lld,\"maximum\":%lld}", (long long)r->min,
			(long long)r->max);
	else if (r->kind == ROW_RATIO)
		buf_addf(out, "{\"type\":\"number\",\"minimum\":%g,\"maximum\":%g}", (double)r->min / 1000,
			(double)r->max / 1000);
	else if (r->kind == ROW_MS)
		buf_addf(out, "{\"const\":0},{\"type\":\"string\","
			"\"pattern\":\"^[0-9]+([.][0-9]{1,3})? ?(ms|s|m|h|d)$\"}");
	else
		buf_addf(out, "{\"type\":\"integer\",\"minimum\":%llu},{\"type\":\"string\","
			"\"pattern\":\"^[0-9]+([.][0-9]{1,3})? ?(B|[KMG]i?B)$\"}", (unsigned long long)r->min);
}

static void add_names(struct buf *out, const struct row *r)
{
	struct slice rest = slice_str(r->names), name;

	buf_addf(out, "{\"enum\":[");
	for (size_t i = 0; slice_next(&rest, '|', &name); i++) {
		buf_addf(out, "%s\"", i ? "," : "");
		buf_add_json(out, name);
		buf_add_char(out, '"');
	}
	buf_addf(out, "]}");
}

/* Opens an object that limits the number of things.  Empty is allowed where it is the default. */
static void add_bounds(struct buf *out, const struct row *r, const char *type, const char *things)
{
	bool may_be_empty = r->dflt && r->dflt[0] == '\0';

	buf_addf(out, "{\"type\":\"%s\",\"min%s\":%llu,\"max%s\":%llu", type, things,
		may_be_empty ? 0 : (unsigned long long)r->min, things, (unsigned long long)r->max);
}

/* The alternatives for the row's value, without commas around. */
static void add_kind(struct buf *out, const struct row *r)
{
	switch (r->kind) {
	case ROW_BOOL: buf_addf(out, "{\"type\":\"boolean\"}," REFERENCE); return;
	case ROW_INT:
	case ROW_RATIO:
	case ROW_MS:
	case ROW_BYTES:
		add_number(out, r);
		buf_addf(out, "," REFERENCE);
		return;
	case ROW_STR:
	case ROW_SECRET: buf_addf(out, "{\"type\":[\"string\",\"number\",\"boolean\"]}"); return;
	case ROW_ENUM:
		add_names(out, r);
		buf_addf(out, "," REFERENCE);
		return;
	case ROW_STR_LIST:
		add_bounds(out, r, "array", "Items");
		buf_addf(out, ",\"items\":{\"type\":[\"string\",\"number\",\"boolean\"]}}");
		return;
	case ROW_SECTION: add_ref(out, r->of); return;
	case ROW_MAP:
		add_bounds(out, r, "object", "Properties");
		buf_addf(out, ",\"additionalProperties\":");
		add_ref(out, r->of);
		buf_add_char(out, '}');
		return;
	case ROW_LIST:
		add_bounds(out, r, "array", "Items");
		buf_addf(out, ",\"items\":");
		add_ref(out, r->of);
		buf_add_char(out, '}');
		return;
	}
	must_never("a row of no kind");
}

/* Editors insert it, so it has the type that they then check. */
static void add_default(struct buf *out, const struct row *r)
{
	if (r->kind == ROW_BOOL || r->kind == ROW_INT || r->kind == ROW_RATIO) {
		buf_addf(out, ",\"default\":%s", r->dflt);
	} else if (r->dflt[0] && r->kind != ROW_STR_LIST) {
		buf_add_char(out, ',');
		add_text(out, "default", slice_str(r->dflt));
	}
}

static void add_row(struct buf *out, const struct row *r)
{
	buf_add_char(out, '"');
	buf_add_json(out, slice_str(r->name));
	buf_addf(out, "\":{");
	add_text(out, "description", slice_str(r->help));
	if (r->dflt)
		add_default(out, r);
	buf_addf(out, ",\"anyOf\":[");
	add_kind(out, r);
	/* `key:` with nothing behind it is the same as no key. */
	buf_addf(out, "%s]}", r->dflt ? ",{\"type\":\"null\"}" : "");
}

static void add_required(struct buf *out, const struct section *of)
{
	bool any = false;

	for (size_t i = 0; i < of->n_rows; i++) {
		if (of->rows[i].dflt)
			continue;
		buf_addf(out, any ? ",\"" : ",\"required\":[\"");
		buf_add_json(out, slice_str(of->rows[i].name));
		buf_add_char(out, '"');
		any = true;
	}
	if (any)
		buf_add_char(out, ']');
}

/* The members of a schema object for the section's mapping, without the braces. */
static void add_mapping(struct buf *out, const struct section *of)
{
	buf_addf(out, "\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
	for (size_t i = 0; i < of->n_rows; i++) {
		if (i)
			buf_add_char(out, ',');
		add_row(out, &of->rows[i]);
	}
	buf_add_char(out, '}');
	add_required(out, of);
}

static void add_section(struct buf *out, const struct section *of)
{
	const struct row *scalar = row_scalar(of);
	bool may_be_null = true;

	for (size_t i = 0; i < of->n_rows; i++)
		may_be_null = may_be_null && of->rows[i].dflt != NULL;
	buf_addf(out, "{\"anyOf\":[{");
	add_mapping(out, of);
	buf_add_char(out, '}');
	if (scalar) {
		buf_add_char(out, ',');
		add_kind(out, scalar);
	}
	buf_addf(out, "%s]}", may_be_null ? ",{\"type\":\"null\"}" : "");
}

void schema_rows(const struct section *root, struct buf *out)
{
	struct row_site sites[ROW_SECTIONS_MAX];
	size_t n = row_sites(root, sites);

	buf_addf(out, "{\"$schema\":\"http://json-schema.org/draft-07/schema#\",");
	add_mapping(out, root);
	buf_addf(out, ",\"definitions\":{");
	for (size_t i = 1; i < n; i++) {
		buf_addf(out, "%s\"", i > 1 ? "," : "");
		buf_add_json(out, slice_str(sites[i].of->name));
		buf_addf(out, "\":");
		add_section(out, sites[i].of);
	}
	buf_addf(out, "}}\n");
}

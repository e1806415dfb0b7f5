#include "conf/value.h"

#include <stdio.h>

#include "base/nearest.h"
#include "base/span.h"
#include "base/utf8.h"

#define SAMPLE_MAX 40u
/* A ratio keeps its digits exactly in a double, and prints them again: 9 + 6 of the 15 that a double always holds. */
#define RATIO_WHOLE_MAX 999999999u
#define RATIO_DIGITS 6u

static bool parse_bool(struct slice s, bool *out)
{
	*out = slice_eq(s, SLICE("true"));
	return *out || slice_eq(s, SLICE("false"));
}

static bool parse_int(struct slice s, int64_t *out)
{
	bool minus = slice_starts(s, SLICE("-"));
	uint64_t v, most = (uint64_t)INT64_MAX + minus;

	if (!slice_u64(slice_skip(s, minus), &v) || v > most)
		return false;
	*out = minus ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

/* In millionths, so the range check is exact: 0.29 * 1000 is not 290 in a double. */
static bool parse_millionths(struct slice s, uint64_t *out)
{
	size_t dot = slice_find(s, '.');
	struct slice frac = slice_skip(s, dot + 1);
	uint64_t whole, part = 0;

	if (!slice_u64(slice_of(s.p, dot), &whole) || whole > RATIO_WHOLE_MAX)
		return false;
	if (dot < s.n && (frac.n > RATIO_DIGITS || !slice_u64(frac, &part)))
		return false;
	for (size_t i = frac.n; i < RATIO_DIGITS; i++)
		part *= 10;
	*out = whole * 1000000 + part;
	return true;
}

union number { bool b; int64_t i; uint64_t u; };

/* The numeric kinds, RATIO in millionths. */
static bool parse_number(enum row_kind kind, struct slice s, union number *out)
{
	if (kind == ROW_INT)
		return parse_int(s, &out->i);
	if (kind == ROW_RATIO)
		return parse_millionths(s, &out->u);
	return kind == ROW_MS ? span_parse_ms(s, &out->u) : span_parse_bytes(s, &out->u);
}

static bool in_range(const struct row *r, union number v)
{
	if (r->kind == ROW_INT)
		return v.i >= (int64_t)r->min && v.i <= (int64_t)r->max;
	uint64_t one = r->kind == ROW_RATIO ? 1000 : 1;
	return (unsigned __int128)v.u >= (unsigned __int128)r->min * one &&
	       (unsigned __int128)v.u <= (unsigned __int128)r->max * one;
}

/* A default of 0 below `min` stands for "off" and may be written too. */
static bool zero_is_off(const struct row *r)
{
	return r->kind >= ROW_INT && r->kind <= ROW_BYTES && r->dflt && slice_eq(slice_str(r->dflt), SLICE("0")) &&
	       !in_range(r, (union number){ .u = 0 });
}

static const char *print_limit(const struct row *r, uint64_t v, char *out, size_t cap)
{
	if (r->kind == ROW_MS)
		return span_print_ms(v, out, cap);
	if (r->kind == ROW_BYTES)
		return span_print_bytes(v, out, cap);
	if (r->kind == ROW_RATIO)
		snprintf(out, cap, "%g", (double)v / 1000);
	else if (r->kind == ROW_INT)
		snprintf(out, cap, "%lld", (long long)v);
	else
		snprintf(out, cap, "%llu", (unsigned long long)v);
	return out;
}

/* What the bounds count; NULL for kinds without bounds. */
static const char *range_unit(const struct row *r)
{
	switch (r->kind) {
	case ROW_INT:
	case ROW_RATIO:
	case ROW_MS:
	case ROW_BYTES: return "";
	case ROW_STR: return " bytes";
	case ROW_STR_LIST:
	case ROW_MAP:
	case ROW_LIST: return " items";
	case ROW_BOOL:
	case ROW_ENUM:
	case ROW_SECRET:
	case ROW_SECTION: return NULL;
	}
	must_never("a row of no kind");
}

const char *value_range(const struct row *r, char *out, size_t cap)
{
	const char *unit = range_unit(r), *off = zero_is_off(r) ? "0 or " : "";
	bool low = r->kind == ROW_INT ? (int64_t)r->min > INT64_MIN : r->min > 0 || r->kind < ROW_MS;
	bool high = r->kind == ROW_INT ? (int64_t)r->max < INT64_MAX : r->max < UINT64_MAX;
	char least[32], most[32];

	out[0] = '\0';
	if (unit == NULL)
		return out;
	print_limit(r, r->min, least, sizeof(least));
	print_limit(r, r->max, most, sizeof(most));
	if (low && high)
		snprintf(out, cap, "%sfrom %s to %s%s", off, least, most, unit);
	else if (low)
		snprintf(out, cap, "%sat least %s%s", off, least, unit);
	else if (high)
		snprintf(out, cap, "at most %s%s", most, unit);
	return out;
}

static struct slice list_names(struct arena *a, const struct row *r)
{
	struct slice all = arena_copy(a, slice_of(r->names, 0)), name, rest = slice_str(r->names);

	while (slice_next(&rest, '|', &name))
		all = arena_printf(a, "%.*s%s%.*s", SLICE_ARG(all), all.n ? ", " : "", SLICE_ARG(name));
	return all;
}

struct slice value_wants(struct arena *a, const struct row *r)
{
	switch (r->kind) {
	case ROW_BOOL: return SLICE("true or false");
	case ROW_INT: return SLICE("a whole number");
	case ROW_RATIO: return SLICE("a number such as 0.25");
	case ROW_MS: return SLICE("a time such as 250ms or 2s");
	case ROW_BYTES: return SLICE("a size such as 64KiB or 32MiB");
	case ROW_STR: return SLICE("a text");
	case ROW_SECRET: return SLICE("a secret such as ${NAME} or file:/path");
	case ROW_ENUM: return arena_printf(a, "one of %.*s", SLICE_ARG(list_names(a, r)));
	case ROW_STR_LIST: return SLICE("a list of texts such as [a, b]");
	case ROW_SECTION: return SLICE("a mapping of keys to values");
	case ROW_MAP: return SLICE("a mapping of names to what they hold");
	case ROW_LIST: return SLICE("a list, each item after a dash");
	}
	must_never("a row of no kind");
}

struct slice value_sample(struct arena *a, struct slice s)
{
	struct slice cut = utf8_cut(s, SAMPLE_MAX);
	struct slice out = arena_printf(a, "%.*s%s", SLICE_ARG(cut), cut.n < s.n ? "..." : "");
	char *p = (char *)out.p;	/* just made above, so it may be written */

	for (size_t i = 0; i < out.n; i++)
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
			p[i] = '?';
	return out;
}

/* `wants a time such as 250ms or 2s, from 10ms to 10m, not "1h"` */
static bool refuse(struct arena *a, const struct row *r, struct slice text, struct slice shown, struct value_fault *out)
{
	char range[128];
	struct slice wants = value_wants(a, r), sample = value_sample(a, shown);
	const char *comma;

	value_range(r, range, sizeof(range));
	comma = range[0] == '\0' ? "" : r->kind == ROW_INT || r->kind == ROW_STR ? " " : ", ";
	out->nearest = SLICE_EMPTY;
	wants = arena_printf(a, "wants %.*s%s%s", SLICE_ARG(wants), comma, range);
	if (slice_eq(text, shown))
		out->what = arena_printf(a, "%.*s, not \"%.*s\"", SLICE_ARG(wants), SLICE_ARG(sample));
	else
		out->what = arena_printf(a, "%.*s, which is not what \"%.*s\" stands for", SLICE_ARG(wants),
			SLICE_ARG(sample));
	return false;
}

static bool say(struct value_fault *out, struct arena *a, const char *what)
{
	*out = (struct value_fault){ arena_copy(a, slice_str(what)), SLICE_EMPTY };
	return false;
}

const char *value_bad_text(struct slice text)
{
	if (slice_find(text, '\0') < text.n)
		return "holds a zero byte";
	if (!utf8_valid(text))
		return "is not valid UTF-8";
	return text.n > ROW_TEXT_MAX ? "is longer than 64KiB" : NULL;
}

/* A secret goes into a header line: a CR or LF inside would start another one. */
static const char *bad_secret(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
			return "holds a line end or another control character; a secret is one line";
	return text.n > ROW_SECRET_MAX ? "is longer than 64KiB" : NULL;
}

static bool parse_str(struct arena *a, const struct row *r, struct slice text, struct slice *out,
	struct value_fault *fault)
{
	char range[128];
	const char *bad = value_bad_text(text);
	bool is_unset = text.n == 0 && r->dflt && r->dflt[0] == '\0';

	if (bad)
		return say(fault, a, bad);
	if (!is_unset && (text.n < r->min || text.n > r->max)) {
		fault->nearest = SLICE_EMPTY;
		fault->what = text.n == 0 ? arena_printf(a, "must not be empty") :
			arena_printf(a, "wants %s, not %zu", value_range(r, range, sizeof(range)), text.n);
		return false;
	}
	*out = text;
	return true;
}

static bool parse_secret(struct arena *a, const struct row *r, struct slice text, struct secret *out,
	struct value_fault *fault)
{
	const char *bad = bad_secret(text);

	if (bad)
		return say(fault, a, bad);
	if (text.n == 0 && r->dflt == NULL)
		return say(fault, a, "must not be empty");
	out->bytes = text;
	return true;
}

static bool parse_enum(struct arena *a, const struct row *r, struct slice text, struct slice shown, int *out,
	struct value_fault *fault)
{
	int index = row_name_index(r, text);
	struct slice rest = slice_str(r->names), name;
	struct nearest near;

	if (index >= 0 && text.n > 0) {
		*out = index;
		return true;
	}
	refuse(a, r, text, shown, fault);
	nearest_init(&near, text);
	while (slice_eq(text, shown) && slice_next(&rest, '|', &name))
		nearest_offer(&near, name);
	fault->nearest = nearest_name(&near);
	return false;
}

/* The most frequent mistakes get their own sentence. */
static bool refuse_number(struct arena *a, const struct row *r, struct slice text, struct slice shown,
	struct value_fault *fault)
{
	uint64_t v;

	if (r->kind == ROW_MS && slice_eq(text, shown) && slice_u64(text, &v)) {
		fault->nearest = SLICE_EMPTY;
		fault->what = arena_printf(a, "wants a time with its unit: write 250ms or 2s, not %llu",
			(unsigned long long)v);
		return false;
	}
	return refuse(a, r, text, shown, fault);
}

bool value_parse(struct arena *a, const struct row *r, struct slice text, struct slice shown, void *field,
	struct value_fault *out_fault)
{
	union number v = { .u = 0 };

	switch (r->kind) {
	case ROW_BOOL:
		if (!parse_bool(text, &v.b))
			return refuse(a, r, text, shown, out_fault);
		*(bool *)field = v.b;
		return true;
	case ROW_INT:
	case ROW_RATIO:
	case ROW_MS:
	case ROW_BYTES:
		if (!parse_number(r->kind, text, &v) || (!in_range(r, v) && !(v.u == 0 && zero_is_off(r))))
			return refuse_number(a, r, text, shown, out_fault);
		if (r->kind == ROW_INT)
			*(int64_t *)field = v.i;
		else if (r->kind == ROW_RATIO)
			*(double *)field = (double)v.u / 1000000;
		else
			*(uint64_t *)field = v.u;
		return true;
	case ROW_STR: return parse_str(a, r, text, field, out_fault);
	case ROW_SECRET: return parse_secret(a, r, text, field, out_fault);
	case ROW_ENUM: return parse_enum(a, r, text, shown, field, out_fault);
	case ROW_STR_LIST:
	case ROW_SECTION:
	case ROW_MAP:
	case ROW_LIST: break;
	}
	must_never("not a scalar kind");
}

static void print_ratio(double v, struct buf *out)
{
	char text[32];
	size_t n = (size_t)snprintf(text, sizeof(text), "%.6f", v);

	while (n > 0 && text[n - 1] == '0')
		n--;
	if (n > 0 && text[n - 1] == '.')
		n--;
	buf_add(out, slice_of(text, n));
}

void value_print(const struct row *r, const void *field, struct buf *out)
{
	char text[32];

	switch (r->kind) {
	case ROW_BOOL: buf_addf(out, "%s", *(const bool *)field ? "true" : "false"); return;
	case ROW_INT: buf_addf(out, "%lld", (long long)*(const int64_t *)field); return;
	case ROW_RATIO: print_ratio(*(const double *)field, out); return;
	case ROW_MS: buf_addf(out, "%s", span_print_ms(*(const uint64_t *)field, text, sizeof(text))); return;
	case ROW_BYTES: buf_addf(out, "%s", span_print_bytes(*(const uint64_t *)field, text, sizeof(text))); return;
	case ROW_ENUM: buf_add(out, row_name(r, (size_t)*(const int *)field)); return;
	case ROW_STR:
	case ROW_SECRET:
	case ROW_STR_LIST:
	case ROW_SECTION:
	case ROW_MAP:
	case ROW_LIST: break;
	}
	must_never("not a kind with one plain form");
}

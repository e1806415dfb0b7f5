/* A name holds "claude", then family and version in either order: claude-sonnet-4-5-20250929, claude-3-5-sonnet-latest.
 * A number of more than two digits is a date and ends the version. */
#include "dialect/anthropic_models.h"

#include "base/must.h"

enum {
	BUDGET = ANTHROPIC_MODELS_BUDGET, ADAPTIVE = ANTHROPIC_MODELS_ADAPTIVE, BY_ITSELF = ANTHROPIC_MODELS_BY_ITSELF,
	ALWAYS = ANTHROPIC_MODELS_ALWAYS, EFFORT = ANTHROPIC_MODELS_EFFORT, MAX = ANTHROPIC_MODELS_MAX,
	XHIGH = ANTHROPIC_MODELS_XHIGH, FORMAT = ANTHROPIC_MODELS_FORMAT, NO_SAMPLING = ANTHROPIC_MODELS_NO_SAMPLING,
	ONE_SAMPLING = ANTHROPIC_MODELS_ONE_SAMPLING, NO_PREFILL = ANTHROPIC_MODELS_NO_PREFILL,
	NO_FORCED = ANTHROPIC_MODELS_NO_FORCED, FORCED_THINKS = ANTHROPIC_MODELS_FORCED_THINKS,
};

static const struct anthropic_models_row rows[] = {
#define MODEL(name, max_tok, flags) { name, max_tok, flags },
#include "dialect/anthropic_models.def"
#undef MODEL
};

enum {
	NEWEST = 10000,		/* no version: an alias of the newest */
	MAJOR = 100,
};

struct parsed {
	struct slice family;
	unsigned version;	/* MAJOR times major, plus minor */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* The next word or number off the front of *s: letters only or digits only. */
static struct slice next_piece(struct slice *s)
{
	size_t at = 0, from;

	while (at < s->n && !is_digit(s->p[at]) && !is_letter(s->p[at]))
		at++;
	from = at;
	if (at < s->n && is_digit(s->p[at]))
		while (at < s->n && is_digit(s->p[at]))
			at++;
	else
		while (at < s->n && is_letter(s->p[at]))
			at++;
	struct slice piece = slice_of(s->p + from, at - from);
	*s = slice_skip(*s, at);
	return piece;
}

static struct parsed parse(struct slice name)
{
	struct parsed out = { SLICE_EMPTY, NEWEST };
	unsigned numbers = 0;
	bool version_done = false;

	while (name.n) {
		struct slice piece = next_piece(&name);
		uint64_t n;
		if (slice_u64(piece, &n)) {
			version_done |= piece.n > 2 || numbers == 2;
			if (!version_done)
				out.version = numbers++ ? out.version + (unsigned)n : (unsigned)n * MAJOR;
		} else if (piece.n) {
			version_done |= numbers > 0;
			if (out.family.n == 0)
				out.family = piece;
		}
	}
	return out;
}

/* What follows "claude"; p NULL: no such word.  Behind a dash it is not Anthropic's:
 * Qwen3-14B-Claude-4.5-Opus-Distill. */
static struct slice after_claude(struct slice model)
{
	for (size_t i = 0; i + 6 <= model.n; i++)
		if (slice_case_eq(slice_of(model.p + i, 6), SLICE("claude"))
				&& (i == 0 || strchr("./:@", model.p[i - 1])))
			return slice_of(model.p + i + 6, model.n - i - 6);
	return SLICE_EMPTY;
}

static const struct anthropic_models_row *row_named(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	must_never("row of anthropic_models.def");
}

const struct anthropic_models_row *anthropic_models_find(struct slice model)
{
	struct slice rest = after_claude(model);
	const struct anthropic_models_row *oldest = NULL, *best = NULL;

	if (rest.p == NULL)
		return row_named("");
	struct parsed want = parse(rest);
	/* Rows of a family stand in rising order. */
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct parsed row = parse(slice_str(rows[i].name));
		if (!slice_case_eq(row.family, want.family) || want.family.n == 0)
			continue;
		oldest = oldest ? oldest : &rows[i];
		if (row.version <= want.version)
			best = &rows[i];
	}
	return best ? best : oldest ? oldest : row_named("claude");
}

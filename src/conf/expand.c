#include "conf/expand.h"

#define NAME_MAX_BYTES 128u	/* longer names are typing errors: a missing brace */

struct reader {
	struct arena *arena;
	struct slice rest;
	const struct source *from;
	struct slice why;
};

static bool is_name_byte(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (!first && c >= '0' && c <= '9');
}

static size_t name_len(struct slice s)
{
	size_t n = 0;

	while (n < s.n && n < NAME_MAX_BYTES && is_name_byte(s.p[n], n == 0))
		n++;
	return n;
}

bool expand_is_name(struct slice text)
{
	size_t n = slice_starts(text, SLICE("${")) ? name_len(slice_skip(text, 2)) : 0;
	return n > 0 && text.n == n + 3 && text.p[n + 2] == '}';
}

static const char *look_up(const struct reader *r, struct slice name)
{
	char text[NAME_MAX_BYTES + 1];

	return r->from->env ? r->from->env(r->from->arg, slice_copy(name, text, sizeof(text))) : NULL;
}

static bool fail(struct reader *r, const char *why)
{
	r->why = arena_copy(r->arena, slice_str(why));
	return false;
}

/* `rest` stands behind "${".  Takes up to the closing brace. */
static bool next_reference(struct reader *r, struct slice *out_piece)
{
	size_t n = name_len(r->rest), close = slice_find(r->rest, '}');

	if (close == r->rest.n)
		return fail(r, "has a ${ without its closing brace");
	struct slice name = slice_of(r->rest.p, n), after = slice_of(r->rest.p + n, close - n);
	bool has_default = slice_starts(after, SLICE(":-"));
	if (n == 0 || (after.n > 0 && !has_default))
		return fail(r, "has a reference that is neither ${NAME} nor ${NAME:-default}");
	if (slice_find(after, '$') < after.n)
		return fail(r, "has a dollar inside a default; a default is plain text");
	const char *value = look_up(r, name);
	if (value == NULL && !has_default) {
		r->why = arena_printf(r->arena, "needs the environment variable %.*s, which is not set; "
			"set it or write ${%.*s:-default}", SLICE_ARG(name), SLICE_ARG(name));
		return false;
	}
	*out_piece = has_default && (value == NULL || *value == '\0') ? slice_skip(after, 2) : slice_str(value);
	r->rest = slice_skip(r->rest, close + 1);
	return true;
}

/* The next piece of the result: text up to a dollar, one dollar, or what a reference stands for. */
static bool next_piece(struct reader *r, struct slice *out_piece)
{
	size_t dollar = slice_find(r->rest, '$');
	char follow = dollar + 1 < r->rest.n ? r->rest.p[dollar + 1] : '\0';

	if (dollar > 0) {
		*out_piece = slice_of(r->rest.p, dollar);
		r->rest = slice_skip(r->rest, dollar);
		return true;
	}
	if (is_name_byte(follow, true))
		return fail(r, "has a dollar before a name: write ${NAME} for a variable, $$ for a dollar");
	if (follow == '{') {
		r->rest = slice_skip(r->rest, 2);
		return next_reference(r, out_piece);
	}
	*out_piece = slice_of(r->rest.p, 1);
	r->rest = slice_skip(r->rest, follow == '$' ? 2 : 1);
	return true;
}

static bool measure(struct reader r, size_t max, size_t *out_n, struct slice *out_why)
{
	struct slice piece;
	size_t n = 0;

	while (r.rest.n > 0) {
		if (!next_piece(&r, &piece)) {
			*out_why = r.why;
			return false;
		}
		if (piece.n > max - n) {
			*out_why = arena_printf(r.arena, "is longer than %zu bytes with its variables filled in",
				max);
			return false;
		}
		n += piece.n;
	}
	*out_n = n;
	return true;
}

bool expand_text(struct arena *a, struct slice text, const struct source *from, size_t max, struct slice *out,
	struct slice *out_why)
{
	struct reader r = { .arena = a, .rest = text, .from = from };
	struct slice piece;
	size_t n, at = 0;

	if (slice_find(text, '$') == text.n) {
		*out = text;
		return true;
	}
	if (!measure(r, max, &n, out_why))
		return false;
	char *p = arena_take(a, n + 1);
	/* The environment does not change in between: weir has one thread. */
	while (r.rest.n > 0 && next_piece(&r, &piece)) {
		must(piece.n <= n - at);
		if (piece.n)
			memcpy(p + at, piece.p, piece.n);
		at += piece.n;
	}
	*out = slice_of(p, at);
	return true;
}

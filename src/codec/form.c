#include "codec/form.h"

#include <stdio.h>

#define BOUNDARY_BYTES 70u	/* RFC 2046 5.1.1 */

/* How often `name=` stands among the parameters of a header field, and its last value without the quotes. */
static size_t parameter(struct slice field, const char *name, struct slice *out)
{
	struct slice piece, want = slice_str(name);
	size_t n = 0;

	while (slice_next(&field, ';', &piece)) {
		if (piece.n <= want.n || piece.p[want.n] != '=' || !slice_case_eq(slice_of(piece.p, want.n), want))
			continue;
		struct slice v = slice_trim(slice_skip(piece, want.n + 1));
		bool is_quoted = v.n >= 2 && v.p[0] == '"' && v.p[v.n - 1] == '"';
		*out = is_quoted ? slice_of(v.p + 1, v.n - 2) : v;
		n++;
	}
	return n;
}

static size_t find(struct slice in, struct slice what)
{
	const char *p = in.n ? memmem(in.p, in.n, what.p, what.n) : NULL;
	return p ? (size_t)(p - in.p) : in.n;
}

/* Cuts one CRLF-ended line off the front; false when there is none. */
static bool next_line(struct slice *rest, struct slice *out)
{
	size_t n = find(*rest, SLICE("\r\n"));

	if (n == rest->n)
		return false;
	*out = slice_of(rest->p, n);
	*rest = slice_of(rest->p + n + 2, rest->n - n - 2);	/* an empty rest has its place too */
	return true;
}

/* Name of a part, with *part left at its content.  False for a part that two readers could understand differently: a
 * name that is missing, there twice, folded over lines or escaped. */
static bool read_part(struct slice *part, struct slice *out_name, bool *out_is_file)
{
	static const char disposition[] = "content-disposition:";
	struct slice line, ignored;
	size_t n_names = 0, n_lines = 0;

	while (next_line(part, &line)) {
		if (line.n == 0)
			return n_names == 1 && n_lines == 1 && slice_find(*out_name, '\\') == out_name->n;
		if (line.p[0] == ' ' || line.p[0] == '\t')
			return false;
		if (line.n < sizeof(disposition) - 1
				|| !slice_case_eq(slice_of(line.p, sizeof(disposition) - 1), slice_str(disposition)))
			continue;
		n_lines++;
		n_names = parameter(line, "name", out_name) + parameter(line, "name*", &ignored);
		*out_is_file = parameter(line, "filename", &ignored) || parameter(line, "filename*", &ignored);
	}
	return false;
}

/* Each delimiter is followed by a part or by the end, and the parts by their delimiter: all of the form is read, so
 * that no second field of that name hides behind something odd. */
bool form_field(struct slice content_type, struct slice body, const char *name, struct slice *out_value)
{
	struct slice boundary = SLICE_EMPTY, its_name = SLICE_EMPTY;
	char mark[BOUNDARY_BYTES + 5];
	size_t n_found = 0;

	if (parameter(content_type, "boundary", &boundary) != 1 || boundary.n == 0 || boundary.n > BOUNDARY_BYTES)
		return false;
	if (slice_find(boundary, '"') < boundary.n || slice_find(boundary, '\\') < boundary.n)
		return false;	/* quoted in a way of which readers make different things */
	size_t n = (size_t)snprintf(mark, sizeof(mark), "\r\n--%.*s", SLICE_ARG(boundary));
	const struct slice end = { mark, n }, start = slice_skip(end, 2);
	size_t at = slice_starts(body, start) ? 0 : find(body, end) + 2;
	struct slice rest = slice_skip(body, at + start.n);
	while (slice_starts(rest, SLICE("\r\n"))) {
		struct slice part = slice_skip(rest, 2);
		size_t length = find(part, end);
		bool is_file = false;
		if (length == part.n)
			return false;
		rest = slice_skip(part, length + end.n);
		part.n = length;
		if (!read_part(&part, &its_name, &is_file))
			return false;
		if (is_file || !slice_eq(its_name, slice_str(name)))
			continue;
		*out_value = part;
		n_found++;
	}
	return n_found == 1 && slice_starts(rest, SLICE("--"));
}

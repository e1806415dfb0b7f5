#include "codec/form.h"

#include <stdio.h>

#define BOUNDARY_BYTES 70u	/* RFC 2046 5.1.1 */

/* The value of `name=` among the parameters of a header field, without its quotes; p NULL when absent. */
static struct slice parameter(struct slice field, const char *name)
{
	struct slice piece, want = slice_str(name);

	while (slice_next(&field, ';', &piece)) {
		if (piece.n <= want.n || piece.p[want.n] != '=' || !slice_case_eq(slice_of(piece.p, want.n), want))
			continue;
		struct slice v = slice_trim(slice_skip(piece, want.n + 1));
		bool is_quoted = v.n >= 2 && v.p[0] == '"' && v.p[v.n - 1] == '"';
		return is_quoted ? slice_of(v.p + 1, v.n - 2) : slice_of(v.n ? v.p : "", v.n);
	}
	return SLICE_EMPTY;
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
	*rest = slice_skip(*rest, n + 2);
	return true;
}

/* True when this part is the plain field; *part is left at its value. */
static bool is_field(struct slice *part, const char *name)
{
	static const char disposition[] = "content-disposition:";
	struct slice line, found = SLICE_EMPTY;

	while (next_line(part, &line) && line.n) {
		if (line.n < sizeof(disposition) - 1
				|| !slice_case_eq(slice_of(line.p, sizeof(disposition) - 1), slice_str(disposition)))
			continue;
		if (parameter(line, "filename").p == NULL && parameter(line, "filename*").p == NULL)
			found = parameter(line, "name");
	}
	return found.n && slice_eq(found, slice_str(name));
}

bool form_field(struct slice content_type, struct slice body, const char *name, struct slice *out_value)
{
	struct slice boundary = parameter(content_type, "boundary");
	char mark[BOUNDARY_BYTES + 5];

	if (boundary.n == 0 || boundary.n > BOUNDARY_BYTES)
		return false;
	size_t n = (size_t)snprintf(mark, sizeof(mark), "\r\n--%.*s", SLICE_ARG(boundary));
	const struct slice end = { mark, n }, start = slice_skip(end, 2);
	size_t at = slice_starts(body, start) ? 0 : find(body, end) + 2;
	struct slice rest = slice_skip(body, at + start.n);
	while (slice_starts(rest, SLICE("\r\n"))) {
		struct slice part = slice_skip(rest, 2);
		size_t length = find(part, end);
		if (length == part.n)
			return false;
		rest = slice_skip(part, length + end.n);
		part.n = length;
		if (is_field(&part, name)) {
			*out_value = part;
			return true;
		}
	}
	return false;
}

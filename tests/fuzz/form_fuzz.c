/* The first line is the content type, the rest the body.  Who replaces a field's value must find the new one there, and
 * nothing else may have changed. */
#include "base/buf.h"
#include "codec/form.h"
#include "fuzz.h"

static void check_replaced(struct slice type, struct slice body, struct slice old)
{
	const struct slice new_value = SLICE("another-model"), before = slice_of(body.p, (size_t)(old.p - body.p)),
		behind = slice_skip(body, before.n + old.n);
	struct slice found;
	struct buf b;

	buf_init(&b, body.n + new_value.n);
	must(buf_put(&b, before) && buf_put(&b, new_value) && buf_put(&b, behind));
	must(form_field(type, buf_slice(&b), "model", &found));
	must(slice_eq(found, new_value) && (size_t)(found.p - buf_slice(&b).p) == before.n);
	buf_done(&b);
}

/* The type ends with this boundary: words before the form, which readers skip, can look like another. */
static bool ends_with(struct slice type, struct slice boundary)
{
	static const char name[] = "boundary=";
	const size_t n = strlen(name) + boundary.n;

	return type.n >= n && memcmp(type.p + type.n - n, name, strlen(name)) == 0
		&& memcmp(type.p + type.n - boundary.n, boundary.p, boundary.n) == 0;
}

/* A body with such a field before all others has it twice. */
static void check_twice(struct slice type, struct slice body)
{
	const struct slice field = SLICE("\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nx\r\n");
	size_t line = slice_find(body, '\r');
	struct slice found;
	struct buf b;

	if (line <= 2 || !slice_starts(body, SLICE("--")) || !ends_with(type, slice_of(body.p + 2, line - 2)))
		return;
	buf_init(&b, line + field.n + body.n);
	must(buf_put(&b, slice_of(body.p, line)) && buf_put(&b, field) && buf_put(&b, body));
	must(!form_field(type, buf_slice(&b), "model", &found));
	buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice all = slice_of(data, n), type = slice_of(data, slice_find(all, '\n')), value;
	struct slice body = slice_skip(all, type.n + 1);

	if (!form_field(type, body, "model", &value))
		return 0;
	must(value.p >= body.p && value.p + value.n <= body.p + body.n);
	check_replaced(type, body, value);
	check_twice(type, body);
	return 0;
}

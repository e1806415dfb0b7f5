/* The plain field of a form: found, or refused where two readers could see two different ones. */
#include "unit.h"

#include <stdlib.h>

#include "base/must.h"
#include "codec/form.h"

#define TYPE "multipart/form-data; boundary=XyZ"
#define D "--XyZ\r\n"
#define END "--XyZ--\r\n"
#define FIELD(name, value) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_PART(name, value) "Content-Disposition: form-data; name=\"" name "\"; filename=\"a.mp3\"\r\n" \
	"Content-Type: audio/mpeg\r\n\r\n" value "\r\n"
#define HEAD(line) line "\r\n\r\n"
#define MODEL FIELD("model", "whisper-1")

/* In memory of its own, so that ASan sees a byte read too far. */
static bool find(const char *type, struct slice body, struct slice *out)
{
	char *copy = malloc(body.n ? body.n : 1);
	struct slice value = SLICE("untouched");
	static char kept[200];

	must(copy != NULL);
	memcpy(copy, body.p, body.n);
	bool found = form_field(slice_str(type), slice_of(copy, body.n), "model", &value);
	if (found && value.n) {
		assert_true(value.p >= copy && value.p + value.n <= copy + body.n);
		slice_copy(value, kept, sizeof(kept));
		value = slice_str(kept);
	}
	free(copy);
	*out = value;
	return found;
}

static void test_found(void **state)
{
	static const struct {
		const char *type, *body, *want;
	} rows[] = {
		{ TYPE, D MODEL END, "whisper-1" },
		{ TYPE, D MODEL "--XyZ--", "whisper-1" },	/* the last line end may be missing */
		{ TYPE, D FILE_PART("file", "\x01\xff\r\n\r\n--Xy") D MODEL END, "whisper-1" },
		{ TYPE, D MODEL D FILE_PART("file", "x") END "epilogue", "whisper-1" },
		{ TYPE, "preamble\r\n" D MODEL END, "whisper-1" },
		{ TYPE, "\r\n" D MODEL END, "whisper-1" },
		{ TYPE, D FIELD("model", "") END, "" },
		{ TYPE, D FIELD("model", " a b ") END, " a b " },
		{ TYPE, D FIELD("model", "a\r\nb") END, "a\r\nb" },
		{ TYPE, D FIELD("prompt", "name=\"model\"") D MODEL END, "whisper-1" },
		{ TYPE, D FIELD("model[]", "x") D FIELD("models", "y") D FIELD("Model", "z") D MODEL END, "whisper-1" },
		/* a file of that name is no field */
		{ TYPE, D FILE_PART("model", "x") D MODEL END, "whisper-1" },
		{ TYPE, D HEAD("Content-Disposition: form-data; name=model; filename*=UTF-8''a") "x\r\n" D MODEL END,
			"whisper-1" },
		{ TYPE, D HEAD("content-disposition:form-data;name=model") "m\r\n" END, "m" },
		{ TYPE, D HEAD("CONTENT-DISPOSITION:  Form-Data ;  NAME=\"model\" ") "m\r\n" END, "m" },
		{ TYPE, D "Content-Type: text/plain\r\nX: y\r\n" FIELD("model", "m") END, "m" },
		/* names of files that look like parameters */
		{ TYPE, D HEAD("Content-Disposition: form-data; name=\"file\"; filename=\"a;b.mp3\"")
			"x\r\n" D MODEL END,
			"whisper-1" },
		{ "Multipart/Form-Data; charset=utf-8; Boundary=\"XyZ\"", D MODEL END, "whisper-1" },
		{ "multipart/form-data;boundary=XyZ", D MODEL END, "whisper-1" },
		{ "multipart/form-data; boundary=\"a b;c\"", "--a b;c\r\n" MODEL "--a b;c--\r\n", NULL },
		{ "multipart/form-data; boundary=12345678901234567890123456789012345678901234567890123456789012345"
			"67890",
			"--1234567890123456789012345678901234567890123456789012345678901234567890\r\n" MODEL
			"--1234567890123456789012345678901234567890123456789012345678901234567890--", "whisper-1" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct slice got;
		bool found = find(rows[i].type, slice_str(rows[i].body), &got);
		if (found != (rows[i].want != NULL))
			fail_msg("row %zu: %s", i, found ? "found" : "not found");
		assert_slice(got, rows[i].want ? rows[i].want : "untouched");
	}
}

static void test_not_found(void **state)
{
	static const struct {
		const char *type, *body;
	} rows[] = {
		{ TYPE, "" }, { TYPE, "--XyZ" }, { TYPE, "--XyZ--" }, { TYPE, END }, { TYPE, D }, { TYPE, "{}" },
		{ TYPE, D FILE_PART("file", "x") END },
		{ TYPE, D FILE_PART("model", "x") END },
		{ TYPE, MODEL },
		{ TYPE, D MODEL },				/* no end */
		{ TYPE, D "Content-Disposition: form-data; name=\"model\"\r\n\r\nm" },
		{ TYPE, D MODEL D },
		{ TYPE, D MODEL "--XyZ-\r\n" },
		{ "multipart/form-data", D MODEL END },
		{ "multipart/form-data; boundary=", "--\r\n" MODEL "----\r\n" },
		{ "multipart/form-data; boundary=\"\"", "--\r\n" MODEL "----\r\n" },
		{ "multipart/form-data; boundary=XyZ; boundary=b", D MODEL END },
		{ "multipart/form-data; boundary=b; boundary=XyZ", D MODEL END },
		{ "multipart/form-data; boundary=\"Xy\\Z\"", "--Xy\\Z\r\n" MODEL "--Xy\\Z--" },
		{ "multipart/form-data; boundary=\"XyZ", "--\"XyZ\r\n" MODEL "--\"XyZ--" },
		{ "multipart/form-data; boundary=Xy\"Z", "--Xy\"Z\r\n" MODEL "--Xy\"Z--" },
		{ "multipart/form-data; x=\"; boundary=XyZ\"; boundary=b", D MODEL END },
		{ "multipart/form-data; xboundary=XyZ", D MODEL END },
		{ "", D MODEL END },
		{ "multipart/form-data; boundary=12345678901234567890123456789012345678901234567890123456789012345"
			"678901",
			"--12345678901234567890123456789012345678901234567890123456789012345678901\r\n" MODEL
			"--12345678901234567890123456789012345678901234567890123456789012345678901--" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct slice got;
		if (find(rows[i].type, slice_str(rows[i].body), &got))
			fail_msg("row %zu: \"%.*s\"", i, SLICE_ARG(got));
	}
}

/* What a provider's reader could take for a second `model`, or for another one, so that it would answer with a model
 * that nobody routed to. */
static void test_two_readers(void **state)
{
	static const char *const bodies[] = {
		D MODEL D FIELD("model", "dear") END,
		D MODEL D FILE_PART("file", "x") D FIELD("model", "dear") END,
		"--XyZ\r\n" MODEL "--XyZ \r\n" FIELD("model", "dear") END,	/* padding behind a delimiter */
		"--XyZ\r\n" MODEL "--XyZW\r\n" FIELD("model", "dear") END,
		"--XyZ\n" MODEL END,						/* Go takes bare line feeds */
		D "Content-Disposition: form-data;\r\n name=\"model\"\r\n\r\ndear\r\n" D MODEL END,
		D "Content-Disposition: form-data;\r\n\tname=\"model\"\r\n\r\ndear\r\n" D MODEL END,
		D "Content-Disposition: form-data; name=\"x\";\r\n name=\"model\"\r\n\r\ndear\r\n" D MODEL END,
		D HEAD("Content-Disposition: form-data; name=\"file\"; name=\"model\"") "dear\r\n" D MODEL END,
		D HEAD("Content-Disposition: form-data; name=\"model\"; name=\"file\"") "dear\r\n" END,
		D HEAD("Content-Disposition: form-data; name=\"x\"; name*=UTF-8''model") "dear\r\n" D MODEL END,
		D HEAD("Content-Disposition: form-data; name=\"mo\\del\"") "dear\r\n" D MODEL END,
		D HEAD("Content-Disposition: form-data") "dear\r\n" D MODEL END,
		D HEAD("Content-Disposition : form-data; name=\"model\"") "dear\r\n" D MODEL END,
		D HEAD("Content-Type: text/plain") "dear\r\n" D MODEL END,
		D "\r\ndear\r\n" D MODEL END,
		D "Content-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"model\"\r\n"
			"\r\ndear\r\n"
			D MODEL END,
		D "Content-Disposition: form-data; name=\"model\"\r\ndear\r\n" D MODEL END,	/* no empty line */
	};

	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		struct slice got;
		if (find(TYPE, slice_str(bodies[i]), &got))
			fail_msg("row %zu: \"%.*s\"", i, SLICE_ARG(got));
	}
}

/* Cut anywhere it is no form; a byte changed anywhere never harms. */
static void test_cut_and_spoiled(void **state)
{
	static const char body[] = "x\r\n" D FILE_PART("file", "\x01\r\n") D MODEL END;
	const size_t n = sizeof(body) - 1;
	char copy[sizeof(body)];
	struct slice got;

	for (size_t cut = 0; cut <= n; cut++)
		assert_int_equal(find(TYPE, slice_of(body, cut), &got), cut >= n - 2);
	for (size_t i = 0; i < n; i++) {
		memcpy(copy, body, sizeof(body));
		for (int c = 0; c < 256; c += 5) {
			copy[i] = (char)c;
			find(TYPE, slice_of(copy, n), &got);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_not_found),
		cmocka_unit_test(test_two_readers),
		cmocka_unit_test(test_cut_and_spoiled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

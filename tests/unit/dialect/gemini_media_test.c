#include "unit.h"

#include "dialect/gemini_media.h"

static void test_guess(void **state)
{
	static const struct {
		const char *name, *mime;
	} rows[] = {
		{ "a.png", "image/png" }, { "https://x.example/b/c.JPG?size=1.webp", "image/jpeg" },
			{ "c.pdf#page=2", "application/pdf" },
		{ "gs://b/v.mp4", "video/mp4" }, { "https://x.example/a", "" }, { "https://x.example", "" },
			{ "png", "" },
		{ ".png", "image/png" }, { "a.", "" }, { "", "" }, { "a.exe", "" }, { "https://x.png/a", "" },
		{ "https://x.example/a?b.png", "" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_slice(gemini_media_guess(slice_str(rows[i].name)), rows[i].mime);
}

static const struct row {
	struct prompt_media media;
	bool own;
	enum gemini_media_form form;
	const char *mime;
} rows[] = {
	{ { PROMPT_SOURCE_BASE64, SLICE("AAAA"), SLICE("image/png"), { NULL, 0 }, { NULL, 0 } }, false,
		GEMINI_MEDIA_INLINE, "image/png" },
	{ { PROMPT_SOURCE_BASE64, SLICE("AAAA"), SLICE("image/jpg"), { NULL, 0 }, { NULL, 0 } }, false,
		GEMINI_MEDIA_INLINE, "image/jpeg" },
	{ { PROMPT_SOURCE_BASE64, SLICE("iVBORw0KGgoAAA"), { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }, false,
		GEMINI_MEDIA_INLINE, "image/png" },
	{ { PROMPT_SOURCE_BASE64, SLICE("AAAA"), { NULL, 0 }, SLICE("a.pdf"), { NULL, 0 } }, false,
		GEMINI_MEDIA_INLINE, "application/pdf" },
	{ { PROMPT_SOURCE_BASE64, SLICE("AAAA.png"), { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }, false,
		GEMINI_MEDIA_UNKNOWN, "" },
	{ { PROMPT_SOURCE_URL, SLICE("https://x.example/a.png"), { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }, false,
		GEMINI_MEDIA_FILE, "image/png" },
	{ { PROMPT_SOURCE_URL, SLICE("https://x.example/a"), { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }, false,
		GEMINI_MEDIA_UNKNOWN, "" },
	{ { PROMPT_SOURCE_URL, SLICE("https://x.example/a"), SLICE("image/gif"), { NULL, 0 }, { NULL, 0 } },
		false, GEMINI_MEDIA_FILE, "image/gif" },
	{ { PROMPT_SOURCE_URL, SLICE("https://www.youtube.com/watch?v=1"), { NULL, 0 }, { NULL, 0 }, { NULL,
		0 } }, false, GEMINI_MEDIA_FILE, "" },
	{ { PROMPT_SOURCE_URL, SLICE("data:text/plain,a.png"), { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }, false,
		GEMINI_MEDIA_UNKNOWN, "image/png" },
	{ { PROMPT_SOURCE_FILE_ID, SLICE("file-123"), { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }, false,
		GEMINI_MEDIA_FOREIGN, "" },
	{ { PROMPT_SOURCE_FILE_ID, SLICE("file-123"), { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }, true,
		GEMINI_MEDIA_FILE, "" },
	{ { PROMPT_SOURCE_FILE_ID, SLICE("gs://b/a.mp3"), { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }, false,
		GEMINI_MEDIA_FILE, "audio/mp3" },
	{ { PROMPT_SOURCE_PLAIN, SLICE("words"), { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }, false,
		GEMINI_MEDIA_TEXT, "" },
};

static void test_forms(void **state)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct slice mime = SLICE_EMPTY;
		if (gemini_media_form(&rows[i].media, rows[i].own, &mime) != rows[i].form)
			fail_msg("row %zu", i);
		assert_slice(mime, rows[i].mime);
	}
}

static void expect_put(const struct row *row, const char *want)
{
	struct slice mime = SLICE_EMPTY;
	struct buf b;

	buf_init(&b, 4096);
	struct json_out w = json_out_to(&b);
	json_out_obj(&w);
	enum gemini_media_form form = gemini_media_form(&row->media, row->own, &mime);
	gemini_media_put(&w, &row->media, form, mime);
	json_out_obj_end(&w);
	assert_slice(buf_slice(&b), want);
	buf_done(&b);
}

static void test_put(void **state)
{
	expect_put(&rows[0], "{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AAAA\"}}");
	expect_put(&rows[5], "{\"fileData\":{\"mimeType\":\"image/png\",\"fileUri\":\"https://x.example/a.png\"}}");
	expect_put(&rows[8], "{\"fileData\":{\"fileUri\":\"https://www.youtube.com/watch?v=1\"}}");
	expect_put(&rows[13], "{\"text\":\"words\"}");
}

/* Without room for the common alphabet the bytes stay as they are: nothing is cut. */
static void test_base64_without_room(void **state)
{
	struct prompt_media m;
	enum prompt_part_kind kind;
	struct arena a, full;
	yyjson_doc *doc;

	arena_init(&a, 0);
	arena_init(&full, 1);
	assert_int_equal(json_parse(&a, SLICE("{\"inlineData\":{\"data\":\"-_\"}}"), &doc, NULL), ERR_OK);
	assert_true(gemini_media_read(&a, yyjson_doc_get_root(doc), &m, &kind));
	assert_slice(m.data, "+/==");
	assert_int_equal(kind, PROMPT_PART_FILE);
	assert_true(gemini_media_read(&full, yyjson_doc_get_root(doc), &m, &kind));
	assert_slice(m.data, "-_");
	arena_done(&full);
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guess),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_base64_without_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

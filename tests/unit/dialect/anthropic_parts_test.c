/* Parts of other dialects as content blocks. */
#include "anthropic_desk.h"

static struct desk d;

static void media(enum prompt_part_kind kind, struct prompt_media m)
{
	desk_open_hi(&d);
	desk_add(&d, kind)->media = m;
	desk_write(&d, "m");
}

static void image_is(struct prompt_media m, const char *want)
{
	media(PROMPT_PART_IMAGE, m);
	assert_int_equal(d.err, ERR_OK);
	desk_wrote(&d, want);
	desk_close(&d);
}

static void file_is(struct prompt_media m, const char *want)
{
	media(PROMPT_PART_FILE, m);
	assert_int_equal(d.err, ERR_OK);
	desk_wrote(&d, want);
	desk_close(&d);
}

static void refused(enum prompt_part_kind kind, struct prompt_media m, const char *why)
{
	media(kind, m);
	assert_int_equal(d.err, ERR_UNSUPPORTED);
	assert_slice(d.fault.message, why);
	desk_close(&d);
}

#define B64(m, x) { .source = PROMPT_SOURCE_BASE64, .mime = SLICE(m), .data = SLICE(x) }

static void test_images(void **state)
{
	image_is((struct prompt_media)B64("image/png", "AAAA"),
		"{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"AAAA\"}}");
	image_is((struct prompt_media)B64("image/jpg", "AAAA"), "\"media_type\":\"image/jpeg\"");
	image_is((struct prompt_media)B64("IMAGE/WEBP", "AAAA"), "\"media_type\":\"image/webp\"");
	image_is((struct prompt_media)B64("", "/9j/4AAQ"), "\"media_type\":\"image/jpeg\"");
	image_is((struct prompt_media)B64("", "R0lGODlh"), "\"media_type\":\"image/gif\"");
	image_is((struct prompt_media){ .data = SLICE("https://h/i") }, "{\"type\":\"url\",\"url\":\"https://h/i\"}");
	refused(PROMPT_PART_IMAGE, (struct prompt_media)B64("image/bmp", "iVBORw0KGgo="),
		"an image is neither JPEG, PNG, GIF nor WebP");
	refused(PROMPT_PART_IMAGE, (struct prompt_media)B64("", "QkJC"), "an image is neither JPEG, PNG, GIF nor WebP");
	refused(PROMPT_PART_IMAGE, (struct prompt_media){ .data = SLICE("data:image/svg+xml,<svg/>") },
		"an image or file has an address that is neither http nor https");
	refused(PROMPT_PART_IMAGE, (struct prompt_media){ .source = PROMPT_SOURCE_FILE_ID, .data = SLICE("file-1") },
		"the file file-1 is kept at another provider");
}

static void test_detail(void **state)
{
	media(PROMPT_PART_IMAGE, (struct prompt_media){ .data = SLICE("https://h/i"), .detail = SLICE("low") });
	desk_dropped(&d, "image.detail");
	desk_close(&d);
	media(PROMPT_PART_IMAGE, (struct prompt_media){ .data = SLICE("https://h/i"), .detail = SLICE("auto") });
	desk_dropped(&d, "");
	desk_close(&d);
}

static void test_inline_images(void **state)
{
	desk_open_hi(&d);
	desk_add(&d, PROMPT_PART_IMAGE)->media = (struct prompt_media){ .data = SLICE("https://h/i") };
	d.quirks.inline_images = true;
	desk_refused(&d, "m", "acme takes images and files only inside the request, not by their address");
	desk_close(&d);
}

static void test_files(void **state)
{
	file_is((struct prompt_media){ .source = PROMPT_SOURCE_BASE64, .mime = SLICE("application/pdf"),
		.data = SLICE("JVBE"),
		.name = SLICE("a.pdf") }, "{\"type\":\"document\",\"source\":{\"type\":\"base64\","
			"\"media_type\":\"application/pdf\","
		"\"data\":\"JVBE\"},\"title\":\"a.pdf\"}");
	file_is((struct prompt_media)B64("", "JVBERi0x"), "\"media_type\":\"application/pdf\"");
	file_is((struct prompt_media){ .source = PROMPT_SOURCE_BASE64, .data = SLICE("AAAA"), .name = SLICE("A.PDF") },
		"\"media_type\":\"application/pdf\"");
	file_is((struct prompt_media)B64("text/markdown", "SGk="),
		"{\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":\"Hi\"}");
	file_is((struct prompt_media)B64("application/json", "e30="), "\"data\":\"{}\"");
	file_is((struct prompt_media){ .source = PROMPT_SOURCE_PLAIN, .data = SLICE("Hi") },
		"{\"type\":\"text\",\"media_type\":\"text/plain\",\"data\":\"Hi\"}");
	file_is((struct prompt_media)B64("image/png", "AAAA"), "{\"type\":\"image\",");
	file_is((struct prompt_media){ .data = SLICE("http://h/d.pdf") },
		"{\"type\":\"document\",\"source\":{\"type\":\"url\",");
	refused(PROMPT_PART_FILE, (struct prompt_media)B64("video/mp4", "AAAA"),
		"files of type video/mp4 cannot be sent");
	refused(PROMPT_PART_FILE, (struct prompt_media)B64("", "AAAA"), "files of type unknown cannot be sent");
	refused(PROMPT_PART_FILE, (struct prompt_media)B64("text/plain", "//8="), "a text file is not base64 of UTF-8");
	refused(PROMPT_PART_FILE, (struct prompt_media)B64("text/plain", "!"), "a text file is not base64 of UTF-8");
	refused(PROMPT_PART_FILE, (struct prompt_media){ .source = PROMPT_SOURCE_FILE_ID, .data = SLICE("f") },
		"the file f is kept at another provider");
	refused(PROMPT_PART_AUDIO, (struct prompt_media)B64("audio/wav", "AAAA"), "sounds cannot be sent");
}

/* --- reasoning, calls, results -------------------------------------------------------------------------- */

static void test_reasoning(void **state)
{
	desk_open(&d, DESK_HEAD "\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\","
		"\"content\":"
		"[{\"type\":\"thinking\",\"thinking\":\"x \",\"signature\":\"AB+/\"},{\"type\":\"thinking\","
			"\"thinking\":\"y\"},"
		"{\"type\":\"text\",\"text\":\"b\"}]},{\"role\":\"user\",\"content\":\"c\"}]}");
	desk_write(&d, "m");
	desk_wrote(&d, "\"content\":[{\"type\":\"thinking\",\"thinking\":\"x \",\"signature\":\"AB+/\"},"
		"{\"type\":\"text\",\"text\":\"b\"}]");
	d.p.messages->next->parts->seal.origin = 'g';
	desk_write(&d, "m");
	desk_wrote(&d, "\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"b\"}]");
	desk_close(&d);
}

static const char loop[] = DESK_HEAD "\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":"
	"\"assistant\",\"content\":"
	"[{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"f\",\"input\":{\"a\":1}}]},{\"role\":\"user\",\"content\":"
	"[{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"1\"}]}]}";

static void args_are(const char *args, bool custom, const char *want)
{
	desk_open(&d, loop);
	d.p.messages->next->parts->args = slice_str(args);
	d.p.messages->next->parts->custom = custom;
	desk_write(&d, "m");
	assert_int_equal(d.err, ERR_OK);
	desk_wrote(&d, want);
	desk_close(&d);
}

static void test_args(void **state)
{
	args_are("{\"b\": 2}", false, "\"input\":{\"b\":2}}");
	args_are("", false, "\"input\":{}}");
	args_are("{\"b\":", false, "\"input\":{\"_raw\":\"{\\\"b\\\":\"}}");
	args_are("[1]", false, "\"input\":{\"_raw\":\"[1]\"}}");
	args_are("free text", true, "\"input\":{\"input\":\"free text\"}}");
	args_are("{\"b\":2}", true, "\"input\":{\"input\":\"{\\\"b\\\":2}\"}}");
}

static void test_call_ids(void **state)
{
	desk_open(&d, loop);
	d.p.messages->next->parts->id = SLICE("call|1");
	d.p.messages->next->next->parts->id = SLICE("call|1");
	struct slice s = desk_write(&d, "m");
	char *use = memmem(s.p, s.n, "\"id\":\"call_", 11), *result = memmem(s.p, s.n, "\"tool_use_id\":\"call_", 20);
	assert_non_null(use);
	assert_non_null(result);
	assert_memory_equal(use + 6, result + 15, 14);
	desk_close(&d);
}

/* What another weir gave for a call goes back before it. */
static void test_call_seal(void **state)
{
	desk_open(&d, loop);
	/* of 'g': SIG */
	d.p.messages->next->parts->seal = (struct prompt_seal){ 'a', SLICE("d2VpcjE6Z1NJRw==") };
	desk_write(&d, "m");
	desk_wrote(&d, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"d2VpcjE6Z0BjYWxsOlNJRw==\"},"
		"{\"type\":\"tool_use\",");
	d.p.messages->next->parts->seal = (struct prompt_seal){ 'g', SLICE("SIG") };
	desk_write(&d, "m");
	desk_wrote(&d, "\"content\":[{\"type\":\"tool_use\",");
	desk_close(&d);
}

static struct prompt_part *result_part(void)
{
	return d.p.messages->next->next->parts;
}

static void test_results(void **state)
{
	desk_open(&d, loop);
	desk_write(&d, "m");
	desk_wrote(&d, "{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"content\":\"1\"}");
	result_part()->is_error = true;
	result_part()->content = NULL;
	desk_write(&d, "m");
	desk_wrote(&d, "{\"type\":\"tool_result\",\"tool_use_id\":\"t\",\"is_error\":true}");
	struct prompt_part **at = prompt_link_part(&d.p, &result_part()->content, PROMPT_PART_TEXT);
	result_part()->content->text = SLICE(" ");
	prompt_link_part(&d.p, at, PROMPT_PART_IMAGE);
	(*at)->media.data = SLICE("https://h/i");
	desk_write(&d, "m");
	desk_wrote(&d, "\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"https://h/i\"}}]");
	desk_close(&d);
}

static void test_orphan(void **state)
{
	desk_open(&d, loop);
	result_part()->orphan = true;
	desk_write(&d, "m");
	desk_dropped(&d, "tool_call_id");
	assert_false(desk_has(&d, "tool_result"));
	desk_close(&d);
}

static void test_others(void **state)
{
	desk_open(&d, DESK_HEAD "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"container_upload\","
		"\"file_id\":\"f\"},"
		"{\"type\":\"text\",\"text\":\"a\",\"citations\":[1]}]}]}");
	desk_write(&d, "m");
	desk_dropped(&d, "container_upload");
	desk_wrote(&d, "\"content\":[{\"type\":\"text\",\"text\":\"a\"}]");
	d.p.origin = 'n';
	desk_write(&d, "m");
	desk_dropped(&d, "");
	desk_wrote(&d, "\"content\":[{\"type\":\"container_upload\",\"file_id\":\"f\"},"
		"{\"type\":\"text\",\"text\":\"a\",\"citations\":[1]}]");
	desk_close(&d);
}

static void test_refusal(void **state)
{
	desk_open_hi(&d);
	prompt_add_message(&d.p, PROMPT_ASSISTANT);
	desk_add(&d, PROMPT_PART_REFUSAL)->text = SLICE("I won't");
	prompt_add_message(&d.p, PROMPT_USER);
	desk_add(&d, PROMPT_PART_TEXT)->text = SLICE("please");
	desk_write(&d, "m");
	desk_wrote(&d, "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"I won't\"}]}");
	desk_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_images), cmocka_unit_test(test_detail), cmocka_unit_test(test_inline_images),
		cmocka_unit_test(test_files), cmocka_unit_test(test_reasoning), cmocka_unit_test(test_args),
		cmocka_unit_test(test_call_ids), cmocka_unit_test(test_call_seal), cmocka_unit_test(test_results),
		cmocka_unit_test(test_orphan), cmocka_unit_test(test_others), cmocka_unit_test(test_refusal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

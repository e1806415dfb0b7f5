/* Messages that came in other dialects; those of this one are golden pages (read-*.md, blocks `written`). */
#include "unit.h"

#include "responses_desk.h"

/* --- messages ------------------------------------------------------------------------------------------- */

static void test_instructions(void **state)
{
	struct writer w;

	writer_init(&w, 'c');
	say(&w, PROMPT_SYSTEM, "Be brief.");
	write(&w);
	expect(&w, "instructions", NULL);	/* alone it is the input */
	say(&w, PROMPT_USER, "Hi");
	write(&w);
	expect(&w, "instructions", "\"Be brief.\"");
	assert_int_equal(yyjson_arr_size(json_arr(w.root, "input")), 1);
	/* a second one keeps its place, so both are items */
	say(&w, PROMPT_DEVELOPER, "Now.");
	write(&w);
	expect(&w, "instructions", NULL);
	assert_slice(json_out_text(&w.arena, yyjson_arr_get(json_arr(w.root, "input"), 0)),
		"{\"type\":\"message\",\"role\":\"system\",\"content\":[{\"type\":\"input_text\","
		"\"text\":\"Be brief.\"}]}");
	assert_slice(json_str(yyjson_arr_get(json_arr(w.root, "input"), 2), "role"), "developer");
	w.quirks.system_only = true;
	write(&w);
	assert_slice(json_str(yyjson_arr_get(json_arr(w.root, "input"), 2), "role"), "system");
	writer_done(&w);
}

/* Blocks are not glued together. */
static void test_system_blocks(void **state)
{
	struct writer w;

	writer_init(&w, 'a');
	prompt_add_text(&w.p, say(&w, PROMPT_SYSTEM, "One."), SLICE("Two."));
	write(&w);
	expect(&w, "instructions", NULL);
	expect(&w, "input", "[{\"type\":\"message\",\"role\":\"system\",\"content\":[{\"type\":\"input_text\","
		"\"text\":\"One.\"},"
		"{\"type\":\"input_text\",\"text\":\"Two.\"}]}]");
	writer_done(&w);
}

static struct prompt_part *add_media(struct writer *w, struct prompt_message *m, enum prompt_part_kind kind,
	enum prompt_source source, const char *data, const char *mime)
{
	struct prompt_part *part = prompt_add_part(&w->p, m, kind);
	part->media = (struct prompt_media){ .source = source, .data = slice_str(data), .mime = slice_str(mime) };
	return part;
}

static void test_media(void **state)
{
	struct writer w;

	writer_init(&w, 'a');
	struct prompt_message *m = say(&w, PROMPT_USER, "Look");
	m->parts->cache = PROMPT_CACHE_5M;	/* of a dialect whose marks only new models here take */
	add_media(&w, m, PROMPT_PART_IMAGE, PROMPT_SOURCE_BASE64, "aGk=", "image/png");
	add_media(&w, m, PROMPT_PART_IMAGE, PROMPT_SOURCE_URL, "https://a.example", "");
	add_media(&w, m, PROMPT_PART_FILE, PROMPT_SOURCE_BASE64, "aGk=", "application/pdf");
	add_media(&w, m, PROMPT_PART_FILE, PROMPT_SOURCE_BASE64, "aGk=", "video/mp4");
	add_media(&w, m, PROMPT_PART_FILE, PROMPT_SOURCE_PLAIN, "words", "text/plain")->media.name = SLICE("Title");
	add_media(&w, m, PROMPT_PART_AUDIO, PROMPT_SOURCE_BASE64, "aGk=", "audio/x-wav");
	write(&w);
	expect(&w, "input", "[{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
		"\"text\":\"Look\"},"
		"{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,aGk=\",\"detail\":\"auto\"},"
		"{\"type\":\"input_image\",\"image_url\":\"https://a.example\",\"detail\":\"auto\"},"
		"{\"type\":\"input_file\",\"file_data\":\"data:application/pdf;base64,aGk=\","
		"\"filename\":\"document.pdf\"},"
		"{\"type\":\"input_file\",\"file_data\":\"data:video/mp4;base64,aGk=\",\"filename\":\"file\"},"
		"{\"type\":\"input_text\",\"text\":\"Title\\n\\nwords\"},"
		"{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"aGk=\",\"format\":\"wav\"}}]}]");
	expect_drops(&w, "");
	writer_done(&w);
}

/* What another provider keeps, or this one does not fetch or hear. */
static void test_media_refused(void **state)
{
	static const struct {
		char origin;
		enum prompt_part_kind kind;
		enum prompt_source source;
		const char *mime;
		bool inline_images, refused;
	} rows[] = {
		{ 'a', PROMPT_PART_IMAGE, PROMPT_SOURCE_FILE_ID, "", false, true },
		{ 'a', PROMPT_PART_FILE, PROMPT_SOURCE_FILE_ID, "", false, true },
		{ 'c', PROMPT_PART_FILE, PROMPT_SOURCE_FILE_ID, "", false, false },
		{ 'c', PROMPT_PART_IMAGE, PROMPT_SOURCE_FILE_ID, "", true, false },
		{ 'c', PROMPT_PART_IMAGE, PROMPT_SOURCE_URL, "", true, true },
		{ 'c', PROMPT_PART_IMAGE, PROMPT_SOURCE_URL, "", false, false },
		{ 'c', PROMPT_PART_IMAGE, PROMPT_SOURCE_BASE64, "image/png", true, false },
		{ 'g', PROMPT_PART_AUDIO, PROMPT_SOURCE_BASE64, "audio/flac", false, true },
		{ 'g', PROMPT_PART_AUDIO, PROMPT_SOURCE_URL, "audio/wav", false, true },
		{ 'g', PROMPT_PART_AUDIO, PROMPT_SOURCE_BASE64, "audio/mp3", false, false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct writer w;
		writer_init(&w, rows[i].origin);
		w.quirks.inline_images = rows[i].inline_images;
		add_media(&w, say(&w, PROMPT_USER, "x"), rows[i].kind, rows[i].source, "data", rows[i].mime);
		if (rows[i].refused)
			expect_refusal(&w, "input");
		else
			write(&w);
		writer_done(&w);
	}
}

/* --- tool loops ----------------------------------------------------------------------------------------- */

static struct prompt_part *add_call(struct writer *w, struct prompt_message *m, const char *id, const char *name)
{
	struct prompt_part *part = prompt_add_part(&w->p, m, PROMPT_PART_TOOL_CALL);
	part->id = slice_str(id);
	part->name = slice_str(name);
	return part;
}

static struct prompt_part *add_result(struct writer *w, struct prompt_message *m, const char *id, const char *text)
{
	struct prompt_part *part = prompt_add_part(&w->p, m, PROMPT_PART_TOOL_RESULT);
	part->id = slice_str(id);
	prompt_link_part(&w->p, &part->content, PROMPT_PART_TEXT);
	part->content->text = slice_str(text);
	return part;
}

static void test_tool_loop(void **state)
{
	struct writer w;

	writer_init(&w, 'a');
	struct prompt_message *m = prompt_add_message(&w.p, PROMPT_ASSISTANT);
	struct prompt_part *thought = prompt_add_part(&w.p, m, PROMPT_PART_REASONING);
	thought->text = SLICE("theirs");
	thought->seal = (struct prompt_seal){ 'a', SLICE("sig") };
	prompt_add_text(&w.p, m, SLICE("One."));
	add_call(&w, m, "toolu_1", "f");
	prompt_add_text(&w.p, m, SLICE("Two."));
	struct prompt_part *custom = add_call(&w, m, "toolu_2", "sql");
	custom->custom = true;
	custom->args = SLICE("select");
	m = prompt_add_message(&w.p, PROMPT_TOOL);
	add_result(&w, m, "toolu_1", "bad")->is_error = true;
	struct prompt_part *result = add_result(&w, m, "toolu_2", "worse");
	result->is_error = true;
	prompt_link_part(&w.p, &result->content->next, PROMPT_PART_IMAGE);
	result->content->next->media = (struct prompt_media){ .data = SLICE("https://a.example") };
	add_result(&w, m, "nobody", "x");
	write(&w);
	expect(&w, "input", "[{\"type\":\"message\",\"role\":\"assistant\","
		"\"content\":[{\"type\":\"output_text\",\"text\":\"One.\"}]},"
		"{\"type\":\"function_call\",\"call_id\":\"toolu_1\",\"name\":\"f\",\"arguments\":\"{}\"},"
		"{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\","
		"\"text\":\"Two.\"}]},"
		"{\"type\":\"custom_tool_call\",\"call_id\":\"toolu_2\",\"name\":\"sql\",\"input\":\"select\"},"
		"{\"type\":\"function_call_output\",\"call_id\":\"toolu_1\",\"output\":\"Error: bad\"},"
		"{\"type\":\"custom_tool_call_output\",\"call_id\":\"toolu_2\","
		"\"output\":[{\"type\":\"input_text\",\"text\":"
		"\"Error:\"},{\"type\":\"input_text\",\"text\":\"worse\"},{\"type\":\"input_image\",\"image_url\":"
		"\"https://a.example\",\"detail\":\"auto\"}]}]");
	expect_drops(&w, "tool_result");
	writer_done(&w);
}

static void test_call_ids(void **state)
{
	static const char id[] = "a-call-id-of-more-than-sixty-four-bytes-as-some-servers-hide-state-in-it";
	struct writer w;

	writer_init(&w, 'c');
	add_call(&w, prompt_add_message(&w.p, PROMPT_ASSISTANT), id, "f");
	add_result(&w, prompt_add_message(&w.p, PROMPT_TOOL), id, "x");
	write(&w);
	yyjson_val *input = json_arr(w.root, "input");
	struct slice call = json_str(yyjson_arr_get(input, 0), "call_id");
	assert_true(call.n > 0 && call.n <= 64);
	assert_true(slice_eq(call, json_str(yyjson_arr_get(input, 1), "call_id")));
	w.quirks.callid = CALLID_MISTRAL;
	write(&w);
	assert_int_equal(json_str(yyjson_arr_get(json_arr(w.root, "input"), 0), "call_id").n, 9);
	writer_done(&w);
}

/* State that this dialect made comes back to it through a client of another. */
static void test_own_state(void **state)
{
	struct writer w;

	writer_init(&w, 'a');
	struct prompt_message *m = prompt_add_message(&w.p, PROMPT_ASSISTANT);
	struct prompt_part *part = prompt_add_part(&w.p, m, PROMPT_PART_REASONING);
	part->text = SLICE("Hm.");
	part->id = SLICE("rs_1");
	part->seal = (struct prompt_seal){ 'r', SLICE("gAAA=") };
	part = prompt_add_part(&w.p, m, PROMPT_PART_REASONING);
	part->redacted = true;
	part->seal = (struct prompt_seal){ 'r', SLICE("d2VpcjE6YQ==") };
	add_call(&w, m, "c", "f")->seal = (struct prompt_seal){ 'r', SLICE("d2VpcjE6Zw==") };
	write(&w);
	expect(&w, "input", "[{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[{\"type\":\"summary_text\","
		"\"text\":\"Hm.\"}],"
		"\"encrypted_content\":\"gAAA=\"},"
		"{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"redacted.d2VpcjE6YQ==\"},"
		"{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"call.d2VpcjE6Zw==\"},"
		"{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\"}]");
	/* who sends state back wants the next one too */
	expect(&w, "include", "[\"reasoning.encrypted_content\"]");
	writer_done(&w);
}

static void test_other_parts(void **state)
{
	struct writer w;

	writer_init(&w, 'a');
	struct prompt_message *m = prompt_add_message(&w.p, PROMPT_ASSISTANT);
	struct prompt_part *part = prompt_add_part(&w.p, m, PROMPT_PART_OTHER);
	part->raw = json(&w, "{\"type\":\"server_tool_use\",\"id\":\"x\"}");
	part = prompt_add_part(&w.p, m, PROMPT_PART_OTHER);
	part->raw = json(&w, "{}");
	part->name = SLICE("named");
	expect_refusal(&w, "input");	/* nothing is left of it */
	say(&w, PROMPT_USER, "Hi");
	w.fault = (struct fault){ .err = ERR_OK };
	write(&w);
	assert_int_equal(yyjson_arr_size(json_arr(w.root, "input")), 1);
	expect_drops(&w, "server_tool_use, named");
	writer_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_instructions),
		cmocka_unit_test(test_system_blocks),
		cmocka_unit_test(test_media),
		cmocka_unit_test(test_media_refused),
		cmocka_unit_test(test_tool_loop),
		cmocka_unit_test(test_call_ids),
		cmocka_unit_test(test_own_state),
		cmocka_unit_test(test_other_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

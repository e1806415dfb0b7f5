/* What clients of OpenAI's say, as a Gemini model gets it; prompts that they cannot say are made by hand.  Bodies of
 * Gemini clients are golden pages. */
#include "unit.h"

#include "dialect/gemini_write.h"
#include "dialect/translate.h"

struct writing {
	struct arena arena;
	struct prompt prompt;
	struct drops drops;
	struct fault fault;
	struct quirks quirks;
	struct dialect_ask ask;
	struct buf out;
};

static void writing_init(struct writing *w, const char *model)
{
	*w = (struct writing){ .quirks = { .drop = NULL } };
	arena_init(&w->arena, 0);
	prompt_init(&w->prompt, &w->arena);
	w->prompt.origin = 'c';
	w->ask = (struct dialect_ask){ .model = slice_str(model), .provider = SLICE("gemini"), .drops = &w->drops,
		.quirks = &w->quirks, .arena = &w->arena, .fault = &w->fault };
	buf_init(&w->out, 1 << 20);
}

static void writing_done(struct writing *w)
{
	buf_done(&w->out);
	arena_done(&w->arena);
}

/* cmocka cuts long messages. */
static void check(struct writing *w, enum err e, const char *want, const char *drops)
{
	char text[1024];

	drops_text(&w->drops, text, sizeof(text));
	bool good = e == ERR_OK && slice_eq(buf_slice(&w->out), slice_str(want)) && strcmp(text, drops) == 0;
	if (!good)
		fprintf(stderr, "%s: %.*s\n%.*s\nnot\n%s\ndropped %s\n", err_name(e),
			SLICE_ARG(fault_message(&w->fault)),
			SLICE_ARG(buf_slice(&w->out)), want, text);
	assert_true(good);
}

static enum err translate(struct writing *w, const char *body)
{
	struct request r = { .choices = 1 };

	assert_int_equal(openai_chat.parse(&w->arena, slice_str(body), &r, &w->fault), ERR_OK);
	w->ask.stream = r.stream;
	return translate_build(&gemini_generate, &r, &w->ask, &w->out);
}

static void expect(const char *model, const char *body, const char *want, const char *drops)
{
	struct writing w;

	writing_init(&w, model);
	check(&w, translate(&w, body), want, drops);
	writing_done(&w);
}

static void expect_refused(const char *model, const char *body, const char *message)
{
	struct writing w;

	writing_init(&w, model);
	enum err e = translate(&w, body);
	if (e != ERR_UNSUPPORTED || !slice_eq(fault_message(&w.fault), slice_str(message)))
		fail_msg("%s: %.*s", err_name(e), SLICE_ARG(fault_message(&w.fault)));
	writing_done(&w);
}

#define FLASH "gemini-2.5-flash"
#define THREE "gemini-3-flash-preview"
#define HI "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
#define SAYS_HI "\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}]}]"
/* A request with this beside the message, and a body with that beside the contents. */
#define WITH(model, members, wants, drops) \
	expect(model, "{\"model\":\"m\"," HI "," members "}", "{" SAYS_HI wants "}", drops)

static void test_messages(void **state)
{
	expect(FLASH, "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\""
		"user\",\"content\":\"a\"},"
		"{\"role\":\"assistant\",\"content\":\"b\"},{\"role\":\"developer\",\"content\":\"Be kind.\"},"
		"{\"role\":\"user\",\"content\":\"c\",\"name\":\"eve\"},{\"role\":\"user\",\"content\":[{\"type\":"
			"\"text\",\"text\":\"d\"}]}]}",
		"{\"systemInstruction\":{\"parts\":[{\"text\":\"Be brief.\"},{\"text\":\"Be kind.\"}]},\"contents\":["
		"{\"role\":\"user\",\"parts\":[{\"text\":\"a\"}]},{\"role\":\"model\",\"parts\":[{\"text\":\"b\"}]},"
		"{\"role\":\"user\",\"parts\":[{\"text\":\"c\"},{\"text\":\"d\"}]}]}", "messages.name");
	expect(FLASH, "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"content\":\"b\"},{\"role\":\"user\""
		",\"content\":\"c\"}]}",
		"{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\" \"}]},{\"role\":\"model\",\"parts\":[{\""
			"text\":\"b\"}]},"
		"{\"role\":\"user\",\"parts\":[{\"text\":\"c\"}]}]}", "");
	expect(FLASH, "{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"s\"}]}",
		"{\"systemInstruction\":{\"parts\":[{\"text\":\"s\"}]},\"contents\":[{\"role\":\"user\",\"parts\":"
			"[{\"text\":\" \"}]}]}", "");
	/* Gemma takes no systemInstruction */
	expect("gemma-3-27b-it",
		"{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"conte"
			"nt\":\"a\"}]}",
		"{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"s\"},{\"text\":\"a\"}]}]}", "");
	expect(FLASH, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\""
		",\"content\":null,\"refusal\":\"no\"}]}",
		"{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"a\"}]},{\"role\":\"model\",\"parts\":[{\""
			"text\":\"no\"}]}]}", "");
}

#define CALLS "{\"role\":\"user\",\"content\":\"go\"},{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[" \
	"{\"id\":\"c1\",\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"a\\\": 1}\"}}," \
	"{\"id\":\"c2\",\"type\":\"function\",\"function\":{\"name\":\"g\",\"arguments\":\"\"}}]}"

/* Names come from the calls, the order too; text of the user's stands in a turn of its own. */
static void test_calls(void **state)
{
	const char *body = "{\"model\":\"m\",\"messages\":[" CALLS ",{\"role\":\"tool\",\"tool_call_id\":\"c2\",\""
		"content\":\"{\\\"t\\\":[1]}\"},"
		"{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"[1]\"},{\"role\":\"tool\",\"tool_call_id"
			"\":\"zz\",\"content\":\"?\"},"
		"{\"role\":\"user\",\"content\":\"so?\"}]}";

	expect(FLASH, body, "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"go\"}]},{\"role\":\"model\","
		"\"parts\":["
		"{\"functionCall\":{\"id\":\"c1\",\"name\":\"f\",\"args\":{\"a\":1}}},{\"functionCall\":{\"id\":\""
			"c2\",\"name\":\"g\",\"args\":{}}}]},"
		"{\"role\":\"user\",\"parts\":[{\"functionResponse\":{\"id\":\"c1\",\"name\":\"f\",\"response\":{\""
			"output\":\"[1]\"}}},"
		"{\"functionResponse\":{\"id\":\"c2\",\"name\":\"g\",\"response\":{\"t\":[1]}}}]},{\"role\":\"user"
			"\",\"parts\":[{\"text\":\"so?\"}]}]}",
		"tool_result.orphan");
	expect(THREE, "{\"model\":\"m\",\"messages\":[" CALLS "]}",
		"{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"go\"}]},{\"role\":\"model\",\"parts\":["
		"{\"functionCall\":{\"id\":\"c1\",\"name\":\"f\",\"args\":{\"a\":1}},\"thoughtSignature\":\"skip_t"
			"hought_signature_validator\"},"
		"{\"functionCall\":{\"id\":\"c2\",\"name\":\"g\",\"args\":{}}}]}]}", "");
}

/* Arguments that are no object are kept as what they are. */
static void test_odd_arguments(void **state)
{
	static const struct {
		const char *args;
		bool custom;
		const char *want;
	} rows[] = {
		{ "{\"a\":", false, "{\"_raw\":\"{\\\"a\\\":\"}" }, { "[1]", false, "{\"_raw\":\"[1]\"}" },
			{ "  ", false, "{}" },
		{ "null", false, "{\"_raw\":\"null\"}" }, { "free text", true, "{\"input\":\"free text\"}" },
		{ "{}", true, "{\"input\":\"{}\"}" }, { "", true, "{\"input\":\"\"}" },
		{ "{\"n\":1e400,\"big\":123456789012345678901234567890}", false,
			"{\"n\":1e400,\"big\":123456789012345678901234567890}" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct writing w;
		char want[512];
		writing_init(&w, FLASH);
		struct prompt_message *m = prompt_add_message(&w.prompt, PROMPT_ASSISTANT);
		struct prompt_part *call = prompt_add_part(&w.prompt, m, PROMPT_PART_TOOL_CALL);
		call->name = SLICE("f");
		call->args = slice_str(rows[i].args);
		call->custom = rows[i].custom;
		snprintf(want, sizeof(want),
			"{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\" \"}]},{\"role\":\"model\",\"par"
				"ts\":["
			"{\"functionCall\":{\"name\":\"f\",\"args\":%s}}]}]}", rows[i].want);
		check(&w, gemini_write(&w.prompt, &w.ask, &w.out), want, "");
		writing_done(&w);
	}
}

static struct prompt_part *add_result(struct writing *w, struct prompt_message *m, const char *id)
{
	struct prompt_part *r = prompt_add_part(&w->prompt, m, PROMPT_PART_TOOL_RESULT);

	r->id = slice_str(id);
	r->name = SLICE("f");
	return r;
}

static struct prompt_part *add_piece(struct writing *w, struct prompt_part *result, enum prompt_part_kind kind)
{
	struct prompt_part **at = &result->content;

	while (*at)
		at = &(*at)->next;
	prompt_link_part(&w->prompt, at, kind);
	return *at;
}

/* An error, several pieces, and pictures. */
static void add_results(struct writing *w)
{
	struct prompt_message *m = prompt_add_message(&w->prompt, PROMPT_TOOL);
	struct prompt_part *r = add_result(w, m, "1");

	r->is_error = true;
	add_piece(w, r, PROMPT_PART_TEXT)->text = SLICE("{\"no\":1}");
	r = add_result(w, m, "2");
	add_piece(w, r, PROMPT_PART_TEXT)->text = SLICE("{\"a\":");
	add_piece(w, r, PROMPT_PART_TEXT)->text = SLICE("1}");
	add_piece(w, r, PROMPT_PART_IMAGE)->media = (struct prompt_media){ .source = PROMPT_SOURCE_BASE64,
		.data = SLICE("AAAA"), .mime = SLICE("image/png") };
	add_piece(w, r, PROMPT_PART_FILE)->media = (struct prompt_media){ .source = PROMPT_SOURCE_PLAIN,
		.data = SLICE(" words") };
	add_result(w, m, "3");
}

static void test_results(void **state)
{
	struct writing w;

	writing_init(&w, FLASH);
	add_results(&w);
	check(&w, gemini_write(&w.prompt, &w.ask, &w.out), "{\"contents\":[{\"role\":\"user\",\"parts\":["
		"{\"functionResponse\":{\"id\":\"1\",\"name\":\"f\",\"response\":{\"error\":\"{\\\"no\\\":1}\"}}},"
		"{\"functionResponse\":{\"id\":\"2\",\"name\":\"f\",\"response\":{\"output\":\"{\\\"a\\\":1} words"
			"\"}}},"
		"{\"functionResponse\":{\"id\":\"3\",\"name\":\"f\",\"response\":{\"output\":\"\"}}}]},"
		"{\"role\":\"user\",\"parts\":[{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AAAA\"}}]}]"
			"}", "");
	writing_done(&w);
	writing_init(&w, THREE);
	add_results(&w);
	check(&w, gemini_write(&w.prompt, &w.ask, &w.out), "{\"contents\":[{\"role\":\"user\",\"parts\":["
		"{\"functionResponse\":{\"id\":\"1\",\"name\":\"f\",\"response\":{\"error\":\"{\\\"no\\\":1}\"}}},"
		"{\"functionResponse\":{\"id\":\"2\",\"name\":\"f\",\"response\":{\"output\":\"{\\\"a\\\":1} words\"},"
		"\"parts\":[{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AAAA\"}}]}},"
		"{\"functionResponse\":{\"id\":\"3\",\"name\":\"f\",\"response\":{\"output\":\"\"}}}]}]}", "");
	writing_done(&w);
}

/* More results than are put in order: none is lost. */
static void test_many_results(void **state)
{
	struct writing w;

	writing_init(&w, FLASH);
	struct prompt_message *m = prompt_add_message(&w.prompt, PROMPT_TOOL);
	for (int i = 0; i < 600; i++)
		add_result(&w, m, "x");
	assert_int_equal(gemini_write(&w.prompt, &w.ask, &w.out), ERR_OK);
	size_t n = 0;
	for (struct slice s = buf_slice(&w.out); (s.p = memmem(s.p, s.n, "functionResponse", 16)) != NULL; n++)
		s = slice_of(s.p + 1, (size_t)(buf_slice(&w.out).p + buf_len(&w.out) - s.p - 1));
	assert_int_equal(n, 600);
	writing_done(&w);
}

/* Own state goes back where it was, that of others does not, nor do thoughts. */
static void test_state(void **state)
{
	struct writing w;

	writing_init(&w, THREE);
	struct prompt_message *m = prompt_add_message(&w.prompt, PROMPT_ASSISTANT);
	struct prompt_part *p = prompt_add_part(&w.prompt, m, PROMPT_PART_REASONING);
	p->text = SLICE("hm");
	p->seal = (struct prompt_seal){ 'a', SLICE("theirs") };
	p = prompt_add_part(&w.prompt, m, PROMPT_PART_REASONING);
	p->text = SLICE("hm");
	p->seal = (struct prompt_seal){ 'g', SLICE("ours") };
	p = prompt_add_part(&w.prompt, m, PROMPT_PART_TOOL_CALL);
	p->name = SLICE("f");
	p->seal = (struct prompt_seal){ 'g', SLICE("call") };
	p = prompt_add_part(&w.prompt, m, PROMPT_PART_TOOL_CALL);
	p->name = SLICE("g");
	p->seal = (struct prompt_seal){ 'a', SLICE("theirs") };
	check(&w, gemini_write(&w.prompt, &w.ask, &w.out),
		"{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\" \"}]},"
		"{\"role\":\"model\",\"parts\":[{\"text\":\"\",\"thoughtSignature\":\"ours\"},"
		"{\"functionCall\":{\"name\":\"f\",\"args\":{}},\"thoughtSignature\":\"call\"},{\"functionCall\":{"
			"\"name\":\"g\",\"args\":{}}}]}]}", "");
	writing_done(&w);
}

#define PART(part) "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x" \
	"\"}," part "]}]}"
#define GETS(part) "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"x\"}" part "]}]}"

static void test_media(void **state)
{
	expect(FLASH, PART("{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AAAA\",\"detail"
		"\":\"auto\"}}"),
		GETS(",{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AAAA\"}}"), "");
	expect(FLASH, PART("{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://x.example/a.webp\",\"detail\""
		":\"high\"}}"),
		GETS(",{\"fileData\":{\"mimeType\":\"image/webp\",\"fileUri\":\"https://x.example/a.webp\"}}"),
			"image.detail");
	expect(FLASH, PART("{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://x.example/a\"}}"), GETS(""),
		"image_url");
	expect(FLASH, PART("{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"AAAA\",\"format\":\"wav\"}}"),
		GETS(",{\"inlineData\":{\"mimeType\":\"audio/wav\",\"data\":\"AAAA\"}}"), "");
	expect(FLASH, PART("{\"type\":\"file\",\"file\":{\"filename\":\"a.pdf\",\"file_data\":\"data:application/p"
		"df;base64,AAAA\"}}"),
		GETS(",{\"inlineData\":{\"mimeType\":\"application/pdf\",\"data\":\"AAAA\"}}"), "");
	expect_refused(FLASH, PART("{\"type\":\"file\",\"file\":{\"file_id\":\"file-1\"}}"),
		"the file file-1 is kept at another provider");
	expect(FLASH, PART("{\"type\":\"file\",\"file\":{\"file_id\":\"gs://b/a.pdf\"}}"),
		GETS(",{\"fileData\":{\"mimeType\":\"application/pdf\",\"fileUri\":\"gs://b/a.pdf\"}}"), "");
}

/* A server that fetches nothing. */
static void test_inline_only(void **state)
{
	struct writing w;

	writing_init(&w, FLASH);
	w.quirks.inline_images = true;
	check(&w, translate(&w,
		PART("{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://x.example/a.png\"}}")), GETS(""),
			"image_url");
	writing_done(&w);
}

static void test_tools(void **state)
{
	WITH(FLASH, "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"description\":\"d\",\"strict"
		"\":true,\"parameters\":"
		"{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/A\"}},\"$defs\":{\"A\":{\"type\":["
			"\"string\",\"null\"]}}}}},"
		"{\"type\":\"function\",\"function\":{\"name\":\"g\",\"parameters\":{\"type\":\"object\",\"propert"
			"ies\":{}}}},"
		"{\"type\":\"function\",\"function\":{\"name\":\"h\"}},"
		"{\"type\":\"function\",\"function\":{\"name\":\"i\",\"parameters\":{\"type\":\"object\",\"additio"
			"nalProperties\":{\"type\":\"string\"}}}}],"
		"\"parallel_tool_calls\":false",
		",\"tools\":[{\"functionDeclarations\":[{\"name\":\"f\",\"description\":\"d\",\"parametersJsonSche"
			"ma\":{\"type\":\"object\","
		"\"properties\":{\"a\":{\"$ref\":\"#/$defs/A\"}},\"$defs\":{\"A\":{\"type\":[\"string\",\"null\"]}"
			"}}},{\"name\":\"g\"},{\"name\":\"h\"},"
		"{\"name\":\"i\",\"parametersJsonSchema\":{\"type\":\"object\",\"additionalProperties\":{\"type\":"
			"\"string\"}}}]}],\"toolConfig\":{\"functionCallingConfig\":{\"mode\":\"VALIDATED\"}}",
		"parallel_tool_calls");
	/* older models: the subset */
	WITH("gemini-2.0-flash", "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":"
		"{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/A\"}},\"$defs\":{\"A\":{\"type\":["
			"\"string\",\"null\"]}}}}},"
		"{\"type\":\"function\",\"function\":{\"name\":\"g\",\"parameters\":{\"type\":\"object\",\"additio"
			"nalProperties\":true}}},"
		"{\"type\":\"function\",\"function\":{\"name\":\"h\",\"parameters\":{\"type\":\"object\",\"propert"
			"ies\":{\"n\":{\"enum\":[1]}}}}}]",
		",\"tools\":[{\"functionDeclarations\":[{\"name\":\"f\",\"parameters\":{\"type\":\"OBJECT\",\"prop"
			"erties\":"
		"{\"a\":{\"type\":\"STRING\",\"nullable\":true}}}},{\"name\":\"g\"},"
		"{\"name\":\"h\",\"parameters\":{\"type\":\"OBJECT\",\"properties\":{\"n\":{\"type\":\"INTEGER\"}}"
			"}}]}]", "tools.parameters");
	WITH(FLASH, "\"tools\":[{\"type\":\"custom\",\"custom\":{\"name\":\"c\",\"format\":{\"type\":\"grammar\",\""
		"grammar\":{}}}}]",
		",\"tools\":[{\"functionDeclarations\":[{\"name\":\"c\",\"parameters\":{\"type\":\"OBJECT\",\"prop"
			"erties\":"
		"{\"input\":{\"type\":\"STRING\"}},\"required\":[\"input\"]}}]}]", "tools.format");
}

#define TWO "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}},{\"type\":\"function\",\"function\":" \
	"{\"name\":\"g\"}}]"
#define GETS_TWO ",\"tools\":[{\"functionDeclarations\":[{\"name\":\"f\"},{\"name\":\"g\"}]}]"
#define CALLING(config) ",\"toolConfig\":{\"functionCallingConfig\":{" config "}}"

static void test_choice(void **state)
{
	WITH(FLASH, TWO, GETS_TWO, "");
	WITH(FLASH, TWO ",\"tool_choice\":\"auto\"", GETS_TWO CALLING("\"mode\":\"AUTO\""), "");
	WITH(FLASH, TWO ",\"tool_choice\":\"none\"", GETS_TWO CALLING("\"mode\":\"NONE\""), "");
	WITH(FLASH, TWO ",\"tool_choice\":\"required\"", GETS_TWO CALLING("\"mode\":\"ANY\""), "");
	WITH(FLASH, TWO ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"g\"}}",
		GETS_TWO CALLING("\"mode\":\"ANY\",\"allowedFunctionNames\":[\"g\"]"), "");
	WITH(FLASH, TWO ",\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"required\",\"t"
		"ools\":["
		"{\"type\":\"function\",\"function\":{\"name\":\"f\"}},{\"type\":\"function\",\"function\":{\"name"
			"\":\"g\"}}]}}",
		GETS_TWO CALLING("\"mode\":\"ANY\",\"allowedFunctionNames\":[\"f\",\"g\"]"), "");
	WITH(FLASH, TWO ",\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"auto\",\"tools\":["
		"{\"type\":\"function\",\"function\":{\"name\":\"g\"}}]}}",
		",\"tools\":[{\"functionDeclarations\":[{\"name\":\"g\"}]}]" CALLING("\"mode\":\"AUTO\""), "");
	/* a choice without functions is refused by Google */
	WITH(FLASH, "\"tool_choice\":\"auto\"", "", "");
}

static void test_search(void **state)
{
	WITH(FLASH, "\"web_search_options\":{}", ",\"tools\":[{\"googleSearch\":{}}]", "");
	WITH(FLASH, "\"web_search_options\":{\"search_context_size\":\"low\"}",
		",\"tools\":[{\"googleSearch\":{}}]", "web_search.options");
	WITH(FLASH, "\"web_search_options\":{}," TWO, GETS_TWO, "web_search");
	WITH(THREE, "\"web_search_options\":{}," TWO,
		",\"tools\":[{\"functionDeclarations\":[{\"name\":\"f\"},{\"name\":\"g\"}]},"
		"{\"googleSearch\":{}}],\"toolConfig\":{\"includeServerSideToolInvocations\":true}", "");
}

static void test_hosted(void **state)
{
	struct writing w;
	yyjson_doc *doc;

	writing_init(&w, THREE);
	assert_int_equal(json_parse(&w.arena, SLICE("{\"type\":\"code_interpreter\"}"), &doc, NULL), ERR_OK);
	prompt_add_tool(&w.prompt, PROMPT_TOOL_HOSTED)->raw = yyjson_doc_get_root(doc);
	assert_int_equal(gemini_write(&w.prompt, &w.ask, &w.out), ERR_UNSUPPORTED);
	assert_slice(fault_message(&w.fault), "the tool code_interpreter runs at another provider only");
	writing_done(&w);
}

#define CONFIG(members) ",\"generationConfig\":{" members "}"

static void test_sampling(void **state)
{
	WITH(FLASH, "\"max_completion_tokens\":9,\"temperature\":0.25,\"top_p\":0.5,\"n\":2,\"stop\":[\"a\",\"b\"]"
		",\"seed\":5,"
		"\"presence_penalty\":0.5,\"frequency_penalty\":-0.5,\"logprobs\":true,\"top_logprobs\":2",
		CONFIG("\"temperature\":0.25,\"topP\":0.5,\"maxOutputTokens\":9,\"candidateCount\":2,\"stopSequenc"
			"es\":[\"a\",\"b\"],\"seed\":5,"
		"\"presencePenalty\":0.5,\"frequencyPenalty\":-0.5,\"responseLogprobs\":true,\"logprobs\":2"), "");
	WITH(FLASH, "\"seed\":123456789012345", CONFIG("\"seed\":101560113"), "");
	WITH(FLASH, "\"logprobs\":false,\"n\":1,\"stop\":null", "", "");
	WITH(FLASH, "\"logit_bias\":{\"1\":2},\"user\":\"u\",\"verbosity\":\"low\",\"prompt_cache_key\":\"k\",\"st"
		"ore\":true,"
		"\"metadata\":{\"a\":\"b\"},\"prediction\":{\"type\":\"content\",\"content\":\"x\"},\"min_p\":0.1", "",
		"min_p, logit_bias, user, verbosity, prompt_cache_key, prediction, metadata, store");
	WITH(FLASH, "\"store\":false,\"made_up\":1", "", "made_up");
	expect_refused(FLASH, "{\"model\":\"m\"," HI ",\"n\":9}", "only 8 answers at a time can be had");
}

/* Only clients of others can name more than OpenAI's four. */
static void test_stops(void **state)
{
	struct slice stops[] = { SLICE("a"), SLICE("b"), SLICE(""), SLICE("c"), SLICE("d"), SLICE("e"), SLICE("f") };
	struct writing w;

	writing_init(&w, FLASH);
	w.prompt.stop = stops;
	w.prompt.n_stop = 6;
	check(&w, gemini_write(&w.prompt, &w.ask, &w.out),
		"{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\" \"}]}],"
		"\"generationConfig\":{\"stopSequences\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}}", "");
	w.prompt.n_stop = 7;
	buf_clear(&w.out);
	assert_int_equal(gemini_write(&w.prompt, &w.ask, &w.out), ERR_UNSUPPORTED);
	assert_slice(fault_message(&w.fault), "only 5 stop sequences can be had");
	writing_done(&w);
}

#define SCHEMA "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"strict\":true," \
	"\"schema\":{\"type\":\"object\",\"properties\":{\"a\":{\"const\":\"x\"}}}}}"

static void test_format(void **state)
{
	WITH(FLASH, "\"response_format\":{\"type\":\"text\"}", "", "");
	WITH(FLASH, "\"response_format\":{\"type\":\"json_object\"}",
		CONFIG("\"responseMimeType\":\"application/json\""), "");
	WITH(FLASH, SCHEMA, CONFIG("\"responseMimeType\":\"application/json\",\"responseJsonSchema\":"
		"{\"type\":\"object\",\"properties\":{\"a\":{\"const\":\"x\"}}}"), "");
	WITH("gemini-2.0-flash", SCHEMA, CONFIG("\"responseMimeType\":\"application/json\",\"responseSchema\":"
		"{\"type\":\"OBJECT\",\"properties\":{\"a\":{\"type\":\"STRING\",\"enum\":[\"x\"]}}}"), "");
	WITH("gemini-2.0-flash",
		"\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\",\"description\":\"d\","
		"\"schema\":{\"type\":\"object\",\"properties\":{\"a\":{\"const\":1}}}}}",
		CONFIG("\"responseMimeType\":\"application/json\",\"responseSchema\":{\"type\":\"OBJECT\",\"proper"
			"ties\":{\"a\":{\"type\":\"INTEGER\"}}}"),
		"response_format.json_schema, response_format.description");
	expect_refused(FLASH, "{\"model\":\"m\"," HI "," TWO "," SCHEMA "}",
		"the model takes no JSON format together with functions");
	WITH(THREE, "\"response_format\":{\"type\":\"json_object\"}," TWO,
		GETS_TWO CONFIG("\"responseMimeType\":\"application/json\""), "");
}

static void test_thinking(void **state)
{
	WITH(FLASH, "\"reasoning_effort\":\"low\"", CONFIG("\"thinkingConfig\":{\"thinkingBudget\":1024}"), "");
	WITH(FLASH, "\"reasoning_effort\":\"none\"", CONFIG("\"thinkingConfig\":{\"thinkingBudget\":0}"), "");
	WITH("gemini-2.5-pro", "\"reasoning_effort\":\"none\"",
		CONFIG("\"thinkingConfig\":{\"thinkingBudget\":128}"), "reasoning_effort");
	WITH("gemini-2.5-pro", "\"reasoning_effort\":\"xhigh\"",
		CONFIG("\"thinkingConfig\":{\"thinkingBudget\":32768}"), "");
	WITH(THREE, "\"reasoning_effort\":\"medium\"", CONFIG("\"thinkingConfig\":{\"thinkingLevel\":\"MEDIUM\"}"), "");
	WITH("gemini-3-pro-preview", "\"reasoning_effort\":\"medium\"",
		CONFIG("\"thinkingConfig\":{\"thinkingLevel\":\"HIGH\"}"), "");
	WITH("gemini-3-pro-preview", "\"reasoning_effort\":\"none\"",
		CONFIG("\"thinkingConfig\":{\"thinkingLevel\":\"LOW\"}"), "reasoning_effort");
	WITH("gemini-2.0-flash", "\"reasoning_effort\":\"high\"", "", "reasoning_effort");
	WITH("gemini-2.0-flash", "\"reasoning_effort\":\"none\"", "", "");
}

static void test_speech(void **state)
{
	WITH(FLASH, "\"modalities\":[\"text\"]", "", "");
	WITH(FLASH, "\"modalities\":[\"text\",\"audio\"],\"audio\":{\"voice\":\"Kore\",\"format\":\"pcm16\"}",
		CONFIG("\"responseModalities\":[\"TEXT\",\"AUDIO\"],\"speechConfig\":{\"voiceConfig\":{\"prebuiltV"
			"oiceConfig\":{\"voiceName\":\"Kore\"}}}"), "");
	WITH(FLASH, "\"modalities\":[\"audio\"],\"audio\":{\"voice\":\"alloy\",\"format\":\"mp3\"}",
		CONFIG("\"responseModalities\":[\"AUDIO\"]"),
		"audio.format, audio.voice");
}

static void test_tier(void **state)
{
	WITH(FLASH, "\"service_tier\":\"auto\"", "", "");
	WITH(FLASH, "\"service_tier\":\"default\"", ",\"serviceTier\":\"standard\"", "");
	WITH(FLASH, "\"service_tier\":\"flex\"", ",\"serviceTier\":\"flex\"", "");
	WITH(FLASH, "\"service_tier\":\"scale\"", "", "service_tier");
}

/* What only another dialect understands is named. */
static void test_other(void **state)
{
	struct writing w;
	yyjson_doc *doc;

	writing_init(&w, FLASH);
	assert_int_equal(json_parse(&w.arena, SLICE("{\"type\":\"server_tool_use\"}"), &doc, NULL), ERR_OK);
	struct prompt_message *m = prompt_add_message(&w.prompt, PROMPT_ASSISTANT);
	prompt_add_part(&w.prompt, m, PROMPT_PART_OTHER)->raw = yyjson_doc_get_root(doc);
	prompt_add_text(&w.prompt, m, SLICE("a"));
	m = prompt_add_message(&w.prompt, PROMPT_SYSTEM);
	prompt_add_part(&w.prompt, m, PROMPT_PART_IMAGE);
	check(&w, gemini_write(&w.prompt, &w.ask, &w.out),
		"{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\" \"}]},"
		"{\"role\":\"model\",\"parts\":[{\"text\":\"a\"}]}]}", "system.media, server_tool_use");
	writing_done(&w);
}

/* Arguments are text in OpenAI's bodies: they can be as deep as a whole body. */
static void test_too_deep(void **state)
{
	char args[400];
	struct writing w;

	writing_init(&w, FLASH);
	size_t n = 0;
	for (int i = 0; i < 126; i++)
		n += (size_t)snprintf(args + n, sizeof(args) - n, "%s", i ? "[" : "{\"a\":");
	for (int i = 0; i < 126; i++)
		n += (size_t)snprintf(args + n, sizeof(args) - n, "%s", i < 125 ? "]" : "}");
	struct prompt_part *call = prompt_add_part(&w.prompt, prompt_add_message(&w.prompt, PROMPT_ASSISTANT),
		PROMPT_PART_TOOL_CALL);
	call->args = slice_str(args);
	assert_int_equal(gemini_write(&w.prompt, &w.ask, &w.out), ERR_UNSUPPORTED);
	writing_done(&w);
}

/* However little room there is: all of it or an error. */
static void test_no_room(void **state)
{
	struct writing w;

	for (size_t max = 0; max < 400; max++) {
		writing_init(&w, THREE);
		buf_done(&w.out);
		buf_init(&w.out, max);
		add_results(&w);
		enum err e = gemini_write(&w.prompt, &w.ask, &w.out);
		assert_true(e == ERR_TOO_BIG || (e == ERR_OK && buf_len(&w.out) <= max));
		writing_done(&w);
	}
}

/* Settings have no tokens. */
static void test_count(void **state)
{
	struct writing w;

	writing_init(&w, FLASH);
	prompt_add_text(&w.prompt, prompt_add_message(&w.prompt, PROMPT_SYSTEM), SLICE("s"));
	prompt_add_text(&w.prompt, prompt_add_message(&w.prompt, PROMPT_USER), SLICE("a"));
	prompt_add_tool(&w.prompt, PROMPT_TOOL_FUNCTION)->name = SLICE("f");
	w.prompt.temperature = 1;
	w.prompt.user = SLICE("u");
	check(&w, gemini_write_count(&w.prompt, &w.ask, &w.out),
		"{\"generateContentRequest\":{\"model\":\"models/gemini-2.5-flash\","
		"\"systemInstruction\":{\"parts\":[{\"text\":\"s\"}]},\"contents\":[{\"role\":\"user\",\"parts\":["
			"{\"text\":\"a\"}]}],"
		"\"tools\":[{\"functionDeclarations\":[{\"name\":\"f\"}]}]}}", "");
	writing_done(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages), cmocka_unit_test(test_calls), cmocka_unit_test(test_odd_arguments),
		cmocka_unit_test(test_results), cmocka_unit_test(test_many_results), cmocka_unit_test(test_state),
		cmocka_unit_test(test_media), cmocka_unit_test(test_inline_only), cmocka_unit_test(test_tools),
		cmocka_unit_test(test_choice), cmocka_unit_test(test_search), cmocka_unit_test(test_hosted),
		cmocka_unit_test(test_sampling), cmocka_unit_test(test_stops), cmocka_unit_test(test_format),
		cmocka_unit_test(test_thinking), cmocka_unit_test(test_speech), cmocka_unit_test(test_tier),
		cmocka_unit_test(test_other), cmocka_unit_test(test_too_deep), cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

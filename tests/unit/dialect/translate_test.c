/* Which dialect is chosen and what happens to the body on its way, with dialects made for the test; real pairs are in
 * tests/golden/translate. */
#include "unit.h"

#include "chat/seal.h"
#include "dialect/translate.h"

static struct arena arena;
static struct drops drops;
static struct fault fault;
static struct prompt seen;	/* what write() got */
static enum err read_fails, write_fails;
static const char *drop_name;

static enum err build(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	return buf_put(out, SLICE("{\"built\":1}")) ? ERR_OK : ERR_TOO_BIG;
}

static enum err read_prompt(struct arena *a, const struct request *r, struct prompt *out, struct fault *out_fault)
{
	assert_ptr_equal(a, &arena);
	assert_non_null(r->doc);
	if (read_fails)
		*out_fault = fault_make(a, read_fails, "cannot be read");
	return read_fails;
}

static enum err write_prompt(const struct prompt *p, const struct dialect_ask *ask, struct buf *out)
{
	seen = *p;
	if (drop_name)
		drops_add_str(ask->drops, drop_name);
	if (write_fails)
		*ask->fault = fault_make(ask->arena, write_fails, "cannot be written");
	return write_fails ? write_fails : buf_put(out, SLICE("{\"a\":{\"b\":1,\"c\":2},\"d\":[1]}")) ? ERR_OK
		: ERR_TOO_BIG;
}

#define FAKE(f, o, t) { .name = "fake", .family = f, .op = o, .tag = t, .build = build, .read = read_prompt, \
	.write = write_prompt }
static const struct dialect one = FAKE(DIALECT_OPENAI, REQUEST_CHAT, '1');
static const struct dialect two = FAKE(DIALECT_GEMINI, REQUEST_CHAT, '2');
static const struct dialect embed = FAKE(DIALECT_OPENAI, REQUEST_EMBED, '3');
static const struct dialect raw = { .name = "raw", .op = REQUEST_RAW, .family = DIALECT_OPENAI, .build = build };

static struct request request_of(const struct dialect *d, const char *body)
{
	struct request r = { .dialect = d, .op = d->op, .body = slice_str(body), .model = SLICE("m") };

	assert_int_equal(json_parse(&arena, r.body, &r.doc, NULL), ERR_OK);
	r.has_options = yyjson_obj_get(yyjson_doc_get_root(r.doc), "provider_options") != NULL;
	return r;
}

static struct dialect_ask ask_of(const char *provider)
{
	drops = (struct drops){ .n = 0 };
	fault = (struct fault){ .err = ERR_OK };
	return (struct dialect_ask){ .model = SLICE("up"), .provider = slice_str(provider), .drops = &drops,
		.arena = &arena,
		.fault = &fault };
}

static void assert_built(const struct dialect *back, const struct request *r, const struct dialect_ask *ask,
	const char *want)
{
	struct buf out;

	buf_init(&out, 65536);
	assert_int_equal(translate_build(back, r, ask, &out), ERR_OK);
	assert_slice(buf_slice(&out), want);
	buf_done(&out);
}

static void assert_refused(const struct dialect *back, const struct request *r, const struct dialect_ask *ask,
	enum err e,
	const char *why)
{
	struct buf out;

	buf_init(&out, 65536);
	assert_int_equal(translate_build(back, r, ask, &out), e);
	assert_int_equal(fault.err, e);
	assert_slice(fault.message, why);
	buf_done(&out);
}

static int tear_down(void **state)
{
	read_fails = write_fails = ERR_OK;
	drop_name = NULL;
	return 0;
}

/* --- picking -------------------------------------------------------------------------------------------- */

static void test_pick(void **state)
{
	const struct dialect *chat = dialect_find(SLICE("openai-chat")),
		*claude = dialect_find(SLICE("anthropic-messages"));
	const struct dialect *vectors = dialect_find(SLICE("openai-embeddings")),
		*count = dialect_find(SLICE("anthropic-count"));
	struct translate_tongues t = { .main = chat, .also = { claude }, .n_also = 1 };
	struct request r = { .dialect = claude, .op = REQUEST_CHAT };

	assert_ptr_equal(translate_pick(&t, &r), claude);	/* untouched, although it is not the main one */
	t.n_also = 0;
	assert_ptr_equal(translate_pick(&t, &r), chat);
	r.dialect = chat;
	assert_ptr_equal(translate_pick(&t, &r), chat);
	r = (struct request){ .dialect = vectors, .op = REQUEST_EMBED };
	assert_ptr_equal(translate_pick(&t, &r), vectors);	/* of the main one's family */
	t.main = claude;
	assert_null(translate_pick(&t, &r));			/* Anthropic has no embeddings */
	r = (struct request){ .dialect = count, .op = REQUEST_COUNT };
	assert_ptr_equal(translate_pick(&t, &r), count);
	r = (struct request){ .dialect = dialect_find(SLICE("gemini-embed")), .op = REQUEST_EMBED };
	t.main = chat;
	assert_ptr_equal(translate_pick(&t, &r), vectors);
}

/* --- building ------------------------------------------------------------------------------------------- */

static void test_the_same_dialect_is_spliced(void **state)
{
	struct request r = request_of(&one, "{}");
	struct dialect_ask ask = ask_of("p");

	assert_built(&one, &r, &ask, "{\"built\":1}");
	r = request_of(&raw, "{}");
	assert_built(&raw, &r, &ask, "{\"built\":1}");
}

static void test_another_is_written(void **state)
{
	struct request r = request_of(&one, "{}");
	struct dialect_ask ask = ask_of("p");

	ask.stream = true;
	assert_built(&two, &r, &ask, "{\"a\":{\"b\":1,\"c\":2},\"d\":[1]}");
	assert_slice(seen.model, "m");
	assert_int_equal(seen.origin, '1');
	assert_true(seen.stream);
	/* the tree was dropped when the request was kept */
	r.doc = NULL;
	assert_built(&two, &r, &ask, "{\"a\":{\"b\":1,\"c\":2},\"d\":[1]}");
	assert_null(r.doc);
}

/* State of another provider must not reach this one, although it speaks the client's dialect. */
static void test_sealed_state_is_taken_out(void **state)
{
	struct slice seal = seal_wrap(&arena, 'a', SLICE("state"));
	struct request r = request_of(&one, arena_printf(&arena, "{\"x\":\"%.*s\"}", SLICE_ARG(seal)).p);
	struct dialect_ask ask = ask_of("p");

	assert_built(&one, &r, &ask, "{\"a\":{\"b\":1,\"c\":2},\"d\":[1]}");
}

static void test_nothing_of_this_kind(void **state)
{
	struct request r = request_of(&raw, "{}");
	struct dialect_ask ask = ask_of("p");

	assert_refused(&two, &r, &ask, ERR_UNSUPPORTED, "this provider has nothing of this kind");
	r = request_of(&embed, "{}");
	assert_refused(&raw, &r, &ask, ERR_UNSUPPORTED, "this provider has nothing of this kind");
}

static void test_failures_are_told(void **state)
{
	struct request r = request_of(&one, "{}");
	struct dialect_ask ask = ask_of("p");
	struct buf out;

	read_fails = ERR_BAD_FIELD;
	assert_refused(&two, &r, &ask, ERR_BAD_FIELD, "cannot be read");
	read_fails = ERR_OK;
	write_fails = ERR_UNSUPPORTED;
	assert_refused(&two, &r, &ask, ERR_UNSUPPORTED, "cannot be written");
	write_fails = ERR_OK;
	buf_init(&out, 5);
	assert_int_equal(translate_build(&two, &r, &ask, &out), ERR_TOO_BIG);
	buf_done(&out);
}

static void test_strict(void **state)
{
	struct request r = request_of(&one, "{}");
	struct dialect_ask ask = ask_of("claude");

	drop_name = "seed";
	assert_built(&two, &r, &ask, "{\"a\":{\"b\":1,\"c\":2},\"d\":[1]}");
	assert_true(drops_has(&drops, "seed"));
	ask = ask_of("claude");
	ask.strict = true;
	assert_refused(&two, &r, &ask, ERR_UNSUPPORTED, "claude cannot express: seed");
	drop_name = NULL;
	ask = ask_of("claude");
	ask.strict = true;
	assert_built(&two, &r, &ask, "{\"a\":{\"b\":1,\"c\":2},\"d\":[1]}");
}

static void assert_merged(const char *options, const char *want)
{
	struct slice body = arena_printf(&arena, "{\"provider_options\":%s}", options);
	struct request r = request_of(&one, body.p);
	struct dialect_ask ask = ask_of("vertex");

	assert_built(&two, &r, &ask, want);
	r.doc = NULL;
	assert_built(&two, &r, &ask, want);
}

/* Rows of quirks.def are about openai-chat: its `reasoning` is not that of Responses. */
static void test_quirks_are_of_one_dialect(void **state)
{
	static const struct quirks q = { .drop = "reasoning", .rename = "a>b", .only = "input",
		.callid = CALLID_MISTRAL };
	const struct dialect *chat = dialect_find(SLICE("openai-chat")),
		*responses = dialect_find(SLICE("openai-responses"));
	struct request r = request_of(responses, "{\"model\":\"a\",\"input\":\"x\",\"reasoning\":{},\"a\":1}");
	struct dialect_ask ask = ask_of("p");

	ask.quirks = &q;
	assert_built(responses, &r, &ask, "{\"model\":\"up\",\"input\":\"x\",\"reasoning\":{},\"a\":1}");
	assert_int_equal(drops.n, 0);
	assert_ptr_equal(ask.quirks, &q);
	r = request_of(chat, "{\"model\":\"a\",\"input\":[],\"reasoning\":{},\"a\":1}");
	assert_built(chat, &r, &ask, "{\"model\":\"up\",\"input\":[]}");
	assert_true(drops_has(&drops, "reasoning"));
}

/* RFC 7396; for the provider, its dialect or its family, and for no other. */
static void test_provider_options(void **state)
{
	assert_merged("{\"vertex\":{\"e\":5}}", "{\"a\":{\"b\":1,\"c\":2},\"d\":[1],\"e\":5}");
	assert_merged("{\"fake\":{\"a\":{\"b\":null,\"x\":\"\\u00e9\"}}}",
		"{\"d\":[1],\"a\":{\"c\":2,\"x\":\"\xc3\xa9\"}}");
	assert_merged("{\"gemini\":{\"a\":null,\"d\":{}}}", "{\"d\":{}}");
	assert_merged("{\"google\":{\"d\":null}}", "{\"a\":{\"b\":1,\"c\":2}}");
	assert_merged("{\"openai\":{\"d\":null},\"anthropic\":{\"d\":null},\"other\":{\"d\":null}}",
		"{\"a\":{\"b\":1,\"c\":2},\"d\":[1]}");
	assert_merged("{\"gemini\":{\"d\":1},\"vertex\":{\"d\":2}}", "{\"a\":{\"b\":1,\"c\":2},\"d\":2}");
}

static void test_provider_options_of_the_same_dialect(void **state)
{
	struct request r = request_of(&one, "{\"provider_options\":{\"openai\":{\"built\":2},\"google\":{\"x\":1}}}");
	struct dialect_ask ask = ask_of("p");

	assert_built(&one, &r, &ask, "{\"built\":2}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pick),
		cmocka_unit_test(test_the_same_dialect_is_spliced),
		cmocka_unit_test(test_another_is_written),
		cmocka_unit_test(test_sealed_state_is_taken_out),
		cmocka_unit_test(test_nothing_of_this_kind),
		cmocka_unit_test_teardown(test_failures_are_told, tear_down),
		cmocka_unit_test_teardown(test_strict, tear_down),
		cmocka_unit_test(test_quirks_are_of_one_dialect),
		cmocka_unit_test(test_provider_options),
		cmocka_unit_test(test_provider_options_of_the_same_dialect),
	};
	arena_init(&arena, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_done(&arena);
	return failed;
}

/* What a head says of its request. */
#include "unit.h"

#include "base/counter.h"
#include "conf/conf.h"
#include "front/intake.h"

#define MOST_FIELDS 4

struct scene {
	struct exchange_env env;
	struct front front;
	struct dice dice;
	struct loop *loop;
	struct intake q;
};

static void scene_open(struct scene *s)
{
	*s = (struct scene){ .loop = loop_new() };
	counter_reset();
	dice_init(&s->dice, 1);
	s->env.flight.dice = &s->dice;
	s->front = (struct front){ .loop = s->loop, .exchange = &s->env,
		.limits = { .sizes = { .head = 4096, .body = 1000, .buffered = 10000 } } };
	intake_begin(&s->q, &s->front);
}

static void scene_close(struct scene *s)
{
	intake_end(&s->q);
	loop_free(&s->loop);
}

/* A chat request with these fields, the last one without a name. */
static enum err read_head(struct scene *s, const struct http1_field *fields, int64_t length, bool chunked)
{
	size_t n = 0;

	while (fields && fields[n].name.n)
		n++;
	const struct http1_head head = { .method = HTTP1_POST, .target = SLICE("/v1/chat/completions?x=1"),
		.fields = fields, .n_fields = n, .content_length = length, .chunked = chunked };
	intake_begin(&s->q, &s->front);
	return intake_head(&s->q, &s->front, &head, false);
}

static void test_begin(void **state)
{
	struct scene s;
	char first[65];

	scene_open(&s);
	assert_int_equal(s.q.start_ns, loop_now(s.loop));
	assert_true(s.q.wall_ms > 1600000000000);
	assert_int_equal(strlen(s.q.id), 28);
	assert_true(slice_starts(slice_str(s.q.id), SLICE("req_")));
	memcpy(first, s.q.id, sizeof(first));
	intake_begin(&s.q, &s.front);
	assert_string_not_equal(s.q.id, first);
	assert_null(s.q.endpoint);
	scene_close(&s);
}

static void test_options(void **state)
{
	static const struct {
		const char *hops, *timeout;
		unsigned want_hops;
		uint64_t want_ms;
	} rows[] = {
		{ "0", "1", 0, 1 }, { "3", "30000", 3, 30000 }, { "999999", "99999999999", 1000, 86400000 },
		{ "-1", "-1", 0, 0 }, { "x", "1s", 0, 0 }, { "", "", 0, 0 }, { "99999999999999999999999",
			"1.5", 0, 0 },
	};
	struct scene s;

	scene_open(&s);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct http1_field fields[MOST_FIELDS] = {
			{ SLICE("X-Weir-Hops"), slice_str(rows[i].hops) },
			{ SLICE("x-weir-timeout-ms"), slice_str(rows[i].timeout) },
		};
		assert_int_equal(read_head(&s, fields, 5, false), ERR_OK);
		assert_int_equal(s.q.hops, rows[i].want_hops);
		assert_int_equal(s.q.timeout_ms, rows[i].want_ms);
		assert_string_equal(s.q.path, "/v1/chat/completions");
	}
	scene_close(&s);
}

static void test_bodies(void **state)
{
	static const struct {
		const char *type, *encoding;
		int64_t length;
		enum err want;
	} rows[] = {
		{ NULL, NULL, 10, ERR_OK },
		{ "application/json", NULL, 1000, ERR_OK },
		{ "Application/JSON ; charset=utf-8", "Identity", 0, ERR_OK },
		{ "application/json", NULL, 1001, ERR_BODY_TOO_BIG },
		{ "application/jsonx", NULL, 10, ERR_BAD_TYPE },
		{ "text/plain", NULL, 10, ERR_BAD_TYPE },
		{ "multipart/form-data; boundary=x", NULL, 10, ERR_BAD_TYPE },
		{ "application/json", "gzip", 10, ERR_BAD_TYPE },
		{ "application/json", "br", -1, ERR_BAD_TYPE },
	};
	struct scene s;

	scene_open(&s);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct http1_field fields[MOST_FIELDS] = {
			{ rows[i].type ? SLICE("content-type") : SLICE("x"), slice_str(rows[i].type) },
			{ rows[i].encoding ? SLICE("content-encoding") : SLICE("y"),
				slice_str(rows[i].encoding) },
		};
		assert_int_equal(read_head(&s, fields, rows[i].length, rows[i].length < 0), rows[i].want);
		assert_int_equal(s.q.length, rows[i].length);
		assert_int_equal(intake_is_bare(&s.q), rows[i].length == 0);
	}
	assert_int_equal(read_head(&s, NULL, -1, false),
		ERR_OK);	/* neither length nor chunks: no body */
	assert_true(intake_is_bare(&s.q));
	counter_add(COUNTER_buffered_bytes, 9500);
	assert_int_equal(read_head(&s, NULL, 500, false), ERR_OK);
	assert_int_equal(read_head(&s, NULL, 501, false), ERR_TOO_BUSY);
	counter_reset();
	scene_close(&s);
}

/* A name behind a prefix is whole, or there is no such thing; other paths are cut for the record. */
static void test_paths(void **state)
{
	struct http1_head metrics = { .method = HTTP1_GET, .target = SLICE("/metrics"),
		.content_length = -1 };
	struct scene s;
	char path[400];

	scene_open(&s);
	for (size_t n = 12; n < sizeof(path); n += n < 195 || n > 205 ? 17 : 1) {
		struct http1_head head = { .method = HTTP1_GET, .target = slice_of(path, n),
			.content_length = -1 };
		bool fits = n < sizeof(s.q.path);
		memset(path, 'm', n);
		memcpy(path, "/v1/models/", 11);
		intake_begin(&s.q, &s.front);
		assert_int_equal(intake_head(&s.q, &s.front, &head, false), fits ? ERR_OK : ERR_NOT_FOUND);
		assert_int_equal(strlen(s.q.path), MIN_OF(n, sizeof(s.q.path) - 1));
		assert_int_equal(strlen(s.q.path + s.q.rest_at), fits ? n - 11 : sizeof(s.q.path) - 1);
		memset(path + 1, 'm', n - 1);
		intake_begin(&s.q, &s.front);
		assert_int_equal(intake_head(&s.q, &s.front, &head, false), ERR_NOT_FOUND);
		assert_int_equal(strlen(s.q.path), MIN_OF(n, sizeof(s.q.path) - 1));
	}
	assert_int_equal(intake_head(&s.q, &s.front, &metrics, true), ERR_OK);
	assert_int_equal(intake_head(&s.q, &s.front, &metrics, false), ERR_NOT_FOUND);
	scene_close(&s);
}

/* --- calls of every dialect ------------------------------------------------------------------------------ */

/* A call to this target, with up to MOST_FIELDS fields. */
static enum err call(struct scene *s, const char *target, const struct http1_field *fields)
{
	size_t n = 0;

	while (fields && n < MOST_FIELDS && fields[n].name.n)
		n++;
	const struct http1_head head = { .method = HTTP1_POST, .target = slice_str(target), .fields = fields,
		.n_fields = n,
		.content_length = 5 };
	intake_end(&s->q);
	intake_begin(&s->q, &s->front);
	return intake_head(&s->q, &s->front, &head, false);
}

static void test_dialects(void **state)
{
	static const struct {
		const char *target, *dialect, *label;
		enum request_op op;
	} rows[] = {
		{ "/v1/chat/completions", "openai-chat", "chat.completions", REQUEST_CHAT },
		{ "/chat/completions", "openai-chat", "chat.completions", REQUEST_CHAT },
		{ "/v1/responses", "openai-responses", "responses", REQUEST_CHAT },
		{ "/responses", "openai-responses", "responses", REQUEST_CHAT },
		{ "/v1/completions", "openai-completions", "completions", REQUEST_CHAT },
		{ "/completions", "openai-completions", "completions", REQUEST_CHAT },
		{ "/v1/embeddings", "openai-embeddings", "embeddings", REQUEST_EMBED },
		{ "/embeddings", "openai-embeddings", "embeddings", REQUEST_EMBED },
		{ "/v1/messages", "anthropic-messages", "messages", REQUEST_CHAT },
		{ "/v1/messages/count_tokens", "anthropic-count", "count_tokens", REQUEST_COUNT },
		{ "/v1/images/generations", "openai-raw", "images", REQUEST_RAW },
		{ "/v1/audio/speech", "openai-raw", "audio", REQUEST_RAW },
		{ "/v1/moderations", "openai-raw", "moderations", REQUEST_RAW },
		{ "/v1/rerank", "openai-raw", "rerank", REQUEST_RAW },
		{ "/v1beta/models/x:generateContent", "gemini-generate", "generate_content", REQUEST_CHAT },
		{ "/v1/models/x:streamGenerateContent", "gemini-generate", "generate_content", REQUEST_CHAT },
		{ "/v1beta/models/x:countTokens", "gemini-count", "count_tokens", REQUEST_COUNT },
		{ "/v1beta/models/x:embedContent", "gemini-embed", "embed_content", REQUEST_EMBED },
		{ "/v1beta/models/x:batchEmbedContents", "gemini-batch-embed", "embed_content", REQUEST_EMBED },
	};
	struct scene s;

	scene_open(&s);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		enum err e = call(&s, rows[i].target, NULL);
		if (e != ERR_OK || s.q.dialect == NULL)
			fail_msg("%s: %s", rows[i].target, err_name(e));
		assert_string_equal(s.q.dialect->name, rows[i].dialect);
		assert_int_equal(s.q.dialect->op, rows[i].op);
		assert_string_equal(s.q.label, rows[i].label);
	}
	scene_close(&s);
}

/* Model, stream and framing stand outside the body. */
static void test_gemini(void **state)
{
	static const struct {
		const char *target, *model;
		bool stream;
		enum request_framing framing;
	} rows[] = {
		{ "/v1beta/models/gemini-2.5-pro:generateContent", "gemini-2.5-pro", false, REQUEST_SSE },
		{ "/v1beta/models/gemini-2.5-pro:streamGenerateContent", "gemini-2.5-pro", true, REQUEST_JSON_ARRAY },
		{ "/v1beta/models/m:streamGenerateContent?alt=sse", "m", true, REQUEST_SSE },
		{ "/v1beta/models/m:streamGenerateContent?key=AIza&alt=sse&x", "m", true, REQUEST_SSE },
		{ "/v1beta/models/m:streamGenerateContent?alt=json", "m", true, REQUEST_JSON_ARRAY },
		{ "/v1beta/models/m:streamGenerateContent?xalt=sse&alt=", "m", true, REQUEST_JSON_ARRAY },
		{ "/v1beta/models/a/b%2Fc%20%0D%0A:7b:generateContent", "a/b/c \r\n:7b", false, REQUEST_SSE },
		{ "/v1beta/models/..:generateContent", "..", false, REQUEST_SSE },
	};
	struct scene s;

	scene_open(&s);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(call(&s, rows[i].target, NULL), ERR_OK);
		assert_slice(s.q.door.model, rows[i].model);
		assert_int_equal(s.q.door.stream, rows[i].stream);
		assert_int_equal(s.q.door.framing, rows[i].framing);
	}
	assert_int_equal(call(&s, "/v1beta/models/m:generate", NULL), ERR_NOT_FOUND);
	assert_int_equal(call(&s, "/v1beta/models/m", NULL), ERR_NOT_FOUND);
	assert_int_equal(call(&s, "/v1beta/models/%00:generateContent", NULL), ERR_NOT_FOUND);
	assert_int_equal(call(&s, "/v1beta/models/%zz:generateContent", NULL), ERR_NOT_FOUND);
	/* refusals speak as the client does */
	assert_string_equal(s.q.dialect->name, "gemini-generate");
	scene_close(&s);
}

static void test_dialects_of_refusals(void **state)
{
	static const struct {
		const char *target, *dialect;	/* NULL: nobody's, OpenAI's is used */
		enum http1_method method;
		enum err want;
	} rows[] = {
		{ "/v1/messages", "anthropic-messages", HTTP1_GET, ERR_BAD_METHOD },
		{ "/v1/messages/batches", "anthropic-messages", HTTP1_POST, ERR_NOT_FOUND },
		{ "/v1beta/cachedContents", "gemini-generate", HTTP1_POST, ERR_NOT_FOUND },
		{ "/v1beta/models", "gemini-generate", HTTP1_POST, ERR_BAD_METHOD },
		{ "/v1/responses", "openai-responses", HTTP1_PUT, ERR_BAD_METHOD },
		{ "/v1/models", NULL, HTTP1_POST, ERR_BAD_METHOD },
		{ "/v1/files", NULL, HTTP1_POST, ERR_NOT_FOUND },
		{ "/", NULL, HTTP1_GET, ERR_NOT_FOUND },
	};
	struct scene s;

	scene_open(&s);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct http1_head head = { .method = rows[i].method, .target = slice_str(rows[i].target),
			.content_length = -1 };
		intake_begin(&s.q, &s.front);
		assert_int_equal(intake_head(&s.q, &s.front, &head, false), rows[i].want);
		assert_string_equal(s.q.dialect ? s.q.dialect->name : "none", rows[i].dialect ? rows[i].dialect
			: "none");
	}
	scene_close(&s);
}

static void test_strict(void **state)
{
	static const struct {
		const char *value;
		bool want;
	} rows[] = { { "true", true }, { "TRUE", true }, { "1", true }, { "false", false }, { "", false }, { "0",
		false },
		{ "yes", false } };
	struct scene s;

	scene_open(&s);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct http1_field fields[MOST_FIELDS] = { { SLICE("X-Weir-Strict"), slice_str(rows[i].value) } };
		assert_int_equal(call(&s, "/v1/messages", fields), ERR_OK);
		assert_int_equal(s.q.door.strict, rows[i].want);
	}
	scene_close(&s);
}

/* A configured key, wherever it is shown, gives a name, a weight and a most urgent priority. */
static void test_keys(void **state)
{
	static const struct {
		const char *target;
		struct http1_field fields[MOST_FIELDS];
		const char *client;
		uint32_t weight;
		enum request_priority priority;
		enum err err;
	} rows[] = {
		{ "/v1/messages", { { { "x-api-key", 9 }, { "k1", 2 } } }, "a", 3, REQUEST_BULK, ERR_OK },
		{ "/v1/messages", { { { "authorization", 13 }, { "bearer k1", 9 } },
			{ { "x-weir-priority", 15 }, { "normal", 6 } } }, "a", 3, REQUEST_BULK, ERR_OK },
		{ "/v1beta/models/m:generateContent?key=k1", { { { "x-weir-priority", 15 }, { "batch", 5 } } }, "a", 3,
			REQUEST_BATCH, ERR_OK },
		{ "/v1/messages", { { { "x-api-key", 9 }, { "k2", 2 } }, { { "x-weir-priority", 15 }, { "bulk", 4 } } },
			"", 0, REQUEST_BULK, ERR_OK },
		{ "/v1/messages", { { { "x-weir-priority", 15 }, { "bulk", 4 } } }, "", 0, REQUEST_BULK, ERR_OK },
		{ "/v1/messages", { { { "x-api-key", 9 }, { "k1", 2 } }, { { "x-weir-priority", 15 }, { "fast", 4 } } },
			"", 0, REQUEST_PRIORITY_UNSAID, ERR_BAD_PRIORITY },
	};
	const struct client_key_conf keys[] = { { .key = { SLICE("k1") }, .priority = REQUEST_BULK, .weight = 3 } };
	struct slice names[] = { SLICE("a") };
	const struct row_items items = { .v = (void *)(uintptr_t)keys, .n = 1, .names = names };
	struct scene s;

	scene_open(&s);
	client_key_load(&s.front.keys, &items, &(struct conf){ .of = NULL }, 1);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(call(&s, rows[i].target, rows[i].fields), rows[i].err);
		assert_slice(s.q.client, rows[i].client);
		assert_int_equal(s.q.door.weight, rows[i].weight);
		assert_int_equal(s.q.door.priority, rows[i].priority);
	}
	client_key_done(&s.front.keys);
	sha256_done(&s.env.sha);
	scene_close(&s);
}

/* Of several fields of one name the first counts, even an empty one; names of any length come. */
static void test_names(void **state)
{
	static const struct {
		struct http1_field fields[MOST_FIELDS];
		bool strict, alone;
	} rows[] = {
		{ { { { "x-weir-strict", 13 }, { "1", 1 } }, { { "X-WEIR-STRICT", 13 }, { "0", 1 } } }, true, false },
		{ { { { "x-weir-strict", 13 }, { "", 0 } }, { { "X-WEIR-STRICT", 13 }, { "1", 1 } } }, false, false },
		{ { { { "x-weir-join", 11 }, { "no", 2 } }, { { "x-weir-hops", 11 }, { "no", 2 } } }, false, true },
		{ { { { "x-weir-stric_", 13 }, { "1", 1 } }, { { "x-weir-jo_n", 11 }, { "no", 2 } } }, false, false },
		{ { { { "x-weir-strict-and-45-letters-in-all-with-this", 45 }, { "1", 1 } } }, false, false },
	};
	struct scene s;

	scene_open(&s);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(call(&s, "/v1/messages", rows[i].fields), ERR_OK);
		assert_int_equal(s.q.door.strict, rows[i].strict);
		assert_int_equal(s.q.door.alone, rows[i].alone);
	}
	scene_close(&s);
}

/* They go on to a provider that speaks the same; a copy, since the head is gone by then. */
static void test_betas(void **state)
{
	char beta[1100];
	const struct http1_field fields[MOST_FIELDS] = { { SLICE("Anthropic-Beta"), slice_of(beta, 1024) } };
	const struct http1_field longer[MOST_FIELDS] = { { SLICE("anthropic-beta"), slice_of(beta, 1025) } };
	struct scene s;

	memset(beta, 'b', sizeof(beta));
	scene_open(&s);
	assert_int_equal(call(&s, "/v1/messages", fields), ERR_OK);
	assert_int_equal(s.q.door.betas.n, 1024);
	assert_ptr_not_equal(s.q.door.betas.p, beta);
	assert_int_equal(call(&s, "/v1/messages/count_tokens", fields), ERR_OK);
	assert_int_equal(s.q.door.betas.n, 1024);
	assert_false(s.q.door.betas_lost || s.q.door.alone || s.q.door.no_cache || s.q.door.no_store);
	/* too long, it is lost, and with it what others may share */
	assert_int_equal(call(&s, "/v1/messages", longer), ERR_OK);
	assert_int_equal(s.q.door.betas.n, 0);
	assert_true(s.q.door.betas_lost && s.q.door.alone && s.q.door.no_cache && s.q.door.no_store);
	assert_int_equal(call(&s, "/v1/chat/completions", fields), ERR_OK);
	assert_int_equal(s.q.door.betas.n, 0);
	assert_int_equal(call(&s, "/v1/chat/completions", longer), ERR_OK);
	assert_false(s.q.door.betas_lost);
	/* a list may stand in several fields */
	const struct http1_field two[MOST_FIELDS] = { { SLICE("anthropic-beta"), SLICE("a,b") }, { SLICE("x"),
		SLICE("y") },
		{ SLICE("ANTHROPIC-BETA"), SLICE("c") } };
	assert_int_equal(call(&s, "/v1/messages", two), ERR_OK);
	assert_slice(s.q.door.betas, "a,b,c");
	const struct http1_field too_long[MOST_FIELDS] = { fields[0], { SLICE("anthropic-beta"), SLICE("c") } };
	assert_int_equal(call(&s, "/v1/messages", too_long), ERR_OK);
	assert_int_equal(s.q.door.betas.n, 0);
	assert_true(s.q.door.betas_lost);
	const struct http1_field over[MOST_FIELDS] = { { SLICE("anthropic-beta"), slice_of(beta, 1023) },
		{ SLICE("anthropic-beta"), SLICE("c") } };
	assert_int_equal(call(&s, "/v1/messages", over), ERR_OK);
	assert_true(s.q.door.betas_lost);
	const struct http1_field just[MOST_FIELDS] = { { SLICE("anthropic-beta"), slice_of(beta, 1022) },
		{ SLICE("anthropic-beta"), SLICE("c") } };
	assert_int_equal(call(&s, "/v1/messages", just), ERR_OK);
	assert_int_equal(s.q.door.betas.n, 1024);
	const struct http1_field one_of_two[MOST_FIELDS] = { { SLICE("anthropic-beta"), SLICE("c") }, longer[0] };
	assert_int_equal(call(&s, "/v1/messages", one_of_two), ERR_OK);
	assert_true(s.q.door.betas_lost && s.q.door.betas.n == 0);
	intake_end(&s.q);
	assert_null(s.q.texts.blocks);
	scene_close(&s);
}

/* The path goes on to a provider together with our key: only what cannot lead elsewhere does. */
static void test_raw_paths(void **state)
{
	static const struct {
		const char *target, *path;	/* NULL: there is nothing */
	} rows[] = {
		{ "/v1/images/generations", "/images/generations" }, { "/v1/images/edits?x=1", "/images/edits" },
		{ "/v1/audio/speech", "/audio/speech" }, { "/v1/moderations", "/moderations" },
		{ "/v1/rerank", "/rerank" }, { "/v1/images/a_b-C/9", "/images/a_b-C/9" },
		{ "/v1/images/../files", NULL }, { "/v1/images/..", NULL }, { "/v1/images/./x", NULL },
		{ "/v1/images/%2e%2e/files", NULL }, { "/v1/images/a%2Fb", NULL }, { "/v1/images/a;b", NULL },
		{ "/v1/images/a.b", NULL }, { "/v1/audio/a:b", NULL }, { "/v1/audio/a\\b", NULL },
			{ "/v1/audio/a#b", NULL },
		{ "/v1/audio/\xc3\xa9", NULL }, { "/v1/images/", NULL }, { "/v1/rerank/x", NULL },
	};
	struct scene s;

	scene_open(&s);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		enum err e = call(&s, rows[i].target, NULL);
		if (e != (rows[i].path ? ERR_OK : ERR_NOT_FOUND))
			fail_msg("%s: %s", rows[i].target, err_name(e));
		assert_slice(s.q.door.path, rows[i].path ? rows[i].path : "");
	}
	scene_close(&s);
}

/* Forms for pictures and sounds; of a form the provider needs the field, of JSON it gets weir's own. */
static void test_raw_types(void **state)
{
	static const struct {
		const char *target, *type, *kept;
		enum err want;
	} rows[] = {
		{ "/v1/audio/translations", "multipart/form-data; boundary=x", "multipart/form-data; boundary=x",
			ERR_OK },
		{ "/v1/images/edits", "Multipart/Form-Data;boundary=x", "Multipart/Form-Data;boundary=x", ERR_OK },
		{ "/v1/images/generations", "application/json; charset=utf-7", "", ERR_OK },
		{ "/v1/images/generations", "multipart/form-datax; boundary=x", "", ERR_BAD_TYPE },
		{ "/v1/images/generations", "application/octet-stream", "", ERR_BAD_TYPE },
		{ "/v1/embeddings", "multipart/form-data; boundary=x", "", ERR_BAD_TYPE },
		{ "/v1/messages", "multipart/form-data; boundary=x", "", ERR_BAD_TYPE },
	};
	struct scene s;

	scene_open(&s);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct http1_field fields[MOST_FIELDS] = { { SLICE("content-type"), slice_str(rows[i].type) } };
		assert_int_equal(call(&s, rows[i].target, fields), rows[i].want);
		assert_slice(s.q.door.content_type, rows[i].kept);
	}
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_begin),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_dialects),
		cmocka_unit_test(test_gemini),
		cmocka_unit_test(test_dialects_of_refusals),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_betas),
		cmocka_unit_test(test_raw_paths),
		cmocka_unit_test(test_raw_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Where a request goes is decided by this table alone. */
#include "unit.h"

#include "front/endpoint.h"

static void test_find(void **state)
{
	static const struct {
		const char *path;
		enum http1_method method;
		enum endpoint_where where;
		enum err want;
		enum endpoint_kind kind;
		const char *rest;
	} rows[] = {
		{ "/v1/chat/completions", HTTP1_POST, ENDPOINT_PUBLIC, ERR_OK, ENDPOINT_CALL, "" },
		{ "/chat/completions", HTTP1_POST, ENDPOINT_PUBLIC, ERR_OK, ENDPOINT_CALL, "" },
		{ "/v1/chat/completions", HTTP1_GET, ENDPOINT_PUBLIC, ERR_BAD_METHOD, ENDPOINT_CALL, "" },
		{ "/v1/chat/completions", HTTP1_HEAD, ENDPOINT_PUBLIC, ERR_BAD_METHOD, ENDPOINT_CALL, "" },
		{ "/v1/chat/completions", HTTP1_OTHER, ENDPOINT_PUBLIC, ERR_BAD_METHOD, ENDPOINT_CALL, "" },
		{ "/v1/chat/completions", HTTP1_POST, ENDPOINT_ADMIN, ERR_NOT_FOUND, 0, NULL },
		{ "/v1/models", HTTP1_GET, ENDPOINT_PUBLIC, ERR_OK, ENDPOINT_MODELS, "" },
		{ "/v1/models", HTTP1_HEAD, ENDPOINT_PUBLIC, ERR_OK, ENDPOINT_MODELS, "" },
		{ "/v1/models", HTTP1_POST, ENDPOINT_PUBLIC, ERR_BAD_METHOD, ENDPOINT_MODELS, "" },
		{ "/v1/models", HTTP1_DELETE, ENDPOINT_PUBLIC, ERR_BAD_METHOD, ENDPOINT_MODELS, "" },
		{ "/v1/models/chat", HTTP1_GET, ENDPOINT_PUBLIC, ERR_OK, ENDPOINT_MODEL, "chat" },
		{ "/v1/models/openai/gpt-4.1", HTTP1_GET, ENDPOINT_PUBLIC, ERR_OK, ENDPOINT_MODEL,
			"openai/gpt-4.1" },
		{ "/v1/messages", HTTP1_POST, ENDPOINT_PUBLIC, ERR_OK, ENDPOINT_CALL, "" },
		{ "/v1/messages/count_tokens", HTTP1_POST, ENDPOINT_PUBLIC, ERR_OK, ENDPOINT_CALL, "" },
		{ "/v1/messages/count", HTTP1_POST, ENDPOINT_PUBLIC, ERR_NOT_FOUND, 0, NULL },
		{ "/v1/responses", HTTP1_POST, ENDPOINT_PUBLIC, ERR_OK, ENDPOINT_CALL, "" },
		{ "/v1/responses/resp_1", HTTP1_GET, ENDPOINT_PUBLIC, ERR_NOT_FOUND, 0, NULL },
		{ "/v1/images/generations", HTTP1_POST, ENDPOINT_PUBLIC, ERR_OK, ENDPOINT_CALL, "generations" },
		{ "/v1/models/x:generateContent", HTTP1_POST, ENDPOINT_PUBLIC, ERR_OK, ENDPOINT_GEMINI,
			"x:generateContent" },
		{ "/v1beta/models/x:generateContent", HTTP1_POST, ENDPOINT_PUBLIC, ERR_OK, ENDPOINT_GEMINI,
			"x:generateContent" },
		{ "/v1beta/models/x", HTTP1_GET, ENDPOINT_PUBLIC, ERR_OK, ENDPOINT_MODEL, "x" },
		{ "/v1beta/models/x", HTTP1_DELETE, ENDPOINT_PUBLIC, ERR_BAD_METHOD, ENDPOINT_GEMINI, "x" },
		{ "/v1/models/", HTTP1_GET, ENDPOINT_PUBLIC, ERR_NOT_FOUND, 0, NULL },
		{ "/v1/modelsx", HTTP1_GET, ENDPOINT_PUBLIC, ERR_NOT_FOUND, 0, NULL },
		{ "/healthz", HTTP1_GET, ENDPOINT_PUBLIC, ERR_OK, ENDPOINT_HEALTHZ, "" },
		{ "/healthz", HTTP1_GET, ENDPOINT_ADMIN, ERR_OK, ENDPOINT_HEALTHZ, "" },
		{ "/readyz", HTTP1_HEAD, ENDPOINT_ADMIN, ERR_OK, ENDPOINT_READYZ, "" },
		{ "/readyz", HTTP1_GET, ENDPOINT_PUBLIC, ERR_OK, ENDPOINT_READYZ, "" },
		{ "/metrics", HTTP1_GET, ENDPOINT_ADMIN, ERR_OK, ENDPOINT_METRICS, "" },
		{ "/metrics", HTTP1_GET, ENDPOINT_PUBLIC, ERR_NOT_FOUND, 0, NULL },	/* not for clients */
		{ "/admin/cache/purge", HTTP1_POST, ENDPOINT_ADMIN, ERR_OK, ENDPOINT_PURGE, "" },
		{ "/admin/cache/purge", HTTP1_POST, ENDPOINT_PUBLIC, ERR_NOT_FOUND, 0, NULL },
		{ "/admin/cache/purge", HTTP1_GET, ENDPOINT_ADMIN, ERR_BAD_METHOD, ENDPOINT_PURGE, "" },
		{ "/metrics/", HTTP1_GET, ENDPOINT_ADMIN, ERR_NOT_FOUND, 0, NULL },
		{ "/Healthz", HTTP1_GET, ENDPOINT_ADMIN, ERR_NOT_FOUND, 0, NULL },
		{ "/", HTTP1_GET, ENDPOINT_PUBLIC, ERR_NOT_FOUND, 0, NULL },
		{ "", HTTP1_GET, ENDPOINT_PUBLIC, ERR_NOT_FOUND, 0, NULL },
		{ "//v1/models", HTTP1_GET, ENDPOINT_PUBLIC, ERR_NOT_FOUND, 0, NULL },
		{ "/v1/chat/completions/", HTTP1_POST, ENDPOINT_PUBLIC, ERR_NOT_FOUND, 0, NULL },
		{ "*", HTTP1_OPTIONS, ENDPOINT_PUBLIC, ERR_NOT_FOUND, 0, NULL },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct endpoint *e = NULL;
		struct slice rest = SLICE("untouched");
		enum err got = endpoint_find(slice_str(rows[i].path), rows[i].method, rows[i].where, &e,
			&rest);
		if (got != rows[i].want)
			fail_msg("%s: %s", rows[i].path, err_name(got));
		if (rows[i].want == ERR_NOT_FOUND) {
			assert_null(e);
			continue;
		}
		assert_int_equal(e->kind, rows[i].kind);
		assert_slice(rest, rows[i].rest);
	}
}

/* One path may stand in several rows. */
static void test_allow(void **state)
{
	static const struct {
		const char *path, *want;
		enum endpoint_where where;
	} rows[] = {
		{ "/v1/models/x", "GET, HEAD, POST", ENDPOINT_PUBLIC },
		{ "/v1beta/models/x:y", "GET, HEAD, POST", ENDPOINT_PUBLIC },
		{ "/v1/models", "GET, HEAD", ENDPOINT_PUBLIC }, { "/v1/messages", "POST", ENDPOINT_PUBLIC },
		{ "/healthz", "GET, HEAD", ENDPOINT_ADMIN }, { "/admin/cache/purge", "POST", ENDPOINT_ADMIN },
	};
	char out[ENDPOINT_ALLOW_BYTES];

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_string_equal(endpoint_allow(slice_str(rows[i].path), rows[i].where, out), rows[i].want);
}

/* Health checks and scrapes would fill the access log. */
static void test_labels(void **state)
{
	const struct endpoint *e;
	struct slice rest;

	assert_int_equal(endpoint_find(SLICE("/chat/completions"), HTTP1_POST, ENDPOINT_PUBLIC, &e, &rest),
		ERR_OK);
	assert_string_equal(e->label, "chat.completions");
	assert_int_equal(endpoint_find(SLICE("/v1/models/x"), HTTP1_GET, ENDPOINT_PUBLIC, &e, &rest), ERR_OK);
	assert_string_equal(e->label, "models");
	assert_int_equal(endpoint_find(SLICE("/readyz"), HTTP1_GET, ENDPOINT_PUBLIC, &e, &rest), ERR_OK);
	assert_string_equal(e->label, "");
}

/* The last colon counts: names of models have colons too. */
static void test_methods(void **state)
{
	static const struct {
		const char *rest, *name;
		const struct dialect *dialect;
		bool stream;
	} rows[] = {
		{ "x:generateContent", "x", &gemini_generate, false },
		{ "a%2Fx:7b:streamGenerateContent", "a%2Fx:7b", &gemini_generate, true },
		{ "a/b:countTokens", "a/b", &gemini_count, false },
		{ "x:embedContent", "x", &gemini_embed, false },
		{ "x:batchEmbedContents", "x", &gemini_batch_embed, false },
		{ "x", NULL, NULL, false }, { "x:", NULL, NULL, false }, { ":generateContent", NULL, NULL, false },
		{ "x:GenerateContent", NULL, NULL, false }, { "", NULL, NULL, false },
		{ "generateContent", NULL, NULL, false },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct slice name;
		const struct endpoint_method *m = endpoint_method_of(slice_str(rows[i].rest), &name);
		assert_int_equal(m != NULL, rows[i].name != NULL);
		if (m == NULL)
			continue;
		assert_slice(name, rows[i].name);
		assert_ptr_equal(m->dialect, rows[i].dialect);
		assert_int_equal(m->stream, rows[i].stream);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_find), cmocka_unit_test(test_allow),
		cmocka_unit_test(test_methods), cmocka_unit_test(test_labels) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

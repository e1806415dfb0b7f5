/* Answers that need no upstream. */
#include "unit/route/route_world.h"

#include "front/page.h"

struct scene {
	struct world w;
	struct exchange_env env;
	struct front front;
	struct buf out;
};

static void write_metrics(void *arg, struct buf *out)
{
	assert_non_null(arg);
	buf_add(out, SLICE("up 1\n"));
}

static void scene_open(struct scene *s, const char *models)
{
	char text[2000];

	*s = (struct scene){ .front = { .ready = true, .write_metrics = write_metrics, .arg = s } };
	snprintf(text, sizeof(text), PROVIDERS "models:\n%s", models);
	open_world(&s->w, text, 100);
	s->env.roster = s->w.roster;
	s->front.exchange = &s->env;
	buf_init(&s->out, 1 << 20);
}

static void scene_close(struct scene *s)
{
	buf_done(&s->out);
	close_world(&s->w);
}

static void expect_shape(struct scene *s, enum dialect_family shape, enum endpoint_kind kind, const char *rest,
	int status, const char *type, enum err err, const char *want)
{
	const struct page_ask ask = { .kind = kind, .shape = shape, .rest = slice_str(rest),
		.dialect = shape == DIALECT_GEMINI ? &gemini_generate : NULL };

	buf_clear(&s->out);
	struct page p = page_make(&s->front, &ask, &s->out);
	assert_int_equal(p.status, status);
	assert_slice(p.type, type);
	assert_int_equal(p.err, err);
	assert_slice(buf_slice(&s->out), want);
}

static void expect(struct scene *s, enum endpoint_kind kind, const char *rest, int status, const char *type,
	enum err err, const char *want)
{
	expect_shape(s, DIALECT_OPENAI, kind, rest, status, type, err, want);
}

#define MODEL(name) "{\"id\":\"" name "\",\"object\":\"model\",\"created\":0,\"owned_by\":\"weir\"}"
#define ANTHROPIC(name) "{\"type\":\"model\",\"id\":\"" name "\",\"display_name\":\"" name \
	"\",\"created_at\":\"1970-01-01T00:00:00Z\",\"lifecycle\":\"active\"}"
#define GEMINI(name) "{\"name\":\"models/" name "\",\"displayName\":\"" name "\",\"supportedGenerationMethods\":" \
	"[\"generateContent\",\"streamGenerateContent\",\"countTokens\",\"embedContent\",\"batchEmbedContents\"]}"
#define NO_MODEL "{\"error\":{\"message\":\"there is no such model\",\"type\":\"invalid_request_error\"," \
	"\"param\":null,\"code\":\"model_not_found\"}}"

/* In the order of the configuration, odd names and all. */
static void test_models(void **state)
{
	struct scene s;

	scene_open(&s, "  zebra: {targets: [a/x]}\n  ant: {targets: [a/x]}\n  'o\"dd': {targets: [a/x]}\n");
	expect(&s, ENDPOINT_MODELS, "", 200, "application/json", ERR_OK,
		"{\"object\":\"list\",\"data\":[" MODEL("zebra") "," MODEL("ant") "," MODEL("o\\\"dd") "]}");
	scene_close(&s);
	scene_open(&s, "  {}\n");
	expect(&s, ENDPOINT_MODELS, "", 200, "application/json", ERR_OK, "{\"object\":\"list\",\"data\":[]}");
	scene_close(&s);
}

/* The same names as each family's SDKs list them. */
static void test_models_in_every_shape(void **state)
{
	struct scene s;

	scene_open(&s, "  ant: {targets: [a/x]}\n  bee: {targets: [a/x]}\n");
	expect_shape(&s, DIALECT_ANTHROPIC, ENDPOINT_MODELS, "", 200, "application/json", ERR_OK, "{\"data\":["
		ANTHROPIC("ant") "," ANTHROPIC("bee") "],\"has_more\":false,\"first_id\":\"ant\",\"last_id\":\"bee\"}");
	expect_shape(&s, DIALECT_GEMINI, ENDPOINT_MODELS, "", 200, "application/json", ERR_OK, "{\"models\":["
		GEMINI("ant") "," GEMINI("bee") "]}");
	expect_shape(&s, DIALECT_ANTHROPIC, ENDPOINT_MODEL, "bee", 200, "application/json", ERR_OK, ANTHROPIC("bee"));
	expect_shape(&s, DIALECT_GEMINI, ENDPOINT_MODEL, "a/x", 200, "application/json", ERR_OK, GEMINI("a/x"));
	scene_close(&s);
	scene_open(&s, "  {}\n");
	expect_shape(&s, DIALECT_ANTHROPIC, ENDPOINT_MODELS, "", 200, "application/json", ERR_OK,
		"{\"data\":[],\"has_more\":false,\"first_id\":null,\"last_id\":null}");
	scene_close(&s);
}

static void test_shape(void **state)
{
	const struct intake nobody = { .dialect = NULL }, claude = { .anthropic = true },
		chat = { .dialect = &openai_chat, .anthropic = true };

	assert_int_equal(page_shape(&nobody), DIALECT_OPENAI);
	assert_int_equal(page_shape(&claude), DIALECT_ANTHROPIC);
	assert_int_equal(page_shape(&chat), DIALECT_OPENAI);	/* the path has said it */
}

static void test_model(void **state)
{
	static const struct {
		const char *rest, *want;
	} rows[] = {
		{ "chat", MODEL("chat") },
		{ "%63hat", MODEL("chat") },
		{ "a/m:7b", MODEL("a/m:7b") },			/* provider/model needs no entry */
		{ "a%2Fm%3A7b", MODEL("a/m:7b") },
		{ "a/b/c", MODEL("a/b/c") },
		{ "qwen:7b", MODEL("qwen:7b") },
		{ "nobody", NULL }, { "nobody/m", NULL }, { "a/", NULL }, { "", NULL }, { "chat%", NULL },
		{ "chat%00", NULL }, { "chat%zz", NULL }, { "chat/", NULL }, { "Chat", NULL },
	};
	struct scene s;

	scene_open(&s, "  chat: {targets: [a/x]}\n  qwen:7b: {targets: [a/x]}\n");
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		expect(&s, ENDPOINT_MODEL, rows[i].rest, rows[i].want ? 200 : 404, "application/json",
			rows[i].want ? ERR_OK : ERR_NO_MODEL, rows[i].want ? rows[i].want : NO_MODEL);
	scene_close(&s);
}

/* Refusals in the shape of the list that this client reads. */
static void test_no_model_in_every_shape(void **state)
{
	static const struct {
		enum dialect_family shape;
		const struct dialect *dialect;
	} rows[] = { { DIALECT_OPENAI, &openai_chat }, { DIALECT_ANTHROPIC, &anthropic_messages },
		{ DIALECT_GEMINI, &gemini_generate } };
	const struct fault f = { .err = ERR_NO_MODEL };
	struct scene s;
	struct buf b;

	buf_init(&b, 4096);
	scene_open(&s, "  {}\n");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		buf_clear(&b);
		rows[i].dialect->error_body(&f, &b);
		buf_add_char(&b, '\0');
		expect_shape(&s, rows[i].shape, ENDPOINT_MODEL, "nobody", 404, "application/json", ERR_NO_MODEL, b.p);
	}
	scene_close(&s);
	buf_done(&b);
}

static void test_health(void **state)
{
	struct scene s;

	scene_open(&s, "  {}\n");
	expect(&s, ENDPOINT_HEALTHZ, "", 200, "text/plain", ERR_OK, "ok\n");
	expect(&s, ENDPOINT_READYZ, "", 200, "text/plain", ERR_OK, "ready\n");
	s.front.ready = false;
	expect(&s, ENDPOINT_HEALTHZ, "", 200, "text/plain", ERR_OK, "ok\n");	/* it lives while it drains */
	expect(&s, ENDPOINT_READYZ, "", 503, "text/plain", ERR_OK, "draining\n");
	expect(&s, ENDPOINT_METRICS, "", 200, "text/plain; version=0.0.4; charset=utf-8", ERR_OK, "up 1\n");
	scene_close(&s);
}

static void test_refuse(void **state)
{
	struct fault f = { .err = ERR_BAD_METHOD };
	struct buf b;

	buf_init(&b, 4096);
	struct page p = page_refuse(&f, NULL, &b);
	assert_int_equal(p.status, 405);
	assert_int_equal(p.err, ERR_BAD_METHOD);
	assert_slice(p.type, "application/json");
	assert_slice(buf_slice(&b), "{\"error\":{\"message\":\"this path does not take this method\","
		"\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"method_not_allowed\"}}");
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_models), cmocka_unit_test(test_models_in_every_shape),
			cmocka_unit_test(test_shape),
		cmocka_unit_test(test_model), cmocka_unit_test(test_no_model_in_every_shape),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_refuse),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the encoder learns from the request, ids and texts; the items are tested through the encoder. */
#include "unit.h"

#include "codec/json_out.h"
#include "dialect/responses_object.h"

struct desk {
	struct arena arena;
	struct request request;
	struct dialect_encode e;
	struct buf out;
};

static struct responses_output *desk_init(struct desk *d, const char *body)
{
	*d = (struct desk){ .request = { .dialect = &openai_responses, .model = SLICE("m"), .body = slice_str(body) } };
	arena_init(&d->arena, 0);
	buf_init(&d->out, 65536);
	d->e = (struct dialect_encode){ .request = &d->request, .id = SLICE("own"), .created_s = 7,
		.arena = &d->arena };
	return responses_output_of(&d->e);
}

static void desk_done(struct desk *d)
{
	buf_done(&d->out);
	arena_done(&d->arena);
}

static yyjson_val *object(struct desk *d, const struct responses_output *o)
{
	struct json_out w = json_out_to(&d->out);
	yyjson_doc *doc;

	buf_clear(&d->out);
	responses_object_write(&w, o);
	assert_int_equal(json_parse(&d->arena, buf_slice(&d->out), &doc, NULL), ERR_OK);
	return yyjson_doc_get_root(doc);
}

/* Nothing that an SDK would trip over, whatever the client wrote. */
static void test_echo_types(void **state)
{
	struct desk d;
	struct responses_output *o = desk_init(&d, "{\"tools\":{},\"tool_choice\":7,\"text\":null,\"metadata\":[],"
		"\"temperature\":\"hot\",\"instructions\":{},\"parallel_tool_calls\":null,\"reasoning\":\"low\","
		"\"top_p\":0.5,"
		"\"user\":null,\"max_output_tokens\":true,\"t\\u0065mperature\":1}");

	yyjson_val *r = object(&d, o);
	assert_slice(json_out_text(&d.arena, yyjson_obj_get(r, "tools")), "[]");
	assert_slice(json_str(r, "tool_choice"), "auto");
	assert_slice(json_out_text(&d.arena, yyjson_obj_get(r, "text")), "{\"format\":{\"type\":\"text\"}}");
	assert_slice(json_out_text(&d.arena, yyjson_obj_get(r, "metadata")), "{}");
	assert_int_equal(json_int(r, "temperature", -1), 1);	/* the last, however its key is written */
	assert_true(yyjson_is_null(yyjson_obj_get(r, "instructions")));
	assert_true(json_bool(r, "parallel_tool_calls", false));
	assert_true(yyjson_is_obj(yyjson_obj_get(r, "reasoning")));
	assert_true(yyjson_is_real(yyjson_obj_get(r, "top_p")));
	assert_true(yyjson_is_null(yyjson_obj_get(r, "max_output_tokens")));
	assert_null(yyjson_obj_get(r, "top_logprobs"));
	assert_slice(json_str(r, "status"), "in_progress");
	desk_done(&d);
}

static void test_no_request(void **state)
{
	struct desk d;

	desk_init(&d, "{\"temperature\":1}");
	d.e = (struct dialect_encode){ .id = SLICE("own"), .arena = &d.arena };
	assert_null(responses_output_seen(&d.e));
	struct responses_output *o = responses_output_of(&d.e);
	assert_ptr_equal(responses_output_seen(&d.e), o);
	yyjson_val *r = object(&d, o);
	assert_slice(json_str(r, "model"), "");
	assert_true(yyjson_is_null(yyjson_obj_get(r, "temperature")));
	desk_done(&d);
}

static void test_start(void **state)
{
	struct desk d;
	struct responses_output *o = desk_init(&d, "");

	struct slice made = o->id;
	responses_output_start(o, &(struct event){ .kind = EVENT_START, .text = SLICE("msg_1") });
	assert_true(slice_eq(o->id, made));
	assert_slice(o->model, "m");
	responses_output_start(o, &(struct event){ .kind = EVENT_START, .text = SLICE("resp_1"), .extra = SLICE("n") });
	assert_slice(o->id, "resp_1");
	assert_slice(o->model, "n");
	desk_done(&d);
}

static void test_grow(void **state)
{
	struct responses_text t = { NULL, 0, 0 };
	struct desk d;
	struct responses_output *o = desk_init(&d, "");

	for (int i = 0; i < 1000; i++)
		responses_output_grow(o, &t, SLICE("0123456789"));
	assert_int_equal(t.n, 10000);
	assert_true(t.cap <= 20000);
	assert_memory_equal(t.p + 9990, "0123456789", 10);
	responses_output_grow(o, &t, SLICE_EMPTY);
	d.arena.limit = 1;
	struct slice big = slice_of(t.p, t.n);
	for (int i = 0; i < 10; i++)
		responses_output_grow(o, &t, big);
	assert_int_equal(d.e.err, ERR_TOO_BIG);
	size_t n = t.n;
	responses_output_grow(o, &t, SLICE("x"));	/* nothing more */
	assert_int_equal(t.n, n);
	desk_done(&d);
}

static void test_line(void **state)
{
	struct desk d;
	struct responses_output *o = desk_init(&d, "");
	struct slice plain = SLICE("{\"a\": \"\\n\"}");

	assert_ptr_equal(responses_output_line(o, plain).p, plain.p);
	assert_slice(responses_output_line(o, SLICE("[\r\n1,\n 2]\n")), "[1, 2]");
	assert_int_equal(responses_output_line(o, SLICE_EMPTY).n, 0);
	d.arena.limit = 1;
	d.arena.at = d.arena.end;
	assert_int_equal(responses_output_line(o, SLICE("[\n]")).n, 0);
	assert_int_equal(d.e.err, ERR_TOO_BIG);
	desk_done(&d);
}

/* Ids of another answer are others. */
static void test_seed(void **state)
{
	struct desk a, b;
	struct responses_output *x = desk_init(&a, "");

	desk_init(&b, "");
	struct dialect_encode e = { .id = SLICE("other"), .arena = &b.arena };
	struct responses_output *y = responses_output_of(&e);
	assert_string_not_equal(x->seed, y->seed);
	assert_int_equal(strlen(x->seed), 32);
	struct responses_piece *p = responses_output_piece(x, RESPONSES_PIECE_CALL, SLICE_EMPTY);
	struct responses_piece *q = responses_output_piece(x, RESPONSES_PIECE_CALL, SLICE_EMPTY);
	assert_false(slice_eq(p->id, q->id));
	assert_true(p->id.n <= 64);
	desk_done(&a);
	desk_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_echo_types),
		cmocka_unit_test(test_no_request),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_grow),
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_seed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

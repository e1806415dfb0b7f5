/* Any bytes as a client's body: refused with a reason, or built into a body that differs in the members
 * that routing owns and in nothing else. */
#include "dialect/dialect.h"
#include "fuzz.h"

static const char *const owned[] = { "model", "stream", "stream_options" };
static const char *const dropped[] = { "models", "route", "fallbacks", "disable_fallbacks", "timeout",
	"num_retries" };

static bool is_one_of(yyjson_val *key, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (yyjson_equals_str(key, names[i]))
			return true;
	return false;
}

/* The next member that routing does not own; NULL at the end. */
static yyjson_val *next_other(yyjson_obj_iter *it)
{
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(it)) != NULL)
		if (!is_one_of(key, owned, COUNT_OF(owned)) && !is_one_of(key, dropped, COUNT_OF(dropped)))
			return key;
	return NULL;
}

static void check_others(yyjson_val *before, yyjson_val *after)
{
	yyjson_obj_iter a = yyjson_obj_iter_with(before), b = yyjson_obj_iter_with(after);
	yyjson_val *x, *y;

	do {
		x = next_other(&a);
		y = next_other(&b);
		must((x == NULL) == (y == NULL));
		must(x == NULL || yyjson_equals(x, y));
		must(x == NULL || yyjson_equals(yyjson_obj_iter_get_val(x), yyjson_obj_iter_get_val(y)));
	} while (x);
}

static void check_owned(yyjson_val *root, const struct dialect_ask *ask, bool had_options)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(root);
	yyjson_val *key;
	bool model = false, options = false;

	while ((key = yyjson_obj_iter_next(&it)) != NULL) {
		yyjson_val *v = yyjson_obj_iter_get_val(key);
		must(!is_one_of(key, dropped, COUNT_OF(dropped)));
		if (yyjson_equals_str(key, "model")) {
			must(slice_eq(json_val_str(v), ask->model));
			model = true;
		} else if (yyjson_equals_str(key, "stream_options")) {
			must(!ask->no_stream_options);
			must(!(ask->add_usage && ask->stream) || json_bool(v, "include_usage", false));
			options = true;
		}
	}
	must(model);
	must(ask->no_stream_options || !(ask->add_usage && ask->stream) || options);
	must(had_options || options == (ask->add_usage && ask->stream && !ask->no_stream_options));
}

static void check_build(struct arena *a, const struct request *r, const struct dialect_ask *ask)
{
	struct request again;
	struct fault fault = { .err = ERR_OK };
	struct buf out;

	buf_init(&out, 1 << 24);
	must(openai_chat.build(r, ask, &out) == ERR_OK);
	must(openai_chat.parse(a, buf_slice(&out), &again, &fault) == ERR_OK);
	yyjson_val *before = yyjson_doc_get_root(r->doc), *after = yyjson_doc_get_root(again.doc);
	check_others(before, after);
	check_owned(after, ask, yyjson_obj_get(before, "stream_options") != NULL);
	must(again.stream == ask->stream && again.n_fallbacks == 0 && again.timeout_ms == 0);
	must(!again.no_fallbacks);
	must(again.choices == r->choices && again.has_tools == r->has_tools);
	buf_done(&out);

	/* Whatever room there is: all or an error. */
	buf_init(&out, r->body.n);
	enum err e = openai_chat.build(r, ask, &out);
	must(e == ERR_OK || e == ERR_TOO_BIG);
	buf_done(&out);
}

static void check_refusal(struct arena *a, enum err e, const struct fault *fault)
{
	yyjson_doc *doc;
	struct buf out;

	must(fault->err == e && err_row(e)->http < 500);
	buf_init(&out, 65536);
	openai_chat.error_body(fault, &out);
	must(json_parse(a, buf_slice(&out), &doc, NULL) == ERR_OK);
	must(json_str(json_obj(yyjson_doc_get_root(doc), "error"), "message").n > 0);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fault fault = { .err = ERR_OK };
	struct request r;
	struct arena a;

	arena_init(&a, 0);
	enum err e = openai_chat.parse(&a, slice_of(data, size), &r, &fault);
	if (e != ERR_OK)
		check_refusal(&a, e, &fault);
	for (unsigned i = 0; e == ERR_OK && i < 8; i++) {
		struct dialect_ask ask = { .model = i & 1 ? SLICE("a\"\\/b") : SLICE("gpt"),
			.stream = i & 2 ? !r.stream : r.stream, .add_usage = i & 4, .no_stream_options = i == 5 };
		check_build(&a, &r, &ask);
	}
	arena_done(&a);
	return 0;
}

/* Any bytes as a client's body: refused with a reason; or spliced into a body that differs in the members that
 * routing owns and in nothing else; or read, and written in every dialect of its kind as a body that this dialect
 * takes again. */
#include "dialect/quirks.h"
#include "dialect/translate.h"
#include "dialects.h"
#include "golden/dump.h"

/* What the typed view of a body may take, and what may be made of it: a bound, so that a short body cannot fill the
 * memory. */
#define MOST_ARENA(n) ((size_t)(1 << 18) + (n) * 1024)
#define MOST_OUT ((size_t)1 << 28)

static const char *const owned[] = { "model", "stream", "stream_options" };
static const char *const dropped[] = { "models", "route", "fallbacks", "disable_fallbacks", "timeout",
	"num_retries", "provider_options" };

struct ask {
	struct dialect_ask ask;
	struct drops drops;
	struct fault fault;
	struct arena arena;
};

static void ask_init(struct ask *a, uint32_t number)
{
	static const char *const providers[] = { "", "mistral", "xai", "openrouter", "deepseek", "groq" };

	*a = (struct ask){ .fault = { .err = ERR_OK } };
	arena_init(&a->arena, 0);
	struct slice provider = slice_str(providers[number % COUNT_OF(providers)]);
	a->ask = (struct dialect_ask){ .model = number & 64 ? SLICE("a\"\\/b") : SLICE("gpt"), .stream = number & 128,
		.add_usage = number & 256, .no_stream_options = number & 512, .provider = provider,
		.quirks = quirks_find(provider), .drops = &a->drops, .arena = &a->arena, .fault = &a->fault };
}

static struct request_door door_of(const struct dialect *d, uint32_t number)
{
	struct request_door door = { .path = SLICE("/images/generations"), .content_type = SLICE("application/json") };

	if (d->family == DIALECT_GEMINI)
		door.model = SLICE("gemini-2.5-pro");
	if (d->op == REQUEST_RAW && number & 1)
		door.content_type = SLICE("multipart/form-data; boundary=b");
	return door;
}

static enum err parse(const struct dialect *d, struct arena *a, struct slice body, uint32_t number, struct request *out,
	struct fault *out_fault)
{
	*out = (struct request){ .door = door_of(d, number) };
	*out_fault = (struct fault){ .err = ERR_OK };
	enum err e = d->parse(a, body, out, out_fault);
	must(e == out_fault->err && (e != ERR_OK || (out->dialect == d && out->op == d->op)));
	must(e == ERR_OK || err_row(e)->http < 500);
	return e;
}

/* --- spliced -------------------------------------------------------------------------------------------- */

/* Gemini's, which name the model once more inside. */
static const char *const inner[] = { "requests", "generateContentRequest", "generate_content_request" };

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
		must(x == NULL || is_one_of(x, inner, COUNT_OF(inner))
			|| yyjson_equals(yyjson_obj_iter_get_val(x), yyjson_obj_iter_get_val(y)));
	} while (x);
}

/* `streams`: the dialect knows stream_options; to others it is a member like any other. */
static void check_owned(yyjson_val *root, const struct dialect_ask *ask, bool streams)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(root);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&it)) != NULL) {
		yyjson_val *v = yyjson_obj_iter_get_val(key);
		must(!is_one_of(key, dropped, COUNT_OF(dropped)));
		if (yyjson_equals_str(key, "model"))
			must(slice_eq(json_val_str(v), ask->model));
		if (yyjson_equals_str(key, "stream_options") && streams)
			must(!ask->no_stream_options);
	}
}

static void check_spliced(struct arena *a, const struct request *r, uint32_t number)
{
	const struct dialect *d = r->dialect;
	struct ask ask;
	struct request again;
	struct fault fault;
	struct buf out;

	ask_init(&ask, number);
	ask.ask.quirks = NULL;
	buf_init(&out, MOST_OUT);
	must(d->build(r, &ask.ask, &out) == ERR_OK && ask.drops.n == 0);
	must(parse(d, a, buf_slice(&out), number, &again, &fault) == ERR_OK);
	if (r->doc) {
		check_others(yyjson_doc_get_root(r->doc), yyjson_doc_get_root(again.doc));
		check_owned(yyjson_doc_get_root(again.doc), &ask.ask, d->op == REQUEST_CHAT);
	}
	must(again.n_fallbacks == 0 && again.timeout_ms == 0 && !again.no_fallbacks && !again.has_options);
	must(again.choices == r->choices && again.has_tools == r->has_tools);
	buf_done(&out);

	/* Whatever room there is: all or an error. */
	buf_init(&out, r->body.n);
	enum err e = d->build(r, &ask.ask, &out);
	must(e == ERR_OK || e == ERR_TOO_BIG);
	buf_done(&out);
	arena_done(&ask.arena);
}

/* --- translated ----------------------------------------------------------------------------------------- */

static enum err read_prompt(const struct request *r, struct arena *a, struct prompt *p, struct fault *fault)
{
	*fault = (struct fault){ .err = ERR_OK };
	prompt_init(p, a);
	p->model = r->model;
	p->origin = r->dialect->tag;
	p->stream = r->stream;
	enum err e = r->dialect->read(a, r, p, fault);
	must(e == fault->err && (e == ERR_OK || err_row(e)->http < 500));
	return e;
}

/* What a writer made, its own dialect takes. */
static void check_taken(const struct dialect *back, struct slice body, uint32_t number)
{
	struct arena a;
	struct request r;
	struct fault fault;
	struct prompt p;

	arena_init(&a, 0);
	enum err e = parse(back, &a, body, number, &r, &fault);
	if (e == ERR_OK)
		e = read_prompt(&r, &a, &p, &fault);
	/* An empty prompt of a model that only continues text is one that others cannot answer. */
	if (e != ERR_OK && e != ERR_UNSUPPORTED) {
		fprintf(stderr, "%s refuses what it wrote: %.*s\n%.*s\n", back->name, SLICE_ARG(fault_message(&fault)),
			SLICE_ARG(body));
		must_never("a writer's body is refused by its reader");
	}
	arena_done(&a);
}

static void check_written(const struct request *r, const struct dialect *back, uint32_t number)
{
	struct ask ask;
	struct buf out;

	ask_init(&ask, number);
	buf_init(&out, MOST_OUT);
	enum err e = translate_build(back, r, &ask.ask, &out);
	must(e == ERR_OK || e == ask.fault.err);
	must(e == ERR_OK || e == ERR_UNSUPPORTED || e == ERR_BAD_FIELD);
	must(ask.arena.used <= MOST_ARENA(r->body.n));
	/* A client's own bytes pass as they are, whatever is in them. */
	if (e == ERR_OK && !r->has_options && ask.ask.quirks == &quirks_none && back != r->dialect)
		check_taken(back, buf_slice(&out), number);
	buf_done(&out);
	buf_init(&out, number >> 12 & 1023);
	e = translate_build(back, r, &ask.ask, &out);
	must(e == ERR_OK || e == ERR_TOO_BIG || e == ERR_UNSUPPORTED || e == ERR_BAD_FIELD);
	buf_done(&out);
	arena_done(&ask.arena);
}

static void check_read(const struct request *r)
{
	struct arena a;
	struct prompt p;
	struct fault fault;
	struct buf text;

	arena_init(&a, 0);
	buf_init(&text, MOST_OUT);
	if (read_prompt(r, &a, &p, &fault) == ERR_OK)
		dump_prompt(&p, &text);
	must(a.used <= MOST_ARENA(r->body.n));
	buf_done(&text);
	arena_done(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t number = fuzz_number(data, size);
	struct slice body;
	const struct dialect *d = dialects_pick(data, size, &body);
	struct fault fault;
	struct request r;
	struct arena a;

	arena_init(&a, 0);
	if (d && parse(d, &a, body, number, &r, &fault) == ERR_OK) {
		check_spliced(&a, &r, number);
		if (d->read)
			check_read(&r);
		for (size_t i = 0; d->read && dialect_at(i); i++)
			if (dialect_at(i)->op == d->op && dialect_at(i)->write)
				check_written(&r, dialect_at(i), number);
	}
	arena_done(&a);
	return 0;
}

#include "turn.h"

#include "dialect/quirks.h"
#include "dump.h"
#include "replay.h"
#include "unit.h"

void turn_expect(struct turn *t, struct slice got, struct slice want)
{
	book_expect(t->page, t->at, got, want);
}

void turn_expect_made(struct turn *t, enum err e, struct slice got, struct slice want)
{
	if (e == ERR_OK && want.n == 0 && got.n)
		turn_fail(t, "not refused:\n%.*s", SLICE_ARG(got));
	if (e != ERR_OK && (want.n || t->fault.err != e))
		turn_fail(t, "refused: %s: %.*s", err_name(e), SLICE_ARG(fault_message(&t->fault)));
	if (e == ERR_OK)
		turn_expect(t, got, want);
}

/* --- requests ------------------------------------------------------------------------------------------- */

void turn_request(struct turn *t, const struct dialect *d)
{
	const struct page_block *b = t->at;

	t->request = (struct request){ .door = { .model = page_value(b, "model"), .stream = page_has(b, "stream"),
		.framing = page_has(b, "array") ? REQUEST_JSON_ARRAY : REQUEST_SSE, .path = page_value(b, "path"),
		.content_type = page_value(b, "type"), .betas = page_value(b, "betas"),
		.strict = page_has(b, "strict") } };
	t->fault = (struct fault){ .err = ERR_OK };
	enum err e = d->parse(&t->arena, page_body(b), &t->request, &t->fault);
	assert_int_equal(e, t->fault.err);
	t->has_request = e == ERR_OK;
	if (t->has_request)
		assert_ptr_equal(t->request.dialect, d);
}

void turn_need_request(struct turn *t)
{
	if (!t->has_request)
		turn_fail(t, "refused: %.*s", SLICE_ARG(fault_message(&t->fault)));
}

enum err turn_read(struct turn *t, struct prompt *out)
{
	const struct request *r = &t->request;

	turn_need_request(t);
	prompt_init(out, &t->arena);
	out->model = r->model;
	out->origin = r->dialect->tag;
	out->stream = r->stream;
	return r->dialect->read(&t->arena, r, out, &t->fault);
}

void turn_ask(struct turn *t, const struct dialect *back)
{
	struct slice provider = page_value(t->at, "provider"), stream = page_value(t->at, "stream");

	turn_need_request(t);
	t->back = back;
	t->drops = (struct drops){ .n = 0 };
	t->fault = (struct fault){ .err = ERR_OK };
	t->ask = (struct dialect_ask){ .model = page_value(t->at, "model"), .add_usage = page_has(t->at, "usage"),
		.no_stream_options = page_has(t->at, "no-options"), .strict = page_has(t->at, "strict"),
		.stream = stream.n ? slice_eq(stream, SLICE("yes")) : t->request.stream, .provider = provider,
		.quirks = quirks_find(provider), .drops = &t->drops, .arena = &t->arena, .fault = &t->fault };
}

/* --- blocks --------------------------------------------------------------------------------------------- */

static void run_read(struct turn *t)
{
	struct prompt p;
	struct buf b;

	buf_init(&b, 1 << 24);
	enum err e = turn_read(t, &p);
	if (e == ERR_OK)
		dump_prompt(&p, &b);
	turn_expect_made(t, e, buf_slice(&b), t->at->text);
	buf_done(&b);
}

static void run_dropped(struct turn *t)
{
	char text[1024];

	turn_expect(t, slice_str(drops_text(&t->drops, text, sizeof(text))), page_body(t->at));
}

static void run_path(struct turn *t)
{
	struct buf out;

	buf_init(&out, 65536);
	if (t->back->put_path)
		t->back->put_path(&t->request, &t->ask, &out);
	else
		buf_add(&out, slice_str(t->back->path));
	turn_expect(t, buf_slice(&out), page_body(t->at));
	buf_done(&out);
}

/* Each line ends with CRLF, which is <CR> in the page. */
static void run_fields(struct turn *t)
{
	struct buf out;

	buf_init(&out, 65536);
	buf_add(&out, slice_str(t->back->fields));
	if (t->back->put_fields)
		t->back->put_fields(&t->request, &t->ask, &out);
	turn_expect(t, buf_slice(&out), t->at->text);
	buf_done(&out);
}

void turn_run_fault(struct turn *t)
{
	struct buf b;

	buf_init(&b, 65536);
	replay_log_fault(&t->fault, &b);
	turn_expect(t, buf_slice(&b), t->at->text);
	buf_done(&b);
}

bool turn_run(struct turn *t)
{
	static const struct {
		const char *kind;
		void (*run)(struct turn *t);
	} kinds[] = {
		{ "read", run_read }, { "dropped", run_dropped }, { "path", run_path }, { "fields", run_fields },
		{ "refused", turn_run_fault }, { "fault", turn_run_fault },
	};

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (slice_eq(t->at->kind, slice_str(kinds[i].kind))) {
			kinds[i].run(t);
			return true;
		}
	return false;
}

/* Runs every page of a folder as one test: golden <folder>.
 *
 * Blocks, in the order in which a page uses them:
 *   request         a client's body; decides what the encoders below know of the client
 *   parsed          what was read from it                  refused   or why not
 *   built WORDS     what a provider gets; model=, stream=yes|no, usage, no-options
 *   sse WORDS       a provider's stream, replayed whole, byte by byte and at every two-way split;
 *                   `drops`: bytes get lost
 *   json            a provider's whole answer
 *   events          the log of the sse or json block
 *   client-sse      what the client gets as a stream       client-json   or as a whole answer
 *   answer N        a provider's error body with status N
 *   fault           what is made of it
 *   error-body      what the client gets for the last fault, refusal or failed answer
 *   error-event     the same inside a stream */
#include <dirent.h>
#include <stdlib.h>

#include "page.h"
#include "replay.h"
#include "unit.h"

struct run {
	struct arena arena;
	const struct dialect *dialect;
	const struct page *page;
	const struct page_block *at;
	struct request request;
	bool has_request;
	struct replay replay;
	bool has_replay;
	struct fault fault;
};

#define fail_at(run, ...) fail_with((run), arena_printf(&(run)->arena, __VA_ARGS__))

static void fail_with(struct run *r, struct slice what)
{
	/* cmocka cuts long messages. */
	fprintf(stderr, "%s:%u: %.*s\n", r->page->path, r->at->line, SLICE_ARG(what));
	fail();
}

static void expect(struct run *r, struct slice got, struct slice want)
{
	if (!slice_eq(got, want))
		fail_at(r, "got\n%.*s\nwant\n%.*s", SLICE_ARG(got), SLICE_ARG(want));
}

/* --- requests
 * -------------------------------------------------------------------------------------------- */

static void run_request(struct run *r)
{
	enum err e = r->dialect->parse(&r->arena, page_body(r->at), &r->request, &r->fault);

	assert_int_equal(e, r->fault.err);
	r->has_request = e == ERR_OK;
}

static void add_names(struct buf *b, const struct request *q)
{
	buf_addf(b, "model %.*s\n", SLICE_ARG(q->model));
	for (size_t i = 0; i < q->n_fallbacks; i++)
		buf_addf(b, "fallback %.*s\n", SLICE_ARG(q->fallbacks[i]));
	if (q->no_fallbacks)
		buf_add(b, SLICE("no fallbacks\n"));
}

static void run_parsed(struct run *r)
{
	const struct request *q = &r->request;
	struct buf b;

	if (!r->has_request)
		fail_at(r, "refused: %.*s", SLICE_ARG(fault_message(&r->fault)));
	buf_init(&b, 65536);
	add_names(&b, q);
	if (q->stream)
		buf_add(&b, SLICE("stream\n"));
	if (q->wants_usage)
		buf_add(&b, SLICE("wants usage\n"));
	if (q->choices != 1)
		buf_addf(&b, "choices %u\n", q->choices);
	if (q->has_tools)
		buf_add(&b, SLICE("has tools\n"));
	if (q->timeout_ms)
		buf_addf(&b, "timeout %llums\n", (unsigned long long)q->timeout_ms);
	expect(r, buf_slice(&b), r->at->text);
	buf_done(&b);
}

static void run_built(struct run *r)
{
	struct dialect_ask ask = { .model = page_value(r->at, "model"), .stream = r->request.stream,
		.add_usage = page_has(r->at, "usage"), .no_stream_options = page_has(r->at, "no-options") };
	struct buf out;

	if (!r->has_request)
		fail_at(r, "refused: %.*s", SLICE_ARG(fault_message(&r->fault)));
	if (page_value(r->at, "stream").n)
		ask.stream = slice_eq(page_value(r->at, "stream"), SLICE("yes"));
	buf_init(&out, 1 << 20);
	assert_int_equal(r->dialect->build(&r->request, &ask, &out), ERR_OK);
	expect(r, buf_slice(&out), page_body(r->at));
	buf_done(&out);
}

/* --- faults
 * ---------------------------------------------------------------------------------------------- */

static void run_answer(struct run *r)
{
	uint64_t status;

	assert_true(slice_u64(r->at->words, &status));
	r->fault = r->dialect->fault(&r->arena, (int)status, page_body(r->at));
}

static void run_fault(struct run *r)
{
	struct buf b;

	buf_init(&b, 65536);
	replay_log_fault(&r->fault, &b);
	expect(r, buf_slice(&b), r->at->text);
	buf_done(&b);
}

static void run_error(struct run *r)
{
	bool is_body = slice_eq(r->at->kind, SLICE("error-body"));
	struct buf b;

	assert_int_not_equal(r->fault.err, ERR_OK);
	buf_init(&b, 65536);
	if (is_body)
		r->dialect->error_body(&r->fault, &b);
	else
		r->dialect->error_event(&r->fault, &b);
	expect(r, buf_slice(&b), is_body ? page_body(r->at) : r->at->text);
	buf_done(&b);
}

/* --- answers
 * --------------------------------------------------------------------------------------------- */

static void begin_replay(struct run *r)
{
	if (r->has_replay)
		replay_done(&r->replay);
	replay_init(&r->replay, r->dialect, r->has_request ? &r->request : NULL);
	r->has_replay = true;
}

/* Everything that came goes out again: only a `drops` page loses bytes.  A line feed that comes apart from
 * the carriage return before it is kept for the next frame (sse.c), and after the last one there is none. */
static void check_raw(struct run *r, const struct replay *p, struct slice wire)
{
	size_t n = buf_len(&p->raw);

	if (page_has(r->at, "drops")) {
		assert_true(n < wire.n);
		return;
	}
	if (n + 1 == wire.n && wire.n > 1 && slice_eq(slice_of(wire.p + n - 1, 2), SLICE("\r\n")))
		wire.n--;
	expect(r, buf_slice(&p->raw), wire);
}

static void check_split(struct run *r, struct slice wire, size_t first, size_t step)
{
	struct replay again;

	replay_init(&again, r->dialect, r->has_request ? &r->request : NULL);
	replay_stream(&again, wire, first, step);
	check_raw(r, &again, wire);
	if (!slice_eq(buf_slice(&again.log), buf_slice(&r->replay.log)))
		fail_at(r, "cut at %zu, then every %zu, gives\n%.*s", first, step,
			SLICE_ARG(buf_slice(&again.log)));
	replay_done(&again);
}

static void check_round_trip(struct run *r)
{
	const char *differs = replay_complete(&r->replay) ? replay_round_trip(&r->replay) : NULL;

	if (differs)
		fail_at(r, "%s:\n%.*s\n%.*s", differs, SLICE_ARG(buf_slice(&r->replay.stream)),
			SLICE_ARG(buf_slice(&r->replay.whole)));
	r->fault = r->replay.decode.tally.fault;
}

static void run_sse(struct run *r)
{
	struct slice wire = r->at->text;

	begin_replay(r);
	replay_stream(&r->replay, wire, 0, 0);
	check_raw(r, &r->replay, wire);
	check_split(r, wire, 0, 1);
	for (size_t cut = 1; cut < wire.n; cut++)
		check_split(r, wire, cut, 0);
	check_round_trip(r);
}

static void run_json(struct run *r)
{
	begin_replay(r);
	replay_whole(&r->replay, page_body(r->at));
	if (r->replay.decode.tally.started)
		expect(r, buf_slice(&r->replay.raw), page_body(r->at));
	check_round_trip(r);
}

static void run_events(struct run *r)
{
	expect(r, buf_slice(&r->replay.log), r->at->text);
}

static void run_client_sse(struct run *r)
{
	expect(r, buf_slice(&r->replay.stream), r->at->text);
}

static void run_client_json(struct run *r)
{
	expect(r, buf_slice(&r->replay.whole), page_body(r->at));
}

/* --- pages
 * ----------------------------------------------------------------------------------------------- */

static const struct {
	const char *kind;
	void (*run)(struct run *r);
} kinds[] = {
	{ "request", run_request }, { "parsed", run_parsed }, { "refused", run_fault }, { "built", run_built },
	{ "sse", run_sse }, { "json", run_json }, { "events", run_events },
	{ "client-sse", run_client_sse }, { "client-json", run_client_json },
	{ "answer", run_answer }, { "fault", run_fault },
	{ "error-body", run_error }, { "error-event", run_error },
};

static void run_block(struct run *r)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (slice_eq(r->at->kind, slice_str(kinds[i].kind))) {
			kinds[i].run(r);
			return;
		}
	fail_at(r, "no such kind of block: %.*s", SLICE_ARG(r->at->kind));
}

static const char *dialect_name;

static void run_page(void **state)
{
	struct run r = { .dialect = dialect_find(slice_str(dialect_name)) };
	struct page page;

	assert_non_null(r.dialect);
	arena_init(&r.arena, 0);
	page_read(&r.arena, *state, &page);
	r.page = &page;
	for (size_t i = 0; i < page.n_blocks; i++) {
		r.at = &page.blocks[i];
		run_block(&r);
	}
	if (r.has_replay)
		replay_done(&r.replay);
	arena_done(&r.arena);
}

static int is_page(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);
	return n > 3 && strcmp(entry->d_name + n - 3, ".md") == 0;
}

int main(int argc, char **argv)
{
	struct dirent **entries;
	struct arena a;
	int n = argc == 2 ? scandir(argv[1], &entries, is_page, alphasort) : -1;

	if (n <= 0) {
		fprintf(stderr, "usage: golden FOLDER (named like its dialect, with pages in it)\n");
		return 99;
	}
	dialect_name = strrchr(argv[1], '/') ? strrchr(argv[1], '/') + 1 : argv[1];
	arena_init(&a, 0);
	struct CMUnitTest *tests = ARENA_ARRAY(&a, struct CMUnitTest, (size_t)n);
	for (int i = 0; i < n; i++) {
		char *path = (char *)(uintptr_t)arena_printf(&a, "%s/%s", argv[1], entries[i]->d_name).p;
		tests[i] = (struct CMUnitTest){ .name = strrchr(path, '/') + 1, .test_func = run_page,
			.initial_state = path };
		free(entries[i]);
	}
	free(entries);
	int failed = _cmocka_run_group_tests("golden", tests, (size_t)n, NULL, NULL);
	arena_done(&a);
	return failed;
}

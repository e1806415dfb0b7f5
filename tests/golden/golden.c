/* Runs every page of a folder as one test: golden <folder>, the folder named like its dialect.
 *
 * Blocks, in the order in which a page uses them:
 *   request WORDS   a client's body; decides what the encoders below know of the client.  The door: model=, stream,
 *   array
 *                   (framing), path=, type=, betas=, strict
 *   parsed          what was read from it                  refused   or why not
 *   read            the typed view of it                   (a reader or writer that refuses: the block is empty and a
 *   built WORDS     what a provider of this dialect gets     block `refused` comes behind it)
 *                   model=, stream=yes|no, usage, no-options, provider= (its quirks and options), strict
 *   written WORDS   the same through the typed view, as if it came from another dialect
 *   dropped         what the body before could not say     path, fields   the address and the header fields with it
 *   sse WORDS       a provider's stream, replayed whole, byte by byte and at every two-way split;
 *                   `drops`: bytes get lost; provider=: its quirks
 *   json WORDS      a provider's whole answer; provider=
 *   events          the log of the sse or json block
 *   client-sse      what the client gets as a stream       client-json   or as a whole answer
 *   answer N        a provider's error body with status N
 *   fault           what is made of it
 *   error-body      what the client gets for the last fault, refusal or failed answer
 *   error-event     the same inside a stream               error-status  and its HTTP status */
#include "dialect/quirks.h"
#include "dialect/translate.h"
#include "replay.h"
#include "turn.h"
#include "unit.h"

struct run {
	struct turn turn;
	const struct dialect *dialect;
	struct replay replay;
	bool has_replay;
};

/* --- requests ------------------------------------------------------------------------------------------- */

static void run_request(struct run *r)
{
	turn_request(&r->turn, r->dialect);
}

static void add_names(struct buf *b, const struct request *q)
{
	buf_addf(b, "model %.*s\n", SLICE_ARG(q->model));
	for (size_t i = 0; i < q->n_fallbacks; i++)
		buf_addf(b, "fallback %.*s\n", SLICE_ARG(q->fallbacks[i]));
	if (q->no_fallbacks)
		buf_add(b, SLICE("no fallbacks\n"));
}

static void add_flags(struct buf *b, const struct request *q)
{
	const struct {
		bool on;
		const char *text;
	} flags[] = {
		{ q->stream, "stream" }, { q->door.framing == REQUEST_JSON_ARRAY, "json array" },
		{ q->wants_usage, "wants usage" }, { q->has_tools, "has tools" }, { q->has_options, "has options" },
	};

	for (size_t i = 0; i < COUNT_OF(flags); i++)
		if (flags[i].on)
			buf_addf(b, "%s\n", flags[i].text);
}

static void run_parsed(struct run *r)
{
	static const char *const ops[] = { "chat", "embed", "count", "raw" };
	const struct request *q = &r->turn.request;
	struct buf b;

	turn_need_request(&r->turn);
	buf_init(&b, 65536);
	add_names(&b, q);
	if (q->op != REQUEST_CHAT)
		buf_addf(&b, "op %s\n", ops[q->op]);
	if (q->choices != 1)
		buf_addf(&b, "choices %u\n", q->choices);
	add_flags(&b, q);
	if (q->timeout_ms)
		buf_addf(&b, "timeout %llums\n", (unsigned long long)q->timeout_ms);
	turn_expect(&r->turn, buf_slice(&b), r->turn.at->text);
	buf_done(&b);
}

static void run_built(struct run *r)
{
	struct turn *t = &r->turn;
	struct buf out;

	turn_ask(t, r->dialect);
	buf_init(&out, 1 << 24);
	enum err e = translate_build(r->dialect, &t->request, &t->ask, &out);
	turn_expect_made(t, e, buf_slice(&out), page_body(t->at));
	buf_done(&out);
}

static void run_written(struct run *r)
{
	struct turn *t = &r->turn;
	struct prompt p;
	struct buf out;

	turn_ask(t, r->dialect);
	buf_init(&out, 1 << 24);
	enum err e = turn_read(t, &p);
	p.stream = t->ask.stream;
	if (e == ERR_OK)
		e = r->dialect->write(&p, &t->ask, &out);
	turn_expect_made(t, e, buf_slice(&out), page_body(t->at));
	buf_done(&out);
}

/* --- faults --------------------------------------------------------------------------------------------- */

static void run_answer(struct run *r)
{
	uint64_t status;

	assert_true(slice_u64(r->turn.at->words, &status));
	r->turn.fault = r->dialect->fault(&r->turn.arena, (int)status, page_body(r->turn.at));
}

static void run_error(struct run *r)
{
	bool is_body = slice_eq(r->turn.at->kind, SLICE("error-body"));
	struct buf b;

	assert_int_not_equal(r->turn.fault.err, ERR_OK);
	buf_init(&b, 65536);
	if (is_body)
		r->dialect->error_body(&r->turn.fault, &b);
	else
		r->dialect->error_event(&r->turn.fault, &b);
	turn_expect(&r->turn, buf_slice(&b), is_body ? page_body(r->turn.at) : r->turn.at->text);
	buf_done(&b);
}

static void run_error_status(struct run *r)
{
	const struct dialect *d = r->dialect;
	int status = d->error_status ? d->error_status(&r->turn.fault) : err_row(r->turn.fault.err)->http;

	turn_expect(&r->turn, arena_printf(&r->turn.arena, "%d", status), page_body(r->turn.at));
}

/* --- answers -------------------------------------------------------------------------------------------- */

static void init(struct run *r, struct replay *p)
{
	replay_init(p, r->dialect, r->dialect, r->turn.has_request ? &r->turn.request : NULL);
	p->decode.quirks = quirks_find(page_value(r->turn.at, "provider"));
}

static void begin_replay(struct run *r)
{
	if (r->has_replay)
		replay_done(&r->replay);
	init(r, &r->replay);
	r->has_replay = true;
}

/* Everything that came goes out again: only a `drops` page loses bytes.  A line feed that comes apart from
 * the carriage return before it is kept for the next frame (sse.c), and after the last one there is none. */
static void check_raw(struct run *r, const struct replay *p, struct slice wire)
{
	size_t n = buf_len(&p->raw);

	if (page_has(r->turn.at, "drops")) {
		assert_true(n < wire.n);
		return;
	}
	if (n + 1 == wire.n && wire.n > 1 && slice_eq(slice_of(wire.p + n - 1, 2), SLICE("\r\n")))
		wire.n--;
	turn_expect(&r->turn, buf_slice(&p->raw), wire);
}

static void check_split(struct run *r, struct slice wire, size_t first, size_t step)
{
	struct replay again;

	init(r, &again);
	replay_stream(&again, wire, first, step);
	check_raw(r, &again, wire);
	if (!slice_eq(buf_slice(&again.log), buf_slice(&r->replay.log)))
		turn_fail(&r->turn, "cut at %zu, then every %zu, gives\n%.*s", first, step,
			SLICE_ARG(buf_slice(&again.log)));
	replay_done(&again);
}

static void check_round_trip(struct run *r)
{
	struct buf report;

	buf_init(&report, 1 << 24);
	if (replay_complete(&r->replay) && !replay_round_trip(&r->replay, &report))
		turn_fail(&r->turn, "%.*s", SLICE_ARG(buf_slice(&report)));
	buf_done(&report);
	r->turn.fault = r->replay.decode.tally.fault;
}

static void run_sse(struct run *r)
{
	struct slice wire = r->turn.at->text;

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
	replay_whole(&r->replay, page_body(r->turn.at));
	if (r->replay.decode.tally.started)
		turn_expect(&r->turn, buf_slice(&r->replay.raw), page_body(r->turn.at));
	check_round_trip(r);
}

static void run_events(struct run *r)
{
	turn_expect(&r->turn, buf_slice(&r->replay.log), r->turn.at->text);
}

static void run_client_sse(struct run *r)
{
	turn_expect(&r->turn, buf_slice(&r->replay.stream), r->turn.at->text);
}

static void run_client_json(struct run *r)
{
	turn_expect(&r->turn, buf_slice(&r->replay.whole), page_body(r->turn.at));
}

/* --- pages ---------------------------------------------------------------------------------------------- */

static const struct {
	const char *kind;
	void (*run)(struct run *r);
} kinds[] = {
	{ "request", run_request }, { "parsed", run_parsed }, { "built", run_built }, { "written", run_written },
	{ "sse", run_sse }, { "json", run_json }, { "events", run_events },
	{ "client-sse", run_client_sse }, { "client-json", run_client_json },
	{ "answer", run_answer },
	{ "error-body", run_error }, { "error-event", run_error }, { "error-status", run_error_status },
};

static void run_block(struct run *r)
{
	if (turn_run(&r->turn))
		return;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (slice_eq(r->turn.at->kind, slice_str(kinds[i].kind))) {
			kinds[i].run(r);
			return;
		}
	turn_fail(&r->turn, "no such kind of block: %.*s", SLICE_ARG(r->turn.at->kind));
}

static const char *dialect_name;

static void run_page(void **state)
{
	struct run r = { .dialect = dialect_find(slice_str(dialect_name)) };
	struct page page;

	assert_non_null(r.dialect);
	arena_init(&r.turn.arena, 0);
	page_read(&r.turn.arena, *state, &page);
	r.turn.page = &page;
	for (size_t i = 0; i < page.n_blocks; i++) {
		r.turn.at = &page.blocks[i];
		run_block(&r);
	}
	if (r.has_replay)
		replay_done(&r.replay);
	arena_done(&r.turn.arena);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: golden FOLDER (named like its dialect, with pages in it)\n");
		return 99;
	}
	dialect_name = strrchr(argv[1], '/') ? strrchr(argv[1], '/') + 1 : argv[1];
	return book_run(argv[1], run_page);
}

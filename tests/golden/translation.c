/* Runs every page of a folder as one test: translation <folder>.  A page says what a client of one dialect and a
 * provider of another see of each other, independently of how the dialects' own pages tell it.
 *
 *   from DIALECT WORDS   a client's body; words as in golden.c's `request`
 *   read                 its typed view
 *   to DIALECT WORDS     what a provider gets; words as in golden.c's `built`.  JSON is compared without white space,
 *   in
 *                        order.  Empty: it is refused, and a block `refused` comes behind it
 *   dropped, path, fields, refused   as in golden.c, for the block `to` before
 *   sse-from DIALECT WORDS    a provider's stream, replayed whole, byte by byte and at every two-way split; provider=
 *   json-from DIALECT WORDS   a provider's whole answer
 *   events               its log
 *   sse-to DIALECT       what a client gets as a stream: the sender of `from` when that has this dialect, else one
 *   who asks
 *                        for nothing special.  A broken answer ends with the dialect's error event
 *   json-to DIALECT      or as a whole answer; a broken one is an error body
 *   error-from DIALECT N a provider's error body with status N; `fault` is what is made of it
 *   error-to DIALECT     what a client gets for it, behind a line with the HTTP status
 *
 * Besides, every complete answer is encoded in every dialect of its kind, and must mean the same when it is read
 * again. */
#include "dialect/quirks.h"
#include "dialect/translate.h"
#include "replay.h"
#include "turn.h"
#include "unit.h"

struct run {
	struct turn turn;
	const struct page_block *source;	/* sse-from, json-from */
	const struct dialect *speaker;		/* of the source */
};

/* --- requests ------------------------------------------------------------------------------------------- */

/* The dialect is the first word of the block. */
static const struct dialect *dialect_of(struct run *r)
{
	struct slice words = r->turn.at->words, name;
	const struct dialect *d = slice_next(&words, ' ', &name) ? dialect_find(name) : NULL;

	if (d == NULL)
		turn_fail(&r->turn, "no such dialect");
	return d;
}

static void run_from(struct run *r)
{
	turn_request(&r->turn, dialect_of(r));
}

/* One member a line, so that the place of a difference can be told. */
static struct slice spread(struct turn *t, struct slice json)
{
	yyjson_doc *doc;

	if (slice_trim(json).n == 0)
		return SLICE_EMPTY;
	if (json_parse(&t->arena, json, &doc, NULL) != ERR_OK)
		turn_fail(t, "no JSON: %.*s", SLICE_ARG(json));
	size_t n = 0;
	char *text = yyjson_write(doc, YYJSON_WRITE_PRETTY_TWO_SPACES, &n);
	must(text != NULL);
	struct slice copy = arena_copy(&t->arena, slice_of(text, n));
	free(text);
	return copy;
}

static void run_to(struct run *r)
{
	struct turn *t = &r->turn;
	const struct dialect *back = dialect_of(r);
	struct buf out;

	turn_ask(t, back);
	buf_init(&out, 1 << 24);
	enum err e = translate_build(back, &t->request, &t->ask, &out);
	struct slice got = e == ERR_OK ? spread(t, buf_slice(&out)) : SLICE_EMPTY;
	turn_expect_made(t, e, got, spread(t, t->at->text));
	buf_done(&out);
}

/* --- answers -------------------------------------------------------------------------------------------- */

static const struct request *request_for(struct run *r, const struct dialect *front)
{
	return r->turn.has_request && r->turn.request.dialect == front ? &r->turn.request : NULL;
}

static void replay_source(struct run *r, struct replay *p, const struct dialect *front, size_t first, size_t step)
{
	replay_init(p, r->speaker, front, front ? request_for(r, front) : NULL);
	p->decode.quirks = quirks_find(page_value(r->source, "provider"));
	if (slice_eq(r->source->kind, SLICE("json-from")))
		replay_whole(p, page_body(r->source));
	else
		replay_stream(p, r->source->text, first, step);
}

/* What is complete survives every dialect. */
static void check_round_trips(struct run *r)
{
	for (size_t i = 0; dialect_at(i); i++) {
		const struct dialect *front = dialect_at(i);
		struct replay p;
		struct buf report;

		if (front->op != r->speaker->op)
			continue;
		replay_source(r, &p, front, 0, 0);
		buf_init(&report, 1 << 24);
		if (replay_complete(&p) && !replay_round_trip(&p, &report))
			turn_fail(&r->turn, "through %s: %.*s", front->name, SLICE_ARG(buf_slice(&report)));
		buf_done(&report);
		replay_done(&p);
	}
}

static void run_source(struct run *r)
{
	r->source = r->turn.at;
	r->speaker = dialect_of(r);
	check_round_trips(r);
}

static void need_source(struct run *r)
{
	if (r->source == NULL)
		turn_fail(&r->turn, "no answer comes before it");
}

static void run_events(struct run *r)
{
	struct replay p;

	need_source(r);
	replay_source(r, &p, NULL, 0, 0);
	turn_expect(&r->turn, buf_slice(&p.log), r->turn.at->text);
	replay_done(&p);
}

static struct fault fault_of(const struct replay *p)
{
	if (p->decode.tally.fault.err != ERR_OK)
		return p->decode.tally.fault;
	return (struct fault){ .err = p->err != ERR_OK ? p->err : ERR_UP_TRUNCATED };
}

static struct slice stream_of(struct run *r, const struct dialect *front, size_t first, size_t step)
{
	struct replay p;

	replay_source(r, &p, front, first, step);
	if (!replay_complete(&p)) {
		struct fault f = fault_of(&p);
		if (front->error_within)
			front->error_within(&p.to_stream, &f, &p.stream);
		else
			front->error_event(&f, &p.stream);
	}
	struct slice copy = arena_copy(&r->turn.arena, buf_slice(&p.stream));
	replay_done(&p);
	return copy;
}

static void run_sse_to(struct run *r)
{
	const struct dialect *front = dialect_of(r);

	need_source(r);
	bool is_whole = slice_eq(r->source->kind, SLICE("json-from"));
	turn_expect(&r->turn, stream_of(r, front, 0, 0), r->turn.at->text);
	for (size_t cut = 0; !is_whole && cut < r->source->text.n; cut++) {
		struct slice again = stream_of(r, front, cut, cut ? 0 : 1);
		if (!slice_eq(again, r->turn.at->text))
			turn_fail(&r->turn, "cut at %zu gives\n%.*s", cut, SLICE_ARG(again));
	}
}

static void run_json_to(struct run *r)
{
	const struct dialect *front = dialect_of(r);
	struct replay p;

	need_source(r);
	replay_source(r, &p, front, 0, 0);
	if (!replay_complete(&p)) {
		struct fault f = fault_of(&p);
		front->error_body(&f, &p.whole);
	}
	turn_expect(&r->turn, spread(&r->turn, buf_slice(&p.whole)), spread(&r->turn, r->turn.at->text));
	replay_done(&p);
}

/* --- errors --------------------------------------------------------------------------------------------- */

static void run_error_from(struct run *r)
{
	const struct dialect *d = dialect_of(r);
	struct slice words = r->turn.at->words, word;
	uint64_t status;

	slice_next(&words, ' ', &word);
	if (!slice_u64(slice_trim(words), &status))
		turn_fail(&r->turn, "a status is missing");
	r->turn.fault = d->fault(&r->turn.arena, (int)status, page_body(r->turn.at));
}

static void run_error_to(struct run *r)
{
	const struct dialect *d = dialect_of(r);
	const struct fault *f = &r->turn.fault;
	struct slice want = r->turn.at->text;
	size_t line = slice_find(want, '\n');
	struct buf out;

	if (f->err == ERR_OK)
		turn_fail(&r->turn, "no error comes before it");
	struct slice status = arena_printf(&r->turn.arena, "%d",
		d->error_status ? d->error_status(f) : err_row(f->err)->http);
	turn_expect(&r->turn, status, slice_of(want.p, line));
	buf_init(&out, 65536);
	d->error_body(f, &out);
	turn_expect(&r->turn, spread(&r->turn, buf_slice(&out)), spread(&r->turn, slice_skip(want, line)));
	buf_done(&out);
}

/* --- pages ---------------------------------------------------------------------------------------------- */

static void run_block(struct run *r)
{
	static const struct {
		const char *kind;
		void (*run)(struct run *r);
	} kinds[] = {
		{ "from", run_from }, { "to", run_to }, { "sse-from", run_source }, { "json-from", run_source },
		{ "events", run_events }, { "sse-to", run_sse_to }, { "json-to", run_json_to },
		{ "error-from", run_error_from }, { "error-to", run_error_to },
	};

	if (turn_run(&r->turn))
		return;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (slice_eq(r->turn.at->kind, slice_str(kinds[i].kind))) {
			kinds[i].run(r);
			return;
		}
	turn_fail(&r->turn, "no such kind of block: %.*s", SLICE_ARG(r->turn.at->kind));
}

static void run_page(void **state)
{
	struct run r = { .source = NULL };
	struct page page;

	arena_init(&r.turn.arena, 0);
	page_read(&r.turn.arena, *state, &page);
	r.turn.page = &page;
	for (size_t i = 0; i < page.n_blocks; i++) {
		r.turn.at = &page.blocks[i];
		run_block(&r);
	}
	arena_done(&r.turn.arena);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: translation FOLDER (with pages in it)\n");
		return 99;
	}
	return book_run(argv[1], run_page);
}

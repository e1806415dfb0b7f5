/* Made-up answers through every dialect, and through every pair of them:
 *
 *   events -> encoder of X -> bytes -> decoder of X -> events    mean the same,
 *   and those events -> encoder of Y -> bytes -> decoder of Y -> events   too,
 *
 * as a stream and as a whole answer, but for what X and Y cannot say (golden/meaning.c).
 *
 *   answers [CASES [SEED]]     SEED: of the first case; a failure prints its own */
#include "golden/replay.h"
#include "make_answer.h"
#include "suite.h"

static void show(const struct make_answer *m)
{
	struct replay r;

	replay_init(&r, dialect_at(0), NULL, NULL);
	for (size_t i = 0; i < m->n; i++)
		replay_feed(&r, &m->events[i]);
	fprintf(stderr, "%.*s", SLICE_ARG(buf_slice(&r.log)));
	replay_done(&r);
}

static bool fails(const char *what, const struct replay *r, const struct make_answer *m, struct buf *report)
{
	fprintf(stderr, "%s, %s to %s: %.*s\n", what, r->back->name, r->front->name, SLICE_ARG(buf_slice(report)));
	show(m);
	return false;
}

static bool check(const char *what, const struct replay *r, const struct make_answer *m)
{
	struct buf report;
	bool good = true;

	buf_init(&report, 1 << 24);
	if (!replay_complete(r)) {
		buf_addf(&report, "not complete: %s", err_name(r->to_full.err));
		good = fails(what, r, m, &report);
	} else if (!replay_round_trip(r, &report)) {
		good = fails(what, r, m, &report);
	}
	buf_done(&report);
	return good;
}

/* What X wrote, as it comes from a provider of X, in Y. */
static bool go_on(const struct replay *first, const struct dialect *y, const struct make_answer *m)
{
	struct replay stream, whole;

	replay_init(&stream, first->front, y, NULL);
	replay_init(&whole, first->front, y, NULL);
	replay_stream(&stream, buf_slice(&first->full), 0, 0);
	replay_whole(&whole, buf_slice(&first->whole));
	bool good = check("stream", &stream, m) && check("whole", &whole, m);
	replay_done(&stream);
	replay_done(&whole);
	return good;
}

static bool run_pair(const struct dialect *x, const struct dialect *y, uint64_t seed)
{
	struct arena a;
	struct dice d;
	struct replay r;

	arena_init(&a, 0);
	dice_init(&d, seed);
	/* made by X, or by Y and sealed for the way through X */
	const struct dialect *maker = seed & 1 ? x : y;
	struct make_answer m = make_answer(&a, &d, maker->tag);
	replay_init(&r, maker, x, NULL);
	for (size_t i = 0; i < m.n; i++)
		replay_feed(&r, &m.events[i]);
	replay_fed(&r);
	bool good = check("made", &r, &m) && (x == y || go_on(&r, y, &m));
	replay_done(&r);
	arena_done(&a);
	return good;
}

int main(int argc, char **argv)
{
	return suite_run(argc, argv, 1u << REQUEST_CHAT, run_pair);
}

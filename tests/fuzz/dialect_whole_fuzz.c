/* Any bytes as a provider's whole answer: refused, or all of it in the events, and a complete answer survives the
 * encoders of its own dialect and of another one. */
#include "dialects.h"
#include "golden/replay.h"

static void check_round_trip(const struct replay *r)
{
	struct buf report;

	if (!replay_complete(r))
		return;
	buf_init(&report, 1 << 28);
	if (!replay_round_trip(r, &report)) {
		fprintf(stderr, "%s to %s: %.*s\n", r->back->name, r->front->name, SLICE_ARG(buf_slice(&report)));
		must_never("the round trip failed");
	}
	buf_done(&report);
}

static void check(const struct dialect *back, const struct dialect *front, struct slice body)
{
	struct replay r;

	replay_init(&r, back, front, NULL);
	replay_whole(&r, body);
	must(!r.decode.tally.started || slice_eq(buf_slice(&r.raw), body));
	must(r.err != ERR_OK || r.decode.tally.started);
	must(r.arena.used <= REPLAY_ARENA(body.n));
	check_round_trip(&r);
	replay_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice body;
	const struct dialect *back = dialects_pick(data, size, &body);

	if (back == NULL || back->op == REQUEST_RAW)
		return 0;
	check(back, back, body);
	check(back, dialects_partner(back, fuzz_number(data, size)), body);
	return 0;
}

/* Any bytes as a provider's event stream: however they are split the events are the same, the raw slices are parts of
 * what came, and a complete answer survives the encoders of its own dialect and of another one. */
#include "dialects.h"
#include "golden/replay.h"

/* The raw slices, in order, are parts of the input. */
static void check_raw(struct slice raw, struct slice wire)
{
	must(raw.n <= wire.n);
	for (; raw.n; raw = slice_skip(raw, 1)) {
		size_t at = slice_find(wire, raw.p[0]);
		must(at < wire.n);
		wire = slice_skip(wire, at + 1);
	}
}

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

/* Every bound of the encoders' memory: an error or all of it. */
static void check_no_room(const struct dialect *back, const struct dialect *front, struct slice wire, uint32_t number)
{
	struct replay r;

	replay_init(&r, back, front, NULL);
	r.arena.limit = number % 8192;
	r.stream.max = r.full.max = number >> 4 & 4095;
	r.whole.max = number >> 8 & 4095;
	replay_stream(&r, wire, 0, 0);
	replay_done(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t number = fuzz_number(data, size);
	struct slice wire;
	const struct dialect *back = dialects_pick(data, size, &wire);
	struct replay own, other;

	if (back == NULL || back->op == REQUEST_RAW)
		return 0;
	const struct dialect *front = dialects_partner(back, number >> 5);
	replay_init(&own, back, back, NULL);
	replay_init(&other, back, front, NULL);
	replay_stream(&own, wire, 0, 0);
	replay_stream(&other, wire, wire.n ? number % wire.n : 0, number >> 16 & 31);
	must(slice_eq(buf_slice(&own.log), buf_slice(&other.log)));
	check_raw(buf_slice(&own.raw), wire);
	must(own.arena.used <= REPLAY_ARENA(wire.n) && other.arena.used <= REPLAY_ARENA(wire.n));
	check_round_trip(&own);
	check_round_trip(&other);
	replay_done(&own);
	replay_done(&other);
	check_no_room(back, front, wire, number);
	return 0;
}

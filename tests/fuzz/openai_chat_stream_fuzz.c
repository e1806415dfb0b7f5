/* Any bytes as a provider's event stream: however they are split the events are the same, the raw slices
 * are the bytes that came, and a complete answer survives both encoders. */
#include "golden/replay.h"
#include "fuzz.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice wire = slice_of(data, size);
	struct replay whole, split;
	uint32_t number = fuzz_number(data, size);

	replay_init(&whole, &openai_chat, NULL);
	replay_init(&split, &openai_chat, NULL);
	replay_stream(&whole, wire, 0, 0);
	replay_stream(&split, wire, size ? number % size : 0, number >> 16 & 31);
	must(slice_eq(buf_slice(&whole.log), buf_slice(&split.log)));
	check_raw(buf_slice(&whole.raw), wire);
	if (replay_complete(&whole)) {
		const char *differs = replay_round_trip(&whole);
		if (differs)
			must_never(differs);
	}
	replay_done(&whole);
	replay_done(&split);
	return 0;
}

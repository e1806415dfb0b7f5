/* Any bytes as a provider's whole answer. */
#include "golden/replay.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice body = slice_of(data, size);
	struct replay r;

	replay_init(&r, &openai_chat, NULL);
	replay_whole(&r, body);
	must(!r.decode.tally.started || slice_eq(buf_slice(&r.raw), body));
	must(r.err != ERR_OK || r.decode.tally.started);
	if (replay_complete(&r)) {
		const char *differs = replay_round_trip(&r);
		if (differs)
			must_never(differs);
	}
	replay_done(&r);
	return 0;
}

/* What most scenarios share: three providers at https://{a,b,c}.test, models over them, and a few ready scripts. */
#ifndef SCENE_H
#define SCENE_H

#include "sim.h"

#define SCENE_LISTEN "listen: 127.0.0.1:8080\nadmin: {listen: 127.0.0.1:9901}\n"
#define SCENE_PROVIDER(name, more) \
	"  " name ": {dialect: openai, url: \"https://" name ".test/v1\", key: \"${SIM_KEY}\"" more "}\n"
#define SCENE_PROVIDERS "providers:\n" SCENE_PROVIDER("a", "") SCENE_PROVIDER("b", "") SCENE_PROVIDER("c", "")
/* Short clocks and one round, so that every scenario knows when what must have happened. */
#define SCENE_CONNECT_MS 1000u
#define SCENE_FIRST_MS 5000u
#define SCENE_IDLE_MS 3000u
#define SCENE_TOTAL_MS 60000u
/* Many scenarios send the same request several times and count calls: nothing is shared but where that is the
 * subject. */
#define SCENE_CLOCKS "    join: separate\n    clocks: {connect: 1s, first_token: 5s, idle: 3s, total: 60s}\n"
/* `m`: a, then b.  `one`: a alone.  `three`: a, b, c. */
#define SCENE_MODELS "models:\n" \
	"  m:\n    tiers:\n      - targets: [a/m1]\n      - targets: [b/m2]\n    retries: 0\n" SCENE_CLOCKS \
	"  one:\n    tiers: [{targets: [a/m1]}]\n    retries: 0\n" SCENE_CLOCKS \
	"  three:\n    tiers:\n      - targets: [a/m1]\n      - targets: [b/m2]\n      - targets: [c/m3]\n" \
	"    retries: 0\n" SCENE_CLOCKS
#define SCENE_CONFIG SCENE_LISTEN SCENE_PROVIDERS SCENE_MODELS

static const struct sim_act scene_good[] = { SIM_GOOD("Hello world"), SIM_STOP };
#define SCENE_GOOD "Hello world"
/* A stream with time between its events. */
static const struct sim_act scene_slow[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hel"), SIM_WAIT(50),
	SIM_TEXT("lo"), SIM_WAIT(50),
	SIM_TEXT(" world"), SIM_FINISH("stop"), SIM_END };
static const struct sim_act scene_down[] = { SIM_ERROR(500, "", "server_error", "internal"), SIM_STOP };

/* One client that asks for `model`; what follows are members of its plan: scene_client(s, "m", true, .at_ms = 20). */
#define scene_client(s, model, streamed, ...) \
	sim_client(s, (struct sim_plan){ .sends = { sim_chat(s, model, streamed, "hi") }, __VA_ARGS__ })
/* The same with nothing special: it asks now, reads and leaves. */
static inline struct sim_client *scene_ask(struct sim *s, const char *model, bool streamed)
{
	return sim_client(s, (struct sim_plan){ .sends = { sim_chat(s, model, streamed, "hi") } });
}

/* cmocka's table for rows that are tests of their own. */
#define SCENE_ROW(row, run) ((struct CMUnitTest){ (row)->name, run, NULL, NULL, (void *)(uintptr_t)(row) })

#endif

/* The breaker's three states.  Knows nothing of targets, errors or time sources: times are handed in. */
#include "route/breaker.h"

#include "base/must.h"
#include "base/span.h"

#define BUCKET_NS (5ull * SPAN_NS_PER_S)	/* two of them: the share looks back 5 to 10 s */

/* The only mover.  Counts belong to a state: they start anew. */
static void move(struct breaker *b, enum breaker_state to, uint64_t now_ns)
{
	b->state = to;
	b->since_ns = now_ns;
	b->row = 0;
	b->good[0] = b->good[1] = b->bad[0] = b->bad[1] = 0;
}

static void open_for(struct breaker *b, uint64_t ms, uint64_t now_ns)
{
	move(b, BREAKER_OPEN, now_ns);
	b->open_ms = ms;
	b->until_ns = now_ns + ms * SPAN_NS_PER_MS;
}

static void roll(struct breaker *b, uint64_t now_ns)
{
	uint64_t age_ns = now_ns - b->bucket_ns;

	if (age_ns < BUCKET_NS)
		return;
	bool was_just_before = age_ns < 2 * BUCKET_NS;
	b->good[1] = was_just_before ? b->good[0] : 0;
	b->bad[1] = was_just_before ? b->bad[0] : 0;
	b->good[0] = b->bad[0] = 0;
	b->bucket_ns = was_just_before ? b->bucket_ns + BUCKET_NS : now_ns;
}

static bool is_failing(const struct breaker *b, const struct breaker_conf *conf)
{
	uint64_t bad = (uint64_t)b->bad[0] + b->bad[1], calls = bad + b->good[0] + b->good[1];

	if (b->row >= conf->fails)
		return true;
	return conf->share > 0 && calls >= conf->min_calls && (double)bad >= conf->share * (double)calls;
}

bool breaker_allows(const struct breaker *b, uint64_t now_ns)
{
	return b->state == BREAKER_CLOSED || (b->state == BREAKER_OPEN && now_ns >= b->until_ns);
}

bool breaker_take(struct breaker *b, uint64_t now_ns, bool *out_is_probe)
{
	if (!breaker_allows(b, now_ns))
		return false;
	*out_is_probe = b->state == BREAKER_OPEN;
	if (*out_is_probe)
		move(b, BREAKER_HALF_OPEN, now_ns);
	return true;
}

static bool vote_closed(struct breaker *b, const struct breaker_conf *conf, bool good, uint64_t now_ns)
{
	roll(b, now_ns);
	if (good) {
		b->row = 0;
		b->good[0]++;
		return false;
	}
	b->row++;
	b->bad[0]++;
	if (conf->fails == 0 || !is_failing(b, conf))
		return false;
	open_for(b, conf->open_ms, now_ns);
	return true;
}

bool breaker_vote(struct breaker *b, const struct breaker_conf *conf, bool good, uint64_t now_ns)
{
	switch (b->state) {
	case BREAKER_CLOSED:
		return vote_closed(b, conf, good, now_ns);
	case BREAKER_OPEN:
		return false;
	case BREAKER_HALF_OPEN:
		if (good || conf->fails == 0)
			move(b, BREAKER_CLOSED, now_ns);
		else
			open_for(b, MIN_OF(b->open_ms * 2, MAX_OF(conf->open_ms, conf->open_max_ms)), now_ns);
		return true;
	}
	must_never("a breaker in no state");
}

void breaker_give_back(struct breaker *b, bool was_probe, uint64_t now_ns)
{
	if (!was_probe || b->state != BREAKER_HALF_OPEN)
		return;
	move(b, BREAKER_OPEN, now_ns);	/* until_ns has passed, so it can be taken again at once */
}

const char *breaker_state_name(enum breaker_state s)
{
	static const char *const names[] = { "closed", "open", "half_open" };

	must((unsigned)s < COUNT_OF(names));
	return names[s];
}

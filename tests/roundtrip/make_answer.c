/* Each choice is a script: its events in order.  Scripts of several choices are then shuffled into each other, and so are
 * the arguments of parallel calls.  Each kind of event is switched on or off for the whole answer, so that some answers have
 * few kinds and much of each. */
#include "make_answer.h"

#include "words.h"

#define MOST_EVENTS 600u
#define CHOICES 3u
#define CALLS 4u

struct script {
	struct event events[MOST_EVENTS];
	size_t n, at;
};

struct maker {
	struct arena *a;
	struct dice *d;
	struct script choices[CHOICES];
	uint16_t n_choices;
	bool reasoning, text, refusal, calls, signatures, redacted, citations, logprobs, media, part_ends, item_ids, parallel;
};

static bool coin(struct maker *m)
{
	return words_one_in(m->d, 2);
}

static void put(struct maker *m, uint16_t choice, struct event ev)
{
	struct script *s = &m->choices[choice];

	must(s->n < MOST_EVENTS);
	ev.choice = choice;
	s->events[s->n++] = ev;
}

static void put_end(struct maker *m, uint16_t choice, uint16_t part)
{
	if (m->part_ends)
		put(m, choice, (struct event){ .kind = EVENT_PART_END, .part = part });
}

static void put_text(struct maker *m, uint16_t choice, enum event_kind kind)
{
	struct slice rest = words_text(m->a, m->d, 12), piece;

	while (words_cut(m->d, &rest, &piece))
		put(m, choice, (struct event){ .kind = (uint8_t)kind, .text = piece });
}

static struct slice item_id(struct maker *m)
{
	return m->item_ids ? arena_printf(m->a, "rs_%u", (unsigned)dice_below(m->d, 1000)) : SLICE_EMPTY;
}

/* --- parts ---------------------------------------------------------------------------------------------- */

static void put_reasoning(struct maker *m, uint16_t choice)
{
	if (m->redacted && words_one_in(m->d, 3)) {
		put(m, choice, (struct event){ .kind = EVENT_REDACTED, .part = EVENT_NO_PART,
			.text = words_opaque(m->a, m->d), .extra = item_id(m) });
		return;
	}
	put_text(m, choice, EVENT_REASONING);
	if (m->signatures)
		put(m, choice, (struct event){ .kind = EVENT_SIGNATURE, .part = EVENT_NO_PART,
			.text = words_opaque(m->a, m->d), .extra = item_id(m) });
	put_end(m, choice, EVENT_NO_PART);
}

static void put_citation(struct maker *m, uint16_t choice)
{
	struct slice url = arena_printf(m->a, "https://example.org/%u", (unsigned)dice_below(m->d, 100));
	struct slice json = arena_printf(m->a, "{\"url\":\"%.*s\",\"title\":\"T\"}", SLICE_ARG(url));

	put(m, choice, (struct event){ .kind = EVENT_CITATION, .text = json, .extra = SLICE("{}") });
}

static void put_words(struct maker *m, uint16_t choice)
{
	put_text(m, choice, EVENT_TEXT);
	if (m->citations && coin(m))
		put_citation(m, choice);
	if (m->logprobs)
		put(m, choice, (struct event){ .kind = EVENT_LOGPROBS,
			.text = SLICE("[{\"token\":\"a\",\"logprob\":-0.5,\"bytes\":[97],\"top_logprobs\":[]}]") });
	put_end(m, choice, EVENT_NO_PART);
}

static void put_media(struct maker *m, uint16_t choice)
{
	put(m, choice, (struct event){ .kind = EVENT_MEDIA, .part = EVENT_NO_PART, .text = SLICE("iVBORw0KGgo="),
		.extra = SLICE("image/png") });
}

/* --- tool calls ----------------------------------------------------------------------------------------- */

struct call {
	struct slice args;
	bool done;
};

static void start_call(struct maker *m, uint16_t choice, uint16_t part, struct call *c)
{
	struct slice id = arena_printf(m->a, "call_%u_%u_%u", choice, part, (unsigned)dice_below(m->d, 1000));

	*c = (struct call){ .args = words_object(m->a, m->d) };
	if (slice_eq(c->args, SLICE("{}")) && coin(m))
		c->args = SLICE_EMPTY;
	put(m, choice, (struct event){ .kind = EVENT_TOOL_START, .part = part, .text = id, .extra = words_name(m->a, m->d) });
	if (m->signatures && coin(m))
		put(m, choice, (struct event){ .kind = EVENT_SIGNATURE, .part = part, .text = words_opaque(m->a, m->d) });
}

/* One more piece of its arguments. */
static void go_on(struct maker *m, uint16_t choice, uint16_t part, struct call *c)
{
	struct slice piece;

	if (words_cut(m->d, &c->args, &piece)) {
		put(m, choice, (struct event){ .kind = EVENT_TOOL_ARGS, .part = part, .text = piece });
		return;
	}
	c->done = true;
	put_end(m, choice, part);
}

static void put_calls(struct maker *m, uint16_t choice)
{
	struct call calls[CALLS];
	uint16_t n = (uint16_t)(1 + dice_below(m->d, CALLS)), started = 0, done = 0;

	while (done < n) {
		bool may_start = started < n && (started == done || m->parallel);
		if (may_start && (started == done || coin(m))) {
			start_call(m, choice, started, &calls[started]);
			started++;
			continue;
		}
		uint16_t i = (uint16_t)dice_below(m->d, started);
		if (calls[i].done)
			continue;
		go_on(m, choice, i, &calls[i]);
		done = (uint16_t)(done + calls[i].done);
	}
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static void put_finish(struct maker *m, uint16_t choice, bool has_calls)
{
	static const struct {
		enum event_finish finish;
		const char *word;
	} ends[] = {
		{ EVENT_FINISH_STOP, "stop" }, { EVENT_FINISH_LENGTH, "length" }, { EVENT_FINISH_FILTER, "content_filter" },
		{ EVENT_FINISH_UNKNOWN, "a_new_reason" }, { EVENT_FINISH_STOP, "stop_sequence" },
	};
	size_t i = words_one_in(m->d, 3) ? dice_below(m->d, COUNT_OF(ends)) : 0;
	struct event ev = { .kind = EVENT_FINISH, .finish = (uint8_t)ends[i].finish, .text = slice_str(ends[i].word) };

	if (has_calls && i == 0)
		ev = (struct event){ .kind = EVENT_FINISH, .finish = EVENT_FINISH_TOOL_CALLS, .text = SLICE("tool_calls") };
	if (i == COUNT_OF(ends) - 1)
		ev.extra = SLICE("END");
	put(m, choice, ev);
}

static void put_choice(struct maker *m, uint16_t choice)
{
	bool has_calls = m->calls && !words_one_in(m->d, 4);

	for (uint64_t n = m->reasoning ? 1 + dice_below(m->d, 2) : 0; n > 0; n--)
		put_reasoning(m, choice);
	if (m->text || !has_calls)
		put_words(m, choice);
	if (m->refusal && !has_calls)
		put_text(m, choice, EVENT_REFUSAL);
	if (m->media && coin(m))
		put_media(m, choice);
	if (has_calls)
		put_calls(m, choice);
	if (has_calls && m->text && words_one_in(m->d, 6))
		put_words(m, choice);	/* words behind the calls */
	put_finish(m, choice, has_calls);
}

static struct event usage_event(struct maker *m)
{
	struct usage *u = ARENA_NEW(m->a, struct usage);
	int64_t cached = (int64_t)dice_below(m->d, 50), write = (int64_t)dice_below(m->d, 50);
	int64_t reasoning = m->reasoning ? (int64_t)dice_below(m->d, 50) : 0;

	*u = (struct usage){ cached + write + 1 + (int64_t)dice_below(m->d, 1000),
		reasoning + 1 + (int64_t)dice_below(m->d, 1000), cached, coin(m) ? write : -1, reasoning };
	return (struct event){ .kind = EVENT_USAGE, .text = event_usage_text(u) };
}

static void switch_kinds(struct maker *m)
{
	bool *const kinds[] = { &m->reasoning, &m->text, &m->calls, &m->signatures, &m->part_ends, &m->parallel };
	bool *const rare[] = { &m->refusal, &m->redacted, &m->citations, &m->logprobs, &m->media, &m->item_ids };

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		*kinds[i] = coin(m);
	for (size_t i = 0; i < COUNT_OF(rare); i++)
		*rare[i] = words_one_in(m->d, 6);
	m->n_choices = words_one_in(m->d, 8) ? (uint16_t)(2 + dice_below(m->d, CHOICES - 1)) : 1;
}

/* The scripts into each other, each in its own order. */
static void shuffle(struct maker *m, struct make_answer *out)
{
	uint16_t left = m->n_choices;

	while (left) {
		struct script *s = &m->choices[dice_below(m->d, m->n_choices)];
		if (s->at == s->n)
			continue;
		out->events[out->n++] = s->events[s->at++];
		left = (uint16_t)(left - (s->at == s->n));
	}
}

struct make_answer make_answer(struct arena *a, struct dice *d)
{
	static struct maker m;
	struct make_answer out = { .events = ARENA_ARRAY(a, struct event, CHOICES * MOST_EVENTS + 4) };

	m = (struct maker){ .a = a, .d = d };
	switch_kinds(&m);
	for (uint16_t c = 0; c < m.n_choices; c++)
		put_choice(&m, c);
	out.events[out.n++] = (struct event){ .kind = EVENT_START,
		.text = arena_printf(a, "id-%u", (unsigned)dice_below(d, 1000)), .extra = SLICE("model-1") };
	if (words_one_in(d, 4))		/* the prompt's tokens first, as Anthropic does */
		out.events[out.n++] = usage_event(&m);
	shuffle(&m, &out);
	if (!words_one_in(d, 4))
		out.events[out.n++] = usage_event(&m);
	out.events[out.n++] = (struct event){ .kind = EVENT_END };
	return out;
}

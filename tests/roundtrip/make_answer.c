/* Each choice is a script: its events in order.  Scripts of several choices are then shuffled into each other, and so
 * are the arguments of parallel calls.  Each kind of event is switched on or off for the whole answer, so that some
 * answers have few kinds and much of each. */
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
	char origin;
	struct script choices[CHOICES];
	uint16_t n_choices;
	unsigned n_citations;
	bool reasoning, text, refusal, calls, signatures, redacted, citations, logprobs, media, part_ends,
		item_ids, parallel;
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

/* OpenRouter's state is an object, which holds the item's id too. */
static struct event state_event(struct maker *m, enum event_kind kind)
{
	struct event ev = { .kind = (uint8_t)kind, .part = EVENT_NO_PART, .text = words_opaque(m->a, m->d) };

	if (m->item_ids && (m->origin == 'c' || m->origin == 'r'))
		ev.extra = arena_printf(m->a, "rs_%u", (unsigned)dice_below(m->d, 1000));
	if (m->origin != 'c')
		return ev;
	const char *form = kind == EVENT_REDACTED ? "{\"type\":\"reasoning.encrypted\",\"data\":\"%.*s\"%s%.*s%s}"
		: "{\"type\":\"reasoning.text\",\"signature\":\"%.*s\"%s%.*s%s}";
	bool has_id = ev.extra.n > 0;
	ev.text = arena_printf(m->a, form, SLICE_ARG(ev.text), has_id ? ",\"id\":\"" : "", SLICE_ARG(ev.extra),
		has_id ? "\"" : "");
	return ev;
}

static bool hides(const struct maker *m)
{
	return m->origin == 'c' || m->origin == 'a';
}

static bool signs_calls(const struct maker *m)
{
	return m->origin == 'c' || m->origin == 'g';
}

/* --- parts ---------------------------------------------------------------------------------------------- */

static void put_reasoning(struct maker *m, uint16_t choice)
{
	if (m->redacted && hides(m) && words_one_in(m->d, 3)) {
		put(m, choice, state_event(m, EVENT_REDACTED));
		return;
	}
	put_text(m, choice, EVENT_REASONING);
	if (m->signatures)
		put(m, choice, state_event(m, EVENT_SIGNATURE));
	put_end(m, choice, EVENT_NO_PART);
}

/* The provider's own object, in which its dialect finds its own citation again. */
static struct slice own_citation(struct maker *m, struct slice url)
{
	static const struct {
		char origin;
		const char *form;
	} forms[] = {
		{ 'a', "{\"type\":\"web_search_result_location\",\"url\":\"%.*s\",\"title\":\"T\",\"encrypted_inde"
			"x\":\"E\",\"cited_text\":\"c\"}" },
		{ 'c', "{\"type\":\"url_citation\",\"url_citation\":{\"url\":\"%.*s\",\"title\":\"T\",\"start_inde"
			"x\":0,\"end_index\":1}}" },
		{ 'g', "{\"web\":{\"uri\":\"%.*s\",\"title\":\"T\"}}" },
		{ 'r', "{\"type\":\"url_citation\",\"url\":\"%.*s\",\"title\":\"T\",\"start_index\":0,\"end_index\""
			":1}" },
	};

	for (size_t i = 0; i < COUNT_OF(forms); i++)
		if (forms[i].origin == m->origin)
			return arena_printf(m->a, forms[i].form, SLICE_ARG(url));
	return SLICE_EMPTY;
}

static void put_citation(struct maker *m, uint16_t choice)
{
	struct slice url = arena_printf(m->a, "https://example.org/%u", m->n_citations++);
	struct slice json = arena_printf(m->a,
		"{\"url\":\"%.*s\",\"title\":\"T\",\"start_index\":0,\"end_index\":1}", SLICE_ARG(url));

	put(m, choice, (struct event){ .kind = EVENT_CITATION, .part = EVENT_NO_PART, .text = json,
		.extra = own_citation(m, url) });
}

static void put_words(struct maker *m, uint16_t choice)
{
	put_text(m, choice, EVENT_TEXT);
	if (m->citations && coin(m))
		put_citation(m, choice);
	if (m->logprobs)
		put(m, choice, (struct event){ .kind = EVENT_LOGPROBS, .part = EVENT_NO_PART,
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
	put(m, choice, (struct event){ .kind = EVENT_TOOL_START, .part = part, .text = id,
		.extra = words_name(m->a, m->d) });
	if (m->signatures && signs_calls(m) && coin(m))
		put(m, choice, (struct event){ .kind = EVENT_SIGNATURE, .part = part, .text = words_opaque(m->a,
			m->d) });
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
		{ EVENT_FINISH_STOP, "stop" }, { EVENT_FINISH_LENGTH, "length" }, { EVENT_FINISH_FILTER,
			"content_filter" },
		{ EVENT_FINISH_UNKNOWN, "a_new_reason" }, { EVENT_FINISH_STOP, "stop_sequence" },
	};
	size_t i = words_one_in(m->d, 3) ? dice_below(m->d, COUNT_OF(ends)) : 0;
	struct event ev = { .kind = EVENT_FINISH, .finish = (uint8_t)ends[i].finish, .text = slice_str(ends[i].word) };

	if (has_calls && i == 0)
		ev = (struct event){ .kind = EVENT_FINISH, .finish = EVENT_FINISH_TOOL_CALLS,
			.text = SLICE("tool_calls") };
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

/* What the counts are at the end. */
static struct usage count_tokens(struct maker *m)
{
	int64_t cached = (int64_t)dice_below(m->d, 50), write = (int64_t)dice_below(m->d, 50);
	int64_t reasoning = m->reasoning ? (int64_t)dice_below(m->d, 50) : 0;

	return (struct usage){ cached + write + 1 + (int64_t)dice_below(m->d, 1000),
		reasoning + 1 + (int64_t)dice_below(m->d, 1000), cached, coin(m) ? write : -1, reasoning };
}

static struct event usage_event(struct maker *m, struct usage u)
{
	struct usage *kept = ARENA_NEW(m->a, struct usage);

	*kept = u;
	return (struct event){ .kind = EVENT_USAGE, .text = event_usage_text(kept) };
}

/* The prompt's tokens, before anything else, as Anthropic tells them. */
static struct event early_usage_event(struct maker *m, struct usage u)
{
	u.completion_tok = u.reasoning_tok = -1;
	return usage_event(m, u);
}

static void switch_kinds(struct maker *m)
{
	bool *const kinds[] = { &m->reasoning, &m->text, &m->calls, &m->signatures, &m->part_ends, &m->parallel };
	bool *const rare[] = { &m->refusal, &m->redacted, &m->citations, &m->logprobs, &m->media, &m->item_ids };

	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		*kinds[i] = coin(m);
	for (size_t i = 0; i < COUNT_OF(rare); i++)
		*rare[i] = words_one_in(m->d, 6);
	/* Some tell the probabilities last, and then they would be those of other words. */
	if (m->logprobs)
		m->calls = m->refusal = m->media = false;
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

struct make_answer make_answer(struct arena *a, struct dice *d, char origin)
{
	static struct maker m;
	struct make_answer out = { .events = ARENA_ARRAY(a, struct event, CHOICES * MOST_EVENTS + 4) };

	m = (struct maker){ .a = a, .d = d, .origin = origin };
	switch_kinds(&m);
	for (uint16_t c = 0; c < m.n_choices; c++)
		put_choice(&m, c);
	out.events[out.n++] = (struct event){ .kind = EVENT_START,
		.text = arena_printf(a, "id-%u", (unsigned)dice_below(d, 1000)), .extra = SLICE("model-1") };
	struct usage usage = count_tokens(&m);
	if (words_one_in(d, 4))
		out.events[out.n++] = early_usage_event(&m, usage);
	shuffle(&m, &out);
	if (!words_one_in(d, 4))
		out.events[out.n++] = usage_event(&m, usage);
	out.events[out.n++] = (struct event){ .kind = EVENT_END };
	return out;
}

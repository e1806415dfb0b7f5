/* The second pass: words to what must stand in both texts.  Phrases are taken out, number words put together, classes
 * given by the text's language. */
#include "cache/guard_read.h"

#include "base/must.h"
#include "cache/guard_scan.h"

#define VOTES_MIN 2u		/* words of a language before the text is one of it */

/* The languages that know most of its words; none when they know too few. */
static uint16_t langs_of(const struct guard_read *g)
{
	uint32_t votes[GUARD_WORDS_LANGS] = { 0 }, best = VOTES_MIN;
	uint16_t langs = 0;

	for (uint32_t i = 0; i < g->n; i++) {
		const struct guard_words_entry *e = guard_words_at(g->words[i].known);
		for (unsigned l = 0; e && e->langs && l < GUARD_WORDS_LANGS; l++)
			votes[l] += (e->langs >> l & 1) && !(g->words[i].marks & GUARD_READ_QUOTED);
	}
	for (unsigned l = 0; l < GUARD_WORDS_LANGS; l++)
		best = MAX_OF(best, votes[l]);
	for (unsigned l = 0; l < GUARD_WORDS_LANGS; l++)
		langs |= (uint16_t)((votes[l] == best) << l);
	return langs;
}

/* The second pass reads at `at` and writes at `out->n`, which is never ahead of it. */
struct pass {
	struct guard_read *out;
	uint32_t at, n;
	enum guard_words_lang lang;
	bool loud;		/* written in capitals, or every word has one: they say nothing */
	uint16_t lead;		/* names the prepositions before the next word */
	uint64_t stranded;	/* hash of the last of them */
	bool seen;		/* after the first word that is not polite */
	uint64_t aux;		/* the auxiliary that the text begins with */
};

static void keep(struct pass *p, uint64_t hash, unsigned marks, enum guard_words_class class)
{
	struct guard_read *g = p->out;

	if (p->lead)
		marks |= GUARD_READ_LED_IN;
	p->seen = true;
	g->n_content += class == GUARD_WORDS_CONTENT && !(marks & (GUARD_READ_SIGN));
	g->words[g->n++] = (struct guard_read_word){ .hash = hash, .marks = (uint16_t)marks, .class = (uint8_t)class,
		.known = p->lead };
	p->lead = 0;
}

static const struct guard_words_entry *number_word(const struct pass *p, uint32_t at)
{
	if (at >= p->n || p->out->words[at].marks & (GUARD_READ_NUMBER | GUARD_READ_QUOTED))
		return NULL;
	const struct guard_words_entry *e = guard_words_at(p->out->words[at].known);
	return e && e->is_number ? e : NULL;
}

static bool is_scale(uint64_t n)
{
	return n >= 100;
}

/* "two hundred and five", "twenty five", "2.5 million" from p->at on; moves it behind them. */
static void read_number(struct pass *p)
{
	const struct guard_read_word *first = &p->out->words[p->at];
	bool digits = first->marks & GUARD_READ_NUMBER;
	unsigned marks = first->marks | GUARD_READ_NUMBER;
	struct { uint64_t m; int64_t exp; } key = { digits ? first->hash : 0, digits ? first->exp : 0 };
	uint64_t sum = 0, group = digits ? key.m : number_word(p, p->at)->number, last = group;
	const struct guard_words_entry *e;

	for (p->at++; (e = number_word(p, p->at)) != NULL; p->at++) {
		bool ones = !digits && ((last >= 20 && last < 100 && e->number < 10 && e->number > 0)
			|| (is_scale(last) && e->number < last));
		if (is_scale(e->number) && e->number > last && group < 1000000) {
			group *= e->number;
			sum += e->number > 100 ? group : 0;
			group = e->number > 100 ? 0 : group;
		} else if (ones) {
			group += e->number;
		} else {
			break;
		}
		last = e->number;
	}
	key.m = sum + group;
	for (; key.m && key.m % 10 == 0; key.m /= 10)
		key.exp++;
	uint64_t hash = guard_words_hash(slice_of(&key, sizeof(key)));
	p->out->numbers += hash;
	keep(p, hash, marks & ~(unsigned)GUARD_READ_LARGE, GUARD_WORDS_CONTENT);
}

static bool is_helper(const struct pass *p, const struct guard_words_entry *e)
{
	if (!e->verb)
		return true;
	if (p->at + 1 >= p->n)
		return false;
	const struct guard_words_entry *next = guard_words_at(p->out->words[p->at + 1].known);
	return next == NULL || next->class[p->lang] != GUARD_WORDS_PREP;
}

static enum guard_words_class class_of(const struct pass *p, const struct guard_read_word *w,
	const struct guard_words_entry *e)
{
	enum guard_words_class class = e ? e->class[p->lang] : GUARD_WORDS_CONTENT;

	if (class == GUARD_WORDS_CONTENT || (w->marks & (GUARD_READ_QUOTED | GUARD_READ_CODE)))
		return GUARD_WORDS_CONTENT;
	if (class == GUARD_WORDS_AUX && !is_helper(p, e))
		return GUARD_WORDS_CONTENT;
	return class;
}

static void classify(struct pass *p)
{
	struct guard_read_word w = p->out->words[p->at];
	const struct guard_words_entry *e = guard_words_at(w.known);
	enum guard_words_class class = class_of(p, &w, e);
	uint64_t hash = e && e->same ? e->same : w.hash;

	if (p->loud)
		w.marks &= (uint16_t)~(GUARD_READ_LARGE | GUARD_READ_CAPS);
	/* Written large a small word is a name: vitamin A, the US, IT, in May. */
	if (e && e->proper && (w.marks & GUARD_READ_LARGE)) {
		class = GUARD_WORDS_CONTENT;
		hash = ~hash;
	} else if ((w.marks & GUARD_READ_CAPS) && class != GUARD_WORDS_NEG) {
		class = GUARD_WORDS_CONTENT;
	}
	p->at++;
	switch (class) {
	case GUARD_WORDS_CONTENT:
		keep(p, hash, w.marks | (w.marks & GUARD_READ_SIGN ? GUARD_READ_HARD : 0), class);
		break;
	case GUARD_WORDS_STRONG:
		keep(p, hash, w.marks | GUARD_READ_HARD, class);
		break;
	case GUARD_WORDS_NEG:
		p->out->n_neg++;
		keep(p, hash, w.marks | GUARD_READ_HARD, class);
		break;
	case GUARD_WORDS_ASK:
		p->out->ask = p->out->ask * 31 + hash;
		p->seen = true;
		break;
	case GUARD_WORDS_AUX:
		if (!p->seen)
			p->aux = hash;
		p->seen = true;
		break;
	case GUARD_WORDS_PREP:
		p->lead = (uint16_t)(p->lead * 31 + guard_words_place(hash));
		p->stranded = hash;
		p->seen = true;
		break;
	case GUARD_WORDS_FREE:
		p->seen = true;
		break;
	}
}

/* Whether a greeting of so many words is one, and no part of what is asked. */
static bool greets(const struct pass *p, uint32_t words)
{
	const struct guard_read_word *next = &p->out->words[p->at + words];
	const struct guard_words_entry *e;

	if (p->at + words >= p->n || next->marks & GUARD_READ_PARTED)
		return true;
	e = guard_words_at(next->known);
	return e && (e->leads || e->class[p->lang] == GUARD_WORDS_ASK || e->class[p->lang] == GUARD_WORDS_AUX);
}

static enum guard_words_phrase phrase_at(const struct pass *p, uint32_t at, uint32_t *out_words)
{
	const struct guard_words_entry *e = guard_words_at(p->out->words[at].known);
	uint64_t hashes[GUARD_WORDS_PHRASE_MAX];
	uint32_t n = 0;

	if (e == NULL || !e->leads || p->out->words[at].marks & GUARD_READ_QUOTED)
		return GUARD_WORDS_NO_PHRASE;
	for (; n < GUARD_WORDS_PHRASE_MAX && at + n < p->n; n++)
		hashes[n] = p->out->words[at + n].hash;
	return guard_words_phrase(hashes, n, out_words);
}

/* Nothing but polite phrases from here to the end. */
static bool is_farewell(const struct pass *p)
{
	uint32_t words;

	for (uint32_t at = p->at; at < p->n; at += words) {
		enum guard_words_phrase kind = phrase_at(p, at, &words);
		bool polite = kind == GUARD_WORDS_POLITE || (kind == GUARD_WORDS_GREETING
			&& p->out->words[at].marks & GUARD_READ_PARTED);
		if (!polite)
			return false;
	}
	return true;
}

/* True: a phrase was read, and passed over. */
static bool take_phrase(struct pass *p)
{
	uint32_t words;
	enum guard_words_phrase kind = phrase_at(p, p->at, &words);
	bool drop = false;

	p->out->clock |= kind == GUARD_WORDS_NOW;
	p->out->mine |= kind == GUARD_WORDS_MINE;
	if (kind == GUARD_WORDS_POLITE)
		drop = !p->seen || is_farewell(p);
	else if (kind == GUARD_WORDS_GREETING)
		drop = p->seen ? is_farewell(p) : greets(p, words);
	else if (kind == GUARD_WORDS_HOW)
		drop = p->seen = true;
	if (kind == GUARD_WORDS_HOW)
		p->out->ask = p->out->ask * 31 + p->out->words[p->at].hash;
	if (drop)
		p->at += words;
	return drop;
}

static void second_pass(struct pass *p)
{
	struct guard_read *g = p->out;

	while (p->at < p->n) {
		const struct guard_words_entry *e = guard_words_at(g->words[p->at].known);
		bool number = g->words[p->at].marks & GUARD_READ_NUMBER;
		g->clock |= !number && e && e->clock;
		if (number || number_word(p, p->at))
			read_number(p);
		else if (!take_phrase(p))
			classify(p);
	}
	/* What is salt for?  Nothing stands behind it: the preposition is the point. */
	if (p->lead && g->n < p->n) {
		p->lead = 0;
		keep(p, p->stranded, GUARD_READ_HARD, GUARD_WORDS_STRONG);
	}
	if (g->ask == 0)
		g->ask = p->aux;
}

void guard_read(struct slice text, struct guard_read *out)
{
	out->n = out->n_content = out->n_neg = 0;
	out->numbers = out->ask = 0;
	out->scripts = out->langs = 0;
	out->too_long = out->clock = out->mine = false;
	struct pass p = { .out = out, .loud = guard_scan(text, out) };
	p.n = out->n_tokens = out->n;
	out->langs = langs_of(out);
	p.lang = out->langs ? (enum guard_words_lang)__builtin_ctz(out->langs) : GUARD_WORDS_EN;
	out->n = 0;
	second_pass(&p);
}

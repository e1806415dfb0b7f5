#include "cache/guard_words.h"

#include "base/must.h"
#include "base/siphash.h"

#define PLACES 4096u		/* a power of two, at least twice the words of the table */
#define PHRASES 192u

struct phrase {
	uint64_t words[GUARD_WORDS_PHRASE_MAX];
	uint32_t n;
	enum guard_words_phrase kind;
};

/* Filled once, from constants only. */
static struct guard_words_entry places[PLACES];
static struct phrase phrases[PHRASES];
static size_t n_words, n_phrases;

uint64_t guard_words_hash(struct slice word)
{
	/* Any fixed key: signatures must be the same on all nodes. */
	static const struct siphash_key key = { 0x77656972, 0x6775617264 };
	uint64_t h = siphash(&key, word);

	return h ? h : 1;
}

static struct guard_words_entry *place(uint64_t hash)
{
	size_t at = hash & (PLACES - 1);

	while (places[at].hash && places[at].hash != hash)
		at = (at + 1) & (PLACES - 1);
	return &places[at];
}

static struct guard_words_entry *add(struct slice word)
{
	struct guard_words_entry *e = place(guard_words_hash(word));

	if (e->hash == 0) {
		e->hash = guard_words_hash(word);
		must(++n_words <= PLACES / 2);
	}
	return e;
}

static void add_words(enum guard_words_lang lang, enum guard_words_class class, const char *words)
{
	struct slice rest = slice_str(words), word;

	while (slice_next(&rest, ' ', &word)) {
		struct guard_words_entry *e = add(word);
		must((e->langs & (1u << lang)) == 0);
		e->class[lang] = (uint8_t)class;
		e->langs |= (uint16_t)(1u << lang);
	}
}

static void add_same(const char *as, const char *words)
{
	struct slice rest = slice_str(words), word;

	while (slice_next(&rest, ' ', &word))
		add(word)->same = guard_words_hash(slice_str(as));
}

enum mark { CLOCK, UNIT, PROPER, VERB, WHOLE /* to be known is all */ };

static void add_mark(enum mark m, const char *words)
{
	struct slice rest = slice_str(words), word;

	while (slice_next(&rest, ' ', &word)) {
		struct guard_words_entry *e = add(word);
		e->clock |= m == CLOCK;
		e->unit |= m == UNIT;
		e->proper |= m == PROPER;
		e->verb |= m == VERB;
	}
}

static void add_number(const char *word, uint64_t n)
{
	struct guard_words_entry *e = add(slice_str(word));

	e->is_number = true;
	e->number = n;
}

static void add_phrase(enum guard_words_phrase kind, const char *words)
{
	struct slice rest = slice_str(words), word;
	struct phrase *p = &phrases[n_phrases++];

	must(n_phrases <= PHRASES);
	p->kind = kind;
	while (slice_next(&rest, ' ', &word)) {
		must(p->n < GUARD_WORDS_PHRASE_MAX);
		add(word)->leads |= p->n == 0;
		p->words[p->n++] = guard_words_hash(word);
	}
}

static void fill(void)
{
#define WORDS(lang, class, words) add_words(GUARD_WORDS_##lang, GUARD_WORDS_##class, words);
#define SAME(as, words) add_same(as, words);
#define MARK(mark, words) add_mark(mark, words);
#define NUMBER(word, n) add_number(word, n);
#define PHRASE(kind, words) add_phrase(GUARD_WORDS_##kind, words);
#include "cache/guard_words.def"
#undef WORDS
#undef SAME
#undef MARK
#undef NUMBER
#undef PHRASE
}

uint16_t guard_words_place(uint64_t hash)
{
	if (n_words == 0)
		fill();
	const struct guard_words_entry *e = place(hash);
	return e->hash ? (uint16_t)(e - places + 1) : 0;
}

const struct guard_words_entry *guard_words_at(uint16_t at)
{
	return at ? &places[at - 1] : NULL;
}

enum guard_words_phrase guard_words_phrase(const uint64_t *hashes, uint32_t n, uint32_t *out_n)
{
	enum guard_words_phrase found = GUARD_WORDS_NO_PHRASE;

	*out_n = 0;
	for (size_t i = 0; i < n_phrases; i++) {
		const struct phrase *p = &phrases[i];
		if (p->words[0] == hashes[0] && p->n <= n && p->n > *out_n
			&& memcmp(p->words, hashes, p->n * sizeof(*hashes)) == 0) {
			*out_n = p->n;
			found = p->kind;
		}
	}
	return found;
}

#include "cache/shingle.h"

#include "base/must.h"
#include "codec/unicode.h"

#define WORD_MAX 48u		/* characters of a word that make pieces; the rest only changes the word's hash */
#define PIECE_MIN 3u
#define PIECE_MAX 4u
/* Stand for a word's ends in its pieces: no letters. */
#define WORD_BEGIN 1u
#define WORD_END 2u

/* Measured on questions asked twice in other words.  That small words ("the", "is", "of") weigh less than long ones
 * makes up for not knowing how often each is used. */
static const uint8_t weight_by_length[] = { 0, 8, 8, 18, 34, 54, 64, 70, 76, 80, 84 };
#define PIECES_WEIGHT 96	/* of all pieces of a word together: its length, in 1/64 of the word's own */
#define PAIR_WEIGHT 16		/* of two neighbouring words, in 1/64 of theirs */

struct walk {
	void (*on_batch)(void *arg, const struct shingle *s, uint32_t n);
	void *arg;
	struct shingle batch[SHINGLE_BATCH];
	uint32_t n, words;
	/* the word in progress: WORD_BEGIN, then its characters */
	uint32_t word[WORD_MAX + 2];
	uint32_t length;	/* characters, also those that did not fit */
	uint64_t hash;
	uint64_t before;	/* the word before it, 0: none */
	int32_t before_weight;
};

/* murmur3's finalizer: every bit of the input reaches every bit of the result. */
static uint64_t mix(uint64_t h)
{
	h = (h ^ h >> 33) * 0xff51afd7ed558ccdull;
	h = (h ^ h >> 33) * 0xc4ceb9fe1a85ec53ull;
	return h ^ h >> 33;
}

static uint64_t step(uint64_t h, uint64_t c)
{
	return (h ^ c) * 0x9e3779b97f4a7c15ull + (h >> 29);
}

enum kind { KIND_WORD = 0x77, KIND_PAIR = 0x5151, KIND_PIECE = 0x3c3c3c };

static void add(struct walk *w, uint64_t hash, int32_t weight)
{
	w->batch[w->n++] = (struct shingle){ mix(hash), weight };
	if (w->n == SHINGLE_BATCH) {
		w->on_batch(w->arg, w->batch, w->n);
		w->n = 0;
	}
}

/* All runs of PIECE_MIN to PIECE_MAX characters, the ends counted: "^go$" has "^go", "go$" and "^go$". */
static void add_pieces(struct walk *w, uint32_t n, int32_t weight)
{
	for (uint32_t i = 0; i + PIECE_MIN <= n; i++) {
		uint64_t h = KIND_PIECE;
		for (uint32_t j = 0; j < PIECE_MAX && i + j < n; j++) {
			h = step(h, w->word[i + j]);
			if (j + 1 >= PIECE_MIN)
				add(w, h, weight);
		}
	}
}

static uint32_t pieces_of(uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t k = PIECE_MIN; k <= PIECE_MAX; k++)
		count += n >= k ? n - k + 1 : 0;
	return count;
}

/* A sum of n independent rows is sqrt(n) times as long as one. */
static int32_t root_of(uint32_t n)
{
	int32_t root = 1;

	while ((uint32_t)(root * root) < n)
		root++;
	return root;
}

static void add_word(struct walk *w, int32_t weight)
{
	add(w, w->hash, weight);
	if (w->before)
		add(w, step(step(KIND_PAIR, w->before), w->hash), (weight + w->before_weight) * PAIR_WEIGHT / 64);
	w->before = w->hash;
	w->before_weight = weight;
	w->words++;
}

static void end_word(struct walk *w)
{
	if (w->length == 0)
		return;
	const int32_t weight = weight_by_length[MIN_OF(w->length, (uint32_t)COUNT_OF(weight_by_length) - 1)];
	add_word(w, weight);
	uint32_t n = MIN_OF(w->length, WORD_MAX) + 1;
	w->word[n++] = WORD_END;
	const int32_t each = weight * PIECES_WEIGHT / root_of(pieces_of(n)) / 64;
	add_pieces(w, n, MAX_OF(each, 1));
	w->length = 0;
	w->hash = KIND_WORD;
}

static void take_letter(struct walk *w, uint32_t c)
{
	w->hash = step(w->hash, c);
	w->length++;
	if (w->length <= WORD_MAX)
		w->word[w->length] = c;
}

static void take_character_word(struct walk *w, uint32_t c)
{
	end_word(w);
	w->hash = step(KIND_WORD, c);
	add_word(w, SHINGLE_ONE);
	w->hash = KIND_WORD;
}

/* U+0300: what Latin, Greek and Cyrillic letters carry.  Marks of other scripts are vowels and count. */
static bool is_accent(uint32_t c)
{
	return c >= 0x300 && c <= 0x36f;
}

static void take_part(struct walk *w, uint32_t c)
{
	const enum unicode_class class = unicode_class(c);

	if (is_accent(c))
		return;
	if (class == UNICODE_WORD || class == UNICODE_NONSPACING)
		take_letter(w, unicode_lower(c));
	else
		end_word(w);
}

static void take_other(struct walk *w, uint32_t c)
{
	uint32_t parts[UNICODE_PARTS_MAX];

	if (unicode_is_han_or_kana(c)) {
		take_character_word(w, c);
		return;
	}
	const size_t n = unicode_decompose(c, parts);
	for (size_t i = 0; i < n; i++)
		take_part(w, parts[i]);
}

static void take_ascii(struct walk *w, unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		c |= 0x20;
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		take_letter(w, c);
	else
		end_word(w);
}

uint32_t shingle_walk(struct slice text, void (*on_batch)(void *arg, const struct shingle *s, uint32_t n), void *arg)
{
	struct walk w;

	/* Not all of it: the arrays are large. */
	w.on_batch = on_batch;
	w.arg = arg;
	w.n = w.words = w.length = 0;
	w.hash = KIND_WORD;
	w.before = 0;
	w.before_weight = 0;
	w.word[0] = WORD_BEGIN;
	while (text.n) {
		const unsigned char c = (unsigned char)text.p[0];
		if (c < 0x80) {
			take_ascii(&w, c);
			text.p++;
			text.n--;
		} else {
			take_other(&w, unicode_next(&text));
		}
	}
	end_word(&w);
	if (w.n)
		on_batch(arg, w.batch, w.n);
	return w.words;
}

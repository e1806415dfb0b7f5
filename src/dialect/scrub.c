/* Masks by the shape of words, because a provider's key can come back in any sentence.  It errs on the
 * side of masking. */
#include "dialect/scrub.h"

#include "base/utf8.h"

/* How keys of the providers in providers.def start. */
static const char *const key_starts[] = { "sk-", "sk_", "gsk_", "xai-", "AIza", "pplx-", "nvapi-", "csk-",
	"fw_", "hf_", "tgp_", "AKIA", "eyJ", "ghp_" };

enum {
	SHORTEST_WITH_START = 8,	/* "sk-12345": shorter ones are examples in prose */
	SHORTEST_AFTER_KEY = 16,	/* keys are longer than this, words of a sentence are not */
	SHORTEST_AFTER_BEARER = 6,
	WORDS_AFTER_KEY = 4,		/* "API key you provided was ..." */
};

struct scrubber {
	char *out;
	size_t n;
	int key_words;		/* words left in which a key may follow */
	bool after_bearer, full;
};

static bool is_word_byte(char c)
{
	if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	return c != '\0' && strchr("-_.~*", c) != NULL;
}

static struct slice word_at(struct slice s)
{
	size_t n = 0;
	while (n < s.n && is_word_byte(s.p[n]))
		n++;
	return slice_of(s.p, n);
}

static bool ends_ci(struct slice s, struct slice end)
{
	return s.n >= end.n && slice_case_eq(slice_of(s.p + s.n - end.n, end.n), end);
}

/* Long, and not only letters as a word of a sentence: a digit or the provider's own masking. */
static bool looks_random(struct slice word)
{
	if (word.n < SHORTEST_AFTER_KEY)
		return false;
	for (size_t i = 0; i < word.n; i++)
		if ((word.p[i] >= '0' && word.p[i] <= '9') || word.p[i] == '*')
			return true;
	return false;
}

static bool is_secret(const struct scrubber *s, struct slice word)
{
	for (size_t i = 0; i < sizeof(key_starts) / sizeof(key_starts[0]); i++)
		if (word.n >= SHORTEST_WITH_START && slice_starts(word, slice_str(key_starts[i])))
			return true;
	if (s->after_bearer && word.n >= SHORTEST_AFTER_BEARER)
		return true;
	return s->key_words > 0 && looks_random(word);
}

static void put(struct scrubber *s, struct slice piece)
{
	struct slice fits = utf8_cut(piece, SCRUB_MAX_BYTES - s->n);
	s->full = fits.n < piece.n;
	memcpy(s->out + s->n, fits.p, fits.n);
	s->n += fits.n;
}

static void put_word(struct scrubber *s, struct slice word)
{
	put(s, is_secret(s, word) ? SLICE("***") : word);
	s->after_bearer = slice_case_eq(word, SLICE("bearer"));
	if (ends_ci(word, SLICE("key")) || ends_ci(word, SLICE("keys")))
		s->key_words = WORDS_AFTER_KEY;
	else if (s->key_words > 0)
		s->key_words--;
}

/* One character that is not part of a word; returns how many bytes were read. */
static size_t put_other(struct scrubber *s, struct slice rest)
{
	unsigned char c = (unsigned char)rest.p[0];
	size_t len = utf8_len(rest);

	if (c >= 0x20 && c != 0x7f)
		put(s, slice_of(rest.p, len));
	else if (s->n > 0 && s->out[s->n - 1] != ' ')
		put(s, SLICE(" "));
	return len ? len : 1;
}

bool scrub_is_markup(struct slice text)
{
	return slice_starts(slice_trim(text), SLICE("<"));
}

struct slice scrub_text(struct arena *a, struct slice text)
{
	char out[SCRUB_MAX_BYTES];
	struct scrubber s = { .out = out };

	while (text.n && !s.full) {
		struct slice word = word_at(text);
		if (word.n)
			put_word(&s, word);
		text = slice_skip(text, word.n ? word.n : put_other(&s, text));
	}
	struct slice done = slice_trim(slice_of(out, s.n));
	/* Asked last: control bytes can stand before the markup. */
	return done.n && !scrub_is_markup(done) ? arena_copy(a, done) : SLICE_EMPTY;
}

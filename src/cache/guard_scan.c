#include "cache/guard_scan.h"

#include "base/must.h"
#include "cache/guard_glyph.h"

#define WORD_MAX 64u		/* bytes of a word in small letters; longer ones go by their bytes as they stand */
#define DIGITS_MAX 17u		/* of a number that is reckoned with; longer ones are identifiers */

/* A word while it is read. */
struct word {
	char small[WORD_MAX];
	uint32_t n;
	uint32_t letters, digits, large;
	bool dotted, fits;
	struct slice raw;
};

struct scan {
	struct slice text;
	size_t at;
	struct guard_read *out;
	bool begins, parted;	/* the next word begins a sentence; stands behind punctuation */
	bool quoted;
	uint32_t n_large, n_lettered;
};

static void push(struct scan *s, uint64_t hash, unsigned marks)
{
	struct guard_read *g = s->out;

	if (g->n == GUARD_TOKENS_MAX) {
		g->too_long = true;
		return;
	}
	if (s->quoted)
		marks |= GUARD_READ_QUOTED;
	if (s->begins)
		marks |= GUARD_READ_FIRST;
	if (s->parted)
		marks |= GUARD_READ_PARTED;
	s->begins = s->parted = false;
	g->words[g->n++] = (struct guard_read_word){ .hash = hash, .marks = (uint16_t)marks,
		.known = marks & GUARD_READ_NUMBER ? 0 : guard_words_place(hash) };
}

/* --- numbers -------------------------------------------------------------------------------------------- */

/* Groups of three digits behind the first, which has one to three and is no zero: 1,000,000. */
static bool is_grouped(struct slice s, char sep)
{
	size_t lead = slice_find(s, sep);

	if (lead == 0 || lead > 3 || s.p[0] == '0' || (s.n - lead) % 4)
		return false;
	for (size_t i = lead; i < s.n; i++)
		if (((i - lead) % 4 == 0) != (s.p[i] == sep))
			return false;
	return true;
}

static size_t count(struct slice s, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

/* Where the fraction begins (s.n: there is none), or SIZE_MAX when this is no number: 1.2.3, 10,20,30, 007.  A comma
 * before exactly three digits is taken as English takes it; a dot there as a point. */
static size_t point_of(struct slice s)
{
	size_t commas = count(s, ','), dots = count(s, '.');
	size_t comma = slice_find(s, ','), dot = slice_find(s, '.');

	if (s.n > 1 && s.p[0] == '0' && s.p[1] >= '0' && s.p[1] <= '9')
		return SIZE_MAX;
	if (commas && dots == 1 && is_grouped(slice_of(s.p, dot), ','))
		return dot;
	if (dots && commas == 1 && is_grouped(slice_of(s.p, comma), '.'))
		return comma;
	if (commas && dots)
		return SIZE_MAX;
	if ((commas && is_grouped(s, ',')) || (dots > 1 && is_grouped(s, '.')))
		return s.n;
	return commas + dots > 1 ? SIZE_MAX : commas ? comma : dot;
}

/* Digits and a power of ten; false: not a number to reckon with. */
static bool number_of(struct slice s, struct guard_read_word *out)
{
	size_t point = point_of(s), digits = 0;
	uint64_t m = 0;
	int exp = 0;

	if (point == SIZE_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			continue;
		m = m * 10 + (uint64_t)(s.p[i] - '0');
		exp -= i > point;
		if (++digits > DIGITS_MAX)
			return false;
	}
	out->hash = m;
	out->exp = (int8_t)exp;
	return true;
}

/* --- characters to words -------------------------------------------------------------------------------- */

static bool is_vowel(char c)
{
	return c && strchr("aeiouy", c) != NULL;
}

/* "stopp" -> "stop", "cod" -> "code": what stands before -ing, made whole.  Where English leaves it open it stays as it
 * is, and the pair is a miss. */
static struct slice mend(char *w, size_t n)
{
	size_t vowels = 0;

	for (size_t i = 0; i < n; i++)
		vowels += is_vowel(w[i]);
	if (n >= 3 && w[n - 1] == w[n - 2] && !is_vowel(w[n - 1]) && strchr("lszf", w[n - 1]) == NULL)
		return slice_of(w, n - 1);
	if (vowels == 0)
		return slice_of(w, n + 3);
	bool closed = n >= 3 && !is_vowel(w[n - 1]) && is_vowel(w[n - 2]) && !is_vowel(w[n - 3])
		&& strchr("wx", w[n - 1]) == NULL;
	bool open = n >= 3 && (strchr("vc", w[n - 1]) || memmem("ng at iz ag", 11, w + n - 2, 2));
	if ((closed && vowels == 1) || (open && vowels > 1))
		w[n++] = 'e';
	return slice_of(w, n);
}

/* Plural and -ing; nothing else: "owned" is not "owns", "employer" not "employee". */
static struct slice stem(char *w, size_t n)
{
	if (n >= 6 && memcmp(w + n - 3, "ing", 3) == 0)
		return mend(w, n - 3);
	if (n >= 5 && memcmp(w + n - 3, "ies", 3) == 0) {
		w[n - 3] = 'y';
		return slice_of(w, n - 2);
	}
	bool hissing = n >= 5 && w[n - 2] == 'e' && (strchr("sxz", w[n - 3]) != NULL
		|| (w[n - 3] == 'h' && strchr("cs", w[n - 4]) != NULL));
	if (hissing && w[n - 3] != 's')
		return slice_of(w, n - 2);
	if (n >= 4 && w[n - 1] == 's' && strchr("sui", w[n - 2]) == NULL)
		return slice_of(w, n - 1);
	return slice_of(w, n);
}

static uint64_t hash_of(char *small, uint32_t n, bool *out_shortened)
{
	uint64_t h = guard_words_hash(slice_of(small, n));

	if (guard_words_place(h) == 0) {
		struct slice s = stem(small, n);
		*out_shortened = s.n != n || h != guard_words_hash(s);
		h = guard_words_hash(s);
	}
	return h;
}

static void push_small(struct scan *s, char *small, uint32_t n, unsigned marks)
{
	bool shortened = false;

	if (n == 0)
		return;
	uint64_t hash = hash_of(small, n, &shortened);
	push(s, hash, marks | (shortened ? GUARD_READ_SHORTENED : 0));
}

/* don't -> do not; what's -> what; we'll -> we will; else each side is a word: l'homme. */
static void push_contracted(struct scan *s, struct word *w, unsigned marks)
{
	static const struct { struct slice tail, as; uint32_t keep; } tails[] = {
		{ { "n't", 3 }, { "not", 3 }, 0 }, { { "'ll", 3 }, { "will", 4 }, 0 }, { { "'re", 3 }, { NULL, 0 }, 0 },
		{ { "'ve", 3 }, { NULL, 0 }, 0 }, { { "'s", 2 }, { NULL, 0 }, 0 }, { { "'m", 2 }, { NULL, 0 }, 0 },
		{ { "'d", 2 }, { NULL, 0 }, 0 } };
	uint32_t from = 0;

	for (size_t i = 0; i < COUNT_OF(tails); i++) {
		struct slice tail = tails[i].tail;
		if (w->n <= tail.n || memcmp(w->small + w->n - tail.n, tail.p, tail.n) != 0)
			continue;
		uint32_t n = w->n - (uint32_t)tail.n;
		bool wont = tail.p[0] == 'n' && slice_eq(slice_of(w->small, n), SLICE("wo"));
		bool cant = tail.p[0] == 'n' && slice_eq(slice_of(w->small, n), SLICE("ca"));
		if (wont || cant)
			push(s, guard_words_hash(wont ? SLICE("will") : SLICE("can")), marks);
		else
			push_small(s, w->small, n, marks);
		if (tails[i].as.n)
			push(s, guard_words_hash(tails[i].as), 0);
		return;
	}
	for (uint32_t i = 0; i <= w->n; i++)
		if (i == w->n || w->small[i] == '\'') {
			push_small(s, w->small + from, i - from, marks);
			from = i + 1;
		}
}

/* 5kg -> 5 kg.  False: an identifier. */
static bool push_measure(struct scan *s, struct word *w, unsigned marks)
{
	uint32_t digits = 0;
	struct guard_read_word number;

	while (digits < w->n && w->small[digits] && strchr("0123456789.,", w->small[digits]))
		digits++;
	const struct guard_words_entry *unit = guard_words_at(guard_words_place(guard_words_hash(slice_skip(
		slice_of(w->small, w->n), digits))));
	if (digits == 0 || unit == NULL || !unit->unit || !number_of(slice_of(w->small, digits), &number))
		return false;
	push(s, number.hash, marks | GUARD_READ_NUMBER);
	s->out->words[s->out->n - 1].exp = number.exp;
	push(s, unit->hash, 0);
	return true;
}

static bool is_minus(const struct scan *s, size_t start)
{
	if (start == 0 || s->text.p[start - 1] != '-')
		return false;
	return start == 1 || s->text.p[start - 2] == ' ' || s->text.p[start - 2] == '(';
}

static void push_digits(struct scan *s, struct word *w, unsigned marks)
{
	struct guard_read_word number;

	if (is_minus(s, (size_t)(w->raw.p - s->text.p)))
		push(s, guard_words_hash(SLICE("-")), GUARD_READ_SIGN);
	if (w->fits && number_of(slice_of(w->small, w->n), &number)) {
		push(s, number.hash, marks | GUARD_READ_NUMBER);
		s->out->words[s->out->n - 1].exp = number.exp;
	} else {
		push(s, guard_words_hash(w->raw), marks | GUARD_READ_CODE);
	}
}

static unsigned large_marks(const struct scan *s, const struct word *w)
{
	bool all = w->large == w->letters && w->letters > 1, lone_i = w->letters == 1 && w->raw.p[0] == 'I';

	bool lone = w->letters == 1 && !s->begins;

	if (w->large == 0 || lone_i)
		return 0;
	return (all || !s->begins ? GUARD_READ_LARGE : 0) | (all || lone ? GUARD_READ_CAPS : 0);
}

static void push_word(struct scan *s, struct word *w)
{
	unsigned marks = large_marks(s, w);
	const struct guard_words_entry *known = NULL;

	s->n_lettered += w->letters > 1;
	s->n_large += w->large && w->letters > 1;
	if (w->fits && w->digits && w->letters)
		known = guard_words_at(guard_words_place(guard_words_hash(slice_of(w->small, w->n))));
	if (!w->fits)
		push(s, guard_words_hash(w->raw), marks | GUARD_READ_CODE);
	else if (w->letters == 0)
		push_digits(s, w, marks);
	else if (known)
		push(s, known->hash, marks);
	else if (w->digits || w->dotted) {
		if (w->dotted || !push_measure(s, w, marks))
			push(s, guard_words_hash(slice_of(w->small, w->n)), marks | GUARD_READ_CODE);
	} else if (memchr(w->small, '\'', w->n)) {
		push_contracted(s, w, marks);
	} else {
		push_small(s, w->small, w->n, marks);
	}
}

static void word_add(struct word *w, const struct guard_glyph *g)
{
	char utf8[4];
	uint32_t n;

	w->letters += g->kind == GUARD_GLYPH_LETTER;
	w->digits += g->kind == GUARD_GLYPH_DIGIT;
	w->large += g->is_large;
	if (g->small < 0x80 && w->fits && w->n + 1 < WORD_MAX) {
		w->small[w->n++] = (char)g->small;
		return;
	}
	n = guard_glyph_put(g->kind == GUARD_GLYPH_APOSTROPHE ? '\'' : g->small, utf8);
	/* One byte stays free: mend() may put an e there. */
	w->fits = w->fits && w->n + n < WORD_MAX;
	if (w->fits) {
		memcpy(w->small + w->n, utf8, n);
		w->n += n;
	}
}

/* Whether `g`, between two characters of a word, belongs to it: node.js, 1,000, don't, max_tokens. */
static bool joins(const struct guard_glyph *before, const struct guard_glyph *g, const struct guard_glyph *after)
{
	bool letters = before->kind == GUARD_GLYPH_LETTER && after->kind == GUARD_GLYPH_LETTER;
	bool digits = before->kind == GUARD_GLYPH_DIGIT && after->kind == GUARD_GLYPH_DIGIT;
	bool either = (before->kind == GUARD_GLYPH_LETTER || before->kind == GUARD_GLYPH_DIGIT)
		&& (after->kind == GUARD_GLYPH_LETTER || after->kind == GUARD_GLYPH_DIGIT);

	if (g->kind == GUARD_GLYPH_APOSTROPHE)
		return letters;
	if (g->code == '.')
		return either && !(letters && after->is_large && !before->is_large);
	return (g->code == ',' && digits) || (g->code == '_' && either);
}

static bool is_inside(const struct guard_glyph *g)
{
	return g->kind == GUARD_GLYPH_LETTER || g->kind == GUARD_GLYPH_DIGIT;
}

static void read_word(struct scan *s, struct guard_glyph g)
{
	struct word w = { .fits = true, .raw = slice_skip(s->text, s->at) };
	struct guard_glyph before = g;

	for (;;) {
		word_add(&w, &g);
		s->out->scripts |= g.script;
		s->at += g.n;
		before = g;
		if (s->at >= s->text.n)
			break;
		g = guard_glyph_at(slice_skip(s->text, s->at));
		if (is_inside(&g))
			continue;
		if (s->at + g.n >= s->text.n)
			break;
		struct guard_glyph after = guard_glyph_at(slice_skip(s->text, s->at + g.n));
		if (!joins(&before, &g, &after))
			break;
		bool number = before.kind == GUARD_GLYPH_DIGIT && after.kind == GUARD_GLYPH_DIGIT && w.letters == 0;
		w.dotted |= g.code == '_' || (g.code == '.' && !number);
		word_add(&w, &g);
		s->at += g.n;
		g = after;
	}
	w.raw.n = s->at - (size_t)(w.raw.p - s->text.p);
	push_word(s, &w);
}

/* Han and Kana have no blanks: each character is a word, but for the Japanese negations. */
static void read_single(struct scan *s, struct guard_glyph g)
{
	struct slice rest = slice_skip(s->text, s->at), word = slice_of(rest.p, g.n);

	if (slice_starts(rest, SLICE("ない")))
		word = SLICE("ない");
	else if (slice_starts(rest, SLICE("ません")))
		word = SLICE("ません");
	push(s, guard_words_hash(word), GUARD_READ_HARD);
	s->out->scripts |= g.script;
	s->at += word.n;
}

/* Quotes open before a word and close behind one, on the same line; an apostrophe that opens must close somewhere. */
static void read_quote(struct scan *s, struct guard_glyph g)
{
	struct slice mark = slice_of(s->text.p + s->at, g.n);

	s->quoted = !s->quoted;
	s->begins = true;
	/* ""word"" is quoted once. */
	while (slice_starts(slice_skip(s->text, s->at), mark))
		s->at += g.n;
}

static bool opens(const struct scan *s, struct guard_glyph g)
{
	size_t next = s->at + g.n;

	if (s->quoted)
		return true;
	return (s->at == 0 || strchr(" (\n\t,:", s->text.p[s->at - 1]) != NULL) && next < s->text.n
		&& memchr(s->text.p + next, '\'', s->text.n - next) != NULL;
}

static void read_sign(struct scan *s, struct guard_glyph g)
{
	push(s, guard_words_hash(slice_of(s->text.p + s->at, g.n)), GUARD_READ_SIGN);
	s->at += g.n;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A dash between digits counts, whatever blanks there are: 5 - 3, 2020-2021; and right behind one: 1-x. */
static bool is_between_digits(const struct scan *s)
{
	size_t left = s->at, right = s->at + 1;

	if (left && is_digit(s->text.p[left - 1]) && right < s->text.n && (s->text.p[right] | 0x20) >= 'a'
		&& (s->text.p[right] | 0x20) <= 'z')
		return true;
	while (left && s->text.p[left - 1] == ' ')
		left--;
	while (right < s->text.n && s->text.p[right] == ' ')
		right++;
	return left && right < s->text.n && is_digit(s->text.p[left - 1]) && is_digit(s->text.p[right]);
}

static void read_break(struct scan *s, struct guard_glyph g)
{
	bool factorial = g.code == '!' && s->at && is_digit(s->text.p[s->at - 1]);

	if (factorial || (g.code == '-' && is_between_digits(s))) {
		read_sign(s, g);
		return;
	}
	if (g.code == '.' || g.code == '!' || g.code == '?' || g.code == ':' || g.code == '\n' || g.code == 0x3002)
		s->begins = true;
	if (g.code == '\n')
		s->quoted = false;
	s->parted |= g.code != ' ' && g.code != '\t';
	s->at += g.n;
}

static void scan_all(struct scan *s)
{
	while (s->at < s->text.n && !s->out->too_long) {
		struct guard_glyph g = guard_glyph_at(slice_skip(s->text, s->at));
		switch ((enum guard_glyph_kind)g.kind) {
		case GUARD_GLYPH_LETTER:
		case GUARD_GLYPH_DIGIT:
			read_word(s, g);
			break;
		case GUARD_GLYPH_SINGLE:
			read_single(s, g);
			break;
		case GUARD_GLYPH_SIGN:
			read_sign(s, g);
			break;
		case GUARD_GLYPH_QUOTE:
			read_quote(s, g);
			break;
		case GUARD_GLYPH_APOSTROPHE:
			if (g.code == '\'' && opens(s, g))
				read_quote(s, g);
			else
				s->at += g.n;
			break;
		case GUARD_GLYPH_BREAK:
			read_break(s, g);
			break;
		}
	}
}

bool guard_scan(struct slice text, struct guard_read *out)
{
	struct scan s = { .text = text, .out = out, .begins = true };

	scan_all(&s);
	return s.n_lettered > 2 && s.n_large * 10 >= s.n_lettered * 6;
}

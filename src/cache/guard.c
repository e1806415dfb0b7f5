#include "cache/guard.h"

#include "base/must.h"
#include "cache/guard_person.h"
#include "cache/guard_read.h"

#define ADDED_MAX 2u		/* words that one text may have more than the other and still ask the same */

struct row {
	const char *name;
	bool soft;
	const char *help;
};

static const struct row rows[GUARD_COUNT] = {
	{ "ok", false, "the same question" },
#define GUARD(name, soft, help) { #name, soft, help },
#include "cache/guards.def"
#undef GUARD
};

const char *guard_name(enum guard g)
{
	return rows[g].name;
}

const char *guard_help(enum guard g)
{
	return rows[g].help;
}

bool guard_is_soft(enum guard g)
{
	return rows[g].soft;
}

static bool speaks_of_now(struct slice text)
{
	/* Written without blanks: today, now, latest, current, weather, tomorrow, yesterday. */
	static const char *const words[] = { "今天", "现在", "昨天", "明天", "最新", "目前", "当前", "天气", "今日", "今年", "現在",
		"昨日", "明日", "天気", "今週", "今月", "新闻", "ニュース", "วันนี้", "ตอนนี้" };

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (text.n && memmem(text.p, text.n, words[i], strlen(words[i])))
			return true;
	return false;
}

static bool is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] >= 0x80)
			return false;
	return true;
}

enum guard guard_fit(const struct guard_read *g, struct slice text)
{
	if (g->too_long)
		return GUARD_long_text;
	if (g->n_tokens < GUARD_TOKENS_MIN || g->n_content == 0)
		return GUARD_short_text;
	if (g->clock || (!is_ascii(text) && speaks_of_now(text)))
		return GUARD_clock;
	return g->mine || guard_person(text) ? GUARD_personal : GUARD_OK;
}

uint64_t guard_sign_of(const struct guard_read *g)
{
	const uint64_t parts[] = { g->numbers, g->ask, g->n_neg, g->scripts };

	return guard_words_hash(slice_of(parts, sizeof(parts)));
}

uint64_t guard_sign(struct slice text)
{
	struct guard_read g;

	guard_read(text, &g);
	return guard_sign_of(&g);
}

/* What the words of one text lack in the other. */
struct gap {
	uint32_t n;
	unsigned marks;		/* of all of them */
	bool strong;
};

static void gap_add(struct gap *gap, const struct guard_read_word *w)
{
	gap->n++;
	gap->marks |= w->marks;
	gap->strong |= w->class == GUARD_WORDS_STRONG || w->class == GUARD_WORDS_NEG;
}

static enum guard gap_guard(const struct gap *a, const struct gap *b, uint32_t allowed)
{
	unsigned marks = a->marks | b->marks, names = GUARD_READ_LARGE | GUARD_READ_QUOTED | GUARD_READ_CODE;

	if (marks & names)
		return GUARD_name;
	if (a->strong || b->strong)
		return GUARD_contrast;
	if ((a->n && b->n) || (marks & (GUARD_READ_HARD | GUARD_READ_SIGN | GUARD_READ_LED_IN)))
		return GUARD_slot;
	return a->n + b->n > allowed ? GUARD_slot : GUARD_added;
}

/* Twins that are none.  Books by Twain, books about Twain; but one may leave it out: flights to Rome, flights Rome.
 * And Adam is not Adams. */
static bool is_apart(const struct guard_read_word *a, const struct guard_read_word *b)
{
	bool names = a->marks & b->marks & GUARD_READ_LARGE;

	return (a->known && b->known && a->known != b->known)
		|| (names && (a->marks ^ b->marks) & GUARD_READ_SHORTENED);
}

/* Each word of `a` with its twin in `b`, looked for from behind the last one's twin on: twins in another order, or
 * words without one. */
static enum guard compare(const struct guard_read *a, const struct guard_read *b)
{
	bool used[GUARD_TOKENS_MAX] = { false };
	struct gap only_a = { 0 }, only_b = { 0 };
	uint32_t next = 0, high = 0;
	bool inverted = false, apart = false;

	for (uint32_t i = 0; i < a->n && only_a.n <= ADDED_MAX; i++) {
		uint32_t j = next, looked = 0;
		for (; looked < b->n; looked++, j++) {
			j = j < b->n ? j : 0;
			if (!used[j] && b->words[j].hash == a->words[i].hash)
				break;
		}
		if (looked == b->n) {
			gap_add(&only_a, &a->words[i]);
			continue;
		}
		used[j] = true;
		apart |= is_apart(&a->words[i], &b->words[j]);
		inverted |= j < high;
		high = MAX_OF(high, j);
		next = j + 1;
	}
	for (uint32_t j = 0; j < b->n && only_b.n <= ADDED_MAX; j++)
		if (!used[j])
			gap_add(&only_b, &b->words[j]);
	/* Of a language that it does not know weir cannot say what a word adds: it may be a negation. */
	uint32_t allowed = a->langs & b->langs ? MIN_OF(ADDED_MAX, MIN_OF(a->n, b->n) / 2) : 0;
	enum guard g = only_a.n || only_b.n ? gap_guard(&only_a, &only_b, allowed) : GUARD_OK;
	if (g != GUARD_OK && g != GUARD_added)
		return g;
	return inverted ? GUARD_order : apart ? GUARD_contrast : g;
}

static enum guard same(const struct guard_read *a, const struct guard_read *b)
{
	if (a->too_long || b->too_long)
		return GUARD_long_text;
	if (a->n_tokens > 2 * b->n_tokens || b->n_tokens > 2 * a->n_tokens)
		return GUARD_length;
	if (a->scripts != b->scripts || (a->langs && b->langs && !(a->langs & b->langs)))
		return GUARD_script;
	if (a->numbers != b->numbers)
		return GUARD_number;
	if (a->n_neg != b->n_neg)
		return GUARD_negation;
	if (a->ask != b->ask)
		return GUARD_question;
	return compare(a, b);
}

enum guard guard_same_as(const struct guard_read *a, struct slice text_b)
{
	struct guard_read b;

	guard_read(text_b, &b);
	return same(a, &b);
}

enum guard guard_same(struct slice text_a, struct slice text_b)
{
	struct guard_read a;

	guard_read(text_a, &a);
	return guard_same_as(&a, text_b);
}

/* A text is read once, character by character: added tokens, normalizer, pre-tokenizer and the word in progress are
 * one pass, and a word is cut as soon as it ends. */
#include "cache/wordpiece.h"

#include <stdlib.h>

#include "base/must.h"
#include "codec/json.h"
#include "codec/unicode.h"

#define WORD_CHARS_MAX 200u	/* of `max_input_chars_per_word`; BERT's is 100 */
#define WORD_BYTES_MAX (WORD_CHARS_MAX * UNICODE_UTF8_MAX)
#define ADDED_MAX 64u
#define NONE UINT32_MAX

struct token {
	struct slice text;	/* without the prefix */
	uint32_t hash, id;
};

struct added {
	struct slice text;
	uint32_t id;
};

struct wordpiece {
	struct token *tokens;		/* open addressing, linear probing; text.p NULL: free */
	uint32_t mask;
	uint32_t ids, unknown, median;
	uint32_t longest;		/* token, in bytes */
	uint32_t word_chars_max;
	struct slice prefix;		/* of tokens inside a word: "##" */
	bool cleans, spaces_han, strips, lowers;
	struct added added[ADDED_MAX];
	uint32_t n_added;
	bool begins_added[256];		/* by the first byte */
};

/* --- the vocabulary -------------------------------------------------------------------------------------- */

/* Where a piece stands is part of its hash: "##s" and "s" are different tokens. */
enum { AT_START = 0x811c9dc5, AT_INSIDE = 0x9e3779b9 };

static uint32_t hash_byte(uint32_t h, char c)
{
	return (h ^ (unsigned char)c) * 16777619u;
}

static uint32_t spread(uint32_t h)
{
	h = (h ^ h >> 16) * 0x85ebca6bu;
	return h ^ h >> 13;
}

/* Prefixed tokens hold the same text as others: `inside` is kept in the lowest bit of the hash. */
static uint32_t token_hash(uint32_t h, bool inside)
{
	return (spread(h) & ~1u) | inside;
}

static uint32_t find(const struct wordpiece *w, struct slice text, uint32_t hash)
{
	for (uint32_t i = (hash >> 1) & w->mask; w->tokens[i].text.p; i = (i + 1) & w->mask)
		if (w->tokens[i].hash == hash && slice_eq(w->tokens[i].text, text))
			return w->tokens[i].id;
	return NONE;
}

static void enter(struct wordpiece *w, struct slice text, uint32_t id)
{
	const bool inside = slice_starts(text, w->prefix);
	const struct slice bare = inside ? slice_of(text.p + w->prefix.n, text.n - w->prefix.n) : text;
	uint32_t h = inside ? AT_INSIDE : AT_START, i;

	for (size_t k = 0; k < bare.n; k++)
		h = hash_byte(h, bare.p[k]);
	h = token_hash(h, inside);
	for (i = (h >> 1) & w->mask; w->tokens[i].text.p; i = (i + 1) & w->mask)
		;
	w->tokens[i] = (struct token){ bare, h, id };
	w->longest = MAX_OF(w->longest, (uint32_t)MIN_OF(bare.n, (size_t)WORD_BYTES_MAX));
	w->ids = MAX_OF(w->ids, id + 1);
}

/* --- reading the file ------------------------------------------------------------------------------------ */

static bool is_type(yyjson_val *obj, const char *type)
{
	return slice_eq(json_str(obj, "type"), slice_str(type));
}

static const char *read_normalizer(struct wordpiece *w, yyjson_val *n)
{
	if (!is_type(n, "BertNormalizer"))
		return "its normalizer is not BertNormalizer";
	w->cleans = json_bool(n, "clean_text", true);
	w->spaces_han = json_bool(n, "handle_chinese_chars", true);
	w->lowers = json_bool(n, "lowercase", true);
	w->strips = json_bool(n, "strip_accents", w->lowers);
	return NULL;
}

static const char *read_model(struct wordpiece *w, struct arena *a, yyjson_val *m)
{
	if (!is_type(m, "WordPiece"))
		return "its model is not WordPiece";
	const int64_t chars = json_int(m, "max_input_chars_per_word", 100);
	if (chars < 1 || chars > WORD_CHARS_MAX)
		return "its max_input_chars_per_word is not between 1 and 200";
	w->word_chars_max = (uint32_t)chars;
	w->prefix = json_str(m, "continuing_subword_prefix");
	w->prefix = arena_copy(a, w->prefix.p ? w->prefix : SLICE("##"));
	return w->prefix.n ? NULL : "its continuing_subword_prefix is empty";
}

static const char *read_vocabulary(struct wordpiece *w, struct arena *a, yyjson_val *vocabulary)
{
	const size_t n = yyjson_obj_size(vocabulary);
	size_t i, max;
	yyjson_val *key, *id;
	uint32_t cap = 16;

	if (n == 0 || n > WORDPIECE_VOCABULARY_MAX)
		return "its vocabulary is empty, or larger than 2^20";
	while (cap < 2 * n)
		cap *= 2;
	w->mask = cap - 1;
	w->tokens = ARENA_ARRAY(a, struct token, cap);
	yyjson_obj_foreach(vocabulary, i, max, key, id) {
		if (!yyjson_is_uint(id) || yyjson_get_uint(id) >= WORDPIECE_VOCABULARY_MAX)
			return "its vocabulary holds an id that is no number below 2^20";
		enter(w, arena_copy(a, json_val_str(key)), (uint32_t)yyjson_get_uint(id));
	}
	return NULL;
}

static const char *read_added(struct wordpiece *w, struct arena *a, yyjson_val *list)
{
	size_t i, n;
	yyjson_val *t;

	yyjson_arr_foreach(list, i, n, t) {
		const struct slice text = json_str(t, "content");
		const int64_t id = json_int(t, "id", -1);
		if (w->n_added == ADDED_MAX)
			return "it has more than 64 added tokens";
		if (text.n == 0 || id < 0 || id >= (int64_t)WORDPIECE_VOCABULARY_MAX)
			return "it has an added token without content or id";
		if (json_bool(t, "normalized", false) || json_bool(t, "single_word", false)
			|| json_bool(t, "lstrip", false) || json_bool(t, "rstrip", false))
			return "it has an added token that depends on the text around it";
		w->added[w->n_added++] = (struct added){ arena_copy(a, text), (uint32_t)id };
		w->begins_added[(unsigned char)text.p[0]] = true;
		w->ids = MAX_OF(w->ids, (uint32_t)id + 1);
	}
	return NULL;
}

static const char *read_unknown(struct wordpiece *w, yyjson_val *model)
{
	const struct slice text = json_str(model, "unk_token");
	yyjson_val *id = text.p ? yyjson_obj_getn(json_obj(model, "vocab"), text.p, text.n) : NULL;

	if (id == NULL)
		return "its vocabulary does not hold its unk_token";
	w->unknown = (uint32_t)yyjson_get_uint(id);
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t characters(struct slice s)
{
	uint32_t n = 0;

	while (s.n) {
		unicode_next(&s);
		n++;
	}
	return n;
}

/* Over the vocabulary with the added tokens that it does not hold; of an even number the mean of the middle two. */
static void find_median(struct wordpiece *w, struct arena *a, yyjson_val *vocabulary)
{
	uint32_t *sizes = ARENA_ARRAY(a, uint32_t, yyjson_obj_size(vocabulary) + w->n_added);
	size_t i, max, n = 0;
	yyjson_val *key, *id;

	yyjson_obj_foreach(vocabulary, i, max, key, id)
		sizes[n++] = characters(json_val_str(key));
	for (uint32_t k = 0; k < w->n_added; k++)
		if (yyjson_obj_getn(vocabulary, w->added[k].text.p, w->added[k].text.n) == NULL)
			sizes[n++] = characters(w->added[k].text);
	qsort(sizes, n, sizeof(*sizes), by_size);
	w->median = (sizes[(n - 1) / 2] + sizes[n / 2]) / 2;
}

static const char *read_root(struct wordpiece *w, struct arena *a, struct arena *scratch, yyjson_val *root)
{
	yyjson_val *model = json_obj(root, "model"), *vocabulary = json_obj(model, "vocab");
	const char *why = read_normalizer(w, json_obj(root, "normalizer"));

	if (why == NULL && !is_type(json_obj(root, "pre_tokenizer"), "BertPreTokenizer"))
		why = "its pre_tokenizer is not BertPreTokenizer";
	if (why == NULL)
		why = read_model(w, a, model);
	if (why == NULL)
		why = read_vocabulary(w, a, vocabulary);
	if (why == NULL)
		why = read_added(w, a, json_arr(root, "added_tokens"));
	if (why == NULL)
		why = read_unknown(w, model);
	if (why == NULL)
		find_median(w, scratch, vocabulary);
	return why;
}

struct wordpiece *wordpiece_new(struct arena *a, struct slice json, const char **out_why)
{
	struct wordpiece *w = ARENA_NEW(a, struct wordpiece);
	struct arena scratch;
	yyjson_doc *doc;

	arena_init(&scratch, 16 * WORDPIECE_FILE_MAX);
	*out_why = "it is no JSON object";
	if (json_parse(&scratch, json, &doc, NULL) == ERR_OK)
		*out_why = read_root(w, a, &scratch, yyjson_doc_get_root(doc));
	arena_done(&scratch);
	return *out_why ? NULL : w;
}

uint32_t wordpiece_ids(const struct wordpiece *w)
{
	return w->ids;
}

uint32_t wordpiece_median(const struct wordpiece *w)
{
	return w->median;
}

uint32_t wordpiece_unknown(const struct wordpiece *w)
{
	return w->unknown;
}

/* --- cutting --------------------------------------------------------------------------------------------- */

struct cut {
	const struct wordpiece *w;
	uint32_t *ids, n, max;
	uint32_t chars;			/* of the word in progress */
	size_t bytes;
	char word[WORD_BYTES_MAX];	/* as far as word_chars_max */
	uint32_t hashes[WORD_BYTES_MAX + 1];	/* of what is left of it: of its first n bytes */
};

static void give(struct cut *c, uint32_t id)
{
	if (c->n < c->max)
		c->ids[c->n++] = id;
}

/* The longest token that the rest of the word begins with: its id, and its length in *out_n. */
static uint32_t longest_match(struct cut *c, struct slice rest, bool inside, size_t *out_n)
{
	uint32_t h = inside ? AT_INSIDE : AT_START;
	size_t n = MIN_OF(rest.n, (size_t)c->w->longest);

	for (size_t i = 0; i < n; i++) {
		h = hash_byte(h, rest.p[i]);
		c->hashes[i + 1] = token_hash(h, inside);
	}
	for (; n > 0; n--) {
		const uint32_t id = find(c->w, slice_of(rest.p, n), c->hashes[n]);
		if (id != NONE) {
			*out_n = n;
			return id;
		}
	}
	return NONE;
}

/* All of the word's pieces, or, where a piece is in no vocabulary, one unknown. */
static void end_word(struct cut *c)
{
	const uint32_t before = c->n;
	struct slice rest = slice_of(c->word, c->bytes);
	bool known = c->chars <= c->w->word_chars_max;
	size_t n;

	if (c->chars == 0)
		return;
	for (bool inside = false; known && rest.n; inside = true, rest = slice_skip(rest, n)) {
		const uint32_t id = longest_match(c, rest, inside, &n);
		known = id != NONE;
		if (known)
			give(c, id);
		else
			n = 0;
	}
	if (!known) {
		c->n = before;
		give(c, c->w->unknown);
	}
	c->chars = 0;
	c->bytes = 0;
}

static void take_letter(struct cut *c, uint32_t ch)
{
	if (++c->chars <= c->w->word_chars_max)
		c->bytes += unicode_put(ch, c->word + c->bytes);
}

static bool is_punctuation(uint32_t ch, enum unicode_class class)
{
	return class == UNICODE_PUNCTUATION || (ch < 0x80 && class == UNICODE_SYMBOL);
}

/* BertPreTokenizer: white space ends a word, and each punctuation character is one. */
static void take_normal(struct cut *c, uint32_t ch)
{
	if (unicode_is_space(ch)) {
		end_word(c);
	} else if (is_punctuation(ch, unicode_class(ch))) {
		end_word(c);
		take_letter(c, ch);
		end_word(c);
	} else {
		take_letter(c, ch);
	}
}

/* The one character whose lower case is two (SpecialCasing.txt, without conditions). */
#define CAPITAL_I_WITH_DOT 0x130u

static void take_lowered(struct cut *c, uint32_t ch)
{
	if (!c->w->lowers) {
		take_normal(c, ch);
	} else if (ch == CAPITAL_I_WITH_DOT) {
		take_normal(c, 'i');
		take_normal(c, 0x307);
	} else {
		take_normal(c, unicode_lower(ch));
	}
}

static void take_stripped(struct cut *c, uint32_t ch)
{
	uint32_t parts[UNICODE_PARTS_MAX];

	if (!c->w->strips) {
		take_lowered(c, ch);
		return;
	}
	const size_t n = unicode_decompose(ch, parts);
	for (size_t i = 0; i < n; i++)
		if (unicode_class(parts[i]) != UNICODE_NONSPACING)
			take_lowered(c, parts[i]);
}

/* BERT's blocks of Han characters, as tokenizers has them: one begins late, at U+2B920. */
static bool is_han(uint32_t c)
{
	return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) || (c >= 0x20000 && c <= 0x2a6df)
		|| (c >= 0x2a700 && c <= 0x2b73f) || (c >= 0x2b740 && c <= 0x2b81f) || (c >= 0x2b920 && c <= 0x2ceaf)
		|| (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
}

static bool is_cleaned(uint32_t ch)
{
	if (ch == '\t' || ch == '\n' || ch == '\r')
		return false;
	return ch == UNICODE_REPLACEMENT || unicode_class(ch) == UNICODE_CONTROL;
}

/* BertNormalizer's steps in its order; spaces around a Han character make it a word of its own. */
static void take_character(struct cut *c, uint32_t ch)
{
	if (c->w->cleans && is_cleaned(ch))
		return;
	if (c->w->spaces_han && is_han(ch)) {
		end_word(c);
		take_stripped(c, ch);
		end_word(c);
	} else {
		take_stripped(c, ch);
	}
}

static void take_ascii(struct cut *c, unsigned char ch)
{
	if (ch >= 'A' && ch <= 'Z' && c->w->lowers)
		ch |= 0x20;
	if ((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || (ch >= 'A' && ch <= 'Z')) {
		if (++c->chars <= c->w->word_chars_max)
			c->word[c->bytes++] = (char)ch;
	} else if (ch == ' ') {
		end_word(c);
	} else {
		take_character(c, ch);
	}
}

/* The longest added token that the text begins with here. */
static const struct added *added_here(const struct wordpiece *w, struct slice text)
{
	const struct added *best = NULL;

	if (!w->begins_added[(unsigned char)text.p[0]])
		return NULL;
	for (uint32_t i = 0; i < w->n_added; i++)
		if (slice_starts(text, w->added[i].text) && (best == NULL || best->text.n < w->added[i].text.n))
			best = &w->added[i];
	return best;
}

static void take_next(struct cut *c, struct slice *text)
{
	const struct added *added = added_here(c->w, *text);

	if (added) {
		end_word(c);
		give(c, added->id);
		*text = slice_skip(*text, added->text.n);
	} else if ((unsigned char)text->p[0] < 0x80) {
		take_ascii(c, (unsigned char)text->p[0]);
		*text = slice_of(text->p + 1, text->n - 1);
	} else {
		take_character(c, unicode_next(text));
	}
}

uint32_t wordpiece_cut(const struct wordpiece *w, struct slice text, uint32_t *out_ids, uint32_t max)
{
	struct cut c;

	/* Not all of it: the word is large. */
	c.w = w;
	c.ids = out_ids;
	c.n = 0;
	c.max = max;
	c.chars = 0;
	c.bytes = 0;
	while (text.n && c.n < max)
		take_next(&c, &text);
	end_word(&c);
	return c.n;
}

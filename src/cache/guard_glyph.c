/* Ranges: Unicode 15 blocks.  Only what changes a guard's answer is told apart; all else is a letter. */
#include "cache/guard_glyph.h"

#include "base/must.h"
#include "base/utf8.h"

struct range {
	uint32_t from, to;
	enum guard_glyph_kind kind;
	uint16_t script;
};

enum script { LATIN = GUARD_GLYPH_LATIN, GREEK = 2, CYRILLIC = 4, HEBREW = 8, ARABIC = 16, INDIC = 32, THAI = 64,
	HANGUL = 128, KANA = 256, HAN = 512, OTHER = 1024 };

#define BREAK GUARD_GLYPH_BREAK
#define LETTER GUARD_GLYPH_LETTER
#define SIGN GUARD_GLYPH_SIGN
#define QUOTE GUARD_GLYPH_QUOTE
#define SINGLE GUARD_GLYPH_SINGLE

/* Rising; from U+0080. */
static const struct range ranges[] = {
	{ 0x80, 0xa1, BREAK, 0 }, { 0xa2, 0xaa, SIGN, 0 }, { 0xab, 0xab, QUOTE, 0 }, { 0xac, 0xac, SIGN, 0 },
	{ 0xad, 0xad, BREAK, 0 }, { 0xae, 0xba, SIGN, 0 }, { 0xbb, 0xbb, QUOTE, 0 }, { 0xbc, 0xbe, SIGN, 0 },
	{ 0xbf, 0xbf, BREAK, 0 }, { 0xc0, 0xd6, LETTER, LATIN }, { 0xd7, 0xd7, SIGN, 0 }, { 0xd8, 0xf6, LETTER, LATIN },
	{ 0xf7, 0xf7, SIGN, 0 }, { 0xf8, 0x2af, LETTER, LATIN }, { 0x300, 0x36f, LETTER, 0 },
	{ 0x370, 0x3ff, LETTER, GREEK }, { 0x400, 0x52f, LETTER, CYRILLIC }, { 0x590, 0x5ff, LETTER, HEBREW },
	{ 0x600, 0x7bf, LETTER, ARABIC }, { 0x900, 0xdff, LETTER, INDIC }, { 0xe00, 0xeff, LETTER, THAI },
	{ 0x1100, 0x11ff, LETTER, HANGUL }, { 0x1e00, 0x1eff, LETTER, LATIN }, { 0x1f00, 0x1fff, LETTER, GREEK },
	{ 0x2000, 0x2017, BREAK, 0 }, { 0x2018, 0x2018, QUOTE, 0 }, { 0x2019, 0x2019, GUARD_GLYPH_APOSTROPHE, 0 },
	{ 0x201a, 0x201f, QUOTE, 0 }, { 0x2020, 0x202f, BREAK, 0 }, { 0x2030, 0x2037, SIGN, 0 },
	{ 0x2038, 0x2038, BREAK, 0 }, { 0x2039, 0x203a, QUOTE, 0 }, { 0x203b, 0x2043, BREAK, 0 },
	{ 0x2044, 0x2044, SIGN, 0 }, { 0x2045, 0x206f, BREAK, 0 }, { 0x2070, 0x2bff, SIGN, 0 },
	{ 0x2e80, 0x2fdf, SINGLE, HAN }, { 0x3000, 0x3004, BREAK, 0 }, { 0x3005, 0x3007, SINGLE, HAN },
	{ 0x3008, 0x300b, BREAK, 0 }, { 0x300c, 0x300f, QUOTE, 0 }, { 0x3010, 0x303f, BREAK, 0 },
	{ 0x3040, 0x30ff, SINGLE, KANA }, { 0x3400, 0x9fff, SINGLE, HAN }, { 0xac00, 0xd7af, LETTER, HANGUL },
	{ 0xf900, 0xfaff, SINGLE, HAN }, { 0xfe00, 0xfe0f, BREAK, 0 }, { 0xfe30, 0xfe4f, BREAK, 0 },
	{ 0xfeff, 0xfeff, BREAK, 0 }, { 0xff01, 0xff0a, BREAK, 0 }, { 0xff0b, 0xff0b, SIGN, 0 },
	{ 0xff0c, 0xff0f, BREAK, 0 }, { 0xff1a, 0xff1b, BREAK, 0 }, { 0xff1c, 0xff1e, SIGN, 0 },
	{ 0xff1f, 0xff1f, BREAK, 0 }, { 0xff61, 0xff65, BREAK, 0 }, { 0xff66, 0xff9f, SINGLE, KANA },
	{ 0x1f300, 0x1faff, SIGN, 0 },
	{ 0x20000, 0x3ffff, SINGLE, HAN },
};

static void of_range(struct guard_glyph *g)
{
	size_t low = 0, high = COUNT_OF(ranges);

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (ranges[mid].to < g->code)
			low = mid + 1;
		else
			high = mid;
	}
	bool known = low < COUNT_OF(ranges) && ranges[low].from <= g->code;
	g->kind = (uint8_t)(known ? ranges[low].kind : LETTER);
	g->script = known ? ranges[low].script : OTHER;
}

/* Unicode 15, simple lower-case mappings of Latin-1, Latin Extended-A, Greek and Cyrillic; others stay as they are, and
 * a text in them that differs in case is a miss. */
static uint32_t small_of(uint32_t c)
{
	if ((c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
		return c + 0x20;
	if (c >= 0x400 && c <= 0x40f)
		return c + 0x50;
	if (c == 0x178)
		return 0xff;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
		return c + (c & 1);
	if ((c >= 0x100 && c <= 0x137 && c != 0x130 && c != 0x131) || (c >= 0x14a && c <= 0x177))
		return c | 1;
	return c;
}

static uint32_t decode(const char *p, size_t n)
{
	uint32_t c = (unsigned char)p[0] & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)p[i] & 0x3f);
	return c;
}

const uint8_t guard_glyph_kinds[128] = {
	['A' ... 'Z'] = LETTER, ['a' ... 'z'] = LETTER, ['0' ... '9'] = GUARD_GLYPH_DIGIT,
	['\''] = GUARD_GLYPH_APOSTROPHE, ['"'] = QUOTE, ['`'] = QUOTE,
	['+'] = SIGN, ['*'] = SIGN, ['/'] = SIGN, ['='] = SIGN, ['<'] = SIGN, ['>'] = SIGN, ['^'] = SIGN, ['&'] = SIGN,
	['|'] = SIGN, ['~'] = SIGN, ['#'] = SIGN, ['@'] = SIGN, ['$'] = SIGN, ['%'] = SIGN, ['\\'] = SIGN, ['{'] = SIGN,
	['}'] = SIGN, ['['] = SIGN, [']'] = SIGN, ['_'] = SIGN,
};

struct guard_glyph guard_glyph_wide(struct slice s)
{
	struct guard_glyph g = { .n = (uint8_t)utf8_len(s) };
	if (g.n == 0)
		return (struct guard_glyph){ .code = (unsigned char)s.p[0], .n = 1, .kind = SIGN, .small = 0xfffd };
	g.code = decode(s.p, g.n);
	of_range(&g);
	g.small = small_of(g.code);
	g.is_large = g.small != g.code;
	return g;
}

uint32_t guard_glyph_put(uint32_t code, char out[4])
{
	uint32_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	if (n == 1) {
		out[0] = (char)code;
		return 1;
	}
	for (uint32_t i = n; i-- > 1; code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)((0xf00u >> n & 0xff) | code);
	return n;
}

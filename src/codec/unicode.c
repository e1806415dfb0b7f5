#include "codec/unicode.h"

#include <utf8proc.h>

#include "base/must.h"
#include "base/utf8.h"

uint32_t unicode_next(struct slice *s)
{
	static const uint8_t lead_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	const unsigned char *p = (const unsigned char *)s->p;
	size_t n = utf8_len(*s);

	if (n == 0) {
		*s = slice_skip(*s, 1);
		return UNICODE_REPLACEMENT;
	}
	uint32_t c = p[0] & lead_bits[n];
	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3fu);
	*s = slice_skip(*s, n);
	return c;
}

size_t unicode_put(uint32_t c, char out[UNICODE_UTF8_MAX])
{
	return (size_t)utf8proc_encode_char((utf8proc_int32_t)c, (utf8proc_uint8_t *)out);
}

enum unicode_class unicode_class(uint32_t c)
{
	switch (utf8proc_category((utf8proc_int32_t)c)) {
	case UTF8PROC_CATEGORY_LU: case UTF8PROC_CATEGORY_LL: case UTF8PROC_CATEGORY_LT: case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO: case UTF8PROC_CATEGORY_MC: case UTF8PROC_CATEGORY_ME: case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL: case UTF8PROC_CATEGORY_NO:
		return UNICODE_WORD;
	case UTF8PROC_CATEGORY_MN:
		return UNICODE_NONSPACING;
	case UTF8PROC_CATEGORY_PC: case UTF8PROC_CATEGORY_PD: case UTF8PROC_CATEGORY_PS: case UTF8PROC_CATEGORY_PE:
	case UTF8PROC_CATEGORY_PI: case UTF8PROC_CATEGORY_PF: case UTF8PROC_CATEGORY_PO:
		return UNICODE_PUNCTUATION;
	case UTF8PROC_CATEGORY_SM: case UTF8PROC_CATEGORY_SC: case UTF8PROC_CATEGORY_SK: case UTF8PROC_CATEGORY_SO:
		return UNICODE_SYMBOL;
	case UTF8PROC_CATEGORY_ZS: case UTF8PROC_CATEGORY_ZL: case UTF8PROC_CATEGORY_ZP:
		return UNICODE_SPACE;
	case UTF8PROC_CATEGORY_CC: case UTF8PROC_CATEGORY_CF: case UTF8PROC_CATEGORY_CS: case UTF8PROC_CATEGORY_CO:
		return UNICODE_CONTROL;
	case UTF8PROC_CATEGORY_CN:
		return UNICODE_UNASSIGNED;
	}
	must_never("a category that Unicode does not have");
}

/* PropList.txt, White_Space: Z* and these controls. */
bool unicode_is_space(uint32_t c)
{
	return (c >= 0x09 && c <= 0x0d) || c == 0x85 || unicode_class(c) == UNICODE_SPACE;
}

uint32_t unicode_lower(uint32_t c)
{
	return (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
}

size_t unicode_decompose(uint32_t c, uint32_t out[UNICODE_PARTS_MAX])
{
	utf8proc_int32_t parts[UNICODE_PARTS_MAX];
	int boundary = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char((utf8proc_int32_t)c, parts, UNICODE_PARTS_MAX, UTF8PROC_DECOMPOSE,
		&boundary);

	if (n < 1 || n > UNICODE_PARTS_MAX) {
		out[0] = c;
		return 1;
	}
	for (utf8proc_ssize_t i = 0; i < n; i++)
		out[i] = (uint32_t)parts[i];
	return (size_t)n;
}

/* Blocks of the Unicode standard, chapter 18 (East Asia). */
bool unicode_is_han_or_kana(uint32_t c)
{
	return (c >= 0x3040 && c <= 0x30ff) || (c >= 0x31f0 && c <= 0x31ff) || (c >= 0x3400 && c <= 0x4dbf)
		|| (c >= 0x4e00 && c <= 0x9fff) || (c >= 0xf900 && c <= 0xfaff) || (c >= 0xff66 && c <= 0xff9f)
		|| (c >= 0x20000 && c <= 0x3ffff);
}

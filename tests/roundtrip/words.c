#include "words.h"

#include "base/buf.h"
#include "codec/base64.h"
#include "codec/json_out.h"

static const char *const pieces[] = { "a", "word ", "two words", "\"", "\\", "\\u00e9", "\n", "\r\n", "\t", "\xc3\xa9",
	"\xe4\xbd\xa0", "\xf0\x9f\x98\x80", "{}", "[1,", "</b>", "&amp;", "data: x", "\n\ndata: [DONE]\n\n",
		"event: error",
	"%s", "null", "0", " ", "'", "\x01", "\x7f", "\xe2\x80\xa8", "<think>", "```json\n" };

struct slice words_text(struct arena *a, struct dice *d, unsigned most)
{
	struct buf b;

	buf_init(&b, 65536);
	for (uint64_t n = 1 + dice_below(d, most); n > 0; n--)
		buf_add(&b, slice_str(pieces[dice_below(d, COUNT_OF(pieces))]));
	struct slice s = arena_copy(a, buf_slice(&b));
	buf_done(&b);
	/* White space alone is no text to some dialects. */
	return slice_trim(s).n ? s : arena_copy(a, SLICE("x"));
}

struct slice words_name(struct arena *a, struct dice *d)
{
	static const char *const names[] = { "get_weather", "f", "Lookup", "x9",
		"a_very_long_name_of_a_function_indeed" };

	return arena_printf(a, "%s%u", names[dice_below(d, COUNT_OF(names))], (unsigned)dice_below(d, 100));
}

static void add_value(struct buf *b, struct arena *a, struct dice *d, unsigned deep)
{
	static const char *const values[] = { "1", "-7", "2.5", "true", "false", "null", "\"\"", "[]", "{}",
		"[1,\"b\",null]",
		"\"\\\"q\\\\\"", "12345678901", "\"\xe4\xbd\xa0\"" };

	if (deep && words_one_in(d, 4)) {
		buf_add(b, SLICE("{\"in\":"));
		add_value(b, a, d, deep - 1);
		buf_add(b, SLICE("}"));
		return;
	}
	if (words_one_in(d, 3)) {
		buf_add_char(b, '"');
		buf_add_json(b, words_text(a, d, 4));
		buf_add_char(b, '"');
		return;
	}
	buf_add(b, slice_str(values[dice_below(d, COUNT_OF(values))]));
}

/* With the escapes that all writers of JSON use. */
static struct slice as_written(struct arena *a, struct slice json)
{
	yyjson_doc *doc;

	must(json_parse(a, json, &doc, NULL) == ERR_OK);
	return json_out_text(a, yyjson_doc_get_root(doc));
}

struct slice words_object(struct arena *a, struct dice *d)
{
	struct buf b;
	uint64_t n = dice_below(d, 4);

	buf_init(&b, 65536);
	buf_add_char(&b, '{');
	for (uint64_t i = 0; i < n; i++) {
		buf_addf(&b, "%s\"k%u\":", i ? "," : "", (unsigned)i);
		add_value(&b, a, d, 3);
	}
	buf_add_char(&b, '}');
	struct slice s = as_written(a, buf_slice(&b));
	buf_done(&b);
	return s;
}

struct slice words_opaque(struct arena *a, struct dice *d)
{
	char bytes[60];
	size_t n = 6 + dice_below(d, sizeof(bytes) - 6);

	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)dice_u64(d);
	bytes[0] = 'E';		/* not like a seal */
	return base64_text(a, slice_of(bytes, n));
}

bool words_cut(struct dice *d, struct slice *rest, struct slice *out)
{
	if (rest->n == 0)
		return false;
	size_t n = words_one_in(d, 3) ? rest->n : 1 + dice_below(d, MIN_OF(rest->n, (size_t)12));
	while (n < rest->n && ((unsigned char)rest->p[n] & 0xc0) == 0x80)
		n++;
	*out = slice_of(rest->p, n);
	*rest = slice_skip(*rest, n);
	return true;
}

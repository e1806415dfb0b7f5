#include "cache/likeness.h"

#include "cache/guard.h"
#include "chat/tape.h"
#include "codec/json.h"

#define SHORT_MAX 200u		/* bytes: "Paris, the capital" and the like, where another word is another answer */
#define REFUSAL_MAX 120u	/* bytes in which a refusal shows (algorithms.md F2) */
#define JSON_MEMORY (16u * LIKENESS_TEXT_MAX)

static bool is_refusal(struct slice text)
{
	/* What models of today begin a refusal with. */
	static const char *const phrases[] = { "i can't ", "i cannot ", "i can not ", "i'm unable", "i am unable",
		"i'm not able", "i am not able", "i'm sorry, but", "i am sorry, but", "as an ai", "i won't ",
		"unable to assist", "can't help with" };
	char small[REFUSAL_MAX + 1];
	size_t n = 0;

	for (size_t i = 0; i < text.n && n < REFUSAL_MAX; i++) {
		char c = text.p[i];
		if ((unsigned char)c == 0xe2 && i + 2 < text.n && memcmp(text.p + i, "\xe2\x80\x99", 3) == 0) {
			c = '\'';
			i += 2;
		}
		small[n++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c ? c : ' ');
	}
	small[n] = 0;
	for (size_t i = 0; i < COUNT_OF(phrases); i++)
		if (strstr(small, phrases[i]))
			return true;
	return false;
}

/* The kinds that say nothing, or nothing that the client would miss in its place. */
static bool is_beside(enum event_kind kind)
{
	return kind == EVENT_START || kind == EVENT_FINISH || kind == EVENT_USAGE || kind == EVENT_PART_END
		|| kind == EVENT_REASONING || kind == EVENT_LOGPROBS;
}

bool likeness_read(struct slice tape, struct buf *out)
{
	struct event ev;
	size_t at = 0, before = buf_len(out);

	while (tape_next(tape, tape.n, &at, &ev)) {
		if (ev.kind == EVENT_TEXT && ev.choice == 0) {
			if (buf_len(out) - before + ev.text.n > LIKENESS_TEXT_MAX || !buf_put(out, ev.text))
				return false;
		} else if (!is_beside(ev.kind)) {
			return false;
		}
	}
	struct slice text = slice_trim(slice_skip(buf_slice(out), before));
	return at == tape.n && text.n && !is_refusal(text);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static struct slice bare(struct slice s)
{
	s = slice_trim(s);
	while (s.n && strchr(".!*\"'` \n", s.p[s.n - 1]))
		s.n--;
	while (s.n && strchr("*\"'` \n", s.p[0]))
		s = slice_skip(s, 1);
	return s;
}

static char small_of(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : is_blank(c) ? ' ' : c);
}

static size_t pass_blanks(struct slice s, size_t i)
{
	while (i + 1 < s.n && is_blank(s.p[i]) && is_blank(s.p[i + 1]))
		i++;
	return i;
}

static bool is_equal(struct slice a, struct slice b)
{
	size_t i = 0, j = 0;

	for (; i < a.n && j < b.n; i++, j++) {
		i = pass_blanks(a, i);
		j = pass_blanks(b, j);
		if (small_of(a.p[i]) != small_of(b.p[j]))
			return false;
	}
	return i == a.n && j == b.n;
}

static bool is_structured(struct slice s)
{
	return s.n && (s.p[0] == '{' || s.p[0] == '[');
}

static enum likeness of_json(struct slice a, struct slice b)
{
	enum likeness found = LIKENESS_UNKNOWN;
	struct arena arena;
	yyjson_doc *x, *y;

	arena_init(&arena, JSON_MEMORY);
	if (json_parse(&arena, a, &x, NULL) == ERR_OK && json_parse(&arena, b, &y, NULL) == ERR_OK)
		found = yyjson_equals(yyjson_doc_get_root(x), yyjson_doc_get_root(y)) ? LIKENESS_SAME
			: LIKENESS_DIFFERENT;
	arena_done(&arena);
	return found;
}

enum likeness likeness_of(struct slice a, struct slice b)
{
	a = bare(a);
	b = bare(b);
	if (is_equal(a, b))
		return LIKENESS_SAME;
	enum likeness like = is_structured(a) && is_structured(b) ? of_json(a, b) : LIKENESS_UNKNOWN;
	if (like != LIKENESS_UNKNOWN)
		return like;
	if (a.n > SHORT_MAX && b.n > SHORT_MAX)
		return LIKENESS_UNKNOWN;
	return guard_same(a, b) == GUARD_OK ? LIKENESS_SAME : LIKENESS_DIFFERENT;
}

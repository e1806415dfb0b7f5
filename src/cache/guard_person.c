#include "cache/guard_person.h"

#include <stdint.h>

#define PHONE_DIGITS 7u		/* behind a plus sign (E.164: at most 15) */
#define NUMBER_DIGITS 9u	/* without one: social security, phone, account and card numbers */
#define IBAN_MIN 15u		/* ISO 13616: Norway */
#define IBAN_MAX 34u
#define KEY_MIN 20u		/* AWS's key ids, the shortest of the common ones */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_alnum(char c)
{
	return is_digit(c) || is_alpha(c);
}

static bool is_mail(struct slice s, size_t at)
{
	size_t i = at + 1, dot = 0;

	if (at == 0 || !(is_alnum(s.p[at - 1]) || strchr("._%+-", s.p[at - 1])))
		return false;
	for (; i < s.n && (is_alnum(s.p[i]) || s.p[i] == '-' || s.p[i] == '.'); i++)
		dot = s.p[i] == '.' && i > at + 1 ? i : dot;
	return dot && dot + 2 < i;
}

/* A number written as people write theirs: digits, between them at most two of blank - . / ( ).  `*at` moves behind. */
static bool is_numbered(struct slice s, size_t *at)
{
	bool plus = *at && s.p[*at - 1] == '+';
	size_t n = 0, gap = 0, i = *at;

	for (; i < s.n && gap <= 2; i++) {
		if (is_digit(s.p[i])) {
			n++;
			gap = 0;
		} else if (s.p[i] && strchr(" -./()", s.p[i])) {
			gap++;
		} else {
			break;
		}
	}
	*at = i;
	return n >= (plus ? PHONE_DIGITS : NUMBER_DIGITS);
}

/* ISO 13616, ISO/IEC 7064 MOD 97-10: two letters, two digits, the rest letters or digits, single blanks between. */
static bool is_iban(struct slice s, size_t at)
{
	char code[IBAN_MAX];
	size_t n = 0;
	unsigned rest = 0;

	if (s.n - at < IBAN_MIN || !is_alpha(s.p[at]) || !is_alpha(s.p[at + 1]) || !is_digit(s.p[at + 2])
		|| !is_digit(s.p[at + 3]))
		return false;
	for (size_t i = at; i < s.n && n < IBAN_MAX; i++) {
		if (is_alnum(s.p[i]))
			code[n++] = s.p[i];
		else if (s.p[i] != ' ' || s.p[i - 1] == ' ')
			break;
	}
	/* Words may follow it, so that every length counts. */
	for (size_t end = IBAN_MIN; end <= n; end++) {
		rest = 0;
		for (size_t i = 0; i < end; i++) {
			char c = code[(i + 4) % end];
			rest = is_digit(c) ? (rest * 10 + (unsigned)(c - '0')) % 97
				: (rest * 100 + (unsigned)((c | 0x20) - 'a') + 10) % 97;
		}
		if (rest == 1)
			return true;
	}
	return false;
}

/* A long word of letters and digits mixed. */
static bool is_key(struct slice s, size_t at)
{
	size_t i = at, digits = 0, letters = 0;

	for (; i < s.n && (is_alnum(s.p[i]) || s.p[i] == '_' || s.p[i] == '-' || s.p[i] == '='); i++) {
		digits += is_digit(s.p[i]);
		letters += is_alpha(s.p[i]);
	}
	return i - at >= KEY_MIN && digits && letters;
}

bool guard_person(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool begins = i == 0 || !is_alnum(s.p[i - 1]);
		if (s.p[i] == '@' && is_mail(s, i))
			return true;
		if (!begins || !is_alnum(s.p[i]))
			continue;
		size_t end = i;
		if (is_key(s, i) || is_iban(s, i) || (is_digit(s.p[i]) && is_numbered(s, &end)))
			return true;
	}
	return false;
}

#include "base/span.h"

#include <stdio.h>
#include <time.h>

#include "base/must.h"

struct unit {
	const char *name;
	uint64_t factor;
};

static const struct unit ms_units[] = { { "d", 86400000 }, { "h", 3600000 }, { "m", 60000 }, { "s", 1000 },
	{ "ms", 1 } };
static const struct unit byte_units[] = { { "GiB", 1u << 30 }, { "MiB", 1u << 20 }, { "KiB", 1u << 10 },
	{ "GB", 1000000000 }, { "MB", 1000000 }, { "KB", 1000 }, { "B", 1 }, { "", 1 } };

/* Digits with an optional fraction of up to three digits, in thousandths. */
static bool parse_thousandths(struct slice s, uint64_t *out)
{
	size_t dot = slice_find(s, '.');
	uint64_t whole, part = 0;

	if (!slice_u64(slice_of(s.p, dot), &whole) || whole > UINT64_MAX / 1000 - 1)
		return false;
	if (dot < s.n) {
		struct slice frac = slice_skip(s, dot + 1);
		if (frac.n > 3 || !slice_u64(frac, &part))
			return false;
		for (size_t i = frac.n; i < 3; i++)
			part *= 10;
	}
	*out = whole * 1000 + part;
	return true;
}

static bool parse_units(struct slice s, const struct unit *units, size_t n, uint64_t *out)
{
	size_t digits = 0;
	uint64_t thousandths;

	while (digits < s.n && ((s.p[digits] >= '0' && s.p[digits] <= '9') || s.p[digits] == '.'))
		digits++;
	struct slice name = slice_trim(slice_skip(s, digits));
	if (!parse_thousandths(slice_of(s.p, digits), &thousandths))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!slice_eq(name, slice_str(units[i].name)))
			continue;
		unsigned __int128 v = (unsigned __int128)thousandths * units[i].factor / 1000;
		if (v > UINT64_MAX)
			return false;
		*out = (uint64_t)v;
		return true;
	}
	return false;
}

bool span_parse_ms(struct slice s, uint64_t *out_ms)
{
	s = slice_trim(s);
	if (slice_eq(s, SLICE("0"))) {
		*out_ms = 0;
		return true;
	}
	return parse_units(s, ms_units, COUNT_OF(ms_units), out_ms);
}

bool span_parse_bytes(struct slice s, uint64_t *out_bytes)
{
	return parse_units(slice_trim(s), byte_units, COUNT_OF(byte_units), out_bytes);
}

static const char *print_units(uint64_t v, const struct unit *units, size_t n, char *out, size_t cap)
{
	size_t i = 0;

	while (i < n - 1 && (v == 0 || v % units[i].factor != 0))
		i++;
	snprintf(out, cap, "%llu%s", (unsigned long long)(v / units[i].factor), units[i].name);
	return out;
}

const char *span_print_ms(uint64_t ms, char *out, size_t cap)
{
	return ms == 0 ? slice_copy(SLICE("0"), out, cap) : print_units(ms, ms_units, COUNT_OF(ms_units), out, cap);
}

const char *span_print_bytes(uint64_t bytes, char *out, size_t cap)
{
	static const struct unit binary[] = { { "GiB", 1u << 30 }, { "MiB", 1u << 20 }, { "KiB", 1u << 10 },
		{ "", 1 } };
	return print_units(bytes, binary, COUNT_OF(binary), out, cap);
}

const char *span_print_wall(uint64_t unix_ms, char *out, size_t cap)
{
	/* One log line in a thousand starts a new second: the calendar is computed once per second. */
	static uint64_t last_s = UINT64_MAX;
	static char stamp[40];
	static size_t dot;
	uint64_t s = unix_ms / 1000;
	unsigned ms = (unsigned)(unix_ms % 1000);

	if (s != last_s) {
		time_t t = (time_t)s;
		struct tm tm;
		must(gmtime_r(&t, &tm) != NULL);
		dot = strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S.000Z", &tm) - strlen(".000Z");
		last_s = s;
	}
	for (size_t i = 3; i > 0; i--, ms /= 10)
		stamp[dot + i] = (char)('0' + ms % 10);
	slice_copy(slice_str(stamp), out, cap);
	return out;
}

bool span_parse_http_date(struct slice s, uint64_t *out_unix_s)
{
	char text[32];
	struct tm tm = { 0 };

	if (s.n != 29)
		return false;
	slice_copy(s, text, sizeof(text));
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	time_t t = end && *end == '\0' ? timegm(&tm) : -1;
	if (t < 0)
		return false;
	*out_unix_s = (uint64_t)t;
	return true;
}

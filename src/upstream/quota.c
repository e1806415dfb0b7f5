#include "upstream/quota.h"

#include <time.h>

#include "base/span.h"

static const char *const kinds[QUOTA_KINDS] = { "requests", "tokens" };

/* Longer than any window of a provider's limits; what is beyond is garbage. */
#define RESET_MAX_MS (31 * 24 * 3600 * 1000ll)

/* "6m0s", "1s", "120ms", "1h2m3.5s": OpenAI's form; a bare number is seconds. */
static int64_t read_duration(struct slice s)
{
	double ms = s.n ? 0 : -1;

	while (s.n) {
		double value = 0, scale = 1;
		size_t at = 0;
		for (; at < s.n && s.p[at] >= '0' && s.p[at] <= '9'; at++)
			value = value * 10 + (s.p[at] - '0');
		if (at < s.n && s.p[at] == '.')
			for (at++; at < s.n && s.p[at] >= '0' && s.p[at] <= '9'; at++)
				value += (s.p[at] - '0') * (scale /= 10);
		struct slice unit = slice_skip(s, at);
		if (at == 0)
			return -1;
		bool is_ms = slice_starts(unit, SLICE("ms"));
		char c = unit.n ? unit.p[0] : 's';
		if (c != 'h' && c != 'm' && c != 's')
			return -1;
		ms += value * (is_ms ? 1 : c == 'h' ? 3600000 : c == 'm' ? 60000 : 1000);
		s = slice_skip(unit, is_ms ? 2 : 1);
	}
	return ms >= 0 && ms <= (double)RESET_MAX_MS ? (int64_t)(ms + 0.5) : -1;
}

/* "2026-11-21T09:30:00Z", with or without a fraction: Anthropic's form. */
static int64_t read_moment(struct slice s, uint64_t wall_s)
{
	struct tm tm = { 0 };
	char text[20];

	slice_copy(s, text, sizeof(text));
	if (s.n < 20 || (s.p[19] != 'Z' && s.p[19] != '.') || strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) == NULL)
		return -1;
	int64_t ms = ((int64_t)timegm(&tm) - (int64_t)wall_s) * 1000;
	return ms < 0 ? 0 : ms <= RESET_MAX_MS ? ms : -1;
}

static int64_t read_number(struct slice s)
{
	uint64_t v;
	return slice_u64(s, &v) && v <= INT64_MAX ? (int64_t)v : -1;
}

/* What stands behind `prefix` in a field's name, or empty. */
static struct slice behind(struct slice name, struct slice prefix)
{
	return name.n > prefix.n && slice_case_eq(slice_of(name.p, prefix.n), prefix) ? slice_skip(name, prefix.n)
		: SLICE_EMPTY;
}

static int kind_of(struct slice word)
{
	for (int i = 0; i < QUOTA_KINDS; i++)
		if (slice_case_eq(word, slice_str(kinds[i])))
			return i;
	return QUOTA_KINDS;
}

/* "limit-requests": OpenAI's order. */
static bool take_openai(struct slice name, struct slice value, struct quota *q)
{
	size_t dash = slice_find(name, '-');
	struct slice what = slice_of(name.p, dash);
	int k = kind_of(slice_skip(name, dash + 1));

	if (k == QUOTA_KINDS)
		return false;
	if (slice_case_eq(what, SLICE("limit")))
		q->of[k].limit = read_number(value);
	else if (slice_case_eq(what, SLICE("remaining")))
		q->of[k].remaining = read_number(value);
	else if (slice_case_eq(what, SLICE("reset")))
		q->of[k].reset_ms = read_duration(value);
	return true;
}

/* "requests-limit": Anthropic's.  Its input-tokens and output-tokens have no equal elsewhere. */
static bool take_anthropic(struct slice name, struct slice value, uint64_t wall_s, struct quota *q)
{
	size_t dash = slice_find(name, '-');
	struct slice what = slice_skip(name, dash + 1);
	int k = kind_of(slice_of(name.p, dash));

	if (k == QUOTA_KINDS)
		return false;
	if (slice_case_eq(what, SLICE("limit")))
		q->of[k].limit = read_number(value);
	else if (slice_case_eq(what, SLICE("remaining")))
		q->of[k].remaining = read_number(value);
	else if (slice_case_eq(what, SLICE("reset")))
		q->of[k].reset_ms = read_moment(value, wall_s);
	return true;
}

/* One walk over the head: most answers say nothing of the kind. */
bool quota_read(const struct http1_head *head, uint64_t wall_s, struct quota *out)
{
	bool any = false;

	for (int i = 0; i < QUOTA_KINDS; i++)
		out->of[i].limit = out->of[i].remaining = out->of[i].reset_ms = -1;
	for (size_t i = 0; i < head->n_fields; i++) {
		const struct http1_field *f = &head->fields[i];
		struct slice rest = behind(f->name, SLICE("x-ratelimit-"));
		if (rest.n)
			any |= take_openai(rest, f->value, out);
		else if ((rest = behind(f->name, SLICE("anthropic-ratelimit-"))).n)
			any |= take_anthropic(rest, f->value, wall_s, out);
	}
	return any;
}

static void write_openai(const struct quota *q, struct buf *out)
{
	for (int i = 0; i < QUOTA_KINDS; i++) {
		if (q->of[i].limit < 0)
			continue;
		buf_addf(out, "x-ratelimit-limit-%s: %lld\r\n", kinds[i], (long long)q->of[i].limit);
		if (q->of[i].remaining >= 0)
			buf_addf(out, "x-ratelimit-remaining-%s: %lld\r\n", kinds[i], (long long)q->of[i].remaining);
		if (q->of[i].reset_ms >= 0)
			buf_addf(out, "x-ratelimit-reset-%s: %lldms\r\n", kinds[i], (long long)q->of[i].reset_ms);
	}
}

static void write_anthropic(const struct quota *q, uint64_t wall_s, struct buf *out)
{
	char when[32];

	for (int i = 0; i < QUOTA_KINDS; i++) {
		if (q->of[i].limit < 0)
			continue;
		buf_addf(out, "anthropic-ratelimit-%s-limit: %lld\r\n", kinds[i], (long long)q->of[i].limit);
		if (q->of[i].remaining >= 0)
			buf_addf(out, "anthropic-ratelimit-%s-remaining: %lld\r\n", kinds[i],
				(long long)q->of[i].remaining);
		if (q->of[i].reset_ms >= 0)
			buf_addf(out, "anthropic-ratelimit-%s-reset: %s\r\n", kinds[i], span_print_wall(
				wall_s * 1000 + (uint64_t)q->of[i].reset_ms, when, sizeof(when)));
	}
}

void quota_write(const struct quota *q, enum dialect_family family, uint64_t wall_s, struct buf *out)
{
	if (family == DIALECT_OPENAI)
		write_openai(q, out);
	else if (family == DIALECT_ANTHROPIC)
		write_anthropic(q, wall_s, out);
}

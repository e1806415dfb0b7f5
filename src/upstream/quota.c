#include "upstream/quota.h"

#include <stdio.h>
#include <time.h>

#include "base/span.h"

static const char *const kinds[QUOTA_KINDS] = { "requests", "tokens" };

/* Longer than any window of a provider's limits; what is beyond is garbage. */
#define RESET_MAX_MS (31 * 24 * 3600 * 1000ll)

/* "6m0s", "1s", "120ms", "1h2m3.5s": OpenAI's form; a bare number is seconds. */
static int64_t read_duration(struct slice s)
{
	double ms = 0;

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
	return ms <= (double)RESET_MAX_MS ? (int64_t)ms : -1;
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

static struct slice field(const struct http1_head *head, const char *fmt, const char *a, const char *b)
{
	char name[64];

	snprintf(name, sizeof(name), fmt, a, b);
	return http1_field(head, slice_str(name));
}

bool quota_read(const struct http1_head *head, uint64_t wall_s, struct quota *out)
{
	bool any = false;

	for (int i = 0; i < QUOTA_KINDS; i++) {
		const char *k = kinds[i];
		int64_t limit = read_number(field(head, "x-ratelimit-%s-%s", "limit", k));
		if (limit >= 0) {
			out->of[i].remaining = read_number(field(head, "x-ratelimit-%s-%s", "remaining", k));
			out->of[i].reset_ms = read_duration(field(head, "x-ratelimit-%s-%s", "reset", k));
		} else {
			limit = read_number(field(head, "anthropic-ratelimit-%s-%s", k, "limit"));
			out->of[i].remaining = read_number(field(head, "anthropic-ratelimit-%s-%s", k, "remaining"));
			out->of[i].reset_ms = read_moment(field(head, "anthropic-ratelimit-%s-%s", k, "reset"), wall_s);
		}
		out->of[i].limit = limit;
		any |= limit >= 0;
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

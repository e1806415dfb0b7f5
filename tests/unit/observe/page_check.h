/* Reads a page of Prometheus text (version 0.0.4) as strictly as Prometheus does, and finds samples in it. */
#ifndef TESTS_PAGE_CHECK_H
#define TESTS_PAGE_CHECK_H

#include "unit.h"

#include "base/map.h"
#include "base/must.h"

static inline bool page_is_name(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz_0123456789", s.p[i]) == NULL
				|| (i == 0 && s.p[i] <= '9'))
			return false;
	return s.n > 0;
}

static inline struct slice page_cut(struct slice *s, char at)
{
	size_t n = slice_find(*s, at);
	struct slice piece = slice_of(s->p, n);
	*s = slice_skip(*s, n + 1);
	return piece;
}

/* name="value",...}: leaves what follows the brace.  Of escapes there are three. */
static inline void page_labels(struct slice *s, const char *line)
{
	for (;;) {
		if (!page_is_name(page_cut(s, '=')) || s->n == 0 || s->p[0] != '"')
			fail_msg("bad label: %s", line);
		size_t i = 1;
		while (i < s->n && s->p[i] != '"') {
			if (s->p[i] == '\\' && (i + 1 == s->n || strchr("\\\"n", s->p[i + 1]) == NULL))
				fail_msg("bad escape: %s", line);
			i += s->p[i] == '\\' ? 2 : 1;
		}
		*s = slice_skip(*s, i + 1);
		if (s->n == 0 || (s->p[0] != ',' && s->p[0] != '}'))
			fail_msg("bad end of a label: %s", line);
		bool more = s->p[0] == ',';
		*s = slice_skip(*s, 1);
		if (!more)
			return;
	}
}

/* The family that a sample belongs to. */
static inline bool page_belongs(struct slice name, struct slice family, bool histogram)
{
	static const char *const ends[] = { "_bucket", "_sum", "_count" };

	if (!histogram)
		return slice_eq(name, family);
	struct slice rest = slice_skip(name, family.n);
	for (size_t i = 0; i < COUNT_OF(ends); i++)
		if (slice_starts(name, family) && slice_eq(rest, slice_str(ends[i])))
			return true;
	return false;
}

/* Fails the test on anything Prometheus would not take: form, order, twin families, twin samples. */
static inline void page_check(struct slice page)
{
	struct map seen;
	struct slice family = SLICE_EMPTY;
	bool histogram = false, typed = false;

	map_init(&seen, 0, 1);
	assert_true(page.n > 0 && page.p[page.n - 1] == '\n');
	while (page.n) {
		struct slice whole = page_cut(&page, '\n'), s = whole;
		char line[3000];
		slice_copy(whole, line, sizeof(line));
		if (slice_starts(s, SLICE("# HELP "))) {
			s = slice_skip(s, 7);
			family = page_cut(&s, ' ');
			typed = false;
			if (!page_is_name(family) || s.n == 0 || map_find(&seen, family))
				fail_msg("bad family: %s", line);
			assert_true(map_put(&seen, family, &seen));
			continue;
		}
		if (slice_starts(s, SLICE("# TYPE "))) {
			s = slice_skip(s, 7);
			if (typed || !slice_eq(page_cut(&s, ' '), family))
				fail_msg("bad type: %s", line);
			typed = true;
			histogram = slice_eq(s, SLICE("histogram"));
			bool counter = slice_eq(s, SLICE("counter"));
			if (!histogram && !counter && !slice_eq(s, SLICE("gauge")))
				fail_msg("unknown type: %s", line);
			if (counter != (family.n > 6 && slice_eq(slice_skip(family, family.n - 6),
				SLICE("_total"))))
				fail_msg("counters end in _total: %s", line);
			continue;
		}
		size_t end = MIN_OF(slice_find(s, '{'), slice_find(s, ' '));
		struct slice name = slice_of(s.p, end);
		if (!typed || !page_belongs(name, family, histogram))
			fail_msg("a sample out of place: %s", line);
		bool labels = end < s.n && s.p[end] == '{';
		s = slice_skip(s, end + 1);
		if (labels) {
			page_labels(&s, line);
			assert_true(s.n && s.p[0] == ' ');
			s = slice_skip(s, 1);
		}
		char number[64], *rest;
		slice_copy(s, number, sizeof(number));
		strtod(number, &rest);
		if (s.n == 0 || *rest != '\0')
			fail_msg("bad value: %s", line);
		struct slice key = slice_of(whole.p, whole.n - s.n);
		if (map_find(&seen, key))
			fail_msg("twice: %s", line);
		assert_true(map_put(&seen, key, &seen));
	}
	map_done(&seen);
}

/* The value of the sample that is written like this; -1 when there is none. */
static inline double page_value(struct slice page, const char *sample)
{
	while (page.n) {
		struct slice line = page_cut(&page, '\n');
		if (slice_starts(line, slice_str(sample)) && line.p[strlen(sample)] == ' ') {
			char number[64];
			return strtod(slice_copy(slice_skip(line, strlen(sample) + 1), number,
				sizeof(number)), NULL);
		}
	}
	return -1;
}

/* How many samples begin like this, and their sum. */
static inline size_t page_samples(struct slice page, const char *start, double *out_sum)
{
	size_t n = 0;

	*out_sum = 0;
	while (page.n) {
		struct slice line = page_cut(&page, '\n');
		char number[64];
		if (!slice_starts(line, slice_str(start)))
			continue;
		size_t at = line.n;
		while (line.p[at - 1] != ' ')
			at--;
		*out_sum += strtod(slice_copy(slice_skip(line, at), number, sizeof(number)), NULL);
		n++;
	}
	return n;
}

#endif

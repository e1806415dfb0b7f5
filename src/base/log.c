#include "base/log.h"

#include "base/span.h"

#define FIELD_MAX_BYTES 2048u

static struct log_sink sink;
static enum log_level least = LOG_LEVEL_OFF;
static enum log_form form_now = LOG_FORM_TEXT;
static struct buf scratch = { .max = 1u << 20 };	/* 24 fields of 2 KiB, each byte escaped sixfold, still fit */

static const char *const level_names[] = { "debug", "info", "warn", "error", "off" };

void log_open(const struct log_sink *s, enum log_level l, enum log_form f)
{
	sink = s ? *s : (struct log_sink){ 0 };
	log_set(s ? l : LOG_LEVEL_OFF, f);
	if (s == NULL)
		buf_done(&scratch);
}

void log_set(enum log_level l, enum log_form f)
{
	least = l;
	form_now = f;
}

bool log_on(enum log_level level)
{
	return sink.line && level >= least;
}

enum log_form log_form_now(void)
{
	return form_now;
}

static uint64_t wall_now_ms(void)
{
	return sink.wall_ms ? sink.wall_ms(sink.arg) : 0;
}

void log_write(struct slice line)
{
	if (sink.line)
		sink.line(sink.arg, line);
}

static void add_ms(struct buf *b, int64_t ns)
{
	if (ns < 0) {
		buf_add(b, SLICE("null"));
		return;
	}
	buf_add_u64(b, (uint64_t)ns / SPAN_NS_PER_MS);
	uint64_t us = (uint64_t)ns / 1000 % 1000;
	char frac[4] = { '.', (char)('0' + us / 100), (char)('0' + us / 10 % 10), (char)('0' + us % 10) };
	buf_add(b, slice_of(frac, 4));
}

static void add_int(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_add_char(b, '-');
	buf_add_u64(b, v < 0 ? (uint64_t)-v : (uint64_t)v);
}

static void add_value(struct buf *b, enum log_form form, const struct log_field *f)
{
	bool plain = form == LOG_FORM_TEXT && f->str.n && slice_find(f->str, ' ') == f->str.n;

	switch (f->kind) {
	case LOG_FIELD_INT:
		add_int(b, f->num);
		break;
	case LOG_FIELD_MS:
		add_ms(b, f->num);
		break;
	case LOG_FIELD_NUM:
		buf_add(b, f->str);
		break;
	case LOG_FIELD_STR:
		if (!plain)
			buf_add_char(b, '"');
		buf_add_json(b, slice_of(f->str.p, MIN_OF(f->str.n, FIELD_MAX_BYTES)));
		if (!plain)
			buf_add_char(b, '"');
	}
}

/* ,"name": in one piece: a line has some fifteen. */
static void add_name(struct buf *b, struct slice name)
{
	size_t n = name.n + 4;
	char *to = buf_room(b, n);

	must(to != NULL);
	memcpy(to, ",\"", 2);
	memcpy(to + 2, name.p, name.n);
	memcpy(to + 2 + name.n, "\":", 2);
	buf_grew(b, n);
}

static void format_json(struct buf *b, const char *stamp, const char *level, const char *event,
	const struct log_field *fields)
{
	buf_add(b, SLICE("{\"time\":\""));
	buf_add(b, slice_str(stamp));
	buf_add(b, SLICE("\",\"level\":\""));
	buf_add(b, slice_str(level));
	buf_add(b, SLICE("\",\"event\":\""));
	buf_add(b, slice_str(event));
	buf_add_char(b, '"');
	for (const struct log_field *f = fields; f->name.p; f++) {
		add_name(b, f->name);
		add_value(b, LOG_FORM_JSON, f);
	}
	buf_add(b, SLICE("}\n"));
}

static void format_text(struct buf *b, const char *stamp, const char *level, const char *event,
	const struct log_field *fields)
{
	buf_add(b, slice_of(stamp + 11, 12));
	buf_addf(b, " %-5s %-14s", level, event);
	for (const struct log_field *f = fields; f->name.p; f++) {
		buf_add_char(b, ' ');
		buf_add(b, f->name);
		buf_add_char(b, '=');
		add_value(b, LOG_FORM_TEXT, f);
	}
	buf_add_char(b, '\n');
}

void log_format(struct buf *out, enum log_form form, uint64_t wall_ms, const char *level, const char *event,
	const struct log_field *fields)
{
	char stamp[32];

	span_print_wall(wall_ms, stamp, sizeof(stamp));
	(form == LOG_FORM_JSON ? format_json : format_text)(out, stamp, level, event, fields);
}

void log_emit(enum log_level level, const char *event, const struct log_field *fields)
{
	buf_clear(&scratch);
	log_format(&scratch, form_now, wall_now_ms(), level_names[level], event, fields);
	log_write(buf_slice(&scratch));
}

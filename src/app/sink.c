#include "app/sink.h"

#include "base/counter.h"
#include "loop/sys.h"

#define HELD_BYTES (4u << 20)	/* of lines waiting to be written; past that lines are dropped */
#define FLUSH_MS 20		/* lines of this time leave together */
#define FLUSH_BYTES 65536u	/* or earlier when so many have gathered */

static uint64_t lines_in(struct slice s)
{
	uint64_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

static void flush(struct sink *s)
{
	while (buf_len(&s->lines)) {
		long n = sys_log_write(s->fd, buf_slice(&s->lines));
		if (n < 0) {
			/* The reader is gone or the disk is full: these lines are lost. */
			counter_add(COUNTER_log_dropped, lines_in(buf_slice(&s->lines)));
			buf_clear(&s->lines);
			return;
		}
		if (n == 0)
			break;
		buf_eat(&s->lines, (size_t)n);
	}
	if (buf_len(&s->lines))
		alarm_set(&s->flush, FLUSH_MS);
}

static void on_flush(struct alarm *a)
{
	flush(LIST_ITEM(a, struct sink, flush));
}

static void on_line(void *arg, struct slice line)
{
	struct sink *s = arg;

	if (!buf_put(&s->lines, line))
		counter_add(COUNTER_log_dropped, 1);
	else if (buf_len(&s->lines) >= FLUSH_BYTES && buf_len(&s->lines) - line.n < FLUSH_BYTES)
		flush(s);
	else if (!alarm_is_set(&s->flush))
		alarm_set(&s->flush, FLUSH_MS);
}

static uint64_t wall_ms(void *arg)
{
	return loop_wall_ms(((struct sink *)arg)->loop);
}

void sink_open(struct sink *s, struct loop *l, int fd, enum log_level least, enum log_form form)
{
	const struct log_sink ls = { on_line, wall_ms, s };

	*s = (struct sink){ .loop = l, .fd = fd };
	buf_init(&s->lines, HELD_BYTES);
	alarm_init(&s->flush, l, on_flush);
	log_open(&ls, least, form);
}

void sink_close(struct sink *s)
{
	log_open(NULL, LOG_LEVEL_OFF, LOG_FORM_TEXT);
	flush(s);
	alarm_clear(&s->flush);
	buf_done(&s->lines);
}

/* Log lines: a fixed snake_case event name, then typed fields; JSON or readable text.  Lines go to a sink
 * that app/ sets, so this room does no I/O.  Floors below exchange do not log above debug. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/buf.h"
#include "base/slice.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR, LOG_LEVEL_OFF };
enum log_form { LOG_FORM_JSON, LOG_FORM_TEXT };

struct log_field {
	struct slice name;	/* p NULL ends the list */
	enum { LOG_FIELD_STR, LOG_FIELD_INT, LOG_FIELD_MS, LOG_FIELD_NUM } kind;
	struct slice str;
	int64_t num;		/* LOG_FIELD_MS: nanoseconds, printed as milliseconds with three decimals */
};
/* `n`: a literal. */
#define LOG_S(n, s) ((struct log_field){ SLICE(n), LOG_FIELD_STR, (s), 0 })
#define LOG_Z(n, z) LOG_S(n, slice_str(z))
#define LOG_I(n, v) ((struct log_field){ SLICE(n), LOG_FIELD_INT, { NULL, 0 }, (int64_t)(v) })
/* `s`: a number, written already. */
#define LOG_N(n, s) ((struct log_field){ SLICE(n), LOG_FIELD_NUM, (s), 0 })
#define LOG_NS(n, v) ((struct log_field){ SLICE(n), LOG_FIELD_MS, { NULL, 0 }, (int64_t)(v) })

struct log_sink {
	void (*line)(void *arg, struct slice line);	/* with its newline; borrowed */
	uint64_t (*wall_ms)(void *arg);
	void *arg;
};

/* Before this nothing is written.  One sink a process. */
void log_open(const struct log_sink *sink, enum log_level least, enum log_form form);
void log_set(enum log_level least, enum log_form form);
bool log_on(enum log_level level);
/* `fields` ends with a zero entry. */
void log_emit(enum log_level level, const char *event, const struct log_field *fields);
/* The line for a list of fields, without level filter, appended to `out` with its newline: the access log uses this. */
void log_format(struct buf *out, enum log_form form, uint64_t wall_ms, const char *level, const char *event,
	const struct log_field *fields);
enum log_form log_form_now(void);
/* Hands a finished line to the sink. */
void log_write(struct slice line);

#define LOG_AT(level, event, ...) \
	(log_on(level) ? \
		log_emit(level, event, (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(,) { .num = 0 } }) : (void)0)
#define log_debug(event, ...) LOG_AT(LOG_LEVEL_DEBUG, event, __VA_ARGS__)
#define log_info(event, ...) LOG_AT(LOG_LEVEL_INFO, event, __VA_ARGS__)
#define log_warn(event, ...) LOG_AT(LOG_LEVEL_WARN, event, __VA_ARGS__)
#define log_error(event, ...) LOG_AT(LOG_LEVEL_ERROR, event, __VA_ARGS__)

#endif

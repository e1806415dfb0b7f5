#include "observe/semantic_page.h"

#include <inttypes.h>

#include "base/must.h"

#define MODELS_SHOWN 200u	/* the first met; each has some 30 lines */

struct result {
	const char *name;
	size_t at;		/* in struct semantic_stats */
};

#define RESULT(field) { #field, offsetof(struct semantic_stats, field) }
static const struct result results[] = { RESULT(asked), RESULT(skipped), RESULT(misses), RESULT(hits), RESULT(would),
	RESULT(audits), RESULT(right), RESULT(wrong), RESULT(unknown), RESULT(would_wrong), RESULT(audit_wrong),
	RESULT(bad), RESULT(again), RESULT(kept) };

static void add_line(struct buf *b, const char *family, const struct semantic_model *m, const char *label,
	const char *value, uint64_t n)
{
	buf_addf(b, "%s{model=\"", family);
	for (size_t i = 0; i < m->name_n; i++) {
		if (m->name[i] == '"' || m->name[i] == '\\')
			buf_add_char(b, '\\');
		buf_add(b, m->name[i] == '\n' ? SLICE("\\n") : slice_of(&m->name[i], 1));
	}
	buf_addf(b, "\",%s=\"%s\"} %" PRIu64 "\n", label, value, n);
}

static void add_results(struct buf *b, const struct semantic_model *m)
{
	for (size_t i = 0; i < COUNT_OF(results); i++) {
		uint64_t n;
		memcpy(&n, (const char *)&m->stats + results[i].at, sizeof(n));
		add_line(b, "weir_semantic_results_total", m, "result", results[i].name, n);
	}
}

static void add_denied(struct buf *b, const struct semantic_model *m)
{
	for (enum guard g = GUARD_OK + 1; g < GUARD_COUNT; g++)
		add_line(b, "weir_semantic_denied_total", m, "guard", guard_name(g), m->stats.denied[g]);
}

static void add_family(const struct semantic *s, struct buf *b, const char *name, const char *help,
	void (*add)(struct buf *, const struct semantic_model *))
{
	size_t at = 0, shown = 0;
	struct slice key;
	void *m;

	buf_addf(b, "# HELP %s %s\n# TYPE %s counter\n", name, help, name);
	while (shown++ < MODELS_SHOWN && map_next(&s->models, &at, &key, &m))
		add(b, m);
}

void semantic_page_write(const struct semantic *s, struct buf *out)
{
	add_family(s, out, "weir_semantic_results_total", "what the semantic cache did with questions, by model",
		add_results);
	add_family(s, out, "weir_semantic_denied_total", "questions and pairs of questions stopped, by guard",
		add_denied);
}

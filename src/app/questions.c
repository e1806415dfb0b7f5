#include "app/questions.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/map.h"
#include "codec/json.h"

#define LINE_JSON_MAX (1u << 20)	/* memory for one JSON line */

/* Room for one more entry: a line has at most one pair and two texts. */
static bool make_room(struct questions *q)
{
	if (q->n_texts + 2 <= q->cap)
		return true;
	if (q->cap >= 2 * QUESTIONS_LINES_MAX)
		return false;
	q->cap = q->cap ? q->cap * 2 : 1024;
	q->texts = reallocarray(q->texts, q->cap, sizeof(*q->texts));
	q->pairs = reallocarray(q->pairs, q->cap / 2, sizeof(*q->pairs));
	must(q->texts != NULL && q->pairs != NULL);
	return true;
}

static const char *add_pair(struct questions *q, struct slice a, struct slice b, bool same)
{
	if (a.n == 0 || b.n == 0)
		return "a question is empty";
	q->texts[q->n_texts++] = a;
	q->texts[q->n_texts++] = b;
	q->pairs[q->n_pairs++] = (struct teach_pair){ a, b, same };
	return NULL;
}

static const char *read_table(struct questions *q, struct slice line)
{
	const size_t first = slice_find(line, '\t');
	const struct slice rest = slice_skip(line, first + 1);
	const size_t second = slice_find(rest, '\t');
	const struct slice label = slice_trim(slice_skip(rest, second + 1));

	if (!slice_eq(label, SLICE("1")) && !slice_eq(label, SLICE("0")))
		return "not a question, a tab, a question, a tab, and 1 (asks the same) or 0";
	return add_pair(q, slice_trim(slice_of(line.p, first)), slice_trim(slice_of(rest.p, second)),
		label.p[0] == '1');
}

static const char *read_json(struct questions *q, struct json_scratch *scratch, struct slice line)
{
	yyjson_doc *doc;

	if (json_parse_scratch(scratch, line, &doc) != ERR_OK)
		return "no JSON object, or one larger than a question can be";
	yyjson_val *root = yyjson_doc_get_root(doc), *same = yyjson_obj_get(root, "same");
	const bool is_number = yyjson_is_uint(same) && yyjson_get_uint(same) <= 1;
	if (!is_number && !yyjson_is_bool(same))
		return "\"same\" is not 0, 1, true or false";
	return add_pair(q, slice_trim(arena_copy(&q->arena, json_str(root, "a"))),
		slice_trim(arena_copy(&q->arena, json_str(root, "b"))),
		is_number ? yyjson_get_uint(same) == 1 : yyjson_get_bool(same));
}

static const char *read_line(struct questions *q, struct json_scratch *scratch, struct slice line)
{
	if (line.n == 0)
		return NULL;
	if (!make_room(q))
		return "more lines than weir trains on: 4 million";
	if (line.p[0] == '{')
		return read_json(q, scratch, line);
	if (slice_find(line, '\t') < line.n)
		return read_table(q, line);
	q->texts[q->n_texts++] = line;
	return NULL;
}

static bool read_lines(struct questions *q)
{
	struct json_scratch scratch;
	struct slice rest = q->file.bytes;
	const char *why = NULL;
	size_t number = 0;

	json_scratch_init(&scratch, LINE_JSON_MAX);
	while (rest.n && why == NULL) {
		const size_t n = slice_find(rest, '\n');
		why = read_line(q, &scratch, slice_trim(slice_of(rest.p, n)));
		rest = slice_skip(rest, n + 1);
		number++;
	}
	json_scratch_done(&scratch);
	if (why)
		snprintf(q->why, sizeof(q->why), "line %zu: %s", number, why);
	else if (q->n_texts == 0)
		snprintf(q->why, sizeof(q->why), "there is no question in it");
	return q->why[0] == '\0';
}

/* --- what is held out ------------------------------------------------------------------------------------ */

/* A question in the forest of groups; the root names the group. */
struct group {
	struct group *parent;
	size_t number;		/* of a root: in the order of the pairs, from 1 */
};

static struct group *root_of(struct group *g)
{
	for (; g->parent != g; g = g->parent)
		g->parent = g->parent->parent;
	return g;
}

static struct group *group_of(struct map *groups, struct arena *a, struct slice text)
{
	struct group *g = map_find(groups, text);

	if (g == NULL) {
		g = ARENA_NEW(a, struct group);
		g->parent = g;
		must(map_put(groups, text, g));
	}
	return root_of(g);
}

/* Stable: training pairs keep their order at the front. */
static void divide(struct questions *q, struct map *groups, struct arena *a)
{
	struct teach_pair *held = reallocarray(NULL, q->n_pairs + 1, sizeof(*held));
	size_t n = 0;

	must(held != NULL);
	for (size_t i = 0; i < q->n_pairs; i++) {
		if (group_of(groups, a, q->pairs[i].a)->number % QUESTIONS_HELD_OUT == 0)
			held[n++] = q->pairs[i];
		else
			q->pairs[q->n_train++] = q->pairs[i];
	}
	memcpy(q->pairs + q->n_train, held, n * sizeof(*held));
	free(held);
}

static void hold_out(struct questions *q)
{
	struct map groups;
	struct arena a;
	size_t count = 0;

	arena_init(&a, 0);
	map_init(&groups, 0, 1);
	for (size_t i = 0; i < q->n_pairs; i++)
		group_of(&groups, &a, q->pairs[i].a)->parent = group_of(&groups, &a, q->pairs[i].b);
	for (size_t i = 0; i < q->n_pairs; i++) {
		struct group *g = group_of(&groups, &a, q->pairs[i].a);
		if (g->number == 0)
			g->number = ++count;
	}
	divide(q, &groups, &a);
	map_done(&groups);
	arena_done(&a);
}

bool questions_read(struct questions *q, const char *path)
{
	const char *why = "";

	*q = (struct questions){ .n_pairs = 0 };
	arena_init(&q->arena, 0);
	if (!mapped_open(&q->file, path, QUESTIONS_FILE_MAX, &why)) {
		snprintf(q->why, sizeof(q->why), "%s", why);
		return false;
	}
	if (!read_lines(q))
		return false;
	hold_out(q);
	return true;
}

void questions_done(struct questions *q)
{
	mapped_close(&q->file);
	arena_done(&q->arena);
	free(q->pairs);
	free(q->texts);
}

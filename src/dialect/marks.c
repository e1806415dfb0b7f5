/* Everything is an insertion at an offset: a mark before the brace that closes its block, two pieces around a bare
 * string, members before the brace that closes the body.  They are collected in any order and made from the end on, in
 * place. */
#include "dialect/marks.h"

#include "dialect/anthropic_models.h"

#define MARK_5M "\"cache_control\":{\"type\":\"ephemeral\"}"
#define MARK_1H "\"cache_control\":{\"type\":\"ephemeral\",\"ttl\":\"1h\"}"
#define EXPLICIT ",\"prompt_cache_options\":{\"mode\":\"explicit\"}"

static const struct marks_row rows[] = {
#define MARKS(name, how, ...) { name, MARKS_##how, __VA_ARGS__ },
#include "dialect/marks.def"
#undef MARKS
};

const struct marks_row *marks_find(const struct dialect *back, struct slice model)
{
	bool is_claude = back == &anthropic_messages;
	struct slice name = is_claude ? slice_str(anthropic_models_find(model)->name) : model;

	if (!is_claude && back != &openai_chat && back != &openai_responses)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct slice row = slice_str(rows[i].name);
		bool fits = is_claude ? slice_eq(name, row) : slice_starts(name, row);
		if (fits && (rows[i].how == MARKS_BLOCKS) == is_claude)
			return &rows[i];
	}
	return NULL;
}

/* A member's name that begins so: within a string its quote is escaped. */
static bool has_member(struct slice body, const char *word)
{
	const char *at;

	while ((at = memmem(body.p, body.n, word, strlen(word))) != NULL) {
		if (at > body.p && at[-1] != '\\')
			return true;
		body = slice_skip(body, (size_t)(at + strlen(word) - body.p));
	}
	return false;
}

bool marks_taken(const struct marks_row *row, struct slice body)
{
	if (row->how == MARKS_BLOCKS)
		return chain_has_marks(body);
	return has_member(body, "\"prompt_cache_");	/* _key, _options, _retention, _breakpoint */
}

bool marks_continues(struct slice body)
{
	return has_member(body, "\"previous_response_id\"") || has_member(body, "\"conversation\"");
}

/* --- finding the block ---------------------------------------------------------------------------------- */

static struct slice member(struct slice object, const char *name)
{
	struct slice found = SLICE_EMPTY;
	struct json_member m;
	size_t at = 0;

	while (json_next_member(object, &at, &m))
		if (slice_eq(m.key, slice_str(name)))
			found = m.value;
	return found;
}

/* The provider refuses marks on texts with nothing in them.  Blanks may be escaped: `\n` is two characters. */
static bool says_something(struct slice string)
{
	for (size_t i = 1; i + 1 < string.n; i++) {
		if (string.p[i] == '\\' && i + 2 < string.n && strchr("ntrf", string.p[i + 1])) {
			i++;
			continue;
		}
		if (string.p[i] != ' ')
			return true;
	}
	return false;
}

static bool may_be_marked(struct slice block)
{
	static const char *const kinds[] = { "\"image\"", "\"document\"", "\"tool_use\"", "\"tool_result\"" };
	struct slice type = member(block, "type");

	if (slice_eq(type, SLICE("\"text\"")))
		return says_something(member(block, "text"));
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (slice_eq(type, slice_str(kinds[i])))
			return true;
	return false;
}

/* The provider refuses a mark on a tool that it loads later. */
static bool is_loaded(struct slice tool)
{
	return tool.p[0] == '{' && !slice_eq(member(tool, "defer_loading"), SLICE("true"));
}

static struct slice last_of(struct slice list, bool (*fits)(struct slice))
{
	struct slice one, last = SLICE_EMPTY;
	size_t at = 0;

	while (json_next_element(list, &at, &one))
		if (fits(one))
			last = one;
	return last;
}

/* --- insertions ----------------------------------------------------------------------------------------- */

struct piece {
	size_t at;
	struct slice text;
};
struct pieces {
	struct piece v[MARKS_MAX * 3 + 4];
	size_t n;
	const char *body;
};

/* Kept in the order of places; what was inserted first at one place comes first. */
static void insert(struct pieces *ps, const char *at, struct slice text)
{
	size_t place = (size_t)(at - ps->body), i = ps->n++;

	must(ps->n <= COUNT_OF(ps->v));
	for (; i > 0 && ps->v[i - 1].at > place; i--)
		ps->v[i] = ps->v[i - 1];
	ps->v[i] = (struct piece){ place, text };
}

static struct slice mark_text(bool hour)
{
	return hour ? SLICE("," MARK_1H) : SLICE("," MARK_5M);
}

/* Content as a list of blocks or as a bare string. */
static bool mark_content(struct pieces *ps, struct slice content, bool hour)
{
	if (content.n && content.p[0] == '[') {
		struct slice block = last_of(content, may_be_marked);
		if (block.n)
			insert(ps, block.p + block.n - 1, mark_text(hour));
		return block.n > 0;
	}
	if (content.n == 0 || content.p[0] != '"' || !says_something(content))
		return false;
	insert(ps, content.p, SLICE("[{\"type\":\"text\",\"text\":"));
	insert(ps, content.p + content.n, hour ? SLICE("," MARK_1H "}]") : SLICE("," MARK_5M "}]"));
	return true;
}

static bool mark(struct pieces *ps, const struct marks_plan *plan, size_t i, const struct chain_parts *parts)
{
	bool hour = plan->at[i].hour;

	switch (plan->at[i].spot) {
	case MARKS_TOOLS: {
		struct slice tool = last_of(parts->tools, is_loaded);
		if (tool.n)
			insert(ps, tool.p + tool.n - 1, mark_text(hour));
		return tool.n > 0;
	}
	case MARKS_SYSTEM:
		return mark_content(ps, parts->system, hour);
	case MARKS_MESSAGE:
		must(plan->at[i].message < parts->n_messages);
		return mark_content(ps, member(parts->messages[plan->at[i].message], "content"), hour);
	}
	must_never("no such spot");
}

static void add_members(struct pieces *ps, const struct marks_plan *plan, struct slice body)
{
	size_t end = body.n;

	while (end && body.p[end - 1] != '}')
		end--;
	if (end == 0)
		return;
	if (plan->explicit_only)
		insert(ps, body.p + end - 1, SLICE(EXPLICIT));
	if (plan->key.n) {
		insert(ps, body.p + end - 1, SLICE(",\"prompt_cache_key\":\""));
		insert(ps, body.p + end - 1, plan->key);
		insert(ps, body.p + end - 1, SLICE("\""));
	}
}

static void make_room(const struct pieces *ps, size_t more, struct buf *body)
{
	char *p = body->p + body->start;
	size_t end = buf_len(body), to = end + more;

	for (size_t i = ps->n; i-- > 0;) {
		size_t tail = end - ps->v[i].at;
		to -= tail;
		memmove(p + to, p + ps->v[i].at, tail);
		to -= ps->v[i].text.n;
		memcpy(p + to, ps->v[i].text.p, ps->v[i].text.n);
		end = ps->v[i].at;
	}
	buf_grew(body, more);
}

size_t marks_place(const struct marks_plan *plan, const struct chain_parts *parts, struct buf *body)
{
	struct pieces ps = { .body = buf_slice(body).p };
	size_t placed = 0, more = 0;

	for (size_t i = 0; i < plan->n; i++)
		placed += mark(&ps, plan, i, parts);
	add_members(&ps, plan, buf_slice(body));
	for (size_t i = 0; i < ps.n; i++)
		more += ps.v[i].text.n;
	if (more == 0 || buf_room(body, more) == NULL)
		return 0;
	make_room(&ps, more, body);
	return placed;
}

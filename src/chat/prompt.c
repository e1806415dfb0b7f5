#include "chat/prompt.h"

#include "base/map.h"

void prompt_init(struct prompt *p, struct arena *a)
{
	*p = (struct prompt){ .arena = a, .max_tok = PROMPT_UNSET, .temperature = NAN, .top_p = NAN, .min_p = NAN,
		.frequency_penalty = NAN, .presence_penalty = NAN, .top_k = PROMPT_UNSET, .seed = PROMPT_UNSET,
		.n = PROMPT_UNSET, .top_logprobs = PROMPT_UNSET, .thinking_tok = PROMPT_UNSET,
		.dimensions = PROMPT_UNSET };
	p->messages_end = &p->messages;
	p->tools_end = &p->tools;
	p->inputs_end = &p->inputs;
	p->extras_end = &p->extras;
}

struct prompt_message *prompt_add_message(struct prompt *p, enum prompt_role role)
{
	struct prompt_message *m = ARENA_NEW(p->arena, struct prompt_message);

	m->role = role;
	m->end = &m->parts;
	*p->messages_end = m;
	p->messages_end = &m->next;
	p->n_messages++;
	return m;
}

struct prompt_part **prompt_link_part(struct prompt *p, struct prompt_part **at, enum prompt_part_kind kind)
{
	struct prompt_part *part = ARENA_NEW(p->arena, struct prompt_part);

	part->kind = kind;
	*at = part;
	return &part->next;
}

struct prompt_part *prompt_add_part(struct prompt *p, struct prompt_message *m, enum prompt_part_kind kind)
{
	struct prompt_part **at = m->end;

	m->end = prompt_link_part(p, at, kind);
	return *at;
}

void prompt_add_text(struct prompt *p, struct prompt_message *m, struct slice text)
{
	if (text.n)
		prompt_add_part(p, m, PROMPT_PART_TEXT)->text = text;
}

struct prompt_tool *prompt_add_tool(struct prompt *p, enum prompt_tool_kind kind)
{
	struct prompt_tool *t = ARENA_NEW(p->arena, struct prompt_tool);

	t->kind = kind;
	*p->tools_end = t;
	p->tools_end = &t->next;
	return t;
}

struct prompt_input *prompt_add_input(struct prompt *p)
{
	struct prompt_input *in = ARENA_NEW(p->arena, struct prompt_input);

	*p->inputs_end = in;
	p->inputs_end = &in->next;
	p->n_inputs++;
	return in;
}

void prompt_add_extra(struct prompt *p, struct slice name, yyjson_val *value)
{
	struct prompt_extra *x = ARENA_NEW(p->arena, struct prompt_extra);

	x->name = name;
	x->value = value;
	*p->extras_end = x;
	p->extras_end = &x->next;
}

/* --- media ---------------------------------------------------------------------------------------------- */

struct prompt_media prompt_media_of_uri(struct slice uri)
{
	struct prompt_media m = { .source = PROMPT_SOURCE_URL, .data = uri };

	if (uri.n < 5 || !slice_case_eq(slice_of(uri.p, 5), SLICE("data:")))
		return m;
	size_t comma = slice_find(uri, ',');
	struct slice head = slice_skip(slice_of(uri.p, comma), 5), mark = SLICE(";base64");
	if (comma == uri.n || head.n < mark.n
			|| !slice_case_eq(slice_of(head.p + head.n - mark.n, mark.n), mark))
		return m;
	m.source = PROMPT_SOURCE_BASE64;
	m.data = slice_skip(uri, comma + 1);
	/* parameters such as ;charset= say nothing about the bytes */
	m.mime = slice_of(head.p, MIN_OF(slice_find(head, ';'), head.n - mark.n));
	return m;
}

struct slice prompt_media_uri(struct arena *a, const struct prompt_media *m)
{
	static const char open[] = "data:", mark[] = ";base64,";
	size_t n = sizeof(open) + sizeof(mark) + m->mime.n + m->data.n;
	char *p = arena_try(a, n), *at = p;

	if (p == NULL)
		return SLICE_EMPTY;
	const struct slice pieces[] = { SLICE("data:"), m->mime, SLICE(";base64,"), m->data };
	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		if (pieces[i].n)
			memcpy(at, pieces[i].p, pieces[i].n);
		at += pieces[i].n;
	}
	return slice_of(p, (size_t)(at - p));
}

/* --- tidying -------------------------------------------------------------------------------------------- */

static bool joins(const struct prompt_message *a, const struct prompt_message *b)
{
	return a->role == b->role && (a->role == PROMPT_TOOL || a->role == PROMPT_ASSISTANT)
		&& slice_eq(a->name, b->name);
}

static void join_neighbours(struct prompt *p)
{
	for (struct prompt_message *m = p->messages; m; m = m->next) {
		while (m->next && joins(m, m->next)) {
			struct prompt_message *gone = m->next;
			if (gone->parts) {
				*m->end = gone->parts;
				m->end = gone->end;
			}
			m->raw = gone->raw;
			m->next = gone->next;
			p->n_messages--;
		}
		p->messages_end = &m->next;
	}
}

/* What a result answers: the newest call with its id before it, as ids can repeat over a long history. */
static void tell_results(struct prompt_message *m, const struct map *calls)
{
	for (struct prompt_part *part = m->parts; part; part = part->next) {
		if (part->kind != PROMPT_PART_TOOL_RESULT)
			continue;
		const struct prompt_part *call = map_find(calls, part->id);
		part->orphan = call == NULL;
		if (call && part->name.n == 0)
			part->name = call->name;
		part->custom |= call && call->custom;
	}
}

static void note_calls(struct prompt_message *m, struct map *calls)
{
	for (struct prompt_part *part = m->parts; part; part = part->next)
		if (part->kind == PROMPT_PART_TOOL_CALL)
			must(map_put(calls, part->id, part));
}

/* Maps, so that a long history or list takes no longer than it is long; their seed is as secret as an address. */
static struct map open_map(const struct prompt *p)
{
	struct map m;

	map_init(&m, 0, (uint64_t)(uintptr_t)p->arena);
	return m;
}

/* The first tool of a name has it. */
static void name_tools(struct prompt *p, struct map *tools)
{
	p->choice_tools = ARENA_ARRAY(p->arena, const struct prompt_tool *, p->n_choice_names);
	for (struct prompt_tool *t = p->tools; t; t = t->next)
		if (t->name.n && map_find(tools, t->name) == NULL)
			must(map_put(tools, t->name, t));
	for (size_t i = 0; i < p->n_choice_names; i++)
		p->choice_tools[i] = map_find(tools, p->choice_names[i]);
}

static void mark_unnamed(struct prompt *p, struct map *names)
{
	for (size_t i = 0; i < p->n_choice_names; i++)
		if (p->choice_names[i].n)
			must(map_put(names, p->choice_names[i], p));
	for (struct prompt_tool *t = p->tools; t; t = t->next)
		t->unnamed = map_find(names, t->name) == NULL;
}

static void pair_choice(struct prompt *p)
{
	struct map tools = open_map(p), names = open_map(p);

	name_tools(p, &tools);
	mark_unnamed(p, &names);
	map_done(&tools);
	map_done(&names);
}

void prompt_tidy(struct prompt *p)
{
	struct map calls = open_map(p);

	join_neighbours(p);
	pair_choice(p);
	for (struct prompt_message *m = p->messages; m; m = m->next)
		if (m->role == PROMPT_TOOL)
			tell_results(m, &calls);
		else
			note_calls(m, &calls);
	map_done(&calls);
}

/* --- texts ---------------------------------------------------------------------------------------------- */

struct slice prompt_text_of(struct arena *a, const struct prompt_part *parts)
{
	size_t n = 0, texts = 0;
	struct slice only = SLICE_EMPTY;

	for (const struct prompt_part *part = parts; part; part = part->next)
		if (part->kind == PROMPT_PART_TEXT) {
			n += part->text.n;
			texts++;
			only = part->text;
		}
	if (texts <= 1)
		return only;
	char *p = arena_try(a, n + 1), *at = p;
	if (p == NULL)
		return SLICE_EMPTY;
	for (const struct prompt_part *part = parts; part; part = part->next)
		if (part->kind == PROMPT_PART_TEXT && part->text.n) {
			memcpy(at, part->text.p, part->text.n);
			at += part->text.n;
		}
	return slice_of(p, n);
}

static size_t put_text(char *to, size_t at, struct slice text)
{
	if (to && text.n)
		memcpy(to + at, text.p, text.n);
	return at + text.n;
}

/* Returns the length; writes when there is a place to write to. */
static size_t put_system(const struct prompt *p, char *to)
{
	size_t n = 0;

	for (const struct prompt_message *m = p->messages; m; m = m->next) {
		bool is_first = n > 0;	/* of its message, behind another */
		if (m->role != PROMPT_SYSTEM && m->role != PROMPT_DEVELOPER)
			continue;
		for (const struct prompt_part *part = m->parts; part; part = part->next) {
			if (part->kind != PROMPT_PART_TEXT || part->text.n == 0)
				continue;
			n = put_text(to, n, is_first ? SLICE("\n\n") : SLICE_EMPTY);
			n = put_text(to, n, part->text);
			is_first = false;
		}
	}
	return n;
}

struct slice prompt_system_text(const struct prompt *p)
{
	size_t n = put_system(p, NULL);
	char *to = n ? arena_try(p->arena, n) : NULL;

	if (to == NULL)
		return SLICE_EMPTY;
	put_system(p, to);
	return slice_of(to, n);
}

/* --- effort --------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int64_t budget_tok;
} efforts[] = {
	[PROMPT_EFFORT_UNSET] = { "", 0 },
	[PROMPT_EFFORT_NONE] = { "none", 0 },
	[PROMPT_EFFORT_MINIMAL] = { "minimal", 1024 },
	[PROMPT_EFFORT_LOW] = { "low", 1024 },
	[PROMPT_EFFORT_MEDIUM] = { "medium", 8192 },
	[PROMPT_EFFORT_HIGH] = { "high", 24576 },
	[PROMPT_EFFORT_XHIGH] = { "xhigh", 32768 },
	[PROMPT_EFFORT_MAX] = { "max", 32768 },
};

enum prompt_effort prompt_effort_of(struct slice word)
{
	for (size_t i = PROMPT_EFFORT_NONE; i < COUNT_OF(efforts); i++)
		if (slice_case_eq(word, slice_str(efforts[i].name)))
			return (enum prompt_effort)i;
	return PROMPT_EFFORT_UNSET;
}

const char *prompt_effort_name(enum prompt_effort e)
{
	must((unsigned)e < COUNT_OF(efforts));
	return efforts[e].name;
}

enum prompt_effort prompt_effort_of_budget(int64_t tok)
{
	if (tok == PROMPT_UNSET || tok == -1)
		return PROMPT_EFFORT_UNSET;
	if (tok <= 0)
		return PROMPT_EFFORT_NONE;
	/* nearest step; between two steps the lower one spends no more than was allowed */
	for (size_t i = PROMPT_EFFORT_XHIGH; i > PROMPT_EFFORT_LOW; i--)
		if (tok >= efforts[i].budget_tok)
			return (enum prompt_effort)i;
	return PROMPT_EFFORT_LOW;
}

int64_t prompt_effort_budget(enum prompt_effort e)
{
	must((unsigned)e < COUNT_OF(efforts));
	return efforts[e].budget_tok;
}

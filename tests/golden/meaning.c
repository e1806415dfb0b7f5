#include "meaning.h"

#include "say.h"

#define MOST_BYTES ((size_t)1 << 28)

/* A dialect that is not here can say everything. */
static const struct {
	const char *dialect;
	unsigned losses;
} rows[] = {
	{ "openai-chat", LOSS_ORDER | LOSS_REASONING_PIECES | LOSS_SIGNATURE | LOSS_CALL_SIGNATURE | LOSS_ITEM_ID
		| LOSS_REDACTED | LOSS_CITATION | LOSS_LOGPROBS | LOSS_MEDIA | LOSS_STOPPED_BY },
};

unsigned meaning_losses(const struct dialect *d)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strcmp(rows[i].dialect, d->name) == 0)
			return rows[i].losses;
	return 0;
}

/* --- taking events in ------------------------------------------------------------------------------------ */

void meaning_init(struct meaning *m, struct arena *a)
{
	*m = (struct meaning){ .arena = a, .usage = USAGE_NONE };
	buf_init(&m->vectors, MOST_BYTES);
}

void meaning_done(struct meaning *m)
{
	for (struct meaning_choice *c = m->choices; c; c = c->next) {
		for (struct meaning_piece *p = c->pieces; p; p = p->next)
			buf_done(&p->text);
		buf_done(&c->citations);
		buf_done(&c->logprobs);
	}
	buf_done(&m->vectors);
}

static struct meaning_choice *choice_of(struct meaning *m, uint16_t index)
{
	struct meaning_choice **at = &m->choices;

	while (*at && (*at)->index < index)
		at = &(*at)->next;
	if (*at && (*at)->index == index)
		return *at;
	struct meaning_choice *c = ARENA_NEW(m->arena, struct meaning_choice);
	*c = (struct meaning_choice){ .next = *at, .index = index };
	c->end = &c->pieces;
	buf_init(&c->citations, MOST_BYTES);
	buf_init(&c->logprobs, MOST_BYTES);
	return *at = c;
}

static struct meaning_piece *add_piece(struct meaning *m, struct meaning_choice *c, enum event_kind kind, uint16_t part)
{
	struct meaning_piece *p = ARENA_NEW(m->arena, struct meaning_piece);

	*p = (struct meaning_piece){ .kind = kind, .part = part };
	buf_init(&p->text, MOST_BYTES);
	*c->end = p;
	c->end = &p->next;
	return p;
}

static struct meaning_piece *last_of(struct meaning_choice *c, enum event_kind kind)
{
	struct meaning_piece *last = NULL;

	for (struct meaning_piece *p = c->pieces; p; p = p->next)
		if (p->kind == kind)
			last = p;
	return last;
}

/* The piece begun last, when it is one of this kind that can go on. */
static struct meaning_piece *open_piece(struct meaning *m, struct meaning_choice *c, enum event_kind kind)
{
	struct meaning_piece *last = NULL;

	for (struct meaning_piece *p = c->pieces; p; p = p->next)
		last = p;
	if (last && last->kind == kind && last->seal.n == 0)
		return last;
	return add_piece(m, c, kind, EVENT_NO_PART);
}

static struct meaning_piece *call_of(struct meaning *m, struct meaning_choice *c, uint16_t part)
{
	for (struct meaning_piece *p = c->pieces; p; p = p->next)
		if (p->kind == EVENT_TOOL_START && p->part == part)
			return p;
	return add_piece(m, c, EVENT_TOOL_START, part);
}

static void start_call(struct meaning *m, struct meaning_choice *c, const struct event *ev)
{
	struct meaning_piece *p = call_of(m, c, ev->part);

	p->id = arena_copy(m->arena, ev->text);
	p->name = arena_copy(m->arena, ev->extra);
}

static void sign(struct meaning *m, struct meaning_choice *c, const struct event *ev)
{
	struct meaning_piece *p = ev->part == EVENT_NO_PART ? last_of(c, EVENT_REASONING) : call_of(m, c, ev->part);

	if (p == NULL || p->seal.n)
		p = add_piece(m, c, EVENT_SIGNATURE, ev->part);
	p->seal = arena_copy(m->arena, ev->text);
	p->seal_id = arena_copy(m->arena, ev->extra);
}

static void take_opaque(struct meaning *m, struct meaning_choice *c, const struct event *ev)
{
	struct meaning_piece *p = add_piece(m, c, ev->kind, EVENT_NO_PART);

	if (ev->kind == EVENT_MEDIA) {
		buf_add(&p->text, ev->text);
		p->name = arena_copy(m->arena, ev->extra);
		return;
	}
	p->seal = arena_copy(m->arena, ev->text);
	p->seal_id = arena_copy(m->arena, ev->extra);
}

static void finish(struct meaning *m, struct meaning_choice *c, const struct event *ev)
{
	c->finish = (enum event_finish)ev->finish;
	c->word = arena_copy(m->arena, ev->text);
	c->stopped_by = arena_copy(m->arena, ev->extra);
}

/* Equal values, equal bytes: without white space. */
static struct slice canonical(struct arena *a, struct slice json)
{
	yyjson_doc *doc;
	size_t n = 0;

	if (json_parse(a, json, &doc, NULL) != ERR_OK)
		return json;
	char *text = yyjson_write(doc, YYJSON_WRITE_NOFLAG, &n);
	if (text == NULL)	/* a raw number that cannot be written */
		return json;
	struct slice copy = arena_copy(a, slice_of(text, n));
	free(text);
	return copy;
}

static void add_line(struct meaning *m, struct buf *to, struct slice json)
{
	buf_add(to, canonical(m->arena, json));
	buf_add_char(to, '\n');
}

static void add_logprobs(struct meaning *m, struct meaning_choice *c, struct slice json)
{
	yyjson_doc *doc;
	size_t i, n;
	yyjson_val *v;

	if (json_parse(m->arena, json, &doc, NULL) != ERR_OK)
		return;
	yyjson_arr_foreach(yyjson_doc_get_root(doc), i, n, v)
		add_line(m, &c->logprobs, json_str(v, "token"));
}

static void add_vector(struct meaning *m, const struct event *ev)
{
	buf_addf(&m->vectors, "vector %u", ev->choice);
	for (size_t i = 0; i + sizeof(float) <= ev->text.n; i += sizeof(float)) {
		float f;
		memcpy(&f, ev->text.p + i, sizeof(f));
		buf_addf(&m->vectors, " %.7g", (double)f);
	}
	buf_add_char(&m->vectors, '\n');
}

static void take_of_choice(struct meaning *m, const struct event *ev)
{
	struct meaning_choice *c = choice_of(m, ev->choice);

	switch ((enum event_kind)ev->kind) {
	case EVENT_TEXT:
	case EVENT_REASONING:
	case EVENT_REFUSAL:
		buf_add(&open_piece(m, c, ev->kind)->text, ev->text);
		return;
	case EVENT_TOOL_START:
		start_call(m, c, ev);
		return;
	case EVENT_TOOL_ARGS:
		buf_add(&call_of(m, c, ev->part)->text, ev->text);
		return;
	case EVENT_FINISH:
		finish(m, c, ev);
		return;
	case EVENT_SIGNATURE:
		sign(m, c, ev);
		return;
	case EVENT_REDACTED:
	case EVENT_MEDIA:
		take_opaque(m, c, ev);
		return;
	case EVENT_CITATION:
		add_line(m, &c->citations, ev->text);
		return;
	case EVENT_LOGPROBS:
		add_logprobs(m, c, ev->text);
		return;
	case EVENT_START:
	case EVENT_USAGE:
	case EVENT_PART_END:
	case EVENT_VECTOR:
	case EVENT_OTHER:
	case EVENT_ERROR:
	case EVENT_END:
		return;
	}
	must_never("event kind");
}

void meaning_take(struct meaning *m, const struct event *ev)
{
	switch ((enum event_kind)ev->kind) {
	case EVENT_START:
		m->id = arena_copy(m->arena, ev->text);
		m->model = arena_copy(m->arena, ev->extra);
		return;
	case EVENT_USAGE:
		m->usage = event_usage(ev);
		m->has_usage = true;
		return;
	case EVENT_VECTOR:
		add_vector(m, ev);
		return;
	case EVENT_PART_END:
	case EVENT_OTHER:
	case EVENT_ERROR:
	case EVENT_END:
		return;
	case EVENT_TEXT:
	case EVENT_REASONING:
	case EVENT_REFUSAL:
	case EVENT_TOOL_START:
	case EVENT_TOOL_ARGS:
	case EVENT_FINISH:
	case EVENT_SIGNATURE:
	case EVENT_REDACTED:
	case EVENT_CITATION:
	case EVENT_LOGPROBS:
	case EVENT_MEDIA:
		take_of_choice(m, ev);
		return;
	}
	must_never("event kind");
}

/* --- showing --------------------------------------------------------------------------------------------- */


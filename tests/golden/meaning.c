#include "meaning.h"

#include <stdlib.h>

#include "dialect/gemini_seal.h"
#include "say.h"

#define MOST_BYTES ((size_t)1 << 28)

/* A dialect that is not here can say everything. */
static const struct {
	const char *dialect;
	unsigned losses;
} rows[] = {
	{ "openai-chat",
		LOSS_ORDER | LOSS_SIGNATURE | LOSS_REDACTED | LOSS_MEDIA_TYPE | LOSS_STOPPED_BY | LOSS_BLANK_CALL },
	{ "openai-responses",
		LOSS_ID | LOSS_ITEM_ID | LOSS_CHOICES | LOSS_CITATION | LOSS_MEDIA_TYPE | LOSS_STOPPED_BY
		| LOSS_FINISH_CALLS | LOSS_NAMELESS | LOSS_LATE },
	{ "openai-completions",
		LOSS_CALLS | LOSS_REASONING | LOSS_REFUSAL | LOSS_SIGNATURE | LOSS_REDACTED | LOSS_CITATION | LOSS_MEDIA
		| LOSS_STOPPED_BY },
	{ "anthropic-messages",
		LOSS_ITEM_ID | LOSS_REFUSAL | LOSS_CHOICES | LOSS_MEDIA | LOSS_LOGPROBS | LOSS_FINISH_CALLS },
	{ "openai-embeddings", LOSS_ID },
	{ "anthropic-count", LOSS_ID | LOSS_MODEL },
	{ "gemini-generate",
		LOSS_REFUSAL | LOSS_SIGNATURE | LOSS_ITEM_ID | LOSS_REDACTED | LOSS_CITATION | LOSS_STOPPED_BY
		| LOSS_FINISH_WORD | LOSS_FINISH_CALLS | LOSS_CACHE_WRITE | LOSS_ARGS_TEXT
		| LOSS_MIXED | LOSS_LATE },
	{ "gemini-count", LOSS_ID | LOSS_MODEL },
	{ "gemini-embed", LOSS_ID | LOSS_MODEL },
	{ "gemini-batch-embed", LOSS_ID | LOSS_MODEL },
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

	for (const struct meaning_piece *q = c->pieces; q; q = q->next)
		m->mixed |= q->kind == EVENT_TOOL_START && !q->ended;
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

/* Every bracket is closed again. */
static bool is_closed(struct slice args)
{
	bool in_string = false;
	size_t depth = 0;

	for (size_t i = 0; i < args.n; i++) {
		char c = args.p[i];
		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '{' || c == '['))
			depth++;
		else if (!in_string && (c == '}' || c == ']'))
			depth -= depth > 0;
	}
	return args.n && depth == 0 && !in_string;
}

static void add_args(struct meaning *m, struct meaning_choice *c, const struct event *ev)
{
	struct meaning_piece *p = call_of(m, c, ev->part);

	m->overlong |= p->ended || (p->next && is_closed(buf_slice(&p->text)));
	buf_add(&p->text, ev->text);
	m->mixed |= p->next != NULL;
}

/* Gemini's clients get the state of thoughts on the call behind them. */
static bool is_of_thoughts(struct meaning *m, struct slice text)
{
	struct prompt_part part = { .seal.bytes = text };

	do
		if (gemini_seal_unwrap(m->arena, part.seal.bytes, &part) != GEMINI_SEAL_PART)
			return true;
	while (part.seal.bytes.n > 8 && seal_in(slice_of(part.seal.bytes.p, 8)));
	return false;
}

/* A call has one: what comes later takes its place. */
static void sign(struct meaning *m, struct meaning_choice *c, const struct event *ev)
{
	bool is_carried = ev->part != EVENT_NO_PART && is_of_thoughts(m, ev->text);
	bool of_call = ev->part != EVENT_NO_PART && !is_carried;
	struct meaning_piece *p = of_call ? call_of(m, c, ev->part) : last_of(c, EVENT_REASONING);

	if (is_carried && (p == NULL || p->seal.n))
		return;
	if (p == NULL || (p->seal.n && !of_call))
		p = add_piece(m, c, EVENT_SIGNATURE, ev->part);
	p->seal = arena_copy(m->arena, ev->text);
	p->seal_id = arena_copy(m->arena, ev->extra);
}

static void take_opaque(struct meaning *m, struct meaning_choice *c, const struct event *ev)
{
	struct meaning_piece *p = add_piece(m, c, ev->kind, EVENT_NO_PART);

	if (ev->kind == EVENT_MEDIA) {
		buf_add(&p->text, ev->text);
		p->name = arena_copy(m->arena, ev->extra.n ? ev->extra : event_media_type(ev));
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

/* Where it stands in the text is told differently; without a URL it is the provider's own file, which most dialects
 * have no form for. */
static void add_citation(struct meaning *m, struct meaning_choice *c, struct slice json)
{
	yyjson_doc *doc;

	if (json_parse(m->arena, json, &doc, NULL) != ERR_OK || json_str(yyjson_doc_get_root(doc), "url").n == 0)
		return;
	say_str(&c->citations, "  url=", json_str(yyjson_doc_get_root(doc), "url"));
	say_if(&c->citations, "title=", json_str(yyjson_doc_get_root(doc), "title"));
	buf_add_char(&c->citations, '\n');
}

static void add_logprobs(struct meaning *m, struct meaning_choice *c, struct slice json)
{
	yyjson_doc *doc;
	size_t i, n;
	yyjson_val *v;

	if (json_parse(m->arena, json, &doc, NULL) != ERR_OK)
		return;
	yyjson_arr_foreach(yyjson_doc_get_root(doc), i, n, v)
		say_str(&c->logprobs, "", json_str(v, "token"));
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

static void end_part(struct meaning *m, const struct event *ev)
{
	if (ev->part != EVENT_NO_PART)
		call_of(m, choice_of(m, ev->choice), ev->part)->ended = true;
}

static void take_of_choice(struct meaning *m, const struct event *ev)
{
	struct meaning_choice *c = choice_of(m, ev->choice);

	dialect_is_only(&m->only, ev);
	m->late |= c->finish != EVENT_FINISH_NONE;
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
		add_args(m, c, ev);
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
		add_citation(m, c, ev->text);
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
		m->has_start = true;
		m->starts_late = m->choices != NULL;
		return;
	case EVENT_USAGE:
		m->usage = event_usage(ev);
		m->has_usage = true;
		return;
	case EVENT_VECTOR:
		add_vector(m, ev);
		return;
	case EVENT_PART_END:
		end_part(m, ev);
		return;
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

struct shown {
	const struct meaning_piece *piece;
	enum event_kind kind;	/* as it comes back */
};

/* Where there are pictures of a few types only; other pictures are called the first of these. */
static struct slice picture_type(struct slice mime)
{
	static const char *const types[] = { "image/png", "image/jpeg", "image/webp", "image/gif", "image/svg+xml" };
	struct event ev = { .extra = mime };
	struct slice type = event_media_type(&ev), start = slice_of(type.p, MIN_OF(type.n, sizeof("image")));

	for (size_t i = 0; i < COUNT_OF(types); i++)
		if (slice_case_eq(type, slice_str(types[i])))
			return slice_str(types[i]);
	return slice_case_eq(start, SLICE("image/")) ? slice_str(types[0]) : SLICE_EMPTY;
}

static bool is_lost(const struct meaning_piece *p, unsigned losses)
{
	static const struct {
		enum event_kind kind;
		unsigned losses;
	} lost[] = {
		{ EVENT_TOOL_START, LOSS_CALLS }, { EVENT_REASONING, LOSS_REASONING }, { EVENT_REDACTED,
			LOSS_REDACTED },
		{ EVENT_MEDIA, LOSS_MEDIA },
	};

	for (size_t i = 0; i < COUNT_OF(lost); i++)
		if (p->kind == lost[i].kind && losses & lost[i].losses)
			return true;
	if (p->kind == EVENT_SIGNATURE)
		return losses & (p->part == EVENT_NO_PART ? LOSS_SIGNATURE : LOSS_CALL_SIGNATURE);
	if (p->kind == EVENT_TOOL_START && losses & LOSS_BLANK_CALL)
		return p->name.n == 0 && buf_len(&p->text) == 0;
	if (p->kind == EVENT_MEDIA && losses & LOSS_MEDIA_TYPE)
		return picture_type(p->name).n == 0;
	return p->kind == EVENT_REASONING && p->text.n == 0 && losses & LOSS_SIGNATURE;
}

static bool is_nameless(const struct shown *s)
{
	return s->kind == EVENT_TOOL_START && s->piece->name.n == 0;
}

static void nameless_last(struct shown *all, size_t n)
{
	for (size_t i = 0, rest = n; i < rest;) {
		struct shown s = all[i];
		if (!is_nameless(&s)) {
			i++;
			continue;
		}
		memmove(all + i, all + i + 1, (n - i - 1) * sizeof(*all));
		all[n - 1] = s;
		rest--;
	}
}

static size_t choose(const struct meaning_choice *c, unsigned losses, struct shown *out)
{
	static const enum event_kind order[] = { EVENT_REASONING, EVENT_REDACTED, EVENT_TEXT, EVENT_REFUSAL,
		EVENT_TOOL_START, EVENT_MEDIA, EVENT_SIGNATURE };
	size_t n = 0, rounds = losses & LOSS_ORDER ? COUNT_OF(order) : 1;

	for (size_t i = 0; i < rounds; i++)
		for (const struct meaning_piece *p = c->pieces; p; p = p->next) {
			enum event_kind kind = p->kind == EVENT_REFUSAL && losses & LOSS_REFUSAL ? EVENT_TEXT : p->kind;
			if (!is_lost(p, losses) && (rounds == 1 || kind == order[i]))
				out[n++] = (struct shown){ p, kind };
		}
	if (losses & LOSS_NAMELESS)
		nameless_last(out, n);
	return n;
}

static bool goes_on(const struct shown *before, const struct shown *s, unsigned losses)
{
	bool is_text = s->kind == EVENT_TEXT || s->kind == EVENT_REFUSAL || s->kind == EVENT_REASONING;

	if (before->kind != s->kind || !is_text)
		return false;
	return s->kind != EVENT_REASONING || before->piece->seal.n == 0
		|| losses & (LOSS_SIGNATURE | LOSS_REASONING_PIECES);
}

/* Where arguments must be an object, others stand in one as the text they are: {"_raw": "..."}. */
static bool wraps_text(yyjson_val *args)
{
	return yyjson_obj_size(args) == 1 && yyjson_is_str(yyjson_obj_get(args, "_raw"));
}

static void show_args(struct arena *a, const struct meaning_piece *p, unsigned losses, struct buf *out)
{
	struct slice text = buf_slice(&p->text);
	yyjson_doc *doc;

	if (slice_trim(text).n == 0)
		text = SLICE("{}");
	bool is_object = json_parse(a, text, &doc, NULL) == ERR_OK && yyjson_is_obj(yyjson_doc_get_root(doc));
	bool wraps = is_object && wraps_text(yyjson_doc_get_root(doc));

	if (losses & LOSS_ARGS_TEXT && (!is_object || wraps))
		text = SLICE("(no object)");
	else if (wraps)		/* whoever wrote it: it reads as the text that it stands for */
		text = json_str(yyjson_doc_get_root(doc), "_raw");
	say_str(out, "args=", canonical(a, text));
}

/* Sealed or not, and however often, it names its maker. */
static void show_seal(const struct meaning *m, const struct meaning_piece *p, unsigned losses, struct buf *out)
{
	struct prompt_seal seal = { m->origin, p->seal };

	if (p->seal.n == 0)
		return;
	if (losses & (p->part == EVENT_NO_PART ? LOSS_SIGNATURE : LOSS_CALL_SIGNATURE) && p->kind != EVENT_REDACTED)
		return;
	while (seal.bytes.n > 8 && seal_in(slice_of(seal.bytes.p, 8)))
		seal = seal_unwrap(m->arena, seal.origin, seal.bytes);
	buf_addf(out, " seal=%c", seal.origin ? seal.origin : '-');
	say_str(out, "", seal.bytes);
	if (!(losses & LOSS_ITEM_ID))
		say_if(out, "item=", p->seal_id);
}

/* Clients of openai-chat get a call's state at the end of its id: they send it back in any case. */
static struct slice own_id(struct slice id)
{
	static const char mark[] = "__thought__";
	const char *at = id.n ? memmem(id.p, id.n, mark, sizeof(mark) - 1) : NULL;

	return at ? slice_of(id.p, (size_t)(at - id.p)) : id;
}

static void show_piece(const struct meaning *m, const struct shown *s, unsigned losses, struct buf *out)
{
	const struct meaning_piece *p = s->piece;

	buf_addf(out, "  %s", event_kind_name(s->kind));
	if (s->kind == EVENT_TOOL_START) {
		if (!(losses & LOSS_CALL_ID))
			say_str(out, "id=", own_id(p->id));
		say_str(out, "name=", p->name);
		show_args(m->arena, p, losses, out);
	} else {
		say_if(out, "", buf_slice(&p->text));
		say_if(out, "mime=", losses & LOSS_MEDIA_TYPE ? picture_type(p->name) : p->name);
	}
	show_seal(m, p, losses, out);
	buf_add_char(out, '\n');
}

/* The texts of pieces that go on each other, as one piece. */
static size_t show_run(const struct meaning *m, const struct shown *all, size_t n, unsigned losses, struct buf *out)
{
	struct meaning_piece one = *all[0].piece;
	struct shown s = { &one, all[0].kind };
	size_t i = 1;

	buf_init(&one.text, MOST_BYTES);
	buf_add(&one.text, buf_slice(&all[0].piece->text));
	for (; i < n && goes_on(&all[i - 1], &all[i], losses); i++) {
		buf_add(&one.text, buf_slice(&all[i].piece->text));
		one.seal = all[i].piece->seal;
		one.seal_id = all[i].piece->seal_id;
	}
	show_piece(m, &s, losses, out);
	buf_done(&one.text);
	return i;
}

static void show_finish(const struct meaning_choice *c, unsigned losses, struct buf *out)
{
	enum event_finish f = c->finish == EVENT_FINISH_FUNCTION ? EVENT_FINISH_TOOL_CALLS : c->finish;
	bool has_calls = false;

	for (const struct meaning_piece *p = c->pieces; p; p = p->next)
		has_calls |= p->kind == EVENT_TOOL_START;
	if (losses & LOSS_FINISH_CALLS && (f == EVENT_FINISH_STOP || f == EVENT_FINISH_TOOL_CALLS))
		f = has_calls ? EVENT_FINISH_TOOL_CALLS : EVENT_FINISH_STOP;
	if (losses & LOSS_FINISH_FILTER && f == EVENT_FINISH_FILTER)
		f = EVENT_FINISH_STOP;
	buf_addf(out, "  finish %s", event_finish_name(f));
	if (f == EVENT_FINISH_UNKNOWN && !(losses & LOSS_FINISH_WORD))
		say_if(out, "", c->word);
	if (!(losses & LOSS_STOPPED_BY))
		say_if(out, "stopped_by=", c->stopped_by);
	buf_add_char(out, '\n');
}

static void show_choice(const struct meaning *m, const struct meaning_choice *c, unsigned losses, struct buf *out)
{
	size_t n = 0;

	for (const struct meaning_piece *p = c->pieces; p; p = p->next)
		n++;
	struct shown *all = ARENA_ARRAY(m->arena, struct shown, n + 1);
	n = choose(c, losses, all);
	buf_addf(out, "choice %u\n", losses & LOSS_CHOICES ? 0u : c->index);
	for (size_t i = 0; i < n;)
		i += show_run(m, all + i, n - i, losses, out);
	if (!(losses & LOSS_CITATION) && buf_len(&c->citations))
		buf_addf(out, "  citations\n%.*s", SLICE_ARG(buf_slice(&c->citations)));
	if (!(losses & LOSS_LOGPROBS) && buf_len(&c->logprobs))
		buf_addf(out, "  logprobs%.*s\n", SLICE_ARG(buf_slice(&c->logprobs)));
	show_finish(c, losses, out);
}

/* What was not said and 0 are the same: most dialects' counts are mandatory. */
static void show_usage(const struct usage *u, unsigned losses, struct buf *out)
{
	const struct {
		const char *name;
		int64_t tok;
		unsigned loss;
	} counts[] = {
		{ "prompt", u->prompt_tok, 0 }, { "completion", u->completion_tok, 0 },
		{ "cached", u->cached_tok, LOSS_CACHED }, { "cache_write", u->cache_write_tok, LOSS_CACHE_WRITE },
		{ "reasoning", u->reasoning_tok, LOSS_REASONING_TOK },
	};

	buf_add(out, SLICE("usage"));
	for (size_t i = 0; i < COUNT_OF(counts); i++)
		if (counts[i].tok > 0 && !(losses & counts[i].loss))
			say_count(out, counts[i].name, counts[i].tok);
	buf_add_char(out, '\n');
}

void meaning_show(const struct meaning *m, unsigned losses, struct buf *out)
{
	buf_add(out, SLICE("answer"));
	if (!(losses & LOSS_ID))
		say_if(out, "id=", m->id);
	if (!(losses & LOSS_MODEL))
		say_if(out, "model=", m->model);
	buf_add_char(out, '\n');
	for (const struct meaning_choice *c = m->choices; c; c = c->next)
		if (c->index == m->only.choice || !(losses & LOSS_CHOICES))
			show_choice(m, c, losses, out);
	buf_add(out, buf_slice(&m->vectors));
	if (m->has_usage && !(losses & LOSS_USAGE))
		show_usage(&m->usage, losses, out);
}

/* Two calls with one id: where clients pair results by it, an encoder gives the second its own. */
static bool has_twin(const struct meaning_piece *call)
{
	for (const struct meaning_piece *p = call->next; p; p = p->next)
		if (p->kind == EVENT_TOOL_START && slice_eq(p->id, call->id))
			return true;
	return false;
}

static bool has_nameless_call(const struct meaning *m)
{
	for (const struct meaning_choice *c = m->choices; c; c = c->next)
		for (const struct meaning_piece *p = c->pieces; p; p = p->next)
			if (p->kind == EVENT_TOOL_START && (p->id.n == 0 || has_twin(p)))
				return true;
	return false;
}

/* A call without arguments before something else: whether they still come nobody knows. */
static bool has_empty_call(const struct meaning *m)
{
	for (const struct meaning_choice *c = m->choices; c; c = c->next)
		for (const struct meaning_piece *p = c->pieces; p; p = p->next)
			if (p->kind == EVENT_TOOL_START && buf_len(&p->text) == 0 && p->next)
				return true;
	return false;
}

/* More of a part than there is of the whole is put right on its way. */
static bool is_odd(const struct usage *u)
{
	int64_t prompt = MAX_OF(u->prompt_tok, (int64_t)0), of_prompt = MAX_OF(u->cached_tok, (int64_t)0);

	return u->reasoning_tok > MAX_OF(u->completion_tok, (int64_t)0) || of_prompt > prompt
		|| MAX_OF(u->cache_write_tok, (int64_t)0) > prompt - of_prompt;
}

bool meaning_same(const struct meaning *want, const struct meaning *got, unsigned losses, struct buf *out)
{
	struct buf a, b;

	/* What the provider did not say an encoder makes up. */
	losses |= want->id.n && !want->starts_late ? 0 : LOSS_ID;
	losses |= want->model.n && !want->starts_late ? 0 : LOSS_MODEL;
	losses |= want->has_usage && !is_odd(&want->usage) ? 0 : LOSS_USAGE;
	losses |= has_nameless_call(want) ? LOSS_CALL_ID : 0;
	if (losses & LOSS_MIXED && (want->mixed || has_empty_call(want)))
		losses |= LOSS_ORDER;
	buf_init(&a, MOST_BYTES);
	buf_init(&b, MOST_BYTES);
	meaning_show(want, losses, &a);
	meaning_show(got, losses, &b);
	bool same = slice_eq(buf_slice(&a), buf_slice(&b));
	if (!same)
		buf_addf(out, "--- it means\n%.*s--- it comes back as\n%.*s", SLICE_ARG(buf_slice(&a)),
			SLICE_ARG(buf_slice(&b)));
	buf_done(&a);
	buf_done(&b);
	return same;
}

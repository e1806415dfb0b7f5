#include "dialect/anthropic_answer.h"

#include "base/siphash.h"
#include "base/utf8.h"
#include "dialect/anthropic_seal.h"

enum {
	NAME_KEPT = 65536,	/* longest name; ids can hide signatures, which must come back whole */
	SMALLEST_TEXT = 512,	/* a short answer grows once or twice */
};

static struct slice keep(struct dialect_encode *e, struct slice s)
{
	char *p = s.n ? arena_try(e->arena, s.n) : NULL;

	if (p == NULL) {
		e->err = s.n ? ERR_TOO_BIG : e->err;
		return SLICE_EMPTY;
	}
	memcpy(p, s.p, s.n);
	return slice_of(p, s.n);
}

static struct slice keep_name(struct dialect_encode *e, struct slice s)
{
	return keep(e, utf8_cut(s, NAME_KEPT));
}

bool anthropic_answer_has_begun(const struct dialect_encode *e)
{
	return *(struct anthropic_answer *const *)(const void *)e->state.bytes != NULL;
}

struct anthropic_answer *anthropic_answer_of(struct dialect_encode *e)
{
	struct anthropic_answer **slot = (struct anthropic_answer **)(void *)e->state.bytes;

	if (*slot)
		return *slot;
	*slot = ARENA_NEW(e->arena, struct anthropic_answer);
	**slot = (struct anthropic_answer){ .id = e->id, .usage = USAGE_NONE };
	if (e->request)
		(*slot)->model = e->request->model;
	return *slot;
}

static void grow(struct dialect_encode *e, struct anthropic_answer_text *t, struct slice more)
{
	if (e->err != ERR_OK || more.n == 0)
		return;
	if (t->cap - t->n < more.n) {
		size_t cap = MAX_OF(t->cap * 2, MAX_OF((size_t)SMALLEST_TEXT, t->n + more.n));
		char *p = arena_try(e->arena, cap);
		if (p == NULL) {
			e->err = ERR_TOO_BIG;
			return;
		}
		if (t->n)
			memcpy(p, t->p, t->n);
		t->p = p;
		t->cap = cap;
	}
	memcpy(t->p + t->n, more.p, more.n);
	t->n += more.n;
}

/* --- blocks --------------------------------------------------------------------------------------------- */

static struct anthropic_answer_block *new_block(struct dialect_encode *e, enum anthropic_answer_kind kind)
{
	struct anthropic_answer *a = anthropic_answer_of(e);
	struct anthropic_answer_block *b = a->idle;
	struct anthropic_answer_text text = { NULL, 0, 0 };

	if (b) {
		a->idle = b->next;
		text = b->text;		/* its room */
		text.n = 0;
	} else {
		b = ARENA_NEW(e->arena, struct anthropic_answer_block);
	}
	*b = (struct anthropic_answer_block){ .kind = kind, .part = EVENT_NO_PART, .text = text };
	b->citations_end = &b->citations;
	return b;
}

static struct anthropic_answer_block *add_block(struct dialect_encode *e, enum anthropic_answer_kind kind)
{
	struct anthropic_answer *a = anthropic_answer_of(e);
	struct anthropic_answer_block *b = new_block(e, kind);

	*(a->last ? &a->last->next : &a->blocks) = b;
	return a->last = b;
}

/* The last block, when it is of this kind and can go on; else a new one. */
static struct anthropic_answer_block *block_for(struct dialect_encode *e, enum anthropic_answer_kind kind)
{
	struct anthropic_answer_block *b = anthropic_answer_of(e)->last;

	return b && b->kind == kind && !b->ended && !b->is_signed ? b : add_block(e, kind);
}

static struct anthropic_answer_block *find_call(const struct anthropic_answer *a, uint16_t part)
{
	for (struct anthropic_answer_block *b = a->calls; b; b = b->next_call)
		if (b->part == part)
			return b;
	return NULL;
}

bool anthropic_answer_can_close(const struct anthropic_answer *a, const struct anthropic_answer_block *b)
{
	bool is_whole = b->scan.begun && b->scan.depth == 0 && !b->scan.in_string;

	return b->ended || a->over || (b->next && (b->kind != ANTHROPIC_ANSWER_TOOL || is_whole));
}

void anthropic_answer_close(struct anthropic_answer *a)
{
	struct anthropic_answer_block *b = a->blocks;

	a->blocks = b->next;
	if (a->last == b)
		a->last = NULL;
	b->closed = true;
	if (b->kind == ANTHROPIC_ANSWER_TOOL)
		return;
	b->next = a->idle;
	a->idle = b;
}

/* --- calls ---------------------------------------------------------------------------------------------- */

/* Clients send the id back with the tool's result, so every call needs one. */
static struct slice call_id(struct dialect_encode *e, const struct event *ev)
{
	struct siphash_key key = { ev->choice, ev->part };

	if (ev->kind == EVENT_TOOL_START && ev->text.n)
		return keep_name(e, ev->text);
	unsigned long long hash = siphash(&key, anthropic_answer_of(e)->id);
	return arena_printf(e->arena, "toolu_%016llx", hash);
}

/* Made when it is not known; NULL: it is closed. */
static struct anthropic_answer_block *call_of(struct dialect_encode *e, const struct event *ev)
{
	struct anthropic_answer *a = anthropic_answer_of(e);
	struct anthropic_answer_block *b = find_call(a, ev->part);

	if (b)
		return b->closed ? NULL : b;
	b = add_block(e, ANTHROPIC_ANSWER_TOOL);
	b->part = ev->part;
	b->id = call_id(e, ev);
	b->name = ev->kind == EVENT_TOOL_START ? keep_name(e, ev->extra) : SLICE_EMPTY;
	b->next_call = a->calls;
	return a->calls = b;
}

static void scan(struct anthropic_answer_scan *s, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (s->escaped)
			s->escaped = false;
		else if (s->in_string && c == '\\')
			s->escaped = true;
		else if (c == '"')
			s->in_string = !s->in_string;
		else if (!s->in_string && (c == '{' || c == '['))
			s->begun = ++s->depth > 0;
		else if (!s->in_string && (c == '}' || c == ']'))
			s->depth -= s->depth > 0;
	}
}

static void add_args(struct dialect_encode *e, const struct event *ev)
{
	struct anthropic_answer_block *b = call_of(e, ev);

	if (b == NULL)
		return;		/* its arguments were complete */
	grow(e, &b->text, ev->text);
	scan(&b->scan, ev->text);
}

/* --- opaque state --------------------------------------------------------------------------------------- */

static bool is_own(const struct dialect_encode *e)
{
	return e->source == NULL || e->source->family == DIALECT_ANTHROPIC;
}

static struct slice sealed(struct dialect_encode *e, enum anthropic_seal_of of, const struct event *ev)
{
	char origin = is_own(e) ? anthropic_messages.tag : e->source->tag;
	struct slice s = anthropic_seal_write(e->arena, of, origin, ev->extra, ev->text);

	if (s.n == 0 && ev->text.n)
		e->err = ERR_TOO_BIG;
	return s.p == ev->text.p ? keep(e, s) : s;
}

static void sign_block(struct anthropic_answer_block *b, struct slice signature)
{
	b->signature = signature;
	b->is_signed = true;
}

/* Before the call, as long as that is not written. */
static void sign_call(struct dialect_encode *e, const struct event *ev)
{
	struct anthropic_answer *a = anthropic_answer_of(e);
	struct anthropic_answer_block **at = &a->blocks, *b;

	while (*at && ((*at)->kind != ANTHROPIC_ANSWER_TOOL || (*at)->part != ev->part))
		at = &(*at)->next;
	if (*at == NULL || (*at)->open)
		return;
	b = new_block(e, ANTHROPIC_ANSWER_THINKING);
	b->ended = true;
	sign_block(b, sealed(e, ANTHROPIC_SEAL_CALL, ev));
	b->next = *at;
	*at = b;
}

static void take_signature(struct dialect_encode *e, const struct event *ev)
{
	if (ev->text.n == 0)
		return;
	if (ev->part == EVENT_NO_PART)
		sign_block(block_for(e, ANTHROPIC_ANSWER_THINKING), sealed(e, ANTHROPIC_SEAL_REASONING, ev));
	else
		sign_call(e, ev);
}

static void take_redacted(struct dialect_encode *e, const struct event *ev)
{
	struct anthropic_answer_block *b = add_block(e, ANTHROPIC_ANSWER_REDACTED);

	grow(e, &b->text, sealed(e, ANTHROPIC_SEAL_REASONING, ev));
	b->ended = true;
}

/* --- citations ------------------------------------------------------------------------------------------ */

static void copy_str(struct json_out *w, const char *key, yyjson_val *from, const char *name)
{
	json_out_key_str(w, key, json_str(from, name));
}

/* What others cite is a page on the net; a source without address has no shape here. */
static struct slice citation_of(struct dialect_encode *e, const struct event *ev)
{
	struct slice json = SLICE_EMPTY;
	yyjson_doc *doc;
	struct buf b;

	if (is_own(e) && ev->extra.n)
		return keep(e, ev->extra);
	yyjson_val *root = json_parse(e->arena, ev->text, &doc, NULL) == ERR_OK ? yyjson_doc_get_root(doc) : NULL;
	if (json_str(root, "url").n == 0)
		return SLICE_EMPTY;
	buf_init(&b, SIZE_MAX);
	struct json_out w = json_out_to(&b);
	json_out_obj(&w);
	json_out_key_str(&w, "type", SLICE("web_search_result_location"));
	copy_str(&w, "url", root, "url");
	copy_str(&w, "title", root, "title");
	copy_str(&w, "cited_text", root, "text");
	json_out_key_str(&w, "encrypted_index", SLICE_EMPTY);
	json_out_obj_end(&w);
	if (json_out_ok(&w))
		json = keep(e, buf_slice(&b));
	buf_done(&b);
	return json;
}

static void take_citation(struct dialect_encode *e, const struct event *ev)
{
	struct slice json = citation_of(e, ev);

	if (json.n == 0)
		return;
	struct anthropic_answer_block *b = block_for(e, ANTHROPIC_ANSWER_TEXT);
	struct anthropic_answer_citation *c = ARENA_NEW(e->arena, struct anthropic_answer_citation);
	c->json = json;
	*b->citations_end = c;
	b->citations_end = &c->next;
}

/* --- events --------------------------------------------------------------------------------------------- */

static void take_start(struct dialect_encode *e, const struct event *ev)
{
	struct anthropic_answer *a = anthropic_answer_of(e);

	if (ev->text.n)
		a->id = keep_name(e, ev->text);
	if (ev->extra.n)
		a->model = keep_name(e, ev->extra);
}

static void take_part_end(struct anthropic_answer *a, const struct event *ev)
{
	struct anthropic_answer_block *b = ev->part == EVENT_NO_PART ? a->last : find_call(a, ev->part);

	if (b && (b->kind == ANTHROPIC_ANSWER_TOOL) == (ev->part != EVENT_NO_PART))
		b->ended = true;
}

static void take_finish(struct dialect_encode *e, const struct event *ev)
{
	struct anthropic_answer *a = anthropic_answer_of(e);

	if (a->finished)
		return;
	a->finished = true;
	a->finish = (enum event_finish)ev->finish;
	a->word = keep_name(e, ev->text);
	a->sequence = keep_name(e, ev->extra);
}

static void take_usage(struct anthropic_answer *a, const struct event *ev)
{
	a->usage = event_usage(ev);
	a->has_usage = true;
}

void anthropic_answer_take(struct dialect_encode *e, const struct event *ev)
{
	struct anthropic_answer *a = anthropic_answer_of(e);
	bool signs_fresh = a->fresh && ev->kind == EVENT_SIGNATURE && ev->part == a->fresh->part;

	if (!dialect_is_only(&a->only, ev))
		return;
	a->fresh = signs_fresh ? a->fresh : NULL;
	switch ((enum event_kind)ev->kind) {
	case EVENT_START:
		take_start(e, ev);
		return;
	case EVENT_TEXT:
	case EVENT_REFUSAL:
		grow(e, &block_for(e, ANTHROPIC_ANSWER_TEXT)->text, ev->text);
		return;
	case EVENT_REASONING:
		grow(e, &block_for(e, ANTHROPIC_ANSWER_THINKING)->text, ev->text);
		return;
	case EVENT_TOOL_START:
		a->fresh = call_of(e, ev);
		return;
	case EVENT_TOOL_ARGS:
		add_args(e, ev);
		return;
	case EVENT_SIGNATURE:
		take_signature(e, ev);
		return;
	case EVENT_REDACTED:
		take_redacted(e, ev);
		return;
	case EVENT_CITATION:
		take_citation(e, ev);
		return;
	case EVENT_PART_END:
		take_part_end(a, ev);
		return;
	case EVENT_FINISH:
		take_finish(e, ev);
		return;
	case EVENT_USAGE:
		take_usage(a, ev);
		return;
	case EVENT_LOGPROBS:
	case EVENT_MEDIA:
	case EVENT_VECTOR:
	case EVENT_OTHER:
	case EVENT_ERROR:
	case EVENT_END:
		return;
	}
	must_never("event kind");
}

/* --- the end -------------------------------------------------------------------------------------------- */

struct usage anthropic_answer_usage(struct dialect_encode *e)
{
	struct usage u = anthropic_answer_of(e)->usage;

	if (u.prompt_tok < 0 && e->request)
		u.prompt_tok = (int64_t)MIN_OF(e->request->prompt_tok, (uint64_t)INT32_MAX);
	return u;
}

static bool is_word(struct slice word)
{
	static const char *const words[] = {
#define FINISH(word, finish) word,
#define FOREIGN(word, finish)
#include "dialect/anthropic_finish.def"
#undef FINISH
#undef FOREIGN
	};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (slice_case_eq(word, slice_str(words[i])))
			return true;
	return false;
}

/* An answer with calls that ends with `stop` (vLLM with a forced tool) still wants their results: loops look
 * at this word. */
static struct slice reason_of(struct dialect_encode *e)
{
	const struct anthropic_answer *a = anthropic_answer_of(e);

	if (is_own(e) && is_word(a->word))
		return a->word;
	switch (a->finish) {
	case EVENT_FINISH_STOP:
		return a->calls ? SLICE("tool_use") : a->sequence.n ? SLICE("stop_sequence") : SLICE("end_turn");
	case EVENT_FINISH_LENGTH: return SLICE("max_tokens");
	case EVENT_FINISH_FILTER: return SLICE("refusal");
	case EVENT_FINISH_TOOL_CALLS:
	case EVENT_FINISH_FUNCTION: return SLICE("tool_use");
	case EVENT_FINISH_NONE:
	case EVENT_FINISH_UNKNOWN: return a->word;
	}
	must_never("finish");
}

static void put_or_null(struct json_out *w, const char *key, struct slice s)
{
	json_out_key(w, key);
	if (s.n)
		json_out_str(w, s);
	else
		json_out_null(w);
}

void anthropic_answer_write_end(struct dialect_encode *e, struct json_out *w)
{
	put_or_null(w, "stop_reason", reason_of(e));
	put_or_null(w, "stop_sequence", anthropic_answer_of(e)->sequence);
}

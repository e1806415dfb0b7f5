#include "dialect/gemini_answer.h"

#include "base/utf8.h"
#include "dialect/gemini_finish.h"
#include "dialect/gemini_logprobs.h"
#include "dialect/gemini_seal.h"
#include "dialect/gemini_usage.h"

enum {
	NAME_KEPT = 65536,	/* longest name; ids can hide signatures, which must come back whole */
	SMALLEST_TEXT = 256,	/* short arguments grow once or twice */
	/* bytes of memory for each byte of JSON that is parsed: yyjson's 16 a value and the text */
	PARSED_TIMES = 24,
	PARSED_LEAST = 65536,
	SOURCES_MAX = 256,	/* citations of one candidate */
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

struct gemini_answer *gemini_answer_of(struct dialect_encode *e)
{
	struct gemini_answer **slot = (struct gemini_answer **)(void *)e->state.bytes;

	if (*slot)
		return *slot;
	*slot = ARENA_NEW(e->arena, struct gemini_answer);
	**slot = (struct gemini_answer){ .id = e->id, .usage = USAGE_NONE,
		.own = e->source == NULL || e->source == &gemini_generate };
	if (e->request)
		(*slot)->model = e->request->model;
	return *slot;
}

void gemini_answer_start(struct dialect_encode *e, const struct event *ev)
{
	struct gemini_answer *a = gemini_answer_of(e);

	if (ev->text.n)
		a->id = keep_name(e, ev->text);
	if (ev->extra.n)
		a->model = keep_name(e, ev->extra);
}

struct gemini_answer_choice *gemini_answer_choice(struct dialect_encode *e, uint16_t index)
{
	struct gemini_answer_choice **at = &gemini_answer_of(e)->choices;

	while (*at && (*at)->index < index)
		at = &(*at)->next;
	if (*at && (*at)->index == index)
		return *at;
	struct gemini_answer_choice *c = ARENA_NEW(e->arena, struct gemini_answer_choice);
	*c = (struct gemini_answer_choice){ .next = *at, .index = index };
	c->end = &c->parts;
	c->sources_end = &c->sources;
	return *at = c;
}

struct gemini_answer_part *gemini_answer_add(struct dialect_encode *e, struct gemini_answer_choice *c,
	enum gemini_answer_kind kind)
{
	struct gemini_answer_part *part = arena_try(e->arena, sizeof(*part));

	if (part == NULL) {
		e->err = ERR_TOO_BIG;
		return NULL;
	}
	*part = (struct gemini_answer_part){ .kind = kind };
	*c->end = part;
	c->end = &part->next;
	return part;
}

struct gemini_answer_part *gemini_answer_call(struct dialect_encode *e, struct gemini_answer_choice *c,
	const struct event *ev)
{
	struct gemini_answer_part *part = c->parts;

	while (part && (part->kind != GEMINI_ANSWER_CALL || part->number != ev->part))
		part = part->next;
	if (part || (ev->kind != EVENT_TOOL_START && ev->kind != EVENT_TOOL_ARGS))
		return part;
	part = gemini_answer_add(e, c, GEMINI_ANSWER_CALL);
	if (part == NULL)
		return NULL;
	part->number = ev->part;
	part->signature = c->held;
	c->held = SLICE_EMPTY;
	if (ev->kind == EVENT_TOOL_START) {
		part->id = keep_name(e, ev->text);
		part->name = keep_name(e, ev->extra);
	}
	return part;
}

void gemini_answer_grow(struct dialect_encode *e, struct gemini_answer_text *t, struct slice more)
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

struct slice gemini_answer_signature(struct dialect_encode *e, const struct event *ev, bool late)
{
	enum gemini_seal_kind kind = ev->kind == EVENT_REDACTED ? GEMINI_SEAL_REDACTED
		: late ? GEMINI_SEAL_THOUGHTS : GEMINI_SEAL_PART;

	if (gemini_answer_of(e)->own && kind != GEMINI_SEAL_REDACTED)
		return keep(e, ev->text);
	char tag = e->source ? e->source->tag : 'g';
	struct slice text = gemini_seal_wrap(e->arena, tag, kind, ev->extra, ev->text);
	if (text.n == 0 && ev->text.n)
		e->err = ERR_TOO_BIG;
	return text;
}

void gemini_answer_sign(struct dialect_encode *e, struct gemini_answer_choice *c, struct gemini_answer_part *call,
	const struct event *ev)
{
	if (c->held.n == 0)
		c->held = call->signature;
	call->signature = gemini_answer_signature(e, ev, false);
}

void gemini_answer_cite(struct dialect_encode *e, struct gemini_answer_choice *c, const struct event *ev)
{
	struct gemini_sources_kept *kept = NULL;

	if (c->n_sources < SOURCES_MAX)
		kept = gemini_sources_keep(e->arena, ev, &c->offsets);
	if (kept == NULL)
		return;
	c->n_sources++;
	*c->sources_end = kept;
	c->sources_end = &kept->next;
}

/* A word that Gemini does not know is no finishReason for its SDKs, so it stands beside OTHER. */
void gemini_answer_finish(struct dialect_encode *e, struct gemini_answer_choice *c, const struct event *ev)
{
	bool is_own = gemini_answer_of(e)->own, is_unknown = ev->finish == EVENT_FINISH_UNKNOWN;

	if (c->finish.n || (is_unknown && ev->text.n == 0))
		return;
	if (is_unknown && is_own) {
		c->finish = keep_name(e, ev->text);
		return;
	}
	c->finish = slice_str(gemini_finish_word(ev->finish, is_own ? ev->text : SLICE_EMPTY));
	if (is_unknown)
		c->message = keep_name(e, ev->text);
}

/* --- writing -------------------------------------------------------------------------------------------- */

/* Parses into an arena of its own; arena_done(scratch) in any case. */
static yyjson_val *parse(struct arena *scratch, struct slice text)
{
	yyjson_doc *doc;

	arena_init(scratch, text.n * PARSED_TIMES + PARSED_LEAST);
	return text.n && json_parse(scratch, text, &doc, NULL) == ERR_OK ? yyjson_doc_get_root(doc) : NULL;
}

static struct slice text_of(const struct gemini_answer_text *t)
{
	return slice_of(t->p, t->n);
}

bool gemini_answer_is_whole(struct gemini_answer_part *call)
{
	struct slice text = slice_trim(text_of(&call->text));
	struct arena scratch;

	if (text.n == 0 || text.p[text.n - 1] != '}' || call->text.n == call->checked)
		return false;
	bool is_whole = yyjson_is_obj(parse(&scratch, text));
	call->checked = is_whole ? 0 : call->text.n;
	arena_done(&scratch);
	return is_whole;
}

static void put_args(struct json_out *w, struct slice text)
{
	struct arena scratch;
	yyjson_val *args = parse(&scratch, text);

	json_out_key(w, "args");
	if (yyjson_is_obj(args)) {
		json_out_val(w, args);
	} else {
		json_out_obj(w);
		if (slice_trim(text).n)
			json_out_key_str(w, "_raw", text);
		json_out_obj_end(w);
	}
	arena_done(&scratch);
}

static void put_call(struct json_out *w, const struct gemini_answer_part *part)
{
	json_out_key(w, "functionCall");
	json_out_obj(w);
	if (part->id.n)
		json_out_key_str(w, "id", part->id);
	json_out_key_str(w, "name", part->name);
	put_args(w, text_of(&part->text));
	json_out_obj_end(w);
}

static void put_media(struct json_out *w, const struct gemini_answer_part *part)
{
	json_out_key(w, "inlineData");
	json_out_obj(w);
	json_out_key_str(w, "mimeType", part->mime);
	json_out_key_str(w, "data", text_of(&part->text));
	json_out_obj_end(w);
}

void gemini_answer_put_part(struct json_out *w, const struct gemini_answer_part *part)
{
	json_out_obj(w);
	switch (part->kind) {
	case GEMINI_ANSWER_CALL:
		put_call(w, part);
		break;
	case GEMINI_ANSWER_MEDIA:
		put_media(w, part);
		break;
	case GEMINI_ANSWER_TEXT:
	case GEMINI_ANSWER_THOUGHT:
		json_out_key_str(w, "text", text_of(&part->text));
		if (part->kind == GEMINI_ANSWER_THOUGHT)
			json_out_key_bool(w, "thought", true);
		break;
	}
	if (part->signature.n)
		json_out_key_str(w, "thoughtSignature", part->signature);
	json_out_obj_end(w);
}

void gemini_answer_put_logprobs(struct json_out *w, struct slice array)
{
	struct arena scratch;
	yyjson_val *content = parse(&scratch, array);

	if (yyjson_arr_size(content)) {
		json_out_key(w, "logprobsResult");
		json_out_obj(w);
		json_out_key(w, "topCandidates");
		json_out_arr(w);
		gemini_logprobs_put(w, content, false);
		json_out_arr_end(w);
		json_out_key(w, "chosenCandidates");
		json_out_arr(w);
		gemini_logprobs_put(w, content, true);
		json_out_arr_end(w);
		json_out_obj_end(w);
	}
	arena_done(&scratch);
}

void gemini_answer_put_end(struct json_out *w, const struct gemini_answer_choice *c)
{
	if (c->finish.n)
		json_out_key_str(w, "finishReason", c->finish);
	if (c->message.n)
		json_out_key_str(w, "finishMessage", c->message);
	json_out_key_int(w, "index", c->index);
	if (c->sources) {
		json_out_key(w, "groundingMetadata");
		gemini_sources_put(w, c->sources);
	}
}

void gemini_answer_put_names(struct json_out *w, const struct gemini_answer *a, bool usage)
{
	if (usage && a->has_usage) {
		json_out_key(w, "usageMetadata");
		gemini_usage_put(w, &a->usage);
	}
	json_out_key_str(w, "modelVersion", a->model);
	json_out_key_str(w, "responseId", a->id);
}

/* A call may have no id: it gets one from its place, so that it is the same in every request of a dialogue; a result
 * without id belongs to the earliest call of its name that has none yet.
 *
 * Others' state that stands on a call or a text behind its thoughts goes back to these (gemini_seal.h).
 *
 * google-genai keeps each streamed piece as a part, so thoughts come back in pieces, and the signature behind them in
 * a part of its own: they are put together again here. */
#include "dialect/gemini_contents.h"

#include "base/siphash.h"
#include "codec/json_out.h"
#include "dialect/gemini_field.h"
#include "dialect/gemini_media.h"
#include "dialect/gemini_seal.h"

enum { OPEN_CALLS = 256 };	/* calls that wait for a result; more at once is no dialogue */

struct reader {
	struct prompt *p;
	struct fault *fault;
	struct open_call {
		struct slice id, name;
	} open[OPEN_CALLS];
	size_t n_open;
	uint64_t n_calls;
	struct prompt_message *model;	/* the model's turn that goes on; NULL: none does */
	struct prompt_part *thought;	/* its newest thoughts behind all calls, when they are unsigned */
	struct prompt_part **place;	/* in it, where thoughts that nobody sees would stand */
	bool full;		/* the arena has no room */
};

static bool refuse(struct reader *r, struct slice param, const char *why)
{
	*r->fault = fault_make(r->p->arena, ERR_BAD_FIELD, "`%.*s` %s", SLICE_ARG(param), why);
	r->fault->param = param;
	return false;
}

static struct slice text_of(struct reader *r, yyjson_val *v)
{
	struct slice text = yyjson_is_str(v) ? json_val_str(v) : json_out_text(r->p->arena, v);

	r->full |= text.p == NULL;
	return text;
}

/* --- thoughts and their state --------------------------------------------------------------------------- */

/* What is signed, or is a call, ends the thoughts before it. */
static void end_thoughts(struct reader *r, struct prompt_part **place)
{
	r->thought = NULL;
	r->place = place;
}

/* State on a part behind the thoughts it is of. */
static void give_back(struct reader *r, struct prompt_message *m, const struct prompt_part *state)
{
	struct prompt_part *to = state->redacted ? NULL : r->thought;

	if (to == NULL) {
		struct prompt_part *behind = *r->place;
		struct prompt_part **next = prompt_link_part(r->p, r->place, PROMPT_PART_REASONING);
		to = *r->place;
		to->next = behind;
		m->end = behind ? m->end : next;
	}
	to->seal = state->seal;
	to->id = state->id;
	to->redacted = state->redacted;
	end_thoughts(r, &to->next);
}

/* The seal of a part that is no thought; another's goes to its thoughts. */
static struct prompt_seal own_seal(struct reader *r, struct prompt_message *m, struct slice signature)
{
	struct prompt_part state = { .kind = PROMPT_PART_REASONING };

	if (gemini_seal_unwrap(r->p->arena, signature, &state) == GEMINI_SEAL_PART)
		return state.seal;
	give_back(r, m, &state);
	return (struct prompt_seal){ 0, SLICE_EMPTY };
}

/* --- calls and results ---------------------------------------------------------------------------------- */

static struct slice make_id(struct reader *r, struct slice name)
{
	struct siphash_key key = { r->n_calls, 0x67656du };
	unsigned long long hash = siphash(&key, name);

	return arena_printf(r->p->arena, "call_%016llx", hash);
}

static void take_call(struct reader *r, struct prompt_message *m, yyjson_val *part, yyjson_val *call)
{
	struct prompt_seal seal = own_seal(r, m, gemini_field_str(part, "thoughtSignature"));
	struct prompt_part *to = prompt_add_part(r->p, m, PROMPT_PART_TOOL_CALL);
	yyjson_val *args = gemini_field(call, "args");

	to->name = json_str(call, "name");
	to->id = json_str(call, "id");
	if (to->id.n == 0)
		to->id = make_id(r, to->name);
	to->args = args ? text_of(r, args) : SLICE("{}");
	to->seal = seal;
	end_thoughts(r, m->end);
	r->n_calls++;
	if (r->n_open < OPEN_CALLS)
		r->open[r->n_open++] = (struct open_call){ to->id, to->name };
}

/* The id of the call that is answered, which is then no longer open. */
static struct slice answered(struct reader *r, struct slice id, struct slice name)
{
	size_t i = 0;

	while (i < r->n_open && !slice_eq(r->open[i].id, id))
		i++;
	if (i == r->n_open && id.n == 0)
		for (i = 0; i < r->n_open && !slice_eq(r->open[i].name, name);)
			i++;
	if (i == r->n_open)
		return id.n ? id : make_id(r, name);
	id = r->open[i].id;
	memmove(&r->open[i], &r->open[i + 1], (r->n_open - i - 1) * sizeof(r->open[0]));
	r->n_open--;
	return id;
}

/* "output" and "error" are Google's own words; anything else is the result itself. */
static struct slice result_text(struct reader *r, yyjson_val *response, bool *out_is_error)
{
	yyjson_val *error = gemini_field(response, "error"), *output = gemini_field(response, "output");

	*out_is_error = error != NULL;
	if (error && yyjson_obj_size(response) == 1)
		return text_of(r, error);
	if (output && yyjson_obj_size(response) == 1)
		return text_of(r, output);
	return response ? text_of(r, response) : SLICE_EMPTY;
}

static struct prompt_part **add_content(struct reader *r, struct prompt_part **at, enum prompt_part_kind kind,
	struct slice text, const struct prompt_media *media)
{
	struct prompt_part **next = prompt_link_part(r->p, at, kind);

	(*at)->text = text;
	if (media)
		(*at)->media = *media;
	return next;
}

static void take_result(struct reader *r, struct prompt_message *m, yyjson_val *response)
{
	struct prompt_part *to = prompt_add_part(r->p, m, PROMPT_PART_TOOL_RESULT), **at = &to->content;
	yyjson_val *parts = gemini_field(response, "parts"), *part;
	struct prompt_media media;
	enum prompt_part_kind kind;
	size_t i = 0;

	to->name = json_str(response, "name");
	to->id = answered(r, json_str(response, "id"), to->name);
	struct slice text = result_text(r, gemini_field(response, "response"), &to->is_error);
	if (text.n)
		at = add_content(r, at, PROMPT_PART_TEXT, text, NULL);
	while ((part = gemini_field_next(parts, &i)) != NULL)
		if (gemini_media_read(r->p->arena, part, &media, &kind))
			at = add_content(r, at, kind, SLICE_EMPTY, &media);
}

/* --- parts ---------------------------------------------------------------------------------------------- */

static bool take_media(struct reader *r, struct prompt_message *m, yyjson_val *part)
{
	struct prompt_media media;
	enum prompt_part_kind kind;

	if (!gemini_media_read(r->p->arena, part, &media, &kind))
		return false;
	struct prompt_part *to = prompt_add_part(r->p, m, kind);
	to->media = media;
	to->raw = part;		/* videoMetadata and mediaResolution, for Gemini */
	return true;
}

static void take_user_part(struct reader *r, struct prompt_message *m, yyjson_val *part)
{
	if (yyjson_is_str(part))
		prompt_add_text(r->p, m, json_val_str(part));
	else if (json_str(part, "text").p)
		prompt_add_text(r->p, m, json_str(part, "text"));
	else if (!take_media(r, m, part))
		prompt_add_part(r->p, m, PROMPT_PART_OTHER)->raw = part;
}

static void take_thought(struct reader *r, struct prompt_message *m, struct slice text, struct slice signature)
{
	struct prompt_part *to = text.n || signature.n ? prompt_add_part(r->p, m, PROMPT_PART_REASONING) : NULL;

	if (to == NULL)
		return;
	to->text = text;
	gemini_seal_unwrap(r->p->arena, signature, to);
	if (signature.n)
		end_thoughts(r, m->end);
	else
		r->thought = to;
}

static void take_model_text(struct reader *r, struct prompt_message *m, yyjson_val *part, struct slice text)
{
	struct slice signature = gemini_field_str(part, "thoughtSignature");
	bool is_thought = gemini_field_true(part, "thought");
	struct prompt_seal seal = { 0, SLICE_EMPTY };

	if (!is_thought && signature.n)
		seal = own_seal(r, m, signature);
	if (is_thought || (text.n == 0 && seal.bytes.n)) {
		take_thought(r, m, text, signature);
		return;
	}
	if (text.n == 0)
		return;
	struct prompt_part *to = prompt_add_part(r->p, m, PROMPT_PART_TEXT);
	to->text = text;
	to->seal = seal;
}

static void take_model_part(struct reader *r, struct prompt_message *m, yyjson_val *part)
{
	yyjson_val *call = gemini_field_obj(part, "functionCall");

	if (yyjson_is_str(part))
		prompt_add_text(r->p, m, json_val_str(part));
	else if (call)
		take_call(r, m, part, call);
	else if (json_str(part, "text").p)
		take_model_text(r, m, part, json_str(part, "text"));
	else if (!take_media(r, m, part))
		prompt_add_part(r->p, m, PROMPT_PART_OTHER)->raw = part;
}

/* --- turns ---------------------------------------------------------------------------------------------- */

static bool check_parts(struct reader *r, yyjson_val *parts, size_t turn)
{
	yyjson_val *part, *call;
	size_t at = 0;

	for (size_t i = 0; (part = gemini_field_next(parts, &at)) != NULL; i++) {
		if (!yyjson_is_obj(part) && !yyjson_is_str(part))
			return refuse(r, arena_printf(r->p->arena, "contents[%zu].parts[%zu]", turn, i),
				"must be an object");
		if ((call = gemini_field_obj(part, "functionCall")) != NULL && json_str(call, "name").n == 0)
			return refuse(r, arena_printf(r->p->arena, "contents[%zu].parts[%zu].functionCall.name", turn,
				i), "is missing");
	}
	return true;
}

static struct prompt_message *add_users(struct reader *r, enum prompt_role role)
{
	r->model = NULL;
	return prompt_add_message(r->p, role);
}

/* Results first, in a message of their own; what else stands in the same turn goes behind them. */
static void take_user_turn(struct reader *r, yyjson_val *parts)
{
	struct prompt_message *m = NULL;
	yyjson_val *part, *response;
	size_t at = 0;

	while ((part = gemini_field_next(parts, &at)) != NULL) {
		if ((response = gemini_field_obj(part, "functionResponse")) == NULL)
			continue;
		m = m ? m : add_users(r, PROMPT_TOOL);
		take_result(r, m, response);
	}
	m = NULL;
	for (at = 0; (part = gemini_field_next(parts, &at)) != NULL;) {
		if (gemini_field_obj(part, "functionResponse"))
			continue;
		m = m ? m : add_users(r, PROMPT_USER);
		take_user_part(r, m, part);
	}
}

/* Turns of the model in a row are one. */
static struct prompt_message *model_message(struct reader *r)
{
	if (r->model)
		return r->model;
	r->model = prompt_add_message(r->p, PROMPT_ASSISTANT);
	end_thoughts(r, &r->model->parts);
	return r->model;
}

static void take_model_turn(struct reader *r, yyjson_val *parts)
{
	yyjson_val *part;
	size_t at = 0;

	while ((part = gemini_field_next(parts, &at)) != NULL)
		take_model_part(r, model_message(r), part);
}

static bool take_turn(struct reader *r, yyjson_val *content, size_t turn)
{
	yyjson_val *parts = yyjson_is_str(content) ? content : yyjson_obj_get(content, "parts");
	struct slice role = json_str(content, "role");

	if (!check_parts(r, parts, turn))
		return false;
	if (slice_eq(role, SLICE("model")))
		take_model_turn(r, parts);
	else if (role.n == 0 || slice_eq(role, SLICE("user")) || slice_eq(role, SLICE("function")))
		take_user_turn(r, parts);
	else
		return refuse(r, arena_printf(r->p->arena, "contents[%zu].role", turn), "must be user or model");
	return true;
}

/* --- thoughts in pieces --------------------------------------------------------------------------------- */

static bool goes_on(const struct prompt_part *a)
{
	const struct prompt_part *b = a->next;

	return a->kind == PROMPT_PART_REASONING && a->seal.bytes.n == 0 && b && b->kind == PROMPT_PART_REASONING
		&& !b->redacted;
}

/* `first` takes in the pieces up to the one that is signed, or the last. */
static void join_run(struct prompt *p, struct prompt_message *m, struct prompt_part *first)
{
	struct prompt_part *last = first;
	size_t n = first->text.n, at = 0;

	while (goes_on(last)) {
		last = last->next;
		n += last->text.n;
	}
	char *text = last != first && n ? arena_try(p->arena, n) : NULL;
	if (last == first || (n && text == NULL))
		return;
	for (const struct prompt_part *part = first;; part = part->next) {
		if (part->text.n)
			memcpy(text + at, part->text.p, part->text.n);
		at += part->text.n;
		if (part == last)
			break;
	}
	first->text = slice_of(text, n);
	first->seal = last->seal;
	first->id = last->id;
	first->next = last->next;
	if (first->next == NULL)
		m->end = &first->next;
}

static void join_thoughts(struct prompt *p)
{
	for (struct prompt_message *m = p->messages; m; m = m->next)
		for (struct prompt_part *part = m->role == PROMPT_ASSISTANT ? m->parts : NULL; part; part = part->next)
			if (goes_on(part))
				join_run(p, m, part);
}

/* --- the whole ------------------------------------------------------------------------------------------ */

void gemini_contents_system(struct prompt *p, yyjson_val *content)
{
	yyjson_val *parts = yyjson_is_str(content) ? content : yyjson_obj_get(content, "parts"), *part;
	struct prompt_message *m = NULL;
	size_t at = 0;

	while ((part = gemini_field_next(parts, &at)) != NULL) {
		struct slice text = yyjson_is_str(part) ? json_val_str(part) : json_str(part, "text");
		if (text.n == 0)
			continue;
		m = m ? m : prompt_add_message(p, PROMPT_SYSTEM);
		prompt_add_text(p, m, text);
	}
}

bool gemini_contents_read(struct prompt *p, yyjson_val *contents, struct fault *fault)
{
	struct reader *r = ARENA_NEW(p->arena, struct reader);
	size_t before = p->n_messages;
	yyjson_val *content;
	size_t at = 0;

	r->p = p;
	r->fault = fault;
	for (size_t i = 0; (content = gemini_field_next(contents, &at)) != NULL; i++)
		if (!take_turn(r, content, i))
			return false;
	if (p->n_messages == before)	/* SDKs keep empty turns of the model; Google refuses each */
		return refuse(r, SLICE("contents"), "must have at least one part");
	if (r->full) {
		*fault = (struct fault){ .err = ERR_TOO_BIG };
		return false;
	}
	prompt_tidy(p);
	join_thoughts(p);
	return true;
}

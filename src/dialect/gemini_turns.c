/* Turns alternate and the first is the user's: neighbours of one role are one turn, and where the dialogue begins
 * with the model, or with nothing, a user's turn of one space stands before it (an empty text is refused).  Results
 * of functions are a turn of their own, without text, in the order of their calls. */
#include "dialect/gemini_turns.h"

#include "base/utf8.h"
#include "dialect/gemini_media.h"

enum {
	ORDERED_MAX = 256,	/* results that are put in order: no turn has more calls */
	/* bytes of memory for a byte of JSON that is parsed: yyjson's 16 a value and the text */
	PARSED_TIMES = 24,
	PARSED_LEAST = 65536,
};

/* Google's own word for "the signature is not known" (ai.google.dev/gemini-api/docs/thought-signatures, FAQ). */
#define NO_SIGNATURE SLICE("skip_thought_signature_validator")

enum turn { TURN_NONE, TURN_USER, TURN_MODEL, TURN_RESULTS };

struct turns {
	struct gemini_draft *d;
	struct json_out *w;
	enum turn open;
	bool any;
	bool has_call;		/* in the open turn */
};

static void close_turn(struct turns *t)
{
	if (t->open == TURN_NONE)
		return;
	json_out_arr_end(t->w);
	json_out_obj_end(t->w);
	t->open = TURN_NONE;
}

static void begin_turn(struct turns *t, enum turn turn)
{
	close_turn(t);
	json_out_obj(t->w);
	json_out_key_str(t->w, "role", turn == TURN_MODEL ? SLICE("model") : SLICE("user"));
	json_out_key(t->w, "parts");
	json_out_arr(t->w);
	t->open = turn;
	t->any = true;
	t->has_call = false;
}

static void put_blank(struct turns *t)
{
	begin_turn(t, TURN_USER);
	json_out_obj(t->w);
	json_out_key_str(t->w, "text", SLICE(" "));
	json_out_obj_end(t->w);
}

/* Opens a part's object in such a turn. */
static void open_part(struct turns *t, enum turn turn)
{
	if (!t->any && turn == TURN_MODEL)
		put_blank(t);
	if (t->open != turn)
		begin_turn(t, turn);
	json_out_obj(t->w);
}

/* --- texts and media ------------------------------------------------------------------------------------ */

static struct slice signature_of(const struct prompt_part *part)
{
	return part->seal.origin == 'g' ? part->seal.bytes : SLICE_EMPTY;
}

static void put_text(struct turns *t, enum turn turn, struct slice text, struct slice signature)
{
	if (text.n == 0 && signature.n == 0)
		return;
	open_part(t, turn);
	json_out_key_str(t->w, "text", text);
	if (signature.n)
		json_out_key_str(t->w, "thoughtSignature", signature);
	json_out_obj_end(t->w);
}

static const char *name_of(enum prompt_part_kind kind)
{
	return kind == PROMPT_PART_IMAGE ? "image_url" : kind == PROMPT_PART_AUDIO ? "input_audio" : "file";
}

/* False: it was named or refused. */
static bool can_put(struct turns *t, const struct prompt_part *part, enum gemini_media_form *form, struct slice *mime)
{
	const struct quirks *q = t->d->ask->quirks;
	bool no_url = q && q->inline_images && part->media.source == PROMPT_SOURCE_URL;

	*form = gemini_media_form(&part->media, t->d->own, mime);
	if (*form == GEMINI_MEDIA_FOREIGN)
		gemini_draft_refuse(t->d, "the file %.*s is kept at another provider",
			SLICE_ARG(utf8_cut(part->media.data, 64)));
	else if (*form == GEMINI_MEDIA_UNKNOWN || no_url)
		gemini_draft_drop(t->d, name_of(part->kind));
	else if (part->media.data.n)
		return true;
	return false;
}

/* What a client of Gemini's said beside the bytes. */
static void put_beside(struct turns *t, const struct prompt_part *part)
{
	static const char *const names[][2] = { { "videoMetadata", "video_metadata" },
		{ "mediaResolution", "media_resolution" } };

	for (size_t i = 0; t->d->own && part->raw && i < COUNT_OF(names); i++) {
		yyjson_val *v = yyjson_obj_get(part->raw, names[i][0]);
		v = v ? v : yyjson_obj_get(part->raw, names[i][1]);
		if (v)
			json_out_key_val(t->w, names[i][0], v);
	}
}

static void put_media(struct turns *t, enum turn turn, const struct prompt_part *part)
{
	enum gemini_media_form form;
	struct slice mime = SLICE_EMPTY, detail = part->media.detail;

	if (!can_put(t, part, &form, &mime))
		return;
	if (detail.n && !slice_eq(detail, SLICE("auto")))
		gemini_draft_drop(t->d, "image.detail");
	open_part(t, turn);
	gemini_media_put(t->w, &part->media, form, mime);
	put_beside(t, part);
	json_out_obj_end(t->w);
}

static void put_other(struct turns *t, enum turn turn, const struct prompt_part *part)
{
	struct slice type = json_str(part->raw, "type");

	if (!t->d->own) {
		drops_add(t->d->ask->drops, type.n ? type : SLICE("content"));
		return;
	}
	if (!t->any && turn == TURN_MODEL)
		put_blank(t);
	if (t->open != turn)
		begin_turn(t, turn);
	json_out_val(t->w, part->raw);
}

/* --- calls ---------------------------------------------------------------------------------------------- */

/* Parses into an arena of its own; arena_done(scratch) in any case. */
static yyjson_val *parse(struct arena *scratch, struct slice text)
{
	yyjson_doc *doc;

	arena_init(scratch, text.n * PARSED_TIMES + PARSED_LEAST);
	return text.n && json_parse(scratch, text, &doc, NULL) == ERR_OK ? yyjson_doc_get_root(doc) : NULL;
}

/* Arguments must be an object.  What a model once wrote and is none stays readable as the text it is. */
static void put_args(struct turns *t, const struct prompt_part *part)
{
	struct arena scratch;
	yyjson_val *args = part->custom ? NULL : parse(&scratch, part->args);

	json_out_key(t->w, "args");
	if (yyjson_is_obj(args)) {
		json_out_val(t->w, args);
	} else {
		json_out_obj(t->w);
		if (part->custom || slice_trim(part->args).n)
			json_out_key_str(t->w, part->custom ? "input" : "_raw", part->args);
		json_out_obj_end(t->w);
	}
	if (!part->custom)
		arena_done(&scratch);
}

static void put_call(struct turns *t, const struct prompt_part *part)
{
	struct slice signature = signature_of(part);

	open_part(t, TURN_MODEL);
	/* Of calls side by side only the first carries one. */
	if (signature.n == 0 && !t->has_call && gemini_models_signs(t->d->model))
		signature = NO_SIGNATURE;
	t->has_call = true;
	json_out_key(t->w, "functionCall");
	json_out_obj(t->w);
	if (part->id.n)
		json_out_key_str(t->w, "id", part->id);
	json_out_key_str(t->w, "name", part->name);
	put_args(t, part);
	json_out_obj_end(t->w);
	if (signature.n)
		json_out_key_str(t->w, "thoughtSignature", signature);
	json_out_obj_end(t->w);
}

/* --- results -------------------------------------------------------------------------------------------- */

static bool is_words(const struct prompt_part *piece)
{
	return piece->kind == PROMPT_PART_TEXT
		|| (piece->kind == PROMPT_PART_FILE && piece->media.source == PROMPT_SOURCE_PLAIN);
}

static bool is_media(const struct prompt_part *piece)
{
	return !is_words(piece) && (piece->kind == PROMPT_PART_IMAGE || piece->kind == PROMPT_PART_AUDIO
		|| piece->kind == PROMPT_PART_FILE);
}

static void put_words(struct turns *t, const struct prompt_part *content)
{
	json_out_str_begin(t->w);
	for (const struct prompt_part *piece = content; piece; piece = piece->next)
		if (is_words(piece))
			json_out_str_add(t->w, piece->kind == PROMPT_PART_TEXT ? piece->text : piece->media.data);
	json_out_str_end(t->w);
}

/* A result that is a JSON object already is the response; Google reads any other text under "output". */
static void put_response(struct turns *t, const struct prompt_part *part)
{
	const struct prompt_part *content = part->content;
	bool may_be = content && content->next == NULL && content->kind == PROMPT_PART_TEXT && !part->is_error
		&& slice_starts(slice_trim(content->text), SLICE("{"));
	struct arena scratch;
	yyjson_val *object = may_be ? parse(&scratch, content->text) : NULL;

	json_out_key(t->w, "response");
	if (yyjson_is_obj(object)) {
		json_out_val(t->w, object);
	} else {
		json_out_obj(t->w);
		json_out_key(t->w, part->is_error ? "error" : "output");
		put_words(t, content);
		json_out_obj_end(t->w);
	}
	if (may_be)
		arena_done(&scratch);
}

/* Newer models take pictures beside the response. */
static void put_result_media(struct turns *t, const struct prompt_part *content)
{
	enum gemini_media_form form;
	struct slice mime = SLICE_EMPTY;
	bool any = false;

	for (const struct prompt_part *piece = content; piece; piece = piece->next) {
		if (!is_media(piece) || !can_put(t, piece, &form, &mime))
			continue;
		if (!any) {
			json_out_key(t->w, "parts");
			json_out_arr(t->w);
			any = true;
		}
		json_out_obj(t->w);
		gemini_media_put(t->w, &piece->media, form, mime);
		json_out_obj_end(t->w);
	}
	if (any)
		json_out_arr_end(t->w);
}

static void put_result(struct turns *t, const struct prompt_part *part)
{
	if (part->orphan) {
		gemini_draft_drop(t->d, "tool_result.orphan");
		return;
	}
	open_part(t, TURN_RESULTS);
	json_out_key(t->w, "functionResponse");
	json_out_obj(t->w);
	if (part->id.n)
		json_out_key_str(t->w, "id", part->id);
	json_out_key_str(t->w, "name", part->name);
	put_response(t, part);
	if (gemini_models_result_media(t->d->model))
		put_result_media(t, part->content);
	json_out_obj_end(t->w);
	json_out_obj_end(t->w);
}

/* Older models get a result's pictures in the user's turn behind it. */
static void put_late_media(struct turns *t, const struct prompt_message *m)
{
	if (gemini_models_result_media(t->d->model))
		return;
	for (const struct prompt_part *part = m->parts; part; part = part->next)
		for (const struct prompt_part *piece = part->orphan ? NULL : part->content; piece; piece = piece->next)
			if (is_media(piece))
				put_media(t, TURN_USER, piece);
}

/* In the order of the calls before; what belongs to none of these follows as it came. */
static void put_results(struct turns *t, const struct prompt_message *before, const struct prompt_message *m)
{
	const struct prompt_part *results[ORDERED_MAX], *part = m->parts;
	size_t n = 0;

	for (; part && n < ORDERED_MAX; part = part->next)
		if (part->kind == PROMPT_PART_TOOL_RESULT)
			results[n++] = part;
	for (const struct prompt_part *call = before ? before->parts : NULL; call; call = call->next)
		for (size_t i = 0; call->kind == PROMPT_PART_TOOL_CALL && i < n; i++)
			if (results[i] && slice_eq(results[i]->id, call->id)) {
				put_result(t, results[i]);
				results[i] = NULL;
				break;
			}
	for (size_t i = 0; i < n; i++)
		if (results[i])
			put_result(t, results[i]);
	for (; part; part = part->next)
		if (part->kind == PROMPT_PART_TOOL_RESULT)
			put_result(t, part);
	put_late_media(t, m);
}

/* --- messages ------------------------------------------------------------------------------------------- */

static void put_part(struct turns *t, enum turn turn, const struct prompt_part *part)
{
	switch (part->kind) {
	case PROMPT_PART_TEXT:
		put_text(t, turn, part->text, signature_of(part));
		return;
	case PROMPT_PART_REFUSAL:
		put_text(t, turn, part->text, SLICE_EMPTY);
		return;
	case PROMPT_PART_REASONING:
		/* The words are for people; Google's own state goes back. */
		put_text(t, turn, SLICE_EMPTY, signature_of(part));
		return;
	case PROMPT_PART_IMAGE:
	case PROMPT_PART_AUDIO:
	case PROMPT_PART_FILE:
		put_media(t, turn, part);
		return;
	case PROMPT_PART_TOOL_CALL:
		put_call(t, part);
		return;
	case PROMPT_PART_TOOL_RESULT:
		return;
	case PROMPT_PART_OTHER:
		put_other(t, turn, part);
		return;
	}
	must_never("part kind");
}

static void put_message(struct turns *t, const struct prompt_message *before, const struct prompt_message *m)
{
	if (m->name.n && m->role != PROMPT_SYSTEM && m->role != PROMPT_DEVELOPER)
		gemini_draft_drop(t->d, "messages.name");
	switch (m->role) {
	case PROMPT_SYSTEM:
	case PROMPT_DEVELOPER:
		return;
	case PROMPT_TOOL:
		put_results(t, before, m);
		return;
	case PROMPT_USER:
	case PROMPT_ASSISTANT:
		for (const struct prompt_part *part = m->parts; part; part = part->next)
			put_part(t, m->role == PROMPT_USER ? TURN_USER : TURN_MODEL, part);
		return;
	}
	must_never("role");
}

static bool is_system(const struct prompt_message *m)
{
	return m->role == PROMPT_SYSTEM || m->role == PROMPT_DEVELOPER;
}

/* Calls `put` with each text of each system message. */
static size_t each_system(struct turns *t, void (*put)(struct turns *t, struct slice text))
{
	size_t n = 0;

	for (const struct prompt_message *m = t->d->p->messages; m; m = m->next)
		for (const struct prompt_part *part = is_system(m) ? m->parts : NULL; part; part = part->next) {
			if (part->kind != PROMPT_PART_TEXT) {
				gemini_draft_drop(t->d, "system.media");
				continue;
			}
			n += part->text.n > 0;
			if (put && part->text.n)
				put(t, part->text);
		}
	return n;
}

static void put_instruction(struct turns *t, struct slice text)
{
	json_out_obj(t->w);
	json_out_key_str(t->w, "text", text);
	json_out_obj_end(t->w);
}

static void put_as_user(struct turns *t, struct slice text)
{
	put_text(t, TURN_USER, text, SLICE_EMPTY);
}

void gemini_turns_put_system(struct gemini_draft *d)
{
	struct turns t = { .d = d, .w = &d->w };

	if (!gemini_models_system(d->model) || each_system(&t, NULL) == 0)
		return;
	json_out_key(t.w, "systemInstruction");
	json_out_obj(t.w);
	json_out_key(t.w, "parts");
	json_out_arr(t.w);
	each_system(&t, put_instruction);
	json_out_arr_end(t.w);
	json_out_obj_end(t.w);
}

void gemini_turns_put(struct gemini_draft *d)
{
	struct turns t = { .d = d, .w = &d->w };
	const struct prompt_message *before = NULL;

	json_out_key(t.w, "contents");
	json_out_arr(t.w);
	if (!gemini_models_system(d->model))
		each_system(&t, put_as_user);
	for (const struct prompt_message *m = d->p->messages; m; m = m->next) {
		put_message(&t, before, m);
		before = is_system(m) ? before : m;
	}
	if (!t.any)
		put_blank(&t);
	close_turn(&t);
	json_out_arr_end(t.w);
}

#include "dialect/openai_detail.h"

#include "chat/seal.h"
#include "codec/json_out.h"
#include "dialect/openai_state.h"

bool openai_detail_is_foreign(const struct dialect_encode *e)
{
	return e->source && e->source != &openai_chat;
}

static struct slice full(struct dialect_encode *e)
{
	e->err = ERR_TOO_BIG;
	return SLICE_EMPTY;
}

/* What was written so far, kept in the arena. */
static struct slice keep(struct dialect_encode *e, const struct json_out *w)
{
	struct slice json = buf_slice(w->out);
	char *p = json_out_ok(w) ? arena_try(e->arena, json.n) : NULL;

	return p ? slice_of(memcpy(p, json.p, json.n), json.n) : full(e);
}

static struct slice sealed(struct dialect_encode *e, struct slice bytes)
{
	struct slice seal = seal_wrap(e->arena, e->source->tag, bytes);

	return seal.n || bytes.n == 0 ? seal : full(e);
}

bool openai_detail_has_text(const struct dialect_encode *e)
{
	return !openai_detail_is_foreign(e) || e->source->tag != 'r';
}

/* --- reasoning ------------------------------------------------------------------------------------------ */

/* This dialect's own item, as its provider wrote it: only the text comes back into it. */
static void put_own_item(struct json_out *w, struct slice item, struct slice text)
{
	if (item.n <= 2 || item.p[0] != '{' || text.n == 0) {
		json_out_raw(w, item);
		return;
	}
	buf_add(w->out, SLICE("{\"text\":"));
	json_out_str(w, text);
	json_out_raw(w, SLICE(","));
	json_out_raw(w, slice_skip(item, 1));
}

static void put_item(struct dialect_encode *e, struct json_out *w, const struct event *ev, struct slice text,
	unsigned index)
{
	bool encrypted = ev->kind == EVENT_REDACTED || !openai_detail_has_text(e);

	json_out_obj(w);
	json_out_key_str(w, "type", encrypted ? SLICE("reasoning.encrypted") : SLICE("reasoning.text"));
	if (!encrypted && text.n)
		json_out_key_str(w, "text", text);
	json_out_key_str(w, encrypted ? "data" : "signature", sealed(e, ev->text));
	if (ev->extra.n)
		json_out_key_str(w, "id", ev->extra);
	json_out_key_str(w, "format", slice_str(openai_state_format(e->source->tag)));
	json_out_key_int(w, "index", index);
	json_out_obj_end(w);
}

struct slice openai_detail_reasoning(struct dialect_encode *e, const struct event *ev, struct slice text,
	unsigned index)
{
	bool foreign = openai_detail_is_foreign(e);
	struct slice out = SLICE_EMPTY;
	struct buf b;

	if (ev->text.n == 0 || (foreign && openai_state_format(e->source->tag)[0] == '\0'))
		return SLICE_EMPTY;
	buf_init(&b, SIZE_MAX);		/* no longer than the event, twice */
	struct json_out w = json_out_to(&b);
	if (foreign)
		put_item(e, &w, ev, text, index);
	else
		put_own_item(&w, ev->text, ev->kind == EVENT_SIGNATURE ? text : SLICE_EMPTY);
	out = keep(e, &w);
	buf_done(&b);
	return out;
}

struct slice openai_detail_block(struct dialect_encode *e, const struct event *ev, struct slice text)
{
	bool redacted = ev->kind == EVENT_REDACTED;
	struct slice out;
	struct buf b;

	if (ev->text.n == 0 || !openai_detail_is_foreign(e) || !openai_detail_has_text(e))
		return SLICE_EMPTY;
	buf_init(&b, SIZE_MAX);
	struct json_out w = json_out_to(&b);
	json_out_obj(&w);
	json_out_key_str(&w, "type", redacted ? SLICE("redacted_thinking") : SLICE("thinking"));
	if (!redacted)
		json_out_key_str(&w, "thinking", text);
	json_out_key_str(&w, redacted ? "data" : "signature", sealed(e, ev->text));
	json_out_obj_end(&w);
	out = keep(e, &w);
	buf_done(&b);
	return out;
}

struct slice openai_detail_call_state(struct dialect_encode *e, const struct event *ev)
{
	if (openai_detail_is_foreign(e))
		return sealed(e, ev->text);
	char *p = arena_try(e->arena, ev->text.n);
	return p ? slice_of(memcpy(p, ev->text.p, ev->text.n), ev->text.n) : full(e);
}

/* --- citations and media -------------------------------------------------------------------------------- */

/* The decoder's own object passes as it is; one of another dialect has the members that url_citation has. */
struct slice openai_detail_citation(struct dialect_encode *e, const struct event *ev)
{
	struct slice out;
	struct buf b;

	buf_init(&b, SIZE_MAX);
	struct json_out w = json_out_to(&b);
	if (!openai_detail_is_foreign(e) && ev->extra.n) {
		json_out_raw(&w, ev->extra);
	} else {
		json_out_obj(&w);
		json_out_key_str(&w, "type", SLICE("url_citation"));
		json_out_key(&w, "url_citation");
		json_out_raw(&w, ev->text);
		json_out_obj_end(&w);
	}
	out = keep(e, &w);
	buf_done(&b);
	return out;
}

struct slice openai_detail_image(struct dialect_encode *e, const struct event *ev, unsigned index)
{
	struct slice out;
	struct buf b;

	buf_init(&b, SIZE_MAX);
	struct json_out w = json_out_to(&b);
	json_out_obj(&w);
	json_out_key_str(&w, "type", SLICE("image_url"));
	json_out_key(&w, "image_url");
	json_out_obj(&w);
	json_out_key(&w, "url");
	json_out_str_begin(&w);
	json_out_str_add(&w, SLICE("data:"));
	json_out_str_add(&w, event_media_type(ev));
	json_out_str_add(&w, SLICE(";base64,"));
	json_out_str_add(&w, ev->text);
	json_out_str_end(&w);
	json_out_obj_end(&w);
	json_out_key_int(&w, "index", index);
	json_out_obj_end(&w);
	out = keep(e, &w);
	buf_done(&b);
	return out;
}

struct slice openai_detail_elements(struct slice array)
{
	array = slice_trim(array);
	return array.n < 2 ? SLICE_EMPTY : slice_trim(slice_of(array.p + 1, array.n - 2));
}

#include "front/page.h"

#include "codec/json_out.h"
#include "codec/url.h"

#define TYPE_JSON SLICE("application/json")

/* --- lists of models ------------------------------------------------------------------------------------ */

/* A configured name has no birthday, but the SDKs' types want one. */
static void add_openai(struct json_out *w, struct slice name)
{
	json_out_obj(w);
	json_out_key_str(w, "id", name);
	json_out_key_str(w, "object", SLICE("model"));
	json_out_key_int(w, "created", 0);
	json_out_key_str(w, "owned_by", SLICE("weir"));
	json_out_obj_end(w);
}

/* The members that the SDKs' ModelInfo wants; a time of 0 stands for an unknown one, and what is configured can be
 * called. */
static void add_anthropic(struct json_out *w, struct slice name)
{
	json_out_obj(w);
	json_out_key_str(w, "type", SLICE("model"));
	json_out_key_str(w, "id", name);
	json_out_key_str(w, "display_name", name);
	json_out_key_str(w, "created_at", SLICE("1970-01-01T00:00:00Z"));
	json_out_key_str(w, "lifecycle", SLICE("active"));
	json_out_obj_end(w);
}

static void add_gemini(struct json_out *w, struct slice name)
{
	static const char *const methods[] = { "generateContent", "streamGenerateContent", "countTokens",
		"embedContent", "batchEmbedContents" };

	json_out_obj(w);
	json_out_key(w, "name");
	json_out_str_begin(w);
	json_out_str_add(w, SLICE("models/"));
	json_out_str_add(w, name);
	json_out_str_end(w);
	json_out_key_str(w, "displayName", name);
	json_out_key(w, "supportedGenerationMethods");
	json_out_arr(w);
	for (size_t i = 0; i < COUNT_OF(methods); i++)
		json_out_str(w, slice_str(methods[i]));
	json_out_arr_end(w);
	json_out_obj_end(w);
}

static void add_model(struct json_out *w, enum dialect_family shape, struct slice name)
{
	switch (shape) {
	case DIALECT_OPENAI: add_openai(w, name); return;
	case DIALECT_ANTHROPIC: add_anthropic(w, name); return;
	case DIALECT_GEMINI: add_gemini(w, name); return;
	}
	must_never("shape");
}

static void add_edge(struct json_out *w, const char *key, const struct roster *r, size_t i)
{
	json_out_key(w, key);
	if (r->n_models)
		json_out_str(w, r->model_list[i]->name);
	else
		json_out_null(w);
}

/* The whole list is one page, whatever page size is asked for: nothing tells a client that there is more. */
static struct page models(const struct front *f, const struct page_ask *ask, struct buf *out)
{
	const struct roster *r = f->exchange->roster;
	struct json_out w = json_out_to(out);

	json_out_obj(&w);
	if (ask->shape == DIALECT_OPENAI)
		json_out_key_str(&w, "object", SLICE("list"));
	json_out_key(&w, ask->shape == DIALECT_GEMINI ? "models" : "data");
	json_out_arr(&w);
	for (size_t i = 0; i < r->n_models; i++)
		add_model(&w, ask->shape, r->model_list[i]->name);
	json_out_arr_end(&w);
	if (ask->shape == DIALECT_ANTHROPIC) {
		json_out_key_bool(&w, "has_more", false);
		add_edge(&w, "first_id", r, 0);
		add_edge(&w, "last_id", r, r->n_models - 1);
	}
	json_out_obj_end(&w);
	return (struct page){ 200, TYPE_JSON, ERR_OK };
}

/* Names with `/` and `:` arrive raw or percent-encoded (protocols.md 3.2). */
static struct page model(const struct front *f, const struct page_ask *ask, struct buf *out)
{
	struct json_out w = json_out_to(out);
	const struct dialect *d = ask->dialect ? ask->dialect : ask->shape == DIALECT_ANTHROPIC
		? &anthropic_messages : NULL;
	struct arena a;
	struct slice name;

	arena_init(&a, 65536);
	bool found = url_decode(&a, ask->rest, &name) && roster_knows(f->exchange->roster, name);
	if (found)
		add_model(&w, ask->shape, name);
	arena_done(&a);
	return found ? (struct page){ 200, TYPE_JSON, ERR_OK }
		: page_refuse(&(struct fault){ .err = ERR_NO_MODEL }, d, out);
}

enum dialect_family page_shape(const struct intake *q)
{
	if (q->dialect)
		return q->dialect->family;
	return q->anthropic ? DIALECT_ANTHROPIC : DIALECT_OPENAI;
}

/* --- all pages ------------------------------------------------------------------------------------------ */

struct page page_refuse(const struct fault *fault, const struct dialect *d, struct buf *out)
{
	if (d == NULL)
		d = &openai_chat;
	d->error_body(fault, out);
	return (struct page){ d->error_status ? d->error_status(fault) : err_row(fault->err)->http, TYPE_JSON,
		fault->err };
}

struct page page_make(const struct front *f, const struct page_ask *ask, struct buf *out)
{
	switch (ask->kind) {
	case ENDPOINT_MODELS:
		return models(f, ask, out);
	case ENDPOINT_MODEL:
		return model(f, ask, out);
	case ENDPOINT_HEALTHZ:
		buf_add(out, SLICE("ok\n"));
		return (struct page){ 200, SLICE("text/plain"), ERR_OK };
	case ENDPOINT_READYZ:
		buf_add(out, f->ready ? SLICE("ready\n") : SLICE("draining\n"));
		return (struct page){ f->ready ? 200 : 503, SLICE("text/plain"), ERR_OK };
	case ENDPOINT_METRICS:
		f->write_metrics(f->arg, out);
		return (struct page){ 200, SLICE("text/plain; version=0.0.4; charset=utf-8"), ERR_OK };
	case ENDPOINT_PURGE:
		f->purge(f->arg, ask->door);
		buf_add(out, SLICE("purged\n"));
		return (struct page){ 200, SLICE("text/plain"), ERR_OK };
	case ENDPOINT_CALL:
	case ENDPOINT_GEMINI:
		break;
	}
	must_never("not a page");
}

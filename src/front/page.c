#include "front/page.h"

#include "codec/url.h"

#define TYPE_JSON SLICE("application/json")

static void add_model(struct buf *out, struct slice name)
{
	buf_add(out, SLICE("{\"id\":\""));
	buf_add_json(out, name);
	/* `created` is required by the SDKs' types; a configured name has no birthday. */
	buf_add(out, SLICE("\",\"object\":\"model\",\"created\":0,\"owned_by\":\"weir\"}"));
}

static struct page models(const struct front *f, struct buf *out)
{
	const struct roster *r = f->exchange->roster;

	buf_add(out, SLICE("{\"object\":\"list\",\"data\":["));
	for (size_t i = 0; i < r->n_models; i++) {
		if (i)
			buf_add_char(out, ',');
		add_model(out, r->model_list[i]->name);
	}
	buf_add(out, SLICE("]}"));
	return (struct page){ 200, TYPE_JSON, ERR_OK };
}

/* Names with `/` and `:` arrive raw or percent-encoded (protocols.md 3.2). */
static struct page model(const struct front *f, struct slice rest, struct buf *out)
{
	struct arena a;
	struct slice name;

	arena_init(&a, 65536);
	bool found = url_decode(&a, rest, &name) && roster_knows(f->exchange->roster, name);
	if (found)
		add_model(out, name);
	arena_done(&a);
	return found ? (struct page){ 200, TYPE_JSON, ERR_OK }
		: page_refuse(&(struct fault){ .err = ERR_NO_MODEL }, out);
}

struct page page_refuse(const struct fault *fault, struct buf *out)
{
	openai_chat.error_body(fault, out);
	return (struct page){ err_row(fault->err)->http, TYPE_JSON, fault->err };
}

struct page page_make(const struct front *f, enum endpoint_kind kind, struct slice rest, struct buf *out)
{
	switch (kind) {
	case ENDPOINT_MODELS:
		return models(f, out);
	case ENDPOINT_MODEL:
		return model(f, rest, out);
	case ENDPOINT_HEALTHZ:
		buf_add(out, SLICE("ok\n"));
		return (struct page){ 200, SLICE("text/plain"), ERR_OK };
	case ENDPOINT_READYZ:
		buf_add(out, f->ready ? SLICE("ready\n") : SLICE("draining\n"));
		return (struct page){ f->ready ? 200 : 503, SLICE("text/plain"), ERR_OK };
	case ENDPOINT_METRICS:
		f->write_metrics(f->arg, out);
		return (struct page){ 200, SLICE("text/plain; version=0.0.4; charset=utf-8"), ERR_OK };
	case ENDPOINT_CHAT:
		break;
	}
	must_never("not a page");
}

#include "dialect/gemini_embed_build.h"

#include "dialect/gemini_build.h"
#include "dialect/splice.h"

/* The path says the model. */
static const struct splice_rule owned[] = { { "model", SPLICE_DROP }, SPLICE_OWN };
static const struct splice_rules rules = { .rules = owned, .n = COUNT_OF(owned), .no_model = true,
	.no_stream = true };

static const struct splice_rule inner_owned[] = { { "model", SPLICE_MODEL } };
static const struct splice_rules inner_rules = { .rules = inner_owned, .n = COUNT_OF(inner_owned),
	.no_stream = true };

void gemini_embed_build_path(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	gemini_build_model(ask->model, out);
	buf_add(out, SLICE(":embedContent"));
}

void gemini_embed_build_batch_path(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	gemini_build_model(ask->model, out);
	buf_add(out, SLICE(":batchEmbedContents"));
}

enum err gemini_embed_build(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	return splice_build(&rules, r, ask, out);
}

static enum err put(struct buf *out, struct slice bytes)
{
	return buf_put(out, bytes) ? ERR_OK : ERR_TOO_BIG;
}

static enum err put_element(const struct request *r, const struct dialect_ask *ask, struct slice element,
	struct buf *out)
{
	struct request inner = *r;
	struct json_member m;
	size_t at = 0;

	inner.body = element;
	/* of an earlier twin of `requests`, which parse() did not look at */
	if (!json_next_member(element, &at, &m))
		return put(out, element);
	return splice_build(&inner_rules, &inner, ask, out);
}

/* The list with the target's model in each request. */
static enum err put_requests(const struct request *r, const struct dialect_ask *ask, struct slice list,
	struct buf *out)
{
	struct slice element;
	const char *copied = list.p;
	size_t at = 0;
	enum err e = ERR_OK;

	while (e == ERR_OK && json_next_element(list, &at, &element)) {
		e = put(out, slice_of(copied, (size_t)(element.p - copied)));
		if (e == ERR_OK)
			e = put_element(r, ask, element, out);
		copied = element.p + element.n;
	}
	return e == ERR_OK ? put(out, slice_of(copied, (size_t)(list.p + list.n - copied))) : e;
}

static enum err put_body(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	struct dialect_ask mine = *ask;
	struct slice body = r->body;
	const char *copied = body.p;
	struct json_member m;
	size_t at = 0;
	enum err e = ERR_OK;

	mine.model = gemini_build_resource(ask->arena, ask->model);	/* "models/NAME" */
	while (e == ERR_OK && json_next_member(body, &at, &m)) {
		if (!splice_key_is(m.key, "requests"))
			continue;
		e = put(out, slice_of(copied, (size_t)(m.value.p - copied)));
		if (e == ERR_OK)
			e = put_requests(r, &mine, m.value, out);
		copied = m.value.p + m.value.n;
	}
	return e == ERR_OK ? put(out, slice_of(copied, (size_t)(body.p + body.n - copied))) : e;
}

/* First the requests, then the top level, as of any body. */
enum err gemini_embed_build_batch(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	struct request mine = *r;
	struct buf body;

	buf_init(&body, out->max);
	enum err e = put_body(r, ask, &body);
	mine.body = buf_slice(&body);
	if (e == ERR_OK)
		e = splice_build(&rules, &mine, ask, out);
	buf_done(&body);
	return e;
}

#include "dialect/gemini_build.h"

#include "codec/url.h"
#include "dialect/gemini_field.h"
#include "dialect/splice.h"

/* --- paths ---------------------------------------------------------------------------------------------- */

static const struct slice kinds[] = { { "models/", 7 }, { "tunedModels/", 12 } };

/* Length of "models/" or "tunedModels/" at the start; 0: neither. */
static size_t kind_n(struct slice model)
{
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (slice_starts(model, kinds[i]))
			return kinds[i].n;
	return 0;
}

void gemini_build_model(struct slice model, struct buf *out)
{
	size_t n = kind_n(model);

	buf_add_char(out, '/');
	buf_add(out, n ? slice_of(model.p, n) : kinds[0]);
	url_encode(out, slice_skip(model, n));
}

struct slice gemini_build_resource(struct arena *a, struct slice model)
{
	return kind_n(model) ? model : arena_printf(a, "models/%.*s", SLICE_ARG(model));
}

void gemini_build_path(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	gemini_build_model(ask->model, out);
	buf_add(out, ask->stream ? SLICE(":streamGenerateContent?alt=sse") : SLICE(":generateContent"));
}

void gemini_build_count_path(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	gemini_build_model(ask->model, out);
	buf_add(out, SLICE(":countTokens"));
}

/* --- bodies --------------------------------------------------------------------------------------------- */

/* The path says model and stream; Google refuses a `stream` and a second `model` would be the client's name. */
static const struct splice_rule owned[] = {
	{ "model", SPLICE_DROP }, { "stream", SPLICE_DROP }, { "stream_options", SPLICE_DROP }, SPLICE_OWN,
};
static const struct splice_rules rules = { .rules = owned, .n = COUNT_OF(owned), .no_model = true, .no_stream = true };

static const struct splice_rule inner_owned[] = { { "model", SPLICE_MODEL }, SPLICE_OWN };
static const struct splice_rules inner_rules = { .rules = inner_owned, .n = COUNT_OF(inner_owned), .no_stream = true };

enum err gemini_build(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	return splice_build(&rules, r, ask, out);
}

/* The value of the last member of that name; p NULL: there is none. */
static struct slice wrapped(struct slice body)
{
	struct slice found = SLICE_EMPTY;
	struct json_member m;
	size_t at = 0;

	while (json_next_member(body, &at, &m))
		if (gemini_field_is(m.key, "generateContentRequest"))
			found = m.value;
	return found.n && found.p[0] == '{' ? found : SLICE_EMPTY;
}

/* True when the object has a member: what splicing needs. */
static bool has_member(struct slice object)
{
	struct json_member m;
	size_t at = 0;
	return json_next_member(object, &at, &m);
}

/* The body with another model inside, in `to`. */
static enum err replace_inner(const struct request *r, const struct dialect_ask *ask, struct slice value,
	struct buf *to)
{
	struct request inner = *r;
	struct dialect_ask inner_ask = *ask;
	size_t before = (size_t)(value.p - r->body.p);

	inner.body = value;
	inner_ask.model = gemini_build_resource(ask->arena, ask->model);
	if (!buf_put(to, slice_of(r->body.p, before)))
		return ERR_TOO_BIG;
	enum err e = splice_build(&inner_rules, &inner, &inner_ask, to);
	return e == ERR_OK && !buf_put(to, slice_skip(r->body, before + value.n)) ? ERR_TOO_BIG : e;
}

enum err gemini_build_count(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	struct slice value = wrapped(r->body);
	struct request outer = *r;
	struct buf text;

	if (value.n == 0 || !has_member(value))
		return splice_build(&rules, r, ask, out);
	buf_init(&text, out->max);
	enum err e = replace_inner(r, ask, value, &text);
	outer.body = buf_slice(&text);
	if (e == ERR_OK)
		e = splice_build(&rules, &outer, ask, out);
	buf_done(&text);
	return e;
}

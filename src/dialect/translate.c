#include "dialect/translate.h"

#include <stdlib.h>

#include "chat/seal.h"
#include "dialect/openai_clash.h"

/* --- picking -------------------------------------------------------------------------------------------- */

static bool speaks(const struct translate_tongues *t, const struct dialect *d)
{
	for (size_t i = 0; i < t->n_also; i++)
		if (t->also[i] == d)
			return true;
	return t->main == d;
}

static const struct dialect *of_family(const struct translate_tongues *t, const struct request *r)
{
	if (r->dialect->op == r->op && r->dialect->family == t->main->family)
		return r->dialect;
	for (size_t i = 0; dialect_at(i); i++)
		if (dialect_at(i)->op == r->op && dialect_at(i)->family == t->main->family)
			return dialect_at(i);
	return NULL;
}

const struct dialect *translate_pick(const struct translate_tongues *t, const struct request *r)
{
	if (speaks(t, r->dialect))
		return r->dialect;
	return t->main->op == r->op ? t->main : of_family(t, r);
}

/* --- building ------------------------------------------------------------------------------------------- */

static enum err refuse(const struct dialect_ask *ask, enum err e, const char *text)
{
	*ask->fault = fault_make(ask->arena, e, "%s", text);
	return e;
}

/* The document was dropped after parse(): only translation needs it again. */
static enum err parse_again(struct request *r, const struct dialect_ask *ask)
{
	if (r->doc)
		return ERR_OK;
	enum err e = json_parse(ask->arena, r->body, &r->doc, NULL);
	return e == ERR_OK ? ERR_OK : ERR_TOO_BIG;	/* it was valid before */
}

static enum err rewrite(const struct dialect *back, struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	struct prompt p;
	enum err e = parse_again(r, ask);

	if (e != ERR_OK)
		return e;
	if (r->dialect->read == NULL || back->write == NULL)
		return refuse(ask, ERR_UNSUPPORTED, "this provider has nothing of this kind");
	prompt_init(&p, ask->arena);
	p.model = r->model;
	p.origin = r->dialect->tag;
	p.stream = ask->stream;
	e = r->dialect->read(ask->arena, r, &p, ask->fault);
	return e == ERR_OK ? back->write(&p, ask, out) : e;
}

/* Options are given by the provider's name, its dialect's name or the family's. */
static bool is_for(struct slice key, const struct dialect *back, const struct dialect_ask *ask)
{
	static const char *const families[] = { "openai", "anthropic", "gemini" };

	return slice_eq(key, ask->provider) || slice_eq(key, slice_str(back->name))
		|| slice_eq(key, slice_str(families[back->family]))
		|| (back->family == DIALECT_GEMINI && slice_eq(key, SLICE("google")));
}

static enum err merge(struct slice options, yyjson_val *patch, const struct dialect_ask *ask, struct buf *out)
{
	yyjson_doc *doc;
	size_t n = 0;

	if (json_parse(ask->arena, options, &doc, NULL) != ERR_OK)
		return ERR_TOO_BIG;
	yyjson_mut_doc *merged = yyjson_mut_doc_new(NULL);
	must(merged != NULL);
	yyjson_mut_doc_set_root(merged, yyjson_merge_patch(merged, yyjson_doc_get_root(doc), patch));
	char *text = yyjson_mut_write(merged, YYJSON_WRITE_NOFLAG, &n);
	yyjson_mut_doc_free(merged);
	buf_clear(out);
	enum err e = text && buf_put(out, slice_of(text, n)) ? ERR_OK : ERR_TOO_BIG;
	free(text);
	return e;
}

/* Of duplicates the last counts: that one parse() looked at. */
static yyjson_val *options_of(yyjson_val *root)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(root);
	yyjson_val *key, *options = NULL;

	while ((key = yyjson_obj_iter_next(&it)) != NULL)
		if (yyjson_equals_str(key, "provider_options"))
			options = yyjson_obj_iter_get_val(key);
	return options;
}

static enum err merge_options(const struct dialect *back, struct request *r, const struct dialect_ask *ask,
	struct buf *out)
{
	size_t i, n;
	yyjson_val *key, *v, *options;
	enum err e = parse_again(r, ask);

	if (e != ERR_OK || (options = options_of(yyjson_doc_get_root(r->doc))) == NULL)
		return e;
	yyjson_obj_foreach(options, i, n, key, v)
		if (e == ERR_OK && is_for(json_val_str(key), back, ask))
			e = merge(buf_slice(out), v, ask, out);
	return e;
}

static enum err refuse_drops(const struct dialect_ask *ask)
{
	char names[256];

	*ask->fault = fault_make(ask->arena, ERR_UNSUPPORTED, "%.*s cannot express: %s", SLICE_ARG(ask->provider),
		drops_text(ask->drops, names, sizeof(names)));
	return ERR_UNSUPPORTED;
}

/* The members that rows of quirks.def name are those of openai-chat: Responses has another `reasoning`, Anthropic
 * another `thinking`. */
static struct quirks without_members(const struct quirks *q)
{
	struct quirks others = q ? *q : quirks_none;

	others.drop = others.rename = others.only = NULL;
	return others;
}

/* A body of the same dialect as it is, or anew: without what is foreign in it, or what this provider refuses. */
static enum err pass_on(const struct dialect *back, struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	bool anew = back->read && seal_in(r->body);

	if (!anew && back == &openai_chat && ask->quirks && openai_clash_may(ask->quirks, r->body)) {
		enum err e = parse_again(r, ask);
		if (e != ERR_OK)
			return e;
		anew = openai_clash_is(ask->quirks, yyjson_doc_get_root(r->doc), ask->arena);
	}
	return anew ? rewrite(back, r, ask, out) : back->build(r, ask, out);
}

enum err translate_build(const struct dialect *back, const struct request *r, const struct dialect_ask *asked,
	struct buf *out)
{
	const struct quirks others = without_members(asked->quirks);
	struct dialect_ask own = *asked, *ask = &own;
	struct request mine = *r;

	if (asked->quirks && back->op == REQUEST_CHAT && back != &openai_chat)
		own.quirks = &others;
	enum err e = back == r->dialect ? pass_on(back, &mine, ask, out) : rewrite(back, &mine, ask, out);
	if (e == ERR_OK && r->has_options)
		e = merge_options(back, &mine, ask, out);
	return e == ERR_OK && ask->strict && ask->drops->n ? refuse_drops(ask) : e;
}

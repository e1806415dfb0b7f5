#include "cache/remote_embed.h"

#include <stdlib.h>

#include "base/must.h"
#include "codec/json_out.h"
#include "codec/sha256.h"

#define LANE 32u		/* embed_pack takes whole ones */

static void close_it(struct embedder *e)
{
	free(remote_embed_of(e));
}

static void set_version(struct remote_embed *r, struct slice identity)
{
	uint8_t hash[SHA256_BYTES];
	struct sha256 s = { 0 };

	sha256_begin(&s);
	sha256_add(&s, slice_of(&r->wanted, sizeof(r->wanted)));
	sha256_add(&s, r->model);
	sha256_add(&s, SLICE("\n"));
	sha256_add(&s, identity);
	sha256_end(&s, hash);
	sha256_done(&s);
	embed_version(&r->base, hash);
}

struct remote_embed *remote_embed_new(struct slice model, struct slice identity, uint32_t wanted)
{
	struct remote_embed *r = calloc(1, sizeof(*r) + model.n);

	must(r != NULL && wanted <= EMBED_DIM_MAX);
	memcpy(r->name, model.p, model.n);
	r->model = slice_of(r->name, model.n);
	r->wanted = wanted;
	r->base = (struct embedder){ .id = "remote", .text_max = EMBED_TEXT_MAX, .close = close_it,
		.dim = wanted ? (wanted + LANE - 1) / LANE * LANE : EMBED_DIM_MAX };
	set_version(r, identity);
	return r;
}

struct remote_embed *remote_embed_of(const struct embedder *e)
{
	/* Made on the heap by remote_embed_new, as its first member. */
	return e->embed ? NULL : (struct remote_embed *)(uintptr_t)e;
}

uint32_t remote_embed_asks(const struct remote_embed *r)
{
	return r->wanted ? r->wanted : r->shorten ? EMBED_DIM_MAX : 0;
}

bool remote_embed_body(const struct remote_embed *r, struct slice text, struct buf *out)
{
	struct json_out w = json_out_to(out);
	uint32_t asks = remote_embed_asks(r);

	json_out_obj(&w);
	json_out_key_str(&w, "model", r->model);
	json_out_key_str(&w, "input", text);
	if (asks)
		json_out_key_int(&w, "dimensions", asks);
	json_out_obj_end(&w);
	return json_out_ok(&w);
}

enum remote_embed_fit remote_embed_take(struct remote_embed *r, uint32_t asked, struct slice floats,
	struct embed_vec *out)
{
	float x[EMBED_DIM_MAX] = { 0 };
	size_t n = floats.n / sizeof(x[0]);

	if (r->dim ? n != r->dim : asked && n != asked)
		return REMOTE_EMBED_WRONG;
	if (n > EMBED_DIM_MAX) {
		r->shorten = true;
		return REMOTE_EMBED_LONG;
	}
	memcpy(x, floats.p, n * sizeof(x[0]));
	embed_pack(x, r->base.dim, out);
	if (out->scale == 0)
		return REMOTE_EMBED_WRONG;
	r->dim = (uint32_t)n;
	return REMOTE_EMBED_OK;
}

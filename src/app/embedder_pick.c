#include "app/embedder_pick.h"

#include <sys/stat.h>

#include "app/settings.h"
#include "cache/embedders.h"
#include "cache/remote_embed.h"

#define IDENTITY_MAX 65536u	/* the names of a model's targets */

static bool is_path(struct slice name)
{
	struct stat st;

	return name.n == 0 || name.p[0] == '/' || name.p[0] == '.' || stat(name.p, &st) == 0;
}

static const struct embedder *open_path(struct conf *c, const struct settings_cache *cs)
{
	const char *said = "";
	const struct embedder *e = embedders_open(cs->embedder.n ? cs->embedder.p : "", &said);

	if (e == NULL)
		conf_fault(c, &cs->embedder, "cache.embedder: %s", said);
	return e;
}

/* Any of its targets may be asked, and their points must be comparable.  False: a fault was added. */
static bool check_target(struct conf *c, const void *at, const struct target *t, struct slice model)
{
	const struct request call = { .op = REQUEST_EMBED, .dialect = &openai_embeddings };

	if (translate_pick(&t->provider->tongues, &call) == NULL)
		conf_fault(c, at, "cache.embedder: \"%.*s\" cannot be asked for embeddings", SLICE_ARG(t->name));
	else if (!slice_eq(t->model, model))
		conf_fault(c, at, "cache.embedder: its targets are of several models, whose vectors do not compare");
	else
		return true;
	return false;
}

static bool check(struct conf *c, const void *at, const struct model *m, struct buf *identity)
{
	if (m->n_fallbacks) {
		conf_fault(c, at, "cache.embedder: \"%.*s\" has fallbacks, whose vectors do not compare",
			SLICE_ARG(m->name));
		return false;
	}
	for (size_t i = 0; i < m->n_tiers; i++)
		for (size_t k = 0; k < m->tiers[i].n_targets; k++) {
			const struct target *t = &m->tiers[i].targets[k];
			if (!check_target(c, at, t, m->tiers[0].targets[0].model))
				return false;
			buf_addf(identity, "%.*s\n", SLICE_ARG(t->name));
		}
	return true;
}

const struct embedder *embedder_pick(struct conf *c, struct roster *r)
{
	const struct settings *st = c->root;
	const struct settings_cache *cs = &st->cache;
	struct remote_embed *e = NULL;
	struct arena a;
	struct buf identity;

	if (is_path(cs->embedder))
		return open_path(c, cs);
	arena_init(&a, 0);
	buf_init(&identity, IDENTITY_MAX);
	const struct model *m = roster_find(r, cs->embedder, &a);
	if (m == NULL)
		conf_fault(c, &cs->embedder, "cache.embedder: \"%.*s\" is neither a file nor a model",
			SLICE_ARG(cs->embedder));
	else if (check(c, &cs->embedder, m, &identity))
		e = remote_embed_new(cs->embedder, buf_slice(&identity), (uint32_t)cs->embedder_dim);
	buf_done(&identity);
	arena_done(&a);
	return e ? &e->base : NULL;
}

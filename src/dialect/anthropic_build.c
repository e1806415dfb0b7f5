#include "dialect/anthropic_build.h"

#include "dialect/splice.h"

static const struct splice_rule owned[] = { { "model", SPLICE_MODEL }, { "stream", SPLICE_STREAM },
	{ "stream_options", SPLICE_OPTIONS }, SPLICE_OWN };
static const struct splice_rules rules = { .rules = owned, .n = COUNT_OF(owned) };

static const struct splice_rule owned_count[] = { { "model", SPLICE_MODEL }, SPLICE_OWN };
static const struct splice_rules rules_count = { .rules = owned_count, .n = COUNT_OF(owned_count), .no_stream = true };

/* Counts come without asking, and a member that asks for them would be refused. */
enum err anthropic_build(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	struct dialect_ask mine = *ask;

	mine.add_usage = false;
	return splice_build(&rules, r, &mine, out);
}

enum err anthropic_build_count(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	return splice_build(&rules_count, r, ask, out);
}

static bool is_printable(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return s.n > 0;
}

void anthropic_build_fields(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	struct slice betas = r->door.betas;

	if (r->dialect->family != DIALECT_ANTHROPIC || !is_printable(betas) || buf_room(out, betas.n + 32) == NULL)
		return;
	buf_add(out, SLICE("anthropic-beta: "));
	buf_add(out, betas);
	buf_add(out, SLICE("\r\n"));
}

#include "dialect/responses_build.h"

#include "dialect/splice.h"

/* `stream_options` holds include_obfuscation here; token counts come without asking (protocols.md 2.1). */
static const struct splice_rule owned[] = {
	{ "model", SPLICE_MODEL }, { "stream", SPLICE_STREAM }, { "stream_options", SPLICE_OPTIONS }, SPLICE_OWN,
};
static const struct splice_rules rules = { .rules = owned, .n = COUNT_OF(owned), .no_options = true };

enum err responses_build(const struct request *r, const struct dialect_ask *ask, struct buf *out)
{
	return splice_build(&rules, r, ask, out);
}

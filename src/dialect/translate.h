/* From a request of any dialect to the body that a provider of any dialect gets: through the waist, never directly. */
#ifndef DIALECT_TRANSLATE_H
#define DIALECT_TRANSLATE_H

#include "dialect/dialect.h"

/* What a provider speaks: its main dialect, and others that it serves too. */
#define TRANSLATE_ALSO 6u
struct translate_tongues {
	const struct dialect *main, *also[TRANSLATE_ALSO];
	size_t n_also;
};

/* The dialect in which this request is put to the provider: the client's own where the provider speaks it, so that
 * bytes pass untouched; else its main one, or that of the main one's family for embeddings and the like.  NULL: it
 * has none for such requests. */
const struct dialect *translate_pick(const struct translate_tongues *t, const struct request *r);

/* The provider's body, appended to `out` (empty on entry): spliced when both sides speak the same dialect and nothing
 * is in the body that is foreign or that the provider's quirks refuse, else read and written anew; then the request's
 * provider_options for this provider are merged in (RFC 7396: null takes a member out).  ERR_UNSUPPORTED and
 * ERR_BAD_FIELD with ask->fault, ERR_TOO_BIG.  With ask->strict everything named in ask->drops is ERR_UNSUPPORTED. */
enum err translate_build(const struct dialect *back, const struct request *r, const struct dialect_ask *ask,
	struct buf *out) MUST_CHECK;

#endif

/* The identity of a request: two requests with one digest ask for the same answer.  SHA-256 over a canonical form of
 * all that can change it: tenant, model, kind, dialect, betas, and every member of the body but those that only say
 * how the answer is delivered or booked.  Order of members, white space, escapes and duplicate members (the last
 * counts) do not matter; order of lists does. */
#ifndef CHAT_DIGEST_H
#define CHAT_DIGEST_H

#include "chat/request.h"
#include "codec/sha256.h"

struct digest {
	uint8_t bytes[SHA256_BYTES];
};

/* r->doc must be there.  `dialect`: tag of the client's.  `tenant`: whatever tells tenants apart; never two tenants
 * the same. */
void digest_request(struct sha256 *s, const struct request *r, char dialect, struct slice tenant, struct digest *out);
#define DIGEST_HEX_BYTES (2 * SHA256_BYTES)
/* In hexadecimal, without an end. */
void digest_hex(const struct digest *d, char out[DIGEST_HEX_BYTES]);
static inline struct slice digest_slice(const struct digest *d)
{
	return slice_of(d->bytes, sizeof(d->bytes));
}

#endif

#include "codec/sha256.h"

#include <openssl/evp.h>

#include "base/must.h"

void sha256_done(struct sha256 *s)
{
	EVP_MD_CTX_free(s->context);
	s->context = NULL;
}

void sha256_begin(struct sha256 *s)
{
	bool is_new = s->context == NULL;

	if (is_new)
		s->context = EVP_MD_CTX_new();
	must(s->context != NULL);
	/* NULL: the same function as before, without looking it up again */
	must(EVP_DigestInit_ex(s->context, is_new ? EVP_sha256() : NULL, NULL) == 1);
	s->n = 0;
}

static void flush(struct sha256 *s)
{
	must(EVP_DigestUpdate(s->context, s->held, s->n) == 1);
	s->n = 0;
}

void sha256_add_slow(struct sha256 *s, struct slice piece)
{
	flush(s);
	if (piece.n > sizeof(s->held))
		must(EVP_DigestUpdate(s->context, piece.p, piece.n) == 1);
	else
		sha256_add(s, piece);
}

void sha256_end(struct sha256 *s, uint8_t out[SHA256_BYTES])
{
	unsigned n = 0;

	flush(s);
	must(EVP_DigestFinal_ex(s->context, out, &n) == 1 && n == SHA256_BYTES);
}

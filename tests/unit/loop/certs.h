/* Certificates made on the spot: a CA, and leaves that are good or bad in one way each. */
#ifndef TESTS_CERTS_H
#define TESTS_CERTS_H

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include "unit.h"

struct cert {
	X509 *x509;
	EVP_PKEY *key;
	char pem[80], key_pem[80];	/* files */
};

struct cert_wish {
	const char *stem;		/* of its files */
	const char *san;		/* "DNS:api.test,IP:127.0.0.1" */
	const char *usage;		/* "serverAuth" */
	long from_s, to_s;		/* validity, from now */
	bool is_ca;
};

static inline void cert_ext(X509 *x, const struct cert *ca, int nid, const char *value)
{
	X509V3_CTX c;
	X509V3_set_ctx(&c, ca ? ca->x509 : x, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &c, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

static inline void cert_save(struct cert *c, const char *dir, const char *stem)
{
	snprintf(c->pem, sizeof(c->pem), "%s/%s.pem", dir, stem);
	snprintf(c->key_pem, sizeof(c->key_pem), "%s/%s.key", dir, stem);
	FILE *f = fopen(c->pem, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_X509(f, c->x509), 1);
	fclose(f);
	f = fopen(c->key_pem, "w");
	assert_non_null(f);
	assert_int_equal(PEM_write_PrivateKey(f, c->key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(f);
}

/* `ca` NULL: signs itself. */
static inline void cert_make(struct cert *c, const char *dir, const struct cert_wish *w, const struct cert *ca)
{
	static long serial = 1;
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	c->x509 = x;
	c->key = EVP_EC_gen("P-256");
	assert_non_null(c->key);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
	X509_gmtime_adj(X509_getm_notBefore(x), w->from_s);
	X509_gmtime_adj(X509_getm_notAfter(x), w->to_s);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)w->stem, -1, -1, 0);
	X509_set_issuer_name(x, ca ? X509_get_subject_name(ca->x509) : name);
	X509_set_pubkey(x, c->key);
	cert_ext(x, ca, NID_basic_constraints, w->is_ca ? "critical,CA:TRUE" : "CA:FALSE");
	if (w->san)
		cert_ext(x, ca, NID_subject_alt_name, w->san);
	if (w->usage)
		cert_ext(x, ca, NID_ext_key_usage, w->usage);
	assert_true(X509_sign(x, ca ? ca->key : c->key, EVP_sha256()) > 0);
	cert_save(c, dir, w->stem);
}

static inline void cert_free(struct cert *c)
{
	X509_free(c->x509);
	EVP_PKEY_free(c->key);
	unlink(c->pem);
	unlink(c->key_pem);
}

#endif

#include "admit/client_key.h"

#include <stdlib.h>

#include "conf/conf.h"

static const struct row rows[] = {
	ROW_SECRET(struct client_key_conf, key, ROW_OPTIONAL, ROW_RELOAD, "what the client shows, e.g. ${TEAM_A_KEY}"),
	ROW_STR(struct client_key_conf, sha256, 2 * SHA256_BYTES, 2 * SHA256_BYTES, "", ROW_RELOAD,
		"its SHA-256 in place of the key itself, 64 hexadecimal digits; for keys that nobody can guess"),
	ROW_ENUM(struct client_key_conf, priority, "model|" REQUEST_PRIORITIES, "model", ROW_RELOAD,
		"how urgent its requests are, and the most that their x-weir-priority may ask for; model: as each "
		"model says"),
	ROW_INT(struct client_key_conf, weight, 1, CLIENT_KEY_WEIGHT_MAX, "1", ROW_RELOAD,
		"its share, in tokens, where requests of one priority wait for connections; keys that are not listed "
		"have 1"),
};
const struct section client_key_conf = ROW_TABLE_SCALAR("key", struct client_key_conf, rows, "key");

/* --- what the file says --------------------------------------------------------------------------------- */

static int digit(char c)
{
	const char *digits = "0123456789abcdef", *at = memchr(digits, c | 0x20, 16);

	return at ? (int)(at - digits) : -1;
}

static bool read_hash(struct slice hex, uint8_t out[SHA256_BYTES])
{
	if (hex.n != 2 * SHA256_BYTES)
		return false;
	for (size_t i = 0; i < SHA256_BYTES; i++) {
		int high = digit(hex.p[2 * i]), low = digit(hex.p[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void hash_of(struct sha256 *sha, struct slice key, uint8_t out[SHA256_BYTES])
{
	sha256_begin(sha);
	sha256_add(sha, key);
	sha256_end(sha, out);
}

/* It stands in log lines and fields. */
static bool name_ok(struct slice name)
{
	return slice_is_token(name, "._-") && name.n <= CLIENT_KEY_NAME_MAX;
}

static bool take_hash(const struct client_key_conf *from, struct slice name, struct conf *c, struct sha256 *sha,
	uint8_t out[SHA256_BYTES])
{
	bool hashed = CONF_GIVEN(c, &from->sha256), bare = CONF_GIVEN(c, &from->key);

	if (hashed && bare) {
		conf_fault(c, &from->sha256, "key \"%.*s\" has both key and sha256", SLICE_ARG(name));
	} else if (!hashed && from->key.bytes.n == 0) {
		conf_fault(c, &from->key, "key \"%.*s\" is empty: write key: \"${NAME}\" or sha256", SLICE_ARG(name));
	} else if (!hashed) {
		hash_of(sha, from->key.bytes, out);
		return true;
	} else if (read_hash(from->sha256, out)) {
		return true;
	} else if (from->sha256.n) {		/* else its row has said so */
		conf_fault(c, &from->sha256, "sha256 of key \"%.*s\" is not 64 hexadecimal digits", SLICE_ARG(name));
	}
	return false;
}

static void take(struct client_keys *ks, const struct row_items *items, size_t i, struct conf *c, struct sha256 *sha)
{
	const struct client_key_conf *from = row_item(items, &client_key_conf, i);
	const struct slice *name = &items->names[i];
	struct client_key *k = &ks->v[i];

	if (!name_ok(*name))
		conf_fault(c, name, "key \"%.*s\": a name is made of 1 to %u letters, digits, \".\", \"_\" and \"-\"",
			SLICE_ARG(*name), CLIENT_KEY_NAME_MAX);
	*k = (struct client_key){ .name = *name, .priority = from->priority, .weight = (uint32_t)from->weight };
	if (!take_hash(from, *name, c, sha, k->hash))
		return;
	const struct client_key *twin = map_find(&ks->by_hash, slice_of(k->hash, SHA256_BYTES));
	if (twin)
		conf_fault(c, name, "key \"%.*s\" is the same as \"%.*s\"", SLICE_ARG(*name), SLICE_ARG(twin->name));
	else
		must(map_put(&ks->by_hash, slice_of(k->hash, SHA256_BYTES), k));
}

void client_key_load(struct client_keys *ks, const struct row_items *from, struct conf *c, uint64_t seed)
{
	struct sha256 sha = { .n = 0 };

	client_key_done(ks);
	map_init(&ks->by_hash, 0, seed);
	ks->v = calloc(from->n + 1, sizeof(*ks->v));
	must(ks->v != NULL);
	for (size_t i = 0; i < from->n; i++)
		take(ks, from, i, c, &sha);
	sha256_done(&sha);
}

void client_key_done(struct client_keys *ks)
{
	map_done(&ks->by_hash);
	free(ks->v);
	*ks = (struct client_keys){ .v = NULL };
}

/* --- who it is ------------------------------------------------------------------------------------------ */

const struct client_key *client_key_find(const struct client_keys *ks, struct sha256 *sha, struct slice shown)
{
	uint8_t hash[SHA256_BYTES];

	if (ks->by_hash.n == 0 || shown.n == 0)
		return NULL;
	hash_of(sha, shown, hash);
	return map_find(&ks->by_hash, slice_of(hash, SHA256_BYTES));
}

enum request_priority client_key_priority(const struct client_key *k, enum request_priority asked)
{
	return k ? MAX_OF(k->priority, asked) : asked;
}

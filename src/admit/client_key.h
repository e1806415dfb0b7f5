/* The clients that the configuration knows by their keys: what each is called, how urgent its requests are, and what
 * share it has where they wait.  Nobody is refused for not being here.
 *
 * A key is looked up by its SHA-256, so that the file may hold that in its place, and so that how long a look-up takes
 * says nothing about a key. */
#ifndef ADMIT_CLIENT_KEY_H
#define ADMIT_CLIENT_KEY_H

#include "base/map.h"
#include "chat/request.h"
#include "codec/sha256.h"
#include "conf/row.h"

struct conf;

#define CLIENT_KEY_MOST 4096u
#define CLIENT_KEY_NAME_MAX 63u		/* bytes; in records */
#define CLIENT_KEY_WEIGHT_MAX 1000	/* as upstream/line.h takes */

/* `keys.NAME` of the configuration. */
struct client_key_conf {
	struct secret key;
	struct slice sha256;
	enum request_priority priority;		/* UNSAID: as the model says */
	int64_t weight;
};

extern const struct section client_key_conf;

struct client_key {
	struct slice name;			/* in the configuration's memory */
	enum request_priority priority;
	uint32_t weight;
	uint8_t hash[SHA256_BYTES];
};

/* Zero-initialise. */
struct client_keys {
	struct client_key *v;
	struct map by_hash;
};

/* Takes `from` (of struct client_key_conf, by name) in place of what was there; it must outlive the keys.  Faults are
 * added to `c`, and their entries left out.  `seed` from the process' secret dice. */
void client_key_load(struct client_keys *ks, const struct row_items *from, struct conf *c, uint64_t seed);
void client_key_done(struct client_keys *ks);
/* Whose credential this is; NULL: nobody's.  `sha` is scratch. */
const struct client_key *client_key_find(const struct client_keys *ks, struct sha256 *sha, struct slice shown);
/* What a request of `k` (NULL: of one who is not known) that asks for `asked` gets: the header's, else the key's.  A
 * header cannot ask for more than the key has.  UNSAID: as the model says. */
enum request_priority client_key_priority(const struct client_key *k, enum request_priority asked);

#endif

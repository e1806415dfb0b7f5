/* Partitions of the semantic cache and their entries: who is in memory, what is near.  Knows no mode and no policy. */
#ifndef CACHE_PARTITION_H
#define CACHE_PARTITION_H

#include "cache/evidence.h"
#include "cache/flat.h"
#include "chat/digest.h"
#include "base/list.h"
#include "base/map.h"

#define PARTITION_MAX 256u		/* in memory at once (algorithms.md C2) */
#define PARTITION_BEGINS 64u		/* beginnings of texts that are watched */
#define PARTITION_BEGIN_BYTES 64u	/* a template's beginning (algorithms.md A6) */
#define PARTITION_BEGIN_TEXTS 3u	/* other texts that make it one */
#define PARTITION_BEGIN_MS 600000u

struct partition_entry {
	uint64_t id;			/* key of the entries' map */
	struct partition *in;
	struct list node;
	struct evidence evidence;
	uint64_t tenant, ends_ns;
	uint64_t served_user, served_text, served_ns;	/* the last hit; hashes */
	size_t text_n;
	char text[];
};

/* A beginning that several texts share. */
struct partition_begin {
	uint64_t begin, last;		/* hashes: of the beginning, of the last text with it */
	uint64_t since_ns;
	uint32_t texts;
};

struct partition {
	struct digest digest;		/* key of the partitions' map */
	struct list node;		/* partition_set.recent */
	struct list entries;
	void *owner;			/* of the user of the set: partition_new.owner */
	struct flat *flat;
	size_t bytes, texts;		/* of itself; of its entries */
	bool dying;			/* nothing finds it; goes with partition_sweep */
	struct partition_begin begins[PARTITION_BEGINS];
};

struct partition_set {
	struct map partitions, entries;	/* digest -> partition; id -> entry */
	struct list recent;		/* longest unused first */
	struct list dying;
	size_t bytes, max;
	uint32_t dim;
	struct siphash_key seed;
};

void partition_init(struct partition_set *set, uint32_t dim, size_t max_bytes, uint64_t seed);
/* Frees everything; the set can be used again after partition_init only. */
void partition_done(struct partition_set *set);
/* Forgets everything; `dim` of what comes now.  As with all that goes at once, the memory goes with partition_sweep. */
void partition_clear(struct partition_set *set, uint32_t dim);
/* Frees some: `n` entries at most.  True: there is more to do. */
bool partition_sweep(struct partition_set *set, size_t n);
/* A new limit; what is too much goes now. */
void partition_limit(struct partition_set *set, size_t max_bytes);
/* Marks it used; NULL: none. */
struct partition *partition_find(struct partition_set *set, const struct digest *d);
struct partition_entry *partition_entry(const struct partition_set *set, uint64_t id);

struct partition_new {
	uint64_t id, sign, tenant, ends_ns;	/* id: not 0, new */
	uint32_t author;
	struct slice text;
	const struct embed_vec *vec;
	uint32_t rows;				/* most entries of a partition made now */
	void *owner;
};
/* Makes the partition when there is none; others give way to the limits.  False when it cannot be kept. */
bool partition_put(struct partition_set *set, const struct digest *d, const struct partition_new *n);
/* Harmless when there is none. */
void partition_forget(struct partition_set *set, const struct digest *d);
void partition_drop(struct partition_set *set, struct partition_entry *e);
/* Whether the text is one of many with the same beginning; `note`: counts it. */
bool partition_is_template(struct partition_set *set, struct partition *p, struct slice text, uint64_t now_ns,
	bool note);

#endif

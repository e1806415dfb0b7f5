/* An entry: version, tag of the dialect, length of the target (2 bytes), target, tape. */
#include "cache/exact.h"

#define VERSION 1
#define HEAD 4u

void exact_init(struct exact *x, size_t max_bytes, uint64_t seed)
{
	*x = (struct exact){ .hits = 0 };
	shelf_init(&x->shelf, max_bytes, seed);
}

void exact_done(struct exact *x)
{
	shelf_done(&x->shelf);
}

static bool unpack(struct slice entry, struct exact_answer *out)
{
	uint16_t n;

	if (entry.n < HEAD || entry.p[0] != VERSION)
		return false;
	memcpy(&n, entry.p + 2, sizeof(n));
	if (entry.n < HEAD + n)
		return false;
	out->dialect = entry.p[1];
	out->target = slice_of(entry.p + HEAD, n);
	out->tape = slice_skip(entry, HEAD + n);
	return true;
}

bool exact_get(struct exact *x, const struct digest *d, uint64_t max_age_ms, uint64_t now_ns, struct exact_answer *out)
{
	struct shelf_value v;
	bool found = shelf_get(&x->shelf, digest_slice(d), now_ns, &v) && v.age_ms <= max_age_ms
		&& unpack(v.bytes, out);

	x->hits += found;
	x->misses += !found;
	if (found)
		out->age_ms = v.age_ms;
	return found;
}

bool exact_put(struct exact *x, const struct digest *d, const struct exact_answer *a, uint64_t ttl_ms, uint64_t now_ns)
{
	uint16_t n = (uint16_t)MIN_OF(a->target.n, (size_t)UINT16_MAX);
	char head[HEAD] = { VERSION, a->dialect };
	struct buf b;

	memcpy(head + 2, &n, sizeof(n));
	buf_init(&b, SIZE_MAX);
	buf_add(&b, slice_of(head, HEAD));
	buf_add(&b, slice_of(a->target.p, n));
	buf_add(&b, a->tape);
	bool kept = shelf_put(&x->shelf, digest_slice(d), buf_slice(&b), ttl_ms, now_ns);
	buf_done(&b);
	x->kept += kept;
	return kept;
}

void exact_purge(struct exact *x)
{
	shelf_clear(&x->shelf);
}

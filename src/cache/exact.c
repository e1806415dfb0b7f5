/* An entry, little-endian: version, tag of the dialect, length of the target (2 bytes), two counts of tokens (8 each),
 * times of keeping and ending (8 each, Unix ms), target, packed tape, checksum with the digest (codec/checksum.h). */
#include "cache/exact.h"

#include "base/counter.h"
#include "base/span.h"
#include "codec/checksum.h"
#include "codec/pack.h"
#include "loop/loop.h"
#include "store/store.h"

#define VERSION 3	/* 3: with the checksum */
#define HEAD 36u
#define TAPE_MAX ((size_t)1 << 30)

struct head {
	char version, dialect;
	uint16_t target_n;
	int64_t prompt_tok, completion_tok;
	uint64_t kept_ms, ends_ms;
};

static void put_head(const struct head *h, char p[HEAD])
{
	p[0] = h->version;
	p[1] = h->dialect;
	memcpy(p + 2, &h->target_n, 2);
	memcpy(p + 4, &h->prompt_tok, 8);
	memcpy(p + 12, &h->completion_tok, 8);
	memcpy(p + 20, &h->kept_ms, 8);
	memcpy(p + 28, &h->ends_ms, 8);
}

static bool get_head(struct slice s, struct head *h)
{
	if (s.n < HEAD + CHECKSUM_BYTES || s.p[0] != VERSION)
		return false;
	*h = (struct head){ .version = s.p[0], .dialect = s.p[1] };
	memcpy(&h->target_n, s.p + 2, 2);
	memcpy(&h->prompt_tok, s.p + 4, 8);
	memcpy(&h->completion_tok, s.p + 12, 8);
	memcpy(&h->kept_ms, s.p + 20, 8);
	memcpy(&h->ends_ms, s.p + 28, 8);
	return s.n >= HEAD + CHECKSUM_BYTES + h->target_n && h->kept_ms < h->ends_ms;
}

struct slice exact_key(const struct digest *d, char out[EXACT_KEY_BYTES])
{
	out[0] = 'x';
	out[1] = ':';
	digest_hex(d, out + 2);
	return slice_of(out, EXACT_KEY_BYTES);
}

struct exact_now exact_now_of(struct loop *l)
{
	return (struct exact_now){ loop_now(l), loop_wall_ms(l) };
}

void exact_init(struct exact *x, size_t max_bytes, struct dice *dice)
{
	*x = (struct exact){ .dice = dice };
	buf_init(&x->entry, 2 * TAPE_MAX);
	buf_init(&x->tape, TAPE_MAX);
	shelf_init(&x->shelf, max_bytes, dice_u64(dice));
}

void exact_done(struct exact *x)
{
	buf_done(&x->entry);
	buf_done(&x->tape);
	shelf_done(&x->shelf);
}

/* A node whose clock runs ahead makes entries from the future: they are new. */
static uint64_t age_of(const struct head *h, uint64_t wall_ms)
{
	return wall_ms > h->kept_ms ? wall_ms - h->kept_ms : 0;
}

static bool unpack(struct exact *x, struct slice entry, uint64_t max_age_ms, uint64_t wall_ms, struct exact_answer *out)
{
	struct head h;

	if (!get_head(entry, &h) || wall_ms >= h.ends_ms || age_of(&h, wall_ms) > max_age_ms)
		return false;
	buf_clear(&x->tape);
	entry.n -= CHECKSUM_BYTES;	/* was looked at when it came */
	if (!pack_get(slice_skip(entry, HEAD + h.target_n), TAPE_MAX, &x->tape))
		return false;
	*out = (struct exact_answer){ .dialect = h.dialect, .target = slice_of(entry.p + HEAD, h.target_n),
		.tape = buf_slice(&x->tape), .prompt_tok = h.prompt_tok, .completion_tok = h.completion_tok,
		.age_ms = age_of(&h, wall_ms) };
	return true;
}

bool exact_get(struct exact *x, const struct digest *d, uint64_t max_age_ms, struct exact_now now,
	struct exact_answer *out)
{
	struct shelf_value v;
	bool found = shelf_get(&x->shelf, digest_slice(d), now.ns, &v) && unpack(x, v.bytes, max_age_ms, now.wall_ms,
		out);

	x->hits += found;
	x->misses += !found;
	return found;
}

bool exact_take(struct exact *x, const struct digest *d, struct slice entry, uint64_t max_age_ms, struct exact_now now,
	struct exact_answer *out)
{
	struct slice checked = entry;
	struct head h;

	if (!checksum_cut(&checked, digest_slice(d)) || !get_head(entry, &h)) {
		counter_add(COUNTER_store_foreign, 1);
		return false;
	}
	buf_clear(&x->entry);
	if (now.wall_ms >= h.ends_ms || !buf_put(&x->entry, entry)
			|| !unpack(x, buf_slice(&x->entry), max_age_ms, now.wall_ms, out) || !tape_is_whole(out->tape))
		return false;
	/* By the clock of a node that is behind it would stay longer than it was meant to. */
	shelf_put(&x->shelf, digest_slice(d), entry, h.ends_ms - MAX_OF(now.wall_ms, h.kept_ms), now.ns);
	return true;
}

static uint64_t with_jitter(struct exact *x, uint64_t ttl_ms)
{
	return ttl_ms - dice_below(x->dice, ttl_ms / 10 + 1);
}

static bool write_entry(struct exact *x, const struct digest *d, const struct exact_answer *a, const struct head *h)
{
	char head[HEAD];

	put_head(h, head);
	buf_clear(&x->entry);
	buf_add(&x->entry, slice_of(head, HEAD));
	buf_add(&x->entry, slice_of(a->target.p, h->target_n));
	return pack_put(&x->entry, a->tape) && checksum_put(&x->entry, digest_slice(d));
}

bool exact_put(struct exact *x, const struct digest *d, const struct exact_answer *a, uint64_t ttl_ms,
	struct exact_now now)
{
	char key[EXACT_KEY_BYTES];
	uint64_t left = with_jitter(x, ttl_ms);
	const struct head h = { .version = VERSION, .dialect = a->dialect, .prompt_tok = a->prompt_tok,
		.target_n = (uint16_t)MIN_OF(a->target.n, (size_t)UINT16_MAX), .completion_tok = a->completion_tok,
		.kept_ms = now.wall_ms, .ends_ms = now.wall_ms + left };

	if (left == 0 || !write_entry(x, d, a, &h))
		return false;
	bool kept = shelf_put(&x->shelf, digest_slice(d), buf_slice(&x->entry), left, now.ns);
	if (x->store && store_is_shared(x->store))
		store_put(x->store, NULL, exact_key(d, key), buf_slice(&x->entry), left, STORE_ALWAYS);
	x->kept += kept;
	return kept;
}

void exact_purge(struct exact *x)
{
	shelf_clear(&x->shelf);
}

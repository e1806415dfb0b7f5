/* Two nodes and the log between them: a store made for the test, whose followers hear at once, or when told. */
#include "unit.h"

#include <stdlib.h>

#include "base/counter.h"
#include "base/must.h"
#include "base/span.h"
#include "cache/semantic_log.h"

#define ENTRIES 1000u
#define TAILS (PARTITION_MAX + 8)
#define HOUR_MS 3600000u

struct store {
	bool shared;
	struct { char key[64]; char *value; size_t n; } entries[ENTRIES];
	size_t n;
	struct store_tail *tails[TAILS];
	char keys[TAILS][64];
	size_t heard[TAILS];
};

/* Bodies stay in the process. */
void store_put(struct store *s, struct store_op *op, struct slice key, struct slice value, uint64_t ttl_ms,
	enum store_if cond)
{
	must_never("a body went to the store");
}

bool store_is_shared(const struct store *s)
{
	return s->shared;
}

void store_append(struct store *s, struct store_op *op, struct slice key, struct slice value, uint32_t max_len,
	uint64_t ttl_ms)
{
	must(s->n < ENTRIES && max_len == SEMANTIC_LOG_ENTRIES && ttl_ms >= 86400000u);
	slice_copy(key, s->entries[s->n].key, sizeof(s->entries[0].key));
	s->entries[s->n].value = malloc(value.n);
	memcpy(s->entries[s->n].value, value.p, value.n);
	s->entries[s->n++].n = value.n;
}

void store_follow(struct store *s, struct store_tail *t, struct slice key, bool from_start)
{
	for (size_t i = 0; i < COUNT_OF(s->tails); i++)
		if (s->tails[i] == NULL) {
			must(from_start);
			s->tails[i] = t;
			s->heard[i] = 0;
			slice_copy(key, s->keys[i], sizeof(s->keys[i]));
			t->priv = s;
			return;
		}
	must_never("too many tails");
}

void store_unfollow(struct store_tail *t)
{
	struct store *s = t->priv;

	for (size_t i = 0; i < COUNT_OF(s->tails); i++)
		if (s->tails[i] == t)
			s->tails[i] = NULL;
}

/* Everybody hears what is new. */
static void flow(struct store *s)
{
	for (size_t i = 0; i < COUNT_OF(s->tails); i++)
		for (; s->tails[i] && s->heard[i] < s->n; s->heard[i]++)
			if (strcmp(s->keys[i], s->entries[s->heard[i]].key) == 0)
				s->tails[i]->on_entry(s->tails[i], slice_of(s->entries[s->heard[i]].value,
					s->entries[s->heard[i]].n));
}

static void embed_stub(const struct embedder *e, struct slice text, struct embed_vec *out)
{
	*out = (struct embed_vec){ .v = { 100 }, .scale = 0.01f };
}
static const struct embedder stub = { .id = "stub", .version = "1", .dim = 32, .embed = embed_stub, .text_max = 2048 };

/* One that is asked over the network: points are handed in. */
static const struct embedder away = { .id = "away", .version = "1", .dim = 32, .text_max = 2048 };

struct node {
	struct semantic cache;
	struct semantic_log log;
	struct semantic_note note;
	struct semantic_hit hit;
};

struct world {
	struct store store;
	struct node nodes[2];
	struct roster_semantic rules;
	struct slice point;		/* of what is asked; empty: it is made here */
	uint64_t now_ns;
};

static struct exact_now now(void *arg)
{
	const struct world *w = arg;

	return (struct exact_now){ w->now_ns, 1700000000000 + w->now_ns / SPAN_NS_PER_MS };
}

static struct world *world_with(const struct embedder *e, bool shared)
{
	struct world *w = calloc(1, sizeof(*w));

	w->store.shared = shared;
	w->now_ns = SPAN_NS_PER_S;
	w->rules = (struct roster_semantic){ .mode = ROSTER_SEMANTIC_THRESHOLD, .ttl_ms = HOUR_MS, .threshold = 0.9,
		.error = 0.05, .depth = 1, .rows = 100 };
	for (unsigned i = 0; i < 2; i++) {
		struct node *n = &w->nodes[i];
		const struct semantic_opts o = { .embedder = e, .index_max = 1 << 20, .body_max = 1 << 20,
			.seed = 3 + i };
		semantic_init(&n->cache, &o);
		n->log = (struct semantic_log){ .store = &w->store, .cache = &n->cache, .now = now, .arg = w };
		semantic_log_open(&n->log, 5);
	}
	return w;
}

static struct world *world_new(bool shared)
{
	return world_with(&stub, shared);
}

static void world_free(struct world *w)
{
	for (unsigned i = 0; i < 2; i++) {
		semantic_log_close(&w->nodes[i].log);
		semantic_done(&w->nodes[i].cache);
	}
	for (size_t i = 0; i < COUNT_OF(w->store.tails); i++)
		assert_null(w->store.tails[i]);
	for (size_t i = 0; i < w->store.n; i++)
		free(w->store.entries[i].value);
	free(w);
}

static enum semantic_outcome ask(struct world *w, unsigned node, const char *text)
{
	const struct question q = { .text = slice_str(text), .partition = { { 7 } }, .user = 3 };
	const struct semantic_ask a = { .model = SLICE("m"), .rules = &w->rules, .question = &q, .point = w->point,
		.tenant = 5, .max_age_ms = UINT64_MAX, .now = now((void *)w) };
	struct node *n = &w->nodes[node];
	enum semantic_outcome o;

	do
		o = semantic_find(&n->cache, &a, &n->note, &n->hit);
	while (o == SEMANTIC_AUDIT_MISS);
	return o;
}

static void keep(struct world *w, unsigned node, const char *answer)
{
	const struct event ev = { .kind = EVENT_TEXT, .text = slice_str(answer) };
	struct tape t;

	tape_init(&t, 4096);
	tape_add(&t, &ev);
	const struct exact_answer a = { .dialect = 'c', .target = SLICE("p/m"), .tape = buf_slice(&t.bytes) };
	semantic_keep(&w->nodes[node].cache, &w->nodes[node].note, &a, now(w));
	tape_done(&t);
}

#define QUESTION "How do I reset my password?"

static struct evidence *evidence_of(struct world *w, unsigned node)
{
	return &partition_entry(&w->nodes[node].cache.set, w->nodes[node].note.candidate)->evidence;
}

/* What one node keeps the other serves; the log may also have been there before it was asked. */
static void test_shared(void **state)
{
	struct world *w = world_new(true);

	assert_int_equal(ask(w, 0, QUESTION), SEMANTIC_MISS);
	keep(w, 0, "Press it.");
	assert_int_equal(ask(w, 1, QUESTION), SEMANTIC_MISS);
	flow(&w->store);
	assert_int_equal(ask(w, 1, QUESTION), SEMANTIC_HIT);
	assert_slice(w->nodes[1].hit.answer.target, "p/m");
	assert_int_equal(w->nodes[1].hit.answer.dialect, 'c');
	assert_int_equal(w->nodes[0].cache.set.entries.n, 1);
	assert_string_equal(w->store.entries[0].key, "{07000000000000000000000000000000}:log");
	world_free(w);
}

/* Points that a provider made travel along: the other node asks it only about its own questions. */
static void test_points(void **state)
{
	struct world *w = world_with(&away, true);

	assert_int_equal(ask(w, 0, QUESTION), SEMANTIC_SKIP);
	w->point = SLICE("\x20\x40\x60");
	assert_int_equal(ask(w, 0, QUESTION), SEMANTIC_MISS);
	keep(w, 0, "Press it.");
	assert_int_equal(ask(w, 1, QUESTION), SEMANTIC_MISS);
	flow(&w->store);
	assert_int_equal(ask(w, 1, QUESTION), SEMANTIC_HIT);
	assert_true(w->nodes[1].hit.cosine > 0.999f);
	w->point = SLICE("\x60\x40\x20");
	assert_int_equal(ask(w, 1, QUESTION), SEMANTIC_MISS);
	assert_true(w->nodes[1].note.candidate != 0);	/* 10/14 of the way: found, and below the threshold */
	world_free(w);
}

/* An entry without a usable point is none. */
static void test_bad_points(void **state)
{
	static const struct slice points[] = { { "", 0 }, { "\x80\x01", 2 }, { "\0\0", 2 },
		{ "123456789012345678901234567890123", 33 } };
	struct world *w = world_with(&away, true);

	w->point = SLICE("1");
	ask(w, 1, QUESTION);
	for (size_t i = 0; i < COUNT_OF(points); i++) {
		ask(w, 0, QUESTION);
		w->nodes[0].note.point = points[i];
		keep(w, 0, "Press it.");
		flow(&w->store);
		assert_int_equal(w->nodes[0].cache.set.entries.n + w->nodes[1].cache.set.entries.n, 0);
	}
	world_free(w);
}

/* A wrong label silences the entry on both nodes; right ones count once on each. */
static void test_labels(void **state)
{
	struct world *w = world_new(true);

	ask(w, 0, QUESTION);
	keep(w, 0, "Press it.");
	ask(w, 1, QUESTION);
	flow(&w->store);
	assert_int_equal(ask(w, 1, QUESTION), SEMANTIC_HIT);
	assert_true(semantic_feedback(&w->nodes[1].cache, w->nodes[1].hit.id, 5, 3));
	assert_int_equal(ask(w, 1, QUESTION), SEMANTIC_MISS);
	assert_int_equal(ask(w, 0, QUESTION), SEMANTIC_HIT);
	flow(&w->store);
	assert_int_equal(ask(w, 0, QUESTION), SEMANTIC_MISS);
	keep(w, 0, "Press it.");
	assert_int_equal(evidence_of(w, 0)->pos[15], 0);
	flow(&w->store);
	assert_int_equal(evidence_of(w, 0)->pos[15], 1);
	ask(w, 1, QUESTION);
	assert_int_equal(evidence_of(w, 1)->pos[15], 1);
	world_free(w);
}

/* After a gap everything comes again, and counts once. */
static void test_gap(void **state)
{
	struct world *w = world_new(true);

	ask(w, 0, QUESTION);
	keep(w, 0, "Press it.");
	ask(w, 0, QUESTION);
	w->nodes[0].note.outcome = SEMANTIC_MISS;
	keep(w, 0, "Press it.");
	flow(&w->store);
	assert_int_equal(evidence_of(w, 0)->pos[15], 1);
	w->store.tails[0]->on_gap(w->store.tails[0]);
	partition_sweep(&w->nodes[0].cache.set, SIZE_MAX);
	assert_int_equal(w->nodes[0].cache.set.entries.n, 0);
	w->store.heard[0] = 0;
	flow(&w->store);
	assert_int_equal(ask(w, 0, QUESTION), SEMANTIC_HIT);
	assert_int_equal(evidence_of(w, 0)->pos[15], 1);
	world_free(w);
}

static void test_alone(void **state)
{
	struct world *w = world_new(false);

	ask(w, 0, QUESTION);
	keep(w, 0, "Press it.");
	assert_int_equal(ask(w, 0, QUESTION), SEMANTIC_HIT);
	assert_int_equal(w->store.n, 0);
	world_free(w);
}

/* Every byte of an entry changed, and every shorter one: nothing of it is taken; nor what is over. */
static void test_foreign_bytes(void **state)
{
	struct world *w = world_new(true);

	ask(w, 0, QUESTION);
	keep(w, 0, "Press it.");
	ask(w, 1, QUESTION);
	struct store_tail *t = w->store.tails[1];
	char *bytes = w->store.entries[0].value;
	size_t n = w->store.entries[0].n;
	uint64_t foreign = counter_values[COUNTER_store_foreign];
	for (size_t i = 0; i < n; i++) {
		t->on_entry(t, slice_of(bytes, i));
		assert_int_equal(w->nodes[1].cache.set.entries.n, 0);
	}
	for (size_t i = 0; i < n; i++) {
		bytes[i] ^= 0x55;
		t->on_entry(t, slice_of(bytes, n));
		assert_int_equal(w->nodes[1].cache.set.entries.n, 0);
		bytes[i] ^= 0x55;
		semantic_purge(&w->nodes[1].cache);
	}
	assert_int_equal(counter_values[COUNTER_store_foreign] - foreign, 2 * n);
	t->on_entry(t, slice_of(bytes, n));
	assert_int_equal(w->nodes[1].cache.set.entries.n, 1);
	semantic_purge(&w->nodes[1].cache);
	w->now_ns += (HOUR_MS + 1) * (uint64_t)SPAN_NS_PER_MS;
	t->on_entry(t, slice_of(bytes, n));
	partition_sweep(&w->nodes[1].cache.set, SIZE_MAX);
	assert_int_equal(w->nodes[1].cache.set.entries.n, 0);
	world_free(w);
}

/* The longest unasked partition is followed no more: no more tails than partitions in memory. */
static void test_many(void **state)
{
	struct world *w = world_new(true);

	for (unsigned i = 0; i < PARTITION_MAX + 5; i++) {
		struct digest d = { { (uint8_t)i, (uint8_t)(i >> 8), 1 } };
		w->nodes[0].log.peer.on_asked(&w->nodes[0].log, &d);
	}
	assert_int_equal(w->nodes[0].log.tails.n, PARTITION_MAX);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_points),
		cmocka_unit_test(test_bad_points),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_foreign_bytes),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

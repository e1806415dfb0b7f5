/* One node and the index that it shares: a store made for the test, which holds what it was given. */
#include "unit.h"

#include <stdlib.h>

#include "base/counter.h"
#include "base/must.h"
#include "base/span.h"
#include "cache/semantic_index.h"
#include "codec/checksum.h"

#define HOUR_MS 3600000u
#define POINTS 8u
#define TAPE_HEAD 14u	/* chat/tape.c */
#define QUESTION "How do I reset my password?"

struct store {
	bool shared, near, follows, listens;
	struct { char name[128]; char value[1024]; size_t n; char notes[1024]; size_t notes_n; } points[POINTS];
	size_t n;
	struct store_op *asked;
	char set[64], group[32], word[64];
	float at[EMBED_DIM_MAX];
	size_t at_n, word_n;
};

bool store_is_shared(const struct store *s)
{
	return s->shared;
}

bool store_is_near(const struct store *s)
{
	return s->near;
}

static size_t find(struct store *s, const struct store_near_point *p)
{
	char name[128];
	size_t i = 0;

	snprintf(name, sizeof(name), "%.*s:%.*s:%.*s", SLICE_ARG(p->set), SLICE_ARG(p->group), SLICE_ARG(p->id));
	while (i < s->n && strcmp(s->points[i].name, name) != 0)
		i++;
	if (i == s->n)
		memcpy(s->points[i].name, name, sizeof(name));
	return i;
}

void store_near_put(struct store *s, struct store_op *op, const struct store_near_point *p, struct slice value,
	uint64_t ttl_ms, uint32_t max)
{
	size_t i = find(s, p);

	must(op == NULL && i == s->n && i < POINTS && value.n <= sizeof(s->points[0].value));
	must(max == SEMANTIC_INDEX_ENTRIES && ttl_ms == HOUR_MS && p->at.n == 32 * sizeof(float));
	memcpy(s->points[i].value, value.p, value.n);
	s->points[i].n = value.n;
	s->n++;
}

void store_near_note(struct store *s, struct store_op *op, const struct store_near_point *p, struct slice note,
	uint32_t max)
{
	size_t i = find(s, p);

	must(i < s->n && max == 1024 && s->points[i].notes_n + note.n <= max);
	memcpy(s->points[i].notes + s->points[i].notes_n, note.p, note.n);
	s->points[i].notes_n += note.n;
}

void store_near_get(struct store *s, struct store_op *op, const struct store_near_point *p, float floor)
{
	s->asked = op;
	slice_copy(p->set, s->set, sizeof(s->set));
	slice_copy(p->group, s->group, sizeof(s->group));
	memcpy(s->at, p->at.p, p->at.n);
	s->at_n = p->at.n / sizeof(float);
}

/* The answer that the test hands on: which points, in order. */
static const size_t *handed;
static size_t handed_n;
static struct store *handed_of;

bool store_near_next(struct slice *rest, struct slice *out_value, struct slice *out_notes)
{
	if (handed_n == 0)
		return false;
	handed_n--;
	*out_value = slice_of(handed_of->points[*handed].value, handed_of->points[*handed].n);
	*out_notes = slice_of(handed_of->points[*handed].notes, handed_of->points[*handed].notes_n);
	handed++;
	return true;
}

void store_cancel(struct store_op *op)
{
	must(op->on_done != NULL);
}

void store_tell(struct store *s, struct slice channel, struct slice word)
{
	memcpy(s->word, word.p, word.n);
	s->word_n = word.n;
}

void store_listen(struct store *s, struct store_ear *e, struct slice channel)
{
	e->store = s;
	s->listens = true;
}

void store_unlisten(struct store_ear *e)
{
	if (e->store)
		e->store->listens = false;
	e->store = NULL;
}

void store_put(struct store *s, struct store_op *op, struct slice key, struct slice value, uint64_t ttl_ms,
	enum store_if cond)
{
	must_never("a body went to the store");
}

void store_append(struct store *s, struct store_op *op, struct slice key, struct slice value, uint32_t max_len,
	uint64_t ttl_ms)
{
	s->follows = true;
}

void store_follow(struct store *s, struct store_tail *t, struct slice key, bool from_start)
{
	s->follows = true;
}

void store_unfollow(struct store_tail *t)
{
}

static void embed_stub(const struct embedder *e, struct slice text, struct embed_vec *out)
{
	*out = (struct embed_vec){ .v = { 0, 100 }, .scale = 0.01f };
}
static const struct embedder stub = { .id = "stub", .version = "1", .dim = 32, .embed = embed_stub, .text_max = 2048 };

struct world {
	struct store store;
	struct semantic cache;
	struct semantic_log log;
	struct semantic_index index;
	struct semantic_note note;
	struct semantic_hit hit;
	struct roster_semantic rules;
	struct semantic_search search;
	uint64_t max_age_ms, now_ns;
	unsigned done;
};

static struct exact_now now(void *arg)
{
	const struct world *w = arg;

	return (struct exact_now){ w->now_ns, 1700000000000 + w->now_ns / SPAN_NS_PER_MS };
}

static void on_searched(struct semantic_search *q)
{
	CONTAINER(q, struct world, search)->done++;
}

static struct world *world_new(enum semantic_index_kind kind, bool shared)
{
	const struct semantic_opts o = { .embedder = &stub, .index_max = 1 << 20, .body_max = 1 << 20, .seed = 3 };
	struct world *w = calloc(1, sizeof(*w));

	w->store.shared = w->store.near = shared;
	w->now_ns = SPAN_NS_PER_S;
	w->max_age_ms = UINT64_MAX;
	w->rules = (struct roster_semantic){ .mode = ROSTER_SEMANTIC_THRESHOLD, .ttl_ms = HOUR_MS, .threshold = 0.9,
		.error = 0.05, .depth = 1, .rows = 100 };
	semantic_init(&w->cache, &o);
	w->log = (struct semantic_log){ .store = &w->store, .cache = &w->cache, .now = now, .arg = w };
	w->index = (struct semantic_index){ .kind = kind, .store = &w->store, .cache = &w->cache, .log = &w->log,
		.now = now, .arg = w };
	semantic_index_open(&w->index, 5);
	return w;
}

static void world_free(struct world *w)
{
	semantic_index_close(&w->index);
	assert_null(w->cache.peer);
	assert_false(w->store.listens);
	semantic_done(&w->cache);
	free(w);
}

static struct semantic_ask ask_of(struct world *w, const struct question *q)
{
	return (struct semantic_ask){ .model = SLICE("m"), .rules = &w->rules, .question = q, .tenant = 5,
		.max_age_ms = w->max_age_ms, .now = now(w) };
}

static const struct question question = { .text = SLICE(QUESTION), .partition = { { 7, 0xab } }, .user = 3 };

static enum semantic_outcome find_here(struct world *w)
{
	struct semantic_ask a = ask_of(w, &question);
	enum semantic_outcome o;

	do
		o = semantic_find(&w->cache, &a, &w->note, &w->hit);
	while (o == SEMANTIC_AUDIT_MISS);
	return o;
}

static void keep(struct world *w)
{
	const struct event ev = { .kind = EVENT_TEXT, .text = SLICE("Press it.") };
	struct tape t;

	tape_init(&t, 4096);
	tape_add(&t, &ev);
	const struct exact_answer a = { .dialect = 'c', .target = SLICE("p/m"), .tape = buf_slice(&t.bytes) };
	semantic_keep(&w->cache, &w->note, &a, now(w));
	tape_done(&t);
}

/* Asks the index, which answers with the first `n` of its points. */
static void search(struct world *w, size_t n, enum store_result result)
{
	static const size_t order[] = { 0, 1, 2, 3 };
	struct semantic_ask a = ask_of(w, &question);

	w->search = (struct semantic_search){ .on_done = on_searched };
	assert_true(semantic_index_search(&w->index, &w->search, &a));
	handed = order;
	handed_n = n;
	handed_of = &w->store;
	w->store.asked->result = result;
	w->done = 0;
	w->store.asked->on_done(w->store.asked);
	assert_int_equal(w->done, 1);
}

/* One that has kept the question; its own memory is empty. */
static struct world *world_with_entry(void)
{
	struct world *w = world_new(SEMANTIC_INDEX_VECTORSET, true);

	assert_int_equal(find_here(w), SEMANTIC_MISS);
	keep(w);
	assert_int_equal(w->store.n, 1);
	semantic_purge(&w->cache);
	assert_int_equal(find_here(w), SEMANTIC_MISS);
	return w;
}

static void what_is_asked_and_heard(void **state)
{
	struct world *w = world_with_entry();
	char name[160];

	assert_true(w->store.listens && !w->store.follows);
	w->now_ns += 60 * (uint64_t)SPAN_NS_PER_S;
	search(w, 1, STORE_OK);
	assert_string_equal(w->store.set, "near32:{07ab0000000000000000000000000000}");
	snprintf(name, sizeof(name), "%016llx", (unsigned long long)guard_sign(question.text));
	assert_string_equal(w->store.group, name);
	snprintf(name, sizeof(name), "%s:%s:", w->store.set, w->store.group);
	assert_int_equal(strncmp(w->store.points[0].name, name, strlen(name)), 0);
	assert_int_equal(w->store.at_n, 32);
	assert_true(w->store.at[0] == 0 && w->store.at[1] > 0.99f && w->store.at[1] < 1.01f);
	assert_int_equal(find_here(w), SEMANTIC_HIT);
	assert_slice(w->hit.answer.target, "p/m");
	assert_int_equal(w->hit.answer.age_ms, 60000);
	/* the same again is the same entry */
	search(w, 1, STORE_OK);
	assert_int_equal(w->cache.set.entries.n, 1);
	world_free(w);
}

static void ages(void **state)
{
	struct world *w = world_with_entry();

	w->max_age_ms = 59999;
	w->now_ns += 60 * (uint64_t)SPAN_NS_PER_S;
	search(w, 1, STORE_OK);
	assert_int_equal(find_here(w), SEMANTIC_MISS);
	w->max_age_ms = 60000;
	assert_int_equal(find_here(w), SEMANTIC_HIT);
	w->now_ns += HOUR_MS * (uint64_t)SPAN_NS_PER_MS;
	assert_int_equal(find_here(w), SEMANTIC_MISS);
	search(w, 1, STORE_OK);		/* over */
	assert_int_equal(w->cache.set.entries.n, 0);
	world_free(w);
}

/* Right labels count at once, for the book too, and are the same afterwards; a wrong one that the server has lost
 * stays. */
static void labels(void **state)
{
	struct world *w = world_with_entry();

	search(w, 1, STORE_OK);
	assert_int_equal(find_here(w), SEMANTIC_HIT);
	w->note.outcome = SEMANTIC_MISS;
	keep(w);
	struct partition_entry *e = partition_entry(&w->cache.set, w->note.candidate);
	assert_int_equal(e->evidence.pos[15], 1);
	assert_int_equal(w->store.points[0].notes_n, 8);
	search(w, 1, STORE_OK);
	assert_int_equal(e->evidence.pos[15], 1);
	assert_true(semantic_feedback(&w->cache, w->hit.id, 5, 3));
	assert_int_equal(w->store.points[0].notes_n, 16);
	assert_int_equal(find_here(w), SEMANTIC_MISS);
	search(w, 1, STORE_OK);
	assert_int_equal(e->evidence.neg[15], 1);
	w->store.points[0].notes_n = 8;
	search(w, 1, STORE_OK);
	assert_int_equal(e->evidence.neg[15], 1);
	assert_int_equal(find_here(w), SEMANTIC_MISS);
	/* a node that has forgotten it all hears it with the entry */
	w->store.points[0].notes_n = 16;
	semantic_purge(&w->cache);
	search(w, 1, STORE_OK);
	assert_int_equal(find_here(w), SEMANTIC_MISS);
	e = partition_entry(&w->cache.set, w->note.candidate);
	assert_int_equal(e->evidence.neg[15], 1);
	assert_int_equal(e->evidence.author, w->note.asker);
	world_free(w);
}

/* Every byte changed, and every shorter value: none is taken; any bytes as notes: nothing breaks. */
static void foreign_bytes(void **state)
{
	struct world *w = world_with_entry();
	size_t n = w->store.points[0].n;
	char *bytes = w->store.points[0].value;

	for (size_t i = 0; i < n; i++) {
		uint64_t foreign = counter_values[COUNTER_semantic_index_foreign];
		w->store.points[0].n = i;
		search(w, 1, STORE_OK);
		assert_int_equal(counter_values[COUNTER_semantic_index_foreign], foreign + 1);
		w->store.points[0].n = n;
		bytes[i] = (char)~bytes[i];
		search(w, 1, STORE_OK);
		bytes[i] = (char)~bytes[i];
		assert_int_equal(counter_values[COUNTER_semantic_index_foreign], foreign + 2);
		assert_int_equal(find_here(w), SEMANTIC_MISS);
		w->store.points[0].notes_n = i < 64 ? i : 0;
		memset(w->store.points[0].notes, (int)i, w->store.points[0].notes_n);
		search(w, 1, STORE_OK);
		find_here(w);
		semantic_purge(&w->cache);
	}
	world_free(w);
}

/* As one who knows the form would write it. */
static void seal(struct world *w)
{
	struct buf b;

	buf_init(&b, sizeof(w->store.points[0].value));
	buf_add(&b, slice_of(w->store.points[0].value, w->store.points[0].n - CHECKSUM_BYTES));
	assert_true(checksum_put(&b, digest_slice(&question.partition)));
	memcpy(w->store.points[0].value, b.p, buf_len(&b));
	buf_done(&b);
}

/* All lengths are right, but an answer that cannot be read to its end would end the process that replays it. */
static void a_broken_tape(void **state)
{
	struct world *w = world_with_entry();
	uint64_t foreign = counter_values[COUNTER_semantic_index_foreign];
	char *kind = w->store.points[0].value + w->store.points[0].n - CHECKSUM_BYTES - strlen("Press it.") - TAPE_HEAD;

	assert_int_equal(*kind, EVENT_TEXT);
	*kind = EVENT_END + 1;
	seal(w);
	search(w, 1, STORE_OK);
	assert_int_equal(counter_values[COUNTER_semantic_index_foreign], foreign + 1);
	assert_int_equal(find_here(w), SEMANTIC_MISS);
	*kind = EVENT_TEXT;
	seal(w);
	search(w, 1, STORE_OK);
	assert_int_equal(find_here(w), SEMANTIC_HIT);
	world_free(w);
}

static void no_answer(void **state)
{
	struct world *w = world_with_entry();

	search(w, 0, STORE_OK);
	assert_int_equal(find_here(w), SEMANTIC_MISS);
	search(w, 1, STORE_AWAY);
	assert_int_equal(find_here(w), SEMANTIC_MISS);
	w->store.near = false;
	assert_false(semantic_index_may_search(&w->index));
	world_free(w);
}

static void falling_back(void **state)
{
	static const struct {
		enum semantic_index_kind kind;
		bool shared, lacks, searches;
	} rows[] = { { SEMANTIC_INDEX_FLAT, true, false, false }, { SEMANTIC_INDEX_FLAT, false, false, false },
		{ SEMANTIC_INDEX_SEARCH, false, false, false }, { SEMANTIC_INDEX_VECTORSET, true, true, true } };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint64_t lacking = counter_values[COUNTER_semantic_index_lacking];
		struct world *w = world_new(rows[i].kind, rows[i].shared);
		assert_int_equal(semantic_index_may_search(&w->index), rows[i].searches);
		if (rows[i].lacks)
			search(w, 0, STORE_LACKS);
		assert_false(semantic_index_may_search(&w->index));
		find_here(w);
		keep(w);
		assert_int_equal(w->store.follows, rows[i].shared);
		assert_int_equal(w->store.n, 0);
		assert_int_equal(counter_values[COUNTER_semantic_index_lacking],
			lacking + (rows[i].kind != SEMANTIC_INDEX_FLAT));
		world_free(w);
	}
}

static void complaints(void **state)
{
	struct world *w = world_with_entry();

	search(w, 1, STORE_OK);
	assert_int_equal(find_here(w), SEMANTIC_HIT);
	semantic_index_complain(&w->index, w->hit.id, 6, 1);
	assert_int_equal(w->store.word_n, 24);
	w->index.ear.on_word(&w->index.ear, slice_of(w->store.word, 24));
	assert_int_equal(find_here(w), SEMANTIC_HIT);		/* another tenant's */
	semantic_index_complain(&w->index, w->hit.id, 5, 1);
	w->index.ear.on_word(&w->index.ear, slice_of(w->store.word, 23));
	assert_int_equal(find_here(w), SEMANTIC_HIT);
	w->index.ear.on_word(&w->index.ear, slice_of(w->store.word, 24));
	assert_int_equal(find_here(w), SEMANTIC_MISS);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_and_heard),
		cmocka_unit_test(ages),
		cmocka_unit_test(labels),
		cmocka_unit_test(foreign_bytes),
		cmocka_unit_test(a_broken_tape),
		cmocka_unit_test(no_answer),
		cmocka_unit_test(falling_back),
		cmocka_unit_test(complaints),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

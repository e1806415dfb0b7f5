#include "cache/semantic.h"

#include <stdlib.h>

#include "base/counter.h"
#include "base/must.h"
#include "base/span.h"

#define CANDIDATES 4u		/* nearest entries that guards look at */
#define MODELS_MAX 4096u	/* as many as can be configured (route_conf.h) */

void semantic_init(struct semantic *s, const struct semantic_opts *o)
{
	*s = (struct semantic){ .embedder = o->embedder, .seed = o->seed };
	map_init(&s->models, MODELS_MAX, o->seed);
	partition_init(&s->set, o->embedder->dim, o->index_max, o->seed);
		buf_init(&s->text_a, LIKENESS_TEXT_MAX);
	buf_init(&s->text_b, LIKENESS_TEXT_MAX);
	dice_init(&s->dice, o->seed);
	exact_init(&s->bodies, o->body_max, &s->dice);
}

void semantic_done(struct semantic *s)
{
	size_t at = 0;
	struct slice name;
	void *m;

	while (map_next(&s->models, &at, &name, &m))
		free(m);
	map_done(&s->models);
	partition_done(&s->set);
	exact_done(&s->bodies);
	buf_done(&s->text_a);
	buf_done(&s->text_b);
}

void semantic_purge(struct semantic *s)
{
	partition_clear(&s->set, s->embedder->dim);
	exact_purge(&s->bodies);
}

void semantic_use(struct semantic *s, const struct semantic_opts *o)
{
	bool other = s->embedder != o->embedder;

	s->embedder = o->embedder;
	partition_limit(&s->set, o->index_max);
	shelf_limit(&s->bodies.shelf, o->body_max);
	if (other)
		semantic_purge(s);
}

/* NULL: too many; then nothing is looked up for it. */
static struct semantic_model *model_of(struct semantic *s, struct slice name)
{
	struct semantic_model *m = map_find(&s->models, name);

	if (m || s->models.n >= MODELS_MAX)
		return m;
	m = calloc(1, sizeof(*m) + name.n + 1);
	must(m != NULL);
	m->name_n = name.n;
	memcpy(m->name, name.p, name.n);
	must(map_put(&s->models, slice_of(m->name, name.n), m));
	return m;
}

const struct semantic_stats *semantic_stats(const struct semantic *s, struct slice name)
{
	const struct semantic_model *m = map_find(&s->models, name);

	return m ? &m->stats : NULL;
}

/* Bodies lie under a name that no request's digest can have: it is no hash. */
static struct digest body_name(uint64_t id)
{
	struct digest d = { { 0 } };

	memcpy(d.bytes, &id, sizeof(id));
	return d;
}

static struct slice text_of(const struct partition_entry *e)
{
	return slice_of(e->text, e->text_n);
}

static uint32_t tag_of(uint64_t user)
{
	uint32_t tag = (uint32_t)(user ^ user >> 32);

	return tag ? tag : 1;
}

static void note_label(struct semantic *s, struct partition_entry *e, unsigned bin, bool right, uint32_t asker)
{
	struct semantic_model *m = e->in->owner;
	const struct semantic_news news = { .is_label = true, .partition = e->in->digest, .id = e->id, .asker = asker,
		.model = slice_of(m->name, m->name_n), .bin = (uint8_t)bin, .right = right,
		.sign = guard_sign(text_of(e)) };

	if (!right || s->peer == NULL || !s->peer->labels_return)
		evidence_note(&e->evidence, &m->book, bin, right, asker);
	if (s->peer)
		s->peer->on_news(s->peer->arg, &news);
}

/* --- looking up ----------------------------------------------------------------------------------------- */

/* One look: what semantic_find is busy with. */
struct look {
	struct semantic *s;
	const struct semantic_ask *ask;
	struct semantic_model *model;
	struct partition_entry *entry;	/* the candidate */
	float cosine;
	enum guard guard;		/* OK, or a soft one */
};

static enum guard unfit(struct look *l)
{
	struct slice text = l->ask->question->text;
	enum guard g = text.n > l->s->embedder->text_max ? GUARD_long_text : guard_eligible(text);
	struct partition *p = g == GUARD_OK ? partition_find(&l->s->set, &l->ask->question->partition) : NULL;

	return p && partition_is_template(&l->s->set, p, text, l->ask->now.ns, false) ? GUARD_template : g;
}

bool semantic_point(const struct semantic *s, struct slice text, struct slice point, struct embed_vec *out)
{
	if (s->embedder->embed == NULL)
		return embed_from(point, s->embedder->dim, out);
	s->embedder->embed(s->embedder, text, out);
	return out->scale != 0;
}

/* The nearest entry that guards let pass. */
static void find_candidate(struct look *l)
{
	struct slice text = l->ask->question->text;
	struct partition *p = partition_find(&l->s->set, &l->ask->question->partition);
	struct flat_near near[CANDIDATES];
	struct embed_vec vec;

	if (p == NULL)
		return;
	if (!semantic_point(l->s, text, l->ask->point, &vec))
		return;
	uint32_t n = flat_find(p->flat, guard_sign(text), &vec, SEMANTIC_FLOOR, near, CANDIDATES);
	for (uint32_t i = 0; i < n; i++) {
		struct partition_entry *e = partition_entry(&l->s->set, near[i].id);
		if (e->ends_ns <= l->ask->now.ns) {
			partition_drop(&l->s->set, e);
			continue;
		}
		l->guard = guard_same(text, text_of(e));
		if (l->guard == GUARD_OK || guard_is_soft(l->guard)) {
			l->entry = e;
			l->cosine = near[i].cosine;
			return;
		}
		l->model->stats.denied[l->guard]++;
	}
}

/* Who names himself and asks the same again within a minute did not like what he got. */
static bool is_asked_again(struct look *l)
{
	struct partition_entry *e = l->entry;
	const struct question *q = l->ask->question;
	uint64_t text = siphash(&l->s->set.seed, q->text);
	bool again = q->named && e->served_ns && e->served_user == q->user && e->served_text == text
		&& l->ask->now.ns - e->served_ns < SEMANTIC_AGAIN_MS * (uint64_t)SPAN_NS_PER_MS;

	if (again) {
		l->model->stats.again++;
		note_label(l->s, e, evidence_bin(l->cosine), false, tag_of(q->user));
	}
	return again;
}

/* Whether the candidate may answer. */
static bool may_serve(struct look *l)
{
	const struct roster_semantic *rules = l->ask->rules;
	uint32_t asker = tag_of(l->ask->question->user);
	double risk;

	if (is_asked_again(l))
		return false;
	if (rules->mode == ROSTER_SEMANTIC_THRESHOLD) {
		if (l->guard != GUARD_OK)
			l->model->stats.denied[l->guard]++;
		return l->guard == GUARD_OK && l->cosine >= (float)rules->threshold && l->entry->evidence.amends == 0;
	}
	if (evidence_judge(&l->entry->evidence, &l->model->book, evidence_bin(l->cosine), rules->error, asker, &risk)
		!= EVIDENCE_SERVE)
		return false;
	evidence_serve(&l->model->book, risk);
	return true;
}

static enum semantic_outcome serve(struct look *l, struct semantic_hit *out)
{
	struct digest name = body_name(l->entry->id);
	struct partition_entry *e = l->entry;

	if (!exact_get(&l->s->bodies, &name, l->ask->max_age_ms, l->ask->now, &out->answer) || !may_serve(l))
		return SEMANTIC_MISS;
	if (l->ask->rules->mode == ROSTER_SEMANTIC_SHADOW)
		return SEMANTIC_WOULD;
	if (dice_below(&l->s->dice, SEMANTIC_AUDIT) == 0)
		return SEMANTIC_AUDIT_MISS;
	out->id = e->id;
	out->cosine = l->cosine;
	e->served_user = l->ask->question->user;
	e->served_text = siphash(&l->s->set.seed, l->ask->question->text);
	e->served_ns = l->ask->now.ns;
	return SEMANTIC_HIT;
}

static void count(struct semantic_stats *st, enum semantic_outcome o)
{
	switch (o) {
	case SEMANTIC_SKIP:
		st->skipped++;
		break;
	case SEMANTIC_MISS:
		counter_add(COUNTER_semantic_misses, 1);
		st->misses++;
		break;
	case SEMANTIC_WOULD:
		counter_add(COUNTER_semantic_would, 1);
		st->would++;
		break;
	case SEMANTIC_AUDIT_MISS:
		st->audits++;
		break;
	case SEMANTIC_HIT:
		counter_add(COUNTER_semantic_hits, 1);
		st->hits++;
		break;
	}
}

static enum semantic_outcome look_up(struct look *l, struct semantic_note *note, struct semantic_hit *hit)
{
	enum guard g = unfit(l);

	if (g != GUARD_OK) {
		l->model->stats.denied[g]++;
		return SEMANTIC_SKIP;
	}
	if (l->s->embedder->embed == NULL && l->ask->point.n == 0)
		return SEMANTIC_SKIP;
	find_candidate(l);
	if (l->entry == NULL)
		return SEMANTIC_MISS;
	note->candidate = l->entry->id;
	note->bin = (uint8_t)evidence_bin(l->cosine);
	note->soft = l->guard != GUARD_OK;
	return serve(l, hit);
}

bool semantic_wants(struct semantic *s, const struct semantic_ask *ask)
{
	struct look l = { .s = s, .ask = ask };

	return ask->rules->mode != ROSTER_SEMANTIC_OFF && s->set.max && unfit(&l) == GUARD_OK;
}

enum semantic_outcome semantic_find(struct semantic *s, const struct semantic_ask *ask, struct semantic_note *out_note,
	struct semantic_hit *out_hit)
{
	struct look l = { .s = s, .ask = ask };

	*out_note = (struct semantic_note){ .partition = ask->question->partition, .text = ask->question->text,
		.model = ask->model, .point = ask->point, .rules = *ask->rules, .tenant = ask->tenant,
		.asker = tag_of(ask->question->user) };
	if (ask->rules->mode == ROSTER_SEMANTIC_OFF || s->set.max == 0 || (l.model = model_of(s, ask->model)) == NULL)
		return SEMANTIC_SKIP;
	l.model->stats.asked++;
	if (s->peer && s->peer->on_asked)
		s->peer->on_asked(s->peer->arg, &ask->question->partition);
	out_note->outcome = look_up(&l, out_note, out_hit);
	count(&l.model->stats, out_note->outcome);
	return out_note->outcome;
}

/* --- keeping and learning ------------------------------------------------------------------------------- */

static enum likeness compare(struct semantic *s, const struct semantic_note *note, struct slice a, struct slice b)
{
	enum likeness like = likeness_of(a, b);

	return like == LIKENESS_UNKNOWN && s->judge ? s->judge(s->judge_arg, note->text, a, b) : like;
}

/* The answer in text_a against the candidate's. */
static void label(struct semantic *s, struct semantic_model *m, const struct semantic_note *note,
	struct partition_entry *e, struct exact_now now)
{
	struct digest name = body_name(e->id);
	struct exact_answer old;
	bool would = note->outcome == SEMANTIC_WOULD, audit = note->outcome == SEMANTIC_AUDIT_MISS;

	buf_clear(&s->text_b);
	if (!exact_get(&s->bodies, &name, UINT64_MAX, now, &old) || !likeness_read(old.tape, &s->text_b)) {
		partition_drop(&s->set, e);
		return;
	}
	enum likeness like = compare(s, note, buf_slice(&s->text_a), buf_slice(&s->text_b));
	if (like == LIKENESS_UNKNOWN) {
		m->stats.unknown++;
		return;
	}
	bool right = like == LIKENESS_SAME;
	note_label(s, e, note->bin, right, note->asker);
	m->stats.right += right;
	m->stats.wrong += !right;
	m->stats.would_wrong += would && !right;
	m->stats.audit_wrong += audit && !right;
	if (audit && !right)
		counter_add(COUNTER_semantic_wrong, 1);
}

static uint64_t new_id(struct semantic *s)
{
	uint64_t id;

	do
		id = dice_u64(&s->dice);
	while (id == 0 || partition_entry(&s->set, id));
	return id;
}

/* False: it is no question to keep, or there is no room. */
static bool insert(struct semantic *s, struct semantic_model *m, const struct semantic_news *n, struct exact_now now)
{
	struct embed_vec vec;
	struct digest name = body_name(n->id);
	const uint64_t age = n->answer.age_ms;
	const struct exact_now then = { now.ns, now.wall_ms - age };
	struct partition_new entry = { .id = n->id, .sign = guard_sign(n->text), .tenant = n->tenant,
		.ends_ns = now.ns + n->ttl_ms * (uint64_t)SPAN_NS_PER_MS, .author = n->asker, .text = n->text,
		.vec = &vec, .rows = n->rows, .owner = m };

	if (!semantic_point(s, n->text, n->point, &vec) || !partition_put(&s->set, &n->partition, &entry))
		return false;
	struct partition_entry *e = partition_entry(&s->set, n->id);
	if (partition_is_template(&s->set, e->in, n->text, now.ns, true)
		|| !exact_put(&s->bodies, &name, &n->answer, n->ttl_ms + age, then)) {
		partition_drop(&s->set, e);
		return false;
	}
	m->stats.kept++;
	counter_add(COUNTER_semantic_kept, 1);
	return true;
}

void semantic_keep(struct semantic *s, const struct semantic_note *note, const struct exact_answer *a,
	struct exact_now now)
{
	struct semantic_model *m = map_find(&s->models, note->model);
	struct partition_entry *e = note->candidate ? partition_entry(&s->set, note->candidate) : NULL;

	buf_clear(&s->text_a);
	if (m == NULL || note->outcome == SEMANTIC_SKIP || note->outcome == SEMANTIC_HIT
		|| !likeness_read(a->tape, &s->text_a))
		return;
	if (e)
		label(s, m, note, e, now);
	/* An entry without a visible difference stands for this question as well; it may just have gone. */
	if (note->candidate && !note->soft && partition_entry(&s->set, note->candidate))
		return;
	const struct semantic_news news = { .partition = note->partition, .model = note->model, .id = new_id(s),
		.sign = guard_sign(note->text), .asker = note->asker, .tenant = note->tenant,
		.ttl_ms = note->rules.ttl_ms, .rows = note->rules.rows, .text = note->text, .point = note->point,
		.answer = *a };
	if (insert(s, m, &news, now) && s->peer)
		s->peer->on_news(s->peer->arg, &news);
}

static unsigned wrong_labels(const struct evidence *e)
{
	unsigned n = 0;

	for (size_t i = 0; i < EVIDENCE_BINS; i++)
		n += e->neg[i];
	return n;
}

static void take_evidence(struct partition_entry *e, const struct semantic_news *n)
{
	if (!slice_eq(digest_slice(&e->in->digest), digest_slice(&n->partition))
			|| wrong_labels(n->evidence) < wrong_labels(&e->evidence))
		return;
	e->evidence = *n->evidence;
	e->evidence.author = n->asker;
}

void semantic_hear(struct semantic *s, const struct semantic_news *n, struct exact_now now)
{
	struct semantic_model *m = model_of(s, n->model);
	struct partition_entry *e = partition_entry(&s->set, n->id);

	if (m == NULL)
		return;
	if (n->is_label && e)
		evidence_note(&e->evidence, &m->book, n->bin, n->right, n->asker);
	else if (!n->is_label && e == NULL && insert(s, m, n, now))
		e = partition_entry(&s->set, n->id);
	if (e && n->evidence)
		take_evidence(e, n);
}

void semantic_forget(struct semantic *s, const struct digest *partition)
{
	partition_forget(&s->set, partition);
}

bool semantic_feedback(struct semantic *s, uint64_t id, uint64_t tenant, uint64_t user)
{
	struct partition_entry *e = partition_entry(&s->set, id);

	if (e == NULL || e->tenant != tenant)
		return false;
	struct semantic_model *m = e->in->owner;
	m->stats.bad++;
	/* How near it was is not known: it speaks against all. */
	note_label(s, e, EVIDENCE_BINS - 1, false, tag_of(user));
	return true;
}

#include "exchange/similar.h"

static const struct model *model_of(const struct exchange *ex)
{
	return map_find(&ex->env->roster->models, ex->request.model);
}

void similar_note(struct exchange *ex, const struct request *r, const struct model *m)
{
	struct flight_env *env = &ex->env->flight;
	struct question q;

	if (r->door.feedback && !semantic_feedback(&env->semantic, r->door.feedback, r->door.tenant, 0))
		ex->complaint = r->door.feedback;
	if (m == NULL || m->semantic.mode == ROSTER_SEMANTIC_OFF || r->doc == NULL
			|| (r->door.no_cache && r->door.no_store))
		return;
	const struct question_rules rules = { .depth = m->semantic.depth, .embedder = env->semantic.embedder->id,
		.version = env->semantic.embedder->version,
		.epoch = epoch_of(&env->epochs, r->door.tenant, r->model) };
	if (question_find(&ex->env->parse, &ex->env->sha, r, &rules, &q) != QUESTION_OK)
		return;
	ex->question = ARENA_NEW(&ex->arena, struct question);
	*ex->question = q;
	ex->question->text = arena_copy(&ex->arena, q.text);
}

static void serve(struct exchange *ex, const struct semantic_hit *hit)
{
	struct flight_env *env = &ex->env->flight;
	struct flight *f = flight_replay(env, ex->env->roster, &ex->request, &ex->arena, &hit->answer, &ex->reader,
		&ex->drive);

	f->similar_id = hit->id;
	f->cosine = hit->cosine;
}

static struct semantic_ask ask_of(const struct exchange *ex, const struct model *m)
{
	return (struct semantic_ask){ .model = ex->request.model, .rules = &m->semantic, .question = ex->question,
		.tenant = ex->request.door.tenant, .now = exact_now_of(exchange_loop(ex)),
		.max_age_ms = ex->request.door.no_cache ? 0 : exchange_max_age(ex) };
}

/* Only a label would come of it when the client wants no kept answer: that is not worth a wait. */
static bool may_wait(const struct exchange *ex)
{
	const struct model *m = ex->question && !ex->request.door.no_cache ? model_of(ex) : NULL;

	if (m == NULL)
		return false;
	const struct semantic_ask ask = ask_of(ex, m);
	return semantic_wants(&ex->env->flight.semantic, &ask);
}

/* Of what is asked beside the flight, which has taken the exchange's arena. */
static struct arena *arena_of(struct exchange *ex)
{
	return ex->beside.on ? &ex->reader.flight->arena : &ex->arena;
}

static struct task *news_of(struct exchange *ex)
{
	return ex->beside.on ? &ex->beside.task : &ex->drive;
}

static bool ask_point(struct exchange *ex, uint64_t ms)
{
	const struct embedding_ask ask = { .text = ex->question->text, .request_id = ex->ask.request_id,
		.hops = ex->ask.hops + 1, .ms = ms };
	struct embedding *e = ARENA_NEW(arena_of(ex), struct embedding);

	if (!embedding_open(e, ex->env, &ask, news_of(ex)))
		return false;
	ex->embedding = e;
	return true;
}

static void take_point(struct exchange *ex)
{
	struct embedding *e = ex->embedding;

	if (e == NULL)
		return;
	ex->embedding = NULL;
	ex->point = embedding_close(e, arena_of(ex));
	ex->pointless = ex->point.n == 0;
}

/* True: it was too long, and the provider is told how long it may be. */
static bool asks_again(struct exchange *ex)
{
	const struct embedding *e = ex->embedding;

	take_point(ex);
	uint64_t ms = e && ex->pointless ? embedding_again_ms(e) : 0;
	return ms && ask_point(ex, ms);
}

static void on_searched(struct semantic_search *q)
{
	struct exchange *ex = LIST_ITEM(q, struct exchange, search.find);

	ex->search.over = true;
	loop_post(exchange_loop(ex), news_of(ex));
}

/* Until the purges of other nodes are known, the shared index may hold what they have ended. */
static bool waits_for_index(struct exchange *ex)
{
	struct flight_env *env = &ex->env->flight;

	if (!semantic_index_may_search(&env->semantic_index) || !epoch_is_known(&env->epochs) || !may_wait(ex))
		return false;
	struct semantic_ask ask = ask_of(ex, model_of(ex));
	ask.point = ex->point;
	ex->search.find.on_done = on_searched;
	ex->search.asked = semantic_index_search(&env->semantic_index, &ex->search.find, &ask);
	return ex->search.asked;
}

static bool waits(struct exchange *ex)
{
	if (ex->search.asked)
		return !ex->search.over;
	bool asked = ex->embedding || (ex->env->embedder && may_wait(ex) && ask_point(ex, ex->env->embed_ms));
	if (asked && embedding_waits(ex->embedding))
		return true;
	return asks_again(ex) || waits_for_index(ex);
}

bool similar_waits(struct exchange *ex)
{
	const struct model *m = ex->question ? model_of(ex) : NULL;
	bool slow = ex->env->embedder || semantic_index_may_search(&ex->env->flight.semantic_index);

	ex->beside.on = m && m->semantic.mode == ROSTER_SEMANTIC_SHADOW && slow && ex->embedding == NULL
		&& !ex->search.asked && may_wait(ex);
	return !ex->beside.on && waits(ex);
}

void similar_close(struct exchange *ex)
{
	take_point(ex);
	semantic_index_cancel(&ex->search.find);
	loop_unpost(exchange_loop(ex), &ex->beside.task);
	if (ex->complaint)
		semantic_index_complain(&ex->env->flight.semantic_index, ex->complaint, ex->request.door.tenant, 0);
}

/* Fills ex->note.  Without its point it is a miss that is not kept: SEMANTIC_SKIP is 0. */
static bool find(struct exchange *ex, const struct roster_semantic *rules, struct semantic_hit *hit)
{
	struct semantic *s = &ex->env->flight.semantic;
	struct semantic_ask ask = ask_of(ex, model_of(ex));

	ask.rules = rules;
	ask.point = ex->point;
	if (ex->complaint && semantic_feedback(s, ex->complaint, ask.tenant, 0))
		ex->complaint = 0;
	return !ex->pointless && semantic_find(s, &ask, ex->note, hit) == SEMANTIC_HIT;
}

bool similar_find(struct exchange *ex)
{
	const struct model *m = ex->question && !ex->beside.on ? model_of(ex) : NULL;
	struct semantic_hit hit;

	if (m == NULL)
		return false;
	ex->note = ARENA_NEW(&ex->arena, struct semantic_note);
	if (!find(ex, &m->semantic, &hit))
		return false;
	serve(ex, &hit);
	return true;
}

/* A reload may have brought another mode: for this one it is too late to be served. */
static void look_beside(struct task *t)
{
	struct exchange *ex = LIST_ITEM(t, struct exchange, beside.task);
	const struct model *m = model_of(ex);
	struct semantic_hit hit;

	if (ex->beside.over || (m && waits(ex)))
		return;
	ex->beside.over = true;
	if (m == NULL)
		return;
	struct roster_semantic rules = m->semantic;
	rules.mode = ROSTER_SEMANTIC_SHADOW;
	find(ex, &rules, &hit);
}

/* The note is there from the beginning, so that the answer is put on tape; until it is filled it is of no use. */
static void begin_beside(struct exchange *ex)
{
	struct flight *f = ex->reader.flight;

	ex->note = ARENA_NEW(&f->arena, struct semantic_note);
	if (!ex->request.door.no_store)
		f->note = ex->note;
	ex->beside.task.go = look_beside;
	look_beside(&ex->beside.task);
}

void similar_keep(struct exchange *ex)
{
	struct flight *f = ex->reader.flight;

	/* Who has joined has no arena any more, and so no note. */
	if (ex->beside.on && !ex->reader.joined)
		begin_beside(ex);
	else if (!ex->reader.joined && ex->note && ex->note->outcome != SEMANTIC_SKIP && !ex->request.door.no_store)
		f->note = ex->note;
}

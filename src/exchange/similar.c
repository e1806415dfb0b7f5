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
	const struct request_door *door = &ex->request.door;
	struct loop *l = exchange_loop(ex);

	return (struct semantic_ask){ .model = ex->request.model, .rules = &m->semantic, .question = ex->question,
		.tenant = door->tenant, .now = { loop_now(l), loop_wall_ms(l) },
		.max_age_ms = door->no_cache ? 0 : door->max_age_ms ? door->max_age_ms : UINT64_MAX };
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

static void ask_for_point(struct exchange *ex)
{
	const struct embedding_ask ask = { .text = ex->question->text, .request_id = ex->ask.request_id,
		.hops = ex->ask.hops + 1 };
	struct embedding *e = ARENA_NEW(&ex->arena, struct embedding);
	if (embedding_open(e, ex->env, &ask, &ex->drive))
		ex->embedding = e;
}

static void take_point(struct exchange *ex)
{
	struct embedding *e = ex->embedding;

	if (e == NULL)
		return;
	ex->embedding = NULL;
	ex->point = embedding_close(e, &ex->arena);
	ex->pointless = ex->point.n == 0;
}

static void on_searched(struct semantic_search *q)
{
	struct exchange *ex = LIST_ITEM(q, struct exchange, search.find);

	ex->search.over = true;
	loop_post(exchange_loop(ex), &ex->drive);
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

bool similar_waits(struct exchange *ex)
{
	if (ex->search.asked)
		return !ex->search.over;
	if (ex->embedding == NULL && ex->env->embedder && may_wait(ex))
		ask_for_point(ex);
	if (ex->embedding && embedding_waits(ex->embedding))
		return true;
	take_point(ex);
	return waits_for_index(ex);
}

void similar_close(struct exchange *ex)
{
	take_point(ex);
	semantic_index_cancel(&ex->search.find);
	if (ex->complaint)
		semantic_index_complain(&ex->env->flight.semantic_index, ex->complaint, ex->request.door.tenant, 0);
}

bool similar_find(struct exchange *ex)
{
	const struct model *m = ex->question ? model_of(ex) : NULL;
	struct semantic_hit hit;

	if (m == NULL)
		return false;
	struct semantic_ask ask = ask_of(ex, m);
	ask.point = ex->point;
	if (ex->complaint && semantic_feedback(&ex->env->flight.semantic, ex->complaint, ask.tenant, 0))
		ex->complaint = 0;
	ex->note = ARENA_NEW(&ex->arena, struct semantic_note);
	if (ex->pointless || semantic_find(&ex->env->flight.semantic, &ask, ex->note, &hit) != SEMANTIC_HIT)
		return false;	/* without its point it is a miss that is not kept: SEMANTIC_SKIP is 0 */
	serve(ex, &hit);
	return true;
}

void similar_keep(struct exchange *ex)
{
	struct flight *f = ex->reader.flight;

	/* Who has joined has no arena any more, and so no note. */
	if (!ex->reader.joined && ex->note && ex->note->outcome != SEMANTIC_SKIP && !ex->request.door.no_store)
		f->note = ex->note;
}

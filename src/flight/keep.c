#include "flight/keep.h"

#include "base/counter.h"
#include "base/siphash.h"
#include "flight/flight.h"

/* A hash of the model's name as the provider says it, and of what it says of its build. */
static uint64_t version_of(const struct flight *f)
{
	struct event ev;
	size_t at = 0;

	while (tape_next(buf_slice(&f->tape.bytes), SIZE_MAX, &at, &ev))
		if (ev.kind == EVENT_START)
			return siphash(&(struct siphash_key){ 0, f->version }, ev.extra);
	return f->version;
}

/* Only what the model finished by itself: a cut or filtered answer would be given again and again.  A new version of
 * the model ends the answers of the old one, and this one was asked for under the old number. */
void keep_answer(struct flight *f)
{
	bool is_wanted = f->keep_ms || f->note;
	bool is_good = !f->tape.lossy && f->finish == EVENT_FINISH_STOP && f->request.choices <= 1;

	/* Of another node's answer not even the target need be known here; that node keeps it. */
	if (!is_wanted || !is_good || f->followed)
		return;
	const struct exact_answer a = { .dialect = f->back->tag, .target = f->target->name,
		.tape = buf_slice(&f->tape.bytes), .prompt_tok = f->usage.prompt_tok,
		.completion_tok = f->usage.completion_tok };

	if (drift_note(&f->env->drift, f->target->name, version_of(f))) {
		epoch_end_model(&f->env->epochs, f->request.model);
		return;
	}
	const struct exact_now now = exact_now_of(f->env->attempt.loop);
	if (f->note)
		semantic_keep(&f->env->semantic, f->note, &a, now);
	if (f->keep_ms && exact_put(&f->env->exact, &f->digest, &a, f->keep_ms, now))
		counter_add(COUNTER_cache_kept, 1);
	sweep_wake(&f->env->sweep);
}

/* Once it is too long, or holds something that has no typed form, nobody can join any more. */
void keep_on_tape(struct flight *f, const struct event *ev)
{
	bool may_join = f->listed && f->request.stream;	/* who joins a whole answer comes before its first event */

	if (!may_join && f->keep_ms == 0 && f->note == NULL)
		return;
	tape_add(&f->tape, ev);
	if (f->tape.lossy)
		join_unlist(&f->env->join, f);
}

#include "store/redis_member.h"

#include <stdlib.h>

#include "base/counter.h"
#include "store/redis_verb.h"

struct entry {
	struct redis_id id;
	uint64_t n;
};

void redis_member_free(struct redis_member *m)
{
	if (m->tail)
		m->tail->priv = NULL;
	list_remove(&m->node);
	buf_done(&m->batch);
	free(m);
}

void redis_member_forget(struct redis_member *m)
{
	buf_done(&m->batch);
	m->last = m->id;
}

void redis_member_take(struct redis_member *m, const struct redis_reply *entries)
{
	for (size_t i = 0; i < entries->n; i++) {
		const struct redis_reply *e = &entries->v[i];
		const struct redis_reply *value = e->n == 2 ? redis_wire_field(&e->v[1], REDIS_VERB_FIELD) : NULL;
		struct redis_id id;
		if (e->n < 1 || !redis_id_parse(e->v[0].text, &id) || !redis_id_before(m->last, id))
			continue;
		m->last = id;
		if (value == NULL)
			continue;		/* not one of ours */
		const struct entry head = { id, value->text.n };
		buf_add(&m->batch, slice_of(&head, sizeof(head)));
		buf_add(&m->batch, value->text);
	}
}

static void deliver_gap(struct redis_member *m)
{
	redis_member_forget(m);
	m->missing = false;
	m->id = m->last = (struct redis_id){ 0, 0 };
	counter_add(COUNTER_store_gaps, 1);
	m->tail->on_gap(m->tail);
}

/* A callback that leaves forgets what lies in the member. */
void redis_member_deliver(struct redis_member *m, struct redis_member_ration *left)
{
	struct redis_id last = m->last;
	struct buf batch = m->batch;
	struct entry head;

	if (m->missing && m->tail && m->tail->on_gap) {
		deliver_gap(m);
		return;
	}
	buf_init(&m->batch, REDIS_MEMBER_MAX);
	while (m->tail && buf_len(&batch) && left->entries && left->bytes) {
		memcpy(&head, buf_slice(&batch).p, sizeof(head));
		buf_eat(&batch, sizeof(head));
		m->id = head.id;
		m->tail->on_entry(m->tail, slice_of(buf_slice(&batch).p, head.n));
		buf_eat(&batch, head.n);
		left->entries--;
		left->bytes -= MIN_OF(head.n, left->bytes);
	}
	if (m->tail && buf_len(&batch)) {
		m->batch = batch;
		return;
	}
	m->id = last;			/* entries that are not ours may lie behind the last one that is */
	buf_done(&batch);
}

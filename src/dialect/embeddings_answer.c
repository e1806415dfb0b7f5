#include "dialect/embeddings_answer.h"

#include <math.h>

#include "dialect/embeddings_number.h"

#define SMALLEST 16u	/* vectors for which there is room at first */

static struct slice keep(struct dialect_encode *e, struct slice s)
{
	char *p = arena_try(e->arena, s.n ? s.n : 1);

	if (p == NULL) {
		e->err = ERR_TOO_BIG;
		return SLICE_EMPTY;
	}
	if (s.n)
		memcpy(p, s.p, s.n);
	return slice_of(p, s.n);
}

struct embeddings_answer *embeddings_answer_of(struct dialect_encode *e)
{
	struct embeddings_answer **slot = (struct embeddings_answer **)(void *)e->state.bytes;

	if (*slot)
		return *slot;
	*slot = ARENA_NEW(e->arena, struct embeddings_answer);
	**slot = (struct embeddings_answer){ .usage = USAGE_NONE };
	if (e->request)
		(*slot)->model = e->request->model;
	return *slot;
}

/* Room for this many vectors. */
static bool grow(struct dialect_encode *e, struct embeddings_answer *a, size_t n)
{
	size_t cap = MAX_OF(MAX_OF(a->cap * 2, (size_t)SMALLEST), n);

	if (n <= a->cap)
		return true;
	struct slice *more = arena_try(e->arena, cap * sizeof(*more));
	if (more == NULL) {
		e->err = ERR_TOO_BIG;
		return false;
	}
	memset(more, 0, cap * sizeof(*more));
	if (a->n)
		memcpy(more, a->vectors, a->n * sizeof(*more));
	a->vectors = more;
	a->cap = cap;
	return true;
}

static void take_vector(struct dialect_encode *e, const struct event *ev)
{
	struct embeddings_answer *a = embeddings_answer_of(e);
	size_t n = (size_t)ev->choice + 1;

	if (e->err == ERR_OK && e->request && n > e->request->choices)
		e->err = ERR_UP_BAD_JSON;	/* for an input that there is not */
	if (e->err != ERR_OK || !grow(e, a, n))
		return;
	a->vectors[ev->choice] = keep(e, ev->text);
	a->n = MAX_OF(a->n, n);
}

void embeddings_answer_take(struct dialect_encode *e, const struct event *ev)
{
	struct embeddings_answer *a = embeddings_answer_of(e);

	switch ((enum event_kind)ev->kind) {
	case EVENT_START:
		if (ev->extra.n)
			a->model = keep(e, ev->extra);
		return;
	case EVENT_VECTOR:
		take_vector(e, ev);
		return;
	case EVENT_USAGE:
		a->usage = event_usage(ev);
		a->has_usage = true;
		return;
	case EVENT_TEXT:
	case EVENT_REASONING:
	case EVENT_REFUSAL:
	case EVENT_TOOL_START:
	case EVENT_TOOL_ARGS:
	case EVENT_FINISH:
	case EVENT_PART_END:
	case EVENT_SIGNATURE:
	case EVENT_REDACTED:
	case EVENT_CITATION:
	case EVENT_LOGPROBS:
	case EVENT_MEDIA:
	case EVENT_OTHER:
	case EVENT_ERROR:
	case EVENT_END:
		return;
	}
	must_never("event kind");
}

/* A client pairs vectors with its inputs by their number: a missing one would shift all that follow. */
bool embeddings_answer_complete(struct dialect_encode *e)
{
	const struct embeddings_answer *a = embeddings_answer_of(e);
	bool whole = a->n > 0 && (e->request == NULL || e->request->choices == a->n);

	for (size_t i = 0; i < a->n; i++)
		whole &= a->vectors[i].p != NULL;
	if (!whole && e->err == ERR_OK)
		e->err = ERR_UP_BAD_JSON;
	return e->err == ERR_OK;
}

static float float_at(const char *p)
{
	uint32_t bits = 0;
	float f;

	for (size_t i = 0; i < sizeof(bits); i++)
		bits |= (uint32_t)(unsigned char)p[i] << 8 * i;
	memcpy(&f, &bits, sizeof(f));
	return f;
}

char *embeddings_answer_room(struct json_out *w, size_t n)
{
	json_out_raw(w, SLICE_EMPTY);	/* the comma before it, and no more */
	char *at = json_out_ok(w) ? buf_room(w->out, n) : NULL;
	w->failed |= at == NULL;
	return at;
}

void embeddings_answer_put(struct dialect_encode *e, struct slice vector, struct json_out *w)
{
	size_t n = vector.n / sizeof(float);
	char *start = embeddings_answer_room(w, n * (EMBEDDINGS_NUMBER_MAX + 1) + 2), *at = start;

	if (start == NULL)
		return;
	*at++ = '[';
	for (size_t i = 0; i < n; i++) {
		float f = float_at(vector.p + i * sizeof(float));
		if (!isfinite(f)) {
			e->err = ERR_UP_BAD_JSON;	/* JSON cannot say it */
			return;
		}
		at += embeddings_number(f, at);
		*at++ = ',';
	}
	at -= n > 0;
	*at++ = ']';
	buf_grew(w->out, (size_t)(at - start));
}

void embeddings_answer_end(struct dialect_encode *e, const struct json_out *w)
{
	if (e->err == ERR_OK && !json_out_ok(w))
		e->err = ERR_TOO_BIG;
}

void embeddings_answer_no_event(struct dialect_encode *e, const struct event *ev, struct buf *out)
{
}

void embeddings_answer_no_end(struct dialect_encode *e, struct buf *out)
{
}

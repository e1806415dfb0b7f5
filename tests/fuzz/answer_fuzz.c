/* Any bytes as a provider's whole response: the verdict does not depend on how they are split, nothing that
 * merely stops is taken for a whole answer, and no error of another side comes out. */
#include "../unit/upstream/answer_play.h"
#include "fuzz.h"

/* The first takes all that a seed can hold, so that no limit makes a difference; the others are reached. */
static const struct answer_limits limits[] = {
	{ .head_bytes = 65536, .event_bytes = 65536, .body_bytes = 65536 },
	{ .head_bytes = 300, .event_bytes = 300, .body_bytes = 500 },
	{ .head_bytes = 65536, .event_bytes = 120, .body_bytes = 65536 },
	{ .head_bytes = 65536, .event_bytes = 65536, .body_bytes = 200 },
};

static void check(const struct answer_play *p)
{
	const char *name = err_name(p->fault.err);

	if (p->fault.err == ERR_OK) {
		must(p->finished && p->content && p->fault.status == 200);
		must(p->mode == ANSWER_EVENTS || p->mode == ANSWER_WHOLE);
		must(p->n_events > 0 && p->n_raws > 0);
	} else {
		must(strncmp(name, "up_", 3) == 0);
		/* once told, the end of the connection is no fault */
		must(!p->told_before_eof || p->ended_before_eof);
	}
	must(!p->fit || p->ended_before_eof);
	must(p->n_raws <= p->n_events && (buf_len(&p->raw) == 0) == (p->n_raws == 0));
	must(buf_len(&p->raw) <= p->limits.body_bytes);
}

/* A line feed that came after a split belongs to the next frame, and is lost with one that gives no event
 * (codec/sse.h). */
static void drop_line_ends(struct buf *b)
{
	size_t n = 0;

	for (size_t i = b->start; i < b->n; i++)
		if (b->p[i] != '\r' && b->p[i] != '\n')
			b->p[b->start + n++] = b->p[i];
	b->n = b->start + n;
}

static void check_same(struct answer_play *a, struct answer_play *b)
{
	drop_line_ends(&a->raw);
	drop_line_ends(&b->raw);
	must(a->fault.err == b->fault.err && a->fault.status == b->fault.status);
	must(a->fault.retry_after_ms == b->fault.retry_after_ms);
	must(slice_eq(a->fault.message, b->fault.message) && slice_eq(a->fault.code, b->fault.code));
	must(slice_eq(buf_slice(&a->story), buf_slice(&b->story)));
	must(slice_eq(buf_slice(&a->raw), buf_slice(&b->raw)));
	must(slice_eq(a->request_id, b->request_id));
	must(a->fit == b->fit && a->ended_before_eof == b->ended_before_eof && a->mode == b->mode);
	must(a->fault.err != ERR_OK || a->used == b->used);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint32_t number = fuzz_number(data, n);
	size_t which = number % 2 ? 0 : number / 2 % COUNT_OF(limits);
	const struct { size_t first, step; } cuts[] = { { 0, n + 1 }, { 0, 1 },
		{ n ? number / 16 % n : 0, n + 1 },
		{ 0, 1 + number / 64 % 32 } };
	struct answer_play plays[COUNT_OF(cuts)];

	for (size_t i = 0; i < COUNT_OF(cuts); i++) {
		plays[i] = (struct answer_play){ .limits = limits[which],
			.eof = number / 8 % 2 ? ERR_OK : ERR_UP_RESET };
		answer_play(&plays[i], slice_of(data, n), cuts[i].first, cuts[i].step);
		check(&plays[i]);
		if (i && which == 0)
			check_same(&plays[0], &plays[i]);
	}
	for (size_t i = 0; i < COUNT_OF(cuts); i++)
		answer_play_done(&plays[i]);
	return 0;
}

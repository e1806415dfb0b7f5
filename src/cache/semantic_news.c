/* struct head in the machine's byte order (little-endian on all machines that weir runs on), then model, text, point,
 * target and tape. */
#include "cache/semantic_news.h"

#define VERSION 2u		/* 2: with the point */

struct head {
	uint32_t version, kind;		/* kind 0: entry, 1: label */
	uint64_t id, tenant, ends_wall_ms;
	int64_t prompt_tok, completion_tok;
	uint32_t asker, rows;
	uint8_t bin, right, dialect, spare;
	uint32_t model_n, text_n, point_n, target_n, tape_n;
};

bool semantic_news_put(struct buf *out, const struct semantic_news *n, uint64_t wall_ms)
{
	const struct head h = { .version = VERSION, .kind = n->is_label, .id = n->id, .tenant = n->tenant,
		.ends_wall_ms = wall_ms + n->ttl_ms, .asker = n->asker, .rows = n->rows, .bin = n->bin,
		.right = n->right, .dialect = (uint8_t)n->answer.dialect, .model_n = (uint32_t)n->model.n,
		.text_n = (uint32_t)n->text.n, .point_n = (uint32_t)n->point.n,
		.target_n = (uint32_t)n->answer.target.n, .tape_n = (uint32_t)n->answer.tape.n,
		.prompt_tok = n->answer.prompt_tok, .completion_tok = n->answer.completion_tok };

	return buf_put(out, slice_of(&h, sizeof(h))) && buf_put(out, n->model) && buf_put(out, n->text)
		&& buf_put(out, n->point) && buf_put(out, n->answer.target) && buf_put(out, n->answer.tape);
}

static struct slice cut(struct slice *rest, uint32_t n)
{
	struct slice piece = slice_of(rest->p, n);

	*rest = slice_skip(*rest, n);
	return piece;
}

bool semantic_news_get(struct slice value, uint64_t wall_ms, struct semantic_news *out)
{
	struct head h;

	if (value.n < sizeof(h))
		return false;
	memcpy(&h, value.p, sizeof(h));
	struct slice rest = slice_skip(value, sizeof(h));
	uint64_t sum = (uint64_t)h.model_n + h.text_n + h.point_n + h.target_n + h.tape_n;
	if (h.version != VERSION || h.kind > 1 || sum != rest.n || h.bin >= EVIDENCE_BINS || h.right > 1 || h.id == 0)
		return false;
	if (h.kind == 0 && (h.ends_wall_ms <= wall_ms || h.rows == 0 || h.rows > SEMANTIC_NEWS_ROWS || h.text_n == 0))
		return false;
	*out = (struct semantic_news){ .is_label = h.kind, .id = h.id, .asker = h.asker, .bin = h.bin, .right = h.right,
		.tenant = h.tenant, .ttl_ms = h.kind ? 0 : h.ends_wall_ms - wall_ms, .rows = h.rows };
	out->model = cut(&rest, h.model_n);
	out->text = cut(&rest, h.text_n);
	out->point = cut(&rest, h.point_n);
	out->answer.dialect = (char)h.dialect;
	out->answer.prompt_tok = h.prompt_tok;
	out->answer.completion_tok = h.completion_tok;
	out->answer.target = cut(&rest, h.target_n);
	out->answer.tape = cut(&rest, h.tape_n);
	return h.kind == 1 || tape_is_whole(out->answer.tape);
}

#include "ledger/record.h"

#include "base/log.h"
#include "ledger/price.h"

#define MOST_FIELDS 32

struct line {
	struct log_field fields[MOST_FIELDS + 1];	/* zero-terminated */
	size_t n;
	char cost[PRICE_TEXT_MAX], saved[PRICE_TEXT_MAX];
};

static void add(struct line *l, struct log_field f)
{
	must(l->n < MOST_FIELDS);
	l->fields[l->n++] = f;
}

/* Absent texts and unknown counts are left out: a line says what is known. */
static void add_str(struct line *l, struct slice name, struct slice s)
{
	if (s.n)
		add(l, (struct log_field){ name, LOG_FIELD_STR, s, 0 });
}

static void add_count(struct line *l, struct slice name, int64_t v)
{
	if (v >= 0)
		add(l, (struct log_field){ name, LOG_FIELD_INT, SLICE_EMPTY, v });
}

static void add_tokens(struct line *l, const struct record *r)
{
	add_count(l, SLICE("prompt_tokens"), r->usage.prompt_tok);
	add_count(l, SLICE("completion_tokens"), r->usage.completion_tok);
	add_count(l, SLICE("cached_tokens"), r->usage.cached_tok);
	add_count(l, SLICE("reasoning_tokens"), r->usage.reasoning_tok);
	if (r->usage.prompt_tok < 0 && r->prompt_estimate_tok)
		add(l, LOG_I("prompt_tokens_estimated", r->prompt_estimate_tok));
}

static void add_what(struct line *l, const struct record *r)
{
	add_str(l, SLICE("id"), r->request_id);
	add_str(l, SLICE("peer"), r->peer);
	add_str(l, SLICE("client"), r->client);
	add_str(l, SLICE("endpoint"), r->endpoint);
	add_str(l, SLICE("path"), r->path);
	add_str(l, SLICE("model"), r->model);
	add_str(l, SLICE("target"), r->target);
	add(l, LOG_I("status", r->status));
	if (r->cache)
		add(l, LOG_Z("cache", r->cache));
	if (r->err != ERR_OK)
		add(l, LOG_Z("error", err_name(r->err)));
}

static void add_money(struct line *l, const struct record *r)
{
	if (!r->priced)
		return;
	add(l, LOG_N("cost_usd", price_text((uint64_t)r->cost, l->cost)));
	if (r->saved > 0)
		add(l, LOG_N("saved_usd", price_text((uint64_t)r->saved, l->saved)));
}

void record_line(const struct record *r, struct buf *out)
{
	struct line l;

	l.n = 0;
	add_what(&l, r);
	if (r->attempts)
		add(&l, LOG_I("attempts", r->attempts));
	if (r->stream)
		add(&l, LOG_I("stream", 1));
	if (r->finish != EVENT_FINISH_NONE)
		add(&l, LOG_Z("finish", event_finish_name(r->finish)));
	add_tokens(&l, r);
	add_money(&l, r);
	add(&l, LOG_NS("ms", r->total_ns));
	if (r->first_ns)
		add(&l, LOG_NS("first_ms", r->first_ns));
	add(&l, LOG_I("bytes_in", r->bytes_in));
	add(&l, LOG_I("bytes_out", r->bytes_out));
	add_str(&l, SLICE("upstream_id"), r->upstream_id);
	add_str(&l, SLICE("tries"), r->tries);
	l.fields[l.n] = (struct log_field){ .num = 0 };
	log_format(out, log_form_now(), r->wall_ms, "info", "access", l.fields);
}

#include "front/intake.h"

#include <stdio.h>

#include "base/counter.h"
#include "codec/url.h"
#include "loop/loop.h"

#define LONGEST_TIMEOUT_MS 86400000u	/* a day: longer is no deadline */

void intake_begin(struct intake *q, const struct front *f)
{
	struct dice *d = f->exchange->flight.dice;

	*q = (struct intake){ .start_ns = loop_now(f->loop), .wall_ms = loop_wall_ms(f->loop) };
	snprintf(q->id, sizeof(q->id), "req_%016llx%08llx", (unsigned long long)dice_u64(d),
		(unsigned long long)(dice_u64(d) >> 32));
}

/* Letters that are harmless in a header, a log and a label (faults.md, header and log injection). */
static bool id_ok(struct slice id)
{
	if (id.n == 0 || id.n > 64)
		return false;
	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];
		bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!alnum && c != '.' && c != '_' && c != '-')
			return false;
	}
	return true;
}

static void read_options(struct intake *q, const struct http1_head *head)
{
	struct slice id = http1_field(head, SLICE("x-request-id"));
	uint64_t v;

	if (id_ok(id))
		slice_copy(id, q->id, sizeof(q->id));
	if (slice_u64(http1_field(head, SLICE("x-weir-hops")), &v))
		q->hops = (unsigned)MIN_OF(v, 1000u);
	if (slice_u64(http1_field(head, SLICE("x-weir-timeout-ms")), &v))
		q->timeout_ms = MIN_OF(v, LONGEST_TIMEOUT_MS);
}

static bool is_json(struct slice type)
{
	struct slice bare = slice_trim(slice_of(type.p, slice_find(type, ';')));
	return type.n == 0 || slice_case_eq(bare, SLICE("application/json"));
}

static enum err check_body(const struct front *f, const struct http1_head *head)
{
	struct slice encoding = http1_field(head, SLICE("content-encoding"));
	uint64_t length = head->content_length > 0 ? (uint64_t)head->content_length : 0;

	if (!is_json(http1_field(head, SLICE("content-type"))))
		return ERR_BAD_TYPE;
	if (encoding.n && !slice_case_eq(encoding, SLICE("identity")))
		return ERR_BAD_TYPE;
	if (length > f->limits.sizes.body)
		return ERR_BODY_TOO_BIG;
	if (counter_values[COUNTER_buffered_bytes] + length > f->limits.sizes.buffered)
		return ERR_TOO_BUSY;
	return ERR_OK;
}

enum err intake_head(struct intake *q, const struct front *f, const struct http1_head *head, bool admin)
{
	struct slice query, rest, path = url_path(head->target, &query);

	q->length = head->chunked ? -1 : MAX_OF(head->content_length, 0);
	read_options(q, head);
	slice_copy(path, q->path, sizeof(q->path));
	enum err e = endpoint_find(path, head->method, admin ? ENDPOINT_ADMIN : ENDPOINT_PUBLIC, &q->endpoint, &rest);
	if (e != ERR_OK)
		return e;
	if (rest.n && path.n >= sizeof(q->path))
		return ERR_NOT_FOUND;
	q->rest_at = rest.n ? (uint8_t)(path.n - rest.n) : 0;
	return q->endpoint->kind == ENDPOINT_CHAT ? check_body(f, head) : ERR_OK;
}

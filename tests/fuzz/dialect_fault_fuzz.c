/* Any bytes as a provider's error body, under every kind of status: always a fault, nothing unfit in what a client
 * gets, and the client's SDK sees an error. */
#include "base/utf8.h"
#include "codec/sse.h"
#include "dialect/scrub.h"
#include "dialects.h"
#include "golden/replay.h"

static void check_text(struct slice s)
{
	must(s.n <= SCRUB_MAX_BYTES && utf8_valid(s));
	for (size_t i = 0; i < s.n; i++)
		must((unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7f);
	must(!scrub_is_markup(s));
}

static void check_body(const struct dialect *front, const struct fault *f)
{
	struct arena a;
	struct buf out;
	yyjson_doc *doc;

	arena_init(&a, 0);
	buf_init(&out, 65536);
	front->error_body(f, &out);
	must(json_parse(&a, buf_slice(&out), &doc, NULL) == ERR_OK);
	must(front->fault(&a, front->error_status ? front->error_status(f) : err_row(f->err)->http,
		buf_slice(&out)).err != ERR_OK);
	int status = front->error_status ? front->error_status(f) : err_row(f->err)->http;
	must(status >= 400 && status < 600);
	buf_done(&out);
	arena_done(&a);
}

/* Its own decoder sees the failure. */
static void check_event(const struct dialect *front, const struct fault *f)
{
	struct replay r;
	struct buf out;

	if (front->op != REQUEST_CHAT)
		return;
	buf_init(&out, 65536);
	front->error_event(f, &out);
	replay_init(&r, front, NULL, NULL);
	replay_stream(&r, buf_slice(&out), 0, 0);
	must(r.err != ERR_OK || r.decode.tally.fault.err != ERR_OK);
	must(!r.decode.tally.finished && !r.lost);
	replay_done(&r);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = { 0, 200, 302, 400, 401, 402, 403, 404, 413, 422, 429, 446, 500, 503, 529 };
	struct slice body;
	const struct dialect *back = dialects_pick(data, size, &body);
	const struct dialect *front = dialect_at(fuzz_number(data, size) % dialects_count());
	struct arena a;

	for (size_t i = 0; back && i < COUNT_OF(statuses); i++) {
		arena_init(&a, 0);
		struct fault f = back->fault(&a, statuses[i], body);
		must(f.err != ERR_OK && f.status == statuses[i]);
		check_text(f.message);
		check_text(f.code);
		check_text(f.param);
		/* a provider's words are for the client only when the client is to blame, and never about weir's key */
		must(f.message.n == 0 || err_row(f.err)->blame == ERR_BLAME_CLIENT);
		must(f.message.n == 0 || (statuses[i] != 401 && statuses[i] != 403));
		check_body(front, &f);
		check_event(front, &f);
		arena_done(&a);
	}
	return 0;
}

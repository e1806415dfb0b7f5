/* Any bytes as a provider's error body, under every kind of status: always a fault, and nothing unfit in
 * what a client gets. */
#include "base/utf8.h"
#include "dialect/dialect.h"
#include "dialect/scrub.h"
#include "fuzz.h"

static void check_text(struct slice s)
{
	must(s.n <= SCRUB_MAX_BYTES && utf8_valid(s));
	for (size_t i = 0; i < s.n; i++)
		must((unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7f);
	must(!scrub_is_markup(s));
}

static void check_bytes(struct arena *a, const struct fault *f)
{
	yyjson_doc *doc;
	struct buf out;

	buf_init(&out, 65536);
	openai_chat.error_body(f, &out);
	must(json_parse(a, buf_slice(&out), &doc, NULL) == ERR_OK);
	must(json_str(json_obj(yyjson_doc_get_root(doc), "error"), "message").n > 0);
	buf_clear(&out);
	openai_chat.error_event(f, &out);
	struct slice event = buf_slice(&out);
	must(slice_starts(event, SLICE("event: error\ndata: {\"type\":\"error\",\"error\":{")));
	must(slice_find(slice_skip(event, 13), '\n') == event.n - 13 - 2);	/* one data line */
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int statuses[] = { 0, 200, 302, 400, 401, 402, 403, 404, 413, 422, 429, 446, 500, 503,
		529 };
	struct arena a;

	for (size_t i = 0; i < COUNT_OF(statuses); i++) {
		arena_init(&a, 0);
		struct fault f = openai_chat.fault(&a, statuses[i], slice_of(data, size));
		must(f.err != ERR_OK && f.status == statuses[i]);
		check_text(f.message);
		check_text(f.code);
		check_text(f.param);
		must(f.message.n == 0 || err_row(f.err)->blame == ERR_BLAME_CLIENT);
		must(f.message.n == 0 || (statuses[i] != 401 && statuses[i] != 403));
		check_bytes(&a, &f);
		arena_done(&a);
	}
	return 0;
}

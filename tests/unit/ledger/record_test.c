/* The access line, to the letter: people's queries and alarms depend on its names. */
#include "unit.h"

#include "base/log.h"
#include "ledger/record.h"

#define WALL_MS 1795253400123u	/* 2026-11-21T09:30:00.123Z */

static void expect(const struct record *r, enum log_form form, const char *want)
{
	struct buf b;

	log_set(LOG_LEVEL_INFO, form);
	buf_init(&b, 1 << 16);
	buf_add(&b, SLICE("before"));
	record_line(r, &b);
	assert_slice(slice_skip(buf_slice(&b), 6), want);	/* appends */
	buf_done(&b);
}

static const struct record full = {
	.wall_ms = WALL_MS, .request_id = { "req_1", 5 }, .upstream_id = { "up-9", 4 },
	.peer = { "10.0.0.1:40312", 14 }, .client = { "team-a", 6 },
	.endpoint = { "chat.completions", 16 }, .model = { "chat", 4 }, .model_known = true,
	.target = { "openai/gpt-4.1-mini", 19 }, .status = 200, .err = ERR_OK, .stream = true, .attempts = 2,
	.finish = EVENT_FINISH_STOP, .usage = { 12, 34, 5, 6, 7 }, .prompt_estimate_tok = 99, .bytes_in = 345,
	.bytes_out = 6789, .total_ns = 1234567890, .first_ns = 98765432,
	.tries = { "a/b=up_overloaded:812 openai/gpt-4.1-mini=ok:93", 47 },
};

static void test_a_full_line(void **state)
{
	expect(&full, LOG_FORM_JSON, "{\"time\":\"2026-11-21T09:30:00.123Z\",\"level\":\"info\","
		"\"event\":\"access\",\"id\":\"req_1\",\"peer\":\"10.0.0.1:40312\",\"client\":\"team-a\","
		"\"endpoint\":\"chat.completions\",\"model\":\"chat\",\"target\":\"openai/gpt-4.1-mini\","
		"\"status\":200,\"attempts\":2,\"stream\":1,\"finish\":\"stop\",\"prompt_tokens\":12,"
		"\"completion_tokens\":34,\"cached_tokens\":5,\"reasoning_tokens\":7,"
		"\"ms\":1234.567,\"first_ms\":98.765,\"bytes_in\":345,\"bytes_out\":6789,"
		"\"upstream_id\":\"up-9\",\"tries\":\"a/b=up_overloaded:812 openai/gpt-4.1-mini=ok:93\"}\n");
	expect(&full, LOG_FORM_TEXT, "09:30:00.123 info  access         id=req_1 peer=10.0.0.1:40312 client=team-a "
		"endpoint=chat.completions model=chat target=openai/gpt-4.1-mini status=200 attempts=2 "
		"stream=1 finish=stop prompt_tokens=12 completion_tokens=34 cached_tokens=5 "
		"reasoning_tokens=7 ms=1234.567 first_ms=98.765 bytes_in=345 bytes_out=6789 "
		"upstream_id=up-9 tries=\"a/b=up_overloaded:812 openai/gpt-4.1-mini=ok:93\"\n");
}

/* What is not known is left out; what is always known is always there. */
static void test_a_bare_line(void **state)
{
	const struct record r = { .wall_ms = WALL_MS, .request_id = SLICE("req_2"), .path = SLICE("/nowhere"),
		.status = 404, .err = ERR_NOT_FOUND, .usage = USAGE_NONE };

	expect(&r, LOG_FORM_JSON, "{\"time\":\"2026-11-21T09:30:00.123Z\",\"level\":\"info\","
		"\"event\":\"access\",\"id\":\"req_2\",\"path\":\"/nowhere\",\"status\":404,"
		"\"error\":\"not_found\",\"ms\":0.000,\"bytes_in\":0,\"bytes_out\":0}\n");
	expect(&r, LOG_FORM_TEXT, "09:30:00.123 info  access         id=req_2 path=/nowhere status=404 "
		"error=not_found ms=0.000 bytes_in=0 bytes_out=0\n");
}

/* The estimate stands in only where the provider told nothing, and has a name of its own. */
static void test_the_estimate(void **state)
{
	struct record r = { .wall_ms = WALL_MS, .status = 200, .usage = USAGE_NONE,
		.prompt_estimate_tok = 99 };

	expect(&r, LOG_FORM_TEXT, "09:30:00.123 info  access         status=200 prompt_tokens_estimated=99 "
		"ms=0.000 bytes_in=0 bytes_out=0\n");
	r.usage.prompt_tok = 0;
	expect(&r, LOG_FORM_TEXT, "09:30:00.123 info  access         status=200 prompt_tokens=0 ms=0.000 "
		"bytes_in=0 bytes_out=0\n");
}

static void test_money(void **state)
{
	struct record r = { .wall_ms = WALL_MS, .status = 200, .usage = USAGE_NONE, .priced = true, .cost = 42500000 };

	expect(&r, LOG_FORM_TEXT, "09:30:00.123 info  access         status=200 cost_usd=0.0000425 "
		"ms=0.000 bytes_in=0 bytes_out=0\n");
	r.cost = 0;
	r.saved = 42500000;
	expect(&r, LOG_FORM_JSON, "{\"time\":\"2026-11-21T09:30:00.123Z\",\"level\":\"info\",\"event\":\"access\","
		"\"status\":200,\"cost_usd\":0,\"saved_usd\":0.0000425,\"ms\":0.000,\"bytes_in\":0,\"bytes_out\":0}\n");
}

/* Clients choose some of the texts: no line ends, no forged fields. */
static void test_texts_of_clients_stay_inside(void **state)
{
	const struct record r = { .wall_ms = WALL_MS, .status = 404, .err = ERR_NO_MODEL, .usage = USAGE_NONE,
		.model = SLICE("a\n\"status\":200 \xff"), .path = SLICE("/x y=1") };

	expect(&r, LOG_FORM_JSON, "{\"time\":\"2026-11-21T09:30:00.123Z\",\"level\":\"info\","
		"\"event\":\"access\",\"path\":\"/x y=1\",\"model\":\"a\\n\\\"status\\\":200 \xef\xbf\xbd\","
		"\"status\":404,\"error\":\"no_model\",\"ms\":0.000,\"bytes_in\":0,\"bytes_out\":0}\n");
	expect(&r, LOG_FORM_TEXT, "09:30:00.123 info  access         path=\"/x y=1\" "
		"model=\"a\\n\\\"status\\\":200 \xef\xbf\xbd\" status=404 error=no_model "
		"ms=0.000 bytes_in=0 bytes_out=0\n");
}

/* All there can be at once fits into a line. */
static void test_everything_at_once(void **state)
{
	struct record r = full;
	struct buf b;

	r.path = SLICE("/v1/chat/completions");
	r.err = ERR_UP_TRUNCATED;
	r.priced = true;
	r.cost = r.saved = INT64_MAX;
	r.cache = "miss";
	log_set(LOG_LEVEL_INFO, LOG_FORM_JSON);
	buf_init(&b, 1 << 16);
	record_line(&r, &b);
	r.usage.prompt_tok = -1;
	record_line(&r, &b);
	assert_true(buf_len(&b) > 800);
	buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_full_line),
		cmocka_unit_test(test_a_bare_line),
		cmocka_unit_test(test_the_estimate),
		cmocka_unit_test(test_money),
		cmocka_unit_test(test_texts_of_clients_stay_inside),
		cmocka_unit_test(test_everything_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

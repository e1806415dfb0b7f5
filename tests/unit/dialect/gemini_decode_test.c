/* Refused events, limits and room; what answers look like is golden pages (stream-*.md, whole-*.md). */
#include "unit.h"

#include "rig.h"

#include "dialect/gemini_frame.h"

static const char chunk[] =
	"{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"r\",\"thought\":true},{\"text\":\"t\"},"
	"{\"functionCall\":{\"name\":\"f\",\"args\":{\"a\":1}},\"thoughtSignature\":\"c2ln\"},"
	"{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"AAAA\"}}]},\"finishReason\":\"STOP\","
	"\"groundingMetadata\":{\"groundingChunks\":[{\"web\":{\"uri\":\"u\"}}]},"
	"\"logprobsResult\":{\"chosenCandidates\":[{\"token\":\"t\",\"logProbability\":-1}]}}],"
	"\"usageMetadata\":{\"promptTokenCount\":1},\"modelVersion\":\"m\",\"responseId\":\"r\"}";
static const uint8_t kinds[] = { EVENT_START, EVENT_REASONING, EVENT_TEXT, EVENT_TOOL_START, EVENT_SIGNATURE,
	EVENT_TOOL_ARGS,
	EVENT_PART_END, EVENT_MEDIA, EVENT_CITATION, EVENT_LOGPROBS, EVENT_FINISH, EVENT_USAGE };

static enum err feed(struct rig *r, const char *data)
{
	return gemini_generate.decode_event(&r->decode, SLICE_EMPTY, slice_str(data), slice_str(data));
}

static void test_order(void **state)
{
	static struct rig r;

	rig_init(&r);
	assert_int_equal(feed(&r, chunk), ERR_OK);
	assert_int_equal(r.n, COUNT_OF(kinds));
	for (size_t i = 0; i < r.n; i++) {
		assert_int_equal(r.events[i].kind, kinds[i]);
		assert_int_equal(r.events[i].first_of_raw, i == 0);
		assert_ptr_equal(r.events[i].raw.p, i == 0 ? chunk : NULL);
	}
	assert_int_equal(r.events[3].part, 0);
	assert_int_equal(r.events[4].part, 0);
	assert_int_equal(r.events[8].part, EVENT_NO_PART);
	rig_done(&r);
}

/* Whichever is refused is the last. */
static void test_refused_event_stops(void **state)
{
	static struct rig r;

	for (size_t at = 1; at <= COUNT_OF(kinds); at++) {
		rig_init(&r);
		r.fail_at = at;
		assert_int_equal(feed(&r, chunk), ERR_TOO_BIG);
		assert_int_equal(r.n, at);
		rig_done(&r);
		rig_init(&r);
		r.fail_at = at;
		assert_int_equal(gemini_generate.decode_whole(&r.decode, slice_str(chunk)), ERR_TOO_BIG);
		assert_int_equal(r.n, at);
		rig_done(&r);
	}
}

/* Calls are numbered over the stream, by candidate; what is beyond the limit gives no call. */
static void test_calls(void **state)
{
	static struct rig r;
	static const char two[] = "{\"candidates\":[{\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"f\"}}]}},"
		"{\"index\":1,\"content\":{\"parts\":[{\"functionCall\":{\"name\":\"f\"}}]}}]}";
	unsigned starts = 0;

	rig_init(&r);
	assert_int_equal(feed(&r, two), ERR_OK);
	assert_int_equal(feed(&r, two), ERR_OK);
	for (size_t i = 0; i < r.n; i++)
		if (r.events[i].kind == EVENT_TOOL_START) {
			assert_int_equal(r.events[i].part, starts / 2);
			assert_int_equal(r.events[i].choice, starts % 2);
			for (size_t k = 0; k < i; k++)
				assert_false(r.events[k].kind == EVENT_TOOL_START && slice_eq(r.events[k].text,
					r.events[i].text));
			starts++;
		}
	assert_int_equal(starts, 4);
	for (unsigned i = 2; i <= GEMINI_FRAME_CALLS + 1; i++) {
		r.n = 0;
		assert_int_equal(feed(&r, two), ERR_OK);
		assert_int_equal(r.events[0].kind, i < GEMINI_FRAME_CALLS ? EVENT_TOOL_START : EVENT_OTHER);
	}
	rig_done(&r);
}

/* A peer that makes up sources without end. */
static void test_many_sources(void **state)
{
	static struct rig r;
	struct buf b;

	rig_init(&r);
	buf_init(&b, 1 << 24);
	buf_add(&b, SLICE("{\"candidates\":[{\"groundingMetadata\":{\"groundingChunks\":["));
	for (int i = 0; i < 1000; i++)
		buf_addf(&b, "%s{\"web\":{\"uri\":\"u%d\"}}", i ? "," : "", i);
	buf_add(&b, SLICE("],\"groundingSupports\":["));
	for (int i = 0; i < 1000; i++)
		buf_addf(&b, "%s{\"segment\":{\"endIndex\":%d},\"groundingChunkIndices\":[%d,%d]}", i ? "," : "",
			i, i, 999 - i);
	buf_add(&b, SLICE("]}}]}"));
	buf_add_char(&b, '\0');
	assert_int_equal(feed(&r, buf_slice(&b).p), ERR_OK);
	size_t n = 0;
	for (size_t i = 0; i < r.n; i++)
		n += r.events[i].kind == EVENT_CITATION;
	assert_int_equal(n, 256);
	buf_done(&b);
	rig_done(&r);
}

/* A source longer than any address is left out; the answer goes on. */
static void test_long_source(void **state)
{
	static struct rig r;
	struct buf b;

	rig_init(&r);
	buf_init(&b, 1 << 24);
	buf_add(&b, SLICE("{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"groundingMetadata\":{\"g"
		"roundingChunks\":[{\"web\":{\"uri\":\""));
	for (int i = 0; i < 70000; i++)
		buf_add_char(&b, 'u');
	buf_add(&b, SLICE("\"}}]},\"finishReason\":\"STOP\"}]}"));
	buf_add_char(&b, '\0');
	assert_int_equal(feed(&r, buf_slice(&b).p), ERR_OK);
	assert_int_equal(r.events[r.n - 1].kind, EVENT_FINISH);
	for (size_t i = 0; i < r.n; i++)
		assert_int_not_equal(r.events[i].kind, EVENT_CITATION);
	buf_done(&b);
	rig_done(&r);
}

static void test_too_big(void **state)
{
	static struct rig r;

	rig_init(&r);
	json_scratch_done(&r.scratch);
	json_scratch_init(&r.scratch, 64);
	assert_int_equal(feed(&r, chunk), ERR_UP_TOO_BIG);
	assert_int_equal(gemini_generate.decode_whole(&r.decode, slice_str(chunk)), ERR_UP_TOO_BIG);
	assert_int_equal(r.n, 0);
	rig_done(&r);
}

/* 128 candidates, each of which must end. */
static void test_choices(void **state)
{
	static struct rig r;
	char text[128];

	rig_init(&r);
	for (unsigned i = 0; i <= GEMINI_FRAME_CHOICES; i++) {
		snprintf(text, sizeof(text),
			"{\"candidates\":[{\"index\":%u,\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}", i);
		assert_int_equal(feed(&r, text), ERR_OK);
	}
	assert_int_equal(r.decode.tally.choices, GEMINI_FRAME_CHOICES);
	for (unsigned i = 0; i < GEMINI_FRAME_CHOICES; i++) {
		assert_false(r.decode.tally.finished);
		snprintf(text, sizeof(text), "{\"candidates\":[{\"index\":%u,\"finishReason\":\"STOP\"}]}", i);
		assert_int_equal(feed(&r, text), ERR_OK);
	}
	assert_true(r.decode.tally.finished);
	rig_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order), cmocka_unit_test(test_refused_event_stops), cmocka_unit_test(test_calls),
		cmocka_unit_test(test_many_sources), cmocka_unit_test(test_long_source), cmocka_unit_test(test_too_big),
		cmocka_unit_test(test_choices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

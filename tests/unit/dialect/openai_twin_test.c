/* Chunks that need no parser must mean what the parser would have said: each is decoded within its stream and alone. */
#include "unit.h"

#include "base/dice.h"
#include "dialect/dialect.h"

struct seen {
	char log[4096];
	size_t n;
};

static enum err on_event(void *arg, const struct event *ev)
{
	struct seen *s = arg;

	/* Only a stream's first frame has a start; where it has, a frame without text needs no other event
	 * for its bytes. */
	if (ev->kind == EVENT_START || ev->kind == EVENT_OTHER)
		return ERR_OK;
	s->n += (size_t)snprintf(s->log + s->n, sizeof(s->log) - s->n, "%s %u %u %.*s|",
		event_kind_name((enum event_kind)ev->kind), ev->choice, ev->finish, SLICE_ARG(ev->text));
	return ERR_OK;
}

struct rig_one {
	struct json_scratch scratch;
	struct arena arena;
	struct dialect_decode d;
	struct seen seen;
};

static void rig_open(struct rig_one *r)
{
	memset(r, 0, sizeof(*r));
	json_scratch_init(&r->scratch, 1 << 20);
	arena_init(&r->arena, 0);
	r->d = (struct dialect_decode){ .scratch = &r->scratch, .arena = &r->arena, .on_event = on_event,
		.arg = &r->seen };
}

static void rig_close(struct rig_one *r)
{
	json_scratch_done(&r->scratch);
	arena_done(&r->arena);
}

static enum err decode(struct rig_one *r, const char *data)
{
	r->seen.n = 0;
	r->seen.log[0] = '\0';
	return openai_chat.decode_event(&r->d, SLICE_EMPTY, slice_str(data), slice_str(data));
}

/* The same verdict and events within the stream as alone. */
static void check(struct rig_one *stream, const char *data)
{
	struct rig_one alone;

	rig_open(&alone);
	enum err want = decode(&alone, data), got = decode(stream, data);
	if (want != got || strcmp(alone.seen.log, stream->seen.log) != 0)
		fail_msg("%s\nalone  %d %s\nstream %d %s", data, want, alone.seen.log, got, stream->seen.log);
	rig_close(&alone);
}

#define CHUNK(content) "{\"id\":\"c\",\"model\":\"m\",\"choices\":[{\"index\":0," \
	"\"delta\":{\"content\":" content "},\"finish_reason\":null}]}"

static void test_near_twins(void **state)
{
	static const char *const chunks[] = {
		CHUNK("\"Hello\""), CHUNK("\" world\""), CHUNK("\"\""), CHUNK("\"a\\\"b\""),
		CHUNK("\"\\u0041\""), CHUNK("\"tab\\t\""), CHUNK("\"\xc3\xa9\xe2\x82\xac\""),
		CHUNK("\"cut \xe2\x82\""), CHUNK("\"x\",\"refusal\":\"y\""), CHUNK("\"x\"},\"x\":{\"y\":\"z\""),
		CHUNK("\"raw\ttab\""), CHUNK("null"), CHUNK("\"index\""), CHUNK("\"c\""), CHUNK("\"m\""),
		CHUNK("\"content\""), CHUNK("[\"a\"]"), CHUNK("\"a\x7f\""), CHUNK("\"}]}\""),
		CHUNK("\"plain again\""), CHUNK("\"and again\""),
	};
	struct rig_one stream;

	for (size_t first = 0; first < COUNT_OF(chunks); first++) {
		rig_open(&stream);
		check(&stream, chunks[first]);
		for (size_t i = 0; i < COUNT_OF(chunks); i++)
			check(&stream, chunks[i]);
		rig_close(&stream);
	}
}

/* A value that is written with escapes must not let another string pass for the text. */
static void test_another_string_is_not_the_text(void **state)
{
	static const char *const chunks[] = {
		"{\"x\":\"a\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\u0061\"}}]}",
		"{\"x\":\"b\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\\u0061\"}}]}",
		"{\"x\":\"a\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}",
		"{\"x\":\"b\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}",
		"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\",\"content\":\"a\"}}]}",
		"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"b\",\"content\":\"c\"}}]}",
		"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"zz\",\"content\":\"c\"}}]}",
		"{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"second\"}}]}",
		"{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"choice\"}}]}",
		"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"first\"}},"
			"{\"index\":1,\"delta\":{\"content\":\"both\"}}]}",
		"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"other\"}},"
			"{\"index\":1,\"delta\":{\"content\":\"both\"}}]}",
		"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"end\"},\"finish_reason\":\"stop\"}]}",
		"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"u\"}}],"
			"\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":2}}",
		"{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"u\"}}],\"error\":{\"message\":\"u\"}}",
	};
	struct rig_one stream;

	for (size_t a = 0; a < COUNT_OF(chunks); a++)
		for (size_t b = 0; b < COUNT_OF(chunks); b++) {
			rig_open(&stream);
			decode(&stream, chunks[a]);
			for (size_t i = 0; i < 3 && a != 13; i++) {
				decode(&stream, chunks[a]);
				/* a second finish or the same usage says nothing new in a stream */
				if (b != 11 && b != 12)
					check(&stream, chunks[b]);
			}
			rig_close(&stream);
		}
}

static void test_random_bytes_between(void **state)
{
	struct dice d;
	struct rig_one stream;
	char data[512], text[40];

	dice_init(&d, 3);
	rig_open(&stream);
	for (int round = 0; round < 20000; round++) {
		size_t n = dice_below(&d, sizeof(text) - 1);
		for (size_t i = 0; i < n; i++)
			text[i] = "abc \"\\{}:,\x01\xc3\xa9\xff\x7f\n"[dice_below(&d, dice_below(&d, 4) ? 4 : 17)];
		text[n] = '\0';
		snprintf(data, sizeof(data), "{\"id\":\"i%u\","
			"\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"}}]}",
			(unsigned)(round / 1000), text);
		check(&stream, data);
	}
	rig_close(&stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_near_twins),
		cmocka_unit_test(test_another_string_is_not_the_text),
		cmocka_unit_test(test_random_bytes_between),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

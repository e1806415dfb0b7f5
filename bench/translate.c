/* What translation costs: CPU time of one streamed event (provider's bytes -> waist -> client's bytes) and of one 26 KB
 * request (client's body -> waist -> provider's body), for every pair of dialects.  Unlike the other tools it links
 * weir's own floors: there is no other way to time them alone.
 *
 * translate [--rounds N] [--quick]      prints two tables; each figure is the best of N rounds */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "codec/sse.h"
#include "dialect/translate.h"

enum { EVENTS = 2000, REQUEST_BYTES = 26000, MOST_DIALECTS = 16 };

static int rounds = 15, repeats = 20;

static const struct dialect *chats[MOST_DIALECTS];
static size_t n_chats;

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* --- streams -------------------------------------------------------------------------------------------- */

static struct event text_event(enum event_kind kind, const char *text)
{
	return (struct event){ .kind = (uint8_t)kind, .text = slice_str(text) };
}

/* The same answer as each provider would stream it: short texts, as models send them. */
static void write_stream(const struct dialect *d, struct buf *out)
{
	static const char *const words[] = { " the", " quick", " brown", " fox", ", said", " \"so\"", "\n",
		" h\xc3\xa9" };
	struct request r = { .stream = true, .wants_usage = true, .choices = 1, .dialect = d, .body = SLICE("{}") };
	struct usage u = { 1000, EVENTS, 0, 0, 0 };
	struct arena a;

	arena_init(&a, 0);
	struct dialect_encode e = { .request = &r, .id = SLICE("id-1"), .created_s = 1700000000, .source = d,
		.arena = &a };
	struct event ev = text_event(EVENT_START, "id-1");
	ev.extra = SLICE("some-model");
	d->encode_event(&e, &ev, out);
	for (int i = 0; i < EVENTS; i++) {
		ev = text_event(EVENT_TEXT, words[i % (int)COUNT_OF(words)]);
		d->encode_event(&e, &ev, out);
	}
	ev = (struct event){ .kind = EVENT_FINISH, .finish = EVENT_FINISH_STOP, .text = SLICE("stop") };
	d->encode_event(&e, &ev, out);
	ev = (struct event){ .kind = EVENT_USAGE, .text = event_usage_text(&u) };
	d->encode_event(&e, &ev, out);
	d->encode_end(&e, out);
	arena_done(&a);
}

struct pass {
	const struct dialect *front, *back;
	struct dialect_decode decode;
	struct dialect_encode encode;
	struct buf out;
	size_t events;
};

static enum err on_event(void *arg, const struct event *ev)
{
	struct pass *p = arg;

	buf_clear(&p->out);
	p->front->encode_event(&p->encode, ev, &p->out);
	p->events++;
	return ERR_OK;
}

static enum err on_frame(void *arg, const struct sse_event *ev)
{
	struct pass *p = arg;
	return p->back->decode_event(&p->decode, ev->type, ev->data, ev->raw);
}

/* Microseconds of one whole stream, fed as it comes from a socket: some events at a time. */
static double run_stream(const struct dialect *front, const struct dialect *back, struct slice wire)
{
	static const struct sse_events events = { .on_event = on_frame };
	struct request r = { .stream = true, .choices = 1, .dialect = front, .body = SLICE("{}") };
	struct json_scratch scratch;
	struct arena a;
	struct sse sse;
	double began = now_us();

	arena_init(&a, 0);
	json_scratch_init(&scratch, 1 << 20);
	struct pass p = { .front = front, .back = back };
	p.decode = (struct dialect_decode){ .scratch = &scratch, .arena = &a, .on_event = on_event, .arg = &p };
	p.encode = (struct dialect_encode){ .request = &r, .id = SLICE("id-1"), .created_s = 1700000000, .source = back,
		.arena = &a };
	buf_init(&p.out, 1 << 20);
	sse_init(&sse, 1 << 20, &events, &p);
	for (size_t at = 0; at < wire.n; at += 1448)
		must(sse_feed(&sse, slice_of(wire.p + at, MIN_OF(wire.n - at, (size_t)1448))) == ERR_OK);
	buf_clear(&p.out);
	front->encode_end(&p.encode, &p.out);
	must(p.events >= EVENTS && p.decode.tally.finished && p.encode.err == ERR_OK);
	sse_done(&sse);
	buf_done(&p.out);
	json_scratch_done(&scratch);
	arena_done(&a);
	return now_us() - began;
}

/* --- requests ------------------------------------------------------------------------------------------- */

/* A dialogue of 40 turns with a tool: 26 KB. */
static void make_prompt(struct prompt *p)
{
	static const char turn[] = "Tell me more about the harbour, its tides and the \"old\" lighthouse.\n";
	char text[640] = "";

	p->model = SLICE("m");
	p->max_tok = 1000;
	p->temperature = 0.7;
	for (size_t n = 0; n + sizeof(turn) < sizeof(text); n += sizeof(turn) - 1)
		memcpy(text + n, turn, sizeof(turn));
	prompt_add_text(p, prompt_add_message(p, PROMPT_SYSTEM), arena_copy(p->arena, slice_str(text)));
	for (int i = 0; i < REQUEST_BYTES / 650; i++)
		prompt_add_text(p, prompt_add_message(p, i % 2 ? PROMPT_ASSISTANT : PROMPT_USER),
			arena_copy(p->arena, slice_str(text)));
	if (p->n_messages % 2 == 1)
		prompt_add_text(p, prompt_add_message(p, PROMPT_USER), SLICE("And now?"));
}

static struct dialect_ask ask_for(struct arena *a, struct drops *drops, struct fault *fault)
{
	return (struct dialect_ask){ .model = SLICE("m"), .provider = SLICE("p"), .stream = true, .arena = a,
		.drops = drops,
		.fault = fault };
}

static bool write_request(const struct dialect *d, struct buf *out)
{
	struct drops drops = { .n = 0 };
	struct fault fault = { .err = ERR_OK };
	struct prompt p;
	struct arena a;

	arena_init(&a, 0);
	prompt_init(&p, &a);
	make_prompt(&p);
	prompt_tidy(&p);
	const struct dialect_ask ask = ask_for(&a, &drops, &fault);
	bool ok = d->write(&p, &ask, out) == ERR_OK;
	arena_done(&a);
	return ok;
}

static double run_requests(const struct dialect *front, const struct dialect *back, struct slice body)
{
	struct arena parsing, building;
	struct drops drops = { .n = 0 };
	struct fault fault = { .err = ERR_OK };
	struct request r = { .choices = 1, .door = { .model = SLICE("m") } };
	struct buf out;

	arena_init(&parsing, 0);
	arena_init(&building, 0);
	buf_init(&out, 1 << 24);
	must(front->parse(&parsing, body, &r, &fault) == ERR_OK);
	r.doc = NULL;		/* as in service: the tree is dropped after parse */
	double began = now_us();
	for (int i = 0; i < repeats; i++) {
		const struct dialect_ask ask = ask_for(&building, &drops, &fault);
		buf_clear(&out);
		must(translate_build(back, &r, &ask, &out) == ERR_OK);
		arena_reset(&building, 1 << 20);
	}
	double us = (now_us() - began) / repeats;
	buf_done(&out);
	arena_done(&parsing);
	arena_done(&building);
	return us;
}

/* --- tables --------------------------------------------------------------------------------------------- */

static double best_stream(const struct dialect *front, const struct dialect *back)
{
	double best = 1e9;
	struct buf wire;

	buf_init(&wire, 1 << 24);
	write_stream(back, &wire);
	for (int i = 0; i < rounds; i++) {
		double us = run_stream(front, back, buf_slice(&wire)) / EVENTS;
		best = us < best ? us : best;
	}
	buf_done(&wire);
	return best;
}

static double best_request(const struct dialect *front, const struct dialect *back)
{
	double best = 1e9;
	struct buf body;

	buf_init(&body, 1 << 24);
	must(write_request(front, &body));
	for (int i = 0; i < rounds; i++) {
		double us = run_requests(front, back, buf_slice(&body));
		best = us < best ? us : best;
	}
	buf_done(&body);
	return best;
}

static void print_table(const char *title, double (*measure)(const struct dialect *, const struct dialect *))
{
	printf("%s\n\n| client's dialect |", title);
	for (size_t b = 0; b < n_chats; b++)
		printf(" %s |", chats[b]->name);
	printf("\n|---|");
	for (size_t b = 0; b < n_chats; b++)
		printf("--:|");
	printf("\n");
	for (size_t f = 0; f < n_chats; f++) {
		printf("| %s |", chats[f]->name);
		for (size_t b = 0; b < n_chats; b++) {
			printf(" %.2f |", measure(chats[f], chats[b]));
			fflush(stdout);
		}
		printf("\n");
	}
	printf("\n");
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--quick") == 0)
			rounds = repeats = 1;
		else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
			rounds = (int)strtol(argv[++i], NULL, 10);
		else {
			fprintf(stderr, "usage: translate [--rounds N] [--quick]\n");
			return 2;
		}
	}
	for (size_t i = 0; dialect_at(i) && n_chats < MOST_DIALECTS; i++)
		if (dialect_at(i)->op == REQUEST_CHAT && strcmp(dialect_at(i)->name, "openai-completions") != 0)
			chats[n_chats++] = dialect_at(i);
	print_table("CPU microseconds of one streamed text event, provider's dialect across", best_stream);
	print_table("CPU microseconds of one request of 26 KB, provider's dialect across", best_request);
	return 0;
}

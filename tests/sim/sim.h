/* Scenarios: the whole of weir on a virtual clock, between scripted providers and scripted clients.
 *
 *	static const struct sim_act good[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hel"), SIM_WAIT(20), SIM_TEXT("lo"),
 *		SIM_FINISH("stop"), SIM_END };
 *
 *	struct sim *s = sim_new(SIM_SEED, config);
 *	struct sim_provider *a = sim_provider(s, "a.test", bad, NULL), *b = sim_provider(s, "b.test", good, NULL);
 *	struct sim_client *c = sim_client(s, (struct sim_plan){ .sends = { sim_chat(s, "m", SIM_STREAMED, "hi") } });
 *	sim_run(s);
 *	sim_check_whole(s, c, "Hello");
 *	assert_int_equal(a->n, 1);
 *	sim_free(&s);			// also checks that nothing is left open
 *
 * Everything happens at virtual times, in an order that depends on the seed alone.  A failed check prints seed and
 * step; SIM_TRACE=1 in the environment prints every byte and its time.  README.md has the rest. */
#ifndef SIM_H
#define SIM_H

#include "sim_each.h"
#include "sim_http.h"
#include "sim_redis.h"
#include "sim_sock.h"
#include "unit.h"

struct sim;

/* ---- what is tested: weir (sim_weir.c), or a small relay in the self-test ---- */
struct sim_subject {
	/* NULL on failure with a sentence in `why`. */
	void *(*open)(struct loop *l, const char *config, char *why, size_t why_cap);
	const char *(*addr)(void *it);
	const char *(*admin_addr)(void *it);
	bool (*reload)(void *it, const char *config, char *why, size_t why_cap);
	void (*drain)(void *it);
	void (*cut)(void *it);		/* the end of a drain, now */
	bool (*drained)(void *it);
	void (*close)(void *it);
};
extern const struct sim_subject sim_subject;	/* whichever is linked in */

/* ---- providers ---- */
enum sim_act_kind {
	SIM_ACT_STOP,		/* end of the script: the connection waits for the next request */
	SIM_ACT_RAW,		/* bytes as they are */
	SIM_ACT_CHUNK,		/* one HTTP chunk */
	SIM_ACT_ANSWER,		/* status, fields, Content-Length, body */
	SIM_ACT_GOOD,		/* a whole answer with that text; to those who stream two letters an event */
	SIM_ACT_ECHO,		/* a text event with what stands behind "say " in the request */
	SIM_ACT_EACH,		/* one item for each input (sim_each.h); the request's path and body say which */
	SIM_ACT_FILL,		/* a text event with `n` letters */
	SIM_ACT_WAIT,		/* `n` ms */
	SIM_ACT_SHUT,		/* FIN, and go on reading until weir closes too */
	SIM_ACT_CUT,		/* the same, under TLS without close_notify */
	SIM_ACT_RESET,
	SIM_ACT_HANG,		/* nothing more, ever */
	SIM_ACT_EARLY,		/* first in a script: start when the request's head is there, not its body */
};

struct sim_act {
	enum sim_act_kind kind;
	const char *text;
	uint64_t n;
	const char *fields;	/* ANSWER: more field lines, each with CRLF */
	size_t times;		/* do it that often; 0 is once */
	uint64_t gap_ms;	/* wait before each repetition */
	const struct sim_each_opts *each;	/* EACH: NULL: answers all */
};

#define SIM_RAW(bytes) { .kind = SIM_ACT_RAW, .text = (bytes) }
#define SIM_CHUNK(bytes) { .kind = SIM_ACT_CHUNK, .text = (bytes) }
#define SIM_ANSWER(status, field_lines, body) \
	{ .kind = SIM_ACT_ANSWER, .n = (status), .fields = (field_lines), .text = (body) }
#define SIM_EACH { .kind = SIM_ACT_EACH }
#define SIM_EACH_BUT(opts) { .kind = SIM_ACT_EACH, .each = (opts) }
#define SIM_WAIT(ms) { .kind = SIM_ACT_WAIT, .n = (ms) }
#define SIM_SHUT { .kind = SIM_ACT_SHUT }
#define SIM_CUT { .kind = SIM_ACT_CUT }
#define SIM_RESET { .kind = SIM_ACT_RESET }
#define SIM_HANG { .kind = SIM_ACT_HANG }
#define SIM_EARLY { .kind = SIM_ACT_EARLY }
#define SIM_STOP { .kind = SIM_ACT_STOP }

/* An OpenAI stream, piece by piece.  Each piece is one chunk, as real providers send it. */
#define SIM_STREAM_FIELDS "Content-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n"
#define SIM_STREAM_HEAD SIM_RAW("HTTP/1.1 200 OK\r\n" SIM_STREAM_FIELDS "\r\n")
#define SIM_SSE_TEXT(data) "data: " data "\n\n"
#define SIM_SSE(data) SIM_CHUNK(SIM_SSE_TEXT(data))
#define SIM_CHUNK_JSON "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1760000000," \
	"\"model\":\"m-2026\",\"choices\":["
#define SIM_DELTA_JSON(delta, finish) SIM_CHUNK_JSON "{\"index\":0,\"delta\":" delta ",\"finish_reason\":" finish "}]}"
#define SIM_ROLE SIM_SSE(SIM_DELTA_JSON("{\"role\":\"assistant\",\"content\":\"\"}", "null"))
#define SIM_TEXT_JSON(t) SIM_DELTA_JSON("{\"content\":\"" t "\"}", "null")
#define SIM_TEXT(t) SIM_SSE(SIM_TEXT_JSON(t))
/* `count` times the same text, `gap` ms before each. */
#define SIM_TEXTS(t, count, gap) \
	{ .kind = SIM_ACT_CHUNK, .text = SIM_SSE_TEXT(SIM_TEXT_JSON(t)), .times = (count), .gap_ms = (gap) }
#define SIM_FILL(bytes, count, gap) { .kind = SIM_ACT_FILL, .n = (bytes), .times = (count), .gap_ms = (gap) }
#define SIM_ECHO { .kind = SIM_ACT_ECHO }
#define SIM_FINISH(why) SIM_SSE(SIM_DELTA_JSON("{}", "\"" why "\""))
#define SIM_USAGE(prompt, completion) SIM_SSE(SIM_CHUNK_JSON "],\"usage\":{\"prompt_tokens\":" #prompt \
	",\"completion_tokens\":" #completion ",\"total_tokens\":99}}")
#define SIM_DONE SIM_SSE("[DONE]")
#define SIM_LAST_CHUNK SIM_RAW("0\r\n\r\n")
#define SIM_END SIM_DONE, SIM_LAST_CHUNK, SIM_STOP
/* The right answer to any request, usage included when it is asked for. */
#define SIM_GOOD(t) { .kind = SIM_ACT_GOOD, .text = (t) }
#define SIM_WHOLE_JSON(text) "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1760000000," \
	"\"model\":\"m-2026\",\"choices\":[{\"index\":0," \
	"\"message\":{\"role\":\"assistant\",\"content\":\"" text "\"},\"finish_reason\":\"stop\"}]," \
	"\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,\"total_tokens\":11}}"
/* A whole answer in one JSON object. */
#define SIM_JSON(text) SIM_ANSWER(200, "", SIM_WHOLE_JSON(text))
#define SIM_ERROR(status, field_lines, type, code) SIM_ANSWER(status, field_lines, \
	"{\"error\":{\"message\":\"scripted\",\"type\":\"" type "\",\"param\":null,\"code\":\"" code "\"}}")

/* How a request at a provider ended. */
enum sim_fate {
	SIM_RUNNING,
	SIM_SERVED,		/* the script ran to its end */
	SIM_LEFT,		/* weir closed or reset the connection before that */
};

/* A request as a provider saw it. */
struct sim_seen {
	struct sim_http http;
	size_t conn;			/* number of its connection, from 0 */
	uint64_t at_ms, end_ms;		/* head complete; served or left */
	uint64_t left_ms;		/* when weir's FIN or RST came during or after it; 0: not */
	enum sim_fate fate;
	bool reset;			/* weir left with RST */
	uint64_t sent;			/* bytes of the answer taken by the network */
};

struct sim_provider {
	struct list node;
	struct sim *sim;
	struct sim_host *host;		/* way, times, buffers: may be changed at any time */
	const struct sim_act *scripts[16];	/* for the 1st, 2nd, ... request; the last one for all that follow */
	size_t n_scripts;
	struct list conns;
	struct sim_seen **seen;		/* requests in the order of their heads */
	size_t n;
	size_t n_conns, n_open;		/* connections ever and now */
	size_t n_running, most_running;	/* requests being answered: now, and the most at a time */
	uint64_t die_after;		/* every answer ends after that many bytes ... */
	enum sim_act_kind die_how;	/* ... with SHUT, CUT, RESET or HANG; 0: it does not */
	const char *fault;		/* what weir did wrong on this side; NULL */
};

/* `host` is "a.test" (port 443) or "a.test:80".  Then the scripts, ended by NULL. */
struct sim_provider *sim_provider(struct sim *s, const char *host, ...) __attribute__((sentinel));
/* Closes or resets all its connections now. */
void sim_provider_hang_up(struct sim_provider *p, bool reset);
void sim_provider_free(struct sim_provider **p);

/* The Redis of the configuration, "redis://HOST"; returns when weir is connected.  Once a sim. */
struct sim_redis *sim_redis(struct sim *s, const char *host);

/* ---- clients ---- */
enum sim_leave {
	SIM_STAYS,
	SIM_LEAVES,		/* close: FIN, or RST when something is unread, as when its process ends */
	SIM_RESETS,
	SIM_HALF_CLOSES,	/* FIN, but goes on reading */
};
#define SIM_MOST_SENDS 8

struct sim_plan {
	uint64_t at_ms;			/* connects that long after now */
	const char *to;			/* address; NULL: weir's main listener */
	const char *sends[SIM_MOST_SENDS];	/* requests, raw bytes */
	bool pipelined;			/* all at once; else each after the answer before */
	uint64_t gap_ms;		/* between an answer and the next request */
	size_t send_piece;		/* sends that many bytes each send_gap_ms; 0: all */
	uint64_t send_gap_ms;
	size_t buffer;			/* bytes the network holds on the way to it; 0: 128 KiB */
	size_t read_piece;		/* reads at most that many bytes each read_gap_ms; 0: all */
	uint64_t read_gap_ms;
	uint64_t read_stop;		/* reads no more after that many bytes; 0: reads on */
	enum sim_leave leave;		/* how it leaves, when the first of these is reached */
	uint64_t leave_at_ms;		/* that long after connecting */
	uint64_t leave_bytes;		/* received */
	size_t leave_events;		/* received in the current answer */
	bool lingers;			/* stays connected after its last answer */
	bool head_only;			/* its requests are HEADs */
};

enum sim_end {
	SIM_PENDING,		/* nothing or not all has come */
	SIM_CLEAN,		/* complete by its own framing */
	SIM_BROKEN,		/* FIN in the middle */
	SIM_RST,		/* RST in the middle */
};

struct sim_sse_event {
	struct slice data;	/* in the answer's body; the first data line */
	uint64_t at_ms;
};

/* Where an event stands in http.body (which moves while it grows), and when it was complete. */
struct sim_place {
	size_t at, n;
	uint64_t ms;
};

/* One answer as a client saw it. */
struct sim_answer {
	struct sim_http http;
	enum sim_end end;
	uint64_t asked_ms, head_ms, end_ms;
	struct sim_place *events;
	size_t n_events, n_comments;
	size_t scanned;			/* bytes of the body whose lines have been read */
	struct sim_place open;		/* data of an event whose blank line has not come */
};

struct sim_client {
	struct list node;
	struct sim *sim;
	struct sim_plan plan;
	struct sim_sock *sock;
	struct sim_event timer, reader, writer, leaver;
	size_t n_sends, sent;		/* requests planned and fully handed out */
	struct slice unsent;		/* of the request under way */
	struct sim_answer answers[SIM_MOST_SENDS];
	size_t n_answers;		/* complete or ended */
	uint64_t received;		/* bytes */
	uint64_t done_ms, left_ms;	/* when its work ended; when it left by plan */
	bool refused, done, left, shut;
	bool extra;			/* bytes came that belong to no answer */
};

struct sim_client *sim_client(struct sim *s, struct sim_plan plan);
/* Leaves now, whatever its plan says. */
void sim_client_leave(struct sim_client *c, enum sim_leave how);
void sim_client_free(struct sim_client **c);
/* Event `i` of an answer. */
struct sim_sse_event sim_event_at(const struct sim_answer *a, size_t i);

/* ---- requests (memory lives as long as the sim) ---- */
#define SIM_STREAMED true
#define SIM_AT_ONCE false
/* POST /v1/chat/completions with one user message; letters and spaces only in `model` and `text`. */
const char *sim_chat(struct sim *s, const char *model, bool streamed, const char *text);
/* The same with more members in the body, e.g. ",\"n\":2". */
const char *sim_chat_more(struct sim *s, const char *model, bool streamed, const char *text, const char *members);
/* `fields`: more field lines, each with CRLF. */
const char *sim_post(struct sim *s, const char *path, const char *fields, const char *body);
const char *sim_get(struct sim *s, const char *path);
const char *sim_printf(struct sim *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* ---- the run ---- */
#define SIM_SEED 1u		/* scenarios that do not sweep seeds use this one */

struct sim {
	struct loop *loop;
	uint64_t seed;
	void *it;			/* the subject; NULL when closed */
	struct list providers, clients, timed;
	struct sim_redis *redis;	/* NULL: none */
	size_t n_clients;
	struct arena *arena;
	uint64_t strike_at;		/* step before which `strike` runs, UINT64_MAX: never */
	void (*strike)(struct sim *s);
	bool struck;
	size_t tls_before;		/* TLS settings held when it began: a failed test leaves some */
	bool ending;			/* a drain or a close has begun */
};

/* Opens weir with `config` (YAML).  SIM_KEY and SIM_KEY2 in it are the keys that
 * requests to providers must carry.  Fails the test when the
 * config is refused. */
struct sim *sim_new(uint64_t seed, const char *config);
/* The same with every order of simultaneous things and all splits drawn from the seed. */
struct sim *sim_new_shuffled(uint64_t seed, const char *config);
/* NULL with a sentence in `why` when the config is refused. */
struct sim *sim_try(uint64_t seed, const char *config, char *why, size_t why_cap);
static inline uint64_t sim_now_ms(const struct sim *s)
{
	return sim_world_ms(s->loop);
}
/* Calls `go` that long after now. */
void sim_at(struct sim *s, uint64_t ms, void (*go)(struct sim *s, void *arg), void *arg);
/* Runs until every client is done and nothing is under way; fails the test after an hour or when nobody will ever
 * move. */
void sim_run(struct sim *s);
/* Exactly that long. */
void sim_run_for(struct sim *s, uint64_t ms);
bool sim_reload(struct sim *s, const char *config, char *why, size_t why_cap);
void sim_drain(struct sim *s);
void sim_cut(struct sim *s);
bool sim_drained(struct sim *s);
/* All clients leave, weir closes; fails the test when a stream, an alarm, a listener or a connection is left. */
void sim_free(struct sim **s);

/* Plays the same scenario again and again and strikes once in each play, one step later every time, until a play ends
 * before its strike: so the fault hits between any two things that happen.  `set` makes the sim with all its peers. */
struct sim_sweep {
	struct sim *(*set)(uint64_t seed);
	void (*strike)(struct sim *s);
	void (*check)(struct sim *s);	/* after the play; sim_free follows */
	uint64_t seed;
	uint64_t most_ms;		/* a play longer than that fails; 0: 10 minutes */
};
/* Returns the number of plays. */
size_t sim_sweep(const struct sim_sweep *w);

/* Ready strikes: the first client or the first provider. */
void sim_strike_client_leaves(struct sim *s);
void sim_strike_client_resets(struct sim *s);
void sim_strike_provider_resets(struct sim *s);
void sim_strike_provider_closes(struct sim *s);
void sim_strike_drain(struct sim *s);
void sim_strike_redis_hangs_up(struct sim *s);
void sim_strike_redis_mute(struct sim *s);
void sim_strike_redis_wiped(struct sim *s);
struct sim_client *sim_first_client(struct sim *s);
struct sim_provider *sim_first_provider(struct sim *s);

/* ---- checks: they fail the test with seed, step and what was seen ---- */
/* What the answer says: the deltas of a stream joined, or the content of the message.  Memory lives as long as the
 * sim. */
const char *sim_text(struct sim *s, const struct sim_answer *a);
bool sim_is_stream(const struct sim_answer *a);
/* An error object or event in OpenAI's shape somewhere in the answer: its code, else its type; NULL when there is
 * none. */
const char *sim_error_code(struct sim *s, const struct sim_answer *a);
/* A complete answer with that text and nothing wrong. */
bool sim_is_whole(struct sim *s, const struct sim_answer *a, const char *text, const char **out_why);
/* A refusal before any event: status >= 400, an error object as JSON, complete. */
bool sim_is_refused(struct sim *s, const struct sim_answer *a, const char **out_why);
/* 200, some of the text, then an error event, no [DONE], no clean end. */
bool sim_is_broken(struct sim *s, const struct sim_answer *a, const char *text, const char **out_why);

void sim_fail(struct sim *s, const char *file, int line, const char *fmt, ...) PRINTF_LIKE(4, 5);
void sim_check_whole_at(struct sim *s, struct sim_client *c, const char *text, const char *file, int line);
void sim_check_error_at(struct sim *s, struct sim_client *c, int status, const char *code, const char *file, int line);
void sim_check_broken_at(struct sim *s, struct sim_client *c, const char *text, const char *file, int line);
void sim_check_honest_at(struct sim *s, struct sim_client *c, const char *text, const char *file, int line);
void sim_check_left_at(struct sim *s, struct sim_provider *p, uint64_t since_ms, uint64_t within_ms,
	const char *file, int line);
#define sim_check_whole(s, c, text) sim_check_whole_at(s, c, text, __FILE__, __LINE__)
/* status 0, code NULL: any */
#define sim_check_error(s, c, status, code) sim_check_error_at(s, c, status, code, __FILE__, __LINE__)
#define sim_check_broken(s, c, text) sim_check_broken_at(s, c, text, __FILE__, __LINE__)
/* Whole, refused or broken, but never something cut short that looks complete, nor text twice.  A client that left
 * early may have any beginning of such an answer. */
#define sim_check_honest(s, c, text) sim_check_honest_at(s, c, text, __FILE__, __LINE__)
/* No request of this provider is still running; those that did not end by themselves ended within `within_ms` of
 * `since_ms`. */
#define sim_check_left(s, p, since_ms, within_ms) sim_check_left_at(s, p, since_ms, within_ms, __FILE__, __LINE__)
#define sim_check(s, cond) \
	do { \
		if (!(cond)) \
			sim_fail(s, __FILE__, __LINE__, "%s", #cond); \
	} while (0)

bool sim_log_has(struct sim *s, const char *needle);
size_t sim_log_count(struct sim *s, const char *needle);
/* GET on the admin listener; the body, or "" when it is not a 200.  Runs the clock for that. */
const char *sim_admin_get(struct sim *s, const char *path);
/* Sum of the samples of a metric whose line holds all of `labels` (e.g. "target=\"a/m\""; NULL: all lines).  -1: no
 * such line. */
double sim_metric(struct sim *s, const char *name, const char *labels);

#endif

/* One weir and a Redis in which the test plays the other node: who asks, who follows, and what becomes of the clients
 * when the other node or the Redis fails in any way. */
#include "base/counter.h"
#include "chat/tape.h"
#include "codec/checksum.h"
#include "flight/abroad.h"
#include "scene.h"

#define CLOCKS "    clocks: {connect: 1s, first_token: 5s, idle: 3s, total: 60s}\n"
#define CONFIG SCENE_LISTEN SCENE_PROVIDERS "redis: {url: \"redis://redis.test\"}\ncluster: {hot: 1}\n" \
	"answers: {lag: 16KiB}\nmodels:\n" \
	"  n:\n    targets: [a/m1]\n    retries: 0\n" CLOCKS \
	"  brief:\n    targets: [a/m1]\n    retries: 0\n    clocks: {total: 4s}\n" \
	"  patient:\n    targets: [a/m1]\n    retries: 0\n    clocks: {first_token: 60s, idle: 60s, total: 60s}\n" \
	"  kept:\n    targets: [a/m1]\n    retries: 0\n    cache: {exact: 1h}\n"
#define TOKEN "0123456789abcdef"
#define KEY_MAX 160
#define ENTRIES 512

/* What the other node writes: into its log, or in its place. */
struct word {
	uint64_t at_ms;			/* after weir asked for the lease */
	char kind;			/* a letter of abroad.h; with what is not to be had of an owner: */
	const char *text;
};
#define BEGIN(ms) { ms, 'S', "ca/m1" }	/* tag of openai-chat, target */
#define ROLE(ms) { ms, '1', "" }	/* E with the start */
#define TEXT(ms, t) { ms, '2', t }	/* E with a text */
#define STOP(ms) { ms, '3', "" }	/* E with finish and end */
#define HOLE(ms) { ms, '4', "" }	/* one that got lost */
#define RAW(ms, bytes) { ms, '5', bytes }
#define WHOLE(ms) BEGIN(ms), ROLE(ms), TEXT(ms, "Hello world"), STOP(ms)
#define MOST_WORDS 12

static struct {
	struct sim *sim;
	struct sim_redis *redis;
	char lease[KEY_MAX], log[KEY_MAX];	/* keys of the last request that weir asked about */
	const struct word *words;		/* NULL: the lease is free */
	uint32_t seq;
	bool vanishes;				/* the lease is gone when weir looks who has it */
	size_t claims;				/* how often weir asked */
	int64_t renewals;
} other;

/* --- the other node --------------------------------------------------------------------------------------- */

static void put_event(struct tape *t, enum event_kind kind, const char *text)
{
	struct event ev = { .kind = kind, .part = EVENT_NO_PART, .text = slice_str(text) };

	if (kind == EVENT_START)
		ev.extra = SLICE("m-2026");
	if (kind == EVENT_FINISH)
		ev.finish = EVENT_FINISH_STOP;
	tape_add(t, &ev);
}

static void put_events(struct tape *t, const struct word *w)
{
	if (w->kind == '1') {
		put_event(t, EVENT_START, "chatcmpl-1");
	} else if (w->kind == '2') {
		put_event(t, EVENT_TEXT, w->text);
	} else {
		put_event(t, EVENT_FINISH, "stop");
		put_event(t, EVENT_END, "");
	}
}

static void write_word(struct sim *s, void *arg)
{
	const struct word *w = arg;
	struct tape t;
	struct buf b;
	bool is_events = w->kind >= '1' && w->kind <= '3';

	if (other.sim != s)
		return;
	tape_init(&t, 1 << 20);
	buf_init(&b, 1 << 20);
	buf_add(&b, slice_of(&other.seq, sizeof(other.seq)));
	buf_add_char(&b, is_events ? 'E' : w->kind);
	other.seq += w->kind != '5';
	if (is_events)
		put_events(&t, w);
	buf_add(&b, is_events ? buf_slice(&t.bytes) : slice_str(w->text));
	sim_check(s, checksum_put(&b, slice_str(other.log + strlen(other.log) - ABROAD_TOKEN)));
	if (w->kind == '5')
		sim_redis_add(other.redis, other.log, slice_str(w->text));
	else if (w->kind != '4')
		sim_redis_add(other.redis, other.log, buf_slice(&b));
	buf_done(&b);
	tape_done(&t);
}

static void start_words(struct sim *s)
{
	for (const struct word *w = other.words; w->kind; w++)
		sim_at(s, w->at_ms, write_word, (void *)(uintptr_t)w);
}

/* The other node had it a moment earlier. */
static void on_claim(struct sim *s, struct sim_redis *r, struct slice key, struct slice token)
{
	slice_copy(key, other.lease, sizeof(other.lease));
	if (other.words)
		token = SLICE(TOKEN);
	snprintf(other.log, sizeof(other.log), "%.*s%.*s", (int)key.n - 3, key.p, SLICE_ARG(token));
	if (other.claims++ || other.words == NULL)
		return;
	sim_redis_put(r, other.lease, token, ABROAD_LEASE_MS);
	start_words(s);
}

static bool is_lease(struct slice key)
{
	return key.n > 4 && slice_eq(slice_skip(key, key.n - 4), SLICE(":own"));
}

static const char *on_command(struct sim_redis *r, const struct slice *w, size_t n)
{
	bool of_lease = n > 1 && is_lease(w[1]);

	if (of_lease && slice_eq(w[0], SLICE("SET")))
		on_claim(other.sim, r, w[1], w[2]);
	else if (of_lease && slice_eq(w[0], SLICE("GET")) && other.vanishes)
		sim_redis_drop(r, other.lease);
	other.renewals += n == 6 && slice_eq(w[0], SLICE("EVALSHA")) && slice_eq(w[5], SLICE("1500"));
	return NULL;
}

/* Bytes split and the order of things drawn from the seed. */
static bool shuffled;

/* weir with its Redis; `words` NULL: the other node does nothing. */
static struct sim *open_sim(uint64_t seed, const struct word *words)
{
	struct sim *s = shuffled ? sim_new_shuffled(seed, CONFIG) : sim_new(seed, CONFIG);

	memset(&other, 0, sizeof(other));
	other.sim = s;
	other.words = words;
	other.redis = sim_redis(s, "redis.test");
	other.redis->answer = on_command;
	sim_check(s, counter_values[COUNTER_store_near] == 1);
	return s;
}

/* --- what weir wrote -------------------------------------------------------------------------------------- */

struct entry {
	uint32_t seq;
	char kind;
	struct slice rest;
	uint64_t ms;
};

static size_t read_log(struct sim *s, struct entry *out)
{
	struct slice e;
	size_t n = 0;

	for (; n < ENTRIES && sim_redis_entry(other.redis, other.log, n, &e, &out[n].ms); n++) {
		sim_check(s, e.n >= ABROAD_HEAD);
		memcpy(&out[n].seq, e.p, sizeof(out[n].seq));
		out[n].kind = e.p[4];
		sim_check(s, checksum_cut(&e, slice_str(other.log + strlen(other.log) - ABROAD_TOKEN)));
		out[n].rest = slice_skip(e, ABROAD_HEAD);
		sim_check(s, out[n].seq == n);
	}
	return n;
}

/* The letters, beats left out but the first. */
static const char *letters(struct sim *s, const struct entry *e, size_t n)
{
	char out[ENTRIES + 1];
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		if (i == 0 || e[i].kind != 'B')
			out[k++] = e[i].kind;
	out[k] = '\0';
	return sim_printf(s, "%s", out);
}

static const char *log_letters(struct sim *s)
{
	struct entry e[ENTRIES];

	return letters(s, e, read_log(s, e));
}

static const char *texts(struct sim *s, const struct entry *e, size_t n)
{
	const char *out = "";
	struct event ev;

	for (size_t i = 0; i < n; i++)
		for (size_t at = 0; e[i].kind == 'E' && tape_next(e[i].rest, SIZE_MAX, &at, &ev);)
			if (ev.kind == EVENT_TEXT)
				out = sim_printf(s, "%s%.*s", out, SLICE_ARG(ev.text));
	return out;
}

static bool is_owned(void)
{
	return sim_redis_value(other.redis, other.lease).n > 0;
}

#define check_str(s, got, want) \
	do { \
		const char *got_ = (got); \
		if (strcmp(got_, want) != 0) \
			sim_fail(s, __FILE__, __LINE__, "got \"%s\", want \"%s\"", got_, want); \
	} while (0)

/* --- owning ----------------------------------------------------------------------------------------------- */

static void what_an_owner_writes(void **state)
{
	for (int streamed = 0; streamed < 2; streamed++) {
		struct sim *s = open_sim(SIM_SEED, NULL);
		struct sim_provider *a = sim_provider(s, "a.test", scene_slow, NULL);
		struct sim_client *x = scene_client(s, "n", streamed);
		struct entry e[ENTRIES];

		sim_run_for(s, 60);
		sim_check(s, is_owned());
		sim_run_for(s, 1000);
		sim_check_whole(s, x, SCENE_GOOD);
		size_t n = read_log(s, e);
		check_str(s, texts(s, e, n), SCENE_GOOD);
		/* "Hel", "lo" and the rest come 50 ms apart: an entry each; a whole answer comes at once */
		check_str(s, letters(s, e, n), streamed ? "BSEEED" : "BSED");
		check_str(s, sim_printf(s, "%.*s", SLICE_ARG(e[1].rest)), "ca/m1");
		sim_check(s, !is_owned() && a->n == 1);
		sim_check(s, counter_values[COUNTER_flights_owned] == 1);
		sim_free(&s);
	}
}

/* A hundred events 1 ms apart: entries of 20 ms. */
static void events_go_in_batches(void **state)
{
	static const struct sim_act quick[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXTS("ab", 100, 1), SIM_FINISH("stop"),
		SIM_END };
	struct sim *s = open_sim(SIM_SEED, NULL);
	struct entry e[ENTRIES];
	uint64_t last_ms = 0;

	sim_provider(s, "a.test", quick, NULL);
	scene_client(s, "n", SIM_STREAMED);
	sim_run_for(s, 1000);
	size_t n = read_log(s, e), batches = 0;
	for (size_t i = 0; i < n; i++) {
		if (e[i].kind != 'E')
			continue;
		if (batches++ && i + 2 < n)
			sim_check(s, e[i].ms - last_ms >= ABROAD_FLUSH_MS && e[i].ms - last_ms <= ABROAD_FLUSH_MS + 3);
		last_ms = e[i].ms;
	}
	sim_check(s, batches >= 4 && batches <= 7 && e[n - 1].kind == 'D');
	sim_check(s, strlen(texts(s, e, n)) == 200);
	sim_free(&s);
}

static void much_goes_at_once(void **state)
{
	static const struct sim_act big[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_FILL(1000, 40, 0), SIM_FINISH("stop"),
		SIM_END };
	struct sim *s = open_sim(SIM_SEED, NULL);
	struct entry e[ENTRIES];

	sim_provider(s, "a.test", big, NULL);
	struct sim_client *x = scene_client(s, "n", SIM_STREAMED);
	sim_run_for(s, 1000);
	size_t n = read_log(s, e);
	for (size_t i = 0; i < n; i++)
		sim_check(s, e[i].rest.n < ABROAD_FLUSH_BYTES + 1100);
	sim_check(s, n >= 11 && n < 20 && e[n - 1].kind == 'D');
	check_str(s, texts(s, e, n), sim_text(s, &x->answers[0]));
	sim_free(&s);
}

/* A provider that thinks for 3.2 s: a beat each half second, and the lease is renewed with it. */
static void beats_and_renewals(void **state)
{
	static const struct sim_act late[] = { SIM_WAIT(3200), SIM_GOOD("Hello world"), SIM_STOP };
	struct sim *s = open_sim(SIM_SEED, NULL);
	struct entry e[ENTRIES];

	sim_provider(s, "a.test", late, NULL);
	struct sim_client *x = scene_client(s, "n", SIM_STREAMED);
	sim_run_for(s, 3000);
	size_t n = read_log(s, e);
	sim_check(s, n >= 6 && n <= 7 && is_owned());
	for (size_t i = 0; i < n; i++)
		sim_check(s, e[i].kind == 'B' && e[i].ms - e[0].ms >= i * ABROAD_BEAT_MS &&
			e[i].ms - e[0].ms <= i * ABROAD_BEAT_MS + 5);
	sim_check(s, other.renewals == (int64_t)n - 1);
	sim_run_for(s, 1000);
	sim_check_whole(s, x, SCENE_GOOD);
	sim_check(s, !is_owned());
	sim_free(&s);
}

static void a_failure_is_written(void **state)
{
	static const struct sim_act cut[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hel"), SIM_WAIT(50), SIM_RESET };
	static const struct {
		const struct sim_act *script;
		const char *letters;
	} rows[] = { { scene_down, "BF" }, { cut, "BSEF" } };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = open_sim(SIM_SEED, NULL);
		sim_provider(s, "a.test", rows[i].script, NULL);
		scene_client(s, "n", SIM_STREAMED);
		sim_run_for(s, 1000);
		check_str(s, log_letters(s), rows[i].letters);
		sim_check(s, !is_owned());
		sim_free(&s);
	}
}

static const struct sim_act long_one[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXTS("x", 100, 100), SIM_FINISH("stop"),
	SIM_END };

/* Nobody anywhere wants it any more: the provider is left at once, or as soon as those who followed have gone. */
static void the_owners_client_leaves(void **state)
{
	struct sim *s = open_sim(SIM_SEED, NULL);
	struct sim_provider *a = sim_provider(s, "a.test", long_one, NULL);
	struct sim_client *x = scene_client(s, "n", SIM_STREAMED, .leave = SIM_LEAVES, .leave_at_ms = 1200);

	sim_run_for(s, 1500);
	sim_check(s, x->left && a->n_running == 0 && !is_owned());
	sim_check_left(s, a, x->left_ms, 100);
	const char *l = log_letters(s);
	sim_check(s, l[strlen(l) - 1] == 'F');
	sim_free(&s);
}

/* On the end mark, while the transfer goes on: who has just begun to follow gets all of it. */
static void the_owners_client_leaves_with_its_answer(void **state)
{
	static const struct sim_act late_end[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hello world"),
		SIM_FINISH("stop"), SIM_WAIT(50), SIM_DONE, SIM_HANG };
	struct sim *s = open_sim(SIM_SEED, NULL);
	struct entry e[ENTRIES];

	sim_provider(s, "a.test", late_end, NULL);
	scene_client(s, "n", SIM_STREAMED, .leave = SIM_LEAVES, .leave_events = 4);
	sim_run_for(s, 500);
	size_t n = read_log(s, e);
	check_str(s, letters(s, e, n), "BSED");
	check_str(s, texts(s, e, n), SCENE_GOOD);
	sim_check(s, !is_owned());
	sim_free(&s);
}

static void hail(struct sim *s, void *arg)
{
	sim_redis_say(other.redis, slice_str(other.log), SLICE("1"));
}

static void a_follower_keeps_it_going(void **state)
{
	struct sim *s = open_sim(SIM_SEED, NULL);
	struct sim_provider *a = sim_provider(s, "a.test", long_one, NULL);
	struct sim_client *x = scene_client(s, "n", SIM_STREAMED, .leave = SIM_LEAVES, .leave_at_ms = 1000);

	for (uint64_t ms = 500; ms < 5000; ms += ABROAD_HAIL_MS)
		sim_at(s, ms, hail, NULL);
	sim_run_for(s, 7000);		/* the last word was at 4500: it counts for three seconds */
	sim_check(s, x->left && a->n_running == 1 && is_owned());
	sim_run_for(s, 1500);
	sim_check(s, a->n_running == 0 && !is_owned());
	const char *l = log_letters(s);
	sim_check(s, l[strlen(l) - 1] == 'F');
	sim_free(&s);
}

/* The same while the provider says nothing: at once, or the beat finds out that those who followed have gone. */
static void nobody_waits_for_a_silent_provider(void **state)
{
	static const struct sim_act quiet[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hel"), SIM_WAIT(50000), SIM_END };
	struct sim *s = open_sim(SIM_SEED, NULL);
	struct sim_provider *a = sim_provider(s, "a.test", quiet, NULL);

	scene_client(s, "patient", SIM_STREAMED, .leave = SIM_LEAVES, .leave_at_ms = 1200);
	sim_run_for(s, 1250);
	sim_check(s, a->n_running == 0 && !is_owned());
	sim_free(&s);

	s = open_sim(SIM_SEED, NULL);
	a = sim_provider(s, "a.test", quiet, NULL);
	scene_client(s, "patient", SIM_STREAMED, .leave = SIM_LEAVES, .leave_at_ms = 1000);
	sim_at(s, 500, hail, NULL);
	sim_run_for(s, 3300);
	sim_check(s, a->n_running == 1 && is_owned());
	sim_run_for(s, 900);
	sim_check(s, a->n_running == 0 && !is_owned());
	sim_free(&s);
}

static void to_its_end_for_a_follower(void **state)
{
	struct sim *s = open_sim(SIM_SEED, NULL);
	struct sim_provider *a = sim_provider(s, "a.test", scene_slow, NULL);

	scene_client(s, "n", SIM_STREAMED, .leave = SIM_LEAVES, .leave_events = 2);
	sim_at(s, 10, hail, NULL);
	sim_run_for(s, 1000);
	sim_check(s, a->n == 1 && a->seen[0]->fate == SIM_SERVED);
	struct entry e[ENTRIES];
	size_t n = read_log(s, e);
	check_str(s, texts(s, e, n), SCENE_GOOD);
	sim_check(s, e[n - 1].kind == 'D' && !is_owned());
	sim_free(&s);
}

static void a_drain_while_owning(void **state)
{
	struct sim *s = open_sim(SIM_SEED, NULL);

	sim_provider(s, "a.test", scene_slow, NULL);
	struct sim_client *x = scene_client(s, "n", SIM_STREAMED);
	sim_run_for(s, 60);
	sim_drain(s);
	sim_run_for(s, 10000);
	sim_check_whole(s, x, SCENE_GOOD);
	sim_check(s, sim_drained(s) && !is_owned());
	check_str(s, log_letters(s), "BSEEED");
	sim_free(&s);
}

/* The process ends in the middle: who follows is told, and the lease is free at once. */
static void a_close_while_owning(void **state)
{
	struct sim *s = open_sim(SIM_SEED, NULL);

	sim_provider(s, "a.test", long_one, NULL);
	scene_client(s, "n", SIM_STREAMED);
	sim_run_for(s, 500);
	sim_check(s, is_owned());
	sim_subject.close(s->it);
	s->it = NULL;
	sim_run_for(s, 500);
	const char *l = log_letters(s);
	sim_check(s, l[strlen(l) - 1] == 'F' && !is_owned());
	sim_free(&s);
}

/* --- following -------------------------------------------------------------------------------------------- */

enum outcome {
	FOLLOWED,		/* whole, and the provider was not asked */
	ALONE,			/* whole, by asking the provider */
	CUT,			/* "Hel" and an error event; who wants it whole has seen nothing: as ALONE */
};

static const struct row {
	const char *name;
	struct word words[MOST_WORDS];
	enum outcome outcome;
	uint64_t by_ms;			/* all is over by then */
} rows[] = {
	{ "whole", { WHOLE(0), { 0, 'D', "" } }, FOLLOWED, 50 },
	{ "slowly", { { 0, 'B', "" }, BEGIN(100), ROLE(100), TEXT(1000, "Hel"), TEXT(2000, "lo world"), STOP(3000),
		{ 3000, 'D', "" } }, FOLLOWED, 3100 },
	{ "late, with beats", { { 0, 'B', "" }, { 1000, 'B', "" }, { 2000, 'B', "" }, { 3000, 'B', "" }, WHOLE(4000),
		{ 4000, 'D', "" } }, FOLLOWED, 4100 },
	{ "another target", { { 0, 'S', "cother/model" }, ROLE(0), TEXT(0, "Hello world"), STOP(0), { 0, 'D', "" } },
		FOLLOWED, 50 },
	{ "another dialect", { { 0, 'S', "aa/m1" }, ROLE(0), TEXT(0, "Hello world"), STOP(0), { 0, 'D', "" } },
		FOLLOWED, 50 },
	{ "nothing at all", { { 60000, 'B', "" } }, ALONE, 1700 },
	{ "a beat, then nothing", { { 1000, 'B', "" } }, ALONE, 2700 },
	{ "given up before a word", { { 0, 'B', "" }, { 100, 'F', "" } }, ALONE, 300 },
	{ "complete without a word", { { 0, 'D', "" } }, ALONE, 200 },
	{ "a hole before a word", { { 0, 'B', "" }, HOLE(0), WHOLE(10), { 10, 'D', "" } }, ALONE, 200 },
	{ "an unknown letter", { { 0, 'x', "" }, WHOLE(10), { 10, 'D', "" } }, ALONE, 200 },
	{ "foreign bytes", { RAW(0, "abc"), WHOLE(10), { 10, 'D', "" } }, ALONE, 200 },
	{ "words without a start", { ROLE(0), TEXT(0, "Hello world"), { 100, 'F', "" } }, ALONE, 300 },
	{ "words before the start", { ROLE(0), TEXT(0, "Hello"), WHOLE(100), { 100, 'D', "" } }, ALONE, 300 },
	{ "an empty start", { { 0, 'S', "" }, ROLE(0), TEXT(0, "Hello world"), STOP(0), { 0, 'D', "" } }, ALONE, 200 },
	{ "a dialect of the future", { { 0, 'S', "~a/m1" }, ROLE(0), TEXT(0, "Hello world"), STOP(0), { 0, 'D', "" } },
		ALONE, 200 },
	{ "given up in the middle", { BEGIN(0), ROLE(0), TEXT(0, "Hel"), { 100, 'F', "" } }, CUT, 200 },
	{ "silent in the middle", { BEGIN(0), ROLE(0), TEXT(0, "Hel") }, CUT, 1700 },
	{ "a hole in the middle", { BEGIN(0), ROLE(0), TEXT(0, "Hel"), HOLE(10), TEXT(10, "lo world"), STOP(10),
		{ 10, 'D', "" } }, CUT, 200 },
	{ "foreign bytes in the middle", { BEGIN(0), ROLE(0), TEXT(0, "Hel"), RAW(10, "abcdefg"), STOP(10),
		{ 10, 'D', "" } }, CUT, 200 },
	{ "no tape in the middle", { BEGIN(0), ROLE(0), TEXT(0, "Hel"), { 10, 'E', "abcdefg" }, STOP(10),
		{ 10, 'D', "" } }, CUT, 200 },
	{ "something after the end", { WHOLE(0), { 0, 'D', "" }, TEXT(0, "again"), { 0, 'F', "" } }, FOLLOWED, 50 },
};

static void follow_row(const struct row *row, bool streamed, enum sim_split split)
{
	struct sim *s = open_sim(SIM_SEED, row->words);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);

	s->loop->split = split;
	struct sim_client *x = scene_client(s, "n", streamed), *y = scene_client(s, "n", streamed, .at_ms = 3);
	sim_run_for(s, row->by_ms + 100);
	bool alone = row->outcome == ALONE || (row->outcome == CUT && !streamed);
	if (!x->done || a->n != alone)
		sim_fail(s, __FILE__, __LINE__, "%s: %sdone, %zu calls", row->name, x->done ? "" : "not ", a->n);
	if (row->outcome == CUT && streamed)
		sim_check_broken(s, x, "Hel");
	else
		sim_check_whole(s, x, SCENE_GOOD);
	sim_check_honest(s, y, SCENE_GOOD);
	sim_check(s, counter_values[COUNTER_flights_followed] == 1);
	sim_check(s, counter_values[COUNTER_flights_taken_over] == alone);
	sim_free(&s);
}

static void what_is_made_of_a_log(void **state)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		for (int streamed = 0; streamed < 2; streamed++) {
			follow_row(&rows[i], streamed, SIM_WHOLE);
			follow_row(&rows[i], streamed, SIM_BYTES);
		}
}

/* What this node asked for itself in the end is kept as any answer of its own; what another node told is not. */
static void what_is_kept_of_it(void **state)
{
	static const struct word cut[] = { BEGIN(0), ROLE(0), TEXT(0, "Hel"), { 100, 'F', "" }, { 0 } },
		whole[] = { WHOLE(0), { 0, 'D', "" }, { 0 } };

	for (int i = 0; i < 2; i++) {
		struct sim *s = open_sim(SIM_SEED, i ? whole : cut);
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
		struct sim_client *x = scene_client(s, "kept", SIM_AT_ONCE),
			*y = scene_client(s, "kept", SIM_AT_ONCE, .at_ms = 2000);
		sim_run_for(s, 3000);
		sim_check_whole(s, x, SCENE_GOOD);
		sim_check_whole(s, y, SCENE_GOOD);
		sim_check(s, counter_values[COUNTER_cache_kept] == 1 && a->n == 1);
		sim_check(s, counter_values[COUNTER_cache_hits] == !i);
		sim_free(&s);
	}
}

/* No two at the same time: where the order of things is drawn these must keep theirs. */
static const struct word steady[] = { BEGIN(0), ROLE(1), TEXT(30, "Hel"), { 60, 'B', "" }, TEXT(61, "lo"),
	TEXT(90, " world"), STOP(120), { 121, 'D', "" }, { 0 } };
static const struct word silent[] = { { 60000, 'B', "" }, { 0 } };

/* Who comes while this node follows joins it, at any time, and gets all. */
static void joining_a_follower(void **state)
{
	for (uint64_t ms = 0; ms < 130; ms += 7) {
		struct sim *s = open_sim(SIM_SEED, steady);
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
		struct sim_client *x = scene_client(s, "n", SIM_STREAMED),
			*y = scene_client(s, "n", SIM_STREAMED, .at_ms = ms);
		sim_run_for(s, 300);
		sim_check_whole(s, x, SCENE_GOOD);
		sim_check_whole(s, y, SCENE_GOOD);
		sim_check(s, a->n == 0 && counter_values[COUNTER_flights_followed] == 1);
		sim_free(&s);
	}
}

/* There is no upstream to pause: what the client has not read waits here. */
static void a_slow_client_of_a_follower(void **state)
{
	static char big[50001];
	static const struct word much[] = { BEGIN(0), ROLE(0), TEXT(0, big), TEXT(0, big), TEXT(10, big), TEXT(20, big),
		STOP(20), { 20, 'D', "" }, { 0 } };

	memset(big, 'x', sizeof(big) - 1);
	struct sim *s = open_sim(SIM_SEED, much);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	struct sim_client *x = scene_client(s, "n", SIM_STREAMED, .buffer = 2048, .read_piece = 1000, .read_gap_ms = 5);
	sim_run_for(s, 3000);
	sim_check_whole(s, x, sim_printf(s, "%s%s%s%s", big, big, big, big));
	sim_check(s, a->n == 0);
	sim_free(&s);
}

/* While it asks for the lease, at the latest moment too. */
static void a_client_leaves_before_it_is_answered(void **state)
{
	for (uint64_t ms = 1; ms < 20; ms++) {
		struct sim *s = open_sim(SIM_SEED, NULL);
		struct sim_provider *a = sim_provider(s, "a.test", scene_slow, NULL);
		other.redis->delay_ms = 10;
		scene_client(s, "n", SIM_STREAMED, .leave = SIM_RESETS, .leave_at_ms = ms);
		sim_run_for(s, 100);
		sim_check(s, other.claims == 0 || !is_owned());
		sim_check(s, a->n_running == 0);
		sim_free(&s);
	}
}

static void the_lease_vanishes_between(void **state)
{
	struct sim *s = open_sim(SIM_SEED, silent);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);

	other.vanishes = true;
	struct sim_client *x = scene_client(s, "n", SIM_STREAMED);
	sim_run_for(s, 100);
	sim_check_whole(s, x, SCENE_GOOD);
	sim_check(s, a->n == 1 && counter_values[COUNTER_flights_followed] == 0);
	sim_free(&s);
}

/* The first goes alone, the second takes the lease and then joins the first: it gives the lease back at once. */
static void a_lease_that_is_not_used(void **state)
{
	struct sim *s = open_sim(SIM_SEED, silent);
	struct sim_provider *a = sim_provider(s, "a.test", long_one, NULL);

	other.vanishes = true;
	scene_client(s, "n", SIM_STREAMED);
	scene_client(s, "n", SIM_STREAMED, .at_ms = 3);
	sim_run_for(s, 100);
	sim_check(s, a->n == 1 && other.claims == 2 && !is_owned());
	sim_free(&s);
}

/* Not even a lease of our own is left behind, that others would wait for. */
static void a_slow_redis_costs_one_deadline(void **state)
{
	struct sim *s = open_sim(SIM_SEED, NULL);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);

	other.redis->delay_ms = 60;
	struct sim_client *x = scene_client(s, "n", SIM_STREAMED);
	sim_run_for(s, 200);
	sim_check_whole(s, x, SCENE_GOOD);
	sim_check(s, a->n == 1 && a->seen[0]->at_ms - x->answers[0].asked_ms < 40);
	sim_check(s, other.claims == 1 && !is_owned());
	sim_free(&s);
}

static void a_mute_redis_costs_one_deadline(void **state)
{
	struct sim *s = open_sim(SIM_SEED, NULL);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);

	other.redis->mute = true;
	for (int i = 0; i < 20; i++)
		scene_client(s, "n", SIM_STREAMED, .at_ms = (uint64_t)i * 100);
	sim_run_for(s, 4000);
	LIST_EACH(node, tmp, &s->clients) {
		struct sim_client *x = LIST_ITEM(node, struct sim_client, node);
		sim_check_whole(s, x, SCENE_GOOD);
		sim_check(s, x->answers[0].end_ms - x->answers[0].asked_ms < 50);
	}
	sim_check(s, a->n == 20);
	sim_free(&s);
}

/* The other node goes on for ever, without a word of the answer or in its middle. */
static void the_total_clock_runs(void **state)
{
	static const struct word beats[] = { { 0, 'B', "" }, { 1000, 'B', "" }, { 2000, 'B', "" }, { 3000, 'B', "" },
		{ 4000, 'B', "" }, { 5000, 'B', "" }, { 0 } };
	static const struct word endless[] = { BEGIN(0), ROLE(0), TEXT(0, "Hel"), { 1000, 'B', "" }, { 2000, 'B', "" },
		{ 3000, 'B', "" }, { 4000, 'B', "" }, { 5000, 'B', "" }, { 0 } };

	for (int begun = 0; begun < 2; begun++) {
		struct sim *s = open_sim(SIM_SEED, begun ? endless : beats);
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
		struct sim_client *x = scene_client(s, "brief", SIM_STREAMED);
		sim_run_for(s, 4100);
		if (begun)
			sim_check_broken(s, x, "Hel");
		else
			sim_check_error(s, x, 504, NULL);
		sim_check(s, x->done && a->n == 0);
		sim_free(&s);
	}
}

static void a_drain_while_following(void **state)
{
	struct sim *s = open_sim(SIM_SEED, steady);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	struct sim_client *x = scene_client(s, "n", SIM_STREAMED);

	sim_run_for(s, 60);
	sim_drain(s);
	sim_run_for(s, 10000);
	sim_check_whole(s, x, SCENE_GOOD);
	sim_check(s, sim_drained(s) && a->n == 0);
	sim_free(&s);
}

/* Who follows says so, at once and each second, and no more when its client has left. */
static size_t hails;

static const char *count_hails(struct sim_redis *r, const struct slice *w, size_t n)
{
	hails += slice_eq(w[0], SLICE("PUBLISH")) && slice_eq(w[1], slice_str(other.log));
	return on_command(r, w, n);
}

static void a_follower_hails(void **state)
{
	static const struct word beats[] = { { 0, 'B', "" }, { 1000, 'B', "" }, { 2000, 'B', "" }, { 3000, 'B', "" },
		{ 4000, 'B', "" }, { 0 } };
	struct sim *s = open_sim(SIM_SEED, beats);

	hails = 0;
	other.redis->answer = count_hails;
	sim_provider(s, "a.test", scene_good, NULL);
	scene_client(s, "n", SIM_STREAMED, .leave = SIM_LEAVES, .leave_at_ms = 2500);
	sim_run_for(s, 50);
	sim_check(s, hails == 1);
	sim_run_for(s, 2400);
	sim_check(s, hails == 3);
	sim_run_for(s, 3000);
	sim_check(s, hails == 3);
	sim_free(&s);
}

/* --- anything, at every step ------------------------------------------------------------------------------ */

static struct sim *set_owner(uint64_t seed)
{
	struct sim *s = open_sim(seed, NULL);

	sim_provider(s, "a.test", scene_slow, NULL);
	scene_client(s, "n", SIM_STREAMED);
	scene_client(s, "n", SIM_AT_ONCE, .at_ms = 20);
	return s;
}

static struct sim *set_follower(uint64_t seed)
{
	struct sim *s = open_sim(seed, steady);

	sim_provider(s, "a.test", scene_slow, NULL);
	scene_client(s, "n", SIM_STREAMED);
	scene_client(s, "n", SIM_AT_ONCE, .at_ms = 20);
	return s;
}

/* First the owner says nothing: the follower takes over. */
static struct sim *set_heir(uint64_t seed)
{
	struct sim *s = open_sim(seed, silent);

	sim_provider(s, "a.test", scene_slow, NULL);
	scene_client(s, "n", SIM_STREAMED);
	return s;
}

static void check_all(struct sim *s)
{
	uint64_t now = sim_now_ms(s);

	LIST_EACH(node, tmp, &s->clients) {
		struct sim_client *c = LIST_ITEM(node, struct sim_client, node);
		if (!c->refused)
			sim_check_honest(s, c, SCENE_GOOD);
	}
	sim_run_for(s, 4000);
	sim_check_left(s, sim_first_provider(s), now, 4000);
}

/* The owner asks the provider itself: nothing that happens to the Redis is its clients' business. */
static void check_owner(struct sim *s)
{
	LIST_EACH(node, tmp, &s->clients)
		sim_check_whole(s, LIST_ITEM(node, struct sim_client, node), SCENE_GOOD);
	check_all(s);
}

static void sweep(struct sim *(*set)(uint64_t), void (*strike)(struct sim *), void (*check)(struct sim *))
{
	size_t n = sim_sweep(&(struct sim_sweep){ .set = set, .strike = strike, .check = check, .seed = 1 });
	assert_true(n > 15);
}

static void the_redis_fails_at_every_step_of_an_owner(void **state)
{
	sweep(set_owner, sim_strike_redis_hangs_up, check_owner);
	sweep(set_owner, sim_strike_redis_mute, check_owner);
	sweep(set_owner, sim_strike_redis_wiped, check_owner);
}

static void the_redis_fails_at_every_step_of_a_follower(void **state)
{
	sweep(set_follower, sim_strike_redis_hangs_up, check_all);
	sweep(set_follower, sim_strike_redis_mute, check_all);
	sweep(set_follower, sim_strike_redis_wiped, check_all);
	sweep(set_heir, sim_strike_redis_hangs_up, check_owner);
	sweep(set_heir, sim_strike_redis_mute, check_owner);
}

static void anybody_leaves_at_every_step(void **state)
{
	struct sim *(*const sets[])(uint64_t) = { set_owner, set_follower, set_heir };

	for (size_t i = 0; i < COUNT_OF(sets); i++) {
		sweep(sets[i], sim_strike_client_leaves, check_all);
		sweep(sets[i], sim_strike_client_resets, check_all);
		sweep(sets[i], sim_strike_provider_resets, check_all);
		sweep(sets[i], sim_strike_provider_closes, check_all);
		sweep(sets[i], sim_strike_drain, check_all);
	}
}

static void the_same_in_any_order_of_things(void **state)
{
	struct sim *(*const sets[])(uint64_t) = { set_owner, set_follower, set_heir };
	void (*const strikes[])(struct sim *) = { sim_strike_client_resets, sim_strike_redis_hangs_up,
		sim_strike_provider_resets };

	shuffled = true;
	for (uint64_t seed = 1; seed <= 3; seed++)
		for (size_t i = 0; i < COUNT_OF(sets) * COUNT_OF(strikes); i++)
			sim_sweep(&(struct sim_sweep){ .set = sets[i / COUNT_OF(strikes)],
				.strike = strikes[i % COUNT_OF(strikes)], .check = check_all, .seed = seed });
	shuffled = false;
}

#define CASE(f) cmocka_unit_test(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_an_owner_writes),
		CASE(events_go_in_batches),
		CASE(much_goes_at_once),
		CASE(beats_and_renewals),
		CASE(a_failure_is_written),
		CASE(the_owners_client_leaves),
		CASE(the_owners_client_leaves_with_its_answer),
		CASE(a_follower_keeps_it_going),
		CASE(nobody_waits_for_a_silent_provider),
		CASE(to_its_end_for_a_follower),
		CASE(a_drain_while_owning),
		CASE(a_close_while_owning),
		CASE(what_is_made_of_a_log),
		CASE(what_is_kept_of_it),
		CASE(joining_a_follower),
		CASE(a_slow_client_of_a_follower),
		CASE(a_client_leaves_before_it_is_answered),
		CASE(the_lease_vanishes_between),
		CASE(a_lease_that_is_not_used),
		CASE(a_slow_redis_costs_one_deadline),
		CASE(a_mute_redis_costs_one_deadline),
		CASE(the_total_clock_runs),
		CASE(a_drain_while_following),
		CASE(a_follower_hails),
		CASE(the_redis_fails_at_every_step_of_an_owner),
		CASE(the_redis_fails_at_every_step_of_a_follower),
		CASE(anybody_leaves_at_every_step),
		CASE(the_same_in_any_order_of_things),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

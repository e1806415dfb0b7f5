/* Requests to send and checks on what came back (sim.h). */
#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "sim_world.h"

const char *sim_printf(struct sim *s, const char *fmt, ...)
{
	va_list args;
	struct slice out;

	va_start(args, fmt);
	out = arena_vprintf(s->arena, fmt, args);
	va_end(args);
	return out.p;
}

const char *sim_post(struct sim *s, const char *path, const char *fields, const char *body)
{
	return sim_printf(s, "POST %s HTTP/1.1\r\nHost: weir.test\r\nContent-Type: application/json\r\n%s"
		"Content-Length: %zu\r\n\r\n%s",
		path, fields, strlen(body), body);
}

const char *sim_get(struct sim *s, const char *path)
{
	return sim_printf(s, "GET %s HTTP/1.1\r\nHost: weir.test\r\n\r\n", path);
}

const char *sim_chat_more(struct sim *s, const char *model, bool streamed, const char *text, const char *members)
{
	return sim_post(s, "/v1/chat/completions", "", sim_printf(s,
		"{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]%s%s}",
		model, text, streamed ? ",\"stream\":true" : "", members));
}

const char *sim_chat(struct sim *s, const char *model, bool streamed, const char *text)
{
	return sim_chat_more(s, model, streamed, text, "");
}

void sim_fail(struct sim *s, const char *file, int line, const char *fmt, ...)
{
	va_list args;
	char what[2048];

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	print_error("%s\nat %llu ms, step %llu; replay: SIM_SEED=%llu", what, (unsigned long long)sim_now_ms(s),
		(unsigned long long)s->loop->steps, (unsigned long long)s->seed);
	if (s->strike_at != UINT64_MAX)
		print_error(" SIM_STEP=%llu", (unsigned long long)s->strike_at);
	print_error(" SIM_TRACE=1\n");
	_fail(file, line);
}

bool sim_is_stream(const struct sim_answer *a)
{
	return slice_starts(sim_http_field(&a->http, "content-type"), SLICE("text/event-stream"));
}

static bool is_json(const struct sim_answer *a)
{
	return slice_starts(sim_http_field(&a->http, "content-type"), SLICE("application/json"));
}

/* Position behind the first `needle`, or NULL. */
static const char *behind(struct slice hay, const char *needle)
{
	const char *at = hay.n ? memmem(hay.p, hay.n, needle, strlen(needle)) : NULL;

	return at ? at + strlen(needle) : NULL;
}

/* The JSON string that starts at `p` (behind its quote), simple escapes resolved. */
static void add_string(struct buf *b, const char *p, const char *end)
{
	for (; p < end && *p != '"'; p++) {
		if (*p == '\\' && p + 1 < end) {
			p++;
			buf_add_char(b, *p == 'n' ? '\n' : *p == 't' ? '\t' : *p);
		} else {
			buf_add_char(b, *p);
		}
	}
}

static void add_content(struct buf *b, struct slice json)
{
	const char *p = behind(json, "\"content\":\"");

	if (p && !behind(json, "\"error\":{"))
		add_string(b, p, json.p + json.n);
}

const char *sim_text(struct sim *s, const struct sim_answer *a)
{
	struct buf b;
	struct slice out;

	buf_init(&b, 256u << 20);
	if (sim_is_stream(a)) {
		for (size_t i = 0; i < a->n_events; i++)
			add_content(&b, sim_event_at(a, i).data);
	} else if (sim_http_head_done(&a->http)) {
		add_content(&b, buf_slice(&a->http.body));
	}
	out = arena_copy(s->arena, buf_slice(&b));
	buf_done(&b);
	return out.n ? out.p : "";
}

static const char *error_in(struct sim *s, struct slice json)
{
	const char *p = behind(json, "\"error\":{"), *code;
	struct slice rest, out;
	struct buf b;

	if (!p)
		return NULL;
	rest = slice_of(p, (size_t)(json.p + json.n - p));
	code = behind(rest, "\"code\":\"");
	if (!code)
		code = behind(rest, "\"type\":\"");
	if (!code)
		return "";
	buf_init(&b, 4096);
	add_string(&b, code, json.p + json.n);
	out = arena_copy(s->arena, buf_slice(&b));
	buf_done(&b);
	return out.n ? out.p : "";
}

const char *sim_error_code(struct sim *s, const struct sim_answer *a)
{
	if (!sim_http_head_done(&a->http))
		return NULL;
	if (!sim_is_stream(a))
		return error_in(s, buf_slice(&a->http.body));
	for (size_t i = 0; i < a->n_events; i++) {
		const char *code = error_in(s, sim_event_at(a, i).data);
		if (code)
			return code;
	}
	return NULL;
}

static bool no(const char **out_why, const char *why)
{
	*out_why = why;
	return false;
}

static size_t count_events(const struct sim_answer *a, const char *needle)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n_events; i++)
		n += sim_http_has(sim_event_at(a, i).data, needle);
	return n;
}

static bool is_done_mark(const struct sim_answer *a, size_t i)
{
	return slice_eq(sim_event_at(a, i).data, SLICE("[DONE]"));
}

static bool whole_stream(const struct sim_answer *a, const char **out_why)
{
	size_t marks = 0;

	for (size_t i = 0; i < a->n_events; i++)
		marks += is_done_mark(a, i);
	if (marks != 1 || !is_done_mark(a, a->n_events - 1))
		return no(out_why, "[DONE] is not there once and last");
	if (count_events(a, "\"finish_reason\":\"") != 1)
		return no(out_why, "not one finish_reason");
	if (count_events(a, "\"role\":\"assistant\"") == 0)
		return no(out_why, "no role in any delta");
	return true;
}

bool sim_is_whole(struct sim *s, const struct sim_answer *a, const char *text, const char **out_why)
{
	if (a->http.bad)
		return no(out_why, a->http.bad);
	if (a->end != SIM_CLEAN)
		return no(out_why, "the answer has no clean end");
	if (a->http.status != 200)
		return no(out_why, "the status is not 200");
	if (sim_error_code(s, a))
		return no(out_why, "there is an error in it");
	if (!sim_is_stream(a) && !is_json(a))
		return no(out_why, "neither an event stream nor JSON");
	if (sim_is_stream(a) && !whole_stream(a, out_why))
		return false;
	return strcmp(sim_text(s, a), text) == 0 || no(out_why, "another text");
}

bool sim_is_refused(struct sim *s, const struct sim_answer *a, const char **out_why)
{
	if (a->http.bad)
		return no(out_why, a->http.bad);
	if (a->end != SIM_CLEAN || a->http.status < 400)
		return no(out_why, "not a complete answer with an error status");
	if (!is_json(a) || !sim_error_code(s, a))
		return no(out_why, "no error object");
	return behind(buf_slice(&a->http.body), "\"message\":\"") ? true : no(out_why,
		"no message in the error object");
}

bool sim_is_broken(struct sim *s, const struct sim_answer *a, const char *text, const char **out_why)
{
	const char *got = sim_text(s, a);

	if (a->http.bad)
		return no(out_why, a->http.bad);
	if (a->http.status != 200 || !sim_is_stream(a))
		return no(out_why, "not an event stream");
	if (a->end != SIM_BROKEN && a->end != SIM_RST)
		return no(out_why, "its body ends as if it were complete");
	for (size_t i = 0; i < a->n_events; i++)
		if (is_done_mark(a, i))
			return no(out_why, "[DONE] in a failed answer");
	if (a->n_events == 0 || !error_in(s, sim_event_at(a, a->n_events - 1).data))
		return no(out_why, "the last event is no error");
	return strncmp(text, got, strlen(got)) == 0 || no(out_why, "another text");
}

static void show_answer(struct sim *s, const struct sim_client *c)
{
	static const char *const ends[] = { "pending", "clean", "broken", "reset" };
	const struct sim_answer *a = &c->answers[0];
	struct slice body = buf_slice(&a->http.body);

	print_error("client: %s%s, answer %s, status %d, text \"%.200s\", error %s, body %zu bytes: %.*s\n",
		c->refused ? "refused" : "connected", c->left ? " and left" : "", ends[a->end], a->http.status,
		sim_text(s, a),
		sim_error_code(s, a) ? sim_error_code(s, a) : "-", body.n, (int)MIN_OF(body.n, 400u),
		body.n ? body.p : "");
}

static void verdict(struct sim *s, struct sim_client *c, bool good, const char *want, const char *why,
	const char *file, int line)
{
	if (good && !c->extra)
		return;
	show_answer(s, c);
	sim_fail(s, file, line, "want %s: %s", want, c->extra ? "bytes that belong to no answer" : why);
}

void sim_check_whole_at(struct sim *s, struct sim_client *c, const char *text, const char *file, int line)
{
	const char *why = "";

	for (size_t i = 0; i < MAX_OF(c->n_sends, 1u); i++)
		verdict(s, c, sim_is_whole(s, &c->answers[i], text, &why), "a whole answer", why, file, line);
}

void sim_check_error_at(struct sim *s, struct sim_client *c, int status, const char *code, const char *file, int line)
{
	const struct sim_answer *a = &c->answers[0];
	const char *why = "", *got;
	bool good = sim_is_refused(s, a, &why);

	got = sim_error_code(s, a);
	if (good && status && a->http.status != status)
		good = no(&why, sim_printf(s, "status %d expected", status));
	if (good && code && strcmp(got ? got : "", code) != 0)
		good = no(&why, sim_printf(s, "code %s expected", code));
	verdict(s, c, good, "an error", why, file, line);
}

void sim_check_broken_at(struct sim *s, struct sim_client *c, const char *text, const char *file, int line)
{
	const struct sim_answer *a = &c->answers[0];
	const char *why = "";
	bool good = sim_is_broken(s, a, text, &why);

	if (good && strcmp(sim_text(s, a), text) != 0)
		good = no(&why, "another text");
	verdict(s, c, good, "a broken stream", why, file, line);
}

void sim_check_honest_at(struct sim *s, struct sim_client *c, const char *text, const char *file, int line)
{
	const char *why = "";

	for (size_t i = 0; i < c->n_sends; i++) {
		const struct sim_answer *a = &c->answers[i];
		const char *got = sim_text(s, a);
		bool silent = buf_len(&a->http.head) == 0, unasked = a->end == SIM_PENDING && i >= c->sent;
		bool good = sim_is_whole(s, a, text, &why) || sim_is_refused(s, a, &why) ||
			sim_is_broken(s, a, text, &why);

		if (a->end == SIM_PENDING && (c->left || c->plan.read_stop))
			good = !a->http.bad && strncmp(text, got, strlen(got)) == 0;
		/* A connection may end between two answers, and at any time when weir ends; never within an answer
		 * without an error event, and the first request on it is answered. */
		if (unasked || (silent && a->end != SIM_CLEAN && (i > 0 || s->ending)))
			good = c->done;
		verdict(s, c, good, "whole, refused or broken", why, file, line);
	}
}

void sim_check_left_at(struct sim *s, struct sim_provider *p, uint64_t since_ms, uint64_t within_ms,
	const char *file, int line)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct sim_seen *r = p->seen[i];
		if (r->fate == SIM_RUNNING)
			sim_fail(s, file, line, "%s still answers request %zu", p->host->name, i);
		else if (r->fate == SIM_LEFT && r->end_ms > since_ms + within_ms)
			sim_fail(s, file, line, "%s was left only %llu ms later", p->host->name,
				(unsigned long long)(r->end_ms - since_ms));
	}
}

bool sim_log_has(struct sim *s, const char *needle)
{
	return sim_http_has(buf_slice(&s->loop->log), needle);
}

size_t sim_log_count(struct sim *s, const char *needle)
{
	struct slice rest = buf_slice(&s->loop->log);
	const char *at;
	size_t n = 0;

	while ((at = behind(rest, needle))) {
		rest = slice_skip(rest, (size_t)(at - rest.p));
		n++;
	}
	return n;
}

const char *sim_admin_get(struct sim *s, const char *path)
{
	struct sim_client *c = sim_client(s, (struct sim_plan){ .to = sim_subject.admin_addr(s->it),
		.sends = { sim_get(s, path) } });
	const char *out = "";

	for (int ms = 0; ms < 1000 && !c->done; ms++)
		sim_run_for(s, 1);
	if (c->answers[0].end == SIM_CLEAN && c->answers[0].http.status == 200)
		out = arena_copy(s->arena, buf_slice(&c->answers[0].http.body)).p;
	sim_client_free(&c);
	return out ? out : "";
}

double sim_metric(struct sim *s, const char *name, const char *labels)
{
	struct slice rest = slice_str(sim_admin_get(s, "/metrics")), line;
	double sum = -1;

	while (slice_next(&rest, '\n', &line)) {
		size_t n = strlen(name), space = line.n;
		char number[64];

		if (!slice_starts(line, slice_str(name)) || (line.n > n && line.p[n] != '{' && line.p[n] != ' '))
			continue;
		if (labels && !sim_http_has(line, labels))
			continue;
		while (space > 0 && line.p[space - 1] != ' ')
			space--;
		sum = (sum < 0 ? 0 : sum) + strtod(slice_copy(slice_skip(line, space), number, sizeof(number)), NULL);
	}
	return sum;
}

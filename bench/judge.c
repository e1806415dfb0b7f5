/* Judges answers. Pure: knows neither sockets nor when requests were sent. */
#include "judge.h"

#include <stdio.h>
#include <string.h>

#include "peek.h"

static const char *const names[] = {
	"none",
#define BLAME(name, text, help) text,
#include "blame.def"
#undef BLAME
};

const char *judge_name(enum blame b)
{
	return names[b];
}

void judge_help(void)
{
	puts("Errors in the report:");
#define BLAME(name, text, help) printf("  %-15s %s\n", text, help);
#include "blame.def"
#undef BLAME
}

void judge_begin(struct judge *j, const struct judge_want *want, const struct judge_times *times)
{
	struct pail carry = j->carry;
	carry.len = 0;
	*j = (struct judge){.want = *want, .times = *times, .carry = carry};
}

void judge_done(struct judge *j)
{
	pail_done(&j->carry);
}

void judge_blame(struct judge *j, enum blame b)
{
	if (j->verdict == BLAME_NONE)
		j->verdict = b;
}

void judge_head(struct judge *j, const struct h1 *head)
{
	if (head->status != 200)
		judge_blame(j, BLAME_STATUS);
	else if (head->has_length && head->length == 0)
		judge_blame(j, BLAME_EMPTY);
	else if (head->type != (j->want.stream ? H1_TYPE_SSE : H1_TYPE_JSON))
		judge_blame(j, BLAME_TYPE);
}

static bool has(struct bite b, const char *text)
{
	return memmem(b.at, b.len, text, strlen(text)) != NULL;
}

static bool is_json_object(struct bite b)
{
	struct peek_walk w = {.rest = b};
	struct bite key, value;
	enum peek_step step;
	while ((step = peek_next(&w, &key, &value)) == PEEK_FIELD)
		;
	return step == PEEK_END;
}

/* The provider's hash of the messages must be the hash of what was sent. */
static void check_print(struct judge *j, struct bite json)
{
	static const char key[] = "\"fp_";
	uint64_t print;
	const char *at = memmem(json.at, json.len, key, sizeof key - 1);
	if (!j->want.check_body)
		return;
	bool whole = at && json.at + json.len - at >= (long)sizeof key + 15;
	if (!whole || !peek_hex16(at + sizeof key - 1, &print))
		judge_blame(j, BLAME_FORMAT);
	else if (print != j->want.print)
		judge_blame(j, BLAME_BODY);
}

/* A content event: "ev-<8 hex>-<16 hex>-<16 hex>" at `mark`, inside json. */
static void take_event(struct judge *j, struct bite json, const char *mark, uint64_t now_ns)
{
	char seq_text[17] = "00000000";
	uint64_t seq, sent_ns, nonce;
	if (json.at + json.len - mark < 45) {
		judge_blame(j, BLAME_FORMAT);
		return;
	}
	memcpy(seq_text + 8, mark + 3, 8);
	if (!peek_hex16(seq_text, &seq) || !peek_hex16(mark + 12, &sent_ns) ||
	    !peek_hex16(mark + 29, &nonce)) {
		judge_blame(j, BLAME_FORMAT);
		return;
	}
	if (nonce != j->want.nonce)
		judge_blame(j, BLAME_NONCE);
	else if (!j->saw_role)
		judge_blame(j, BLAME_ROLE);
	else if (seq != j->next || j->saw_finish)
		judge_blame(j, seq > j->next ? BLAME_MISSING : BLAME_ORDER);
	j->next = (unsigned)seq + 1;
	if (j->verdict != BLAME_NONE)
		return;
	if (j->times.event_delay)
		spread_add(j->times.event_delay, now_ns > sent_ns ? now_ns - sent_ns : 0);
	if (j->first_ns && j->times.gap) {
		uint64_t gap = now_ns - j->last_ns, sent_gap = sent_ns - j->last_sent_ns;
		spread_add(j->times.gap, gap);
		spread_add(j->times.gap_error, gap > sent_gap ? gap - sent_gap : sent_gap - gap);
	}
	if (!j->first_ns)
		j->first_ns = now_ns;
	j->last_ns = now_ns;
	j->last_sent_ns = sent_ns;
}

static void take_usage(struct judge *j, struct bite json)
{
	if (!j->want.usage)
		judge_blame(j, BLAME_USAGE_UNASKED);
	else if (j->saw_usage || !has(json, "\"completion_tokens\":"))
		judge_blame(j, BLAME_FORMAT);
	else if (!j->saw_finish)
		judge_blame(j, BLAME_FINISH);
	j->saw_usage = true;
}

static void take_data(struct judge *j, struct bite data, uint64_t now_ns)
{
	j->saw_data = true;
	if (j->saw_done) {
		judge_blame(j, BLAME_EXTRA);
		return;
	}
	if (peek_is(data, "[DONE]")) {
		j->saw_done = true;
		return;
	}
	if (!is_json_object(data)) {
		judge_blame(j, BLAME_FORMAT);
		return;
	}
	const char *mark = memmem(data.at, data.len, "\"ev-", 4);
	if (mark) {
		take_event(j, data, mark + 1, now_ns);
	} else if (data.len > 8 && memcmp(data.at, "{\"error\"", 8) == 0) {
		judge_blame(j, BLAME_ERROR_EVENT);
	} else if (has(data, "\"choices\":[]")) {
		take_usage(j, data);
	} else if (has(data, "\"role\":\"assistant\"")) {
		if (j->saw_role)
			judge_blame(j, BLAME_FORMAT);
		j->saw_role = true;
		check_print(j, data);
	} else if (has(data, "\"finish_reason\":\"stop\"")) {
		if (j->next != j->want.events)
			judge_blame(j, BLAME_MISSING);
		j->saw_finish = true;
	} else {
		judge_blame(j, BLAME_FORMAT);
	}
}

/* One line of the stream, without its end. The provider sends one data line an event. */
static void take_line(struct judge *j, struct bite line, uint64_t now_ns)
{
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	if (line.len == 0) {
		j->line_open = false;
	} else if (line.at[0] == ':') {
		j->pings++;
	} else if (line.len > 5 && memcmp(line.at, "data:", 5) == 0 && !j->line_open) {
		size_t skip = line.at[5] == ' ' ? 6 : 5;
		j->line_open = true;
		take_data(j, (struct bite){line.at + skip, line.len - skip}, now_ns);
	} else {
		judge_blame(j, BLAME_FORMAT);
	}
}

void judge_body(struct judge *j, struct bite piece, uint64_t now_ns)
{
	if (!j->want.stream) {
		pail_add(&j->carry, piece.at, piece.len);
		return;
	}
	while (piece.len) {
		const char *lf = memchr(piece.at, '\n', piece.len);
		size_t n = lf ? (size_t)(lf - piece.at) : piece.len;
		if (!lf) {
			pail_add(&j->carry, piece.at, n);
			return;
		}
		if (j->carry.len) {
			pail_add(&j->carry, piece.at, n);
			take_line(j, (struct bite){j->carry.at, j->carry.len}, now_ns);
			j->carry.len = 0;
		} else {
			take_line(j, (struct bite){piece.at, n}, now_ns);
		}
		piece.at += n + 1;
		piece.len -= n + 1;
	}
}

static void end_json(struct judge *j)
{
	struct bite body = {j->carry.at, j->carry.len};
	uint64_t nonce;
	if (body.len == 0)
		judge_blame(j, BLAME_EMPTY);
	else if (!is_json_object(body))
		judge_blame(j, BLAME_FORMAT);
	else if (body.len > 8 && memcmp(body.at, "{\"error\"", 8) == 0)
		judge_blame(j, BLAME_ERROR_EVENT);
	else if (!peek_nonce(body, &nonce))
		judge_blame(j, BLAME_FORMAT);
	else if (nonce != j->want.nonce)
		judge_blame(j, BLAME_NONCE);
	else if (!has(body, "\"finish_reason\":\"stop\""))
		judge_blame(j, BLAME_FINISH);
	else if (!has(body, "\"total_tokens\":"))
		judge_blame(j, BLAME_USAGE_MISSING);
	else
		check_print(j, body);
}

static void end_stream(struct judge *j)
{
	if (!j->saw_data)
		judge_blame(j, BLAME_EMPTY);
	else if (j->carry.len || j->line_open)
		judge_blame(j, BLAME_CUT);
	else if (!j->saw_finish)
		judge_blame(j, BLAME_FINISH);
	else if (j->want.usage && !j->saw_usage)
		judge_blame(j, BLAME_USAGE_MISSING);
	else if (!j->saw_done)
		judge_blame(j, BLAME_DONE);
}

enum blame judge_end(struct judge *j)
{
	if (j->verdict == BLAME_NONE) {
		if (j->want.stream)
			end_stream(j);
		else
			end_json(j);
	}
	return j->verdict;
}

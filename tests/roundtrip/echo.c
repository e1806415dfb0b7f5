/* Opaque state on its way through a client: an answer of provider dialect B, told to a client of dialect F, comes
 * back in the client's next request, as SDKs put it there, and goes to B again.  Every signature, every hidden
 * thought and every pair of call and result must be what B made, and no byte of it may reach a provider of another
 * dialect.
 *
 *   echo [CASES [SEED]]        SEED: of the first case; a failure prints its own */
#include "ability.h"
#include "chat/seal.h"
#include "codec/json_out.h"
#include "dialect/quirks.h"
#include "dialect/translate.h"
#include "golden/dump.h"
#include "golden/replay.h"
#include "make_answer.h"
#include "suite.h"

struct turn {
	struct arena *a;
	const struct dialect *front, *back;
	struct slice provider;		/* of the back dialect */
	struct buf body;		/* the client's next request */
	struct request request;
	struct drops drops;
	struct fault fault;
	struct buf sent;		/* what the provider gets */
};

/* --- the client ----------------------------------------------------------------------------------------- */

static void put_user(struct json_out *w, const char *role, const char *member)
{
	json_out_obj(w);
	json_out_key_str(w, "role", SLICE("user"));
	json_out_key(w, member);
	json_out_raw(w, slice_str(role));
	json_out_obj_end(w);
}

static void echo_chat(struct json_out *w, yyjson_val *answer)
{
	yyjson_val *message = json_obj(yyjson_arr_get_first(json_arr(answer, "choices")), "message"), *call;
	size_t i, n;

	json_out_key(w, "messages");
	json_out_arr(w);
	put_user(w, "\"Hi\"", "content");
	json_out_val(w, message);
	yyjson_arr_foreach(json_arr(message, "tool_calls"), i, n, call) {
		json_out_obj(w);
		json_out_key_str(w, "role", SLICE("tool"));
		json_out_key_str(w, "tool_call_id", json_str(call, "id"));
		json_out_key_str(w, "content", SLICE("done"));
		json_out_obj_end(w);
	}
	put_user(w, "\"Go on\"", "content");
	json_out_arr_end(w);
}

static void echo_anthropic(struct json_out *w, yyjson_val *answer)
{
	yyjson_val *content = json_arr(answer, "content"), *block;
	size_t i, n;

	json_out_key_int(w, "max_tokens", 30000);
	json_out_key(w, "thinking");
	json_out_raw(w, SLICE("{\"type\":\"enabled\",\"budget_tokens\":2000}"));
	json_out_key(w, "messages");
	json_out_arr(w);
	put_user(w, "\"Hi\"", "content");
	json_out_obj(w);
	json_out_key_str(w, "role", SLICE("assistant"));
	json_out_key_val(w, "content", content);
	json_out_obj_end(w);
	json_out_obj(w);
	json_out_key_str(w, "role", SLICE("user"));
	json_out_key(w, "content");
	json_out_arr(w);
	yyjson_arr_foreach(content, i, n, block)
		if (slice_eq(json_str(block, "type"), SLICE("tool_use"))) {
			json_out_obj(w);
			json_out_key_str(w, "type", SLICE("tool_result"));
			json_out_key_str(w, "tool_use_id", json_str(block, "id"));
			json_out_key_str(w, "content", SLICE("done"));
			json_out_obj_end(w);
		}
	json_out_raw(w, SLICE("{\"type\":\"text\",\"text\":\"Go on\"}"));
	json_out_arr_end(w);
	json_out_obj_end(w);
	json_out_arr_end(w);
}

static void put_response(struct json_out *w, yyjson_val *call)
{
	json_out_obj(w);
	json_out_key(w, "functionResponse");
	json_out_obj(w);
	if (json_str(call, "id").n)
		json_out_key_str(w, "id", json_str(call, "id"));
	json_out_key_str(w, "name", json_str(call, "name"));
	json_out_key(w, "response");
	json_out_raw(w, SLICE("{\"output\":\"done\"}"));
	json_out_obj_end(w);
	json_out_obj_end(w);
}

static void echo_gemini(struct json_out *w, yyjson_val *answer)
{
	yyjson_val *content = json_obj(yyjson_arr_get_first(json_arr(answer, "candidates")), "content"), *part;
	bool has_calls = false;
	size_t i, n;

	json_out_key(w, "contents");
	json_out_arr(w);
	put_user(w, "[{\"text\":\"Hi\"}]", "parts");
	json_out_val(w, content);
	yyjson_arr_foreach(json_arr(content, "parts"), i, n, part)
		has_calls |= json_obj(part, "functionCall") != NULL;
	if (has_calls) {
		json_out_obj(w);
		json_out_key_str(w, "role", SLICE("user"));
		json_out_key(w, "parts");
		json_out_arr(w);
		yyjson_arr_foreach(json_arr(content, "parts"), i, n, part)
			if (json_obj(part, "functionCall"))
				put_response(w, json_obj(part, "functionCall"));
		json_out_arr_end(w);
		json_out_obj_end(w);
	}
	put_user(w, "[{\"text\":\"Go on\"}]", "parts");
	json_out_arr_end(w);
}

static void echo_responses(struct json_out *w, yyjson_val *answer)
{
	yyjson_val *item;
	size_t i, n;

	json_out_key(w, "input");
	json_out_arr(w);
	put_user(w, "\"Hi\"", "content");
	yyjson_arr_foreach(json_arr(answer, "output"), i, n, item)
		json_out_val(w, item);
	yyjson_arr_foreach(json_arr(answer, "output"), i, n, item)
		if (slice_eq(json_str(item, "type"), SLICE("function_call"))) {
			json_out_obj(w);
			json_out_key_str(w, "type", SLICE("function_call_output"));
			json_out_key_str(w, "call_id", json_str(item, "call_id"));
			json_out_key_str(w, "output", SLICE("done"));
			json_out_obj_end(w);
		}
	put_user(w, "\"Go on\"", "content");
	json_out_arr_end(w);
}

static const struct {
	const char *front;
	void (*put)(struct json_out *w, yyjson_val *answer);
} echoes[] = {
	{ "openai-chat", echo_chat }, { "anthropic-messages", echo_anthropic }, { "gemini-generate", echo_gemini },
	{ "openai-responses", echo_responses },
};

/* False: its clients keep nothing. */
static bool echo(struct turn *t, struct slice answer)
{
	struct json_out w = json_out_to(&t->body);
	yyjson_doc *doc;

	for (size_t i = 0; i < COUNT_OF(echoes); i++) {
		if (strcmp(echoes[i].front, t->front->name) != 0)
			continue;
		must(json_parse(t->a, answer, &doc, NULL) == ERR_OK);
		json_out_obj(&w);
		json_out_key_str(&w, "model", SLICE("m"));
		echoes[i].put(&w, yyjson_doc_get_root(doc));
		json_out_obj_end(&w);
		must(json_out_ok(&w));
		return true;
	}
	return false;
}

/* --- the provider --------------------------------------------------------------------------------------- */

/* Two kinds of state are known in openai-chat: OpenRouter's, of reasoning, and Google's, of calls. */
static struct slice provider_of(const struct dialect *d, uint64_t seed)
{
	if (d != &openai_chat)
		return slice_str(ability_of(d)->provider);
	return seed & 2 ? SLICE("openrouter") : SLICE("gemini-openai");
}

static bool send(struct turn *t, const struct dialect *to, struct slice provider)
{
	struct dialect_ask ask = { .model = slice_str(ability_of(to)->model), .provider = provider,
		.quirks = quirks_find(provider), .drops = &t->drops, .arena = t->a, .fault = &t->fault };

	t->request = (struct request){ .door = { .model = t->front->family == DIALECT_GEMINI ? SLICE("m")
		: SLICE_EMPTY } };
	if (t->front->parse(t->a, buf_slice(&t->body), &t->request, &t->fault) != ERR_OK)
		return false;
	buf_clear(&t->sent);
	return translate_build(to, &t->request, &ask, &t->sent) == ERR_OK;
}

/* The assistant's turn that the provider reads, as a list of what must have survived. */
static bool list_sent(struct turn *t, struct buf *out)
{
	struct request r = { .door = { .model = t->back->family == DIALECT_GEMINI ? SLICE("m") : SLICE_EMPTY } };
	struct prompt p;

	prompt_init(&p, t->a);
	p.origin = t->back->tag;
	if (t->back->parse(t->a, buf_slice(&t->sent), &r, &t->fault) != ERR_OK
			|| t->back->read(t->a, &r, &p, &t->fault) != ERR_OK)
		return false;
	for (const struct prompt_message *m = p.messages; m; m = m->next)
		for (const struct prompt_part *part = m->parts; part; part = part->next) {
			if (part->seal.bytes.n)
				buf_addf(out, "state %.*s\n", SLICE_ARG(part->seal.bytes));
			if (part->kind == PROMPT_PART_TOOL_CALL)
				buf_addf(out, "call %.*s\n", SLICE_ARG(part->name));
			if (part->kind == PROMPT_PART_TOOL_RESULT)
				buf_addf(out, "result %.*s%s\n", SLICE_ARG(part->name), part->orphan ? " orphan" : "");
		}
	return true;
}

static bool is_kept(const struct turn *t, const struct meaning_piece *p)
{
	bool of_call = p->kind == EVENT_TOOL_START;

	return p->seal.n && (t->front == t->back || t->back != &openai_chat || of_call == slice_eq(t->provider,
		SLICE("gemini-openai")));
}

/* The same of the answer.  Google's state is Google's, whatever it stood in. */
static void list_made(struct turn *t, const struct meaning *m, struct buf *out)
{
	const struct meaning_choice *c = m->choices;

	while (meaning_losses(t->front) & LOSS_CHOICES && c->index != m->only.choice)
		c = c->next;
	for (const struct meaning_piece *p = c->pieces; p; p = p->next) {
		if (p->kind == EVENT_TOOL_START)
			buf_addf(out, "call %.*s\n", SLICE_ARG(p->name));
		if (is_kept(t, p))
			buf_addf(out, "state %.*s\n", SLICE_ARG(p->seal));
	}
	for (const struct meaning_piece *p = c->pieces; p; p = p->next)
		if (p->kind == EVENT_TOOL_START)
			buf_addf(out, "result %.*s\n", SLICE_ARG(p->name));
}

/* --- checks --------------------------------------------------------------------------------------------- */

static bool fails(const struct turn *t, const char *what)
{
	fprintf(stderr, "%s to %s and back: %s: %.*s\n%.*s\n%.*s\n", t->back->name, t->front->name, what,
		SLICE_ARG(fault_message(&t->fault)), SLICE_ARG(buf_slice(&t->body)), SLICE_ARG(buf_slice(&t->sent)));
	return false;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Lines in order of the alphabet: what stands where is tested elsewhere. */
static struct slice sorted(struct arena *a, struct slice text)
{
	const char **lines = ARENA_ARRAY(a, const char *, text.n + 1);
	struct slice line, all = SLICE_EMPTY;
	size_t n = 0;

	while (slice_next(&text, '\n', &line))
		lines[n++] = arena_copy(a, line).p;
	qsort(lines, n, sizeof(*lines), by_text);
	for (size_t i = 0; i < n; i++)
		all = arena_printf(a, "%.*s%s\n", SLICE_ARG(all), lines[i]);
	return all;
}

static bool check_return(struct turn *t, const struct meaning *made)
{
	struct buf want, got;
	bool good = false;

	buf_init(&want, 1 << 20);
	buf_init(&got, 1 << 20);
	list_made(t, made, &want);
	if (!send(t, t->back, t->provider)) {
		fails(t, "refused");
	} else if (!list_sent(t, &got)) {
		fails(t, "the provider cannot read it");
	} else {
		struct slice a = sorted(t->a, buf_slice(&want)), b = sorted(t->a, buf_slice(&got));
		good = slice_eq(a, b);
		if (!good) {
			fails(t, "another thing comes back");
			fprintf(stderr, "--- wanted\n%.*s--- got\n%.*s", SLICE_ARG(a), SLICE_ARG(b));
		}
	}
	buf_done(&want);
	buf_done(&got);
	return good;
}

/* State is base64 of random bytes, so that a few of its characters are enough to find it. */
static bool holds(struct slice body, struct slice seal)
{
	struct slice some = slice_of(seal.p + (seal.n > 60 ? 40 : 0), 8);

	return memmem(body.p, body.n, some.p, some.n) != NULL;
}

static bool check_others(struct turn *t, const struct meaning *made)
{
	for (size_t i = 0; dialect_at(i); i++) {
		const struct dialect *to = dialect_at(i);
		bool is_googles = t->back == &openai_chat && to == &gemini_generate;	/* extra_content.google */
		if (to->op != REQUEST_CHAT || to == t->back || is_googles || !send(t, to, SLICE_EMPTY))
			continue;
		if (seal_in(buf_slice(&t->sent)))
			return fails(t, arena_printf(t->a, "%s gets a seal", to->name).p);
		for (const struct meaning_piece *p = made->choices->pieces; p; p = p->next)
			if (p->seal.n && p->seal.p[0] != '{' && holds(buf_slice(&t->sent), p->seal))
				return fails(t, arena_printf(t->a, "%s gets another one's state", to->name).p);
	}
	return true;
}

/* --- the whole ------------------------------------------------------------------------------------------ */

static bool go(struct turn *t, struct slice answer, const struct meaning *made)
{
	buf_init(&t->body, 1 << 24);
	buf_init(&t->sent, 1 << 24);
	bool good = !echo(t, answer) || (check_return(t, made) && check_others(t, made));
	buf_done(&t->body);
	buf_done(&t->sent);
	return good;
}

/* The stream, put together as an SDK does. */
static bool go_by_stream(struct turn *t, const struct replay *r)
{
	struct replay again;

	replay_init(&again, t->front, t->front, NULL);
	replay_stream(&again, buf_slice(&r->full), 0, 0);
	bool good = replay_complete(&again) && go(t, buf_slice(&again.whole), &r->meaning);
	replay_done(&again);
	return good;
}

static bool run_pair(const struct dialect *back, const struct dialect *front, uint64_t seed)
{
	struct arena a;
	struct dice d;
	struct replay r;

	if (back == &openai_completions)
		return true;
	arena_init(&a, 0);
	dice_init(&d, seed);
	struct make_answer m = make_answer(&a, &d, back->tag);
	replay_init(&r, back, front, NULL);
	/* Responses has an image as an item of its own kind, which no other provider takes back. */
	for (size_t i = 0; i < m.n; i++)
		if (m.events[i].kind != EVENT_MEDIA || front != &openai_responses)
			replay_feed(&r, &m.events[i]);
	replay_fed(&r);
	struct turn whole = { .a = &a, .front = front, .back = back, .provider = provider_of(back, seed) },
		stream = whole;
	bool good = replay_complete(&r) && go(&whole, buf_slice(&r.whole), &r.meaning) && go_by_stream(&stream, &r);
	replay_done(&r);
	arena_done(&a);
	return good;
}

int main(int argc, char **argv)
{
	return suite_run(argc, argv, 1u << REQUEST_CHAT, run_pair);
}

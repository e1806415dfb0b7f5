#include "app/demo.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/siphash.h"
#include "codec/http1.h"
#include "codec/json.h"
#include "loop/alarm.h"
#include "loop/listen.h"
#include "loop/loop.h"
#include "loop/stream.h"

#define WORD_MS 40		/* about the speed of a mid-size model */
#define BODY_BYTES (1u << 20)

struct demo {
	struct loop *loop;
	struct listen *listen;
	struct list peers;
};

/* One connection from weir's pool. */
struct demo_peer {
	struct list node;
	struct demo *demo;
	struct stream *stream;
	struct http1 http;
	struct buf body, text;		/* the request; what is left to say */
	struct alarm word;
	struct grave grave;
	bool stream_mode, usage, asked;
	unsigned words;
	uint64_t id;
};

static const char *const replies[] = {
	"Water finds its own level, and so does a good gateway: streams come in, each leaves at its own pace.",
	"A weir lets the river through, measures it, and keeps the flood away from the mill.",
	"Every token you read here went through the whole machine: a plan, a pool, a journal, and back.",
};

static void add_chunk(struct demo_peer *p, struct buf *b, const char *delta, struct slice text, const char *finish)
{
	buf_addf(b, "data: {\"id\":\"chatcmpl-demo-%016llx\",\"object\":\"chat.completion.chunk\","
		"\"created\":0,\"model\":\"weir-demo\","
		"\"choices\":[{\"index\":0,\"delta\":{%s", (unsigned long long)p->id, delta);
	if (text.n) {
		buf_add(b, SLICE("\"content\":\""));
		buf_add_json(b, text);
		buf_add_char(b, '"');
	}
	buf_addf(b, "},\"finish_reason\":%s}]}\n\n", finish);
}

static void write_chunk(struct demo_peer *p, struct slice bytes)
{
	struct buf b;

	buf_init(&b, BODY_BYTES);
	http1_write_chunk(&b, bytes);
	stream_write(p->stream, buf_slice(&b));
	buf_done(&b);
}

/* Everything is said: finish, usage if it was asked for, end mark; the connection waits for the next request. */
static void write_last(struct demo_peer *p, struct buf *b)
{
	add_chunk(p, b, "", SLICE_EMPTY, "\"stop\"");
	if (p->usage)
		buf_addf(b, "data: {\"id\":\"chatcmpl-demo-%016llx\",\"object\":\"chat.completion.chunk\","
			"\"created\":0,\"model\":\"weir-demo\",\"choices\":[],"
			"\"usage\":{\"prompt_tokens\":%zu,\"completion_tokens\":%u,"
			"\"total_tokens\":%zu}}\n\n", (unsigned long long)p->id, buf_len(&p->body) / 4, p->words,
			buf_len(&p->body) / 4 + p->words);
	buf_add(b, SLICE("data: [DONE]\n\n"));
	write_chunk(p, buf_slice(b));
	stream_write(p->stream, HTTP1_LAST_CHUNK);
	p->asked = false;
	buf_clear(&p->body);
	http1_next(&p->http, false);
}

/* One word with the space before it. */
static struct slice next_word(struct buf *text)
{
	struct slice s = buf_slice(text);
	size_t n = s.n ? 1 + slice_find(slice_skip(s, 1), ' ') : 0;
	return slice_of(s.p, n);
}

static void on_word(struct alarm *a)
{
	struct demo_peer *p = LIST_ITEM(a, struct demo_peer, word);
	struct slice word = next_word(&p->text);
	struct buf b;

	buf_init(&b, BODY_BYTES);
	if (word.n) {
		add_chunk(p, &b, "", word, "null");
		write_chunk(p, buf_slice(&b));
		buf_eat(&p->text, word.n);
		p->words++;
		alarm_set(a, WORD_MS);
	} else {
		write_last(p, &b);
	}
	buf_done(&b);
}

static void start_stream(struct demo_peer *p)
{
	struct buf b;

	stream_write(p->stream, SLICE("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
		"transfer-encoding: chunked\r\n\r\n"));
	buf_init(&b, BODY_BYTES);
	add_chunk(p, &b, "\"role\":\"assistant\"", SLICE_EMPTY, "null");
	write_chunk(p, buf_slice(&b));
	buf_done(&b);
	alarm_set(&p->word, WORD_MS);
}

static void answer_whole(struct demo_peer *p)
{
	struct buf b;

	buf_init(&b, BODY_BYTES);
	buf_addf(&b, "{\"id\":\"chatcmpl-demo-%016llx\",\"object\":\"chat.completion\",\"created\":0,"
		"\"model\":\"weir-demo\",\"choices\":[{"
		"\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"", (unsigned long long)p->id);
	buf_add_json(&b, buf_slice(&p->text));
	buf_addf(&b, "\"},\"finish_reason\":\"stop\"}],"
		"\"usage\":{\"prompt_tokens\":%zu,\"completion_tokens\":%zu,\"total_tokens\":%zu}}",
		buf_len(&p->body) / 4, buf_len(&p->text) / 5, buf_len(&p->body) / 4 + buf_len(&p->text) / 5);
	struct buf h;
	buf_init(&h, 4096);
	buf_addf(&h, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n", buf_len(&b));
	stream_write(p->stream, buf_slice(&h));
	stream_write(p->stream, buf_slice(&b));
	buf_done(&h);
	buf_done(&b);
	p->asked = false;
	buf_clear(&p->body);
	http1_next(&p->http, false);
}

/* The text of the last message, when it is a plain string. */
static struct slice last_words(yyjson_val *root)
{
	yyjson_val *messages = json_arr(root, "messages");
	return messages ? json_str(yyjson_arr_get_last(messages), "content") : SLICE_EMPTY;
}

static void compose(struct demo_peer *p, struct slice said)
{
	static const struct siphash_key fixed = { 1, 2 };

	p->id = siphash(&fixed, said);
	buf_clear(&p->text);
	if (said.n) {
		buf_add(&p->text, SLICE("You said: "));
		buf_add(&p->text, slice_of(said.p, MIN_OF(said.n, 2000u)));
		buf_add_char(&p->text, ' ');
	}
	buf_add(&p->text, slice_str(replies[p->id % COUNT_OF(replies)]));
}

static void answer(struct demo_peer *p)
{
	struct arena a;
	yyjson_doc *doc;

	arena_init(&a, 64u << 20);
	p->stream_mode = p->usage = false;
	p->words = 0;
	struct slice said = SLICE_EMPTY;
	if (json_parse(&a, buf_slice(&p->body), &doc, NULL) == ERR_OK) {
		yyjson_val *root = yyjson_doc_get_root(doc);
		p->stream_mode = json_bool(root, "stream", false);
		p->usage = json_bool(json_obj(root, "stream_options"), "include_usage", false);
		said = last_words(root);
	}
	compose(p, said);
	arena_done(&a);
	if (p->stream_mode)
		start_stream(p);
	else
		answer_whole(p);
}

static enum err on_body(void *arg, struct slice piece)
{
	return buf_put(&((struct demo_peer *)arg)->body, piece) ? ERR_OK : ERR_BODY_TOO_BIG;
}

static enum err on_head(void *arg, const struct http1_head *head)
{
	return ERR_OK;
}

static enum err on_end(void *arg)
{
	((struct demo_peer *)arg)->asked = true;
	return ERR_OK;
}

static const struct http1_events http_events = { on_head, on_body, on_end };

static void dig(struct grave *g)
{
	struct demo_peer *p = LIST_ITEM(g, struct demo_peer, grave);
	http1_done(&p->http);
	buf_done(&p->body);
	buf_done(&p->text);
	free(p);
}

static void peer_gone(struct demo_peer *p)
{
	alarm_clear(&p->word);
	list_remove(&p->node);
	stream_abort(&p->stream, false);
	loop_bury(p->demo->loop, &p->grave, dig);
}

static void on_data(void *arg, struct slice bytes)
{
	struct demo_peer *p = arg;
	size_t used;

	if (p->asked || http1_feed(&p->http, bytes, &used) != ERR_OK)
		peer_gone(p);
	else if (p->asked)
		answer(p);
}

static void on_close(void *arg, enum err why)
{
	struct demo_peer *p = arg;
	p->stream = NULL;
	peer_gone(p);
}

static const struct stream_events stream_events = { .on_data = on_data, .on_close = on_close };

static void on_accept(void *arg, struct stream *s)
{
	static const struct http1_limits limits = { .head_bytes = 32768, .fields = 64, .body_bytes = BODY_BYTES };
	struct demo *d = arg;
	struct demo_peer *p = calloc(1, sizeof(*p));

	must(p != NULL);
	p->demo = d;
	p->stream = s;
	http1_init(&p->http, HTTP1_REQUEST, &limits, &http_events, p);
	buf_init(&p->body, BODY_BYTES);
	buf_init(&p->text, BODY_BYTES);
	alarm_init(&p->word, d->loop, on_word);
	list_push_back(&d->peers, &p->node);
	stream_own(s, &stream_events, p);
}

struct demo *demo_open(struct loop *l, char *why, size_t why_cap)
{
	struct demo *d = calloc(1, sizeof(*d));

	must(d != NULL);
	d->loop = l;
	list_init(&d->peers);
	d->listen = listen_open(l, SLICE("127.0.0.1:0"), NULL, on_accept, d, why, why_cap);
	if (d->listen == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

const char *demo_addr(const struct demo *d)
{
	return listen_addr(d->listen);
}

void demo_close(struct demo **d)
{
	if (*d == NULL)
		return;
	listen_close(&(*d)->listen);
	LIST_EACH(node, tmp, &(*d)->peers)
		peer_gone(LIST_ITEM(node, struct demo_peer, node));
	free(*d);
	*d = NULL;
}

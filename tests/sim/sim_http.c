/* The peers' HTTP/1.1 reader (sim_http.h). */
#include "sim_http.h"

#include <stdio.h>
#include <string.h>

#define MOST_BYTES (256u << 20)

void sim_http_init(struct sim_http *h, bool response)
{
	memset(h, 0, sizeof(*h));
	h->response = response;
	h->length = -1;
	buf_init(&h->head, 1u << 20);
	buf_init(&h->body, MOST_BYTES);
	buf_init(&h->line, 1u << 16);
}

void sim_http_done(struct sim_http *h)
{
	buf_done(&h->head);
	buf_done(&h->body);
	buf_done(&h->line);
}

bool sim_http_has(struct slice hay, const char *needle)
{
	return hay.n > 0 && memmem(hay.p, hay.n, needle, strlen(needle)) != NULL;
}

static bool bad(struct sim_http *h, const char *why)
{
	h->bad = why;
	h->at = SIM_HTTP_BAD;
	return false;
}

/* How often the field `name` occurs in the head; its first value in *out. */
static size_t find_field(const struct sim_http *h, struct slice name, struct slice *out)
{
	struct slice rest = buf_slice(&h->head);
	size_t n = 0;

	rest = slice_skip(rest, slice_find(rest, '\n') + 1);
	while (rest.n > 2) {
		struct slice line = slice_of(rest.p, slice_find(rest, '\n'));
		size_t colon = slice_find(line, ':');
		if (colon < line.n && slice_case_eq(slice_of(line.p, colon), name) && n++ == 0)
			*out = slice_trim(slice_skip(line, colon + 1));
		rest = slice_skip(rest, line.n + 1);
	}
	return n;
}

struct slice sim_http_field(const struct sim_http *h, const char *name)
{
	struct slice value = SLICE_EMPTY;

	find_field(h, slice_str(name), &value);
	return value;
}

size_t sim_http_count(const struct sim_http *h, const char *name)
{
	struct slice value;

	return find_field(h, slice_str(name), &value);
}

static bool read_start_line(struct sim_http *h)
{
	struct slice head = buf_slice(&h->head);
	struct slice line = slice_of(head.p, slice_find(head, '\r'));
	size_t space = slice_find(line, ' ');
	uint64_t status;

	if (!h->response) {
		struct slice rest = slice_skip(line, space + 1);
		size_t end = slice_find(rest, ' ');
		h->method = slice_of(line.p, space);
		h->target = slice_of(rest.p, end);
		return slice_eq(slice_skip(rest, end + 1), SLICE("HTTP/1.1")) || bad(h, "request line");
	}
	if (!slice_eq(slice_of(line.p, space), SLICE("HTTP/1.1")) || line.n < space + 4)
		return bad(h, "status line");
	if (!slice_u64(slice_of(line.p + space + 1, 3), &status) || (line.n > space + 4 && line.p[space + 4] != ' '))
		return bad(h, "status line");
	h->status = (int)status;
	return true;
}

/* Every line ends with CRLF, every field has a name and a colon right after it. */
static bool check_lines(struct sim_http *h)
{
	struct slice rest = buf_slice(&h->head);
	bool first = true;

	while (rest.n > 2) {
		size_t end = slice_find(rest, '\n');
		size_t colon = slice_find(slice_of(rest.p, end), ':');
		if (end == 0 || rest.p[end - 1] != '\r' || slice_find(rest, '\r') != end - 1)
			return bad(h, "a line of the head does not end with CRLF alone");
		if (!first && (colon == end || colon == 0 || rest.p[colon - 1] == ' ' || rest.p[0] == ' ' ||
			rest.p[0] == '\t'))
			return bad(h, "a field without a name");
		first = false;
		rest = slice_skip(rest, end + 1);
	}
	return true;
}

static bool read_framing(struct sim_http *h)
{
	struct slice length = SLICE_EMPTY, coding = SLICE_EMPTY;
	size_t n_length = find_field(h, SLICE("content-length"), &length);
	size_t n_coding = find_field(h, SLICE("transfer-encoding"), &coding);
	uint64_t n = 0;

	if (n_length + n_coding > 1)
		return bad(h, "two framings");
	if (n_coding && !slice_case_eq(coding, SLICE("chunked")))
		return bad(h, "unknown transfer coding");
	if (n_length && !slice_u64(length, &n))
		return bad(h, "content-length");
	h->chunked = n_coding > 0;
	h->length = n_length ? (int64_t)n : -1;
	h->left = n;
	return true;
}

static enum sim_http_at after_head(const struct sim_http *h)
{
	if (h->response && (h->no_body || h->status == 204 || h->status == 304))
		return SIM_HTTP_DONE;
	if (h->chunked)
		return SIM_HTTP_CHUNK_SIZE;
	if (h->length >= 0)
		return h->length > 0 ? SIM_HTTP_SIZED : SIM_HTTP_DONE;
	return h->response ? SIM_HTTP_UNTIL_EOF : SIM_HTTP_DONE;
}

static void end_head(struct sim_http *h)
{
	if (!check_lines(h) || !read_start_line(h) || !read_framing(h))
		return;
	if (h->response && h->status >= 100 && h->status < 200) {
		h->n_interim++;
		buf_clear(&h->head);
		return;
	}
	h->at = after_head(h);
}

/* Takes bytes up to and with the next LF into `line`.  True when it is there. */
static bool take_line(struct buf *line, struct slice bytes, size_t *used)
{
	size_t n = slice_find(bytes, '\n');

	*used = n < bytes.n ? n + 1 : bytes.n;
	if (!buf_put(line, slice_of(bytes.p, *used)))
		must_never("a line past the reader's limit");
	return n < bytes.n;
}

static size_t feed_head(struct sim_http *h, struct slice bytes)
{
	size_t used;

	if (take_line(&h->head, bytes, &used)) {
		struct slice head = buf_slice(&h->head);
		bool empty_line = head.n >= 4 && memcmp(head.p + head.n - 4, "\r\n\r\n", 4) == 0;
		if (head.n <= 2)
			bad(h, "an empty line before the message");
		else if (empty_line)
			end_head(h);
	}
	return used;
}

static void end_chunk_size(struct sim_http *h)
{
	struct slice line = buf_slice(&h->line);
	uint64_t n = 0;

	if (line.n < 3 || line.p[line.n - 2] != '\r' || line.n > 10) {
		bad(h, "chunk size line");
		return;
	}
	for (size_t i = 0; i < line.n - 2; i++) {
		char c = line.p[i];
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 :
			c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
		if (digit < 0) {
			bad(h, "chunk size digit");
			return;
		}
		n = n * 16 + (unsigned)digit;
	}
	h->left = n;
	h->at = n > 0 ? SIM_HTTP_CHUNK : SIM_HTTP_TRAILER;
	buf_clear(&h->line);
}

static void end_small_line(struct sim_http *h)
{
	bool empty = slice_eq(buf_slice(&h->line), SLICE("\r\n"));

	buf_clear(&h->line);
	if (h->at == SIM_HTTP_CHUNK_END) {
		h->at = SIM_HTTP_CHUNK_SIZE;
		if (!empty)
			bad(h, "bytes after a chunk");
	} else if (empty) {
		h->at = SIM_HTTP_DONE;
	}
}

static size_t feed_body(struct sim_http *h, struct slice bytes)
{
	size_t n = h->at == SIM_HTTP_UNTIL_EOF ? bytes.n : MIN_OF(bytes.n, h->left);

	buf_add(&h->body, slice_of(bytes.p, n));
	h->left -= h->at == SIM_HTTP_UNTIL_EOF ? 0 : n;
	if (h->left == 0 && h->at == SIM_HTTP_SIZED)
		h->at = SIM_HTTP_DONE;
	else if (h->left == 0 && h->at == SIM_HTTP_CHUNK)
		h->at = SIM_HTTP_CHUNK_END;
	return n;
}

size_t sim_http_feed(struct sim_http *h, struct slice bytes)
{
	size_t at = 0, used = 0;

	while (at < bytes.n && h->at != SIM_HTTP_DONE && h->at != SIM_HTTP_BAD) {
		struct slice rest = slice_skip(bytes, at);
		switch (h->at) {
		case SIM_HTTP_HEAD:
			used = feed_head(h, rest);
			break;
		case SIM_HTTP_SIZED:
		case SIM_HTTP_UNTIL_EOF:
		case SIM_HTTP_CHUNK:
			used = feed_body(h, rest);
			break;
		case SIM_HTTP_CHUNK_SIZE:
			if (take_line(&h->line, rest, &used))
				end_chunk_size(h);
			break;
		case SIM_HTTP_CHUNK_END:
		case SIM_HTTP_TRAILER:
			if (take_line(&h->line, rest, &used))
				end_small_line(h);
			break;
		case SIM_HTTP_DONE:
		case SIM_HTTP_BAD:
			break;
		}
		at += used;
	}
	return at;
}

bool sim_http_eof(struct sim_http *h)
{
	if (h->at == SIM_HTTP_UNTIL_EOF)
		h->at = SIM_HTTP_DONE;
	return h->at == SIM_HTTP_DONE;
}

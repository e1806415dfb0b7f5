/* HTTP/1.1 framing (RFC 9112). Pure: bytes in, pieces out. */
#include "h1.h"

#include <string.h>
#include <strings.h>

enum {
	HEAD_MAX = 65536,       /* far above what any proxy of the comparison sends */
	TRAILER_MAX = 8192,
	SIZE_DIGITS_MAX = 15,   /* hex digits that cannot overflow 64 bits */
};

void h1_reset(struct h1 *w, bool is_answer)
{
	struct pail head = w->head;
	head.len = 0;
	*w = (struct h1){.is_answer = is_answer, .head = head};
}

void h1_done(struct h1 *w)
{
	pail_done(&w->head);
}

static enum h1_got bad(struct h1 *w, const char *why)
{
	w->state = H1_BROKEN;
	w->why = why;
	return H1_BAD;
}

static bool same_word(struct bite b, const char *word)
{
	return b.len == strlen(word) && strncasecmp(b.at, word, b.len) == 0;
}

static struct bite trim(struct bite b)
{
	while (b.len && (b.at[0] == ' ' || b.at[0] == '\t'))
		b.at++, b.len--;
	while (b.len && (b.at[b.len - 1] == ' ' || b.at[b.len - 1] == '\t'))
		b.len--;
	return b;
}

static const char *take_length(struct h1 *w, struct bite v)
{
	if (v.len == 0 || v.len > 18)
		return "content-length is not a number";
	uint64_t n = 0;
	for (size_t i = 0; i < v.len; i++) {
		if (v.at[i] < '0' || v.at[i] > '9')
			return "content-length is not a number";
		n = n * 10 + (uint64_t)(v.at[i] - '0');
	}
	if (w->has_length && w->length != n)
		return "two different content-lengths";
	w->has_length = true;
	w->length = n;
	return NULL;
}

static enum h1_type type_of(struct bite v)
{
	const char *end = memchr(v.at, ';', v.len);
	struct bite main = trim((struct bite){v.at, end ? (size_t)(end - v.at) : v.len});
	if (same_word(main, "application/json"))
		return H1_TYPE_JSON;
	return same_word(main, "text/event-stream") ? H1_TYPE_SSE : H1_TYPE_OTHER;
}

/* One header line; returns what is wrong or NULL. */
static const char *take_field(struct h1 *w, struct bite line)
{
	const char *colon = memchr(line.at, ':', line.len);
	if (!colon || colon == line.at)
		return "a header line without a name";
	struct bite name = {line.at, (size_t)(colon - line.at)};
	struct bite value = trim((struct bite){colon + 1, line.len - name.len - 1});
	if (memchr(name.at, ' ', name.len) || memchr(name.at, '\t', name.len))
		return "white space in a header name";
	if (same_word(name, "content-length"))
		return take_length(w, value);
	if (same_word(name, "transfer-encoding")) {
		if (w->chunked || !same_word(value, "chunked"))
			return "a transfer-encoding other than chunked";
		w->chunked = true;
	} else if (same_word(name, "content-type")) {
		w->type = type_of(value);
	} else if (same_word(name, "connection")) {
		if (same_word(value, "close"))
			w->keep_alive = false;
		else if (same_word(value, "keep-alive"))
			w->keep_alive = true;
	} else if (same_word(name, "expect")) {
		w->expects_continue = same_word(value, "100-continue");
	}
	return NULL;
}

static const char *take_status_line(struct h1 *w, struct bite line)
{
	if (line.len < 12 || memcmp(line.at, "HTTP/1.", 7) != 0 || line.at[8] != ' ')
		return "not a status line";
	w->keep_alive = line.at[7] == '1';
	w->status = 0;
	for (size_t i = 9; i < 12; i++) {
		if (line.at[i] < '0' || line.at[i] > '9')
			return "not a status line";
		w->status = w->status * 10 + (line.at[i] - '0');
	}
	if (w->status < 100 || (line.len > 12 && line.at[12] != ' '))
		return "not a status line";
	return NULL;
}

static const char *take_request_line(struct h1 *w, struct bite line)
{
	const char *space = memchr(line.at, ' ', line.len);
	if (!space || space == line.at || (size_t)(space - line.at) >= sizeof w->method)
		return "not a request line";
	size_t method_len = (size_t)(space - line.at);
	struct bite rest = {space + 1, line.len - method_len - 1};
	const char *second = memchr(rest.at, ' ', rest.len);
	if (!second || second == rest.at || (size_t)(second - rest.at) >= sizeof w->path)
		return "not a request line";
	struct bite version = {second + 1, rest.len - (size_t)(second - rest.at) - 1};
	if (version.len != 8 || memcmp(version.at, "HTTP/1.", 7) != 0)
		return "not HTTP/1";
	memcpy(w->method, line.at, method_len);
	w->method[method_len] = 0;
	memcpy(w->path, rest.at, (size_t)(second - rest.at));
	w->path[second - rest.at] = 0;
	w->keep_alive = version.at[7] == '1';
	return NULL;
}

static const char *take_head(struct h1 *w, struct bite head)
{
	bool first = true;
	w->has_length = w->chunked = w->expects_continue = false;
	w->type = H1_TYPE_NONE;
	while (head.len > 0) {
		const char *lf = memchr(head.at, '\n', head.len);
		if (!lf || lf == head.at || lf[-1] != '\r')
			return "a line that ends with LF alone";
		struct bite line = {head.at, (size_t)(lf - head.at) - 1};
		head.len -= line.len + 2;
		head.at = lf + 1;
		if (line.len == 0)
			break;
		const char *why = !first ? take_field(w, line)
			: w->is_answer ? take_status_line(w, line) : take_request_line(w, line);
		if (why)
			return why;
		first = false;
	}
	if (first)
		return "an empty head";
	if (w->has_length && w->chunked)
		return "both content-length and chunked";
	return NULL;
}

/* Finds the end of the head in what was kept plus the input; true when take_head() may run on *out. */
static bool whole_head(struct h1 *w, struct bite *in, struct bite *out)
{
	if (w->head.len == 0) {
		const char *end = memmem(in->at, in->len, "\r\n\r\n", 4);
		if (end) {
			*out = (struct bite){in->at, (size_t)(end - in->at) + 4};
			in->at += out->len;
			in->len -= out->len;
			return true;
		}
		pail_add(&w->head, in->at, in->len);
		in->at += in->len;
		in->len = 0;
		return false;
	}
	size_t kept = w->head.len;
	size_t from = kept > 3 ? kept - 3 : 0;
	pail_add(&w->head, in->at, in->len);
	const char *end = memmem(w->head.at + from, w->head.len - from, "\r\n\r\n", 4);
	size_t head_len = end ? (size_t)(end - w->head.at) + 4 : w->head.len;
	in->at += head_len - kept;
	in->len -= head_len - kept;
	*out = (struct bite){w->head.at, head_len};
	return end != NULL;
}

static enum h1_got pull_head(struct h1 *w, struct bite *in)
{
	struct bite head;
	if (in->len == 0)
		return H1_MORE;
	if (!whole_head(w, in, &head))
		return w->head.len > HEAD_MAX ? bad(w, "the head is too long") : H1_MORE;
	const char *why = take_head(w, head);
	w->head.len = 0;
	if (why)
		return bad(w, why);
	if (w->is_answer && w->status < 200)
		return H1_MORE;       /* 1xx: the real answer follows; h1_pull() loops */
	w->state = H1_AT_BODY;
	return H1_HEAD;
}

static enum h1_got start_body(struct h1 *w)
{
	bool none = w->is_answer && (w->status == 204 || w->status == 304);
	if (none || (!w->chunked && (w->has_length ? w->length == 0 : !w->is_answer))) {
		w->state = H1_AT_HEAD;
		return H1_END;
	}
	w->left = w->has_length ? w->length : 0;
	w->digits = 0;
	w->state = w->chunked ? H1_IN_SIZE : w->has_length ? H1_IN_LENGTH : H1_IN_REST;
	return H1_MORE;
}

static enum h1_got pull_bytes(struct h1 *w, struct bite *in, struct bite *out, enum h1_state after)
{
	size_t n = in->len < w->left ? in->len : (size_t)w->left;
	*out = (struct bite){in->at, n};
	in->at += n;
	in->len -= n;
	w->left -= n;
	if (w->left == 0)
		w->state = after;
	return H1_BODY;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte of chunk framing; H1_END after the last, H1_BAD when it is wrong, else H1_MORE. */
static enum h1_got frame_byte(struct h1 *w, char c)
{
	int digit;
	switch (w->state) {
	case H1_IN_SIZE:
		digit = hex_value(c);
		if (digit >= 0 && w->digits < SIZE_DIGITS_MAX) {
			w->left = (w->digits++ ? w->left << 4 : 0) | (uint64_t)digit;
			return H1_MORE;
		}
		if (w->digits == 0 || (c != '\r' && c != ';'))
			return bad(w, "a chunk size is not a number");
		w->state = c == '\r' ? H1_IN_SIZE_LF : H1_IN_EXTENSION;
		return H1_MORE;
	case H1_IN_EXTENSION:
		if (c == '\r')
			w->state = H1_IN_SIZE_LF;
		return H1_MORE;
	case H1_IN_SIZE_LF:
		w->state = w->left ? H1_IN_CHUNK : H1_IN_TRAILER;
		w->digits = 0;
		w->trailer_bytes = 0;
		return c == '\n' ? H1_MORE : bad(w, "a chunk size without CRLF");
	case H1_IN_CHUNK_CR:
		w->state = H1_IN_CHUNK_LF;
		return c == '\r' ? H1_MORE : bad(w, "a chunk longer than its size");
	case H1_IN_CHUNK_LF:
		w->state = H1_IN_SIZE;
		return c == '\n' ? H1_MORE : bad(w, "a chunk longer than its size");
	case H1_IN_TRAILER:
		w->state = c == '\r' ? H1_IN_LAST_LF : H1_IN_TRAILER_LINE;
		return H1_MORE;
	case H1_IN_TRAILER_LINE:
		if (c == '\r')
			w->state = H1_IN_TRAILER_LF;
		return ++w->trailer_bytes > TRAILER_MAX ? bad(w, "the trailer is too long") : H1_MORE;
	case H1_IN_TRAILER_LF:
		w->state = H1_IN_TRAILER;
		return c == '\n' ? H1_MORE : bad(w, "a trailer line without CRLF");
	default:
		w->state = H1_AT_HEAD;
		return c == '\n' ? H1_END : bad(w, "the last chunk without CRLF");
	}
}

enum h1_got h1_pull(struct h1 *w, struct bite *in, struct bite *out)
{
	for (;;) {
		enum h1_got got = H1_MORE;
		if (w->state == H1_BROKEN)
			return H1_BAD;
		if (w->state == H1_AT_BODY) {
			got = start_body(w);
			if (got != H1_MORE)
				return got;
		}
		if (w->state == H1_AT_END) {
			w->state = H1_AT_HEAD;
			return H1_END;
		}
		if (in->len == 0)
			return H1_MORE;
		if (w->state == H1_AT_HEAD)
			got = pull_head(w, in);
		else if (w->state == H1_IN_LENGTH)
			return pull_bytes(w, in, out, H1_AT_END);
		else if (w->state == H1_IN_CHUNK)
			return pull_bytes(w, in, out, H1_IN_CHUNK_CR);
		else if (w->state == H1_IN_REST) {
			*out = *in;
			*in = (struct bite){in->at + in->len, 0};
			return H1_BODY;
		} else {
			got = frame_byte(w, in->at[0]);
			in->at++;
			in->len--;
		}
		if (got != H1_MORE)
			return got;
	}
}

enum h1_got h1_close(struct h1 *w)
{
	if (w->state == H1_IN_REST) {
		w->state = H1_AT_HEAD;
		return H1_END;
	}
	if (w->state == H1_AT_HEAD && w->head.len == 0)
		return H1_MORE;
	return bad(w, "closed inside a message");
}

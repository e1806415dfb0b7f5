/* Puts heads and chunks into buffers.  Owns that nothing written here can end a line or a body it did not mean to
 * end. */
#include "codec/http1_write.h"

#include "codec/http1.h"

static char *put(char *to, struct slice s)
{
	if (s.n)
		memcpy(to, s.p, s.n);
	return to + s.n;
}

void http1_write_field(struct buf *b, struct slice name, struct slice value)
{
	size_t n = name.n + 2 + value.n + 2;
	char *to = buf_room(b, n);
	must(to != NULL);
	to = put(put(to, name), SLICE(": "));
	put(put(to, value), SLICE("\r\n"));
	for (size_t i = 0; i < value.n; i++)
		if (to[i] == '\r' || to[i] == '\n' || to[i] == '\0')
			to[i] = ' ';
	buf_grew(b, n);
}

void http1_write_status(struct buf *b, int status)
{
	must(status >= 100 && status <= 999);
	buf_add(b, SLICE("HTTP/1.1 "));
	buf_add_u64(b, (uint64_t)status);
	buf_add_char(b, ' ');
	buf_add(b, slice_str(http1_reason(status)));
	buf_add(b, SLICE("\r\n"));
}

void http1_write_chunk(struct buf *b, struct slice piece)
{
	static const char hex[] = "0123456789abcdef";
	char line[18];
	size_t at = sizeof(line);

	must(piece.n > 0);	/* an empty chunk would end the body */
	line[--at] = '\n';
	line[--at] = '\r';
	for (size_t n = piece.n; n; n >>= 4)
		line[--at] = hex[n & 15];
	struct slice size = slice_of(line + at, sizeof(line) - at);
	char *to = buf_room(b, size.n + piece.n + 2);
	must(to != NULL);
	put(put(put(to, size), piece), SLICE("\r\n"));
	buf_grew(b, size.n + piece.n + 2);
}

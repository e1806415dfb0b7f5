#include "exchange/refuse.h"

#define BUSY_RETRY_MS 1000	/* what a client that was shed is told when nothing better is known */

static uint64_t pause_ms(const struct fault *f)
{
	if (f->retry_after_ms)
		return f->retry_after_ms;
	return err_row(f->err)->http == 503 ? BUSY_RETRY_MS : 0;
}

void refuse_fields(const struct fault *f, bool tried, struct buf *out)
{
	uint64_t ms = pause_ms(f);

	if (ms) {
		buf_add(out, SLICE("retry-after: "));
		buf_add_u64(out, (ms + 999) / 1000);
		buf_add(out, SLICE("\r\nretry-after-ms: "));
		buf_add_u64(out, ms);
		buf_add(out, SLICE("\r\n"));
	}
	if (tried)
		buf_add(out, SLICE("x-should-retry: false\r\n"));
}

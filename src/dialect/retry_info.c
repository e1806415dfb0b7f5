#include "dialect/retry_info.h"

#define DETAILS_READ 32u	/* Google sends three at most */
#define DELAY_MAX_MS (24 * 3600 * 1000ull)

uint64_t retry_info_ms(struct slice text)
{
	uint64_t s, ms = 0, part;

	if (text.n < 2 || text.p[text.n - 1] != 's')
		return 0;
	text.n--;
	size_t dot = slice_find(text, '.');
	struct slice fraction = slice_skip(text, dot + 1);
	if (!slice_u64(slice_of(text.p, dot), &s) || (fraction.n && !slice_u64(fraction, &part)))
		return 0;
	for (size_t i = 0; i < 3; i++)
		ms = ms * 10 + (i < fraction.n ? (uint64_t)(fraction.p[i] - '0') : 0);
	ms += fraction.n > 3;
	return s >= DELAY_MAX_MS / 1000 ? DELAY_MAX_MS : s * 1000 + ms;
}

uint64_t retry_info_find(yyjson_val *details)
{
	size_t i, n;
	yyjson_val *detail;

	yyjson_arr_foreach(details, i, n, detail) {
		uint64_t ms = retry_info_ms(json_str(detail, "retryDelay"));
		if (ms || i == DETAILS_READ)
			return ms;
	}
	return 0;
}

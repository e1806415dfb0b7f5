#include "unit.h"

#include "conf/manual.h"
#include "unit/conf/sample.h"

static void test_page(void **state)
{
	struct buf out;

	buf_init(&out, 1 << 16);
	manual_rows(&sample_model, &out);
	assert_slice(buf_slice(&out),
		"\n## Top level\n"
		"\n"
		"| key | what | range | default | changed by | meaning |\n"
		"|---|---|---|---|---|---|\n"
		"| `tiers` | a list, each item after a dash | from 1 to 4 items | required | reload | tried in turn |\n"
		"| `clocks` | a mapping of keys to values |  |  |  | time limits of one attempt |\n"
		"| `tags` | a list of texts such as [a, b] | at most 3 items | `[eu, fast]` | reload | labels |\n"
		"\n## `tiers[]`\n"
		"\n"
		"tried in turn.\n"
		"\n"
		"| key | what | range | default | changed by | meaning |\n"
		"|---|---|---|---|---|---|\n"
		"| `balance` | one of first, weighted |  | `first` | reload | which target goes first |\n"
		"| `targets` | a list, each item after a dash | from 1 to 3 items | required |"
		" reload | who may answer |\n"
		"\n## `clocks`\n"
		"\n"
		"time limits of one attempt.\n"
		"\n"
		"| key | what | range | default | changed by | meaning |\n"
		"|---|---|---|---|---|---|\n"
		"| `connect` | a time such as 250ms or 2s | from 10ms to 10m | `2s` | reload |"
		" longest time to connect |\n"
		"| `idle` | a time such as 250ms or 2s | from 10ms to 10m | `15s` | restart | longest silence |\n"
		"\n## `tiers[].targets[]`\n"
		"\n"
		"who may answer.\n"
		"\n"
		"A single value in place of the mapping is its `target`.\n"
		"\n"
		"| key | what | range | default | changed by | meaning |\n"
		"|---|---|---|---|---|---|\n"
		"| `target` | a text | from 3 to 64 bytes | required | reload | provider/model |\n"
		"| `weight` | a whole number | from 0 to 1000 | `1` | reload | share of the traffic |\n");
	buf_done(&out);
}

static void test_whole(void **state)
{
	struct buf out;

	buf_init(&out, 1 << 16);
	manual_rows(&sample, &out);
	buf_add_char(&out, '\0');
	/* a section in two places has one chapter */
	assert_non_null(strstr(out.p, "\n## `clocks`\n\ntime limits.\n\nAlso at `models.<name>.clocks`.\n\n| key"));
	assert_null(strstr(out.p, "\n## `models.<name>.clocks`"));
	assert_non_null(strstr(out.p, "| `ping` | a time such as 250ms or 2s | 0 or from 1s to 1m | `0` | reload | "));
	assert_non_null(strstr(out.p, "| `share` | a number such as 0.25 | from 0 to 1 | `0.2` |"));
	assert_non_null(strstr(out.p, "| `master` | a secret such as ${NAME} or file:/path |  | empty | restart |"));
	assert_non_null(strstr(out.p, "base URL, https \\| http |\n"));
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

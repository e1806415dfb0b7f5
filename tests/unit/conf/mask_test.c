/* A fault shows its line; the line may hold a secret, written in any of YAML's forms.  Whatever the fault, no byte of a
 * secret is shown. */
#include "unit.h"

#include "unit/conf/sample.h"

static void check(const char *text, const char *want_line)
{
	struct conf *c = sample_parse(text);
	struct buf b;

	buf_init(&b, FLAW_PRINT_MAX);
	conf_faults(c, &b);
	buf_add_char(&b, '\0');
	assert_false(conf_ok(c));
	if (strstr(b.p, "canary") || strstr(b.p, "4711"))
		fail_msg("%s\n---- shows\n%s", text, b.p);
	if (strstr(b.p, want_line) == NULL)
		fail_msg("%s\n---- gave\n%s---- without\n%s", text, b.p, want_line);
	buf_done(&b);
	conf_free(&c);
}

static void test_same_line(void **state)
{
	check("providers: {a: {key: " CANARY ", weight: 11}}\n",
		" | providers: {a: {key: ***, weight: 11}}\n"
		"      |                                   ^\n");
	check("providers: {a: {weight: 11, key: " CANARY "}}\n",
		" | providers: {a: {weight: 11, key: ***}}\n"
		"      |                         ^\n");
	check("providers: {a: {key: \"" CANARY "\", weight: 11}}\n", "{key: ***, weight: 11}}");
	check("providers: {a: {key: '" CANARY "''x', weight: 11}}\n", "{key: ***, weight: 11}}");
	check("providers: {a: {key: \"x\\\"" CANARY "\", weight: 11}}\n", "{key: ***, weight: 11}}");
	check("providers: {a: {key: \"x\\" CANARY "\\\\\", weight: 11}}\n", "escape");
	check("providers: {a: {key: \"x\\\\" CANARY "\\\\\", weight: 11}}\n", "{key: ***, weight: 11}}");
	check("providers: {a: {key: \"${NONE:-" CANARY "}\", weight: 11}}\n", "{key: ***, weight: 11}}");
	check("providers: {a: {key: $$" CANARY ", weight: 11}}\n", "{key: ***, weight: 11}}");
	check("providers: {a: {key: &k " CANARY ", weight: 11}}\n", "weight: 11}}");
	check("providers: {a: {key: !!str " CANARY ", weight: 11}}\n", "weight: 11}}");
	check("{master: &k " CANARY ", providers: {a: {key: *k, weight: 11}}}\n", "weight: 11}}");
}

/* References are no secrets: seeing them helps. */
static void test_references_are_shown(void **state)
{
	check("providers: {a: {key: \"${KEY}\", weight: 11}}\n", "{key: \"${KEY}\", weight: 11}}");
	check("providers: {a: {key: file:/run/key, weight: 11}}\n", "{key: file:/run/key, weight: 11}}");
}

static void test_many_lines(void **state)
{
	check("master: \"x\n  " CANARY "\n  y\"\nworkres: 1\n", "4 | workres: 1\n");
	check("providers: {a: {key: \"x\n  " CANARY "\", weight: 11}}\n", "2 | ***weight: 11}}\n");
	check("providers: {a: {key: \"x\n  " CANARY "\"}, b: {weight: 11}}\n", "2 | ***b: {weight: 11}}\n");
	check("master: |\n  x\n  " CANARY "\nworkres: 1\n", "2 | ***\n");
	check("master: >\n  " CANARY "\n  " CANARY "\ntls: {cert: 1}\n", "4 | tls: {cert: 1}\n");
	check("{providers: {a: {key: " CANARY "\n  y\n  z, weight: 11}}}\n", "3 | ***weight: 11}}}\n");
}

static void test_wrong_places(void **state)
{
	check("master: [" CANARY "]\n", "1 | master: [***]\n");
	check("master: {key: " CANARY "}\n", "1 | master: {key: ***}\n");
	check("providers: " CANARY "\n", "1 | providers: ***\n");
	check("providers: {a: " CANARY "}\n", "1 | providers: {a: ***}\n");
	check("providers: {a: {kee: " CANARY "}}\n", "did you mean \"key\"");
	check("keys: [1, {x: " CANARY "}]\n", "1 | keys: [1, {x: ***}]\n");
	check("providers: {a: , b: , c: , d: , e: {key: " CANARY "}, f: {kee: \"" CANARY "\"}}\n",
		"{a: , b: , c: , d: , e: {key: ***}, f: {kee: ***}}\n");
	check("tags: [a, b, c, d]\nproviders: {a: {key: " CANARY "}, b: , c: , d: , e: {key: " CANARY "}}\n",
		"{a: {key: ***}, b: , c: , d: , e: {key: ***}}");
	check(CANARY "\n", "1 | ***\n");
	check("master: <secret " CANARY ">\n", "1 | master: ***\n");
	check("master: \"" CANARY "\\x07\"\n", "1 | master: ***\n");
}

/* Where a variable holds a key that was meant for elsewhere. */
static void test_variables(void **state)
{
	check("workers: ${KEY}\n", "not what \"${KEY}\" stands for");
	check("clocks: {connect: \"${KEY}\"}\n", "not what \"${KEY}\" stands for");
	check("hold: ${KEY}\n", "not what \"${KEY}\" stands for");
	check("models: {a: {tiers: [{balance: \"${KEY}\", targets: [x/y]}]}}\n", "not what \"${KEY}\" stands for");
	check("name: ${KEY}${KEY}\n", "name wants at most 20 bytes, not 28");
	check("master: file:${KEY}\n", "cannot read \"file:${KEY}\"");
}

/* No tree to go by: what follows the name of a secret is hidden, and what looks like a key. */
static void test_broken_yaml(void **state)
{
	check("providers: {a: {key: \"" CANARY "\n", "***");
	check("providers:\n  a: {key: " CANARY ", url: 'x}\n", "***");
	check("providers: {a: {\"key\" : " CANARY " weight: 11}}}\n", "***");
	check("{weight: sk-live-canary-0123456789abc]\n", "***");
	check("master: \"\xff" CANARY "\"\n", "must be UTF-8");
	check("master: " CANARY "\nmaster: " CANARY "\n", "already on line 1");
	check("providers: {a: {key: ${NONE:-" CANARY "}}}\n", "must be in quotes: write \"${NAME}\"\n");
	check("name: monkey: 5\n", "1 | name: monkey: 5\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_line), cmocka_unit_test(test_references_are_shown),
		cmocka_unit_test(test_many_lines), cmocka_unit_test(test_wrong_places),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_broken_yaml),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

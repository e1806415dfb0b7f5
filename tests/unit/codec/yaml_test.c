#include "unit.h"

#include <unistd.h>

#include "base/buf.h"
#include "codec/yaml.h"

static struct arena arena;

static int set_up(void **state)
{
	arena_init(&arena, 0);
	return 0;
}

static int tear_down(void **state)
{
	arena_done(&arena);
	return 0;
}

/* The tree on one line: {key=value,...} [item,...]; quoted scalars in quotes. */
static void print(struct buf *b, const struct yaml *n)
{
	size_t count = 0;
	if (n->kind == YAML_SCALAR) {
		buf_addf(b, "%s%.*s%s", n->quoted ? "'" : "", SLICE_ARG(n->text), n->quoted ? "'" : "");
		assert_null(n->first);
		return;
	}
	buf_add_char(b, n->kind == YAML_MAP ? '{' : '[');
	for (const struct yaml *child = n->first; child; child = child->next) {
		buf_addf(b, count++ ? "," : "");
		if (n->kind == YAML_MAP)
			buf_addf(b, "%.*s=", SLICE_ARG(child->key));
		print(b, child);
	}
	assert_int_equal(count, n->n);
	buf_add_char(b, n->kind == YAML_MAP ? '}' : ']');
}

static struct yaml *parse(const char *text)
{
	struct yaml *root = NULL;
	struct yaml_fault fault = { 0 };
	size_t n = strlen(text);
	char *exact = malloc(n + !n);
	memcpy(exact, text, n);
	if (yaml_parse(&arena, slice_of(exact, n), &root, &fault) != ERR_OK)
		fail_msg("%s\n%u:%u: %.*s", text, fault.line, fault.column, SLICE_ARG(fault.what));
	free(exact);	/* the tree keeps nothing of it */
	return root;
}

static void check(const char *text, const char *want)
{
	struct yaml *root = parse(text);
	struct buf b;
	buf_init(&b, 1 << 20);
	if (root)
		print(&b, root);
	if (!slice_eq(buf_slice(&b), slice_str(want)))
		fail_msg("%s\n got  %.*s\n want %s", text, SLICE_ARG(buf_slice(&b)), want);
	buf_done(&b);
}

static void check_fault_n(struct slice text, unsigned line, unsigned column, const char *what)
{
	struct yaml *root = (struct yaml *)&arena;
	struct yaml_fault fault = { 0 };
	if (yaml_parse(&arena, text, &root, &fault) != ERR_BAD_CONFIG)
		fail_msg("taken: %.*s", SLICE_ARG(text));
	assert_ptr_equal(root, &arena);
	struct slice found = slice_of(memmem(fault.what.p, fault.what.n, what, strlen(what)), 1);
	if (fault.line != line || fault.column != column || found.p == NULL)
		fail_msg("%.*s\n got  %u:%u: %.*s\n want %u:%u: %s", SLICE_ARG(text), fault.line, fault.column,
			SLICE_ARG(fault.what),
			line, column, what);
}

static void check_fault(const char *text, unsigned line, unsigned column, const char *what)
{
	check_fault_n(slice_str(text), line, column, what);
}

static void test_trees(void **state)
{
	check("a: 1\nb: {c: [x, 'y'], \"d\": e}\nf:\n- g\n- h: 1\n  i: 2\n",
		"{a=1,b={c=[x,'y'],d=e},f=[g,{h=1,i=2}]}");
	check("{\"a\": {\"b\": [1, null, true]}}", "{a={b=[1,null,true]}}");
	check("a:\nb: ''\nc: []\nd: {}\n", "{a=,b='',c=[],d={}}");
	check("url: \"http://${HOST:-x}/v1\"\nkey: ${KEY}\n", "{url='http://${HOST:-x}/v1',key=${KEY}}");
	check("a: |\n  x\n  y\nb: >-\n  x\n  y\n", "{a='x\ny\n',b='x y'}");
	check("a: \"\\u00e9\\n\\\"\"\n", "{a='\xc3\xa9\n\"'}");
	check("a: b # comment\n# more\nc: 'd#e'\n", "{a=b,c='d#e'}");
	check("a: 1\r\nb: 2\r\n", "{a=1,b=2}");
	check("\xef\xbb\xbf" "a: 1\n", "{a=1}");
	check("%YAML 1.1\n---\na: yes\n...\n", "{a=yes}");
	check("just text", "just text");
	check("- 1\n- [2, [3]]\n", "[1,[2,[3]]]");
	check("? a\n: b\n", "{a=b}");
	check("\"\": x\n", "{=x}");
	check("\"<<\": x\n", "{<<=x}");
	check("a: !!str 12\n", "{a='12'}");
	check("a: '''x'''''''\n", "{a=''x''''}");
	check("k\xc3\xa9y: v\xc3\xa4l\n", "{k\xc3\xa9y=v\xc3\xa4l}");
}

static void test_nothing(void **state)
{
	static const char *const texts[] = { "", " ", "\n", "# only\n", "---\n", "---\n...\n", "\xef\xbb\xbf" };
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		assert_null(parse(texts[i]));
	assert_non_null(parse("''"));
}

static void check_places(const struct yaml *n, unsigned line, unsigned column, unsigned key_line, unsigned key_column)
{
	assert_non_null(n);
	assert_int_equal(n->line, line);
	assert_int_equal(n->column, column);
	assert_int_equal(n->key_line, key_line);
	assert_int_equal(n->key_column, key_column);
}

static void test_places(void **state)
{
	struct yaml *root = parse("a: 1\n\"b\":   'x'\nc:\n  - y\n  - {d: [1, \"e\"]}\nf:\n\xc3\xa9: \xc3\xa9\n");
	check_places(root, 1, 1, 0, 0);
	check_places(yaml_find(root, SLICE("a")), 1, 4, 1, 1);
	check_places(yaml_find(root, SLICE("b")), 2, 8, 2, 1);
	struct yaml *c = yaml_find(root, SLICE("c"));
	check_places(c, 4, 3, 3, 1);
	check_places(c->first, 4, 5, 0, 0);
	check_places(c->first->next, 5, 5, 0, 0);
	struct yaml *d = yaml_find(c->first->next, SLICE("d"));
	check_places(d, 5, 9, 5, 6);
	check_places(d->first->next, 5, 13, 0, 0);
	check_places(parse("''"), 1, 1, 0, 0);
	check_places(parse("!!str"), 1, 1, 0, 0);
	check_places(yaml_find(parse("{a: \"\"}"), SLICE("a")), 1, 5, 1, 2);
	/* An empty value has its key's place. */
	check_places(yaml_find(root, SLICE("f")), 6, 1, 6, 1);
	check_places(yaml_find(root, SLICE("\xc3\xa9")), 7, 4, 7, 1);
	assert_null(yaml_find(root, SLICE("z")));
	assert_null(yaml_find(c, SLICE("d")));
	assert_null(yaml_find(NULL, SLICE("d")));
}

/* The words and the columns are libfyaml's and differ between its versions. */
static void check_syntax_fault(const char *text, unsigned line)
{
	struct yaml *root;
	struct yaml_fault fault = { 0 };
	if (yaml_parse(&arena, slice_str(text), &root, &fault) != ERR_BAD_CONFIG)
		fail_msg("taken: %s", text);
	if (fault.line != line || fault.column == 0 || fault.what.n == 0)
		fail_msg("%s\n got  %u:%u: %.*s\n want %u", text, fault.line, fault.column, SLICE_ARG(fault.what),
			line);
}

static void test_syntax_faults(void **state)
{
	check_syntax_fault("a: [1, 2\nb: 3\n", 3);
	check_syntax_fault("\ta: 1\n", 1);
	check_syntax_fault("a: b: c\n", 1);
	check_syntax_fault("a: 1\nb: \"\\x\"\n", 2);
	check_syntax_fault("a: \"open\n", 1);
	check_syntax_fault("- 1\na: 2\n", 2);
	check_syntax_fault("a: 1\n b: 2\n", 1);
	check_syntax_fault("a: @x\n", 1);
	check_syntax_fault("a: 1\nb\n", 2);
	check_syntax_fault("a: %x\n", 1);
}

static void test_own_faults(void **state)
{
	check_fault("a: 1\nb: 2\na: 3\n", 3, 1, "the key \"a\" is already on line 1");
	check_fault("x: {a: 1, 'a': 2}\n", 1, 11, "already on line 1");
	check_fault("a: 1\n---\nb: 2\n", 2, 1, "one document");
	check_fault("? [a]\n: b\n", 1, 3, "plain text");
	check_fault("x:\n  <<: {a: 1}\n", 2, 3, "merge keys");
	check_fault(": x\n", 1, 1, "key is missing");
	check_fault("a: !!int 3\n", 1, 10, "tags");
	check_fault("a: !mine {}\n", 1, 10, "tags");
	check_fault("a: 1\nb: \xff\n", 2, 4, "UTF-8");
	check_fault("a: \x01\n", 1, 4, "control");
	check_fault("a: 1\nb: '''''''''x'", 2, 12, "quotes");
	check_fault_n(SLICE("a: 1\0b: 2\n"), 1, 5, "control");
	check_fault_n(SLICE("\xff\xfe" "a\0:\0"), 1, 1, "UTF-8");
}

static void test_aliases(void **state)
{
	check("a: &x {b: [1, 2]}\nc: *x\nd: [*x, *x]\n", "{a={b=[1,2]},c={b=[1,2]},d=[{b=[1,2]},{b=[1,2]}]}");
	check("a: &x 1\nb: &x 2\nc: *x\n", "{a=1,b=2,c=2}");
	check("a: &x k\n*x : 1\n", "{a=k,k=1}");
	struct yaml *root = parse("a: &x {b: 1}\nc: *x\n");
	check_places(yaml_find(root, SLICE("c")), 1, 7, 2, 1);
	check_fault("a: *x\n", 1, 5, "anchor &x");
	check_fault("a: &x [1, *x]\n", 1, 12, "anchor &x");
	check_fault("a: &x {b: {c: *x}}\n", 1, 16, "anchor &x");
	check_fault("a: &x [1]\n*x : 1\n", 2, 2, "plain text");
}

static void test_many_keys(void **state)
{
	struct buf b;
	buf_init(&b, 1 << 20);
	for (int i = 0; i < 5000; i++)
		buf_addf(&b, "key%d: %d\n", i, i);
	buf_add_char(&b, '\0');
	struct yaml *root = parse(b.p);
	assert_int_equal(root->n, 5000);
	assert_slice(yaml_find(root, SLICE("key4999"))->text, "4999");
	b.n--;
	buf_addf(&b, "key77: x\n");
	check_fault_n(buf_slice(&b), 5001, 1, "the key \"key77\" is already on line 78");
	buf_done(&b);
}

static void test_limits(void **state)
{
	struct buf b;
	buf_init(&b, 8 << 20);
	/* 32 levels are taken, 33 are not. */
	for (int depth = 32; depth <= 33; depth++) {
		buf_clear(&b);
		for (int i = 0; i < depth; i++)
			buf_add_char(&b, '[');
		for (int i = 0; i < depth; i++)
			buf_add_char(&b, ']');
		struct yaml *root;
		struct yaml_fault fault;
		enum err e = yaml_parse(&arena, buf_slice(&b), &root, &fault);
		assert_int_equal(e, depth == 32 ? ERR_OK : ERR_BAD_CONFIG);
	}
	check_fault_n(buf_slice(&b), 1, 33, "too deeply");
	/* An alias that would make it too deep. */
	buf_clear(&b);
	buf_addf(&b, "a: &x [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]\nb: [[[[[[[[[[[[*x]]]]]]]]]]]]\n");
	check_fault_n(buf_slice(&b), 2, 17, "too large or too deep");
	/* Billion laughs. */
	buf_clear(&b);
	buf_addf(&b, "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
	for (int i = 1; i < 10; i++) {
		buf_addf(&b, "a%d: &a%d [", i, i);
		for (int n = 0; n < 10; n++)
			buf_addf(&b, "%s*a%d", n ? ", " : "", i - 1);
		buf_addf(&b, "]\n");
	}
	struct yaml *root;
	struct yaml_fault fault;
	assert_int_equal(yaml_parse(&arena, buf_slice(&b), &root, &fault), ERR_BAD_CONFIG);
	assert_int_equal(fault.line, 5);
	assert_true(arena.used < 64 << 20);
	/* Too many values without any alias. */
	buf_clear(&b);
	for (unsigned i = 0; i <= YAML_MAX_NODES; i++)
		buf_addf(&b, "- 1\n");
	assert_int_equal(yaml_parse(&arena, buf_slice(&b), &root, &fault), ERR_BAD_CONFIG);
	assert_int_equal(fault.line, YAML_MAX_NODES);
	buf_done(&b);
}

/* libfyaml prints its own errors unless told otherwise. */
static void test_is_silent(void **state)
{
	FILE *hole = tmpfile();
	int kept = dup(STDERR_FILENO), kept_out = dup(STDOUT_FILENO);
	assert_non_null(hole);
	fflush(stdout);
	dup2(fileno(hole), STDERR_FILENO);
	dup2(fileno(hole), STDOUT_FILENO);
	struct yaml *root;
	struct yaml_fault fault;
	enum err e = yaml_parse(&arena, SLICE("a: [1, 2\nb: 3\n"), &root, &fault);
	fflush(stdout);
	dup2(kept, STDERR_FILENO);
	dup2(kept_out, STDOUT_FILENO);
	close(kept);
	close(kept_out);
	assert_int_equal(e, ERR_BAD_CONFIG);
	fseek(hole, 0, SEEK_END);
	assert_int_equal(ftell(hole), 0);
	fclose(hole);
}

static void test_lines(void **state)
{
	struct slice text = SLICE("one\r\ntwo\n\nfour");
	assert_slice(yaml_line(text, 1), "one");
	assert_slice(yaml_line(text, 2), "two");
	assert_slice(yaml_line(text, 3), "");
	assert_slice(yaml_line(text, 4), "four");
	assert_slice(yaml_line(text, 5), "");
	assert_slice(yaml_line(SLICE_EMPTY, 1), "");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_trees), TEST(test_nothing), TEST(test_places), TEST(test_syntax_faults),
		TEST(test_own_faults), TEST(test_aliases),
		TEST(test_many_keys), TEST(test_limits), TEST(test_is_silent), TEST(test_lines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

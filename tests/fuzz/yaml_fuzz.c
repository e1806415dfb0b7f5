/* A tree is within its limits, every place lies in the text, and no mapping has twins. */
#include "codec/yaml.h"
#include "fuzz.h"

static unsigned lines_of(struct slice text)
{
	unsigned lines = 1;
	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n' || text.p[i] == '\r';
	return lines;
}

static size_t check(const struct yaml *n, unsigned lines, int depth)
{
	size_t nodes = 1, children = 0;

	must(n->line >= 1 && n->line <= lines + 1 && n->column >= 1 && n->key_line <= lines + 1);
	must(depth <= 32 || n->kind == YAML_SCALAR);
	must(n->kind == YAML_SCALAR ? n->first == NULL : n->text.n == 0);
	for (const struct yaml *child = n->first; child; child = child->next) {
		children++;
		if (n->kind == YAML_MAP)
			must(child->key_line >= 1 && child->key_column >= 1 && (child->key.n > 0 || child->key.p)
				&& yaml_find(n, child->key) == child);
		nodes += check(child, lines, depth + 1);
	}
	must(children == n->n);
	return nodes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice text = slice_of(data, n);
	struct yaml *root = NULL;
	struct yaml_fault fault = { 0 };
	struct arena a;

	arena_init(&a, 0);
	enum err e = yaml_parse(&a, text, &root, &fault);
	must(e == ERR_OK || e == ERR_BAD_CONFIG);
	if (e == ERR_BAD_CONFIG) {
		must(root == NULL && fault.what.n > 0 && fault.line <= lines_of(text) + 1);
		yaml_line(text, fault.line);
	} else if (root) {
		must(check(root, lines_of(text), 1) <= YAML_MAX_NODES);
	}
	arena_done(&a);
	return 0;
}

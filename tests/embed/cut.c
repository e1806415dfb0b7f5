/* The tool under tests/embed/compare.py: texts in, what weir makes of them out.
 *
 * cut FOLDER <texts >results: a text is u32 length and bytes; a result is u32 n, n token ids, u32 dim, dim floats (the
 * point), dim floats (the sums before they were made integers); all little-endian. */
#include <stdio.h>
#include <stdlib.h>

#include "base/must.h"
#include "cache/embedders.h"
#include "cache/mapped.h"
#include "cache/static_embed.h"
#include "cache/wordpiece.h"

static void put(const void *p, size_t n)
{
	must(fwrite(p, 1, n, stdout) == n);
}

static void answer(const struct embedder *e, const struct wordpiece *words, struct slice text)
{
	uint32_t ids[WORDPIECE_TOKENS_MAX];
	const uint32_t n = wordpiece_cut(words, text, ids, WORDPIECE_TOKENS_MAX);
	float point[EMBED_DIM_MAX], sum[EMBED_DIM_MAX];
	struct embed_vec v;

	e->embed(e, text, &v);
	for (uint32_t i = 0; i < e->dim; i++)
		point[i] = (float)v.v[i] * v.scale;
	static_embed_sum(e, text, sum);
	put(&n, sizeof(n));
	put(ids, n * sizeof(*ids));
	put(&e->dim, sizeof(e->dim));
	put(point, e->dim * sizeof(*point));
	put(sum, e->dim * sizeof(*sum));
}

static int complain(const char *what, const char *why)
{
	fprintf(stderr, "cut: %s: %s\n", what, why);
	return 1;
}

int main(int argc, char **argv)
{
	static char path[4096], text[1 << 20];
	struct mapped json;
	struct arena a;
	const char *why = "usage: cut FOLDER";
	uint32_t n;

	arena_init(&a, 0);
	const struct embedder *e = argc == 2 ? embedders_open(argv[1], &why) : NULL;
	if (e == NULL)
		return complain(argc == 2 ? argv[1] : "", why);
	snprintf(path, sizeof(path), "%s/tokenizer.json", argv[1]);
	if (!mapped_open(&json, path, WORDPIECE_FILE_MAX, &why))
		return complain(path, why);
	const struct wordpiece *words = wordpiece_new(&a, json.bytes, &why);
	must(words != NULL);
	while (fread(&n, sizeof(n), 1, stdin) == 1) {
		must(n <= sizeof(text) && fread(text, 1, n, stdin) == n);
		answer(e, words, slice_of(text, n));
	}
	mapped_close(&json);
	embedders_close(&e);
	arena_done(&a);
	return 0;
}

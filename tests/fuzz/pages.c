/* Runs the blocks of golden pages through a fuzz target, one TAP line a page: the pages are its seeds.  Before each
 * block goes the byte that picks its dialect: the one its fence names, else the one its folder is called after.
 *
 *   pages FOLDER...            with the pages
 *   pages -o OUT FOLDER...     writes the blocks to files in OUT instead, for libFuzzer */
#include <dirent.h>
#include <stdio.h>

#include "dialects.h"
#include "golden/page.h"

struct seeds {
	const char *folder, *out;
	struct arena arena;
	int done;
};

static int is_page(const struct dirent *d)
{
	return strstr(d->d_name, ".md") != NULL;
}

static void write_seed(struct seeds *s, struct slice seed, const char *name, unsigned line)
{
	const char *folder = strrchr(s->folder, '/') ? strrchr(s->folder, '/') + 1 : s->folder;
	FILE *f = fopen(arena_printf(&s->arena, "%s/%s-%s-%u", s->out, folder, name, line).p, "wb");

	must(f != NULL);
	must(fwrite(seed.p, 1, seed.n, f) == seed.n);
	must(fclose(f) == 0);
}

static uint8_t dialect_of(const struct seeds *s, const struct page_block *b)
{
	struct slice words = b->words, name;
	const char *folder = strrchr(s->folder, '/') ? strrchr(s->folder, '/') + 1 : s->folder;
	const struct dialect *d = slice_next(&words, ' ', &name) ? dialect_find(name) : NULL;

	if (d == NULL)
		d = dialect_find(slice_str(folder));
	for (uint8_t i = 0; d && dialect_at(i); i++)
		if (dialect_at(i) == d)
			return i;
	return 0;
}

/* Exactly as long as it is, so that ASan sees a byte read too far. */
static void take_block(struct seeds *s, const struct page_block *b, const char *name)
{
	uint8_t *exact = malloc(b->text.n + 1);

	must(exact != NULL);
	exact[0] = dialect_of(s, b);
	if (b->text.n)
		memcpy(exact + 1, b->text.p, b->text.n);
	if (s->out)
		write_seed(s, slice_of(exact, b->text.n + 1), name, b->line);
	else
		LLVMFuzzerTestOneInput(exact, b->text.n + 1);
	free(exact);
}

static void take_page(struct seeds *s, const char *name)
{
	struct page page;

	page_read(&s->arena, arena_printf(&s->arena, "%s/%s", s->folder, name).p, &page);
	for (size_t i = 0; i < page.n_blocks; i++)
		take_block(s, &page.blocks[i], name);
	/* A failure aborts; TAP then misses the line. */
	printf("ok %d - %s\n", ++s->done, name);
	fflush(stdout);
}

static bool take_folder(struct seeds *s)
{
	struct dirent **pages;
	int n = scandir(s->folder, &pages, is_page, alphasort);

	for (int i = 0; i < n; i++) {
		take_page(s, pages[i]->d_name);
		free(pages[i]);
	}
	if (n >= 0)
		free(pages);
	return n > 0;
}

int main(int argc, char **argv)
{
	int at = argc > 2 && strcmp(argv[1], "-o") == 0 ? 3 : 1;
	struct seeds s = { .out = at == 3 ? argv[2] : NULL };
	bool ok = at < argc;

	arena_init(&s.arena, 0);
	for (; ok && at < argc; at++) {
		size_t n = strlen(argv[at]);
		if (n > 1 && argv[at][n - 1] == '/')
			argv[at][n - 1] = '\0';
		s.folder = argv[at];
		ok = take_folder(&s);
	}
	arena_done(&s.arena);
	if (ok)
		printf("1..%d\n", s.done);
	else
		printf("Bail out! no pages\n");
	return ok ? 0 : 1;
}

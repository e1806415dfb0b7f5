/* Runs the blocks of all golden pages through a fuzz target, one TAP line a page: the pages are its seeds.
 *
 *   pages FOLDER           with the pages
 *   pages FOLDER OUT       writes the blocks to files in OUT instead, for libFuzzer */
#include <dirent.h>
#include <stdio.h>

#include "fuzz.h"
#include "golden/page.h"

static int is_page(const struct dirent *d)
{
	return strstr(d->d_name, ".md") != NULL;
}

static void write_block(struct arena *a, const char *out, const struct page_block *b, const char *name)
{
	FILE *f = fopen(arena_printf(a, "%s/%s-%u", out, name, b->line).p, "wb");
	must(f != NULL);
	must(fwrite(b->text.p, 1, b->text.n, f) == b->text.n);
	must(fclose(f) == 0);
}

/* Exactly as long as it is, so that ASan sees a byte read too far. */
static void run(struct slice s)
{
	uint8_t *exact = malloc(s.n ? s.n : 1);

	must(exact != NULL);
	if (s.n)
		memcpy(exact, s.p, s.n);
	LLVMFuzzerTestOneInput(exact, s.n);
	free(exact);
}

static void take_page(const char *folder, const char *name, const char *out)
{
	struct page page;
	struct arena a;

	arena_init(&a, 0);
	page_read(&a, arena_printf(&a, "%s/%s", folder, name).p, &page);
	for (size_t i = 0; i < page.n_blocks; i++)
		if (out)
			write_block(&a, out, &page.blocks[i], name);
		else
			run(page.blocks[i].text);
	arena_done(&a);
}

int main(int argc, char **argv)
{
	struct dirent **pages;
	int n = argc == 2 || argc == 3 ? scandir(argv[1], &pages, is_page, alphasort) : -1;

	if (n <= 0) {
		printf("Bail out! no pages\n");
		return 1;
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		take_page(argv[1], pages[i]->d_name, argv[2]);
		/* A failure aborts; TAP then misses the line. */
		printf("ok %d - %s\n", i + 1, pages[i]->d_name);
		fflush(stdout);
		free(pages[i]);
	}
	free(pages);
	return 0;
}

/* Runs every file of a folder through a fuzz target, one TAP line a file: the seeds as ordinary tests. */
#include <dirent.h>
#include <stdio.h>

#include "fuzz.h"

static int is_visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void run(const char *folder, const char *name)
{
	char path[4096];
	static uint8_t data[1 << 20];

	must(snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path));
	FILE *f = fopen(path, "rb");
	must(f != NULL);
	size_t n = fread(data, 1, sizeof(data), f);
	must(n < sizeof(data) && !ferror(f));
	fclose(f);
	/* Exactly as long as it is, so that ASan sees a byte read too far. */
	uint8_t *exact = malloc(n ? n : 1);
	must(exact != NULL);
	memcpy(exact, data, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
}

int main(int argc, char **argv)
{
	struct dirent **files;
	int n = argc == 2 ? scandir(argv[1], &files, is_visible, alphasort) : -1;

	if (n <= 0) {
		printf("Bail out! no seeds\n");
		return 1;
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		run(argv[1], files[i]->d_name);
		/* A failure aborts; TAP then misses the line. */
		printf("ok %d - %s\n", i + 1, files[i]->d_name);
		fflush(stdout);
		free(files[i]);
	}
	free(files);
	return 0;
}

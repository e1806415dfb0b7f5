#include "conf/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char *process_env(void *arg, const char *name)
{
	return getenv(name);
}

/* Reads up to `max` + 1 bytes, so a file that is too large is told from one that just fits. */
static const char *read_all(FILE *f, struct arena *a, size_t max, struct slice *out)
{
	const char *why = NULL;
	char *p = malloc(max + 1);

	must(p != NULL);
	size_t n = fread(p, 1, max + 1, f);
	if (ferror(f))
		why = strerror(errno);
	else if (n > max)
		why = "the file is too large";
	else
		*out = arena_copy(a, slice_of(p, n));
	explicit_bzero(p, n);	/* it may be a key */
	free(p);
	return why;
}

static bool process_file(void *arg, struct arena *a, const char *path, size_t max, struct slice *out,
	const char **out_why)
{
	FILE *f = fopen(path, "re");

	if (f == NULL) {
		*out_why = strerror(errno);
		return false;
	}
	/* No copy of a secret stays behind in a stdio buffer. */
	setvbuf(f, NULL, _IONBF, 0);
	*out_why = read_all(f, a, max, out);
	fclose(f);
	return *out_why == NULL;
}

const struct source source_process = { .env = process_env, .file = process_file };

const char *source_beside(struct arena *a, const char *beside, struct slice path)
{
	const char *slash = strrchr(beside, '/');

	if (slice_starts(path, SLICE("/")) || slash == NULL)
		return arena_copy(a, path).p;
	return arena_printf(a, "%.*s/%.*s", (int)(slash - beside), beside, SLICE_ARG(path)).p;
}

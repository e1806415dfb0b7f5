/* The world outside the configuration text: environment variables and files.  The only room of this floor that reads
 * either; tests and fuzzers hand in their own.  Must not know: YAML, rows, what the bytes mean. */
#ifndef CONF_SOURCE_H
#define CONF_SOURCE_H

#include "base/arena.h"

#define SOURCE_FILE_MAX (1u << 20)	/* largest configuration file */

struct source {
	/* The variable's value, borrowed, or NULL when it is not set.  NULL function: nothing is set. */
	const char *(*env)(void *arg, const char *name);
	/* The whole file in the arena, a NUL after it; false with the reason in *out_why.  NULL function: no files. */
	bool (*file)(void *arg, struct arena *a, const char *path, size_t max, struct slice *out,
		const char **out_why);
	void *arg;
	/* Take `<secret 3f2a>`, which show_conf prints, as a secret's value.  For checking such a print, never for
	 * running: without it the fingerprint is refused with a sentence, not sent to a provider. */
	bool takes_fingerprints;
};

/* getenv and fopen. */
extern const struct source source_process;

/* `path` as it is when absolute, else beside the file `beside`. */
const char *source_beside(struct arena *a, const char *beside, struct slice path);

#endif

/* `weir train`: from questions of one's own (questions.h) to a model for the built-in embedder (cache/grams.h). */
#ifndef APP_TRAIN_H
#define APP_TRAIN_H

#include <stdbool.h>
#include <stddef.h>

#define TRAIN_EPOCHS 6u

struct train_report {
	size_t texts, pairs, held_out;
	/* Average precision over the held-out pairs, by cosine: of the built-in embedder, and of the file written.
	 * 0 when none were held out, or all were of one kind. */
	double builtin, trained;
	char version[17];
};

/* Reads `in`, writes `out` (beside it first, then by rename: a running weir keeps its old one).  Prints its progress to
 * stderr when `is_talking`.  False with a sentence in `why`. */
bool train_file(const char *in, const char *out, bool is_talking, struct train_report *out_report, char *why,
	size_t why_cap);

#endif

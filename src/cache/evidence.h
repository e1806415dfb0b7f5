/* Evidence: whether an entry of the semantic cache may answer a question that is only similar to its own.  Each entry
 * has learned, at which similarity its answer was the right one (labels); a monotone Beta model turns that into a risk,
 * and a budget keeps the sum of all risks taken below the allowed share of wrong hits (algorithms.md A6).
 *
 * Monotone: a right label at a lower similarity also speaks for this one, a wrong label at a higher similarity also
 * speaks against it.  Pure: no clock, no dice. */
#ifndef CACHE_EVIDENCE_H
#define CACHE_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#define EVIDENCE_BINS 16u	/* over cosine [0.5, 1] */
#define EVIDENCE_K 3.0		/* weight of the prior, in labels */
#define EVIDENCE_Z 0.7		/* deviations below the mean: how careful */
#define EVIDENCE_AMENDS 3u	/* right labels that make up for a wrong one */
#define EVIDENCE_HEAD 20.0	/* hits granted to the budget before the first one */

/* Of one entry. */
struct evidence {
	uint16_t pos[EVIDENCE_BINS], neg[EVIDENCE_BINS];
	uint32_t author;	/* tag of who asked first */
	uint32_t voices[2];	/* tags of the first two others whose labels were right; 0: none yet */
	uint16_t amends;	/* right labels still owed since the last wrong one: not served until 0 */
};

/* Of all entries of one model and embedder. */
struct evidence_book {
	double pos[EVIDENCE_BINS], all[EVIDENCE_BINS];	/* labels: the prior */
	double risk;		/* sum of the risks taken */
	uint64_t hits;
};

enum evidence_verdict {
	EVIDENCE_SERVE,
	EVIDENCE_UNSURE,	/* too much risk */
	EVIDENCE_BUDGET,	/* the budget is spent */
	EVIDENCE_AMENDING,	/* it was wrong */
	EVIDENCE_ALONE,		/* only one asker speaks for it: served to that one alone */
};

/* Below 0.5: 0. */
unsigned evidence_bin(float cosine);
/* Upper estimate of the probability that the answer is wrong, 0 to 1. */
double evidence_risk(const struct evidence *e, const struct evidence_book *b, unsigned bin);
/* `error`: allowed share of wrong hits.  `asker`: tag of who asks, not 0.  *out_risk: what evidence_serve is told. */
enum evidence_verdict evidence_judge(const struct evidence *e, const struct evidence_book *b, unsigned bin,
	double error, uint32_t asker, double *out_risk);
/* A hit was served at this risk. */
void evidence_serve(struct evidence_book *b, double risk);
/* A label: whether the entry's answer was right for a question so near. */
void evidence_note(struct evidence *e, struct evidence_book *b, unsigned bin, bool right, uint32_t asker);

#endif

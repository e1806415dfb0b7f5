#include "cache/evidence.h"

#include <math.h>

#include "base/must.h"

#define PRIOR_LABELS 20.0	/* labels of a bin before its own rate counts fully */
#define PRIOR_START 0.5
#define BOOK_MAX 5000.0		/* labels of a bin after which old ones fade: the embedder's users change */
#define RISK_FACTOR 4.0		/* most risk of one hit, in allowed shares */

unsigned evidence_bin(float cosine)
{
	int bin = (int)((cosine - 0.5f) * 2.0f * (float)EVIDENCE_BINS);

	return bin < 0 ? 0 : MIN_OF((unsigned)bin, EVIDENCE_BINS - 1);
}

/* The share of right labels that the whole book has at this similarity, kept near a coin's while there are few. */
static double prior(const struct evidence_book *b, unsigned bin)
{
	return (b->pos[bin] + PRIOR_START * PRIOR_LABELS) / (b->all[bin] + PRIOR_LABELS);
}

double evidence_risk(const struct evidence *e, const struct evidence_book *b, unsigned bin)
{
	double g = prior(b, bin), a = EVIDENCE_K * g, n = EVIDENCE_K * (1 - g);

	must(bin < EVIDENCE_BINS);
	for (unsigned i = 0; i <= bin; i++)
		a += e->pos[i];
	for (unsigned i = bin; i < EVIDENCE_BINS; i++)
		n += e->neg[i];
	double mean = a / (a + n), sd = sqrt(mean * (1 - mean) / (a + n + 1));
	double risk = 1 - (mean - EVIDENCE_Z * sd);
	return risk > 1 ? 1 : risk;
}

/* Labels of two askers, or none but of the one who asks: what one asker says cannot be fed to another. */
static bool is_open_to(const struct evidence *e, uint32_t asker)
{
	if (e->voices[0] && e->voices[1])
		return true;
	return e->author == asker && (e->voices[0] == 0 || e->voices[0] == asker);
}

enum evidence_verdict evidence_judge(const struct evidence *e, const struct evidence_book *b, unsigned bin,
	double error, uint32_t asker, double *out_risk)
{
	double risk = evidence_risk(e, b, bin);

	*out_risk = risk;
	if (e->amends)
		return EVIDENCE_AMENDING;
	if (risk > RISK_FACTOR * error)
		return EVIDENCE_UNSURE;
	if (!is_open_to(e, asker))
		return EVIDENCE_ALONE;
	return b->risk + risk > error * ((double)b->hits + EVIDENCE_HEAD) ? EVIDENCE_BUDGET : EVIDENCE_SERVE;
}

void evidence_serve(struct evidence_book *b, double risk)
{
	b->hits++;
	b->risk += risk;
}

static void note_voice(struct evidence *e, uint32_t asker)
{
	if (e->voices[0] == 0)
		e->voices[0] = asker;
	else if (e->voices[1] == 0 && e->voices[0] != asker)
		e->voices[1] = asker;
}

static void note_book(struct evidence_book *b, unsigned bin, bool right)
{
	if (b->all[bin] >= BOOK_MAX) {
		b->all[bin] /= 2;
		b->pos[bin] /= 2;
	}
	b->all[bin] += 1;
	b->pos[bin] += right;
}

void evidence_note(struct evidence *e, struct evidence_book *b, unsigned bin, bool right, uint32_t asker)
{
	uint16_t *count = right ? &e->pos[bin] : &e->neg[bin];

	must(bin < EVIDENCE_BINS);
	*count += *count < UINT16_MAX;
	if (!right)
		e->amends = EVIDENCE_AMENDS;
	else if (e->amends)
		e->amends--;
	if (right)
		note_voice(e, asker);
	note_book(b, bin, right);
}

#include "app/train.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/questions.h"
#include "cache/grams.h"
#include "cache/teach.h"

#define PATH_BYTES 4096

/* --- how good an embedder is ----------------------------------------------------------------------------- */

struct judged {
	float cosine;
	bool same;
};

static int nearest_first(const void *a, const void *b)
{
	const struct judged *x = a, *y = b;

	return (x->cosine < y->cosine) - (x->cosine > y->cosine);
}

/* The mean, over the pairs that ask the same, of the precision at their rank. */
static double mean_precision(struct judged *j, size_t n)
{
	size_t same = 0;
	double sum = 0;

	qsort(j, n, sizeof(*j), nearest_first);
	for (size_t i = 0; i < n; i++)
		if (j[i].same)
			sum += (double)++same / (double)(i + 1);
	return same > 0 && same < n ? sum / (double)same : 0;
}

static double measure(const struct embedder *e, const struct teach_pair *pairs, size_t n)
{
	struct judged *j = calloc(n + 1, sizeof(*j));
	struct embed_vec a, b;

	must(j != NULL);
	for (size_t i = 0; i < n; i++) {
		e->embed(e, pairs[i].a, &a);
		e->embed(e, pairs[i].b, &b);
		j[i] = (struct judged){ embed_cosine(&a, &b, e->dim), pairs[i].same };
	}
	const double precision = mean_precision(j, n);
	free(j);
	return precision;
}

/* --- the file -------------------------------------------------------------------------------------------- */

static bool write_to(FILE *f, const struct grams_head *head, const uint16_t *gains, const int8_t *rows)
{
	bool ok = fwrite(head, sizeof(*head), 1, f) == 1 && fwrite(gains, sizeof(*gains), TEACH_ROWS, f) == TEACH_ROWS
		&& fwrite(rows, TEACH_DIM, TEACH_ROWS, f) == TEACH_ROWS && fflush(f) == 0 && fsync(fileno(f)) == 0;

	return (fclose(f) == 0) && ok;
}

static bool write_model(const struct teach *t, const char *path)
{
	uint16_t *gains = malloc(TEACH_ROWS * sizeof(*gains));
	int8_t *rows = malloc((size_t)TEACH_ROWS * TEACH_DIM);
	FILE *f = fopen(path, "wbe");

	must(gains != NULL && rows != NULL);
	teach_export(t, gains, rows);
	const struct grams_head head = grams_head(gains, rows, TEACH_ROWS, TEACH_DIM);
	bool ok = f != NULL && write_to(f, &head, gains, rows);
	free(gains);
	free(rows);
	return ok;
}

/* --- the whole ------------------------------------------------------------------------------------------- */

static struct teach *learn(const struct questions *q, bool is_talking)
{
	struct teach *t = teach_new();

	for (size_t i = 0; i < q->n_texts; i++)
		teach_count(t, q->texts[i]);
	teach_begin(t);
	for (unsigned i = 0; q->n_train && i < TRAIN_EPOCHS; i++) {
		const double loss = teach_epoch(t, q->pairs, q->n_train);
		if (is_talking)
			fprintf(stderr, "weir: epoch %u of %u: loss %.4f\n", i + 1, TRAIN_EPOCHS, loss);
	}
	return t;
}

static bool judge(const struct questions *q, const char *path, struct train_report *out, const char **out_why)
{
	const struct teach_pair *held = q->pairs + q->n_train;
	struct embedder *e = grams_open(path, out_why);

	if (e == NULL)
		return false;
	*out = (struct train_report){ .texts = q->n_texts, .pairs = q->n_pairs, .held_out = q->n_pairs - q->n_train };
	out->builtin = measure(grams_builtin(), held, out->held_out);
	out->trained = measure(e, held, out->held_out);
	memcpy(out->version, e->version, sizeof(out->version));
	e->close(e);
	return true;
}

static bool train(const struct questions *q, const char *out, bool is_talking, struct train_report *report, char *why,
	size_t why_cap)
{
	char beside[PATH_BYTES];
	const char *reason = NULL;

	if (snprintf(beside, sizeof(beside), "%s.new", out) >= (int)sizeof(beside)) {
		snprintf(why, why_cap, "%s: the path is too long", out);
		return false;
	}
	struct teach *t = learn(q, is_talking);
	if (!write_model(t, beside))
		reason = strerror(errno);
	teach_free(&t);
	if (reason == NULL && judge(q, beside, report, &reason) && rename(beside, out) != 0)
		reason = strerror(errno);
	if (reason == NULL)
		return true;
	unlink(beside);
	snprintf(why, why_cap, "%s: cannot be written: %s", out, reason);
	return false;
}

bool train_file(const char *in, const char *out, bool is_talking, struct train_report *out_report, char *why,
	size_t why_cap)
{
	struct questions q;
	bool ok = questions_read(&q, in);

	if (ok)
		ok = train(&q, out, is_talking, out_report, why, why_cap);
	else
		snprintf(why, why_cap, "%s: %s", in, q.why);
	questions_done(&q);
	return ok;
}

/* What the parts of the semantic cache cost, and what training gains: the scan of the flat index by each set of vector
 * instructions, and one embedding by each embedder; and what it costs to send a prompt to where its beginning is warm.
 * Links weir's own floors, as translate does.
 *
 * near [--rounds N] [--quick] [--prefix | EMBEDDER...]
 *                          --prefix: only that; EMBEDDER: a file of `weir train`, a model2vec folder */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/dice.h"
#include "base/must.h"
#include "cache/embedders.h"
#include "cache/flat.h"
#include "cache/lanes.h"
#include "route/affinity.h"

enum { ROUNDS_MAX = 1000, QUESTIONS = 512, WORDS = 16 };

static int rounds = 31, repeats = 20;

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int upwards(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The value that `share` of them do not pass. */
static double quantile(double *values, size_t n, double share)
{
	qsort(values, n, sizeof(*values), upwards);
	return values[(size_t)((double)(n - 1) * share)];
}

static void print_cost(double *values)
{
	printf(" %.1f (%.1f) |", quantile(values, (size_t)rounds, 0.5), quantile(values, (size_t)rounds, 0));
}

/* --- the flat index -------------------------------------------------------------------------------------- */

static struct embed_vec random_vec(struct dice *d, uint32_t dim)
{
	float x[EMBED_DIM_MAX];
	struct embed_vec v;

	for (uint32_t i = 0; i < dim; i++)
		x[i] = (float)dice_below(d, 2001) - 1000;
	embed_pack(x, dim, &v);
	return v;
}

static struct flat *fill(struct dice *d, uint32_t dim, uint32_t rows)
{
	struct flat *f = flat_new(dim, rows);
	uint64_t evicted;

	for (uint64_t i = 0; i < rows; i++) {
		const struct embed_vec v = random_vec(d, dim);
		flat_put(f, i + 1, 7, &v, &evicted);
	}
	return f;
}

static void print_scan(struct flat *f, const struct embed_vec *q, uint64_t sign)
{
	double us[ROUNDS_MAX];
	struct flat_near near[4];

	for (int r = 0; r < rounds; r++) {
		const double began = now_us();
		for (int i = 0; i < repeats; i++)
			flat_find(f, sign, q, 0.8f, near, 4);
		us[r] = (now_us() - began) / repeats;
	}
	print_cost(us);
}

static void print_scans(void)
{
	static const struct { uint32_t rows, dim; } sizes[] = { { 1000, 256 }, { 10000, 128 }, { 10000, 256 },
		{ 16384, 256 } };
	struct dice d;

	dice_init(&d, 1);
	printf("CPU microseconds of one scan, median of %d rounds (the best)\n\n| rows x dimension |", rounds);
	for (size_t l = 0; lanes_at(l); l++)
		printf(" %s |", lanes_at(l)->name);
	printf(" other signature |\n|---|");
	for (size_t l = 0; lanes_at(l); l++)
		printf("--:|");
	printf("--:|\n");
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct flat *f = fill(&d, sizes[i].dim, sizes[i].rows);
		const struct embed_vec q = random_vec(&d, sizes[i].dim);
		printf("| %u x %u |", sizes[i].rows, sizes[i].dim);
		for (size_t l = 0; lanes_at(l); l++) {
			flat_use(f, lanes_at(l));
			print_scan(f, &q, 7);
		}
		print_scan(f, &q, 8);
		printf("\n");
		flat_free(&f);
	}
	printf("\n");
}

/* --- embedders ------------------------------------------------------------------------------------------- */

/* Questions of 16 words, as long as English words are, each word from a vocabulary of its own. */
static struct slice make_question(struct dice *d, char *text, size_t cap)
{
	static const char *const words[] = { "how", "do", "I", "change", "the", "delivery", "address", "of", "my",
		"order", "when", "it", "has", "already", "been", "shipped", "what", "is", "capital", "number",
		"invoice",
		"password", "reset", "account", "for", "a", "second", "time", "without", "losing", "data", "please" };
	size_t n = 0;

	for (int i = 0; i < WORDS; i++)
		n += (size_t)snprintf(text + n, cap - n, i ? " %s" : "%s", words[dice_below(d, COUNT_OF(words))]);
	text[0] = (char)(text[0] & ~0x20);
	return slice_of(text, n);
}

/* Each question once a round, timed alone: the best half of the rounds is what an idle machine would show. */
static void print_embedder(const struct embedder *e)
{
	static char texts[QUESTIONS][400];
	static double once[QUESTIONS], best[QUESTIONS];
	struct slice questions[QUESTIONS];
	double all[ROUNDS_MAX];
	struct embed_vec v;
	struct dice d;

	dice_init(&d, 2);
	for (int i = 0; i < QUESTIONS; i++) {
		questions[i] = make_question(&d, texts[i], sizeof(texts[i]));
		best[i] = 1e9;
	}
	for (int r = 0; r < rounds; r++) {
		all[r] = 0;
		for (int i = 0; i < QUESTIONS; i++) {
			const double began = now_us();
			e->embed(e, questions[i], &v);
			once[i] = now_us() - began;
			best[i] = MIN_OF(best[i], once[i]);
			all[r] += once[i] / QUESTIONS;
		}
	}
	const double median = quantile(all, (size_t)rounds, 0.5);
	printf("| %s %s, %u | %.2f | %.2f | %.2f |\n", e->id, e->version, e->dim, median,
		quantile(best, QUESTIONS, 0.99), quantile(once, QUESTIONS, 0.99));
}

static int print_embedders(char **paths, int n)
{
	printf("CPU microseconds of one embedding of %d words (the clock's own cost, some 0.2, is in it)\n\n"
		"| embedder, dimension | mean, median round | p99, each question's best | p99, last round |\n"
		"|---|--:|--:|--:|\n", WORDS);
	print_embedder(embedders_open("", NULL));
	for (int i = 0; i < n; i++) {
		const char *why = "";
		const struct embedder *e = embedders_open(paths[i], &why);
		if (e == NULL) {
			fprintf(stderr, "near: %s: %s\n", paths[i], why);
			return 1;
		}
		print_embedder(e);
		embedders_close(&e);
	}
	return 0;
}

/* --- prefix homes ---------------------------------------------------------------------------------------- */

enum { FLEET = 8, SYSTEM = 6000, CHAINS_MAX = 32 };

static struct {
	struct affinity table;
	struct health health[FLEET];
	struct target targets[FLEET];
	struct dice dice;
	struct arena arena;
	uint64_t salt;
	struct chain chains[CHAINS_MAX];
} fleet;

static void open_fleet(void)
{
	static const char *const names[FLEET] = { "t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7" };
	static const struct provider provider = { .n_keys = 0 };

	affinity_init(&fleet.table, 4 << 20);
	dice_init(&fleet.dice, 3);
	arena_init(&fleet.arena, 16 << 20);
	for (int i = 0; i < FLEET; i++) {
		fleet.health[i].name = slice_str(names[i]);
		fleet.targets[i] = (struct target){ .health = &fleet.health[i], .provider = &provider };
	}
}

/* Lines of 80 letters, some with a quotation, as JSON has them. */
static void add_lines(struct buf *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i % 80 == 79)
			buf_add(b, SLICE("\\n"));
		else if (i % 400 == 7)
			buf_add(b, SLICE("\\\""));
		else
			buf_add_char(b, dice_below(&fleet.dice, 6) ? (char)('a' + dice_below(&fleet.dice, 26)) : ' ');
	}
}

/* A system text and so many messages that it has `bytes`. */
static void write_prompt(struct buf *b, size_t bytes, size_t messages)
{
	buf_init(b, 1 << 20);
	buf_add(b, SLICE("{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\""));
	add_lines(b, SYSTEM);
	for (size_t i = 0; i < messages; i++) {
		buf_addf(b, "\"},{\"role\":\"%s\",\"content\":\"", i % 2 ? "assistant" : "user");
		add_lines(b, (bytes - SYSTEM) / messages);
	}
	buf_add(b, SLICE("\"}]}"));
}

/* As plan.c and exchange/homes.c do it. */
static void decide(const struct chain *c)
{
	const struct target *v[FLEET];
	uint64_t now_ns = 1000 * (uint64_t)1000000000, ask[AFFINITY_MARKS];

	for (int i = 0; i < FLEET; i++)
		v[i] = &fleet.targets[i];
	affinity_unknown(&fleet.table, c, now_ns, ask);
	affinity_order(&fleet.table, c, v, FLEET, now_ns, &fleet.dice);
	affinity_known(&fleet.table, c, v[0], NULL, now_ns);
	affinity_learn(&fleet.table, c, v[0], NULL, now_ns);
}

struct prefix_cost {
	double chain[ROUNDS_MAX], known[ROUNDS_MAX], fresh[ROUNDS_MAX];
};

static void time_prefix(struct slice body, struct prefix_cost *out)
{
	const int n = MIN_OF(repeats, CHAINS_MAX);

	for (int r = 0; r < rounds; r++) {
		double began = now_us();
		for (int i = 0; i < n; i++) {
			arena_reset(&fleet.arena, 1 << 20);
			chain_make(&fleet.chains[i], &fleet.arena, body, ++fleet.salt);
		}
		out->chain[r] = (now_us() - began) / n;
		began = now_us();
		for (int i = 0; i < n; i++)
			decide(&fleet.chains[i]);
		out->fresh[r] = (now_us() - began) / n;
		began = now_us();
		for (int i = 0; i < n; i++)
			decide(&fleet.chains[i]);
		out->known[r] = (now_us() - began) / n;
	}
}

/* A table that has been in use for long is full. */
static void fill_table(void)
{
	struct chain *c = &fleet.chains[0];
	struct buf b;

	write_prompt(&b, 64 << 10, 1);
	for (size_t n = 0; n < 2 * fleet.table.n_slots; n += c->n) {
		arena_reset(&fleet.arena, 1 << 20);
		chain_make(c, &fleet.arena, buf_slice(&b), ++fleet.salt);
		decide(c);
	}
	buf_done(&b);
}

static int print_prefixes(void)
{
	static const struct { size_t bytes, messages; } prompts[] = { { 8 << 10, 2 }, { 64 << 10, 1 }, { 64 << 10, 20 },
		{ 64 << 10, 120 } };
	static struct prefix_cost cost;

	open_fleet();
	fill_table();
	printf("CPU microseconds, median of %d rounds (the best); a decision is between %d targets\n\n"
		"| prompt | hashes | decision, prompt seen before | decision, new prompt |\n"
		"|---|--:|--:|--:|\n", rounds,
		FLEET);
	for (size_t i = 0; i < COUNT_OF(prompts); i++) {
		struct buf b;
		write_prompt(&b, prompts[i].bytes, prompts[i].messages);
		time_prefix(buf_slice(&b), &cost);
		printf("| %zu KiB, messages: %zu |", prompts[i].bytes >> 10, prompts[i].messages);
		print_cost(cost.chain);
		print_cost(cost.known);
		print_cost(cost.fresh);
		printf("\n");
		buf_done(&b);
	}
	arena_done(&fleet.arena);
	affinity_done(&fleet.table);
	return 0;
}

static int bounded(long n)
{
	return (int)MIN_OF(MAX_OF(n, 1), (long)ROUNDS_MAX);
}

int main(int argc, char **argv)
{
	bool prefix = false;
	int i = 1;

	for (; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--quick") == 0)
			rounds = repeats = 1;
		else if (strcmp(argv[i], "--prefix") == 0)
			prefix = true;
		else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
			rounds = bounded(strtol(argv[++i], NULL, 10));
		else {
			fprintf(stderr, "usage: near [--rounds N] [--quick] [--prefix | EMBEDDER...]\n");
			return 2;
		}
	}
	if (prefix)
		return print_prefixes();
	print_scans();
	return print_embedders(argv + i, argc - i);
}

#include "cache/static_embed.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "cache/mapped.h"
#include "cache/wordpiece.h"
#include "codec/safetensors.h"
#include "codec/sha256.h"

#define FILE_MAX ((size_t)2 << 30)
#define CONFIG_MAX ((size_t)1 << 20)
#define PATH_BYTES 4096
#define WHY_BYTES 160

struct static_embed {
	struct embedder embedder;
	struct arena arena;
	struct mapped model;
	struct wordpiece *words;
	struct safetensors_tensor table, weights, mapping;	/* the latter two perhaps of rank 0: absent */
	uint32_t width;			/* of a row, as in the file */
	uint32_t tokens_max, chars_max;
};

/* --- a text ---------------------------------------------------------------------------------------------- */

#define BLOCK 8u	/* divides every dimension */

/* Vectors of the compiler (gcc, clang), for what they make of the loops instead depends on its mood. */
typedef float floats __attribute__((vector_size(BLOCK * sizeof(float))));
typedef uint32_t words __attribute__((vector_size(BLOCK * sizeof(uint32_t))));
typedef uint16_t halves __attribute__((vector_size(BLOCK * sizeof(uint16_t))));
typedef uint8_t bytes __attribute__((vector_size(BLOCK)));

/* BLOCK components of a row, which has no alignment. */
typedef void load(const char *row, floats *x);

static inline void load_f32(const char *row, floats *x)
{
	memcpy(x, row, sizeof(*x));
}

/* IEEE 754 half: the exponent's bias differs by 112.  Infinite and NaN come out finite: a model has none. */
static inline void load_f16(const char *row, floats *x)
{
	halves h;

	memcpy(&h, row, sizeof(h));
	const words wide = __builtin_convertvector(h, words);
	const words bits = (wide & 0x7fff) << 13 | (wide & 0x8000) << 16;
	memcpy(x, &bits, sizeof(*x));
	*x *= 0x1p112f;
}

/* The byte + 128 as the last bits of 2^23: baseline x86-64 has no instruction from bytes to floats. */
static inline void load_i8(const char *row, floats *x)
{
	bytes b;

	memcpy(&b, row, sizeof(b));
	const words bits = __builtin_convertvector(__builtin_convertvector(b ^ 0x80, halves), words) | 0x4b000000u;
	memcpy(x, &bits, sizeof(*x));
	*x -= 0x1p23f + 128;
}

static inline __attribute__((always_inline)) void add_block(float *sum, const char *row, float weight, load *from)
{
	floats x, sums;

	from(row, &x);
	memcpy(&sums, sum, sizeof(sums));
	sums += weight * x;
	memcpy(sum, &sums, sizeof(sums));
}

/* `sum` has room for whole blocks. */
static inline __attribute__((always_inline)) void add_row(float *sum, const char *row, size_t n, size_t size,
	float weight, load *from)
{
	char tail[BLOCK * sizeof(float)] = { 0 };
	size_t j = 0;

	for (; j + BLOCK <= n; j += BLOCK)
		add_block(sum + j, row + j * size, weight, from);
	if (j == n)
		return;
	memcpy(tail, row + j * size, (n - j) * size);
	add_block(sum + j, tail, weight, from);
}

static size_t row_of(const struct static_embed *s, uint32_t id)
{
	int32_t narrow;
	int64_t wide;

	if (s->mapping.rank == 0)
		return id;
	if (s->mapping.type == SAFETENSORS_I64) {
		memcpy(&wide, s->mapping.data.p + id * sizeof(wide), sizeof(wide));
		return (size_t)wide;
	}
	memcpy(&narrow, s->mapping.data.p + id * sizeof(narrow), sizeof(narrow));
	return (size_t)narrow;
}

static float weight_of(const struct static_embed *s, uint32_t id)
{
	double wide;
	float narrow;

	if (s->weights.rank == 0)
		return 1;
	if (s->weights.type == SAFETENSORS_F32) {
		memcpy(&narrow, s->weights.data.p + id * sizeof(narrow), sizeof(narrow));
		return narrow;
	}
	memcpy(&wide, s->weights.data.p + id * sizeof(wide), sizeof(wide));
	return (float)wide;
}

static const char *row_bytes(const struct static_embed *s, uint32_t id)
{
	return s->table.data.p + row_of(s, id) * (s->table.data.n / s->table.shape[0]);
}

static void add_token(const struct static_embed *s, uint32_t id, float *sum)
{
	const char *row = row_bytes(s, id);
	const float weight = weight_of(s, id);

	if (s->table.type == SAFETENSORS_F32)
		add_row(sum, row, s->width, 4, weight, load_f32);
	else if (s->table.type == SAFETENSORS_F16)
		add_row(sum, row, s->width, 2, weight, load_f16);
	else
		add_row(sum, row, s->width, 1, weight, load_i8);
}

/* At most `n` characters of valid text; model2vec cuts so before it looks at tokens. */
static struct slice first_characters(struct slice text, uint32_t n)
{
	size_t at = 0;

	if (text.n <= n)
		return text;
	for (; at < text.n; at++)
		if ((text.p[at] & 0xc0) != 0x80 && n-- == 0)
			break;
	return slice_of(text.p, at);
}

uint32_t static_embed_sum(const struct embedder *e, struct slice text, float *out)
{
	const struct static_embed *s = CONTAINER(e, struct static_embed, embedder);
	uint32_t ids[WORDPIECE_TOKENS_MAX], used = 0;
	const uint32_t n = wordpiece_cut(s->words, first_characters(text, s->chars_max), ids, s->tokens_max);

	memset(out, 0, e->dim * sizeof(*out));
	for (uint32_t i = 0; i < n; i++)
		__builtin_prefetch(row_bytes(s, ids[i]));
	for (uint32_t i = 0; i < n; i++) {
		if (ids[i] == wordpiece_unknown(s->words))
			continue;
		add_token(s, ids[i], out);
		used++;
	}
	return used;
}

static void static_embed(const struct embedder *e, struct slice text, struct embed_vec *out)
{
	float sum[EMBED_DIM_MAX];

	static_embed_sum(e, text.n <= e->text_max ? text : SLICE_EMPTY, sum);
	embed_pack(sum, e->dim, out);
}

/* --- the folder ------------------------------------------------------------------------------------------ */

static const char *find_table(struct static_embed *s, const struct safetensors *file)
{
	const char *why;

	if (!safetensors_find(file, "embeddings", &s->table, &why) && why == NULL
		&& !safetensors_find(file, "embedding.weight", &s->table, &why) && why == NULL)
		return "it has no tensor \"embeddings\"";
	if (why)
		return why;
	if (s->table.rank != 2 || s->table.shape[0] == 0 || s->table.shape[0] > WORDPIECE_VOCABULARY_MAX)
		return "its embeddings are no table of up to 2^20 rows";
	if (s->table.shape[1] == 0 || s->table.shape[1] > EMBED_DIM_MAX)
		return "its rows are longer than 512";
	if (s->table.type != SAFETENSORS_F32 && s->table.type != SAFETENSORS_F16 && s->table.type != SAFETENSORS_I8)
		return "its embeddings are not F32, F16 or I8";
	s->width = (uint32_t)s->table.shape[1];
	return NULL;
}

/* One number a token id, of one of two types; *out has rank 0 when the file has no such tensor. */
static const char *find_column(const struct static_embed *s, const struct safetensors *file, const char *name,
	enum safetensors_type one, enum safetensors_type other, struct safetensors_tensor *out)
{
	const char *why;

	if (!safetensors_find(file, name, out, &why))
		return why;
	if (out->rank != 1 || (out->type != one && out->type != other))
		return "its weights or its mapping have another type or shape than model2vec writes";
	if (out->shape[0] < wordpiece_ids(s->words))
		return "its weights or its mapping are fewer than the tokens of tokenizer.json";
	return NULL;
}

static const char *check_rows(const struct static_embed *s)
{
	const char *why = s->mapping.rank ? "its mapping leads out of its embeddings"
		: "its embeddings have fewer rows than tokenizer.json has tokens";

	for (uint32_t id = 0; id < wordpiece_ids(s->words); id++)
		if (row_of(s, id) >= s->table.shape[0])
			return why;
	return NULL;
}

static const char *read_model(struct static_embed *s)
{
	struct safetensors file;
	const char *why;

	if (!safetensors_open(&file, &s->arena, s->model.bytes, &why))
		return why;
	why = find_table(s, &file);
	if (why == NULL)
		why = find_column(s, &file, "weights", SAFETENSORS_F64, SAFETENSORS_F32, &s->weights);
	if (why == NULL)
		why = find_column(s, &file, "mapping", SAFETENSORS_I32, SAFETENSORS_I64, &s->mapping);
	return why ? why : check_rows(s);
}

static const char *read_config(struct static_embed *s, struct slice json)
{
	yyjson_doc *doc;

	if (json.n && (json_parse(&s->arena, json, &doc, NULL) != ERR_OK || !yyjson_is_obj(yyjson_doc_get_root(doc))))
		return "it is no JSON object";
	const int64_t most = json.n ? json_int(yyjson_doc_get_root(doc), "max_length", 0) : 0;
	s->tokens_max = most > 0 && most < WORDPIECE_TOKENS_MAX ? (uint32_t)most : WORDPIECE_TOKENS_MAX;
	s->chars_max = s->tokens_max * MIN_OF(wordpiece_median(s->words), (uint32_t)EMBED_TEXT_MAX);
	return NULL;
}

/* Where the opener is: what went wrong belongs to one file. */
struct opening {
	const char *folder;
	struct sha256 hash;
	char why[WHY_BYTES];
};

static bool complain(struct opening *o, const char *file, const char *why)
{
	if (why)
		snprintf(o->why, sizeof(o->why), "%s: %s", file, why);
	return why == NULL;
}

static bool map_file(struct opening *o, const char *name, size_t max, struct mapped *out)
{
	char path[PATH_BYTES];
	const char *why = NULL;

	if (snprintf(path, sizeof(path), "%s/%s", o->folder, name) >= (int)sizeof(path))
		why = "the path is too long";
	else if (mapped_open(out, path, max, &why))
		sha256_add(&o->hash, out->bytes);
	return complain(o, name, why);
}

static bool open_words(struct static_embed *s, struct opening *o)
{
	struct mapped json = { SLICE_EMPTY };
	const char *why = NULL;

	if (!map_file(o, "tokenizer.json", WORDPIECE_FILE_MAX, &json))
		return false;
	s->words = wordpiece_new(&s->arena, json.bytes, &why);
	mapped_close(&json);
	return complain(o, "tokenizer.json", why);
}

static bool open_config(struct static_embed *s, struct opening *o)
{
	struct mapped json = { SLICE_EMPTY };

	/* sentence-transformers keeps its own under another name, and says nothing there that matters here. */
	map_file(o, "config.json", CONFIG_MAX, &json);
	const char *why = read_config(s, json.bytes);
	mapped_close(&json);
	return complain(o, "config.json", why);
}

static bool open_folder(struct static_embed *s, struct opening *o)
{
	uint8_t sha256[SHA256_BYTES];

	sha256_begin(&o->hash);
	bool ok = open_words(s, o) && map_file(o, "model.safetensors", FILE_MAX, &s->model)
		&& complain(o, "model.safetensors", read_model(s)) && open_config(s, o);
	sha256_end(&o->hash, sha256);
	sha256_done(&o->hash);
	if (!ok)
		return false;
	s->embedder.dim = (s->width + 31) / 32 * 32;
	embed_version(&s->embedder, sha256);
	return true;
}

static void static_close(struct embedder *e)
{
	struct static_embed *s = CONTAINER(e, struct static_embed, embedder);

	mapped_close(&s->model);
	arena_done(&s->arena);
	free(s);
}

struct embedder *static_embed_open(const char *folder, const char **out_why)
{
	static struct opening o;	/* its sentence outlives the call */
	struct static_embed *s = calloc(1, sizeof(*s));

	must(s != NULL);
	o = (struct opening){ .folder = folder };
	arena_init(&s->arena, 0);
	s->embedder = (struct embedder){ .id = "model2vec", .embed = static_embed, .close = static_close,
		.text_max = EMBED_TEXT_MAX };
	if (open_folder(s, &o))
		return &s->embedder;
	static_close(&s->embedder);
	*out_why = o.why;
	return NULL;
}

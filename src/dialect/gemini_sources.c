#include "dialect/gemini_sources.h"

#include "base/siphash.h"
#include "dialect/gemini_field.h"

enum {
	SOURCES_MAX = 256,	/* of one candidate; real answers have a few dozen */
	CITATION_BYTES = 65536,	/* of one citation: URL, title and the words cited */
};

/* Metadata comes again with every chunk that adds to it, so what was given out is remembered by its hash. */
struct gemini_sources {
	uint64_t seen[SOURCES_MAX];
	size_t n;
};

/* One source, and the words it is for. */
struct citation {
	struct slice url, title, text;
	int64_t start, end;	/* bytes of the candidate's text; -1: not known */
	yyjson_val *own;	/* as Google wrote it */
};

/* --- reading -------------------------------------------------------------------------------------------- */

static uint64_t hash_of(const struct citation *c)
{
	static const struct siphash_key key = { 0x736f7572u, 0x636573u };
	struct siphash_key place = { (uint64_t)c->start, (uint64_t)c->end };

	return siphash(&key, c->url) ^ siphash(&place, c->text);
}

static bool is_new(struct gemini_frame *f, struct gemini_frame_choice *choice, const struct citation *c)
{
	uint64_t hash = hash_of(c);

	if (choice->sources == NULL)
		choice->sources = ARENA_NEW(f->d->arena, struct gemini_sources);
	struct gemini_sources *s = choice->sources;
	for (size_t i = 0; i < s->n; i++)
		if (s->seen[i] == hash)
			return false;
	if (s->n == SOURCES_MAX)
		return false;
	s->seen[s->n++] = hash;
	return true;
}

static void put_str(struct json_out *w, const char *key, struct slice s)
{
	if (s.n)
		json_out_key_str(w, key, s);
}

static void put_citation(struct json_out *w, const struct citation *c, const struct gemini_offsets *o)
{
	int64_t start = gemini_offsets_chars(o, c->start), end = gemini_offsets_chars(o, c->end);

	json_out_obj(w);
	put_str(w, "url", c->url);
	put_str(w, "title", c->title);
	put_str(w, "text", c->text);
	if (start >= 0 && end >= start) {
		json_out_key_int(w, "start_index", start);
		json_out_key_int(w, "end_index", end);
	}
	json_out_obj_end(w);
}

static void emit(struct gemini_frame *f, struct gemini_frame_choice *choice, const struct citation *c)
{
	struct event ev = { .kind = EVENT_CITATION, .choice = choice->index, .part = EVENT_NO_PART };
	struct buf text, own;

	if ((c->url.n == 0 && c->title.n == 0) || !is_new(f, choice, c))
		return;
	buf_init(&text, CITATION_BYTES);
	buf_init(&own, CITATION_BYTES);
	struct json_out w = json_out_to(&text), v = json_out_to(&own);
	put_citation(&w, c, &choice->offsets);
	json_out_val(&v, c->own);
	ev.text = buf_slice(&text);
	if (json_out_ok(&v))
		ev.extra = buf_slice(&own);
	if (json_out_ok(&w))
		gemini_frame_emit(f, &ev);
	buf_done(&text);
	buf_done(&own);
}

/* A groundingChunk: {"web":{"uri","title"}}, or the same under maps or retrievedContext. */
static struct citation read_chunk(yyjson_val *chunk)
{
	static const char *const kinds[] = { "web", "maps", "retrievedContext", "image" };
	yyjson_val *source = NULL;

	for (size_t i = 0; i < COUNT_OF(kinds) && source == NULL; i++)
		source = gemini_field_obj(chunk, kinds[i]);
	struct slice url = json_str(source, "uri");
	return (struct citation){ .url = url.n ? url : gemini_field_str(source, "sourceUri"),
		.title = json_str(source, "title"), .start = -1, .end = -1, .own = chunk };
}

/* Bytes of the candidate's text before the part with this number, in an answer that has all of it in one piece. */
static int64_t before_part(yyjson_val *candidate, int64_t part)
{
	yyjson_val *parts = gemini_field(gemini_field(candidate, "content"), "parts"), *one;
	int64_t n = 0;
	size_t at = 0;

	for (int64_t i = 0; i < part && (one = gemini_field_next(parts, &at)) != NULL; i++)
		if (!gemini_field_true(one, "thought"))
			n += (int64_t)json_str(one, "text").n;
	return n;
}

/* Starts are left out when they are 0. */
static int64_t place_in(yyjson_val *obj, const char *name, int64_t absent)
{
	int64_t n = gemini_field_count(obj, name);
	return n < 0 ? absent : n;
}

static void read_support(struct gemini_frame *f, struct gemini_frame_choice *c, yyjson_val *candidate,
	yyjson_val *chunks, yyjson_val *support)
{
	yyjson_val *indices = gemini_field(support, "groundingChunkIndices"), *index;
	yyjson_val *segment = gemini_field_obj(support, "segment");
	int64_t base = before_part(candidate, gemini_field_count(segment, "partIndex")), end, number;
	size_t at = 0;

	end = gemini_field_count(segment, "endIndex");
	for (int n = 0; n < SOURCES_MAX && (index = gemini_field_next(indices, &at)) != NULL; n++) {
		if (!gemini_field_to_int(index, &number) || number < 0 || number >= SOURCES_MAX)
			continue;
		struct citation cited = read_chunk(yyjson_arr_get(chunks, (size_t)number));
		cited.text = json_str(segment, "text");
		cited.start = end < 0 ? -1 : base + place_in(segment, "startIndex", 0);
		cited.end = end < 0 ? -1 : base + end;
		cited.own = support;
		emit(f, c, &cited);
	}
}

static void read_grounding(struct gemini_frame *f, struct gemini_frame_choice *c, yyjson_val *candidate,
	yyjson_val *grounding)
{
	yyjson_val *chunks = gemini_field(grounding, "groundingChunks"), *one;
	yyjson_val *supports = gemini_field(grounding, "groundingSupports");
	size_t at = 0, n = 0;

	for (; n < SOURCES_MAX && (one = gemini_field_next(supports, &at)) != NULL; n++)
		read_support(f, c, candidate, chunks, one);
	if (n)
		return;
	for (; n < SOURCES_MAX && (one = gemini_field_next(chunks, &at)) != NULL; n++) {
		struct citation cited = read_chunk(one);
		emit(f, c, &cited);
	}
}

/* citationMetadata: text that is in a known work.  Older answers call its list citationSources. */
static void read_recitations(struct gemini_frame *f, struct gemini_frame_choice *c, yyjson_val *metadata)
{
	yyjson_val *list = gemini_field(metadata, "citations"), *one;
	size_t at = 0;

	if (list == NULL)
		list = gemini_field(metadata, "citationSources");
	for (size_t n = 0; n < SOURCES_MAX && (one = gemini_field_next(list, &at)) != NULL; n++) {
		int64_t end = gemini_field_count(one, "endIndex");
		struct citation cited = { .url = json_str(one, "uri"), .title = json_str(one, "title"),
			.start = end < 0 ? -1 : place_in(one, "startIndex", 0), .end = end, .own = one };
		emit(f, c, &cited);
	}
}

void gemini_sources_read(struct gemini_frame *f, struct gemini_frame_choice *c, yyjson_val *candidate)
{
	yyjson_val *grounding = gemini_field_obj(candidate, "groundingMetadata");
	yyjson_val *citations = gemini_field_obj(candidate, "citationMetadata");

	if (grounding)
		read_grounding(f, c, candidate, grounding);
	if (citations)
		read_recitations(f, c, citations);
}

/* --- writing -------------------------------------------------------------------------------------------- */

static struct slice copy(struct arena *a, struct slice s)
{
	char *p = s.n ? arena_try(a, s.n) : NULL;
	return p ? slice_of(memcpy(p, s.p, s.n), s.n) : SLICE_EMPTY;
}

static int64_t place(yyjson_val *obj, const char *name, const struct gemini_offsets *o)
{
	int64_t n = json_int(obj, name, -1);
	return n < 0 ? -1 : gemini_offsets_bytes(o, n);
}

struct gemini_sources_kept *gemini_sources_keep(struct arena *a, const struct event *ev, const struct gemini_offsets *o)
{
	struct gemini_sources_kept *kept = NULL;
	struct arena scratch;
	yyjson_doc *doc;

	arena_init(&scratch, CITATION_BYTES * 16);
	if (ev->text.n <= CITATION_BYTES && json_parse(&scratch, ev->text, &doc, NULL) == ERR_OK) {
		yyjson_val *said = yyjson_doc_get_root(doc);
		struct slice url = copy(a, json_str(said, "url"));
		if (url.n) {
			kept = ARENA_NEW(a, struct gemini_sources_kept);
			*kept = (struct gemini_sources_kept){ .url = url, .title = copy(a, json_str(said, "title")),
				.text = copy(a, json_str(said, "text")), .start = place(said, "start_index", o),
				.end = place(said, "end_index", o) };
		}
	}
	arena_done(&scratch);
	return kept;
}

/* Each citation has its chunk, in order: that a URL may stand twice harms nobody. */
static void put_chunks(struct json_out *w, const struct gemini_sources_kept *list)
{
	json_out_key(w, "groundingChunks");
	json_out_arr(w);
	for (const struct gemini_sources_kept *k = list; k; k = k->next) {
		json_out_obj(w);
		json_out_key(w, "web");
		json_out_obj(w);
		json_out_key_str(w, "uri", k->url);
		put_str(w, "title", k->title);
		json_out_obj_end(w);
		json_out_obj_end(w);
	}
	json_out_arr_end(w);
}

static void put_support(struct json_out *w, const struct gemini_sources_kept *k, int64_t number)
{
	json_out_obj(w);
	json_out_key(w, "segment");
	json_out_obj(w);
	if (k->start >= 0 && k->end >= k->start) {
		json_out_key_int(w, "startIndex", k->start);
		json_out_key_int(w, "endIndex", k->end);
	}
	put_str(w, "text", k->text);
	json_out_obj_end(w);
	json_out_key(w, "groundingChunkIndices");
	json_out_arr(w);
	json_out_int(w, number);
	json_out_arr_end(w);
	json_out_obj_end(w);
}

void gemini_sources_put(struct json_out *w, const struct gemini_sources_kept *list)
{
	int64_t number = 0, placed = 0;

	json_out_obj(w);
	put_chunks(w, list);
	for (const struct gemini_sources_kept *k = list; k; k = k->next)
		placed += k->text.n || k->start >= 0;
	if (placed) {
		json_out_key(w, "groundingSupports");
		json_out_arr(w);
		for (const struct gemini_sources_kept *k = list; k; k = k->next, number++)
			if (k->text.n || k->start >= 0)
				put_support(w, k, number);
		json_out_arr_end(w);
	}
	json_out_obj_end(w);
}

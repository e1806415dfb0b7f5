#include "sim_near.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NOTES_MAX 65536u
#define NEAR_MAX 16u

static void point_free(struct sim_near_point *p)
{
	list_remove(&p->node);
	buf_done(&p->value);
	buf_done(&p->notes);
	free(p);
}

void sim_near_init(struct sim_near *near)
{
	*near = (struct sim_near){ 0 };
	list_init(&near->points);
}

void sim_near_wipe(struct sim_near *near)
{
	LIST_EACH(node, tmp, &near->points)
		point_free(LIST_ITEM(node, struct sim_near_point, node));
	near->index[0] = '\0';
}

size_t sim_near_count(const struct sim_near *near)
{
	size_t n = 0;

	for (const struct list *node = near->points.next; node != &near->points; node = node->next)
		n++;
	return n;
}

static bool is(const char *name, struct slice word)
{
	return slice_eq(slice_str(name), word);
}

static struct sim_near_point *find(struct sim_near *near, struct slice set, struct slice group, struct slice id)
{
	LIST_EACH(node, tmp, &near->points) {
		struct sim_near_point *p = LIST_ITEM(node, struct sim_near_point, node);
		if (is(p->set, set) && is(p->group, group) && is(p->id, id))
			return p;
	}
	return NULL;
}

static uint64_t number(struct slice s)
{
	uint64_t n = 0;

	must(slice_u64(s, &n));
	return n;
}

/* near_put: group, id, point, value, ttl, max, tag. */
static void put(struct sim_near *near, struct slice set, const struct slice *a, uint64_t now_ms)
{
	struct sim_near_point *p = find(near, set, a[0], a[1]);

	if (p)
		point_free(p);
	if (sim_near_count(near) >= number(a[5]))
		point_free(LIST_ITEM(near->points.next, struct sim_near_point, node));
	p = calloc(1, sizeof(*p));
	must(p && a[2].n && a[2].n % sizeof(float) == 0 && a[2].n <= sizeof(p->at));
	slice_copy(set, p->set, sizeof(p->set));
	slice_copy(a[0], p->group, sizeof(p->group));
	slice_copy(a[1], p->id, sizeof(p->id));
	slice_copy(a[6], p->tag, sizeof(p->tag));
	memcpy(p->at, a[2].p, a[2].n);
	p->n = a[2].n / sizeof(float);
	p->ends_ms = now_ms + number(a[4]);
	buf_init(&p->value, 1u << 20);
	buf_init(&p->notes, NOTES_MAX);
	buf_add(&p->value, a[3]);
	list_push_back(&near->points, &p->node);
}

/* near_note: group, id, note, max. */
static bool note(struct sim_near *near, struct slice set, const struct slice *a)
{
	struct sim_near_point *p = find(near, set, a[0], a[1]);

	if (p == NULL)
		return false;
	buf_add(&p->notes, a[2]);
	if (buf_len(&p->notes) > number(a[3]))
		buf_eat(&p->notes, buf_len(&p->notes) - number(a[3]));
	return true;
}

static float cosine(const struct sim_near_point *p, struct slice at)
{
	float b[512], dot = 0, pp = 0, bb = 0;

	must(at.n == p->n * sizeof(float));
	memcpy(b, at.p, at.n);
	for (size_t i = 0; i < p->n; i++) {
		dot += p->at[i] * b[i];
		pp += p->at[i] * p->at[i];
		bb += b[i] * b[i];
	}
	return dot / sqrtf(pp * bb);
}

struct near_to {
	struct slice set, group, tag, at;	/* tag: of a search index; else empty */
	float floor;
	uint64_t most, now_ms;
};

static bool belongs(const struct sim_near_point *p, const struct near_to *t)
{
	if (p->ends_ms <= t->now_ms)
		return false;
	if (t->tag.n)
		return is(p->tag, t->tag);
	return p->tag[0] == '\0' && is(p->set, t->set) && is(p->group, t->group);
}

/* The nearest, nearest first; how many. */
static size_t nearest(struct sim_near *near, const struct near_to *t, struct sim_near_point *out[NEAR_MAX])
{
	float at[NEAR_MAX];
	size_t n = 0;

	near->n_asked++;
	LIST_EACH(node, tmp, &near->points) {
		struct sim_near_point *p = LIST_ITEM(node, struct sim_near_point, node);
		if (!belongs(p, t))
			continue;
		float c = cosine(p, t->at);
		size_t i = n;
		while (i > 0 && at[i - 1] < c)
			i--;
		if (c < t->floor || i == t->most)
			continue;
		n += n < t->most;
		for (size_t k = n - 1; k > i; k--) {
			at[k] = at[k - 1];
			out[k] = out[k - 1];
		}
		at[i] = c;
		out[i] = p;
	}
	return n;
}

static void add_text(struct buf *out, struct slice s)
{
	buf_addf(out, "$%zu\r\n", s.n);
	buf_add(out, s);
	buf_add(out, SLICE("\r\n"));
}

/* "set:group" */
static void split(struct slice key, struct slice *out_set, struct slice *out_group)
{
	size_t at = key.n;

	while (at && key.p[at - 1] != ':')
		at--;
	*out_set = slice_of(key.p, at ? at - 1 : 0);
	*out_group = slice_skip(key, at);
}

/* VSIM key FP32 point WITHSCORES COUNT n; RESP3. */
static void vsim(struct sim_near *near, const struct slice *w, uint64_t now_ms, struct buf *out)
{
	struct sim_near_point *found[NEAR_MAX];
	struct near_to t = { .at = w[3], .most = number(w[6]), .now_ms = now_ms, .floor = -1 };

	split(w[1], &t.set, &t.group);
	size_t n = nearest(near, &t, found);
	buf_addf(out, "%%%zu\r\n", n);
	for (size_t i = 0; i < n; i++) {
		add_text(out, slice_str(found[i]->id));
		buf_addf(out, ",%.6f\r\n", ((double)cosine(found[i], t.at) + 1) / 2);
	}
}

/* near_take: the vector set's key, then ids. */
static void take(struct sim_near *near, struct slice key, const struct slice *ids, size_t n, struct buf *out)
{
	struct slice set, group;
	struct buf list;
	size_t found = 0;

	buf_init(&list, 1u << 22);
	split(key, &set, &group);
	for (size_t i = 0; i < n; i++) {
		const struct sim_near_point *p = find(near, set, group, ids[i]);
		if (p == NULL)
			continue;
		found++;
		add_text(&list, buf_slice(&p->value));
		add_text(&list, buf_slice(&p->notes));
	}
	buf_addf(out, "*%zu\r\n", 2 * found);
	buf_add(out, buf_slice(&list));
	buf_done(&list);
}

/* "(@p:{TAG})=>[KNN 4 @v $q AS d]"; RESP3. */
static void search(struct sim_near *near, const struct slice *w, uint64_t now_ms, struct buf *out)
{
	struct sim_near_point *found[NEAR_MAX];
	struct slice tag = slice_skip(w[2], slice_find(w[2], '{') + 1);

	if (!is(near->index, w[1])) {
		buf_addf(out, "-%.*s: no such index\r\n", SLICE_ARG(w[1]));
		return;
	}
	tag.n = slice_find(tag, '}');
	const struct near_to t = { .tag = tag, .at = w[6], .most = number(w[15]), .now_ms = now_ms, .floor = -1 };
	size_t n = nearest(near, &t, found);
	buf_addf(out, "%%2\r\n+total_results\r\n:%zu\r\n+results\r\n*%zu\r\n", n, n);
	for (size_t i = 0; i < n; i++) {
		buf_add(out, SLICE("%2\r\n+id\r\n+key\r\n+extra_attributes\r\n%2\r\n+e\r\n"));
		add_text(out, buf_slice(&found[i]->value));
		buf_add(out, SLICE("+l\r\n"));
		add_text(out, buf_slice(&found[i]->notes));
	}
}

static bool lacking(const struct sim_near *near, const char *text, struct buf *out)
{
	if (near->lacks)
		buf_add(out, slice_str(text));
	return near->lacks;
}

static bool answer_ft(struct sim_near *near, const struct slice *w, uint64_t now_ms, struct buf *out)
{
	if (lacking(near, "-ERR unknown command 'FT.SEARCH', with args beginning with: 'i'\r\n", out))
		return true;
	if (is("FT.CREATE", w[0])) {
		slice_copy(w[1], near->index, sizeof(near->index));
		buf_add(out, SLICE("+OK\r\n"));
		return true;
	}
	search(near, w, now_ms, out);
	return true;
}

bool sim_near_answer(struct sim_near *near, const struct slice *w, size_t n, uint64_t now_ms, struct buf *out)
{
	if (slice_starts(w[0], SLICE("FT.")))
		return answer_ft(near, w, now_ms, out);
	if (is("VSIM", w[0])) {
		if (!lacking(near, "-ERR unknown command 'VSIM', with args beginning with: 'k'\r\n", out))
			vsim(near, w, now_ms, out);
		return true;
	}
	if (!is("EVALSHA", w[0]))
		return false;
#define SCRIPT(name, sha, text) const bool name = slice_eq(w[1], SLICE(sha));
#include "store/redis_scripts.def"
#undef SCRIPT
	if (drop_if || renew_if || bump || append || !(near_put || near_note || near_take))
		return false;
	/* What a search index is made of are plain hashes, which every Redis has. */
	bool plain = near_note || (near_put && w[10].n);
	if (!plain && lacking(near, "-ERR Unknown Redis command called from script script: x\r\n", out))
		return true;
	if (near_take) {
		take(near, w[3], w + 4, n - 4, out);
		return true;
	}
	if (near_put)
		put(near, w[3], w + 4, now_ms);
	buf_addf(out, ":%d\r\n", near_put || note(near, w[3], w + 4));
	return true;
}

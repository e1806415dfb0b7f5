#include "cache/question.h"

#include "base/siphash.h"

/* The string of the document whose bytes begin at `p`.  Depth is bounded by the parser (JSON_MAX_DEPTH). */
static yyjson_val *find_string(yyjson_val *v, const char *p)
{
	yyjson_val *item, *found = NULL;

	if (yyjson_is_str(v))
		return yyjson_get_str(v) == p ? v : NULL;
	if (yyjson_is_arr(v)) {
		yyjson_arr_iter it = yyjson_arr_iter_with(v);
		while (found == NULL && (item = yyjson_arr_iter_next(&it)) != NULL)
			found = find_string(item, p);
	} else if (yyjson_is_obj(v)) {
		yyjson_obj_iter it = yyjson_obj_iter_with(v);
		while (found == NULL && (item = yyjson_obj_iter_next(&it)) != NULL)
			found = find_string(yyjson_obj_iter_get_val(item), p);
	}
	return found;
}

/* The digest is made while null stands in the question's place: where a text is asked for no request can have a null of
 * its own, for its dialect would not have read it as one. */
static bool digest_around(struct sha256 *s, const struct request *r, struct slice text, struct slice salt,
	struct digest *out)
{
	yyjson_val *v = find_string(yyjson_doc_get_root(r->doc), text.p);

	if (v == NULL || yyjson_get_len(v) != text.n)
		return false;
	yyjson_set_null(v);
	digest_request(s, r, r->dialect->tag, salt, out);
	yyjson_set_strn(v, text.p, text.n);
	return true;
}

static bool has_moment_tools(const struct prompt *p)
{
	for (const struct prompt_tool *t = p->tools; t; t = t->next)
		if (t->kind == PROMPT_TOOL_WEB_SEARCH || t->kind == PROMPT_TOOL_HOSTED)
			return true;
	return p->choice == PROMPT_CHOICE_REQUIRED || p->choice == PROMPT_CHOICE_NAMED || p->choice_required;
}

static bool is_plain_text(const struct prompt_message *m)
{
	const struct prompt_part *part = m ? m->parts : NULL;

	return part && m->role == PROMPT_USER && part->next == NULL && part->kind == PROMPT_PART_TEXT && part->text.n;
}

static bool wants_sound(const struct prompt *p)
{
	for (size_t i = 0; i < p->n_modalities; i++)
		if (!slice_eq(p->modalities[i], SLICE("text")))
			return true;
	return false;
}

/* `out_last`: the last message. */
static enum question_fit look(const struct prompt *p, const struct question_rules *rules,
	const struct prompt_message **out_last)
{
	const struct prompt_message *last = NULL;
	uint32_t turns = 0;

	for (const struct prompt_message *m = p->messages; m; m = m->next) {
		turns += m->role == PROMPT_USER;
		last = m;
	}
	*out_last = last;
	if (!is_plain_text(last) || wants_sound(p))
		return QUESTION_NO_TEXT;
	if (has_moment_tools(p))
		return QUESTION_TOOLS;
	return turns > rules->depth ? QUESTION_DEEP : QUESTION_OK;
}

static uint64_t user_of(const struct request *r, const struct prompt *p)
{
	const struct siphash_key key = { r->door.tenant, 0x75736572 };
	uint64_t h = siphash(&key, p->user);

	return h ? h : 1;
}

enum question_fit question_find(struct arena *a, struct sha256 *s, const struct request *r,
	const struct question_rules *rules, struct question *out)
{
	const struct prompt_message *last;
	struct fault fault = { .err = ERR_OK };
	struct prompt p;

	if (r->op != REQUEST_CHAT || r->choices > 1 || r->doc == NULL)
		return QUESTION_NO_CHAT;
	prompt_init(&p, a);
	p.model = r->model;
	p.origin = r->dialect->tag;
	p.stream = r->stream;
	if (r->dialect->read(a, r, &p, &fault) != ERR_OK)
		return QUESTION_NO_TEXT;
	enum question_fit fit = look(&p, rules, &last);
	if (fit != QUESTION_OK)
		return fit;
	struct slice salt = arena_printf(a, "semantic %s@%s %llu %016llx", rules->embedder, rules->version,
		(unsigned long long)rules->epoch, (unsigned long long)r->door.tenant);
	if (!digest_around(s, r, last->parts->text, salt, &out->partition))
		return QUESTION_NO_TEXT;
	out->text = last->parts->text;
	out->user = user_of(r, &p);
	out->named = p.user.n != 0;
	return QUESTION_OK;
}

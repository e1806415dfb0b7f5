#include "dialect/anthropic_draft.h"

#include "dialect/splice.h"

enum {
	MARKS_MAX = 4,		/* protocols.md 4.2 */
};

bool anthropic_draft_key(struct anthropic_draft *d, const char *name)
{
	struct splice_verdict v = splice_quirk(d->quirks, slice_str(name));

	if (v.drop)
		anthropic_draft_drop(d, name);
	else
		json_out_key_slice(&d->w, v.name);
	return !v.drop;
}

void anthropic_draft_refuse(struct anthropic_draft *d, const char *fmt, ...)
{
	va_list args;

	if (d->err != ERR_OK)
		return;
	d->err = ERR_UNSUPPORTED;
	va_start(args, fmt);
	*d->ask->fault = (struct fault){ .err = ERR_UNSUPPORTED, .message = arena_vprintf(d->ask->arena, fmt, args) };
	va_end(args);
}

/* --- cache marks ---------------------------------------------------------------------------------------- */

static size_t marks_of(const struct prompt_part *parts)
{
	size_t n = 0;

	for (const struct prompt_part *part = parts; part; part = part->next) {
		n += part->cache != PROMPT_CACHE_NONE;
		for (const struct prompt_part *inner = part->content; inner; inner = inner->next)
			n += inner->cache != PROMPT_CACHE_NONE;
	}
	return n;
}

/* A part that is not written in the end counts too: one mark fewer costs money, one more is an error. */
void anthropic_draft_count_marks(struct anthropic_draft *d)
{
	size_t n = d->p->cache != PROMPT_CACHE_NONE;

	for (const struct prompt_tool *t = d->p->tools; t; t = t->next)
		n += t->cache != PROMPT_CACHE_NONE;
	for (const struct prompt_message *m = d->p->messages; m; m = m->next)
		n += marks_of(m->parts);
	d->marks_over = n > MARKS_MAX ? n - MARKS_MAX : 0;
}

void anthropic_draft_mark(struct anthropic_draft *d, enum prompt_cache cache)
{
	struct json_out *w = &d->w;

	if (cache == PROMPT_CACHE_NONE)
		return;
	if (d->marks_over) {
		d->marks_over--;
		anthropic_draft_drop(d, "cache_control");
		return;
	}
	/* A longer life must not stand behind a shorter one. */
	if (cache == PROMPT_CACHE_1H && d->short_mark)
		cache = PROMPT_CACHE_5M;
	d->short_mark |= cache != PROMPT_CACHE_1H;
	json_out_key(w, "cache_control");
	json_out_obj(w);
	json_out_key_str(w, "type", SLICE("ephemeral"));
	if (cache != PROMPT_CACHE_DEFAULT)
		json_out_key_str(w, "ttl", cache == PROMPT_CACHE_1H ? SLICE("1h") : SLICE("5m"));
	json_out_obj_end(w);
}

void anthropic_draft_open_like(struct anthropic_draft *d, yyjson_val *raw, const char *but, const char *also_but)
{
	yyjson_obj_iter it = yyjson_obj_iter_with(raw);
	yyjson_val *key;

	json_out_obj(&d->w);
	while ((key = yyjson_obj_iter_next(&it)) != NULL) {
		bool skip = yyjson_equals_str(key, "cache_control") || (but && yyjson_equals_str(key, but))
			|| (also_but && yyjson_equals_str(key, also_but));
		if (skip)
			continue;
		json_out_key_slice(&d->w, json_val_str(key));
		json_out_val(&d->w, yyjson_obj_iter_get_val(key));
	}
}

bool anthropic_draft_is_blank(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (strchr(" \t\r\n\v\f", text.p[i]) == NULL || text.p[i] == '\0')
			return false;
	return true;
}

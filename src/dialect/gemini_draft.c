#include "dialect/gemini_draft.h"

void gemini_draft_refuse(struct gemini_draft *d, const char *fmt, ...)
{
	va_list args;

	if (d->err != ERR_OK)
		return;
	d->err = ERR_UNSUPPORTED;
	va_start(args, fmt);
	*d->ask->fault = (struct fault){ .err = ERR_UNSUPPORTED, .message = arena_vprintf(d->ask->arena, fmt, args) };
	va_end(args);
}

bool gemini_draft_has_extra(const struct gemini_draft *d, const char *name)
{
	for (const struct prompt_extra *x = d->own ? d->p->extras : NULL; x; x = x->next)
		if (slice_eq(x->name, slice_str(name)))
			return true;
	return false;
}

/* The mode stands inside another object, which gemini_tools writes. */
static bool is_elsewhere(struct slice name)
{
	return slice_eq(name, SLICE("functionCallingConfig.mode"));
}

void gemini_draft_extras(struct gemini_draft *d, const char *place)
{
	struct slice inside = slice_str(place);

	for (const struct prompt_extra *x = d->own ? d->p->extras : NULL; x; x = x->next) {
		size_t dot = slice_find(x->name, '.');
		struct slice found = dot < x->name.n ? slice_of(x->name.p, dot) : SLICE_EMPTY;
		struct slice name = dot < x->name.n ? slice_skip(x->name, dot + 1) : x->name;
		if (!slice_eq(found, inside) || is_elsewhere(name))
			continue;
		json_out_key_slice(&d->w, name);
		json_out_val(&d->w, x->value);
	}
}

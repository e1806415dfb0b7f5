#include "dialect/responses_body.h"

#include "dialect/splice.h"

bool responses_body_key(struct responses_body *b, const char *name, bool is_clients)
{
	struct splice_verdict v = splice_quirk(b->ask->quirks, slice_str(name));

	if (!v.drop)
		json_out_key_slice(&b->w, v.name);
	else if (is_clients)
		drops_add_str(b->ask->drops, name);
	return !v.drop;
}

void responses_body_tri(struct responses_body *b, const char *name, enum prompt_tri v)
{
	if (v != PROMPT_TRI_UNSET && responses_body_key(b, name, true))
		json_out_bool(&b->w, v == PROMPT_YES);
}

yyjson_val *responses_body_extra(const struct responses_body *b, const char *name)
{
	for (const struct prompt_extra *x = b->is_own ? b->p->extras : NULL; x; x = x->next)
		if (slice_eq(x->name, slice_str(name)))
			return x->value;
	return NULL;
}

void responses_body_refuse(struct responses_body *b, const char *param, const char *what)
{
	if (b->err != ERR_OK)
		return;
	b->err = ERR_UNSUPPORTED;
	*b->ask->fault = fault_make(b->ask->arena, ERR_UNSUPPORTED, "`%s` %s", param, what);
	b->ask->fault->param = slice_str(param);
}

#include "chat/request.h"

/* Counts lead bytes: an ASCII byte is a quarter token; a character of a longer sequence is about half a token. */
uint64_t request_estimate_tok(struct slice text)
{
	uint64_t ascii = 0, wide = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		ascii += c < 0x80;
		wide += c >= 0xc0;
	}
	return ascii / 4 + wide / 2 + 1;
}

void request_keep(struct arena *a, const struct request *from, struct request *out)
{
	*out = *from;
	out->doc = NULL;
	out->body = arena_copy(a, from->body);
	out->model = arena_copy(a, from->model);
	out->fallbacks = from->n_fallbacks ? ARENA_ARRAY(a, struct slice, from->n_fallbacks) : NULL;
	for (size_t i = 0; i < from->n_fallbacks; i++)
		out->fallbacks[i] = arena_copy(a, from->fallbacks[i]);
	out->prompt_tok = request_estimate_tok(out->body);
}

#include "chat/request.h"

/* Counts lead bytes: an ASCII byte is a quarter token; a character of a longer sequence is about half a
 * token.  Runs of 255 bytes are summed in bytes, which lets the compiler use vectors: prompts are long. */
uint64_t request_estimate_tok(struct slice text)
{
	uint64_t ascii = 0, wide = 0;

	for (size_t at = 0; at < text.n;) {
		size_t end = MIN_OF(text.n, at + 255);
		uint8_t run_ascii = 0, run_wide = 0;
		for (; at < end; at++) {
			run_ascii = (uint8_t)(run_ascii + ((unsigned char)text.p[at] < 0x80));
			run_wide = (uint8_t)(run_wide + ((unsigned char)text.p[at] >= 0xc0));
		}
		ascii += run_ascii;
		wide += run_wide;
	}
	return ascii / 4 + wide / 2 + 1;
}

enum request_priority request_priority(struct slice word)
{
	struct slice words = SLICE(REQUEST_PRIORITIES), one;

	for (int i = REQUEST_REALTIME; slice_next(&words, '|', &one); i++)
		if (slice_case_eq(one, word))
			return (enum request_priority)i;
	return REQUEST_PRIORITY_UNSAID;
}

void request_keep(struct arena *a, const struct request *from, struct request *out)
{
	*out = *from;
	out->doc = NULL;
	out->body = arena_copy(a, from->body);
	out->model = arena_copy(a, from->model);
	out->door.model = arena_copy(a, from->door.model);
	out->door.path = arena_copy(a, from->door.path);
	out->door.content_type = arena_copy(a, from->door.content_type);
	out->door.betas = arena_copy(a, from->door.betas);
	out->fallbacks = from->n_fallbacks ? ARENA_ARRAY(a, struct slice, from->n_fallbacks) : NULL;
	for (size_t i = 0; i < from->n_fallbacks; i++)
		out->fallbacks[i] = arena_copy(a, from->fallbacks[i]);
}

#include "dialect/embeddings_frame.h"

#include <math.h>

#include "codec/base64.h"

struct embeddings_frame embeddings_frame_of(struct dialect_decode *d, struct slice raw)
{
	/* The zeroed tally says 0 tokens; nothing was said yet. */
	if (!d->tally.started)
		d->tally.usage = USAGE_NONE;
	return (struct embeddings_frame){ .d = d, .raw = raw };
}

static void emit(struct embeddings_frame *f, struct event *ev)
{
	struct dialect_tally *t = &f->d->tally;

	if (f->err != ERR_OK)
		return;
	if (!f->raw_given) {
		ev->first_of_raw = true;
		ev->raw = f->raw;
		f->raw_given = true;
	}
	t->started = true;
	t->content |= event_is_content(ev);
	f->err = f->d->on_event(f->d->arg, ev);
}

/* --- packing -------------------------------------------------------------------------------------------- */

/* Room for `n` bytes, or NULL and the answer is too big. */
static char *room(struct embeddings_frame *f, size_t n)
{
	if (n <= f->packed_cap)
		return f->packed;
	char *p = arena_try(f->d->arena, n);
	if (p == NULL) {
		f->err = ERR_UP_TOO_BIG;
		return NULL;
	}
	f->packed_cap = n;
	return f->packed = p;
}

/* The exponent is all ones in infinities and in what is no number. */
static bool is_finite(struct slice floats)
{
	bool finite = true;

	for (size_t i = 0; i + sizeof(uint32_t) <= floats.n; i += sizeof(uint32_t)) {
		uint32_t bits;
		memcpy(&bits, floats.p + i, sizeof(bits));
		finite &= (bits & 0x7f800000u) != 0x7f800000u;
	}
	return finite;
}

static void put_float(char *at, float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof(bits));
	for (size_t i = 0; i < sizeof(bits); i++)
		at[i] = (char)(bits >> 8 * i);
}

static bool pack_numbers(struct embeddings_frame *f, yyjson_val *list, struct slice *out)
{
	size_t i, n, bytes = yyjson_arr_size(list) * sizeof(float);
	yyjson_val *v;
	char *to = room(f, bytes);

	if (to == NULL)
		return false;
	yyjson_arr_foreach(list, i, n, v) {
		if (!yyjson_is_num(v))
			return false;
		put_float(to + i * sizeof(float), (float)yyjson_get_num(v));
	}
	*out = slice_of(to, bytes);
	return true;
}

static bool pack_base64(struct embeddings_frame *f, struct slice text, struct slice *out)
{
	size_t n;
	char *to = room(f, base64_room(text.n));

	if (to == NULL || !base64_decode_to(text, to, &n))
		return false;
	*out = slice_of(to, n);
	return true;
}

static bool pack(struct embeddings_frame *f, yyjson_val *values, struct slice *out)
{
	bool good = yyjson_is_str(values) ? pack_base64(f, json_val_str(values), out)
		: yyjson_is_arr(values) && pack_numbers(f, values, out);

	return good && out->n > 0 && out->n % sizeof(float) == 0 && is_finite(*out);
}

/* --- events --------------------------------------------------------------------------------------------- */

void embeddings_frame_fail(struct embeddings_frame *f, const struct fault *fault)
{
	struct event ev = { .kind = EVENT_ERROR, .err = (uint8_t)fault->err, .text = fault_message(fault) };

	if (f->d->tally.fault.err == ERR_OK)
		f->d->tally.fault = *fault;
	emit(f, &ev);
}

void embeddings_frame_start(struct embeddings_frame *f, struct slice id, struct slice model, size_t n)
{
	struct event ev = { .kind = EVENT_START, .text = id, .extra = model };

	f->items = n < EVENT_NO_CHOICE ? arena_try(f->d->arena, n * sizeof(*f->items)) : NULL;
	if (f->items == NULL) {
		f->err = ERR_UP_TOO_BIG;
		return;
	}
	memset(f->items, 0, n * sizeof(*f->items));
	f->n = n;
	emit(f, &ev);
}

static void refuse(struct embeddings_frame *f, struct slice what)
{
	f->err = ERR_UP_BAD_JSON;
	f->d->tally.fault = (struct fault){ .err = f->err, .message = what };
}

void embeddings_frame_put(struct embeddings_frame *f, uint64_t index, yyjson_val *values)
{
	if (f->err != ERR_OK)
		return;
	if (index >= f->n)
		refuse(f, SLICE("the provider's answer has a vector with an index that is out of range"));
	else if (f->items[index].is_there)
		refuse(f, arena_printf(f->d->arena, "the provider's answer has two vectors with the index %u",
			(unsigned)index));
	else
		f->items[index] = (struct embeddings_frame_item){ values, true };
}

void embeddings_frame_count(struct embeddings_frame *f, int64_t prompt_tok)
{
	f->d->tally.usage.prompt_tok = MAX_OF(prompt_tok, (int64_t)-1);
	f->has_usage = prompt_tok >= 0;
}

/* False when it is none. */
static bool emit_vector(struct embeddings_frame *f, size_t i)
{
	struct event ev = { .kind = EVENT_VECTOR, .choice = (uint16_t)i };
	bool is_vector = pack(f, f->items[i].values, &ev.text);

	if (!is_vector)
		ev = (struct event){ .kind = EVENT_OTHER, .choice = (uint16_t)i };
	emit(f, &ev);
	f->d->tally.choices++;
	return is_vector;
}

void embeddings_frame_end(struct embeddings_frame *f)
{
	struct event counts = { .kind = EVENT_USAGE, .text = event_usage_text(&f->d->tally.usage) };
	struct event finish = { .kind = EVENT_FINISH, .finish = EVENT_FINISH_STOP };
	struct dialect_tally *t = &f->d->tally;
	bool is_whole = f->n > 0;

	for (size_t i = 0; i < f->n && f->err == ERR_OK; i++)
		is_whole &= emit_vector(f, i);
	if (f->has_usage)
		emit(f, &counts);
	if (!is_whole || f->err != ERR_OK)
		return;
	t->finished = t->whole = true;
	t->finish = EVENT_FINISH_STOP;
	emit(f, &finish);
}

enum err embeddings_frame_parse(struct dialect_decode *d, struct slice body, yyjson_val **out_root)
{
	yyjson_doc *doc;

	body = slice_trim(body);
	if (body.n == 0)
		return ERR_UP_EMPTY;
	enum err e = json_parse_scratch(d->scratch, body, &doc);
	if (e != ERR_OK)
		return e == ERR_TOO_BIG ? ERR_UP_TOO_BIG : ERR_UP_BAD_JSON;
	*out_root = yyjson_doc_get_root(doc);
	return ERR_OK;
}

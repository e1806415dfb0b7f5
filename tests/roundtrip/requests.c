/* Made-up requests through every dialect, and through every pair of them:
 *
 *   typed view -> writer of X -> body -> reader of X -> typed view    is the same,
 *   and that one -> writer of Y -> body -> reader of Y -> typed view  too,
 *
 * for what X, or X and Y, can say (abilities.def): nothing is dropped then.
 *
 *   requests [CASES [SEED]]    SEED: of the first case; a failure prints its own */
#include "ability.h"
#include "dialect/quirks.h"
#include "dialect/translate.h"
#include "golden/dump.h"
#include "suite.h"

/* One body on its way. */
struct way {
	struct arena *a;
	struct buf body;
	struct request request;
	struct prompt prompt;		/* as it was read */
	const struct prompt *written;
	struct drops drops;
	struct fault fault;
};

static void show(const struct way *w, const struct dialect *d, const char *what)
{
	fprintf(stderr, "%s: %s: %.*s\n%.*s\n", d->name, what, SLICE_ARG(fault_message(&w->fault)),
		SLICE_ARG(buf_slice(&w->body)));
}

static void tell(const struct prompt *p)
{
	struct buf b;

	buf_init(&b, 1 << 24);
	dump_prompt(p, &b);
	fprintf(stderr, "%.*s", SLICE_ARG(buf_slice(&b)));
	buf_done(&b);
}

static struct dialect_ask ask_of(struct way *w, const struct dialect *d, bool stream)
{
	const struct ability *able = ability_of(d);

	return (struct dialect_ask){ .model = slice_str(able->model), .stream = stream,
		.provider = slice_str(able->provider),
		.quirks = quirks_find(slice_str(able->provider)), .drops = &w->drops, .arena = w->a,
			.fault = &w->fault };
}

static struct request_door door_of(const struct dialect *d, bool stream)
{
	struct request_door door = { .strict = false };

	if (d->family == DIALECT_GEMINI)
		door = (struct request_door){ .model = slice_str(ability_of(d)->model), .stream = stream };
	return door;
}

/* How a dialect puts a tool is not what it means, and neither are defaults. */
static void forget_form(struct prompt *p)
{
	if (p->choice == PROMPT_CHOICE_AUTO)
		p->choice = PROMPT_CHOICE_UNSET;
	if (p->parallel == PROMPT_YES)
		p->parallel = PROMPT_TRI_UNSET;
	if (p->choice != PROMPT_CHOICE_ALLOWED)
		p->choice_required = false;
	for (struct prompt_tool *t = p->tools; t; t = t->next)
		t->raw = NULL;
	for (struct prompt_message *m = p->messages; m; m = m->next)
		for (struct prompt_part *part = m->parts; part; part = part->next)
			if (slice_eq(part->media.detail, SLICE("auto")))
				part->media.detail = SLICE_EMPTY;
}

/* Members that a dialect wants and another has not are made up. */
static void forget_made_up(struct prompt *p)
{
	p->store = PROMPT_TRI_UNSET;
	p->format_name = SLICE_EMPTY;
	for (struct prompt_tool *t = p->tools; t; t = t->next)
		t->strict = t->strict == PROMPT_NO ? PROMPT_TRI_UNSET : t->strict;
	for (struct prompt_message *m = p->messages; m; m = m->next)
		for (struct prompt_part *part = m->parts; part; part = part->next)
			part->media.name = SLICE_EMPTY;
}

/* The body of dialect `d`, read. */
static bool read_body(struct way *w, const struct dialect *d, bool stream)
{
	w->request = (struct request){ .door = door_of(d, stream) };
	if (d->parse(w->a, buf_slice(&w->body), &w->request, &w->fault) != ERR_OK) {
		show(w, d, "its parser refuses what its writer wrote");
		return false;
	}
	if (w->request.stream != stream) {
		show(w, d, "it does not say whether to stream");
		return false;
	}
	prompt_init(&w->prompt, w->a);
	w->prompt.model = w->request.model;
	w->prompt.origin = d->tag;
	w->prompt.stream = w->request.stream;
	if (d->read(w->a, &w->request, &w->prompt, &w->fault) == ERR_OK) {
		forget_form(&w->prompt);
		return true;
	}
	show(w, d, "its reader refuses what its writer wrote");
	return false;
}

static bool check_drops(const struct way *w, const struct dialect *d)
{
	char text[1024];

	if (w->drops.n == 0)
		return true;
	fprintf(stderr, "dropped: %s\n", drops_text(&w->drops, text, sizeof(text)));
	show(w, d, "it drops what it can say");
	tell(w->written);
	return false;
}

static bool write_prompt(struct way *w, const struct dialect *d, const struct prompt *p)
{
	struct dialect_ask ask = ask_of(w, d, p->stream);

	buf_clear(&w->body);
	w->written = p;
	if (d->write(p, &ask, &w->body) == ERR_OK)
		return check_drops(w, d);
	show(w, d, "its writer refuses");
	tell(p);
	return false;
}

static bool same(const struct prompt *want, const struct way *got, const struct dialect *d)
{
	struct buf a, b;

	buf_init(&a, 1 << 24);
	buf_init(&b, 1 << 24);
	dump_prompt(want, &a);
	dump_prompt(&got->prompt, &b);
	bool is_same = slice_eq(buf_slice(&a), buf_slice(&b));
	if (!is_same) {
		show(got, d, "another request comes back");
		fprintf(stderr, "--- wanted\n%.*s--- got\n%.*s", SLICE_ARG(buf_slice(&a)), SLICE_ARG(buf_slice(&b)));
	}
	buf_done(&a);
	buf_done(&b);
	return is_same;
}

static bool run_pair(const struct dialect *x, const struct dialect *y, uint64_t seed)
{
	uint64_t can = ability_of(x)->can & ability_of(y)->can;
	struct arena a;
	struct prompt p;
	struct dice d;

	/* State of X is for X alone; JSON without a schema is asked for in words too. */
	if (x != y)
		can &= ~(CAN(SIGNED) | CAN(REDACTED) | CAN(CALL_SIGNED) | CAN(JSON));
	arena_init(&a, 0);
	dice_init(&d, seed);
	if (x->op == REQUEST_EMBED)
		make_prompt_embed(&p, &a, &d, can);
	else
		make_prompt(&p, &a, &d, can, ability_of(x)->seals);
	p.origin = x->tag;
	forget_form(&p);
	struct way first = { .a = &a }, second = { .a = &a };
	buf_init(&first.body, 1 << 24);
	buf_init(&second.body, 1 << 24);
	bool good = write_prompt(&first, x, &p) && read_body(&first, x, p.stream);
	if (good && x == y)
		good = same(&p, &first, x);
	if (good && x != y)
		good = write_prompt(&second, y, &first.prompt) && read_body(&second, y, p.stream);
	if (good && x != y) {
		forget_made_up(&p);
		forget_made_up(&first.prompt);
		forget_made_up(&second.prompt);
		good = same(&p, &first, x) && same(&p, &second, y);
	}
	buf_done(&first.body);
	buf_done(&second.body);
	arena_done(&a);
	return good;
}

int main(int argc, char **argv)
{
	return suite_run(argc, argv, 1u << REQUEST_CHAT | 1u << REQUEST_COUNT | 1u << REQUEST_EMBED, run_pair);
}

#include "make_prompt.h"

#include "words.h"

#define MARKS 4u	/* Anthropic takes no more (protocols.md 4.2) */

struct maker {
	struct prompt *p;
	struct arena *a;
	struct dice *d;
	uint64_t can;
	char seals;
	unsigned calls;		/* so far: for ids */
	unsigned marks;
	enum prompt_cache mark;		/* one kind: their order is Anthropic's to say */
	struct prompt_part *open[4];	/* calls of the last turn, not answered yet */
	size_t n_open;
};

/* Allowed, and wanted in this case. */
static bool may(struct maker *m, uint64_t can)
{
	return (m->can & can) == can && words_one_in(m->d, 2);
}

static yyjson_val *json_of(struct maker *m, struct slice text)
{
	yyjson_doc *doc;

	must(json_parse(m->a, text, &doc, NULL) == ERR_OK);
	return yyjson_doc_get_root(doc);
}

static struct prompt_seal own_seal(struct maker *m)
{
	return (struct prompt_seal){ m->seals, words_opaque(m->a, m->d) };
}

static void mark(struct maker *m, enum prompt_cache *cache)
{
	if (m->marks < MARKS && may(m, CAN(CACHE)) && words_one_in(m->d, 4)) {
		m->marks++;
		*cache = m->mark;
	}
}

/* --- what a user says ----------------------------------------------------------------------------------- */

static void add_text(struct maker *m, struct prompt_message *to)
{
	struct prompt_part *part = prompt_add_part(m->p, to, PROMPT_PART_TEXT);

	part->text = words_text(m->a, m->d, 8);
	mark(m, &part->cache);
}

static void add_media(struct maker *m, struct prompt_message *to, enum prompt_part_kind kind, struct prompt_media media)
{
	struct prompt_part *part = prompt_add_part(m->p, to, kind);

	part->media = media;
	if (kind != PROMPT_PART_AUDIO)
		mark(m, &part->cache);
}

static void add_user_parts(struct maker *m, struct prompt_message *to)
{
	struct prompt_media image = { .source = PROMPT_SOURCE_BASE64, .data = words_opaque(m->a, m->d),
		.mime = SLICE("image/png") };
	const struct prompt_media url = { .source = PROMPT_SOURCE_URL,
		.data = SLICE("https://example.org/a.png?x=1&y=2") };
	const struct prompt_media audio = { .source = PROMPT_SOURCE_BASE64, .data = SLICE("UklGRg=="),
		.mime = SLICE("audio/wav") };
	const struct prompt_media pdf = { .source = PROMPT_SOURCE_BASE64, .data = SLICE("JVBERi0="),
		.mime = SLICE("application/pdf"), .name = m->can & CAN(FILE_NAME) ? SLICE("a.pdf") : SLICE_EMPTY };

	add_text(m, to);
	if (may(m, CAN(IMAGE))) {
		image.detail = may(m, CAN(DETAIL)) ? SLICE("high") : SLICE_EMPTY;
		add_media(m, to, PROMPT_PART_IMAGE, image);
	}
	if (may(m, CAN(TEXTS)))
		add_text(m, to);
	if (may(m, CAN(IMAGE_URL)))
		add_media(m, to, PROMPT_PART_IMAGE, url);
	if (may(m, CAN(AUDIO)) && words_one_in(m->d, 3))
		add_media(m, to, PROMPT_PART_AUDIO, audio);
	if (may(m, CAN(PDF)) && words_one_in(m->d, 3))
		add_media(m, to, PROMPT_PART_FILE, pdf);
}

static void add_user(struct maker *m)
{
	struct prompt_message *to = prompt_add_message(m->p, PROMPT_USER);

	if (may(m, CAN(NAME)))
		to->name = SLICE("bob");
	add_user_parts(m, to);
}

static void add_system(struct maker *m)
{
	enum prompt_role role = may(m, CAN(DEVELOPER)) ? PROMPT_DEVELOPER : PROMPT_SYSTEM;

	add_text(m, prompt_add_message(m->p, role));
}

/* --- what a model says ---------------------------------------------------------------------------------- */

static void add_thoughts(struct maker *m, struct prompt_message *to)
{
	bool is_signed = may(m, CAN(SIGNED));

	if (may(m, CAN(REDACTED))) {
		struct prompt_part *hidden = prompt_add_part(m->p, to, PROMPT_PART_REASONING);
		hidden->redacted = true;
		hidden->seal = own_seal(m);
	}
	if (!is_signed && !may(m, CAN(THOUGHT)))
		return;
	struct prompt_part *part = prompt_add_part(m->p, to, PROMPT_PART_REASONING);
	part->text = words_text(m->a, m->d, 8);
	if (is_signed)
		part->seal = own_seal(m);
}

static void add_call(struct maker *m, struct prompt_message *to)
{
	struct prompt_part *call = prompt_add_part(m->p, to, PROMPT_PART_TOOL_CALL);

	call->id = m->can & CAN(CALL_IDS) ? arena_printf(m->a, "call_%u", m->calls) : SLICE_EMPTY;
	call->name = m->p->tools ? m->p->tools->name : SLICE("f");
	call->args = words_object(m->a, m->d);
	if (m->p->tools && m->p->tools->kind == PROMPT_TOOL_CUSTOM) {
		call->custom = true;
		call->args = words_text(m->a, m->d, 5);
	}
	if (may(m, CAN(CALL_SIGNED)))
		call->seal = own_seal(m);
	m->calls++;
	m->open[m->n_open++] = call;
}

static void add_assistant(struct maker *m)
{
	struct prompt_message *to = prompt_add_message(m->p, PROMPT_ASSISTANT);
	bool calls = may(m, CAN(CALLS)), text = !calls || words_one_in(m->d, 2);

	m->n_open = 0;
	add_thoughts(m, to);
	if (text && !(calls && may(m, CAN(CALL_FIRST)))) {
		add_text(m, to);
		text = false;
	}
	for (uint64_t n = calls ? 1 + dice_below(m->d, 3) : 0; n > 0; n--)
		add_call(m, to);
	if (text)
		add_text(m, to);
}

/* --- what the tools say --------------------------------------------------------------------------------- */

/* An object is an object to Gemini, so other texts must not look like one. */
static struct slice result_text(struct maker *m)
{
	if (words_one_in(m->d, 4))
		return words_object(m->a, m->d);
	return arena_printf(m->a, "r: %.*s", SLICE_ARG(words_text(m->a, m->d, 6)));
}

static void add_result(struct maker *m, struct prompt_message *to, const struct prompt_part *call)
{
	struct prompt_part *result = prompt_add_part(m->p, to, PROMPT_PART_TOOL_RESULT), **at = &result->content;
	unsigned texts = may(m, CAN(RESULT_TEXTS)) ? 2 : 1;

	result->id = call->id;
	result->name = call->name;
	result->custom = call->custom;
	result->is_error = may(m, CAN(RESULT_ERROR));
	for (; texts > 0; texts--) {
		struct prompt_part **next = prompt_link_part(m->p, at, PROMPT_PART_TEXT);
		(*at)->text = result_text(m);
		at = next;
	}
	if (may(m, CAN(RESULT_IMAGE))) {
		prompt_link_part(m->p, at, PROMPT_PART_IMAGE);
		(*at)->media = (struct prompt_media){ .source = PROMPT_SOURCE_BASE64, .data = SLICE("iVBORw0KGgo="),
			.mime = SLICE("image/png") };
	}
	mark(m, &result->cache);
}

static void add_results(struct maker *m)
{
	struct prompt_message *to = prompt_add_message(m->p, PROMPT_TOOL);

	for (size_t i = 0; i < m->n_open; i++)
		add_result(m, to, m->open[i]);
	m->n_open = 0;
}

static void add_turns(struct maker *m)
{
	uint64_t turns = m->can & CAN(DIALOGUE) ? dice_below(m->d, 4) : 0;

	if (m->can & CAN(DIALOGUE) && words_one_in(m->d, 2))
		add_system(m);
	add_user(m);
	for (uint64_t i = 0; i < turns; i++) {
		add_assistant(m);
		bool has_results = m->n_open > 0;
		if (has_results)
			add_results(m);
		if (may(m, CAN(SYSTEM_LATE)))
			add_system(m);
		/* after results the model may go on at once */
		if (!has_results || i + 1 == turns || words_one_in(m->d, 2))
			add_user(m);
	}
}

/* --- tools ---------------------------------------------------------------------------------------------- */

static struct slice schema_text(struct maker *m)
{
	static const char *const schemas[] = {
		"{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\",\"description\":\"d\"}},\"requ"
			"ired\":[\"city\"],"
		"\"additionalProperties\":false}",
		"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"}},"
		"\"b\":{\"type\":\"string\",\"enum\":[\"x\",\"y\"]}},\"additionalProperties\":false,\"required\":["
			"\"a\",\"b\"]}",
	};

	return slice_str(schemas[dice_below(m->d, COUNT_OF(schemas))]);
}

static void add_tool(struct maker *m, unsigned i)
{
	bool custom = i == 0 && may(m, CAN(CUSTOM)) && words_one_in(m->d, 3);
	struct prompt_tool *t = prompt_add_tool(m->p, custom ? PROMPT_TOOL_CUSTOM : PROMPT_TOOL_FUNCTION);

	t->name = arena_printf(m->a, "%.*s_%u", SLICE_ARG(words_name(m->a, m->d)), i);
	if (words_one_in(m->d, 2))
		t->description = words_text(m->a, m->d, 5);
	if (custom)
		return;
	if (!may(m, CAN(NO_SCHEMA)))
		t->schema = json_of(m, schema_text(m));
	if (m->can & CAN(TOOL_STRICT))		/* its default is not the same everywhere */
		t->strict = words_one_in(m->d, 2) ? PROMPT_YES : PROMPT_NO;
	mark(m, &t->cache);
}

static void name_tools(struct maker *m, size_t n)
{
	struct prompt *p = m->p;
	size_t i = 0;

	p->choice_names = ARENA_ARRAY(m->a, struct slice, n);
	for (const struct prompt_tool *t = p->tools; t && i < n; t = t->next)
		p->choice_names[i++] = t->name;
	p->n_choice_names = i;
}

static void choose_tool(struct maker *m)
{
	static const enum prompt_choice plain[] = { PROMPT_CHOICE_AUTO, PROMPT_CHOICE_NONE, PROMPT_CHOICE_REQUIRED };
	struct prompt *p = m->p;

	if (may(m, CAN(CHOICE)))
		p->choice = plain[dice_below(m->d, COUNT_OF(plain))];
	if (may(m, CAN(NAMED)) && words_one_in(m->d, 3)) {
		p->choice = PROMPT_CHOICE_NAMED;
		name_tools(m, 1);
	} else if (p->tools->next && may(m, CAN(ALLOWED)) && words_one_in(m->d, 3)) {
		p->choice = PROMPT_CHOICE_ALLOWED;
		p->choice_required = !may(m, CAN(ALLOWED_AUTO));
		name_tools(m, 2);
	}
	if (may(m, CAN(PARALLEL)) && p->choice != PROMPT_CHOICE_NONE)
		p->parallel = words_one_in(m->d, 2) ? PROMPT_YES : PROMPT_NO;
}

static void add_tools(struct maker *m)
{
	uint64_t n = may(m, CAN(TOOLS)) ? 1 + dice_below(m->d, 3) : 0;

	for (unsigned i = 0; i < n; i++)
		add_tool(m, i);
	if (n)
		choose_tool(m);
}

/* --- settings ------------------------------------------------------------------------------------------- */

static double hundredths(struct maker *m, unsigned most)
{
	return (double)dice_below(m->d, most + 1) / 100;
}

static void set_numbers(struct maker *m)
{
	struct prompt *p = m->p;
	const struct {
		uint64_t can;
		double *at;
		unsigned most;		/* hundredths */
	} nums[] = {
		{ CAN(TEMPERATURE), &p->temperature, 100 }, { CAN(TOP_P), &p->top_p, 99 }, { CAN(MIN_P),
			&p->min_p, 50 },
		{ CAN(PENALTIES), &p->frequency_penalty, 150 }, { CAN(PENALTIES), &p->presence_penalty, 150 },
	};
	const struct {
		uint64_t can;
		int64_t *at;
		unsigned most;
	} ints[] = {
		{ CAN(TOP_K), &p->top_k, 40 }, { CAN(SEED), &p->seed, 100000 }, { CAN(N), &p->n, 3 },
	};

	for (size_t i = 0; i < COUNT_OF(nums); i++)
		if (may(m, nums[i].can))
			*nums[i].at = hundredths(m, nums[i].most);
	for (size_t i = 0; i < COUNT_OF(ints); i++)
		if (may(m, ints[i].can))
			*ints[i].at = (int64_t)(2 + dice_below(m->d, ints[i].most));
	p->max_tok = m->can & CAN(MAX_TOK) ? (int64_t)(20000 + dice_below(m->d, 10000)) : PROMPT_UNSET;
	if (may(m, CAN(LOGPROBS))) {
		p->logprobs = PROMPT_YES;
		p->top_logprobs = (int64_t)(1 + dice_below(m->d, 5));
	}
}

static void set_words(struct maker *m)
{
	struct prompt *p = m->p;
	const struct {
		uint64_t can;
		struct slice *at;
		const char *word;
	} words[] = {
		{ CAN(USER), &p->user, "user-7" }, { CAN(TIER), &p->tier, "priority" },
		{ CAN(VERBOSITY), &p->verbosity, "low" }, { CAN(CACHE_KEY), &p->cache_key, "key-1" },
	};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (may(m, words[i].can))
			*words[i].at = slice_str(words[i].word);
	if (may(m, CAN(STOP))) {
		p->n_stop = 1 + dice_below(m->d, 3);
		p->stop = ARENA_ARRAY(m->a, struct slice, p->n_stop);
		for (size_t i = 0; i < p->n_stop; i++)
			p->stop[i] = arena_printf(m->a, "%s%zu", words_one_in(m->d, 2) ? "END" : "\n#", i);
	}
	if (may(m, CAN(STORE)))
		p->store = PROMPT_NO;
	if (may(m, CAN(METADATA)))
		p->metadata = json_of(m, SLICE("{\"a\":\"b\"}"));
	if (may(m, CAN(BIAS)))
		p->logit_bias = json_of(m, SLICE("{\"50256\":-100}"));
}

static void set_format(struct maker *m)
{
	struct prompt *p = m->p;

	if (may(m, CAN(JSON)) && words_one_in(m->d, 3) && !p->tools)
		p->format = PROMPT_FORMAT_JSON;
	if ((p->tools && !(m->can & CAN(MIXED))) || !may(m, CAN(SCHEMA)) || !words_one_in(m->d, 3))
		return;
	p->format = PROMPT_FORMAT_SCHEMA;
	p->format_schema = json_of(m, schema_text(m));
	if (m->can & CAN(SCHEMA_NAME))
		p->format_name = SLICE("answer_1");
	if (may(m, CAN(SCHEMA_NAME)))
		p->format_description = words_text(m->a, m->d, 4);
	if (may(m, CAN(SCHEMA_STRICT)))
		p->format_strict = words_one_in(m->d, 2) ? PROMPT_YES : PROMPT_NO;
}

static void set_effort(struct maker *m)
{
	static const enum prompt_effort efforts[] = { PROMPT_EFFORT_LOW, PROMPT_EFFORT_MEDIUM, PROMPT_EFFORT_HIGH };
	struct prompt *p = m->p;

	if (may(m, CAN(BUDGET)))
		p->thinking_tok = (int64_t)(1024 + dice_below(m->d, 8000));
	else if (may(m, CAN(EFFORT)))
		p->effort = efforts[dice_below(m->d, COUNT_OF(efforts))];
	if (may(m, CAN(SHOW)))
		p->show_thinking = PROMPT_YES;
}

void make_prompt(struct prompt *p, struct arena *a, struct dice *d, uint64_t can, char seals)
{
	static const enum prompt_cache marks[] = { PROMPT_CACHE_DEFAULT, PROMPT_CACHE_5M, PROMPT_CACHE_1H };
	struct maker m = { .p = p, .a = a, .d = d, .can = can, .seals = seals, .mark = marks[dice_below(d, 3)] };

	prompt_init(p, a);
	p->model = SLICE("m");
	p->stream = !(can & CAN(ONE_ANSWER)) && words_one_in(d, 2);
	add_tools(&m);
	add_turns(&m);
	set_numbers(&m);
	set_words(&m);
	set_format(&m);
	set_effort(&m);
	prompt_tidy(p);
}

/* --- embeddings ----------------------------------------------------------------------------------------- */

static void add_input(struct maker *m, bool tokens)
{
	struct prompt_input *in = prompt_add_input(m->p);

	if (tokens)
		in->tokens = json_of(m, SLICE("[1,2,50000]"));
	else
		in->text = words_text(m->a, m->d, 6);
	if (may(m, CAN(TASK)))
		in->task = SLICE("RETRIEVAL_QUERY");
}

void make_prompt_embed(struct prompt *p, struct arena *a, struct dice *d, uint64_t can)
{
	struct maker m = { .p = p, .a = a, .d = d, .can = can };

	prompt_init(p, a);
	p->model = SLICE("m");
	bool tokens = may(&m, CAN(TOKENS)) && words_one_in(d, 3);
	for (uint64_t n = can & CAN(INPUTS) ? 1 + dice_below(d, 4) : 1; n > 0; n--)
		add_input(&m, tokens);
	if (may(&m, CAN(DIMENSIONS)))
		p->dimensions = (int64_t)(1 + dice_below(d, 3000));
	p->base64 = may(&m, CAN(BASE64));
	if (may(&m, CAN(USER)))
		p->user = SLICE("user-7");
	prompt_tidy(p);
}

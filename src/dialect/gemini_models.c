#include "dialect/gemini_models.h"

static const struct gemini_models rows[] = {
#define GEMINI_MODEL(name, generation, thinking, least, most, off, levels) \
	{ name, generation, GEMINI_MODELS_##thinking, least, most, off, levels },
#include "dialect/gemini_models.def"
#undef GEMINI_MODEL
};

const struct gemini_models *gemini_models_find(struct slice model)
{
	size_t start = model.n;

	while (start > 0 && model.p[start - 1] != '/')
		start--;
	model = slice_skip(model, start);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct slice name = slice_str(rows[i].name);
		if (name.n == 0 || (model.n >= name.n && slice_case_eq(slice_of(model.p, name.n), name)))
			return &rows[i];
	}
	must_never("the last row fits all");
}

static const struct {
	char letter;
	const char *name;
	enum prompt_effort effort;
} levels[] = {
	{ 'M', "MINIMAL", PROMPT_EFFORT_MINIMAL },
	{ 'L', "LOW", PROMPT_EFFORT_LOW },
	{ 'D', "MEDIUM", PROMPT_EFFORT_MEDIUM },
	{ 'H', "HIGH", PROMPT_EFFORT_HIGH },
};

const char *gemini_models_level(const struct gemini_models *m, enum prompt_effort effort)
{
	const char *highest = NULL;

	if (effort == PROMPT_EFFORT_UNSET)
		return NULL;
	for (size_t i = 0; i < COUNT_OF(levels); i++) {
		if (strchr(m->levels, levels[i].letter) == NULL)
			continue;
		highest = levels[i].name;
		if (levels[i].effort >= effort)
			return highest;
	}
	return highest;
}

int64_t gemini_models_budget(const struct gemini_models *m, int64_t tok)
{
	if (tok < 0 || (tok == 0 && m->off))
		return MAX_OF(tok, (int64_t)-1);
	return MIN_OF(MAX_OF(tok, m->least), m->most);
}

/* What a Gemini model can: rows of gemini_models.def, found by the model's name. */
#ifndef DIALECT_GEMINI_MODELS_H
#define DIALECT_GEMINI_MODELS_H

#include "chat/prompt.h"

enum gemini_models_thinking { GEMINI_MODELS_NEVER, GEMINI_MODELS_BUDGET, GEMINI_MODELS_LEVEL };

struct gemini_models {
	const char *name;
	int generation;		/* 0: Gemma; 1: all before 2.5; 2: 2.5; 3, 4 */
	enum gemini_models_thinking thinking;
	int64_t least, most;
	bool off;
	const char *levels;
};

/* Never NULL.  A path before the name does not matter: "models/x", "google/x", "publishers/google/models/x". */
const struct gemini_models *gemini_models_find(struct slice model);

/* parametersJsonSchema and responseJsonSchema instead of OpenAPI's subset (protocols.md 5.2). */
static inline bool gemini_models_json_schema(const struct gemini_models *m)
{
	return m->generation >= 2;
}
/* Mode VALIDATED: calls or words, and calls as their schemas want (ai.google.dev/gemini-api/docs/function-calling). */
static inline bool gemini_models_validates(const struct gemini_models *m)
{
	return m->generation >= 2;
}
/* A call without thoughtSignature is refused (protocols.md 5.5). */
static inline bool gemini_models_signs(const struct gemini_models *m)
{
	return m->generation >= 3;
}
/* Google's own tools beside functions, and JSON formats beside functions. */
static inline bool gemini_models_mixes(const struct gemini_models *m)
{
	return m->generation >= 3;
}
/* Pictures inside a functionResponse. */
static inline bool gemini_models_result_media(const struct gemini_models *m)
{
	return m->generation >= 3;
}
/* systemInstruction; Gemma answers 400 to it. */
static inline bool gemini_models_system(const struct gemini_models *m)
{
	return m->generation >= 1;
}

/* The level that is asked for, or else the next higher one it has, or else its highest; NULL for UNSET. */
const char *gemini_models_level(const struct gemini_models *m, enum prompt_effort effort);
/* The nearest budget it takes: 0 only where thinking can be turned off; -1, as it likes, always. */
int64_t gemini_models_budget(const struct gemini_models *m, int64_t tok);

#endif

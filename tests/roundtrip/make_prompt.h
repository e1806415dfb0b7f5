/* Makes up requests: typed views with everything that a dialect can say and nothing else. */
#ifndef TESTS_ROUNDTRIP_MAKE_PROMPT_H
#define TESTS_ROUNDTRIP_MAKE_PROMPT_H

#include "base/dice.h"
#include "dialect/dialect.h"

/* What a dialect can say and take back unchanged, between itself and the typed view. */
enum can {
	CAN_DEVELOPER,		/* role developer beside system */
	CAN_SYSTEM_LATE,	/* system texts between the turns, and several of them */
	CAN_NAME,		/* of a speaker */
	CAN_TEXTS,		/* several texts of one turn stay apart */
	CAN_IMAGE_URL, CAN_IMAGE, CAN_DETAIL, CAN_AUDIO, CAN_PDF, CAN_FILE_NAME,
	CAN_THOUGHT,		/* unsigned reasoning of earlier turns */
	CAN_SIGNED,		/* its own signed reasoning */
	CAN_REDACTED,
	CAN_CALLS, CAN_CALL_IDS,
	CAN_CALL_SIGNED,
	CAN_CALL_FIRST,		/* calls before text in one turn */
	CAN_RESULT_ERROR, CAN_RESULT_IMAGE, CAN_RESULT_TEXTS,
	CAN_CACHE,		/* marks on parts and tools */
	CAN_TOOLS, CAN_TOOL_STRICT, CAN_CUSTOM, CAN_NO_SCHEMA /* a function without a schema */,
	CAN_CHOICE, CAN_NAMED, CAN_ALLOWED, CAN_ALLOWED_AUTO, CAN_PARALLEL,
	CAN_MAX_TOK, CAN_TEMPERATURE, CAN_TOP_P, CAN_TOP_K, CAN_MIN_P, CAN_PENALTIES, CAN_SEED, CAN_N, CAN_LOGPROBS,
	CAN_STOP, CAN_BIAS,
	CAN_JSON, CAN_SCHEMA, CAN_SCHEMA_NAME, CAN_SCHEMA_STRICT, CAN_MIXED /* a format beside tools */,
	CAN_EFFORT, CAN_BUDGET, CAN_SHOW,
	CAN_USER, CAN_TIER, CAN_VERBOSITY, CAN_CACHE_KEY, CAN_STORE, CAN_METADATA,
	CAN_DIALOGUE,		/* more than one text */
	CAN_ONE_ANSWER,		/* it is never streamed */
	/* embeddings */
	CAN_INPUTS, CAN_TOKENS, CAN_TASK, CAN_DIMENSIONS, CAN_BASE64,
};
#define CAN(what) (UINT64_C(1) << CAN_##what)

/* A prompt of the kind that `can` allows, tidied; opaque state in it is of the dialect with this tag.  The same dice
 * give the same.  All in `a`. */
void make_prompt(struct prompt *p, struct arena *a, struct dice *d, uint64_t can, char seals);
/* The same for REQUEST_EMBED. */
void make_prompt_embed(struct prompt *p, struct arena *a, struct dice *d, uint64_t can);

#endif

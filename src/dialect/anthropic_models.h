/* What the models of Anthropic take and refuse, by their names (protocols.md 4.5). */
#ifndef DIALECT_ANTHROPIC_MODELS_H
#define DIALECT_ANTHROPIC_MODELS_H

#include <stdint.h>

#include "base/slice.h"

enum anthropic_models_flag {
	ANTHROPIC_MODELS_BUDGET = 1 << 0,	/* thinks with a budget: {"type":"enabled","budget_tokens"} */
	ANTHROPIC_MODELS_ADAPTIVE = 1 << 1,	/* thinks as it likes: {"type":"adaptive"} */
	ANTHROPIC_MODELS_BY_ITSELF = 1 << 2,	/* thinks unless told not to */
	ANTHROPIC_MODELS_ALWAYS = 1 << 3,	/* cannot be told not to think */
	ANTHROPIC_MODELS_EFFORT = 1 << 4,	/* output_config.effort low, medium, high */
	ANTHROPIC_MODELS_MAX = 1 << 5,		/* ... max */
	ANTHROPIC_MODELS_XHIGH = 1 << 6,	/* ... xhigh */
	ANTHROPIC_MODELS_FORMAT = 1 << 7,	/* output_config.format */
	ANTHROPIC_MODELS_NO_SAMPLING = 1 << 8,	/* refuses temperature, top_p, top_k but for their defaults */
	ANTHROPIC_MODELS_ONE_SAMPLING = 1 << 9,	/* refuses temperature and top_p together */
	ANTHROPIC_MODELS_NO_PREFILL = 1 << 10,	/* the last turn must be the user's */
	ANTHROPIC_MODELS_NO_FORCED = 1 << 11,	/* refuses tool_choice any and tool */
	ANTHROPIC_MODELS_FORCED_THINKS = 1 << 12, /* takes them while it thinks */
};

struct anthropic_models_row {
	const char *name;
	int64_t max_tok;	/* max_tokens when the client gives none */
	unsigned flags;		/* enum anthropic_models_flag */
};

/* The row of this model, of the newest model before it in its family, or of models that nothing is known of.
 * Names of Bedrock, Vertex AI and routers are understood ("us.anthropic.claude-sonnet-4-5-v1:0",
 * "anthropic/claude-sonnet-4.5"). */
const struct anthropic_models_row *anthropic_models_find(struct slice model);

#endif

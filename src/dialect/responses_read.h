/* A request of the dialect openai-responses -> typed view.  See struct dialect. */
#ifndef DIALECT_RESPONSES_READ_H
#define DIALECT_RESPONSES_READ_H

#include "dialect/dialect.h"

/* ERR_UNSUPPORTED for what only the provider that stores responses can do: previous_response_id,
 * conversation, prompt, background.  Members that mean something to this dialect only become extras: by their
 * name, those inside `reasoning` and `text` by "reasoning.name", and a choice of a hosted tool as
 * "tool_choice". */
enum err responses_read(struct arena *a, const struct request *r, struct prompt *out, struct fault *out_fault)
	MUST_CHECK;

#endif

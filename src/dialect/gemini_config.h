/* Settings -> Gemini's generationConfig, serviceTier and what stands beside them (protocols.md 5.2, 7.1, 7.5). */
#ifndef DIALECT_GEMINI_CONFIG_H
#define DIALECT_GEMINI_CONFIG_H

#include "dialect/gemini_draft.h"

/* "generationConfig" if there is something to say. */
void gemini_config_put(struct gemini_draft *d);
/* "serviceTier", "labels", "store"; names what has no place. */
void gemini_config_put_account(struct gemini_draft *d);

#endif

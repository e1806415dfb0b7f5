/* Gemini's countTokens: how many tokens a prompt has (protocols.md 5.1).  Requests are read and written by the rooms of
 * gemini_generate; this one knows the answer, {"totalTokens": N}. */
#ifndef DIALECT_GEMINI_COUNT_H
#define DIALECT_GEMINI_COUNT_H

#include "dialect/dialect.h"

#endif

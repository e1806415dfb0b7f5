/* The question of a chat request: its last user text, and a name for everything else, the partition.  Two requests of
 * one partition differ in nothing but that text: same tenant, model, dialect, system text, history, tools, options.
 *
 * The partition is the exact cache's digest (chat/digest.h) of the request with a hole where the question stood, so
 * what does not change an answer there does not part questions here. */
#ifndef CACHE_QUESTION_H
#define CACHE_QUESTION_H

#include "chat/digest.h"
#include "dialect/dialect.h"

struct question_rules {
	uint32_t depth;			/* most user turns of a conversation, the question's included */
	const char *embedder;		/* id and version: points of different ones never meet */
	const char *version;
	uint64_t epoch;			/* another one forgets everything */
};

enum question_fit {
	QUESTION_OK,
	QUESTION_NO_CHAT,	/* embeddings, counts, raw requests; several choices */
	QUESTION_NO_TEXT,	/* the last turn is no single text: images, tool results, an assistant's beginning */
	QUESTION_TOOLS,		/* a tool must be called, or runs at the provider: its answer is of the moment */
	QUESTION_DEEP,		/* more turns than the rules allow */
};

struct question {
	struct slice text;		/* in the request's document or in `a` */
	struct digest partition;
	uint64_t user;			/* of the end user that the request names, else of the tenant; not 0 */
	bool named;
};

/* r->doc must be there and is the same again afterwards.  `out` only with QUESTION_OK. */
enum question_fit question_find(struct arena *a, struct sha256 *s, const struct request *r,
	const struct question_rules *rules, struct question *out);

#endif

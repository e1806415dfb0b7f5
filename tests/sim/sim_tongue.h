/* Clients and providers of every dialect: how each asks and answers, and strict checks of what a client of it gets.
 * Read apart from src/dialect on purpose, as the official SDKs read it (protocols.md), so that a mistake there is not
 * made twice. */
#ifndef SIM_TONGUE_H
#define SIM_TONGUE_H

#include "sim.h"

enum sim_tongue {
	SIM_CHAT,		/* OpenAI's chat completions */
	SIM_COMPLETIONS,	/* the old ones */
	SIM_RESPONSES,
	SIM_CLAUDE,		/* Anthropic's messages */
	SIM_GEMINI,		/* with alt=sse */
	SIM_GEMINI_ARRAY,	/* without */
	SIM_TONGUES,
};

const char *sim_tongue_name(enum sim_tongue t);
/* The request of one user message "hi" (or a prompt): raw bytes.  `members` go into the body: ",\"seed\":1". */
const char *sim_tongue_ask(struct sim *s, enum sim_tongue t, const char *model, bool streamed, const char *fields,
	const char *members);
/* Path that a provider of it is asked at, below /v1; Gemini's ends with the method. */
bool sim_tongue_is_path(enum sim_tongue t, struct slice target, const char *model, bool streamed);
/* Field that carries its providers' keys. */
const char *sim_tongue_key(enum sim_tongue t);

/* A provider's script: a stream, `pause_ms` between its events, or one JSON body.  The text comes in pieces of two
 * letters; usage is 9 and 2 tokens, the model "m-2026", the answer's id "id-1". */
const struct sim_act *sim_tongue_script(struct sim *s, enum sim_tongue t, bool streamed, const char *text,
	uint64_t pause_ms);
/* The same stream, cut after the first half of its text, which it returns in *out_said; then `end` follows. */
const struct sim_act *sim_tongue_cut(struct sim *s, enum sim_tongue t, const char *text, struct sim_act end,
	const char **out_said);

/* What one answer said. */
struct sim_tongue_heard {
	const char *text;
	const char *finish;		/* the dialect's own word; NULL: none came */
	const char *error;		/* message of an error object; NULL: none */
	const char *id, *model;		/* NULL: not said */
	size_t n_ends;			/* end marks; a whole body is one */
	int64_t in_tok, out_tok;	/* -1: not said */
	const char *bad;		/* what no SDK would take; NULL */
};
struct sim_tongue_heard sim_tongue_hear(struct sim *s, enum sim_tongue t, const struct sim_answer *a, bool streamed);

/* As sim_check_whole and the like (sim.h), for the first answer of a client of this dialect. */
void sim_tongue_whole_at(struct sim *s, enum sim_tongue t, struct sim_client *c, bool streamed, const char *text,
	const char *file, int line);
void sim_tongue_broken_at(struct sim *s, enum sim_tongue t, struct sim_client *c, const char *text,
	const char *file, int line);
void sim_tongue_refused_at(struct sim *s, enum sim_tongue t, struct sim_client *c, int status, const char *file,
	int line);
void sim_tongue_honest_at(struct sim *s, enum sim_tongue t, struct sim_client *c, bool streamed, const char *text,
	const char *file, int line);
#define sim_tongue_whole(s, t, c, streamed, text) sim_tongue_whole_at(s, t, c, streamed, text, __FILE__, __LINE__)
#define sim_tongue_broken(s, t, c, text) sim_tongue_broken_at(s, t, c, text, __FILE__, __LINE__)
/* status 0: any */
#define sim_tongue_refused(s, t, c, status) sim_tongue_refused_at(s, t, c, status, __FILE__, __LINE__)
#define sim_tongue_honest(s, t, c, streamed, text) sim_tongue_honest_at(s, t, c, streamed, text, __FILE__, __LINE__)

#endif

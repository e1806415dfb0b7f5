/* What an encoder of the dialect openai-chat knows of the answer so far: names, choices, tool calls.
 * Shared by the stream writer and the whole-answer writer; everything lives in the encoder's arena. */
#ifndef DIALECT_OPENAI_ANSWER_H
#define DIALECT_OPENAI_ANSWER_H

#include "dialect/dialect.h"

/* Text that grows; doubling, so that the arena holds at most twice what is needed. */
struct openai_answer_text {
	char *p;
	size_t n, cap;
};

struct openai_answer_call {
	struct openai_answer_call *next;
	uint16_t part;		/* of the events */
	uint16_t index;		/* for the client: 0, 1, 2 in order of appearance, as SDKs want it */
	bool custom;		/* the request defines it as a custom tool */
	struct slice id, name;
	struct slice state;	/* its signature, as it goes out; empty: none */
	struct openai_answer_text args;	/* whole answers only */
};

struct openai_answer_choice {
	struct openai_answer_choice *next;
	uint16_t index;
	bool begun;		/* a delta with the role is out */
	uint16_t n_calls;
	struct openai_answer_call *calls;	/* in order */
	uint16_t n_details, n_images;
	struct slice finish;	/* the word for the client; empty: none came */
	struct openai_answer_text text, refusal;	/* whole answers only */
	struct openai_answer_text reasoning;	/* in a stream: since the last signature */
	size_t signed_n;	/* whole answers only: bytes of `reasoning` before the last signature */
	/* Whole answers only: elements of JSON arrays with their commas; bytes of sound. */
	struct openai_answer_text details, blocks, annotations, images, logprobs, sound;
	uint64_t chars;		/* openai-completions: characters of the text whose log probabilities are out */
};

/* A custom tool of the request. */
struct openai_answer_custom {
	struct openai_answer_custom *next;
	struct slice name;
};

struct openai_answer {
	struct slice id, model;
	struct slice head;	/* stream: a chunk up to and with `"choices":[` */
	struct openai_answer_choice *choices;	/* by rising index */
	struct usage usage;
	bool has_usage;
	bool wants_usage;	/* the client asked for it in the stream */
	bool legacy;		/* the client knows `functions` and no `tools` */
	struct openai_answer_custom *customs;
	/* A call whose first chunk waits for the next event, which may be its signature (openai_encode.c). */
	struct openai_answer_choice *waiting_choice;
	struct openai_answer_call *waiting;
};

/* The answer of this encoder, made on first use. */
struct openai_answer *openai_answer_of(struct dialect_encode *e);
/* EVENT_START: id and model as the provider says them. */
void openai_answer_start(struct dialect_encode *e, const struct event *ev);
/* Made when new. */
struct openai_answer_choice *openai_answer_choice(struct dialect_encode *e, uint16_t index);
/* The call of an EVENT_TOOL_START or EVENT_TOOL_ARGS; *out_new: it was not known before. */
struct openai_answer_call *openai_answer_call(struct dialect_encode *e, struct openai_answer_choice *c,
	const struct event *ev, bool *out_new);
/* Appends; on lack of room e->err becomes ERR_TOO_BIG. */
void openai_answer_grow(struct dialect_encode *e, struct openai_answer_text *t, struct slice more);
/* The id that the client gets: with a sealed state behind it, for clients that send back nothing else. */
struct slice openai_answer_call_id(struct dialect_encode *e, const struct openai_answer_call *call);
/* The client's word for an EVENT_FINISH; empty when the provider gave none. */
struct slice openai_answer_finish(struct dialect_encode *e, const struct event *ev);

#endif

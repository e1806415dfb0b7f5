/* What an encoder of Gemini's dialects knows of the answer so far: names, candidates and the parts that are not out
 * yet. Shared by the stream writer and the whole-answer writer; everything lives in the encoder's arena. */
#ifndef DIALECT_GEMINI_ANSWER_H
#define DIALECT_GEMINI_ANSWER_H

#include "codec/json_out.h"
#include "dialect/dialect.h"
#include "dialect/gemini_offsets.h"
#include "dialect/gemini_sources.h"

/* Text that grows; doubling, so that the arena holds at most twice what is needed. */
struct gemini_answer_text {
	char *p;
	size_t n, cap;
};

enum gemini_answer_kind { GEMINI_ANSWER_TEXT, GEMINI_ANSWER_THOUGHT, GEMINI_ANSWER_CALL, GEMINI_ANSWER_MEDIA };

struct gemini_answer_part {
	struct gemini_answer_part *next;
	enum gemini_answer_kind kind;
	uint16_t number;	/* CALL: of the events */
	bool ended;		/* CALL: nothing more comes */
	bool written;		/* CALL: it is out; later arguments are too late */
	size_t checked;		/* CALL: bytes of its arguments that are known not to be whole */
	struct slice id, name;	/* CALL */
	struct slice mime;	/* MEDIA */
	struct slice signature;
	struct gemini_answer_text text;	/* words, arguments or base64 */
};

struct gemini_answer_choice {
	struct gemini_answer_choice *next;
	uint16_t index;
	struct gemini_answer_part *parts, **end;	/* a stream keeps only calls */
	struct gemini_offsets offsets;			/* of its text */
	struct gemini_sources_kept *sources, **sources_end;
	size_t n_sources;
	struct gemini_answer_text logprobs;		/* whole answers: elements of the array, each with a comma */
	struct slice finish, message;			/* finishReason; empty: none came */
	/* a thoughtSignature of the thoughts so far: the next call carries it, or else the last text (gemini_seal.h) */
	struct slice held;
};

struct gemini_answer {
	struct slice id, model;
	struct gemini_answer_choice *choices;	/* by rising index */
	struct usage usage;
	bool has_usage;
	bool own;		/* the events are Gemini's */
	bool in_array;		/* the client gets a JSON array, and it has an element */
};

/* The answer of this encoder, made on first use. */
struct gemini_answer *gemini_answer_of(struct dialect_encode *e);
/* EVENT_START: id and model as the provider says them. */
void gemini_answer_start(struct dialect_encode *e, const struct event *ev);
/* Made when new. */
struct gemini_answer_choice *gemini_answer_choice(struct dialect_encode *e, uint16_t index);
/* A new part at the end; NULL without room: e->err says so. */
struct gemini_answer_part *gemini_answer_add(struct dialect_encode *e, struct gemini_answer_choice *c,
	enum gemini_answer_kind kind);
/* The call of an event; a start or arguments make it when it is new.  NULL: there is none, or no room. */
struct gemini_answer_part *gemini_answer_call(struct dialect_encode *e, struct gemini_answer_choice *c,
	const struct event *ev);
/* Appends; on lack of room e->err becomes ERR_TOO_BIG. */
void gemini_answer_grow(struct dialect_encode *e, struct gemini_answer_text *t, struct slice more);
/* The thoughtSignature for an EVENT_SIGNATURE or EVENT_REDACTED.  `late`: it will stand behind what it is of. */
struct slice gemini_answer_signature(struct dialect_encode *e, const struct event *ev, bool late);
/* EVENT_SIGNATURE of a call.  What the call carried for the thoughts before it is held again. */
void gemini_answer_sign(struct dialect_encode *e, struct gemini_answer_choice *c, struct gemini_answer_part *call,
	const struct event *ev);
void gemini_answer_cite(struct dialect_encode *e, struct gemini_answer_choice *c, const struct event *ev);
/* EVENT_FINISH: the words for the client. */
void gemini_answer_finish(struct dialect_encode *e, struct gemini_answer_choice *c, const struct event *ev);
/* True when a call's arguments are a whole JSON object: nothing but blanks could follow. */
bool gemini_answer_is_whole(struct gemini_answer_part *call);

/* One part as an object.  Arguments that are no JSON object, which Gemini's clients cannot take, come as the text they
 * are under the name "_raw". */
void gemini_answer_put_part(struct json_out *w, const struct gemini_answer_part *part);
/* "logprobsResult": of a JSON array in OpenAI's form; nothing when it is none. */
void gemini_answer_put_logprobs(struct json_out *w, struct slice array);
/* "finishReason", "finishMessage", "index" and "groundingMetadata" of a candidate, as far as they are known. */
void gemini_answer_put_end(struct json_out *w, const struct gemini_answer_choice *c);
/* "usageMetadata" if `usage`, "modelVersion", "responseId" */
void gemini_answer_put_names(struct json_out *w, const struct gemini_answer *a, bool usage);

#endif

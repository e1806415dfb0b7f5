/* The waist, request side, typed: what a request of any dialect means.  Built on demand from the client's body, only
 * when the target speaks another dialect (or another family's state must be taken out): dialect->read makes it,
 * dialect->write turns it into the target's body.
 *
 * Conventions, the same for every reader and writer:
 *  - Everything lives in one arena; slices point into it, into the body, or into its parsed document.
 *  - Lists keep the client's order.  System and developer texts are messages, wherever they stood.
 *  - Tool results stand in messages of role PROMPT_TOOL, all results of one turn in one message, text of the same
 *    turn in
 *    a PROMPT_USER message behind it.
 *  - One assistant turn is one message: reasoning, text and tool calls are its parts, in order.
 *  - Absent is not zero: see PROMPT_UNSET, NAN, enum prompt_tri.
 *  - What a writer cannot express it names with drops_add(), or refuses (drops.h). */
#ifndef CHAT_PROMPT_H
#define CHAT_PROMPT_H

#include <math.h>

#include "base/arena.h"
#include "codec/json.h"

#define PROMPT_UNSET INT64_MIN	/* an integer that was not given; doubles: NAN */

enum prompt_tri { PROMPT_TRI_UNSET, PROMPT_NO, PROMPT_YES };

enum prompt_role { PROMPT_SYSTEM, PROMPT_DEVELOPER, PROMPT_USER, PROMPT_ASSISTANT, PROMPT_TOOL };

enum prompt_part_kind {
	PROMPT_PART_TEXT,		/* text */
	PROMPT_PART_REFUSAL,		/* text; assistant only */
	PROMPT_PART_REASONING,		/* text (may be empty), seal, id; assistant only */
	PROMPT_PART_IMAGE,		/* media */
	PROMPT_PART_AUDIO,		/* media */
	PROMPT_PART_FILE,		/* media: documents, video */
	PROMPT_PART_TOOL_CALL,		/* id, name, args, custom, seal; assistant only */
	PROMPT_PART_TOOL_RESULT,	/* id, name, content, is_error; in PROMPT_TOOL only */
	/* raw: means something to its own dialect only (hosted tools' calls and results) */
	PROMPT_PART_OTHER,
};

enum prompt_source { PROMPT_SOURCE_URL, PROMPT_SOURCE_BASE64, PROMPT_SOURCE_FILE_ID, PROMPT_SOURCE_PLAIN /* text */ };

struct prompt_media {
	enum prompt_source source;
	struct slice data;	/* URL, base64, id at its provider, or text */
	struct slice mime;	/* "image/png"; may be empty for URL and FILE_ID */
	struct slice name;	/* file name or title; may be empty */
	struct slice detail;	/* OpenAI's low, high, auto; may be empty */
};

/* A provider's opaque state: a signature, encrypted reasoning.  `origin` is the tag of the dialect that made it (struct
 * dialect.tag); only that one gets it back.  0: none. */
struct prompt_seal {
	char origin;
	struct slice bytes;	/* as that provider wrote it */
};

/* A prompt-cache mark stands at the end of this part, tool or message. */
enum prompt_cache { PROMPT_CACHE_NONE, PROMPT_CACHE_DEFAULT, PROMPT_CACHE_5M, PROMPT_CACHE_1H };

struct prompt_part {
	struct prompt_part *next;
	enum prompt_part_kind kind;
	enum prompt_cache cache;
	struct slice text;
	struct prompt_media media;
	struct slice id;	/* call id, also in a result; REASONING: the item's id where it has one */
	/* function name; in a result as the client said it, or by prompt_tidy() from its call */
	struct slice name;
	/* TOOL_CALL: JSON text as the model wrote it, may be empty or invalid; custom: plain text */
	struct slice args;
	struct prompt_part *content;	/* TOOL_RESULT: TEXT, IMAGE and FILE parts */
	struct prompt_seal seal;
	yyjson_val *raw;	/* OTHER: the part as it came.  Others: may be set, for members beyond the typed ones */
	bool custom;		/* TOOL_CALL, TOOL_RESULT: of a custom (free text) tool */
	bool redacted;		/* REASONING: nothing to read, only the seal */
	bool is_error;		/* TOOL_RESULT */
	bool orphan;		/* TOOL_RESULT: no call has this id (prompt_tidy) */
};

struct prompt_message {
	struct prompt_message *next;
	enum prompt_role role;
	struct slice name;		/* of the speaker; usually empty */
	struct prompt_part *parts;
	struct prompt_part **end;	/* where the next part goes */
	/* as it came, for members beyond the typed ones, of joined messages the last; may be NULL */
	yyjson_val *raw;
};

enum prompt_tool_kind {
	PROMPT_TOOL_FUNCTION,
	PROMPT_TOOL_CUSTOM,		/* free text in; raw has its format */
	PROMPT_TOOL_WEB_SEARCH,		/* the provider searches; raw has its options */
	PROMPT_TOOL_HOSTED,		/* any other tool that runs at the provider: raw, for its own dialect only */
};

struct prompt_tool {
	struct prompt_tool *next;
	enum prompt_tool_kind kind;
	enum prompt_cache cache;
	struct slice name, description;
	yyjson_val *schema;		/* JSON Schema of the arguments; NULL: none given */
	enum prompt_tri strict;
	bool unnamed;			/* it is not among choice_names (prompt_tidy) */
	yyjson_val *raw;		/* the tool as it came */
};

enum prompt_choice { PROMPT_CHOICE_UNSET, PROMPT_CHOICE_AUTO, PROMPT_CHOICE_NONE, PROMPT_CHOICE_REQUIRED,
	PROMPT_CHOICE_NAMED,		/* choice_names[0] must be called */
	PROMPT_CHOICE_ALLOWED };	/* only choice_names may be called; choice_required: one of them must */

enum prompt_format { PROMPT_FORMAT_UNSET, PROMPT_FORMAT_TEXT, PROMPT_FORMAT_JSON, PROMPT_FORMAT_SCHEMA };

/* In rising order. */
enum prompt_effort { PROMPT_EFFORT_UNSET, PROMPT_EFFORT_NONE, PROMPT_EFFORT_MINIMAL, PROMPT_EFFORT_LOW,
	PROMPT_EFFORT_MEDIUM, PROMPT_EFFORT_HIGH, PROMPT_EFFORT_XHIGH, PROMPT_EFFORT_MAX };

/* One text or one list of tokens to embed. */
struct prompt_input {
	struct prompt_input *next;
	struct slice text;		/* p NULL: tokens */
	yyjson_val *tokens;		/* array of numbers */
	struct slice task, title;	/* Gemini's taskType and title; usually empty */
};

struct prompt {
	struct arena *arena;
	struct slice model;		/* as the client named it */
	char origin;			/* tag of the dialect it was read from */
	bool stream;

	struct prompt_message *messages, **messages_end;
	size_t n_messages;

	struct prompt_tool *tools, **tools_end;
	enum prompt_choice choice;
	struct slice *choice_names;
	const struct prompt_tool **choice_tools;	/* the tool of each name; NULL: none has it (prompt_tidy) */
	size_t n_choice_names;
	bool choice_required;
	enum prompt_tri parallel;	/* several calls in one turn are welcome */

	int64_t max_tok;		/* visible and reasoning tokens */
	double temperature, top_p, min_p, frequency_penalty, presence_penalty;
	int64_t top_k, seed, n, top_logprobs;
	enum prompt_tri logprobs;
	struct slice *stop;
	size_t n_stop;
	yyjson_val *logit_bias;

	enum prompt_format format;
	struct slice format_name, format_description;
	yyjson_val *format_schema;
	enum prompt_tri format_strict;

	enum prompt_effort effort;
	/* a budget given as a number: 0 off, -1 as the model likes, PROMPT_UNSET none given */
	int64_t thinking_tok;
	enum prompt_tri show_thinking;	/* the client wants to read (a summary of) the reasoning */
	bool opaque_thinking;		/* the client asked for the reasoning's opaque state (Responses: include) */

	struct slice user;		/* the end user's opaque id */
	struct slice tier;		/* OpenAI's words: auto, default, flex, priority, ... */
	struct slice verbosity, cache_key;
	enum prompt_tri store;
	yyjson_val *metadata;		/* an object of strings */
	yyjson_val *prediction;
	struct slice *modalities;	/* OpenAI's words: text, audio, image */
	size_t n_modalities;
	yyjson_val *audio;		/* voice and format, OpenAI's form */
	enum prompt_cache cache;	/* Anthropic's automatic mark on the whole prompt */

	/* REQUEST_EMBED */
	struct prompt_input *inputs, **inputs_end;
	size_t n_inputs;
	int64_t dimensions;
	bool base64;			/* the client wants vectors as base64 (encoding_format) */

	/* Legacy completions only: suffix, echo, best_of as the client wrote them. */
	yyjson_val *suffix, *echo, *best_of;

	/* Top-level members of the body that its reader does not know, by name: writers of other dialects drop them by
	 * name; a writer of the same family may pass them on. */
	struct prompt_extra *extras, **extras_end;
};

struct prompt_extra {
	struct prompt_extra *next;
	struct slice name;
	yyjson_val *value;
};

/* Everything unset, nothing in it. */
void prompt_init(struct prompt *p, struct arena *a);
/* Appended; zeroed but for what is given. */
struct prompt_message *prompt_add_message(struct prompt *p, enum prompt_role role);
struct prompt_part *prompt_add_part(struct prompt *p, struct prompt_message *m, enum prompt_part_kind kind);
/* A text part; an empty text adds nothing. */
void prompt_add_text(struct prompt *p, struct prompt_message *m, struct slice text);
struct prompt_tool *prompt_add_tool(struct prompt *p, enum prompt_tool_kind kind);
struct prompt_input *prompt_add_input(struct prompt *p);
void prompt_add_extra(struct prompt *p, struct slice name, yyjson_val *value);
/* A part outside any message: for a result's content.  *at is where it is linked; the new place is returned. */
struct prompt_part **prompt_link_part(struct prompt *p, struct prompt_part **at, enum prompt_part_kind kind);

/* "data:image/png;base64,AAAA" -> BASE64 with mime and data; anything else -> URL. */
struct prompt_media prompt_media_of_uri(struct slice uri);
/* Writes the opposite into `a`: "data:MIME;base64,DATA". */
struct slice prompt_media_uri(struct arena *a, const struct prompt_media *m);

/* The last step of every reader: joins neighbouring PROMPT_TOOL messages and neighbouring PROMPT_ASSISTANT messages,
 * gives each result the name of its call, marks results without a call as orphans; pairs tools with the names of the
 * choice.  Takes as long as the prompt is long, whatever is in it. */
void prompt_tidy(struct prompt *p);

/* The system and developer texts in order, joined by blank lines; empty when there are none. */
struct slice prompt_system_text(const struct prompt *p);
/* All text of a part list, joined without separator (a tool result's content as one string). */
struct slice prompt_text_of(struct arena *a, const struct prompt_part *parts);

/* "low" -> PROMPT_EFFORT_LOW; UNSET for an unknown word.  And back ("" for UNSET). */
enum prompt_effort prompt_effort_of(struct slice word);
const char *prompt_effort_name(enum prompt_effort e);
/* A budget as an effort and an effort as a budget, in tokens (protocols.md 7.5: minimal and low 1,024, medium 8,192,
 * high 24,576, more 32,768; none 0). */
enum prompt_effort prompt_effort_of_budget(int64_t tok);
int64_t prompt_effort_budget(enum prompt_effort e);

#endif

/* The waist, answer side: what a provider's answer says, event by event.  Small and fixed-size; slices point
 * into journal memory.  A decoder of any dialect produces them, an encoder of any dialect consumes them. */
#ifndef CHAT_EVENT_H
#define CHAT_EVENT_H

#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"

enum event_kind {
	EVENT_START,		/* id and model are known: text = provider's answer id, extra = model */
	EVENT_TEXT,		/* text of a choice */
	/* reasoning text shown to the client; extra = id of the reasoning item where it has one */
	EVENT_REASONING,
	EVENT_REFUSAL,		/* refusal text */
	EVENT_TOOL_START,	/* a tool call begins: part = its index, text = call id, extra = function name */
	EVENT_TOOL_ARGS,	/* more of its arguments: part = its index, text = fragment */
	EVENT_FINISH,		/* finish of a choice: reason; text = the provider's own word, extra = the stop
				 * sequence that matched, when it says so */
	EVENT_USAGE,		/* token counts: event_usage() */
	EVENT_PART_END,		/* nothing more comes for what is open: part = a tool call, or EVENT_NO_PART for text
				 * or reasoning.  A decoder gives it only where its wire says so */
	EVENT_SIGNATURE,	/* opaque state of the provider, to come back in the next request: text = as it wrote
				 * it, part = the tool call it belongs to, or EVENT_NO_PART: to the reasoning before
				 * it; extra = id of the reasoning item where it has one */
	EVENT_REDACTED,		/* reasoning that nobody may read: text = opaque state, extra = as above */
	EVENT_CITATION,		/* a source of the text before it: text = JSON object with any of url, title, text
				 * (cited words), start_index, end_index (in characters of the choice's text); extra =
				 * the provider's own object */
	EVENT_LOGPROBS,		/* text = JSON array as in OpenAI's choices[].logprobs.content, for the text before */
	EVENT_MEDIA,		/* an image or sound made by the model: text = base64, extra = MIME type:
				 * event_media_type() */
	/* an embedding: choice = its index, text = float32 little-endian, one after the other */
	EVENT_VECTOR,
	EVENT_OTHER,		/* no typed meaning (audio, annotations, filter results): only `raw` carries
				 * it; choice is EVENT_NO_CHOICE when the frame holds no choice at all */
	EVENT_ERROR,		/* the provider reported a failure inside the answer: err, text = its message */
	EVENT_END,		/* end marker of the dialect ([DONE]) */
};

enum event_finish { EVENT_FINISH_NONE, EVENT_FINISH_STOP, EVENT_FINISH_LENGTH, EVENT_FINISH_TOOL_CALLS,
	EVENT_FINISH_FILTER, EVENT_FINISH_FUNCTION,
	EVENT_FINISH_UNKNOWN /* a word of the provider weir does not know: passed on, never made `stop` */ };

/* -1 in a field: the provider did not say. */
struct usage {
	int64_t prompt_tok, completion_tok;	/* prompt includes cached, completion includes reasoning
						 * (OpenAI's rule) */
	int64_t cached_tok, cache_write_tok, reasoning_tok;
};
#define USAGE_NONE ((struct usage){ -1, -1, -1, -1, -1 })

#define EVENT_NO_CHOICE UINT16_MAX
#define EVENT_NO_PART UINT16_MAX

struct event {
	uint8_t kind;		/* enum event_kind */
	uint8_t finish;		/* EVENT_FINISH: enum event_finish */
	uint8_t err;		/* EVENT_ERROR: enum err */
	bool first_of_raw;	/* this event carries the raw slice of its frame; the others of the same frame
				 * have none */
	bool hidden;		/* its frame is the usage chunk weir asked for: not for clients who did not ask */
	uint16_t choice;
	uint16_t part;		/* tool call index, counted per choice in order of appearance */
	struct slice text, extra;
	struct slice raw;	/* provider's bytes of the frame, when first_of_raw */
};

/* The counts of an EVENT_USAGE travel as the bytes of a struct usage in its `text`, so that a journal copies
 * them as any text. */
static inline struct slice event_usage_text(const struct usage *u)
{
	return slice_of(u, sizeof(*u));
}

static inline struct usage event_usage(const struct event *ev)
{
	struct usage u = USAGE_NONE;
	if (ev->kind == EVENT_USAGE && ev->text.n == sizeof(u))
		memcpy(&u, ev->text.p, sizeof(u));
	return u;
}

/* Type and subtype without parameters ("audio/L16;rate=24000" has one), "image/png" when there is none: what
 * models make are pictures in the first place. */
struct slice event_media_type(const struct event *ev);
/* True for events that are progress toward an answer: text, reasoning, refusal, tool calls, finish, other content. */
bool event_is_content(const struct event *ev);
const char *event_kind_name(enum event_kind kind);
const char *event_finish_name(enum event_finish f);

#endif

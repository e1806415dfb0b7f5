#include "chat/event.h"

#include "base/must.h"

bool event_is_content(const struct event *ev)
{
	switch ((enum event_kind)ev->kind) {
	case EVENT_TEXT:
	case EVENT_REASONING:
	case EVENT_REFUSAL:
	case EVENT_TOOL_START:
	case EVENT_TOOL_ARGS:
	case EVENT_REDACTED:
	case EVENT_MEDIA:
	case EVENT_VECTOR:
	case EVENT_FINISH:
		return true;
	case EVENT_OTHER:
		return ev->choice != EVENT_NO_CHOICE;
	case EVENT_START:
	case EVENT_PART_END:
	case EVENT_SIGNATURE:
	case EVENT_CITATION:
	case EVENT_LOGPROBS:
	case EVENT_USAGE:
	case EVENT_ERROR:
	case EVENT_END:
		return false;
	}
	must_never("event kind");
}

const char *event_kind_name(enum event_kind kind)
{
	static const char *const names[] = { "start", "text", "reasoning", "refusal", "tool_start",
		"tool_args", "finish", "usage", "part_end", "signature", "redacted", "citation", "logprobs",
		"media", "vector", "other", "error", "end" };
	must((unsigned)kind < COUNT_OF(names));
	return names[kind];
}

const char *event_finish_name(enum event_finish f)
{
	static const char *const names[] = { "none", "stop", "length", "tool_calls", "content_filter",
		"function_call", "unknown" };
	must((unsigned)f < COUNT_OF(names));
	return names[f];
}

struct slice event_media_type(const struct event *ev)
{
	size_t end = MIN_OF(slice_find(ev->extra, ';'), slice_find(ev->extra, ','));

	return end ? slice_of(ev->extra.p, end) : SLICE("image/png");
}

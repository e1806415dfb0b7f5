#include "dialect/gemini_finish.h"

static const struct gemini_finish rows[] = {
#define FINISH(word, finish, err) { word, EVENT_FINISH_##finish, ERR_##err },
#include "dialect/gemini_finish.def"
#undef FINISH
};

struct gemini_finish gemini_finish_find(struct slice word)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (slice_case_eq(word, slice_str(rows[i].word)))
			return rows[i];
	return (struct gemini_finish){ NULL, EVENT_FINISH_UNKNOWN, ERR_OK };
}

const char *gemini_finish_word(enum event_finish finish, struct slice own)
{
	struct gemini_finish row = gemini_finish_find(own);

	if (row.word && row.finish == finish)
		return row.word;
	switch (finish) {
	case EVENT_FINISH_STOP:
	case EVENT_FINISH_TOOL_CALLS:
	case EVENT_FINISH_FUNCTION: return "STOP";
	case EVENT_FINISH_LENGTH: return "MAX_TOKENS";
	case EVENT_FINISH_FILTER: return "SAFETY";
	case EVENT_FINISH_NONE:
	case EVENT_FINISH_UNKNOWN: return "OTHER";
	}
	must_never("finish");
}

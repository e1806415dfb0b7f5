#include "chat/callid.h"

#include "base/siphash.h"

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool all_of(struct slice id, const char *more)
{
	for (size_t i = 0; i < id.n; i++)
		if (!is_alnum(id.p[i]) && (id.p[i] == '\0' || strchr(more, id.p[i]) == NULL))
			return false;
	return true;
}

static bool fits(enum callid_rule rule, struct slice id)
{
	switch (rule) {
	case CALLID_ANY: return id.n > 0;
	case CALLID_OPENAI: return id.n > 0 && id.n <= 40;
	case CALLID_RESPONSES: return id.n > 0 && id.n <= 64;
	case CALLID_ANTHROPIC: return id.n > 0 && id.n <= 64 && all_of(id, "_-");
	case CALLID_MISTRAL: return id.n == 9 && all_of(id, "");
	}
	must_never("call id rule");
}

struct slice callid_fit(struct arena *a, enum callid_rule rule, struct slice id)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	/* A fixed key: the same id must give the same result in every process and every turn of a dialogue. */
	static const struct siphash_key key = { 0x7765697263616c6cu, 0x6964u };

	if (fits(rule, id))
		return id;
	uint64_t hash = siphash(&key, id);
	char text[10] = { 0 };
	for (int i = 0; i < 9; i++, hash /= 62)
		text[i] = digits[hash % 62];
	return rule == CALLID_MISTRAL ? arena_copy(a, slice_of(text, 9)) : arena_printf(a, "call_%s", text);
}

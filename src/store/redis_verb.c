#include "store/redis_verb.h"

#include <inttypes.h>
#include <stdio.h>

#include "store/redis_near.h"

#define NUMBER_TEXT 24
/* No log is trimmed to nothing: who follows it recognises a gap by the last entry that was read (redis_tail.h). */
#define LEAST_LEN 16u

enum script {
#define SCRIPT(name, sha, text) SCRIPT_##name,
#include "store/redis_scripts.def"
#undef SCRIPT
};

static const struct {
	struct slice sha, text;
} scripts[] = {
#define SCRIPT(name, sha, text) { SLICE(sha), SLICE(text) },
#include "store/redis_scripts.def"
#undef SCRIPT
};

/* `word`: the first one; else anywhere. */
static const struct {
	bool word;
	const char *text;
	enum redis_verb_cure cure;
} errors[] = {
#define ERROR(word, cure) { true, word, REDIS_CURE_##cure },
#define PHRASE(words, cure) { false, words, REDIS_CURE_##cure },
#include "store/redis_errors.def"
#undef ERROR
#undef PHRASE
};

static struct slice number(char text[NUMBER_TEXT], int64_t n)
{
	return slice_of(text, (size_t)snprintf(text, NUMBER_TEXT, "%" PRId64, n));
}

static void put(struct buf *out, const struct store_ask *a, struct slice key)
{
	char ttl[NUMBER_TEXT];

	redis_wire_put(out, (struct slice[]){ SLICE("SET"), key, a->value, SLICE("PX"), number(ttl, (int64_t)a->ttl_ms),
		SLICE("NX") }, a->cond == STORE_IF_ABSENT ? 6 : 5);
}

static void call(struct buf *out, enum script s, struct slice key, const struct slice *args, size_t n)
{
	/* A script that is not known costs its command its place among others: appends must keep theirs. */
	bool whole = s == SCRIPT_append;
	struct slice words[4 + REDIS_NEAR_ARGS] = { whole ? SLICE("EVAL") : SLICE("EVALSHA"),
		whole ? scripts[s].text : scripts[s].sha, SLICE("1"), key };

	must(n <= REDIS_NEAR_ARGS);
	memcpy(words + 4, args, n * sizeof(*args));
	redis_wire_put(out, words, 4 + n);
}

static void bump(struct buf *out, const struct store_ask *a, struct slice key)
{
	char by[NUMBER_TEXT], ttl[NUMBER_TEXT];

	if (a->ttl_ms == 0)
		redis_wire_put(out, (struct slice[]){ SLICE("INCRBY"), key, number(by, a->by) }, 3);
	else
		call(out, SCRIPT_bump, key,
			(struct slice[]){ number(by, a->by), number(ttl, (int64_t)a->ttl_ms) }, 2);
}

static void append(struct buf *out, const struct store_ask *a, struct slice key)
{
	char len[NUMBER_TEXT], ttl[NUMBER_TEXT];
	struct slice most = number(len, MAX_OF(a->max_len, LEAST_LEN));

	if (a->ttl_ms == 0)
		redis_wire_put(out, (struct slice[]){ SLICE("XADD"), key, SLICE("MAXLEN"), SLICE("~"), most, SLICE("*"),
			SLICE(REDIS_VERB_FIELD), a->value }, 8);
	else
		call(out, SCRIPT_append, key,
			(struct slice[]){ most, a->value, number(ttl, (int64_t)a->ttl_ms) }, 3);
}

static enum script script_of(enum store_verb verb)
{
	switch (verb) {
	case STORE_DROP_IF: return SCRIPT_drop_if;
	case STORE_RENEW_IF: return SCRIPT_renew_if;
	case STORE_NEAR_PUT: return SCRIPT_near_put;
	case STORE_NEAR_NOTE: return SCRIPT_near_note;
	case STORE_NEAR_GET: return SCRIPT_near_take;
	case STORE_BUMP:
	case STORE_GET:
	case STORE_PUT:
	case STORE_DROP:
	case STORE_APPEND:
	case STORE_TELL: break;
	}
	return SCRIPT_bump;
}

static void near(struct buf *out, const struct store_ask *a, struct slice key)
{
	struct redis_near_texts texts;
	struct slice args[REDIS_NEAR_ARGS];

	size_t n = redis_near_args(a, key, &texts, args);
	call(out, script_of(a->verb), key, args, n);
}

void redis_verb_put(struct buf *out, const struct store_ask *a, struct slice key)
{
	char ttl[NUMBER_TEXT];

	switch (a->verb) {
	case STORE_GET: redis_wire_put(out, (struct slice[]){ SLICE("GET"), key }, 2); break;
	case STORE_PUT: put(out, a, key); break;
	case STORE_DROP: redis_wire_put(out, (struct slice[]){ SLICE("DEL"), key }, 2); break;
	case STORE_DROP_IF: call(out, SCRIPT_drop_if, key, &a->value, 1); break;
	case STORE_RENEW_IF:
		call(out, SCRIPT_renew_if, key, (struct slice[]){ a->value, number(ttl, (int64_t)a->ttl_ms) }, 2);
		break;
	case STORE_BUMP: bump(out, a, key); break;
	case STORE_APPEND: append(out, a, key); break;
	case STORE_TELL: redis_wire_put(out, (struct slice[]){ SLICE("PUBLISH"), key, a->value }, 3); break;
	case STORE_NEAR_PUT:
	case STORE_NEAR_NOTE: near(out, a, key); break;
	case STORE_NEAR_GET: redis_near_get(out, a, key); break;
	}
}

void redis_verb_load(struct buf *out, enum store_verb verb)
{
	redis_wire_put(out, (struct slice[]){ SLICE("SCRIPT"), SLICE("LOAD"), scripts[script_of(verb)].text }, 3);
}

void redis_verb_take(struct buf *out, struct slice key, const struct slice *ids, size_t n)
{
	call(out, SCRIPT_near_take, key, ids, n);
}

enum store_result redis_verb_result(enum store_verb verb, const struct redis_reply *r, struct slice *out_value,
	int64_t *out_number)
{
	switch (verb) {
	case STORE_GET:
		*out_value = r->text;
		return r->kind == REDIS_NIL ? STORE_NONE : r->kind == REDIS_TEXT ? STORE_OK : STORE_AWAY;
	case STORE_PUT:
		return r->kind == REDIS_NIL ? STORE_NONE : r->kind == REDIS_STATUS ? STORE_OK : STORE_AWAY;
	case STORE_DROP:
	case STORE_DROP_IF:
	case STORE_RENEW_IF:
	case STORE_NEAR_PUT:
	case STORE_NEAR_NOTE:
		return r->kind != REDIS_NUMBER ? STORE_AWAY : r->number > 0 ? STORE_OK : STORE_NONE;
	case STORE_BUMP:
		*out_number = r->number;
		return r->kind == REDIS_NUMBER ? STORE_OK : STORE_AWAY;
	case STORE_APPEND:
		return r->kind == REDIS_TEXT ? STORE_OK : STORE_AWAY;
	case STORE_TELL:
		return r->kind == REDIS_NUMBER ? STORE_OK : STORE_AWAY;
	case STORE_NEAR_GET: break;
	}
	return STORE_AWAY;
}

enum redis_verb_cure redis_verb_cure(const struct redis_reply *r)
{
	for (size_t i = 0; i < COUNT_OF(errors); i++)
		if (errors[i].word ? redis_wire_says(r, errors[i].text) : strstr(r->text.p, errors[i].text) != NULL)
			return errors[i].cure;
	return REDIS_CURE_NONE;
}

bool redis_verb_moved(struct slice text, uint16_t *out_slot, struct redis_addr *out)
{
	struct slice word, slot;
	uint64_t n;

	if (!slice_next(&text, ' ', &word) || !slice_next(&text, ' ', &slot) || !slice_u64(slot, &n)
		|| n >= REDIS_SLOTS)
		return false;
	*out_slot = (uint16_t)n;
	return redis_url_addr(slice_trim(text), out);
}

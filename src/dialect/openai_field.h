/* Single members of a body of the dialect openai-chat, read with a check of their type.  Absent and null
 * are the same; a wrong type is refused with the member's place: "messages[3].content[1].image_url.url". */
#ifndef DIALECT_OPENAI_FIELD_H
#define DIALECT_OPENAI_FIELD_H

#include "dialect/dialect.h"

/* Who reads, and where. */
struct openai_field {
	struct arena *arena;
	struct fault *fault;
	struct prompt *prompt;
	const char *list;	/* "messages", and the place in it; NULL: the body's top level */
	size_t i;
	const char *inner;	/* "content", and the place in it; NULL: the message itself */
	size_t k;
	const char *under;	/* "image_url": an object in that; NULL: none */
	struct slice legacy_id, legacy_name;	/* newest `function_call`, which has no id */
};

/* Always false, so that a reader can return it.  `key` NULL: the place itself; `what` completes a
 * sentence. */
bool openai_field_refuse(struct openai_field *f, const char *key, const char *what);

/* Each leaves *out as it is when the member is absent, and returns false when it was refused. */
bool openai_field_str(struct openai_field *f, yyjson_val *obj, const char *key, struct slice *out) MUST_CHECK;
bool openai_field_obj(struct openai_field *f, yyjson_val *obj, const char *key, yyjson_val **out) MUST_CHECK;
bool openai_field_arr(struct openai_field *f, yyjson_val *obj, const char *key, yyjson_val **out) MUST_CHECK;
bool openai_field_tri(struct openai_field *f, yyjson_val *obj, const char *key,
	enum prompt_tri *out) MUST_CHECK;
bool openai_field_int(struct openai_field *f, yyjson_val *obj, const char *key, int64_t *out) MUST_CHECK;

/* A whole number, also when written 10.0. */
bool openai_field_whole(yyjson_val *v, int64_t *out);
/* A string or a list of strings; `key` as above. */
bool openai_field_strings(struct openai_field *f, yyjson_val *v, const char *key, struct slice **out,
	size_t *out_n) MUST_CHECK;
/* cache_control (Anthropic's form, taken by OpenRouter, Qwen and LiteLLM) and prompt_cache_breakpoint
 * (OpenAI's). */
enum prompt_cache openai_field_cache(yyjson_val *obj);

#endif

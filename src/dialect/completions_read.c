/* All members but a few are those of openai-chat: its reader takes them, and this one what it calls
 * extras. */
#include "dialect/completions_read.h"

#include "dialect/openai_read.h"

/* Always false: another provider may speak completions. */
static bool refuse(struct prompt *p, struct fault *fault, const char *name, const char *what)
{
	*fault = fault_make(p->arena, ERR_UNSUPPORTED, "`%s` %s", name, what);
	fault->param = slice_str(name);
	return false;
}

/* True when it asks for nothing: it need not be named among what was dropped. */
static bool is_idle(const struct prompt *p, struct slice name, yyjson_val *v)
{
	if (slice_eq(name, SLICE("echo")))
		return yyjson_is_false(v);
	if (slice_eq(name, SLICE("best_of")))
		return yyjson_get_num(v) <= (p->n == PROMPT_UNSET ? 1 : (double)p->n);
	return slice_eq(name, SLICE("suffix")) || slice_eq(name, SLICE("prompt"));
}

static yyjson_val **place_of(struct prompt *p, struct slice name)
{
	if (slice_eq(name, SLICE("suffix")))
		return &p->suffix;
	if (slice_eq(name, SLICE("echo")))
		return &p->echo;
	return slice_eq(name, SLICE("best_of")) ? &p->best_of : NULL;
}

/* Of duplicates the last counts, as in parse(). */
static yyjson_val *sort_extras(struct prompt *p)
{
	struct prompt_extra **at = &p->extras;
	yyjson_val *prompt = NULL;

	while (*at) {
		struct prompt_extra *x = *at;
		yyjson_val **typed = place_of(p, x->name);
		if (typed)
			*typed = x->value;
		if (slice_eq(x->name, SLICE("prompt")))
			prompt = x->value;
		if (is_idle(p, x->name, x->value))
			*at = x->next;
		else
			at = &x->next;
	}
	p->extras_end = at;
	return prompt;
}

static bool take_prompt(struct prompt *p, yyjson_val *prompt, struct fault *fault)
{
	if (yyjson_arr_size(prompt) == 1)
		prompt = yyjson_arr_get_first(prompt);
	if (yyjson_is_arr(prompt) && yyjson_is_str(yyjson_arr_get_first(prompt)))
		return refuse(p, fault, "prompt", "has several texts, and this provider answers one a call");
	if (!yyjson_is_str(prompt))
		return refuse(p, fault, "prompt", "must be a text for this provider: it understands no tokens");
	if (yyjson_get_len(prompt) == 0)
		return refuse(p, fault, "prompt", "is empty, and this provider needs a text to answer");
	if (yyjson_get_len(p->suffix))
		return refuse(p, fault, "suffix",
			"asks for text between two others, which this provider cannot write");
	prompt_add_text(p, prompt_add_message(p, PROMPT_USER), json_val_str(prompt));
	return true;
}

enum err completions_read(struct arena *a, const struct request *r, struct prompt *out, struct fault *out_fault)
{
	enum err e = openai_read(a, r, out, out_fault);

	if (e != ERR_OK)
		return e;
	/* `messages` means nothing here */
	out->messages = NULL;
	out->messages_end = &out->messages;
	out->n_messages = 0;
	if (!take_prompt(out, sort_extras(out), out_fault))
		return out_fault->err;
	prompt_tidy(out);
	return ERR_OK;
}

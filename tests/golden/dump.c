#include "dump.h"

#include <stdlib.h>

#include "say.h"

static void say_json(struct buf *out, const char *name, yyjson_val *v)
{
	size_t n = 0;
	char *text = v ? yyjson_val_write(v, YYJSON_WRITE_NOFLAG, &n) : NULL;

	if (v == NULL)
		return;
	must(text != NULL);
	buf_addf(out, " %s", name);
	buf_add(out, slice_of(text, n));
	free(text);
}

static void say_tri(struct buf *out, const char *name, enum prompt_tri tri)
{
	if (tri != PROMPT_TRI_UNSET)
		buf_addf(out, " %s=%s", name, tri == PROMPT_YES ? "yes" : "no");
}

static void say_cache(struct buf *out, enum prompt_cache cache)
{
	static const char *const names[] = { "", "default", "5m", "1h" };

	must((unsigned)cache < COUNT_OF(names));
	if (cache != PROMPT_CACHE_NONE)
		buf_addf(out, " cache=%s", names[cache]);
}

/* --- parts ---------------------------------------------------------------------------------------------- */

static const char *const part_names[] = { "text", "refusal", "reasoning", "image", "audio", "file", "call", "result",
	"other" };
static const char *const source_names[] = { "url", "base64", "file_id", "plain" };

static void say_media(struct buf *out, const struct prompt_part *part)
{
	const struct prompt_media *m = &part->media;
	bool is_media = part->kind == PROMPT_PART_IMAGE || part->kind == PROMPT_PART_AUDIO
		|| part->kind == PROMPT_PART_FILE;

	if (!is_media)
		return;
	must((unsigned)m->source < COUNT_OF(source_names));
	buf_addf(out, " %s", source_names[m->source]);
	say_str(out, "", m->data);
	say_if(out, "mime=", m->mime);
	say_if(out, "name=", m->name);
	say_if(out, "detail=", m->detail);
}

static void say_seal(struct buf *out, const struct prompt_seal *s)
{
	if (s->origin == 0 && s->bytes.n == 0)
		return;
	buf_addf(out, " seal=%c", s->origin ? s->origin : '-');
	say_str(out, "", s->bytes);
}

static bool has_text(enum prompt_part_kind kind)
{
	return kind == PROMPT_PART_TEXT || kind == PROMPT_PART_REFUSAL || kind == PROMPT_PART_REASONING;
}

static void say_part(struct buf *out, const struct prompt_part *part)
{
	must((unsigned)part->kind < COUNT_OF(part_names));
	buf_add(out, slice_str(part_names[part->kind]));
	if (has_text(part->kind) && !part->redacted)
		say_str(out, "", part->text);
	say_media(out, part);
	say_if(out, "id=", part->id);
	say_if(out, "name=", part->name);
	if (part->kind == PROMPT_PART_TOOL_CALL)
		say_str(out, "args=", part->args);
	say_seal(out, &part->seal);
	say_cache(out, part->cache);
	buf_addf(out, "%s%s%s%s", part->custom ? " custom" : "", part->redacted ? " redacted" : "",
		part->is_error ? " error" : "", part->orphan ? " orphan" : "");
	if (part->kind == PROMPT_PART_OTHER)
		say_json(out, "", part->raw);
	buf_add_char(out, '\n');
}

static void say_parts(struct buf *out, const struct prompt_part *parts)
{
	for (const struct prompt_part *part = parts; part; part = part->next) {
		buf_add(out, SLICE("  "));
		say_part(out, part);
		for (const struct prompt_part *in = part->content; in; in = in->next) {
			buf_add(out, SLICE("    "));
			say_part(out, in);
		}
	}
}

static void say_messages(struct buf *out, const struct prompt *p)
{
	static const char *const roles[] = { "system", "developer", "user", "assistant", "tool" };
	size_t n = 0;

	for (const struct prompt_message *m = p->messages; m; m = m->next, n++) {
		must((unsigned)m->role < COUNT_OF(roles));
		buf_add(out, slice_str(roles[m->role]));
		say_if(out, "name=", m->name);
		buf_add_char(out, '\n');
		say_parts(out, m->parts);
	}
	must(n == p->n_messages);
}

/* --- tools and formats ---------------------------------------------------------------------------------- */

static void say_tools(struct buf *out, const struct prompt *p)
{
	static const char *const kinds[] = { "function", "custom", "web_search", "hosted" };

	for (const struct prompt_tool *t = p->tools; t; t = t->next) {
		must((unsigned)t->kind < COUNT_OF(kinds));
		buf_addf(out, "tool %s", kinds[t->kind]);
		say_if(out, "name=", t->name);
		say_if(out, "description=", t->description);
		say_tri(out, "strict", t->strict);
		say_cache(out, t->cache);
		say_json(out, "schema=", t->schema);
		if (t->kind != PROMPT_TOOL_FUNCTION)
			say_json(out, "", t->raw);
		buf_add_char(out, '\n');
	}
}

static void say_list(struct buf *out, const struct slice *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		say_str(out, "", list[i]);
}

static void say_choice(struct buf *out, const struct prompt *p)
{
	static const char *const names[] = { "", "auto", "none", "required", "named", "allowed" };

	must((unsigned)p->choice < COUNT_OF(names));
	if (p->choice != PROMPT_CHOICE_UNSET) {
		buf_addf(out, "choice %s", names[p->choice]);
		say_list(out, p->choice_names, p->n_choice_names);
		buf_add(out, p->choice_required ? SLICE(" required\n") : SLICE("\n"));
	}
	if (p->parallel != PROMPT_TRI_UNSET)
		buf_addf(out, "parallel %s\n", p->parallel == PROMPT_YES ? "yes" : "no");
}

static void say_format(struct buf *out, const struct prompt *p)
{
	static const char *const names[] = { "", "text", "json", "schema" };

	must((unsigned)p->format < COUNT_OF(names));
	if (p->format == PROMPT_FORMAT_UNSET)
		return;
	buf_addf(out, "format %s", names[p->format]);
	say_if(out, "name=", p->format_name);
	say_if(out, "description=", p->format_description);
	say_tri(out, "strict", p->format_strict);
	say_json(out, "schema=", p->format_schema);
	buf_add_char(out, '\n');
}

/* --- settings ------------------------------------------------------------------------------------------- */

static void say_numbers(struct buf *out, const struct prompt *p)
{
	const struct {
		const char *name;
		int64_t v;
	} ints[] = {
		{ "max_tok", p->max_tok }, { "top_k", p->top_k }, { "seed", p->seed }, { "n", p->n },
		{ "top_logprobs", p->top_logprobs }, { "thinking_tok", p->thinking_tok }, { "dimensions",
			p->dimensions },
	};
	const struct {
		const char *name;
		double v;
	} nums[] = {
		{ "temperature", p->temperature }, { "top_p", p->top_p }, { "min_p", p->min_p },
		{ "frequency_penalty", p->frequency_penalty }, { "presence_penalty", p->presence_penalty },
	};

	for (size_t i = 0; i < COUNT_OF(ints); i++)
		if (ints[i].v != PROMPT_UNSET)
			buf_addf(out, "%s %lld\n", ints[i].name, (long long)ints[i].v);
	for (size_t i = 0; i < COUNT_OF(nums); i++)
		if (!isnan(nums[i].v))
			buf_addf(out, "%s %.15g\n", nums[i].name, nums[i].v);
}

static void say_words(struct buf *out, const struct prompt *p)
{
	const struct {
		const char *name;
		struct slice v;
	} words[] = {
		{ "user", p->user }, { "tier", p->tier }, { "verbosity", p->verbosity }, { "cache_key", p->cache_key },
	};
	const struct {
		const char *name;
		const struct slice *list;
		size_t n;
	} lists[] = {
		{ "stop", p->stop, p->n_stop }, { "modalities", p->modalities, p->n_modalities },
	};

	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (words[i].v.n) {
			buf_add(out, slice_str(words[i].name));
			say_str(out, "", words[i].v);
			buf_add_char(out, '\n');
		}
	for (size_t i = 0; i < COUNT_OF(lists); i++)
		if (lists[i].n) {
			buf_add(out, slice_str(lists[i].name));
			say_list(out, lists[i].list, lists[i].n);
			buf_add_char(out, '\n');
		}
}

static void say_choices_made(struct buf *out, const struct prompt *p)
{
	const struct {
		const char *name;
		enum prompt_tri tri;
	} tris[] = { { "logprobs", p->logprobs }, { "show_thinking", p->show_thinking }, { "store", p->store } };

	if (p->effort != PROMPT_EFFORT_UNSET)
		buf_addf(out, "effort %s\n", prompt_effort_name(p->effort));
	for (size_t i = 0; i < COUNT_OF(tris); i++)
		if (tris[i].tri != PROMPT_TRI_UNSET)
			buf_addf(out, "%s %s\n", tris[i].name, tris[i].tri == PROMPT_YES ? "yes" : "no");
	if (p->cache != PROMPT_CACHE_NONE) {
		buf_add(out, SLICE("prompt"));
		say_cache(out, p->cache);
		buf_add_char(out, '\n');
	}
	if (p->base64)
		buf_add(out, SLICE("base64\n"));
}

static void say_values(struct buf *out, const struct prompt *p)
{
	const struct {
		const char *name;
		yyjson_val *v;
	} values[] = {
		{ "logit_bias", p->logit_bias }, { "metadata", p->metadata }, { "prediction", p->prediction },
		{ "audio", p->audio }, { "suffix", p->suffix }, { "echo", p->echo }, { "best_of", p->best_of },
	};

	for (size_t i = 0; i < COUNT_OF(values); i++)
		if (values[i].v) {
			buf_add(out, slice_str(values[i].name));
			say_json(out, "", values[i].v);
			buf_add_char(out, '\n');
		}
	for (const struct prompt_extra *x = p->extras; x; x = x->next) {
		buf_add(out, SLICE("extra"));
		say_str(out, "", x->name);
		say_json(out, "", x->value);
		buf_add_char(out, '\n');
	}
}

static void say_inputs(struct buf *out, const struct prompt *p)
{
	size_t n = 0;

	for (const struct prompt_input *in = p->inputs; in; in = in->next, n++) {
		buf_add(out, SLICE("input"));
		if (in->tokens)
			say_json(out, "tokens=", in->tokens);
		else
			say_str(out, "", in->text);
		say_if(out, "task=", in->task);
		say_if(out, "title=", in->title);
		buf_add_char(out, '\n');
	}
	must(n == p->n_inputs);
}

void dump_prompt(const struct prompt *p, struct buf *out)
{
	say_messages(out, p);
	say_inputs(out, p);
	say_tools(out, p);
	say_choice(out, p);
	say_format(out, p);
	say_numbers(out, p);
	say_words(out, p);
	say_choices_made(out, p);
	say_values(out, p);
}

/* Order of the members: tools before system before messages, as the provider reads them, so that cache marks
 * are counted as it counts them. */
#include "dialect/anthropic_write.h"

#include "dialect/anthropic_config.h"
#include "dialect/anthropic_tools.h"
#include "dialect/anthropic_turns.h"
#include "dialect/quirks.h"

static struct anthropic_draft draft_of(const struct prompt *p, const struct dialect_ask *ask, struct buf *out)
{
	bool is_own = p->origin == anthropic_messages.tag || p->origin == anthropic_count.tag;

	return (struct anthropic_draft){ .p = p, .ask = ask, .quirks = ask->quirks ? ask->quirks : &quirks_none,
		.model = anthropic_models_find(ask->model), .w = json_out_to(out), .own = is_own };
}

static void plan(struct anthropic_draft *d)
{
	anthropic_draft_count_marks(d);
	anthropic_tools_plan(d);
	anthropic_turns_plan(d);
	anthropic_config_plan(d);
}

static void write_prompt(struct anthropic_draft *d)
{
	struct slice instruction = anthropic_config_instruction(d);

	anthropic_tools_write(d);
	anthropic_turns_write_system(d, instruction);
	anthropic_turns_write(d);
	anthropic_draft_mark(d, d->p->cache);
	anthropic_config_write_thinking(d);
}

static enum err verdict(const struct anthropic_draft *d)
{
	return d->err != ERR_OK ? d->err : json_out_ok(&d->w) ? ERR_OK : ERR_TOO_BIG;
}

enum err anthropic_write(const struct prompt *p, const struct dialect_ask *ask, struct buf *out)
{
	struct anthropic_draft d = draft_of(p, ask, out);

	plan(&d);
	json_out_obj(&d.w);
	json_out_key_str(&d.w, "model", ask->model);
	json_out_key_int(&d.w, "max_tokens", d.max_tok);
	if (ask->stream)
		json_out_key_bool(&d.w, "stream", true);
	write_prompt(&d);
	anthropic_config_write(&d);
	json_out_obj_end(&d.w);
	return verdict(&d);
}

enum err anthropic_write_count(const struct prompt *p, const struct dialect_ask *ask, struct buf *out)
{
	struct anthropic_draft d = draft_of(p, ask, out);

	d.counts = true;
	plan(&d);
	json_out_obj(&d.w);
	json_out_key_str(&d.w, "model", ask->model);
	write_prompt(&d);
	json_out_obj_end(&d.w);
	return verdict(&d);
}

#include "dialect/gemini_write.h"

#include "dialect/gemini_build.h"
#include "dialect/gemini_config.h"
#include "dialect/gemini_tools.h"
#include "dialect/gemini_turns.h"

static struct gemini_draft draft_of(const struct prompt *p, const struct dialect_ask *ask, struct buf *out)
{
	return (struct gemini_draft){ .p = p, .ask = ask, .w = json_out_to(out),
		.model = gemini_models_find(ask->model),
		.own = p->origin == gemini_generate.tag || p->origin == gemini_count.tag };
}

/* Arguments that were text before are nested now. */
static enum err verdict(struct gemini_draft *d)
{
	if (json_out_ok(&d->w) && !json_depth_ok(buf_slice(d->w.out), JSON_MAX_DEPTH))
		gemini_draft_refuse(d, "arguments or schemas are nested too deeply");
	if (d->err != ERR_OK)
		return d->err;
	return json_out_ok(&d->w) ? ERR_OK : ERR_TOO_BIG;
}

/* Inside the open object. */
static void put_prompt(struct gemini_draft *d)
{
	gemini_turns_put_system(d);
	gemini_turns_put(d);
	gemini_tools_put(d);
}

enum err gemini_write(const struct prompt *p, const struct dialect_ask *ask, struct buf *out)
{
	struct gemini_draft d = draft_of(p, ask, out);

	json_out_obj(&d.w);
	put_prompt(&d);
	gemini_config_put(&d);
	gemini_config_put_account(&d);
	gemini_draft_extras(&d, "");
	json_out_obj_end(&d.w);
	return verdict(&d);
}

enum err gemini_write_count(const struct prompt *p, const struct dialect_ask *ask, struct buf *out)
{
	struct gemini_draft d = draft_of(p, ask, out);

	json_out_obj(&d.w);
	json_out_key(&d.w, "generateContentRequest");
	json_out_obj(&d.w);
	json_out_key_str(&d.w, "model", gemini_build_resource(ask->arena, ask->model));
	put_prompt(&d);
	json_out_obj_end(&d.w);
	json_out_obj_end(&d.w);
	return verdict(&d);
}

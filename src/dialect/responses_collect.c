#include "dialect/responses_collect.h"

#include "dialect/responses_encode.h"
#include "dialect/responses_object.h"

void responses_collect(struct dialect_encode *e, const struct event *ev)
{
	responses_encode_collect(e, ev);
}

void responses_collect_write(struct dialect_encode *e, struct buf *out)
{
	struct responses_output *o = responses_output_of(e);
	struct json_out w = json_out_to(out);

	if (e->err != ERR_OK)
		return;
	o->incomplete |= !o->over;	/* it did not say how it ended */
	o->over = true;
	responses_object_write(&w, o);
	if (!json_out_ok(&w))
		e->err = ERR_TOO_BIG;
}

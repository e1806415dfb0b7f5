#include "dialect/openai_clash.h"

/* CALLID_ANY: as long as it likes. */
static enum callid_rule rule_of(const struct quirks *q)
{
	if (q->long_ids)
		return CALLID_ANY;
	return q->callid == CALLID_ANY && q->newest ? CALLID_OPENAI : q->callid;
}

bool openai_clash_may(const struct quirks *q, struct slice body)
{
	const struct {
		bool heeded;
		struct slice word;
	} rows[] = {
		{ q->system_only, SLICE("\"developer\"") },
		{ q->no_schema, SLICE("\"json_schema\"") },
		{ q->no_json_object, SLICE("\"json_object\"") },
		{ q->turn_after_tool || rule_of(q) != CALLID_ANY, SLICE("\"tool_call_id\"") },
		{ q->flat_text, SLICE("\"text\"") },
		{ q->inline_images, SLICE("\"image_url\"") },
		{ q->efforts != NULL, SLICE("\"reasoning_effort\"") },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].heeded && body.n && memmem(body.p, body.n, rows[i].word.p, rows[i].word.n))
			return true;
	return false;
}

/* --- one message ---------------------------------------------------------------------------------------- */

static bool is_bad_id(enum callid_rule rule, struct slice id, struct arena *a)
{
	return rule != CALLID_ANY && id.n && callid_fit(a, rule, id).p != id.p;
}

static bool has_bad_id(const struct quirks *q, yyjson_val *message, struct arena *a)
{
	enum callid_rule rule = rule_of(q);
	size_t i, n;
	yyjson_val *call;

	if (is_bad_id(rule, json_str(message, "tool_call_id"), a))
		return true;
	yyjson_arr_foreach(json_arr(message, "tool_calls"), i, n, call)
		if (is_bad_id(rule, json_str(call, "id"), a))
			return true;
	return false;
}

/* A list of texts where one string is wanted, or an address where bytes are. */
static bool has_bad_part(const struct quirks *q, yyjson_val *content)
{
	size_t i, n, texts = 0;
	yyjson_val *part;

	yyjson_arr_foreach(content, i, n, part) {
		texts += slice_eq(json_str(part, "type"), SLICE("text"));
		if (q->inline_images && slice_starts(json_str(json_obj(part, "image_url"), "url"), SLICE("http")))
			return true;
	}
	return q->flat_text && texts && texts == yyjson_arr_size(content);
}

static bool in_messages(const struct quirks *q, yyjson_val *messages, struct arena *a)
{
	bool after_tool = false;
	size_t i, n;
	yyjson_val *m;

	yyjson_arr_foreach(messages, i, n, m) {
		struct slice role = json_str(m, "role");
		if ((q->system_only && slice_eq(role, SLICE("developer")))
				|| (q->turn_after_tool && after_tool && slice_eq(role, SLICE("user")))
				|| has_bad_id(q, m, a) || has_bad_part(q, json_arr(m, "content")))
			return true;
		after_tool = slice_eq(role, SLICE("tool"));
	}
	return false;
}

/* --- the top -------------------------------------------------------------------------------------------- */

static bool is_bad_format(const struct quirks *q, struct slice type)
{
	return (q->no_schema && slice_eq(type, SLICE("json_schema")))
		|| (q->no_json_object && slice_eq(type, SLICE("json_object")));
}

static bool is_bad_effort(const struct quirks *q, struct slice effort)
{
	struct slice list = slice_str(q->efforts ? q->efforts : ""), word;

	if (effort.n == 0 || q->efforts == NULL)
		return false;
	while (slice_next(&list, ' ', &word))
		if (slice_eq(word, effort))
			return false;
	return true;
}

bool openai_clash_is(const struct quirks *q, yyjson_val *root, struct arena *a)
{
	return is_bad_format(q, json_str(json_obj(root, "response_format"), "type"))
		|| is_bad_effort(q, json_str(root, "reasoning_effort"))
		|| in_messages(q, json_arr(root, "messages"), a);
}

/* Every client before every provider (sim_tongue.h): the configuration and the checks that scenarios of several
 * dialects share. */
#ifndef PAIRS_H
#define PAIRS_H

#include "base/counter.h"
#include "scene.h"
#include "sim_tongue.h"

#define TEXT "Hello brave new world"

/* A provider of each dialect: "https://<host>", of which model `<name>` has one target and `<name>-<other>` a second.
 * */
static const struct {
	enum sim_tongue tongue;
	const char *name, *dialect, *host, *base;
} backs[] = {
	{ SIM_CHAT, "chat", "openai", "chat.test", "/v1" },
	{ SIM_COMPLETIONS, "old", "completions", "old.test", "/v1" },
	{ SIM_RESPONSES, "resp", "responses", "resp.test", "/v1" },
	{ SIM_CLAUDE, "claude", "anthropic", "claude.test", "/v1" },
	{ SIM_GEMINI, "gem", "gemini", "gem.test", "/v1beta" },
};
#define BACKS COUNT_OF(backs)

/* `before` stands at its start. */
static inline const char *config(const char *before)
{
	static char text[16384];
	size_t n = (size_t)snprintf(text, sizeof(text), "%s" SCENE_LISTEN "providers:\n", before);

	for (size_t i = 0; i < BACKS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
			"  %s: {dialect: %s, url: \"https://%s%s\", key: \"${SIM_KEY}\"}\n",
			backs[i].name, backs[i].dialect, backs[i].host, backs[i].base);
	n += (size_t)snprintf(text + n, sizeof(text) - n, "models:\n");
	for (size_t i = 0; i < BACKS; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n,
			"  %s:\n    targets: [%s/m1]\n    retries: 0\n" SCENE_CLOCKS,
			backs[i].name, backs[i].name);
		for (size_t k = 0; k < BACKS; k++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "  %s-%s:\n    tiers: [{targets: [%s/m1]}, "
				"{targets: [%s/m2]}]\n    retries: 0\n" SCENE_CLOCKS, backs[i].name, backs[k].name,
				backs[i].name, backs[k].name);
	}
	must(n < sizeof(text));
	return text;
}

/* Model `m`: claude, then chat, with these clocks. */
static inline const char *config_with(const char *clocks)
{
	static char text[1000];

	snprintf(text, sizeof(text),
		SCENE_LISTEN "providers:\n  claude: {dialect: anthropic, url: \"https://claude.test/v1\", "
		"key: \"${SIM_KEY}\"}\n  chat: {url: \"https://chat.test/v1\", key: \"${SIM_KEY}\"}\nmodels:\n"
		"  m: {tiers: [{targets: [claude/m1]}, {targets: [chat/m2]}], retries: 0, join: separate, clocks: %s}\n"
		"breaker: {fails: 0}\n", clocks);
	return text;
}

static inline struct sim_client *ask(struct sim *s, enum sim_tongue t, const char *model, bool streamed)
{
	return sim_client(s, (struct sim_plan){ .sends = { sim_tongue_ask(s, t, model, streamed, "", "") } });
}

static inline struct sim_client *ask_with(struct sim *s, enum sim_tongue t, const char *model, bool streamed,
	const char *fields,
	const char *members)
{
	return sim_client(s, (struct sim_plan){ .sends = { sim_tongue_ask(s, t, model, streamed, fields, members) } });
}

static inline bool field_is(const struct sim_client *c, const char *name, const char *value)
{
	return slice_eq(sim_http_field(&c->answers[0].http, name), slice_str(value));
}

static inline bool asked_for(const struct sim_provider *p, size_t i, const char *what)
{
	return sim_http_has(buf_slice(&p->seen[i]->http.body), what);
}

static const char *const finishes[SIM_TONGUES] = { [SIM_CHAT] = "stop", [SIM_COMPLETIONS] = "stop",
	[SIM_RESPONSES] = "completed", [SIM_CLAUDE] = "end_turn", [SIM_GEMINI] = "STOP", [SIM_GEMINI_ARRAY] = "STOP" };

static inline void check_answer(struct sim *s, enum sim_tongue front, struct sim_client *c, bool streamed)
{
	struct sim_tongue_heard h = sim_tongue_hear(s, front, &c->answers[0], streamed);

	sim_tongue_whole(s, front, c, streamed, TEXT);
	sim_check(s, strcmp(h.finish, finishes[front]) == 0);
	sim_check(s, strcmp(h.model, "m-2026") == 0);
	/* these tell counts in streams only when asked to */
	if (streamed && (front == SIM_CHAT || front == SIM_COMPLETIONS))
		return;
	sim_check(s, h.in_tok == 9 && h.out_tok == 2);
}

#endif

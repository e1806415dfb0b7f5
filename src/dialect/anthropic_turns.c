#include "dialect/anthropic_turns.h"

#include "dialect/anthropic_parts.h"

/* What the user says where a dialogue begins with the assistant or has system texts only: a block must not be empty. */
#define FIRST_TEXT SLICE(".")

static bool is_system(const struct prompt_message *m)
{
	return m->role == PROMPT_SYSTEM || m->role == PROMPT_DEVELOPER;
}

/* --- the plan ------------------------------------------------------------------------------------------- */

/* Within a dialogue only newer models know system texts; a client of this family says that its model does. */
static enum prompt_role role_of(const struct prompt_message *m)
{
	if (is_system(m))
		return PROMPT_SYSTEM;
	return m->role == PROMPT_ASSISTANT ? PROMPT_ASSISTANT : PROMPT_USER;
}

static bool has_blocks(struct anthropic_draft *d, const struct prompt_message *m)
{
	bool any = false;

	for (const struct prompt_part *part = m->parts; part; part = part->next) {
		bool is_written = anthropic_parts_is_written(d, part);
		if (!is_written)
			anthropic_parts_name_lost(d, part);
		any |= is_written;
	}
	return any;
}

static struct anthropic_draft_turn *add_turn(struct anthropic_draft *d, struct anthropic_draft_turn *last,
	enum prompt_role role)
{
	if (last && last->role == role)
		return last;
	struct anthropic_draft_turn *turn = ARENA_NEW(d->ask->arena, struct anthropic_draft_turn);
	turn->role = role;
	turn->end = &turn->items;
	*(last ? &last->next : &d->turns) = turn;
	return turn;
}

void anthropic_turns_plan(struct anthropic_draft *d)
{
	struct anthropic_draft_turn *last = NULL;

	for (const struct prompt_message *m = d->p->messages; m; m = m->next) {
		bool stands_first = last == NULL || !d->own;
		if (m->name.n)
			anthropic_draft_drop(d, "messages.name");
		if (!has_blocks(d, m) || (is_system(m) && stands_first))
			continue;
		struct anthropic_draft_item *item = ARENA_NEW(d->ask->arena, struct anthropic_draft_item);
		item->message = m;
		last = add_turn(d, last, role_of(m));
		*last->end = item;
		last->end = &item->next;
	}
}

static const struct anthropic_draft_turn *last_turn(const struct anthropic_draft *d,
	const struct anthropic_draft_turn **out_before)
{
	const struct anthropic_draft_turn *last = d->turns;

	*out_before = NULL;
	for (; last && last->next; last = last->next)
		*out_before = last;
	return last;
}

bool anthropic_turns_is_prefill(const struct anthropic_draft *d)
{
	const struct anthropic_draft_turn *before, *last = last_turn(d, &before);

	return last && last->role == PROMPT_ASSISTANT;
}

static bool has_results(const struct anthropic_draft_turn *turn)
{
	for (const struct anthropic_draft_item *item = turn->items; item; item = item->next)
		if (item->message->role == PROMPT_TOOL)
			return true;
	return false;
}

static const struct prompt_part *first_block(const struct anthropic_draft *d, const struct anthropic_draft_turn *turn)
{
	for (const struct anthropic_draft_item *item = turn->items; item; item = item->next)
		for (const struct prompt_part *part = item->message->parts; part; part = part->next)
			if (anthropic_parts_is_written(d, part))
				return part;
	must_never("a turn without blocks");
}

bool anthropic_turns_lacks_thinking(const struct anthropic_draft *d)
{
	const struct anthropic_draft_turn *before, *last = last_turn(d, &before);

	if (last == NULL || before == NULL || !has_results(last))
		return false;
	return first_block(d, before)->kind != PROMPT_PART_REASONING;
}

/* --- system --------------------------------------------------------------------------------------------- */

static void write_blocks(struct anthropic_draft *d, const struct prompt_message *m)
{
	for (const struct prompt_part *part = m->parts; part; part = part->next)
		if (anthropic_parts_is_written(d, part))
			anthropic_parts_write(d, part);
}

/* Behind it no system text is hoisted; NULL: all are. */
static const struct prompt_message *end_of_system(const struct anthropic_draft *d)
{
	return d->own && d->turns ? d->turns->items->message : NULL;
}

static bool has_system(const struct anthropic_draft *d)
{
	const struct prompt_message *end = end_of_system(d);

	for (const struct prompt_message *m = d->p->messages; m != end; m = m->next)
		for (const struct prompt_part *part = is_system(m) ? m->parts : NULL; part; part = part->next)
			if (anthropic_parts_is_written(d, part))
				return true;
	return false;
}

void anthropic_turns_write_system(struct anthropic_draft *d, struct slice more)
{
	const struct prompt_message *end = end_of_system(d);

	if ((more.n == 0 && !has_system(d)) || !anthropic_draft_key(d, "system"))
		return;
	json_out_arr(&d->w);
	for (const struct prompt_message *m = d->p->messages; m != end; m = m->next)
		if (is_system(m))
			write_blocks(d, m);
	if (more.n)
		anthropic_parts_write_text(d, &(struct prompt_part){ .kind = PROMPT_PART_TEXT }, more);
	json_out_arr_end(&d->w);
}

/* --- messages ------------------------------------------------------------------------------------------- */

static void open_message(struct anthropic_draft *d, const char *role)
{
	json_out_obj(&d->w);
	json_out_key_str(&d->w, "role", slice_str(role));
	json_out_key(&d->w, "content");
	json_out_arr(&d->w);
}

static void close_message(struct anthropic_draft *d)
{
	json_out_arr_end(&d->w);
	json_out_obj_end(&d->w);
}

/* All results first, then the rest. */
static void write_user(struct anthropic_draft *d, const struct anthropic_draft_turn *turn)
{
	open_message(d, "user");
	for (int round = 0; round < 2; round++)
		for (const struct anthropic_draft_item *item = turn->items; item; item = item->next)
			if ((item->message->role == PROMPT_TOOL) == (round == 0))
				write_blocks(d, item->message);
	close_message(d);
}

static struct slice trim_end(struct slice s)
{
	while (s.n && anthropic_draft_is_blank(slice_of(s.p + s.n - 1, 1)))
		s.n--;
	return s;
}

static const struct prompt_part *last_block(const struct anthropic_draft *d, const struct anthropic_draft_turn *turn)
{
	const struct prompt_part *last = NULL;

	for (const struct anthropic_draft_item *item = turn->items; item; item = item->next)
		for (const struct prompt_part *part = item->message->parts; part; part = part->next)
			if (anthropic_parts_is_written(d, part))
				last = part;
	return last;
}

/* The text that the model is to go on with must not end in white space. */
static void write_assistant(struct anthropic_draft *d, const struct anthropic_draft_turn *turn)
{
	const struct prompt_part *prefill = turn->next ? NULL : last_block(d, turn);

	if (prefill && prefill->kind != PROMPT_PART_TEXT && prefill->kind != PROMPT_PART_REFUSAL)
		prefill = NULL;
	open_message(d, "assistant");
	for (const struct anthropic_draft_item *item = turn->items; item; item = item->next)
		for (const struct prompt_part *part = item->message->parts; part; part = part->next) {
			if (part == prefill)
				anthropic_parts_write_text(d, part, trim_end(part->text));
			else if (anthropic_parts_is_written(d, part))
				anthropic_parts_write(d, part);
		}
	close_message(d);
}

static void write_system_turn(struct anthropic_draft *d, const struct anthropic_draft_turn *turn)
{
	open_message(d, "system");
	for (const struct anthropic_draft_item *item = turn->items; item; item = item->next)
		write_blocks(d, item->message);
	close_message(d);
}

static void write_first(struct anthropic_draft *d)
{
	open_message(d, "user");
	anthropic_parts_write_text(d, &(struct prompt_part){ .kind = PROMPT_PART_TEXT }, FIRST_TEXT);
	close_message(d);
}

void anthropic_turns_write(struct anthropic_draft *d)
{
	if (!anthropic_draft_key(d, "messages"))
		return;
	json_out_arr(&d->w);
	if (d->turns == NULL || d->turns->role == PROMPT_ASSISTANT)
		write_first(d);
	for (const struct anthropic_draft_turn *turn = d->turns; turn; turn = turn->next) {
		if (turn->role == PROMPT_USER)
			write_user(d, turn);
		else if (turn->role == PROMPT_ASSISTANT)
			write_assistant(d, turn);
		else
			write_system_turn(d, turn);
	}
	json_out_arr_end(&d->w);
}

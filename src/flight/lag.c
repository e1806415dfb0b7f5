#include "flight/lag.h"

#include "flight/flight.h"

static uint64_t most_lag(const struct flight *f)
{
	return f->readers == 1 ? f->env->limits.lag_bytes : f->env->limits.journal_bytes / 2;
}

/* False when none keeps up. */
static bool cut_laggards(struct flight *f, uint64_t limit)
{
	size_t laggards = 0;

	LIST_EACH(node, tmp, &f->journal.cursors)
		laggards += cursor_lag(LIST_ITEM(node, struct cursor, node)) >= limit;
	if (laggards == f->readers)
		return false;
	LIST_EACH(node, tmp, &f->journal.cursors) {
		struct cursor *c = LIST_ITEM(node, struct cursor, node);
		if (cursor_lag(c) < limit)
			continue;
		loop_post(f->env->attempt.loop, c->on_news);
		cursor_close(c);
	}
	return true;
}

/* A lone slow reader slows its upstream.  Of several nobody waits for the slowest: the journal holds what it has not
 * read, until it holds too much; then those who are that far behind are cut, and their exchanges see cursor.journal
 * == NULL. */
void lag_check(struct flight *f)
{
	uint64_t limit = most_lag(f);

	if (f->journal.held < limit || journal_lag(&f->journal) < limit || (f->readers > 1 && cut_laggards(f, limit)))
		return;
	attempt_pause(&f->attempt, true);
	journal_wait_drain(&f->journal, limit / 2);
}

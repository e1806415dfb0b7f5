/* The semantic cache: a question that is only similar to one before may get its answer.  Off by default.
 *
 *  partition   all questions that differ in nothing but their text (question.h): tenant, model, options, system
 *              text and history are the same.  Nothing is ever looked up across partitions.
 *  entry       one question of a partition with its answer and what is known about it (evidence.h)
 *  note        what a request that missed takes along, so that its answer, when it comes, is kept, and tells
 *              whether the nearest entry's would have been right: a label
 *
 * A hit must pass, in this order: the question may be looked up at all (guard_eligible), an entry is near (flat.h), no
 * guard sees a difference (guard.h), and the mode allows it: `threshold` by similarity alone, `verified` by the entry's
 * evidence.  `shadow` decides as `verified` does, serves nothing and counts what it would have.
 *
 * An entry whose guards see no difference to a new question stands for it too: the new answer makes a label and no
 * entry of its own.  So evidence gathers in one place. */
#ifndef CACHE_SEMANTIC_H
#define CACHE_SEMANTIC_H

#include "base/dice.h"
#include "cache/exact.h"
#include "cache/guard.h"
#include "cache/likeness.h"
#include "cache/partition.h"
#include "cache/question.h"
#include "cache/semantic_news.h"
#include "route/roster.h"

#define SEMANTIC_FLOOR 0.5f		/* least cosine that evidence knows of (evidence.h) */
#define SEMANTIC_AUDIT 50u		/* one hit of so many goes to the provider too, to be checked */
#define SEMANTIC_AGAIN_MS 60000u	/* who asks the same again so soon did not like the answer */

enum semantic_outcome {
	SEMANTIC_SKIP,		/* not a question for this cache: nothing is kept either */
	SEMANTIC_MISS,
	SEMANTIC_WOULD,		/* a miss for the client; mode shadow would have answered */
	SEMANTIC_AUDIT_MISS,	/* a miss for the client: a hit taken for a check */
	SEMANTIC_HIT,
};

/* Of one model.  Figures since the start. */
struct semantic_stats {
	uint64_t asked, skipped, misses, hits, would, audits;
	uint64_t right, wrong, unknown;			/* labels */
	/* of those, where an answer would have been or was being served */
	uint64_t would_wrong, audit_wrong;
	uint64_t bad, again;				/* told by feedback; asked again at once */
	uint64_t kept;
	uint64_t denied[GUARD_COUNT];			/* by guards: questions and pairs */
};

struct semantic_model {
	struct evidence_book book;
	struct semantic_stats stats;
	size_t name_n;
	char name[];
};

/* What `judge` may decide where likeness_of cannot: two answers to like questions.  Answers at once. */
typedef enum likeness semantic_judge(void *arg, struct slice question, struct slice a, struct slice b);

/* Who carries news to other nodes (semantic_log.h, semantic_index.h).  Wrong labels count at once and again when they
 * come back, which errs on the safe side; right ones only when they come back, if labels do. */
struct semantic_peer {
	bool labels_return;		/* else an entry comes with all its labels, or not at all */
	void (*on_asked)(void *arg, const struct digest *partition);	/* before each look-up; NULL: not wanted */
	void (*on_news)(void *arg, const struct semantic_news *n);	/* all borrowed until return */
	void *arg;
};

struct semantic {
	const struct embedder *embedder;	/* of the caller */
	struct map models;			/* name -> struct semantic_model */
	struct partition_set set;
	struct exact bodies;			/* answers by entry */
	struct buf text_a, text_b;		/* scratch */
	struct dice dice;
	uint64_t seed;
	semantic_judge *judge;			/* NULL: nobody */
	void *judge_arg;
	const struct semantic_peer *peer;	/* NULL: this node is alone */
};

struct semantic_opts {
	const struct embedder *embedder;	/* must outlive the cache, or be changed by semantic_use */
	size_t index_max, body_max;		/* bytes; 0 keeps nothing */
	uint64_t seed;
};

void semantic_init(struct semantic *s, const struct semantic_opts *o);
void semantic_done(struct semantic *s);
/* New limits and embedder (a reload); another embedder forgets everything. */
void semantic_use(struct semantic *s, const struct semantic_opts *o);
/* Forgets all entries; books and figures stay.  Memory that goes at once is freed by sweep.h. */
void semantic_purge(struct semantic *s);

struct semantic_ask {
	struct slice model;			/* name */
	const struct roster_semantic *rules;
	const struct question *question;
	struct slice point;			/* of its text, as embed_bytes, where the embedder is elsewhere */
	uint64_t tenant;
	uint64_t max_age_ms;			/* 0: no-cache, only a label is wanted; UINT64_MAX: any */
	struct exact_now now;
};

/* Plain data; `text`, `model` and `point` are in the caller's memory, as long as the note. */
struct semantic_note {
	enum semantic_outcome outcome;
	struct digest partition;
	struct slice text, model, point;
	struct roster_semantic rules;
	uint64_t tenant;
	uint32_t asker;
	uint64_t candidate;			/* nearest entry that guards let pass; 0: none */
	uint8_t bin;
	bool soft;				/* the candidate says a little more or less */
};

struct semantic_hit {
	struct exact_answer answer;		/* borrowed until the cache changes */
	uint64_t id;				/* for x-weir-cache and semantic_feedback */
	float cosine;
};

/* Would semantic_find look for it, once it has the point?  Counts nothing. */
bool semantic_wants(struct semantic *s, const struct semantic_ask *ask);
/* `out_note` always, its text, model and point as in `ask`; `out_hit` only with SEMANTIC_HIT. */
enum semantic_outcome semantic_find(struct semantic *s, const struct semantic_ask *ask, struct semantic_note *out_note,
	struct semantic_hit *out_hit);
/* The answer to a request that missed, complete and ended by `stop`, one choice, its tape not lossy. */
void semantic_keep(struct semantic *s, const struct semantic_note *note, const struct exact_answer *a,
	struct exact_now now);
/* The answer of a hit was bad.  False: no such entry, or not one of this tenant's. */
bool semantic_feedback(struct semantic *s, uint64_t id, uint64_t tenant, uint64_t user);
/* Where a text lies: `point` of an embedder elsewhere, or made here.  False: nowhere. */
bool semantic_point(const struct semantic *s, struct slice text, struct slice point, struct embed_vec *out);
/* News of another node, or of this one come back.  Evidence that comes with an entry takes the place of what is known
 * here, unless more wrong labels are. */
void semantic_hear(struct semantic *s, const struct semantic_news *n, struct exact_now now);
/* Forgets one partition: its news come again from the beginning, or not at all. */
void semantic_forget(struct semantic *s, const struct digest *partition);
/* NULL: the model was never asked here. */
const struct semantic_stats *semantic_stats(const struct semantic *s, struct slice model);

#endif

/* Answers to similar questions (cache/semantic.h): what an exchange asks the semantic cache, and what it takes
 * along for it. */
#ifndef EXCHANGE_SIMILAR_H
#define EXCHANGE_SIMILAR_H

#include "exchange/exchange_priv.h"

/* The question, while the tree is there, where the model wants such answers. */
void similar_note(struct exchange *ex, const struct request *r, const struct model *m);
/* True: a provider is asked where the question lies, or the nodes' shared index what is near, and the driver is posted
 * when they have said so, or are too slow.  False: similar_find may be called. */
bool similar_waits(struct exchange *ex);
/* The exchange ends: nothing is waited for any more. */
void similar_close(struct exchange *ex);
/* True: the reader has an answer. */
bool similar_find(struct exchange *ex);
/* The flight was just opened or joined: its answer is kept for similar questions, and tells whether the nearest would
 * have done.  In shadow mode what takes time is asked only now, while the flight is under way. */
void similar_keep(struct exchange *ex);

#endif

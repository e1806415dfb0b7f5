#include "exchange/claim.h"

#include "flight/abroad.h"

void claim_note(struct exchange *ex, const struct request *r, const struct model *m)
{
	struct exchange_env *env = ex->env;
	uint32_t hot = env->hot;

	if (hot == 0 || exchange_store(ex) == NULL || (r->doc == NULL && !ex->known) || r->op != REQUEST_CHAT
			|| !flight_may_share(r) || r->door.strict || m == NULL || !m->join)
		return;
	ex->claim.hot = heat_note(&env->heat, join_hash(&env->flight.join, r), loop_now(exchange_loop(ex))) >= hot;
}

static void make_token(struct exchange *ex)
{
	uint64_t v = dice_u64(ex->env->flight.dice);

	for (size_t i = 0; i < ABROAD_TOKEN; i++)
		ex->claim.token[i] = "0123456789abcdef"[v >> 4 * i & 15];
}

static void over(struct exchange *ex)
{
	ex->claim.asking = false;
	loop_post(exchange_loop(ex), &ex->drive);
}

static void give_back(struct exchange *ex)
{
	struct store *s = ex->env->flight.exact.store;
	char key[ABROAD_KEY_MAX];

	if (s)
		store_drop_if(s, NULL, abroad_lease_key(key, &ex->digest), slice_of(ex->claim.token, ABROAD_TOKEN));
}

/* Whoever holds the lease: its token names the log.  It may just have ended: then this node is on its own. */
static void on_owner(struct store_op *op)
{
	struct exchange *ex = LIST_ITEM(op, struct exchange, claim.op);

	if (op->result == STORE_OK && op->value.n == ABROAD_TOKEN) {
		memcpy(ex->claim.token, op->value.p, ABROAD_TOKEN);
		ex->claim.follows = true;
	}
	over(ex);
}

static void on_lease(struct store_op *op)
{
	struct exchange *ex = LIST_ITEM(op, struct exchange, claim.op);
	struct store *s = exchange_store(ex);
	char key[ABROAD_KEY_MAX];

	ex->claim.owns = op->result == STORE_OK;
	if (op->result == STORE_AWAY)
		give_back(ex);		/* it may have been taken all the same: others would wait for words of ours */
	if (op->result != STORE_NONE || s == NULL) {
		over(ex);
		return;
	}
	*op = (struct store_op){ .on_done = on_owner };
	store_get(s, op, abroad_lease_key(key, &ex->digest));
}

bool claim_open(struct exchange *ex)
{
	struct store *s = exchange_store(ex);
	char key[ABROAD_KEY_MAX];

	if (!ex->claim.hot || s == NULL)
		return false;
	make_token(ex);
	ex->claim.asked = ex->claim.asking = true;
	ex->claim.op = (struct store_op){ .on_done = on_lease };
	store_put(s, &ex->claim.op, abroad_lease_key(key, &ex->digest), slice_of(ex->claim.token, ABROAD_TOKEN),
		ABROAD_LEASE_MS, STORE_IF_ABSENT);
	return true;
}

void claim_close(struct exchange *ex)
{
	store_cancel(&ex->claim.op);
	if (ex->claim.owns || ex->claim.asking)
		give_back(ex);
	ex->claim.owns = ex->claim.asking = false;
}

/* Which item an event, an added item and a finished item are. */
#include "unit.h"

#include "dialect/responses_frame.h"
#include "rig.h"

struct place {
	struct rig rig;
	struct responses_frame f;
};

static void place_init(struct place *p)
{
	rig_init(&p->rig);
	p->f = responses_frame_of(&p->rig.decode, SLICE("raw"));
}

static struct responses_item *add(struct place *p, enum responses_item_kind kind, int64_t index, const char *id,
	const char *call_id)
{
	return responses_frame_add(&p->f, kind, index, slice_str(id), slice_str(call_id));
}

static yyjson_val *json(struct place *p, const char *text)
{
	yyjson_doc *doc;

	assert_int_equal(json_parse(&p->rig.arena, slice_str(text), &doc, NULL), ERR_OK);
	return yyjson_doc_get_root(doc);
}

static void test_find(void **state)
{
	struct place p;

	place_init(&p);
	struct responses_item *m0 = add(&p, RESPONSES_ITEM_MESSAGE, 0, "m0", ""), *c1 = add(&p,
		RESPONSES_ITEM_CALL, 1, "", "k1");
	struct responses_item *m2 = add(&p, RESPONSES_ITEM_MESSAGE, 2, "m2", ""), *mx = add(&p,
		RESPONSES_ITEM_MESSAGE, -1, "mx", "");
	const struct {
		const char *event;
		enum responses_item_kind kind;
		struct responses_item *item;
	} rows[] = {
		{ "{\"output_index\":0,\"item_id\":\"m0\"}", RESPONSES_ITEM_MESSAGE, m0 },
		{ "{\"output_index\":0,\"item_id\":\"changed\"}", RESPONSES_ITEM_MESSAGE, m0 },
		{ "{\"output_index\":2}", RESPONSES_ITEM_MESSAGE, m2 },
		{ "{\"item_id\":\"m0\"}", RESPONSES_ITEM_MESSAGE, m0 },
		{ "{\"item_id\":\"mx\"}", RESPONSES_ITEM_MESSAGE, mx },
		/* that one said no index */
		{ "{\"output_index\":9,\"item_id\":\"mx\"}", RESPONSES_ITEM_MESSAGE, mx },
		/* the newest */
		{ "{}", RESPONSES_ITEM_MESSAGE, mx },
		{ "{\"item_id\":\"k1\"}", RESPONSES_ITEM_CALL, c1 },
		/* another kind is there */
		{ "{\"output_index\":1}", RESPONSES_ITEM_MESSAGE, NULL },
		{ "{\"output_index\":7,\"item_id\":\"m0\"}", RESPONSES_ITEM_MESSAGE, NULL },
		{ "{\"item_id\":\"none\"}", RESPONSES_ITEM_CALL, NULL },
		{ "{\"output_index\":-1,\"item_id\":7}", RESPONSES_ITEM_REASONING, NULL },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_ptr_equal(responses_frame_find(&p.f, json(&p, rows[i].event), rows[i].kind), rows[i].item);
	rig_done(&p.rig);
}

static void test_known(void **state)
{
	struct place p;

	place_init(&p);
	struct responses_item *m = add(&p, RESPONSES_ITEM_MESSAGE, 0, "m0", ""), *c = add(&p,
		RESPONSES_ITEM_CALL, 1, "f1", "k1");
	struct responses_item *nameless = add(&p, RESPONSES_ITEM_CALL, 2, "f2", "");
	assert_ptr_equal(responses_frame_known(&p.f, json(&p, "{\"id\":\"m0\"}"), 0, RESPONSES_ITEM_MESSAGE), m);
	assert_ptr_equal(responses_frame_known(&p.f, json(&p, "{\"id\":\"zz\"}"), 0, RESPONSES_ITEM_MESSAGE), m);
	assert_ptr_equal(responses_frame_known(&p.f, json(&p, "{\"id\":\"m0\"}"), -1, RESPONSES_ITEM_MESSAGE), m);
	assert_null(responses_frame_known(&p.f, json(&p, "{\"id\":\"m0\"}"), 5, RESPONSES_ITEM_MESSAGE));
	m->done = true;
	assert_ptr_equal(responses_frame_known(&p.f, json(&p, "{\"id\":\"m0\"}"), 0, RESPONSES_ITEM_MESSAGE), m);
	assert_null(responses_frame_known(&p.f, json(&p, "{\"id\":\"zz\"}"), 0, RESPONSES_ITEM_MESSAGE));
	assert_ptr_equal(responses_frame_known(&p.f, json(&p, "{\"call_id\":\"k1\"}"), 1, RESPONSES_ITEM_CALL), c);
	assert_null(responses_frame_known(&p.f, json(&p, "{\"call_id\":\"k2\"}"), 1, RESPONSES_ITEM_CALL));
	assert_null(responses_frame_known(&p.f, json(&p, "{\"call_id\":\"k1\"}"), 3, RESPONSES_ITEM_CALL));
	assert_ptr_equal(responses_frame_known(&p.f, json(&p, "{\"call_id\":\"k9\"}"), 2, RESPONSES_ITEM_CALL),
		nameless);
	rig_done(&p.rig);
}

static void test_match(void **state)
{
	struct place p;

	place_init(&p);
	struct responses_item *m0 = add(&p, RESPONSES_ITEM_MESSAGE, 0, "m0", ""), *m1 = add(&p,
		RESPONSES_ITEM_MESSAGE, 1, "m1", "");
	struct responses_item *c2 = add(&p, RESPONSES_ITEM_CALL, 2, "", "k"), *c3 = add(&p, RESPONSES_ITEM_CALL,
		3, "", "k");
	struct responses_item *r = add(&p, RESPONSES_ITEM_REASONING, -1, "", "");
	/* the id counts more than the place, the place more than nothing */
	assert_ptr_equal(responses_frame_match(&p.f, json(&p, "{\"id\":\"m1\"}"), 0, RESPONSES_ITEM_MESSAGE), m1);
	assert_ptr_equal(responses_frame_match(&p.f, json(&p, "{\"id\":\"zz\"}"), 0, RESPONSES_ITEM_MESSAGE), m0);
	assert_null(responses_frame_match(&p.f, json(&p, "{\"id\":\"zz\"}"), 9, RESPONSES_ITEM_MESSAGE));
	/* of two calls with one id the place tells */
	assert_ptr_equal(responses_frame_match(&p.f, json(&p, "{\"call_id\":\"k\"}"), 2, RESPONSES_ITEM_CALL), c2);
	assert_ptr_equal(responses_frame_match(&p.f, json(&p, "{\"call_id\":\"k\"}"), 3, RESPONSES_ITEM_CALL), c3);
	assert_ptr_equal(responses_frame_match(&p.f, json(&p, "{\"call_id\":\"k\"}"), 7, RESPONSES_ITEM_CALL), c3);
	assert_null(responses_frame_match(&p.f, json(&p, "{\"call_id\":\"other\"}"), 2, RESPONSES_ITEM_CALL));
	/* without any name the open one is meant, until it is done */
	assert_ptr_equal(responses_frame_match(&p.f, json(&p, "{}"), 4, RESPONSES_ITEM_REASONING), r);
	r->done = true;
	assert_null(responses_frame_match(&p.f, json(&p, "{}"), 4, RESPONSES_ITEM_REASONING));
	rig_done(&p.rig);
}

/* Only the start of a long id is kept, and that is enough to find it. */
static void test_long_ids(void **state)
{
	struct place p;
	char id[2000], event[2100];

	place_init(&p);
	memset(id, 'x', sizeof(id));
	id[sizeof(id) - 1] = '\0';
	struct responses_item *m = add(&p, RESPONSES_ITEM_MESSAGE, -1, id, "");
	assert_true(m->id.n < 1000);
	snprintf(event, sizeof(event), "{\"item_id\":\"%s\"}", id);
	assert_ptr_equal(responses_frame_find(&p.f, json(&p, event), RESPONSES_ITEM_MESSAGE), m);
	rig_done(&p.rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_long_ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

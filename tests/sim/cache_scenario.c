/* The exact cache: a repeated question costs nothing, and nothing is given again that should not be. */
#include "base/counter.h"
#include "scene.h"

#define CONFIG SCENE_LISTEN SCENE_PROVIDERS "prices: {a/m1: {input: 2.5, output: 10}}\n" "models:\n" \
	"  k:\n    targets: [a/m1]\n    retries: 0\n    cache: {exact: 1h}\n" \
	"  none:\n    targets: [a/m1]\n    retries: 0\n" \
	"  renewed:\n    targets: [a/m1]\n    retries: 0\n    cache: {exact: 1h, refresh: 10m}\n" \
	"  ours:\n    targets: [a/m1]\n    retries: 0\n    share: all\n    cache: {exact: 1h}\n"
#define PATH "/v1/chat/completions"
#define BODY(stream, more) "{\"model\":\"k\",\"stream\":" stream more \
	",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
#define KEY "Authorization: Bearer k\r\n"

static struct sim_client *ask_at(struct sim *s, uint64_t at_ms, const char *fields, const char *body)
{
	return sim_client(s, (struct sim_plan){ .at_ms = at_ms, .sends = { sim_post(s, PATH, fields, body) } });
}

static struct slice cache_of(const struct sim_client *c)
{
	return sim_http_field(&c->answers[0].http, "x-weir-cache");
}

static struct slice cost_of(const struct sim_client *c)
{
	return sim_http_field(&c->answers[0].http, "x-weir-cost-usd");
}

/* By stream or at once, first or second: the four ways give the same text. */
static void a_hit_serves_both_forms(void **state)
{
	for (int first = 0; first < 2; first++)
		for (int second = 0; second < 2; second++) {
			struct sim *s = sim_new(SIM_SEED, CONFIG);
			struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
			struct sim_client *x = scene_client(s, "k", first), *y = scene_client(s, "k", second,
				.at_ms = 60000);

			sim_run(s);
			sim_check_whole(s, x, SCENE_GOOD);
			sim_check_whole(s, y, SCENE_GOOD);
			sim_check(s, a->n == 1);
			sim_check(s, slice_eq(cache_of(x), SLICE("miss")) && slice_eq(cache_of(y), SLICE("hit")));
			struct slice age = sim_http_field(&y->answers[0].http, "age");
			sim_check(s, slice_eq(age, SLICE("59")) || slice_eq(age, SLICE("60")));
			/* its id is not that of the first answer */
			sim_check(s, memmem(y->answers[0].http.body.p, buf_len(&y->answers[0].http.body),
				"chatcmpl-1", 10) == NULL);
			sim_free(&s);
		}
}

/* 500 at once, then 500 more: one call. */
static void a_stampede_makes_one_call(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_slow, NULL);
	struct sim_client *c[1000];

	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = scene_client(s, "k", true, .at_ms = i < 500 ? i % 90 : 1000 + i);
	sim_run(s);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		sim_check_whole(s, c[i], SCENE_GOOD);
	sim_check(s, a->n == 1);
	sim_free(&s);
}

static void it_expires(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);

	scene_client(s, "k", true);
	scene_client(s, "k", true, .at_ms = 3200000);	/* up to a tenth earlier than it says */
	scene_client(s, "k", true, .at_ms = 3610000);
	sim_run_for(s, 3700000);
	sim_check(s, a->n == 2);
	sim_free(&s);
}

/* Who is answered from the cache and who is not, after one plain answer; `known`: and after a hit, by which its bytes
 * are known. */
static void who_gets_it(bool known)
{
	static const struct {
		const char *name, *fields, *body;
		size_t calls;
		const char *word;
	} rows[] = {
		{ "the same", KEY, BODY("true", ""), 1, "hit" },
		{ "other white space and order", KEY,
			"{\"messages\" : [ {\"content\":\"hi\",\"role\":\"user\"} ], \"stream\":true, \"model\":\""
				"k\"}", 1, "hit" },
		{ "what changes nothing", KEY, BODY("true", ",\"user\":\"u7\",\"metadata\":{\"a\":\"b\"}"), 1, "hit" },
		{ "another temperature", KEY, BODY("true", ",\"temperature\":0.5"), 2, "miss" },
		{ "another key", "Authorization: Bearer other\r\n", BODY("true", ""), 2, "miss" },
		{ "no key", "", BODY("true", ""), 2, "miss" },
		{ "no-cache", KEY "Cache-Control: no-cache\r\n", BODY("true", ""), 2, "bypass" },
		{ "no-store", KEY "Cache-Control: no-store\r\n", BODY("true", ""), 2, "" },
		/* what was left out of the first one must not be left out of this one */
		{ "strict", KEY "x-weir-strict: true\r\n", BODY("true", ""), 2, "miss" },
		{ "no-store in a second field", KEY "Cache-Control: max-age=3600\r\nCache-Control: no-store\r\n",
			BODY("true", ""), 2, "" },
		{ "max-age above", KEY "Cache-Control: max-age=3600\r\n", BODY("true", ""), 1, "hit" },
		{ "max-age below", KEY "Cache-Control: private, max-age=5\r\n", BODY("true", ""), 2, "miss" },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
		ask_at(s, 0, KEY, BODY("true", ""));
		struct sim_client *hit = known ? ask_at(s, 5000, KEY, BODY("true", "")) : NULL;
		struct sim_client *y = ask_at(s, 10000, rows[i].fields, rows[i].body);

		sim_run(s);
		sim_check_whole(s, y, SCENE_GOOD);
		sim_check(s, hit == NULL || slice_eq(cache_of(hit), SLICE("hit")));
		if (a->n != rows[i].calls || !slice_eq(cache_of(y), slice_str(rows[i].word)))
			fail_msg("%s: %zu calls, cache %.*s", rows[i].name, a->n, SLICE_ARG(cache_of(y)));
		sim_free(&s);
	}
}

static void who_gets_a_hit(void **state)
{
	who_gets_it(false);
	who_gets_it(true);
}

/* What was asked for with no-store, or by a model without cache, is not kept. */
static void what_is_not_kept(void **state)
{
	static const struct sim_act cut[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hello"), SIM_FINISH("length"),
		SIM_END };
	static const struct sim_act broken[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hello"), SIM_RESET };
	static const struct sim_act filtered[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("He"),
		SIM_FINISH("content_filter"),
		SIM_END };
	const struct sim_act *rows[] = { cut, broken, filtered, scene_down };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", rows[i], scene_good, NULL);
		scene_client(s, "k", true);
		struct sim_client *y = scene_client(s, "k", true, .at_ms = 60000);

		sim_run(s);
		sim_check_whole(s, y, SCENE_GOOD);
		sim_check(s, a->n == 2);
		sim_free(&s);
	}
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	ask_at(s, 0, KEY "Cache-Control: no-store\r\n", BODY("true", ""));
	ask_at(s, 1000, KEY, BODY("true", ""));
	scene_client(s, "none", true, .at_ms = 2000);
	scene_client(s, "none", true, .at_ms = 3000);
	sim_run(s);
	sim_check(s, a->n == 4);
	sim_free(&s);
}

static void a_purge_forgets(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);

	scene_client(s, "k", true);
	sim_run(s);
	struct sim_client *p = sim_client(s, (struct sim_plan){ .to = "127.0.0.1:9901",
		.sends = { sim_post(s, "/admin/cache/purge", "", "") } });
	sim_run(s);
	sim_check(s, p->answers[0].http.status == 200);
	scene_client(s, "k", true);
	sim_run(s);
	sim_check(s, a->n == 2);
	sim_free(&s);
}

/* The tokens are counted once, for the one who made the call. */
/* As SDKs do: the client closes as soon as it reads the end mark; the provider's transfer ends later, or never. */
static void who_leaves_on_the_end_mark_has_had_it_all(void **state)
{
	static const struct sim_act late_end[] = { SIM_STREAM_HEAD, SIM_ROLE, SIM_TEXT("Hello world"),
		SIM_FINISH("stop"), SIM_USAGE(9, 2), SIM_WAIT(20), SIM_DONE, SIM_HANG };
	for (int told = 0; told < 2; told++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", late_end, NULL);

		scene_client(s, "k", SIM_STREAMED, .leave_events = told ? 4 : 3, .leave = SIM_LEAVES);
		sim_run_for(s, 100);
		sim_check(s, sim_log_count(s, told ? "\"status\":200" : "\"status\":499") == 1);
		sim_check(s, sim_log_count(s, "\"prompt_tokens\":9") == 1);
		struct sim_client *y = scene_client(s, "k", SIM_STREAMED, .at_ms = 1);
		sim_run(s);
		sim_check(s, a->n == (told ? 1 : 2) && slice_eq(cache_of(y), told ? SLICE("hit") : SLICE("miss")));
		sim_check_whole(s, y, SCENE_GOOD);
		sim_free(&s);
	}
}

static void a_hit_costs_nothing(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);

	sim_provider(s, "a.test", scene_good, NULL);
	struct sim_client *x = scene_client(s, "k", false), *y = scene_client(s, "k", false, .at_ms = 1000);
	sim_run(s);
	sim_run_for(s, 1000);		/* the log is written now and then */
	sim_check(s, sim_log_count(s, "\"prompt_tokens\"") == 1);
	sim_check(s, sim_log_count(s, "\"cache\":\"hit\"") == 1);
	/* 9 tokens at 2.5 dollars a million, 2 at 10 */
	sim_check(s, sim_log_count(s, "\"cost_usd\":0.0000425,") == 1);
	sim_check(s, sim_log_count(s, "\"cost_usd\":0,\"saved_usd\":0.0000425,") == 1);
	sim_check(s, slice_eq(cost_of(x), SLICE("0.0000425")) && slice_eq(cost_of(y), SLICE("0")));
	sim_free(&s);
}

#define ADMIN(path, fields) sim_client(s, (struct sim_plan){ .to = "127.0.0.1:9901", \
	.sends = { sim_post(s, path, fields, "") } })

/* Of one model, of one client key, of none that was ever asked: who must ask again after that. */
static void a_purge_of_some(void **state)
{
	static const struct {
		const char *path, *fields;
		size_t calls;
	} rows[] = {
		{ "/admin/cache/purge", "", 6 },
		{ "/admin/cache/purge?model=k", "", 5 },
		{ "/admin/cache/purge?model=ours", "", 4 },
		{ "/admin/cache/purge?model=elsewhere", "", 3 },
		{ "/admin/cache/purge", "x-weir-client-key: k\r\n", 4 },
		{ "/admin/cache/purge?model=k", "x-weir-client-key: nobody\r\n", 5 },
	};

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
		for (int again = 0; again < 2; again++) {
			ask_at(s, 0, KEY, BODY("true", ""));
			ask_at(s, 10, "x-api-key: other\r\n", BODY("true", ""));
			scene_client(s, "ours", true, .at_ms = 20);
			ask_at(s, 5000, KEY, BODY("true", ""));		/* known by its bytes from here on */
			scene_client(s, "ours", true, .at_ms = 5000);
			sim_run(s);
			if (again == 0) {
				sim_check(s, a->n == 3);
				ADMIN(rows[i].path, rows[i].fields);
				sim_run(s);
			}
		}
		if (a->n != rows[i].calls)
			fail_msg("row %zu: %zu calls", i, a->n);
		sim_free(&s);
	}
}

/* After 10 minutes the answer still serves at once, one call renews it for all, and the new one serves then. */
static void an_old_answer_is_renewed(void **state)
{
	static const struct sim_act other[] = { SIM_GOOD("Hello again"), SIM_STOP };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, other, NULL);
	struct sim_client *c[20];

	scene_client(s, "renewed", true);
	sim_run(s);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		c[i] = scene_client(s, "renewed", i % 2, .at_ms = i < 10 ? 599000 : 601000 + i / 18 * 9000);
	sim_run(s);
	for (size_t i = 0; i < COUNT_OF(c); i++)
		sim_check_whole(s, c[i], i < 18 ? "Hello world" : "Hello again");
	sim_check(s, a->n == 2);
	sim_run_for(s, 1000);
	sim_check(s, sim_log_count(s, "\"endpoint\":\"refresh\"") == 1);
	sim_free(&s);
}

/* The provider is down when it should renew: the old answer goes on serving to its end. */
static void a_failed_renewal_does_no_harm(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, scene_down, NULL);

	scene_client(s, "renewed", true);
	struct sim_client *x = scene_client(s, "renewed", true, .at_ms = 601000),
		*y = scene_client(s, "renewed", false, .at_ms = 701000);
	sim_run(s);
	sim_check_whole(s, x, SCENE_GOOD);
	sim_check_whole(s, y, SCENE_GOOD);
	sim_run_for(s, 100);
	sim_check(s, a->n == 3);
	sim_free(&s);
}

static void a_renewal_ends_with_weir(void **state)
{
	static const struct sim_act hang[] = { SIM_HANG };
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, hang, NULL);

	scene_client(s, "renewed", true);
	scene_client(s, "renewed", true, .at_ms = 601000);
	sim_run_for(s, 602000);
	sim_check(s, a->n_running == 1);
	sim_subject.close(s->it);
	s->it = NULL;
	sim_run_for(s, 100);
	sim_check(s, a->n_running == 0);
	sim_free(&s);
}

#define VERSION_JSON(model, print) "{\"id\":\"x\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"" model \
	"\",\"system_fingerprint\":\"" print "\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\"," \
	"\"content\":\"Hello world\"},\"finish_reason\":\"stop\"}]}"
#define VERSION(model, print) { SIM_ANSWER(200, "", VERSION_JSON(model, print)), SIM_STOP }

/* Another question is answered by another version: what the old one said does not count any more.  A version that was
 * seen lately is no change. */
static void a_new_version_ends_old_answers(void **state)
{
	static const struct sim_act old[] = VERSION("m1", "fp1"), name[] = VERSION("m1-2", "fp1"),
		print[] = VERSION("m1", "fp2");
	const struct {
		const struct sim_act *second;
		size_t calls;
	} rows[] = { { old, 2 }, { name, 3 }, { print, 3 } };

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sim *s = sim_new(SIM_SEED, CONFIG);
		struct sim_provider *a = sim_provider(s, "a.test", old, rows[i].second, old, rows[i].second, NULL);
		ask_at(s, 0, KEY, BODY("false", ""));
		ask_at(s, 1000, KEY, BODY("false", ",\"seed\":2"));
		ask_at(s, 2000, KEY, BODY("false", ""));
		ask_at(s, 3000, KEY, BODY("false", ""));
		sim_run(s);
		if (a->n != rows[i].calls)
			fail_msg("row %zu: %zu calls", i, a->n);
		sim_free(&s);
	}
}

static void tenants_share_where_the_model_says_so(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);
	static const char body[] = "{\"model\":\"ours\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

	ask_at(s, 0, KEY, body);
	ask_at(s, 0, "Authorization: Bearer other\r\n", body);
	struct sim_client *y = ask_at(s, 1000, "", body);
	sim_run(s);
	sim_check_whole(s, y, SCENE_GOOD);
	sim_check(s, a->n == 1);
	sim_free(&s);
}

/* One key is one tenant in whatever field it is shown. */
static void a_key_is_a_key(void **state)
{
	struct sim *s = sim_new(SIM_SEED, CONFIG);
	struct sim_provider *a = sim_provider(s, "a.test", scene_good, NULL);

	ask_at(s, 0, "Authorization: Bearer k\r\n", BODY("true", ""));
	ask_at(s, 1000, "authorization: bearer  k\r\n", BODY("true", ""));
	ask_at(s, 2000, "api-key: k\r\n", BODY("true", ""));
	sim_run(s);
	sim_check(s, a->n == 1);
	sim_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hit_serves_both_forms),
		cmocka_unit_test(a_stampede_makes_one_call),
		cmocka_unit_test(it_expires),
		cmocka_unit_test(who_gets_a_hit),
		cmocka_unit_test(what_is_not_kept),
		cmocka_unit_test(a_purge_forgets),
		cmocka_unit_test(who_leaves_on_the_end_mark_has_had_it_all),
		cmocka_unit_test(a_hit_costs_nothing),
		cmocka_unit_test(a_purge_of_some),
		cmocka_unit_test(an_old_answer_is_renewed),
		cmocka_unit_test(a_failed_renewal_does_no_harm),
		cmocka_unit_test(a_renewal_ends_with_weir),
		cmocka_unit_test(a_new_version_ends_old_answers),
		cmocka_unit_test(tenants_share_where_the_model_says_so),
		cmocka_unit_test(a_key_is_a_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

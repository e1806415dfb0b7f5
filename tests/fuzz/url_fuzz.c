/* A URL that parses is written again from its parts and must parse to the same. */
#include "codec/url.h"
#include "fuzz.h"

static void check_url(struct arena *a, struct slice text)
{
	struct url u, again;
	const char *why = NULL;
	if (!url_parse(text, &u, &why)) {
		must(why != NULL);
		return;
	}
	must(u.host.n > 0 && u.port > 0 && (u.path.n == 0 || (u.path.p[0] == '/' && u.path.p[u.path.n - 1] != '/')));
	struct slice authority = url_authority(a, &u);
	struct slice whole = arena_printf(a, "http%s://%.*s%.*s", u.tls ? "s" : "", SLICE_ARG(authority),
		SLICE_ARG(u.path));
	must(url_parse(whole, &again, NULL));
	must(again.tls == u.tls && again.port == u.port && slice_eq(again.host, u.host) && slice_eq(again.path,
		u.path));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice text = slice_of(data, n), query, out;
	struct arena a;

	arena_init(&a, 0);
	check_url(&a, text);
	struct slice path = url_path(text, &query);
	must(path.n + (query.p ? query.n + 1 : 0) == n && slice_find(path, '?') == path.n);
	if (url_decode(&a, text, &out))
		must(out.n <= n && (n - out.n) % 2 == 0);
	arena_done(&a);
	return 0;
}

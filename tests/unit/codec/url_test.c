#include "unit.h"

#include "codec/url.h"

static void check(const char *text, bool tls, const char *host, unsigned port, const char *path)
{
	struct url u;
	const char *why = "";
	if (!url_parse(slice_str(text), &u, &why))
		fail_msg("%s refused: %s", text, why);
	assert_int_equal(u.tls, tls);
	assert_slice(u.host, host);
	assert_int_equal(u.port, port);
	assert_slice(u.path, path);
}

static void test_parse(void **state)
{
	check("https://api.openai.com/v1", true, "api.openai.com", 443, "/v1");
	check("http://127.0.0.1:11434/v1/", false, "127.0.0.1", 11434, "/v1");
	check("HTTP://Local", false, "Local", 80, "");
	check("https://h/", true, "h", 443, "");
	check("https://h//a//", true, "h", 443, "//a");
	check("https://h:443/a/b", true, "h", 443, "/a/b");
	check("http://[::1]:8080/x", false, "::1", 8080, "/x");
	check("http://[fe80::1.2.3.4]", false, "fe80::1.2.3.4", 80, "");
	check("http://my_host-1.local:65535", false, "my_host-1.local", 65535, "");
	check("https://h/v1@2:3/%7Ex", true, "h", 443, "/v1@2:3/%7Ex");
}

static void test_refuse(void **state)
{
	static const char *const texts[] = {
		"", "api.openai.com", "ftp://h", "http:/h", "http://", "http:///v1", "http://:80", "http://h:",
		"http://h:0", "http://h:65536",
		"http://h:80a", "http://h:+80", "http://h:8 0", "http://u@h", "http://u:p@h/v1", "http://h?q",
		"http://h/a?b=c", "http://h/a#b",
		"http://h /", " http://h", "http://h\n", "http://h\\a", "http://h/\x7f", "http://h\xc3\xa9",
		"http://[::1", "http://::1",
		"http://[]", "http://[abc]", "http://[::1]a", "http://[::g]", "http://h,i", "http://h%41",
		"http://h:80:90", "https://h\x01",
	};
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct url u = { .port = 7 };
		const char *why = NULL;
		if (url_parse(slice_str(texts[i]), &u, &why))
			fail_msg("taken: %s", texts[i]);
		assert_non_null(why);
		assert_int_equal(u.port, 7);
		assert_false(url_parse(slice_str(texts[i]), &u, NULL));
	}
}

static void test_path(void **state)
{
	struct slice query;
	assert_slice(url_path(SLICE("/v1/models?a=b?c"), &query), "/v1/models");
	assert_slice(query, "a=b?c");
	assert_slice(url_path(SLICE("/v1"), &query), "/v1");
	assert_null(query.p);
	assert_slice(url_path(SLICE("/v1?"), &query), "/v1");
	assert_non_null(query.p);
	assert_int_equal(query.n, 0);
}

static void test_decode(void **state)
{
	static const char *const bad[] = { "%", "a%4", "%4g", "%g4", "%00", "%0", "%%41", "a%" };
	struct arena a;
	struct slice out;
	arena_init(&a, 0);
	assert_true(url_decode(&a, SLICE("gpt%2D4%2fmini+x%7e"), &out));
	assert_slice(out, "gpt-4/mini+x~");
	assert_true(url_decode(&a, SLICE("%41%c3%A9"), &out));
	assert_slice(out, "A\xc3\xa9");
	assert_true(url_decode(&a, SLICE(""), &out));
	assert_int_equal(out.n, 0);
	out = SLICE("kept");
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		assert_false(url_decode(&a, slice_str(bad[i]), &out));
		assert_slice(out, "kept");
	}
	arena_done(&a);
}

/* All that could mean something in a path or a head is escaped; decoding gives back every byte. */
static void test_encode(void **state)
{
	char all[255];
	struct arena a;
	struct buf out;
	struct slice back;

	arena_init(&a, 0);
	buf_init(&out, 4096);
	buf_add(&out, SLICE("/"));
	url_encode(&out, SLICE("gpt-4.1_mini~x"));
	assert_slice(buf_slice(&out), "/gpt-4.1_mini~x");
	buf_clear(&out);
	url_encode(&out, SLICE("a/b:7b c?d#e%f+g&h\r\n\\\x7f\xc3\xa9"));
	assert_slice(buf_slice(&out), "a%2Fb%3A7b%20c%3Fd%23e%25f%2Bg%26h%0D%0A%5C%7F%C3%A9");
	buf_clear(&out);
	url_encode(&out, SLICE_EMPTY);
	assert_int_equal(buf_len(&out), 0);
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)(i + 1);
	url_encode(&out, slice_of(all, sizeof(all)));
	assert_int_equal(buf_len(&out), 66 + (255 - 66) * 3);
	assert_true(url_decode(&a, buf_slice(&out), &back));
	assert_true(slice_eq(back, slice_of(all, sizeof(all))));
	buf_done(&out);
	arena_done(&a);
}

static void test_authority(void **state)
{
	static const char *const texts[][2] = {
		{ "https://h", "h" }, { "https://h:443/v1", "h" }, { "https://h:80", "h:80" }, { "http://h:80",
		"h" }, { "http://h:443", "h:443" },
		{ "http://[::1]", "[::1]" }, { "http://[::1]:81", "[::1]:81" },
	};
	struct arena a;
	arena_init(&a, 0);
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct url u;
		assert_true(url_parse(slice_str(texts[i][0]), &u, NULL));
		assert_slice(url_authority(&a, &u), texts[i][1]);
	}
	arena_done(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_refuse),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_authority),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

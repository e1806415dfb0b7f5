/* Any text gives a configuration or faults that can be printed; what is shown of a good one reads back to the same; no
 * fault shows a secret, neither one out of a variable nor one written in the file. */
#include "../unit/conf/sample.h"
#include "conf/diff.h"
#include "conf/show.h"
#include "fuzz.h"

static size_t count(struct slice in, struct slice what)
{
	size_t n = 0;
	for (const char *at; in.n && what.n && (at = memmem(in.p, in.n, what.p, what.n)) != NULL; n++)
		in = slice_skip(in, (size_t)(at - in.p) + 1);
	return n;
}

static struct buf faults_of(const struct conf *c)
{
	struct buf out;
	buf_init(&out, FLAW_PRINT_MAX);
	conf_faults(c, &out);
	return out;
}

static struct buf show(const struct conf *c)
{
	struct buf out;
	buf_init(&out, 1u << 26);
	must(show_conf(c, &out));
	return out;
}

static void check_round_trip(const struct conf *c)
{
	struct source from = sample_source;
	struct buf first = show(c), none;

	from.takes_fingerprints = true;
	struct conf *again = conf_parse(buf_slice(&first), "again", c->of, &from);
	must(conf_ok(again));
	struct buf second = show(again);
	must(slice_eq(buf_slice(&first), buf_slice(&second)));
	buf_init(&none, 1 << 16);
	must(diff_confs(c, c, &none) == 0 && buf_len(&none) == 0);
	buf_done(&first);
	buf_done(&second);
	conf_free(&again);
}

/* A literal key of some length that stands in the file once (an alias could make it another row's text as well, a
 * comment holds what it likes) must not be on a line that a fault shows. */
static bool must_hide(struct slice text, struct secret k)
{
	return k.bytes.n >= 8 && count(text, k.bytes) == 1 && slice_find(text, '*') == text.n &&
	       slice_find(text, '#') == text.n && slice_find(k.bytes, '$') == k.bytes.n;
}

static void check_hidden(struct conf *c)
{
	const struct sample *s = c->root;
	const struct sample_provider *p = s->providers.v;

	conf_fault(c, &s->master, "x");
	conf_fault(c, &s->name, "x");
	for (size_t i = 0; i < s->providers.n; i++) {
		conf_fault(c, &s->providers.names[i], "x");
		conf_fault(c, &p[i].key, "x");
		conf_fault(c, &p[i].weight, "x");
	}
	struct buf out = faults_of(c);
	must(!must_hide(c->text, s->master) || count(buf_slice(&out), s->master.bytes) == 0);
	for (size_t i = 0; i < s->providers.n; i++)
		must(!must_hide(c->text, p[i].key) || count(buf_slice(&out), p[i].key.bytes) == 0);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice text = slice_of(data, n);
	struct conf *c = conf_parse(text, "etc/weir.yaml", &sample, &sample_source);
	struct buf out = faults_of(c);

	must(conf_ok(c) == (buf_len(&out) == 0));
	must(count(text, SLICE("canary")) > 0 || count(buf_slice(&out), SLICE("canary")) == 0);
	if (conf_ok(c)) {
		check_round_trip(c);
		check_hidden(c);
	}
	buf_done(&out);
	conf_free(&c);
	return 0;
}

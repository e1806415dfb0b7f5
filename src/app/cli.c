#include "app/cli.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/embedder_pick.h"
#include "app/serve.h"
#include "app/service.h"
#include "app/settings.h"
#include "app/train.h"
#include "base/nearest.h"
#include "cache/embedders.h"
#include "codec/url.h"
#include "conf/conf.h"
#include "conf/manual.h"
#include "conf/schema.h"
#include "conf/show.h"
#include "dialect/provider.h"
#include "loop/probe.h"
#include "route/health.h"
#include "app/version.h"

#define PRINT_BYTES (16u << 20)

static const char help_text[] =
	"weir " WEIR_VERSION ": an LLM gateway\n"
	"\n"
	"  weir demo                    try it now: no key, no file; prints a curl line and an SDK snippet\n"
	"  weir run                     providers from API keys in the environment (OPENAI_API_KEY, ...);\n"
	"                               clients ask for provider/model, e.g. openai/gpt-4.1-mini\n"
	"  weir run -c weir.yaml        with a configuration: names for models, failover, limits\n"
	"  weir check -c weir.yaml      is this configuration right?  says file:line:column where not\n"
	"  weir config show [-c FILE]   everything in force, defaults included, secrets hidden\n"
	"  weir config reference        every key, with type, range, default and help (Markdown)\n"
	"  weir config schema           JSON Schema for editors\n"
	"  weir health [URL]            asks a running weir: exit 0 when ready (default http://127.0.0.1:8080/readyz)\n"
	"  weir train QUESTIONS -o MODEL\n"
	"                               learns from your own questions which ask the same (semantic cache)\n"
	"  weir version\n"
	"\n"
	"QUESTIONS: lines of \"question <tab> question <tab> 1 or 0\" (do both ask the same?), of JSON\n"
	"{\"a\": \"...\", \"b\": \"...\", \"same\": 1}, or of one question alone (says how often words are used).\n"
	"\n"
	"Signals: SIGHUP reads the file again (a bad one is refused, the old one stays); SIGTERM finishes requests in\n"
	"progress, then ends; a second SIGTERM ends now.\n"
	"\n"
	"A first configuration:\n"
	"\n"
	"  listen: 0.0.0.0:8080\n"
	"  providers:\n"
	"    openai: {key: \"${OPENAI_API_KEY}\"}\n"
	"    local:  {dialect: openai, url: \"http://127.0.0.1:11434/v1\"}\n"
	"  models:\n"
	"    chat:\n"
	"      tiers:\n"
	"        - targets: [openai/gpt-4.1-mini]\n"
	"        - targets: [local/qwen2.5:7b]      # when OpenAI fails, before the client notices\n"
	"\n"
	"Point an OpenAI SDK at it: base_url=\"http://127.0.0.1:8080/v1\", model=\"chat\".\n";

struct args {
	const char *words[3];
	size_t n;
	const char *file, *listen, *output;
	bool help;
};

static int fail(const char *what, const char *detail)
{
	fprintf(stderr, "weir: %s%s\n", what, detail);
	return 2;
}

static bool take_option(struct args *a, char **argv, int argc, int *i)
{
	const char **to = NULL;

	if (!strcmp(argv[*i], "-h") || !strcmp(argv[*i], "--help")) {
		a->help = true;
		return true;
	}
	if (!strcmp(argv[*i], "-c") || !strcmp(argv[*i], "--config"))
		to = &a->file;
	if (!strcmp(argv[*i], "-l") || !strcmp(argv[*i], "--listen"))
		to = &a->listen;
	if (!strcmp(argv[*i], "-o") || !strcmp(argv[*i], "--output"))
		to = &a->output;
	if (to == NULL || *i + 1 >= argc)
		return false;
	*to = argv[++*i];
	return true;
}

static bool read_args(struct args *a, int argc, char **argv)
{
	*a = (struct args){ .n = 0 };
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-' && strcmp(argv[i], "--version") != 0) {
			if (!take_option(a, argv, argc, &i)) {
				fail("unknown or incomplete option ", argv[i]);
				return false;
			}
		} else if (a->n < COUNT_OF(a->words)) {
			a->words[a->n++] = argv[i];
		}
	}
	return true;
}

static void print_buf(struct buf *b)
{
	fwrite(buf_slice(b).p, 1, buf_len(b), stdout);
	buf_done(b);
}

/* --- configuration -------------------------------------------------------------------------------------- */

static const char *env_lookup(void *arg, const char *name)
{
	return getenv(name);
}

static void print_faults(const struct conf *c)
{
	struct buf b;

	buf_init(&b, PRINT_BYTES);
	conf_faults(c, &b);
	fwrite(buf_slice(&b).p, 1, buf_len(&b), stderr);
	buf_done(&b);
}

/* The file, or what the environment offers.  NULL with advice printed. */
static struct conf *load(const struct args *a)
{
	if (a->file)
		return conf_load(a->file, &settings_section, &source_process);
	struct buf b;
	buf_init(&b, PRINT_BYTES);
	if (settings_from_env(env_lookup, NULL, &b) == 0) {
		fprintf(stderr,
			"weir: no configuration file given (-c FILE) and no provider's API key in the environment.\n"
			"  to look around:    weir demo\n"
			"  with a key:        OPENAI_API_KEY=... weir run\n"
			"  with a file:       weir run -c weir.yaml\n");
		buf_done(&b);
		return NULL;
	}
	struct conf *c = conf_parse(buf_slice(&b), "environment", &settings_section, &source_process);
	buf_done(&b);
	return c;
}

/* Everything a start would check except what needs the network: rows, names, cross-references. */
static bool check_whole(struct conf *c)
{
	struct health_table h;
	const struct settings *st = c->root;

	if (!conf_ok(c))
		return false;
	settings_check(c);
	health_init(&h, 65536, 1);
	struct roster *r = conf_ok(c) ? roster_new(c, &st->route, &h) : NULL;
	const struct embedder *e = r && conf_ok(c) ? embedder_pick(c, r) : NULL;
	embedders_close(&e);
	roster_unref(&r);
	health_done(&h);
	return conf_ok(c);
}

static int cmd_check(const struct args *a)
{
	struct conf *c = load(a);

	if (c == NULL)
		return 2;
	bool ok = check_whole(c);
	const struct settings *st = c->root;
	if (ok)
		printf("%s: ok, %zu providers, %zu models\n", a->file ? a->file : "environment", st->route.providers.n,
			st->route.models.n);
	else
		print_faults(c);
	conf_free(&c);
	return ok ? 0 : 1;
}

static int cmd_config(const struct args *a)
{
	struct buf b;
	const char *what = a->n > 1 ? a->words[1] : "show";

	buf_init(&b, PRINT_BYTES);
	if (!strcmp(what, "reference")) {
		manual_rows(&settings_section, &b);
	} else if (!strcmp(what, "schema")) {
		schema_rows(&settings_section, &b);
	} else if (!strcmp(what, "show")) {
		struct conf *c = load(a);
		if (c == NULL)
			return 2;
		bool ok = check_whole(c) && show_conf(c, &b);
		if (!ok)
			print_faults(c);
		conf_free(&c);
		print_buf(&b);
		return ok ? 0 : 1;
	} else {
		return fail("config takes show, reference or schema, not ", what);
	}
	print_buf(&b);
	return 0;
}

/* --- running -------------------------------------------------------------------------------------------- */

static int cmd_run(const struct args *a)
{
	struct conf *c = load(a);

	if (c == NULL)
		return 2;
	if (!conf_ok(c)) {
		print_faults(c);
		conf_free(&c);
		return 1;
	}
	return serve_run(&(struct serve_opts){ .file = a->file, .conf = c });
}

static int cmd_demo(const struct args *a)
{
	return serve_run(&(struct serve_opts){ .demo_listen = a->listen ? a->listen : "127.0.0.1:8080" });
}

static int cmd_version(const struct args *a)
{
	printf("weir %s\n", WEIR_VERSION);
	return 0;
}

static int cmd_health(const struct args *a)
{
	const char *text = a->n > 1 ? a->words[1] : "http://127.0.0.1:8080/readyz", *why = "";
	struct url u;

	if (!url_parse(slice_str(text), &u, &why) || u.tls)
		return fail("health takes an http:// URL: ", why);
	bool ready = probe_http(u.host, u.port, u.path.n ? u.path : SLICE("/readyz"), &why);
	puts(ready ? "ready" : why);
	return ready ? 0 : 1;
}

/* --- training ------------------------------------------------------------------------------------------- */

static void print_report(const struct args *a, const struct train_report *r)
{
	printf("%s: %zu questions, %zu pairs, version %s\n", a->output, r->texts, r->pairs, r->version);
	if (r->builtin > 0)
		printf("average precision over the %zu pairs that were held out: %.3f built in, %.3f trained\n",
			r->held_out, r->builtin, r->trained);
	else
		printf("too few pairs to measure what it learnt; a thousand of both kinds make a difference\n");
	if (r->builtin > 0 && r->trained <= r->builtin)
		printf("It is no better than the built-in one: use that, or bring more pairs.\n");
}

static int cmd_train(const struct args *a)
{
	struct train_report r;
	char why[512];

	if (a->n != 2 || a->output == NULL)
		return fail("train takes a file of questions and -o MODEL; ", "weir --help says more");
	if (!train_file(a->words[1], a->output, true, &r, why, sizeof(why)))
		return fail(why, "");
	print_report(a, &r);
	return 0;
}

/* --- the table ------------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	int (*go)(const struct args *a);
} commands[] = {
	{ "run", cmd_run }, { "check", cmd_check }, { "config", cmd_config }, { "demo", cmd_demo },
	{ "health", cmd_health }, { "train", cmd_train }, { "version", cmd_version }, { "--version", cmd_version },
};

static int unknown(const char *word)
{
	struct nearest near;

	nearest_init(&near, slice_str(word));
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		nearest_offer(&near, slice_str(commands[i].name));
	struct slice name = nearest_name(&near);
	fprintf(stderr, "weir: there is no command \"%s\"", word);
	if (name.n)
		fprintf(stderr, "; did you mean \"%.*s\"?", SLICE_ARG(name));
	fprintf(stderr, "\nTry: weir --help\n");
	return 2;
}

int cli_main(int argc, char **argv)
{
	struct args a;

	if (!read_args(&a, argc, argv))
		return 2;
	if (a.help || a.n == 0) {
		fputs(help_text, a.help ? stdout : stderr);
		return a.help ? 0 : 2;
	}
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (!strcmp(a.words[0], commands[i].name))
			return commands[i].go(&a);
	return unknown(a.words[0]);
}

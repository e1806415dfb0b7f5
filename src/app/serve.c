#include "app/serve.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "app/demo.h"
#include "app/service.h"
#include "app/settings.h"
#include "app/sink.h"
#include "app/stalls.h"
#include "base/span.h"
#include "conf/conf.h"
#include "loop/alarm.h"
#include "loop/loop.h"
#include "loop/sig.h"
#include "loop/sys.h"
#include "app/version.h"

#define FEWEST_FILES 1024u	/* below this a busy gateway runs out of descriptors at once */
#define WHY_BYTES 65536u

struct serve {
	const struct serve_opts *opts;
	struct loop *loop;
	struct service *service;
	struct sink sink;
	struct stalls stalls;
	struct demo *demo;
	struct sig *sigs[3];
	struct alarm reload;
	bool stopping;
	char why[WHY_BYTES];
};

/* --- signals -------------------------------------------------------------------------------------------- */

static void on_drained(void *arg)
{
	loop_stop(((struct serve *)arg)->loop);
}

static void on_stop(void *arg, int signum)
{
	struct serve *s = arg;

	if (s->stopping) {
		log_warn("stop", LOG_Z("how", "at once: second signal"));
		service_cut(s->service);
		return;
	}
	s->stopping = true;
	log_info("drain", LOG_Z("signal", signum == SIGINT ? "SIGINT" : "SIGTERM"));
	service_drain(s->service, on_drained, s);
}

static enum log_form form_of(const struct settings *st)
{
	if (st->log.format == SETTINGS_LOG_AUTO)
		return isatty(STDOUT_FILENO) ? LOG_FORM_TEXT : LOG_FORM_JSON;
	return st->log.format == SETTINGS_LOG_JSON ? LOG_FORM_JSON : LOG_FORM_TEXT;
}

static void on_reload(struct alarm *a)
{
	struct serve *s = LIST_ITEM(a, struct serve, reload);

	if (s->opts->file == NULL) {
		log_warn("reload_refused", LOG_Z("why", "started without a configuration file"));
		return;
	}
	uint64_t began = loop_clock(s->loop);
	struct conf *c = conf_load(s->opts->file, &settings_section, &source_process);
	if (!service_reload(s->service, c, s->why, sizeof(s->why))) {
		log_error("reload_refused", LOG_Z("file", s->opts->file), LOG_Z("why", s->why));
		return;
	}
	const struct settings *st = c->root;
	log_set((enum log_level)st->log.level, form_of(st));
	log_info("reloaded", LOG_Z("file", s->opts->file), LOG_I("models", service_models(s->service)),
		LOG_NS("ms", loop_clock(s->loop) - began));
}

/* Many at once ask for one reload; a process that is about to end needs none. */
static void on_hup(void *arg, int signum)
{
	struct serve *s = arg;

	if (!s->stopping && !alarm_is_set(&s->reload))
		alarm_set(&s->reload, 0);
}

static void watch_signals(struct serve *s)
{
	s->sigs[0] = sig_watch(s->loop, SIGTERM, on_stop, s);
	s->sigs[1] = sig_watch(s->loop, SIGINT, on_stop, s);
	s->sigs[2] = sig_watch(s->loop, SIGHUP, on_hup, s);
}

/* --- start and end -------------------------------------------------------------------------------------- */

static bool enough_files(void)
{
	uint64_t n = sys_raise_files();

	if (n >= FEWEST_FILES)
		return true;
	fprintf(stderr, "weir: only %llu file descriptors are allowed, at least %u are needed: raise the limit "
		"(ulimit -n, LimitNOFILE=, --ulimit nofile=)\n", (unsigned long long)n, FEWEST_FILES);
	return false;
}

static struct conf *demo_conf(struct serve *s, const char *listen)
{
	char text[1024];

	snprintf(text, sizeof(text), "listen: \"%s\"\nadmin: {listen: \"\"}\nproviders:\n  demo: {dialect: openai, "
		"url: \"http://%s/v1\", auth: none}\nmodels:\n  demo: {targets: [demo/weir-demo]}\n",
		listen, demo_addr(s->demo));
	return conf_parse(slice_str(text), "demo", &settings_section, &source_process);
}

static void print_demo(const struct serve *s)
{
	const char *addr = service_addr(s->service);

	printf("weir %s demo: an OpenAI-compatible gateway with a built-in provider, no key needed.\n\n"
		"Try it from another terminal:\n\n"
		"  curl -N http://%s/v1/chat/completions -H 'content-type: application/json' \\\n"
		"    -d '{\"model\":\"demo\",\"stream\":true,"
		"\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}'\n\n"
		"or from Python (pip install openai):\n\n"
		"  from openai import OpenAI\n"
		"  client = OpenAI(base_url=\"http://%s/v1\", api_key=\"none\")\n"
		"  for chunk in client.chat.completions.create(model=\"demo\", stream=True,\n"
		"          messages=[{\"role\": \"user\", \"content\": \"Hello\"}]):\n"
		"      print(chunk.choices[0].delta.content or \"\", end=\"\", flush=True)\n\n"
		"Ctrl-C ends it.  Next: `weir --help`, or a real configuration: see conf/weir.yaml.\n\n",
		WEIR_VERSION, addr, addr);
	fflush(stdout);
}

static bool start(struct serve *s)
{
	struct conf *c = s->opts->conf;

	if (s->opts->demo_listen) {
		s->demo = demo_open(s->loop, s->why, sizeof(s->why));
		if (s->demo == NULL)
			return false;
		c = demo_conf(s, s->opts->demo_listen);
	}
	const struct settings *st = c->root;
	sink_open(&s->sink, s->loop, STDOUT_FILENO, (enum log_level)st->log.level, form_of(st));
	s->service = service_open(s->loop, c, s->why, sizeof(s->why));
	return s->service != NULL;
}

static void tell_started(const struct serve *s, uint64_t began_ns)
{
	if (s->demo)
		print_demo(s);
	log_info("ready", LOG_Z("version", WEIR_VERSION), LOG_Z("listen", service_addr(s->service)),
		LOG_Z("admin", service_admin_addr(s->service)), LOG_I("models", service_models(s->service)),
		LOG_I("providers", service_providers(s->service)), LOG_NS("ms", loop_clock(s->loop) - began_ns));
}

static void stop(struct serve *s)
{
	for (size_t i = 0; i < COUNT_OF(s->sigs); i++)
		sig_close(&s->sigs[i]);
	alarm_clear(&s->reload);
	service_close(&s->service);
	demo_close(&s->demo);
	if (s->sink.loop)
		sink_close(&s->sink);
}

int serve_run(const struct serve_opts *o)
{
	static struct serve s;		/* the error text alone is too large for a stack */
	int status = 1;

	s = (struct serve){ .opts = o };
	sys_harden();
	if (!enough_files())
		return 1;
	s.loop = loop_new();
	alarm_init(&s.reload, s.loop, on_reload);
	stalls_open(&s.stalls, s.loop);
	uint64_t began = loop_clock(s.loop);
	if (start(&s)) {
		watch_signals(&s);
		tell_started(&s, began);
		loop_run(s.loop);
		log_info("stopped");
		status = 0;
	} else {
		fprintf(stderr, "weir: %s\n", s.why);
	}
	stop(&s);
	loop_free(&s.loop);
	return status;
}

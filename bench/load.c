/* weir-load: load generator that checks every answer. Here: options and report; drive.c does the work. */
#include <arpa/inet.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "drive.h"
#include "plug.h"

static struct drive_opt opt = {.conns = 32, .timeout_ns = 30 * PLUG_S, .check_body = true, .events = 50};
static struct ask_want want = {.model = "bench", .body_bytes = 1024};
static bool strict, has_target;

static void usage(void)
{
	puts("weir-load --to ADDR [options]: sends chat completions to loopback and checks every answer\n"
		"  --to ADDR            127.0.0.1:PORT or PORT\n"
		"  --conns C            connections; default 32\n"
		"  --requests N         end after N requests\n"
		"  --seconds S          start requests for S seconds; default 5 without --requests\n"
		"  --warmup-ms W        do not record times of requests due in the first W ms\n"
		"  --rate R             open loop: R requests a second, latency from the time each was due\n"
		"  --stream             ask for streams, one at a time on each connection\n"
		"  --streams N          the same as --stream --conns N\n"
		"  --ramp-ms R          closed loop: connections start spread over R ms\n"
		"  --events N           events of a stream (max_tokens); default 50\n"
		"  --usage              ask for the usage chunk\n"
		"  --body-bytes B       size of the request body; default 1024\n"
		"  --model NAME         default bench; sim-... asks the provider for a fault\n"
		"  --timeout-ms T       of one request; default 30000\n"
		"  --slow-every N       every N-th connection reads slowly: 4 KiB, then a pause\n"
		"  --slow-ms P          that pause; default 100\n"
		"  --leave-every N      every N-th stream is closed by this side in the middle\n"
		"  --leave-at K         after this event; default 5\n"
		"  --no-body-check      do not compare the provider's hash of the messages\n"
		"  --same               every request is the same bytes, in this run and in the next\n"
		"  --spin               poll instead of sleeping\n"
		"  --strict             exit 1 when anything was wrong or nothing was answered\n"
		"One JSON object on standard output; times in microseconds.");
	judge_help();
}

enum {
	OPT_TO = 256, OPT_CONNS, OPT_REQUESTS, OPT_SECONDS, OPT_WARMUP, OPT_RATE, OPT_STREAM, OPT_STREAMS,
	OPT_RAMP, OPT_EVENTS, OPT_USAGE, OPT_BODY, OPT_MODEL, OPT_TIMEOUT, OPT_SLOW_EVERY, OPT_SLOW,
	OPT_LEAVE_EVERY, OPT_LEAVE_AT, OPT_SAME, OPT_NO_CHECK, OPT_SPIN, OPT_STRICT, OPT_HELP,
};

static const struct option options[] = {
	{"to", 1, NULL, OPT_TO}, {"conns", 1, NULL, OPT_CONNS}, {"requests", 1, NULL, OPT_REQUESTS},
	{"seconds", 1, NULL, OPT_SECONDS}, {"warmup-ms", 1, NULL, OPT_WARMUP}, {"rate", 1, NULL, OPT_RATE},
	{"stream", 0, NULL, OPT_STREAM}, {"streams", 1, NULL, OPT_STREAMS}, {"ramp-ms", 1, NULL, OPT_RAMP},
	{"events", 1, NULL, OPT_EVENTS}, {"usage", 0, NULL, OPT_USAGE}, {"body-bytes", 1, NULL, OPT_BODY},
	{"model", 1, NULL, OPT_MODEL}, {"timeout-ms", 1, NULL, OPT_TIMEOUT},
	{"slow-every", 1, NULL, OPT_SLOW_EVERY}, {"slow-ms", 1, NULL, OPT_SLOW},
	{"leave-every", 1, NULL, OPT_LEAVE_EVERY}, {"leave-at", 1, NULL, OPT_LEAVE_AT},
	{"same", 0, NULL, OPT_SAME}, {"no-body-check", 0, NULL, OPT_NO_CHECK}, {"spin", 0, NULL, OPT_SPIN},
	{"strict", 0, NULL, OPT_STRICT}, {"help", 0, NULL, OPT_HELP}, {0},
};

static void read_target(void)
{
	has_target = plug_address(optarg, &opt.to) && opt.to.sin_port != 0;
	if (!has_target) {
		fprintf(stderr, "--to: \"%s\" is not a loopback address with a port\n", optarg);
		exit(2);
	}
}

static void read_option(int o, const char *name)
{
	enum { HOUR_MS = 3600000, CONNS_MAX = 60000 };
	switch (o) {
	case OPT_TO: read_target(); break;
	case OPT_STREAMS: opt.stream = true; /* fall through */
	case OPT_CONNS: opt.conns = (unsigned)plug_number(name, optarg, 1, CONNS_MAX); break;
	case OPT_REQUESTS: opt.requests = plug_number(name, optarg, 1, 1000000000); break;
	case OPT_SECONDS: opt.duration_ns = plug_number(name, optarg, 1, HOUR_MS / 1000) * PLUG_S; break;
	case OPT_WARMUP: opt.warmup_ns = plug_number(name, optarg, 0, HOUR_MS) * PLUG_MS; break;
	case OPT_RATE: opt.rate = plug_number(name, optarg, 1, 10000000); break;
	case OPT_STREAM: opt.stream = true; break;
	case OPT_RAMP: opt.ramp_ns = plug_number(name, optarg, 0, HOUR_MS) * PLUG_MS; break;
	case OPT_EVENTS: opt.events = (unsigned)plug_number(name, optarg, 0, 100000000); break;
	case OPT_USAGE: opt.usage = true; break;
	case OPT_BODY: want.body_bytes = plug_number(name, optarg, 0, 1 << 26); break;
	case OPT_MODEL: want.model = optarg; break;
	case OPT_TIMEOUT: opt.timeout_ns = plug_number(name, optarg, 1, HOUR_MS) * PLUG_MS; break;
	case OPT_SLOW_EVERY: opt.slow_every = (unsigned)plug_number(name, optarg, 1, CONNS_MAX); break;
	case OPT_SLOW: opt.slow_ns = plug_number(name, optarg, 1, HOUR_MS) * PLUG_MS; break;
	case OPT_LEAVE_EVERY: opt.leave_every = (unsigned)plug_number(name, optarg, 1, 1000000000); break;
	case OPT_LEAVE_AT: opt.leave_at = (unsigned)plug_number(name, optarg, 0, 100000000); break;
	case OPT_SAME: opt.same = true; break;
	case OPT_NO_CHECK: opt.check_body = false; break;
	case OPT_SPIN: plug_spin(); break;
	case OPT_STRICT: strict = true; break;
	case OPT_HELP: usage(); exit(0);
	default: fprintf(stderr, "weir-load --help shows the options\n"); exit(2);
	}
}

static void read_options(int argc, char **argv)
{
	int o, index = 0;
	opt.slow_ns = 100 * PLUG_MS;
	opt.leave_at = 5;
	while ((o = getopt_long(argc, argv, "", options, &index)) != -1)
		read_option(o, options[index].name);
	if (optind < argc || !has_target) {
		fprintf(stderr, "weir-load needs --to ADDR and only options; --help shows them\n");
		exit(2);
	}
	if (!opt.requests && !opt.duration_ns)
		opt.duration_ns = 5 * PLUG_S;
	if (strpbrk(want.model, "\"\\")) {
		fprintf(stderr, "--model: quotes and backslashes are not possible\n");
		exit(2);
	}
}

static uint64_t errors_of(const struct drive_result *r)
{
	uint64_t n = r->unsent;
	for (unsigned b = 0; b < BLAME_COUNT; b++)
		n += r->blame[b];
	return n;
}

static void count(struct pail *json, const char *name, uint64_t value)
{
	pail_print(json, ",\"%s\":%llu", name, (unsigned long long)value);
}

static void report_counts(const struct drive_result *r, struct pail *json)
{
	const char *comma = "";
	double seconds = (double)r->elapsed_ns / 1e9;
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	pail_print(json, "{\"mode\":\"%s\",\"stream\":%s,\"conns\":%u,\"body_bytes\":%zu",
		opt.rate ? "open" : "closed", opt.stream ? "true" : "false", opt.conns, want.body_bytes);
	count(json, "started", r->started);
	count(json, "ok", r->ok);
	count(json, "left", r->left);
	count(json, "measured", r->measured);
	count(json, "error_count", errors_of(r));
	pail_print(json, ",\"errors\":{");
	for (unsigned b = 0; b < BLAME_COUNT; b++) {
		if (!r->blame[b])
			continue;
		pail_print(json, "%s\"%s\":%llu", comma, judge_name(b), (unsigned long long)r->blame[b]);
		comma = ",";
	}
	if (r->unsent)
		pail_print(json, "%s\"unsent\":%llu", comma, (unsigned long long)r->unsent);
	pail_print(json, "},\"status\":{");
	comma = "";
	for (unsigned s = 0; s < 600; s++) {
		if (!r->status[s])
			continue;
		pail_print(json, "%s\"%u\":%llu", comma, s, (unsigned long long)r->status[s]);
		comma = ",";
	}
	pail_print(json, "},\"seconds\":%.3f,\"per_second\":%.1f", seconds,
		seconds > 0 ? (double)r->measured / seconds : 0);
	count(json, "events", r->events);
	count(json, "pings", r->pings);
	count(json, "body_bytes_in", r->bytes);
	count(json, "connects", r->connects);
	count(json, "idle_closed", r->idle_closed);
	pail_print(json, ",\"own_cpu_s\":%.3f",
		(double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		(double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
}

static void report(const struct drive_result *r)
{
	const struct { const char *name; const struct spread *of; bool shown; } times[] = {
		{"latency_us", &r->latency, true}, {"lag_us", &r->lag, opt.rate != 0},
		{"ttft_us", &r->ttft, opt.stream}, {"event_delay_us", &r->event_delay, opt.stream},
		{"gap_us", &r->gap, opt.stream}, {"gap_error_us", &r->gap_error, opt.stream},
	};
	struct pail json = {0};
	report_counts(r, &json);
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		if (!times[i].shown)
			continue;
		pail_print(&json, ",\n\"%s\":", times[i].name);
		spread_json(times[i].of, &json);
	}
	pail_add(&json, "}\n", 2);
	fwrite(json.at, 1, json.len, stdout);
	pail_done(&json);
}

int main(int argc, char **argv)
{
	static struct drive_result result;      /* six histograms: too large for a stack */
	struct ask ask = {0};
	char host[64];
	read_options(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	plug_exact_timers();
	if (!plug_files(opt.conns + 16)) {
		fprintf(stderr, "weir-load: %u connections need a higher limit on open files (ulimit -n)\n",
			opt.conns);
		return 2;
	}
	snprintf(host, sizeof host, "127.0.0.1:%u", ntohs(opt.to.sin_port));
	want.host = host;
	want.stream = opt.stream;
	want.usage = opt.usage;
	want.events = opt.events;
	ask_build(&ask, &want);
	drive_run(&opt, &ask, &result);
	report(&result);
	ask_done(&ask);
	return strict && (errors_of(&result) || !(result.ok + result.left)) ? 1 : 0;
}
